"""Watercolour: irises and poppies, glazes of transparent pigment with dark edges, granulation and back-runs.

Paper shines through: colour = paper · exp(−Σ density · absorbance), a pigment's absorbance being −log of its
colour at density 1 (Beer-Lambert). What drying does is after Curtis et al. (1997), Computer-Generated
Watercolor.
"""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, fractal, lit, rgb, spline, step

SHAPE = (1152, 1536)


def _pigments(**colours: str) -> dict[str, NDArray]:
    return {name: -np.log(np.clip(rgb(colour), 0.02, 0.995)) for name, colour in colours.items()}


PIGMENTS = _pigments(
    ultramarine="3a4fb0", violet="7a45a8", mauve="b884cc", rose="e0567e", scarlet="ea4428", orange="f59a3a",
    gamboge="f8d04a", sap="7a9a34", viridian="2f8f74", indigo="2c3a5e", cerulean="6ab8d8", umber="8a6a4a",
)  # fmt: skip
GRANULATING = ("ultramarine", "umber", "viridian")
IRISES = ((300, 400, 170), (620, 250, 150), (1010, 330, 175), (1340, 560, 150))
POPPIES = (
    (150, 730, 120),
    (560, 690, 150),
    (860, 800, 130),
    (1220, 850, 150),
    (1440, 190, 110),
    (420, 950, 100),
    (1000, 1010, 110),
)


class Sheet:
    """Wet paper: the absorbance gathered so far, and the noises its washes share."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.absorbed = np.zeros((*SHAPE, 3), np.float32)
        self.grain = fractal(SHAPE, rng, 9, 2, 0.8)
        self.flow = fractal(SHAPE, rng, 130, 10, 1.7)
        self.ragged = fractal(SHAPE, rng, 90, 3, 1.6)

    def wash(
        self,
        away: Field,
        window: tuple[slice, slice],
        colours: tuple[str, str],
        density: float,
        wet: float = 1.6,
        ragged: float = 3.5,
        reserve: float = 0.0,
    ) -> None:
        """One wash where `away` (pixels from the edge, inside positive) is positive.

        colours   the wash, and what was dropped into it while wet
        wet       softness of the edge in pixels; a dry edge gathers pigment in a dark rim
        ragged    how far the edge wanders, in pixels
        reserve   share of the earlier washes that masking fluid kept off
        """
        grain, flow = self.grain[window], self._flow(away.shape)
        edge = away + ragged * (1 + min(wet, 24) / 12) * self.ragged[window]
        inside = step(-wet, wet, edge)
        self.absorbed[window] *= 1 - (reserve * inside)[..., None]
        rim = np.exp(-np.clip(edge, 0, None) / 4.5) * (edge > -2) * (wet < 6)
        bloom = step(0.75, 0.95, flow) * step(1.5, 1.0, flow)
        body = 0.7 + 0.24 * flow + 0.6 * rim - 0.3 * bloom
        body = body + (0.14 if colours[0] in GRANULATING else 0.06) * grain
        share = np.clip(step(-0.6, 1.3, self._flow(away.shape)) + 0.25 * bloom, 0, 1)[..., None]
        tint = PIGMENTS[colours[0]] * (1 - share) + PIGMENTS[colours[1]] * share
        self.absorbed[window] += (density * inside * np.clip(body, 0.05, None))[..., None] * tint

    def _flow(self, shape: tuple[int, int]) -> Field:
        """A fresh piece of the shared noise: how the water carried the pigment."""
        rows = (np.arange(shape[0]) + self.rng.integers(SHAPE[0])) % SHAPE[0]
        return self.flow[rows[:, None], (np.arange(shape[1]) + self.rng.integers(SHAPE[1])) % SHAPE[1]]


def watercolour(rng: np.random.Generator) -> Picture:
    """The sheet, 1536×1152."""
    sheet = Sheet(rng)
    _ground(sheet)
    for cx, cy, size in (*IRISES, *POPPIES):
        _stem(sheet, cx, cy + 0.3 * size)
    for _ in range(34):
        _blade(sheet)
    for cx, cy, size in POPPIES:
        _poppy(sheet, cx, cy, size)
    for cx, cy, size in IRISES:
        _iris(sheet, cx, cy, size)
    _spatter(sheet)
    tooth = sheet.grain + 0.5 * fractal(SHAPE, rng, 30, 3, 1.0)
    paper = rgb("fbf6ea") * np.exp(-np.clip(sheet.absorbed, 0, 4))
    return np.clip(lit(paper, 0.55 * tooth, 0.06), 0, 1)


def _ground(sheet: Sheet) -> None:
    """Wet in wet over the whole sheet: cool above, warm in the middle, green below."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    smooth = blur(sheet.flow, 14)
    for _ in range(32):
        cx, cy = sheet.rng.uniform(0, SHAPE[1]), sheet.rng.uniform(0, SHAPE[0])
        radius = sheet.rng.uniform(130, 290)
        high = cy / SHAPE[0] + sheet.rng.normal(0, 0.1)
        first, second = (
            ("cerulean", "mauve") if high < 0.3 else ("gamboge", "rose") if high < 0.52
            else ("sap", "cerulean") if high < 0.75 else ("viridian", "indigo")
        )  # fmt: skip
        wet = sheet.rng.choice([3.0, 60.0, 90.0])
        window = _window(cx, cy, radius + wet + 130)
        away = radius - np.hypot(x[window] - cx, y[window] - cy) + 40 * smooth[window]
        sheet.wash(away, window, (first, second), sheet.rng.uniform(0.2, 0.45), wet)


