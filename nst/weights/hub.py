"""VGG-19 as torchvision retrained it, from the Hugging Face Hub: its sixteen convolutions, 80 of 575 MB.

They are one stretch of the published file, without holes. It is read a piece at a time by huggingface_hub's
own file system, which names, retries and authorises; what has come is kept, so a later call goes on from
there. Everything here blocks: loading.beside() runs it.
"""

import logging
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from huggingface_hub import HfFileSystem, constants, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, HTTPError

from ..errors import WeightsError
from ..folders import cache_folder
from ..network.layers import CONVS
from .formats import LARGEST_HEADER, parse_header, read_weights, write_header
from .loading import TICK

log = logging.getLogger(__name__)

# timm's copy of torchvision's weights (BSD-3), at the commit that added it; the SHA-256 is the Hub's own.
REPOSITORY = "timm/vgg19.tv_in1k"
FILE = "model.safetensors"
REVISION = "128d4708565b3a414bcbb9bbad440b2fe37b9f18"
SHA256 = "11aea017b543ff59233749d8f1cf544cda749378f5790d2fedab841fb86b7669"

NAME = "vgg19-torchvision.safetensors"
PIECE = 1 << 20  # bytes a request: what a cut can lose, and how soon Stop ends it
BUSY, PAUSES = (429, 500, 502, 503, 504), (1, 3)
SILENCE = 20.0  # seconds without a sign of life, be it for a name look-up or the wait a busy server asks for
ADVICE = "try again later, or choose automatic weights, which need no network."
UNREACHABLE = f"The Hugging Face Hub cannot be reached or keeps breaking off: {ADVICE}"


def retrained_file() -> Generator[str, None, Path]:
    """Path of a safetensors file with the sixteen convolutions: from Hugging Face's cache, ours, or the Hub.

    Yields a sentence before each piece, and none before the Hub has answered. Only one process at a time
    downloads; the others wait. The published SHA-256 is of the whole file: it is compared with the one the
    Hub names, and what came is checked by its sizes, shapes and values.

    Raises WeightsError if the Hub cannot be reached, has another file, or there is no room.
    """
    published = try_to_load_from_cache(REPOSITORY, FILE, revision=REVISION)
    if isinstance(published, str):
        return Path(published)
    folder = cache_folder()
    kept, begun = folder / NAME, folder / f"{NAME}.begun"
    if _is_sound(kept):
        return kept
    if constants.HF_HUB_OFFLINE:
        raise WeightsError(f"The network is switched off here (HF_HUB_OFFLINE): {ADVICE}")
    with _in_sentences():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(folder / "download.lock", thread_local=False)
        yield from _locked(lock, begun)
        try:
            if not _is_sound(kept):
                yield from _download(begun, kept)
        finally:
            lock.release()
    return kept


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Raises WeightsError for what goes wrong at the Hub and in the cache folder."""
    try:
        yield
    except (HTTPError, HfHubHTTPError, FileNotFoundError, TimeoutError, ConnectionError) as error:
        log.warning("The Hub: %s", error)
        raise WeightsError(UNREACHABLE) from error
    except (ValueError, KeyError, TypeError) as error:  # what huggingface_hub makes of a login page
        log.warning("The Hub: %r", error)
        raise WeightsError(
            f"The Hugging Face Hub sent something else than was asked for: {ADVICE}"
        ) from error
    except OSError as error:
        raise WeightsError(
            "The weights cannot be kept: make room in the cache folder, or name another in NST_CACHE."
        ) from error


def _is_sound(path: Path) -> bool:
    with suppress(WeightsError):
        read_weights(path, len(CONVS))
        return True
    return False


def _locked(lock: FileLock, begun: Path) -> Generator[str, None, None]:
    """Wait for the lock as long as its holder's file grows."""
    have, seen, since = 0, -1, time.monotonic()
    while True:
        try:
            lock.acquire(timeout=TICK)
            return
        except Timeout:
            with suppress(FileNotFoundError):
                have = begun.stat().st_size
            if have != seen:
                seen, since = have, time.monotonic()
            if time.monotonic() - since > SILENCE:
                raise WeightsError(UNREACHABLE) from None
            yield "Waiting for another download of VGG-19."


def _download(begun: Path, kept: Path) -> Generator[str, None, None]:
    """Fetch the stretch into `begun`, after a header of its own, going on from what is there; it becomes
    `kept` when it is whole and sound."""
    with _opened() as file:
        _check_identity(file.details)
        first, total, header = _stretch(file)
        with begun.open("ab") as local:
            local.write(header[local.tell() :])
            while (done := local.tell() - len(header)) < total:
                yield f"Downloading VGG-19: {done / 1e6:.0f} of {total / 1e6:.0f} MB."
                file.seek(first + done)
                local.write(_read(file, min(PIECE, total - done)))
    if not _is_sound(begun):
        begun.unlink()
        raise WeightsError(f"The weights came damaged: {ADVICE}")
    os.replace(begun, kept)


def _opened() -> Any:
    """The file at the Hub. huggingface_hub asks again by itself, but for the first thing it wants to know."""
    hub = HfFileSystem(skip_instance_cache=True, use_listings_cache=False)
    for pause in (*PAUSES, None):
        try:
            return hub.open(f"{REPOSITORY}@{REVISION}/{FILE}", block_size=PIECE, cache_type="none")
        except HTTPError as error:
            status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
            if pause is None or status not in (None, *BUSY):
                raise
            time.sleep(pause)


def _check_identity(details: dict[str, Any]) -> None:
    """The Hub names a large file's SHA-256."""
    named = (details.get("lfs") or {}).get("sha256")
    if named != SHA256:
        raise WeightsError(f"The Hugging Face Hub has another file than the published one: {ADVICE}")


def _stretch(file: Any) -> tuple[int, int, bytes]:
    """Where the sixteen convolutions begin, their bytes in all, and the beginning of a file of them alone."""
    base = 8 + int.from_bytes(_read(file, 8), "little")
    try:
        if not 8 < base <= 8 + LARGEST_HEADER:
            raise ValueError("no header")
        every = parse_header(_read(file, base - 8))
        names = [f"features.{conv.index}.{kind}" for conv in CONVS for kind in ("weight", "bias")]
        entries = {name: every[name] for name in names}
    except (ValueError, KeyError) as error:
        raise WeightsError(f"The Hugging Face Hub sent a damaged file: {ADVICE}") from error
    first = min(entry.start for entry in entries.values())
    total = max(entry.stop for entry in entries.values()) - first
    return base + first, total, write_header(entries, first)


def _read(file: Any, size: int) -> bytes:
    piece = file.read(size)
    if len(piece) != size:
        raise WeightsError(f"The Hugging Face Hub sent other bytes than were asked for: {ADVICE}")
    return piece
