"""Rain: an avenue on a wet autumn evening, laid with a palette knife in slabs of unmixed colour."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, fractal, grid, lit, mix, ramp, rgb, step
from .strokes import Brush, Surface, at, lay, scattered

SHAPE = (1408, 1152)
VANISH = (600, 640)
# x of the foot, depth (1 is near), and which side the trees lean to.
TREES = (
    (-30, 0.95, 1),
    (1190, 1.0, -1),
    (190, 0.62, 1),
    (960, 0.66, -1),
    (345, 0.42, 1),
    (840, 0.44, -1),
    (452, 0.28, 1),
    (745, 0.30, -1),
)
AUTUMN = (
    ("5a1420", "b02a1c", "e2601e", "f29a2a", "f8cc3e", "fbeb8a"),
    ("4a0f2a", "8a1830", "c8303a", "e8604a", "f4a05a", "f8d890"),
    ("14303a", "2a5a3a", "6a8a34", "b8b83a", "f0e070", "faf0b0"),
)
LAMPS = ((292, 0.60), (880, 0.60), (420, 0.36), (770, 0.36), (500, 0.22), (694, 0.22))


def knife(rng: np.random.Generator) -> Picture:
    """The canvas, 1152×1408."""
    target, angle = _scene(rng)
    surface = Surface(target * 0.55, np.zeros(SHAPE, np.float32))
    gy, gx = np.gradient(blur(target.mean(axis=2), 3))
    detail = np.hypot(gx, gy)
    for spacing, brush, least in (
        (34, Brush(96, 52, hairs=6, dry=0.2, streak=0.9, body=3.0, taper=0.0), 0.0),
        (22, Brush(58, 28, hairs=5, dry=0.25, streak=1.0, body=3.2, taper=0.05), 0.0),
        (13, Brush(34, 13, hairs=4, dry=0.3, streak=0.9, body=3.2, taper=0.1), 0.006),
        (9, Brush(24, 8, hairs=3, dry=0.3, streak=0.7, body=2.6, taper=0.1), 0.016),
    ):
        sx, sy = scattered(SHAPE, spacing, rng)
        worth = at(detail, sx, sy) >= least
        sx, sy = sx[worth], sy[worth]
        first, second = _scraped(target, sx, sy, 0.6 * brush.width, rng)
        turned = angle + 0.25 * fractal(SHAPE, rng, 60, 20)
        lay(surface, sx, sy, turned, first, second, brush, rng)
    grit = 0.4 * fractal(SHAPE, rng, 12, 1.5, 0.9)
    return np.clip(lit(surface.colour, surface.relief + grit, 0.26, 0.22), 0, 1)


def _scraped(
    target: Picture, x: NDArray, y: NDArray, reach: float, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """The knife picks up the colour wanted here and what lay a little way off, unmixed."""
    first = at(target, x, y) * rng.normal(1, 0.12, (len(x), 1)) + rng.normal(0, 0.045, (len(x), 3))
    far = at(target, x + rng.normal(0, reach, len(x)), y + rng.normal(0, reach, len(y)))
    second = 1.08 * far + rng.normal(0, 0.07, (len(x), 3)) + 0.03
    return np.clip(first, 0.02, 1).astype(np.float32), np.clip(second, 0.02, 1).astype(np.float32)


def _scene(rng: np.random.Generator) -> tuple[Picture, Field]:
    x, y = grid(SHAPE)
    rough, soft = fractal(SHAPE, rng, 70, 10), fractal(SHAPE, rng, 300, 50)
    glow = np.exp(-np.hypot((x - VANISH[0]) / 260, (y - VANISH[1] + 60) / 330))
    scene = ramp(
        1.25 * glow + 0.06 * soft + 0.05,
        "16204a",
        "2a3f78",
        "4a6a9a",
        "b09a8a",
        "f2c070",
        "ffe6a0",
    )
    angle = 0.5 * np.sin(x / 130) + 0.9 + 0.3 * soft
    for tree in sorted(TREES, key=lambda tree: tree[1]):
        scene, angle = _tree(scene, angle, x, y, tree, (rough, soft), rng)
    for lamp_x, deep in LAMPS:
        scene = _lamp(scene, x, y, lamp_x, deep)
    scene, angle = _wet(scene, angle.astype(np.float32), x, y, rough, soft, rng)
    return np.clip(_walkers(scene, x, y), 0, 1), angle


def _wet(
    scene: Picture, angle: Field, x: Field, y: Field, rough: Field, soft: Field, rng: np.random.Generator
) -> tuple[Picture, Field]:
    """The ground: a path that mirrors the evening, between heaps of leaves."""
    ground = VANISH[1] + 24
    wave = (22 * rough + 30 * fractal(SHAPE, rng, 90, 8, 1.3, stretch=(2.5, 1))) * step(ground, 1408, y)
    mirror = np.clip(ground - 0.8 * (y - ground) + 0.4 * wave, 0, ground).astype(int)
    wet = scene[mirror, np.clip(x + 0.5 * wave, 0, SHAPE[1] - 1).astype(int)] * 0.82
    half = 90 + 0.52 * (y - ground) + 14 * rough
    off = np.abs(x - VANISH[0]) / half
    path = step(1.0, 0.93, off)
    wet = mix(wet, rgb("2f3f80"), 0.22)
    shine = np.exp(-(((x - VANISH[0] - wave) / (0.5 * half)) ** 2)) * step(1408, ground, y)
    wet = mix(wet, rgb("ffe2a0"), 0.75 * shine)
    heap = 0.45 + 0.3 * rough + 0.25 * soft - 0.3 * step(1.5, 1.0, off)
    litter = ramp(heap, "3a1226", "8a2418", "cc5418", "ec9a24", "f8d850")
    wet = mix(wet, litter, (1 - path) * 0.9)
    leaves = step(1.75, 1.95, fractal(SHAPE, rng, 26, 9)) * step(ground + 40, ground + 160, y)
    wet = mix(wet, ramp(0.5 + 0.4 * soft, "d8481a", "f2a02a", "f8dc5a"), leaves)
    flat = 0.5 * np.sin(x / 70 + y / 50) * (1 - path) + path * np.pi / 2 * (np.abs(soft) < 0.9)
    return mix(scene, wet, step(ground - 2, ground + 2, y)), np.where(y > ground, flat, angle)


def _tree(
    scene: Picture,
    angle: Field,
    x: Field,
    y: Field,
    tree: tuple[float, float, int],
    noises: tuple[Field, Field],
    rng: np.random.Generator,
) -> tuple[Picture, Field]:
    """Clumps of leaves, each scraped its own way, then the trunk before them."""
    (foot, deep, lean), (rough, _) = tree, noises
    base, tall = VANISH[1] + 24 + 330 * (deep - 0.2), 1250 * deep
    _leaves(scene, angle, x, y, tree, noises, rng)
    up = (base - y) / tall
    middle = foot + lean * (210 * deep * np.clip(up, 0, 1) ** 2 + 7 * np.sin(y / 60))
    thick = (24 * np.clip(1 - up, 0.25, 1) + 22 * step(base - 90, base, y)) * deep
    trunk = (np.abs(x - middle) < thick) & (up > 0) & (up < 0.72)
    bark = ramp(
        0.5 + lean * (x - middle) / (2.2 * thick) + 0.2 * rough, "120c1e", "24182a", "5a3030", "e89848"
    )
    return mix(scene, bark, trunk), np.where(trunk, np.pi / 2 + 0.3 * lean * up, angle)


def _leaves(
    scene: Picture,
    angle: Field,
    x: Field,
    y: Field,
    tree: tuple[float, float, int],
    noises: tuple[Field, Field],
    rng: np.random.Generator,
) -> None:
    (foot, deep, lean), (rough, soft) = tree, noises
    base, tall = VANISH[1] + 24 + 330 * (deep - 0.2), 1250 * deep
    for _ in range(26):
        cx = foot + lean * rng.uniform(-0.2, 0.34) * tall
        cy = base - tall * rng.uniform(0.36, 1.05)
        size = tall * rng.uniform(0.06, 0.12)
        left, right, top, low = (
            max(int(edge), 0) for edge in (cx - 2 * size, cx + 2 * size, cy - 2 * size, cy + 2 * size)
        )
        here = np.s_[top:low, left:right]
        dx, dy = x[here] - cx, y[here] - cy
        r = np.hypot(dx, 1.3 * dy) / size + 0.3 * rough[here] + 0.12 * soft[here]
        light = 0.5 + lean * dx / size * 0.22 - 0.3 * dy / size + 0.2 * rough[here] + rng.normal(0, 0.12)
        stops = AUTUMN[rng.choice(3, p=[0.55, 0.27, 0.18])]
        scene[here] = mix(scene[here], ramp(light, *stops), step(1.0, 0.92, r))
        angle[here] = np.where(r < 1, rng.choice([0.6, 1.1, 2.2, 2.7]), angle[here])


def _lamp(scene: Picture, x: Field, y: Field, lamp_x: float, deep: float) -> Picture:
    base, top = VANISH[1] + 24 + 330 * (deep - 0.2), VANISH[1] + 24 + 330 * (deep - 0.2) - 620 * deep
    pole = step(9 * deep + 2, 7 * deep, np.abs(x - lamp_x)) * step(top, top + 4, y) * step(base, base - 4, y)
    scene = mix(scene, rgb("14101e"), pole)
    r = np.hypot(x - lamp_x, y - top) / (60 * deep)
    scene = mix(scene, rgb("ffd878"), 0.75 * np.exp(-r / 1.6))
    return mix(scene, rgb("fffbe0"), step(1.0, 0.7, r * 1.4))


def _walkers(scene: Picture, x: Field, y: Field) -> Picture:
    """Two people under one umbrella, and their reflection."""
    foot = 985
    for up, strength in ((1, 1.0), (-1, 0.6)):
        h = up * (foot - y) / 1.5
        for px, tint in ((572, "14163a"), (618, "3a1226")):
            coat = (np.abs(x - px) < 36 - 0.12 * h) & (h > 26) & (h < 160)
            legs = (np.abs(np.abs(x - px) - 11) < 8) & (h > 0) & (h < 30)
            head = np.hypot((x - px) / 1.5, h - 172) < 14
            scene = mix(scene, rgb(tint), strength * (coat | legs | head))
        brolly = (np.hypot((x - 596) / 150, (h - 176) / 62) < 1) & (h > 176 + 7 * np.cos((x - 596) / 16))
        cloth = ramp((x - 446) / 300, "ff4a5a", "c81a3a", "6a0f2e", "e0343e")
        scene = mix(scene, cloth, strength * brolly)
    return scene
