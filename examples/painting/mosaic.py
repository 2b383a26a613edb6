"""Mosaic: two fish in a Byzantine sea, some five thousand tesserae laid in rows that follow the contours.

Tesserae are an oriented Voronoi tiling relaxed a few times, each measuring distance with a square turned
to the contour. Source: Hausner (2001), Simulating Decorative Mosaics.
"""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, distance, fractal, grid, lit, mix, ramp, rgb, step
from .strokes import at

SHAPE = (1280, 1408)
PITCH = 18.0
GROUT = rgb("5a5348")
SMALTI = {
    0: ("0b2a5c", "15508c", "1f7ba6", "39a6b4", "8fd0c4", "d8ecd8"),
    1: ("7a1f12", "b93a1a", "dd6a22", "f0a23a", "f6d27a", "fbeec8"),
    2: ("8a6414", "b98a1e", "dcb13a", "f0d26a", "f8e6a4", "fdf4d2"),
    3: ("12361f", "24603a", "4c8f4e", "8ab866", "c2d88c", "eef0c8"),
    4: ("2a1a3a", "5a2f6a", "8a4a8a", "b884a8", "dcb8c8", "f4e4e4"),
    5: ("0c1030", "1a1c48", "22304a", "f8f4e4", "fffdf2", "ffffff"),
}
# x, y, half length, heading, and which way the back arches.
FISH = ((520, 470, 405, -0.26, 1.0), (870, 915, 425, np.pi - 0.2, 1.0))


def mosaic(rng: np.random.Generator) -> Picture:
    """The floor, 1408×1280."""
    kind, tone, phase = _design(rng)
    gy, gx = np.gradient(blur(phase, 5))
    angle = np.arctan2(gy, gx)
    x, y = _laid(angle, rng)
    tile, near, gap = _tiling(x, y, at(angle, x, y))
    count = len(x)
    lift = rng.normal(0, 1, (count, 2))
    dx, dy = grid(SHAPE)[0] - x[tile], grid(SHAPE)[1] - y[tile]
    face = (lift[tile, 0] * dx + lift[tile, 1] * dy) * 0.035
    colours = _smalti(at(kind, x, y), at(tone, x, y), rng)[tile]
    stone = step(1.6, 3.6, gap) * step(PITCH * 0.62, PITCH * 0.54, near)
    chip = 0.35 * fractal(SHAPE, rng, 16, 1.5, 1.2)
    gold = (at(kind, x, y) == 2)[tile]
    glint = step(1.0, 2.2, lift[tile, 0] + lift[tile, 1]) * (0.10 + 0.22 * gold)
    picture = colours * (1 + 0.10 * chip)[..., None] + (glint * stone)[..., None]
    picture = mix(GROUT * (1 + 0.16 * fractal(SHAPE, rng, 20, 1, 0.8))[..., None], picture, stone)
    relief = 5.0 * blur(stone, 1.6) + face + 0.5 * chip
    wash = 1 + 0.07 * fractal(SHAPE, rng, 600, 120)
    return np.clip(lit(picture, relief, 0.34, 0.3) * wash[..., None], 0, 1)


def _design(rng: np.random.Generator) -> tuple[NDArray, Field, Field]:
    """Which stone, how light (0 … 1), and a phase whose level curves the rows follow."""
    x, y = grid(SHAPE)
    phase = y + 40 * np.sin(x / 150 + 0.6) + 24 * np.sin(x / 71 + y / 210)
    wave, band = (phase / 118).astype(int), (phase / 118) % 1
    kind = np.where((wave % 4 == 2) & (band > 0.72), 3, 0)
    tone = 0.12 + 0.75 * band**1.6 + 0.1 * fractal(SHAPE, rng, 260, 40)
    sun, turn = np.hypot(x - 1150, y - 215), np.arctan2(y - 215, x - 1150)
    rays = 0.55 + 0.4 * np.cos(sun / 20) * (sun < 118) + 0.25 * np.cos(18 * turn) * (sun > 150)
    kind = np.where(sun < 215, np.where((sun > 118) & (sun < 150), 1, 2), kind)
    tone, phase = np.where(sun < 215, rays, tone), np.where(sun < 240, sun, phase)
    for fish in FISH:
        kind, tone, phase = _with_fish(kind, tone, phase, *_fish_frame(x, y, *fish), fish[2])
    return kind, np.clip(tone, 0, 1).astype(np.float32), phase.astype(np.float32)


