"""What the explorations share on the page: three sentences, Run and Stop, the status, the sheet."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import NSTError
from . import status
from .easel import SHOW_EVERY
from .frames import Frame, Spot
from .gallery import Gallery
from .look import html
from .runs import Inner, Runs

HIDDEN = {"show_progress": "hidden", "api_visibility": "private"}
QUIET = {"queue": False, **HIDDEN}
# What is typed or pressed while one answer is under way Gradio forgets by default; so the last of it counts.
LATEST = {"trigger_mode": "always_last"}


@dataclass(frozen=True)
class About:
    """What a tab opens with: a question, three sentences that say what is shown and what to look for, and
    where it comes from."""

    title: str
    sentences: tuple[str, str, str]
    source: str

    @property
    def html(self) -> str:
        said = " ".join(map(escape, self.sentences))
        return (
            f'<div class="about"><h2>{escape(self.title)}</h2><p>{said}</p>'
            f'<p class="note">{escape(self.source)}</p></div>'
        )


@dataclass(frozen=True)
class Given:
    """The pictures of the Transfer tab, or, where there are none yet, those of the gallery's first pair."""

    gallery: Gallery

    @property
    def note(self) -> str:
        pair = self.gallery.pairs[0].name if self.gallery.pairs else ""
        instead = f" Without them: {pair}." if pair else ""
        return status.note(f"Uses the content and the style image of the Transfer tab.{instead}")

    def both(self, content: str | None, style: str | None) -> tuple[str | None, str | None]:
        """Paths of a content and a style image; None where there is nothing at all."""
        if self.gallery.pairs:
            pair = self.gallery.pairs[0]
            return content or str(pair.content.file), style or str(pair.style.file)
        return content, style


class Study:
    """Run and Stop, the status, a sheet that fills in, its download. Runs nothing itself.

    alt   what a person who cannot see the sheet is told; empty for a study without one

    began, going, ended   the components that begin(), show() and end() give values for
    """

    def __init__(self, name: str, verb: str, alt: str = "") -> None:
        self.has_sheet = bool(alt)
        with gr.Row():
            self.run = gr.Button(verb, variant="primary", elem_id=f"{name}-run", scale=3, min_width=120)
            self.stop = gr.Button("Stop", interactive=False, elem_id=f"{name}-stop", scale=1, min_width=90)
        self.said = html(elem_id=f"{name}-said")
        self.sheet = gr.Image(
            show_label=False,
            interactive=False,
            type="filepath",
            buttons=["fullscreen"],
            elem_id=f"{name}-sheet",
            elem_classes="sheet",
            alt_text=alt,
            visible=False,
        )
        self.download = gr.DownloadButton(
            "Download the sheet", variant="primary", visible=False, elem_id=f"{name}-download"
        )
        self.shown = gr.State()
        self.began = [self.run, self.stop, self.sheet, self.download, self.said, self.shown]
        self.going = [self.sheet, self.said, self.shown]
        self.ended = [self.run, self.stop, self.download]

    def begin(self) -> tuple[Any, ...]:
        """Values for `began`."""
        waiting = status.told(Frame("waiting", "Getting ready."))
        buttons = gr.Button(interactive=False), gr.Button(interactive=True)
        return (
            *buttons,
            gr.Image(value=None, visible=self.has_sheet),
            gr.DownloadButton(visible=False),
            waiting,
            None,
        )

    def end(self, last: Frame | None) -> tuple[Any, ...]:
        """Values for `ended`: Run can be pressed again, and the sheet kept."""
        path = last.result if last else None
        download = gr.DownloadButton(visible=False)
        if path:
            size = f"{Path(path).stat().st_size / 1000:.0f} kB"
            download = gr.DownloadButton(f"Download the sheet  ·  {size}", value=path, visible=True)
        return gr.Button(interactive=True), gr.Button(interactive=False), download

    def wire(self, runs: Runs, work: Any, inputs: Sequence[gr.components.Component]) -> Any:
        """Run does `work`, a generator of values for `going`; returns the event of its end."""
        begun = self.run.click(self.begin, None, self.began, **QUIET)
        worked = begun.then(
            work,
            list(inputs),
            self.going,
            concurrency_id="runs",
            concurrency_limit=runs.limits.room + 4,
            **HIDDEN,
        )
        self.stop.click(_stop(runs), None, None, **QUIET)
        return worked.then(self.end, self.shown, self.ended, **QUIET)


def show(runs: Runs, request: gr.Request, inner: Inner, *arguments: Any) -> Iterator[tuple[Any, str, Frame]]:
    """Values for Study.going, a few times a second: the sheet, the status, and the Frame itself."""
    try:
        frames: Iterable[Frame] = runs.stream(request.session_hash, inner, *arguments)
    except NSTError as error:
        frames = [Frame("failed", str(error))]
    next_yield = 0.0
    for frame in frames:
        now = time.monotonic()
        if frame.is_last or frame.state == "waiting" or now >= next_yield:
            next_yield = now + SHOW_EVERY
            yield frame.picture, status.told(frame), frame


def spot_at(frame: Frame, index: Sequence[float], size: tuple[int, int]) -> Spot | None:
    """The spot of the sheet that a pixel (x, y) of its picture of this size is in."""
    x, y = index[0] / size[0], index[1] / size[1]
    return next((s for s in frame.spots if s.box[0] <= x < s.box[2] and s.box[1] <= y < s.box[3]), None)


def _stop(runs: Runs) -> Any:
    def stop(request: gr.Request) -> None:
        runs.stop(request.session_hash)

    return stop
