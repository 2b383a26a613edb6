"""The four tabs of the studies in a real browser, against the real app."""

import json
import re

import pytest
from browsing import (
    SOON,
    a_painting,
    choose,
    contrast,
    open_advanced,
    strength,
    two_pictures,
    use_recipe,
    visiting,
    wait_for_the_end,
)
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# Five style layers, of which filters are soon learned.
SHALLOW = {
    "content_layers": {"relu2_1": 1.0},
    "style_layers": dict.fromkeys(("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"), 0.2),
}

TABS = {  # and the button of each
    "Which layers make the style?": "#grid-run",
    "What does each layer keep?": "#reconstruct-run",
    "What does a unit see?": "#units-run",
    "Where does J come from?": "#how-run",
}
BOARDS = ("Which layers make the style?", "What does each layer keep?")


def open_tab(page, name):
    tab = page.locator("[role=tablist]").get_by_role("tab", name=name)
    if not tab.is_visible():  # on a phone, in the menu behind the row
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.click()
    expect(page.locator(TABS[name])).to_be_visible()
    # The new tab is there before the old one has gone, whose fields of the same name would be found first.
    expect(page.locator(".about:visible h2")).to_have_count(1)
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
def test_every_tab_opens_with_three_sentences_and_fits_its_window(visit, width):
    page = visit(width, 900)
    for name in TABS:
        open_tab(page, name)
        said = page.locator(".about:visible p").first
        expect(said).to_be_visible()
        assert len(re.findall(r"[.:;] |\.$", said.inner_text())) >= 3, name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(WIDER) == [], name


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background_in_every_tab(visit, scheme):
    page = visit(color_scheme=scheme)
    set_number(page, "Size", 64)
    faint = {}
    for name, run in TABS.items():
        open_tab(page, name)
        texts = [".about h2", ".about p", ".about .note", run]
        if run in ("#grid-run", "#reconstruct-run"):
            texts.append(".board + .note")
        if run == "#how-run":
            page.locator(run).click()
            expect(page.locator("#how-maps figcaption").first).to_be_visible(timeout=2 * SOON)
            texts += [
                "#how-place .note",
                ".sums .formula",
                ".sums th",
                ".sums td",
                ".sums .unused td",
                "#how-maps figcaption",
            ]
        ratios = {f"{name} {text}": contrast(page, f".tabitem:has({run}) {text}") for text in texts}
        faint |= {text: ratio for text, ratio in ratios.items() if ratio < 4.5}
    assert faint == {}


def test_a_tab_is_opened_and_run_with_the_keyboard_alone(visit):
    page = visit()
    set_number(page, "Size", 64)
    page.get_by_role("tab", name="Where does J come from?").focus()
    page.keyboard.press("Enter")
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == "how-run":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#how-sums .formula").last).to_contain_text("J = α", timeout=2 * SOON)


def test_the_grid_fills_in_and_a_picture_opens_in_transfer(visit, pictures):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "Which layers make the style?")
    set_number(page, "Size", 64)
    set_number(page, "Evaluations", 10)
    self_taught(page)
    watch_box(page, "#grid-sheet .board")
    page.locator("#grid-run").click()
    expect(page.locator("#grid-sheet .note", has_text="An example")).to_have_count(0)
    expect(page.locator("#grid-sheet img:visible")).to_be_visible()
    expect(page.locator("#grid-said")).to_contain_text("20 pictures, 200 evaluations", timeout=6 * SOON)
    with page.expect_download() as download:
        page.locator("#grid-download").click()
    with Image.open(download.value.path()) as sheet:
        assert (sheet.format, sheet.getpixel((3, 3))) == ("PNG", (255, 255, 255))
    assert spread(page) <= 2
    press(page, "up to conv3_1, α/β = 10⁻⁴")
    page.locator(".chosen button").click()
    expect(page.get_by_role("tab", name="Transfer")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#note")).to_have_text(
        "The settings of this picture are filled in: up to conv3_1, α/β = 10⁻⁴."
    )
    expect(page.locator("#note")).to_be_in_viewport()
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


