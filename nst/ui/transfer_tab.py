"""The Transfer tab: two pictures in, the settings, and the panel where the painting is seen."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import gradio as gr

from ..errors import NSTError
from ..recipe import read_recipe
from . import status
from .events import QUIET
from .form import Form
from .gallery import Gallery, pair_row, picture_row
from .painting import painting
from .painting_panel import NAME_PICTURES, PaintingPanel, Shown, painting_values
from .running.frames import Frame
from .running.runs import Runs
from .theme import html
from .upload import Upload


class TransferTab:
    """The tab's controls and what they do. Built inside a gr.Tab; on_close() once the tabs are there."""

    def __init__(self, runs: Runs, gallery: Gallery) -> None:
        self.runs, self.gallery = runs, gallery
        self.form = Form(runs.limits)
        with gr.Row():
            with gr.Column(scale=5, min_width=330):
                self._inputs()
                self._controls()
            with gr.Column(scale=6, min_width=330, elem_classes="easel"):
                self.panel = PaintingPanel(runs.limits.keep_seconds)
                self._pairs()
        self.form.wire()
        self._wire_run()
        self._wire_examples()
        self._wire_recipes()

    def on_close(self, demo: gr.Blocks) -> None:
        """A page that is closed ends its run."""
        demo.unload(self._stop)

    def paint(
        self, request: gr.Request, content: str | None, style: str | None, *values: Any
    ) -> Iterator[tuple[str | None, str, str, Any, Shown]]:
        """One run, as values for panel.going."""
        frames: Iterable[Frame]
        settings = None
        try:
            settings = self.form.read(values)
            frames = self.runs.stream(request.session_hash, painting, content, [style], settings)
        except NSTError as error:
            frames = [Frame("failed", str(error))]
        yield from painting_values(frames, content, style, settings)

    def _inputs(self) -> None:
        with gr.Row():
            self.content = Upload(
                label="Content",
                height=230,
                min_width=140,
                buttons=["fullscreen"],
                elem_id="content",
                alt_text="The content image: the picture to repaint",
            )
            self.style = Upload(
                label="Style",
                height=230,
                min_width=140,
                sources=["upload", "clipboard"],
                buttons=["fullscreen"],
                elem_id="style",
                alt_text="The style image: the picture to paint like",
            )
        with gr.Row(visible=False, elem_classes="offer") as self.offer:
            html('<p class="note">This picture carries the settings it was painted with.</p>')
            self.accept = gr.Button("Use its settings", size="sm", min_width=120, scale=0)
        html('<h2 class="section">Pictures to repaint</h2>')
        self.contents = picture_row(self.gallery.contents, "Pictures to repaint")
        html('<h2 class="section">Styles to paint in</h2>')
        self.styles = picture_row(self.gallery.styles, "Styles to paint in")

    def _controls(self) -> None:
        with gr.Group():
            self.form.basic()
        with gr.Accordion("Advanced", open=False, elem_id="advanced"):
            self.form.advanced()
        with gr.Row(elem_classes="recipe"):
            self.recipe = gr.UploadButton(
                "Open a recipe", file_types=[".png"], size="sm", scale=0, min_width=130, elem_id="recipe"
            )
            self.note = html(
                status.note("Paintings made here carry their settings: open one to use them again."),
                elem_id="note",
            )

    def _pairs(self) -> None:
        with gr.Column(visible=bool(self.gallery.pairs)):
            html('<h2 class="section">Pairs that go well together</h2>')
            self.pairs = pair_row(self.gallery.pairs, "Pairs of a picture and a style")

    def _wire_run(self) -> None:
        ended = self.panel.wire(self.runs, self.paint, [self.content, self.style, *self.form.inputs])
        ended.then(None, js=NAME_PICTURES)
        ended.then(_amounted, self.panel.shown, self.form.amounted, **QUIET)

    def _wire_examples(self) -> None:
        self.contents.select(self._content, None, self.content, **QUIET)
        self.styles.select(self._style, None, self.style, **QUIET)
        self.pairs.select(self._pair, None, [self.content, self.style, *self.form.filled], **QUIET)

    def _wire_recipes(self) -> None:
        filled = [self.note, *self.form.filled]
        self.content.change(_has_recipe, self.content, self.offer, **QUIET)
        accepted = self.accept.click(self._open_recipe, self.content, filled, **QUIET)
        accepted.then(lambda: gr.Row(visible=False), None, self.offer, **QUIET)
        self.recipe.upload(self._open_recipe, self.recipe, filled, **QUIET)

    def _stop(self, request: gr.Request) -> None:
        self.runs.stop(request.session_hash)

    def _content(self, event: gr.EventData) -> str:
        return str(_picked(self.gallery.contents, event).file)

    def _style(self, event: gr.EventData) -> str:
        return str(_picked(self.gallery.styles, event).file)

    def _pair(self, event: gr.EventData) -> list[Any]:
        pair = _picked(self.gallery.pairs, event)
        settings = self.form.fitted(pair.settings)
        return [str(pair.content.file), str(pair.style.file), *self.form.fill(settings)]

    def _open_recipe(self, path: str | None) -> list[Any]:
        """Values for the note beside the button and for the form."""
        try:
            settings = self.form.fitted(read_recipe(path or "").settings)
        except NSTError as error:
            return [status.note(str(error), "refused"), *(gr.skip() for _ in self.form.filled)]
        return [status.note("The settings of that painting are filled in."), *self.form.fill(settings)]


def _has_recipe(path: str | None) -> Any:
    """The offer to use a picture's settings, where it carries any."""
    try:
        read_recipe(path or "")
    except NSTError:
        return gr.Row(visible=False)
    return gr.Row(visible=True)


def _amounted(shown: Shown | None) -> str:
    return status.amounted(shown.frame) if shown and shown.frame.alpha is not None else ""


def _picked(choices: Sequence[Any], event: gr.EventData) -> Any:
    """What was pressed. The index is whatever a client sends."""
    index = event.index
    if not isinstance(index, int) or not 0 <= index < len(choices):
        raise gr.Error("There is no such example picture.", print_exception=False)
    return choices[index]
