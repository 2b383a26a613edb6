"""From one style image to another: the same picture painted with the weight of the second growing, each begun
from the one before, as a row of pictures or as a film."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike

from PIL import Image

from .errors import RunError, SettingsError
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
    the full size, so that it costs little and the row moves smoothly. Filters
    that learn themselves are learned anew for each: given as `filters`, they are not.

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
        self._done: list[Image.Image] = []
        self._now: tuple[int, Progress] | None = None

    @property
    def pictures(self) -> list[Image.Image]:
        unfinished = self._now[1].image if self._now else None
        return [*self._done, unfinished] if unfinished else self._done

    def watch(self, run: Iterable[tuple[int, Progress]]) -> Iterator[Progress]:
        """The reports alone, each with its picture's number, and with the picture before it while it has none
        itself. A run that is left or fails keeps the pictures so far."""
        try:
            for number, progress in run:
                if progress.has_picture:
                    self._finish(number)
                    self._now = number, progress
                render = self._now[1].render if self._now else None
                yield replace(progress, render=render, doing=f"Picture {number + 1}: {progress.doing}")
        except RunError as error:
            error.best = error.best or (self._now[1] if self._now else None)
            raise

    def _finish(self, number: int) -> None:
        """Keep the picture before this number as a picture, not as a tensor on the device."""
        if self._now and self._now[0] < number and (picture := self._now[1].image):
            self._done.append(picture)

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
