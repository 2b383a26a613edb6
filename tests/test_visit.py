"""A visit from the first look to coming back: the page in a real browser, against the real app."""

import json
import re
import subprocess

import pytest
from browsing import (
    a_painting,
    choose,
    contrast,
    number,
    open_advanced,
    strength,
    use_recipe,
    wait_for_the_end,
)
from PIL import Image
from playwright.sync_api import expect

from nst.recipe import read_recipe

pytestmark = pytest.mark.browser


def paint(page, recipe) -> None:
    use_recipe(page, recipe)
    page.locator("#run").click()
    expect(page.locator("#said")).to_contain_text(f"Painted {read_recipe(recipe).settings.size} × ")
    wait_for_the_end(page)


def downloaded(page):
    with page.expect_download() as download:
        page.locator("#download").click()
    return download.value


# The first look


def test_a_finished_example_is_there_before_the_first_click(visit):
    page = visit()
    expect(page.locator("#slider img")).to_have_count(2)
    expect(page.locator("#caption")).to_contain_text("painted by this app")
    loaded = "[...document.querySelectorAll('#slider img')].every((i) => i.complete && i.naturalWidth > 200)"
    page.wait_for_function(loaded)
    expect(page.locator(".picks.pairs button").first.locator("img")).to_have_count(2)


def test_the_page_uses_the_width_there_is(visit):
    page = visit()
    for window, least in ((1280, 1200), (1920, 1290)):
        page.set_viewport_size({"width": window, "height": 1000})
        assert page.locator("#transfer").bounding_box()["width"] >= least


def test_what_a_first_painting_needs_is_in_sight_without_scrolling(visit):
    page = visit(1280, 800)
    expect(page.locator("#estimate")).to_contain_text("About")
    for needed in ("#content", "#style", ".strength", "#run", "#estimate", "#slider", "#caption"):
        box = page.locator(needed).bounding_box()
        assert box, needed
        assert box["y"] + box["height"] <= 800, (needed, box)
    for label in ("Size", "Draft"):
        box = page.get_by_label(label).first.bounding_box()
        assert box["y"] + box["height"] <= 800, label


def test_how_long_it_will_take_is_said_before_paint_and_follows_the_settings(visit):
    page = visit()
    expect(page.locator("#estimate")).to_contain_text(re.compile(r"About (\d+ min )?\d+ (s|min)"))
    before = page.locator("#estimate").inner_text()
    page.get_by_label("Fine").check()
    expect(page.locator("#estimate")).not_to_have_text(before)
    open_advanced(page)
    page.get_by_label("α", exact=False).first.fill("heavy")
    expect(page.locator("#estimate")).to_contain_text("α must be a number or empty, not “heavy”.")


def test_on_a_phone_paint_stays_in_reach_and_the_view_follows_it_to_the_picture(visit, pictures, tmp_path):
    page = visit(390, 844)
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=400))
    for place in (0, 300, 1e6):
        page.evaluate(f"scrollTo({{top: {place}, behavior: 'instant'}})")
        box = page.locator("#run").bounding_box()
        assert 0 <= box["y"] <= 844 - box["height"]
    footer = page.locator("footer").bounding_box()
    assert footer["y"] + footer["height"] <= box["y"]
    page.locator("#run").click()
    expect(page.locator("#live img")).to_be_in_viewport()
    page.locator("#stop").click()
    wait_for_the_end(page)


# No control changes a run by being looked at


def test_looking_at_every_control_changes_nothing(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    page.get_by_test_id("Open a recipe-upload-button").set_input_files(a_painting(tmp_path, evaluations=6))
    expect(page.locator("#note")).to_contain_text("filled in")
    for _ in range(2):
        page.get_by_role("button", name="Advanced").click()
        page.wait_for_timeout(300)
    for box in page.locator("#settings input:visible").all():
        box.focus()
        box.blur()
    page.locator("#run").click()
    wait_for_the_end(page)
    settings = read_recipe(downloaded(page).path()).settings
    assert settings == read_recipe(a_painting(tmp_path, evaluations=6)).settings


def test_opening_and_closing_each_control_of_advanced_changes_nothing(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=6))
    open_advanced(page)
    for box in page.locator("#advanced input:visible, #advanced textarea:visible").all():
        if box.get_attribute("type") in ("range", "checkbox"):  # a click there is a choice
            box.focus()
        else:
            box.click()
            page.keyboard.press("Escape")
        box.blur()
    page.get_by_role("button", name="Advanced").click()
    page.locator("#run").click()
    wait_for_the_end(page)
    expect(page.locator("#said")).to_contain_text("Painted")
    settings = read_recipe(downloaded(page).path()).settings
    assert settings == read_recipe(a_painting(tmp_path, evaluations=6)).settings


