"""Discs: simultaneous contrasts in the Orphists' manner, circles cut by quarters and painted round."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, fractal, grid, lit, mix, rgb, step
from .strokes import Brush, Surface, at, lay, scattered

SHAPE = (1472, 1280)
# x, y, radius, number of rings, turn of the quarters.
DISCS = (
    (880, 1150, 560, 8, 0.3),
    (180, 830, 380, 6, 0.9),
    (1120, 360, 400, 6, 0.5),
    (420, 360, 400, 7, 0.15),
    (640, 760, 290, 6, 0.7),
    (200, 1290, 230, 5, 0.4),
    (1140, 780, 170, 4, 0.2),
)
WHEEL = rgb(
    *("b3242a", "d9582a", "e59a34", "ecd06a", "9fae4a", "3f7f56", "2f7f86", "2f5f9e", "2c3a78"),
    *("5c3a78", "9a3a62", "efe3c6", "1b1c24"),
)
BARS = (
    (60, -40, 900, 1500, 7),
    (1310, 120, -40, 640, 5),
    (-40, 1180, 1320, 900, 6),
    (760, -20, 300, 1500, 3),
)


def discs(rng: np.random.Generator) -> Picture:
    """The canvas, 1280×1472."""
    region, angle, light = _design(rng)
    labels, region = np.unique(region, return_inverse=True)
    region = region.reshape(SHAPE)
    hue, towards = _hues(labels, rng)
    target = (
        mix(hue[region], towards[region], np.clip(1.3 * light - 0.35, 0, 1)) * (0.6 + 0.6 * light)[..., None]
    )
    surface = Surface(target * 0.8, np.zeros(SHAPE, np.float32))
    for spacing, brush in (
        (34, Brush(110, 44, hairs=16, dry=0.25, body=1.4, taper=0.1)),
        (18, Brush(80, 21, hairs=11, dry=0.4, body=1.5, taper=0.2)),
        (15, Brush(50, 11, hairs=7, dry=0.5, body=1.6)),
    ):
        x, y = scattered(SHAPE, spacing, rng)
        base = at(target, x, y)
        first = np.clip(base * rng.normal(1, 0.08, (len(x), 1)) + rng.normal(0, 0.03, base.shape), 0, 1)
        second = np.clip(base * 1.2 + 0.05 + rng.normal(0, 0.07, base.shape), 0, 1)
        lay(surface, x, y, angle, first, second, brush, rng, regions=region)
    weave = 0.35 * fractal(SHAPE, rng, 4, 1, 0.6)
    return np.clip(lit(surface.colour, surface.relief + weave, 0.22, 0.12), 0, 1)


def _hues(labels: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Neighbouring quarters of a ring take opposite sides of the wheel; rings walk along it.

    Each piece has the colour it starts from and the one it turns to.
    """
    disc, ring, part = labels // 1000, labels // 10 % 100, labels % 10
    place = (2 * disc + 2 * ring + np.array([0, 5, 2, 7, 4, 9, 1, 6, 3, 8])[part]) % 11
    odd = rng.random(len(labels))
    place = np.where(odd < 0.09, 11, np.where(odd > 0.93, 12, place))
    walk = (place + rng.choice([1, 1, 2, 10], len(labels))) % 11
    towards = np.where(place < 11, walk, np.where(place == 11, 3, 8))
    place, towards = (np.where(disc == 30, 12, which) for which in (place, towards))
    return WHEEL[place], WHEEL[towards]


def _design(rng: np.random.Generator) -> tuple[NDArray, Field, Field]:
    """Labels, direction of the brush and light for a ground of slanting planes under the discs."""
    x, y = grid(SHAPE)
    wx = x + 1.5 * fractal(SHAPE, rng, 500, 150)
    wy = y + 1.5 * fractal(SHAPE, rng, 500, 150)
    a, b = (wx + 0.45 * wy) / 250, (wy - 0.6 * wx) / 230
    region = 1000 * 20 + 10 * (np.floor(a).astype(int) % 7 * 7 + np.floor(b).astype(int) % 7) + 3
    angle = np.where((np.floor(a) + np.floor(b)) % 2 == 0, -1.15, 0.55)
    light = 0.35 + 0.5 * (a % 1)
    for number, (cx, cy, size, rings, turn) in enumerate(DISCS):
        dx, dy = wx - cx, wy - cy
        r, around = np.hypot(dx, dy) / size, (np.arctan2(dy, dx) / (2 * np.pi) + turn) % 1
        ring = np.floor(r**0.85 * rings).astype(int)
        parts = np.where(ring == 0, 2, 4 + 2 * (ring % 3 == 2))
        part = np.floor(((around + 0.06 * ring * (number % 2)) % 1) * parts).astype(int) % parts
        here = r < 1
        region = np.where(here, 1000 * number + 10 * ring + part, region)
        angle = np.where(here, np.arctan2(dx, -dy), angle)
        light = np.where(
            here, 0.3 + 0.55 * ((r**0.85 * rings) % 1) + 0.15 * np.sin(2 * np.pi * around), light
        )
    # Planes of shade cross the discs, so that they seem to turn in light.
    for x0, y0, x1, y1, width in BARS:
        length = np.hypot(x1 - x0, y1 - y0)
        off = ((x1 - x0) * (wy - y0) - (y1 - y0) * (wx - x0)) / length
        light = light - 0.3 * step(0, 4, off) * step(190, 40, off)
        line = np.abs(off) < width
        region = np.where(line, 30000, region)
        angle = np.where(line, np.arctan2(y1 - y0, x1 - x0), angle)
    return region, angle.astype(np.float32), np.clip(light, 0, 1).astype(np.float32)
