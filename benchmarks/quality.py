"""Time to quality: seconds until J, judged in float32 at full size, is as low as the published loop's."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor

import nst
from nst.costs import content_cost, gram_matrix, style_cost, total_variation
from nst.device import Device, choose
from nst.images import fit
from nst.objective import Objective, make_objective, weighed
from nst.tensors import resize_tensor, to_tensor
from nst.transfer import stylize
from nst.vgg import Filters
from nst.weights import find_filters

from .published import LOOPS, Scene, scene, sides

EVERY = 5  # evaluations between two judgements


@dataclass
class Trace:
    """What a loop had reached when: (evaluations, seconds, best J at full size so far), and its pictures."""

    points: list[tuple[int, float, float]] = field(default_factory=list)
    pictures: list[tuple[float, Tensor]] = field(default_factory=list)

    def seconds_to(self, cost: float) -> float | None:
        """Seconds of the first judgement at most this cost."""
        return next((seconds for _, seconds, j in self.points if j <= cost), None)

    def cost_after(self, evaluations: int) -> float:
        return min(j for n, _, j in self.points if n <= evaluations)

    def picture_at(self, seconds: float) -> Tensor:
        """The newest picture judged by then; the first, where there was none yet."""
        return [picture for when, picture in self.pictures if when <= seconds or when == self.pictures[0][0]][
            -1
        ]


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
        return make_objective(self.filters, self.settings, where, content, [style])

    @cache  # noqa: B019 a Task lives as long as its benchmark
    def at(self, side: int) -> Scene:
        content = to_tensor(self.content, fit(*self.content.size, side)).to(self.where.torch)
        return scene(self.objective(side, self.exact), self.filters, content)

    @torch.no_grad()
    def judge(self, image: Tensor) -> float:
        """J in float32 at full size of a picture of any size, its pixels as a PNG would hold them."""
        image = resize_tensor(image, self.size).clamp(0, 1).to(self.where.torch)
        found, by, goal = self.full.one.network(image), self.full.weighting, self.full.one.targets
        content = {name: float(content_cost(found[name], a)) for name, a in goal.content.items()}
        style = {name: float(style_cost(gram_matrix(found[name]), g)) for name, g in goal.style.items()}
        return weighed(by, content, style, float(total_variation(image))).total

    def run(self, loop: Iterator[Tensor], limit: Callable[[Trace], bool]) -> Trace:
        """Follow a loop, judging with the clock stopped, until it ends or the limit says so."""
        trace, spent, best = Trace(), 0.0, math.inf
        for count in range(1, 10**6):
            start = time.perf_counter()
            image = next(loop, None)
            spent += time.perf_counter() - start
            if image is None:
                break
            if count % EVERY == 0 or count == 1:
                best = min(best, self.judge(image))
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


# Evaluations by size; at the largest five hundred take an hour and more. The first two run torch's L-BFGS,
# and ours is compared with the better of them. The others get a tenth of what their recipes say, crowsonkb
# at 1024 px a twenty-fifth.
PUBLISHED = {
    "notebook": {256: 500, 512: 500, 1024: 100},
    "tutorial": {256: 500, 512: 500, 1024: 100},
}
OTHERS = {
    "neural-style": {256: 150, 512: 150, 1024: 170},
    "crowsonkb": {256: 300, 512: 300, 1024: 160},
}
OURS = {"ours": {}, "ours, one scale": {"scales": 1}}


def compare(weights: str, size: int, content, style) -> dict[str, Trace]:
    """Every loop at one size: the published ones to their end, ours until it has reached what those did."""
    base = nst.Settings(weights=weights, size=size)
    *_, filters = [*_ending(find_filters(weights, "relu3_4"))]
    task = Task(filters, base, content, style)
    for side in sides(size):
        task.at(side)  # targets are made before any clock starts
    loops = {name: counts[size] for name, counts in (PUBLISHED | OTHERS).items()}
    traces = {name: task.run(task.published(name, n), lambda trace: False) for name, n in loops.items()}
    goal = min(traces[name].points[-1][2] for name in PUBLISHED)
    for name, changes in OURS.items():
        settings = base.with_(evaluations=max(base.evaluations, *loops.values()), **changes)
        traces[name] = task.run(task.ours(settings), lambda trace: trace.points[-1][2] <= goal)
    return traces


def _ending(work: Iterator) -> Iterator:
    """What a generator returns, as its only value."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            yield end.value
            return


def figures(size: int, traces: dict[str, Trace]) -> dict[str, float]:
    """Seconds of each loop until the better published one's J after 100 and after all its evaluations."""
    found, most = {}, max(counts[size] for counts in PUBLISHED.values())
    for evaluations in sorted({min(100, most), most}):
        goal = min(traces[name].cost_after(evaluations) for name in PUBLISHED)
        found[f"cost_{evaluations}"] = round(goal, 4)
        for name, trace in traces.items():
            found[f"{name}_{evaluations}"] = trace.seconds_to(goal)
    return found
