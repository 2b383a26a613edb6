"""What the tests in a real browser share: pages that fail on any error, and how a visitor uses them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Download,
    Page,
    expect,
    sync_playwright,
)
from server import Server, png
from tiny import checks, waves

from nst import Settings
from nst.images import save_png
from nst.recipe import read_recipe, recipe_text

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SOON = 60_000  # milliseconds: ends a test that would hang, and is waited out by no other
expect.set_options(timeout=SOON)
Opener = Callable[..., Page]
QUICK = {
    "size": 64,
    "strength": 12.0,
    "seed": 7,
    "weights": "self-taught",
    "scales": 1,
    "content_layers": {"relu2_1": 1.0},
    "style_layers": {"relu1_1": 0.5, "relu2_1": 0.5},
}


class Chromium:
    """A browser with one profile for the files of browser tests that follow each other: to start it takes a
    second, and the profile keeps the page's programs, which take another to read.

    While it is open an event loop runs in this thread, so asyncio.run() can begin no other.
    """

    def __init__(self) -> None:
        self._opened, self._profile = ExitStack(), None

    @property
    def profile(self) -> BrowserContext:
        if self._profile is None:
            with ExitStack() as opening:
                chromium = opening.enter_context(sync_playwright()).chromium
                path = next(filter(None, map(shutil.which, NAMES)), chromium.executable_path)
                if not Path(path).exists():
                    pytest.skip(
                        "there is no Chromium here: install chromium, or run “playwright install chromium”"
                    )
                browser = opening.enter_context(chromium.launch(executable_path=path, args=["--no-sandbox"]))
                self._profile = opening.enter_context(browser.new_context())
                self._opened = opening.pop_all()
        return self._profile

    def close(self) -> None:
        self._profile = None
        self._opened.close()


def is_in_browser(module: ModuleType) -> bool:
    """Whether a file has tests in a browser: it then has what they expect of it."""
    return vars(module).get("expect") is expect


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    chromium = Chromium()
    yield chromium
    chromium.close()


@pytest.fixture(scope="module", autouse=True)
def no_event_loop(request, chromium) -> None:
    """A file without tests in a browser may run one of its own."""
    if not is_in_browser(request.module):
        chromium.close()


@pytest.fixture(scope="module")
def profile(chromium) -> BrowserContext:
    return chromium.profile


@pytest.fixture(scope="module")
def browser(profile) -> Browser:
    return profile.browser


@pytest.fixture(scope="module")
def tab(profile) -> Iterator[Page]:
    """One tab for a file's tests: where the page was shown before, two thirds of the time show it again."""
    with profile.new_page() as page:
        yield page


@pytest.fixture
def visit(app, browser, tab) -> Iterator[Opener]:
    """Opens pages for one test: the first as someone who has been here before and kept nothing, each other
    as someone else."""
    with visiting(app, browser, tab) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def opened_once(app, browser, profile) -> Iterator[Page]:
    with profile.new_page() as page, visiting(app, browser, page) as open_page:
        yield open_page()


@pytest.fixture
def looked_at(opened_once) -> Page:
    """One page for all tests of a file that look at it, or press what the others do not ask about."""
    opened_once.emulate_media(color_scheme="light")
    opened_once.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    return opened_once


@contextmanager
def visiting(app: Server, browser: Browser, tab: Page) -> Iterator[Opener]:
    """Opens pages, the first in this tab; fails if one of them met an error or asked anyone but the app."""
    pages, troubles = [], []

    def open_page(width: int = 1280, height: int = 900, at: str = "", leaves: bool = False) -> Page:
        """at: the address's query. leaves: the page is left while it still waits for an answer, which the
        browser calls an error."""
        is_first = not pages
        page = tab if is_first else browser.new_page()
        if is_first:
            _forget(page, app)
        pages.append((page, _watch(page, app, troubles, leaves)))
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light")
        page.set_default_timeout(SOON)
        page.goto(app.url + at)
        expect(page.locator("#run")).to_be_enabled()
        return page

    yield open_page
    for page, heard in pages:
        for event, hear in heard.items():
            page.remove_listener(event, hear)
        page.goto(_nothing(app)) if page is tab else page.close()
    assert troubles == []


