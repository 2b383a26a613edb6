"""One run's folder under Gradio's upload folder: its previews, its stop flag, its clock.

Everything here is a file, because on ZeroGPU the run is in another process than the Stop button.
"""

import contextlib
import os
import secrets
import time
from pathlib import Path

from PIL import Image

from ...images import save_jpeg
from .frames import Frame, Moment

PREVIEW_EDGE = 640  # pixels; a 640 px JPEG is some 45 kB and 1 ms
PREVIEW_EVERY = 0.35  # seconds between two previews
PREVIEWS_KEPT = 8  # a slow browser may still be fetching one of three seconds ago
MOMENTS = 16  # pictures of a run kept to look back on
STOP = "stop"


def ask_to_stop(folder: str) -> None:
    """Leave the flag that ends the run in this folder at its next evaluation."""
    with contextlib.suppress(FileNotFoundError):  # swept: there is nothing left to stop
        Path(folder, STOP).touch()


def asked_to_stop(folder: str) -> bool:
    """Whether the flag is there. A folder that is gone counts: its owner has left."""
    return not os.path.isdir(folder) or os.path.exists(os.path.join(folder, STOP))


class Workspace:
    """Where one run writes, and whether it is to end. Its clock starts when this is made."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.folder = Path(folder)
        self.seconds = seconds
        self._began = time.monotonic()
        self._next_preview = self._began
        self._previews: list[tuple[Path, ...]] = []
        self.moments: tuple[Moment, ...] = ()
        self._apart = 1  # evaluations between two moments

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

    def preview(self, frame: Frame, *pictures: Image.Image, edge: int = PREVIEW_EDGE) -> None:
        """Write a preview, and remember the picture with what the Frame says of it. Each name is new, as a
        browser asks for a name only once.

        pictures   for a light page and, where it is another, for a dark one, shrunk to `edge` pixels
        """
        paths = tuple(self.folder / f"{secrets.token_hex(8)}.jpg" for _ in pictures)
        for path, picture in zip(paths, pictures, strict=True):
            save_jpeg(_within(picture, edge), path)
        self._previews.append(paths)
        while len(self._previews) > PREVIEWS_KEPT:
            for path in self._previews.pop(0):
                path.unlink(missing_ok=True)
        self.remember(frame, pictures[0])
        self._next_preview = time.monotonic() + PREVIEW_EVERY

    def remember(self, frame: Frame, picture: Image.Image) -> None:
        """Keep a picture of the run, unless one has just been kept. When there are too many, every other
        one goes and the rest are taken twice as far apart: they stay few, and span the whole run."""
        if self.moments and frame.evaluation < self.moments[-1].evaluation + self._apart:
            return
        path = self.folder / f"moment_{frame.evaluation}.jpg"
        save_jpeg(_within(picture, PREVIEW_EDGE), path, quality=92)
        self.moments = (*self.moments, frame.moment(str(path)))
        if len(self.moments) > MOMENTS:
            for old in self.moments[1::2]:
                Path(old.path).unlink(missing_ok=True)
            self.moments, self._apart = self.moments[::2], 2 * self._apart

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
