"""The costs once more, as the papers' sums: slow loops over Python floats, for checking costs.py against."""

from itertools import product

import torch
from torch import Tensor


def content_cost(generated: Tensor, content: Tensor) -> float:
    """1/(4 · nH · nW · nC) · Σ (a(C) − a(G))² for (nC, nH, nW)."""
    channels, height, width = generated.shape
    total = 0.0
    for k, i, j in product(range(channels), range(height), range(width)):
        total += (float(content[k, i, j]) - float(generated[k, i, j])) ** 2
    return total / (4 * height * width * channels)


def gram(features: Tensor) -> list[list[float]]:
    """G_kk' = Σ_ij a_ijk · a_ijk', not normalised, for (nC, nH, nW)."""
    channels, height, width = features.shape
    a = features.tolist()
    places = list(product(range(height), range(width)))
    return [
        [sum(a[k][i][j] * a[m][i][j] for i, j in places) for m in range(channels)] for k in range(channels)
    ]


def style_cost(generated: Tensor, style: Tensor) -> float:
    """1/(2 · nH · nW · nC)² · Σ (G(S) − G(G))² for two pictures of one size."""
    channels, height, width = generated.shape
    g, s = gram(generated), gram(style)
    total = sum((g[k][m] - s[k][m]) ** 2 for k in range(channels) for m in range(channels))
    return total / (2 * height * width * channels) ** 2


def total_variation(image: Tensor, kappa: float = 1.0) -> float:
    """Mean squared difference of vertical neighbours plus that of horizontal ones, for (3, H, W): of the
    pixels' means, and of what they differ from these, which counts κ times."""
    height, width = image.shape[1:]
    grey, rest = [], []
    for pixel in image.flatten(1).T.tolist():
        mean = sum(pixel) / len(pixel)
        grey.append([mean] * len(pixel))
        rest.append([value - mean for value in pixel])
    lightness, others = (
        torch.tensor(each, dtype=torch.float64).T.reshape(-1, height, width) for each in (grey, rest)
    )
    return _variation(lightness) + kappa * _variation(others)


def _variation(image: Tensor) -> float:
    channels, height, width = image.shape
    x = image.tolist()
    rows = product(range(channels), range(height - 1), range(width))
    down = [(x[c][i + 1][j] - x[c][i][j]) ** 2 for c, i, j in rows]
    columns = product(range(channels), range(height), range(width - 1))
    right = [(x[c][i][j + 1] - x[c][i][j]) ** 2 for c, i, j in columns]
    return sum(down) / len(down) + sum(right) / len(right)
