"""The Transfer tab: two pictures in, the run as it goes, and the painting to keep."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import NSTError
from ..recipe import read_recipe
from . import curves, status
from .form import Form
from .frames import Frame
from .gallery import Gallery, pair_row, picture_row
from .look import Picture, html
from .paint import paint
from .readiness import Readiness, Scout
from .runs import Runs

SHOW_EVERY = 0.25  # seconds between two yields: more is no smoother, and each is a message to the browser
DRAW_EVERY = 0.8  # seconds between two drawings of the curves

QUIET = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

WATCHED = {"show_progress": "hidden", "api_visibility": "private"}

Shown = tuple[str | None, Frame]  # the content image of a run and its newest Frame

EMPTY = """
<div class="empty"><div class="sum" aria-hidden="true">C + S → G</div><b>Your painting appears here</b>
<p>Choose a picture to repaint and one to paint like, or take one of the pairs below. Then press
Paint and watch it happen.</p></div>
"""


NAME_PICTURES = """
() => setTimeout(() => document.querySelectorAll('#slider img').forEach((picture, index) => {
  picture.alt = ['The content image', 'The painting'][index] ?? '';
}), 400)
"""


class TransferTab:
    """The tab's controls and what they do. Built inside a gr.Tab; `wire` once everything is there."""

    def __init__(self, runs: Runs, scout: Scout, gallery: Gallery) -> None:
        self.runs, self.scout, self.gallery = runs, scout, gallery
        self.form = Form(runs.limits)
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=330):
                self._inputs()
                self._controls()
            with gr.Column(scale=6, min_width=330, elem_classes="easel"):
                self._easel()
                self._pairs()
        self._wire()

    def _inputs(self) -> None:
        with gr.Row(elem_classes="inputs"):
            with gr.Column(min_width=140):
                self.content = Picture(
                    label="Content",
                    height=230,
                    buttons=["fullscreen"],
                    elem_id="content",
                    alt_text="The content image: the picture to repaint",
                )
            with gr.Column(min_width=140):
                self.style = Picture(
                    label="Style",
                    height=230,
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

    def _easel(self) -> None:
        with gr.Row(elem_classes="actions"):
            self.run = gr.Button("Paint", variant="primary", size="lg", elem_id="run", scale=3, min_width=120)
            self.stop = gr.Button("Stop", size="lg", interactive=False, elem_id="stop", scale=1, min_width=90)
        self.badge = html(_badge(self.scout.now), elem_id="badge")
        with gr.Row(visible=False, elem_id="self-taught") as self.notice:
            html(status.banner(), min_width=220)
            self.retry = gr.Button("Try again", size="sm", scale=0, min_width=96, elem_id="retry")
        self.said = html(elem_id="said")
        with gr.Column(elem_id="nothing-yet") as self.nothing:
            html(EMPTY)
        with gr.Column(visible=False) as self.going:
            self.live = gr.Image(
                show_label=False,
                interactive=False,
                type="filepath",
                buttons=["fullscreen"],
                elem_id="live",
                alt_text="The painting as it stands now",
            )
        with gr.Column(visible=False) as self.finished:
            self.slider = gr.ImageSlider(
                label="Content and painting",
                interactive=False,
                type="filepath",
                buttons=["fullscreen"],
                max_height=560,
                elem_id="slider",
            )
            self.download = gr.DownloadButton("Download", variant="primary", elem_id="download")
        self.costs = html(elem_id="costs")
        with gr.Accordion("Settings used", open=False, visible=False, elem_id="used") as self.recap:
            self.facts = html()
        html(
            '<p class="note">Stop keeps the best picture so far. Closing the page stops the run. '
            f"Pictures are deleted after {round(self.runs.limits.keep_seconds / 60)} minutes.</p>"
        )
        self.ended = gr.State()

    def _pairs(self) -> None:
        with gr.Column(visible=bool(self.gallery.pairs)):
            html('<h2 class="section">Pairs that go well together</h2>')
            self.pairs = pair_row(self.gallery.pairs, "Pairs of a picture and a style")

    def _wire(self) -> None:
        self.form.wire()
        self._wire_examples()
        self._wire_recipes()
        panels = [self.nothing, self.going, self.finished, self.recap]
        outcome = [self.run, self.stop, *panels, self.slider, self.download, self.facts, self.form.amounted]
        begun = self.run.click(
            self._begin, None, [self.run, self.stop, *panels, self.said, self.ended], **QUIET
        )
        painted = begun.then(
            self.paint,
            [self.content, self.style, *self.form.inputs],
            [self.live, self.said, self.costs, self.badge, self.ended],
            show_progress="hidden",
            api_visibility="private",
            concurrency_id="runs",
            concurrency_limit=self.runs.limits.room + 4,
        )
        # gr.ImageSlider has no parameter for alternative texts.
        painted.then(self._end, self.ended, outcome, **QUIET).then(None, js=NAME_PICTURES)
        self.stop.click(self._stop, None, None, **QUIET)

    def _wire_examples(self) -> None:
        self.contents.select(self._content, None, self.content, **QUIET)
        self.styles.select(self._style, None, self.style, **QUIET)
        self.pairs.select(self._pair, None, [self.content, self.style, *self.form.filled], **QUIET)

    def _wire_recipes(self) -> None:
        filled = [self.note, *self.form.filled]
        self.content.upload(self._has_recipe, self.content, self.offer, **QUIET)
        self.content.clear(lambda: gr.Row(visible=False), None, self.offer, **QUIET)
        self.accept.click(self._open_recipe, self.content, filled, **QUIET).then(
            lambda: gr.Row(visible=False), None, self.offer, **QUIET
        )
        self.recipe.upload(self._open_recipe, self.recipe, filled, **QUIET)
        again = self.retry.click(self.scout.again, None, None, **QUIET)
        again.then(self.watch, None, [self.badge, self.notice], concurrency_limit=None, **WATCHED)

    def paint(
        self, request: gr.Request, content: str | None, style: str | None, *values: Any
    ) -> Iterator[tuple[str | None, str, str, str, Shown]]:
        """One run as values for the live picture, the status, the curves, the badge and what was shown last.

        The live picture is always a path and never an update: Gradio would forget to delete what follows.
        """
        try:
            settings = self.form.read(values)
        except NSTError as error:
            last = Frame("failed", str(error))
            yield None, status.told(last), "", _badge(self.scout.now), (content, last)
            return
        painted, drawn, shown, next_drawing = [], "", 0.0, 0.0
        for frame in self.runs.stream(request.session_hash, paint, content, [style], settings):
            if frame.costs and (not painted or frame.evaluation > painted[-1].evaluation):
                painted.append(frame)
            now = time.monotonic()
            if painted and (frame.is_last or now >= next_drawing):
                drawn, next_drawing = curves.draw(painted), now + DRAW_EVERY
            if frame.is_last or frame.state == "waiting" or now >= shown + SHOW_EVERY:
                shown = now
                yield frame.picture, status.told(frame), drawn, self._features(frame), (content, frame)

    def on_load(self, demo: gr.Blocks) -> None:
        """What happens when a page is opened and when it is closed."""
        demo.load(self.watch, None, [self.badge, self.notice], concurrency_limit=None, **WATCHED)
        demo.unload(self._stop)

    def watch(self) -> Iterator[tuple[str, Any]]:
        """Values for the badge and the banner until it is known which features there are."""
        for now in self.scout.watch():
            yield _badge(now), gr.Row(visible=now.self_taught)

    def _features(self, frame: Frame) -> str:
        return status.badge(frame.features, frame.device) if frame.features else _badge(self.scout.now)

    def _stop(self, request: gr.Request) -> None:
        self.runs.stop(request.session_hash)

    def _begin(self) -> tuple[Any, ...]:
        hidden = gr.Column(visible=False)
        return (
            gr.Button(interactive=False),
            gr.Button(interactive=True),
            hidden,
            gr.Column(visible=True),
            hidden,
            gr.Accordion(visible=False),
            status.told(Frame("waiting", "Getting ready.")),
            None,
        )

    def _end(self, shown: Shown | None) -> tuple[Any, ...]:
        """Give the buttons back, and show what there is to keep."""
        content, last = shown or (None, None)
        done = last is not None and last.result is not None
        return (
            gr.Button(interactive=True),
            gr.Button(interactive=False),
            gr.Column(visible=not done),
            gr.Column(visible=False),
            gr.Column(visible=done),
            gr.Accordion(visible=done),
            (content, last.result) if done else None,
            _download(last) if done else gr.DownloadButton(value=None),
            status.used(last) if done else "",
            status.amounted(last) if done else "",
        )

    def _content(self, event: gr.EventData) -> str:
        return str(_picked(self.gallery.contents, event).file)

    def _style(self, event: gr.EventData) -> str:
        return str(_picked(self.gallery.styles, event).file)

    def _pair(self, event: gr.EventData) -> list[Any]:
        pair = _picked(self.gallery.pairs, event)
        settings = self.form.fitted(pair.settings)
        return [str(pair.content.file), str(pair.style.file), *self.form.fill(settings)]

    def _has_recipe(self, path: str | None) -> Any:
        try:
            read_recipe(path or "")
        except NSTError:
            return gr.Row(visible=False)
        return gr.Row(visible=True)

    def _open_recipe(self, path: str | None) -> list[Any]:
        """Values for the note beside the button and for the form."""
        try:
            settings = self.form.fitted(read_recipe(path or "").settings)
        except NSTError as error:
            return [status.note(str(error), "refused"), *(gr.skip() for _ in self.form.filled)]
        return [status.note("The settings of that painting are filled in."), *self.form.fill(settings)]


def _picked(choices: Sequence[Any], event: gr.EventData) -> Any:
    """What was pressed. The index is whatever a client sends."""
    index = event.index
    if not isinstance(index, int) or not 0 <= index < len(choices):
        raise gr.Error("There is no such example picture.", print_exception=False)
    return choices[index]


def _badge(now: Readiness) -> str:
    return status.badge(now.said, loading=now.loading)


def _download(last: Frame) -> Any:
    path = Path(last.result)
    size = f"{last.width} × {last.height} px, {path.stat().st_size / 1000:.0f} kB"
    return gr.DownloadButton(f"Download PNG  ·  {size}", value=str(path))
