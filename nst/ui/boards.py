"""The runs behind Layers × α/β and Reconstruct: two pictures and a few settings in, a labelled sheet out."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..errors import ImageRefused, RunError, SettingsError
from ..images import load_picture, save_png
from ..settings import Settings
from .frames import Frame, Spot, settled
from .limits import Limits
from .paint import GPU_PIXELS_PER_SECOND, GPU_START, LEAST_DURATION
from .workspace import Workspace
from .zerogpu import SHARE_OF_DURATION, borrowed, gpu

if TYPE_CHECKING:
    from ..board import Board

RESULT = "sheet.png"
READABLE = 256  # pixels of a picture on the sheet to keep; smaller ones are magnified
MOST_PICTURES = 20  # of a board, for the seconds of GPU it asks for

Explore = Callable[..., Iterator["Board"]]


def draw(
    folder: str,
    limits: Limits,
    kind: str,
    content: str | None,
    style: str | None,
    changes: Mapping[str, Any],
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    kind      "grid", "reconstruct" or "optimizers"
    changes   what differs from the settings that kind has by default

    Raises ImageRefused or SettingsError with one sentence.
    """
    if not content or not style:
        raise ImageRefused("There are no two pictures yet: choose a content and a style image in Transfer.")
    limits.check_weights(changes.get("weights", "auto"))
    settings = _settings(kind, changes)
    limits.check(settings)
    load_picture(content)
    load_picture(style)
    return _in_turn(folder, limits, kind, content, style, settings)


def _in_turn(
    folder: str, limits: Limits, kind: str, content: str, style: str, settings: Settings
) -> Iterator[Frame]:
    yield from _draw(folder, limits, kind, load_picture(content), load_picture(style), settings)


def duration(
    folder: str, limits: Limits, kind: str, content: Image.Image, style: Image.Image, settings: Settings
) -> int:
    """Seconds of GPU to ask for, as for a painting of as many pixels."""
    pixels = MOST_PICTURES * settings.size**2
    seconds = GPU_START + 1.4 * pixels * settings.evaluations / GPU_PIXELS_PER_SECOND
    return int(min(max(LEAST_DURATION, seconds), limits.max_seconds))


@gpu(duration)
def _draw(
    folder: str, limits: Limits, kind: str, content: Image.Image, style: Image.Image, settings: Settings
) -> Iterator[Frame]:
    seconds = float(limits.max_seconds)
    if borrowed():
        seconds = SHARE_OF_DURATION * duration(folder, limits, kind, content, style, settings)
    yield from settled(_frames(Workspace(folder, seconds), kind, content, style, settings))


def _frames(
    workspace: Workspace, kind: str, content: Image.Image, style: Image.Image, settings: Settings
) -> Iterator[Frame]:
    from ..sheet import draw_sheet

    explore, _ = _explorations()[kind]
    state, message, board = "done", "", None
    try:
        with contextlib.closing(explore(content, style, settings)) as boards:
            for board in boards:
                if message := _ended(workspace, board):
                    state = "stopped"
                    break
                if workspace.preview_due and board.evaluation:
                    workspace.preview(draw_sheet(board))
                yield _frame(board, "working", f"{board.doing}.", workspace.picture)
    except RunError as error:
        state, message, board = "failed", str(error), error.best or board
    yield _last(workspace, board, state, message)


def _explorations() -> dict[str, tuple[Explore, Settings]]:
    from ..grid import GRID, layers_grid  # and torch: the page is served before they are there
    from ..reconstruct import COMPARE, RECONSTRUCT, compare_optimizers, reconstruct

    return {
        "grid": (layers_grid, GRID),
        "reconstruct": (reconstruct, RECONSTRUCT),
        "optimizers": (compare_optimizers, COMPARE),
    }


def _settings(kind: str, changes: Mapping[str, Any]) -> Settings:
    from ..explore import checked

    known = _explorations()
    if kind not in known:
        raise SettingsError(f"There is no such board: choose one of {', '.join(known)}.")
    return checked(Settings.from_dict({**known[kind][1].to_dict(), **changes}))


def _ended(workspace: Workspace, board: "Board") -> str:
    """The sentence with which a run ends early; empty while it may go on, or has nothing left to do."""
    why = workspace.why_end if board.evaluation < board.of or not board.of else ""
    kept = "the sheet shows how far it came" if board.evaluation else "there is no picture yet"
    return why and f"{why} at evaluation {board.evaluation} of {board.of}: {kept}."


def _last(workspace: Workspace, board: "Board | None", state: str, message: str) -> Frame:
    from ..sheet import draw_sheet

    if board is None or not board.evaluation:
        return Frame(state, message or "Nothing was painted.")
    magnify = max(1, READABLE // max(board.size))
    path = str(workspace.folder / RESULT)
    save_png(draw_sheet(board, magnify), path)
    pictures = "picture" if len(board.cells) == 1 else "pictures"
    done = f"{len(board.cells)} {pictures}, {board.evaluation} evaluations, {board.seconds:.0f} s."
    return _frame(board, state, message or done, path, path, _spots(board, magnify))


def _spots(board: "Board", magnify: int) -> tuple[Spot, ...]:
    from ..sheet import layout

    where = layout(board, magnify)
    (width, height), (across, down) = where.size, where.cell
    spots = []
    for cell in board.cells:
        left, top = where.place(cell.row, cell.column)
        box = left / width, top / height, (left + across) / width, (top + down) / height
        spots.append(Spot(cell.label, cell.settings.to_dict(), box))
    return tuple(spots)


def _frame(
    board: "Board",
    state: str,
    message: str,
    picture: str | None,
    result: str | None = None,
    spots: tuple[Spot, ...] = (),
) -> Frame:
    return Frame(
        state,
        message,
        picture=picture,
        result=result,
        evaluation=board.evaluation,
        of=board.of,
        width=board.size[0],
        height=board.size[1],
        seconds=board.seconds,
        eta=board.eta if state == "working" else None,
        features=board.features,
        device=board.device,
        spots=spots,
    )
