"""How it works: every number in the costs of generated images, and the Gram matrices behind them.

    measuring = Measuring(content, style, settings, filters, layers, (512, 384))
    measured = measuring.measure(painting, (512, 384))
    measured.sums["relu4_1"].style             # J_style at relu4_1
    measuring.strongest["relu4_1"].channels    # what in the style image its Gram matrix stands for

The filters run here and nowhere else: what is found is small, and is only formatted afterwards.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from ..borders import with_margin
from ..costs import gram_matrix, total_variation
from ..errors import SettingsError
from ..network.layers import RELU_LAYERS, deepest
from ..network.vgg import Filters, Network
from ..objective import Weighting, weigh
from ..schedule import Scale, schedule
from ..settings import Settings
from ..style_image import style_at
from ..targets import Targets, kappa_of
from ..tensors import to_picture, to_tensor
from ..transfer import learn
from .filters import as_deep_as_can_be, reached
from .gram import (
    SHOWN,
    Channel,
    ChannelPair,
    Sums,
    active_channels,
    channel_order,
    correlated_pairs,
    entries,
    layer_sums,
)
from .patches import Patch, cut_out, mosaic

SIDE = 512  # pixels: a longer side is measured at this
DEEPEST = "relu5_1"  # the deepest layer of the papers; deeper ones only for settings that use them
STRONGEST = 4  # channels, and pairs of channels, that are shown with their patches

Size = tuple[int, int]  # (width, height) in pixels


def run_filters(
    settings: Settings, content: Image.Image, style: Image.Image
) -> Generator[object, None, tuple[Filters, tuple[str, ...]]]:
    """The filters a run with these settings has, and the layers to measure: relu1_1 … relu5_1 as far as the
    filters go, and what the settings use beside them. Self-taught filters are those of the run's finest
    size, and go as deep as the run did.

    Yields what it is doing.
    """
    through = deepest((DEEPEST, *settings.layers))
    filters = yield from as_deep_as_can_be(settings.weights, through)
    if filters is None:
        scale = schedule(settings, *content.size)[-1]
        here = with_margin(to_tensor(content, scale.size))
        filters = yield from learn(settings, here, [style_at(style, scale, settings, here)])
    layers = reached(filters, RELU_LAYERS)
    return filters, (*layers, *(layer for layer in settings.layers if layer not in layers))


@dataclass(frozen=True)
class Measured:
    """One generated image in numbers, beside the content and the style image as they are at its size.

    size        (width, height) it was measured at
    sums        {layer: Sums} of every layer measured
    tv          its total variation
    weighting   the weights that the settings amount to at this size, were it the run's finest
    grams       {layer: (C, S, G)}, the entries of the three Gram matrices that are shown, each (n, n)
    """

    size: Size
    sums: Mapping[str, Sums]
    tv: float
    weighting: Weighting
    grams: Mapping[str, tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Strongest:
    """What a layer's Gram matrix stands for in the style image.

    shown      the channels of the entries that are shown, the most active first, at most 64
    channels   the most active ones, and pairs: those active at the same places, each with its nine patches
               as one picture
    """

    shown: tuple[int, ...]
    channels: Sequence[tuple[Channel, Image.Image]]
    pairs: Sequence[tuple[ChannelPair, Image.Image]]


class Measuring:
    """Measures generated images beside one content and one style image; each size is prepared once. The
    network sees them as it does in a run: content and generated image with a margin, mirrored.

    content, style   RGB pictures
    settings         what the images were painted with: pooling, layers and their weights, the style's size
    layers           the layers to measure
    size             (width, height) of the largest image: the style's channels are in the order they have
                     there, at every size
    strongest        {layer: Strongest} of the style image

    Raises SettingsError if the filters lack a layer, and for settings whose J is another.
    """

    def __init__(
        self,
        content: Image.Image,
        style: Image.Image,
        settings: Settings,
        filters: Filters,
        layers: Sequence[str],
        size: Size,
    ) -> None:
        if not settings.has_plain_costs:
            raise SettingsError(
                "What is measured is the cost of a content image and one style image by Gram matrices, "
                "without seamless edges: choose settings with these."
            )
        filters.require((*layers, *settings.layers))
        self.content, self.style, self.settings, self.layers = content, style, settings, tuple(layers)
        self.network = Network(filters, {*layers, *settings.layers}, settings.pooling)
        self.order: dict[str, Tensor] = {}
        self.strongest: dict[str, Strongest] = {}
        self._prepare(size)

    @torch.no_grad()
    def measure(self, generated: Image.Image, size: Size) -> Measured:
        """The numbers of a generated image at this (width, height). Sizes in order, the largest first, are
        each prepared once."""
        if size != self.size:
            self._prepare(size)
        image = with_margin(to_tensor(generated, size))
        found = self.network(image)
        sums, grams = {}, {}
        for layer in self.layers:
            three = (*self.beside[layer], gram_matrix(found[layer]))
            sums[layer] = layer_sums(layer, self.activations[layer], found[layer], three)
            one, other, last = (entries(gram[0], self.order[layer]) for gram in three)
            grams[layer] = (one, other, last)
        tv = float(total_variation(image, self.weighting.kappa))
        return Measured(size, sums, tv, self.weighting, grams)

    @torch.no_grad()
    def _prepare(self, size: Size) -> None:
        """Activations of the content image and Gram matrices of both images as they are at this size."""
        self.size, image = size, with_margin(to_tensor(self.content, size))
        style = style_at(self.style, Scale(size, 1), self.settings, image)
        of_style = self.network(style)
        style_grams = {layer: gram_matrix(found) for layer, found in of_style.items()}
        if not self.order:
            self.order = {layer: channel_order(style_grams[layer][0]) for layer in self.layers}
            picture = to_picture(style)
            self.strongest = {
                layer: self._strongest(layer, of_style[layer], picture) for layer in self.layers
            }
        del of_style  # as large as the content image's, which are kept
        self.activations = self.network(image)
        self.beside = {
            layer: (gram_matrix(self.activations[layer]), style_grams[layer]) for layer in self.layers
        }
        content = {layer: self.activations[layer] for layer in self.settings.content_layers}
        grams = {layer: style_grams[layer] for layer in self.settings.style_layers}
        targets = Targets(content, grams, kappa=kappa_of([(1.0, style)]))
        self.weighting = weigh(self.settings, targets)

    def _strongest(self, layer: str, style: Tensor, picture: Image.Image) -> Strongest:
        channels = active_channels(style, layer, picture.size, STRONGEST)
        pairs = correlated_pairs(style, layer, picture.size, STRONGEST)
        return Strongest(
            tuple(self.order[layer][:SHOWN].tolist()),
            [(found, _patches(picture, found.patches)) for found in channels],
            [(found, _patches(picture, found.patches)) for found in pairs],
        )


def _patches(picture: Image.Image, found: Sequence[Patch]) -> Image.Image:
    return mosaic([cut_out(picture, patch) for patch in found], side=40)
