"""The four tabs of the studies in a real browser, against the real app."""

import re
from itertools import product

import pytest
from browsing import (
    SOON,
    bring_a_second_style,
    choose,
    downloaded,
    open_advanced,
    set_number,
    strength,
)
from contrasts import contrast, light_and_dark
from PIL import Image
from playwright.sync_api import expect
from tiny import waves

pytestmark = pytest.mark.browser

TABS = {  # and the button of each
    "Which layers make the style?": "#grid-run",
    "What does each layer keep?": "#reconstruct-run",
    "What does a unit see?": "#units-run",
    "Where does J come from?": "#how-run",
}
BOARDS = ("Which layers make the style?", "What does each layer keep?")


def open_tab(page, name):
    page.locator("[role=tablist]").get_by_role("tab", name=name).click()
    expect(page.locator(TABS[name])).to_be_visible()
    # The new tab is there before the old one has gone, whose fields of the same name would be found first.
    expect(page.locator(".about:visible h2")).to_have_count(1)
    expect(page.locator("#run")).to_be_hidden()


def self_taught(page):
    box = page.get_by_label("Network").locator("visible=true").first
    box.click()
    page.get_by_role("option", name="Self-taught").locator("visible=true").click()


def test_every_tab_opens_with_three_paragraphs_and_fits_its_window(looked_at):
    page = looked_at
    tabs = page.locator("[role=tablist]").first.locator("[role=tab]:visible")
    expect(tabs).to_have_text(["Transfer", *TABS])
    for width, name in product((1280, 390), TABS):
        page.set_viewport_size({"width": width, "height": 900})
        open_tab(page, name)
        expect(page.locator(".about:visible p:not(.note)")).to_have_text([re.compile(r".\.\)?$")] * 3)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(WIDER) == [], (name, width)
        if name in BOARDS:  # of a size at which its words can be read
            assert page.locator(".board .whole:visible").bounding_box()["width"] > 800


# What reaches over the right edge of the window, but for what scrolls in a box of its own: its beginning.
WIDER = """
[...document.querySelectorAll('.tabitem:has(.about) *')]
  .filter((e) => e.checkVisibility() && !e.closest('.visually-hidden'))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .filter((e) => {
    for (let box = e.parentElement; box; box = box.parentElement)
      if (/auto|scroll/.test(getComputedStyle(box).overflowX)) return false;
    return true;
  })
  .map((e) => e.outerHTML.slice(0, 100))
"""


def test_text_stands_out_in_every_tab_and_one_of_them_is_run_with_the_keyboard_alone(visit):
    page = visit()
    set_number(page, "Size", 64)
    faint = {}
    for name, run in TABS.items():
        open_tab(page, name)
        texts = [".about h2", ".about p", ".about .note", run]
        if run in ("#grid-run", "#reconstruct-run"):
            texts.append(".board ~ .note")
        if run == "#how-run":
            run_with_the_keyboard(page, name, "how-run")
            expect(page.locator("#how-sums .formula").last).to_contain_text("J = α", timeout=2 * SOON)
            expect(page.locator("#how-maps figcaption").first).to_be_visible(timeout=2 * SOON)
            texts += [
                "#how-place .note",
                ".sums .formula",
                ".sums th",
                ".sums td",
                ".sums .unused td",
                "#how-maps figcaption",
            ]
        for scheme in light_and_dark(page):
            ratios = {
                f"{name} {text}, {scheme}": contrast(page, f".tabitem:has({run}) {text}") for text in texts
            }
            faint |= {text: ratio for text, ratio in ratios.items() if ratio < 4.5}
    assert faint == {}


def run_with_the_keyboard(page, tab, button):
    """Back from Transfer to a tab, and to its button: no mouse."""
    page.get_by_role("tab", name="Transfer").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#run")).to_be_visible()
    page.get_by_role("tab", name=tab).focus()
    page.keyboard.press("Enter")
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == button:
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def test_the_grid_fills_in_and_a_picture_opens_in_transfer(visit, pictures):
    page = visit()
    choose(page, *pictures)
    bring_a_second_style(page, pictures[0])
    page.get_by_role("button", name="Regions").click()
    expect(page.locator("#brush img")).to_be_visible()
    page.wait_for_function("document.querySelector('#brush img')?.naturalWidth > 0")
    page.locator("#brush canvas").click()
    expect(page.locator(".brush[data-marked]")).to_have_count(1)
    open_tab(page, "Which layers make the style?")
    set_number(page, "Size", 64)
    set_number(page, "Evaluations", 10)
    self_taught(page)
    watch_box(page, "#grid-sheet .board")
    page.locator("#grid-run").click()
    expect(page.locator("#grid-sheet .note", has_text="An example")).to_have_count(0)
    expect(page.locator("#grid-sheet img:visible")).to_be_visible()
    expect(page.locator("#grid-said")).to_contain_text("20 pictures, 200 evaluations", timeout=6 * SOON)
    with Image.open(downloaded(page, "#grid-download").path()) as sheet:
        assert (sheet.format, sheet.getpixel((3, 3))) == ("PNG", (255, 255, 255))
    assert spread(page) <= 2
    press(page, "up to conv3_1, α/β = 10⁻⁴")
    page.locator(".chosen button").click()
    expect(page.get_by_role("tab", name="Transfer")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#note")).to_have_text(
        "The settings of this picture are filled in: up to conv3_1, α/β = 10⁻⁴."
    )
    expect(page.locator("#note")).to_be_in_viewport()
    expect(page.locator("#second > button")).not_to_contain_text("in use")
    expect(page.locator(".brush[data-marked]")).to_have_count(0)
    expect(page.locator("input[type=number][aria-label*='Size']").first).to_have_value("64")
    open_advanced(page)
    expect(page.locator("input[type=number][aria-label*='Evaluations']").first).to_have_value("10")
    expect(page.get_by_label("Preset")).to_have_value("")
    expect(strength(page)).to_have_value("30")
    expect(page.get_by_label("Start from")).to_have_value("Noise")


