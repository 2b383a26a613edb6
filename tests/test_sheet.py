"""The sheet: cells where the layout says, type that can be read, one shape at every size, two palettes."""

import asyncio
import re
from dataclasses import replace
from importlib.util import find_spec as really_find_spec
from pathlib import Path
from urllib.parse import unquote

import gradio as gr
import pytest
from contrasts import contrast_of
from PIL import Image, ImageDraw

from nst import Settings
from nst.studies import lettering
from nst.studies.board import COMPARE, GRID, RECONSTRUCT, STATISTICS, Board, Cell
from nst.studies.board_files import StoredBoard, read_board, write_board
from nst.studies.lettering import SPELLED, spell
from nst.studies.outlines import outline
from nst.studies.palette import DARK, LIGHT
from nst.studies.plot import draw_curves
from nst.studies.sheet import draw_sheet, layout, pictured
from nst.ui.boards import sheet_settings, usual
from nst.ui.running.frames import Frame
from nst.ui.running.limits import Limits
from nst.ui.sheet_panel import SheetPanel
from nst.ui.sheet_view import OnSheet, sheet_html

COLOURS = {(r, c): (40 + 90 * r, 40 + 60 * c, 200) for r in range(2) for c in range(3)}
SIGNS = "αβγλ×→⁰¹²³⁴⁵⁶⁷⁸⁹−–…·"
KINDS = {"grid": GRID, "reconstruct": RECONSTRUCT, "statistics": STATISTICS, "optimizers": COMPARE}
EXAMPLES = Path(__file__).parents[1] / "examples"


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


# Where everything is


@pytest.mark.parametrize("magnify", [1, 2, 3])
@pytest.mark.parametrize("size", [(96, 64), (64, 128), (200, 120)])
def test_a_cell_is_in_its_box_and_nowhere_else(size, magnify):
    shown = board(size)
    sheet = draw_sheet(shown, magnify)
    counted = {colour: count for count, colour in sheet.getcolors(sheet.width * sheet.height)}
    width, height = layout(shown, magnify).cell
    for place, colour in COLOURS.items():
        left, top, right, bottom = layout(shown, magnify).box(*place)
        edges = left * sheet.width, top * sheet.height, right * sheet.width, bottom * sheet.height
        cell = sheet.crop([round(edge) for edge in edges])
        assert (cell.size, cell.getcolors()) == ((width, height), [(width * height, colour)])
        assert counted[colour] == width * height
    assert max(width, height) == 256 * magnify


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [(768, 576), (377, 600), (500, 500), (301, 997)])
def test_every_sheet_of_a_run_has_the_proportions_of_the_empty_one(kind, content):
    empty = layout(outline(kind, content, 64, 10))
    painted = replace(outline(kind, content, 64, 10), cells=board().cells[:1])
    for magnify in (1, 2, 3):
        large = layout(painted, magnify)
        assert large.size == tuple(magnify * side for side in empty.size)
        assert large.place(1, 2) == tuple(magnify * side for side in empty.place(1, 2))
        assert large.box(1, 2) == pytest.approx(empty.box(1, 2))


def test_the_text_grows_with_the_sheet():
    once, twice = (title(magnify) for magnify in (1, 2))
    apart = [abs(a - b) for a, b in zip(twice.reduce(2).tobytes(), once.tobytes(), strict=True)]
    ink = sum(255 - level for level in once.tobytes())
    assert sum(apart) < 0.4 * ink  # hinting moves an edge by half a pixel


def title(magnify):
    sheet = draw_sheet(board(), magnify)
    return sheet.crop((0, 0, sheet.width, 90 * magnify))


def test_a_place_without_a_picture_is_an_empty_frame():
    shown = board()
    shown = replace(shown, cells=(replace(shown.cells[0], render=None), *shown.cells[1:]))
    for palette, colour in ((LIGHT, (244, 240, 232)), (DARK, (43, 41, 38))):
        for sheet, place in ((shown, (0, 0)), (replace(shown, cells=()), (1, 2))):
            x, y = layout(sheet).place(*place)
            assert draw_sheet(sheet, palette=palette).getpixel((x + 9, y + 9)) == colour


