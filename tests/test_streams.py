"""The guard before an app, without the app: what one network address holds at once, and others theirs; and no
upload to a full disk."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nst.ui.running import guard, held
from nst.ui.running.calls import JOIN, TOO_MANY, Calls
from nst.ui.running.guard import Guard
from nst.ui.running.held import UNREAD
from nst.ui.running.limits import Limits
from nst.ui.running.sweeping import Folders


def test_one_address_holds_so_many_streams_and_no_more_and_others_are_served(monkeypatch):
    monkeypatch.setattr(held, "MOST_STREAMS", 3)
    answers = asyncio.run(asked())
    taken, refused, of_another, of_no_stream, after_one_has_ended = answers
    assert taken == [200] * 3
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


@pytest.mark.parametrize(("path", "most"), [("run/stop", "MOST_POSTS"), ("mcp/", "MOST_TOOL_CALLS")])
def test_one_address_sends_so_many_bodies_at_once_and_others_send_theirs(monkeypatch, path, most):
    monkeypatch.setenv("GRADIO_MCP_SERVER", "True")
    monkeypatch.setattr(guard, most, 2)
    refused, others = asyncio.run(sent_slowly(path))
    assert refused == (
        429,
        "Your network address has 2 requests under way, and gets no more: please try again in a moment.",
    )
    assert others == (200, 200)


async def sent_slowly(path: str) -> tuple[Any, ...]:
    """The answers to a third body of one address while two are still coming; to another's, and to the third
    once the two have come."""
    coming: asyncio.Queue[Any] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guarded = Guard(app, cast(Any, SimpleNamespace(limits=Limits())))
    slow = [Answer(guarded, path, receive=coming.get) for _ in range(2)]
    await asyncio.sleep(0)
    third, another = Answer(guarded, path, receive=whole), Answer(guarded, path, "2.2.2.2", whole)
    refused = await third.status(), await third.detail()
    found = await another.status()
    for _ in slow:
        await coming.put(await whole())
    await asyncio.gather(*(one.task for one in slow))
    return refused, (found, await Answer(guarded, path, receive=whole).status())


async def whole() -> dict[str, Any]:
    return {"type": "http.request", "body": b"[]", "more_body": False}


def test_one_address_that_leaves_so_many_answers_unread_gets_no_more_and_others_do(monkeypatch):
    monkeypatch.setattr(UNREAD, "most", 1)

    async def asked() -> tuple[int, int]:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})

        guarded = Guard(app, cast(Any, SimpleNamespace(limits=Limits())))
        with UNREAD.one_more("1.1.1.1"):
            return await Answer(guarded, "info").status(), await Answer(guarded, "info", "2.2.2.2").status()

    assert asyncio.run(asked()) == (429, 200)


def test_one_address_has_so_many_unfinished_requests_and_others_theirs():
    calls = Calls(Limits(per_address=1))
    mine = SimpleNamespace(request=SimpleNamespace(client=SimpleNamespace(host="1.1.1.1")))
    queue = SimpleNamespace(event_ids_to_events={"a": mine, "b": mine}, pending_messages_per_session={})
    blocks = SimpleNamespace(_queue=queue, fns={7: SimpleNamespace(queue=True, inputs=[])})
    app = SimpleNamespace(get_blocks=lambda: blocks)

    def join(host: str) -> Any:
        body = b'{"data": [], "fn_index": 7, "session_hash": "s"}'
        return calls.refusal(JOIN, body, {"app": app, "client": (host, 1)})

    assert join("1.1.1.1") is None
    with calls.on_its_way(JOIN, "1.1.1.1"):
        assert join("1.1.1.1") == (429, TOO_MANY.format(3))
    queue.event_ids_to_events["c"] = mine
    assert join("1.1.1.1") == (429, TOO_MANY.format(3))
    assert join("2.2.2.2") is None
    calls = Calls(Limits(per_address=9, queue=0))  # 27 of the five that are worked on at once
    queue.event_ids_to_events["d"] = mine
    assert join("1.1.1.1") == (429, TOO_MANY.format(4))


def test_nothing_is_uploaded_to_a_disk_that_has_less_room_than_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"let in"})

    async def asked() -> tuple[int, str]:
        guarded = Guard(app, Folders(Limits(free_megabytes=10**9)))
        answer = Answer(guarded, "upload", receive=whole)
        return await answer.status(), await answer.text()

    status, said = asyncio.run(asked())
    assert status == 507
    assert "an upload needs 1000000000" in said
    assert [*tmp_path.iterdir()] == []


class Answer:
    """A request that is being answered: with a body one that is sent, else one that asks for something."""

    def __init__(self, guarded: Guard, path: str, host: str = "1.1.1.1", receive: Any = None) -> None:
        scope = {
            "type": "http",
            "method": "POST" if receive else "GET",
            "path": f"/gradio_api/{path}",
            "query_string": b"",
            "headers": [],
            "client": (host, 1),
        }
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.task = asyncio.create_task(guarded(scope, receive, self.sent.put))

    async def status(self) -> int:
        return (await self.sent.get())["status"]

    async def text(self) -> str:
        return (await self.sent.get())["body"].decode()

    async def detail(self) -> str:
        return json.loads(await self.text())["detail"]