def test_the_preset_and_the_title_of_advanced_follow_the_settings(visit):
    page = visit()
    title, preset = page.locator("#advanced > button"), page.get_by_label("Preset")
    open_advanced(page)
    page.get_by_label("Draft").check()
    expect(number(page, "Evaluations")).to_have_value("40")
    strength(page).fill("60")
    expect(preset).to_have_value("Bold: the style comes first")
    expect(title).not_to_contain_text("in use")
    number(page, "Evaluations").fill("41")
    expect(title).to_contain_text("Advanced · in use")
    expect(preset).to_have_value("Bold: the style comes first")
    number(page, "Evaluations").fill("40")
    expect(title).not_to_contain_text("in use")
    page.get_by_label("γ, total variation").fill("3")
    expect(preset).to_have_value("")
    expect(title).to_contain_text("Advanced · in use")
    page.get_by_label("γ, total variation").fill("5")
    expect(preset).to_have_value("Bold: the style comes first")
    expect(title).not_to_contain_text("in use")


# While it runs


def test_the_tabs_title_says_how_far_it_is_and_when_it_is_done(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=300))
    page.locator("#run").click()
    page.wait_for_function("/^\\d+ % · /.test(document.title)")
    page.locator("#stop").click()
    page.wait_for_function("document.title.startsWith('Stopped')")
    wait_for_the_end(page)


def test_who_waits_sees_the_picture_to_be_painted_and_one_time(visit, pictures, tmp_path):
    first, second = visit(), visit()
    for page in (first, second):
        choose(page, *pictures)
        use_recipe(page, a_painting(tmp_path, evaluations=1000, size=128))
    first.locator("#run").click()
    expect(first.locator("#said")).to_contain_text("evaluation")
    second.locator("#run").click()
    expect(second.locator("#said")).to_contain_text("1 run comes before yours.")
    expect(second.locator("#live img")).to_be_visible()
    for page in (second, first):
        page.locator("#stop").click()
        wait_for_the_end(page)


# The paintings of a visit


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
    page.get_by_role("button", name="Take as content").click()
    expect(page.locator(".offer")).to_be_visible()
    page.get_by_role("button", name="Repaint it").click()
    expect(page.locator(".offer")).to_be_hidden()


def test_a_run_that_fails_leaves_the_last_painting_in_sight(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=6))
    page.locator("#double").click()
    expect(page.get_by_role("alert")).to_contain_text("64 × 48 pixels and both sides need at least 64")
    wait_for_the_end(page)
    expect(page.locator("#slider img")).to_have_count(2)
    strength(page).fill("")
    page.locator("#run").click()
    expect(page.get_by_role("alert")).to_contain_text("Strength must be a number")
    wait_for_the_end(page)
    expect(page.locator("#slider img")).to_have_count(2)
    expect(page.locator("#download")).to_be_visible()


def test_a_reload_finds_the_paintings_of_the_visit(visit, pictures, tmp_path):
    page = visit(leaves=True)
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=4, size=96))
    paint(page, a_painting(tmp_path, evaluations=6))
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
    wait_for_the_end(page)
    expect(strip).to_have_count(3)
    settings = read_recipe(downloaded(page).path()).settings
    assert settings == read_recipe(a_painting(tmp_path, evaluations=6)).settings
    page.reload()
    expect(page.locator("#style img")).to_be_visible()
    page.get_by_role("tab", name="Where does J come from?").click()
    page.locator("#how-run").click()
    expect(page.locator("#how-place")).to_contain_text("Evaluation 6, painted at 64 × 48 px.")
    expect(page.locator("#how-costs")).to_contain_text("total J")


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


