"""The measurements: each a function of the weights to use, answering {name: number}."""

import contextlib
import itertools
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parent.parent
PORT = 7971


def page(weights: str) -> dict[str, float]:
    """Seconds from `python app.py` to the page being served, the median of three starts."""
    return {"served_seconds": round(statistics.median(_served() for _ in range(3)), 2)}


def _served() -> float:
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(PORT), "HF_HUB_OFFLINE": "1"}
    start = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/", timeout=5) as reply:
                reply.read()
                return time.perf_counter() - start
            time.sleep(0.02)
    finally:
        app.terminate()
        app.wait()


def start_up(weights: str) -> dict[str, float]:
    """Seconds to import the engine and to finish its first evaluation, at 256 px."""
    start = time.perf_counter()
    import nst
    from nst.transfer import stylize

    imported = time.perf_counter()
    settings = nst.Settings(size=256, scales=1, evaluations=1, weights=weights)
    for _ in stylize(*_pictures(), settings, "cpu"):
        pass
    done = time.perf_counter()
    return {"import_seconds": round(imported - start, 2), "first_evaluation_seconds": round(done - start, 2)}


def evaluation(weights: str) -> dict[str, float]:
    """Median seconds of one evaluation at 256 and 512 px, 4 : 3."""
    import nst

    measured = {}
    for size in (256, 512):
        settings = nst.Settings(size=size, scales=1, evaluations=8, weights=weights)
        moments = [p.seconds for p in nst.stylize(*_pictures(), settings) if p.costs]
        steps = [b - a for a, b in itertools.pairwise(moments)]
        measured[f"seconds_{size}"] = round(statistics.median(steps), 3)
    return measured