def _with_fish(
    kind: NDArray, tone: Field, phase: Field, u: Field, v: Field, size: float
) -> tuple[NDArray, Field, Field]:
    """A fish over the sea: rows run round it outside and inside, a light one first."""
    body, fins = _fish_parts(u, v)
    shape = body | fins
    halo, inner = distance(shape, 75), distance(~shape, 60)
    eye = np.hypot(u - 0.76, v + 0.055)
    scales = 0.25 + 0.45 * (0.5 + 0.5 * np.sin(u * 34 + 2.2 * np.cos(v * 30))) + 0.3 * v
    rays = 0.3 + 0.5 * np.sin(16 * np.arctan2(v, u + 0.55))
    phase = np.select([eye < 0.11, shape, halo < 62], [eye * size, inner, halo], phase)
    outline, gill = shape & (inner < 17), body & (u > 0.56) & (u < 0.64)
    white = halo < 21
    where = [outline, eye < 0.095, gill, body & (v > 0.1), body, fins, halo < 62]
    kind = np.select(where, [5, 5, 3, 2, 1, 4, 0], kind)
    where = [outline, eye < 0.095, body, fins, white, halo < 62]
    shades = [
        0.1,
        0.9 * (eye > 0.045),
        np.clip(scales, 0, 0.92),
        np.clip(rays, 0, 1),
        0.97,
        0.05 + (halo - 21) / 90,
    ]
    return kind, np.select(where, shades, tone), phase


def _fish_frame(
    x: Field, y: Field, fx: float, fy: float, size: float, heading: float, arch: float
) -> tuple[Field, Field]:
    dx, dy = (x - fx) / size, (y - fy) / size
    u = np.cos(heading) * dx + np.sin(heading) * dy
    v = np.cos(heading) * dy - np.sin(heading) * dx
    v = v if abs(heading) < np.pi / 2 else -v
    return u, v + arch * 0.16 * (u * u - 0.3) - 0.05 * np.sin(3 * u)


def _fish_parts(u: Field, v: Field) -> tuple[NDArray, NDArray]:
    """Where its body is, and where its tail and fins."""
    girth = (
        0.36 * np.sqrt(np.clip(1 - ((u - 0.12) / 0.88) ** 2, 0, 1)) * (0.62 + 0.38 * np.clip(u + 0.75, 0, 1))
    )
    body = (np.abs(v) < girth) & (u > -0.72)
    reach = np.clip(-(u + 0.55), 0, 0.55)
    tail = (u < -0.55) & (u > -1.08 + 0.30 * np.cos(7 * v)) & (np.abs(v) < 0.08 + 0.75 * reach)
    back = (
        (u > -0.45)
        & (u < 0.42)
        & (v < -0.2)
        & (v > -0.38 - 0.16 * np.cos(2.6 * (u - 0.05)) - 0.02 * np.sin(40 * u))
    )
    belly = (u > -0.3) & (u < 0.1) & (v > 0.2) & (v < 0.50 - 1.6 * (u + 0.12) ** 2 * 3)
    return body, (tail | back | belly) & ~body


def _laid(angle: Field, rng: np.random.Generator, rounds: int = 9) -> tuple[NDArray, NDArray]:
    rows, columns = (round(side / PITCH) for side in SHAPE)
    gx, gy = np.meshgrid((np.arange(columns) + 0.5) * PITCH, (np.arange(rows) + 0.5) * PITCH)
    x, y = (g.ravel() + rng.uniform(-5, 5, g.size) for g in (gx, gy))
    px, py = grid(SHAPE)
    for _ in range(rounds):
        tile = _tiling(x, y, at(angle, x, y), stride=2)[0].ravel()
        area = np.bincount(tile, minlength=len(x)) + 1e-6
        x = np.bincount(tile, px[::2, ::2].ravel(), len(x)) / area
        y = np.bincount(tile, py[::2, ::2].ravel(), len(y)) / area
    return x, y


def _tiling(x: NDArray, y: NDArray, turn: NDArray, stride: int = 1) -> tuple[NDArray, Field, Field]:
    """The nearest tessera of each pixel, its distance, and how much farther the next one is."""
    shape = tuple(-(-side // stride) for side in SHAPE)
    first = np.full(shape, 1e3, np.float32)
    second, tile = first.copy(), np.zeros(shape, np.int64)
    reach = int(1.7 * PITCH / stride)
    span = np.arange(-reach, reach + 1)
    for number, (cx, cy, c, s) in enumerate(zip(x, y, np.cos(turn), np.sin(turn), strict=True)):
        col, row = int(cx / stride), int(cy / stride)
        top, left = max(row - reach, 0), max(col - reach, 0)
        window = np.s_[top : row + reach + 1, left : col + reach + 1]
        dy = (span[None].T + row)[max(reach - row, 0) :] * stride - cy
        dx = (span[None] + col)[:, max(reach - col, 0) :] * stride - cx
        near = first[window]
        dx, dy = dx[:, : near.shape[1]], dy[: near.shape[0]]
        d = np.maximum(np.abs(c * dx + s * dy), np.abs(c * dy - s * dx)).astype(np.float32)
        second[window] = np.minimum(second[window], np.maximum(d, near))
        closer = d < near
        near[closer] = d[closer]
        tile[window][closer] = number
    return tile, first, second - first


def _smalti(kind: NDArray, tone: NDArray, rng: np.random.Generator) -> NDArray:
    tone = np.clip(tone + rng.normal(0, 0.09, len(tone)), 0, 1)
    colours = np.zeros((len(tone), 3), np.float32)
    for number, stops in SMALTI.items():
        colours[kind == number] = ramp(tone[kind == number], *stops)
    return np.clip(
        colours * rng.normal(1, 0.07, (len(tone), 1)) + rng.normal(0, 0.022, (len(tone), 3)), 0, 1
    ).astype(np.float32)
