"""The sheet: cells where cell_at() says, labels that can be read, curves on a log scale."""

import time
from dataclasses import replace

import pytest
from PIL import Image, ImageFont

from nst import Settings
from nst.studies.board import Board, Cell
from nst.studies.sheet import SPELLED, cell_at, draw_curves, draw_sheet, layout, spell

COLOURS = {(r, c): (40 + 90 * r, 40 + 60 * c, 200) for r in range(2) for c in range(3)}


def board(size=(96, 64), curves=None):
    cells = tuple(
        Cell(r, c, f"{r}, {c}", Settings(), 3, 5, None, "content 0.1", lambda key=(r, c): plain(key, size))
        for r, c in COLOURS
    )
    rows, columns = ("conv1_1", "up to conv2_1"), ("α/β = 10⁻⁵", "α/β = 10⁻⁴", "α/β = 10⁻²")
    return Board(
        title="Layers × α/β",
        source="A source",
        rows=rows,
        columns=columns,
        cells=cells,
        curves=curves or {},
        size=size,
    )


def plain(key, size):
    return Image.new("RGB", size, COLOURS[key])


@pytest.mark.parametrize("magnify", [1, 2, 3])
@pytest.mark.parametrize("size", [(96, 64), (64, 128), (200, 120)])
def test_the_pixels_of_a_cell_are_those_cell_at_says(size, magnify):
    shown = board(size)
    sheet = draw_sheet(shown, magnify)
    areas = dict.fromkeys(COLOURS, 0)
    for y in range(0, sheet.height, 3):
        for x in range(0, sheet.width, 3):
            cell = cell_at(shown, x, y, magnify)
            colour = sheet.getpixel((x, y))
            place = cell and (cell.row, cell.column)
            assert (colour in COLOURS.values()) == (cell is not None)
            if place:
                assert colour == COLOURS[place]
                areas[place] += 1
    assert min(areas.values()) > 0.9 * size[0] * size[1] * magnify**2 / 9


def test_beside_the_sheet_there_is_no_cell():
    shown = board()
    width, height = draw_sheet(shown).size
    assert all(cell_at(shown, x, y) is None for x, y in [(-5, -5), (0, 0), (width, height), (10**6, 90)])


def test_a_place_without_a_picture_is_an_empty_frame():
    shown = board()
    shown = replace(shown, cells=(replace(shown.cells[0], render=None), *shown.cells[1:]))
    x, y = layout(shown).place(0, 0)
    assert draw_sheet(shown).getpixel((x + 9, y + 9)) == (238, 238, 238)


def test_a_board_of_which_nothing_is_known_yet_can_be_drawn():
    assert draw_sheet(Board(title="Title", source="Source")).size[0] > 100


def test_labels_are_spelled_with_signs_the_font_has():
    font = ImageFont.load_default(size=13)
    missing = bytes(font.getmask("\uffff"))
    said = spell("Layers × α/β = 10⁻⁵, 10⁻², x², γ λ – →" + "".join(SPELLED))
    assert said.startswith("Layers x alpha/beta = 1e-5, 1e-2, x^2, gamma lambda - ->")
    assert [sign for sign in set(said) - {" "} if bytes(font.getmask(sign)) == missing] == []


def test_twenty_cells_are_drawn_fast_enough_for_a_preview():
    size = (128, 96)
    picture = Image.new("RGB", size)
    cells = tuple(
        Cell(r, c, "", Settings(), caption="content 0.12, style 0.034", render=lambda: picture)
        for r in range(5)
        for c in range(4)
    )
    shown = Board(
        title="Title",
        source="Source",
        rows=tuple("abcde"),
        columns=tuple("wxyz"),
        cells=cells,
        size=size,
    )
    draw_sheet(shown)
    start = time.process_time()
    for _ in range(5):
        draw_sheet(shown)
    assert (time.process_time() - start) / 5 < 0.2


def test_equal_ratios_of_cost_are_equal_heights_of_the_curve():
    picture = draw_curves({"one": [500.0] * 50, "two": [50.0] * 50, "three": [5.0] * 50}, (600, 240))
    heights = [line_of(picture, colour) for colour in ((31, 119, 180), (214, 39, 40), (44, 160, 44))]
    assert heights == sorted(heights)
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=1.5)


def line_of(picture, colour):
    """Mean height of a line's pixels in the right half, where no label is."""
    ys = [y for y in range(30, picture.height) if picture.getpixel((560, y)) == colour]
    return sum(ys) / len(ys)


def test_curves_are_drawn_below_the_cells_and_belong_to_none():
    shown = board(curves={"L-BFGS": [3.0, 1.0, 0.0]})
    sheet = draw_sheet(shown)
    assert sheet.height > draw_sheet(board()).height + 200
    assert all(cell_at(shown, x, sheet.height - 60) is None for x in range(0, sheet.width, 7))


def test_curves_without_a_positive_cost_are_an_empty_plot():
    assert draw_curves({"L-BFGS": []}, (300, 200)).getcolors() == [(300 * 200, (255, 255, 255))]
