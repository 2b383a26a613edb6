"""Marbling: inks dropped on water, then combed, as in Turkish ebru.

Every drop pushes what floats there outwards and every comb drags it along, both without changing areas, so
each pixel's colour is found by undoing the movements from the last to the first.
Source: Lu, Jaffer, Jin, Zhao & Mao (2012), Mathematical Marbling.
"""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, fractal, grid, lit, mix, rgb, step

SHAPE = (1152, 1536)
INKS = rgb("1b2145", "b21f2d", "ecdfc2", "1f6470", "e3a12c", "f4ead4", "74142f", "4a9a90", "e2572c")
BARE = rgb("efe4cc")
# x, y, radius, pull and reach of the swirls, in pixels.
SWIRLS = (
    (420, 420, 150, 330, 120),
    (1130, 330, 120, -300, 100),
    (860, 830, 170, 380, 120),
    (230, 930, 90, -230, 80),
    (1370, 860, 100, 260, 90),
)


def marbling(rng: np.random.Generator) -> Picture:
    """The printed sheet, 1536×1152."""
    x, y = grid(SHAPE)
    for swirl in SWIRLS:
        x, y = _swirled(x, y, *swirl)
    y = y - _comb(x, spacing=44, pull=70, reach=9) + 16 * np.sin(x / 70)
    x = x - _comb(y, spacing=150, pull=210, reach=34) + _comb(y + 75, spacing=150, pull=210, reach=34)
    ink = _dropped(x, y, rng)
    edge = blur(((ink != np.roll(ink, 1, 0)) | (ink != np.roll(ink, 1, 1))).astype(np.float32), 1.6)
    # Where the lines are drawn out finer than a hair there is no pool of ink to darken.
    pooled = (
        1
        - 0.25 * np.clip(edge * 3, 0, 1) * step(0.4, 0.15, blur(edge, 8))
        + 0.07 * fractal(SHAPE, rng, 260, 30)
    )
    picture = INKS[ink] * pooled[..., None]
    picture = mix(picture, BARE, 0.35 * step(1.6, 2.6, fractal(SHAPE, rng, 9, 2)))
    fibre = fractal(SHAPE, rng, 40, 2, slope=1.0, stretch=(6, 1)) + fractal(SHAPE, rng, 6, 1, 0.5)
    return lit(picture, 0.3 * fibre, 0.12)


def _comb(across: Field, spacing: float, pull: float, reach: float) -> Field:
    """Displacement along a comb's teeth, z · u^|d|, d the distance to the nearest tooth."""
    apart = np.abs((across + spacing / 2) % spacing - spacing / 2)
    return pull * np.exp2(-apart / reach)


def _swirled(
    x: Field, y: Field, cx: float, cy: float, radius: float, pull: float, reach: float
) -> tuple[Field, Field]:
    """Where each point was before a stylus drew a circle of this radius in the ink."""
    dx, dy = x - cx, y - cy
    r = np.hypot(dx, dy) + 1e-3
    turn = -pull * np.exp2(-np.abs(r - radius) / reach) / np.maximum(r, radius / 2)
    c, s = np.cos(turn), np.sin(turn)
    return cx + c * dx - s * dy, cy + s * dx + c * dy


def _dropped(x: Field, y: Field, rng: np.random.Generator) -> NDArray:
    """Which ink lies where: outside a drop of radius r, p came from c + (p − c) · √(1 − r²/|p − c|²)."""
    ink = np.full(x.shape, -1, np.int64)
    for _ in range(420):
        cx, cy = rng.uniform(-300, SHAPE[1] + 300), rng.uniform(-300, SHAPE[0] + 300)
        centre = rng.integers(len(INKS))
        for ring in range(rng.integers(1, 4)):
            dx, dy = x - cx, y - cy
            r2 = dx * dx + dy * dy + 1e-3
            radius = rng.uniform(22, 66)
            inside = (r2 < radius * radius) & (ink < 0)
            ink[inside] = (centre + 4 * ring) % len(INKS)
            back = np.sqrt(np.clip(1 - radius * radius / r2, 0, 1))
            x, y = cx + dx * back, cy + dy * back
    return np.where(ink < 0, 2, ink)
