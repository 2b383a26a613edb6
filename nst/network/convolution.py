"""3×3 convolutions with frozen kernels, forwards and backwards, whole or a band of rows at a time.

A band is as high as keeps its values in a cache: larger tensors also cost a CPU the pages that the system
clears for each of them anew, a third of an evaluation's time at 1024 px.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from .winograd import convolve_rows, transformed

# Bytes of a band, in the wider of a convolution's input and output: on a CPU what fits a cache, elsewhere
# one band up to 1024 px, and for larger pictures some hundred megabytes at a time in place of gigabytes.
BAND, BAND_ELSEWHERE = 8_000_000, 400_000_000
STRIP = 2_400_000  # of a band by Winograd's way, transformed: 36 · tiles · channels


# Reads rows of a picture, (N, C, last − first, W), by the first and the one after the last; none is outside.
Read = Callable[[int, int], Tensor]


class Convolution(Protocol):
    """F.conv2d(x, kernel, bias, padding=1).

    __call__    of a whole x (N, C, H, W), differentiable in x
    forwards    rows of what it gives, (N, K, last − first, W), from those of x, of which there are `height`
    backwards   rows of the gradient of x, (N, C, last − first, W), from those of what it gave
    band        how many rows of N pictures of one width to take at once, a multiple of four
    """

    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor: ...

    def forwards(self, read: Read, height: int, first: int, last: int) -> Tensor: ...

    def backwards(self, read: Read, height: int, first: int, last: int) -> Tensor: ...

    def band(self, n: int, width: int) -> int: ...


class First:
    """The convolution of the picture, which brings its own border: F.conv2d(x, kernel, bias).

    Its gradient has three channels, too few for PyTorch's convolution on a CPU to be fast: as one product and
    nine sums it takes less than half the time.
    """

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        self.kernel = kernel.contiguous(memory_format=torch.channels_last)
        self.products = kernel.permute(2, 3, 1, 0).reshape(-1, len(kernel))  # (3 · 3 · C, K)
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        """(N, C, r + 2, W + 2) → (N, K, r, W), of a whole picture or of some rows."""
        return F.conv2d(x, self.kernel, self.bias)

    def spread(self, gradient: Tensor, whole: Tensor) -> None:
        """Add to the gradient of x (N, C, r + 2, W + 2) what its rows' (N, K, r, W) comes to."""
        n, outputs, height, width = gradient.shape
        # Of all pictures at once: PyTorch first copies the one factor of a batch of products.
        a = gradient.permute(0, 2, 3, 1).reshape(n * height * width, outputs)
        parts = (self.products @ a.T).view(3, 3, -1, n, height, width)
        for i, j in product(range(3), repeat=2):
            whole[:, :, i : i + height, j : j + width] += parts[i, j].transpose(0, 1)


class Direct:
    """As PyTorch does it."""

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        self.kernel = kernel.contiguous(memory_format=torch.channels_last)
        self.bias = bias

    @cached_property
    def turned(self) -> Tensor:
        return turned(self.kernel).contiguous(memory_format=torch.channels_last)

    def __call__(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.kernel, self.bias, padding=1)

    def forwards(self, read: Read, height: int, first: int, last: int) -> Tensor:
        return _convolved(read, height, first, last, self.kernel, self.bias)

    def backwards(self, read: Read, height: int, first: int, last: int) -> Tensor:
        return _convolved(read, height, first, last, self.turned)

    def band(self, n: int, width: int) -> int:
        return band(self.kernel, n * width * max(self.kernel.shape[:2]))