def test_a_board_of_which_nothing_is_known_yet_can_be_drawn():
    assert draw_sheet(Board(title="Title", source="Source")).size[0] > 100


# Type


@pytest.mark.parametrize("is_bold", [False, True])
def test_greek_signs_and_raised_digits_are_in_the_font(is_bold):
    type_ = lettering.lettering(24, is_bold)
    assert not type_.is_spelled
    missing = bytes(type_.font.getmask("\ufffe"))
    assert [sign for sign in SIGNS if bytes(type_.font.getmask(sign)) == missing] == []
    assert bytes(type_.font.getmask("⁻")) == missing  # so it is drawn


@pytest.mark.parametrize("is_bold", [False, True])
def test_a_raised_minus_is_a_short_line_at_the_height_of_the_raised_digits(is_bold):
    type_ = lettering.lettering(40, is_bold)
    digit, minus = written(type_, "⁰").getbbox(), written(type_, "⁻").getbbox()
    assert minus[2] - minus[0] > 2 * (minus[3] - minus[1])
    assert minus[2] - minus[0] < 40 * 0.45
    assert (minus[1] + minus[3]) / 2 == pytest.approx((digit[1] + digit[3]) / 2, abs=1)
    assert minus[3] < written(type_, "−").getbbox()[1]
    assert type_.width("10⁻⁵") > type_.width("10⁵") + 5


def written(type_, text):
    picture = Image.new("L", (400, 100))
    type_.write(ImageDraw.Draw(picture), (20, 70), text, "white")
    return picture


def test_text_is_as_wide_as_it_says_and_ends_where_it_is_told_to():
    type_ = lettering.lettering(40)
    left, _, right, _ = written(type_, "10⁻⁵").getbbox()
    assert right - left == pytest.approx(type_.width("10⁻⁵"), abs=6)
    picture = Image.new("L", (400, 100))
    type_.write(ImageDraw.Draw(picture), (390, 70), "10⁻⁵", "white", "r")
    assert picture.getbbox()[2] == pytest.approx(390, abs=3)


def test_long_text_is_cut_and_long_labels_are_broken():
    type_ = lettering.lettering(17)
    cut = type_.cut("content 0.12, style 0.034", 120)
    assert cut.endswith("…")
    assert type_.width(cut) <= 120
    assert type_.wrapped("up to conv5_1", 80) == ["up to", "conv5_1"]


def test_without_gradio_labels_are_spelled_with_signs_pillows_font_has(monkeypatch):
    monkeypatch.setattr(lettering, "find_spec", lambda name: name != "gradio" and really_find_spec(name))
    lettering.lettering.cache_clear()
    try:
        type_ = lettering.lettering(24)
        assert type_.is_spelled
        missing = bytes(type_.font.getmask("\uffff"))
        said = spell("Layers × α/β = 10⁻⁵, 10⁻², x², γ λ – → 10⁰ 10¹² 10⁻¹²" + "".join(SPELLED))
        assert said.startswith("Layers x alpha/beta = 1e-5, 1e-2, x^2, gamma lambda - -> 1e0 1e12 1e-12")
        assert [sign for sign in set(said) - {" "} if bytes(type_.font.getmask(sign)) == missing] == []
        assert written(type_, "α⁻").getbbox() == written(type_, "alpha⁻").getbbox()
        assert draw_sheet(board()).size == layout(board()).size
    finally:
        lettering.lettering.cache_clear()


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_curves_stand_out_from_the_paper(palette):
    for colour in (palette.ink, palette.quiet, *palette.curves):
        assert contrast_of(rgb(colour), rgb(palette.paper)) >= 4.5
    assert len(set(palette.curves)) == len(palette.curves) >= 3


