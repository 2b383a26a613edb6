"""How it works: every number in the costs of three given pictures, and the Gram matrices behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from ..costs import gram_matrix, total_variation
from ..images import fit
from ..network.layers import RELU_LAYERS
from ..network.vgg import Filters, Network
from ..objective import Weighting, make_targets, weigh
from ..settings import Settings
from ..tensors import to_tensor
from .gram import (
    Channel,
    ChannelPair,
    Sums,
    active_channels,
    channel_order,
    correlated_pairs,
    heat_maps,
    layer_sums,
)
from .patches import cut_out, mosaic

SIDE = 256  # pixels of the longer side at which pictures are measured


@dataclass(frozen=True)
class Images:
    """Content, style and generated image as tensors (1, 3, H, W) of the size they are measured at."""

    content: Tensor
    style: Tensor
    generated: Tensor


def measured_images(
    content: Image.Image, style: Image.Image, generated: Image.Image, side: int = SIDE
) -> Images:
    """The three pictures at one size; the generated image takes the content image's shape."""
    size = fit(*content.size, side)
    style_size = fit(*style.size, min(max(style.size), max(size)))
    return Images(to_tensor(content, size), to_tensor(style, style_size), to_tensor(generated, size))


@dataclass(frozen=True)
class Measured:
    """The numbers of three images: Sums of every layer the filters have, TV, and the weights in force."""

    sums: Mapping[str, Sums]
    tv: float
    weighting: Weighting


@torch.no_grad()
def measure(images: Images, settings: Settings, filters: Filters) -> Measured:
    """Every cost of the three images, at every layer, and the weights that the settings amount to there.

    Raises SettingsError if the filters lack a layer of the settings.
    """
    filters.require(settings.layers)
    layers = RELU_LAYERS[: len(filters.kernels)]
    network = Network(filters, {*layers, *settings.layers}, settings.pooling)
    content, style, generated = (network(x) for x in (images.content, images.style, images.generated))
    names = [*layers, *(name for name in settings.layers if name not in layers)]
    sums = {name: layer_sums(name, content[name], style[name], generated[name]) for name in names}
    targets = make_targets(network, settings, images.content, [images.style])
    return Measured(sums, float(total_variation(images.generated)), weigh(settings, targets))


@dataclass(frozen=True)
class LayerView:
    """Gram matrices of content, style and generated image at one layer, as heat maps on one scale; the style
    image's most active channels and the pairs that co-occur most, each with its patches as one picture."""

    maps: tuple[Image.Image, ...]
    channels: Sequence[tuple[Channel, Image.Image]]
    pairs: Sequence[tuple[ChannelPair, Image.Image]]


@torch.no_grad()
def view_layer(images: Images, style: Image.Image, layer: str, filters: Filters, count: int = 4) -> LayerView:
    """What the Gram matrices of a layer look like, and what in the style image they stand for.

    style   the style image, whose patches are shown

    Raises SettingsError for a layer the filters lack.
    """
    filters.require([layer])
    network = Network(filters, [layer], "max")
    content, of_style, generated = (
        network(x)[layer] for x in (images.content, images.style, images.generated)
    )
    grams = [gram_matrix(x)[0] for x in (content, of_style, generated)]
    size = (images.style.shape[-1], images.style.shape[-2])
    shown = style.resize(size, Image.Resampling.LANCZOS)

    def patches(found: Channel | ChannelPair) -> Image.Image:
        return mosaic([cut_out(shown, patch) for patch in found.patches], side=40)

    return LayerView(
        heat_maps(grams, channel_order(grams[1])),
        [(found, patches(found)) for found in active_channels(of_style, layer, size, count)],
        [(found, patches(found)) for found in correlated_pairs(of_style, layer, size, count)],
    )
