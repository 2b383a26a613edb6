"""What the README shows of the measurements: costs over seconds, the second judge's frontier, and pictures
after at most so many seconds. python -m benchmarks.plots draws what results.json holds."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from .quality import Trace

HERE = Path(__file__).parent
STRIP, PLOT, FRONTIER = (HERE / name for name in ("equal_time.jpg", "quality.png", "frontier.png"))
SHOWN_AT = 256  # px
EQUAL = 15.0  # seconds that each may take
COLOURS = (
    *("#7a7a7a", "#b03a2e", "#c78b2c", "#4a7fb5", "#2d7d46", "#8a4f9e"),
    *("#0f8b8d", "#e2725b", "#5b5b2f", "#1f2f6b", "#c2185b", "#111111", "#8bc34a", "#f48fb1"),
)
SIZE = (900, 400)
LEAST_SECONDS = 0.1


class Line(NamedTuple):
    """A named line of points, with a word beside some of them."""

    name: str
    points: Sequence[tuple[float, float]]
    words: Sequence[str] = ()


def side_by_side(traces: Mapping[str, "Trace"], width: int = 400) -> Image.Image:
    """The newest picture after at most EQUAL seconds of pastiche, of ours on its objective with the most
    evaluations and of ours, and pastiche's last; beneath, how many seconds each took."""
    from nst.tensors import to_picture

    *_, most = (name for name in traces if name.endswith("evaluations"))
    shown = {name: traces[name].newest_at(EQUAL) for name in ("pastiche", most, "ours")}
    shown[f"pastiche, {traces['pastiche'].points[-1][0]} steps"] = traces["pastiche"].pictures[-1]
    pictures = {f"{name}, {seconds:.1f} s": to_picture(image) for name, (seconds, image) in shown.items()}
    height = max(round(width * each.height / each.width) for each in pictures.values())
    strip = Image.new("RGB", (2 * width + 8, 2 * (height + 34)), "white")
    draw = ImageDraw.Draw(strip)
    for number, (name, picture) in enumerate(pictures.items()):
        left, top = (number % 2) * (width + 8), (number // 2) * (height + 34)
        strip.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (left, top))
        draw.text((left + 4, top + height + 5), name, fill="#222", font=_font(17))
    return strip


def costs_over_seconds(results: Mapping[str, Mapping]) -> list[Image.Image]:
    """A plot a size of pastiche's objective, and one of J for the published loops, as far as measured."""
    images = []
    for side in (256, 512):
        if found := best(results, f"peer_{side}"):
            lines = _seconds({name: found["traces"][name] for name in found["traces"] if _by_its(name)})
            images.append(plot(f"{side} px: pastiche’s objective", "seconds", "", lines))
        if found := best(results, f"quality_{side}"):
            images.append(plot(f"{side} px: our objective", "seconds", "J", _seconds(found["traces"])))
    return images


def best(results: Mapping[str, Mapping], name: str) -> Mapping | None:
    """The long measurement of this name where there is one, else the one of the whole run."""
    return results.get(f"long_{name}") or results.get(name)


def _by_its(name: str) -> bool:
    return name == "pastiche" or "its objective" in name


def _seconds(traces: Mapping[str, Sequence[Sequence[float]]]) -> list[Line]:
    return [
        Line(name, [(max(s, LEAST_SECONDS), cost) for _, s, cost in trace]) for name, trace in traces.items()
    ]


def frontier(means: Mapping[str, Mapping[str, Mapping[str, float]]], names: Mapping[str, str]) -> Image.Image:
    """Style left over content moved, a line a system and a point a strength: lower left is better."""
    lines = [
        Line(
            names[system],
            [(point["moved"], point["style"]) for point in points.values()],
            ["" if strength == "0" else strength for strength in points],
        )
        for system, points in means.items()
    ]
    pairs = next(iter(next(iter(means.values())).values()))["pairs"]
    title = f"Mean of {pairs} pairs; the numbers are strengths"
    return plot(title, "content moved", "style left", lines, (900, 600))


