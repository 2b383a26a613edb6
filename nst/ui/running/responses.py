"""What leaves over HTTP: files that visitors uploaded are pictures to a browser and never programs; and the
page is compressed, which Gradio does for its programs alone."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

API = "/gradio_api"  # what the routes of Gradio's that are not pages begin with

# Nothing in such a file may run, load or frame anything; browsers style a picture's page themselves.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


PAGES = ("/", "/config")
LEVEL = 5  # of 9: more takes longer and saves a hundredth


class Compressed:
    """ASGI middleware: the page leaves as gzip where the browser takes it, 0.28 MB in place of 0.89."""

    def __init__(self, app: App) -> None:
        self.app, self.page = app, GZipMiddleware(app, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and route(scope) in PAGES
        await (self.page if is_page else self.app)(scope, receive, send)


def route(scope: Scope) -> str:
    """The path as the routes of this app have it: whole, without what it is mounted under."""
    path, root = scope["path"], scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


def with_safe_headers(send: Send) -> Send:
    """A send() of a visitor's file that tells browsers to believe its type, and its page to do nothing."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Content-Security-Policy"] = FILE_POLICY
        await send(message)

    return sending