def watch_box(page, selector):
    """From now on every size of the element is kept in the page."""
    page.locator(selector).wait_for()
    page.evaluate(
        """(selector) => {
          window.boxes = [];
          const keep = (seen) => {
            const box = seen[0].contentRect;
            window.boxes.push([box.width, box.height]);
          };
          new ResizeObserver(keep).observe(document.querySelector(selector));
        }""",
        selector,
    )


def spread(page):
    """How far apart the widths, or the heights, of the element watched have been."""
    return max(max(sides) - min(sides) for sides in zip(*page.evaluate("window.boxes"), strict=True))


def press(page, label):
    button = page.locator("#grid-sheet").get_by_role("button", name=label, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#grid-sheet [aria-pressed=true]")).to_have_count(1)
    expect(page.locator(".chosen b")).to_have_text(label)
    expect(page.locator(".chosen button")).to_be_in_viewport()


def test_before_a_press_an_example_of_the_kind_chosen_is_there_with_its_time_and_its_pictures_open(
    visit,
):
    page = visit()
    open_tab(page, "Which layers make the style?")
    expect(page.locator("#grid-sheet .note")).to_contain_text("An example: Lake × Palette knife")
    expect(page.locator("#grid-sheet img:visible")).to_have_js_property("complete", True)
    assert page.locator("#grid-sheet img:visible").evaluate("(image) => image.naturalWidth") > 1000
    expect(page.locator("#grid-download")).to_be_hidden()
    press(page, "conv1_1, α/β = 10⁻⁵")
    outline = page.locator("#grid-sheet [aria-pressed=true]").evaluate("(e) => getComputedStyle(e).boxShadow")
    assert outline != "none"
    follows(page, lambda: set_number(page, "Size", 64))
    open_tab(page, BOARDS[1])
    shown = page.locator("#reconstruct-sheet img:visible")
    expect(shown).to_have_attribute("src", re.compile("reconstruct-"))
    follows(page, lambda: page.get_by_label("Three optimisers").check())
    expect(shown).to_have_attribute("src", re.compile("optimizers-"))
    expect(page.locator("#reconstruct-sheet .note")).to_contain_text("500 evaluations")
    expect(page.get_by_text("Evaluations were set to 500, as usual for this sheet.")).to_be_visible()
    assert page.locator("#reconstruct-sheet button").count() == 0
    follows(page, lambda: page.get_by_label("Seven statistics of style").check())
    open_tab(page, BOARDS[0])
    last = page.locator("#grid-sheet [data-index]").last  # the keyboard alone
    last.focus()
    page.keyboard.press("Enter")
    expect(last).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chosen")).to_contain_text("style relu1_1, relu2_1, relu3_1, relu4_1, relu5_1")
    page.keyboard.press("Tab")
    expect(page.locator(".chosen button")).to_be_focused()
    page.keyboard.press("Enter")
    for name in ("content", "style"):
        expect(page.locator(f"#{name} img")).to_be_visible()
    expect(page.locator("#note")).to_contain_text("up to conv5_1, α/β = 10⁻²")


def test_the_sheet_is_as_light_or_dark_as_the_page(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 1280, "height": 900})
    for scheme in light_and_dark(page):
        for name in BOARDS:
            open_tab(page, name)
            image = page.locator(".board img:visible")
            expect(image).to_have_count(1)
            expect(image).to_have_class(f"on-{scheme}")
            assert image.evaluate(CORNER) == pytest.approx({"light": 255, "dark": 30}[scheme], abs=4)


# The red level of a pixel in the corner of a picture.
CORNER = """
async (image) => {
  await image.decode();
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.drawImage(image, 0, 0);
  return canvas.getImageData(3, 3, 1, 1).data[0];
}
"""


def test_every_control_has_help_of_a_line_or_two(looked_at):
    page = looked_at
    for name, width in product(BOARDS, (390, 1280, 1920)):
        page.set_viewport_size({"width": width, "height": 1000})
        open_tab(page, name)
        found = page.evaluate(HELP)
        assert len(found) == 4, name
        assert [help_ for help_ in found if not help_["text"].endswith(".")] == [], name
        assert [help_ for help_ in found if help_["lines"] > 2 or help_["cut"]] == [], (name, width)


