"""A byte-range client: parts of a published file, fetched with progress, resumed after a cut.

Everything here blocks: loading.beside() runs it.
"""

import math
import re
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import get_session

from .errors import WeightsError
from .formats import LARGEST_HEADER, Entry, parse_header
from .loading import Loading

Span = tuple[int, int]  # bytes [start, stop) of the published file

# httpx's connection errors are not OSErrors, and some below it are.
NETWORK_ERRORS = (HTTPError, OSError)
BUSY = (408, 425, 429, 500, 502, 503, 504)
SECONDS_WITHOUT_A_BYTE = 10.0
TRIES = 5
LONGEST_PAUSE = 20.0


@dataclass(frozen=True)
class Address:
    """A published file: who serves it, where, and the SHA-256 its server may name ("" if it names none)."""

    host: str
    url: str
    sha256: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Piece:
    """Bytes as they arrive, perhaps none yet, and the size of the whole file once known."""

    data: bytes = b""
    size: int = 0


class _Busy(Exception):
    """The server is there and asks to come back, in `seconds` if it says when."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds


def fetch(address: Address, span: Span, refusals: int = TRIES) -> Iterator[Piece]:
    """The bytes of one span, in order, whatever interrupts them.

    An empty Piece comes whenever the server is known to be there. A cut, a stall or a busy server is tried
    again from where it stopped, TRIES times without a byte between; until the server has answered once, only
    `refusals` times. Raises WeightsError if that does not help, or for any other answer than these bytes.
    """
    position, stop = span
    failures, allowed = 0, refusals
    while position < stop:
        pause, reason = None, f"{address.host} keeps breaking off."
        try:
            with _opened(address, (position, stop)) as (size, chunks):
                allowed = TRIES
                yield Piece(size=size)
                for chunk in chunks:
                    data = chunk[: stop - position]
                    yield Piece(data, size)
                    position, failures = position + len(data), 0
        except _Busy as busy:
            yield Piece()
            allowed, pause, reason = TRIES, busy.seconds, f"{address.host} is too busy."
        except NETWORK_ERRORS:
            reason = f"{address.host} cannot be reached."
        if position < stop:
            failures += 1
            pause = 2**failures / 4 if pause is None else pause
            if failures > allowed or pause > LONGEST_PAUSE:
                raise WeightsError(reason)
            time.sleep(pause)


@contextmanager
def _opened(address: Address, span: Span) -> Iterator[tuple[int, Iterator[bytes]]]:
    """One request for the span, its answer checked: (size of the whole file, chunks as they arrive)."""
    start, stop = span
    # Compressed bytes could be neither counted nor resumed.
    headers = {**address.headers, "range": f"bytes={start}-{stop - 1}", "accept-encoding": "identity"}
    with get_session().stream(
        "GET", address.url, headers=headers, timeout=SECONDS_WITHOUT_A_BYTE, follow_redirects=True
    ) as response:
        if response.status_code in BUSY:
            seconds = response.headers.get("retry-after", "")
            raise _Busy(float(seconds) if seconds.isdecimal() else None)
        if "text/html" in response.headers.get("content-type", ""):
            raise WeightsError(f"{address.host} sent a web page instead of the weights.")
        if response.status_code == 200:
            raise WeightsError(f"{address.host} ignores byte ranges and would send the whole file.")
        if response.status_code != 206:
            raise WeightsError(f"{address.host} answered with error {response.status_code}.")
        content = response.headers.get("content-range", "")
        exact = re.fullmatch(rf"bytes {start}-{stop - 1}/(\d+)", content)
        if not exact:
            raise WeightsError(f"{address.host} sent other bytes than were asked for.")
        _check_identity(address, [*response.history, response])
        yield int(exact[1]), response.iter_raw()


def _check_identity(address: Address, responses: Iterable[Any]) -> None:
    """The Hub names a large file's SHA-256 in the answer that redirects to its storage."""
    for response in responses:
        named = response.headers.get("x-linked-etag", "").removeprefix("W/").strip('"')
        if named and address.sha256 and named != address.sha256:
            raise WeightsError(f"{address.host} has another file than the published one.")


@dataclass(frozen=True)
class Remote:
    """A safetensors file whose header has been read: the span of each tensor in the published file."""

    address: Address
    spans: Mapping[str, Span]


def look(
    address: Address, shapes: Mapping[str, tuple[int, ...]], refusals: int = 0
) -> Generator[Loading, None, Remote]:
    """Read the header of a safetensors file: two requests, a few kilobytes.

    shapes   the float32 tensors that must be there
    Raises WeightsError if the server cannot be reached or the file is another.
    """
    asking = Loading(f"{address.host} is there.")

    def read(span: Span) -> Generator[Loading, None, tuple[bytes, int]]:
        data, size = b"", 0
        for piece in fetch(address, span, refusals):
            yield asking
            data, size = data + piece.data, piece.size or size
        return data, size

    first, size = yield from read((0, 8))
    base = 8 + int.from_bytes(first, "little")
    if not 8 < base <= 8 + LARGEST_HEADER:
        raise WeightsError(f"{address.host} sent something else than safetensors.")
    text, _ = yield from read((8, base))
    try:
        entries = parse_header(text)
    except ValueError as error:
        raise WeightsError(f"{address.host} sent a damaged file.") from error
    length = base + max((entry.stop for entry in entries.values()), default=0)
    if length != size:
        raise WeightsError(f"{address.host} has a file of {size} bytes where {length} belong.")
    for name, shape in shapes.items():
        if not _is_float32(entries.get(name), shape):
            raise WeightsError(f"{address.host} has a file that is not VGG-19.")
    spans = {name: (base + entries[name].start, base + entries[name].stop) for name in shapes}
    return Remote(address, spans)


def _is_float32(entry: Entry | None, shape: tuple[int, ...]) -> bool:
    return (
        entry is not None
        and (entry.dtype, entry.shape) == ("F32", shape)
        and entry.start >= 0
        and entry.stop - entry.start == 4 * math.prod(shape)
    )


def collect(address: Address, spans: Iterable[Span], part: Path) -> Generator[Loading, None, None]:
    """Fetch the spans one after another into `part`, going on from what it already holds.

    Raises WeightsError as fetch() does, OSError if the disk is full.
    """
    spans = _merged(spans)
    total = sum(stop - start for start, stop in spans)
    with part.open("ab") as file:
        done = file.tell()
        for span in _beyond(done, spans):
            for piece in fetch(address, span):
                done += len(piece.data)
                # Before the bytes are written: whoever closes this generator may then hand on the file.
                yield Loading(f"Downloading VGG-19: {done / 1e6:.0f} of {total / 1e6:.0f} MB.", done, total)
                file.write(piece.data)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same bytes in order, in as few spans as there are gaps between them."""
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if merged and merged[-1][1] == start:
            start = merged.pop()[0]
        merged.append((start, stop))
    return merged


def _beyond(done: int, spans: Iterable[Span]) -> Iterator[Span]:
    """What is left of the spans after their first `done` bytes."""
    for start, stop in spans:
        skipped = min(done, stop - start)
        done -= skipped
        if start + skipped < stop:
            yield start + skipped, stop
