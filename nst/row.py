"""Several pictures painted one after the other, as one run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from .network.vgg import Filters
from .settings import Settings
from .transfer import Progress, found_filters

# The picture before and the filters → the run of the next.
Begin = Callable[[Image.Image | None, Filters | None], Iterator[Progress]]


@dataclass(frozen=True, kw_only=True)
class Row(Progress):
    """The row as far as it is painted: the newest picture's Progress, with the evaluations of all of them
    counted, and the picture before it while it has none itself.

    runs   the last Progress of each picture so far, in order; those before the newest hold no tensor
    """

    runs: tuple[Progress, ...] = ()

    @property
    def pictures(self) -> list[Image.Image]:
        """Those so far, in order; the last one may be unfinished."""
        return [image for run in self.runs if (image := run.image)]


def in_a_row(
    runs: Sequence[Begin], of: int, settings: Settings, filters: Filters | None = None
) -> Iterator[Row]:
    """A Row after every evaluation of runs that have `of` evaluations together; raises what they do. Filters
    that are not given are found once for all: those of the settings, but for self-taught ones."""
    row, before = Row(of=of), None
    if filters is None:
        yield row
        filters = yield from found_filters(row, settings)
    for number, begin in enumerate(runs, 1):
        done = row
        for progress in begin(before, filters):
            row = _with(done, progress, f"Picture {number} of {len(runs)}: {progress.doing}")
            yield row
        if number < len(runs) and (before := row.image):
            finished = replace(row.runs[-1], render=before.copy)
            row = replace(row, render=finished.render, runs=(*row.runs[:-1], finished))


def _with(done: Row, progress: Progress, doing: str) -> Row:
    """The pictures that are done and the next one as far as it is."""
    runs = (*done.runs, progress) if progress.has_picture else done.runs
    now = {
        **vars(progress),
        "doing": doing,
        "evaluation": done.evaluation + progress.evaluation,
        "of": done.of,
        "size": progress.size if any(progress.size) else done.size,
        "features": progress.features or done.features,
        "device": progress.device or done.device,
        "render": progress.render or done.render,
    }
    return Row(**now, runs=runs)
