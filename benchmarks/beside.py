"""Ours beside pastiche on one pair of pictures: seconds to what it has, by its objective and by ours.

What the second judge says of both is told with it.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from torch import Tensor

import nst
from nst.network.layers import deepest
from nst.report import result_of
from nst.tensors import to_tensor
from nst.weights import find_filters

from .pair import pictures
from .peer import Drawn, ItsObjective, draw, its_settings, ours_on_it, sized
from .quality import Task, Trace
from .second_judge import SecondJudge

MARKS = (100, 500, 1000)  # of pastiche's steps
ITS, ITS_FINE = "ours, its objective", "ours, its objective, one scale"


def beside(weights: str, side: int, steps: int, minutes: float) -> tuple[dict[str, Any], dict[str, Trace]]:
    """pastiche for so many steps, or as many as it draws in the minutes, and then ours.

    Ours runs with pastiche's objective until that is as low as pastiche's, coarse to fine and at one scale,
    and with default settings to the end. Coarse to fine, most of its evaluations are spent before the full
    size is reached: so it runs with the default number of them, and with twice as many until that is enough.

    Ours is timed from its first line, its targets included and the filters at hand; pastiche from its
    first step. Both pictures are judged as they are shown, in [0, 1].
    """
    content, style = sized(*pictures(), side)
    drawn = draw(content, style, steps, 60 * minutes)
    base = nst.Settings(weights=weights, size=side)
    filters = result_of(find_filters(weights, deepest(base.layers)))
    task = Task(filters, base, content, style)
    its = ItsObjective(filters, to_tensor(content), to_tensor(style))
    traces = {"pastiche": followed(drawn, its), "pastiche, J": followed(drawn, task.judge)}
    traces |= ours_to(traces["pastiche"].points[-1], task, its)
    traces["ours"] = task.run(task.ours(base))
    second = SecondJudge(filters, to_tensor(content), to_tensor(style))
    seen = {
        name: rounded(asdict(second(task.full_size(image)))) for name, image in shown(drawn, traces).items()
    }
    return {**about(drawn, steps, minutes), **figures(traces), "second judge": seen}, traces


def ours_to(last: tuple[int, float, float], task: Task, its: ItsObjective) -> dict[str, Trace]:
    """Ours on pastiche's objective until that is as low as in the last point of pastiche's."""
    most, _, goal = last

    def run(**changes) -> Trace:
        settings = its_settings(size=task.settings.size, **changes)
        loop = ours_on_it(task.filters, task.content, task.style, settings)
        return task.run(loop, lambda trace: trace.points[-1][2] <= goal, its, every=1)

    traces = {}
    for evaluations in doubled(task.settings.evaluations, most):
        traces[f"{ITS}, {evaluations} evaluations"] = trace = run(evaluations=evaluations)
        if trace.first(goal) is not None:
            break
    return {**traces, ITS_FINE: run(evaluations=max(most, task.settings.evaluations), scales=1)}


def doubled(least: int, most: int) -> list[int]:
    """least, twice as many, …: the last is the first that is not below most."""
    numbers = [least]
    while numbers[-1] < most:
        numbers.append(2 * numbers[-1])
    return numbers


def soonest(traces: Mapping[str, Trace], cost: float) -> tuple[float | None, str]:
    """The least seconds in which ours, coarse to fine, had pastiche's objective so low, and which run that
    was; None and its last run where none had."""
    runs = [name for name in traces if name.startswith(ITS) and name != ITS_FINE]
    found = [(seconds, name) for name in runs if (seconds := traces[name].seconds_to(cost)) is not None]
    return min(found, default=(None, runs[-1]))


def marks(traces: Mapping[str, Trace]) -> list[int]:
    """Those of MARKS that pastiche came to, and its last step."""
    last = traces["pastiche"].points[-1][0]
    return sorted({*(mark for mark in MARKS if mark <= last), last})


def followed(drawn: Drawn, judge) -> Trace:
    """pastiche's frames as a trace: the lowest cost so far at each."""
    trace = Trace()
    for frame in drawn.frames:
        image = to_tensor(frame.picture)
        best = min([judge(image), *(cost for *_, cost in trace.points[-1:])])
        trace.points.append((frame.steps, round(frame.seconds, 2), best))
        trace.pictures.append((frame.seconds, image))
    return trace


def shown(drawn: Drawn, traces: Mapping[str, Trace]) -> dict[str, Tensor]:
    """What the second judge looks at: pastiche after each mark and when it first had its cost there, ours
    when it first had it, and ours with default settings."""
    theirs, found = traces["pastiche"], {}
    frames = {frame.steps: to_tensor(frame.picture) for frame in drawn.frames}
    for steps in marks(traces):
        loss = theirs.cost_after(steps)
        for at in (theirs.evaluations_to(loss), steps):
            found[f"pastiche, {at} steps"] = frames[at]
        _, name = soonest(traces, loss)
        if (number := traces[name].first(loss)) is not None:
            found[f"ours, as low as after {steps}"] = traces[name].pictures[number][1]
    return {**found, "ours": traces["ours"].pictures[-1][1]}


def about(drawn: Drawn, steps: int, minutes: float) -> dict[str, Any]:
    """How long it drew, and what ended it."""
    last = drawn.frames[-1]
    return {
        "steps": last.steps,
        "ended by": "its steps" if last.steps == steps else f"the limit of {minutes:g} minutes",
        "seconds a step": round(last.seconds / last.steps, 3),
        "seconds before the first step": round(drawn.start_seconds, 1),
    }


def figures(traces: Mapping[str, Trace]) -> dict[str, Any]:
    """{steps: what pastiche had reached by then, when, and when ours was there}, by its objective and by J.

    Its seconds are those of the step, “reached at”, that first had its lowest cost. It may stand
    still after that step.
    """
    found = {}
    theirs, by_j = traces["pastiche"], traces["pastiche, J"]
    for steps in marks(traces):
        loss, j = theirs.cost_after(steps), by_j.cost_after(steps)
        found[f"after {steps}"] = {
            "reached at": theirs.evaluations_to(loss),
            "seconds": theirs.seconds_to(loss),
            "its objective": float(f"{loss:.5g}"),
            "J": float(f"{j:.4g}"),
            **dict(zip((ITS, "by"), soonest(traces, loss), strict=True)),
            ITS_FINE: traces[ITS_FINE].seconds_to(loss),
            "ours, to its J": traces["ours"].seconds_to(j),
        }
    ours = traces["ours"].points[-1]
    return {**found, "ours": {"evaluations": ours[0], "seconds": ours[1], "J": float(f"{ours[2]:.4g}")}}


def rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{number:.4g}") for name, number in numbers.items()}
