"""The Transfer tab's run: what a visitor gave is checked, opened, and becomes a job in its turn."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from ..decoding import Decoded, load_painting, load_picture
from ..errors import ImageRefused, SettingsError, shown
from ..images import MASK_SIDE
from ..settings import Settings
from .opening import CONTENT_IMAGE, STYLE_IMAGE, called
from .painting_jobs import Painting, RowOfPaintings
from .running.frames import Frame
from .running.jobs import carry_out
from .running.limits import Limits
from .running.workspace import given_file
from .shares import ORDINALS

LONGEST_ROW = 12  # pictures
STYLES = (STYLE_IMAGE, *(f"The {ordinal} style image" for ordinal in ORDINALS))
MASK_NAMES = {"mask": "The mask", "style_mask": "The mask of the style image"}
LONGEST_NAME = 40  # characters of each picture's name in the painting's


def painting(
    folder: str,
    limits: Limits,
    content: str | None,
    styles: Sequence[str | None],
    settings: Settings,
    start: str | None = None,
    mask: str | bytes | None = None,
    style_mask: str | bytes | None = None,
    pictures: float = 1,
    kind: Callable[..., Painting] | None = None,
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    content, styles   paths of uploaded files
    start             path of an earlier result to go on with
    mask, style_mask  paths of the regions, or the files themselves, as they were drawn
    pictures          1, or of a row from the first style to the second, up to LONGEST_ROW
    kind              of job, else the one that `pictures` asks for

    Raises ImageRefused or SettingsError with one sentence. Pictures are opened before the turn comes, which
    costs no quota of ZeroGPU's, and wait in the folder, where those of all who wait fill no memory.
    """
    limits.check(settings)
    if settings.is_texture:
        content = None
    given = [style for style in styles if style]
    _require_pictures(content or settings.is_texture, given)
    if pictures != 1:
        check_row(pictures, len(given), bool(start or mask or style_mask))
        settings = settings.with_(style_weights=())
    weights = settings.weights_for(len(given))
    if len(weights) > 1:  # so that the recipe says how many styles there were
        settings = settings.with_(style_weights=weights)
    name = painting_name(content or "texture", given[0], settings.seed)
    kept = _all_opened(folder, content, styles, start)
    if mask or style_mask:
        shape = kept["content"].size if content else settings.shape(None)
        sizes = [kept[f"style_{n}"].size for n in range(len(given))]
        kept |= _masks(folder, {"mask": mask, "style_mask": style_mask}, shape, settings, sizes)
    kind = kind or (partial(RowOfPaintings, length=int(pictures)) if pictures > 1 else Painting)
    return _in_turn(folder, limits, kept, settings, name, kind)


def _require_pictures(has_content: Any, styles: Any) -> None:
    """Raise ImageRefused where the content image, or every style image, is missing."""
    if not has_content and not styles:
        raise ImageRefused("There are no pictures yet: choose a content and a style image.")
    if not has_content:
        raise ImageRefused("There is no content image yet: choose the picture to repaint.")
    if not styles:
        raise ImageRefused("There is no style image yet: choose the picture to paint like.")


def _all_opened(
    folder: str, content: str | None, styles: Sequence[str | None], start: str | None
) -> dict[str, Decoded]:
    """The pictures that there are, by their parts in the run: the styles are numbered without gaps."""
    given = [(name, style) for name, style in zip(STYLES, styles, strict=False) if style]
    parts = [("content", CONTENT_IMAGE, content)]
    parts += [(f"style_{n}", name, style) for n, (name, style) in enumerate(given)]
    parts += [("start", "The painting to go on from", start)]
    return {part: _opened(folder, part, file, name) for part, name, file in parts if file}


def _opened(folder: str, part: str, file: str, name: str) -> Decoded:
    load = load_painting if part == "start" else load_picture
    with called(name):
        return Decoded.of(load(file), given_file(folder, part))


def check_row(pictures: Any, styles: int, has_more: bool = False) -> None:
    """Raise SettingsError for a row that cannot be painted."""
    if isinstance(pictures, bool) or pictures not in range(1, LONGEST_ROW + 1):
        raise SettingsError(
            f"Pictures must be a whole number from 1 to {LONGEST_ROW}, not {shown(pictures)}."
        )
    if styles != 2:
        raise SettingsError(
            f"A row of pictures goes from a first style to a second, and there {_are(styles)}: give two, or "
            "choose 1 picture."
        )
    if has_more:
        raise SettingsError(
            "A row of pictures takes no regions, and does not go on from an earlier painting: clear what is "
            "marked under Regions, or choose 1 picture."
        )


def _are(styles: int) -> str:
    return "is one style image" if styles == 1 else f"are {styles} style images"


def _masks(
    folder: str,
    given: Mapping[str, str | bytes | None],
    content: tuple[int, int],
    settings: Settings,
    styles: Sequence[tuple[int, int]],
) -> dict[str, Decoded]:
    """The masks, looked at before the turn comes: that they are some costs no quota either."""
    from ..regions import find_regions, require_marks  # and torch

    opened = {part: _mask(file, MASK_NAMES[part]) for part, file in given.items() if file}
    require_marks(**{part: picture for part, picture in opened.items() if isinstance(given[part], str)})
    find_regions(opened.get("mask"), content, settings, styles, opened.get("style_mask"))
    return {part: Decoded.of(picture, given_file(folder, part)) for part, picture in opened.items()}


def _mask(file: str | bytes, name: str) -> Image.Image:
    with called(name):
        return load_picture(file, max_side=MASK_SIDE)


def _in_turn(
    folder: str,
    limits: Limits,
    kept: Mapping[str, Decoded],
    settings: Settings,
    name: str,
    kind: Callable[..., Painting],
) -> Iterator[Frame]:
    given = {part: one.take() for part, one in kept.items()}
    content, start, *masks = (given.pop(part, None) for part in ("content", "start", "mask", "style_mask"))
    job = kind(content, [*given.values()], settings, name, start, *masks)
    yield from carry_out(folder, limits, job)


def painting_name(content: str, style: str, seed: int) -> str:
    """content-style-seed.png, of the names of the two files: letters, digits and dashes alone."""
    stems = (re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-") for path in (content, style))
    names = [stem[:LONGEST_NAME].strip("-") or "picture" for stem in stems]
    return f"{names[0]}-{names[1]}-{seed}.png"
