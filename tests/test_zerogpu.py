"""ZeroGPU without a Space: import order, the decorator elsewhere, and a run across a real process border."""

import inspect
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from running import SMALL
from server import ROOT
from tiny import checks, waves

from nst.ui.boards import board_run
from nst.ui.painting_jobs import Painting
from nst.ui.running import jobs, zerogpu
from nst.ui.running.frames import settled
from nst.ui.running.jobs import duration, on_device
from nst.ui.running.limits import Limits
from nst.ui.running.workspace import ask_to_stop

# What spaces.GPU does to a generator function on ZeroGPU, in short: a forked worker, pickled arguments and
# values, and a worker that does not wait for whoever listens.
FORKING_SPACES = """
import multiprocessing, os, pickle, sys
TORCH_CAME_FIRST = "torch" in sys.modules
CALLS = []

def GPU(duration):
    def decorate(function):
        def work(pipe, arguments):
            for value in function(*pickle.loads(arguments)):
                pipe.send(value)
            pipe.send(None)

        def call(*arguments):
            CALLS.append(duration(*arguments))
            ours, theirs = multiprocessing.Pipe(duplex=False)
            start = multiprocessing.get_context("fork").Process
            worker = start(target=work, args=(theirs, pickle.dumps(arguments)))
            worker.start()
            while (value := ours.recv()) is not None:
                yield value
            worker.join()

        return call
    return decorate
"""


def run_python(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    settings = {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "GRADIO_TEMP_DIR": str(folder / "uploads")}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", **settings, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_off_a_space_the_decorator_returns_the_function_itself():
    def run():
        yield

    assert zerogpu.gpu(lambda: 60)(run) is run
    assert inspect.isgeneratorfunction(on_device)
    assert not zerogpu.borrowed()


@pytest.fixture(scope="module")
def facts(tmp_path_factory) -> dict[str, Any]:
    """What one process saw that imported the app, then painted, stopped and refused in forked workers."""
    folder = tmp_path_factory.mktemp("zerogpu")
    (folder / "spaces.py").write_text(FORKING_SPACES)
    waves(128, 96).save(folder / "content.png")
    checks().save(folder / "style.png")
    done = run_python(
        f"""
        import app, dataclasses, json, spaces
        import nst.transfer  # and torch, so that no worker has to
        from nst import Settings
        from nst.ui.painting import painting
        from nst.ui.running.clients import Client
        settings = Settings.from_dict({SMALL.to_dict()!r})
        pictures = {str(folder / "content.png")!r}, [{str(folder / "style.png")!r}]
        painted = list(app.runs.stream(Client("a"), painting, *pictures, settings))
        endless = app.runs.stream(Client("b"), painting, *pictures, settings.with_(evaluations=1000))
        next(frame for frame in endless if frame.evaluation > 1)
        app.runs.stop("b")
        stopped = list(endless)
        refused = list(app.runs.stream(Client("c"), painting, None, [], settings))
        app.runs.close()
        last = {{"painted": painted, "stopped": stopped, "refused": refused}}
        last = {{name: dataclasses.asdict(frames[-1]) for name, frames in last.items()}}
        print(json.dumps({{**last, "calls": spaces.CALLS, "torch_first": spaces.TORCH_CAME_FIRST}}))
        """,
        folder,
        SPACES_ZERO_GPU="1",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_app_imports_spaces_before_torch(facts):
    assert facts["torch_first"] is False


def test_a_run_in_a_forked_worker_paints(facts):
    assert facts["painted"]["state"] == "done", facts["painted"]["message"]
    assert facts["painted"]["evaluation"] == 6


def test_the_stop_flag_reaches_a_forked_worker_which_keeps_its_best_picture(facts):
    assert facts["stopped"]["state"] == "stopped"
    with Image.open(facts["stopped"]["result"]) as picture:
        assert picture.size == (64, 48)


def test_a_refusal_costs_no_quota(facts):
    assert facts["refused"]["state"] == "failed"
    assert facts["calls"] == [30, 30]


def test_a_job_that_is_stopped_before_it_asks_for_a_gpu_asks_for_none(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "frames_of", lambda *_: pytest.fail("a GPU was asked for"))
    for name, picture in (("content", waves(96, 72)), ("style", checks())):
        picture.save(tmp_path / f"{name}.png")
    pair = str(tmp_path / "content.png"), str(tmp_path / "style.png")
    frames = board_run(str(tmp_path), Limits(), "grid", *pair, {"weights": "self-taught"})
    assert next(frames).state == "working"  # the empty sheet
    ask_to_stop(str(tmp_path))
    assert [frame.message for frame in frames] == ["Stopped before there was a picture."]


@pytest.mark.parametrize("said", ["while queueing", "on queue success"])
def test_a_visitor_who_leaves_zerogpus_queue_has_stopped_and_nothing_has_failed(
    tmp_path, monkeypatch, caplog, said
):
    def queueing(*_):
        raise RuntimeError(f"Connection closed by visitor {said}")
        yield

    monkeypatch.setattr(jobs, "on_device", queueing)
    (last,) = settled(jobs.carry_out(str(tmp_path), Limits(), Painting(waves(), [checks()], SMALL)))
    assert (last.state, last.message) == ("stopped", "Stopped before there was a picture.")
    assert not caplog.records


def test_a_borrowed_gpu_is_given_back_before_its_time_is_over(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    job = Painting(waves(128, 96), [checks()], SMALL.with_(evaluations=1000))
    frames = on_device(str(tmp_path), Limits(), job)
    asked = duration(str(tmp_path), Limits(), job)
    next(frame for frame in frames if frame.evaluation > 1)
    late = time.monotonic() + 0.9 * asked
    monkeypatch.setattr(time, "monotonic", lambda: late)
    last = list(frames)[-1]
    assert last.state == "stopped"
    assert last.result


def test_the_duration_grows_with_the_work_and_stays_within_the_limits():
    def asked(**changes: int) -> int:
        return duration("", Limits(), Painting(waves(), [checks()], SMALL.with_(**changes)))

    assert asked(size=64) == asked(size=128) == 30
    assert asked(size=1024, evaluations=1000) < asked(size=1024, evaluations=2000) <= Limits().max_seconds
    assert asked(size=4096, evaluations=2000, statistic="sliced") == Limits().max_seconds
