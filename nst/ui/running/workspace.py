"""One run's folder under Gradio's upload folder: its previews, its stop flag, its clock.

Everything here is a file, because on ZeroGPU the run is in another process than the Stop button.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from ...film import next_kept
from ...images import save_jpeg
from .frames import Frame, Moment

PREVIEW_EDGE = 640  # pixels; a 640 px JPEG is some 45 kB and 1 ms
PREVIEW_EVERY = 0.35  # seconds between two previews
PREVIEWS_KEPT = 24  # a slow browser may still be fetching one of eight seconds ago
STOP, MADE = "stop", "made"
_UNFLAGGED: set[str] = set()  # folders that could not be given their flag: this process knows that much


def ask_to_stop(folder: str) -> None:
    """Leave the flag that ends the run in this folder at its next evaluation.

    Raises nothing, as a run's end begins with this: a full disk takes no flag, and neither does a process
    that has too many files open. A run in this process ends then all the same.
    """
    try:
        Path(folder, STOP).touch()
    except FileNotFoundError:  # swept: there is nothing left to stop
        pass
    except OSError:
        _UNFLAGGED.add(folder)


def asked_to_stop(folder: str) -> bool:
    """Whether the flag is there. A folder that is gone counts: its owner has left."""
    flag = os.path.join(folder, STOP)
    return folder in _UNFLAGGED or not os.path.isdir(folder) or os.path.exists(flag)


def given_file(folder: str, part: object) -> Path:
    """Where a picture that was opened waits for the run's turn, as plain pixels: up to 50 MB."""
    return Path(folder, f"given_{part}")


def forget_given(folder: str) -> None:
    """Delete what still waits once the run is over: its turn may never have come. What cannot be deleted is
    swept with the folder."""
    with contextlib.suppress(OSError):
        for file in Path(folder).glob("given_*"):
            file.unlink(missing_ok=True)


def moment_file(folder: Path, evaluation: int) -> Path:
    """Where the picture of a moment is kept."""
    return folder / f"moment_{evaluation}.jpg"


def moments_in(folder: Path) -> list[int]:
    """The evaluations of the moments that a run left in its folder, in order."""
    return sorted(int(file.stem.partition("_")[2]) for file in folder.glob("moment_*.jpg"))


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file that is to be there as a whole or not at all: a page may look meanwhile."""
    part = path.with_name(f"{secrets.token_hex(4)}.part") / path.name
    part.parent.mkdir()
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        part.parent.rmdir()


def made_in(folder: Path) -> Path:
    """Where what is made of a run's pictures later is written: in a folder of its own, so that the run's
    keeps its age, by which it is swept."""
    made = folder / MADE
    made.mkdir(exist_ok=True)
    return made


class Workspace:
    """Where one run writes, and whether it is to end. Its clock starts when this is made."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.folder = Path(folder)
        self.seconds = seconds
        self._began = time.monotonic()
        self._next_preview = self._began
        self._previews: list[tuple[Path, ...]] = []
        self.moments: tuple[Moment, ...] = ()
        self._next_moment = 1  # its evaluation

    @property
    def why_end(self) -> str:
        """Why the run is to end now, as the beginning of a sentence; empty while it may go on."""
        if asked_to_stop(str(self.folder)):
            return "Stopped"
        if time.monotonic() - self._began >= self.seconds:
            return f"The {self.seconds:.0f} s a run may take were over"
        return ""

    @property
    def pictures(self) -> dict[str, str]:
        """The last preview's fields of a Frame: picture, and dark where it looks different on a dark page."""
        paths = self._previews[-1] if self._previews else ()
        return dict(zip(("picture", "dark"), map(str, paths), strict=False))

    @property
    def preview_due(self) -> bool:
        return time.monotonic() >= self._next_preview

    def preview(self, *pictures: Image.Image, edge: int = PREVIEW_EDGE) -> None:
        """Write a preview. Each name is new, as a browser asks for a name only once.

        pictures   for a light page and, where it is another, for a dark one, shrunk to `edge` pixels
        """
        paths = tuple(self.folder / f"{secrets.token_hex(8)}.jpg" for _ in pictures)
        for path, picture in zip(paths, pictures, strict=True):
            save_jpeg(_within(picture, edge), path)
        self._previews.append(paths)
        while len(self._previews) > PREVIEWS_KEPT:
            for path in self._previews.pop(0):
                path.unlink(missing_ok=True)
        self._next_preview = time.monotonic() + PREVIEW_EVERY

    def remember(self, frame: Frame, pictures: Callable[[], Sequence[Image.Image]]) -> None:
        """Keep the first of the pictures of these evaluations, where they are among those that a film of the
        run shows: half a millisecond at 128 px, three at 512, all of them a thousandth of a default run."""
        if frame.evaluation < self._next_moment:
            return
        path = moment_file(self.folder, frame.evaluation)
        with whole(path) as part:
            save_jpeg(_within(pictures()[0], PREVIEW_EDGE), part, quality=92)
        self.moments = (*self.moments, frame.moment(str(path)))
        self._next_moment = next_kept(frame.evaluation, frame.of)

    def finish(self, frame: Frame, path: str) -> None:
        """The result, whose file is at `path`, is the last moment, however near to the one before."""
        while self.moments and self.moments[-1].evaluation >= frame.evaluation:
            Path(self.moments[-1].path).unlink(missing_ok=True)
            self.moments = self.moments[:-1]
        self.moments = (*self.moments, frame.moment(path))


def _within(picture: Image.Image, edge: int) -> Image.Image:
    """The picture, or a smaller copy whose longer side is `edge`."""
    if max(picture.size) <= edge:
        return picture
    small = picture.copy()
    small.thumbnail((edge, edge), Image.Resampling.BILINEAR)
    return small
