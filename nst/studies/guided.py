"""What in a patch drove a unit: guided backpropagation of its activation to the pixels.

After Springenberg, Dosovitskiy, Brox & Riedmiller (2015), Striving for Simplicity: The All Convolutional Net.
"""

from collections.abc import Iterator, Sequence

import torch
from PIL import Image
from torch import Tensor

from ..network.layers import RELU_LAYERS, depth, stride
from ..network.vgg import Filters, Network
from ..tensors import to_picture, to_tensor
from .patches import Patch, in_field

BATCH_PIXELS = 2**17  # at once: 25 fields of relu4_1, one of relu5_4; bounds the memory of deep layers


def guided_network(filters: Filters, layer: str) -> Network:
    """The network that guided_gradients() takes, for units of this layer."""
    return Network(filters, RELU_LAYERS[: depth(layer)], "max")


def guided_gradients(
    network: Network, layer: str, unit: int, pictures: Sequence[Image.Image], patches: Sequence[Patch]
) -> list[Tensor]:
    """Guided gradient of the unit's activation at each patch, for the pixels of the patch's box.

        R[l] = 1[a[l] > 0] · max(R[l + 1], 0)   at each ReLU, beginning with R = 1 at the unit

    and as in the gradient elsewhere: a ReLU hands down only what was active *and* raises the unit. At
    relu1_1, which has no ReLU beneath it, this is the gradient itself.

    network       guided_network() of this layer, which copies the filters: make one for many units
    layer, unit   one of relu1_1 … relu5_4, and the unit counted from 0
    pictures      RGB, those the patches were found in
    returns       (3, h, w) float32 a patch, signed, h × w the size of its box

    Source: Springenberg et al. (2015), §3.4 and figure 1. Computed on the box and a margin of less than one
    stride, which gives the same numbers as the whole picture would.
    """
    windows = [_window(layer, patch, pictures[patch.picture].size) for patch in patches]
    found: dict[int, Tensor] = {}
    for batch in _batches(windows):
        crops = [to_tensor(pictures[patches[n].picture].crop(windows[n])) for n in batch]
        places = [_place(layer, patches[n], windows[n]) for n in batch]
        for n, gradient in zip(batch, _guided(network, layer, unit, torch.cat(crops), places), strict=True):
            found[n] = _inside(gradient, windows[n], patches[n])
    return [found[n] for n in range(len(patches))]


def _batches(windows: Sequence[tuple[int, int, int, int]]) -> Iterator[list[int]]:
    """The numbers of windows that can go through the network together: of one size, and not too many."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for number, (left, top, right, bottom) in enumerate(windows):
        by_size.setdefault((right - left, bottom - top), []).append(number)
    for (width, height), numbers in by_size.items():
        most = max(1, BATCH_PIXELS // (width * height))
        yield from (numbers[at : at + most] for at in range(0, len(numbers), most))


def _window(layer: str, patch: Patch, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The patch's box, widened to whole strides, where the pools' grid on the picture lies; within it."""
    step = stride(layer)
    left, top, right, bottom = patch.box
    width, height = size
    return (
        left // step * step,
        top // step * step,
        min(width, -(-right // step) * step),
        min(height, -(-bottom // step) * step),
    )


def _place(layer: str, patch: Patch, window: tuple[int, int, int, int]) -> tuple[int, int]:
    """(row, column) of the unit in the layer's map of the window alone."""
    step = stride(layer)
    return patch.row - window[1] // step, patch.column - window[0] // step


def _inside(gradient: Tensor, window: tuple[int, int, int, int], patch: Patch) -> Tensor:
    left, top, right, bottom = patch.box
    return gradient[:, top - window[1] : bottom - window[1], left - window[0] : right - window[0]]


def _guided(
    network: Network, layer: str, unit: int, crops: Tensor, places: Sequence[tuple[int, int]]
) -> Tensor:
    """(N, 3, h, w) guided gradients of N activations, one in each of the crops (N, 3, h, w)."""
    crops = crops.requires_grad_()
    found = network(crops)
    for activations in found.values():
        activations.register_hook(lambda gradient: gradient.clamp(min=0))  # the ReLU's own part follows
    rows, columns = zip(*places, strict=True)
    activation = found[layer][range(len(places)), unit, rows, columns].sum()  # crops do not mix: N gradients
    return torch.autograd.grad(activation, crops)[0]


def driver_pictures(
    network: Network, layer: str, unit: int, pictures: Sequence[Image.Image], patches: Sequence[Patch]
) -> list[Image.Image]:
    """guided_gradients() as pictures of the receptive field: ½ + R / (2 · max |R|), each on its own scale.

    Grey is no influence, as in the papers' grey panels, and what lies beyond the picture's border is grey.
    """
    gradients = guided_gradients(network, layer, unit, pictures, patches)
    return [
        in_field(to_picture(0.5 + gradient[None] / (2 * _largest(gradient))), patch)
        for gradient, patch in zip(gradients, patches, strict=True)
    ]


def _largest(gradient: Tensor) -> float:
    return float(gradient.abs().max()) or 1.0
