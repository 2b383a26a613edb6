"""Brush strokes: thousands of bristled ribbons laid along a field of directions.

Each stroke is a ribbon of samples, across (v, the hairs) and along (u, the way it is drawn). A hair leaves
paint while it is loaded; what lies beneath shows between hairs and where the brush runs dry. Every sample
also leaves height, so that canvas.lit() can light the ridges.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture

SAMPLES_AT_ONCE = 1_500_000


@dataclass(frozen=True)
class Surface:
    """What is painted on: a picture and its relief, both changed in place."""

    colour: Picture
    relief: Field


@dataclass(frozen=True)
class Brush:
    """length, width   mean size of a stroke in pixels; each stroke varies by a third
    hairs           bristles across a stroke
    dry             0 … 1, how early the hairs run out
    streak          0 … 1, how unevenly the two colours on the brush are mixed
    body            height of the paint in pixels
    taper           0 is a flat brush; 1 a round one that lifts off to a point
    """

    length: float
    width: float
    hairs: int = 9
    dry: float = 0.5
    streak: float = 0.8
    body: float = 1.6
    taper: float = 0.4


def scattered(shape: tuple[int, int], spacing: float, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Points of a jittered grid over and slightly beyond an (H, W) canvas, in random order."""
    rows = np.arange(-spacing, shape[0] + spacing, spacing)
    columns = np.arange(-spacing, shape[1] + spacing, spacing)
    y, x = (g.ravel() for g in np.meshgrid(rows, columns, indexing="ij"))
    order = rng.permutation(len(x))
    x = x + rng.uniform(-0.6, 0.6, len(x)) * spacing
    y = y + rng.uniform(-0.6, 0.6, len(y)) * spacing
    return x[order], y[order]


def at(field: NDArray, x: NDArray, y: NDArray) -> NDArray:
    """The field's value at the nearest pixel; beyond the border, the border's."""
    rows = np.clip(np.rint(y), 0, field.shape[0] - 1).astype(np.int64)
    return field[rows, np.clip(np.rint(x), 0, field.shape[1] - 1).astype(np.int64)]


