"""Connections on which no request comes, at a real uvicorn server."""

import asyncio
import socket
import threading

import httpx
import pytest
import uvicorn
from server import free_port, wait_until

from nst.ui.running import silence

SHORT = 0.2  # seconds


@pytest.fixture
def served():
    """A server that has begun, as Gradio starts it, and its port."""

    async def late(scope, receive, send):
        await asyncio.sleep(3 * SHORT)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"at last"})

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(late, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the server to start")
    yield server, port
    server.should_exit = True
    thread.join()


def test_a_connection_from_before_the_clocks_is_closed_as_one_from_after(served, monkeypatch):
    server, port = served
    monkeypatch.setattr(silence, "SILENCE", SHORT)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as before:
        wait_until(lambda: server.server_state.connections, "the connection to be accepted")
        silence.end_silent_connections(server)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as after:
            assert after.recv(1) == b""
        assert before.recv(1) == b""


def test_who_waits_longer_than_that_for_an_answer_gets_it(served, monkeypatch):
    server, port = served
    monkeypatch.setattr(silence, "SILENCE", SHORT)
    silence.end_silent_connections(server)
    assert httpx.get(f"http://127.0.0.1:{port}/", timeout=20).text == "at last"
