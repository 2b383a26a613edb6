"""2×2 pooling, its gradient, and where a gradient passes."""

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import SettingsError
from .convolution import empty
from .rectify import integers

PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))  # of each 2×2: row and column


class Pool:
    """Average or max over each 2×2 of (N, C, H, W), an odd last row or column dropped, as in training.

    "average" is Gatys' advice and smoother, "max" is as VGG-19 was trained.
    """

    def __init__(self, name: str) -> None:
        self.is_max = name == "max"

    def __call__(self, y: Tensor) -> Tensor:
        """(N, C, ⌊H/2⌋, ⌊W/2⌋). Raises SettingsError where a side of one is left with nothing."""
        _require_two_by_two(y)
        return F.max_pool2d(y, 2) if self.is_max else F.avg_pool2d(y, 2)

    def with_passes(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """The pooled values of y, from relu_(), and where a gradient passes the pool and that ReLU, (N, C,
        ⌊H/2⌋, ⌊W/2⌋) uint8: bit k is set where it passes to the k-th place of the 2×2. Of tied maxima the
        first passes it, as in PyTorch."""
        _require_two_by_two(y)
        if self.is_max:
            return _highest(y)
        each = [value.clamp_max(1) * (1 << k) for k, value in enumerate(_each_place(integers(y)))]
        return self(y), reduce(torch.Tensor.add_, each).to(torch.uint8)

    def backwards(self, gradient: Tensor, passes: Tensor, height: int, width: int) -> Tensor:
        """The gradient of what was pooled, (N, C, height, width), from that of the pooled values, (N, C,
        ⌊height/2⌋, ⌊width/2⌋), and from where it passes."""
        g = integers(gradient if self.is_max else gradient / 4)
        found = empty((*gradient.shape[:2], height, width), gradient)
        found[..., 2 * g.shape[2] :, :] = found[..., 2 * g.shape[3] :] = 0
        for k, place in enumerate(_each_place(integers(found))):
            torch.mul(g, (passes & (1 << k)).clamp_max_(1), out=place)
        return found


def _each_place(y: Tensor) -> list[Tensor]:
    """The values in each of PLACES, of all 2×2 at once: four views."""
    height, width = y.shape[2] // 2 * 2, y.shape[3] // 2 * 2
    return [y[..., i:height:2, j:width:2] for i, j in PLACES]


def _highest(y: Tensor) -> tuple[Tensor, Tensor]:
    """The maximum of each 2×2, and the bit of its place, if it is above 0: 1 or 2 in the upper row, 4 or 8 in
    the lower. Of whole numbers b > a is b − a, kept between 0 and 1: PyTorch's comparison takes ten times as
    long."""
    a, b, c, d = _each_place(integers(y))
    upper, lower = torch.maximum(a, b), torch.maximum(c, d)
    highest = torch.maximum(upper, lower)
    anywhere = highest.clamp_max(1)
    in_lower = (lower - upper).clamp_(0, 1).mul_(anywhere)
    in_upper = anywhere.sub_(in_lower)
    at_b, at_d = (b - a).clamp_(0, 1).mul_(in_upper), (d - c).clamp_(0, 1).mul_(in_lower)
    bits = in_upper.add_(at_b).add_(in_lower.add_(at_d), alpha=4)
    return highest.view(y.dtype), bits.to(torch.uint8)


def _require_two_by_two(y: Tensor) -> None:
    if min(y.shape[2:]) < 2:
        raise SettingsError(
            "The picture is too small for a layer after this many pools: choose a larger size or style "
            "scale, fewer scales, or a shallower layer."
        )
