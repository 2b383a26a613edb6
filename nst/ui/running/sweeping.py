"""What is kept on the disk: the folders of runs and everything else in Gradio's upload folder; the sweeper.

Gradio's delete_cache, which is not used, knows only files of this process, forgets those of sessions in
which a component was ever updated, and never sees uploads that were cut off, saved links, and what a killed
app left behind. It also walks over its lists of names while uploads add to them.
"""

import contextlib
import logging
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from gradio.utils import get_upload_folder

from ...errors import NSTError
from .heaps import give_back
from .limits import Limits

log = logging.getLogger(__name__)

OWN = "nst-uploads"  # in the folder that an operator names, where others may keep things
RUNS, LINKS = "nst", "deep_links"  # folders of folders
# Gradio's names: a digest of what is in the folder; an upload on its way. Nothing else is ever swept.
CACHED, ON_ITS_WAY = re.compile("[0-9a-f]{40,64}"), re.compile("tmp[0-9a-z_]{8}")
LEAST_SIZE = 2**16  # bytes anything is counted as: a million empty files fill a disk too
CUT_OFF_AFTER = 60.0  # seconds before which no upload of another app in this folder is taken for cut off
SWEEP_EVERY = 60.0  # seconds


def own_upload_folder() -> None:
    """Uploads go to a folder that nothing else is written to, since it is swept whole: one in that which the
    operator names, or else one that no other account can read. Before the page is built."""
    if given := os.environ.get("GRADIO_TEMP_DIR"):
        if Path(given).name != OWN:
            os.environ["GRADIO_TEMP_DIR"] = str(Path(given, OWN))
        return
    user = os.getuid() if hasattr(os, "getuid") else ""
    folder = Path(tempfile.gettempdir(), f"nst-{user}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or user not in ("", folder.stat().st_uid):
            raise PermissionError
        folder.chmod(0o700)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="nst-"))
    os.environ["GRADIO_TEMP_DIR"] = str(folder)


class Entry(NamedTuple):
    """A file or folder that may be swept: when it last changed, its bytes."""

    changed: float
    size: int
    path: Path


class Folders:
    """The folders of all runs, and all that is uploaded, bounded in age and bytes. What a run is using and
    what the page itself shows (keep()) is never touched."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._in_use: set[str] = set()
        self._uploading: list[float] = []  # since when each upload is coming in
        self._sweeping = threading.Lock()

    @property
    def uploads(self) -> Path:
        return Path(get_upload_folder()).resolve()

    @property
    def root(self) -> Path:
        return self.uploads / RUNS

    def make(self) -> str:
        """A new folder with a name nobody can guess: its address is all it takes to read it.

        Raises NSTError when the disk is nearly full.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._check_disk("a run")
        folder = self.root / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        self._in_use.add(str(folder))
        return str(folder)

    def found(self, address: object) -> Path | None:
        """The folder of this name, if there is one: a visitor's browser keeps it, or sends anything else."""
        if not isinstance(address, str) or not re.fullmatch("[0-9a-f]{32}", address):
            return None
        folder = self.root / address
        return folder if folder.is_dir() else None

    def release(self, folder: str) -> None:
        """The run is over; from here on the folder may be swept."""
        self._in_use.discard(folder)

    def keep(self, files: Iterable[str]) -> None:
        """Never sweep the folders that these files are in: the page itself shows them."""
        self._in_use |= {str(Path(file).resolve().parent) for file in files}

    @contextlib.contextmanager
    def upload(self) -> Iterator[None]:
        """Within the with statement an upload is coming in, whose files are left alone."""
        since = time.time() - 1  # the clock of files is coarser
        self._uploading.append(since)
        try:
            yield
        finally:
            self._uploading.remove(since)

    def make_room(self, count: int) -> None:
        """Sweep until `count` more bytes are few enough. Raises NSTError when the disk is nearly full."""
        if sum(entry.size for entry in self._entries()) + count > self._most:
            self.sweep(count)
        self._check_disk("an upload")

    def sweep(self, room: int = 0) -> None:
        """Delete what is too old, then the oldest until the rest and `room` bytes are few enough."""
        with self._sweeping:
            entries = sorted(entry for entry in self._entries() if str(entry.path) not in self._in_use)
            oldest = time.time() - self.limits.keep_seconds
            size = sum(entry.size for entry in entries) + room
            for entry in entries:
                if entry.changed < oldest or size > self._most:
                    _delete(entry.path)
                    size -= entry.size

    @property
    def _most(self) -> int:
        return self.limits.keep_megabytes * 2**20

    def _check_disk(self, what: str) -> None:
        self.uploads.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.uploads).free // 2**20
        if free < self.limits.free_megabytes:
            raise NSTError(
                f"The disk has {free} MB left and {what} needs {self.limits.free_megabytes}: "
                "please come back later, when older pictures have been deleted."
            )

    def _entries(self) -> Iterator[Entry]:
        for path in _each(self.uploads):
            if path.name in (RUNS, LINKS):
                yield from (entry for inner in _each(path) if (entry := _entry(inner)))
            elif CACHED.fullmatch(path.name) and (entry := _entry(path)):
                yield entry._replace(changed=max(entry.changed, _last_used(path)))
            elif ON_ITS_WAY.fullmatch(path.name) and self._is_cut_off(path) and (entry := _entry(path)):
                yield entry._replace(changed=0.0)

    def _is_cut_off(self, path: Path) -> bool:
        """Whether a file of an upload on its way was left behind: nothing that still comes in is older."""
        youngest = min([time.time() - CUT_OFF_AFTER, *self._uploading])
        with contextlib.suppress(OSError):
            return path.is_file() and path.stat().st_mtime < youngest
        return False


def _each(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            yield from [Path(one.path) for one in found]
    except OSError:  # not there yet, or another process sweeps too
        return


def _entry(path: Path) -> Entry | None:
    """None for what is gone meanwhile."""
    try:
        files = [path, *path.rglob("*")] if path.is_dir() else [path]
        stats = [file.lstat() for file in files]
    except OSError:
        return None
    return Entry(stats[0].st_mtime, max(LEAST_SIZE, sum(stat.st_size for stat in stats)), path)


def _last_used(folder: Path) -> float:
    """When Gradio last gave out one of the folder's files, whose time alone it then sets."""
    with contextlib.suppress(OSError):
        return max((file.stat().st_mtime for file in folder.iterdir()), default=0.0)
    return 0.0


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


class Sweeper:
    """Sweeps at once, and then in a thread now and again, memory too, until stopped."""

    def __init__(self, folders: Folders, every: float = SWEEP_EVERY) -> None:
        self._stop, self._every = threading.Event(), every
        self._tasks: list[Callable[[], object]] = [folders.sweep, give_back]
        _try(folders.sweep)  # before the page puts anything there that it shows
        self._thread = threading.Thread(target=self._run, name="nst-sweeper", daemon=True)
        self._thread.start()

    def add(self, task: Callable[[], object]) -> None:
        """Do this too, each time."""
        self._tasks.append(task)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            for task in [*self._tasks]:
                _try(task)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def _try(task: Callable[[], object]) -> None:
    try:
        task()
    except Exception:  # the next time, and the other tasks, are not to be lost
        log.exception("could not sweep")
