"""Costs over evaluations, as a plot on a sheet. Pillow only."""

import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

from .lettering import lettering
from .palette import LIGHT, Palette

SHARP = 2  # lines are drawn this many times as large and shrunk: Pillow's own have steps
TEXT, SMALL = 16, 14  # pixels
LEFT, TOP, RIGHT, BOTTOM = 64, 44, 12, 34  # pixels around the curves

Curves = Mapping[str, Sequence[float]]


def draw_curves(
    curves: Curves, size: tuple[int, int], palette: Palette = LIGHT, magnify: int = 1
) -> Image.Image:
    """Costs over evaluations, J logarithmic, one labelled line for each name.

    curves    {name: J after evaluation 1, 2, …}; what is not above 0 is left out
    size      (width, height) in pixels; text and lines are `magnify` times as large as on a preview
    """
    picture = Image.new("RGB", size, palette.paper)
    costs = [cost for curve in curves.values() for cost in curve if cost > 0]
    if not costs:
        return picture
    plot = _Plot(curves, costs, size, palette, magnify)
    picture.paste(plot.lines().reduce(SHARP))
    draw = ImageDraw.Draw(picture)
    plot.write_scales(draw)
    plot.write_names(draw)
    return picture


class _Plot:
    """Where each cost is on the plot, in pixels."""

    def __init__(
        self, curves: Curves, costs: Sequence[float], size: tuple[int, int], palette: Palette, magnify: int
    ) -> None:
        self.curves, self.size, self.palette, self.magnify = curves, size, palette, magnify
        self.longest = max(map(len, curves.values()))
        self.low = math.floor(math.log10(min(costs)))
        self.high = max(math.ceil(math.log10(max(costs))), self.low + 1)
        self.left, self.top = LEFT * magnify, TOP * magnify
        self.right, self.bottom = size[0] - RIGHT * magnify, size[1] - BOTTOM * magnify
        self.exponents = range(self.low, self.high + 1, math.ceil((self.high - self.low) / 5))

    def at(self, evaluation: int, exponent: float) -> tuple[float, float]:
        """(x, y) of J = 10^exponent after an evaluation."""
        x = self.left + (self.right - self.left) * (evaluation - 1) / max(1, self.longest - 1)
        return x, self.bottom - (self.bottom - self.top) * (exponent - self.low) / (self.high - self.low)

    def lines(self) -> Image.Image:
        """The rules and the curves, SHARP times as large."""
        large = Image.new("RGB", (SHARP * self.size[0], SHARP * self.size[1]), self.palette.paper)
        draw, width = ImageDraw.Draw(large), SHARP * self.magnify
        for exponent in self.exponents:
            ends = [self.at(evaluation, exponent) for evaluation in (1, self.longest)]
            y = SHARP * ends[0][1]
            draw.line((SHARP * self.left, y, SHARP * self.right, y), self.palette.rule, width)
        for number, curve in enumerate(self.curves.values()):
            places = [self.at(index, math.log10(cost)) for index, cost in enumerate(curve, 1) if cost > 0]
            if len(places) > 1:
                points = [(SHARP * x, SHARP * y) for x, y in places]
                draw.line(points, self._colour(number), 5 * width // 2, joint="curve")
        return large

    def write_scales(self, draw: ImageDraw.ImageDraw) -> None:
        small, quiet = lettering(SMALL * self.magnify), self.palette.quiet
        for exponent in self.exponents:
            y = self.at(1, exponent)[1] + 5 * self.magnify
            small.write(draw, (self.left - 10 * self.magnify, y), power_of_ten(exponent), quiet, "r")
        base = self.size[1] - 10 * self.magnify
        for evaluation in sorted({1, *(self.longest * fifth // 5 for fifth in range(1, 5))} - {0}):
            small.write(draw, (self.at(evaluation, self.low)[0], base), str(evaluation), quiet, "m")
        small.write(draw, (self.right, base), f"{self.longest} evaluations", quiet, "r")

    def write_names(self, draw: ImageDraw.ImageDraw) -> None:
        """J and, in the colour of its line, each name above the plot."""
        bold, base = lettering(TEXT * self.magnify, is_bold=True), 22 * self.magnify
        bold.write(draw, (self.left - 10 * self.magnify, base), "J", self.palette.ink, "r")
        x = float(self.left)
        for number, name in enumerate(self.curves):
            bold.write(draw, (x, base), name, self._colour(number))
            x += bold.width(name) + 28 * self.magnify

    def _colour(self, number: int) -> str:
        return self.palette.curves[number % len(self.palette.curves)]


def power_of_ten(exponent: int) -> str:
    """-4 → "10⁻⁴"."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
