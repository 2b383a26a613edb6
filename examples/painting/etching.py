"""Etching: an old oak under a breaking sky, in lines that follow form and thicken with shadow."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, fractal, grid, mix, rgb, step

SHAPE = (1216, 1472)
INK, PAPER = rgb("2a1c14"), rgb("ece0c6")


def etching(rng: np.random.Generator) -> Picture:
    """The proof, 1472×1216."""
    dark, form = _scene(rng)
    shake = 1.1 * fractal(SHAPE, rng, 26, 8)
    weight = 1 + 0.16 * fractal(SHAPE, rng, 18, 3, 1.2)
    x, y = grid(SHAPE)
    ink = _lines(form + shake, 7.5, 0.8 * dark * weight - 0.05)
    crossing = 0.64 * x - 0.77 * y + 0.35 * form
    ink = np.maximum(ink, _lines(crossing + shake, 7.0, 1.0 * (dark - 0.40) * weight))
    crossing = 0.9 * x + 0.43 * y - 0.2 * form
    ink = np.maximum(ink, _lines(crossing + shake, 6.0, 1.3 * (dark - 0.62) * weight))
    bitten = ink * np.clip(0.9 + 0.12 * fractal(SHAPE, rng, 8, 1, 0.8), 0, 1)
    tone = 0.10 * dark + 0.03 * fractal(SHAPE, rng, 500, 60)
    laid = 0.012 * np.sin(x / 3.1) + 0.022 * fractal(SHAPE, rng, 9, 1, 0.9)
    paper = PAPER * (1 + laid - tone)[..., None]
    return mix(paper, INK, np.clip(blur(bitten, 0.7), 0, 1))


def _lines(phase: Field, spacing: float, share: Field) -> Field:
    """Ink where the phase crosses a multiple of the spacing, covering `share` of the paper.

    Where the phase runs so fast that lines would merge, every second one is left out.
    """
    gy, gx = np.gradient(phase)
    slope = np.hypot(gx, gy) + 1e-3
    octave = np.exp2(np.round(np.log2(slope)))
    period = spacing * octave
    apart = np.abs((phase / period + 0.5) % 1 - 0.5) * period / slope
    half = np.clip(share, 0, 0.95) * spacing * octave / slope / 2
    return step(0.8, -0.8, apart - half) * step(0.01, 0.08, share)


def _scene(rng: np.random.Generator) -> tuple[Field, Field]:
    """Darkness (0 … 1) and the phase whose level curves the lines follow."""
    x, y = grid(SHAPE)
    dark, form = _sky(rng)
    for number, (base, tall, wave) in enumerate(((690, 60, 210), (740, 50, 300), (800, 60, 390))):
        top = base - tall * np.sin(x / wave + 2.1 * number) - 14 * np.sin(x / 61 + number)
        deep = y - top
        rows = 0.5 + 0.5 * np.sin((x + (1.3 - 0.5 * number) * deep) / (52 + 22 * number))
        here = deep > 0
        slope = np.cos(x / wave + 2.1 * number)
        dark = np.where(
            here,
            np.clip(0.24 + 0.13 * number + 0.26 * slope - 0.25 * np.exp(-deep / 24) + 0.3 * rows, 0.05, 0.9),
            dark,
        )
        form = np.where(here, 0.75 * deep + 20 * np.sin(x / 45 + deep / 80), form)
    pond = np.hypot((x - 1060) / 330, (y - 925) / 62) + 0.05 * fractal(SHAPE, rng, 120, 20)
    ripple = 0.5 + 0.5 * np.sin(y / 7 + 1.6 * fractal(SHAPE, rng, 160, 9, stretch=(6, 1)))
    dark = np.where(pond < 1, 0.12 + 0.42 * ripple * step(760, 1300, x) + 0.35 * step(0.9, 1, pond), dark)
    form = np.where(pond < 1, y, form)
    _grass(dark, form, rng, pond)
    _oak(dark, form, rng)
    return np.clip(dark, 0, 1), form


def _sky(rng: np.random.Generator) -> tuple[Field, Field]:
    """Billows piled up from round puffs, far ones first; rays from a gap between them."""
    x, y = grid(SHAPE)
    sun = np.arctan2(y - 210, x - 1010)
    away = np.hypot(x - 1010, y - 210)
    dark = (
        0.2
        + 0.55 * step(150, 1000, away)
        + 0.2 * np.sin(sun * 34 + 2 * np.sin(sun * 9)) * step(40, 200, away)
    )
    dark = dark - 0.35 * np.exp(-away / 200)
    form = sun * 320
    for _ in range(900):
        across, up = rng.uniform(-60, SHAPE[1] + 60), rng.uniform(0, 1)
        cx = across
        cy = (
            640
            - 90 * up
            - 110 * np.sin(across / 240 + 1) * up
            - 330 * up**2 * (0.35 + 0.65 * np.cos(across / 330 + 0.6) ** 2)
        )
        if np.hypot(cx - 1010, cy - 210) < 230:
            continue
        size = rng.choice([22, 34, 52, 84], p=[0.42, 0.3, 0.18, 0.1]) * rng.uniform(0.8, 1.2)
        _puff(dark, form, cx, cy, size, rng, light=0.22 + 0.14 * (1 - up), shade=0.5)
    return dark, form


def _puff(
    dark: Field,
    form: Field,
    cx: float,
    cy: float,
    size: float,
    rng: np.random.Generator,
    light: float,
    shade: float,
) -> None:
    """A lit ball with a scalloped rim, hatched by arcs about its lit side."""
    top, left = max(int(cy - size), 0), max(int(cx - size), 0)
    window = np.s_[top : max(int(cy + size), 0), left : max(int(cx + size), 0)]
    height, width = dark[window].shape
    if not height or not width:
        return
    dx = (np.arange(width) + left - cx)[None, :] / size
    dy = (np.arange(height) + top - cy)[:, None] / size
    around = np.arctan2(dy, dx)
    rim = 0.86 + 0.09 * np.abs(np.sin(3.5 * around + rng.uniform(0, 6))) + 0.04 * np.sin(9 * around)
    r = np.hypot(dx, dy) / rim
    lit_ = -0.55 * dx - 0.75 * dy
    tone = light - shade * lit_ + 0.5 * step(0.9, 1.0, r) * (0.4 - lit_)
    here = (r < 1) & (dy < 0.75 + 0.2 * rng.random())
    dark[window][here] = np.clip(tone, 0, 0.95)[here]
    arcs = np.hypot(dx + 0.5, dy + 0.7) * size + rng.uniform(0, 9)
    form[window][here] = arcs[here]


def _branch(
    dark: Field,
    form: Field,
    start: NDArray,
    heading: float,
    radius: float,
    rng: np.random.Generator,
) -> list[NDArray]:
    """A gnarled limb, then its children; returns where the twigs end."""
    point, length = start.astype(float), radius * rng.uniform(4.2, 6.0)
    bend, pace = rng.uniform(-0.5, 0.5), max(radius / 4, 1.0)
    for along in np.arange(0, length, pace):
        heading += (bend / length + rng.normal(0, 0.035) / max(radius / 9, 1)) * radius / 4
        point = point + np.array([np.cos(heading), np.sin(heading)]) * pace
        _round(dark, form, point, heading, radius * (1 - 0.32 * along / length), along)
    if radius < 7:
        return [point]
    tips = []
    for turn in rng.permutation([-1, 1, 0.1])[: 3 if radius < 30 else 2]:
        onward = 0.9 * heading - 0.1 * np.pi / 2 + turn * rng.uniform(0.35, 0.75)
        tips += _branch(dark, form, point, onward, radius * rng.uniform(0.6, 0.72), rng)
    return tips


def _round(dark: Field, form: Field, point: NDArray, heading: float, r: float, along: float) -> None:
    """One slice of a limb, hatched round like a cylinder lit from the left."""
    left, top = max(int(point[0] - r), 0), max(int(point[1] - r), 0)
    window = np.s_[top : max(int(point[1] + r) + 1, 0), left : max(int(point[0] + r) + 1, 0)]
    height, width = dark[window].shape
    dx = (np.arange(width) + left - point[0])[None, :]
    dy = (np.arange(height) + top - point[1])[:, None]
    across = (np.cos(heading) * dy - np.sin(heading) * dx) / r
    here = np.hypot(dx, dy) < r
    side = across if np.sin(heading) < 0 else -across
    tone = np.clip(0.6 + 0.45 * side + 0.2 * np.sin(across * 9 + along / 40), 0.1, 0.97)
    arcs = along + np.cos(heading) * dx + np.sin(heading) * dy + 0.8 * r * across * across
    dark[window][here], form[window][here] = tone[here], arcs[here]


def _oak(dark: Field, form: Field, rng: np.random.Generator) -> None:
    for foot in (-44, -18, 30, 52):
        _branch(dark, form, np.array([430.0 + foot * 1.5, 1010.0]), np.pi - 0.3 if foot < 0 else 0.3, 12, rng)
    tips = _branch(dark, form, np.array([430.0, 1010.0]), -np.pi / 2 + 0.05, 66, rng)
    leaves = np.array(tips)[rng.integers(0, len(tips), 900)] + rng.normal(0, 34, (900, 2))
    for cx, cy in leaves[np.argsort(leaves[:, 1] + rng.normal(0, 70, len(leaves)))[::-1]]:
        below = (cy - 420) / 900
        _puff(
            dark,
            form,
            cx,
            cy,
            rng.uniform(12, 26),
            rng,
            light=0.66 + 0.4 * below + 0.0003 * (cx - 430),
            shade=0.62,
        )


def _grass(dark: Field, form: Field, rng: np.random.Generator, pond: Field) -> None:
    """Tufts before everything but the oak: blades as curved strokes of black and of bare paper."""
    for _ in range(3000):
        y0 = 850 + 366 * rng.random() ** 0.7
        x0 = rng.uniform(0, SHAPE[1])
        if pond[int(y0), int(x0)] < 1.02:
            continue
        tall = (16 + 60 * (y0 - 850) / 366) * rng.uniform(0.5, 1.3)
        t = np.linspace(0, 1, int(tall * 1.6))
        lean = rng.normal(0.25, 0.45)
        xs = x0 + tall * lean * t * t
        ys = y0 - tall * t
        half = (1.2 + 1.6 * (y0 - 850) / 366) * (1 - t)
        tone = rng.choice([0.0, 0.0, 1.0])
        for shift in (-1.5, -0.5, 0.5, 1.5):
            rows = np.clip(ys, 0, SHAPE[0] - 1).astype(int)
            columns = np.clip(xs + shift * half, 0, SHAPE[1] - 1).astype(int)
            dark[rows, columns] = tone
