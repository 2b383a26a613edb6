"""The example pictures: what examples/gallery.json lists, as rows of buttons that fill the form in.

Thumbnails are small WebPs inside the page itself: together they weigh what one of the pictures does.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import ImageOps

from ..images import open_own
from ..presets import preset
from ..settings import Settings
from .inlined import image_of
from .running.workspace import MADE, made_in, whole
from .theme import html

EXAMPLES = Path(__file__).parents[2] / "examples"
STUDIED = "Lake", "Palette knife"  # the names of what the studies' example sheets are made of
PACKAGES = {"gradio": "media_assets/images", "skimage": "data"}  # where each keeps its photographs
THUMB, OUTCOME = 128, 192  # pixels, for some 84 and 165 on the page

# innerHTML runs no script, so one listener on the component tells the server which button was pressed. A pair
# would be painted at once, so while another picture is, its press does nothing, by the keyboard too.
PICKED = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-index]');
  const waits = button?.closest('#pairs') && document.querySelector('#run')?.disabled;
  if (!button || waits) return;
  element.dataset.pressed = button.dataset.index;
  element.pressedRow = button.parentElement;
  trigger('select', {index: Number(button.dataset.index)});
});
"""


@dataclass(frozen=True)
class Picture:
    """An example picture: its name on the page, its file, and words for a person who cannot see it."""

    name: str
    file: Path
    alt: str


@dataclass(frozen=True)
class Pair:
    """A content and a style picture that go well together, the settings that show it, and the file of what
    comes of them, made by examples/outcomes.py."""

    content: Picture
    style: Picture
    settings: Settings
    outcome: Path

    @property
    def name(self) -> str:
        return f"{self.content.name} × {self.style.name}"


@dataclass(frozen=True)
class Gallery:
    """Everything gallery.json lists whose file is there; `more` is what only the scan for units looks at."""

    contents: tuple[Picture, ...]
    styles: tuple[Picture, ...]
    pairs: tuple[Pair, ...]
    more: tuple[Picture, ...] = ()

    @property
    def files(self) -> list[Path]:
        """The files of the pictures a visitor can choose."""
        return [picture.file for picture in (*self.contents, *self.styles)]

    @property
    def served(self) -> list[Path]:
        """All files the page shows."""
        return [*self.files, *(pair.outcome for pair in self.pairs)]

    @property
    def example(self) -> Pair | None:
        """The pair whose outcome is seen before anything is painted."""
        return next((pair for pair in self.pairs if pair.outcome.is_file()), None)

    @property
    def studied(self) -> Pair | None:
        """The pair that the studies take where a visitor brings none: that of their example sheets."""
        names = [(pair.content.name, pair.style.name) for pair in self.pairs]
        return self.pairs[names.index(STUDIED)] if STUDIED in names else next(iter(self.pairs), None)

    @property
    def all_files(self) -> list[Path]:
        return [*self.files, *(picture.file for picture in self.more)]


def read_gallery(folder: Path = EXAMPLES) -> Gallery:
    """The gallery of a folder. A picture that is missing is left out, and so are its pairs: a copy of the
    app without its examples still runs."""
    list_file = folder / "gallery.json"
    if not list_file.is_file():
        return Gallery((), (), ())
    listed = json.loads(list_file.read_text(encoding="utf-8"))
    contents = _pictures(folder, listed["contents"])
    styles = _pictures(folder, listed["styles"])
    pairs = [
        _pair(folder, contents[pair["content"]], styles[pair["style"]], pair)
        for pair in listed["pairs"]
        if pair["content"] in contents and pair["style"] in styles
    ]
    more = _pictures(folder, listed.get("more", ()))
    return Gallery(tuple(contents.values()), tuple(styles.values()), tuple(pairs), tuple(more.values()))


def _pictures(folder: Path, entries: Sequence[dict[str, str]]) -> dict[str, Picture]:
    pictures = (Picture(e["name"], _located(folder, e["file"]), e["alt"]) for e in entries)
    return {picture.name: picture for picture in pictures if picture.file.is_file()}


