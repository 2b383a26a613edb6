"""What the studies share on the page: three sentences, the pictures they take, a sheet that fills in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from . import status
from .gallery import Gallery
from .run_panel import RunPanel, buttons, getting_ready, now_and_then
from .running.frames import Frame, Spot
from .running.runs import Runs
from .theme import html


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


class SheetPanel(RunPanel):
    """Run and Stop, the status, a sheet that fills in, its download.

    alt   words for a person who cannot see the sheet; empty for a run without one
    """

    def __init__(self, name: str, verb: str, alt: str = "") -> None:
        super().__init__(f"{name}-", verb)
        self.has_sheet = bool(alt)
        self.status = html(elem_id=f"{name}-said")
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
        self.began = [self.run, self.stop, self.sheet, self.download, self.status, self.shown]
        self.going = [self.sheet, self.status, self.shown]
        self.ended = [self.run, self.stop, self.download]

    def wire(self, runs: Runs, work: Any, inputs: Sequence[Any]) -> Any:
        """Join Run with `work`; returns the event of its end."""
        return self.join(runs, self.begin, work, inputs, self.end)

    def begin(self) -> tuple[Any, ...]:
        """Values for `began`."""
        empty = gr.Image(value=None, visible=self.has_sheet)
        return (*buttons(running=True), empty, gr.DownloadButton(visible=False), getting_ready(), None)

    def end(self, last: Frame | None) -> tuple[Any, ...]:
        """Values for `ended`: Run can be pressed again, and the sheet kept."""
        path = last.result if last else None
        download = gr.DownloadButton(visible=False)
        if path:
            size = f"{Path(path).stat().st_size / 1000:.0f} kB"
            download = gr.DownloadButton(f"Download the sheet  ·  {size}", value=path, visible=True)
        return (*buttons(running=False), download)


def sheet_values(frames: Iterable[Frame]) -> Iterator[tuple[Any, str, Frame]]:
    """Values for SheetPanel.going, a few times a second: the sheet, the status, and the Frame itself."""
    for frame in now_and_then(frames):
        yield frame.picture, status.progress(frame), frame


def spot_at(frame: Frame, index: Sequence[float], size: tuple[int, int]) -> Spot | None:
    """The spot of the sheet that a pixel (x, y) of its picture of this size is in."""
    x, y = index[0] / size[0], index[1] / size[1]
    return next((s for s in frame.spots if s.box[0] <= x < s.box[2] and s.box[1] <= y < s.box[3]), None)
