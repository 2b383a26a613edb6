"""Inputs that pass on what came, for Settings to judge.

Gradio's own refuse some values without naming the setting ("Value -1 is less than minimum value 64."), and
others ("abc", NaN, a list) with a blank error. On the page such an error also ends the event and not the run
it was to begin: Paint would stay as it is while a run goes on.
"""

from typing import Any

import gradio as gr

from ..settings_text import write_number


class Number(gr.Number):
    """gr.Number that tells clients its bounds and leaves the checking to the handler."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        return payload

    def api_info(self) -> dict[str, Any]:
        low, high, info = self.minimum, self.maximum, super().api_info()
        if low is None or high is None:
            return info
        said = f"{self.info or ''} From {write_number(low)} to {write_number(high)}.".lstrip()
        return {**info, "description": said, "minimum": low, "maximum": high}


class Checkbox(gr.Checkbox):
    """gr.Checkbox that may be neither true nor false: what is left out stays as it is."""

    is_template = True

    def postprocess(self, value: bool | None) -> bool | None:
        return value


class Slider(gr.Slider):
    """gr.Slider, likewise."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        return payload


class Dropdown(gr.Dropdown):
    """gr.Dropdown that tells clients its choices and leaves the checking to the handler."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        return payload