def _window(cx: float, cy: float, reach: float) -> tuple[slice, slice]:
    return (
        slice(int(np.clip(cy - reach, 0, SHAPE[0] - 2)), int(np.clip(cy + reach, 2, SHAPE[0]))),
        slice(int(np.clip(cx - reach, 0, SHAPE[1] - 2)), int(np.clip(cx + reach, 2, SHAPE[1]))),
    )


def _local(window: tuple[slice, slice]) -> tuple[Field, Field]:
    y, x = np.mgrid[window].astype(np.float32)
    return x, y


def _petal(
    sheet: Sheet,
    root: NDArray,
    heading: float,
    length: float,
    width: float,
    colours: tuple[str, str],
    density: float,
) -> None:
    """A petal from its root: narrow there, broad and ruffled at the tip, darker towards the heart."""
    window = _window(*(root + 0.5 * length * np.array([np.cos(heading), np.sin(heading)])), 0.9 * length)
    x, y = _local(window)
    u = (np.cos(heading) * (x - root[0]) + np.sin(heading) * (y - root[1])) / length
    v = (np.cos(heading) * (y - root[1]) - np.sin(heading) * (x - root[0])) / length
    v = v + 0.10 * np.sin(3 * u + sheet.rng.uniform(0, 6))
    girth = width * np.clip(u, 0, 1) ** 0.65 * np.sqrt(np.clip(1.02 - u**3, 0, 1))
    girth = girth + 0.025 * np.sin(26 * u + sheet.rng.uniform(0, 6)) * np.clip(u, 0, 1)
    away = np.where((u > 0) & (u < 1.02), (girth - np.abs(v)) * length, -20)
    away = np.minimum(away, (1.0 - u + 0.03 * np.sin(30 * v)) * length)
    sheet.wash(away, window, colours, density, reserve=0.72)
    veins = 0.5 + 0.5 * np.sin(60 * v / (0.25 + np.clip(u, 0, 1)))
    heart = np.clip(away / 6, 0, 1) * np.exp(-2.6 * np.clip(u, 0, 1)) * (0.25 + 0.45 * veins**3)
    sheet.absorbed[window] += (0.8 * density * heart)[..., None] * PIGMENTS[colours[0]]


def _iris(sheet: Sheet, cx: float, cy: float, size: float) -> None:
    pairs = [("ultramarine", "violet"), ("violet", "mauve"), ("violet", "rose"), ("ultramarine", "cerulean")]
    root = np.array([cx, cy])
    for heading, long, wide in ((-1.57, 1.0, 0.42), (-2.15, 0.95, 0.36), (-1.0, 0.95, 0.36),
                                (2.6, 1.0, 0.40), (0.55, 1.0, 0.40), (1.57, 1.15, 0.46)):  # fmt: skip
        turn = heading + sheet.rng.normal(0, 0.12)
        _petal(
            sheet, root, turn, size * long, wide, pairs[sheet.rng.integers(4)], sheet.rng.uniform(0.6, 0.95)
        )
    for heading in (1.57, 2.6, 0.55):
        _petal(sheet, root, heading, 0.42 * size, 0.16, ("orange", "gamboge"), 1.1)


