"""Filters learned from the pictures at hand: VGG-19's topology without VGG-19's training.

Layer by layer, patches of both pictures' maps are whitened and clustered, and each centre becomes a filter
(after Coates & Ng, 2012, Learning Feature Representations with K-means). It takes less than a second; nothing
is downloaded.
"""

from collections.abc import Generator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..network.layers import CONVS, depth
from ..network.pooling import Pool
from ..network.vgg import MEAN, STD, Filters

# Deviations from Coates & Ng, chosen by style remaining and content moved under real VGG-19 features:
# narrower layers than VGG-19's are as good and several times faster to learn and to run;
WIDTHS = (32, 32, 48, 48, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64)
# whitening is cut off at a tenth of the mean variance: fuller whitening makes filters of noise, and cut off
# at a hundredth the style remaining rises from 0.14 to 0.36;
WHITENING_FLOOR = 0.1
# each unit fires on half of what it sees, not on its strongest quarter, through which the optimiser finds no
# way (0.35 remaining against 0.1);
QUANTILE = 0.5
# and patches are taken from the leading channels and directions only.
CHANNELS = 16
DIRECTIONS = 128
PATCHES = 2048  # from each picture; more changes nothing seen
ROUNDS = 6  # of k-means; 1 and 20 did no better


def learn_filters(
    content: Tensor,
    styles: Sequence[Tensor],
    through: str,
    *,
    pooling: str,
    seed: int = 0,
) -> Generator[str, None, Filters]:
    """Learn filters from the content and style images; yields a phrase a layer, returns the Filters.

    content, styles   (1, 3, H, W) float32 in [0, 1], at the size they will be used at
    through           the deepest layer needed, "relu3_4"
    returns           Filters of kind "self-taught": activations have mean 1 and fire on half of the patches

    The same pictures and seed give the same filters. A flat picture has nothing to learn from and gives
    silent filters, never infinite ones.
    """
    generator = torch.Generator().manual_seed(seed)
    maps = [_standardised(image) for image in (content, *styles)]
    count, kernels, biases = depth(through), [], []
    for number, (conv, width) in enumerate(zip(CONVS[:count], WIDTHS, strict=False), start=1):
        yield f"Learning filters from the pictures: layer {number} of {count}"
        padded = [F.pad(x, (1, 1, 1, 1), mode="replicate" if number == 1 else "constant") for x in maps]
        kernel, bias = _learn(torch.cat([_patches(x, generator) for x in padded]), width, generator)
        kernels.append(kernel)
        biases.append(bias)
        if number == count:
            break
        maps = [F.relu_(F.conv2d(x, kernel, bias)) for x in padded]
        if conv.pool:
            maps = [Pool(pooling)(x) for x in maps]
    return Filters("self-taught filters", "self-taught", tuple(kernels), tuple(biases))


def _standardised(image: Tensor) -> Tensor:
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    x = (image.detach().cpu() - mean) / std
    return x.contiguous(memory_format=torch.channels_last)


def _patches(padded: Tensor, generator: torch.Generator) -> Tensor:
    """(PATCHES, 9, C): 3×3 patches at random places of a map that has its border already."""
    x = padded[0].permute(1, 2, 0)
    height, width = x.shape[0] - 2, x.shape[1] - 2
    places = torch.randint(height * width, (PATCHES,), generator=generator)
    y, x0 = places // width, places % width
    return torch.stack([x[y + i, x0 + j] for i in range(3) for j in range(3)], dim=1)


def _learn(patches: Tensor, width: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Filters (width, C, 3, 3) and biases (width,) from (N, 9, C) patches."""
    inputs = patches.shape[2]
    basis = _leading_channels(patches)  # (C, c)
    x = (patches @ basis).flatten(1)  # (N, 9c)
    whitening = _whitening(x)  # (9c, d)
    centres = _spherical_k_means((x - x.mean(0)) @ whitening, width, generator)
    weights = centres @ whitening.T  # (width, 9c)
    responses = x @ weights.T
    threshold = responses.kthvalue(1 + round(QUANTILE * (len(responses) - 1)), dim=0).values
    strength = F.relu(responses - threshold).mean(0)
    # A unit that hardly varies answers to rounding errors only; scaled like the others it would hide them.
    live = strength > 1e-3 * responses.abs().mean(0) + 1e-6
    scale = live / strength.clamp_min(1e-6)
    kernel = (weights.view(width, 9, -1) @ basis.T * scale[:, None, None]).transpose(1, 2)
    return kernel.reshape(width, inputs, 3, 3).contiguous(), -threshold * scale


def _leading_channels(patches: Tensor) -> Tensor:
    """The principal directions (C, ≤ CHANNELS) of what single positions hold."""
    centre = patches[:, 4] - patches[:, 4].mean(0)
    return _directions(centre)[1][:, -CHANNELS:]


def _whitening(x: Tensor) -> Tensor:
    """U (Λ + ε)^−½ of the leading DIRECTIONS of x's covariance, ε = WHITENING_FLOOR · the mean of Λ."""
    variance, vectors = _directions(x - x.mean(0))
    floor = WHITENING_FLOOR * variance.mean().clamp_min(0) + 1e-6
    kept = variance[-DIRECTIONS:].clamp_min(0)
    return vectors[:, -DIRECTIONS:] * (kept + floor).rsqrt()


def _directions(x: Tensor) -> tuple[Tensor, Tensor]:
    """Variances, ascending, and unit vectors of the principal directions of centred points (N, d)."""
    covariance = (x.T @ x / len(x)).double()  # float32 fails to converge where a picture is flat
    variance, vectors = torch.linalg.eigh(covariance)
    return variance.to(x.dtype), vectors.to(x.dtype)


def _spherical_k_means(x: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(count, d) unit vectors: each the mean direction of the points nearest to it in angle."""
    points = F.normalize(x, dim=1, eps=1e-6)
    centres = points[torch.randperm(len(points), generator=generator)[:count]]
    for _ in range(ROUNDS):
        nearest = (points @ centres.T).argmax(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        empty = sums.norm(dim=1, keepdim=True) < 1e-6
        centres = torch.where(empty, centres, F.normalize(sums, dim=1, eps=1e-6))
    return centres
