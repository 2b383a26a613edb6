"""The four tabs of the studies in a real browser, against the real app."""

import re
from collections.abc import Iterator

import pytest
from browsing import SOON, a_painting, choose, contrast, use_recipe, wait_for_the_end
from playwright.sync_api import expect
from server import REAL_APP, Server

pytestmark = pytest.mark.browser

TABS = ("Layers × α/β", "Reconstruct", "What the network sees", "How it works")


@pytest.fixture(scope="module")
def app(tmp_path_factory) -> Iterator[Server]:
    server = Server(REAL_APP, tmp_path_factory.mktemp("tabs"))
    yield server
    server.stop()


def open_tab(page, name):
    tab = page.locator("[role=tablist]").get_by_role("tab", name=name)
    if not tab.is_visible():  # on a phone, in the menu behind the row
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.click()
    expect(page.locator(".about:visible h2")).to_be_visible()
    # The new tab is there before the old one has gone, whose fields of the same name would be found first.
    expect(page.locator("#run")).to_be_hidden()


def set_number(page, label, value):
    box = page.locator(f"input[type=number][aria-label*='{label}']:visible").first
    box.fill(str(value))
    box.press("Tab")


def self_taught(page):
    box = page.get_by_label("Features").locator("visible=true").first
    box.click()
    page.get_by_role("option", name="Self-taught").locator("visible=true").click()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", TABS)
def test_every_tab_opens_with_three_sentences_and_fits_its_window(visit, name, width):
    page = visit(width, 900)
    open_tab(page, name)
    said = page.locator(".about:visible p").first
    expect(said).to_be_visible()
    assert len(re.findall(r"[.:;] |\.$", said.inner_text())) >= 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background_in_every_tab(visit, scheme):
    page = visit(color_scheme=scheme)
    faint = {}
    for name, run in zip(TABS, ("#grid-run", "#reconstruct-run", "#units-run", "#how-run"), strict=True):
        open_tab(page, name)
        texts = [".about h2", ".about p", ".about .note", run]
        if run == "#how-run":
            page.locator(run).click()
            expect(page.locator("#how-maps figcaption").first).to_be_visible(timeout=2 * SOON)
            texts += [".sums .formula", ".sums th", ".sums td", ".sums .unused td", "#how-maps figcaption"]
        ratios = {f"{name} {text}": contrast(page, f".tabitem:has({run}) {text}") for text in texts}
        faint |= {text: ratio for text, ratio in ratios.items() if ratio < 4.5}
    assert faint == {}


def test_a_tab_is_opened_and_run_with_the_keyboard_alone(visit):
    page = visit()
    page.get_by_role("tab", name="How it works").focus()
    page.keyboard.press("Enter")
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == "how-run":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#how-sums .formula").last).to_contain_text("J = α", timeout=2 * SOON)


def test_the_grid_fills_in_and_a_cell_opens_in_transfer(visit, pictures):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "Layers × α/β")
    set_number(page, "Size", 64)
    set_number(page, "Evaluations", 20)
    self_taught(page)
    page.locator("#grid-run").click()
    expect(page.locator("#grid-sheet img")).to_be_visible()
    expect(page.locator("#grid-said")).to_contain_text("20 pictures, 400 evaluations", timeout=3 * SOON)
    expect(page.locator("#grid-download")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#grid-download").click()
    assert download.value.path().stat().st_size > 10_000
    page.locator("#grid-sheet img").click(position={"x": 500, "y": 120})
    chosen = page.locator("#grid-cell input")
    expect(chosen).to_have_value(re.compile("conv1_1, α/β = 10⁻"))
    assert "10⁻⁵" not in chosen.input_value()
    page.locator("#grid-open").click()
    expect(page.get_by_role("tab", name="Transfer")).to_have_attribute("aria-selected", "true")
    expect(page.locator("input[type=number][aria-label*='Size']").first).to_have_value("64")


def test_reconstruct_can_be_stopped_and_keeps_what_is_done(visit, pictures):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "Reconstruct")
    set_number(page, "Evaluations", 500)
    self_taught(page)
    page.locator("#reconstruct-run").click()
    expect(page.locator("#reconstruct-sheet img")).to_be_visible(timeout=2 * SOON)
    page.locator("#reconstruct-stop").click()
    expect(page.locator("#reconstruct-said")).to_contain_text("the sheet shows how far it came")
    expect(page.locator("#reconstruct-download")).to_be_visible()


def test_units_are_shown_for_the_pictures_looked_at_so_far(visit, pictures):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "What the network sees")
    self_taught(page)
    page.locator("#units-run").click()
    expect(page.locator("#units-said")).to_contain_text("Looking at picture", timeout=2 * SOON)
    page.locator("#units-stop").click()
    expect(page.locator("#units figure")).to_have_count(9, timeout=2 * SOON)
    first = page.locator("#units figcaption").first.inner_text()
    page.locator("#units-on").click()
    expect(page.locator("#units figcaption").first).not_to_have_text(first)
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 9")
    page.locator("#units-on").click()  # while what drove the nine is still coming in
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 18")


def test_how_it_works_shows_the_sums_and_weighs_them_anew_at_once(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=30))
    page.locator("#run").click()
    expect(page.locator("#said")).to_contain_text("Painted 64 × 48 px")
    wait_for_the_end(page)
    open_tab(page, "How it works")
    page.locator("#how-run").click()
    total = page.locator("#how-sums .formula").last
    expect(total).to_contain_text("J = α", timeout=2 * SOON)
    expect(page.locator("#how-maps .heat figure")).to_have_count(11, timeout=2 * SOON)
    painted = total.inner_text()
    page.locator("#how-moment input[type=range]").press("Home")
    expect(total).not_to_have_text(painted)
    page.locator("#how-moment input[type=range]").press("End")
    expect(total).to_have_text(painted)
    before = total.inner_text()
    page.locator("#how-alpha input").fill("0")
    expect(total).not_to_have_text(before)
    before = total.inner_text()
    box = page.locator("#how-lambdas input")
    box.press("ControlOrMeta+a")
    box.press_sequentially("relu1_1=1")
    expect(total).not_to_have_text(before)
    box.press("ControlOrMeta+a")
    box.press_sequentially("relu8_1")
    expect(page.locator("#how-sums")).to_contain_text("λ must be numbers of 0 or more")
