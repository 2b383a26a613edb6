"""The style image as it is used: turned, cut to its middle, as large as a scale asks for, in its colours."""

from math import cos, hypot, inf, radians, sin

import torch
from PIL import Image
from torch import Tensor

from .colours import match_colours
from .images import fit, least_side
from .schedule import Scale
from .settings import Settings
from .tensors import to_tensor

FINER = 1.5  # a style image that will be turned is this many times as long as it is used: turning blurs


def style_at(style: Image.Image, scale: Scale, settings: Settings, content: Tensor) -> Tensor:
    """The style image beside this scale: as_used(), and as long as the generated image times style_scale,
    never enlarged, except to reach 16 px: an enlarged picture is blurred, and its Gram matrices would ask for
    blur. Nor is it squashed: a long one stays as long as its shape needs. Its colours are moved towards the
    content image's by `colours`, the whole way where those are kept.

    Halfway along the map that moves colours least the covariance is that of McCann (1997), A Convexity
    Principle for Interacting Gases: x ↦ (1 − t) x + t T(x).
    """
    length = round(scale.side * settings.style_scale)
    style = as_used(style, settings, length)
    side = max(min(max(style.size), length), least_side(*style.size))
    tensor = to_tensor(style, fit(*style.size, side)).to(content.device)
    share = 1.0 if settings.keep_colours else settings.colours
    return torch.lerp(tensor, match_colours(tensor, content), share) if share else tensor


def as_used(style: Image.Image, settings: Settings, length: float = inf) -> Image.Image:
    """The style image turned by style_rotation, of which only what is inside is left, and then its middle of
    style_crop of each side: fewer of its strokes, and so larger ones beside the picture.

    length   of its longer side that is needed; to turn more of a large picture takes seconds
    """
    if settings.style_rotation == 0:
        return middle(style, settings.style_crop)
    whole = largest_inside(*style.size, radians(settings.style_rotation))
    width, height = (settings.style_crop * side for side in whole)
    across = hypot(width, height) + 2  # a cut at whole pixels may be one off
    around = _centred(style, across, across)
    shrink = min(1.0, FINER * length / max(width, height))
    around = around.resize([max(1, round(shrink * side)) for side in around.size], Image.Resampling.LANCZOS)
    return _turned(around, radians(settings.style_rotation), shrink * width, shrink * height)


def _turned(picture: Image.Image, angle: float, width: float, height: float) -> Image.Image:
    """The piece w × h in the middle of the picture turned by this angle in radians: its pixel at p is the
    picture's at

        q = ½ (W, H) + R (p − ½ (w, h)),   R = ((c, −s), (s, c))

    Image.rotate() and a crop would be half a pixel off the middle, and so reach beyond the picture.
    """
    s, c = sin(angle), cos(angle)
    wide, high = _whole(width), _whole(height)
    left = (picture.width - c * wide + s * high) / 2
    top = (picture.height - s * wide - c * high) / 2
    return picture.transform(
        (wide, high), Image.Transform.AFFINE, (c, -s, left, s, c, top), Image.Resampling.BICUBIC
    )


def middle(picture: Image.Image, share: float) -> Image.Image:
    """The piece in the middle that has this share of each side."""
    return picture if share == 1 else _centred(picture, share * picture.width, share * picture.height)


def largest_inside(width: float, height: float, angle: float) -> tuple[float, float]:
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
    """The piece in the middle, no larger than the picture."""
    wide, high = min(picture.width, _whole(width)), min(picture.height, _whole(height))
    left, top = (picture.width - wide) // 2, (picture.height - high) // 2
    return picture.crop((left, top, left + wide, top + high))


def _whole(side: float) -> int:
    return max(1, int(side + 1e-6))  # 47.9999999 is 48
