"""Ctrl-C in the terminal of the app while it paints: it ends at once and in order."""

import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from server import REAL_APP, Server, Visitor, png, wait_until
from tiny import checks, waves

LESS_THAN_GRADIOS = 4.5  # seconds: its own end waits five for whoever listens


def children(process: int) -> list[int]:
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def test_an_interrupt_in_a_run_ends_the_app_and_its_processes_with_no_abort(tmp_path):
    server = Server(REAL_APP, tmp_path)
    visitor = Visitor(server)
    content, style = visitor.upload(png(waves(640, 480))), visitor.upload(png(checks()))
    inputs = visitor.transfer_inputs(content, style, size=192, scales=1, evaluations=1000)
    outputs = visitor.outputs(visitor.join("transfer", *inputs))
    while next(outputs)[1]["evaluation"] < 2:
        pass

    def listen() -> None:
        """Whoever goes on listening keeps the run going."""
        with contextlib.suppress(httpx.TransportError):
            list(outputs)

    of_its_own = children(server.process.pid)
    assert of_its_own  # decoders
    with ThreadPoolExecutor(1) as pool:
        pool.submit(listen)
        server.process.send_signal(signal.SIGINT)
        try:
            status = server.process.wait(LESS_THAN_GRADIOS)
        finally:
            server.process.kill()
    assert status == 128 + signal.SIGINT
    said = server.log.read_text()
    assert "Traceback" not in said
    assert "terminate" not in said
    wait_until(
        lambda: not any(os.path.exists(f"/proc/{child}") for child in of_its_own), "its processes to go"
    )
