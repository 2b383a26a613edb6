"""The fold of the style images after the first: their shares, and a row of pictures from one to another."""

from typing import Any

import gradio as gr

from .events import follow
from .folds import titled
from .form import Form
from .painting import LONGEST_ROW
from .refusing import refuse_at_once
from .shares import ORDINALS
from .theme import html
from .unchecked import Slider
from .upload import Upload

TITLE = "A second style"


class OtherStyles:
    """Built where it stands: the second style, its share, how many pictures, and two further styles."""

    def __init__(self, form: Form) -> None:
        with gr.Accordion(TITLE, open=False, elem_id="second") as fold:
            self.second = _upload("second")
            form.second_style()
            self.length = Slider(
                1,
                LONGEST_ROW,
                1,
                step=1,
                label="Pictures",
                info="1 is the mixture above. More are a row from the first style alone to the second alone, "
                "each to keep, and a film of them.",
                elem_id="pictures",
            )
            self.uploads = [self.second]
            with gr.Accordion("A third and a fourth style", open=False, elem_id="further"):
                for ordinal in ORDINALS[1:]:
                    self.uploads.append(_upload(ordinal))
                    form.further_style(ordinal)
        inputs: list[Any] = self.inputs
        follow([control.change for control in inputs], _in_use, inputs, [fold])

    @property
    def inputs(self) -> list[Any]:
        return [*self.uploads, self.length]

    def emptied(self) -> list[Any]:
        """Values for `inputs` where one picture in one style is to be painted."""
        return [*(None for _ in self.uploads), 1]


def _upload(ordinal: str) -> Upload:
    upload = Upload(
        label=f"{ordinal.capitalize()} style",
        height=170,
        buttons=["fullscreen"],
        sources=["upload", "clipboard"],
        elem_id=f"{ordinal}-style",
        alt_text=f"A {ordinal} style image, to be mixed with the others",
    )
    refuse_at_once(upload, html(elem_classes="said-if-any"))
    return upload


def _in_use(*values: Any) -> Any:
    *styles, pictures = values
    return titled(TITLE, any(styles) or pictures != 1)