def rgb(colour):
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_pictures_are_rendered_once_for_the_sheets_of_both_palettes():
    rendered, shown = [], board()

    def rendering(cell):
        def render():
            rendered.append((cell.row, cell.column))
            return cell.render()

        return replace(cell, render=render)

    once = pictured(replace(shown, cells=tuple(map(rendering, shown.cells))))
    for palette in (LIGHT, DARK):
        assert draw_sheet(once, palette=palette).tobytes() == draw_sheet(shown, palette=palette).tobytes()
    assert rendered == [*COLOURS]


# Curves


def test_equal_ratios_of_cost_are_equal_heights_of_the_curve():
    picture = draw_curves({"one": [500.0] * 50, "two": [50.0] * 50, "three": [5.0] * 50}, (600, 320))
    heights = [line_of(picture, colour) for colour in ((31, 111, 181), (179, 66, 15), (74, 122, 31))]
    assert heights == sorted(heights)
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=1.5)


def line_of(picture, colour):
    """Mean height of a line's pixels in the right half, where no label is."""
    ys = [y for y in range(40, picture.height) if picture.getpixel((560, y)) == colour]
    return sum(ys) / len(ys)


def test_curves_are_drawn_below_the_cells_and_belong_to_none():
    shown = board(curves={"L-BFGS": [3.0, 1.0, 0.0]})
    sheet, without = draw_sheet(shown), draw_sheet(board())
    assert sheet.height > without.height + 200
    assert sheet.height == draw_sheet(board(curves={"L-BFGS": []})).height
    below = layout(shown).plot
    assert all(layout(shown).box(*place)[3] * sheet.height <= below for place in COLOURS)


def test_curves_without_a_positive_cost_are_an_empty_plot():
    assert draw_curves({"L-BFGS": []}, (300, 200)).getcolors() == [(300 * 200, (255, 255, 255))]


# Boards kept in files


def test_a_board_kept_in_a_file_is_read_as_it_was(tmp_path):
    painted = board(curves={"L-BFGS": (3.21987, 1.0)})
    kept = StoredBoard("grid", GRID, ("Lake", "Palette knife"), replace(painted, features="VGG-19"))
    write_board(kept, tmp_path / "kept.jpg")
    again = read_board(tmp_path / "kept.jpg")
    assert (again.kind, again.settings, again.pictures) == ("grid", GRID, ("Lake", "Palette knife"))
    assert again.board.curves == {"L-BFGS": (3.22, 1.0)}
    for name in ("title", "source", "features", "rows", "columns", "size"):
        assert getattr(again.board, name) == getattr(kept.board, name)
    for old, new in zip(kept.board.cells, again.board.cells, strict=True):
        assert (old.label, old.caption, old.settings) == (new.label, new.caption, new.settings)
        assert new.image.getpixel((9, 9)) == pytest.approx(old.image.getpixel((9, 9)), abs=4)


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_sheet_was_painted_at_the_present_defaults(kind):
    from nst.studies.grid import CONTENT_LAYERS, cell_settings, relative_strength
    from nst.studies.outlines import RATIOS

    kept = read_board(EXAMPLES / "sheets" / f"{kind}.jpg")
    now = outline(kind, (768, 576), KINDS[kind].size, KINDS[kind].evaluations)
    assert (kept.kind, kept.settings) == (kind, KINDS[kind])
    for name in ("title", "source", "rows", "columns", "size"):
        assert getattr(kept.board, name) == getattr(now, name)
    assert list(kept.board.curves) == list(now.curves)
    assert len(kept.board.cells) == len(now.rows) * len(now.columns)
    assert all(cell.evaluation == cell.settings.evaluations for cell in kept.board.cells)
    if kind == "grid":
        for cell in kept.board.cells:
            ladder, ratio = tuple(cell.settings.style_layers), RATIOS[cell.column]
            assert len(ladder) == cell.row + 1
            assert cell.settings == cell_settings(GRID, ratio, CONTENT_LAYERS[0], ladder)
            assert cell.settings.strength == relative_strength(ratio)


