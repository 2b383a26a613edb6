"""Regions of a content image: what stays as it is, and what is painted in the second style.

A mask is a picture with the content image's shape: red stays as it is, blue is painted in the second style,
and everything else in the first.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from .borders import Border, Evaluate
from .errors import SettingsError
from .objective import Costs
from .settings import Settings
from .tensors import to_tensor

SOFT = 0.005  # of the longer side, the σ of the blur that turns one region into the next
SAME_SHAPE = 0.02  # the sides' ratio may differ by this: a smaller mask is rounded
LEAST = 0.002  # of the picture: a Gram matrix of fewer places says little


@dataclass(frozen=True)
class Regions:
    """What is kept and what is painted in the second style, each as a picture of grey levels: 255 is all of
    it, 0 nothing. `second` is None where there is no such region."""

    keep: Image.Image
    second: Image.Image | None

    def guides(self, size: tuple[int, int]) -> Tensor:
        """(R, 1, H, W) in [0, 1]: where each style is painted; what is kept belongs to none."""
        kept = self.kept(size)
        if self.second is None:
            return 1 - kept
        second = (1 - kept) * _grey(self.second, size)
        return torch.cat([1 - kept - second, second])

    def kept(self, size: tuple[int, int]) -> Tensor:
        """(1, 1, H, W) in [0, 1]."""
        return _grey(self.keep, size)

    def border(self, border: Border, content: Tensor) -> Border:
        """The border of a picture in which the content image (1, 3, H, W) stays where it is kept."""
        kept = self.kept((content.shape[3], content.shape[2])).to(content.device)
        beyond = border.painted(content), border.painted(kept)
        return replace(
            border,
            objective=lambda objective: keeping(border.objective(objective), *beyond),
            picture=lambda image: torch.lerp(border.picture(image), content, kept),
        )


def find_regions(
    mask: Image.Image, content: tuple[int, int], settings: Settings, styles: int
) -> Regions | None:
    """The regions that a mask shows, for so many style images; None for an empty mask.

    content   (width, height) of the content image, whose shape the mask has

    Raises SettingsError where it has another, a region is too small, nothing is left to paint, the second
    style is missing, or the settings have no regions.
    """
    if settings.is_texture or not settings.has_gram_matrices:
        raise SettingsError(
            "Regions are of a content image and of Gram matrices: leave the canvas and the statistic as they "
            "are by default, or paint without a mask."
        )
    if abs(mask.width * content[1] / (mask.height * content[0]) - 1) > SAME_SHAPE:
        raise SettingsError(
            f"The mask is {mask.width} × {mask.height} pixels and the content image {content[0]} × "
            f"{content[1]}: give a mask of the same shape."
        )
    red, green, blue = (np.asarray(band) > 127 for band in mask.convert("RGB").split())
    keep, second = red & ~green & ~blue, blue & ~green & ~red
    for name, region in (("to keep", keep), ("for the second style", second)):
        if 0 < region.mean() < LEAST:
            raise SettingsError(f"The region {name} is too small: paint at least {LEAST:.1%} of the picture.")
    if (keep | second).mean() > 1 - LEAST:
        raise SettingsError("The regions cover the whole picture: leave some of it to the first style.")
    if second.any() and styles != 2:
        raise SettingsError("A region is painted for a second style, so give exactly two style images.")
    if not (keep | second).any():
        return None
    return Regions(_soft(keep), _soft(second) if second.any() else None)


def _soft(region: np.ndarray) -> Image.Image:
    picture = Image.fromarray(region.astype(np.uint8) * 255)
    return picture.filter(ImageFilter.GaussianBlur(SOFT * max(picture.size)))


def _grey(picture: Image.Image, size: tuple[int, int]) -> Tensor:
    return to_tensor(picture, size)[:, :1]


def keeping(objective: Evaluate, content: Tensor, kept: Tensor) -> Evaluate:
    """J of the picture with the content image where it is kept, as a function of what is painted:

        x ↦ J(x + T (C − x)),   ∂J/∂x = (1 − T) ∂J/∂G

    content   (1, 3, H, W); kept: T (1, 1, H, W) in [0, 1]
    """

    def evaluate(x: Tensor) -> tuple[Costs, Tensor]:
        costs, gradient = objective(torch.lerp(x, content, kept))
        return costs, gradient * (1 - kept)

    return evaluate
