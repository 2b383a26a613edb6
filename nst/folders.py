"""The one folder where what was fetched or measured is kept between runs; files that are replaced whole."""

import errno
import os
import secrets
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
    fresh = target.with_name(f".nst-{secrets.token_hex(8)}{Path(path).suffix}")
    if is_special(path) or not _is_made(fresh):
        yield Path(path)
        return
    try:
        yield fresh
        _put(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)


def is_special(path: str | PathLike[str]) -> bool:
    """Whether a pipe, a device or a folder is there: a link to a pipe, as /dev/stdout, leads to no path."""
    return os.path.exists(path) and not os.path.isfile(path)


def _is_made(fresh: Path) -> bool:
    """Whether there is an empty file to write to; False where the folder takes none."""
    try:
        fresh.open("xb").close()
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return False
    return True


def _put(fresh: Path, target: Path) -> None:
    if target.exists():
        shutil.copymode(target, fresh)
    try:
        os.replace(fresh, target)
    except OSError:  # of a file that is mounted, or another's in a shared folder, only the bytes change
        shutil.copyfile(fresh, target)
