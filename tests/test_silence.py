"""Connections on which no request comes or no answer is read, at a real uvicorn server."""

import asyncio
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from server import free_port, wait_until

from nst.ui.running import silence
from nst.ui.running.held import UNREAD

SHORT = 0.2  # seconds
LARGE = bytes(32 * 2**20)  # more than the system takes for a client


@pytest.fixture
def served():
    """A server that has begun, as Gradio starts it, and its port."""

    async def late(scope, receive, send):
        large = scope["path"] == "/large"
        await asyncio.sleep(0 if large else 3 * SHORT)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": LARGE if large else b"at last"})

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


def test_a_connection_whose_answer_is_not_read_is_counted_and_closed(served, monkeypatch):
    server, port = served
    monkeypatch.setattr(UNREAD, "most", 1)
    monkeypatch.setattr(silence, "LONGEST_UNREAD", 3 * SHORT)
    silence.end_silent_connections(server)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        wait_until(lambda: UNREAD.is_full("127.0.0.1"), "the answer to be counted as unread")
        wait_until(lambda: not server.server_state.connections, "the connection to be closed")
    assert not UNREAD.is_full("127.0.0.1")


def test_a_client_that_reads_slowly_gets_its_answer_whole(served, monkeypatch):
    server, port = served
    longest = 1.0  # second, of which a busy core may take half
    monkeypatch.setattr(silence, "LONGEST_UNREAD", longest)
    silence.end_silent_connections(server)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        read, begun = 0, time.monotonic()
        with connection.makefile("rb") as answer:
            while piece := answer.read(2**19):
                read += len(piece)
                time.sleep(0.05)
    assert time.monotonic() - begun > 2 * longest
    assert read > len(LARGE)


def test_an_app_may_have_as_many_connections_as_the_system_allows():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 512), before[1]))
    try:
        silence.allow_connections()
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert allowed[1] == before[1]
    assert allowed[0] == silence.MOST_OPEN or allowed[0] == before[1] < silence.MOST_OPEN
