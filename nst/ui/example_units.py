"""Nine units kept in one file: what the tab of the units shows before anything is looked at."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from ..images import save_jpeg
from . import status
from .example_sheets import SHEETS, served_folder

FILE = "units.jpg"
QUALITY = 90


@dataclass(frozen=True)
class KeptUnits:
    """Nine units of a layer, as they are shown.

    pictures   how many were looked at; features: with which filters
    captions   one for each unit
    """

    layer: str
    pictures: int
    features: str
    captions: tuple[str, ...]


def write_units(
    kept: KeptUnits, patches: Sequence[Image.Image], drivers: Sequence[Image.Image], path: Path
) -> None:
    """Write the units: a row for each, of its patches and of what drove it, squares of one size."""
    side = patches[0].width
    page = Image.new("RGB", (2 * side, side * len(patches)))
    for row, pair in enumerate(zip(patches, drivers, strict=True)):
        for column, picture in enumerate(pair):
            page.paste(picture, (column * side, row * side))
    save_jpeg(page, path, QUALITY, json.dumps(asdict(kept), ensure_ascii=False))


def read_units(path: Path) -> tuple[KeptUnits, Image.Image]:
    """The units, and the picture with their rows."""
    with Image.open(path) as file:
        found = json.loads(file.info["comment"])
        return KeptUnits(**{**found, "captions": tuple(found["captions"])}), file.convert("RGB")


def example_units(folder: Path = SHEETS) -> str:
    """HTML of the example, for a page being built; empty where there is none."""
    path = folder / FILE
    if not path.is_file():
        return ""
    kept, page = read_units(path)
    digest = sha256(path.read_bytes()).hexdigest()[:16]
    side = page.width // 2
    figures = []
    for row, caption in enumerate(kept.captions):
        images = []
        for column, what in enumerate(("The patches it responds to most", "What in them drove it")):
            file = served_folder() / f"units-{digest}-{row}-{column}.jpg"
            save_jpeg(page.crop((column * side, row * side, (column + 1) * side, (row + 1) * side)), file)
            images.append(_image(file, f"{caption}. {what}", side))
        figures.append(f"<figure><figcaption>{escape(caption)}</figcaption>{''.join(images)}</figure>")
    note = (
        f"An example: {len(kept.captions)} units of {kept.layer}, over the {kept.pictures} pictures at hand. "
        "Press Look for every layer and unit, with your own pictures too."
    )
    return f'{status.note(note)}<div class="units">{"".join(figures)}</div>'


def _image(file: Path, alt: str, side: int) -> str:
    return (
        f'<img src="gradio_api/file={quote(str(file))}" alt="{escape(alt)}" width="{side}" height="{side}" '
        'loading="lazy">'
    )
