"""Cost curves as a small SVG that follows the page's light and dark mode: no plotting library, no script.

One line for the total, one for the content cost and one for each style layer, all as they stand in
J = α · J_content + β · Σ λ[l] · J_style[l] + γ · TV, so that the lines add up to the total.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from .running.frames import Frame, Point

MOST_POINTS = 160  # a line of more is no finer on a screen, only slower to send
COLOURS = 5  # --curve-1 … --curve-5 of page.css; more layers than that take them in turn


def draw(frames: Sequence[Frame], marked: int | None = None) -> str:
    """HTML of the costs of a run so far; "" before there are two evaluations to join by a line.

    frames   in order of evaluation, each with its costs
    marked   an evaluation to mark, whose costs the legend then gives instead of the newest ones

    Vertical axis: log₁₀ of the cost, in whole powers of ten; dashed lines where a larger size begins.
    """
    if len(frames) < 2:
        return ""
    names = _terms(frames)
    across = max(frames[-1].of, frames[-1].evaluation, 2) - 1
    shown = _thinned(frames)
    lines = {name: [(f.evaluation, _point(f).weighted.get(name, 0.0)) for f in shown] for name in names}
    lines["total"] = [(f.evaluation, _point(f).total) for f in shown]
    low, high = _decades(cost for line in lines.values() for _, cost in line)
    drawn = "".join(_line(name, lines[name], names, across, (low, high)) for name in lines)
    drawn += _marker(marked, across)
    labelled = min(frames, key=lambda f: abs(f.evaluation - marked)) if marked else frames[-1]
    return (
        '<div class="curves"><div class="title">Terms of the cost J, on a log scale</div>'
        '<div class="plot"><svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{_said(frames)}">{_rules(low, high)}{_scales(frames, across)}{drawn}</svg>'
        f"{_ticks(low, high)}{_sizes(frames, across)}</div>{_legend(labelled, names, marked)}</div>"
    )


def _terms(frames: Sequence[Frame]) -> list[str]:
    """The terms of J that are ever above 0, in the order they are given."""
    return [name for name in _point(frames[-1]).weighted if any(_point(f).weighted[name] > 0 for f in frames)]


def _thinned(frames: Sequence[Frame]) -> list[Frame]:
    stride = max(1, math.ceil(len(frames) / MOST_POINTS))
    return [*frames[:-1:stride], frames[-1]]


def _point(frame: Frame) -> Point:
    assert frame.costs is not None
    return frame.costs


def _decades(costs: Iterable[float]) -> tuple[int, int]:
    """Whole powers of ten around the positive costs, at least one apart, at most six."""
    powers = [math.log10(cost) for cost in costs if cost > 0 and math.isfinite(cost)] or [0.0]
    high = math.floor(max(powers)) + 1
    return max(min(math.floor(min(powers)), high - 1), high - 6), high


def _line(
    name: str,
    costs: Sequence[tuple[int, float]],
    names: Sequence[str],
    across: int,
    decades: tuple[int, int],
) -> str:
    low, high = decades
    places = " ".join(
        f"{100 * (at - 1) / across:.2f},{100 * (high - max(math.log10(cost), low)) / (high - low):.2f}"
        for at, cost in costs
        if cost > 0 and math.isfinite(cost)
    )
    kind = "total" if name == "total" else "term"
    return f'<polyline class="{kind}" style="--c:var({_colour(name, names)})" points="{places}"/>'


def _colour(name: str, names: Sequence[str]) -> str:
    own = {"total": "--ink", "content": "--curve-content", "tv": "--curve-tv"}
    if name in own:
        return own[name]
    layers = [layer for layer in names if layer not in own]
    return f"--curve-{1 + layers.index(name) % COLOURS}"


def _rules(low: int, high: int) -> str:
    heights = (100 * (high - power) / (high - low) for power in range(low, high + 1))
    return "".join(f'<line class="rule" x1="0" x2="100" y1="{y:.2f}" y2="{y:.2f}"/>' for y in heights)


def _changes(frames: Sequence[Frame], across: int) -> list[tuple[float, int]]:
    """Where each size begins, in per cent of the axis, and its longer side."""
    sides = [0, *(max(frame.width, frame.height) for frame in frames)]
    return [
        (100 * (frame.evaluation - 1) / across, side)
        for frame, before, side in zip(frames, sides, sides[1:], strict=False)
        if before != side
    ]


def _scales(frames: Sequence[Frame], across: int) -> str:
    return "".join(
        f'<line class="scale" x1="{x:.2f}" x2="{x:.2f}" y1="0" y2="100"/>'
        for x, _ in _changes(frames, across)[1:]
    )


def _sizes(frames: Sequence[Frame], across: int) -> str:
    sizes = (
        f'<span class="tick top" style="left:{x:.1f}%">{side} px</span>'
        for x, side in _changes(frames, across)
    )
    last = f'<span class="tick x last" style="left:100%">{across + 1} evaluations</span>'
    return f'{"".join(sizes)}<span class="tick x" style="left:0">1</span>{last}'


def _ticks(low: int, high: int) -> str:
    every = math.ceil((high - low) / 4)
    return "".join(
        f'<span class="tick y" style="top:{100 * (high - power) / (high - low):.1f}%">{_power(power)}</span>'
        for power in range(high, low - 1, -every)
    )


def _power(power: int) -> str:
    plain = {-1: "0.1", 0: "1", 1: "10", 2: "100"}
    return plain.get(power) or f"10<sup>{power}</sup>".replace("-", "−")


def _marker(marked: int | None, across: int) -> str:
    if marked is None:
        return ""
    x = 100 * (marked - 1) / across
    return f'<line class="marker" data-evaluation="{marked}" x1="{x:.2f}" x2="{x:.2f}" y1="0" y2="100"/>'


def _legend(labelled: Frame, names: Sequence[str], marked: int | None) -> str:
    terms = {name: _point(labelled).weighted.get(name, 0.0) for name in names}
    costs = {"total": _point(labelled).total, **terms}
    spans = (
        f'<span style="--c:var({_colour(name, names)})"><i></i>{_term(name)} <em>{cost:.3g}</em></span>'
        for name, cost in costs.items()
    )
    at = "" if marked is None else f"<b>Evaluation {marked}</b>"
    return f'<div class="legend">{at}{"".join(spans)}</div>'


def _term(name: str) -> str:
    return {"total": "total J", "content": "content", "tv": "total variation"}.get(name, f"style {name}")


def _said(frames: Sequence[Frame]) -> str:
    """The total cost at the beginning and at the end of each size, which has a J of its own."""
    each = []
    for side, of_size in groupby(frames, key=lambda frame: max(frame.width, frame.height)):
        totals = [_point(frame).total for frame in of_size]
        each.append(f"from {totals[0]:.3g} to {totals[-1]:.3g} at {side} px")
    return f"Total cost J over {frames[-1].evaluation} evaluations: {', '.join(each)}"
