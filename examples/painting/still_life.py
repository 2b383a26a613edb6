"""Table: a painted jug, fruit and a striped cloth by window light; distance fields, marched ray by ray.

Source: sphere tracing after Hart (1996); the soft shadow is the narrowest gap the light passes, after Quilez.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .canvas import Field, Picture, fractal, sample, spline, step
from .peel import APPLE, LEMON, ORANGE, PLUM, Noise, glaze, linen, peel, plaster, turned, wood

SHAPE = (1152, 1536)
RENDERED = (864, 1152)
EYE, AIM, FOCAL = np.array([0.1, 2.7, -6.8]), np.array([0.1, 1.02, 0.0]), 2.3
LIGHT = np.array([-0.66, 0.60, -0.45]) / np.linalg.norm([-0.66, 0.60, -0.45])
TABLE, WALL, JUG, BOWL, CLOTH, FRUIT = range(6)
# x, height of the centre, z, radius, kind.
FRUITS = (
    (-0.42, 0.40, -0.75, 0.42, APPLE),
    (-1.06, 0.36, -1.45, 0.34, LEMON),
    (0.36, 0.26, -1.55, 0.27, PLUM),
    (0.86, 0.26, -1.30, 0.26, PLUM),
    (1.02, 0.86, 0.00, 0.40, ORANGE),
    (1.80, 0.87, 0.06, 0.43, APPLE),
    (1.42, 0.86, -0.42, 0.36, LEMON),
    (1.44, 1.42, 0.02, 0.38, APPLE),
    (2.28, 0.38, -1.25, 0.38, ORANGE),
    (-2.55, 0.40, -0.95, 0.41, APPLE),
)
# Height and radius up the jug's side.
PROFILE = np.array(
    [
        *[(0.0, 0.46), (0.06, 0.50), (0.3, 0.66), (0.75, 0.80), (1.15, 0.74), (1.5, 0.50)],
        *[(1.75, 0.39), (1.95, 0.40), (2.12, 0.50), (2.2, 0.52)],
    ]
)
SIDE = spline(PROFILE, 400).T
JUG_AT, BOWL_AT = (-1.38, 0.35), (1.42, 0.0)


def still_life(rng: np.random.Generator) -> Picture:
    """The photograph, 1536×1152."""
    noise = Noise(rng)
    rays = _rays()
    reach = _march(np.broadcast_to(EYE, rays.shape), rays, noise, 72)
    point = EYE + rays * reach[:, None]
    colour = _shade(point, rays, noise).reshape(*RENDERED, 3)
    picture = np.clip(colour, 0, None)
    picture = picture * (1 + 0.25 * picture) / (1 + 0.55 * picture)
    picture = np.clip(picture, 0, 1) ** (1 / 2.2)
    image = Image.fromarray((picture * 255 + 0.5).astype(np.uint8))
    large = np.asarray(image.resize(SHAPE[::-1], Image.Resampling.BICUBIC), np.float32) / 255
    return np.clip(large + 0.014 * fractal(SHAPE, rng, 4, 1.5, 0.5)[..., None], 0, 1)


def _rays() -> NDArray:
    ahead = (AIM - EYE) / np.linalg.norm(AIM - EYE)
    right = np.cross([0, 1, 0], ahead)
    right /= np.linalg.norm(right)
    up = np.cross(ahead, right)
    y, x = np.mgrid[: RENDERED[0], : RENDERED[1]]
    u = (x - RENDERED[1] / 2) / (RENDERED[0] / 2)
    v = -(y - RENDERED[0] / 2) / (RENDERED[0] / 2)
    rays = FOCAL * ahead + u[..., None] * right + v[..., None] * up
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return rays.reshape(-1, 3).astype(np.float32)


def _fruit(p: NDArray, x: float, y: float, z: float, radius: float, kind: int) -> Field:
    dx, dy, dz = p[:, 0] - x, p[:, 1] - y, p[:, 2] - z
    around = np.hypot(dx, dz)
    if kind == LEMON:
        along = (0.86 * dx - 0.5 * dz) / (1.35 * radius)
        side = np.sqrt(dy * dy + (0.5 * dx + 0.86 * dz) ** 2) / radius
        nib = 0.13 * np.exp(-((side / 0.22) ** 2))
        return (np.hypot(along, side) - 1 - nib) * radius * 0.8
    if kind == APPLE:
        dent = 0.30 * np.exp(-((around / (0.33 * radius)) ** 2)) * (dy > 0)
        waist = 0.07 * dy / radius - 0.04 * (dy / radius) ** 2
        return (np.sqrt(around**2 + (1.06 * dy) ** 2) - radius * (1 + waist - dent)) * 0.85
    return np.sqrt(around**2 + dy * dy) - radius


def _parts(p: NDArray, noise: Noise) -> list[Field]:
    """Distance to every part: table, wall, jug, bowl, cloth, then each fruit."""
    x, y, z = p[:, 0], p[:, 1], p[:, 2]
    jx, jz = x - JUG_AT[0], z - JUG_AT[1]
    lip = 0.10 * np.clip((y - 1.9) / 0.3, 0, 1) * np.clip(jx / 0.5, 0, 1)
    girth = np.interp(y, *SIDE) + lip
    jug = np.maximum((np.hypot(jx, jz) - girth) * 0.75, np.abs(y - 1.1) - 1.1)
    jug = np.maximum(jug, -np.maximum(np.hypot(jx, jz) - girth + 0.06, 1.6 - y))
    loop = np.hypot(np.hypot((jx + 0.62) / 0.85, (y - 1.42) / 1.1) - 0.46, jz)
    jug = np.minimum(jug, (loop - 0.075) * 0.8)
    bx, bz = x - BOWL_AT[0], z - BOWL_AT[1]
    ball = np.sqrt(bx * bx + (y - 1.0) ** 2 + bz * bz)
    bowl = np.maximum(np.abs(ball - 0.98) - 0.03, y - 0.72)
    bowl = np.minimum(
        bowl, np.maximum(np.hypot(bx, bz) - 0.42 - 0.1 * np.abs(y - 0.05), np.abs(y - 0.05) - 0.05)
    )
    return [y, 3.0 - z, jug, bowl, _cloth(x, y, z, noise), *(_fruit(p, *fruit) for fruit in FRUITS)]


def _cloth(x: Field, y: Field, z: Field, noise: Noise) -> Field:
    """A linen laid over the table in folds, its edge slanting across."""
    a, b = 0.92 * x + 0.38 * z, 0.92 * z - 0.38 * x
    fold = sample(noise.folds, 95 * a + 40 + 40 * b, 26 * b + 90)
    crease = 0.085 * (fold + 1.1).clip(0) ** 1.3 * np.clip(1.1 - 0.25 * np.abs(b + 1.1), 0.25, 1)
    edge = np.maximum(np.abs(a - 0.35) - 1.75, np.abs(b + 1.35) - 0.95 - 0.05 * fold)
    return np.maximum((y - 0.015 - crease) * 0.6, edge * 0.6)


def _distance(p: NDArray, noise: Noise) -> Field:
    return np.minimum.reduce(_parts(p, noise))


def _march(start: NDArray, ray: NDArray, noise: Noise, steps: int) -> Field:
    reach = np.full(len(ray), 3.5, np.float32)
    live = np.arange(len(ray))
    for _ in range(steps):
        gap = _distance(start[live] + ray[live] * reach[live, None], noise).astype(np.float32)
        reach[live] += gap
        live = live[(gap > 0.0012) & (reach[live] < 14)]
    return reach


def _normal(p: NDArray, noise: Noise) -> NDArray:
    total = np.zeros_like(p)
    for corner in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        way = np.array(corner, np.float32)
        total += way * _distance(p + 0.004 * way, noise)[:, None]
    return total / (np.linalg.norm(total, axis=1, keepdims=True) + 1e-9)


def _lit(p: NDArray, noise: Noise) -> Field:
    """Share of the window seen from p, 0 … 1."""
    share, reach = np.ones(len(p), np.float32), np.full(len(p), 0.05, np.float32)
    live = np.arange(len(p))
    for _ in range(30):
        gap = _distance(p[live] + LIGHT.astype(np.float32) * reach[live, None], noise).astype(np.float32)
        share[live] = np.minimum(share[live], 0.5 + 0.5 * 4.5 * gap / reach[live])
        reach[live] += np.clip(gap, 0.035, 0.35)
        live = live[(share[live] > 0.02) & (reach[live] < 5)]
    return step(0, 1, share)


def _open(p: NDArray, normal: NDArray, noise: Noise) -> Field:
    """Ambient light: how much room there is above the surface."""
    hidden = sum(
        (h - _distance(p + normal * h, noise)) * w
        for h, w in ((0.06, 3.2), (0.16, 1.6), (0.36, 0.7), (0.7, 0.3))
    )
    return np.clip(1 - hidden, 0.08, 1)


def _shade(p: NDArray, ray: NDArray, noise: Noise) -> NDArray:
    p = p.astype(np.float32)
    what = np.argmin(np.stack(_parts(p, noise)), axis=0)
    normal = _normal(p, noise).astype(np.float32)
    skin, bump, gloss = _skins(p, what, noise)
    normal = normal + bump
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    facing = np.clip(normal @ LIGHT.astype(np.float32), 0, 1)
    wrapped = np.clip((normal @ LIGHT.astype(np.float32) + 0.25) / 1.25, 0, 1)
    sun = _lit(p + 0.01 * normal, noise)
    room = _open(p, normal, noise)
    fade = np.exp(-0.13 * np.clip(p[:, 0] + 3, 0, None) - 0.07 * np.clip(p[:, 2], 0, None))
    fade = fade * np.where(what == WALL, step(-5.5, 1.0, 1.6 - p[:, 1] - 0.9 * p[:, 0]), 1)
    key = (0.75 * facing + 0.25 * wrapped) * sun * 3.1 * fade
    light = key[:, None] * np.array([1.0, 0.93, 0.80], np.float32)
    light += (room * (0.15 + 0.08 * normal[:, 1]))[:, None] * np.array([0.62, 0.72, 0.95], np.float32)
    light += (0.16 * room * np.clip(-normal[:, 1], 0, 1))[:, None] * np.array([1.0, 0.72, 0.45], np.float32)
    back = ray - 2 * np.sum(ray * normal, axis=1, keepdims=True) * normal
    fresnel = 0.04 + 0.6 * (1 - np.clip(-np.sum(ray * normal, axis=1), 0, 1)) ** 5
    shine = _window(back) * (0.3 + 0.7 * sun) * gloss * 2.8 + fresnel * gloss * room * 0.35
    return skin**2.2 * light + shine[:, None]


def _window(way: NDArray) -> Field:
    """What a mirror sees of the window: four bright panes, softened."""
    side = np.cross(LIGHT, [0, 1, 0])
    side /= np.linalg.norm(side)
    over = np.cross(side, LIGHT)
    ahead = way @ LIGHT
    u, v = way @ side / np.maximum(ahead, 1e-3), way @ over / np.maximum(ahead, 1e-3)
    pane = (
        step(0.36, 0.30, np.abs(u))
        * step(0.46, 0.40, np.abs(v))
        * step(0.015, 0.04, np.abs(u))
        * step(0.015, 0.04, np.abs(v))
    )
    return pane * (ahead > 0) + 0.10 * np.clip(ahead, 0, 1) ** 12


def _skins(p: NDArray, what: NDArray, noise: Noise) -> tuple[NDArray, NDArray, Field]:
    """Colour (sRGB), roughening of the normal, and gloss of every point."""
    x, y, z = p.T
    fine = sample(noise.fine, 90 * x + 30 * z, 90 * y + 70 * z)
    turn = np.arctan2(z - JUG_AT[1], x - JUG_AT[0])
    cloth = linen(0.92 * x + 0.38 * z, 0.92 * z - 0.38 * x, fine)
    surfaces = {
        WALL: (plaster(x, y, fine, noise), 0.0, 0.07),
        JUG: (glaze(turn, y, noise), 0.9, 0.004),
        BOWL: (turned(y, fine), 0.35, 0.03),
        CLOTH: (cloth, 0.0, 0.05),
    }
    skin, gloss, rough = wood(x, z, noise), np.full(len(p), 0.10), np.full(len(p), 0.03)
    for surface, (colour, shine, bumps) in surfaces.items():
        here = what == surface
        skin[here], gloss[here], rough[here] = colour[here], shine, bumps
    for number, (fx, fy, fz, radius, kind) in enumerate(FRUITS):
        here = what == FRUIT + number
        skin[here], gloss[here], rough[here] = peel((p[here] - [fx, fy, fz]) / radius, kind, number, noise)
    jolt = np.stack([sample(noise.fine, 150 * x + 50 * k, 150 * y + 110 * z) for k in range(3)], -1)
    return np.clip(skin, 0.01, 1).astype(np.float32), (rough[:, None] * jolt).astype(np.float32), gloss
