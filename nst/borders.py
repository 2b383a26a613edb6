"""What is painted beyond a picture's border, where the network sees zeros.

A picture is optimised inside something larger: beside the zeros a rim of five pixels comes out wrong. Of a
tile the network sees no border.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from .objective import Evaluate
from .tensors import resize_tensor

MARGIN = 8  # pixels, painted along and cut off


def with_margin(image: Tensor) -> Tensor:
    """(1, 3, H, W) → (1, 3, H + 2 · MARGIN, W + 2 · MARGIN): the picture mirrored beyond its border, to be
    painted along and cut off again."""
    return F.pad(image, (MARGIN,) * 4, mode="reflect")


def without_margin(image: Tensor) -> Tensor:
    """The inverse of with_margin(), a view."""
    return image[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def resize_tile(image: Tensor, size: tuple[int, int]) -> Tensor:
    """resize_tensor() of one tile among its eight neighbours: nine times its memory, once a size."""
    width, height = size
    tiled = resize_tensor(image.repeat(1, 1, 3, 3), (3 * width, 3 * height))
    return tiled[..., height : 2 * height, width : 2 * width]


@dataclass(frozen=True)
class Border:
    """How a picture's border is painted.

    extended    picture → what is optimised
    picture     what is optimised → picture
    resize      picture, (width, height) → picture
    objective   J → J as a function of what is optimised, which regions hold still in part (regions.Keeping)
    """

    extended: Callable[[Tensor], Tensor]
    picture: Callable[[Tensor], Tensor]
    resize: Callable[[Tensor, tuple[int, int]], Tensor]
    objective: Callable[[Evaluate], Evaluate]


def _same(given: Any) -> Any:
    return given


MIRRORED = Border(with_margin, without_margin, resize_tensor, _same)
SEAMLESS = Border(_same, _same, resize_tile, _same)