def test_paint_waits_until_the_pictures_of_the_last_visit_are_filled_in(visit, app, pictures, tmp_path):
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
    expect(page.locator("#said")).to_contain_text("Painted 64 × 48 px")


def test_what_was_refused_is_no_longer_said_once_it_is_mended(visit, pictures):
    page = visit()
    page.locator("#run").click()
    refusal = page.locator("#said [role=alert]")
    expect(refusal).to_contain_text("There are no pictures yet")
    choose(page, *pictures)
    expect(refusal).to_be_hidden()
    strength(page).fill("")
    page.locator("#run").click()
    expect(refusal).to_contain_text("Strength must be a number")
    wait_for_the_end(page)
    strength(page).fill("20")
    expect(refusal).to_be_hidden()


def test_what_an_address_says_is_to_be_painted_goes_before_what_a_reload_would_fill_in(
    visit, app, pictures, tmp_path
):
    page = visit(leaves=True)
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=6))
    page.goto(f"{app.url}?pair=cat-etching&size=256")
    strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    expect(strip).to_have_count(1)
    expect(number(page, "Size")).to_have_value("256")
    assert "chelsea" in page.locator("#content img").get_attribute("src")


def test_a_painting_stopped_by_closing_its_page_is_said_to_have_been(visit, pictures, tmp_path):
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


def test_swap_and_surprise(visit, pictures):
    page = visit()
    choose(page, *pictures)
    before = [page.locator(f"#{name} img").get_attribute("src") for name in ("content", "style")]
    page.locator("#swap").click()
    expect(page.locator("#content img")).to_have_attribute("src", before[1])
    expect(page.locator("#style img")).to_have_attribute("src", before[0])
    page.locator("#surprise").click()
    expect(page.locator("#said")).to_contain_text("evaluation")
    page.locator("#stop").click()
    wait_for_the_end(page)


# Addresses, and what leads elsewhere


def test_an_address_names_the_tab_the_pair_and_the_settings(visit, app):
    page = visit()
    page.goto(f"{app.url}?pair=cat-etching&size=256&seed=11&strength=7")
    for name in ("content", "style"):
        expect(page.locator(f"#{name} img")).to_be_visible()
    expect(number(page, "Size")).to_have_value("256")
    expect(strength(page)).to_have_value("7")
    page.goto(f"{app.url}?tab=units")
    expect(page.get_by_role("heading", name="What does a unit see?")).to_be_visible()
    page.goto(f"{app.url}?size=9")
    expect(page.locator("#note")).to_contain_text("Size must be a whole number from 64")


def test_a_path_of_next_buttons_leads_through_all_tabs_and_each_has_an_address(visit):
    page = visit()
    page.wait_for_function("window.addressRead")
    seen = []
    for _ in range(5):
        page.locator(".next:visible").click()
        before = json.dumps([*seen, None])
        page.wait_for_function(f"!{before}.includes(new URL(location).searchParams.get('tab'))")
        seen.append(page.evaluate("new URL(location).searchParams.get('tab')"))
    assert seen == ["grid", "reconstruct", "units", "how", "transfer"]


def test_the_settings_used_can_be_run_with_curl(visit, app, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    paint(page, a_painting(tmp_path, evaluations=6))
    page.get_by_role("button", name="Settings used").click()
    codes = [page.locator("#used .cm-content").nth(n).inner_text() for n in range(3)]
    assert "Settings(" in codes[0]
    for weight in ("α (content)", "β (style)", "γ (total variation)", "κ (colour in total variation)"):
        expect(page.locator("#used dt", has_text=weight)).to_be_visible()
    assert contrast(page, "#used .cm-line span") >= 4.5
    assert codes[1].startswith("nst photo.jpg painting.jpg -o result.png")
    for name, file in zip(("photo.jpg", "painting.jpg"), pictures, strict=True):
        (tmp_path / name).write_bytes(file.read_bytes())
    done = subprocess.run(["bash", "-c", codes[2]], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert '"state": "done"' in done.stdout, done
