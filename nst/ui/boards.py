"""The runs behind Layers × α/β and Reconstruct: two pictures and a few settings in, a labelled sheet out."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ..decoding import Decoded, load_into
from ..errors import ImageRefused, SettingsError
from ..images import save_png
from ..settings import Settings
from ..studies.board import COMPARE, GRID, RECONSTRUCT, Board, checked
from ..studies.sheet import draw_sheet, layout
from .running.frames import Frame, Spot
from .running.jobs import on_device
from .running.limits import Limits

RESULT = "sheet.png"
READABLE = 256  # pixels of a picture on the sheet to keep; smaller ones are magnified
MOST_PICTURES = 20  # of a board, for the seconds of GPU it asks for

DEFAULTS = {"grid": GRID, "reconstruct": RECONSTRUCT, "optimizers": COMPARE}


def board_run(
    folder: str,
    limits: Limits,
    kind: str,
    content: str | None,
    style: str | None,
    changes: Mapping[str, Any],
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    kind      one of DEFAULTS
    changes   what differs from the settings that kind has by default

    Raises ImageRefused or SettingsError with one sentence.
    """
    if not content or not style:
        raise ImageRefused("There are no two pictures yet: choose a content and a style image in Transfer.")
    limits.check_weights(changes.get("weights", "auto"))
    settings = _settings(kind, changes)
    limits.check(settings)
    kept = [load_into(Path(folder, f"given_{n}"), path) for n, path in enumerate((content, style))]
    return _in_turn(folder, limits, kind, kept, settings)


def _settings(kind: str, changes: Mapping[str, Any]) -> Settings:
    if kind not in DEFAULTS:
        raise SettingsError(f"There is no such board: choose one of {', '.join(DEFAULTS)}.")
    return checked(Settings.from_dict({**DEFAULTS[kind].to_dict(), **changes}))


def _in_turn(
    folder: str, limits: Limits, kind: str, kept: Sequence[Decoded], settings: Settings
) -> Iterator[Frame]:
    content, style = (one.take() for one in kept)
    yield from on_device(folder, limits, BoardJob(kind, content, style, settings))


@dataclass(frozen=True)
class BoardJob:
    """One board as a job."""

    kind: str
    content: Image.Image
    style: Image.Image
    settings: Settings

    kept = "the sheet shows how far it came"

    @property
    def pixels(self) -> float:
        return MOST_PICTURES * self.settings.size**2 * self.settings.evaluations

    def reports(self) -> Generator[Board, None, None]:
        return _study(self.kind)(self.content, self.style, self.settings)

    def picture(self, report: Board) -> Image.Image:
        return draw_sheet(report)

    def fields(self, report: Board) -> dict[str, Any]:
        return {}

    def save(self, report: Board, folder: Path) -> tuple[str, dict[str, Any]]:
        magnify, path = max(1, READABLE // max(report.size)), str(folder / RESULT)
        save_png(draw_sheet(report, magnify), path)
        return path, {"spots": _spots(report, magnify)}

    def summary(self, report: Board) -> str:
        pictures = "picture" if len(report.cells) == 1 else "pictures"
        return f"{len(report.cells)} {pictures}, {report.evaluation} evaluations, {report.seconds:.0f} s."


def _study(kind: str) -> Callable[..., Generator[Board, None, None]]:
    from ..studies.compare import compare_optimizers  # and torch: the page is served before it is there
    from ..studies.grid import layers_grid
    from ..studies.reconstruct import reconstruct

    return {"grid": layers_grid, "reconstruct": reconstruct, "optimizers": compare_optimizers}[kind]


def _spots(board: Board, magnify: int) -> tuple[Spot, ...]:
    where = layout(board, magnify)
    (width, height), (across, down) = where.size, where.cell
    spots = []
    for cell in board.cells:
        left, top = where.place(cell.row, cell.column)
        box = left / width, top / height, (left + across) / width, (top + down) / height
        spots.append(Spot(cell.label, cell.settings, box))
    return tuple(spots)