class Winograd:
    """By Winograd's minimal filtering, winograd.py: float32 on a CPU."""

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        self.kernel, self.bias = kernel, bias
        self.kernels = transformed(kernel)

    @cached_property
    def turned(self) -> Tensor:
        """Made with the first gradient, by one thread at a time, as it is four times as large as the kernel,
        which is then let go: who only looks forwards needs none."""
        return transformed(turned(vars(self).pop("kernel")))

    def __call__(self, x: Tensor) -> Tensor:
        return _Differentiable.apply(x, self)

    def forwards(self, read: Read, height: int, first: int, last: int) -> Tensor:
        x = with_zeros(read, height, first - 1, last + 1)
        return convolve_rows(x, self.kernels).add_(self.bias.view(1, -1, 1, 1))

    def backwards(self, read: Read, height: int, first: int, last: int) -> Tensor:
        return convolve_rows(with_zeros(read, height, first - 1, last + 1), self.turned)

    def band(self, n: int, width: int) -> int:
        tiles = n * -(-width // 4)
        return 4 * max(1, STRIP // (36 * tiles * max(self.kernels.shape[1:])))


class Tiled:
    """A convolution of a tile: beyond each border is what is inside the opposite one."""

    def __init__(self, inner: Convolution) -> None:
        self.inner, self.bias = inner, inner.bias

    def __call__(self, x: Tensor) -> Tensor:
        return self.inner(framed(x))[..., 1:-1, 1:-1]

    def forwards(self, read: Read, height: int, first: int, last: int) -> Tensor:
        return self.inner.forwards(_framed(read, height), height + 2, first + 1, last + 1)[..., 1:-1]

    def backwards(self, read: Read, height: int, first: int, last: int) -> Tensor:
        return self.inner.backwards(_framed(read, height), height + 2, first + 1, last + 1)[..., 1:-1]

    def band(self, n: int, width: int) -> int:
        return self.inner.band(n, width + 2)


class _Differentiable(torch.autograd.Function):
    """A whole convolution from its bands."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, by: Winograd) -> Tensor:
        ctx.by = by
        return _whole(x, by.forwards, by, by.kernels.shape[2])

    @staticmethod
    @torch.autograd.function.once_differentiable  # which hides the names of its parameters
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (gradient,) = grad_outputs
        return _whole(gradient, ctx.by.backwards, ctx.by, ctx.by.kernels.shape[1]), None


def _convolved(
    read: Read, height: int, first: int, last: int, kernel: Tensor, bias: Tensor | None = None
) -> Tensor:
    """At a border of the picture F.conv2d pads with zeros, on both sides alike, and a row too many is cut
    off: rows that were padded before would be a copy."""
    x = read(max(first - 1, 0), min(last + 1, height))
    padding = int(first == 0 or last == height)
    y = F.conv2d(x, kernel, bias, padding=(padding, 1))
    return y.narrow(2, 0 if first == 0 else padding, last - first)


def _whole(
    x: Tensor, convolve: Callable[[Read, int, int, int], Tensor], by: Winograd, outputs: int
) -> Tensor:
    n, _, height, width = x.shape
    whole = empty((n, outputs, height, width), x)
    for first, last in bands(height, by.band(n, width)):
        whole[:, :, first:last] = convolve(reader(x), height, first, last)
    return whole


def turned(kernel: Tensor) -> Tensor:
    """The kernel of the gradient: turned by 180°, its channels exchanged."""
    return kernel.flip(2, 3).transpose(0, 1)


def band(like: Tensor, row: int) -> int:
    """How many rows of so many values to take at once, a multiple of four."""
    most = BAND if like.device.type == "cpu" else BAND_ELSEWHERE
    return max(4, most // (row * like.element_size()) // 4 * 4)


def bands(height: int, step: int) -> Iterator[tuple[int, int]]:
    """First row and the row after the last of each band; never a last band of one row, which has no pool."""
    starts = range(0, max(1, height - 1), step)
    yield from zip(starts, [*starts[1:], height], strict=True)


def empty(shape: Sequence[int], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A tensor in channels-last memory, its values whatever was there."""
    return torch.empty(
        shape, dtype=dtype or like.dtype, device=like.device, memory_format=torch.channels_last
    )


def reader(x: Tensor) -> Read:
    return lambda first, last: x[:, :, first:last]


def with_zeros(read: Read, height: int, first: int, last: int) -> Tensor:
    """Rows of a picture, with rows of zeros where they lie outside."""
    inside = read(max(first, 0), min(last, height))
    if first >= 0 and last <= height:
        return inside
    return F.pad(inside, (0, 0, max(-first, 0), max(last - height, 0)))


def around(read: Read, height: int, first: int, last: int) -> Tensor:
    """Rows of a picture, and where they lie outside those inside the opposite border."""
    parts = [read(max(first, 0), min(last, height))]
    if first < 0:
        parts.insert(0, read(height + first, height))
    if last > height:
        parts.append(read(0, last - height))
    return torch.cat(parts, dim=2) if len(parts) > 1 else parts[0]


def framed(x: Tensor) -> Tensor:
    """(N, C, H, W) → (N, C, H + 2, W + 2): beyond each border the row or column inside the opposite one.

    F.pad(mode="circular") does the same, but leaves channels-last memory.
    """
    return _framed(reader(x), x.shape[2])(0, x.shape[2] + 2)


def _framed(read: Read, height: int) -> Read:
    """Rows of the framed picture, whose first row is the one before the picture's."""
    return lambda first, last: _with_columns(around(read, height, first - 1, last - 1))


def _with_columns(x: Tensor) -> Tensor:
    return torch.cat((x[..., -1:], x, x[..., :1]), dim=3)
