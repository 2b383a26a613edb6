"""What is kept between runs: the convolutions downloaded so far, and that there was no network a moment ago.

In NST_CACHE or else the user's cache folder, and in the temporary folder: reading looks in both, writing
takes the first that can be written. A kept file appears whole or not at all.
"""

import os
import tempfile
import time
import zlib
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .errors import WeightsError
from .formats import read_weights
from .loading import TICK, Loading, beside

T = TypeVar("T")

NAME = "vgg19-imagenet.safetensors"
LOCK = "download.lock"
FAILURE = "no-network.txt"
SECONDS_REMEMBERED = 600
NO_ROOM = "The weights cannot be kept: make room in the cache folder, or name another in NST_CACHE."


def folders() -> list[Path]:
    """Where to look, the likeliest first."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    own = os.environ.get("NST_CACHE") or os.path.join(base, "nst")
    user = os.getuid() if hasattr(os, "getuid") else ""
    temporary = Path(tempfile.gettempdir()) / f"nst-{user}"
    # Anybody can make a folder of that name in the temporary one, and fill it.
    strange = hasattr(os, "getuid") and temporary.exists() and temporary.stat().st_uid != user
    return [Path(os.path.expanduser(own)), *([] if strange else [temporary])]


def writable_folder() -> Path:
    """The first folder that can be written, made if need be. Raises WeightsError if there is none."""
    for folder in folders():
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / LOCK).open("ab").close()
            return folder
    raise WeightsError("No folder can be written to keep the weights: name one in NST_CACHE.")


def tensors() -> dict[str, Tensor]:
    """The most that any folder holds, under torchvision's names; empty where there is nothing sound."""
    return max((_read(folder / NAME) for folder in folders()), key=len)


def keep(folder: Path, kept: Mapping[str, Tensor]) -> None:
    """Replace the folder's file by these tensors, all of the first convolutions, and drop what is half done.

    Raises WeightsError if they are not VGG-19's or not numbers, OSError if there is no room.
    """
    fresh = folder / f"{NAME}.new"
    save_file(dict(kept), fresh, {"crc32": _checksum(kept)})
    for part in folder.glob("*.part"):
        part.unlink()
    try:
        read_weights(fresh, len(kept) // 2)
    except WeightsError as error:
        fresh.unlink()
        raise WeightsError("The weights came damaged.") from error
    os.replace(fresh, folder / NAME)


def alone(folder: Path, work: Generator[Loading, None, T]) -> Generator[Loading, None, T]:
    """Run `work` beside this generator as the only one, of all processes, that downloads into the folder.

    The lock is the operating system's: it goes with a process that dies. Raises what `work` raises, and
    WeightsError where the disk is full.
    """
    lock = FileLock(folder / LOCK, thread_local=False)
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            yield Loading("Waiting for another download of VGG-19 to end.")
            time.sleep(TICK)
    return (yield from beside(_releasing(lock, work), Loading("Downloading VGG-19.")))


def remember_failure(reason: str) -> None:
    """Spare the next runs the wait for a network that is not there."""
    with suppress(OSError, WeightsError):
        (writable_folder() / FAILURE).write_text(reason, "utf-8")


def remembered_failure() -> str:
    """The reason of a failure of the last ten minutes, else nothing."""
    for folder in folders():
        with suppress(OSError, ValueError):
            path = folder / FAILURE
            if 0 <= time.time() - path.stat().st_mtime < SECONDS_REMEMBERED:
                return path.read_text("utf-8")
    return ""


def forget_failure() -> None:
    """Look at the network again at the next call, however recently it failed: the page's Retry."""
    for folder in folders():
        with suppress(OSError):
            (folder / FAILURE).unlink()


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, "pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            sound = (file.metadata() or {}).get("crc32") == _checksum(found)
    except (OSError, SafetensorError):
        return {}
    return found if sound else {}


def _checksum(kept: Mapping[str, Tensor]) -> str:
    """safetensors notices a file cut short, not a flipped bit."""
    value = 0
    for name in sorted(kept):
        value = zlib.crc32(kept[name].numpy(), value)
    return f"{value:08x}"


def _releasing(lock: FileLock, work: Generator[Loading, None, T]) -> Generator[Loading, None, T]:
    """`work`, freeing the lock in whichever thread it ends: a closed download may still be in a read."""
    try:
        return (yield from work)
    except OSError as error:
        raise WeightsError(NO_ROOM) from error
    finally:
        lock.release()
