"""A board as one labelled picture: title, row and column labels, cells, captions, curves. Pillow only.

Everything is laid out for pictures whose longer side is CELL, however large they were painted, and then
magnified: all sheets of a board have the same proportions, from an empty one to the one that is kept.
"""

from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from ..images import fit
from .board import Board, Cell
from .lettering import lettering
from .palette import LIGHT, Palette
from .plot import draw_curves

# In pixels of a sheet magnified once.
CELL = 256  # the longer side of a picture
MARGIN, GAP = 28, 16
LEAST_STEP = 176  # from one column to the next: a caption is as wide
TITLE, TEXT, SMALL = 30, 17, 14
HEADER = 122  # from the top to the first cell
ROW_LABELS = 120  # wide
CAPTION = 28  # high
PLOT = 320  # high

COUNTED = "beneath each picture: how much of content and style is missing"


@dataclass(frozen=True)
class Layout:
    """Where everything of a sheet is, in pixels.

    cell     (width, height) of a picture
    origin   (x, y) of the first cell; step: from one cell to the next
    size     of the whole sheet; plot: the top of the curves, None without
    """

    cell: tuple[int, int]
    origin: tuple[int, int]
    step: tuple[int, int]
    size: tuple[int, int]
    plot: int | None

    def place(self, row: int, column: int) -> tuple[int, int]:
        """The upper left corner of a cell's picture."""
        return self.origin[0] + column * self.step[0], self.origin[1] + row * self.step[1]

    def box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of a cell's picture as parts of the sheet's width and height."""
        (left, top), (width, height) = self.place(row, column), self.size
        right, bottom = left + self.cell[0], top + self.cell[1]
        return left / width, top / height, right / width, bottom / height


def layout(board: Board, magnify: int = 1) -> Layout:
    """The layout of the board's sheet."""
    width, height = fit(*board.size, CELL) if min(board.size) > 0 else (CELL, CELL)
    step = max(width, LEAST_STEP) + GAP, height + CAPTION + GAP
    columns, rows = max(1, len(board.columns)), max(1, len(board.rows))
    origin = MARGIN + ROW_LABELS, HEADER
    bottom = HEADER + rows * step[1] - GAP
    across = origin[0] + columns * step[0] - GAP + MARGIN
    down = bottom + (PLOT + GAP if board.curves else 0) + MARGIN - CAPTION // 2
    pairs = ((width, height), origin, step, (across, down))
    cell, origin, step, size = ((magnify * x, magnify * y) for x, y in pairs)
    return Layout(cell, origin, step, size, magnify * (bottom + GAP) if board.curves else None)


def draw_sheet(board: Board, magnify: int = 1, palette: Palette = LIGHT) -> Image.Image:
    """The board as one RGB picture: title and source above, labels left and on top, captions beneath cells,
    and the curves, where it has any, below. A place without a picture is an empty frame.

    magnify   1 for a preview, 2 for a sheet to keep
    """
    where = layout(board, magnify)
    sheet = Image.new("RGB", where.size, palette.paper)
    draw = ImageDraw.Draw(sheet)
    _write_header(draw, board, magnify, palette)
    _write_labels(draw, board, where, magnify, palette)
    for row in range(len(board.rows)):
        for column in range(len(board.columns)):
            left, top = where.place(row, column)
            draw.rectangle((left, top, left + where.cell[0] - 1, top + where.cell[1] - 1), palette.empty)
    for cell in pictured(board, magnify).cells:
        _draw_cell(sheet, cell, where, magnify, palette)
    if where.plot is not None:
        margin = MARGIN * magnify
        area = where.size[0] - 2 * margin, PLOT * magnify
        sheet.paste(draw_curves(board.curves, area, palette, magnify), (margin, where.plot))
    return sheet


def pictured(board: Board, magnify: int = 1) -> Board:
    """The board with its pictures rendered and as large as on its sheet, so that drawing several sheets of it
    renders them once."""
    size = layout(board, magnify).cell
    return replace(board, cells=tuple(_rendered(cell, size) for cell in board.cells))


def _rendered(cell: Cell, size: tuple[int, int]) -> Cell:
    image = cell.image
    if image is None:
        return cell
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return replace(cell, render=image.copy)


def _write_header(draw: ImageDraw.ImageDraw, board: Board, magnify: int, palette: Palette) -> None:
    margin, width = MARGIN * magnify, layout(board, magnify).size[0] - 2 * MARGIN * magnify
    title, small = lettering(TITLE * magnify, is_bold=True), lettering(SMALL * magnify)
    counted = COUNTED if any(cell.caption for cell in board.cells) else ""
    said = " · ".join(filter(None, (board.source, board.features, counted)))
    title.write(draw, (margin, margin + 26 * magnify), title.cut(board.title, width), palette.ink)
    small.write(draw, (margin, margin + 51 * magnify), small.cut(said, width), palette.quiet)


def _write_labels(
    draw: ImageDraw.ImageDraw, board: Board, where: Layout, magnify: int, palette: Palette
) -> None:
    bold, line = lettering(TEXT * magnify, is_bold=True), 22 * magnify
    for column, label in enumerate(board.columns):
        left, top = where.place(0, column)
        label = bold.cut(label, where.step[0] - GAP * magnify)
        bold.write(draw, (left, top - 12 * magnify), label, palette.ink)
    for row, label in enumerate(board.rows):
        lines = bold.wrapped(label, (ROW_LABELS - GAP) * magnify)
        middle = where.place(row, 0)[1] + where.cell[1] // 2
        base = middle - line * (len(lines) - 1) / 2 + 6 * magnify
        for number, text in enumerate(lines):
            bold.write(draw, (MARGIN * magnify, base + number * line), text, palette.ink)


def _draw_cell(sheet: Image.Image, cell: Cell, where: Layout, magnify: int, palette: Palette) -> None:
    (x, y), draw, image = where.place(cell.row, cell.column), ImageDraw.Draw(sheet), cell.image
    if image is not None:
        sheet.paste(image, (x, y))
    small = lettering(SMALL * magnify)
    caption = small.cut(cell.caption, where.step[0] - GAP * magnify)
    small.write(draw, (x, y + where.cell[1] + 19 * magnify), caption, palette.quiet)
