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
from .running.frames import Frame
from .running.runs import Runs
from .sheet_view import PRESSED, OnSheet, sheet_html
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
    """The pictures of the Transfer tab, or, where there are none yet, those of the example sheets."""

    gallery: Gallery

    @property
    def note(self) -> str:
        pair = self.gallery.studied
        instead = f" Without them: {pair.name}." if pair else ""
        return status.note(f"Uses the content and the style image of the Transfer tab.{instead}")

    def both(self, content: str | None, style: str | None) -> tuple[str | None, str | None]:
        """Paths of a content and a style image; None where there is nothing at all."""
        if pair := self.gallery.studied:
            return content or str(pair.content.file), style or str(pair.style.file)
        return content, style


class StatusPanel(RunPanel):
    """Run and Stop, and the status."""

    def __init__(self, name: str, verb: str) -> None:
        super().__init__(f"{name}-", verb)
        self.status = html(elem_id=f"{name}-said")
        self.began = [self.run, self.stop, self.status, self.shown]
        self.going = [self.status, self.shown]
        self.ended = [self.run, self.stop]

    def wire(self, runs: Runs, work: Any, inputs: Sequence[Any]) -> Any:
        """Join Run with `work`; returns the event of its end."""
        return self.join(runs, self.begin, work, inputs, self.end)

    def begin(self) -> tuple[Any, ...]:
        """Values for `began`."""
        return (*buttons(running=True), getting_ready(), None)

    def end(self, shown: Frame | None) -> tuple[Any, ...]:
        """Values for `ended`: Run can be pressed again."""
        return buttons(running=False)


class SheetPanel(StatusPanel):
    """The same with a sheet that fills in, in the same place from its first Frame to its last, and its
    download.

    alt       words for a person who cannot see the sheet
    example   what it shows before the first run
    opens     whether the pictures of a finished sheet can be pressed
    """

    def __init__(
        self, name: str, verb: str, alt: str, example: OnSheet | None = None, opens: bool = False
    ) -> None:
        super().__init__(name, verb)
        self.alt, self.opens = alt, opens
        self.on_sheet = gr.State(example)
        self.sheet = html(self.drawn(example), elem_id=f"{name}-sheet", js_on_load=PRESSED)
        self.download = gr.DownloadButton(
            "Download the sheet", variant="primary", visible=False, elem_id=f"{name}-download"
        )
        self.began = [*self.began, self.download]
        self.going = [*self.going, self.sheet, self.on_sheet]
        self.ending = [*self.ending, self.on_sheet]
        self.ended = [*self.ended, self.download, self.sheet]

    def drawn(self, on_sheet: OnSheet | None, chosen: int | None = None, before: Frame | None = None) -> str:
        """HTML of the sheet, with the number of the picture that was pressed, over the sheet before it."""
        return sheet_html(on_sheet, self.alt, self.opens, chosen, before) if on_sheet else ""

    def begin(self) -> tuple[Any, ...]:
        return (*super().begin(), gr.DownloadButton(visible=False))

    def end(self, shown: Frame | None, on_sheet: OnSheet | None = None) -> tuple[Any, ...]:
        """Values for `ended`: Run can be pressed again, and the sheet in sight kept. Where this run left
        none, that of an earlier one is drawn again."""
        left_one = shown is not None and shown.result is not None
        is_gone = on_sheet is not None and not Path(on_sheet.frame.picture or "").is_file()
        sheet = gr.skip() if left_one or is_gone else self.drawn(on_sheet)
        path = on_sheet.frame.result if on_sheet else None  # of an example none
        download = gr.DownloadButton(visible=False)
        if path and Path(path).is_file():
            size = f"{Path(path).stat().st_size / 1e6:.1f} MB"
            download = gr.DownloadButton(f"Download the sheet  ·  {size}", value=path, visible=True)
        return (*super().end(shown), download, sheet)

    def values(
        self, frames: Iterable[Frame], pictures: tuple[str | None, str | None]
    ) -> Iterator[tuple[Any, ...]]:
        """Values for `going`, a few times a second. Until a run has a sheet, the one there stays; until it is
        finished, what is kept is the one before."""
        newest = None
        for said, frame in status_values(frames):
            if frame.picture in (None, newest and newest.picture) and not frame.spots:
                yield said, frame, gr.skip(), gr.skip()
                continue
            on_sheet = OnSheet(frame, pictures)
            drawn = self.drawn(on_sheet, before=newest)
            yield said, frame, drawn, on_sheet if frame.result else gr.skip()
            newest = frame


def status_values(frames: Iterable[Frame]) -> Iterator[tuple[str, Frame]]:
    """Values for StatusPanel.going, a few times a second: the status, and the Frame itself."""
    for frame in now_and_then(frames):
        yield status.progress(frame), frame
