"""Garden: flowers, berries and golden scrolls on black lacquer, after the painted woodenware of Khokhloma."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Picture, fractal, lit, mix, ramp, rgb, spline, step

SHAPE = (1280, 1408)
GOLD = ("6a3f0a", "b0761a", "dca432", "f6d873")
REDS = (("5e0a10", "b41820", "e6402c"), ("7a1208", "d0381a", "f4803a"), ("5a0830", "a81a4a", "e85a7a"))
GREENS = (("0f3320", "1f6a3a", "6ab04a"), ("0a3a3a", "1a7a6a", "7ac8a0"))


class Lacquer:
    """The panel so far: colour and height of the paint."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        shade = np.clip(0.5 + 0.25 * fractal(SHAPE, rng, 400, 30), 0, 1)
        self.colour = ramp(shade, "0c0709", "1c0e10", "2a1512")
        self.relief = np.zeros(SHAPE, np.float32)

    def drop(
        self, start: NDArray, heading: float, length: float, width: float, bend: float, stops: tuple[str, ...]
    ) -> None:
        """One loaded stroke: pressed down round, bent, lifted off to a point; lighter along one side."""
        t = np.linspace(0, 1, max(8, int(length)))
        angle = heading + bend * t
        pace = length / len(t)
        path = start + np.cumsum(pace * np.stack([np.cos(angle), np.sin(angle)], -1), axis=0)
        half = width / 2 * np.sin(np.pi * np.clip(t * 0.86 + 0.07, 0, 1) ** 0.62) ** 0.8 + 0.5
        self._lay(path, angle, half, stops)

    def vine(self, points: NDArray, width: float, stops: tuple[str, ...]) -> NDArray:
        """A line of even width that thins towards its end; returns its path."""
        length = int(np.hypot(*np.diff(points, axis=0).T).sum() * 1.3)
        path = spline(points, max(length, 12))
        angle = np.arctan2(*np.gradient(path, axis=0).T[::-1])
        self._lay(path, angle, width / 2 * np.linspace(1, 0.35, len(path)), stops)
        return path

    def dot(self, centre: NDArray, radius: float, stops: tuple[str, ...]) -> None:
        """A round touch, domed and lit from the upper left."""
        reach = int(radius) + 1
        dy, dx = (g.ravel() for g in np.mgrid[-reach : reach + 1, -reach : reach + 1])
        r = np.hypot(dx, dy) / radius
        light = np.clip(0.5 - (dx + 1.2 * dy) / (3.2 * radius), 0, 1)
        here = r <= 1
        height = 2.5 * np.sqrt(np.clip(1 - r * r, 0, 1))
        self._put(centre[0] + dx[here], centre[1] + dy[here], ramp(light, *stops)[here], height[here])

    def _lay(self, path: NDArray, angle: NDArray, half: NDArray, stops: tuple[str, ...]) -> None:
        across = int(2.9 * half.max()) + 3
        v = np.linspace(-1, 1, across)[None, :]
        x = path[:, :1] - np.sin(angle)[:, None] * v * half[:, None]
        y = path[:, 1:] + np.cos(angle)[:, None] * v * half[:, None]
        hairs = self.rng.normal(0, 0.10, across)[None, :] + self.rng.normal(0, 0.06)
        light = np.clip(0.5 + 0.42 * v * np.sign(np.cos(angle + 0.9))[:, None] * -1 + hairs, 0, 1)
        height = 1.6 * np.sqrt(np.clip(1 - v * v, 0, 1)) + 3 * hairs
        shape = x.shape
        self._put(
            x.ravel(),
            y.ravel(),
            ramp(np.broadcast_to(light, shape).ravel(), *stops),
            np.broadcast_to(height, shape).ravel(),
        )

    def _put(self, x: NDArray, y: NDArray, colours: NDArray, height: NDArray) -> None:
        columns, rows = np.rint(x).astype(int), np.rint(y).astype(int)
        here = (columns >= 0) & (rows >= 0) & (columns < SHAPE[1]) & (rows < SHAPE[0])
        self.colour[rows[here], columns[here]] = colours[here]
        self.relief[rows[here], columns[here]] = height[here]


