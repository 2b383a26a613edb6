"""What the page says and marks stays in step with what is there, in a real browser."""

import pytest
from browsing import a_painting, choose, number, paint, set_number, use_recipe, wait_for_the_end
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_tab_that_was_opened_before_the_address_was_read_is_in_it_then(visit, app):
    page = visit(leaves=True)
    page.route("**/gradio_api/run/**", lambda route: None)  # held back, and with it the address
    page.goto(app.url)
    page.get_by_role("tab", name="What does a unit see?").click()
    expect(page.get_by_role("heading", name="What does a unit see?")).to_be_visible()
    assert "tab=" not in page.url
    page.unroute("**/gradio_api/run/**")  # which lets go of what was held back
    page.wait_for_function("new URL(location.href).searchParams.get('tab') === 'units'")


def test_what_was_said_of_a_preset_is_not_said_of_the_pair_pressed_after_it(visit):
    page = visit()
    page.get_by_role("button", name="Advanced").click()
    page.get_by_label("Preset").click()
    page.get_by_role("option", name="Gentle").click()
    expect(page.locator("#note")).to_contain_text("The settings of this preset are filled in.")
    page.locator("#pairs button").first.click()
    expect(page.locator("#note")).not_to_contain_text("preset")
    page.locator("#stop").click()
    wait_for_the_end(page)


def test_a_painting_that_is_pressed_is_marked_though_its_strip_is_not_sent_anew(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    for size in (64, 72):
        paint(page, a_painting(tmp_path, evaluations=4, size=size))
    strip = page.get_by_role("group", name="Paintings of this visit").get_by_role("button")
    page.evaluate("document.querySelector('#visit .paintings').kept = true")
    for pressed, other in ((0, 1), (1, 0), (0, 1)):
        strip.nth(pressed).click()
        expect(strip.nth(pressed)).to_have_attribute("aria-pressed", "true")
        expect(strip.nth(other)).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("document.querySelector('#visit .paintings').kept")
    paint(page, a_painting(tmp_path, evaluations=4, size=80))
    expect(strip).to_have_count(3)
    expect(strip.nth(2)).to_have_attribute("aria-pressed", "true")


def test_a_piece_of_brushwork_is_marked_as_long_as_its_style_scale_is_set(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=6, size=64))
    page.get_by_role("button", name="Brushwork").click()
    page.locator("#try-brushwork").click()
    pieces = page.get_by_role("group", name="Sizes of brushwork").get_by_role("button")
    expect(pieces).to_have_count(3)
    pieces.nth(1).click()
    expect(pieces.nth(1)).to_have_attribute("aria-pressed", "true")
    pieces.first.click()
    expect(number(page, "Style scale")).to_have_value("0.5")
    expect(pieces.first).to_have_attribute("aria-pressed", "true")
    set_number(page, "Style scale", 0.7)
    expect(pieces.first).to_have_attribute("aria-pressed", "false")
    set_number(page, "Style scale", 2)
    expect(pieces.nth(2)).to_have_attribute("aria-pressed", "true")
