"""The tab How it works in a real browser, against the real app: a run, measured and looked back on."""

import json
import re

import pytest
from browsing import (
    SOON,
    a_painting,
    choose,
    two_pictures,
    use_recipe,
    visiting,
    wait_for_the_end,
)
from playwright.sync_api import expect
from test_studies_page import open_tab

pytestmark = pytest.mark.browser

# Five style layers, of which filters are soon learned.
SHALLOW = {
    "content_layers": {"relu2_1": 1.0},
    "style_layers": dict.fromkeys(("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"), 0.2),
}


def measure(page, pictures, tmp_path, **settings):
    """Paint in Transfer, then measure in How it works; returns the run's last J as Transfer shows it."""
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=30, **SHALLOW, **settings))
    page.locator("#run").click()
    wait_for_the_end(page, "Painted 64 × 48 px")
    total = page.locator("#costs .legend em").first.inner_text()
    open_tab(page, "Where does J come from?")
    example = page.locator("#how-example")
    expect(example).to_contain_text("An example: Lake × Palette knife, after 65 evaluations.")
    expect(example.locator(".gram img").last).to_have_js_property("naturalWidth", 64)
    page.locator("#how-run").click()
    expect(page.locator("#how-said")).to_contain_text("moments of the run", timeout=2 * SOON)
    expect(example.locator("figure")).to_have_count(0)
    expect(page.locator("#how-maps .gram")).to_have_count(3)
    return float(total)


@pytest.fixture(scope="module")
def measured(app, browser, tmp_path_factory):
    """A page on which a run was painted and measured, at its last moment, and the run's last J. A test leaves
    it so, but for the last of them."""
    pictures, run = two_pictures(tmp_path_factory.mktemp("pictures")), tmp_path_factory.mktemp("run")
    with browser.new_context() as profile, visiting(app, browser, profile.new_page()) as open_page:
        page = open_page()
        yield page, measure(page, pictures, run)


def cost(page):
    """J as the last formula has it."""
    formula = page.locator("#how-sums .formula").last
    expect(formula).to_contain_text("J = α")
    return float(formula.locator("b").inner_text())


def sources(page):
    """The pictures of C, S and G and their Gram matrices, as they are in the page."""
    return page.locator("#how-maps figure img").evaluate_all("all => all.map(image => image.src)")


def test_how_it_works_shows_the_j_of_the_run_itself(measured):
    page, total = measured
    assert cost(page) == pytest.approx(total, rel=6e-3)  # one is shown with three digits, one with four
    assert float(page.locator("#how-costs .legend em").first.inner_text()) == total
    expect(page.locator("#how-place")).to_contain_text("Evaluation 30, painted at 64 × 48 px.")


def test_the_slider_counts_evaluations_and_moves_everything_together(measured):
    page, _ = measured
    number, marker = page.locator("#how-moment b"), page.locator("#how-costs .marker")
    expect(number).to_have_text("30")
    expect(marker).to_have_attribute("data-evaluation", "30")
    end, pictures_at_the_end = cost(page), sources(page)
    thumb = page.locator("#how-moment input")
    thumb.press("Home")
    expect(number).to_have_text("1")
    expect(marker).to_have_attribute("data-evaluation", "1")
    expect(page.locator("#how-place")).to_contain_text("Evaluation 1,")
    assert thumb.get_attribute("aria-valuetext") == "evaluation 1"
    moved = sources(page)
    changed = [before != after for before, after in zip(pictures_at_the_end, moved, strict=True)]
    assert changed == [False, False, False, False, True, True]  # C, its matrix, S, its matrix, G, its matrix
    assert cost(page) > end
    thumb.press("End")
    expect(number).to_have_text("30")
    expect(marker).to_have_attribute("data-evaluation", "30")
    assert (cost(page), sources(page)) == (end, pictures_at_the_end)


def test_every_symbol_says_what_it_is_and_its_value(measured):
    page, _ = measured
    titles = page.locator("#how-sums .formula abbr").evaluate_all("all => all.map(a => a.title)")
    alpha = page.locator("#how-alpha input").input_value()
    assert f"α, the weight of the content cost: {float(alpha):.4g}" in titles
    assert f"J, the cost that the run minimises: {cost(page):.4g}" in titles
    for symbol in ("β, ", "γ, ", "TV, ", "λ, ", "J_content", "J_style", "a(C), ", "a(G), ", "G_kk′", "n_H, "):
        assert any(title.startswith(symbol) for title in titles), symbol
    assert all(titles)
    symbol = page.locator("#how-sums .formula").last.locator("abbr", has_text="β")
    symbol.focus()
    said = symbol.evaluate("e => getComputedStyle(e, '::after').content")
    assert "β, the weight of the style cost" in said