def test_an_example_is_there_before_anything_is_pressed_and_its_pictures_open_too(visit):
    page = visit()
    open_tab(page, "Which layers make the style?")
    expect(page.locator("#grid-sheet .note")).to_contain_text("An example: Lake × Palette knife")
    expect(page.locator("#grid-sheet img:visible")).to_have_js_property("complete", True)
    assert page.locator("#grid-sheet img:visible").evaluate("(image) => image.naturalWidth") > 1000
    expect(page.locator("#grid-download")).to_be_hidden()
    press(page, "conv1_1, α/β = 10⁻⁵")
    outline = page.locator("#grid-sheet [aria-pressed=true]").evaluate("(e) => getComputedStyle(e).boxShadow")
    assert outline != "none"
    last = page.locator("#grid-sheet [data-index]").last  # the keyboard alone
    last.focus()
    page.keyboard.press("Enter")
    expect(last).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chosen")).to_contain_text("style conv1_1, conv2_1, conv3_1, conv4_1, conv5_1")
    page.keyboard.press("Tab")
    expect(page.locator(".chosen button")).to_be_focused()
    page.keyboard.press("Enter")
    for name in ("content", "style"):
        expect(page.locator(f"#{name} img")).to_be_visible()
    expect(page.locator("#note")).to_contain_text("up to conv5_1, α/β = 10⁻²")


def test_each_kind_of_reconstruction_has_its_example(visit):
    page = visit()
    open_tab(page, "What does each layer keep?")
    shown = page.locator("#reconstruct-sheet img:visible")
    expect(shown).to_have_attribute("src", re.compile("reconstruct-"))
    page.get_by_label("Three optimisers").check()
    expect(shown).to_have_attribute("src", re.compile("optimizers-"))
    expect(page.locator("#reconstruct-sheet .note")).to_contain_text("500 evaluations")
    assert page.locator("#reconstruct-sheet button").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sheet_is_as_light_or_dark_as_the_page(visit, scheme):
    page = visit(color_scheme=scheme)
    for tab, name in (
        ("Which layers make the style?", "grid"),
        ("What does each layer keep?", "reconstruct"),
    ):
        open_tab(page, tab)
        image = page.locator(f"#{name}-sheet img:visible")
        expect(image).to_have_count(1)
        expect(image).to_have_class(f"on-{scheme}")
        level = image.evaluate(
            """async (image) => {
              await image.decode();
              const canvas = document.createElement('canvas').getContext('2d');
              canvas.drawImage(image, 0, 0);
              return canvas.getImageData(3, 3, 1, 1).data[0];
            }"""
        )
        assert level == pytest.approx({"light": 255, "dark": 30}[scheme], abs=4)


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_every_control_has_help_of_a_line_or_two(visit, width):
    page = visit(width, 1000)
    for name in BOARDS:
        open_tab(page, name)
        found = page.evaluate(HELP)
        assert len(found) == 4, name
        assert [help_ for help_ in found if not help_["text"].endswith(".")] == [], name
        assert [help_ for help_ in found if help_["lines"] > 2 or help_["cut"]] == [], name


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


def test_units_are_shown_for_the_pictures_looked_at_so_far(visit, pictures):
    page = visit()
    choose(page, *pictures)
    open_tab(page, "What does a unit see?")
    expect(page.locator("#units .note")).to_contain_text("An example: 9 units of relu3_1")
    expect(page.locator("#units figure img").last).to_have_js_property("naturalWidth", 196)
    self_taught(page)
    page.locator("#units-run").click()
    expect(page.locator("#units-said")).to_contain_text("Looking at picture", timeout=2 * SOON)
    page.locator("#units-stop").click()
    expect(page.locator("#units .note")).to_have_count(0, timeout=2 * SOON)
    expect(page.locator("#units figure")).to_have_count(9)
    first = page.locator("#units figcaption").first.inner_text()
    page.locator("#units-on").click()
    expect(page.locator("#units figcaption").first).not_to_have_text(first)
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 9")
    page.locator("#units-on").click()  # while what drove the nine is still coming in
    expect(page.locator("#units figcaption").first).to_contain_text("Unit 18")


