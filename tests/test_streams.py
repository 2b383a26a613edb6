"""Connections that stay open: one network address holds some hundred of them, and others theirs."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

from nst.ui.running import guard
from nst.ui.running.guard import Guard
from nst.ui.running.limits import Limits


def test_one_address_holds_so_many_streams_and_no_more_and_others_are_served(monkeypatch):
    monkeypatch.setattr(guard, "MOST_STREAMS", 3)
    answers = asyncio.run(asked())
    held, refused, of_another, of_no_stream, after_one_has_ended = answers
    assert held == [200] * 3
    assert refused[0] == 429
    assert refused[1].startswith("Your network address holds")
    assert (of_another, of_no_stream, after_one_has_ended) == (200, 200, 200)


async def asked() -> tuple[Any, ...]:
    """The answers to three streams of one address; to a fourth, to another's, to what is no stream, and to a
    fourth once all are closed."""
    closed = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if "heartbeat" in scope["path"]:
            await closed.wait()

    guarded = Guard(app, cast(Any, SimpleNamespace(limits=Limits())))
    streams = [Answer(guarded, f"heartbeat/{number}") for number in range(3)]
    held = [await stream.status() for stream in streams]
    fourth, another = Answer(guarded, "heartbeat/4"), Answer(guarded, "heartbeat/5", "2.2.2.2")
    plain = Answer(guarded, "info")
    refused = await fourth.status(), await fourth.detail()
    found = await another.status(), await plain.status()
    closed.set()
    await asyncio.gather(*(stream.task for stream in (*streams, another)))
    return held, refused, *found, await Answer(guarded, "heartbeat/4").status()


class Answer:
    """A GET request that is being answered."""

    def __init__(self, guarded: Guard, path: str, host: str = "1.1.1.1") -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/gradio_api/{path}",
            "query_string": b"",
            "headers": [],
            "client": (host, 1),
        }
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(guarded(scope, cast(Any, None), self.sent.put))

    async def status(self) -> int:
        return (await self.sent.get())["status"]

    async def detail(self) -> str:
        return json.loads((await self.sent.get())["body"])["detail"]
