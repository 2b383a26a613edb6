"""What runs on the device: a job's reports as Frames, with previews, Stop, the deadline and borrowed GPUs.

A job is a painting or a board (painting_jobs.py, boards.py): pictures and settings that can cross a process
border, what the engine is to do with them, and how its reports look.
"""

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image

from ...errors import RunError
from .frames import NO_ROOM, Frame, frame_of, settled
from .limits import Limits
from .workspace import Workspace, asked_to_stop
from .zerogpu import LEFT_ITS_QUEUE, SHARE_OF_DURATION, borrowed, gpu

if TYPE_CHECKING:
    from ...report import Report

# Assumed, not measured: the fastest published run, on a GTX 1080, handled 5.7 megapixels a second, and the
# GPUs lent today are many times faster. Too little asked for ends a run early, too much waits longer.
GPU_PIXELS_PER_SECOND = 20e6
GPU_START = 15.0  # seconds for the worker, the weights and the first kernels
LEAST_DURATION = 30  # seconds
NO_PICTURE = "{} before there was a picture."


class Job(Protocol):
    """
    pixels    of all pictures at all their evaluations, about
    kept      what a run that ended early leaves, as the end of a sentence
    reports   the engine's run
    pictures  of a report, for a preview: for a light page and, where it is another, for a dark one
    edge      pixels of a preview's longer side, at most
    moments   whether some pictures of the run are kept to look back on
    lasts     whether a page that is opened again finds what a closed one left
    fields    of a Frame, beside those that every report has
    save      write the result into the folder; answers its path and further fields of the last Frame
    summary   one sentence for a finished run
    """

    @property
    def kept(self) -> str: ...

    @property
    def edge(self) -> int: ...

    @property
    def moments(self) -> bool: ...

    @property
    def lasts(self) -> bool: ...

    @property
    def pixels(self) -> float: ...

    def reports(self) -> "Generator[Report, None, None]": ...

    def pictures(self, report: Any) -> Sequence[Image.Image]: ...

    def fields(self, report: Any) -> dict[str, Any]: ...

    def save(self, report: Any, folder: Path) -> tuple[str, dict[str, Any]]: ...

    def summary(self, report: Any) -> str: ...


def duration(folder: str, limits: Limits, job: Job) -> int:
    """Seconds of GPU to ask for: the job's pixels at a cautious speed, + 40 %, within the limits."""
    seconds = GPU_START + 1.4 * job.pixels / GPU_PIXELS_PER_SECOND
    return int(min(max(LEAST_DURATION, seconds), limits.max_seconds))


def carry_out(folder: str, limits: Limits, job: Job) -> Iterator[Frame]:
    """on_device()'s Frames. A run that was stopped in its last moment of waiting asks for no GPU, and one
    whose visitor left while ZeroGPU had none to lend is stopped, too, and has not failed."""
    if not asked_to_stop(folder):
        try:
            yield from on_device(folder, limits, job)
            return
        except RuntimeError as error:
            if not str(error).startswith(LEFT_ITS_QUEUE):
                raise
    yield Frame("stopped", NO_PICTURE.format("Stopped"))


@gpu(duration)
def on_device(folder: str, limits: Limits, job: Job) -> Iterator[Frame]:
    """The job's Frames, computed where the GPU is; each failure is a last Frame."""
    from ...device import use_every_core  # and torch: the page is served before it is there

    use_every_core()
    seconds = float(limits.max_seconds)
    if borrowed():
        seconds = SHARE_OF_DURATION * duration(folder, limits, job)
    yield from settled(frames_of(Workspace(folder, seconds), job))


def frames_of(workspace: Workspace, job: Job) -> Iterator[Frame]:
    """A Frame for each report, with the newest preview; then one with what there is to keep."""
    state, message, report, painted = "done", "", None, Frame("working", "")
    try:
        with contextlib.closing(job.reports()) as reports:
            for report in reports:
                now = frame_of(report, "working", f"{report.doing}.", **job.fields(report))
                painted = _painted(painted, now)
                if message := _ended(workspace, job, report):
                    state = "stopped"
                    break
                with contextlib.suppress(OSError):  # a full disk: these only show how it goes
                    if report.has_picture and job.moments:
                        workspace.remember(painted, partial(job.pictures, report))
                    if report.has_picture and workspace.preview_due:
                        workspace.preview(*job.pictures(report), edge=job.edge)
                yield replace(now, **workspace.pictures)
    except RunError as error:
        state, message, report = "failed", str(error), error.best or report
    except GeneratorExit:  # the page was closed
        if job.lasts and report is not None and report.has_picture:
            with contextlib.suppress(OSError):
                job.save(report, workspace.folder)
        raise
    yield _last(workspace, job, report, painted, state, message)


def _painted(before: Frame, now: Frame) -> Frame:
    """The Frame of the last evaluation: while the next size is prepared, a report names that size already
    and has no costs, and the picture is still the one before."""
    return now if now.costs or now.evaluation > before.evaluation else before


def _ended(workspace: Workspace, job: Job, report: "Report") -> str:
    """The sentence with which a run ends early; empty while it may go on, or has nothing left to do."""
    why = workspace.why_end if report.evaluation < report.of or not report.of else ""
    if not report.has_picture:
        return why and NO_PICTURE.format(why)
    return why and f"{why} at evaluation {report.evaluation} of {report.of}: {job.kept}."


def _last(
    workspace: Workspace, job: Job, report: "Report | None", painted: Frame, state: str, message: str
) -> Frame:
    if report is None or not report.has_picture:
        return frame_of(report, state, message or "Nothing was painted.")
    try:
        path, more = job.save(report, workspace.folder)
    except OSError:
        return frame_of(report, "failed", NO_ROOM, **workspace.pictures, moments=workspace.moments)
    workspace.finish(painted, path)
    frame = frame_of(report, state, message or job.summary(report), **job.fields(report), **more)
    return replace(frame, picture=path, result=path, moments=workspace.moments)
