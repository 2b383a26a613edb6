"""A board as one labelled picture: titles, row and column labels, cells, captions, curves. Pillow only."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from .board import Board, Cell

PAPER, INK, FAINT, EMPTY = "#ffffff", "#222222", "#777777", "#eeeeee"
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
MARGIN, GAP = 12, 8
TEXT, SMALL = 13, 11  # pixels
LINE = 17
ROW_LABELS = 84  # pixels wide
PLOT = 240  # pixels high

# Pillow's own font has no Greek, no superscripts and few signs.
SPELLED = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "λ": "lambda",
    "10⁻²": "1e-2",  # before ², which elsewhere is a square
    "10⁻": "1e-",
    "×": "x",
    "–": "-",
    "−": "-",
    "→": "->",
    "²": "^2",
    **dict(zip("⁰¹³⁴⁵⁶⁷⁸⁹", "013456789", strict=True)),
}


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


def layout(board: Board, magnify: int = 1) -> Layout:
    """The layout of the board's sheet, its pictures `magnify` times as large as painted."""
    width, height = (max(side, 1) * magnify for side in board.size)
    origin = MARGIN + ROW_LABELS, MARGIN + 3 * LINE
    step = max(width, 128) + GAP, height + LINE + GAP
    columns, rows = max(1, len(board.columns)), max(1, len(board.rows))
    bottom = origin[1] + rows * step[1]
    plot = bottom if board.curves else None
    size = origin[0] + columns * step[0] - GAP + MARGIN, bottom + (PLOT if board.curves else 0) + MARGIN
    return Layout((width, height), origin, step, size, plot)


def draw_sheet(board: Board, magnify: int = 1) -> Image.Image:
    """The board as one RGB picture: title and source above, labels left and on top, captions beneath cells,
    and the curves, where it has any, below.

    magnify   1 for a preview of the pictures as painted; 2 or 3 for a sheet to keep
    """
    where = layout(board, magnify)
    sheet = Image.new("RGB", where.size, PAPER)
    draw = ImageDraw.Draw(sheet)
    said = ", ".join(filter(None, (board.source, board.features)))
    draw.text((MARGIN, MARGIN - 4), spell(board.title), INK, _font(TEXT + 3))
    draw.text((MARGIN, MARGIN + LINE), spell(said), FAINT, _font(SMALL))
    for column, label in enumerate(board.columns):
        x, y = where.place(0, column)
        _write(draw, (x, y - LINE), label, where.step[0] - GAP, INK, TEXT)
    for row, label in enumerate(board.rows):
        _write_lines(draw, (MARGIN, where.place(row, 0)[1]), label, ROW_LABELS - GAP)
    for cell in board.cells:
        _draw_cell(sheet, draw, cell, where)
    if where.plot is not None:
        area = (where.size[0] - 2 * MARGIN, PLOT)
        sheet.paste(draw_curves(board.curves, area), (MARGIN, where.plot))
    return sheet


def cell_at(board: Board, x: int, y: int, magnify: int = 1) -> Cell | None:
    """The cell whose picture the pixel (x, y) of draw_sheet(board, magnify) is in; None between them."""
    where = layout(board, magnify)
    column, row = (x - where.origin[0]) // where.step[0], (y - where.origin[1]) // where.step[1]
    left, top = where.place(row, column)
    inside = x - left < where.cell[0] and y - top < where.cell[1]
    return board.at(row, column) if inside else None


def draw_curves(curves: Mapping[str, Sequence[float]], size: tuple[int, int]) -> Image.Image:
    """Costs over evaluations, J logarithmic, one labelled line for each name.

    curves   {name: J after evaluation 1, 2, …}; what is not above 0 is left out
    size     (width, height) in pixels
    """
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    costs = [cost for curve in curves.values() for cost in curve if cost > 0]
    if not costs:
        return picture
    longest = max(map(len, curves.values()))
    low, high = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    left, top, right, bottom = 56, 24, size[0] - 12, size[1] - 28
    high = max(high, low + 1)

    def at(evaluation: int, exponent: float) -> tuple[float, float]:
        x = left + (right - left) * (evaluation - 1) / max(1, longest - 1)
        return x, bottom - (bottom - top) * (exponent - low) / (high - low)

    for exponent in range(low, high + 1, math.ceil((high - low) / 6)):
        y = at(1, exponent)[1]
        draw.line((left, y, right, y), EMPTY)
        draw.text((left - 6, y), f"1e{exponent}", FAINT, _font(SMALL), anchor="rm")
    for evaluation in {1, *(longest * fifth // 5 for fifth in range(1, 6))} - {0}:
        draw.text((at(evaluation, low)[0], bottom + 5), str(evaluation), FAINT, _font(SMALL), anchor="mt")
    draw.text((left, 2), "J", INK, _font(TEXT))
    draw.text((right, size[1] - 1), "evaluation", FAINT, _font(SMALL), anchor="rb")
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = [at(index, math.log10(cost)) for index, cost in enumerate(curve, 1) if cost > 0]
        if len(points) > 1:
            draw.line(points, colour, 2, joint="curve")
        draw.text((left + 40 + 150 * number, 2), spell(name), colour, _font(TEXT))
    return picture


def spell(text: str) -> str:
    """The text with the signs that Pillow's font lacks spelled out: "α/β = 10⁻⁵" → "alpha/beta = 1e-5"."""
    for sign, word in SPELLED.items():
        text = text.replace(sign, word)
    return text


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def _draw_cell(sheet: Image.Image, draw: ImageDraw.ImageDraw, cell: Cell, where: Layout) -> None:
    (x, y), (width, height) = where.place(cell.row, cell.column), where.cell
    image = cell.image
    if image is None:
        draw.rectangle((x, y, x + width - 1, y + height - 1), EMPTY)
    else:
        if image.size != where.cell:
            image = image.resize(where.cell, Image.Resampling.LANCZOS)
        sheet.paste(image, (x, y))
    _write(draw, (x, y + height + 2), cell.caption, where.step[0] - GAP, FAINT, SMALL)


def _write(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int, colour: str, size: int
) -> None:
    """One line, cut to the width it has."""
    text, font = spell(text), _font(size)
    while text and font.getlength(text) > width:
        text = text[:-1]
    draw.text(at, text, colour, font)


def _write_lines(draw: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int) -> None:
    """As many lines as the words need."""
    lines, font = [""], _font(TEXT)
    for word in spell(text).split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if font.getlength(longer) <= width else [*lines, word]
    draw.multiline_text(at, "\n".join(lines), INK, font, spacing=3)
