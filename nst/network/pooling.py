"""2×2 pooling, its gradient, and where a gradient passes."""

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import SettingsError
from .convolution import rows
from .rectify import comparable


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
        """The pooled values of y ≥ 0, and where a gradient passes the pool and the ReLU that gave y: 0 or 1,
        uint8, shaped as y. Of tied maxima the first passes it, as in PyTorch."""
        _require_two_by_two(y)
        pooled, passes = _highest(y) if self.is_max else (self(y), y > 0)
        return pooled, passes.view(torch.uint8)  # with which a product takes half as long as with bool

    def spread(self, gradient: Tensor, first: int, last: int, width: int) -> Tensor:
        """Rows first to last of the gradient of what was pooled, (N, C, last − first, width), from the whole
        gradient (N, C, h, w) of the pooled values; where it passes is left to with_passes()."""
        top = first // 2
        g = rows(gradient, top, -(-last // 2))
        g = F.interpolate(g if self.is_max else g / 4, scale_factor=2)
        if width > g.shape[3]:  # F.pad of nothing is a copy
            g = F.pad(g, (0, width - g.shape[3]))
        return g[:, :, first - 2 * top : last - 2 * top]


def _highest(y: Tensor) -> tuple[Tensor, Tensor]:
    """The maximum of each 2×2, and where it is, if it is above 0. By the four corners of all 2×2 at once this
    takes 0.6 of the time of max_pool2d's indices, eight bytes each, and max_unpool2d."""
    values = comparable(y)
    height, width = y.shape[2] // 2 * 2, y.shape[3] // 2 * 2
    corners = [(..., slice(i, height, 2), slice(j, width, 2)) for i in (0, 1) for j in (0, 1)]
    pooled = reduce(torch.maximum, [values[corner] for corner in corners])
    passes = torch.zeros_like(y, dtype=torch.bool)
    waiting = pooled > 0
    for corner in corners:
        here = (values[corner] == pooled).logical_and_(waiting)
        waiting.logical_xor_(here)
        passes[corner] = here
    return pooled.view(y.dtype), passes


def _require_two_by_two(y: Tensor) -> None:
    if min(y.shape[2:]) < 2:
        raise SettingsError(
            "The picture is too small for a layer after this many pools: choose a larger size or style "
            "scale, fewer scales, or a shallower layer."
        )
