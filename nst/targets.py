"""What the generated image is compared with: the content image's activations, the styles' statistics."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from .costs import content_cost, variations
from .errors import SettingsError
from .network.vgg import Network
from .settings import Settings
from .statistics import GRAM, Guided, Statistic, is_fitted, statistic_for

# κ of a style image without colour: with more than this, more of the style is left.
MOST_KAPPA = 1000.0


class Goal(NamedTuple):
    """What a region is to be like: a style image by its number, as a whole or where the guide (1, 1, H, W)
    is."""

    weight: float
    style: int
    guide: Tensor | None = None

    def describe(self, features: Tensor) -> Tensor:
        """Its Gram matrix (1, nC, nC) times its weight."""
        found = GRAM.describe(features) if self.guide is None else Guided(self.guide).describe(features)[:, 0]
        return self.weight * found


@dataclass(frozen=True)
class Targets:
    """What the generated image is compared with.

    content      {layer: activations (1, nC, nH, nW)}
    style        {layer: its statistic (1, …)}
    statistics   {layer: Statistic}; of a layer that is not named, the Gram matrix
    kappa        κ of total_variation(), from kappa_of()
    """

    content: Mapping[str, Tensor]
    style: Mapping[str, Tensor]
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    kappa: float = 1.0

    @property
    def device(self) -> torch.device:
        """Where they are; a run has at least one."""
        return next(iter((*self.content.values(), *self.style.values()))).device

    def statistic(self, layer: str) -> Statistic:
        return self.statistics.get(layer, GRAM)

    def style_cost(self, layer: str, found: Tensor) -> Tensor:
        """J_style[l] of N described images, (N,)."""
        return self.statistic(layer).cost(found, self.style[layer])

    def content_energy(self, layer: str) -> float:
        """J_content[l] of silence, a(G) = 0; 1 for a layer that is silent on its picture too.

        Raises SettingsError, as style_energy() does, where it is too large to be a number.
        """
        goal = self.content[layer]
        return _energy(layer, content_cost(torch.zeros_like(goal), goal))

    def style_energy(self, layer: str) -> float:
        """J_style[l] of silence; 1 for a layer that is silent on the style image too."""
        return _energy(layer, self.style_cost(layer, self.statistic(layer).silence(self.style[layer])))

    def require_energies(self) -> None:
        """Raise SettingsError where an energy is too large to be a number."""
        for layer in self.content:
            self.content_energy(layer)
        for layer in self.style:
            self.style_energy(layer)

    def only(self, content_layers: Iterable[str], style_layers: Iterable[str]) -> "Targets":
        """Those of these layers alone."""
        return replace(
            self,
            content={layer: self.content[layer] for layer in content_layers},
            style={layer: self.style[layer] for layer in style_layers},
        )


def _energy(layer: str, cost: Tensor) -> float:
    if not bool(cost.isfinite()):
        raise SettingsError(
            f"The activations of these filters at {layer} are too large to compute with: choose another "
            "network."
        )
    return float(cost) or 1.0


def make_targets(
    network: Network,
    settings: Settings,
    content: Tensor,
    styles: Sequence[Tensor],
    guides: Tensor | None = None,
    goals: Sequence[Sequence[Goal]] = (),
) -> Targets:
    """Activations of the content image, and statistics of the style images, averaged by weight:

        G(S) = Σ_s w_s G(S_s),   Σ w = 1

    which for raw moments is that of the pictures side by side, as much of each as its weight.
    With guides (R, 1, H, W) each of R regions has the Gram matrix of its own goals instead. Raises
    SettingsError where the weights do not fit the style images.
    """
    seen = network.tiled() if settings.seamless else network
    kept = activations(seen, settings.content_used, content)
    if guides is None:
        found = style_targets(network, settings.style_layers, settings.statistic, weighted(settings, styles))
        return replace(found, content=kept)
    style = _regional(network, settings.style_layers, styles, goals)
    kappa = kappa_of((goal.weight, styles[goal.style]) for region in goals for goal in region)
    return Targets(kept, style, dict.fromkeys(style, Guided(guides)), kappa)


def weighted(settings: Settings, styles: Sequence[Tensor]) -> list[tuple[float, Tensor]]:
    """(weight, image) of the style images. Raises SettingsError where there are more weights or fewer than
    images."""
    return list(zip(settings.weights_for(len(styles)), styles, strict=True))


def kappa_of(styles: Iterable[tuple[float, Tensor]]) -> float:
    """κ of total_variation(), from 1 to MOST_KAPPA: how many times as much the style images vary in
    lightness as in colour. One serves the whole picture, also where it has regions.

        κ = Σ w TV(l(S)) / Σ w TV(S − l(S))

    styles   (weight, image)

    A print in black has hundreds: fine changes of colour in what is painted after it are noise. A painting
    has one to four.
    """
    of_lightness = of_colour = 0.0
    for weight, style in styles:
        lightness, colour = (float(each) for each in variations(style))
        of_lightness, of_colour = of_lightness + weight * lightness, of_colour + weight * colour
    return max(1.0, min(MOST_KAPPA, of_lightness / (of_colour or 1e-12)))


@torch.no_grad()
def _regional(
    network: Network, layers: Iterable[str], styles: Sequence[Tensor], goals: Sequence[Sequence[Goal]]
) -> dict[str, Tensor]:
    """{layer: Gram matrices (1, R, nC, nC)} of the goals of R regions. Each style image is seen once."""
    sums: dict[tuple[str, int], Tensor | float] = defaultdict(float)
    for number, style in enumerate(styles):
        mine = [(r, goal) for r, region in enumerate(goals) for goal in region if goal.style == number]
        for layer, found in network(style, layers).items() if mine else ():
            for r, goal in mine:
                sums[layer, r] = sums[layer, r] + goal.describe(found)
    return {
        layer: torch.stack([torch.as_tensor(sums[layer, r]) for r in range(len(goals))], 1)
        for layer in layers
    }


@torch.no_grad()
def activations(network: Network, layers: Collection[str], image: Tensor) -> dict[str, Tensor]:
    """{layer: activations (1, nC, nH, nW)}, of no layers without looking at the image."""
    return network(image, layers) if layers else {}


@torch.no_grad()
def style_targets(
    network: Network, layers: Iterable[str], statistic: str, styles: Sequence[tuple[float, Tensor]]
) -> Targets:
    """The statistic of style images, averaged by their weights, and nothing of a content image.

    styles   (weight, image), of weights with sum 1. A statistic that is fitted is fitted to the first, also
             where that has the weight 0: from one style to another it stays the same
    """
    statistics: dict[str, Statistic] = {}
    described: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    used = [(weight, style) for weight, style in styles if weight]
    seen = [*styles[:1], *used] if is_fitted(statistic) and not styles[0][0] else used
    for weight, style in seen if described else ():
        for layer, found in network(style, described).items():
            if layer not in statistics:
                statistics[layer] = statistic_for(statistic, found)
            if weight:
                described[layer].append(weight * statistics[layer].describe(found))
    style = {layer: torch.stack(each).sum(0) for layer, each in described.items()}
    return Targets({}, style, statistics, kappa_of(used))
