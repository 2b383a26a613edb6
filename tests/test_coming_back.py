"""The paintings of a visit: seen again, compared and used, and found after a reload, in a real browser."""

import json
import re

import pytest
from browsing import (
    a_painting,
    asked_of,
    choose,
    comes_to_rest,
    downloaded,
    number,
    open_advanced,
    paint,
    strength,
    use_recipe,
    wait_for_the_end,
)
from PIL import Image
from playwright.sync_api import expect

from nst.recipe import read_recipe

pytestmark = pytest.mark.browser


def test_the_visits_paintings_can_be_seen_again_compared_and_used(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    for seed, size in ((7, 64), (8, 72)):  # two sizes: use_recipe() waits for the field to change
        paint(page, a_painting(tmp_path, evaluations=seed - 1, seed=seed, size=size))
    expect(page.locator("#said")).to_contain_text("7 evaluations")
    strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    expect(strip).to_have_count(2)
    expect(strip.first).to_contain_text("1: content × style")
    expect(strip.first).to_have_attribute("title", re.compile("content × style.*Seed: 7"))
    expect(strip.last).to_contain_text("Seed: 8")
    expect(strip.last).to_have_attribute("aria-pressed", "true")
    strip.first.click()
    expect(strip.first).to_have_attribute("aria-pressed", "true")
    expect(strip.last).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#said")).to_contain_text("6 evaluations")
    expect(page.locator("#costs .curves")).to_contain_text("6 evaluations")
    expect(page.locator("#used")).to_contain_text("Settings used")
    page.get_by_role("button", name="Settings used").click()
    expect(page.locator("#used dl")).to_contain_text("Seed7")
    assert downloaded(page).suggested_filename == "content-style-7.png"
    old = page.locator("#slider img").first.get_attribute("src")
    page.locator("#compare input").click()
    page.get_by_role("option", name="Painting 2").click()
    expect(page.locator("#slider img").first).not_to_have_attribute("src", old)
    expect(page.locator("#caption")).to_contain_text("Painting 2 is on the left")
    page.locator("#finished").get_by_role("button", name="Use its settings").click()
    open_advanced(page)
    expect(page.get_by_label("Seed")).to_have_value("7")
    before, asked = page.locator("#content img").get_attribute("src"), asked_of(page)
    page.get_by_role("button", name="Take as content").click()
    expect(page.locator("#content img")).not_to_have_attribute("src", before)
    assert comes_to_rest(page, asked)
    expect(page.locator(".offer")).to_be_hidden()  # whoever takes it so repaints it


def test_beside_a_run_that_fails_or_still_goes_on_earlier_paintings_are_seen_and_no_other_is_begun(
    visit, pictures, tmp_path
):
    page = visit()
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=6))
    for typed, said in (("-5", "not “-5”"), ("", "not empty")):
        strength(page).fill(typed)
        page.locator("#run").click()
        expect(page.get_by_role("alert")).to_contain_text(
            f"Strength must be a number from 0.1 to 1000, {said}."
        )
        wait_for_the_end(page)
        expect(page.locator("#slider img")).to_have_count(2)
        expect(page.locator("#download")).to_be_visible()
    strength(page).fill("10")
    number(page, "Size").fill("72")
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 72 × 54 px")
    expect(page.locator("#go-on")).to_be_visible()
    use_recipe(page, a_painting(tmp_path, evaluations=1000, size=128))
    page.locator("#run").click()
    expect(page.locator("#said .figures")).to_contain_text("of 1000")
    page.get_by_role("group", name="Paintings of this visit").get_by_role("button").first.click()
    expect(page.locator("#slider")).to_be_visible()
    expect(page.locator("#live img")).to_be_visible()
    for name in ("go-on", "double"):
        expect(page.locator(f"#{name}")).to_be_hidden()
        expect(page.locator(f"#{name}")).to_be_disabled()
    before = page.locator("#content img").get_attribute("src")
    expect(page.locator("#pairs button").first).to_have_attribute("aria-disabled", "true")
    page.locator("#pairs button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    expect(page.locator("#content img")).to_have_attribute("src", before)
    page.locator("#stop").click()
    wait_for_the_end(page)
    expect(page.locator("#live")).to_be_hidden()
    expect(page.locator("#pairs button").first).to_have_attribute("aria-disabled", "false")
    expect(page.locator("#go-on")).to_be_visible()
    expect(page.locator("#go-on")).to_be_enabled()


def test_a_reload_finds_the_paintings_of_the_visit(visit, pictures, tmp_path):
    page = visit(leaves=True)
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=4, size=96))
    paint(page, a_painting(tmp_path, evaluations=6))
    assert_remembered(page, 2)
    page.reload()
    strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    expect(strip).to_have_count(2)
    expect(strip.nth(1)).to_contain_text("2: content × style")
    expect(page.locator("#said")).to_contain_text("6 evaluations")
    expect(strip.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#download")).to_contain_text("64 × 48 px")
    with Image.open(downloaded(page).path()) as picture:
        assert picture.size == (64, 48)
    strip.first.click()
    expect(page.locator("#download")).to_contain_text("96 × 72 px")
    for name in ("content", "style"):
        expect(page.locator(f"#{name} img")).to_be_visible()
    expect(number(page, "Size")).to_have_value("64")
    expect(strength(page)).to_have_value("12")
    page.locator("#run").click()
    expect(strip).to_have_count(3)
    wait_for_the_end(page)
    settings = read_recipe(downloaded(page).path()).settings
    assert settings == read_recipe(a_painting(tmp_path, evaluations=6)).settings
    page.reload()
    expect(page.locator("#style img")).to_be_visible()
    page.get_by_role("tab", name="Where does J come from?").click()
    page.locator("#how-run").click()
    expect(page.locator("#how-place")).to_contain_text("Evaluation 6, painted at 64 × 48 px.")
    expect(page.locator("#how-costs")).to_contain_text("total J")
    page.get_by_role("tab", name="Transfer").click()
    page.evaluate("window.old = true")
    page.locator("#forget").click()
    page.wait_for_function(
        "!window.old && !localStorage['nst-paintings'] && document.querySelector('#run:enabled')"
    )
    expect(strip).to_have_count(0)
    expect(page.locator("#content img")).to_have_count(0)


def assert_remembered(page, paintings: int) -> None:
    """The browser keeps the names of so many folders and nothing else."""
    kept = page.evaluate("({...localStorage})")
    assert [*kept] == ["nst-paintings"]
    names = json.loads(kept["nst-paintings"])
    assert (type(names), len(names)) == (list, paintings)
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


def test_two_tabs_of_one_browser_remember_what_both_painted(visit, profile, app, pictures, tmp_path):
    first = visit()
    second = profile.new_page()
    second.goto(app.url)
    for page, size in ((second, 64), (first, 72)):
        choose(page, *pictures)
        paint(page, a_painting(tmp_path, evaluations=4, size=size))
    second.reload()
    strip = second.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    expect(strip).to_have_count(2)
    expect(strip.last).to_contain_text("72")
    second.close()


def test_paint_waits_for_the_pictures_of_the_last_visit_and_those_that_an_address_names_go_before_them(
    visit, app, pictures, tmp_path
):
    page = visit(leaves=True)
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=4))
    page.route("**/gradio_api/run/**", lambda route: None)  # held back
    page.goto(app.url)
    expect(page.locator("#run")).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.locator("#run")).to_be_disabled()
    page.unroute("**/gradio_api/run/**")  # which lets go of what was held back
    expect(page.locator("#run")).to_be_enabled()
    page.locator("#run").click()
    strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    expect(strip).to_have_count(2)  # what is said of the last visit's painting is said of this one, too
    wait_for_the_end(page)
    page.goto(f"{app.url}?pair=cat-etching&size=256")
    expect(page.locator("#run")).to_be_enabled()
    expect(strip).to_have_count(2)
    expect(number(page, "Size")).to_have_value("256")
    assert "chelsea" in page.locator("#content img").get_attribute("src")


def test_a_painting_stopped_by_closing_its_page_is_said_to_have_been_until_it_is_forgotten(
    visit, pictures, tmp_path
):
    page = visit(leaves=True)
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=1000, size=256))
    page.locator("#run").click()
    expect(page.locator("#said")).to_contain_text("evaluation")
    page.wait_for_function("localStorage.getItem('nst-paintings')?.length > 20")
    page.reload()
    said = re.compile("This was not finished|It was stopped at evaluation")
    expect(page.locator("#caption")).to_contain_text(said)
    expect(page.locator("#content img")).to_be_visible()
    expect(number(page, "Size")).to_have_value("256")
    expect(page.locator("#slider img")).to_have_count(2)
    # Forget was pressed with Paint, and the empty page is slow to come: what the run says is not remembered.
    page.evaluate("navigation.addEventListener('navigate', (event) => event.preventDefault())")
    page.locator("#forget").dispatch_event("click")
    page.locator("#run").click()
    expect(page.locator("#said [data-run]")).to_be_attached()
    assert page.evaluate("localStorage.getItem('nst-paintings')") is None