def default_run(weights: str) -> dict[str, float]:
    """Seconds and peak memory of a run with default settings, at 512 px."""
    import nst

    last = _last(nst.stylize(*_pictures(), nst.Settings(weights=weights)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": round(last.seconds, 1), "peak_gigabytes": round(peak, 2)}


def self_taught(weights: str) -> dict[str, float]:
    """Seconds of learning filters at each scale of a default run, and of that run."""
    import nst
    from nst.schedule import schedule
    from nst.tensors import to_tensor
    from nst.transfer import learn, style_at

    settings, (content, style) = nst.Settings(weights="self-taught"), _pictures()
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


def first_picture_and_stop(weights: str) -> dict[str, float]:
    """Seconds from Run to the first live picture, and from Stop to the finished PNG, at 512 px."""
    from nst.ui.limits import Limits
    from nst.ui.paint import paint
    from nst.ui.runs import Runs

    if weights not in ("auto", "imagenet", "self-taught"):
        os.environ["NST_WEIGHTS"], weights = weights, "auto"
    runs, (content, style) = Runs(Limits()), _paths()
    for _ in runs.stream(
        "warm", paint, content, [style], {"size": 128, "evaluations": 2, "weights": weights}
    ):
        pass  # the visitor before: libraries imported, features ready
    start, first, stopped, steps, last = time.perf_counter(), None, None, [], 0.0
    settings = {"size": 512, "scales": 1, "evaluations": 200, "weights": weights}
    for frame in runs.stream("visitor", paint, content, [style], settings):
        if frame.picture and first is None:
            first = time.perf_counter() - start
        if frame.evaluation == 5 and stopped is None:
            stopped = time.perf_counter()
            threading.Timer(0, runs.stop, ["visitor"]).start()
        if frame.state == "working" and frame.seconds > last:
            steps.append(frame.seconds - last)
            last = frame.seconds
    answered = time.perf_counter() - stopped
    runs.close()
    return {
        "first_picture_seconds": round(_first_default_picture(weights), 2),
        "first_picture_one_scale_seconds": round(first, 2),
        "stop_seconds": round(answered, 2),
        "evaluation_seconds": round(statistics.median(steps[1:]), 2),
    }


def _first_default_picture(weights: str) -> float:
    from nst.ui.limits import Limits
    from nst.ui.paint import paint
    from nst.ui.runs import Runs

    runs, (content, style) = Runs(Limits()), _paths()
    start = time.perf_counter()
    with contextlib.closing(runs.stream("next", paint, content, [style], {"weights": weights})) as frames:
        next(frame for frame in frames if frame.picture)
        seconds = time.perf_counter() - start
    runs.close()
    return seconds


def _paths() -> tuple[str, str]:
    """A content and a style image of our own, 4 : 3 and 5 : 6, larger than any size measured."""
    examples = ROOT / "examples"
    return str(examples / "content" / "lake.jpg"), str(examples / "styles" / "knife.jpg")


def _pictures() -> list:
    from nst import load_picture

    return [load_picture(path) for path in _paths()]


def ceiling(weights: str) -> dict[str, float]:
    """The fastest 3×3 convolution PyTorch does here in the precision used, and the share of it that a whole
    evaluation at 512 px reaches, counting the multiplications of plain convolutions."""
    import torch
    import torch.nn.functional as F

    import nst
    from nst.device import choose

    where, rates = choose(), []
    for channels, side in ((64, 256), (128, 128), (256, 64), (512, 32)):
        x = torch.rand(1, channels, side, side).to(
            where.torch, where.dtype, memory_format=torch.channels_last
        )
        kernel = torch.rand(channels, channels, 3, 3).to(x).contiguous(memory_format=torch.channels_last)
        moments = [time.perf_counter()]
        for _ in range(8):
            F.conv2d(x, kernel, padding=1).sum().item()
            moments.append(time.perf_counter())
        seconds = min(b - a for a, b in itertools.pairwise(moments))
        rates.append(2 * 9 * channels**2 * side**2 / seconds / 1e9)
    settings = nst.Settings(size=512, scales=1, evaluations=8, weights=weights)
    moments = [p.seconds for p in nst.stylize(*_pictures(), settings) if p.costs]
    seconds = statistics.median(b - a for a, b in itertools.pairwise(moments))
    rate = _operations(512, 384) / seconds / 1e9
    return {
        "ceiling_gflops": round(max(rates)),
        "evaluation_gflops": round(rate),
        "evaluation_seconds": round(seconds, 3),
        "share_percent": round(100 * rate / max(rates)),
    }


def _operations(width: int, height: int) -> float:
    """Floating-point operations of the convolutions of one evaluation through relu3_4, there and back."""
    from nst.layers import CONVS

    inputs, total, pixels = 3, 0.0, width * height
    for conv, outputs in zip(CONVS[:8], (64, 64, 128, 128, 256, 256, 256, 256), strict=True):
        total += 2 * 2 * 9 * inputs * outputs * pixels
        inputs, pixels = outputs, pixels / 4 if conv.pool else pixels
    return total


def growth(side: int, weights: str) -> dict[str, float]:
    """Seconds and memory per megapixel of one evaluation at one size, 4 : 3."""
    import nst

    settings = nst.Settings(size=side, scales=1, evaluations=4, weights=weights)
    moments = [p.seconds for p in nst.stylize(*_enlarged(_pictures(), side), settings) if p.costs]
    seconds = min(b - a for a, b in itertools.pairwise(moments))
    megapixels = side * side * 0.75 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "evaluation_seconds": round(seconds, 3),
        "seconds_a_megapixel": round(seconds / megapixels, 3),
        "peak_gigabytes": round(peak, 2),
    }


def run_of(side: int, weights: str) -> dict[str, float]:
    """Seconds and peak memory of a run with default settings at one size."""
    import nst

    last = _last(nst.stylize(*_enlarged(_pictures(), side), nst.Settings(weights=weights, size=side)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": round(last.seconds, 1), "peak_gigabytes": round(peak, 2)}


def _last(reports: Iterable[Any]) -> Any:
    """The last of a run's reports, the earlier ones let go: each keeps its picture."""
    last = None
    for report in reports:
        last = report
    return last


def _enlarged(pictures: list, side: int) -> list:
    """Pictures of at least this size: the examples are smaller than the largest measured."""
    factors = [max(1, side / max(picture.size)) for picture in pictures]
    return [
        p.resize((round(p.width * f), round(p.height * f))) for p, f in zip(pictures, factors, strict=True)
    ]


def quality(side: int, weights: str) -> dict[str, Any]:
    """Seconds until J is as low as the published loop's, for each loop, and the traces."""
    from .plots import SHOWN_AT, STRIP, side_by_side
    from .quality import compare, figures

    traces = compare(weights, side, *_pictures())
    if side == SHOWN_AT:
        side_by_side(traces).save(STRIP, quality=90)
    return {**figures(side, traces), "traces": {name: trace.points for name, trace in traces.items()}}


ALL: dict[str, Callable[[str], dict[str, Any]]] = {
    "page": page,
    "start_up": start_up,
    "evaluation": evaluation,
    "ceiling": ceiling,
    "default_run": default_run,
    "first_picture_and_stop": first_picture_and_stop,
    "self_taught": self_taught,
    **{f"growth_{side}": partial(growth, side) for side in (256, 512, 1024, 2048)},
    "quality_512": partial(quality, 512),
    "quality_256": partial(quality, 256),
    "run_1024": partial(run_of, 1024),
    "quality_1024": partial(quality, 1024),
    "run_2048": partial(run_of, 2048),
}
