"""J as a function of the generated image: targets, their weights, and the objective the optimisers see.

α, β, λ and γ are applied here and nowhere else; the formulas they weigh are in costs.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .costs import content_cost, gram_matrix, style_cost, total_variation
from .device import Device
from .settings import Settings
from .vgg import Filters, Network


@dataclass(frozen=True)
class Costs:
    """The costs of one evaluation, in the units of costs.py, whatever precision was used inside."""

    total: float
    content: float
    style: Mapping[str, float]
    tv: float


@dataclass(frozen=True)
class Weighting:
    """The factors in J = α · Σ w[l] · J_content[l] + β · Σ λ[l] · J_style[l] + γ · TV; Σ w = Σ λ = 1."""

    alpha: float
    beta: float
    gamma: float
    content: Mapping[str, float]
    lambdas: Mapping[str, float]


@dataclass(frozen=True)
class Targets:
    """What the generated image is compared with: {layer: (1, nC, nH, nW)} and {layer: (1, nC, nC)}."""

    content: Mapping[str, Tensor]
    style: Mapping[str, Tensor]


@torch.no_grad()
def make_targets(network: Network, settings: Settings, content: Tensor, styles: Sequence[Tensor]) -> Targets:
    """Activations of the content image and Gram matrices of the style images, several of them averaged
    (the mean of raw second moments is that of the pictures side by side)."""
    activations = network(content)
    kept = {layer: activations[layer].clone() for layer in settings.content_layers}
    grams: dict[str, list[Tensor]] = {layer: [] for layer in settings.style_layers}
    for style in styles:
        activations = network(style)
        for layer, found in grams.items():
            found.append(gram_matrix(activations[layer]))
    return Targets(kept, {layer: torch.stack(found).mean(0) for layer, found in grams.items()})


def weigh(settings: Settings, targets: Targets) -> Weighting:
    """α, β and λ: as set, or, where only the strength is, from the energies of the targets:

        α = Σ w[l] / E_content[l],   E_content[l] = J_content[l] with a(G) = 0
        β = strength · Σ λ[l] / E_style[l],   E_style[l] = J_style[l] with G(G) = 0

    and λ[l] in proportion to λ[l] / E_style[l]. Each cost then is relative to the picture it comes from, so
    a strength means the same at every size, layer and set of filters.
    """
    content, lambdas = settings.content_layers, settings.style_layers
    if settings.alpha is not None and settings.beta is not None:
        return Weighting(settings.alpha, settings.beta, settings.tv, content, lambdas)
    alpha, content = _relative(
        content,
        {layer: content_cost(torch.zeros_like(a), a) for layer, a in targets.content.items()},
    )
    beta, lambdas = _relative(
        lambdas,
        {layer: style_cost(torch.zeros_like(g), g) for layer, g in targets.style.items()},
    )
    return Weighting(alpha, settings.strength * beta, settings.tv, content, lambdas)


def _relative(weights: Mapping[str, float], energies: Mapping[str, Tensor]) -> tuple[float, dict[str, float]]:
    # A layer that is silent on its picture has no energy to be relative to, and counts as it is.
    parts = {layer: weight / (float(energies[layer]) or 1.0) for layer, weight in weights.items()}
    total = sum(parts.values())
    return total, {layer: part / total for layer, part in parts.items()}


class Objective:
    """J as a function of the generated image: x ↦ (Costs, ∂J/∂x). One call is one evaluation."""

    def __init__(self, network: Network, targets: Targets, weighting: Weighting) -> None:
        self.network, self.targets, self.weighting = network, targets, weighting
        factors = [
            *(weighting.alpha * weight for weight in weighting.content.values()),
            *(weighting.beta * weight for weight in weighting.lambdas.values()),
            weighting.gamma,
        ]
        self.factors = torch.tensor(factors, device=network.mean.device)

    def __call__(self, x: Tensor) -> tuple[Costs, Tensor]:
        x = x.detach().requires_grad_()
        activations = self.network(x)
        content = [content_cost(activations[name], a) for name, a in self.targets.content.items()]
        style = [style_cost(gram_matrix(activations[name]), g) for name, g in self.targets.style.items()]
        tv = total_variation(x)
        costs = torch.cat([*content, *style, tv])
        total = (costs * self.factors).sum()
        (gradient,) = torch.autograd.grad(total, x)
        # One transfer for all numbers: on a GPU each one is a wait.
        numbers = torch.cat([total.detach().view(1), costs.detach()]).tolist()
        return self._costs(numbers), gradient

    def _costs(self, numbers: list[float]) -> Costs:
        by, count = self.weighting, len(self.weighting.content)
        content = sum(w * j for w, j in zip(by.content.values(), numbers[1 : 1 + count], strict=True))
        style = dict(zip(by.lambdas, numbers[1 + count : -1], strict=True))
        return Costs(numbers[0], content, style, numbers[-1])


def make_objective(
    filters: Filters, settings: Settings, where: Device, content: Tensor, styles: Sequence[Tensor]
) -> Objective:
    """The objective at one size: the network through the deepest layer, its targets and their weights."""
    network = Network(filters, settings.layers, settings.pooling, where.torch, where.dtype)
    targets = make_targets(network, settings, content, styles)
    return Objective(network, targets, weigh(settings, targets))
