"""Night wind: thick oil in the post-impressionists' manner, a moonlit sky turning over a wheat field."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, fractal, grid, lit, mix, ramp, rgb, step
from .strokes import Brush, Surface, at, lay, scattered

SHAPE = (1216, 1536)
# x, y, radius of the eddies, as shares of the width, and which way they turn.
EDDIES = (
    (0.79, 0.17, 0.105, 1.0),
    (0.42, 0.27, 0.125, -1.0),
    (0.12, 0.13, 0.075, 1.0),
    (0.60, 0.44, 0.065, 1.0),
    (0.37, 0.44, 0.070, -1.0),
    (0.95, 0.46, 0.080, -1.0),
)
STARS = ((0.12, 0.13, 0.020), (0.28, 0.07, 0.012), (0.56, 0.09, 0.016), (0.60, 0.44, 0.013),
         (0.36, 0.44, 0.014), (0.95, 0.44, 0.014), (0.04, 0.34, 0.010))  # fmt: skip
MOON = (0.79, 0.17, 0.043)


def night_wind(rng: np.random.Generator) -> Picture:
    """The whole painting, 1536×1216."""
    land = _land(rng)
    target, angle = _sky(rng)
    for name in ("far", "near", "field", "tree"):
        colour, direction = land[name + " colour"], land[name + " angle"]
        target = mix(target, colour, land[name])
        angle = np.where(land[name] > 0.5, direction, angle)
    surface = Surface(mix(target * 0.5, rgb("5b3a1e"), np.float32(0.35)), np.zeros(SHAPE, np.float32))
    for spacing, brush in (
        (24, Brush(120, 34, hairs=14, dry=0.35, body=2.0)),
        (15, Brush(92, 20, hairs=10, dry=0.45, body=2.4)),
        (13, Brush(62, 11, hairs=7, dry=0.5, body=2.6)),
    ):
        x, y = scattered(SHAPE, spacing, rng)
        first, second = _loaded(at(target, x, y), rng)
        lay(surface, x, y, angle, first, second, brush, rng)
    return lit(surface.colour, surface.relief, 0.3, gloss=0.25)


def _loaded(colour: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """A brush dips into two neighbours of the wanted colour: one lighter, one of another hue."""
    value = rng.normal(1, 0.13, (len(colour), 1))
    hue = rng.normal(0, 0.055, colour.shape)
    first = np.clip(colour * value + hue, 0.02, 1)
    second = np.clip(colour * value * 1.12 + 0.04 - 1.6 * hue, 0.02, 1)
    return first.astype(np.float32), second.astype(np.float32)


def _sky(rng: np.random.Generator) -> tuple[Picture, Field]:
    """Colours and directions of the wind: level curves of a stream function with eddies."""
    x, y = grid(SHAPE)
    size = SHAPE[1]
    stream = y + 60 * np.sin(x / 300) + 20 * fractal(SHAPE, rng, 500, 120)
    for ex, ey, radius, turn in EDDIES:
        r2 = ((x - ex * size) ** 2 + (y - ey * size) ** 2) / (radius * size) ** 2
        stream += turn * 1.9 * radius * size * np.exp(-r2 / 1.4)
    gy, gx = np.gradient(stream)
    bands = 0.5 + 0.5 * np.sin(stream / 15 + 1.2 * fractal(SHAPE, rng, 120, 20))
    depth = np.clip(0.42 * bands + 0.5 * y / (0.62 * SHAPE[0]) * 0.75 + 0.1 * gx, 0, 1)
    sky = mix(
        ramp(depth, "0c1a4a", "173a86", "2a62ae", "4f93c4", "86bcc6", "c9d6a8"),
        ramp(depth, "1b1250", "3d3592", "5c62b4", "3fa0a4", "9fc9a0", "efe0a0"),
        step(0.2, 1.4, fractal(SHAPE, rng, 260, 50)),
    )
    angle = np.arctan2(-gx, gy)
    for sx, sy, radius in (*STARS, MOON):
        r = np.hypot(x - sx * size, y - sy * size) / (radius * size)
        rings = 0.5 + 0.5 * np.cos(r * 5.2)
        sky = mix(sky, ramp(rings, "e8b93c", "f6e08a"), np.exp(-((r / 2.3) ** 2)) * (0.35 + 0.5 * rings))
        around = np.arctan2(y - sy * size, x - sx * size) + np.pi / 2
        angle = np.where(r < 2.6, around, angle)
        sky = mix(sky, rgb("fff3b8") if radius < 0.03 else rgb("ffd25a"), step(1.15, 0.8, r))
    return sky, angle


def _land(rng: np.random.Generator) -> dict[str, NDArray]:
    x, y = grid(SHAPE)
    size = SHAPE[1]
    rough = fractal(SHAPE, rng, 200, 14)
    far = 0.62 * SHAPE[0] - 60 * np.sin(x / 210 + 0.6) - 34 * np.sin(x / 91) + 40 * x / size
    near = 0.71 * SHAPE[0] + 44 * np.sin(x / 260 + 2.2) + 12 * np.sin(x / 70)
    field = 0.775 * SHAPE[0] + 26 * np.sin(x / 330 + 4.4)
    wheat = np.clip(0.5 + 0.28 * np.sin((y - field) / 21 + x / 130 + 0.9 * rough) + 0.15 * rough, 0, 1)
    bushes = np.clip(0.5 + 0.3 * np.sin(x / 34 + rough) * np.sin(y / 22 + x / 80), 0, 1)
    # A cypress would be a quotation; this is a poplar bent by the wind.
    lean = 0.30 * size - 0.00012 * (y - 1150) ** 2 * (y < 1150)
    rise = np.clip((y - 190) / 640, 0, 1) * np.clip((1100 - y) / 160, 0, 1) ** 0.5
    width = 92 * rise**0.9 * (1 + 0.16 * np.sin(y / 31 + x / 60))
    tree = np.abs(x - lean - 22 * np.sin(y / 88)) < width
    flame = np.clip(0.5 + 0.5 * np.sin((x - lean) / 11 + 2 * np.sin(y / 60)), 0, 1)
    hazy = 0.5 + 0.3 * rough + (far - y) / 160
    return {
        "far": step(-3, 3, y - far),
        "far colour": ramp(hazy, "142a55", "27527e", "4a86a0", "83a878"),
        "far angle": np.arctan2(np.gradient(far, axis=1), 1) * 1.6 + 0.25 * rough,
        "near": step(-3, 3, y - near),
        "near colour": ramp(bushes, "0f2a33", "1d4f45", "3f7a4c", "8a9c46"),
        "near angle": 0.9 * np.sin(x / 34) + 0.3 * rough,
        "field": step(-3, 3, y - field),
        "field colour": ramp(wheat, "6b3f14", "b06f1c", "e0a32a", "f4cf56", "fbe9a0"),
        "field angle": -0.95 + 0.55 * np.sin(x / 150 + y / 120) + 0.35 * rough,
        "tree": tree.astype(np.float32),
        "tree colour": ramp(flame, "07161c", "12342f", "2b5a36", "6d7f34"),
        "tree angle": -np.pi / 2 + 0.5 * np.sin(y / 62 + x / 40),
    }  # fmt: skip
