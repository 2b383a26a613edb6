"""Measures of a painting: three of its style and content, two of its border. A run minimises `moved` at most.

The first two are taken with VGG-19 as it was trained: max pooling, float32.
A cost can fall because the picture fills with what the network does not see. The others look elsewhere: at
whole distributions where the style cost has second moments, at layers between its own, and at the pixels'
spectrum.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.network.vgg import Filters, Network

STYLE_LAYERS = ("relu2_2", "relu3_2")
CONTENT_LAYER = "relu4_2"
DIRECTIONS, QUANTILES = 128, 2048
RIM, LEAST = 8, 0.1 / 255  # pixels, and a difference of pixels that counts as none
FINE = 0.35  # cycles a pixel: above it lies what a brush does not paint


@dataclass(frozen=True)
class Judged:
    """What a result is like; for the content image itself `moved` is 0 and `style` 1.

    moved     how far it is from the content image: Σ (a(G) − a(C))² / Σ a(C)² at CONTENT_LAYER, ≥ 0. That is
              the content cost, relative: what runs with this content layer do minimise
    style     what is left of the way to the style image: sliced_wasserstein() of result over content image
    speckle   fine_energy() of result over style image
    rim       rim_contrast() of result over content image, 1 for the content image
    edge      how much further the border's mean colour is from what lies inside it, 0 for the content image
    """

    moved: float
    style: float
    speckle: float
    rim: float
    edge: float


class SecondJudge:
    """Judges results for one content and style image, (1, 3, H, W) in [0, 1], the style at its own size."""

    def __init__(self, filters: Filters, content: Tensor, style: Tensor) -> None:
        self.network = Network(filters, (*STYLE_LAYERS, CONTENT_LAYER), "max")
        self.content, self.style = self._features(content), self._features(style)
        self.fine, self.plain = fine_energy(style), content
        self.untouched = self._distances(self.content)

    def __call__(self, result: Tensor) -> Judged:
        result = result.clamp(0, 1).cpu()
        found = self._features(result)
        goal = self.content[CONTENT_LAYER]
        moved = (found[CONTENT_LAYER] - goal).square().sum() / goal.square().sum()
        shares = [d / d0 for d, d0 in zip(self._distances(found), self.untouched, strict=True)]
        return Judged(
            moved=float(moved),
            style=sum(shares) / len(shares),
            speckle=fine_energy(result) / self.fine,
            rim=rim_contrast(result) / rim_contrast(self.plain),
            edge=float((rim_colour(result) - rim_colour(self.plain)).abs().mean()),
        )

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
    """Energy a pixel above FINE cycles a pixel: Σ |X(f)|² / (H · W)², of the mirrored picture."""
    x = torch.cat((image, image.flip(-1)), -1)
    x = torch.cat((x, x.flip(-2)), -2)
    height, width = x.shape[-2:]
    radius = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None, :])
    power = torch.fft.fft2(x).abs().square() / math.prod(x.shape[-2:]) ** 2
    return power[..., radius > FINE].sum().item()


def rim_contrast(image: Tensor) -> float:
    """Mean difference of neighbouring pixels in the outer RIM pixels, over that of the inside."""
    down = (image[..., 1:, :-1] - image[..., :-1, :-1]).abs()
    right = (image[..., :-1, 1:] - image[..., :-1, :-1]).abs()
    contrast = (down + right).mean(dim=(0, 1))
    outside = _outside(*contrast.shape)
    # A flat picture differs by nothing anywhere: a tenth of a level keeps the ratio a number, and at 1.
    return float((contrast[outside].mean() + LEAST) / (contrast[~outside].mean() + LEAST))


def rim_colour(image: Tensor) -> Tensor:
    """Mean colour (3,) of the outer RIM pixels less that of as many pixels just inside them."""
    outside = _outside(*image.shape[-2:])
    inner = torch.zeros_like(outside)
    inner[RIM:-RIM, RIM:-RIM] = _outside(*(side - 2 * RIM for side in image.shape[-2:]))
    return image[0][:, outside].mean(1) - image[0][:, inner].mean(1)


def _outside(height: int, width: int) -> Tensor:
    """(H, W), true within RIM pixels of the border."""
    found = torch.ones(height, width, dtype=torch.bool)
    found[RIM:-RIM, RIM:-RIM] = False
    return found
