"""How it works: Gram matrices as pictures, what is in them, and the costs they lead to, with their numbers.

Reading order: heat maps; the channels and pairs of channels that matter, with patches; the sums. Takes
activations from vgg.Network; the formulas are in costs.py, the patches in patches.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from ..costs import content_cost, gram_matrix, style_cost
from .patches import Patch, Top, patches, with_picture

SHOWN = 64  # channels of a heat map: more would be narrower than a few pixels each
CELL = 5  # pixels a side of one entry of it

# Ever lighter, so that more looks like more, in grey too: after Matplotlib's "inferno" (Smith & van der Walt,
# 2015, CC0), at eighths.
COLOURS = (
    (0, 0, 4),
    (31, 12, 72),
    (85, 15, 109),
    (136, 34, 106),
    (186, 54, 85),
    (227, 89, 51),
    (249, 140, 10),
    (249, 201, 50),
    (252, 255, 164),
)


def channel_order(gram: Tensor) -> Tensor:
    """Channels of a Gram matrix (nC, nC) by their energy G_kk, the most active first."""
    return gram.diagonal().sort(descending=True, stable=True).indices


def heat_maps(grams: Sequence[Tensor], order: Tensor | Sequence[int]) -> tuple[Image.Image, ...]:
    """Gram matrices (nC, nC) as pictures on one scale, for the channels in `order`, at most the first 64.

        colour = √(|G_kk'| / max |G|),   the maximum over what is shown of all the matrices

    so that equal colours are equal numbers in all pictures. G is of second degree in the activations: the
    root makes the colour of the diagonal linear in a channel's RMS activation √G_kk. (Entries are ≥ 0 after a
    ReLU; before it, they are shown by their size.)
    """
    shown = [entries(gram, torch.as_tensor(order)) for gram in grams]
    most = largest(shown)
    pictures = [coloured(gram, most) for gram in shown]
    size = (CELL * pictures[0].width, CELL * pictures[0].height)
    return tuple(picture.resize(size, Image.Resampling.NEAREST) for picture in pictures)


def entries(gram: Tensor, order: Tensor) -> Tensor:
    """What is shown of a Gram matrix (nC, nC): (n, n), the first n ≤ 64 channels of `order`; on the CPU."""
    kept = order[:SHOWN].to(gram.device)
    return gram.detach()[kept][:, kept].cpu()


def largest(shown: Sequence[Tensor]) -> float:
    """max |G| over entries, the top of their common scale; 1 where all are 0."""
    return max(float(gram.abs().max()) for gram in shown) or 1.0


def coloured(shown: Tensor, most: float) -> Image.Image:
    """(n, n) entries → an n × n RGB picture, √(|G| / most) as a colour linear between the anchors; what is
    above `most` has the lightest."""
    anchors = torch.tensor(COLOURS, dtype=torch.float32)
    at = (shown.float().abs() / most).sqrt().clamp(0, 1) * (len(COLOURS) - 1)
    below = at.floor().long().clamp(max=len(COLOURS) - 2)
    part = (at - below)[..., None]
    levels = (anchors[below] * (1 - part) + anchors[below + 1] * part).round().byte()
    return Image.fromarray(levels.numpy())


@dataclass(frozen=True)
class Channel:
    """One channel of the style image: its energy G_kk and where it is most active."""

    channel: int
    energy: float
    patches: tuple[Patch, ...]


@dataclass(frozen=True)
class ChannelPair:
    """Two channels of the style image, their correlation in [−1, 1], and where a_k · a_k' is largest."""

    channels: tuple[int, int]
    correlation: float
    patches: tuple[Patch, ...]


def active_channels(style: Tensor, layer: str, size: tuple[int, int], count: int = 9) -> tuple[Channel, ...]:
    """The channels with the most energy G_kk, the most active first, with their nine strongest patches.

    style   (1, nC, nH, nW) activations of the style image at `layer`
    size    (width, height) of the style image in pixels
    """
    gram = gram_matrix(style)[0]
    channels = channel_order(gram)[:count]
    top = with_picture(Top(), style[:, channels], layer, 0)
    return tuple(
        Channel(k, float(gram[k, k]), patches(top, n, layer, [size])) for n, k in enumerate(channels.tolist())
    )


def correlated_pairs(
    style: Tensor, layer: str, size: tuple[int, int], count: int = 9
) -> tuple[ChannelPair, ...]:
    """The pairs of channels that co-occur most, the strongest first, with the patches where they do.

        r_kk' = G_kk' / √(G_kk · G_k'k'),   k ≠ k'

    among the 64 most active channels. Raw G_kk' would only name the most active channels again; r says which
    are active at the same places, and the limit keeps out those that hardly ever are.

    style, size   as for active_channels(); fewer pairs are returned where there are no more
    """
    gram = gram_matrix(style)[0]
    strongest = channel_order(gram)[:SHOWN]
    root = gram.diagonal()[strongest].clamp_min(torch.finfo(gram.dtype).tiny).sqrt()
    correlation = gram[strongest][:, strongest] / (root[:, None] * root)
    first, second = torch.triu_indices(len(strongest), len(strongest), offset=1, device=gram.device)
    values = correlation[first, second]
    best = values.sort(descending=True, stable=True).indices[:count]
    one, other = strongest[first[best]], strongest[second[best]]
    top = with_picture(Top(), style[:, one] * style[:, other], layer, 0)
    rows = zip(one.tolist(), other.tolist(), values[best].tolist(), strict=True)
    return tuple(ChannelPair((k, m), r, patches(top, n, layer, [size])) for n, (k, m, r) in enumerate(rows))


@dataclass(frozen=True)
class Sums:
    """The numbers of one layer in the costs.

    height, width, channels   nH, nW, nC of the generated image
    content                   J_content(C, G); for the content image itself it is 0
    style_before              J_style[l](S, C), what the run began from; NaN where it is not known
    style                     J_style[l](S, G)
    """

    layer: str
    height: int
    width: int
    channels: int
    content: float
    style_before: float
    style: float

    @property
    def change(self) -> float:
        """J_style[l](S, G) − J_style[l](S, C): below 0 where the run has brought the style nearer."""
        return self.style - self.style_before


@torch.no_grad()
def layer_sums(layer: str, content: Tensor, generated: Tensor, grams: Sequence[Tensor]) -> Sums:
    """The numbers of one layer.

    content, generated   (1, nC, nH, nW) activations of the two images at it
    grams                Gram matrices (1, nC, nC) of content, style and generated image at it

    Raises ValueError if content and generated image differ in size; the style image may have any.
    """
    before, target, after = grams
    return Sums(
        layer,
        height=generated.shape[2],
        width=generated.shape[3],
        channels=generated.shape[1],
        content=float(content_cost(generated, content)),
        style_before=float(style_cost(before, target)),
        style=float(style_cost(after, target)),
    )
