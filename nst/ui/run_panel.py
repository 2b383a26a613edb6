"""What every run on the page has: its button and Stop, the status, and the events that join them. It runs
nothing itself."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import gradio as gr

from . import status
from .events import PRIVATE, QUIET, in_line
from .running.frames import Frame
from .running.runs import Runs
from .theme import html

SHOW_EVERY = 0.25  # seconds between two yields: more is no smoother, and each is a message to the browser


Values = Callable[..., tuple[Any, ...]]


class RunPanel:
    """Run and Stop, the status, and the newest Frame as `shown`.

    name   how the elements' names on the page begin, "" for the Transfer tab's

    A panel adds what its run looks like, and says which components are given values:

    status                the component of the status
    began, going, ended   when it begins, while it goes on, and in the end
    ending                those whose values are needed in the end
    returned              given back() where the beginning or the end itself goes wrong: a request is lost,
                          the disk is full, a file is gone

    join() gives it `failed`, the event after a run that ended in an error of Gradio's.
    """

    status: Any
    failed: Any
    began: list[Any]
    going: list[Any]
    ended: list[Any]
    ending: list[Any]
    returned: list[Any]

    def __init__(self, name: str, verb: str, size: Literal["sm", "md", "lg"] = "md") -> None:
        self.name = name
        with gr.Row():
            self.run = gr.Button(
                verb, variant="primary", size=size, elem_id=f"{name}run", scale=3, min_width=120
            )
            self.stop = gr.Button(
                "Stop", size=size, interactive=False, elem_id=f"{name}stop", scale=1, min_width=90
            )
        self.shown = gr.State()
        self.ending = [self.shown]
        self.returned = [self.run, self.stop]

    def join(self, runs: Runs, begin: Values, work: Any, inputs: Sequence[Any], end: Values) -> Any:
        """Run does `work`, a generator of values for `going`, between two functions that give values for
        `began` and `ended`; returns the event of its end."""
        begun = self.run.click(begin, None, self.began, **QUIET)
        worked = begun.then(work, list(inputs), self.going, **PRIVATE, **in_line(runs))
        self.stop.click(stopping(runs, self.name), None, None, **QUIET)
        # The browser leaves out then() after an error, such as ZeroGPU's word of a quota that is used up.
        after_an_error = worked.failure(end, self.ending, self.ended, **QUIET)
        self.failed = after_an_error.then(lambda: "", None, self.status, **QUIET)
        ended = worked.then(end, self.ending, self.ended, **QUIET)
        self.given_back = [
            event.failure(self.back, None, self.returned, **QUIET) for event in (begun, ended, after_an_error)
        ]
        return ended

    def back(self) -> tuple[Any, ...]:
        """Values for `returned`."""
        return buttons(running=False)


class StatusPanel(RunPanel):
    """Run and Stop, and the status."""

    def __init__(self, name: str, verb: str) -> None:
        super().__init__(f"{name}-", verb)
        self.status = html(elem_id=f"{name}-said")
        self.began = [self.run, self.stop, self.status, self.shown]
        self.going = [self.status, self.shown]
        self.ended = [self.run, self.stop]

    def wire(self, runs: Runs, work: Any, inputs: Sequence[Any]) -> Any:
        """Join Run with `work`; returns the event of its end."""
        return self.join(runs, self.begin, work, inputs, self.end)

    def begin(self) -> tuple[Any, ...]:
        """Values for `began`."""
        return (*buttons(running=True), getting_ready(), None)

    def end(self, shown: Frame | None) -> tuple[Any, ...]:
        """Values for `ended`: Run can be pressed again."""
        return buttons(running=False)


def run_in_a_fold(
    runs: Runs,
    name: str,
    run_and_stop: Sequence[Any],
    work: Any,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
) -> Any:
    """Join the two buttons of a run that has no panel of its own with `work`, a generator of values for the
    outputs, the first of which is what is said of it; returns the event of the work."""
    run, stop = run_and_stop
    begun = run.click(lambda: buttons(running=True), None, [run, stop], **QUIET)
    worked = begun.then(work, list(inputs), list(outputs), **PRIVATE, **in_line(runs))

    def given_back() -> tuple[Any, ...]:
        return buttons(running=False)

    def failed() -> tuple[Any, ...]:
        return *given_back(), ""

    ended = worked.then(given_back, None, [run, stop], **QUIET)
    after_an_error = worked.failure(failed, None, [run, stop, outputs[0]], **QUIET)
    for event in (begun, ended, after_an_error):
        event.failure(given_back, None, [run, stop], **QUIET)
    stop.click(stopping(runs, name), **QUIET)
    return worked


def stopping(runs: Runs, panel: str) -> Callable[[gr.Request], None]:
    """Stop of a panel: it ends this visitor's runs that were begun there, and no others."""

    def stop(request: gr.Request) -> None:
        runs.stop(request.session_hash, panel)

    return stop


def buttons(running: bool) -> tuple[Any, Any]:
    """Values for Run and Stop: one of them can be pressed."""
    return gr.Button(interactive=not running), gr.Button(interactive=running)


def getting_ready() -> str:
    """The status before the first Frame."""
    return status.progress(Frame("waiting", "Getting ready."))


def now_and_then(frames: Iterable[Frame]) -> Iterator[Frame]:
    """A few of the Frames a second, with every one that waits or is the last."""
    next_yield = 0.0
    for frame in frames:
        now = time.monotonic()
        if frame.is_last or frame.state == "waiting" or now >= next_yield:
            next_yield = now + SHOW_EVERY
            yield frame


def status_values(frames: Iterable[Frame]) -> Iterator[tuple[str, Frame]]:
    """Values for StatusPanel.going, a few times a second: the status, and the Frame itself."""
    for frame in now_and_then(frames):
        yield status.progress(frame), frame
