"""The style image as it is used: turned, cut to its middle, as large as a scale asks for, in its colours."""

from math import cos, radians, sin

import torch
from PIL import Image
from torch import Tensor

from .colours import match_colours
from .images import fit
from .schedule import Scale
from .settings import Settings
from .tensors import to_tensor


def style_at(style: Image.Image, scale: Scale, settings: Settings, content: Tensor) -> Tensor:
    """The style image beside this scale: as_used(), and as long as the generated image times style_scale,
    never enlarged (an enlarged picture is blurred, and its Gram matrices would ask for blur). Its colours are
    moved towards the content image's by `colours`, the whole way where those are kept.

    Halfway along the map that moves colours least the covariance is that of McCann (1997), A Convexity
    Principle for Interacting Gases: x ↦ (1 − t) x + t T(x).
    """
    style = as_used(style, settings)
    side = min(max(style.size), round(scale.side * settings.style_scale))
    tensor = to_tensor(style, fit(*style.size, side)).to(content.device)
    share = 1.0 if settings.keep_colours else settings.colours
    return torch.lerp(tensor, match_colours(tensor, content), share) if share else tensor


def as_used(style: Image.Image, settings: Settings) -> Image.Image:
    """The style image turned by style_rotation, of which only what is inside is left, and then its middle of
    style_crop of each side: fewer of its strokes, and so larger ones beside the picture."""
    return middle(turned(style, settings.style_rotation), settings.style_crop)


def middle(picture: Image.Image, share: float) -> Image.Image:
    """The piece in the middle that has this share of each side."""
    return picture if share == 1 else _centred(picture, share * picture.width, share * picture.height)


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """The picture turned anticlockwise, cut to the largest upright rectangle that is inside."""
    if degrees == 0:
        return picture
    whole = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    return _centred(whole, *inside(*picture.size, radians(degrees)))


def inside(width: float, height: float, angle: float) -> tuple[float, float]:
    """(width, height) of the largest upright rectangle in a rectangle w × h turned by this angle in radians:

        (w c − h s, h c − w s) / (c² − s²),   s = |sin|, c = |cos|

    with a corner on each side, or, where the shorter side is at most 2 s c times the longer, with two corners
    on the longer sides alone: half of the shorter side over s, and over c.
    """
    s, c = abs(sin(angle)), abs(cos(angle))
    long, short = max(width, height), min(width, height)
    if short <= 2 * s * c * long:
        half = short / 2
        return (half / s, half / c) if width >= height else (half / c, half / s)
    return (width * c - height * s) / (c * c - s * s), (height * c - width * s) / (c * c - s * s)


def _centred(picture: Image.Image, width: float, height: float) -> Image.Image:
    width, height = (max(1, int(side + 1e-6)) for side in (width, height))  # 47.9999999 is 48
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))
