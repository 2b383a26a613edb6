"""Slow work in a thread of its own, with its progress: a stalled network blocks neither the page nor Stop."""

import time
from collections.abc import Generator
from concurrent.futures import Future, wait
from threading import Event, Thread
from typing import TypeVar

from ..errors import WeightsError

T = TypeVar("T")

TICK = 0.2  # seconds between two yields


def beside(
    work: Generator[str, None, T], meanwhile: str, silence: float, sentence: str
) -> Generator[str, None, T]:
    """Run `work` in a thread of its own; yield the newest it said five times a second; return its value.

    meanwhile   yielded until the work says anything
    silence     seconds of the work without a word after which it is given up, with this sentence

    Closing this generator closes `work` at its next yield, and so does giving it up. It may be a name
    look-up, one of many addresses, or TLS that takes so long: no one limit of an HTTP client bounds them all.

    Raises WeightsError with the sentence, and what the work raises.
    """
    said, stop, future = [meanwhile], Event(), Future()

    def run() -> None:
        try:
            # At least once: closing a generator that never began would pass over its `finally`.
            said.append(next(work))
            while not stop.is_set():
                said.append(next(work))
            work.close()
        except StopIteration as end:
            future.set_result(end.value)
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="weights", daemon=True).start()
    heard, since = 1, time.monotonic()
    try:
        while not wait([future], TICK).done:
            if len(said) > heard:
                heard, since = len(said), time.monotonic()
            if time.monotonic() - since > silence:
                raise WeightsError(sentence)
            yield said[-1]
    finally:
        stop.set()
    return future.result()