def test_an_entry_of_a_matrix_names_its_channels_and_its_values(measured):
    page, _ = measured
    grams, matrix = page.locator("#how-maps .grams"), page.locator("#how-maps .gram").nth(2)
    channels = json.loads(grams.get_attribute("data-channels"))
    box = matrix.bounding_box()

    def point(row, column):
        step = box["width"] / len(channels)
        matrix.hover(position={"x": (column + 0.5) * step, "y": (row + 0.5) * step})
        expect(page.locator("#how-maps .entry")).to_have_text(re.compile(r"^Channel.*: C .*, S .*, G "))
        assert matrix.get_attribute("title") == page.locator("#how-maps .entry").inner_text()
        return matrix.get_attribute("title")

    one, other = point(2, 5), point(5, 2)
    assert one.startswith(f"Channels {channels[2]} and {channels[5]}: C ")
    assert other.split(":") == [f"Channels {channels[5]} and {channels[2]}", one.split(":")[1]]
    # The diagonal of S is in the order of the matrix, so its values fall.
    energies = [float(re.search(r"S ([\d.e+-]+)", point(n, n)).group(1)) for n in (0, 3, 6)]
    assert energies == sorted(energies, reverse=True)
    assert point(4, 4).startswith(f"Channel {channels[4]} with itself: C ")
    before = page.locator("#how-maps .entry").inner_text()
    page.locator("#how-moment input").press("Home")
    expect(page.locator("#how-maps .entry")).not_to_have_text(before)  # the same entry at another moment
    expect(page.locator("#how-maps .entry")).to_contain_text(f"Channel {channels[4]} with itself")
    matrix.press("ArrowRight")
    expect(page.locator("#how-maps .entry")).to_contain_text(f"Channels {channels[4]} and {channels[5]}")
    page.locator("#how-layer input").click()
    page.get_by_role("option", name="relu1_1").locator("visible=true").click()
    expect(page.locator("#how-maps h3")).to_contain_text("Gram matrices at relu1_1")
    expect(page.locator("#how-sums .formula").nth(1)).to_contain_text("at relu1_1")


def test_without_a_painting_how_it_works_says_what_g_is(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, **SHALLOW))
    open_tab(page, "Where does J come from?")
    page.locator("#how-run").click()
    expect(page.locator("#how-place")).to_have_text(
        "No run of yours with these two pictures is kept here with its costs, so G is the content image: "
        "J_content is 0.",
        timeout=2 * SOON,
    )
    expect(page.locator("#how-sums .formula").first.locator("b")).to_have_text("0")
    expect(page.locator("#how-moment")).to_be_hidden()
    content, _, _, _, generated, _ = sources(page)
    assert content == generated


def assert_lambda_and_the_costs_are_whole(page, width):
    box = page.locator("#how-lambdas textarea")
    assert re.fullmatch(r"(relu[1-3]_[12]=[\d.e-]+(, )?){5}", box.input_value())
    across, down = box.evaluate("e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.offsetHeight]")
    assert across <= 0
    assert down <= 0  # a list that is longer is broken into lines, and the box is as high as they are
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside, whole = page.locator("#how-sums .scroll").evaluate("e => [e.clientWidth, e.scrollWidth]")
    assert whole <= inside


def test_lambda_is_shown_whole(measured):
    assert_lambda_and_the_costs_are_whole(measured[0], 1280)


def test_on_a_phone_lambda_is_shown_whole_and_weighs_j_anew_and_each_matrix_is_of_the_moments_size(
    visit, pictures, tmp_path
):
    page = visit(390, 900)
    measure(page, pictures, tmp_path, scales=2)
    assert_lambda_and_the_costs_are_whole(page, 390)
    box = page.locator("#how-lambdas textarea")
    before, at_the_end = cost(page), sources(page)
    page.locator("#how-alpha input").fill("0")
    expect(page.locator("#how-sums .formula").last).to_contain_text("= 0 ·")
    assert cost(page) < before
    page.locator("#how-moment input").press("Home")  # what was typed stays, what was not follows the run
    expect(page.locator("#how-moment b")).to_have_text("1")
    expect(page.locator("#how-place")).to_contain_text("Evaluation 1, painted at 32 × 24 px")
    assert [a != b for a, b in zip(at_the_end, sources(page), strict=True)][1::2] == [True, True, True]
    expect(page.locator("#how-alpha input")).to_have_value("0")
    box.press("ControlOrMeta+a")
    box.press_sequentially("relu1_1=1")
    expect(page.locator("#how-sums .formula").nth(3)).to_contain_text("at each layer = 1 ·")
    box.fill("relu8_1")  # as it is pasted: not key by key
    box.press("Tab")
    expect(page.locator("#how-sums")).to_contain_text("λ must be numbers of 0 or more")


def test_a_measure_that_is_refused_leaves_what_was_measured_before(measured, tmp_path):
    page, _ = measured
    page.locator("#how-alpha input").fill("3")
    page.get_by_role("tab", name="Transfer").click()
    before = page.locator("#content img").get_attribute("src")
    page.locator("#swap").click()
    expect(page.locator("#content img")).not_to_have_attribute("src", before)
    use_recipe(page, a_painting(tmp_path, canvas="4:3", size=72))
    open_tab(page, "Where does J come from?")
    page.locator("#how-run").click()
    expect(page.get_by_role("alert")).to_contain_text("explains paintings of a content image")
    expect(page.locator("#how-run")).to_be_enabled()
    expect(page.locator("#how-maps .gram")).to_have_count(3)
    page.wait_for_timeout(300)
    expect(page.locator("#how-alpha input")).to_have_value("3")  # it is not opened anew
