"""What a run reports while it goes: the fields that a painting and a board of paintings share; its clock.

Also here: two ways to run a generator that reports on its way and returns something in the end. No torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import OutOfMemory, RunError
from .settings import BOUNDS

if TYPE_CHECKING:
    from .schedule import Pace

Result = TypeVar("Result")
Work = Generator[Any, None, Result]  # reports on its way, and returns something in the end
AnyReport = TypeVar("AnyReport", bound="Report")

# The CPU's allocator raises a RuntimeError, CUDA's a class of its own: all say one of these.
# And so do CUDA's libraries: CUBLAS_STATUS_ALLOC_FAILED, CUFFT_ALLOC_FAILED.
TOO_LITTLE_MEMORY = "There is not enough memory to begin: free some, or choose another device."
OUT_OF_MEMORY = ("out of memory", "not enough memory", "allocate memory", "ALLOC_FAILED")


@dataclass(frozen=True, kw_only=True)
class Report:
    """How far a run has come.

    doing        a short phrase for people: "Painting at 256 px"
    evaluation   evaluations done, of `of`; those that a coarser size did not need, as it settled, count
    size         (width, height) being painted
    seconds      since the start; eta: seconds left, None until it can be known
    features     which filters are in use; device: where, in which precision
    """

    doing: str = "Getting ready"
    evaluation: int = 0
    of: int = 0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    eta: float | None = None
    features: str = ""
    device: str = ""

    @property
    def has_picture(self) -> bool:
        """Whether there is anything to keep."""
        return self.evaluation > 0


def timed(
    reports: Iterator[AnyReport], pace: Pace, size: tuple[int, int] | None = None
) -> Generator[AnyReport, None, None]:
    """The reports with the seconds since the start and the seconds left.

    pace   of the schedule of one picture; where a report counts several, they are painted in turns
    size   for which the memory is too little where it is, if not the size of the last report

    Raises Diverged or OutOfMemory, which carry as `best` the last report that has a picture, if any.
    """
    start, last, rounds, eta = time.perf_counter(), None, 0, None
    try:
        for report in reports:
            seconds = time.perf_counter() - start
            done = report.evaluation * len(pace.pixels) // report.of if report.of else 0
            if done > rounds:
                rounds, eta = done, pace.seconds_left(done, seconds)
            last = replace(report, seconds=seconds, eta=eta)
            yield last
        return
    except RunError as error:
        error.best = _best(last)
        raise
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Outside the except clause: an exception being handled keeps every tensor of its frames alive.
    raise OutOfMemory(_too_large(*size or (last.size if last else (0, 0))), best=_best(last))


def _too_large(width: int, height: int) -> str:
    if not width:
        return TOO_LITTLE_MEMORY
    least = int(BOUNDS["size"].low)
    if max(width, height) <= least:
        return (
            f"There is not enough memory to paint {width} × {height} pixels, and no size is smaller: free "
            "some, or choose another device."
        )
    smaller = max(least, max(width, height) // 2)
    return (
        f"There is not enough memory to paint {width} × {height} pixels: choose a size of {smaller} or less."
    )


def _best(last: AnyReport | None) -> AnyReport | None:
    return last if last and last.has_picture else None


def is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error) for words in OUT_OF_MEMORY)


def each_as(work: Work[Result], change: Callable[[Any], Any]) -> Generator[Any, None, Result]:
    """Yields change(report) for each report of the work; returns what the work returns."""
    with closing(work):
        while True:
            try:
                report = next(work)
            except StopIteration as end:
                return end.value
            yield change(report)


def result_of(work: Work[Result]) -> Result:
    """What the work returns; its reports are dropped."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
