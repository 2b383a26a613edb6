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
    and with default settings to the end.

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
    goal, most = traces["pastiche"].points[-1][2], max(base.evaluations, drawn.frames[-1].steps)
    for name, scales in ((ITS, 0), (ITS_FINE, 1)):
        settings = its_settings(size=side, evaluations=most, scales=scales)
        loop = ours_on_it(filters, content, style, settings)
        traces[name] = task.run(loop, lambda trace: trace.points[-1][2] <= goal, its)
    traces["ours"] = task.run(task.ours(base))
    second = SecondJudge(filters, to_tensor(content), to_tensor(style))
    shown = {f"pastiche, {n} steps": image for n, image in marked(drawn).items()}
    shown |= {name: task.full_size(traces[name].pictures[-1][1]) for name in (ITS, "ours")}
    seen = {name: rounded(asdict(second(image))) for name, image in shown.items()}
    return {**about(drawn, steps, minutes), **figures(traces), "second judge": seen}, traces


def followed(drawn: Drawn, judge) -> Trace:
    """pastiche's frames as a trace: the lowest cost so far at each."""
    trace = Trace()
    for frame in drawn.frames:
        image = to_tensor(frame.picture)
        best = min([judge(image), *(cost for *_, cost in trace.points[-1:])])
        trace.points.append((frame.steps, round(frame.seconds, 2), best))
        trace.pictures.append((frame.seconds, image))
    return trace


def marked(drawn: Drawn) -> dict[int, Tensor]:
    """Its pictures after the steps of MARKS and after its last one."""
    last = drawn.frames[-1].steps
    return {frame.steps: to_tensor(frame.picture) for frame in drawn.frames if frame.steps in (*MARKS, last)}


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
    last = theirs.points[-1][0]
    for steps in sorted({*(mark for mark in MARKS if mark <= last), last}):
        loss, j = theirs.cost_after(steps), by_j.cost_after(steps)
        found[f"after {steps}"] = {
            "reached at": theirs.evaluations_to(loss),
            "seconds": theirs.seconds_to(loss),
            "its objective": float(f"{loss:.5g}"),
            "J": float(f"{j:.4g}"),
            ITS: traces[ITS].seconds_to(loss),
            ITS_FINE: traces[ITS_FINE].seconds_to(loss),
            "ours, to its J": traces["ours"].seconds_to(j),
        }
    ours = traces["ours"].points[-1]
    return {**found, "ours": {"evaluations": ours[0], "seconds": ours[1], "J": float(f"{ours[2]:.4g}")}}


def rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: float(f"{number:.4g}") for name, number in numbers.items()}
