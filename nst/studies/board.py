"""A board: many small pictures in rows and columns, each with its costs, as far as they are painted.

What grid.py, reconstruct.py and compare.py yield and sheet.py draws, and what they begin from. No torch here,
so that the page can be served before torch is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import SettingsError, shown
from ..report import Report
from ..settings import PAPERS_LAYERS, Settings

if TYPE_CHECKING:
    from PIL import Image

    from ..objective import Costs

SMALLEST, LARGEST = 64, 256  # pixels of a picture's longer side
LADDER = PAPERS_LAYERS  # the paper's conv1_1 … conv5_1

GRID = Settings(size=192, scales=3, evaluations=80, init="noise", tv=0.5)
RECONSTRUCT = Settings(size=192, scales=1, evaluations=80, init="noise", tv=0.2)
STATISTICS = RECONSTRUCT
COMPARE = Settings(size=192, scales=1, evaluations=500)


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


@dataclass(frozen=True, kw_only=True)
class Board(Report):
    """All pictures of a study as they are now; evaluations are counted over all of them.

    title, source   what the board shows, and the paper it is after
    rows, columns   the labels of the rows and columns
    cells           row by row; a place may have none
    curves          {label: the least J so far after each evaluation}, none yet before the first, where the
                    board compares descents
    """

    title: str
    source: str = ""
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def at(self, row: int, column: int) -> Cell | None:
        """The cell at a place, or None."""
        return next((cell for cell in self.cells if (cell.row, cell.column) == (row, column)), None)


def checked(settings: Settings) -> Settings:
    """The settings. Raises SettingsError for a size no board is painted at, a texture and a tile."""
    if settings.is_texture or settings.seamless:
        raise SettingsError("A board has a content image and is no tile: leave out canvas and seamless.")
    if not SMALLEST <= settings.size <= LARGEST:
        raise SettingsError(
            f"Size must be a whole number from {SMALLEST} to {LARGEST} for a board of many pictures, "
            f"not {shown(settings.size)}."
        )
    return settings


def conv_name(layer: str) -> str:
    """The paper's name of a layer: it writes conv1_1 for what is read after the ReLU, our relu1_1."""
    return layer.replace("relu", "conv")