def _watch(page: Page, app: Server, troubles: list[str], leaves: bool) -> dict[str, Callable]:
    """Keep what goes wrong on a page; returns what listens, by what it listens to."""
    heard = {
        "console": lambda said: said.type == "error" and not leaves and troubles.append(_said(said)),
        "response": lambda got: got.status >= 500 and troubles.append(f"{got.status} {got.url}"),
        "pageerror": lambda error: leaves or troubles.append(str(error)),
        "request": lambda asked: _is_outside(asked.url, app) and troubles.append(asked.url),
    }
    for event, hear in heard.items():
        page.on(event, hear)
    return heard


def _nothing(app: Server) -> str:
    """An address of the app that shows no page."""
    return f"{app.url}/gradio_api/app_id"


def _forget(page: Page, app: Server) -> None:
    """Empty the page's profile of what the app has kept there."""
    page.goto(_nothing(app))
    page.evaluate("localStorage.clear()")
    page.context.clear_cookies()


def _said(message: ConsoleMessage) -> str:
    return f"{message.text} {message.location['url']}"


def _is_outside(url: str, app: Server) -> bool:
    return not url.startswith((app.url, "data:", "blob:"))


@pytest.fixture
def pictures(tmp_path) -> tuple[Path, Path]:
    return two_pictures(tmp_path)


def two_pictures(folder: Path) -> tuple[Path, Path]:
    """A content and a style image, as files."""
    content, style = folder / "content.png", folder / "style.png"
    content.write_bytes(png(waves(128, 96)))
    style.write_bytes(png(checks()))
    return content, style


def a_painting(folder: Path, **settings) -> Path:
    """A PNG as the app makes them, with its recipe."""
    path = folder / f"painting-{len(list(folder.iterdir()))}.png"
    chosen = Settings(**{**QUICK, "evaluations": 6, **settings})
    save_png(waves(96, 72), path, recipe_text(chosen, "self-taught filters", "0.1.0"))
    return path


def choose(page: Page, content: Path, style: Path) -> None:
    for name, path in (("content", content), ("style", style)):
        page.locator(f"#{name} input[type=file]").set_input_files(path)
        expect(page.locator(f"#{name} img")).to_be_visible()


def bring_a_second_style(page: Page, picture: Path) -> None:
    page.get_by_role("button", name="A second style").click()
    page.locator("#second-style input[type=file]").set_input_files(picture)
    expect(page.locator("#second-style img")).to_be_visible()


def set_number(page: Page, label: str, value: float) -> None:
    """Type into the first field of this name that can be seen, and leave it."""
    box = page.locator(f"input[type=number][aria-label*='{label}']:visible").first
    box.fill(str(value))
    box.press("Tab")


def use_recipe(page: Page, painting: Path) -> None:
    page.get_by_test_id("Open a recipe-upload-button").set_input_files(painting)
    expect(page.locator("#note")).to_contain_text("The settings of that painting are filled in.")
    expect(number(page, "Size")).to_have_value(str(read_recipe(painting).settings.size))


def number(page: Page, label: str):
    return page.locator(f"input[type=number][aria-label*='{label}']").first


def strength(page: Page):
    return page.locator(".strength input[type=number]").first


def open_advanced(page: Page) -> None:
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_label("Seed")).to_be_visible()


def wait_for_the_end(page: Page, said: str = "") -> None:
    """Until nothing is painted any more. `said` is what the end says of a run that may not have begun yet."""
    if said:
        expect(page.locator("#said")).to_contain_text(said, timeout=3 * SOON)
    expect(page.locator("#run")).to_be_enabled(timeout=3 * SOON)
    expect(page.locator("#stop")).to_be_disabled()


def paint(page: Page, recipe: Path) -> None:
    """Paint with the settings of a recipe, to the end."""
    use_recipe(page, recipe)
    page.locator("#run").click()
    wait_for_the_end(page, f"Painted {read_recipe(recipe).settings.size} × ")


def asked_of(page: Page) -> list[str]:
    """The requests that the page makes of the server from now on."""
    asked = []
    page.on("request", lambda request: "/run/" in request.url and asked.append(request.url))
    return asked


def comes_to_rest(page: Page, asked: list[str]) -> bool:
    """Whether half a second without a request comes within ten."""
    for _ in range(20):
        before = len(asked)
        page.wait_for_timeout(500)
        if len(asked) == before:
            return True
    return False


def downloaded(page: Page, button: str = "#download") -> Download:
    """What a button downloads: the painting, unless another is named."""
    with page.expect_download() as download:
        page.locator(button).click()
    return download.value
