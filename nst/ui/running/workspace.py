"""One run's folder under Gradio's upload folder: its previews, its stop flag, its clock; and the sweeper.

Everything here is a file, because on ZeroGPU the run is in another process than the Stop button.
"""

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from gradio.utils import get_upload_folder
from PIL import Image

from ...errors import NSTError
from ...images import save_jpeg
from .limits import Limits

PREVIEW_EDGE = 640  # pixels; a 640 px JPEG is some 45 kB and 1 ms
PREVIEW_EVERY = 0.35  # seconds between two previews
PREVIEWS_KEPT = 3  # a browser may still be fetching the last but one
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
        self.moments: tuple[tuple[int, str], ...] = ()
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

    def preview(self, evaluation: int, *pictures: Image.Image, edge: int = PREVIEW_EDGE) -> None:
        """Write a preview, and remember the picture. A browser asks for a name only once, so each is new.

        pictures   for a light page and, where it is another, for a dark one, shrunk to `edge` pixels
        """
        paths = tuple(self.folder / f"{secrets.token_hex(8)}.jpg" for _ in pictures)
        for path, picture in zip(paths, pictures, strict=True):
            save_jpeg(_within(picture, edge), path)
        self._previews.append(paths)
        while len(self._previews) > PREVIEWS_KEPT:
            for path in self._previews.pop(0):
                path.unlink(missing_ok=True)
        self.remember(evaluation, pictures[0])
        self._next_preview = time.monotonic() + PREVIEW_EVERY

    def remember(self, evaluation: int, picture: Image.Image) -> None:
        """Keep a picture of the run, unless one has just been kept. When there are too many, every other
        one goes and the rest are taken twice as far apart: they stay few, and span the whole run."""
        if self.moments and evaluation < self.moments[-1][0] + self._apart:
            return
        path = self.folder / f"moment_{evaluation}.jpg"
        save_jpeg(_within(picture, PREVIEW_EDGE), path, quality=92)
        self.moments = (*self.moments, (evaluation, str(path)))
        if len(self.moments) > MOMENTS:
            for _, old in self.moments[1::2]:
                Path(old).unlink(missing_ok=True)
            self.moments, self._apart = self.moments[::2], 2 * self._apart


def _within(picture: Image.Image, edge: int) -> Image.Image:
    """The picture, or a smaller copy whose longer side is `edge`."""
    if max(picture.size) <= edge:
        return picture
    small = picture.copy()
    small.thumbnail((edge, edge), Image.Resampling.BILINEAR)
    return small


class Folders:
    """The folders of all runs, bounded in age and bytes.

    Gradio's delete_cache forgets files of sessions in which a component was ever updated, so ours are
    cleared by ourselves; a folder in use is never touched.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._in_use: set[str] = set()

    @property
    def root(self) -> Path:
        return Path(get_upload_folder(), "nst").resolve()

    def make(self) -> str:
        """A new folder with a name nobody can guess: its address is all it takes to read it.

        Raises NSTError when the disk is nearly full.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.root).free // 2**20
        if free < self.limits.free_megabytes:
            raise NSTError(
                f"The disk has {free} MB left and a run needs {self.limits.free_megabytes}: "
                "please come back in an hour, when older pictures have been deleted."
            )
        folder = self.root / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        self._in_use.add(str(folder))
        return str(folder)

    def release(self, folder: str) -> None:
        """The run is over; from here on the folder may be swept."""
        self._in_use.discard(folder)

    def sweep(self) -> None:
        """Delete what is too old, then the oldest until the rest is small enough."""
        found = sorted(self._finished())
        oldest = time.time() - self.limits.keep_seconds
        size = sum(bytes_ for _, bytes_, _ in found)
        for changed, bytes_, folder in found:
            if changed < oldest or size > self.limits.keep_megabytes * 2**20:
                shutil.rmtree(folder, ignore_errors=True)
                size -= bytes_

    def _finished(self) -> Iterable[tuple[float, int, str]]:
        for folder in self.root.glob("*"):
            if str(folder) in self._in_use or not folder.is_dir():
                continue
            with contextlib.suppress(OSError):  # another process sweeps too
                files = [file.stat().st_size for file in folder.iterdir()]
                yield folder.stat().st_mtime, sum(files), str(folder)


class Sweeper:
    """A thread that sweeps now and again, until stopped."""

    def __init__(self, folders: Folders, every: float = 60.0) -> None:
        self._stop = threading.Event()
        self._folders, self._every = folders, every
        self._thread = threading.Thread(target=self._run, name="nst-sweeper", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            self._folders.sweep()
            if self._stop.wait(self._every):
                return

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
