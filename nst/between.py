"""From one style image to another: the same picture painted with the weight of the second growing, each begun
from the one before."""

from collections.abc import Generator, Iterator
from functools import partial

from PIL import Image

from .errors import SettingsError, shown
from .network.vgg import Filters
from .report import timed
from .row import Row, in_a_row
from .schedule import Pace, continued, schedule
from .settings import FEWEST_PICTURES, MOST_PICTURES, Settings
from .transfer import Progress, stylize

FEW = 12  # evaluations of a picture that is begun from the one before


def steps(settings: Settings, pictures: int) -> list[Settings]:
    """The settings of each picture of a row:

        weights of picture k = (1 − t, t),   t = k / (pictures − 1)

    The first is a run of its own; each later one has FEW evaluations. Raises SettingsError for a number of
    pictures out of FEWEST_PICTURES … MOST_PICTURES.
    """
    if not isinstance(pictures, int) or not FEWEST_PICTURES <= pictures <= MOST_PICTURES:
        raise SettingsError(
            f"Pictures must be a whole number from {FEWEST_PICTURES} to {MOST_PICTURES}, "
            f"not {shown(pictures)}."
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

    def begin(weighed: Settings, start: Image.Image | None, use: Filters | None) -> Iterator[Progress]:
        return stylize(content, [first, second], weighed, device, use, start)

    runs = [partial(begin, weighed) for weighed in each]
    return timed(in_a_row(runs, sum(one.evaluations for one in each), each[0], filters), Pace(scales))
