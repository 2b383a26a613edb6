"""The runs behind Layers × α/β and Reconstruct: two pictures and a few settings in, a labelled sheet out."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ..decoding import Decoded
from ..errors import ImageRefused, SettingsError
from ..images import save_jpeg, save_png
from ..settings import Settings
from ..studies.board import COMPARE, GRID, RECONSTRUCT, STATISTICS, Board, checked
from ..studies.outlines import SNAPSHOTS, in_snapshots, outline
from ..studies.palette import DARK, LIGHT
from ..studies.sheet import draw_sheet, layout, pictured
from .opening import opened_pair
from .running.frames import Frame, Spot
from .running.jobs import carry_out
from .running.limits import Limits

RESULT, RESULT_DARK = "sheet.png", "sheet-dark.jpg"
EMPTY, EMPTY_DARK = "empty.png", "empty-dark.png"
MAGNIFIED = 2  # the sheet to keep, beside a preview
NO_PAIR = "There are no two pictures yet: choose a content and a style image in Transfer."
CELLS = 21  # of the largest board, for the seconds of GPU it asks for

DEFAULTS = {"grid": GRID, "reconstruct": RECONSTRUCT, "statistics": STATISTICS, "optimizers": COMPARE}


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
        raise ImageRefused(NO_PAIR)
    limits.check_weights(changes.get("weights", "auto"))
    settings = sheet_settings(kind, changes, limits)
    limits.check(settings)
    return _in_turn(folder, limits, kind, opened_pair(folder, content, style), settings)


def usual(kind: str, limits: Limits) -> Settings:
    """The settings that a kind of sheet has by default, within what this app gives."""
    settings = limits.fitted(DEFAULTS[kind])
    if kind != "optimizers" or settings.evaluations < SNAPSHOTS:
        return settings
    return settings.with_(evaluations=settings.evaluations // SNAPSHOTS * SNAPSHOTS)


def sheet_settings(kind: str, changes: Mapping[str, Any], limits: Limits) -> Settings:
    """The settings of a kind of sheet with some changed. Raises SettingsError."""
    if kind not in DEFAULTS:
        raise SettingsError(f"There is no such board: choose one of {', '.join(DEFAULTS)}.")
    settings = checked(Settings.from_dict({**usual(kind, limits).to_dict(), **changes}))
    return in_snapshots(settings) if kind == "optimizers" else settings


def _in_turn(
    folder: str, limits: Limits, kind: str, kept: Sequence[Decoded], settings: Settings
) -> Iterator[Frame]:
    content, style = (one.take() for one in kept)
    job = BoardJob(kind, content, style, settings)
    yield _empty(job, Path(folder))
    yield from carry_out(folder, limits, job)


def _empty(job: "BoardJob", folder: Path) -> Frame:
    """A Frame with the empty sheet, which has the proportions of every one that follows."""
    board = outline(job.kind, job.content.size, job.settings.size, job.settings.evaluations)
    paths = folder / EMPTY, folder / EMPTY_DARK
    for sheet, path in zip(job.pictures(board), paths, strict=True):
        save_png(sheet, path)
    return Frame("working", "Getting ready.", picture=str(paths[0]), dark=str(paths[1]))


@dataclass(frozen=True)
class BoardJob:
    """One board as a job."""

    kind: str
    content: Image.Image
    style: Image.Image
    settings: Settings

    kept = "the sheet shows how far it came"
    edge = 4096  # a sheet is drawn as large as its preview is
    moments = lasts = False

    @property
    def pixels(self) -> float:
        return CELLS * self.settings.size**2 * self.settings.evaluations

    def reports(self) -> Generator[Board, None, None]:
        return _study(self.kind)(self.content, self.style, self.settings)

    def pictures(self, report: Board) -> tuple[Image.Image, Image.Image]:
        return both_sheets(report)

    def fields(self, report: Board) -> dict[str, Any]:
        return {}

    def save(self, report: Board, folder: Path) -> tuple[str, dict[str, Any]]:
        path, dark = str(folder / RESULT), str(folder / RESULT_DARK)
        sheets = both_sheets(report, MAGNIFIED)
        save_png(sheets[0], path)
        save_jpeg(sheets[1], dark, quality=92)
        return path, {"dark": dark, "spots": spots(report)}

    def summary(self, report: Board) -> str:
        pictures = "picture" if len(report.cells) == 1 else "pictures"
        return f"{len(report.cells)} {pictures}, {report.evaluation} evaluations, {report.seconds:.0f} s."


def _study(kind: str) -> Callable[..., Generator[Board, None, None]]:
    from ..studies.compare import compare_optimizers  # and torch: the page is served before it is there
    from ..studies.grid import layers_grid
    from ..studies.reconstruct import reconstruct
    from ..studies.reformulate import compare_statistics

    return {
        "grid": layers_grid,
        "reconstruct": reconstruct,
        "statistics": compare_statistics,
        "optimizers": compare_optimizers,
    }[kind]


def both_sheets(board: Board, magnify: int = 1) -> tuple[Image.Image, Image.Image]:
    """The board's sheet for a light page, which is also the one to keep, and for a dark one."""
    board = pictured(board, magnify)
    return draw_sheet(board, magnify, LIGHT), draw_sheet(board, magnify, DARK)


def spots(board: Board) -> tuple[Spot, ...]:
    """The pictures of the board's sheet."""
    where = layout(board)
    return tuple(Spot(cell.label, cell.settings, where.box(cell.row, cell.column)) for cell in board.cells)
