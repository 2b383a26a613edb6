"""Connections on which no request comes, at a real uvicorn server."""

import socket
import threading

import pytest
import uvicorn
from server import free_port, wait_until

from nst.ui.running import silence


@pytest.fixture
def served():
    """A server that has begun, as Gradio starts it, and its port."""

    async def nothing(scope, receive, send): ...

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(nothing, port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the server to start")
    yield server, port
    server.should_exit = True
    thread.join()


def test_a_connection_from_before_the_clocks_is_closed_as_one_from_after(served, monkeypatch):
    server, port = served
    monkeypatch.setattr(silence, "SILENCE", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as before:
        wait_until(lambda: server.server_state.connections, "the connection to be accepted")
        silence.end_silent_connections(server)
        with socket.create_connection(("127.0.0.1", port), timeout=20) as after:
            assert after.recv(1) == b""
        assert before.recv(1) == b""