def folk(rng: np.random.Generator) -> Picture:
    """The panel, 1408×1280."""
    panel = Lacquer(rng)
    places = _packed(rng)
    for centre, radius in places:
        _scroll(panel, centre, radius)
    for centre, radius in places:
        if radius > 110:
            _flower(panel, centre, 0.78 * radius)
        elif radius > 66:
            (_rosette, _tulip, _berries)[rng.integers(3)](panel, centre, 0.84 * radius)
        elif radius > 34:
            (_berries, _sprig)[rng.integers(2)](panel, centre, radius)
        else:
            _sprig(panel, centre, radius)
    _grass(panel)
    craze = fractal(SHAPE, rng, 60, 2, 1.2)
    colour = panel.colour * (1 + 0.05 * craze + 0.06 * fractal(SHAPE, rng, 5, 1, 0.8))[..., None]
    warm = mix(colour, rgb("f0a030"), 0.05 * step(-1, 2, fractal(SHAPE, rng, 500, 100)))
    return np.clip(lit(warm, panel.relief, 0.28, 0.3), 0, 1)


def _packed(rng: np.random.Generator) -> list[tuple[NDArray, float]]:
    """Circles of falling size that do not overlap, until the panel is full."""
    places: list[tuple[NDArray, float]] = []
    for radius, tries in ((165, 60), (118, 200), (80, 400), (52, 900), (34, 1500), (22, 2500)):
        for _ in range(tries):
            centre = np.array([rng.uniform(0, SHAPE[1]), rng.uniform(0, SHAPE[0])])
            if all(np.hypot(*(centre - c)) > radius + r for c, r in places):
                places.append((centre, radius * rng.uniform(0.9, 1.0)))
    return places


def _scroll(panel: Lacquer, centre: NDArray, radius: float) -> None:
    """A golden tendril that winds round a place, with curled leaves on its outer side."""
    rng = panel.rng
    if radius < 30:
        return
    start, turn = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
    t = np.linspace(0, 1, 14)
    a = start + turn * 4.6 * t
    r = radius * (1.12 - 0.26 * t)
    points = centre + np.stack([np.cos(a) * r, np.sin(a) * r], -1)
    path = panel.vine(points, max(4.0, 0.07 * radius), GOLD)
    for share in np.arange(0.05, 0.98, 5.2 / max(radius, 40)):
        i = int(share * (len(path) - 2))
        along = np.arctan2(*(path[i + 1] - path[i])[::-1])
        for side in (-1, 1):
            size = radius * rng.uniform(0.16, 0.28)
            stops = GOLD if rng.random() < 0.6 else GREENS[rng.integers(2)]
            panel.drop(path[i], along + side * 0.5, size, 0.34 * size, side * rng.uniform(0.6, 1.6), stops)


def _grass(panel: Lacquer) -> None:
    """Small curls of gold, red and green wherever the lacquer is still bare."""
    rng = panel.rng
    for size in (46, 34, 24, 16, 11):
        x, y = rng.uniform(0, SHAPE[1], 6000), rng.uniform(0, SHAPE[0], 6000)
        for spot in np.stack([x, y], -1):
            column, row, reach = int(spot[0]), int(spot[1]), int(0.42 * size)
            if panel.relief[max(row - reach, 0) : row + reach, max(column - reach, 0) : column + reach].any():
                continue
            stops = (GOLD, GOLD, GREENS[0], REDS[1])[rng.integers(4)]
            heading, bend = rng.uniform(0, 2 * np.pi), rng.choice([-1.8, 1.8])
            start = spot - 0.4 * size * np.array([np.cos(heading), np.sin(heading)])
            panel.drop(start, heading - bend / 2, size, 0.34 * size, bend, stops)
            if size > 20:
                panel.drop(start, heading + 0.4 * bend, 0.7 * size, 0.24 * size, -bend, stops)


def _ring(
    panel: Lacquer,
    centre: NDArray,
    count: int,
    start: float,
    length: float,
    width: float,
    stops: tuple[str, ...],
    bend: float,
) -> None:
    first = panel.rng.uniform(0, 2 * np.pi)
    for k in range(count):
        a = first + 2 * np.pi * k / count
        foot = centre + start * np.array([np.cos(a), np.sin(a)])
        panel.drop(foot, a - bend / 2, length, width, bend, stops)


