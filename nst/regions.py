"""Regions of a content image: what stays as it is, what is painted in the second style, and which parts are
painted like which parts of the style image.

A mask is a picture with the content image's shape: red stays as it is, blue is painted in the second style,
and everything else in the first. Where it is green, yellow or cyan it is painted like the part of the first
style image that a mask of the style image shows in that colour: sky like sky, ground like ground.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from .borders import Border
from .errors import SettingsError
from .objective import Costs, Evaluate
from .settings import Settings
from .style_image import as_used
from .targets import Goal
from .tensors import to_tensor

SOFT = 0.005  # of the longer side, the σ of the blur that turns one region into the next
SAME_SHAPE = 0.02  # the sides' ratio may differ by this: a smaller mask is rounded
LEAST = 0.002  # of the picture: a Gram matrix of fewer places says little
KEEP, SECOND = (255, 0, 0), (0, 0, 255)
PARTS = {"green": (0, 255, 0), "yellow": (255, 255, 0), "cyan": (0, 255, 255)}
CORNERS = np.array(list(product((0, 255), repeat=3)), np.uint8)  # of the cube of colours, by their bits
PURE = 32  # levels that a pixel may be off the colour in which it is surely painted


class Region(NamedTuple):
    """Where a style is painted, and which, by its number: grey levels of the content image and of the style
    image, 255 is all of it, 0 nothing; no `part` is the whole style image."""

    place: Image.Image
    style: int
    part: Image.Image | None = None


@dataclass(frozen=True)
class Regions:
    """What is kept, as a picture of grey levels, and what is painted; `rest` is the style of all else."""

    keep: Image.Image
    painted: tuple[Region, ...] = ()
    rest: int | None = None

    def guides(self, size: tuple[int, int]) -> Tensor:
        """(1 + R, 1, H, W) in [0, 1]: where each style is painted, at first the rest; what is kept belongs
        to none."""
        free = 1 - self.kept(size)
        guides = [free * _grey(region.place, size) for region in self.painted]
        return torch.cat([(free - sum(guides)).clamp_min(0), *guides])

    def goals(self, styles: Sequence[Tensor], weights: Sequence[float]) -> list[list[Goal]]:
        """What each guide's region is to be like: style images (1, 3, H, W) or parts of them, by weight."""
        mixture = [Goal(weight, n) for n, weight in enumerate(weights) if weight]
        goals = [mixture if self.rest is None else [Goal(1.0, self.rest)]]
        for region in self.painted:
            style = styles[region.style]
            shape = style.shape[3], style.shape[2]
            guide = _grey(region.part, shape).to(style.device) if region.part else None
            goals.append([Goal(1.0, region.style, guide)])
        return goals

    def kept(self, size: tuple[int, int]) -> Tensor:
        """(1, 1, H, W) in [0, 1]."""
        return _grey(self.keep, size)

    def border(self, border: Border, content: Tensor) -> Border:
        """The border of a picture in which the content image (1, 3, H, W) stays where it is kept."""
        kept = self.kept((content.shape[3], content.shape[2])).to(content.device)
        outer = border.extended(content), border.extended(kept)
        return replace(
            border,
            objective=lambda objective: Keeping(border.objective(objective), *outer),
            picture=lambda image: torch.lerp(border.picture(image), content, kept),
        )


def find_regions(
    mask: Image.Image | None,
    content: tuple[int, int],
    settings: Settings,
    styles: Sequence[tuple[int, int]],
    style_mask: Image.Image | None = None,
) -> Regions | None:
    """The regions that a mask shows; None for an empty one, or none.

    content, styles   (width, height) of the content image, whose shape the mask has, and of style images
    style_mask        of the first style image, where the mask has parts

    Raises SettingsError where a mask has another shape, a region is too small or not in both, nothing is left
    to paint, the second style is missing, or the settings have no regions.
    """
    parts, of_style = (_parts_of(one) if one else {} for one in (mask, style_mask))
    if (mask or of_style) and (settings.is_texture or not settings.has_gram_matrices):
        raise SettingsError(
            "Regions are of a content image and of Gram matrices: leave the canvas and the statistic as they "
            "are by default, or paint without regions."
        )
    if of_style and not parts:
        raise SettingsError("Parts are marked on the style image alone: mark some on the content image too.")
    if mask is None:
        return None
    _check_shape(mask, content, "content")
    colours = marked(mask)
    keep, second = colours[KEEP], colours[SECOND]
    _check_sizes(keep, second, parts)
    if second.any() and len(styles) != 2:
        raise SettingsError(
            "Blue is painted in the second style: give exactly two style images, or mark nothing in blue."
        )
    if not (parts or keep.any() or second.any()):
        return None
    found = [Region(_soft(second), 1)] if second.any() else []
    found += _painted_alike(parts, style_mask, styles[0], settings)
    return Regions(_soft(keep), tuple(found), 0 if second.any() else None)


def require_marks(mask: Image.Image | None = None, style_mask: Image.Image | None = None) -> None:
    """Raise SettingsError where a mask that somebody brings as a file marks nothing, as one in black and
    white does. One that was drawn here and erased again is no mistake."""
    colours = [KEEP, SECOND, *PARTS.values()]
    if mask and not any(marked(mask)[colour].any() for colour in colours):
        raise SettingsError("The mask marks nothing: paint it red, blue, green, yellow or cyan on black.")
    if style_mask and not _parts_of(style_mask):
        raise SettingsError(
            "The mask of the style image marks nothing: paint it green, yellow or cyan on black."
        )


