"""What the Transfer tab says and offers of the painting in sight, or of the moment of its run in sight."""

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image, ImageOps

from ..errors import NSTError
from ..images import fit, open_own, save_jpeg
from . import status
from .moments import chosen
from .opening import CONTENT_IMAGE, STYLE_IMAGE
from .painting_jobs import CONTENT_SIDE, GREY
from .running.workspace import made_in, whole
from .shown import kept_in
from .visit import Painted, film_of

FIRST_MOMENT = "Its first moment"
FILM = "Download the film (WebP)"
SAME_SHAPE = 0.02  # of two pictures' ratios; sizes are whole pixels

# A film is made when it is asked for, and a DownloadButton downloads what it holds when it is pressed: so
# one that cannot be seen is pressed once it holds the film.
PRESS_FILM = "() => setTimeout(() => document.querySelector('#film-file')?.click(), 60)"


def beside_of(one: Painted) -> str:
    """What a painting is first compared with: the content image, for a texture the style image, and for one
    that was not finished the first of its moments that is kept."""
    if one.recipe is None:
        return FIRST_MOMENT
    return STYLE_IMAGE if one.recipe.settings.is_texture else CONTENT_IMAGE


def compared(visit: Sequence[Painted], selected: Painted | None, other: str) -> tuple[Any, Any]:
    """Values for [slider, caption]: the painting chosen, else what is first compared, beside this one."""
    if selected is None or not selected.is_there:
        return gr.skip(), gr.skip()
    named = {f"Painting {number}": one.painting for number, one in enumerate(visit, 1) if one.is_there}
    if not isinstance(other, str) or other not in named:
        other = beside_of(selected)
    left = shown = named.get(other, selected.content)
    with suppress(OSError):  # the disk is full, or it was swept meanwhile: it is shown as it is
        shown = _in_shape(left, selected)
    where = "on the left" if shown == left else "on the left, with grey at two sides, as its shape is another"
    return (shown, selected.picture), said_of(selected, other, where)


def _in_shape(left: str, one: Painted) -> str:
    """Path of the picture as it lies over the painting in sight: in its shape, with grey at two sides, where
    it has another."""
    shape, other = size_of(one.painting), size_of(left)
    if math.isclose(shape[0] * other[1], shape[1] * other[0], rel_tol=SAME_SHAPE):
        return left
    path = made_in(one.folder) / f"{shape[0]}x{shape[1]}-{Path(left).parent.name}-{Path(left).stem}.jpg"
    if not path.is_file():
        padded = ImageOps.pad(open_own(left), fit(*shape, CONTENT_SIDE), color=GREY)
        with whole(path) as part:
            save_jpeg(padded, part, quality=92)
    return str(path)


def moment_values(
    visit: Sequence[Painted], selected: Painted | None, other: str, moment: Any
) -> tuple[Any, ...]:
    """Values for [slider, caption, download, selected]: a moment of the run in the place of the painting."""
    if selected is None or not selected.is_there:
        return tuple(gr.skip() for _ in range(4))
    selected = selected.at(chosen(moment))
    return *compared(visit, selected, other), download(selected), selected


def said_of(one: Painted, beside: str, where: str = "on the left") -> str:
    """HTML of the caption; `beside` is what the left of the line shows, from which the browser names it."""
    said = f"{_what_it_is(one)} {beside} is {where}: drag the line.".lstrip()
    return status.note(said, attributes=f' data-beside="{escape(beside)}"')


def _what_it_is(one: Painted) -> str:
    """A sentence on what is in sight, unless it is a painting like any other."""
    if one.moment is not None:
        width, height = size_of(one.picture)
        return (
            f"The painting after evaluation {one.moment} of {max(one.moments)}, kept as a JPEG of {width} × "
            f"{height} px: download it, take it, or go on from it."
        )
    if one.goes_on:
        return "This is still being painted, in another tab."
    if one.recipe is None:
        return "This was not finished: it shows how far it came."
    if len(one.row) > 1:
        number, weights = one.row.index(one.painting) + 1, one.recipe.settings.style_weights
        shown = kept_in(one.folder).shown
        of = max(len(one.row), shown.pictures if shown else 0)  # of a row that was stopped fewer are there
        return (
            f"Picture {number} of {of} on the way from the first style to the second, with "
            f"{weights[-1]:.0%} of the second. The others are below, and the film shows all."
        )
    if "start" in one.recipe.others:
        return "It went on from an earlier painting."
    done, of = one.recipe.evaluations, one.recipe.settings.evaluations
    if done is not None and done < of:
        width, height = size_of(one.picture)
        small = (
            f", when it was {width} × {height} px" if max(width, height) < one.recipe.settings.size else ""
        )
        settled = one.frame is not None and one.frame.state == "done"
        return f"It {'ended' if settled else 'was stopped'} at evaluation {done} of {of}{small}."
    return ""


def download(one: Painted) -> Any:
    """The button that downloads what is in sight."""
    path = Path(one.picture)
    kind, (width, height) = "PNG" if path.suffix == ".png" else "JPEG", size_of(one.picture)
    label = f"Download {kind}  ·  {width} × {height} px, {path.stat().st_size / 1000:.0f} kB"
    return gr.DownloadButton(label, value=str(path), visible=True)


def film_values(selected: Painted | None) -> Iterator[tuple[Any, str | None]]:
    """Values for the film's button and for the one that downloads it, while it is made and when it is."""
    yield gr.Button("Making the film …", interactive=False), None
    path = None
    try:
        path = film_of(selected) if selected else None
    except NSTError as error:
        gr.Warning(str(error))
    yield gr.Button(FILM, interactive=True), path


def size_of(path: str) -> tuple[int, int]:
    """(width, height) of one of our own files."""
    with Image.open(path) as picture:
        return picture.size