def _flower(panel: Lacquer, centre: NDArray, radius: float) -> None:
    """A double bloom: leaves behind, two rings of petals with fine strokes on them, a beaded heart."""
    rng = panel.rng
    reds = REDS[rng.integers(3)]
    _ring(panel, centre, 9, 0.55 * radius, 0.75 * radius, 0.24 * radius, GREENS[rng.integers(2)], 0.7)
    _ring(panel, centre, 11, 0.32 * radius, 0.72 * radius, 0.46 * radius, reds, 0.3)
    _ring(panel, centre, 33, 0.5 * radius, 0.42 * radius, 5.0, ("e8a050", "f8d890", "fff0c8"), 0.15)
    _ring(panel, centre, 9, 0.2 * radius, 0.46 * radius, 0.30 * radius, ("b0401a", "ec8a2a", "fbd070"), -0.4)
    _ring(panel, centre, 18, 0.3 * radius, 0.22 * radius, 4.0, ("7a1a10", "a02818", "c84020"), 0.0)
    panel.dot(centre, 0.22 * radius, ("3a1a06", "8a5410", "e8b840"))
    for a in np.arange(0, 2 * np.pi, 0.45):
        panel.dot(
            centre + 0.22 * radius * np.array([np.cos(a), np.sin(a)]),
            0.045 * radius + 1.5,
            ("a05a10", "f4d060", "fff4c0"),
        )


def _rosette(panel: Lacquer, centre: NDArray, radius: float) -> None:
    blues = (("0a1a4a", "1f4a9a", "7ab0e0"), ("6a5a3a", "d8c8a0", "fff8e4"))[panel.rng.integers(2)]
    _ring(panel, centre, 8, 0.12 * radius, 0.9 * radius, 0.52 * radius, blues, 0.2)
    _ring(panel, centre, 24, 0.3 * radius, 0.44 * radius, 3.5, ("c8d8e8", "f0f4f4", "ffffff"), 0.0)
    panel.dot(centre, 0.26 * radius, ("7a1208", "d0381a", "f4a04a"))
    for a in np.arange(0, 2 * np.pi, 0.6):
        panel.dot(
            centre + 0.34 * radius * np.array([np.cos(a), np.sin(a)]), 3.2, ("d8a030", "f6e080", "ffffff")
        )


def _tulip(panel: Lacquer, centre: NDArray, radius: float) -> None:
    rng = panel.rng
    up, reds = rng.uniform(0, 2 * np.pi), REDS[rng.integers(3)]
    foot = centre - 0.8 * radius * np.array([np.cos(up), np.sin(up)])
    for side in (-1, 1):
        panel.drop(foot, up + side * 1.1, 1.1 * radius, 0.3 * radius, -side * 1.0, GREENS[rng.integers(2)])
        panel.drop(foot, up + side * 0.75, 1.75 * radius, 0.5 * radius, -side * 0.9, reds)
        panel.drop(
            foot, up + side * 0.4, 1.65 * radius, 0.4 * radius, -side * 0.45, ("a0300c", "f0801c", "fbd070")
        )
    panel.drop(foot, up, 1.6 * radius, 0.42 * radius, 0.0, reds)
    for side in (-0.16, 0.0, 0.16):
        panel.drop(foot, up + side, 1.15 * radius, 4.5, 0.0, ("f0b060", "f8e0a0", "fff8e0"))


def _berries(panel: Lacquer, centre: NDArray, radius: float) -> None:
    """A cluster of currants, each with its highlight, between two leaves."""
    rng = panel.rng
    up = rng.uniform(0, 2 * np.pi)
    for side in (-1, 1):
        panel.drop(centre, up + side * 2.2, 1.1 * radius, 0.36 * radius, side * 0.6, GREENS[rng.integers(2)])
        panel.drop(centre, up + side * 2.8, 1.0 * radius, 0.24 * radius, side * 0.6, GOLD)
    size = max(7.0, 0.19 * radius)
    for row in range(4):
        for k in range(row + 1):
            along, off = (row - 1.2) * 1.75 * size, (k - row / 2) * 2.05 * size
            spot = centre - np.array(
                [np.cos(up) * along - np.sin(up) * off, np.sin(up) * along + np.cos(up) * off]
            )
            panel.dot(spot, size, REDS[(row + k) % 2])
            panel.dot(spot - 0.35 * size, 0.22 * size + 0.8, ("ffd8c0", "fff0e0", "ffffff"))


def _sprig(panel: Lacquer, centre: NDArray, radius: float) -> None:
    rng = panel.rng
    up, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8)
    stops = (GOLD, *GREENS, REDS[1])[rng.integers(4)]
    foot = centre - 0.9 * radius * np.array([np.cos(up), np.sin(up)])
    for spread in (-1.0, 1.0, -0.5, 0.5, 0.0):
        panel.drop(
            foot, up + spread, radius * (1.75 - 0.6 * abs(spread)), 0.42 * radius, bend - 0.9 * spread, stops
        )
    panel.dot(foot, 0.13 * radius + 1.5, REDS[0])
