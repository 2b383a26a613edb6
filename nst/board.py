"""A board: many small pictures in rows and columns, each with its costs, as far as they are painted.

What the explorations (grid.py, reconstruct.py) yield and sheet.py draws. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from .objective import Costs
    from .settings import Settings


@dataclass(frozen=True)
class Cell:
    """One picture of a board.

    row, column   its place, from 0
    label         what it shows, in words: "up to conv2_1, α/β = 10⁻⁴"
    settings      stylize() with these has the same objective and the same start
    evaluation    evaluations done, of `of`
    costs         of the picture shown, None before the first evaluation
    caption       what of the content and of the style is missing, as people read it
    image         the picture, converted from the device when read; None where nothing is painted yet
    """

    row: int
    column: int
    label: str
    settings: Settings
    evaluation: int = 0
    of: int = 0
    costs: Costs | None = None
    caption: str = ""
    render: Callable[[], Image.Image] | None = field(default=None, repr=False)

    @property
    def image(self) -> Image.Image | None:
        return self.render() if self.render else None


@dataclass(frozen=True)
class Board:
    """What an exploration reports: all its cells as they are now.

    title, source   what the board shows, and the paper it is after
    rows, columns   the labels of the rows and columns
    cells           row by row; a place may have none
    curves          {label: the least J so far after each evaluation}, where the board compares descents
    doing           a short phrase for people
    evaluation      evaluations done over all cells, of `of`
    size            (width, height) of a cell's picture
    seconds         since the start; eta: seconds left, None until it can be known
    features        which filters are in use; device: where, in which precision
    """

    title: str
    source: str
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    doing: str = "Getting ready"
    evaluation: int = 0
    of: int = 0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    eta: float | None = None
    features: str = ""
    device: str = ""

    def at(self, row: int, column: int) -> Cell | None:
        """The cell at a place, or None."""
        return next((cell for cell in self.cells if (cell.row, cell.column) == (row, column)), None)
