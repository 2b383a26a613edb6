"""The measurements: each a function of the weights to use, answering {name: number}."""

import itertools
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from .pair import enlarged, pictures
from .serving import first_picture_and_stop, page

if TYPE_CHECKING:
    from nst.vgg import Filters

SIZES = (256, 512, 1024, 2048)  # of which growth is told
ROUNDS, WARM = 6, 11  # turns of each size, after evaluations enough that L-BFGS has all its pairs


def start_up(weights: str) -> dict[str, float]:
    """Seconds to import the engine and to finish its first evaluation, at 256 px."""
    start = time.perf_counter()
    import nst
    from nst.transfer import stylize

    imported = time.perf_counter()
    settings = nst.Settings(size=256, scales=1, evaluations=1, weights=weights)
    for _ in stylize(*pictures(), settings, "cpu"):
        pass
    done = time.perf_counter()
    return {"import_seconds": round(imported - start, 2), "first_evaluation_seconds": round(done - start, 2)}


def evaluation(weights: str) -> dict[str, float]:
    """Median seconds of one evaluation at 256 and 512 px, 4 : 3."""
    import nst

    measured = {}
    for size in (256, 512):
        settings = nst.Settings(size=size, scales=1, evaluations=8, weights=weights)
        moments = [p.seconds for p in nst.stylize(*pictures(), settings) if p.costs]
        steps = [b - a for a, b in itertools.pairwise(moments)]
        measured[f"seconds_{size}"] = round(statistics.median(steps), 3)
    return measured


def self_taught(weights: str) -> dict[str, float]:
    """Seconds of learning filters at each scale of a default run, and of that run."""
    import nst
    from nst.schedule import schedule
    from nst.tensors import to_tensor
    from nst.transfer import learn, style_at

    settings, (content, style) = nst.Settings(weights="self-taught"), pictures()
    learning = {}
    for scale in schedule(settings, *content.size):
        here = to_tensor(content, scale.size)
        palette = style_at(style, scale, settings, here)
        start = time.perf_counter()
        for _ in learn(settings, here, [palette]):
            pass
        learning[f"seconds_{max(scale.size)}"] = round(time.perf_counter() - start, 2)
    last = _last(nst.stylize(content, style, settings))
    return {**learning, "run_seconds": round(last.seconds, 1)}


