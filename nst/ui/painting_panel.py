"""Where a painting is seen as it forms: the live picture, the curves; in the end the picture to keep."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from ..settings import Settings
from . import curves, status
from .run_panel import RunPanel, buttons, getting_ready, now_and_then
from .running.frames import Frame
from .theme import html

DRAW_EVERY = 0.8  # seconds between two drawings of the curves

EMPTY = """
<div class="empty"><div class="sum" aria-hidden="true">C + S → G</div><b>Your painting appears here</b>
<p>Choose a picture to repaint and one to paint like, or take one of the pairs below. Then press
Paint and watch it happen.</p></div>
"""

# gr.ImageSlider has no parameter for alternative texts; its pictures are there soon after their values.
NAME_PICTURES = """
() => setTimeout(() => document.querySelectorAll('#slider img').forEach((picture, index) => {
  picture.alt = ['The content image', 'The painting'][index] ?? '';
}), 400)
"""


@dataclass(frozen=True)
class Shown:
    """A run: what it paints from, its newest Frame and, once it has ended, the Frame of each evaluation."""

    content: str | None
    style: str | None
    settings: Settings | None
    frame: Frame
    painted: tuple[Frame, ...] = ()


class PaintingPanel(RunPanel):
    """Paint and Stop, the live picture, the status, the curves; at the end the slider and the PNG."""

    def __init__(self, keep_seconds: int) -> None:
        super().__init__("", "Paint", size="lg")
        self.badge = html(status.badge(status.automatic()), elem_id="badge")
        self.status = html(elem_id="said")
        self._pictures()
        self.costs = html(elem_id="costs")
        with gr.Accordion("Settings used", open=False, visible=False, elem_id="used") as self.recap:
            self.facts = html()
        html(
            '<p class="note">Stop keeps the best picture so far. Closing the page stops the run. '
            f"Pictures are deleted after {round(keep_seconds / 60)} minutes.</p>"
        )
        panels = [self.run, self.stop, self.empty, self.canvas, self.finished, self.recap]
        self.began = [*panels, self.status, self.shown]
        self.going = [self.live, self.status, self.costs, self.badge, self.shown]
        self.ended = [*panels, self.slider, self.download, self.facts]

    def _pictures(self) -> None:
        with gr.Column() as self.empty:
            html(EMPTY)
        with gr.Column(visible=False) as self.canvas:
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

    def begin(self) -> tuple[Any, ...]:
        """Values for `began`: the canvas is empty and Stop can be pressed."""
        return (*_panels(running=True, done=False), getting_ready(), None)

    def end(self, shown: Shown | None) -> tuple[Any, ...]:
        """Values for `ended`: Paint can be pressed again, and what there is to keep is shown."""
        if shown is None or shown.frame.result is None:
            return (*_panels(running=False, done=False), None, gr.DownloadButton(value=None), "")
        last, panels = shown.frame, _panels(running=False, done=True)
        return (*panels, (shown.content, last.result), _download(last), status.used(last))


def painting_values(
    frames: Iterable[Frame], content: str | None, style: str | None, settings: Settings | None
) -> Iterator[tuple[str | None, str, str, Any, Shown]]:
    """Values for `going`, a few times a second: live picture, status, curves, badge, and what was shown.

    The live picture is always a path and never an update: Gradio would forget to delete what follows.
    """
    painted: list[Frame] = []
    drawn, next_drawing = "", 0.0
    for frame in now_and_then(_remembered(frames, painted)):
        if frame.is_last or time.monotonic() >= next_drawing:
            drawn, next_drawing = curves.draw(painted), time.monotonic() + DRAW_EVERY
        badge = status.badge(frame.features, frame.device) if frame.features else gr.skip()
        shown = Shown(content, style, settings, frame, tuple(painted) if frame.is_last else ())
        yield frame.picture, status.progress(frame), drawn, badge, shown


def _remembered(frames: Iterable[Frame], painted: list[Frame]) -> Iterator[Frame]:
    """The Frames; each one of another evaluation is added to the list on its way."""
    for frame in frames:
        if frame.costs and (not painted or frame.evaluation > painted[-1].evaluation):
            painted.append(frame)
        yield frame


def _panels(running: bool, done: bool) -> tuple[Any, ...]:
    return (
        *buttons(running),
        gr.Column(visible=not running and not done),
        gr.Column(visible=running),
        gr.Column(visible=done),
        gr.Accordion(visible=done),
    )


def _download(last: Frame) -> Any:
    path = Path(last.result)
    size = f"{last.width} × {last.height} px, {path.stat().st_size / 1000:.0f} kB"
    return gr.DownloadButton(f"Download PNG  ·  {size}", value=str(path))
