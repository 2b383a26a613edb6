"""The numbers of How it works as HTML: each formula with its values, and one table of all layers.

Every symbol says what it is and its value where it is pointed at or reached with the keyboard.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError
from ..network.layers import stride
from ..settings_text import read_layers
from .measuring import Shot

if TYPE_CHECKING:
    from ..objective import Weighting
    from ..studies.gram import Sums

CONTENT, STYLE = "J<sub>content</sub>", "J<sub>style</sub>"
MOST = sys.float_info.max  # and not ∞, as a whole number may be larger than any that is computed with
ROWS, COLUMNS, CHANNELS = "n<sub>H</sub>", "n<sub>W</sub>", "n<sub>C</sub>"


@dataclass(frozen=True)
class Numbers:
    """What J of one moment is made of.

    sums        {layer: Sums}; of the layers the run used, J_style is the run's own, and so is J_content where
                it used one content layer
    content     J_content over the content layers; tv: total variation; both the run's own
    weighting   the weights in force, at the size of that moment

    Where there was no run all of it was measured.
    """

    sums: "Mapping[str, Sums]"
    content: float
    tv: float
    weighting: "Weighting"


def numbers_of(shot: Shot) -> Numbers:
    """The run's own numbers as far as there are any, the measured ones for the rest: what a run minimises is
    seen in its own precision and with the margin that it painted, of which a file of the picture knows
    nothing. Where a picture was painted larger than it is measured, what C's style cost was is not known."""
    from ..borders import MARGIN

    measured, moment = shot.measured, shot.moment
    by, sums = measured.weighting, dict(measured.sums)
    content = sum(weight * sums[layer].content for layer, weight in by.content.items())
    if moment is None or moment.costs is None or moment.alpha is None:
        return Numbers(sums, content, measured.tv, by)
    costs = moment.costs
    for layer in (*costs.style, *by.content):  # a large picture is measured smaller than it was painted
        height, width = ((side + 2 * MARGIN) // stride(layer) for side in (moment.height, moment.width))
        sums[layer] = replace(sums[layer], height=height, width=width)
    as_painted = measured.size == (moment.width, moment.height)
    for layer, cost in costs.style.items():
        before = sums[layer].style_before if as_painted else math.nan
        sums[layer] = replace(sums[layer], style=cost, style_before=before)
    if len(by.content) == 1:
        (layer,) = by.content
        sums[layer] = replace(sums[layer], content=costs.content)
    own = replace(
        by,
        alpha=moment.alpha,
        beta=moment.beta or 0.0,
        gamma=moment.gamma or 0.0,
        kappa=by.kappa if moment.kappa is None else moment.kappa,
        lambdas=dict(moment.lambdas),
    )
    return Numbers(sums, costs.content, costs.tv, own)


def written(by: "Weighting") -> tuple[float, float, str]:
    """α, β and λ as they stand in their fields, λ to two digits."""
    lambdas = ", ".join(f"{layer}={weight:.2g}" for layer, weight in by.lambdas.items())
    return float(f"{by.alpha:.4g}"), float(f"{by.beta:.4g}"), lambdas


def read(numbers: Numbers, alpha: float | None, beta: float | None, lambdas: str) -> "Weighting":
    """The weights in the fields; those in force, unrounded, where nothing was changed. λ is divided by its
    sum. Raises SettingsError."""
    by = numbers.weighting
    as_written = written(by)
    if lambdas != as_written[2]:
        by = replace(by, lambdas=_shares(lambdas, numbers.sums))
    if alpha != as_written[0]:
        by = replace(by, alpha=_at_least_0("α", alpha))
    if beta != as_written[1]:
        by = replace(by, beta=_at_least_0("β", beta))
    return by


def _at_least_0(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST:
        raise SettingsError(f"{name} must be a number of 0 or more.")
    return value


def _shares(lambdas: str, sums: "Mapping[str, Sums]") -> dict[str, float]:
    given = read_layers(part for part in lambdas.replace("\n", ",").split(",") if part.strip())
    total = sum(given.values())
    known = all(name in sums for name in given)
    if not known or not all(weight >= 0 for weight in given.values()) or not 0 < total < math.inf:
        there = list(sums)
        raise SettingsError(
            f"λ must be numbers of 0 or more, not all 0, for layers from {there[0]} to {there[-1]}, as in "
            "relu1_1=0.5, relu2_1=0.5."
        )
    return {name: weight / total for name, weight in given.items()}


def sums_html(numbers: Numbers, by: "Weighting", layer: str) -> str:
    """The formulas with their numbers under these weights, those of one layer for `layer`."""
    style = sum(share * numbers.sums[name].style for name, share in by.lambdas.items())
    formulas = [
        *_content(numbers),
        *_style(numbers.sums[layer]),
        _all_layers(numbers, by, style),
        _total(numbers, by, style),
    ]
    said = "".join(f'<p class="formula">{formula}</p>' for formula in formulas)
    return f'<div class="sums">{said}{_table(numbers, by)}</div>'


def _symbol(symbol: str, meaning: str, value: float | str | None = None) -> str:
    """HTML of a symbol that says what it is."""
    if isinstance(value, float | int):
        value = f"{value:.4g}"
    title = meaning if value is None else f"{meaning}: {value}"
    return f'<abbr tabindex="0" title="{escape(title)}">{symbol}</abbr>'


def _sizes(s: "Sums") -> tuple[str, str, str]:
    at = escape(s.layer)
    return (
        _symbol(ROWS, f"n_H, the rows of positions at {at}", s.height),
        _symbol(COLUMNS, f"n_W, the columns of positions at {at}", s.width),
        _symbol(CHANNELS, f"n_C, the channels of {at}", s.channels),
    )


def _content(numbers: Numbers) -> list[str]:
    """J_content at the content layer, or that it is a mean where there are several."""
    weights = numbers.weighting.content
    if len(weights) != 1:
        terms = " + ".join(f"{w:.3g} · {numbers.sums[name].content:.3g}" for name, w in weights.items())
        mean = _symbol(CONTENT, "J_content, the mean of its costs at the content layers", numbers.content)
        return [f"{mean} = Σ w · {CONTENT} at {escape(', '.join(weights))} = {terms}"]
    (name,) = weights
    s = numbers.sums[name]
    count = s.height * s.width * s.channels
    cost = _symbol(
        CONTENT,
        f"J_content, how far the activations of G at {name} are from those of C",
        s.content,
    )
    each = f"one of {count:,} numbers at {name}"
    a, b = (_symbol(f"a({x})", f"a({x}), an activation of the {y}, {each}") for x, y in _AB)
    over = _symbol("Σ", f"the sum over all {count:,} activations", s.content * 4 * count)
    values = f"1 / (4 · {s.height} · {s.width} · {s.channels}) · {s.content * 4 * count:.4g}"
    return [
        f"{cost} at {escape(name)} = 1 / (4 · {' · '.join(_sizes(s))}) · {over} ({a} − {b})² = {values} = "
        f"<b>{s.content:.4g}</b>"
    ]


_AB = (("C", "content image"), ("G", "generated image"))


def _style(s: "Sums") -> list[str]:
    """The Gram matrix and J_style at one layer."""
    at, (rows, columns, channels) = escape(s.layer), _sizes(s)
    entry = "the entry of the Gram matrix of the {} for channels k and k′: its heat map names each"
    g = _symbol("G<sub>kk′</sub>", "G_kk′, " + entry.format("generated image"))
    own = _symbol("G<sub>kk′</sub>(G)", "G_kk′(G), " + entry.format("generated image"))
    wanted = _symbol("G<sub>kk′</sub>(S)", "G_kk′(S), " + entry.format("style image"))
    a, b = (
        _symbol(f"a<sub>ij{k}</sub>", f"a_ij{k}, what channel {k} of {at} answers at row i and column j")
        for k in ("k", "k′")
    )
    whole = s.style * (2 * s.channels) ** 2
    cost = _symbol(STYLE, f"J_style at {at}, how far the Gram matrix of G is from that of S", s.style)
    over = _symbol("Σ", f"the sum over all {s.channels}² pairs of channels", whole)
    return [
        f"{g} at {at} = 1 / ({rows} · {columns}) · Σ<sub>ij</sub> {a} · {b}",
        f"{cost} at {at} = 1 / (2 · {channels})² · {over}<sub>kk′</sub> ({wanted} − {own})² = "
        f"1 / (2 · {s.channels})² · {whole:.4g} = <b>{s.style:.4g}</b>",
    ]


def _all_layers(numbers: Numbers, by: "Weighting", style: float) -> str:
    costs = {name: numbers.sums[name].style for name in by.lambdas}
    terms = " + ".join(
        f"{_symbol(f'{share:.2g}', f'λ, the weight of {name}', share)} · "
        f"{_symbol(f'{costs[name]:.3g}', f'J_style at {name}', costs[name])}"
        for name, share in by.lambdas.items()
    )
    weight = _symbol("λ", "λ, the weight of a style layer; all of them sum to", 1)
    cost = _symbol(STYLE, "J_style, the style cost over its layers", style)
    return f"{cost} = Σ {weight} · {STYLE} at each layer = {terms} = <b>{style:.4g}</b>"


def _total(numbers: Numbers, by: "Weighting", style: float) -> str:
    from ..objective import total_cost

    total = total_cost(by, numbers.content, style, numbers.tv)
    parts = (
        ("α", "α, the weight of the content cost", by.alpha),
        (CONTENT, "J_content, the content cost", numbers.content),
        ("β", "β, the weight of the style cost", by.beta),
        (STYLE, "J_style, the style cost over its layers", style),
        ("γ", "γ, the weight of total variation", by.gamma),
        (
            "TV",
            "TV, how much neighbouring pixels of G differ, κ times as much in colour as in lightness, "
            f"κ = {by.kappa:.4g}",
            numbers.tv,
        ),
    )
    symbols = _products([_symbol(*part) for part in parts])
    values = _products([f"{value:.4g}" for _, _, value in parts])
    j = _symbol("J", "J, the cost that the run minimises", total)
    return f"{j} = {symbols} = {values} = <b>{total:.4g}</b>"


def _products(factors: Sequence[str]) -> str:
    """a · b + c · d + … of a, b, c, d, …"""
    return " + ".join(f"{a} · {b}" for a, b in zip(factors[::2], factors[1::2], strict=True))


HEADS = (
    ("Layer", ""),
    (f"{ROWS} × {COLUMNS} × {CHANNELS}", "rows, columns and channels of the layer"),
    (CONTENT, "content cost if this layer alone were the content layer"),
    (f"{STYLE} of C", "style cost of the content image, from which most runs begin"),
    (f"{STYLE} of G", "style cost of the generated image"),
    ("change", "style cost of G minus that of C; below 0: G is nearer to the style"),
    ("λ", "weight of the layer in the style cost"),
    ("part of J", "what the layer adds to J under the weights above"),
)


def _table(numbers: Numbers, by: "Weighting") -> str:
    heads = "".join(f"<th>{_symbol(head, said) if said else head}</th>" for head, said in HEADS)
    rows = "".join(_row(numbers, by, name) for name in numbers.sums)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="The costs at every layer">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(numbers: Numbers, by: "Weighting", name: str) -> str:
    s, share = numbers.sums[name], by.lambdas.get(name)
    part = by.alpha * by.content.get(name, 0.0) * s.content + by.beta * (share or 0.0) * s.style
    used = share is not None or name in by.content
    cells = (
        f"{s.height} × {s.width} × {s.channels}",
        _short(s.content),
        _short(s.style_before),
        _short(s.style),
        _short(s.change, "+"),
        "" if share is None else _short(share),
        _short(part) if used else "",
    )
    values = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr{'' if used else ' class=unused'}><th>{escape(name)}</th>{values}</tr>"


def _short(value: float, sign: str = "") -> str:
    """Three digits, 6.09e5 and not 6.09e+05: six columns fit a phone."""
    if math.isnan(value):
        return "–"
    digits, e, power = f"{value:{sign}.3g}".partition("e")
    return f"{digits}e{int(power)}" if e else digits
