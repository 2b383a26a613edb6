"""3×3 convolution by Winograd's minimal filtering: F(4×4, 3×3), a quarter of the multiplications.

    Y = Aᵀ [ (G k Gᵀ) ⊙ (Bᵀ d B) ] A        for each 6×6 tile d of the input, tiles 4 apart

Summed over the input channels, ⊙ becomes 36 matrix products, which every BLAS is good at. On a CPU without
half-precision instructions it is up to 2.6 times as fast as the direct convolution, and differs from it by
rounding alone, some 10⁻⁵ of the largest output.

Source: Lavin & Gray (2016), "Fast Algorithms for Convolutional Neural Networks"; the matrices are theirs.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

G = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)

STRIP = 2_400_000  # transformed values worked on at once: few enough to stay in a cache


def pays(kernel: Tensor) -> bool:
    """Whether this convolution is faster so: on a CPU in float32, with channels enough that the products
    outweigh the transforms."""
    outputs, inputs = kernel.shape[:2]
    return kernel.device.type == "cpu" and kernel.dtype == torch.float32 and outputs * inputs >= 64 * 128


class Winograd:
    """F.conv2d(x, kernel, bias, padding=1) for a frozen kernel: differentiable in x alone.

    kernel   (K, C, 3, 3) float32; bias (K,)
    x        (N, C, H, W) float32 → (N, K, H, W), channels last in memory
    """

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        self.forwards = _transformed(kernel)
        # The gradient of a convolution is one with the kernel turned by 180° and its channels exchanged.
        self.backwards = _transformed(kernel.flip(2, 3).transpose(0, 1))
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        return _Convolution.apply(x, self)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, by: Winograd) -> Tensor:
        ctx.by = by
        return _convolve(x, by.forwards).add_(by.bias.view(1, -1, 1, 1))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _convolve(gradient, ctx.by.backwards), None


def _transformed(kernel: Tensor) -> Tensor:
    """G k Gᵀ: (K, C, 3, 3) → (36, C, K). In float64, once, so that its rounding is not added to the rest."""
    g = torch.tensor(G, dtype=torch.float64)
    tiles = torch.einsum("ai,kcij,bj->abck", g, kernel.double(), g)
    return tiles.reshape(36, kernel.shape[1], kernel.shape[0]).to(kernel.dtype)


def _convolve(x: Tensor, kernels: Tensor) -> Tensor:
    n, channels, height, width = x.shape
    outputs = kernels.shape[-1]
    down, across = -(-height // 4), -(-width // 4)
    x = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 4 * across - width + 1, 1, 4 * down - height + 1))
    whole = torch.empty(n, outputs, 4 * down, 4 * across, memory_format=torch.channels_last)
    y = whole.permute(0, 2, 3, 1).view(n, down, 4, across, 4, outputs)
    widest = max(channels, outputs)
    pictures, rows = _strip(n, down, across * widest)
    room = [x.new_empty(36 * pictures * rows * (across + 1) * widest) for _ in range(2)]
    for some, first, last in _strips(n, down, pictures, rows):
        part = x[some, 4 * first : 4 * last + 2]
        _strip_of(part, kernels, y[some, first:last], room)
    if whole.shape[2:] == (height, width):
        return whole
    return whole[:, :, :height, :width].clone(memory_format=torch.channels_last)


def _strip_of(x: Tensor, kernels: Tensor, y: Tensor, room: Sequence[Tensor]) -> None:
    """The convolution of padded rows x (n, 4r + 2, 4w + 2, C) into y (n, r, 4, w, 4, K)."""
    n, rows, _, across, _, outputs = y.shape
    channels = x.shape[-1]

    def take(which: int, *shape: int) -> Tensor:
        return room[which][: torch.Size(shape).numel()].view(shape)

    tall = take(0, 6, n, rows, x.shape[2], channels)
    _input_transform([x[:, i : i + 4 * rows - 3 : 4] for i in range(6)], tall)
    tiles = take(1, 6, 6, n, rows, across, channels)
    _input_transform([tall[:, :, :, i : i + 4 * across - 3 : 4] for i in range(6)], tiles.transpose(0, 1))
    products = take(0, 36, n * rows * across, outputs)
    torch.bmm(tiles.view(36, -1, channels), kernels, out=products)
    short = take(1, 4, 6, n, rows, across, outputs)
    _output_transform(products.view(6, 6, n, rows, across, outputs), short)
    _output_transform(short.transpose(0, 1), y.permute(4, 2, 0, 1, 3, 5))


def _strip(n: int, down: int, row: int) -> tuple[int, int]:
    """How many pictures and how many rows of tiles are worked on at once."""
    rows = max(1, min(down, STRIP // (36 * row)))
    return (max(1, min(n, STRIP // (36 * row * down))) if rows == down else 1), rows


def _strips(n: int, down: int, pictures: int, rows: int) -> Iterator[tuple[slice, int, int]]:
    for picture in range(0, n, pictures):
        for row in range(0, down, rows):
            yield slice(picture, picture + pictures), row, min(down, row + rows)


def _input_transform(d: Sequence[Tensor], out: Tensor) -> None:
    """Bᵀ d along one axis: six values to six. The sums are shared, as in the paper's appendix."""
    even, odd = torch.sub(d[4], d[2], alpha=4), torch.sub(d[3], d[1], alpha=4)
    torch.add(even, odd, out=out[1])
    torch.sub(even, odd, out=out[2])
    torch.sub(d[4], d[2], out=even)
    torch.sub(d[3], d[1], out=odd)
    torch.add(even, odd, alpha=2, out=out[3])
    torch.sub(even, odd, alpha=2, out=out[4])
    torch.sub(d[0], d[2], out=out[0])
    torch.add(even, out[0], alpha=4, out=out[0])
    torch.sub(d[5], d[3], out=out[5])
    out[5].sub_(odd, alpha=4)


def _output_transform(m: Tensor, out: Tensor) -> None:
    """Aᵀ m along the first axis: six values to four."""
    sum_1, difference_1 = m[1] + m[2], m[1] - m[2]
    sum_2, difference_2 = m[3] + m[4], m[3] - m[4]
    torch.add(m[0], sum_1, out=out[0])
    out[0].add_(sum_2)
    torch.add(difference_1, difference_2, alpha=2, out=out[1])
    torch.add(sum_1, sum_2, alpha=4, out=out[2])
    torch.add(difference_1, difference_2, alpha=8, out=out[3])
    out[3].add_(m[5])
