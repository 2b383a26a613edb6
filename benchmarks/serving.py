"""What a visitor waits for: the page; without a server and a browser the first picture, and Stop."""

import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from urllib.request import urlopen

from .pair import ROOT, paths

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
        while app.poll() is None:
            with contextlib.suppress(OSError), urlopen(f"http://127.0.0.1:{PORT}/", timeout=5) as reply:
                reply.read()
                return time.perf_counter() - start
            time.sleep(0.02)
        raise RuntimeError(f"app.py ended with code {app.returncode} before it had served the page.")
    finally:
        app.terminate()
        app.wait()


def first_picture_and_stop(weights: str) -> dict[str, float]:
    """Seconds in this process, after a small run, which imports all that is needed; nothing is sent.

    first_picture            from the start of a default run, with its pictures and filters still to be read,
                             to its first preview, which is of 128 px
    first_picture_one_scale  the same where all is painted at 512 px
    stop                     from Stop to the end of that run: the rest of an evaluation, and the PNG
    evaluation               the median of its evaluations
    """
    from nst import Settings
    from nst.ui.painting import painting
    from nst.ui.running.clients import Client
    from nst.ui.running.limits import Limits
    from nst.ui.running.runs import Runs

    if weights not in ("auto", "torchvision", "self-taught"):
        os.environ["NST_WEIGHTS"], weights = weights, "auto"
    runs, (content, style) = Runs(Limits()), paths()
    small = Settings(size=128, evaluations=2, weights=weights)
    for _ in runs.stream(Client("warm"), painting, content, [style], small):
        pass  # the visitor before: libraries imported, features ready
    start, first, stopped, steps, last = time.perf_counter(), None, None, [], 0.0
    settings = Settings(size=512, scales=1, evaluations=200, weights=weights)
    for frame in runs.stream(Client("visitor"), painting, content, [style], settings):
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
    from nst import Settings
    from nst.ui.painting import painting
    from nst.ui.running.clients import Client
    from nst.ui.running.limits import Limits
    from nst.ui.running.runs import Runs

    runs, (content, style) = Runs(Limits()), paths()
    start = time.perf_counter()
    run = runs.stream(Client("next"), painting, content, [style], Settings(weights=weights))
    with contextlib.closing(run) as frames:
        next(frame for frame in frames if frame.picture)
        seconds = time.perf_counter() - start
    runs.close()
    return seconds
