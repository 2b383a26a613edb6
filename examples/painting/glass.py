"""Stained glass: a sunburst over hills, a river and poppies, in pot-metal glass and lead."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, distance, fractal, grid, lit, mix, ramp, rgb, sample, step

SHAPE = (1408, 1152)
# Each glass is a ramp from its deep to its thin parts.
GLASSES = {
    "sun": (("c8400c", "f59a1c", "ffd84a"), ("d65a10", "ffb52e", "ffe98a")),
    "ray": (("b3360e", "f08a24", "ffcf66"), ("c98a12", "f7c83c", "fff0a0"), ("7d1430", "d13a4a", "f08a7a")),
    "sky": (("0d1f6e", "2a55c0", "7fb0f0"), ("12408a", "2f86cf", "9fd6f0"), ("2a1a6e", "5a4ac0", "a8a0ec"),
            ("0f5c7a", "2fa3b0", "a6e6dc")),
    "hill": (("0d3d24", "2f8a3f", "a0d060"), ("16523a", "4aa06a", "b8dc8a"), ("4a5a12", "9aa82c", "dfe07a"),
             ("0b3a44", "1f7a74", "7cc8a8")),
    "river": (("0a2c66", "1e6fb8", "8cd0ee"), ("0e4a5e", "35a0b4", "c4f0ea"), ("3a3a8a", "7a8ad8", "d0dcf8")),
    "meadow": (("1c3a12", "4f8a24", "bcd24a"), ("0f4a2a", "2f9a4a", "9adc7a"),
               ("5a4a0e", "b8942a", "eedc6a")),
    "petal": (("6e0a14", "d01c24", "ff6a4a"), ("8a1030", "e0345a", "ff9a9a"), ("a0300c", "f0641c", "ffb25a")),
    "heart": (("1a1020", "4a2a50", "8a5a8a"),),
}  # fmt: skip
HILLS = ((640, 70, 190, 0.3), (730, 55, 260, 2.6), (810, 40, 150, 4.0))
NAMES = list(GLASSES)
POPPIES = ((170, 1150, 150), (500, 1235, 165), (850, 1150, 150), (1090, 1290, 140))


def glass(rng: np.random.Generator) -> Picture:
    """The window, 1152×1408, lit from behind."""
    kind, cell = _design(rng)
    pane = np.unique(kind * 1_000_000 + cell, return_inverse=True)[1].reshape(SHAPE)
    edge = np.zeros(SHAPE, bool)
    edge[1:] |= pane[1:] != pane[:-1]
    edge[:, 1:] |= pane[:, 1:] != pane[:, :-1]
    away = distance(edge, 40)
    light = _glass(kind, pane, away, rng)
    light = light + 0.35 * blur(np.clip(light - 0.45, 0, 1), 16)
    came = step(7.2, 5.6, away + 0.5 * fractal(SHAPE, rng, 60, 12))
    round_ = np.sqrt(np.clip(1 - (away / 7.5) ** 2, 0, 1)) * 7
    lead = lit(rgb("23262b") * (1 + 0.25 * fractal(SHAPE, rng, 30, 1.5, 1.0))[..., None], round_, 0.8, 0.3)
    return mix(np.clip(light, 0, 1), np.clip(lead, 0, 1), came)


def _design(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Which glass each pixel belongs to, and which piece of it."""
    x, y = grid(SHAPE)
    x, y = x + 9 * fractal(SHAPE, rng, 300, 80), y + 9 * fractal(SHAPE, rng, 300, 80)
    kind, cell = _sunburst(x - 640, y - 370)
    for layer, (number, inside, piece) in enumerate((*_land(x, y), *_poppies(x, y)), start=1):
        kind, cell = np.where(inside, number, kind), np.where(inside, 10_000 * layer + piece, cell)
    return kind.astype(np.int64), cell.astype(np.int64)


