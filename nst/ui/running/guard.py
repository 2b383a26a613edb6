"""What may come in over HTTP: small requests that name no file but this app's own, and uploads.

Gradio limits the files of uploads only. It reads any other body whole, decodes pictures out of data: URLs,
and fetches what an address in the place of a file points to, for every input of every event, sliders
included. A path elsewhere on the disk it does refuse, but with a blank error.
"""

import logging
import os
import re
import secrets
import time
from contextlib import nullcontext
from posixpath import normpath
from typing import Any
from urllib.parse import parse_qs

from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse

from ...errors import NSTError
from .bodies import LONG_SESSION, refusal_of
from .calls import NO_ANSWERS, Calls, session_of
from .clients import LISTENERS, LONGEST_SESSION, network_in
from .held import MOST_POSTS, MOST_TOOL_CALLS, UNREAD, Held, posts, streams
from .responses import API, App, Compressed, Message, Receive, Scope, Send, route, with_safe_headers
from .sweeping import Folders
from .uploading import SILENCE, UploadLimits, within

log = logging.getLogger(__name__)

MOST_BYTES = 2**20  # the page sends a few kB of settings and file names
MOST_BYTES_MCP = 28 * 2**20  # a tool's caller has no other way to hand over a picture: 20 MB in base64
LONGEST_BODY = 60.0  # seconds

UPLOAD, MCP, STREAM = f"{API}/upload", f"{API}/mcp", f"{API}/queue/data"
FILES = (f"{API}/file=", f"{API}/file/")
HEARTBEAT = f"{API}/heartbeat/"
PROGRESS = f"{API}/upload_progress"
STREAMS = (HEARTBEAT, STREAM, f"{API}/call/", PROGRESS, MCP)  # which stay open
LONGEST_UPLOAD_ID = 64  # characters; browsers send eleven
ANSWER = re.compile(rf"{API}/call/(?:v2/)?[^/]+/([^/]+)")
# Of no use to this page: they write to the disk, fetch from elsewhere, or take bodies of their own kind.
CLOSED = ("deep_link", "process_recording", "component_server", "proxy=", "vibe-", "run-history")
IS_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*:/|\s*//", re.IGNORECASE)

TOO_LARGE = "This request has more than {} kB: please upload pictures as files."
TOO_SLOW = f"Nothing came for {SILENCE:.0f} s, or not all within {LONGEST_BODY:.0f} s: please try again."
CLOSED_HERE = "There is nothing at this address: please use the page or its endpoints."
NO_ADDRESSES = "Only this app's own files are served, and no addresses."
LONG_UPLOAD_ID = (
    f"An upload's name may have at most {LONGEST_UPLOAD_ID} characters: please choose a shorter one."
)
NOT_FITTING = (
    "This request could not be handled: please reload the page, and report number {} if it happens again."
)


