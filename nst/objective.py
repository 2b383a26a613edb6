"""J as a function of the generated image: the weights of the targets, and the objective the optimisers see.

Runs apply α, β, λ, γ and κ here and nowhere else; the formulas they weigh are in costs.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

import torch
from torch import Tensor

from .costs import content_cost, total_variation
from .device import Device
from .network.banded import BandedCostParts
from .network.vgg import Filters, Network
from .settings import Settings
from .statistics import GRAM
from .targets import Goal, Targets, activations, make_targets, style_targets, weighted


@dataclass(frozen=True)
class Costs:
    """The costs of one evaluation, in the units of costs.py, whatever precision was used inside."""

    total: float
    content: float
    style: Mapping[str, float]
    tv: float


@dataclass(frozen=True)
class Weighting:
    """The factors in J = α · Σ w[l] · J_content[l] + β · Σ λ[l] · J_style[l] + γ · TV; Σ w = Σ λ = 1.

    kappa    κ, the weight of differences of colour in TV
    """

    alpha: float
    beta: float
    gamma: float
    content: Mapping[str, float]
    lambdas: Mapping[str, float]
    kappa: float = 1.0


def weigh(settings: Settings, targets: Targets) -> Weighting:
    """The factors of J: α, β, w and λ as set, or, where only the strength is, α', β', w' and λ' from the
    energies of the targets:

        α' = Σ w[l] / E_content[l],            E_content[l] = J_content[l] with a(G) = 0
        β' = strength · Σ λ[l] / E_style[l],   E_style[l] = J_style[l] with a(G) = 0
        w'[l] ∝ w[l] / E_content[l],   λ'[l] ∝ λ[l] / E_style[l],   Σ w' = Σ λ' = 1

    Each cost then is relative to the picture it comes from, so a strength means the same at every size, layer
    and set of filters. A texture has no content cost: α' = 0. In the same way κ is relative to the style
    images. With α and β as set it is 1, as in their sources.

    Raises SettingsError where an energy is too large to be a number, whatever is set.
    """
    content, lambdas = settings.content_used, settings.style_layers
    if settings.alpha is not None and settings.beta is not None:
        targets.require_energies()
        return Weighting(settings.alpha, settings.beta, settings.tv, content, lambdas)
    alpha, content = _relative(content, targets.content_energy)
    beta, lambdas = _relative(lambdas, targets.style_energy)
    return Weighting(alpha, settings.strength * beta, settings.tv, content, lambdas, targets.kappa)


def _relative(weights: Mapping[str, float], energy: Callable[[str], float]) -> tuple[float, dict[str, float]]:
    parts = {layer: weight / energy(layer) for layer, weight in weights.items()}
    total = sum(parts.values())
    return total, {layer: part / total for layer, part in parts.items()}


def total_cost(by: Weighting, content: float, style: float, tv: float) -> float:
    """J = α · J_content + β · J_style + γ · TV, of costs summed over their layers."""
    return by.alpha * content + by.beta * style + by.gamma * tv


def weighed(by: Weighting, content: Mapping[str, float], style: Mapping[str, float], tv: float) -> Costs:
    """J of costs that are known, by layer, without the network.

    Raises KeyError for a layer of the weighting that has no cost.
    """
    j_content = sum(weight * content[layer] for layer, weight in by.content.items())
    j_style = sum(weight * style[layer] for layer, weight in by.lambdas.items())
    return Costs(
        total_cost(by, j_content, j_style, tv), j_content, {layer: style[layer] for layer in by.lambdas}, tv
    )


class Evaluate(Protocol):
    """J as a function of what is painted: x ↦ (costs, gradient shaped as x). costs() gives the same costs
    alone, in half of the time."""

    def __call__(self, x: Tensor) -> tuple[Costs, Tensor]: ...

    def costs(self, x: Tensor) -> Costs: ...


class CostParts(Protocol):
    """What J is made of, of N images at once and differentiable in them.

        image (N, 3, H, W) → {layer: J_content (N,)}, {layer: its statistic (N, …)}

    release() frees what one call keeps for the next.
    """

    def __call__(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]: ...

    def release(self) -> None: ...


class PlainCostParts:
    """CostParts by the plain network and autograd, for every statistic. For Gram matrices BandedCostParts is
    faster and smaller; this is what it is compared with, and how to read it."""

    def __init__(self, network: Network, targets: Targets) -> None:
        self.network, self.targets = network, targets

    def __call__(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        content, style = self.targets.content, self.targets.style
        found = self.network(image, {*content, *style})
        costs = {layer: content_cost(found[layer], goal) for layer, goal in content.items()}
        return costs, {layer: self.targets.statistic(layer).describe(found[layer]) for layer in style}

    def release(self) -> None:
        """Nothing is kept."""


class Objectives:
    """J of N generated images at once, each with a weighting of its own.

        x ↦ (Costs of each, ∂J_i/∂x_i)

    x          (N, 3, H, W); the gradient has the same shape
    parts      for the layers of the targets
    seamless   whether x is a tile, also in its total variation
    returns    N Costs, each with the layers its weighting names

    The images share one forward and one backward pass and nothing else: ∂(Σ J)/∂x_i = ∂J_i/∂x_i. A layer an
    image does not use has the factor 0.
    """

    def __init__(
        self, parts: CostParts, targets: Targets, weightings: Sequence[Weighting], seamless: bool = False
    ) -> None:
        self.parts, self.targets, self.weightings, self.seamless = parts, targets, tuple(weightings), seamless
        factors = [
            [
                *(by.alpha * by.content.get(layer, 0.0) for layer in targets.content),
                *(by.beta * by.lambdas.get(layer, 0.0) for layer in targets.style),
                by.gamma,
            ]
            for by in self.weightings
        ]
        self.factors = torch.tensor(factors, device=targets.device)  # (N, costs)
        self.kappa = self.factors.new_tensor([by.kappa for by in self.weightings])

    @torch.enable_grad()  # also for who goes through a run under no_grad()
    def __call__(self, x: Tensor) -> tuple[list[Costs], Tensor]:
        x = x.detach().requires_grad_()
        costs, totals = self._of(x)
        (gradient,) = torch.autograd.grad(totals.sum(), x)
        return self._told(costs, totals), gradient

    @torch.no_grad()
    def costs(self, x: Tensor) -> list[Costs]:
        """The costs of each image alone."""
        return self._told(*self._of(x))

    def _of(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Every cost of each image (N, costs), and J of each (N,)."""
        content, described = self.parts(x)
        style = [self.targets.style_cost(layer, described[layer]) for layer in self.targets.style]
        tv = total_variation(x, self.kappa, self.seamless)
        costs = torch.stack([*content.values(), *style, tv], dim=1)
        return costs, (costs * self.factors).sum(dim=1)

    def _told(self, costs: Tensor, totals: Tensor) -> list[Costs]:
        # One transfer for all numbers: on a GPU each one is a wait.
        rows = torch.cat([totals.detach()[:, None], costs.detach()], dim=1).tolist()
        return [self._costs(by, row) for by, row in zip(self.weightings, rows, strict=True)]

    def _costs(self, by: Weighting, numbers: list[float]) -> Costs:
        count = len(self.targets.content)
        content = dict(zip(self.targets.content, numbers[1 : 1 + count], strict=True))
        style = dict(zip(self.targets.style, numbers[1 + count : -1], strict=True))
        return Costs(
            numbers[0],
            sum(weight * content[layer] for layer, weight in by.content.items()),
            {layer: style[layer] for layer in by.lambdas},
            numbers[-1],
        )


