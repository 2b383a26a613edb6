"""Slow work in a thread of its own, with its progress: a stalled network blocks neither the page nor Stop."""

import time
from collections.abc import Generator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Event, Thread
from typing import TypeVar

from ..errors import WeightsError

T = TypeVar("T")

TICK = 0.2  # seconds between two yields


@dataclass(frozen=True)
class Loading:
    """How far getting the weights has come.

    doing         a plain sentence for the page
    done, total   bytes; both 0 while there is nothing to count
    """

    doing: str
    done: int = 0
    total: int = 0

    def __str__(self) -> str:
        return self.doing


def beside(
    work: Generator[Loading, None, T], meanwhile: Loading, silence: float, sentence: str
) -> Generator[Loading, None, T]:
    """Run `work` in a thread of its own; yield its newest Loading five times a second; return its value.

    meanwhile   yielded until the first Loading comes
    silence     seconds between two Loadings after which the work is given up, with this sentence

    Closing this generator closes `work` at its next yield, and so does giving it up. It may be a name
    look-up, one of many addresses, or TLS that takes so long: no one limit of an HTTP client bounds them all.

    Raises WeightsError with the sentence, and what the work raises.
    """
    newest, stop, future = [meanwhile], Event(), Future()

    def run() -> None:
        try:
            # At least once: closing a generator that never began would pass over its `finally`.
            newest[0] = next(work)
            while not stop.is_set():
                newest[0] = next(work)
            work.close()
        except StopIteration as end:
            future.set_result(end.value)
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="weights", daemon=True).start()
    seen, since = meanwhile, time.monotonic()
    try:
        while not wait([future], TICK).done:
            if newest[0] is not seen:
                seen, since = newest[0], time.monotonic()
            if time.monotonic() - since > silence:
                raise WeightsError(sentence)
            yield seen
    finally:
        stop.set()
    return future.result()
