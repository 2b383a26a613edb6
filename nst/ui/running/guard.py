"""What may come in over HTTP besides uploads: small requests that name no file but this app's own.

Gradio limits uploads only. It reads any other body whole, decodes pictures out of data: URLs, and fetches
what an address in the place of a file points to, for every input of every event, sliders included. A path
elsewhere on the disk it does refuse, but with a blank error.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder, is_static_file
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 2**20  # the page sends a few kB of settings and file names
MOST_BYTES_MCP = 28 * 2**20  # a tool's caller has no other way to hand over a picture: 20 MB in base64

TOO_LARGE = "This request has more than {} kB: please upload pictures as files."
ONLY_UPLOADS = (
    "Pictures are accepted as uploaded files only, not as addresses, data: URLs or paths: "
    "please save the picture and upload it."
)


class Guard:
    """ASGI middleware: refuses a request's body that is too large (413) or names a foreign file (400)."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].endswith("/upload"):
            await self.app(scope, receive, send)
            return
        most = MOST_BYTES_MCP if "/mcp" in scope["path"] else MOST_BYTES
        body = await _read(receive, most)
        if body is None:
            refusal = JSONResponse({"detail": TOO_LARGE.format(most // 1024)}, 413)
            await refusal(scope, receive, send)
        elif names_foreign_file(body):
            await JSONResponse({"detail": ONLY_UPLOADS}, 400)(scope, receive, send)
        else:
            await self.app(scope, _replay(body, receive), send)


# For demo.launch(app_kwargs=…).
GUARDED = {"middleware": [Middleware(Guard)]}


def is_own_file(path: str) -> bool:
    """Whether the path is of a file uploaded to this app, made by it, or served with it as an example."""
    uploads = Path(get_upload_folder()).resolve()
    try:
        return Path(path).resolve().is_relative_to(uploads) or is_static_file(path)
    except (OSError, ValueError):  # too long a name; a NUL in it
        return False


def names_foreign_file(body: bytes) -> bool:
    """Whether a JSON body has, at any depth, a file that is not is_own_file(), or one in a data: URL."""
    try:
        waiting = [json.loads(body)]
    except ValueError:
        return False  # not JSON, and no business of this check
    except RecursionError:
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if _is_foreign(value):
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


def _is_foreign(value: dict[str, Any]) -> bool:
    path, is_file = value.get("path"), "meta" in value
    return str(value.get("url")).startswith("data:") or (
        is_file and isinstance(path, str) and not is_own_file(path)
    )


async def _read(receive: Receive, most: int) -> bytes | None:
    """The whole body; None when it is longer than `most`, of which no more is then read."""
    body, more = bytearray(), True
    while more:
        message = await receive()
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
