"""The published loops, re-implemented from what their sources state, on an objective given to them.

Each is a generator of the generated image after every evaluation of J: (1, 3, H, W) in [0, 1], at the size it
then paints at. What they minimise is the same as ours, so that their schedules and optimisers are compared
and not their losses; their network runs as theirs do, in float32 and PyTorch's own memory layout.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nst.costs import total_variation
from nst.network.layers import CONVS
from nst.network.vgg import MEAN, STD, Filters
from nst.objective import Objective

Gradient = Callable[[Tensor], tuple[float, Tensor]]


@dataclass(frozen=True)
class Inputs:
    """The task at one size: J with its gradient, and the content image (1, 3, H, W).

    unit   what J is multiplied by to be in the notebook's units: content weight 1 on mean squares of the
           activations of pixels from 0 to 255. L-BFGS's first step depends on it, nothing else does
    """

    gradient: Gradient
    content: Tensor
    unit: float


At = Callable[[int], Inputs]  # by the longer side


def inputs(objective: Objective, filters: Filters, content: Tensor) -> Inputs:
    """J of an objective as the published systems compute it: float32, plain convolutions."""
    unit = 4 * (255 * sum(STD) / 3) ** 2 / objective.weighting.alpha
    kernels, biases = ([x.to(content.device) for x in each] for each in (filters.kernels, filters.biases))
    return Inputs(plain(objective, kernels, biases), content, unit)


def plain(objective: Objective, kernels: Sequence[Tensor], biases: Sequence[Tensor]) -> Gradient:
    """J of an objective as the published systems compute it: plain convolutions, one after the other."""
    targets, by, network = objective.targets, objective.weighting, objective.one.parts.network

    def gradient(x: Tensor) -> tuple[float, Tensor]:
        x = x.detach().contiguous().requires_grad_()
        y, total = (x - network.mean) / network.std, by.gamma * total_variation(x, by.kappa).sum()
        for number, (conv, kernel, bias) in enumerate(zip(CONVS, kernels, biases, strict=False)):
            y = (
                F.conv2d(F.pad(y, (1, 1, 1, 1), mode="replicate"), kernel, bias)
                if number == 0
                else (F.conv2d(y, kernel, bias, padding=1))
            )
            y, name = F.relu(y), f"relu{conv.name}"
            if name in targets.content:
                total = total + by.alpha * by.content[name] * F.mse_loss(y, targets.content[name]) / 4
            if name in targets.style:
                a = y.flatten(2)[0]
                gram = a @ a.T / a.shape[1]
                total = total + by.beta * by.lambdas[name] * F.mse_loss(gram, targets.style[name][0]) / 4
            if conv.pool and number + 1 < len(kernels):
                y = network.pool(y)
        (g,) = torch.autograd.grad(total, x)
        return float(total.detach()), g

    return gradient


def notebook(at: At, side: int, evaluations: int) -> Iterator[Tensor]:
    """Gatys' own: leongatys/PytorchNeuralStyleTransfer. One scale, from the content image, torch's L-BFGS
    with its defaults on pixels from 0 to 255."""
    here = at(side)
    yield from _lbfgs(here, here.content, evaluations, pixel=255.0)


def tutorial(at: At, side: int, evaluations: int) -> Iterator[Tensor]:
    """PyTorch's: advanced_source/neural_style_tutorial.py. As the notebook, on pixels from 0 to 1, clamped
    before each evaluation."""
    here = at(side)
    yield from _lbfgs(here, here.content, evaluations, pixel=1.0, clamped=True)


def crowson(at: At, side: int, evaluations: int) -> Iterator[Tensor]:
    """crowsonkb/style-transfer-pytorch: sides a factor √2 apart from 128 on, Adam at 0.02 with (0.9, 0.99),
    pixels clamped, moments taken along to the next side; what counts is the moving average of the iterates
    (0.99, bias-corrected); twice as many evaluations at the first side as at each other."""
    ladder = sides(side)
    each, count = evaluations / (len(ladder) + 1), 0
    x = at(ladder[0]).content
    mean, square = torch.zeros_like(x), torch.zeros_like(x)
    for size in ladder:
        here = at(size)
        x, mean, square = (_resized(tensor, here.content) for tensor in (x, mean, square))
        x, square = x.clamp(0, 1), square.relu()
        average, weight = torch.zeros_like(x), 0.0
        for _ in range(round(each if count else 2 * each)):
            gradient, count = here.gradient(x)[1], count + 1
            mean, square = mean.lerp(gradient, 0.1), square.lerp(gradient.square(), 0.01)
            rate = 0.02 / (1 - 0.9**count) * (1 - 0.99**count) ** 0.5
            x = (x - rate * mean / (square.sqrt() + 1e-8)).clamp(0, 1)
            average, weight = average.lerp(x, 0.01), weight + 0.01 * (1 - weight)
            yield average / weight
        x = average / weight


def sides(side: int) -> list[int]:
    """From 128 px or a little more to this one, each √2 times the one before."""
    ladder = [side]
    while round(side / 2 ** (len(ladder) / 2)) >= 128:
        ladder.insert(0, round(side / 2 ** (len(ladder) / 2)))
    return ladder


def _lbfgs(
    here: Inputs, start: Tensor, evaluations: int, pixel: float, clamped: bool = False
) -> Iterator[Tensor]:
    """torch.optim.LBFGS with its defaults, one iteration, which is one evaluation, a step: it keeps its state
    between steps, so that these are the iterations of the published loops."""
    origin = 0.0 if clamped else torch.tensor(MEAN).view(1, 3, 1, 1).to(start)
    x = ((start - origin) * pixel).requires_grad_()

    def closure() -> Tensor:
        if clamped:
            x.data.clamp_(0, pixel)
        cost, gradient = here.gradient(x.detach() / pixel + origin)
        x.grad = gradient * (here.unit / pixel)
        return torch.tensor(cost * here.unit)

    optimizer = torch.optim.LBFGS([x], max_iter=1)
    for _ in range(evaluations):
        optimizer.step(closure)
        yield (x.detach() / pixel + origin).clamp(0, 1)


def _resized(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bicubic", antialias=True)


LOOPS: dict[str, Callable[[At, int, int], Iterator[Tensor]]] = {
    "notebook": notebook,
    "tutorial": tutorial,
    "crowsonkb": crowson,
}