class Objective:
    """J as a function of the generated image: x ↦ (Costs, ∂J/∂x). One call is one evaluation."""

    def __init__(
        self, parts: CostParts, targets: Targets, weighting: Weighting, seamless: bool = False
    ) -> None:
        self.targets, self.weighting = targets, weighting
        self.one = Objectives(parts, targets, [weighting], seamless)

    def __call__(self, x: Tensor) -> tuple[Costs, Tensor]:
        (costs,), gradient = self.one(x)
        return costs, gradient

    def costs(self, x: Tensor) -> Costs:
        """The costs alone."""
        (costs,) = self.one.costs(x)
        return costs


def network_of(filters: Filters, settings: Settings, where: Device) -> Network:
    """The network through the deepest of the settings' layers. It takes up to a second to make, and serves
    every size."""
    return Network(filters, settings.layers, settings.pooling, where.torch, where.dtype)


def make_objective(
    network: Network,
    settings: Settings,
    content: Tensor,
    styles: Sequence[Tensor],
    guides: Tensor | None = None,
    goals: Sequence[Sequence[Goal]] = (),
) -> Objective:
    """The objective at one size: the network_of() the settings, its targets and their weights.

    guides   (R, 1, H, W), where each of R regions is
    goals    of each region, what it is to be like
    """
    targets = make_targets(network, settings, content, styles, guides, goals)
    seen = network.tiled() if settings.seamless else network
    return Objective(_parts(seen, targets), targets, weigh(settings, targets), settings.seamless)


def _parts(network: Network, targets: Targets) -> CostParts:
    if all(targets.statistic(layer) is GRAM for layer in targets.style):
        return BandedCostParts(network, targets.content, targets.style)
    return PlainCostParts(network, targets)


def make_objectives(
    network: Network, many: Sequence[Settings], content: Tensor, styles: Sequence[Tensor]
) -> Objectives:
    """The objectives of several settings on the same pictures at one size, by the network no deeper than they
    need: where α or β is 0 the cost it weighs is left out, not computed and multiplied by 0.

    network   of used_layers(many), and perhaps of others

    Statistic and the weights of the style images are those of the first.
    """
    content_layers, style_layers = used_layers(many)
    network = network.only(_union((content_layers, style_layers)))
    kept = activations(network, content_layers, content)
    style = style_targets(network, style_layers, many[0].statistic, weighted(many[0], styles))
    targets = replace(style, content=kept)
    weightings = [_weigh_used(settings, targets) for settings in many]
    return Objectives(_parts(network, targets), targets, weightings)


def used_layers(many: Iterable[Settings]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The content and the style layers of several settings, but for those whose cost has the weight 0."""
    many = list(many)
    return (
        _union(each.content_layers for each in many if each.alpha != 0),
        _union(each.style_layers for each in many if each.beta != 0),
    )


def _union(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(names)))


def _weigh_used(settings: Settings, targets: Targets) -> Weighting:
    mine = targets.only(
        settings.content_layers if settings.alpha != 0 else (),
        settings.style_layers if settings.beta != 0 else (),
    )
    by = weigh(settings, mine)
    return replace(
        by,
        content={layer: by.content[layer] for layer in mine.content},
        lambdas={layer: by.lambdas[layer] for layer in mine.style},
    )
