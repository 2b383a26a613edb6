"""A panel of the studies: a sheet of many pictures that fills in, and its download."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from .run_panel import StatusPanel, status_values
from .running.frames import Frame
from .sheet_view import PRESSED, OnSheet, sheet_html
from .theme import html


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
