"""The one folder where what was fetched or measured is kept between runs; files that are replaced whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path


def cache_folder() -> Path:
    """NST_CACHE, else nst in the user's cache folder; not made here."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return Path(os.path.expanduser(os.environ.get("NST_CACHE") or os.path.join(base, "nst")))


@contextmanager
def replacing(path: str | PathLike[str]) -> Iterator[Path]:
    """A file of the same kind beside `path` to write to. In the end it takes its place, with the permissions
    of what is there, which stays as it is when anything fails. A link stays one: it is the file that it leads
    to that is replaced.

    What is no ordinary file, or is in a folder that takes no other, is written to itself.
    """
    target = Path(os.path.realpath(path))
    fresh = target.with_name(f".nst-{os.getpid()}{Path(path).suffix}")
    if not _is_made(fresh, target):
        yield Path(path)
        return
    try:
        yield fresh
        _put(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def _is_made(fresh: Path, target: Path) -> bool:
    """Whether there is an empty file to write to in place of the target."""
    if target.exists() and not target.is_file():
        return False
    try:
        fresh.open("xb").close()
    except PermissionError:
        return False
    return True


def _put(fresh: Path, target: Path) -> None:
    if target.exists():
        shutil.copymode(target, fresh)
    try:
        os.replace(fresh, target)
    except OSError:  # of a file that is mounted, or another's in a shared folder, only the bytes change
        shutil.copyfile(fresh, target)