def test_the_example_of_units_is_of_all_pictures_at_hand_and_the_layer_its_tab_starts_with():
    from nst.ui.example_units import FILE, read_units
    from nst.ui.gallery import read_gallery
    from nst.ui.units_tab import PAGE, START

    kept, page = read_units(EXAMPLES / "sheets" / FILE)
    assert (kept.layer, kept.pictures) == (START, len(read_gallery().all_files))
    assert len(kept.captions) == PAGE
    assert page.width * PAGE == 2 * page.height


def test_the_example_of_how_it_works_adds_up_and_is_light(tmp_path, monkeypatch):
    """J is the sum of its parts, each of which the table has, and the pictures are files of their own."""
    from nst.ui.example_how import example_how

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    html = example_how()
    assert len(html) < 40_000
    assert "data:" not in html
    served = re.findall(r'src="gradio_api/file=([^"]+)"', html)
    assert len(served) == 3 + 3 + 8
    assert all(Path(unquote(path)).is_file() for path in served)
    parts = [float(part) for part in re.findall(r"<td>([-+.e0-9]+)</td></tr>", html)]
    total = float(re.findall(r"<b>([-+.e0-9]+)</b>", html)[-1])
    tv = 5 * float(re.findall(r"5 · ([-+.e0-9]+) = <b>", html)[-1])
    assert sum(parts) + tv == pytest.approx(total, rel=0.01)
    assert example_how(tmp_path) == ""


def test_a_sheet_is_seen_over_the_one_before_it_until_its_picture_has_come():
    before, now = (Frame("working", "", picture=f"{name}.png", dark=f"{name}-dark.png") for name in "ab")
    found = sheet_html(OnSheet(now, (None, None)), "A sheet", before=before)
    light, dark = re.findall("<img .*?>", found)
    assert "file=b.png" in light
    assert "background-image: url('gradio_api/file=a.png')" in light
    assert "background-image: url('gradio_api/file=a-dark.png')" in dark
    assert "background-image" not in sheet_html(OnSheet(now, (None, None)), "A sheet")


async def built() -> SheetPanel:
    """In a running event loop, as Blocks would otherwise open two and never close them."""
    with gr.Blocks():
        return SheetPanel("grid", "Paint", "A sheet")


def test_a_run_that_ends_before_its_first_picture_leaves_the_sheet_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    panel, pair, path = asyncio.run(built()), ("a.png", "b.png"), str(tmp_path / "sheet.png")
    plain((0, 0), (64, 48)).save(path)
    earlier = OnSheet(Frame("done", "", picture=path, result=path), pair)
    stopped = Frame("stopped", "Stopped before there was a picture.")
    frames = [Frame("working", "Getting ready.", picture="empty.png"), stopped]
    going = [dict(zip(panel.going, values, strict=True)) for values in panel.values(frames, pair)]
    assert "empty.png" in going[0][panel.sheet]
    assert [values[panel.on_sheet] for values in going] == [gr.skip()] * 2
    ended = dict(zip(panel.ended, panel.end(stopped, earlier), strict=True))
    assert path in ended[panel.sheet]
    assert ended[panel.download].visible
    *_, (_, _, _, kept) = panel.values([earlier.frame], pair)
    assert kept == earlier
    assert dict(zip(panel.ended, panel.end(earlier.frame, kept), strict=True))[panel.sheet] == gr.skip()


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_app_paints_the_sheets_that_its_own_page_begins_with(kind):
    limits = Limits(max_size=128, max_evaluations=333)
    limits.check(sheet_settings(kind, {}, limits))
    assert usual(kind, limits).size == 128
    assert usual(kind, limits).evaluations == min(KINDS[kind].evaluations, 330)
    assert usual(kind, Limits()) == KINDS[kind]
