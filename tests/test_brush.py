"""The brush on the content image, on the page; and what a client may send in its place."""

import base64
import io

import numpy as np
import pytest
from browsing import a_painting, choose, downloaded, use_recipe, wait_for_the_end
from PIL import Image
from playwright.sync_api import expect
from server import ROOT, png
from tiny import waves

from nst import SettingsError
from nst.recipe import read_recipe
from nst.ui.brush import PREFIX, address_of, mask_of, mask_url


def drag(page, start, end):
    """From one place of the sheet to another, by parts of its width and height."""
    page.wait_for_function("document.querySelector('#brush img')?.naturalWidth > 0")
    page.locator("#brush canvas").scroll_into_view_if_needed()
    box = page.locator("#brush canvas").bounding_box()
    (x, y), (u, v) = (
        (box["x"] + across * box["width"], box["y"] + down * box["height"]) for across, down in (start, end)
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(u, v, steps=5)
    page.mouse.up()


def marked(page) -> tuple[int, int]:
    """How many pixels of the sheet are red, and how many blue."""
    return tuple(
        page.locator("#brush canvas").evaluate(
            """sheet => {
              const levels = sheet.getContext('2d').getImageData(0, 0, sheet.width, sheet.height).data;
              const count = [0, 0];
              for (let at = 0; at < levels.length; at += 4)
                if (levels[at + 3] > 127) count[levels[at] > 127 ? 0 : 1] += 1;
              return count;
            }"""
        )
    )


@pytest.mark.browser
def test_what_is_brushed_stays_as_it_is_and_what_is_erased_does_not(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, size=128, evaluations=20))
    page.get_by_role("button", name="Regions").click()
    expect(page.locator("#brush img")).to_be_visible()
    page.locator("#brush .width input").fill("100")
    drag(page, (0.1, 0.5), (0.9, 0.5))
    red = marked(page)[0]
    assert red > 100 * 380  # a stroke as wide as the brush over four fifths of 512 px
    page.locator("#brush").get_by_label("Erase").check()
    drag(page, (0.5, 0.5), (0.9, 0.5))
    assert 0.3 * red < marked(page)[0] < 0.6 * red
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 128 × 96 px")
    result = downloaded(page).path()
    assert read_recipe(result).others == ("mask",)
    said = "getComputedStyle(document.querySelector('#regions > button span'), '::after').content"
    assert "in use" in page.evaluate(said)
    with Image.open(result) as painting:
        change = abs(np.asarray(painting).astype(float) - np.asarray(waves(128, 96)).astype(float)).mean(2)
    assert change[44:52, 20:40].max() <= 1
    assert change[:20].mean() > 2
    page.get_by_role("button", name="Settings used").click()
    expect(page.locator("#used")).to_contain_text("By a mask")
    page.get_by_role("button", name="Use its settings").click()
    expect(page.locator("#note")).to_contain_text(
        "It had regions: what is marked stays, and what is not must be marked again."
    )
    page.wait_for_timeout(300)
    assert marked(page)[0] > 0
    page.locator("#brush .clear").click()
    page.wait_for_function(f"{said} === 'none'")
    page.locator("#brush canvas").evaluate("sheet => sheet.scrollIntoView({block: 'center'})")
    assert marked(page) == (0, 0)
    page.locator("#brush .width input").fill("30")
    page.locator("#brush").get_by_label("Keep as it is").check()
    drag(page, (0.5, 0.5), (0.6, 0.5))
    page.wait_for_function(f"{said} !== 'none'")
    page.locator("#brush .width input").fill("128")
    page.locator("#brush").get_by_label("Erase").check()
    drag(page, (0.4, 0.5), (0.7, 0.5))
    page.wait_for_function(f"{said} === 'none'")


@pytest.mark.browser
def test_regions_need_what_they_name_and_another_picture_has_none_yet(visit, pictures):
    page = visit()
    page.get_by_role("button", name="Regions").click()
    expect(page.locator("#brush")).to_contain_text("Choose a content image first")
    choose(page, *pictures)
    expect(page.locator("#brush img")).to_be_visible()
    page.get_by_label("Second style", exact=True).check()
    drag(page, (0.2, 0.2), (0.4, 0.6))
    assert marked(page)[1] > 1000
    page.get_by_test_id("Open a recipe-upload-button").set_input_files(pictures[0])
    expect(page.locator("#note")).to_contain_text("carries no recipe")
    page.wait_for_timeout(300)
    assert marked(page)[1] > 1000
    lake = page.get_by_role("group", name="Pictures to repaint").get_by_role("button").first
    before = page.locator("#brush img").get_attribute("src")
    lake.click()
    expect(page.locator("#brush img")).not_to_have_attribute("src", before)
    drag(page, (0.2, 0.2), (0.4, 0.6))
    lake.click()  # the same picture once more
    page.wait_for_timeout(500)
    assert marked(page)[1] > 1000
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_contain_text("give exactly two style images")
    before = page.locator("#brush img").get_attribute("src")
    page.locator("#swap").click()
    expect(page.locator("#brush img")).not_to_have_attribute("src", before)
    assert marked(page) == (0, 0)
    page.locator("#brush canvas").hover()
    page.mouse.down()
    page.locator("#content").get_by_label("Remove Image").dispatch_event("click")  # by the keyboard, say
    expect(page.locator("#brush")).to_contain_text("Choose a content image first")
    page.locator("#brush").hover()
    page.mouse.up()


