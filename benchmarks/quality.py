"""Time to quality: seconds until J, judged in float32 at full size, is as low as another loop's."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor

import nst
from nst.costs import content_cost, gram_matrix, style_cost, total_variation
from nst.device import Device, choose
from nst.images import fit
from nst.network.layers import deepest
from nst.network.vgg import Filters, Network
from nst.objective import Objective, Weighting, make_objective, network_of, weighed
from nst.report import result_of
from nst.targets import Targets
from nst.tensors import resize_tensor, to_tensor
from nst.transfer import stylize
from nst.weights import find_filters

from .published import LOOPS, Inputs, inputs, sides

EVERY = 5  # evaluations between two judgements


@dataclass
class Trace:
    """What a loop had reached when: (evaluations, seconds, best J at full size so far), and its pictures."""

    points: list[tuple[int, float, float]] = field(default_factory=list)
    pictures: list[tuple[float, Tensor]] = field(default_factory=list)

    def first(self, cost: float) -> int | None:
        """Which judgement was the first at most this cost."""
        return next((number for number, (*_, j) in enumerate(self.points) if j <= cost), None)

    def seconds_to(self, cost: float) -> float | None:
        """Seconds of the first judgement at most this cost."""
        found = self.first(cost)
        return None if found is None else self.points[found][1]

    def evaluations_to(self, cost: float) -> int | None:
        """Evaluations of the first judgement at most this cost."""
        found = self.first(cost)
        return None if found is None else self.points[found][0]

    def cost_after(self, evaluations: int) -> float:
        return min(j for n, _, j in self.points if n <= evaluations)

    def newest_at(self, seconds: float) -> tuple[float, Tensor]:
        """The newest picture judged by then, after its own seconds; the first, where there was none yet."""
        return [*self.pictures[:1], *(shown for shown in self.pictures if shown[0] <= seconds)][-1]


@torch.no_grad()
def cost_of(network: Network, targets: Targets, by: Weighting, image: Tensor) -> float:
    """J of one image (1, 3, H, W), without a gradient."""
    found = network(image)
    content = {name: float(content_cost(found[name], a)) for name, a in targets.content.items()}
    style = {name: float(style_cost(gram_matrix(found[name]), g)) for name, g in targets.style.items()}
    return weighed(by, content, style, float(total_variation(image, by.kappa))).total


class Task:
    """One pair of pictures at one size: the objective, as ours and as the published loops compute it."""

    def __init__(
        self, filters: Filters, settings: nst.Settings, content, style, device: str | None = None
    ) -> None:
        self.filters, self.settings, self.content, self.style = filters, settings, content, style
        self.where = choose(device)
        self.exact = Device(self.where.torch, torch.float32, "")
        self.full = self.objective(settings.size, self.exact)
        self.size = fit(*content.size, settings.size)

    def objective(self, side: int, where: Device) -> Objective:
        size = fit(*self.content.size, side)
        style = to_tensor(self.style, fit(*self.style.size, min(max(self.style.size), max(size))))
        content, style = (x.to(where.torch) for x in (to_tensor(self.content, size), style))
        return make_objective(network_of(self.filters, self.settings, where), self.settings, content, [style])

    @cache  # noqa: B019 a Task lives as long as its benchmark
    def at(self, side: int) -> Inputs:
        content = to_tensor(self.content, fit(*self.content.size, side)).to(self.where.torch)
        return inputs(self.objective(side, self.exact), self.filters, content)

    def full_size(self, image: Tensor) -> Tensor:
        """A picture of any size as it is judged: at full size, its pixels as a PNG would hold them."""
        return resize_tensor(image, self.size).clamp(0, 1).to(self.where.torch)

    def judge(self, image: Tensor) -> float:
        """J in float32 at full size of a picture of any size."""
        image = self.full_size(image)
        return cost_of(self.full.one.parts.network, self.full.targets, self.full.weighting, image)

    def run(
        self,
        loop: Iterator[Tensor],
        limit: Callable[[Trace], bool] = lambda trace: False,
        judge: Callable[[Tensor], float] | None = None,
        every: int = EVERY,
    ) -> Trace:
        """Follow a loop until it ends or the limit says so, judging at full size with the clock stopped, at
        its first and at every so many evaluations."""
        trace, spent, best, judge = Trace(), 0.0, math.inf, judge or self.judge
        for count in range(1, 10**6):
            start = time.perf_counter()
            image = next(loop, None)
            spent += time.perf_counter() - start
            if image is None:
                break
            if count % every == 0 or count == 1:
                best = min(best, judge(self.full_size(image)))
                trace.points.append((count, round(spent, 2), best))
                trace.pictures.append((spent, image))
                if limit(trace):
                    break
        loop.close()
        return trace

    def published(self, name: str, evaluations: int) -> Iterator[Tensor]:
        """One of the loops of published.py; what it needs at each size is made before the clock starts."""
        return LOOPS[name](self.at, self.settings.size, evaluations)

    def ours(self, settings: nst.Settings) -> Iterator[Tensor]:
        for progress in stylize(self.content, self.style, settings, filters=self.filters):
            if progress.costs:
                yield to_tensor(progress.image)


OURS = {"ours": {}, "ours, one scale": {"scales": 1}}


def compare(weights: str, size: int, content, style, published: Mapping[str, int]) -> dict[str, Trace]:
    """Every loop at one size: the published ones to their end, ours until it has reached what those did.

    published   how many evaluations each of the published loops named has
    """
    base = nst.Settings(weights=weights, size=size)
    filters = result_of(find_filters(weights, deepest(base.layers)))
    task = Task(filters, base, content, style)
    for side in sides(size):
        task.at(side)  # targets are made before any clock starts
    # The first of a process imports torch._dynamo, a second or so that is no loop's own.
    torch.optim.LBFGS([torch.zeros(1, requires_grad=True)])
    traces = {name: task.run(task.published(name, n)) for name, n in published.items()}
    goal = min(trace.points[-1][2] for trace in traces.values())
    for name, changes in OURS.items():
        settings = base.with_(evaluations=max(base.evaluations, *published.values()), **changes)
        traces[name] = task.run(task.ours(settings), lambda trace: trace.points[-1][2] <= goal)
    return traces


def figures(traces: dict[str, Trace]) -> dict[str, float | None]:
    """What each published loop came to, and the seconds of each loop until there."""
    found = {}
    for name in traces.keys() - OURS.keys():
        goal = traces[name].points[-1][2]
        found[f"{name}: evaluations"] = traces[name].points[-1][0]
        found[f"{name}: J"] = round(goal, 4)
        for loop in (name, *OURS):
            found[f"{name}: {loop}"] = traces[loop].seconds_to(goal)
    return dict(sorted(found.items()))
