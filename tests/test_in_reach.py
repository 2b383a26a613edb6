"""What a visitor can reach, and what the page no longer says: one opening of it serves several tests."""

import pytest
from browsing import number, open_advanced, strength, wait_for_the_end
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# How far what the keyboard is at reaches below the upper edge of Paint's bar, in pixels.
HIDDEN = """
() => {
  const bar = document.querySelector('.row:has(> #run)'), at = document.activeElement;
  if (bar.contains(at) || !at.closest('#transfer') || getComputedStyle(at).opacity === '0') return 0;
  const [box, cover] = [at, bar].map((e) => e.getBoundingClientRect());
  return Math.min(box.bottom, cover.bottom) - Math.max(box.top, cover.top);
}
"""


def test_settings_that_a_phone_folds_are_there_when_it_is_turned(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#settings > button").click()
    expect(number(page, "Size")).to_be_hidden()
    page.set_viewport_size({"width": 844, "height": 390})
    expect(number(page, "Size")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(number(page, "Size")).to_be_hidden()
    page.locator("#settings > button").click()
    expect(number(page, "Size")).to_be_visible()


@pytest.mark.parametrize("size", [(1280, 500), (390, 844)], ids=["a low window", "a phone"])
def test_what_the_keyboard_comes_to_is_not_behind_paint(looked_at, size):
    page = looked_at
    page.set_viewport_size({"width": size[0], "height": size[1]})
    hidden = []
    for key in ("Tab", "Shift+Tab"):
        page.locator("#swap" if key == "Tab" else "#recipe").focus()
        for _ in range(25):
            page.keyboard.press(key)
            hidden.append(page.evaluate(HIDDEN))
    assert max(hidden) <= 1


def test_the_keyboard_goes_on_from_a_tab_that_was_opened_from_another(looked_at):
    page = looked_at
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Next: Which layers make the style?").click()
    expect(page.get_by_role("tab", name="Which layers make the style?")).to_be_focused()
    page.locator("#grid-sheet [data-index]").first.click()
    page.get_by_role("button", name="Open in Transfer").click()
    expect(page.get_by_role("tab", name="Transfer")).to_be_focused()


def test_until_the_page_is_ready_nothing_is_brought_and_what_is_chosen_then_stays(visit, app):
    page = visit(leaves=True)
    page.route("**/gradio_api/run/**", lambda route: None)  # held back
    page.goto(f"{app.url}?pair=cat-etching&size=96&tab=transfer")
    expect(page.locator("#content")).to_be_visible()
    page.wait_for_timeout(500)
    for name in ("content", "style"):
        expect(page.locator(f"#{name} input[type=file]")).to_have_count(0)
    page.unroute("**/gradio_api/run/**")  # which lets go of what was held back
    expect(page.locator("#run")).to_be_enabled()
    expect(number(page, "Size")).to_have_value("96")
    strength(page).fill("")
    page.locator("#run").click()
    refusal = page.locator("#said [role=alert]")
    expect(refusal).to_contain_text("Strength must be a number")
    wait_for_the_end(page)
    assert "pair=cat-etching&size=96" in page.url  # nothing was painted: a reload fills it in again
    open_advanced(page)
    page.get_by_label("Seed").fill("11")
    expect(refusal).to_be_hidden()
    page.locator("#run").click()
    expect(refusal).to_be_visible()
    expect(refusal).to_contain_text("Strength must be a number")
    wait_for_the_end(page)
    page.get_by_label("Preset").click()
    page.get_by_role("option", name="Gentle").click()
    expect(refusal).to_be_hidden()
    expect(strength(page)).to_have_value("5")
    expect(number(page, "Size")).to_have_value("96")
    expect(page.get_by_label("Seed")).to_have_value("11")
    number(page, "Evaluations").fill("1000")  # so that it can be stopped
    page.locator("#run").click()
    expect(page.locator("#said [data-run]")).to_be_attached()
    page.wait_for_function("location.search === '?tab=transfer'")  # a reload fills in what was painted
    page.locator("#stop").click()
    wait_for_the_end(page)
