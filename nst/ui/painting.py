"""The Transfer tab's run: uploaded files and settings in, Frames out, a PNG with its recipe at the end."""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from .. import __version__
from ..decoding import Decoded, load_into, load_picture
from ..errors import ImageRefused
from ..images import fit, save_jpeg, save_png
from ..recipe import OTHERS, recipe_of
from ..settings import Settings
from .running.frames import Frame, Point
from .running.jobs import on_device
from .running.limits import Limits
from .running.speed import slowness
from .running.workspace import PREVIEW_EDGE

if TYPE_CHECKING:
    from ..objective import Costs, Weighting
    from ..transfer import Progress

CONTENT = "content.jpg"  # beside the painting, to compare it with later; of a texture, the style image
CONTENT_SIDE = 1024  # pixels
MASK_SIDE = 1024  # pixels that a mask is kept at
LONGEST_NAME = 40  # characters of each picture's name in the painting's


def painting(
    folder: str,
    limits: Limits,
    content: str | None,
    styles: Sequence[str | None],
    settings: Settings,
    start: str | None = None,
    mask: str | bytes | None = None,
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    content, styles   paths of uploaded files
    start             path of an earlier result to go on with
    mask              path of the regions, or the file itself

    Raises ImageRefused or SettingsError with one sentence. Pictures are opened before the turn comes, which
    costs no quota of ZeroGPU's, and wait in the folder, where those of all who wait fill no memory.
    """
    limits.check(settings)
    given = [style for style in styles if style]
    if settings.is_texture:
        content = None
    elif not content:
        raise ImageRefused("There is no content image yet: choose the picture to repaint.")
    if not given:
        raise ImageRefused("There is no style image yet: choose the picture to paint like.")
    shares = settings.shares(len(given))
    if len(shares) > 1:  # so that the recipe says how many styles there were
        settings = settings.with_(style_weights=shares)
    name = painting_name(content or "texture", given[0], settings.seed)
    files = {"content": content, **{f"style_{n}": path for n, path in enumerate(given)}}
    files |= {"start": start}
    kept = {part: load_into(Path(folder, f"given_{part}"), file) for part, file in files.items() if file}
    if mask:
        shape = kept["content"].size if content else settings.shape(None)
        kept["mask"] = _mask(Path(folder, "given_mask"), mask, shape, settings, len(given))
    return _in_turn(folder, limits, kept, settings, name)


def _mask(
    path: Path, mask: str | bytes, content: tuple[int, int], settings: Settings, styles: int
) -> Decoded:
    """The mask, looked at before the turn comes: that it is one costs no quota either."""
    from ..regions import find_regions  # and torch

    picture = load_picture(mask, max_side=MASK_SIDE)
    find_regions(picture, content, settings, styles)
    return Decoded.of(picture, path)


def _in_turn(
    folder: str, limits: Limits, kept: Mapping[str, Decoded], settings: Settings, name: str
) -> Iterator[Frame]:
    pictures = {part: one.take() for part, one in kept.items()}
    content, start, mask = (pictures.pop(part, None) for part in ("content", "start", "mask"))
    yield from on_device(folder, limits, Painting(content, [*pictures.values()], settings, name, start, mask))


def painting_name(content: str, style: str, seed: int) -> str:
    """content-style-seed.png, of the names of the two files: letters, digits and dashes alone."""
    stems = (re.sub(r"[^a-z0-9]+", "-", Path(path).stem.lower()).strip("-") for path in (content, style))
    names = [stem[:LONGEST_NAME].strip("-") or "picture" for stem in stems]
    return f"{names[0]}-{names[1]}-{seed}.png"


@dataclass(frozen=True)
class Painting:
    """One painting as a job; name: of the file it ends in; start: what it goes on with; mask: its regions;
    no content: a texture."""

    content: Image.Image | None
    styles: Sequence[Image.Image]
    settings: Settings
    name: str = "painting.png"
    start: Image.Image | None = None
    mask: Image.Image | None = None

    kept = "this is the best picture so far"
    edge = PREVIEW_EDGE
    moments = True

    @property
    def pixels(self) -> float:
        pixels = self.settings.size**2 * min(self.shape) / max(self.shape) * self.settings.evaluations
        return slowness(self.settings) * pixels

    @property
    def shape(self) -> tuple[int, int]:
        """(width, height) of the shape that is painted."""
        return self.settings.shape(self.content.size if self.content else None)

    @property
    def others(self) -> tuple[str, ...]:
        """The pictures given beside content and style images, by their names in stylize()."""
        return tuple(name for name in OTHERS if getattr(self, name))

    def reports(self) -> "Generator[Progress, None, None]":
        from ..transfer import stylize  # and torch: the page is served before it is there

        return stylize(self.content, self.styles, self.settings, start=self.start, mask=self.mask)

    def pictures(self, report: "Progress") -> tuple[Image.Image]:
        assert report.image is not None
        return (report.image,)

    def fields(self, report: "Progress") -> dict[str, Any]:
        by = report.weighting
        if by is None:
            return {}
        weights = {"alpha": by.alpha, "beta": by.beta, "gamma": by.gamma, "lambdas": dict(by.lambdas)}
        return {**weights, "costs": _point(report.evaluation, report.costs, by) if report.costs else None}

    def save(self, report: "Progress", folder: Path) -> tuple[str, dict[str, Any]]:
        path = str(folder / self.name)
        texture = fit(*self.shape, CONTENT_SIDE)
        beside = self.content.copy() if self.content else ImageOps.fit(self.styles[0], texture)
        beside.thumbnail((CONTENT_SIDE, CONTENT_SIDE))
        save_jpeg(beside, folder / CONTENT)
        recipe = recipe_of(self.settings, report, __version__, self.others)
        save_png(*self.pictures(report), path, recipe)
        return path, {}

    def summary(self, report: "Progress") -> str:
        width, height = report.size
        return f"Painted {width} × {height} px in {report.seconds:.0f} s, {report.evaluation} evaluations."


def _point(evaluation: int, costs: "Costs", by: "Weighting") -> Point:
    weighted = {"content": by.alpha * costs.content}
    weighted |= {layer: by.beta * by.lambdas[layer] * j for layer, j in costs.style.items()}
    weighted["tv"] = by.gamma * costs.tv
    return Point(evaluation, costs.total, costs.content, dict(costs.style), costs.tv, weighted)
