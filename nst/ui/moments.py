"""A slider over the moments of a run that counts in evaluations.

gr.Slider has evenly spaced values; a run keeps pictures after such evaluations as 1, 4, 9, 38, 65. The value
here is {"at": evaluation chosen, "of": evaluations of the run, "evaluations": those there are}, in order.
"""

from collections.abc import Sequence
from typing import Any

import gradio as gr

MOVED = """
element.addEventListener('input', (event) => {
  props.value = {...props.value, at: props.value.evaluations[Number(event.target.value)]};
  trigger('input');
});
"""

TEMPLATE = """
<label class="moments"><span>Moment of the run: evaluation <b>${value.at}</b> of ${value.of}</span>
<input type="range" min="0" max="${value.evaluations.length - 1}" step="1"
value="${value.evaluations.indexOf(value.at)}" aria-valuetext="evaluation ${value.at}"></label>
"""


def moment_slider(elem_id: str) -> gr.HTML:
    """The component, hidden as long as there is no run; `input` is its event."""
    return gr.HTML(
        _value(0, []),
        html_template=TEMPLATE,
        js_on_load=MOVED,
        apply_default_css=False,
        elem_id=elem_id,
        visible=False,
    )


def at_the_end(evaluations: Sequence[int]) -> Any:
    """The slider over these evaluations, at the last; hidden where there are fewer than two."""
    return gr.HTML(value=_value(max(evaluations, default=0), evaluations), visible=len(evaluations) > 1)


def chosen(value: Any) -> float:
    """The evaluation in a slider's value, which is whatever a client sends; ∞ for anything else."""
    at = value.get("at") if isinstance(value, dict) else None
    return at if isinstance(at, int | float) else float("inf")


def _value(at: int, evaluations: Sequence[int]) -> Any:
    return {"at": at, "of": at, "evaluations": [*evaluations]}
