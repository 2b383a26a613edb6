"""What leaves over HTTP: files that visitors uploaded are pictures to a browser and never programs."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Nothing in such a file may run, load or frame anything; browsers style a picture's page themselves.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def with_safe_headers(send: Send) -> Send:
    """A send() of a visitor's file that tells browsers to believe its type, and its page to do nothing."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Content-Security-Policy"] = FILE_POLICY
        await send(message)

    return sending
