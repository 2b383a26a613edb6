"""The fold of the settings that are not in sight, and the preset, which follows all settings."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from ..errors import NSTError
from ..settings import Settings
from .events import follow
from .folds import titled
from .form import Form
from .handles import preset_of, quality

TITLE = "Advanced"


class AdvancedFold:
    """Built where it stands; wire() once all controls of the form are there."""

    def __init__(self, form: Form) -> None:
        self.form, before = form, set(form.settings)
        with gr.Accordion(TITLE, open=False, elem_id="advanced") as self.fold:
            form.advanced()
        self.names = [name for name in form.settings if name not in before]

    def wire(self) -> None:
        inputs: list[Any] = self.form.inputs
        outputs = [self.form.preset, self.fold]
        follow([control.change for control in inputs], self._followed, inputs, outputs)

    def _followed(self, *values: Any) -> tuple[Any, Any]:
        """Values for the preset, empty where the settings are none, and for the fold, which says when one of
        its settings is moved though it is closed."""
        try:
            name = preset_of(self.form.read(values))
        except NSTError:
            name = None
        return name, titled(TITLE, self._are_moved(values))

    def _are_moved(self, values: Sequence[Any]) -> bool:
        usual = dict(zip(self.form.settings, self.form.fill(self.form.fitted(Settings())), strict=False))
        found = dict(zip(self.form.settings, values, strict=False))
        if quality(found["evaluations"]):  # it is in sight
            found["evaluations"] = usual["evaluations"]
        return any(_compared(found[name]) != _compared(usual[name]) for name in self.names)


def _compared(value: Any) -> Any:
    """The value; of a list of layers, whose order says nothing, what is in it."""
    return sorted(map(str, value)) if isinstance(value, list) else value
