"""Targets, objective, scales, and stylize(), the generator that is the optimisation.

α, β, λ and γ are applied here and nowhere else, and here alone the picture is clamped to [0, 1].
Reading order: what a run reports; the objective and its weights; the scales; the loop; the whole.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from .costs import content_cost, gram_matrix, style_cost, total_variation
from .device import Device, choose
from .errors import Diverged, OutOfMemory, RunError
from .images import fit, keep_colours, match_colours, resize_tensor, to_picture, to_tensor
from .optimizers import Optimizer, make_optimizer
from .selftaught import learn_filters
from .settings import BOUNDS, Settings
from .vgg import Filters, Network, deepest
from .weights import find_filters

COARSEST = 128  # pixels; below it relu3_4 sees a handful of places
FEWER_WHEN_FINER = 0.8  # evaluations at one scale over those at the next coarser one
RETREATS = 12  # bad evaluations in a row before a run is given up


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
class Progress:
    """What a run reports after each evaluation, and between them while it prepares.

    doing        a short phrase for people: "Painting at 256 px"
    evaluation   evaluations done, of `of`
    size         (width, height) being painted
    seconds      since the start; eta: seconds left, None until it can be known
    costs        of this evaluation, None before the first
    weighting    α, β, γ and λ in force
    features     which filters are in use; device: where, in which precision
    image        the best picture so far, converted from the device when read (some milliseconds)
    """

    doing: str = "Getting ready"
    evaluation: int = 0
    of: int = 0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    eta: float | None = None
    costs: Costs | None = None
    weighting: Weighting | None = None
    features: str = ""
    device: str = ""
    render: Callable[[], Image.Image] | None = field(default=None, repr=False)

    @property
    def image(self) -> Image.Image | None:
        return self.render() if self.render else None


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

    def __call__(self, x: Tensor) -> tuple[Costs, Tensor]:
        x = x.detach().requires_grad_()
        activations, by = self.network(x), self.weighting
        content = [content_cost(activations[name], a) for name, a in self.targets.content.items()]
        style = [style_cost(gram_matrix(activations[name]), g) for name, g in self.targets.style.items()]
        tv = total_variation(x)
        factors = [
            *(by.alpha * weight for weight in by.content.values()),
            *(by.beta * weight for weight in by.lambdas.values()),
            by.gamma,
        ]
        costs = torch.cat([*content, *style, tv])
        total = (costs * torch.tensor(factors, device=costs.device, dtype=costs.dtype)).sum()
        (gradient,) = torch.autograd.grad(total, x)
        # One transfer for all numbers: on a GPU it is the evaluation's only wait.
        numbers = torch.cat([total.detach().view(1), costs.detach()]).tolist()
        return self._costs(numbers), gradient

    def _costs(self, numbers: list[float]) -> Costs:
        by, count = self.weighting, len(self.weighting.content)
        content = sum(w * j for w, j in zip(by.content.values(), numbers[1 : 1 + count], strict=True))
        style = dict(zip(by.lambdas, numbers[1 + count : -1], strict=True))
        return Costs(numbers[0], content, style, numbers[-1])


@dataclass(frozen=True)
class Scale:
    """One size of the coarse-to-fine schedule and its share of the evaluations."""

    size: tuple[int, int]
    evaluations: int


def schedule(settings: Settings, width: int, height: int) -> list[Scale]:
    """Sizes from coarse to fine, each half the next, and how many evaluations each gets.

    Large structures are painted where they are cheap; finer scales then need fewer evaluations. With
    scales = 0 the coarsest is the smallest of at least COARSEST px, with K there are K (of 32 px or more).
    """
    sides = [settings.size]
    least = 32 if settings.scales else COARSEST
    while sides[0] // 2 >= least and len(sides) != settings.scales:
        sides.insert(0, sides[0] // 2)
    sides = sides[-settings.evaluations :]
    shares = [FEWER_WHEN_FINER**k for k in range(len(sides))]
    counts = [max(1, round(settings.evaluations * share / sum(shares))) for share in shares]
    counts[0] += settings.evaluations - sum(counts)
    return [Scale(fit(width, height, side), count) for side, count in zip(sides, counts, strict=True)]


class Pace:
    """Seconds left of a schedule, taking an evaluation's time to grow with its pixels.

    Judged by the present scale alone: small pictures cost more a pixel than large ones.
    """

    def __init__(self, scales: Sequence[Scale]) -> None:
        pixels = [scale.size[0] * scale.size[1] for scale in scales for _ in range(scale.evaluations)]
        self.pixels, self.began, self.since = pixels, -1, 0.0

    def seconds_left(self, evaluation: int, seconds: float) -> float | None:
        """The time left after so many evaluations, `seconds` after the start; None before it can be known."""
        if evaluation == 0:
            return None
        if self.began < 0 or self.pixels[self.began] != self.pixels[evaluation - 1]:
            self.began, self.since = evaluation - 1, seconds
        done = sum(self.pixels[self.began + 1 : evaluation])
        return (seconds - self.since) / done * sum(self.pixels[evaluation:]) if done else None


def starting_image(settings: Settings, content: Tensor) -> Tensor:
    """The generated image before the first evaluation: the content image, noise, or a blend of both.

    noise   0.5 + 0.25 · N(0, 1) a pixel and channel, from `seed`; drawn on the CPU so that devices agree
    blend   noise · noise image + (1 − noise) · content image, the course's exercise
    """
    share = {"content": 0.0, "noise": 1.0, "blend": settings.noise}[settings.init]
    generator = torch.Generator().manual_seed(settings.seed)
    noise = 0.5 + 0.25 * torch.randn(content.shape, generator=generator)
    return torch.lerp(content, noise.to(content.device), share)


def enlarge(image: Tensor, smaller: Tensor, content: Tensor) -> Tensor:
    """The generated image taken to the content image's next size, with the detail that enlarging lost:

        G ← enlarge(G) + (C − enlarge(C_smaller))

    so that the finer scale begins from a sharp picture and not from a blurred one.
    """
    size = (content.shape[-1], content.shape[-2])
    return resize_tensor(image, size) + content - resize_tensor(smaller, size)


def descend(
    objective: Callable[[Tensor], tuple[Costs, Tensor]],
    x: Tensor,
    optimizer: Optimizer,
    evaluations: int,
) -> Iterator[tuple[Costs, Tensor]]:
    """Minimise the objective from x, yielding each evaluation's costs and the best picture so far.

    A cost or gradient that is not finite, or a cost ten times the first, never becomes the picture: the
    optimiser retreats towards its last good point, and only RETREATS failures in a row raise Diverged.
    """
    best, least, ceiling, failures = x, math.inf, math.inf, 0
    for _ in range(evaluations):
        costs, gradient = objective(x)
        if _is_finite(costs, gradient) and costs.total <= ceiling:
            ceiling = min(ceiling, 10 * costs.total) if least == math.inf else ceiling
            if costs.total < least:
                best, least = x, costs.total
            failures = 0
            x = optimizer.step(x, costs.total, gradient)
        elif least == math.inf or (failures := failures + 1) > RETREATS:
            raise Diverged(
                "The cost stopped being a number, and shorter steps did not help: lower β or the "
                "learning rate, or choose another optimiser."
            )
        else:
            x = optimizer.retreat()
        yield costs, best


def _is_finite(costs: Costs, gradient: Tensor) -> bool:
    return math.isfinite(costs.total) and bool(gradient.isfinite().all())


def stylize(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
) -> Iterator[Progress]:
    """Paint the content image in the style of the style images; yields a Progress after every evaluation.

    The first Progress comes at once, before any heavy work; `progress.image` of the last is the finished
    picture. Closing the generator stops the run and frees its tensors. The same pictures, settings, seed
    and device give the same bytes.

    content, styles   RGB pictures, from load_picture()
    device            "cpu", "cuda", "mps" or None for the best there is
    filters           given, they are used in place of those that settings.weights names

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Progress.

    Source: Gatys, Ecker & Bethge (2016). Deviations: coarse to fine, relative strength, replicated borders,
    fewer layers by default.
    """
    settings = settings or Settings()
    styles = [styles] if isinstance(styles, Image.Image) else list(styles)
    start = time.perf_counter()
    last, pace = Progress(of=settings.evaluations), Pace(schedule(settings, *content.size))
    try:
        for progress in _run(content, styles, settings, device, filters):
            seconds = time.perf_counter() - start
            eta = pace.seconds_left(progress.evaluation, seconds)
            last = replace(progress, seconds=seconds, eta=eta)
            yield last
        return
    except RunError as error:
        error.best = last if last.render else None
        raise
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        size = last.size
    # Outside the except clause: an exception being handled keeps every tensor of its frames alive.
    raise OutOfMemory(
        f"There is not enough memory for {size[0]} × {size[1]} pixels: choose a size of "
        f"{max(int(BOUNDS['size'].low), max(size) // 2)} or less.",
        best=last if last.render else None,
    )


def _run(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
) -> Iterator[Progress]:
    now = Progress(of=settings.evaluations)
    yield now
    where = choose(device)
    now = replace(now, device=where.label)
    if filters is None:
        finding = find_filters(settings.weights, deepest(settings.layers))
        filters = yield from _announced(now, finding)
    painted = smaller = None
    for scale in schedule(settings, *content.size):
        now = replace(now, size=scale.size)
        here = to_tensor(content, scale.size).to(where.torch)
        palettes = [_style_at(style, scale, settings, here) for style in styles]
        learned = filters or (yield from _announced(now, _learn(settings, here, palettes)))
        objective = make_objective(learned, settings, where, here, palettes)
        now = replace(
            now,
            doing=f"Painting at {max(scale.size)} px",
            features=learned.label,
            weighting=objective.weighting,
        )
        image = _begin(settings, here, smaller, painted)
        painted = yield from _paint(now, objective, image, scale, settings, here)
        now = replace(now, evaluation=now.evaluation + scale.evaluations)
        smaller = here


def _announced(now: Progress, work: Iterator[Any]) -> Iterator[Progress]:
    """Progress for each thing the work reports; returns what the work returns."""
    while True:
        try:
            report = next(work)
        except StopIteration as end:
            return end.value
        yield replace(now, doing=str(report))


def _style_at(style: Image.Image, scale: Scale, settings: Settings, content: Tensor) -> Tensor:
    """The style image beside this scale: as long as the generated image times style_scale, never enlarged
    (an enlarged picture is blurred, and its Gram matrices would ask for blur)."""
    side = min(max(style.size), round(max(scale.size) * settings.style_scale))
    tensor = to_tensor(style, fit(*style.size, side)).to(content.device)
    return match_colours(tensor, content) if settings.keep_colours else tensor


def _learn(settings: Settings, content: Tensor, styles: Sequence[Tensor]) -> Iterator[str]:
    return learn_filters(
        content,
        styles,
        deepest(settings.layers),
        pooling=settings.pooling,
        seed=settings.seed,
    )


def make_objective(
    filters: Filters, settings: Settings, where: Device, content: Tensor, styles: Sequence[Tensor]
) -> Objective:
    """The objective at one size: the network through the deepest layer, its targets and their weights."""
    network = Network(filters, settings.layers, settings.pooling, where.torch, where.dtype)
    targets = make_targets(network, settings, content, styles)
    return Objective(network, targets, weigh(settings, targets))


def _begin(settings: Settings, content: Tensor, smaller: Tensor | None, painted: Tensor | None) -> Tensor:
    if painted is None or smaller is None:
        return starting_image(settings, content)
    if settings.init == "noise":  # a run that never saw the content's pixels is not given them now
        return resize_tensor(painted, (content.shape[-1], content.shape[-2]))
    return enlarge(painted, smaller, content)


def _paint(
    now: Progress,
    objective: Objective,
    image: Tensor,
    scale: Scale,
    settings: Settings,
    content: Tensor,
) -> Iterator[Progress]:
    """The evaluations of one scale, a Progress each; returns the best picture."""
    optimizer = make_optimizer(settings.optimizer, settings.learning_rate)
    kept = content if settings.keep_colours else None
    best = image
    for count, (costs, best) in enumerate(descend(objective, image, optimizer, scale.evaluations), 1):
        render = partial(_render, best, kept)
        yield replace(now, evaluation=now.evaluation + count, costs=costs, render=render)
    return best


def _render(image: Tensor, content: Tensor | None) -> Image.Image:
    image = image.clamp(0, 1)
    return to_picture(image if content is None else keep_colours(image, content).clamp(0, 1))


def _is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class for it; the CPU allocator raises a RuntimeError that says so."""
    said = str(error)
    return (
        isinstance(error, (torch.OutOfMemoryError, MemoryError))
        or "not enough memory" in said
        or "allocate memory" in said
    )
