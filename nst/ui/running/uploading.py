"""An upload while it comes in: a few files and nothing else, at a pace, within what there is room for.

Gradio takes 1 000 files and 1 000 fields a request, waits for a silent client for ever, and leaves on the
disk what was cut off. It cleans up after one kind of error only, so everything here is refused with that.
"""

import asyncio
import time
from collections import deque

from python_multipart.exceptions import FormParserError, MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.formparsers import MultiPartException

from .clients import network_in
from .responses import Message, Receive, Scope
from .sweeping import LEAST_SIZE, Folders

MOST_FILES = 12  # of one request: the tab “What does a unit see?” sends its pictures together
MOST_BYTES = 64 * 2**20  # of one request; Gradio limits each file
SILENCE = 20.0  # seconds in which nothing more comes
LONGEST = 600.0  # seconds of one upload: 64 MB at a megabit a second
FIELD = b"files"  # the name of every part that is taken

# Gradio answers 413 where a sentence has these words, else 400.
TOO_LARGE = (
    f"The upload is over the maximum allowed size of {MOST_BYTES // 2**20} MB: please send fewer or smaller "
    "pictures."
)
TOO_MANY = f"At most {MOST_FILES} files may be uploaded at once: please send fewer, or a zip of them."
FILES_ONLY = "An upload may hold files only."
UNREADABLE = "This upload cannot be read: please send the pictures as files of a form."
CUT_OFF = "The upload was cut off: please try again."
TOO_SLOW = f"Nothing came for {SILENCE:.0f} s, or not all within {LONGEST:.0f} s: please try again."
TOO_MUCH = (
    "{} MB came from your network address, as much as one may upload while pictures are kept: please come "
    "back later."
)


class Allowance:
    """How much each network address has uploaded in the time for which pictures are kept."""

    def __init__(self, seconds: float, most: int) -> None:
        self.seconds, self.most = seconds, most
        self._taken: dict[str, deque[tuple[float, int]]] = {}

    def add(self, address: str, count: int) -> None:
        """Count bytes. Raises MultiPartException when they are more than one address may upload."""
        now = time.monotonic()
        taken = self._taken.setdefault(address, deque())
        while taken and taken[0][0] < now - self.seconds:
            taken.popleft()
        if taken and taken[-1][0] > now - 1:  # one entry a second at most
            at, before = taken.pop()
            taken.append((at, before + count))
        else:
            taken.append((now, count))
        if sum(size for _, size in taken) > self.most:
            raise MultiPartException(TOO_MUCH.format(self.most // 2**20))

    def forget(self) -> None:
        """Drop the addresses whose time is over."""
        oldest = time.monotonic() - self.seconds
        self._taken = {a: taken for a, taken in self._taken.items() if taken and taken[-1][0] >= oldest}


class Parts:
    """What a multipart body holds, as far as it has come: files, and the bytes that they count as beside
    their own."""

    def __init__(self, content_type: str) -> None:
        self.files, self.size = 0, 0
        self._name = self._value = b""
        self._is_file = False
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        parts = {
            "on_part_begin": self._begun,
            "on_header_field": self._named,
            "on_header_value": self._valued,
            "on_header_end": self._header_ended,
            "on_headers_finished": self._headers_ended,
        }
        try:
            self._parser = MultipartParser(boundary, parts) if boundary else None  # type: ignore[arg-type]
        except FormParserError:  # a boundary longer than any program's
            raise MultiPartException(UNREADABLE) from None

    def take(self, data: bytes) -> None:
        """Raises MultiPartException for a part that is not taken; what cannot be read Gradio refuses."""
        try:
            if self._parser:
                self._parser.write(data)
        except MultipartParseError:
            self._parser = None

    def _begun(self) -> None:
        self._is_file = False

    def _named(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _valued(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ended(self) -> None:
        if self._name.lower() == b"content-disposition":
            options = parse_options_header(self._value)[1]
            self._is_file = b"filename" in options and options.get(b"name") == FIELD
        self._name = self._value = b""

    def _headers_ended(self) -> None:
        if not self._is_file:
            raise MultiPartException(FILES_ONLY)
        self.files += 1
        self.size += LEAST_SIZE
        if self.files > MOST_FILES:
            raise MultiPartException(TOO_MANY)


class UploadLimits:
    """What is checked while uploads come in."""

    def __init__(self, folders: Folders) -> None:
        self.folders = folders
        self.allowance = Allowance(folders.limits.keep_seconds, folders.limits.upload_megabytes * 2**20)

    async def begin(self) -> None:
        """Make room. Raises NSTError when the disk is nearly full."""
        self.allowance.forget()
        await asyncio.to_thread(self.folders.make_room, MOST_BYTES)

    def watched(self, scope: Scope, receive: Receive) -> Receive:
        """A receive() that raises MultiPartException as soon as the body is not to be taken any further."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        parts = Parts(headers.get(b"content-type", b"").decode("latin-1"))
        address = network_in(scope)
        end, size = time.monotonic() + LONGEST, 0

        async def receiving() -> Message:
            nonlocal size
            message = await within(receive, min(SILENCE, end - time.monotonic()))
            if message is None:
                raise MultiPartException(TOO_SLOW)
            if message["type"] == "http.disconnect":
                raise MultiPartException(CUT_OFF)
            body = message.get("body", b"")
            size += len(body)
            if size > MOST_BYTES:
                raise MultiPartException(TOO_LARGE)
            before = parts.size
            parts.take(body)
            self.allowance.add(address, len(body) + parts.size - before)
            return message

        return receiving


async def within(receive: Receive, seconds: float) -> Message | None:
    """The next message; None when it has not come after some seconds."""
    try:
        return await asyncio.wait_for(receive(), max(0.0, seconds))
    except TimeoutError:
        return None