# Of each control that is seen: the text of its help, its lines, and whether any of it is cut.
HELP = """
[...document.querySelectorAll('.tabitem .row .block')]
  .filter((e) => e.offsetParent && e.querySelector('input') && !e.querySelector('.block')).map((e) => {
    const info = e.querySelector('[data-testid=block-info] ~ div, .info, [id$=-info]');
    if (!info) return {text: '', lines: 0, cut: true};
    return {text: info.innerText.trim(), cut: info.scrollWidth > info.clientWidth + 1,
      lines: Math.round(info.getBoundingClientRect().height / parseFloat(getComputedStyle(info).lineHeight))};
  })
"""


def test_reconstruct_can_be_stopped_and_keeps_what_is_done(visit, pictures):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "What does each layer keep?")
    set_number(page, "Evaluations", 500)
    self_taught(page)
    page.locator("#reconstruct-run").click()
    expect(page.locator("#reconstruct-said")).to_contain_text("Painting at", timeout=2 * SOON)
    expect(page.locator("#reconstruct-sheet .note", has_text="An example")).to_have_count(0)
    page.locator("#reconstruct-stop").click()
    expect(page.locator("#reconstruct-said")).to_contain_text("the sheet shows how far it came")
    expect(page.locator("#reconstruct-download")).to_be_visible()
    page.get_by_label("Three optimisers").check()
    expect(page.get_by_text("Evaluations were set to 500")).to_be_visible()
    set_number(page, "Evaluations", 12)
    page.locator("#reconstruct-run").click()
    expect(page.get_by_role("alert")).to_contain_text("Evaluations must be a multiple of 5")
    expect(page.locator("#reconstruct-run")).to_be_enabled()
    expect(page.locator("#reconstruct-download")).to_be_visible()


def test_units_are_shown_for_the_pictures_looked_at_so_far_and_after_an_error_a_run_can_be_begun_again(
    visit, pictures, tmp_path
):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "What does a unit see?")
    expect(page.locator("#units .note")).to_contain_text("An example: 9 units of relu3_1")
    expect(page.locator("#units figure img").last).to_have_js_property("naturalWidth", 196)
    page.locator("#units-on").click()
    expect(page.locator("body")).to_contain_text("No pictures that were looked at are kept here: press Look.")
    expect(page.locator("#units figure")).to_have_count(9)  # the example stays
    expect(page.locator("#units-first input")).to_have_value("0")
    page.locator("#units-first input").fill("40")
    page.keyboard.press("Tab")  # nothing was looked at yet: it stays
    page.locator("#units-layer input").focus()
    page.wait_for_timeout(500)
    expect(page.locator("#units-first input")).to_have_value("40")
    page.locator("#units-first input").fill("0")
    expect(page.get_by_label("Unit", exact=True)).to_have_value("0")
    self_taught(page)
    page.locator("#units-run").click()
    expect(page.locator("#units-said")).to_contain_text("Looking at the pictures", timeout=2 * SOON)
    page.locator("#units-stop").click()
    expect(page.locator("#units .note")).to_have_count(0, timeout=2 * SOON)
    expect(page.locator("#units figure")).to_have_count(9)
    first = page.locator("#units figcaption").first.inner_text()
    page.locator("#units-on").click()
    expect(page.locator("#units figcaption").first).not_to_have_text(first)
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 9")
    page.locator("#units-on").click()  # while what drove the nine is still coming in
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 18")
    for _ in range(2):  # two presses of a person, faster than the page is drawn
        page.locator("#units-back").click(delay=60)
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 0")
    for typed, unit in (("40", "Unit 40"), ("-3", "Unit 0"), ("9999", "Unit 55")):
        page.locator("#units-first input").fill(typed)
        page.keyboard.press("Tab")
        expect(page.locator("#units figcaption").first).to_contain_text(unit)
        expect(page.locator("#units-first input")).to_have_value(unit.removeprefix("Unit "))
    files = [tmp_path / f"{number}.png" for number in range(13)]
    for file in files:
        waves(64, 64).save(file)
    for some, there in ((files[:7], 7), (files[7:], 13)):
        page.locator("#units-added input[type=file]").set_input_files(some)
        expect(page.locator("#units-added tr")).to_have_count(there)
    page.locator("#units-run").click()
    said = page.locator("#units-said [role=alert]")
    expect(said).to_contain_text("You added 13 pictures and at most 12 are looked at")
    expect(page.locator("#units-run")).to_be_enabled()
    expect(page.locator("#units-stop")).to_be_disabled()
    expect(said).to_be_visible()


def follows(page, change):
    """The time that a sheet will take follows a change."""
    line = page.locator("[id$=-estimate]:visible")
    expect(line).to_contain_text(re.compile(r"About (\d+ min )?\d+ (s|min) on this machine"))
    before = line.inner_text()
    change()
    expect(line).not_to_have_text(before)
    expect(line).to_contain_text("About")