def measure(page, pictures, tmp_path, **settings):
    """Paint in Transfer, then measure in How it works; returns the run's last J as Transfer shows it."""
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=30, **SHALLOW, **settings))
    page.locator("#run").click()
    expect(page.locator("#said")).to_contain_text("Painted 64 × 48 px", timeout=3 * SOON)
    wait_for_the_end(page)
    total = page.locator("#costs .legend em").first.inner_text()
    open_tab(page, "Where does J come from?")
    page.locator("#how-run").click()
    expect(page.locator("#how-said")).to_contain_text("moments of the run", timeout=2 * SOON)
    expect(page.locator("#how-maps .gram")).to_have_count(3)
    return float(total)


@pytest.fixture(scope="module")
def measured(app, browser, tmp_path_factory):
    """A page on which a run was painted and measured, at its last moment, and the run's last J. A test leaves
    it so, but for the last of them."""
    pictures, run = two_pictures(tmp_path_factory.mktemp("pictures")), tmp_path_factory.mktemp("run")
    with visiting(app, browser) as open_page:
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
    number, marker = page.locator("#how-moment output"), page.locator("#how-costs .marker")
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


def test_all_three_matrices_are_those_of_the_size_of_the_moment(visit, pictures, tmp_path):
    page = visit()
    measure(page, pictures, tmp_path, scales=2)
    before = sources(page)
    page.locator("#how-moment input").press("Home")
    expect(page.locator("#how-place")).to_contain_text("painted at 32 × 24 px")
    assert [a != b for a, b in zip(before, sources(page), strict=True)][1::2] == [True, True, True]


def test_without_a_painting_how_it_works_says_what_g_is(visit, pictures, tmp_path):
    page = visit()
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, **SHALLOW))
    open_tab(page, "Where does J come from?")
    page.locator("#how-run").click()
    expect(page.locator("#how-place")).to_have_text(
        "There is no painting of these two pictures yet, so G is the content image: J_content is 0.",
        timeout=2 * SOON,
    )
    expect(page.locator("#how-sums .formula").first.locator("b")).to_have_text("0")
    expect(page.locator("#how-moment")).to_be_hidden()
    content, _, _, _, generated, _ = sources(page)
    assert content == generated


@pytest.mark.parametrize("width", [1280, 390])
def test_lambda_is_shown_whole_and_weighs_j_anew(visit, pictures, tmp_path, width):
    page = visit(width, 900)
    measure(page, pictures, tmp_path)
    box = page.locator("#how-lambdas textarea")
    assert re.fullmatch(r"(relu[1-3]_[12]=[\d.e-]+(, )?){5}", box.input_value())
    across, down = box.evaluate("e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.offsetHeight]")
    assert across <= 0
    assert down <= 0  # a list that is longer is broken into lines, and the box is as high as they are
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    before = cost(page)
    page.locator("#how-alpha input").fill("0")
    expect(page.locator("#how-sums .formula").last).to_contain_text("= 0 ·")
    assert cost(page) < before
    page.locator("#how-moment input").press("Home")  # what was typed stays, what was not follows the run
    expect(page.locator("#how-moment output")).to_have_text("1")
    expect(page.locator("#how-place")).to_contain_text("Evaluation 1,")  # the answer that fills the fields in
    expect(page.locator("#how-alpha input")).to_have_value("0")
    box.press("ControlOrMeta+a")
    box.press_sequentially("relu1_1=1")
    expect(page.locator("#how-sums .formula").nth(3)).to_contain_text("at each layer = 1 ·")
    box.press("ControlOrMeta+a")
    box.press_sequentially("relu8_1")
    expect(page.locator("#how-sums")).to_contain_text("λ must be numbers of 0 or more")