def _poppy(sheet: Sheet, cx: float, cy: float, size: float) -> None:
    pairs = [("scarlet", "orange"), ("scarlet", "rose"), ("rose", "orange"), ("orange", "gamboge")]
    root = np.array([cx, cy])
    first = sheet.rng.uniform(0, 6)
    for k in range(5):
        heading = first + 2 * np.pi * k / 5 + sheet.rng.normal(0, 0.15)
        long = size * (1 + 0.12 * np.cos(heading))
        _petal(sheet, root, heading, long, 0.62, pairs[sheet.rng.integers(4)], sheet.rng.uniform(0.55, 0.8))
    window = _window(cx, cy, 0.5 * size)
    x, y = _local(window)
    r = np.hypot(x - cx, y - cy)
    sheet.wash(0.17 * size - r, window, ("indigo", "violet"), 1.5, 3.0)
    around = np.arctan2(y - cy, x - cx)
    stamens = (
        step(0.55, 0.95, np.cos(17 * around + 2 * np.sin(r / 9)))
        * step(0.38, 0.3, r / size)
        * step(0.16, 0.2, r / size)
    )
    sheet.absorbed[window] += (1.2 * stamens)[..., None] * PIGMENTS["indigo"]


def _ribbon(sheet: Sheet, points: NDArray, width: NDArray, colours: tuple[str, str], density: float) -> None:
    """A tapering stroke of a round brush through `points`."""
    path = spline(points, 200)
    low, high = path.min(axis=0) - width.max() - 10, path.max(axis=0) + width.max() + 10
    window = (
        slice(*np.clip([low[1], high[1]], 0, SHAPE[0]).astype(int)),
        slice(*np.clip([low[0], high[0]], 0, SHAPE[1]).astype(int)),
    )
    x, y = _local(window)
    away = np.full(x.shape, -30.0, np.float32)
    if not away.size:
        return
    halves = np.interp(np.linspace(0, 1, 200), np.linspace(0, 1, len(width)), width)
    for (px, py), half in zip(path, halves, strict=True):
        row, column, reach = int(py - window[0].start), int(px - window[1].start), int(half) + 9
        near = np.s_[
            max(row - reach, 0) : max(row + reach, 0), max(column - reach, 0) : max(column + reach, 0)
        ]
        np.maximum(away[near], half - np.hypot(x[near] - px, y[near] - py), out=away[near])
    sheet.wash(away, window, colours, density, ragged=1.2, reserve=0.35)


def _stem(sheet: Sheet, cx: float, cy: float) -> None:
    foot = cx + sheet.rng.normal(0, 60)
    points = np.array([(cx, cy), (cx + sheet.rng.normal(0, 14), (cy + SHAPE[0]) / 2), (foot, SHAPE[0] + 40)])
    _ribbon(sheet, points, np.array([5.0, 7.0, 9.0]), ("sap", "viridian"), 0.8)


def _blade(sheet: Sheet) -> None:
    foot = sheet.rng.uniform(-40, SHAPE[1] + 40)
    tall, lean = sheet.rng.uniform(260, 620), sheet.rng.normal(0, 120)
    points = np.array(
        [(foot, SHAPE[0] + 30), (foot + 0.3 * lean, SHAPE[0] - 0.6 * tall), (foot + lean, SHAPE[0] - tall)]
    )
    pair = [("sap", "viridian"), ("viridian", "cerulean"), ("sap", "gamboge"), ("viridian", "indigo")][
        sheet.rng.integers(4)
    ]
    _ribbon(sheet, points, np.array([9.0, 15.0, 9.0, 1.0]), pair, sheet.rng.uniform(0.4, 0.9))


def _spatter(sheet: Sheet) -> None:
    names = list(PIGMENTS)
    for _ in range(120):
        cx, cy = sheet.rng.uniform(0, SHAPE[1]), sheet.rng.uniform(0, SHAPE[0])
        radius = 1.5 + sheet.rng.gamma(1.6, 2.2)
        window = _window(cx, cy, 3 * radius + 8)
        x, y = _local(window)
        pigment = names[sheet.rng.integers(len(names))]
        sheet.wash(radius - np.hypot(x - cx, y - cy), window, (pigment, pigment), 0.7, 1.2, 1.0)