def marked(mask: Image.Image) -> dict[tuple[int, int, int], np.ndarray]:
    """{colour: (H, W) of truth, where the mask has it}, of the eight corners of the cube of colours.

    A pixel has the nearest of those that are painted. Where red blends
    into green, in a soft mask or in a JPEG, the nearest of all is yellow, which nobody painted.
    """
    levels = np.asarray(mask.convert("RGB"))
    corner = (levels > 127) @ np.array([4, 2, 1], np.uint8)
    painted = [number for number in range(8) if _is_painted(levels, corner == number, CORNERS[number])]
    if len(painted) < 2:  # and nothing to blend: thin strokes of a colour that is not pure
        painted = [*map(int, np.unique(corner))]
    between = ~np.isin(corner, painted)
    if painted and between.any():
        # The nearest corner c of a pixel x is that of the largest (x − ½) · c.
        nearness = (levels[between] - np.float32(127.5)) @ CORNERS[painted].T.astype(np.float32)
        corner[between] = np.take(painted, nearness.argmax(1))
    return {tuple(colour): corner == number for number, colour in enumerate(CORNERS.tolist())}


def _is_painted(levels: np.ndarray, place: np.ndarray, colour: np.ndarray) -> bool:
    """Whether a colour is there by intent: nine pixels in a square have it, or one has it pure. A border
    between two others is thinner, and mixed."""
    rows = place[:-2] & place[1:-1] & place[2:]
    if (rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]).any():
        return True
    return bool((abs(levels[place].astype(int) - colour) <= PURE).all(1).any())


def _parts_of(mask: Image.Image) -> dict[str, np.ndarray]:
    """{colour: where the mask has it} of the parts that are marked."""
    every = marked(mask)
    return {name: every[colour] for name, colour in PARTS.items() if every[colour].any()}


def _painted_alike(
    places: dict[str, np.ndarray],
    style_mask: Image.Image | None,
    style: tuple[int, int],
    settings: Settings,
) -> list[Region]:
    """A region for each part of the content image, with that of the style image in the same colour."""
    if not places:
        return []
    if style_mask is None:
        raise SettingsError(f"Parts are marked in {' and '.join(places)}: mark them on the style image too.")
    _check_shape(style_mask, style, "style")
    found, named, parts = [], _parts_of(style_mask), _parts_of(as_used(style_mask, settings))
    for name, place in places.items():
        if name not in named:
            raise SettingsError(f"A part is marked in {name}: mark one in {name} on the style image too.")
        if name not in parts:
            raise SettingsError(
                f"The part in {name} is not in the piece of the style image that is used: use a larger piece."
            )
        _check_size(parts[name], f"in {name} on the style image")
        found.append(Region(_soft(place), 0, _soft(parts[name])))
    return found


def _check_shape(mask: Image.Image, picture: tuple[int, int], kind: str) -> None:
    rounding = 1 / min(mask.size)  # of a mask made at a smaller size
    if abs(mask.width * picture[1] / (mask.height * picture[0]) - 1) > SAME_SHAPE + rounding:
        raise SettingsError(
            f"The mask of the {kind} image is {mask.width} × {mask.height} pixels and the image itself "
            f"{picture[0]} × {picture[1]}: give a mask of the same shape."
        )


def _check_sizes(keep: np.ndarray, second: np.ndarray, parts: dict[str, np.ndarray]) -> None:
    """Refuse a region of a few pixels, and regions that leave nothing to the first style."""
    _check_size(keep, "to keep")
    _check_size(second, "for the second style")
    for name, place in parts.items():
        _check_size(place, f"in {name}")
    if (keep | second).mean() > 1 - LEAST:
        raise SettingsError("The regions cover the whole picture: leave some of it to the first style.")


def _check_size(region: np.ndarray, name: str) -> None:
    if 0 < region.mean() < LEAST:
        raise SettingsError(f"The region {name} is too small: paint at least {LEAST:.1%} of the picture.")


def _soft(region: np.ndarray) -> Image.Image:
    picture = Image.fromarray(region.astype(np.uint8) * 255)
    return picture.filter(ImageFilter.GaussianBlur(SOFT * max(picture.size)))


def _grey(picture: Image.Image, size: tuple[int, int]) -> Tensor:
    return to_tensor(picture, size)[:, :1]


@dataclass(frozen=True)
class Keeping:
    """J of the picture with the content image where it is kept, as a function of what is painted:

        x ↦ J(x + T (C − x)),   ∂J/∂x = (1 − T) ∂J/∂G

    content   (1, 3, H, W); kept: T (1, 1, H, W) in [0, 1]
    """

    objective: Evaluate
    content: Tensor
    kept: Tensor

    def __call__(self, x: Tensor) -> tuple[Costs, Tensor]:
        costs, gradient = self.objective(self._seen(x))
        return costs, gradient * (1 - self.kept)

    def costs(self, x: Tensor) -> Costs:
        return self.objective.costs(self._seen(x))

    def _seen(self, x: Tensor) -> Tensor:
        return torch.lerp(x, self.content, self.kept)
