"""From one style image to another: the same picture painted with the weight of the second growing, each begun
from the one before, as a row of pictures or as a film."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike

from PIL import Image

from .errors import SettingsError
from .film import save_film
from .images import save_png
from .network.vgg import Filters
from .settings import Settings
from .transfer import Progress, stylize

FEW = 12  # evaluations of a picture that is begun from the one before
FEWEST, MOST = 2, 48  # pictures
GAP = 8  # pixels between two pictures of a row


def between(
    content: Image.Image | None,
    first: Image.Image,
    second: Image.Image,
    pictures: int,
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
    mask: Image.Image | None = None,
) -> Iterator[tuple[int, Progress]]:
    """(which picture, its Progress), from the first style alone to the second alone.

        weights of picture k = (1 − t, t),   t = k / (pictures − 1)

    The first picture is a run of its own. Each later one goes on from the one before with FEW evaluations at
    the full size, so that it costs little and the row moves smoothly.

    pictures   2 … 48; everything else as for stylize()

    Raises what stylize() does, and SettingsError for another number of pictures.
    """
    if not FEWEST <= pictures <= MOST:
        raise SettingsError(
            f"There are {FEWEST} to {MOST} pictures from one style to another, and {pictures} were asked for."
        )
    settings = settings or Settings()
    later = settings.with_(evaluations=min(FEW, settings.evaluations))

    def runs() -> Iterator[tuple[int, Progress]]:
        start, last = None, Progress()
        for number in range(pictures):
            share = number / (pictures - 1)
            weighed = (later if number else settings).with_(style_weights=(1 - share, share))
            for progress in stylize(content, [first, second], weighed, device, filters, start, mask):
                yield number, progress
                last = progress
            start = last.image

    return runs()


class Row:
    """The pictures of between() so far, in order; the last one may be unfinished."""

    def __init__(self) -> None:
        self._last: dict[int, Progress] = {}

    @property
    def pictures(self) -> list[Image.Image]:
        return [progress.image for progress in self._last.values() if progress.image]

    def watch(self, run: Iterable[tuple[int, Progress]]) -> Iterator[Progress]:
        """The reports alone, each with its picture's number. A run that is left keeps the pictures so far."""
        for number, progress in run:
            if progress.has_picture:
                self._last[number] = progress
            yield replace(progress, doing=f"Picture {number + 1}: {progress.doing}")

    def save(self, path: str | PathLike[str]) -> None:
        """Write the pictures beside each other as a PNG, without a recipe: no settings alone paint it."""
        save_png(row(self.pictures), path)

    def save_film(self, path: str | PathLike[str]) -> None:
        """Write them one after the other, there and back: as save_film()."""
        there = self.pictures
        save_film([*there, *there[-2::-1]], path)


def row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one size beside each other, on white."""
    width, height = pictures[0].size
    whole = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height), "white")
    for number, picture in enumerate(pictures):
        whole.paste(picture, (number * (width + GAP), 0))
    return whole
