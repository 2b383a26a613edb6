"""How well text stands out from its background, in a page of either scheme of colours."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect


def light_and_dark(page: Page) -> Iterator[str]:
    """The page in one scheme of colours and then in the other, by its name."""
    page.add_style_tag(content="* { transition: none !important; }")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        yield scheme


def contrast(page: Page, selector: str) -> float:
    """WCAG 2.1 contrast ratio of an element's text and the nearest background painted behind it."""
    colours = page.evaluate(
        """(selector) => {
          let element = document.querySelector(selector);
          const text = getComputedStyle(element).color;
          const painted = (e) => !/rgba\\(.*, 0\\)/.test(getComputedStyle(e).backgroundColor);
          while (element.parentElement && !painted(element)) element = element.parentElement;
          return [text, getComputedStyle(element).backgroundColor];
        }""",
        selector,
    )
    return contrast_of(*colours)


def contrast_of(one: str, other: str) -> float:
    """WCAG 2.1 contrast ratio of two colours, as rgb(r, g, b)."""
    light, dark = sorted(map(_luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