def follow(x: NDArray, y: NDArray, length: NDArray, angle: Field, steps: int = 12) -> NDArray:
    """(N, steps + 1, 3) paths of x, y and direction, centred on their starting points."""
    halves = []
    for sign in (-1, 1):
        px, py, half = x.copy(), y.copy(), []
        for _ in range(steps // 2):
            a = at(angle, px, py)
            px = px + sign * np.cos(a) * length / steps
            py = py + sign * np.sin(a) * length / steps
            half.append(np.stack([px, py, at(angle, px, py)], -1))
        halves.append(half)
    here = np.stack([x, y, at(angle, x, y)], -1)
    return np.stack([*halves[0][::-1], here, *halves[1]], axis=1)


@dataclass(frozen=True)
class _Strokes:
    paths: NDArray  # (N, steps + 1, 3)
    width: NDArray
    first: NDArray  # (N, 3)
    second: NDArray

    def __getitem__(self, some: slice) -> "_Strokes":
        return _Strokes(self.paths[some], self.width[some], self.first[some], self.second[some])


def lay(
    surface: Surface,
    x: NDArray,
    y: NDArray,
    angle: Field,
    first: NDArray,
    second: NDArray,
    brush: Brush,
    rng: np.random.Generator,
    regions: NDArray | None = None,
) -> None:
    """Lay a stroke at each (x, y), later ones over earlier.

    angle           (H, W) direction in radians
    first, second   (N, 3), the two colours on each brush
    regions         (H, W) labels: a stroke stays within the label it starts in
    """
    length = brush.length * rng.uniform(0.67, 1.33, len(x))
    width = brush.width * rng.uniform(0.67, 1.33, len(x))
    strokes = _Strokes(follow(x, y, length, angle), width, first, second)
    samples = int(1.35 * length.max()) + 2, int(1.45 * width.max()) + 2
    regions = np.zeros(angle.shape, np.int8) if regions is None else regions
    batch = max(1, SAMPLES_AT_ONCE // (samples[0] * samples[1]))
    for start in range(0, len(x), batch):
        _ribbons(surface, strokes[start : start + batch], samples, brush, rng, regions)


def _ribbons(
    surface: Surface,
    strokes: _Strokes,
    samples: tuple[int, int],
    brush: Brush,
    rng: np.random.Generator,
    regions: NDArray,
) -> None:
    count, (along, across) = len(strokes.width), samples
    u = np.linspace(0, 1, along, dtype=np.float32)[None, :, None]
    v = np.linspace(-1, 1, across, dtype=np.float32)[None, None, :]
    column, row = _places(strokes, u, v, brush)
    load, tint = _hairs(count, across, brush, rng)
    wobble = _hairs(count, along, brush, rng)[0].transpose(0, 2, 1)
    rim = 1 - np.abs(v) ** 6 - np.clip(0.06 - u, 0, 1) * 14 * v * v
    paint = rim + 0.55 * load + 0.2 * wobble - brush.dry * 1.9 * u * u

    height, width = surface.relief.shape
    keep = (paint > 0.12) & (column >= 0) & (row >= 0) & (column < width) & (row < height)
    home = at(regions, *strokes.paths[:, strokes.paths.shape[1] // 2, :2].T)[:, None, None]
    keep[keep] = regions[row[keep], column[keep]] == np.broadcast_to(home, keep.shape)[keep]

    pixel = row[keep], column[keep]
    stroke = np.broadcast_to(np.arange(count)[:, None, None], keep.shape)[keep]
    share = np.broadcast_to(tint, keep.shape)[keep][:, None]
    ridge = np.broadcast_to((0.6 + 0.4 * load + 0.5 * v**4) * (1 - 0.5 * u), keep.shape)[keep]
    first, second = strokes.first[stroke], strokes.second[stroke]
    surface.colour[pixel] = first + (second - first) * share
    surface.relief[pixel] = 0.55 * surface.relief[pixel] + brush.body * ridge


def _places(strokes: _Strokes, u: NDArray, v: NDArray, brush: Brush) -> tuple[NDArray, NDArray]:
    """Column and row of every sample: along the path, then out along its normal."""
    x, y, angle = np.moveaxis(_between(strokes.paths, u.shape[1]), -1, 0)[..., None]
    swell = 1 - brush.taper * (np.abs(2 * u - 0.7) / 1.3) ** 3
    out = v * (strokes.width[:, None, None] / 2).astype(np.float32) * swell
    return (
        np.rint(x - np.sin(angle) * out).astype(np.int32),
        np.rint(y + np.cos(angle) * out).astype(np.int32),
    )


def _between(paths: NDArray, along: int) -> NDArray:
    t = np.linspace(0, paths.shape[1] - 1.001, along)
    i, share = t.astype(int), (t % 1).astype(np.float32)[:, None]
    unwrapped = np.concatenate([paths[..., :2], np.unwrap(paths[..., 2:], axis=1)], -1)
    unwrapped = unwrapped.astype(np.float32)
    return unwrapped[:, i] * (1 - share) + unwrapped[:, i + 1] * share


def _hairs(count: int, across: int, brush: Brush, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """How loaded each hair is (about −1 … 1) and how much of the second colour it carries (0 … 1)."""
    hair = np.linspace(0, brush.hairs - 1.001, across)
    i, share = hair.astype(int), (hair % 1).astype(np.float32)
    share = share * share * (3 - 2 * share)
    load = rng.uniform(-1, 1, (count, brush.hairs)).astype(np.float32)
    drift = np.cumsum(rng.standard_normal((count, brush.hairs)), axis=1).astype(np.float32)
    drift -= drift.mean(axis=1, keepdims=True)
    tint = np.clip(0.35 + brush.streak * (0.35 * drift + 0.3 * load), 0, 1)
    both = np.stack([load, tint])
    smooth = both[:, :, i] * (1 - share) + both[:, :, i + 1] * share
    return smooth[0][:, None, :], smooth[1][:, None, :]
