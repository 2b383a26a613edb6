"""What the README shows of the measurements: J over seconds as a plot, and pictures at equal time."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from .quality import Trace

HERE = Path(__file__).parent
STRIP = HERE / "equal_time.jpg"
PLOT = HERE / "quality.png"
SHOWN = ("tutorial", "neural-style", "crowsonkb", "ours, one scale")
SHOWN_AT = 256  # px
EQUAL = 15.0  # seconds after which the pictures are compared
COLOURS = ("#7a7a7a", "#c78b2c", "#4a7fb5", "#b03a2e", "#2d7d46", "#8a4f9e")


def side_by_side(traces: Mapping[str, "Trace"], width: int = 400) -> Image.Image:
    """What each loop had painted after the same time, named beneath."""
    from nst.tensors import to_picture

    pictures = [to_picture(traces[name].picture_at(EQUAL)) for name in SHOWN]
    height = round(width * pictures[-1].height / pictures[-1].width)
    strip = Image.new("RGB", (2 * width + 8, 2 * (height + 34)), "white")
    draw = ImageDraw.Draw(strip)
    for number, (name, picture) in enumerate(zip(SHOWN, pictures, strict=True)):
        left, top = (number % 2) * (width + 8), (number // 2) * (height + 34)
        strip.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (left, top))
        draw.text((left + 4, top + height + 5), f"{name}, {EQUAL:.0f} s", fill="#222", font=_font(17))
    return strip


def plots(results: Mapping[str, Mapping], size: tuple[int, int] = (900, 400)) -> Image.Image:
    """The plots of every size measured, one beneath the other."""
    measured = [side for side in (256, 512, 1024) if f"quality_{side}" in results]
    image = Image.new("RGB", (size[0], len(measured) * size[1]), "white")
    for number, side in enumerate(measured):
        image.paste(plot(f"{side} px", results[f"quality_{side}"]["traces"], size), (0, number * size[1]))
    return image


def plot(title: str, traces: Mapping[str, Sequence[Sequence[float]]], size: tuple[int, int]) -> Image.Image:
    """J over seconds, both axes logarithmic, a line a loop; drawn at twice the size and reduced."""
    image = Image.new("RGB", (2 * size[0], 2 * size[1]), "white")
    draw = ImageDraw.Draw(image)
    points = [point for trace in traces.values() for point in trace]
    left, right = (math.log(edge(max(s, 0.5) for _, s, _ in points)) for edge in (min, max))
    low, high = (math.log(edge(j for *_, j in points)) for edge in (min, max))
    box = (150, 80, 2 * size[0] - 40, 2 * size[1] - 110)

    def at(seconds: float, cost: float) -> tuple[float, float]:
        across = (math.log(max(seconds, 0.5)) - left) / (right - left)
        up = (math.log(cost) - low) / (high - low)
        return box[0] + across * (box[2] - box[0]), box[3] - up * (box[3] - box[1])

    for seconds in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000):
        if left <= math.log(seconds) <= right:
            x, _ = at(seconds, math.exp(low))
            draw.line((x, box[1], x, box[3]), fill="#e5e5e5", width=2)
            draw.text((x, box[3] + 12), f"{seconds}", fill="#444", font=_font(30), anchor="ma")
    for cost in (0.3, 0.4, 0.5, 0.6, 0.8, 1, 2, 5, 10, 20):
        if low <= math.log(cost) <= high:
            _, y = at(1, cost)
            draw.line((box[0], y, box[2], y), fill="#e5e5e5", width=2)
            draw.text((box[0] - 14, y), f"{cost:g}", fill="#444", font=_font(30), anchor="rm")
    draw.text((box[0], 20), title, fill="#222", font=_font(36))
    draw.text(((box[0] + box[2]) / 2, box[3] + 54), "seconds", fill="#222", font=_font(32), anchor="ma")
    draw.text((20, (box[1] + box[3]) / 2), "J", fill="#222", font=_font(36), anchor="lm")
    for number, ((name, trace), colour) in enumerate(zip(traces.items(), COLOURS, strict=False)):
        draw.line([at(s, j) for _, s, j in trace], fill=colour, width=6, joint="curve")
        y = box[3] - 24 - 44 * (len(traces) - 1 - number)
        draw.line((box[0] + 20, y, box[0] + 70, y), fill=colour, width=8)
        draw.text((box[0] + 84, y), name, fill="#222", font=_font(30), anchor="lm")
    return image.resize(size, Image.Resampling.LANCZOS)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


if __name__ == "__main__":
    results = json.loads((HERE / "results.json").read_text())
    plots(results).save(PLOT, optimize=True)
