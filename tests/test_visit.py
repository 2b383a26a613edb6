"""A visit from the first look to a painting: the page in a real browser, against the real app."""

import json
import re
import subprocess

import pytest
from browsing import (
    a_painting,
    choose,
    downloaded,
    number,
    open_advanced,
    paint,
    strength,
    use_recipe,
    wait_for_the_end,
)
from contrasts import contrast
from playwright.sync_api import expect

from nst.recipe import read_recipe

pytestmark = pytest.mark.browser


# The first look


def test_a_finished_example_is_there_before_the_first_click(looked_at):
    page = looked_at
    expect(page.locator("#slider img")).to_have_count(2)
    expect(page.locator("#caption")).to_contain_text("painted by this app")
    loaded = "[...document.querySelectorAll('#slider img')].every((i) => i.complete && i.naturalWidth > 200)"
    page.wait_for_function(loaded)
    expect(page.locator(".picks.pairs button").first.locator("img")).to_have_count(2)


def test_the_page_uses_the_width_there_is(looked_at):
    page = looked_at
    for window, least in ((1280, 1200), (1920, 1290)):
        page.set_viewport_size({"width": window, "height": 1000})
        assert page.locator("#transfer").bounding_box()["width"] >= least


def test_what_a_first_painting_needs_is_in_sight_without_scrolling(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#estimate")).to_contain_text("About")
    for needed in ("#content", "#style", ".strength", "#run", "#estimate", "#slider", "#caption"):
        box = page.locator(needed).bounding_box()
        assert box, needed
        assert box["y"] + box["height"] <= 800, (needed, box)
    for label in ("Size", "Draft"):
        box = page.get_by_label(label).first.bounding_box()
        assert box["y"] + box["height"] <= 800, label


def test_on_a_phone_paint_stays_in_reach_and_the_view_follows_it_to_the_picture(visit, pictures, tmp_path):
    page = visit(390, 844)
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=1000))
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


def test_what_was_refused_is_no_longer_said_once_it_is_mended_and_pictures_are_swapped_and_a_pair_drawn(
    visit, pictures
):
    page = visit()
    page.locator("#run").click()
    refusal = page.locator("#said [role=alert]")
    expect(refusal).to_contain_text("There are no pictures yet")
    page.get_by_role("group", name="Pictures to repaint").get_by_role("button").first.click()
    expect(refusal).to_be_hidden()
    expect(page.locator("#content img")).to_be_visible()
    page.locator("#run").click()
    expect(refusal).to_contain_text("There is no style image yet")
    wait_for_the_end(page)
    choose(page, *pictures)
    expect(refusal).to_be_hidden()
    strength(page).fill("")
    page.locator("#run").click()
    expect(refusal).to_contain_text("Strength must be a number")
    wait_for_the_end(page)
    strength(page).fill("20")
    expect(refusal).to_be_hidden()
    expect(page.locator("#content img")).to_have_attribute("src", re.compile(re.escape(pictures[0].name)))
    before = [page.locator(f"#{name} img").get_attribute("src") for name in ("content", "style")]
    page.locator("#swap").click()
    expect(page.locator("#content img")).to_have_attribute("src", before[1])
    expect(page.locator("#style img")).to_have_attribute("src", before[0])
    page.locator("#surprise").click()
    expect(page.locator("#said")).to_contain_text("evaluation")
    expect(page.locator("#surprise")).to_be_disabled()
    page.locator("#stop").click()
    wait_for_the_end(page)
    expect(page.locator("#surprise")).to_be_enabled()


# No control changes a run by being looked at


def test_looking_at_every_control_and_opening_each_of_advanced_changes_nothing(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=6))
    for box in page.locator("#settings input:visible").all():
        box.focus()
        box.blur()
    open_advanced(page)
    for box in page.locator("#advanced input:visible, #advanced textarea:visible").all():
        if box.get_attribute("type") in ("range", "checkbox"):  # a click there is a choice
            box.focus()
        else:
            box.click()
            page.keyboard.press("Escape")
        box.blur()
    for _ in range(3):  # closed, opened and closed again
        page.get_by_role("button", name="Advanced").click()
        page.wait_for_timeout(300)
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 64 × 48 px")
    settings = read_recipe(downloaded(page).path()).settings
    assert settings == read_recipe(a_painting(tmp_path, evaluations=6)).settings


