"""A sheet of many pictures on the page: as HTML, with a button over each picture that can be opened.

Its events: select, with the `index` of the picture pressed, and submit, when that picture is to be opened.
"""

from contextlib import suppress
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from PIL import Image

from ..settings import Settings
from .labels import NAMES
from .running.frames import Frame, Spot

# innerHTML runs no script, so one listener on the component tells the server what was pressed.
PRESSED = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.index) trigger('select', {index: Number(button.dataset.index)});
  else if (button) trigger('submit');
});
"""

SIDEWAYS = '<p class="sideways">Move the sheet sideways to see all of it.</p>'  # where it is too wide
PRESS = "Press a picture to see its settings and to open it in Transfer."


@dataclass(frozen=True)
class OnSheet:
    """What a sheet on the page shows.

    frame      with the sheet's picture, and its spots once it is finished
    pictures   paths of the content and the style image it was painted from
    example    one sentence that says it is an example; empty for a sheet of the visitor's own
    """

    frame: Frame
    pictures: tuple[str | None, str | None]
    example: str = ""

    def spot(self, index: object) -> Spot | None:
        """The picture of that number, which is whatever a client sends."""
        spots = self.frame.spots
        return spots[index] if isinstance(index, int) and 0 <= index < len(spots) else None


def sheet_html(
    on_sheet: OnSheet,
    alt: str,
    opens: bool = False,
    chosen: int | None = None,
    before: Frame | None = None,
) -> str:
    """HTML of the sheet for both modes of the page, of which CSS shows one and a browser fetches one.

    alt      words for a person who cannot see it
    opens    whether a finished sheet's pictures can be pressed; chosen: the number of the one that is, which
             is marked and has its settings and a button beside it
    before   whose sheet, of the same proportions, is seen until this one's picture has come
    """
    frame = on_sheet.frame
    pictures = {
        "on-light": (frame.picture, before.picture if before else None),
        "on-dark": (frame.dark, before.dark if before else None),
    }
    images = "".join(_image(path, alt, kind, old) for kind, (path, old) in pictures.items() if path)
    spots = on_sheet.frame.spots if opens else ()
    # A span for each, so that a card that comes or goes moves no button, which may have the focus.
    buttons = "".join(
        f"<span>{_button(number, spot, number == chosen)}{_card(spot) if number == chosen else ''}</span>"
        for number, spot in enumerate(spots)
    )
    said = " ".join(filter(None, (on_sheet.example, PRESS if buttons else "")))
    note = f'<p class="note">{escape(said)}</p>' if said else ""
    # With buttons the keyboard moves a wide sheet sideways by the focus; without, the sheet takes it.
    keys = "" if buttons else f' tabindex="0" role="region" aria-label="{escape(alt)}"'
    return f'<div class="board"{keys}><div class="whole">{images}{buttons}</div></div>{SIDEWAYS}{note}'


def in_words(settings: Settings) -> str:
    """The settings of one picture, as far as they tell it from another."""
    layers = settings.content_layers, settings.style_layers
    content, style = (", ".join(each) for each in layers)
    start = NAMES["init"][settings.init].lower()
    return (
        f"{settings.size} px, {settings.evaluations} evaluations from {start}, content {content}, "
        f"style {style}, strength {settings.strength:g}, γ {settings.tv:.3g}."
    )


def _image(path: str, alt: str, kind: str, before: str | None) -> str:
    # The width and height keep the place of a picture that is still on its way. A preview may be gone by now:
    # a borrowed GPU does not wait for the page.
    place = ""
    with suppress(OSError), Image.open(path) as picture:
        place = f'width="{picture.width}" height="{picture.height}"'
    behind = f"style=\"background-image: url('gradio_api/file={quote(before)}')\" " if before else ""
    return (
        f'<img class="{kind}" src="gradio_api/file={quote(path)}" {place} {behind}alt="{escape(alt)}" '
        'loading="lazy" decoding="async">'
    )


def _button(number: int, spot: Spot, is_chosen: bool) -> str:
    left, top, right, bottom = (100 * part for part in spot.box)
    return (
        f'<button type="button" data-index="{number}" aria-pressed="{str(is_chosen).lower()}" '
        f'aria-label="{escape(spot.label)}" title="{escape(spot.label)}" style="left:{left:.3f}%;'
        f'top:{top:.3f}%;width:{right - left:.3f}%;height:{bottom - top:.3f}%"></button>'
    )


def _card(spot: Spot) -> str:
    """Below the picture that was pressed, or above one in the lower half of the sheet."""
    left, top, _, bottom = (100 * part for part in spot.box)
    place = f"top:{bottom:.3f}%" if bottom < 60 else f"bottom:{100 - top:.3f}%"
    return (
        f'<div class="chosen" role="status" style="--left:{left:.3f}%;{place}"><b>{escape(spot.label)}</b>'
        f"<span>{escape(in_words(spot.settings))}</span>"
        '<button type="button">Open in Transfer</button></div>'
    )
