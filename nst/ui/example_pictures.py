"""The example pictures below the easel: a press on a picture takes it, a press on a pair paints it too."""

import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import gradio as gr

from ..errors import NSTError
from .events import EACH, QUIET
from .form import Form
from .gallery import Gallery, pair_row, picture_row
from .theme import html

FILLS = ("Fill the style", "Fill the second style")  # what a press on an example style does


class ExamplePictures:
    """Built where they stand; wire() once the inputs are there."""

    def __init__(self, gallery: Gallery, form: Form) -> None:
        self.gallery, self.form = gallery, form
        with gr.Column(visible=bool(gallery.pairs), elem_id="pairs"):
            html('<h2 class="section">Pairs that go well together: one press paints</h2>')
            self.pairs = pair_row(gallery.pairs, "Pairs of a picture and a style")
        with gr.Row():
            with gr.Column(min_width=320):
                html('<h2 class="section">Pictures to repaint</h2>')
                self.contents = picture_row(gallery.contents, "Pictures to repaint")
            with gr.Column(min_width=320):
                html('<h2 class="section">Styles to paint in</h2>')
                self.fills = gr.Radio(
                    list(FILLS), value=FILLS[0], label="A press", container=False, elem_id="fills"
                )
                self.styles = picture_row(gallery.styles, "Styles to paint in")

    def wire(
        self, content: Any, style: Any, second: Any, note: gr.HTML, surprise: gr.Button
    ) -> tuple[Any, Any]:
        """Let a press fill the inputs; returns the events after which two pictures are to be painted. `note`
        says what was filled in before."""
        self.contents.select(self._content, None, content, **EACH, **QUIET)
        self.styles.select(self._style, self.fills, [style, second], **EACH, **QUIET)
        how_well = [self.form.settings[name] for name in ("size", "evaluations")]
        both = [content, style]
        return (
            self.pairs.select(self._pair, how_well, [*both, note, *self.form.filled], **QUIET),
            surprise.click(self._surprise, None, both, **QUIET),
        )

    def _content(self, event: gr.EventData) -> str:
        return str(_picked(self.gallery.contents, event).file)

    def _style(self, fills: str, event: gr.EventData) -> tuple[Any, Any]:
        """Values for the style and the second style."""
        file = str(_picked(self.gallery.styles, event).file)
        return (gr.skip(), file) if fills == FILLS[1] else (file, gr.skip())

    def _pair(self, size: Any, evaluations: Any, event: gr.EventData) -> list[Any]:
        """A pair with its settings, but as large and as fine as the visitor has chosen."""
        pair = _picked(self.gallery.pairs, event)
        settings = self.form.fitted(pair.settings)
        with suppress(NSTError):
            settings = self.form.fitted(settings.with_(size=size, evaluations=evaluations))
        return [str(pair.content.file), str(pair.style.file), "", *self.form.fill(settings)]

    def _surprise(self) -> tuple[str, str]:
        """A content and a style picture at random."""
        content, style = random.choice(self.gallery.contents), random.choice(self.gallery.styles)
        return str(content.file), str(style.file)


def _picked(choices: Sequence[Any], event: gr.EventData) -> Any:
    """What was pressed. The index is whatever a client sends."""
    index = event.index
    if not isinstance(index, int) or not 0 <= index < len(choices):
        raise gr.Error("There is no such example picture.", print_exception=False)
    return choices[index]