def ceiling(weights: str) -> dict[str, float]:
    """The fastest 3×3 convolution PyTorch does here in the precision used, and the share of it that a whole
    evaluation at 512 px reaches, counting the multiplications of plain convolutions: Winograd's, with fewer,
    may pass 100 %. Taken in turns, as growth is; the figures are those of the round with the median share."""
    import nst
    from nst.explore import at_once, filters_for
    from nst.layers import deepest

    settings = nst.Settings(size=512, scales=1, evaluations=1000, weights=weights)
    filters = at_once(filters_for(settings, pictures(), deepest(settings.layers)))
    reports = nst.stylize(*pictures(), settings, filters=filters)
    evaluations = (report for report in reports if report.costs)
    _seconds(evaluations, WARM)
    flops = operations(filters, 512 * 384)
    works = [(1, flops, evaluations)]
    for channels, side in ((64, 256), (128, 128), (256, 64), (512, 32)):
        works.append((16, 2 * 9 * channels**2 * side**2, _plain(channels, side)))
    turns = [[count * each / _seconds(run, count) / 1e9 for count, each, run in works] for _ in range(ROUNDS)]
    shares = sorted((rate / max(plain), rate, max(plain)) for rate, *plain in turns)
    share, rate, fastest = shares[(ROUNDS - 1) // 2]
    return {
        "ceiling_gflops": round(fastest),
        "evaluation_gflops": round(rate),
        "evaluation_seconds": round(flops / rate / 1e9, 3),
        "share_percent": round(100 * share),
    }


def _plain(channels: int, side: int) -> Iterator[float]:
    """A 3×3 convolution in the precision used, again and again, waited for by reading a value."""
    import torch
    import torch.nn.functional as F

    from nst.device import choose

    where = choose()
    x = torch.rand(1, channels, side, side).to(where.torch, where.dtype, memory_format=torch.channels_last)
    kernel = torch.rand(channels, channels, 3, 3).to(x).contiguous(memory_format=torch.channels_last)
    while True:
        yield F.conv2d(x, kernel, padding=1)[0, 0, 0, 0].item()


def operations(filters: "Filters", pixels: float) -> float:
    """Floating-point operations of all these convolutions in one evaluation, there and back."""
    from nst.layers import CONVS

    total = 0.0
    for conv, kernel in zip(CONVS, filters.kernels, strict=False):
        total += 2 * 2 * kernel.numel() * pixels
        pixels = pixels / 4 if conv.pool else pixels
    return total


def growth(weights: str) -> dict[str, float]:
    """Seconds per megapixel of evaluations at four sizes, 4 : 3.

    Taken in turns, since a machine's speed may change by a fifth within minutes, more than sizes differ by.
    Medians over the rounds; the ratio is the median of each round's own.
    """
    import nst

    runs, rounds = {}, {side: [] for side in SIZES}
    for side in SIZES:
        settings = nst.Settings(size=side, scales=1, evaluations=1000, weights=weights)
        reports = nst.stylize(*enlarged(side), settings)
        runs[side] = (report for report in reports if report.costs)
        _seconds(runs[side], WARM)
    for _ in range(ROUNDS):
        for side, run in runs.items():
            count = min(8, (max(SIZES) // side) ** 2)
            rounds[side].append(_seconds(run, count) / count / (side * side * 0.75e-6))
    found = {side: statistics.median(each) for side, each in rounds.items()}
    ratios = [large / small for large, small in zip(rounds[2048], rounds[512], strict=True)]
    return {
        **{f"seconds_a_megapixel_{side}": round(seconds, 2) for side, seconds in found.items()},
        "ratio_2048_to_512": round(statistics.median(ratios), 3),
    }


def _seconds(run: Iterator[Any], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        next(run)
    return time.perf_counter() - start


def memory(side: int, weights: str) -> dict[str, float]:
    """Peak memory of four evaluations at one size, 4 : 3."""
    import nst

    settings = nst.Settings(size=side, scales=1, evaluations=4, weights=weights)
    _last(nst.stylize(*enlarged(side), settings))
    return {"peak_gigabytes": _peak()}


def run_of(side: int, weights: str) -> dict[str, float]:
    """Seconds and peak memory of a run with default settings at one size."""
    import nst

    last = _last(nst.stylize(*enlarged(side), nst.Settings(weights=weights, size=side)))
    return {"seconds": round(last.seconds, 1), "peak_gigabytes": _peak()}


def _peak() -> float:
    """The most memory so far, in GiB: the tensors' on a graphics card, the process's without one."""
    import torch

    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**30, 2)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def _last(reports: Iterable[Any]) -> Any:
    """The last of a run's reports, the earlier ones let go: each keeps its picture."""
    last = None
    for report in reports:
        last = report
    return last


def quality(side: int, weights: str) -> dict[str, Any]:
    """Seconds until J is as low as the published loop's, for each loop, and the traces."""
    from .plots import SHOWN_AT, STRIP, side_by_side
    from .quality import compare, figures

    traces = compare(weights, side, *pictures())
    if side == SHOWN_AT:
        side_by_side(traces).save(STRIP, quality=90)
    return {**figures(side, traces), "traces": {name: trace.points for name, trace in traces.items()}}


ALL: dict[str, Callable[[str], dict[str, Any]]] = {
    "page": page,
    "start_up": start_up,
    "evaluation": evaluation,
    "ceiling": ceiling,
    "default_run": partial(run_of, 512),
    "first_picture_and_stop": first_picture_and_stop,
    "self_taught": self_taught,
    "growth": growth,
    **{f"memory_{side}": partial(memory, side) for side in SIZES},
    "quality_512": partial(quality, 512),
    "quality_256": partial(quality, 256),
    "run_1024": partial(run_of, 1024),
    "quality_1024": partial(quality, 1024),
    "run_2048": partial(run_of, 2048),
}
