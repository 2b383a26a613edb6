"""What is painted beyond a picture's border, where the network sees zeros.

A picture is optimised inside something larger: beside the zeros a rim of five pixels comes out wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .objective import Costs
from .tensors import resize_tensor

MARGIN = 8  # pixels, painted along and cut off
# Pixels beyond a seamless picture's border: relu3_4 sees 24 to each side. They are whole places of every
# layer, so that the costs can leave them out.
WRAP = 32

Evaluate = Callable[[Tensor], tuple[Costs, Tensor]]  # x ↦ (costs, gradient shaped as x)


def with_margin(image: Tensor) -> Tensor:
    """(1, 3, H, W) → (1, 3, H + 2 · MARGIN, W + 2 · MARGIN): the picture mirrored beyond its border, to be
    painted along and cut off again."""
    return F.pad(image, (MARGIN,) * 4, mode="reflect")


def without_margin(image: Tensor) -> Tensor:
    """The inverse of with_margin(), a view."""
    return image[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def repeated(image: Tensor) -> Tensor:
    """(1, 3, H, W) → (1, 3, H + 2 · WRAP, W + 2 · WRAP): beyond each border what is inside the opposite one,
    as often as there is room."""
    rows, columns = (torch.arange(-WRAP, side + WRAP, device=image.device) % side for side in image.shape[2:])
    return image[:, :, rows][..., columns]


def seamless(objective: Evaluate) -> Evaluate:
    """J of the picture repeated beyond its border, as a function of the picture alone:

        x ↦ J(repeated(x)),   ∂J/∂x = repeatedᵀ ∂J/∂repeated(x)

    so that its left edge goes on at its right one, and its top at its bottom.
    """

    def evaluate(x: Tensor) -> tuple[Costs, Tensor]:
        inner = x.detach().requires_grad_()
        outer = repeated(inner)
        costs, gradient = objective(outer)
        return costs, torch.autograd.grad(outer, inner, gradient)[0]

    return evaluate


def resize_tile(image: Tensor, size: tuple[int, int]) -> Tensor:
    """resize_tensor() of one tile among its eight neighbours: nine times its memory, once a size."""
    width, height = size
    tiled = resize_tensor(image.repeat(1, 1, 3, 3), (3 * width, 3 * height))
    return tiled[..., height : 2 * height, width : 2 * width]


@dataclass(frozen=True)
class Border:
    """How a picture's border is painted.

    seen        picture → what the network sees of it
    counted     picture → the part of that which costs count: all but `beyond` pixels at each side
    painted     picture → what is optimised
    picture     what is optimised → picture
    objective   J of what is seen → J of what is optimised
    resize      picture, (width, height) → picture
    """

    seen: Callable[[Tensor], Tensor]
    counted: Callable[[Tensor], Tensor]
    painted: Callable[[Tensor], Tensor]
    picture: Callable[[Tensor], Tensor]
    objective: Callable[[Evaluate], Evaluate]
    resize: Callable[[Tensor, tuple[int, int]], Tensor]
    beyond: int = 0


def _same(given: Tensor) -> Tensor:
    return given


MIRRORED = Border(
    with_margin, with_margin, with_margin, without_margin, lambda objective: objective, resize_tensor
)
# Were the repeated part counted, what is near the border would count twice, and the middle be left grey.
SEAMLESS = Border(repeated, _same, _same, _same, seamless, resize_tile, WRAP)