def _located(folder: Path, file: str) -> Path:
    """“gradio:tower.jpg” and “skimage:coffee.png” are photographs that an installed package brings along.

    The package is found and not imported: scikit-image's modules would take a second and 100 MB.
    """
    package, _, name = file.partition(":")
    if package not in PACKAGES:
        return folder / file
    spec = find_spec(package)
    installed = Path(spec.origin).parent if spec and spec.origin else folder / package
    return installed / PACKAGES[package] / name


def _pair(folder: Path, content: Picture, style: Picture, listed: dict[str, Any]) -> Pair:
    chosen = dict(listed.get("settings", {}))
    settings = preset(chosen.pop("preset", "paint"), **chosen)
    name = f"{content.name} {style.name}".lower().replace(" ", "-")
    return Pair(content, style, settings, folder / "outcomes" / f"{name}.jpg")


def picture_row(pictures: Sequence[Picture], label: str) -> gr.HTML:
    """Buttons with thumbnails; its select event carries the `index` of the picture pressed."""
    return _row([([picture], picture.name) for picture in pictures], label, "picks")


def pair_row(pairs: Sequence[Pair], label: str) -> gr.HTML:
    """Buttons with what comes of each pair, its style in the corner; the select event carries the `index`."""
    entries = []
    for pair in pairs:
        pictures = [pair.content, pair.style]
        if pair.outcome.is_file():
            alt = f"{pair.content.alt}, painted in the style of: {pair.style.alt}"
            pictures = [Picture(pair.name, pair.outcome, alt), pair.style]
        entries.append((pictures, pair.name))
    return _row(entries, label, "picks pairs", OUTCOME)


def painting_row(label: str) -> gr.HTML:
    """An empty row for painting_buttons(); its select event carries the `index`."""
    return html(painting_buttons([], label), js_on_load=PICKED)


def painting_buttons(
    paintings: Sequence[tuple[str, str, str] | None], label: str, in_sight: int | None = None
) -> str:
    """HTML of buttons for paintings, (path, name, what sets it apart) each, None for one that is gone; the
    one in sight is marked."""
    each = "".join(
        f'<button type="button" data-index="{n}" aria-pressed="{str(n == in_sight).lower()}" '
        f'title="{escape(f"Painting {n + 1}: {name}. {apart}")}">'
        f'<span class="thumbs">{image_of(_kept_thumb(Path(path)), "webp", f"Painting {n + 1}")}</span>'
        f'<span class="name">{n + 1}: {escape(name)}</span>'
        f'<span class="apart">{escape(apart)}</span></button>'
        for n, painting in enumerate(paintings)
        if painting
        for path, name, apart in [painting]
    )
    return f'<div class="picks paintings" role="group" aria-label="{escape(label)}">{each}</div>'


def _row(
    entries: Sequence[tuple[Sequence[Picture], str]], label: str, kind: str, side: int = THUMB
) -> gr.HTML:
    """A row of buttons with thumbnails and names; side: of the first picture of each, in pixels."""
    each = "".join(
        f'<button type="button" data-index="{index}">'
        f'<span class="thumbs">{_thumb(first, side)}{"".join(map(_thumb, others))}</span>'
        f'<span class="name">{escape(name)}</span></button>'
        for index, ((first, *others), name) in enumerate(entries)
    )
    row = f'<div class="{kind}" role="group" aria-label="{escape(label)}">{each}</div>'
    return html(row, js_on_load=PICKED, visible=bool(entries))


@cache
def _thumb(picture: Picture, side: int = THUMB) -> str:
    return image_of(_small(picture.file, side), "webp", picture.alt)


def _kept_thumb(painting: Path) -> bytes:
    """A painting's thumbnail, kept beside it: to read a PNG of 1024 px takes 55 ms, and a strip has 24."""
    made = painting.parent / MADE / f"{painting.stem}-{THUMB}.webp"
    with suppress(OSError):
        return made.read_bytes()
    small = _small(painting, THUMB)
    with suppress(OSError):  # the disk is full: it is made once more
        made_in(painting.parent)
        with whole(made) as part:
            part.write_bytes(small)
    return small


def _small(file: Path, side: int) -> bytes:
    picture = open_own(file)
    picture.thumbnail((4 * side, 4 * side))
    buffer = BytesIO()
    ImageOps.fit(picture, (side, side)).save(buffer, "WEBP", quality=75)  # two thirds of a JPEG
    return buffer.getvalue()
