"""Inputs of the public endpoint that pass on what came, for Settings to judge.

Gradio's own refuse some values without naming the setting ("Value -1 is less than minimum value 64."), and
others ("abc", NaN, a list) with a blank error.
"""

from typing import Any

import gradio as gr


class Number(gr.Number):
    """gr.Number that tells clients its bounds and leaves the checking to the handler."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        return payload


class Dropdown(gr.Dropdown):
    """gr.Dropdown that tells clients its choices and leaves the checking to the handler."""

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        return payload
