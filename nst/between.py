"""From one style image to another: the same picture painted with the weight of the second growing, each begun
from the one before."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from PIL import Image

from .errors import SettingsError
from .network.vgg import Filters
from .report import timed
from .schedule import Pace, continued, schedule
from .settings import Settings
from .transfer import Progress, stylize

FEW = 12  # evaluations of a picture that is begun from the one before
FEWEST, MOST = 2, 48  # pictures
GAP = 8  # pixels between two pictures of a row


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
        return [run.image for run in self.runs if run.image]


def steps(settings: Settings, pictures: int) -> list[Settings]:
    """The settings of each picture of a row:

        weights of picture k = (1 − t, t),   t = k / (pictures − 1)

    The first is a run of its own; each later one has FEW evaluations. Raises SettingsError for a number of
    pictures out of FEWEST … MOST.
    """
    if not isinstance(pictures, int) or not FEWEST <= pictures <= MOST:
        raise SettingsError(
            f"There are {FEWEST} to {MOST} pictures from one style to another, and {pictures} were asked for."
        )
    ts = (number / (pictures - 1) for number in range(pictures))
    first, *later = (settings.with_(style_weights=(1 - t, t)) for t in ts)
    return [first, *(each.with_(evaluations=min(FEW, each.evaluations)) for each in later)]


def between(
    content: Image.Image | None,
    first: Image.Image,
    second: Image.Image,
    pictures: int,
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
    mask: Image.Image | None = None,
) -> Generator[Row, None, None]:
    """A Row after every evaluation, of pictures from the first style alone to the second alone: steps().

    Each picture but the first goes on from the one before at the full size, so that it costs little and the
    row moves smoothly. Filters that learn themselves are learned anew for each: given as `filters`, they are
    not.

    pictures   2 … 48; everything else as for stylize()

    Raises what stylize() does, where the best Progress is a Row, and SettingsError for another number of
    pictures.
    """
    each = steps(settings or Settings(), pictures)
    scales = schedule(each[0], *each[0].shape(content.size if content else None))
    side = max(scales[-1].size)
    for later in each[1:]:
        scales += continued(schedule(later, *scales[-1].size), side)

    def runs() -> Iterator[Row]:
        row, start = Row(of=sum(one.evaluations for one in each)), None
        for number, weighed in enumerate(each, 1):
            done = row
            for progress in stylize(content, [first, second], weighed, device, filters, start, mask):
                row = _with(done, progress, f"Picture {number} of {pictures}: {progress.doing}")
                yield row
            if number < pictures and (start := row.image):
                finished = replace(row.runs[-1], render=partial(_same, start))
                row = replace(row, runs=(*row.runs[:-1], finished))

    return timed(runs(), Pace(scales))


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


def _same(picture: Image.Image) -> Image.Image:
    return picture


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one size beside each other, on white."""
    width, height = pictures[0].size
    whole = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height), "white")
    for number, picture in enumerate(pictures):
        whole.paste(picture, (number * (width + GAP), 0))
    return whole
