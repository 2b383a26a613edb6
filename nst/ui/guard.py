"""What may come in over HTTP besides uploads: small requests without addresses in them.

Gradio limits uploads only. It reads any other body whole, decodes pictures out of data: URLs and fetches what
an address in the place of a file points to, for every input of every event, sliders included.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gradio_client.utils import is_http_url_like
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
NO_ADDRESSES = (
    "Pictures are accepted as uploaded files only, not as addresses or data: URLs: "
    "please save the picture and upload it."
)


class Guard:
    """ASGI middleware: refuses a request's body that is too large (413) or carries addresses (400)."""

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
        elif carries_address(body):
            await JSONResponse({"detail": NO_ADDRESSES}, 400)(scope, receive, send)
        else:
            await self.app(scope, _replay(body, receive), send)


# For demo.launch(app_kwargs=…).
GUARDED = {"middleware": [Middleware(Guard)]}


def carries_address(body: bytes) -> bool:
    """Whether a JSON body names a file by an address or holds one in a data: URL, at any depth."""
    try:
        waiting = [json.loads(body)]
    except ValueError:
        return False  # not JSON, and no business of this check
    except RecursionError:
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if is_http_url_like(value.get("path")) or str(value.get("url")).startswith("data:"):
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


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