def plot(
    title: str, across: str, up: str, lines: Sequence[Line], size: tuple[int, int] = SIZE
) -> Image.Image:
    """Lines over two logarithmic axes; drawn at twice the size and reduced."""
    image = Image.new("RGB", (2 * size[0], 2 * size[1]), "white")
    draw = ImageDraw.Draw(image)
    box = (190, 80, 2 * size[0] - 40, 2 * size[1] - 110)
    xs, ys = zip(*(point for line in lines for point in line.points), strict=True)
    at = _axes(draw, box, xs, ys)
    draw.text((box[0], 20), title, fill="#222", font=_font(36))
    draw.text(((box[0] + box[2]) / 2, box[3] + 54), across, fill="#222", font=_font(32), anchor="ma")
    draw.text((box[0] - 14, 40), up, fill="#222", font=_font(32), anchor="rm")
    for number, (line, colour) in enumerate(zip(lines, COLOURS[: len(lines)], strict=True)):
        _line(draw, [at(*point) for point in line.points], line.words, colour)
        y = box[3] - 24 - 44 * (len(lines) - 1 - number)
        draw.line((box[0] + 20, y, box[0] + 70, y), fill=colour, width=8)
        draw.text((box[0] + 84, y), line.name, fill="#222", font=_font(30), anchor="lm")
    return image.resize(size, Image.Resampling.LANCZOS)


def _axes(
    draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], xs: Sequence[float], ys: Sequence[float]
) -> Callable[[float, float], tuple[float, float]]:
    """Draw the grid and its numbers; returns where a point belongs."""
    (left, right), (low, high) = _range(xs), _range(ys)

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = (math.log(x / left) / math.log(right / left), math.log(y / low) / math.log(high / low))
        return box[0] + across * (box[2] - box[0]), box[3] - up * (box[3] - box[1])

    for x in ticks(left, right):
        place = at(x, low)[0]
        draw.line((place, box[1], place, box[3]), fill="#e5e5e5", width=2)
        draw.text((place, box[3] + 12), f"{x:g}", fill="#444", font=_font(30), anchor="ma")
    for y in ticks(low, high):
        place = at(left, y)[1]
        draw.line((box[0], place, box[2], place), fill="#e5e5e5", width=2)
        draw.text((box[0] - 14, place), f"{y:g}", fill="#444", font=_font(30), anchor="rm")
    return at


def _range(values: Sequence[float]) -> tuple[float, float]:
    """From a little below the least to a little above the greatest."""
    return 0.97 * min(values), 1.03 * max(values)


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between two numbers; all digits where these are fewer than three."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), range(1, 10)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) > 2:
            break
    return found


def _line(draw: ImageDraw.ImageDraw, points: list, words: Sequence[str], colour: str) -> None:
    if len(points) > 1:
        draw.line(points, fill=colour, width=6, joint="curve")
    if words or len(points) == 1:
        for x, y in points:
            draw.ellipse((x - 9, y - 9, x + 9, y + 9), fill=colour)
    for (x, y), word in zip(points, words, strict=False):
        draw.text((x + 14, y - 14), word, fill=colour, font=_font(26), anchor="lb")


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def stacked(images: Sequence[Image.Image]) -> Image.Image:
    """One beneath the other."""
    image = Image.new("RGB", (images[0].width, sum(each.height for each in images)), "white")
    for number, each in enumerate(images):
        image.paste(each, (0, sum(above.height for above in images[:number])))
    return image


def main() -> None:
    from .frontier import NAMES, means

    results = json.loads((HERE / "results.json").read_text())
    if images := costs_over_seconds(results):
        stacked(images).save(PLOT, optimize=True)
    if found := means(results):
        frontier(found, NAMES).save(FRONTIER, optimize=True)


if __name__ == "__main__":
    main()
