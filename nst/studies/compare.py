"""Three optimisers on one objective from one start: L-BFGS, Adam and gradient descent, side by side."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from PIL import Image

from ..images import fit
from ..network.layers import deepest
from ..network.vgg import Filters
from ..settings import Settings
from .board import COMPARE, Board, Cell, checked
from .descents import Painted, descend_together, empty, filled, prepare, study
from .outlines import OPTIMIZERS, SNAPSHOTS, compare_outline, in_snapshots


def compare_optimizers(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
) -> Generator[Board, None, None]:
    """The same start and objective under L-BFGS, Adam and gradient descent, side by side.

    Rows are the optimisers, columns the pictures after a fifth, two fifths, … of the evaluations: 100, 200,
    300, 400 and 500. `curves` holds the least J so far after each evaluation: that of the picture shown.
    The three share their passes; each call of an optimiser is one evaluation, so the columns compare.
    Boards come as from layers_grid().

    settings   COMPARE unless given; their optimizer is not used, evaluations is a multiple of 5

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Board.
    """
    settings = in_snapshots(checked(settings or COMPARE)).with_(scales=1)  # one objective, first to last
    return study(_compare, content, styles, settings, device, filters)


def _compare(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
) -> Iterator[Board]:
    board = compare_outline(fit(*content.size, settings.size), settings.evaluations)
    yield board
    through = deepest(settings.layers)
    prepared = yield from prepare(board, content, styles, settings, through, device, filters)
    prepared.filters.require(settings.layers)
    cells = tuple(_snapshots(row, name, settings, board.columns) for row, name in enumerate(OPTIMIZERS))
    curves: dict[str, tuple[float, ...]] = dict.fromkeys(OPTIMIZERS.values(), ())
    now = replace(prepared.board, of=len(OPTIMIZERS) * settings.evaluations)
    for painted in descend_together(prepared, [[settings.with_(optimizer=name) for name in OPTIMIZERS]]):
        cells = tuple(_kept(row, one) for row, one in zip(cells, painted, strict=True))
        curves = {
            name: (*curve, one.least.total) if one.least and one.evaluation > len(curve) else curve
            for (name, curve), one in zip(curves.items(), painted, strict=True)
        }
        done = sum(one.evaluation for one in painted)
        yield replace(now, cells=sum(cells, ()), curves=curves, evaluation=done)


def _snapshots(row: int, name: str, settings: Settings, columns: Sequence[str]) -> tuple[Cell, ...]:
    every = settings.evaluations // SNAPSHOTS
    return tuple(
        empty(
            row,
            column,
            f"{OPTIMIZERS[name]} {label}",
            settings.with_(optimizer=name, evaluations=every * (column + 1)),
        )
        for column, label in enumerate(columns)
    )


def _kept(row: tuple[Cell, ...], painted: Painted) -> tuple[Cell, ...]:
    """One optimiser's row: past snapshots as they were, the next as it now is, later ones empty."""
    live = next(cell for cell in row if painted.evaluation <= cell.of)
    return tuple(_as_it_is(cell, painted) if cell is live else cell for cell in row)


def _as_it_is(cell: Cell, painted: Painted) -> Cell:
    """The cell with what is painted of it; until it has its evaluations, their number is its caption."""
    now = filled(cell, painted)
    return now if now.evaluation == now.of else replace(now, caption=f"at {now.evaluation} so far")