class Guard:
    """ASGI middleware: refuses with one sentence what is not to come in, and counts who listens."""

    def __init__(self, app: App, folders: Folders) -> None:
        self.app, self.uploads, self.streams = app, UploadLimits(folders), streams()
        self.calls = Calls(folders.limits)
        self.posts, self.tool_calls = posts(MOST_POSTS), posts(MOST_TOOL_CALLS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = route(scope)
        sending = _Started(with_safe_headers(send) if path.startswith(FILES) else send)
        try:
            await self._handle(path, scope, receive, sending)
        except Exception:
            if sending.started:
                raise
            number = secrets.token_hex(4)
            log.exception("request failed, number %s", number)
            await _refuse(500, NOT_FITTING.format(number), scope, sending)

    async def _handle(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        network, is_get = network_in(scope), scope["method"] in ("GET", "HEAD", "OPTIONS")
        if refused := _refused_route(path, scope):
            await _refuse(*refused, scope, send)
            return
        held = self._held(path, is_get)
        for each in (UNREAD, held):
            if each and each.is_full(network):
                await _refuse(429, each.sentence, scope, send)
                return
        with held.one_more(network) if held else nullcontext():
            if is_get:
                await self._get(path, scope, receive, send)
            elif path == UPLOAD:
                await self._upload(scope, receive, send)
            else:
                await self._body(path, scope, receive, send)

    def _held(self, path: str, is_get: bool) -> Held | None:
        """What a request is counted as of its network address; None for one that is soon over."""
        if is_get:
            return self.streams if path.startswith(STREAMS) else None
        return self.tool_calls if _is_tool_call(path) else self.posts

    async def _get(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        session = _listens_to(path, scope)
        if session is not None and session not in _queue(scope).pending_messages_per_session:
            await _refuse(*NO_ANSWERS, scope, send)  # Gradio would begin to answer, and then fail
            return
        with LISTENERS.one_more(session) if session else nullcontext():
            await self.app(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.uploads.begin()
        except NSTError as error:
            await PlainTextResponse(str(error), 507)(scope, receive, send)
            return
        try:
            watched = self.uploads.watched(scope, receive)
        except MultiPartException as error:
            await _refuse(400, error.message, scope, send)
            return
        with self.uploads.folders.upload():
            await self.app(scope, watched, send)

    async def _body(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        most = MOST_BYTES_MCP if _is_tool_call(path) else MOST_BYTES
        try:
            body = await _read(receive, most)
        except TimeoutError:
            await _refuse(408, TOO_SLOW, scope, send)
            return
        if body is None:
            await _refuse(413, TOO_LARGE.format(most // 1024), scope, send)
        elif sentence := refusal_of(body):
            await _refuse(400, sentence, scope, send)
        elif refused := self.calls.refusal(path, body, scope):
            await _refuse(*refused, scope, send)
        else:
            with self.calls.on_its_way(path, network_in(scope)):
                await self.app(scope, _replay(body, receive), send)


def guarded(folders: Folders) -> dict[str, Any]:
    """For demo.launch(app_kwargs=…)."""
    return {"middleware": [Middleware(Guard, folders=folders), Middleware(Compressed)]}


class _Started:
    """A send() that knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self.send, self.started = send, False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self.send(message)


async def _refuse(status: int, sentence: str, scope: Scope, send: Send) -> None:
    await JSONResponse({"detail": sentence}, status)(scope, _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def _is_tool_call(path: str) -> bool:
    return path.startswith(MCP) and os.environ.get("GRADIO_MCP_SERVER", "").lower() == "true"


def _refused_route(path: str, scope: Scope) -> tuple[int, str] | None:
    """Status and sentence for a request that is refused by its address alone."""
    if path.startswith(tuple(f"{API}/{name}" for name in CLOSED)):
        return 404, CLOSED_HERE
    for beginning in FILES:
        if path.startswith(beginning) and IS_ADDRESS.match(path.removeprefix(beginning)):
            return 403, NO_ADDRESSES
        if path.startswith(beginning) and normpath(path).endswith(".json"):  # the app keeps them for itself
            return 404, CLOSED_HERE
    sessions = [
        *_query(scope).get("session_hash", ()),
        path.removeprefix(HEARTBEAT) if path.startswith(HEARTBEAT) else "",
    ]
    if max(map(len, sessions)) > LONGEST_SESSION:
        return 400, LONG_SESSION
    uploads = _query(scope).get("upload_id", ())
    if max(map(len, uploads), default=0) > LONGEST_UPLOAD_ID:
        return 400, LONG_UPLOAD_ID
    return None


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope.get("query_string", b"").decode("latin-1"))


def _listens_to(path: str, scope: Scope) -> str | None:
    """The session whose answers a request waits for; None for any other request."""
    if path == STREAM:
        return next(iter(_query(scope).get("session_hash", ())[-1:]), "")
    found = ANSWER.fullmatch(path)
    return session_of(found[1], _queue(scope)) if found else None


def _queue(scope: Scope) -> Any:
    return scope["app"].get_blocks()._queue


async def _read(receive: Receive, most: int) -> bytes | None:
    """The whole body; None when it is longer than `most`, of which no more is then read. Raises TimeoutError
    when it does not come."""
    body, more, end = bytearray(), True, time.monotonic() + LONGEST_BODY
    while more:
        message = await within(receive, min(SILENCE, end - time.monotonic()))
        if message is None:
            raise TimeoutError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            return None
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive() that hands out the body that was read, then whatever comes next (a disconnect)."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again
