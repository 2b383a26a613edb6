"""Caffe-convention weights, recognised and folded once into the convention of vgg.py.

The original VGG-19 was trained in Caffe on BGR in 0 … 255 less a mean; torchvision's on RGB in [0, 1] less
another mean, over a standard deviation. The same tensor names are used for both, and so are magnitudes:
conv1_1's kernels average 0.16 in Caffe's and as much in torchvision's. So the numbers of two kernels are
what tells them apart.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..network.vgg import MEAN, STD

# Mean of ImageNet's training pictures in 0 … 255, RGB: Simonyan & Zisserman's release, and Caffe's.
CAFFE_MEAN = (123.68, 116.779, 103.939)

# Units 13 and 49 of conv1_1 in Simonyan & Zisserman's VGG-19 (CC BY 4.0), RGB, to three decimals: the two
# that change the most when their colours, or their rows and columns, are swapped.
UNITS = (13, 49)
KERNELS = (
    (
        ((-0.094, -0.179, -0.245), (0.009, -0.038, -0.185), (0.024, -0.004, -0.112)),
        ((0.018, -0.061, -0.153), (0.143, 0.102, -0.072), (0.144, 0.123, -0.011)),
        ((0.052, -0.000, -0.083), (0.168, 0.153, -0.009), (0.147, 0.150, 0.027)),
    ),
    (
        ((-0.087, 0.077, 0.250), (-0.405, -0.236, 0.130), (-0.351, -0.214, 0.063)),
        ((-0.034, 0.172, 0.349), (-0.346, -0.135, 0.240), (-0.316, -0.141, 0.142)),
        ((0.065, 0.249, 0.362), (-0.183, 0.002, 0.301), (-0.155, -0.002, 0.207)),
    ),
)
ALIKE = 0.97
# 255 · STD is 57: kernels that much larger were folded already, and √57 is the middle between the two.
FOLDED_ABOVE = 7.5


@dataclass(frozen=True)
class Convention:
    """What a network's first convolution expects, and how its kernels lie in memory.

    bgr        the first of the three inputs is blue
    sideways   kernels are stored column by column: (outputs, inputs, x, y)
    mean       what is subtracted from RGB in 0 … 255, or None where the inputs are those of vgg.py
    """

    bgr: bool = False
    sideways: bool = False
    mean: tuple[float, float, float] | None = None


TORCHVISION = Convention()
CAFFE = Convention(bgr=True, mean=CAFFE_MEAN)


def recognise(kernel: Tensor, otherwise: Convention) -> Convention:
    """The convention of the network with this conv1_1, `otherwise` if it is not Caffe's VGG-19.

    kernel   (64, 3, 3, 3) as stored

    Each order of colours and of rows and columns is compared with the published kernels by the cosine, unit
    by unit, so a network with rescaled units (Gatys' normalised VGG-19) is known too.
    """
    published = torch.tensor(KERNELS).flatten(1)
    ours = kernel[list(UNITS)]
    likeness = {
        (bgr, sideways): F.cosine_similarity(_upright(ours, bgr, sideways).flatten(1), published, dim=1)
        .min()
        .item()
        for bgr in (False, True)
        for sideways in (False, True)
    }
    (bgr, sideways), best = max(likeness.items(), key=lambda item: item[1])
    if best < ALIKE:
        return otherwise
    folded = (ours.norm() / published.norm()).item() > FOLDED_ABOVE
    mean = None if folded else otherwise.mean or CAFFE_MEAN
    return Convention(bgr, sideways, mean)


def fold(
    kernels: tuple[Tensor, ...], biases: tuple[Tensor, ...], convention: Convention
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The same function of the picture, its kernels and biases in the convention of vgg.py.

        p = (v − MEAN) / STD is what conv1_1 gets here, v in [0, 1];  q = 255 · v − m what it was trained on
        k ∗ q + b  =  k ∗ (255 · STD · p + 255 · MEAN − m) + b  =  k' ∗ p + b'
        k'_c = 255 · STD_c · k_c            b' = b + Σ_c (255 · MEAN_c − m_c) · Σ_xy k_c

    with the colours c of k put in the order RGB first. Exact wherever the border repeats the picture, as in
    vgg.py: a constant minus a mean is the same inside and outside. Only conv1_1 changes, but for `sideways`.
    """
    kernels = tuple(
        _upright(kernel, convention.bgr and number == 0, convention.sideways)
        for number, kernel in enumerate(kernels)
    )
    if convention.mean is None:
        return kernels, biases
    first = kernels[0].double()
    mean, std = (torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1) for values in (MEAN, STD))
    shift = 255 * mean - torch.tensor(convention.mean, dtype=torch.float64).view(1, 3, 1, 1)
    bias = biases[0].double() + (shift * first).sum(dim=(1, 2, 3))
    return ((255 * std * first).float(), *kernels[1:]), (bias.float(), *biases[1:])


def _upright(kernel: Tensor, bgr: bool, sideways: bool) -> Tensor:
    kernel = kernel.flip(1) if bgr else kernel
    return kernel.transpose(2, 3).contiguous() if sideways else kernel
