"""Strangers' pictures, opened in small processes of their own that can neither hang nor fill the memory.

    load_picture(source)      as nst.images has it, and as the page uses it; load_painting() too
    picture_size, read_text   the same for what is read from a file's header

A decoder process has a limit of processor time, of memory and of open files, may write no file, and is
killed when it is over one; its caller then gets ImageRefused. It takes the file's bytes and gives back
pixels, so that nothing it sends is ever run. One that is warm costs some milliseconds a picture. Used by
the page alone: the command line opens its user's own files.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

from PIL import Image

from . import images
from .decoder import LENGTH, TOO_HARD
from .errors import Busy, ImageRefused

PATIENCE = 12.0  # seconds of the clock: other work slows a decoder down
MOST_AT_ONCE = 8  # decoders: more than one network address has places in line, so that others find one free
# Headers are read whenever a picture is chosen, outside the line, and by anyone as often as they like: so
# they take few of the decoders, and none of the server's threads for long.
HEADERS_AT_ONCE, HEADER_PATIENCE = 2, 0.5  # and seconds
KEPT_WARM = 2  # decoders that wait for the next picture, some 50 MB each
BEFORE_A_FRESH_ONE = 100  # pictures of one decoder, whose place another then takes
LONGEST_ANSWER = 2**24  # bytes of what is said before the pixels

BUSY = "Too many pictures are being opened at this moment: please try again in some seconds."

Source = str | PathLike[str] | bytes


def load_picture(source: Source, max_side: int = images.LONGEST_SIDE) -> Image.Image:
    """nst.images.load_picture() in a decoder process. Raises ImageRefused as that does, and for a picture
    that takes more time or memory than decoder.py gives."""
    return _picture("load_picture", source, max_side)


def load_painting(source: Source) -> Image.Image:
    """nst.images.load_painting() in a decoder process."""
    return _picture("load_painting", source)


def picture_size(source: Source) -> tuple[int, int]:
    """nst.images.picture_size() in a decoder process."""
    width, height = _header("picture_size", source)
    return width, height


def read_text(source: Source) -> dict[str, str]:
    """nst.images.read_text() in a decoder process."""
    return dict(_header("read_text", source))


def load_into(path: Path, source: Source, max_side: int = images.LONGEST_SIDE) -> "Decoded":
    """Load a picture and leave its pixels in a file, where they take no memory. Raises ImageRefused."""
    return Decoded.of(load_picture(source, max_side), path)


class Decoded:
    """A picture that has been opened and waits in a file of plain pixels."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self.path, self.size = path, size

    @classmethod
    def of(cls, picture: Image.Image, path: Path) -> "Decoded":
        path.write_bytes(picture.tobytes())
        return cls(path, picture.size)

    def take(self) -> Image.Image:
        """The picture; its file is then gone. Raises ImageRefused where it has been deleted before."""
        try:
            pixels = self.path.read_bytes()
        except OSError as error:
            raise ImageRefused("The picture is no longer kept: please choose it again.") from error
        self.path.unlink(missing_ok=True)
        return Image.frombytes("RGB", self.size, pixels)


def warm_up() -> None:
    """Start a decoder, so that the first picture need not wait for one."""
    with _decoders.one() as decoder:
        decoder.ask("picture_size", b"", ())


def close() -> None:
    """End every decoder that waits."""
    _decoders.close()


def _picture(operation: str, source: Source, *arguments: int) -> Image.Image:
    answer, pixels = _asked(operation, source, *arguments)
    return Image.frombuffer("RGB", tuple(answer), pixels, "raw", "RGB", 0, 1)


def _header(operation: str, source: Source) -> Any:
    """What a picture's header says. Raises ImageRefused, and Busy where others' headers take long."""
    if not _headers.acquire(timeout=HEADER_PATIENCE):
        raise Busy(BUSY)
    try:
        return _asked(operation, source)[0]
    finally:
        _headers.release()


def _asked(operation: str, source: Source, *arguments: int) -> tuple[Any, bytes]:
    data = source if isinstance(source, bytes) else images.read_file(source)
    with _decoders.one() as decoder:
        answer, pixels = decoder.ask(operation, data, arguments)
    if "refused" in answer:
        raise ImageRefused(answer["refused"])
    return answer["value"], pixels


class Decoder:
    """One decoder process, asked once at a time. It is dead after a picture that was too hard."""

    def __init__(self) -> None:
        found = os.pathsep.join([str(Path(__file__).resolve().parents[1]), *sys.path])
        self.pictures = 0
        self.process = subprocess.Popen(
            # Without -P it would import what is in the folder that the app was started in.
            [sys.executable, "-P", "-c", "from nst.decoder import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_passed_on(), "PYTHONPATH": found, "OPENBLAS_NUM_THREADS": "1"},
        )

    def ask(self, operation: str, data: bytes, arguments: tuple[int, ...]) -> tuple[dict[str, Any], bytes]:
        """What the process answers, and pixels. Raises ImageRefused when it went over a limit and died."""
        self.pictures += 1
        clock = threading.Timer(PATIENCE, self.process.kill)
        clock.start()
        try:
            self._write(json.dumps({"operation": operation, "arguments": arguments, "bytes": len(data)}))
            self._write(data)
            answer = json.loads(self._read(min(LONGEST_ANSWER, int.from_bytes(self._read(LENGTH), "big"))))
            return answer, self._read(int(answer.get("pixels", 0)))
        except (OSError, EOFError, ValueError) as error:
            self.kill()
            raise ImageRefused(TOO_HARD) from error
        except BaseException:  # what it was to answer would be read as the next answer
            self.kill()
            raise
        finally:
            clock.cancel()

    @property
    def is_worn(self) -> bool:
        return self.pictures >= BEFORE_A_FRESH_ONE or self.process.poll() is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what was not written yet cannot be
                if pipe:
                    pipe.close()

    def _write(self, data: str | bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{data}\n".encode() if isinstance(data, str) else data)
        self.process.stdin.flush()

    def _read(self, count: int) -> bytes:
        """So many bytes. Raises EOFError when the process ends before."""
        assert self.process.stdout
        found = self.process.stdout.read(count)
        if len(found) < count:
            raise EOFError
        return found


class Decoders:
    """A few decoders that are lent out, started when there is none to lend."""

    def __init__(self) -> None:
        self._free: list[Decoder] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    @contextmanager
    def one(self) -> Iterator[Decoder]:
        """A decoder to use in the with statement. Raises Busy when none becomes free for long."""
        if not self._places.acquire(timeout=PATIENCE):
            raise Busy(BUSY)
        try:
            decoder = self._taken() or Decoder()
            try:
                yield decoder
            finally:
                self._returned(decoder)
        finally:
            self._places.release()

    def close(self) -> None:
        with self._lock:
            free, self._free = self._free, []
        for decoder in free:
            decoder.kill()

    def _taken(self) -> Decoder | None:
        with self._lock:
            while self._free:
                decoder = self._free.pop()
                if not decoder.is_worn:
                    return decoder
                decoder.kill()
        return None

    def _returned(self, decoder: Decoder) -> None:
        with self._lock:
            if not decoder.is_worn and len(self._free) < KEPT_WARM:
                self._free.append(decoder)
                return
        decoder.kill()


def _passed_on() -> dict[str, str]:
    """What a process needs of the environment; not the keys and tokens that may be in it."""
    return {n: os.environ[n] for n in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT") if n in os.environ}


_decoders = Decoders()
_headers = threading.BoundedSemaphore(HEADERS_AT_ONCE)