def _sunburst(x: Field, y: Field) -> tuple[NDArray, NDArray]:
    """Rings about the sun cut by spokes, every third one a ray."""
    r, turn = np.hypot(x, y), np.arctan2(y, x) / (2 * np.pi) + 0.5
    ring = np.searchsorted([44, 92, 150, 235, 345, 480, 640, 830], r)
    parts = np.array([1, 7, 12, 24, 24, 24, 48, 48, 48])[ring]
    shift = 0.5 * (ring % 2) / parts + 0.02 * np.sin(r / 90)
    spoke = np.floor((turn + shift) * parts).astype(int) % parts
    kind = np.where(ring <= 2, 0, np.where((spoke * 24 // parts) % 3 == 0, 1, 2))
    return kind, ring * 60 + spoke


def _land(x: Field, y: Field) -> Iterator[tuple[int, NDArray, Field]]:
    """(glass, where, piece) of three hills, the river and the near bank."""
    for level, (base, tall, wave, phase) in enumerate(HILLS):
        deep = y - base + tall * np.sin(x / wave + phase)
        yield (
            3,
            deep > 0,
            50 * np.floor(deep / 62) + np.floor((x + 0.5 * y + 37 * level) / (150 - 14 * level)),
        )
    middle = 560 + 150 * np.sin((y - 700) / 130) + 0.2 * (y - 700)
    half = 34 + 0.42 * np.clip(y - 740, 0, 400)
    off = np.abs(x - middle)
    strip = np.floor((x - middle) / half * 1.99) + 10 * np.floor((y + 0.25 * off) / 84)
    yield 4, (y > 745) & (off < half), strip
    blade = np.floor((x + 60 * np.sin(y / 120)) / 78) + 40 * np.floor((y + 30 * np.sin(x / 60)) / 150)
    yield 5, y > 1010 + 34 * np.sin(x / 140 + 1) + 0.00018 * (x - 560) ** 2, blade


def _poppies(x: Field, y: Field) -> Iterator[tuple[int, NDArray, Field]]:
    """(glass, where, piece) of the petals and the heart of each."""
    for number, (px, py, size) in enumerate(POPPIES):
        dx, dy = x - px, (y - py) * 1.15
        r = np.hypot(dx, dy) / size
        turn = np.arctan2(dy, dx) + number + 0.5 * np.sin(3 * r)
        fold = np.floor(turn / (2 * np.pi / 5)) % 5 + 5 * (r > 0.58)
        yield 6, r < 0.82 + 0.17 * np.abs(np.cos(2.5 * turn)), fold
        yield 7, r < 0.24, np.zeros_like(x)


def _glass(kind: NDArray, pane: NDArray, away: Field, rng: np.random.Generator) -> Picture:
    """Streaky, seedy glass: every pane its own pot, thickness and direction of pull."""
    count = pane.max() + 1
    x, y = grid(SHAPE)
    turn, offset = rng.uniform(0, np.pi, count)[pane], rng.uniform(0, 1000, (2, count))
    c, s = np.cos(turn), np.sin(turn)
    streaks = fractal(SHAPE, rng, 110, 3, 1.3, stretch=(7, 1))
    pulled = sample(streaks, c * x + s * y + offset[0][pane], c * y - s * x + offset[1][pane])
    seeds = step(1.9, 2.6, fractal(SHAPE, rng, 7, 2.5))
    thin = 0.52 + 0.15 * rng.standard_normal(count)[pane] + 0.16 * pulled
    thin = thin + 0.007 * away - 0.24 * step(20, 5, away) + 0.16 * fractal(SHAPE, rng, 500, 90)
    picture = np.zeros((*SHAPE, 3), np.float32)
    pot = rng.integers(0, 1000, count)[pane]
    for number, name in enumerate(NAMES):
        for which, stops in enumerate(GLASSES[name]):
            here = (kind == number) & (pot % len(GLASSES[name]) == which)
            picture[here] = ramp(thin[here], *stops)
    relief = 0.8 * pulled + 2 * seeds
    return lit(picture, relief, 0.18) + 0.10 * seeds[..., None]