def test_a_brushs_mask_is_its_png_and_an_empty_one_is_none():
    data = png(waves(8, 8))
    assert mask_of({"picture": "x", "mask": PREFIX + base64.b64encode(data).decode()}) == data
    for empty in (None, "", 3, [], {}, {"mask": ""}, {"mask": None}):
        assert mask_of(empty) is None


@pytest.mark.parametrize(
    "mask", [7, ["x"], "x", "data:text/html,hello", PREFIX + "%%%", PREFIX + "Ä", PREFIX + "abc"], ids=repr
)
def test_what_a_client_sends_for_a_mask_is_refused_in_one_sentence(mask):
    with pytest.raises(SettingsError, match="The regions cannot be read: clear them and paint them again"):
        mask_of({"mask": mask})


def coloured(page, brush, colour) -> int:
    """How many pixels of a brush's sheet have exactly this colour."""
    return page.locator(f"#{brush} canvas").evaluate(
        """(sheet, colour) => {
          const levels = sheet.getContext('2d').getImageData(0, 0, sheet.width, sheet.height).data;
          let count = 0;
          for (let at = 0; at < levels.length; at += 4)
            if (colour.every((level, band) => levels[at + band] === level)) count += 1;
          return count;
        }""",
        [*colour, 255],
    )


# What is said for less than the time between two looks is remembered.
REMEMBERING = """
() => {
  const said = document.querySelector('#parts-said');
  window.saidOfParts = [];
  const look = () => window.saidOfParts.push(said.innerText);
  new MutationObserver(look).observe(said, {childList: true, subtree: true, characterData: true});
}
"""


@pytest.mark.browser
def test_parts_that_are_alike_are_proposed_and_what_is_changed_with_the_brush_is_what_is_painted(
    visit, tmp_path
):
    page = visit()
    page.get_by_role("button", name="Regions").click()
    page.locator("#find-parts").click()
    expect(page.locator("#parts-said")).to_contain_text("choose a content and a style image")
    choose(page, ROOT / "examples/content/lake.jpg", ROOT / "examples/styles/night_wind.jpg")
    use_recipe(page, a_painting(tmp_path))
    expect(page.locator("#style-brush img")).to_be_visible()
    drag(page, (0.1, 0.1), (0.9, 0.1))
    page.locator("#find-parts").click()
    expect(page.locator("#parts-said")).to_contain_text("Proposed: the same colour is painted alike")
    for brush in ("brush", "style-brush"):
        page.wait_for_function(f"document.querySelector('#{brush} canvas').dataset.begun")
        for colour in ((0, 255, 0), (255, 255, 0)):
            assert coloured(page, brush, colour) > 512 * 384 // 10
    before = coloured(page, "brush", (255, 0, 0))
    assert before > 40 * 380  # what is to stay as it is was marked before, and is left
    drag(page, (0.1, 0.5), (0.9, 0.5))
    assert coloured(page, "brush", (255, 0, 0)) > before + 40 * 380
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 64 × 48 px")
    assert read_recipe(downloaded(page).path()).others == ("mask", "style_mask")
    before = page.locator("#brush img").get_attribute("src")
    page.evaluate(REMEMBERING)
    page.locator("#find-parts").click()
    page.wait_for_function("document.querySelector('#regions .proposal button:last-of-type:enabled')")
    page.locator("#swap").click()  # while the parts of the pictures before are looked for
    expect(page.locator("#brush img")).not_to_have_attribute("src", before)
    page.wait_for_function("saidOfParts.some((said) => said.includes('Looking for parts that are alike'))")
    expect(page.locator("#find-parts")).to_be_enabled()
    page.wait_for_timeout(300)
    expect(page.locator("#parts-said")).not_to_contain_text("Proposed")
    expect(page.locator("#brush img")).not_to_have_attribute("src", before)
    expect(page.locator("#style-brush canvas")).not_to_have_attribute("data-begun", "yes")


def test_a_proposed_mask_is_drawn_where_it_has_a_colour_and_nowhere_else():
    mask = Image.new("RGB", (4, 2))
    mask.paste((255, 255, 0), (0, 0, 2, 2))
    with Image.open(io.BytesIO(mask_of({"mask": mask_url(mask)}))) as read:
        assert [*read.convert("RGBA").getchannel("A").tobytes()] == [255, 255, 0, 0] * 2
        assert read.getpixel((0, 0)) == (255, 255, 0, 255)
    assert [address_of(value) for value in ({"picture": "x"}, {"picture": None}, {}, 3)] == ["x", "", "", ""]


@pytest.mark.browser
def test_a_second_finger_draws_no_line_to_the_first(visit, pictures):
    page = visit()
    page.get_by_role("button", name="Regions").click()
    choose(page, *pictures)
    expect(page.locator("#brush img")).to_be_visible()
    page.wait_for_function("document.querySelector('#brush img')?.naturalWidth > 0")
    page.locator("#brush .width input").fill("8")
    page.locator("#brush canvas").scroll_into_view_if_needed()
    box = page.locator("#brush canvas").bounding_box()
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *across: float) -> None:
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + box["height"] / 2, "id": n}
            for n, x in enumerate(across)
        ]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.1)
    touch("touchMove", 0.2)
    alone = marked(page)[0]
    assert alone > 0
    touch("touchStart", 0.2, 0.9)
    for _ in range(2):
        touch("touchMove", 0.2, 0.8)
        touch("touchMove", 0.21, 0.9)
    touch("touchEnd", 0.21)
    touch("touchMove", 0.25)
    touch("touchEnd")
    assert alone < marked(page)[0] < 3 * alone  # a line to the other is ten times as long
    assert page.locator("#brush .brush").get_attribute("data-marked") is not None
