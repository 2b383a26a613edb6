"""The numbers and Gram matrices of How it works, as HTML."""

import math
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from ..errors import SettingsError
from ..settings import read_layers
from .units_tab import inline

if TYPE_CHECKING:
    from ..objective import Weighting
    from ..studies.measure import LayerView, Measured

NAMES = ("Content image", "Style image", "Generated image")
SIZE = "n<sub>H</sub> · n<sub>W</sub> · n<sub>C</sub>"
CONTENT, STYLE = "J<sub>content</sub>", "J<sub>style</sub>"
HEADS = (
    "Layer",
    SIZE.replace("·", "×"),
    CONTENT,
    f"{STYLE} of C",
    f"{STYLE} of G",
    "change",
    "λ",
    "part of J",
)


def sums_html(measured: "Measured", alpha: float, beta: float, lambdas: str) -> str:
    """The formulas with their numbers, for λ written as "relu1_1=0.5, relu2_1=0.5"; they are divided by their
    sum. Raises SettingsError."""
    from ..objective import Weighting
    from ..studies.gram import reweighted

    shares = _shares(lambdas, measured)
    by = Weighting(alpha, beta, measured.weighting.gamma, measured.weighting.content, shares)
    costs = reweighted(measured.sums, measured.tv, by)
    style = sum(share * costs.style[name] for name, share in shares.items())
    total = (
        f"J = α · {CONTENT} + β · {STYLE} = {alpha:.4g} · {costs.content:.4g} + {beta:.4g} · {style:.4g}"
        f" = <b>{costs.total:.4g}</b>"
    )
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    rows = "".join(_row(measured, by, name) for name in measured.sums)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    formulas = [*_content(measured), *_style(measured, shares), total]
    said = "".join(f'<p class="formula">{formula}</p>' for formula in formulas)
    return f'<div class="sums">{said}<div class="scroll">{table}</div></div>'


def _shares(lambdas: str, measured: "Measured") -> dict[str, float]:
    given = read_layers(part for part in lambdas.split(",") if part.strip())
    total = sum(given.values())
    known = all(name in measured.sums for name in given)
    if not known or not all(weight >= 0 for weight in given.values()) or not 0 < total < math.inf:
        there = list(measured.sums)
        raise SettingsError(
            f"λ must be numbers of 0 or more, not all 0, for layers from {there[0]} to {there[-1]}, as in "
            "relu1_1=0.5, relu2_1=0.5."
        )
    return {name: weight / total for name, weight in given.items()}


def _content(measured: "Measured") -> list[str]:
    formulas = []
    for name in measured.weighting.content:
        s = measured.sums[name]
        numbers = f"1 / (4 · {s.height} · {s.width} · {s.channels})"
        formulas.append(
            f"{CONTENT} at {escape(name)} = 1 / (4 · {SIZE}) · Σ (a(C) − a(G))² = {numbers} · "
            f"{s.content * 4 * s.height * s.width * s.channels:.4g} = <b>{s.content:.4g}</b>"
        )
    return formulas


def _style(measured: "Measured", shares: Mapping[str, float]) -> list[str]:
    name = next(iter(shares))
    s = measured.sums[name]
    size = (2 * s.height * s.width * s.channels) ** 2
    terms = " + ".join(f"{share:.3g} · {measured.sums[layer].style:.3g}" for layer, share in shares.items())
    total = sum(share * measured.sums[layer].style for layer, share in shares.items())
    return [
        f"{STYLE} at {escape(name)} = 1 / (2 · {SIZE})² · Σ (G(S) − G(G))² = "
        f"1 / (2 · {s.height} · {s.width} · {s.channels})² · {s.style * size:.4g} = <b>{s.style:.4g}</b>",
        f"{STYLE} = Σ λ · {STYLE} at each layer = {terms} = <b>{total:.4g}</b>",
    ]


def _row(measured: "Measured", by: "Weighting", name: str) -> str:
    s, share = measured.sums[name], by.lambdas.get(name)
    part = by.alpha * by.content.get(name, 0.0) * s.content + by.beta * (share or 0.0) * s.style
    used = share is not None or name in by.content
    cells = (
        f"{s.height} × {s.width} × {s.channels}",
        f"{s.content:.3g}",
        f"{s.style_before:.3g}",
        f"{s.style:.3g}",
        f"{s.change:+.3g}",
        "" if share is None else f"{share:.3g}",
        f"{part:.3g}" if used else "",
    )
    values = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr{'' if used else ' class=unused'}><th>{escape(name)}</th>{values}</tr>"


def maps(view: "LayerView", layer: str) -> str:
    """A layer's Gram matrices, its most active channels and the pairs that go together."""
    heat = [
        _figure(name, inline(picture, f"Gram matrix of the {name.lower()}"))
        for name, picture in zip(NAMES, view.maps, strict=True)
    ]
    channels = [
        _figure(f"{c.channel}: G = {c.energy:.3g}", inline(p, f"Where channel {c.channel} is most active"))
        for c, p in view.channels
    ]
    pairs = [
        _figure(f"{one} with {other}: r = {pair.correlation:.2f}", inline(p, "Where both are active"))
        for pair, p in view.pairs
        for one, other in [pair.channels]
    ]
    return "".join(
        (
            '<div class="grams">',
            _group(f"Gram matrices at {layer}: brighter is more, one scale", heat, "heat"),
            _group("The style’s most active channels (the diagonal), and where", channels, "heat small"),
            _group("Channels active at the same places (off the diagonal), and where", pairs, "heat small"),
            "</div>",
        )
    )


def _group(title: str, figures: list[str], kind: str) -> str:
    return f'<h3 class="section">{escape(title)}</h3><div class="{kind}">{"".join(figures)}</div>'


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>"
