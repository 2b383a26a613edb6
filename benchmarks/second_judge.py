"""Three measures of a painting that no run minimises, with VGG-19 as it was trained: max pooling, float32.

A cost can fall because the picture fills with what the network does not see. These look elsewhere: at whole
distributions where the style cost has second moments, at layers between its own, and at the pixels' spectrum.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.vgg import Filters, Network

STYLE_LAYERS = ("relu2_2", "relu3_2")
CONTENT_LAYER = "relu4_2"
DIRECTIONS, QUANTILES = 128, 2048
FINE = 0.35  # cycles a pixel: above it lies what a brush does not paint


@dataclass(frozen=True)
class Judged:
    """What a result is like; for the content image itself `moved` is 0 and `style` 1.

    moved     how far it is from the content image: Σ (a(G) − a(C))² / Σ a(C)² at CONTENT_LAYER, ≥ 0
    style     what is left of the way to the style image: sliced_wasserstein() of result over content image
    speckle   fine_energy() of result over style image
    """

    moved: float
    style: float
    speckle: float


class SecondJudge:
    """Judges results for one content and style image, (1, 3, H, W) in [0, 1], the style at its own size."""

    def __init__(self, filters: Filters, content: Tensor, style: Tensor) -> None:
        self.network = Network(filters, (*STYLE_LAYERS, CONTENT_LAYER), "max")
        self.content, self.style = self._features(content), self._features(style)
        self.fine = fine_energy(style)
        self.untouched = self._distances(self.content)

    def __call__(self, result: Tensor) -> Judged:
        found = self._features(result.clamp(0, 1))
        goal = self.content[CONTENT_LAYER]
        moved = (found[CONTENT_LAYER] - goal).square().sum() / goal.square().sum()
        shares = [d / d0 for d, d0 in zip(self._distances(found), self.untouched, strict=True)]
        return Judged(float(moved), sum(shares) / len(shares), fine_energy(result.clamp(0, 1)) / self.fine)

    @torch.no_grad()
    def _features(self, image: Tensor) -> dict[str, Tensor]:
        return self.network(image)

    def _distances(self, found: dict[str, Tensor]) -> list[float]:
        return [sliced_wasserstein(found[layer], self.style[layer]) for layer in STYLE_LAYERS]


def sliced_wasserstein(a: Tensor, b: Tensor) -> float:
    """Sliced 2-Wasserstein distance, squared, between the positions of two feature maps as points in R^C.

        SW² = mean over directions u of ∫₀¹ (Q_{u·a}(t) − Q_{u·b}(t))² dt

    a, b   (1, C, H, W) and (1, C, H', W'); Q is the quantile function, taken at QUANTILES places

    Source: Bonneel et al. (2015); as a style loss, Heitz et al. (2021). Directions are fixed by a seed.
    """
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(DIRECTIONS, a.shape[1], generator=generator)
    u = u / u.norm(dim=1, keepdim=True)
    return (_quantiles(u @ a[0].flatten(1)) - _quantiles(u @ b[0].flatten(1))).square().mean().item()


def _quantiles(x: Tensor) -> Tensor:
    """(D, N) → (D, QUANTILES): each row sorted, and read between its values at even steps."""
    return torch.nn.functional.interpolate(x.sort(dim=1).values[None], QUANTILES, mode="linear")[0]


def fine_energy(image: Tensor) -> float:
    """Energy a pixel above FINE cycles a pixel: Σ |X(f)|² / (H · W)²; the picture is mirrored first."""
    x = torch.cat((image, image.flip(-1)), -1)
    x = torch.cat((x, x.flip(-2)), -2)
    height, width = x.shape[-2:]
    radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None, :])
    power = torch.fft.fft2(x).abs().square() / math.prod(x.shape[-2:]) ** 2
    return power[..., radius > FINE].sum().item()
