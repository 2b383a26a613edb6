"""One visitor's run as a stream of Frames: waiting, working, then done, stopped or failed.

    for frame in runs.stream(client_of(request), painting, content, styles, settings): …

What is run is any function (folder, limits, *arguments) → iterator of Frames. Its call checks the arguments,
at once and before any waiting, and raises NSTError; its iterator does the work, when the turn has come.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .clients import Client
from .frames import Frame, settled
from .limits import Limits
from .line import Line, Place, visitor
from .stops import EarlyStops
from .sweeping import Folders, Sweeper
from .workspace import ask_to_stop, asked_to_stop, forget_given

log = logging.getLogger(__name__)

UNHEARD = 8.0  # seconds a run goes on with nobody listening: a client may join first and listen then
ABANDONED = 60.0  # seconds a run's Frame waits for the next to be asked for, which Gradio does at once
HEARTBEAT = 0.5  # seconds between two Frames while waiting: a generator can be closed only at a yield

FIRST = Frame("waiting", "Getting ready.")

Inner = Callable[..., Iterator[Frame]]
Stream = Generator[Frame, None, None]


@dataclass(eq=False)
class _Run:
    """A place in line, the folder the run writes to, when its turn came, and when somebody last listened."""

    place: Place
    folder: str
    client: Client
    began: float = field(default_factory=time.monotonic)
    turn: float | None = None
    last: Frame = FIRST
    heard: float = field(default_factory=time.monotonic)

    @property
    def whose(self) -> tuple[str, str]:
        return self.place.visitor, self.client.panel

    def end_if_unheard(self) -> None:
        """Ask the run to stop when nobody has listened for a while: a connection that breaks closes the run
        anyhow, but Gradio works on for a client that never opened one."""
        now = time.monotonic()
        if self.client.listens():
            self.heard = now
        elif now - self.heard > UNHEARD:
            ask_to_stop(self.folder)


class Runs:
    """All runs of one app: who is in line, where they write, and how they end."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits.from_environment()
        self._line = Line(
            self.limits.concurrency, self.limits.queue, self.limits.per_visitor, self.limits.per_address
        )
        self.folders = Folders(self.limits)
        self._active: list[_Run] = []
        self._handed_over: dict[Stream, float] = {}  # since when no next Frame is asked for
        self._early = EarlyStops()
        self._took: deque[float] = deque(maxlen=10)  # seconds of the last runs
        self.sweeper = Sweeper(self.folders)
        self.sweeper.add(self._end_abandoned)

    def stream(self, client: Client, inner: Inner, *arguments: object) -> Iterator[Frame]:
        """Run inner(folder, limits, *arguments) when its turn comes; the first Frame comes at once.

        Never raises for anything the visitor did or the run met, except gr.Error, which is ZeroGPU's way
        to speak of quotas: the last Frame says what happened in one sentence. Closing the iterator ends
        the run at its next evaluation.
        """
        yield FIRST
        with contextlib.closing(self._run(client, inner, arguments)) as frames:
            for frame in settled(frames):
                self._handed_over[frames] = time.monotonic()
                try:
                    yield frame
                finally:
                    del self._handed_over[frames]

    def stop(self, session: str | None, panel: str | None = None) -> None:
        """End this visitor's runs, or those of one panel, at their next evaluation; each keeps its best
        picture."""
        found = self._of(session, panel)
        for run in found:
            ask_to_stop(run.folder)
        if panel is not None and not found:
            self._early.press((visitor(session or ""), panel))

    def goes_on(self, session: str | None, panel: str) -> bool:
        """Whether a run that this visitor began in a panel still waits or works."""
        return any(not run.last.is_last for run in self._of(session, panel))

    def leave(self, session: str | None) -> None:
        """The visitor closed the page: end their runs. What they made stays until it is swept, since a
        lost connection looks the same and the page may come back."""
        self.stop(session)

    def found(self, address: object) -> Path | None:
        """The folder of an earlier run by its name, while it is kept; None for anything else."""
        return self.folders.found(address)

    def close(self) -> None:
        """End every run and the sweeper, as tests and reloads need."""
        for run in list(self._active):
            ask_to_stop(run.folder)
        self.sweeper.stop()

    def _end_abandoned(self) -> None:
        """End the runs of which nobody asks for the next Frame: whoever asked may have failed with one in
        hand. Then a traceback holds the run where it is, and its turn with it, until Python collects both."""
        for frames, since in list(self._handed_over.items()):
            if time.monotonic() - since > ABANDONED:
                with contextlib.suppress(ValueError):  # the next is asked for at this moment
                    frames.close()

    def _run(self, client: Client, inner: Inner, arguments: tuple[object, ...]) -> Stream:
        run = self._begin(client)
        frames: Iterator[Frame] = iter(())
        try:
            if self._early.take(run.whose):
                ask_to_stop(run.folder)
            frames = inner(run.folder, self.limits, *arguments)
            yield from self._waiting(run)
            if asked_to_stop(run.folder):
                run.last = Frame("stopped", "Stopped while waiting: nothing was begun.")
            else:
                yield from self._working(run, frames)
        finally:
            # On a cancelled run this is Gradio's event loop: nothing here may take time. The flag ends the
            # work where it is, and a thread of its own gives the turn away once it has really ended.
            ask_to_stop(run.folder)
            self._early.end(run.whose)
            self._end_apart(run, frames)
        yield run.last  # not before the turn is given away: whoever has it may ask for nothing more

    def _working(self, run: _Run, frames: Iterator[Frame]) -> Iterator[Frame]:
        """What the work yields in its turn, but for the last Frame, which is kept in `run`."""
        run.turn = time.monotonic()
        for run.last in settled(frames):
            run.end_if_unheard()
            if not run.last.is_last:
                yield run.last

    def _begin(self, client: Client) -> _Run:
        place = self._line.enter(client.session, client.address)
        try:
            run = _Run(place, self.folders.make(), client)
        except BaseException:
            self._line.leave(place)
            raise
        self._active.append(run)
        return run

    def is_painting(self, folder: Path) -> bool:
        """Whether the run of this folder goes on, for a page that is open."""
        return any(
            run.folder == str(folder) and not asked_to_stop(run.folder) and run.client.listens()
            for run in list(self._active)
        )

    def _of(self, session: str | None, panel: str | None) -> list[_Run]:
        """This visitor's runs, or those of one panel."""
        name = visitor(session or "")
        return [
            run
            for run in list(self._active)
            if run.place.visitor == name and panel in (None, run.client.panel)
        ]

    def _waiting(self, run: _Run) -> Iterator[Frame]:
        """A Frame about every HEARTBEAT seconds until the turn has come or is no longer wanted."""
        while not asked_to_stop(run.folder) and (ahead := self._line.wait(run.place, HEARTBEAT)):
            run.end_if_unheard()
            yield Frame("waiting", _in_line(ahead), ahead, eta=self._wait_for(ahead))

    def _wait_for(self, ahead: int) -> float | None:
        """Seconds until `ahead` runs have ended: what those inside have left, and for each that waits before
        this one as long as the last ones took; None where that is not known."""
        etas = [run.last.eta for run in self._active if run.turn is not None]
        left = sorted(eta for eta in etas if eta is not None)
        if ahead <= len(left):
            return left[ahead - 1]
        if not self._took:
            return None
        took = (ahead - len(left)) * sum(self._took) / len(self._took)
        return (sum(left) + took) / self.limits.concurrency

    def _end_apart(self, run: _Run, frames: Iterator[Frame]) -> None:
        """_end() in a thread of its own, or in this one where there are no more: a turn must not be lost."""
        try:
            threading.Thread(target=self._end, args=(run, frames), name="nst-end").start()
        except RuntimeError:
            self._end(run, frames)

    def _end(self, run: _Run, frames: Iterator[Frame]) -> None:
        """Close the work, which returns when its last evaluation has; then, and only then, give way."""
        try:
            if isinstance(frames, Generator):
                frames.close()
        finally:
            self._active.remove(run)
            self.folders.release(run.folder)
            self._line.leave(run.place)
            if run.turn is not None:
                self._took.append(time.monotonic() - run.turn)
            forget_given(run.folder)
            _report(run)


def _in_line(ahead: int) -> str:
    """The line is of runs: a visitor may have more than one, and wait for their own."""
    return "1 run comes before yours." if ahead == 1 else f"{ahead} runs come before yours."


def _report(run: _Run) -> None:
    last = run.last
    log.info(
        "run: %s, %d × %d, evaluation %d of %d, %.1f s of %.1f s",
        last.state if last.is_last else f"left while {last.state}",
        last.width,
        last.height,
        last.evaluation,
        last.of,
        last.seconds,
        time.monotonic() - run.began,
    )
