"""The public endpoint /between: a row of pictures from one style to another, without the page."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import NSTError, SettingsError
from ..film import save_there_and_back
from ..images import open_own, save_png, side_by_side
from ..presets import PRESETS
from ..presets import preset as named
from ..settings import FEWEST_PICTURES, NAMED_WEIGHTS, Settings
from .api import answered, error_of, number_input, summary
from .events import in_line
from .painting import LONGEST_ROW, painting
from .running.clients import client_of
from .running.frames import Frame
from .running.limits import Limits
from .running.runs import Runs
from .unchecked import Dropdown, Number
from .upload import Upload

ROW, FILM = "row.png", "film.webp"
PICTURES = 5


def add_between(runs: Runs) -> None:
    """Add the endpoint to the Blocks being built."""
    inputs = [
        *(Upload(label=name, visible=False) for name in ("content", "style", "second_style")),
        Number(
            PICTURES,
            label="pictures",
            minimum=FEWEST_PICTURES,
            maximum=LONGEST_ROW,
            precision=0,
            visible=False,
        ),
        Dropdown(list(PRESETS), value="paint", label="preset", visible=False),
        *(number_input(name, runs.limits.most) for name in ("strength", "size", "evaluations", "seed")),
        Dropdown(list(NAMED_WEIGHTS), value="auto", label="weights", visible=False),
    ]
    outputs = [
        gr.Image(visible=False, type="filepath", label="row"),
        gr.File(visible=False, label="film"),
        gr.JSON(visible=False, label="summary"),
    ]
    gr.Button(visible=False).click(
        RowEndpoint(runs).between, inputs, outputs, api_name="between", **in_line(runs)
    )


class RowEndpoint:
    """Holds the runs for between(), whose name, signature and docstring are what clients see."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    def between(
        self,
        content: str,
        style: str,
        second_style: str,
        request: gr.Request,
        pictures: int = PICTURES,
        preset: str = "paint",
        strength: float | None = None,
        size: int | None = None,
        evaluations: int | None = None,
        seed: int | None = None,
        weights: str = "auto",
    ) -> Iterator[tuple[str | None, str | None, dict[str, Any]]]:
        """Paint a row of pictures from one style to another, each begun from the one before.

        Streams (preview, nothing, state) and ends with (all pictures beside each other as a lossless PNG,
        a film there and back as an animated WebP, summary).

        Args:
            content: The picture to repaint, a JPEG, PNG or WebP file.
            style: The picture that the first one is painted like.
            second_style: The picture that the last one is painted like.
            pictures: How many, the first and the last among them.
            preset: Where the others start: paint, gentle, bold, fast, gatys, course, neural-style, tutorial.
            strength: How heavily the styles repaint.
            size: Longer side of each picture in pixels.
            evaluations: Evaluations of the first picture; each later one has at most 12.
            seed: Same seed, same pictures.
            weights: auto (the original VGG-19), torchvision (retrained, downloaded) or self-taught.

        Returns:
            The row, the film, and a summary: state, size, evaluations, seconds, features.
        """
        given: dict[str, Any] = {"strength": strength, "size": size, "evaluations": evaluations, "seed": seed}
        given = {name: value for name, value in given.items() if value is not None}
        try:
            self.runs.limits.check_numbers(given)
            settings = self.runs.limits.fitted(named(str(preset), weights=weights, **given), given)
        except NSTError as error:
            raise error_of(str(error)) from None
        styles = [style, second_style]
        frames = self.runs.stream(client_of(request), row_run, content, styles, settings, pictures)
        for frame in answered(frames):
            yield frame.picture, frame.details.get("film"), summary(frame)


def row_run(
    folder: str,
    limits: Limits,
    content: str | None,
    styles: Sequence[str | None],
    settings: Settings,
    pictures: float,
) -> Iterator[Frame]:
    """The run behind /between. Raises ImageRefused or SettingsError with one sentence."""
    if pictures == 1:
        raise SettingsError(f"A row has 2 to {LONGEST_ROW} pictures, not 1: for one, use /transfer.")
    return _whole(painting(folder, limits, content, styles, settings, pictures=pictures), Path(folder))


def _whole(frames: Iterator[Frame], folder: Path) -> Iterator[Frame]:
    """The Frames, the last one with the row and its film in place of its last picture."""
    for frame in frames:
        if frame.result is None:
            yield frame
            continue
        pictures = [open_own(path) for path in sorted(folder.glob("*.png"))]
        row, film = str(folder / ROW), str(folder / FILM)
        save_png(side_by_side(pictures), row)
        save_there_and_back(pictures, film)
        yield replace(frame, picture=row, result=row, details={"film": film})