def test_the_time_it_will_take_the_preset_and_the_title_of_advanced_follow_the_settings(visit):
    page = visit()
    estimate, title = page.locator("#estimate"), page.locator("#advanced > button")
    open_advanced(page)
    expect(estimate).to_contain_text(re.compile(r"About (\d+ min )?\d+ (s|min)"))
    before = estimate.inner_text()
    page.get_by_label("Fine").check()
    expect(estimate).not_to_have_text(before)
    page.get_by_label("Draft").check()
    expect(number(page, "Evaluations")).to_have_value("40")
    gamma = page.get_by_label("γ, total variation")
    for box, value, named, in_use in (
        (strength(page), "60", "Bold: the style comes first", False),
        (number(page, "Evaluations"), "41", "Bold: the style comes first", True),
        (number(page, "Evaluations"), "40", "Bold: the style comes first", False),
        (gamma, "3", "", True),
        (gamma, "5", "Bold: the style comes first", False),
    ):
        box.fill(value)
        expect(title).to_contain_text("in use") if in_use else expect(title).not_to_contain_text("in use")
        expect(page.get_by_label("Preset")).to_have_value(named)
    weights = [page.get_by_label(weight, exact=False).first for weight in "αβ"]
    for weight in weights:
        weight.fill("10")
    strength(page).fill("5")
    for weight in weights:
        expect(weight).to_have_value("")
    expect(page.get_by_label("Preset")).to_have_value("Gentle: the scene stays")
    weights[0].fill("heavy")
    expect(estimate).to_contain_text("α must be a number or empty, not “heavy”.")


# While it runs


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


# Addresses, and what leads elsewhere


def test_an_address_names_the_tab_the_pair_and_the_settings(visit, app):
    page = visit(at="?pair=cat-etching&size=256&seed=11&strength=7&evaluations=1500")
    for name in ("content", "style"):
        expect(page.locator(f"#{name} img")).to_be_visible()
    expect(number(page, "Size")).to_have_value("256")
    expect(strength(page)).to_have_value("7")
    expect(page.locator("#note")).to_have_text("Lowered to what this app gives: evaluations 1000.")
    page.goto(f"{app.url}?tab=units&size=9")
    expect(page.get_by_role("heading", name="What does a unit see?")).to_be_visible()
    expect(page.locator("#note")).to_contain_text("Size must be a whole number from 64")


def test_a_path_of_next_buttons_leads_through_all_tabs_and_each_has_an_address(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("window.addressRead")
    seen = []
    for _ in range(5):
        expect(page.locator(".next:visible")).to_have_count(1)  # the old tab's goes later
        page.locator(".next:visible").click()
        before = json.dumps([*seen, None])
        page.wait_for_function(f"!{before}.includes(new URL(location).searchParams.get('tab'))")
        seen.append(page.evaluate("new URL(location).searchParams.get('tab')"))
        expect(page.locator("[role=tab][aria-selected=true]")).to_be_in_viewport(ratio=1)
    assert seen == ["grid", "reconstruct", "units", "how", "transfer"]


def test_back_and_forward_lead_to_the_tabs_that_were_open(visit):
    page = visit()
    page.wait_for_function("window.addressRead")
    tabs = page.locator("[role=tablist]").get_by_role("tab")

    def expect_opened(number: int, name: str) -> None:
        expect(tabs.nth(number)).to_have_attribute("aria-selected", "true")
        page.wait_for_function(f"tabInAddress() === {name!r}")

    tabs.nth(3).click()
    expect_opened(3, "units")
    tabs.nth(1).click()
    expect_opened(1, "grid")
    page.go_back()
    expect_opened(3, "units")
    page.go_back()
    expect_opened(0, "transfer")
    page.go_forward()
    expect_opened(3, "units")
    page.go_back()  # Forward itself has added nothing
    expect_opened(0, "transfer")
    page.go_forward()
    expect_opened(3, "units")
    page.goto(page.url.replace("units", "unknown'\""))
    page.wait_for_function("window.addressRead")
    tabs.nth(1).click()
    expect_opened(1, "grid")
    page.go_back()
    expect_opened(0, "transfer")


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
    assert codes[1].startswith("python -m nst photo.jpg painting.jpg -o result.png")
    for name, file in zip(("photo.jpg", "painting.jpg"), pictures, strict=True):
        (tmp_path / name).write_bytes(file.read_bytes())
    done = subprocess.run(["bash", "-c", codes[2]], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert '"state": "done"' in done.stdout, done
