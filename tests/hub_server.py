"""A real local HTTP server that speaks the Hub's protocol for one file, and misbehaves on request.

/{repo}/resolve/{revision}/{file} answers with X-Linked-Etag, X-Linked-Size, X-Repo-Commit and a redirect to
/cdn/, which serves byte ranges: what huggingface.co does for a large file.
"""

import json
import math
import re
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch

from nst.layers import CONVS
from nst.weights import FILE, REPOSITORY, REVISION, SHA256


def published_tensors(count: int = 9) -> dict[str, torch.Tensor]:
    """Small random weights of VGG-19's shapes, the same at every call, under torchvision's names."""
    random = torch.Generator().manual_seed(0)
    tensors = {}
    for conv in CONVS[:count]:
        shape = (conv.outputs, conv.inputs, 3, 3)
        tensors[f"features.{conv.index}.weight"] = torch.randn(shape, generator=random) / 10
        tensors[f"features.{conv.index}.bias"] = torch.randn(conv.outputs, generator=random) / 10
    return tensors


def write_published(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write a file laid out as timm's, tensors in the order of their names; those not given are holes."""
    shapes = {}
    for conv in CONVS:
        shapes[f"features.{conv.index}.weight"] = (conv.outputs, conv.inputs, 3, 3)
        shapes[f"features.{conv.index}.bias"] = (conv.outputs,)
    shapes["head.fc.weight"] = (1000, 4096)
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(shapes):
        size = 4 * math.prod(shapes[name])
        header[name] = {"dtype": "F32", "shape": shapes[name], "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, tensor in tensors.items():
            file.seek(8 + len(text) + header[name]["data_offsets"][0])
            file.write(tensor.numpy().tobytes())
        file.truncate(8 + len(text) + at)


@dataclass
class Fault:
    """What goes wrong, how many times it does, and a number it needs.

    at the address     status (amount), page, hang, etag
    at the storage     page-206, whole, shifted, longer (total off by amount), header (garbage in it)
    while sending      cut (after amount bytes of weights), trickle (amount bytes, 20 times a second)
    """

    kind: str
    amount: int = 0
    times: int = 10**9
    retry_after: str | None = "0"


class HubServer(ThreadingHTTPServer):
    """`ranges` lists the spans asked for; `sent` counts the bytes that left, without the header's."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.path = path
        self.size = path.stat().st_size
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
        self.base = 8 + header if header < self.size else 1  # a .pth has no header: one byte tells its size
        self.fault: Fault | None = None
        self.ranges: list[tuple[int, int]] = []
        self.sent = 0
        self.requests = 0
        self.released = threading.Event()  # ends what hangs
        self.may_send = threading.Event()  # weights wait for this
        self.may_send.set()
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def takes(self, *kinds: str) -> Fault | None:
        """The fault in force if it is one of these, used up by one."""
        with self.counting:
            fault = self.fault
            if fault is None or fault.kind not in kinds or fault.times <= 0:
                return None
            fault.times -= 1
            return fault

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is what several tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubServer

    def do_GET(self) -> None:
        hub = self.server
        with hub.counting:
            hub.requests += 1
        if self.path == f"/{REPOSITORY}/resolve/{REVISION}/{FILE}":
            self._resolve(hub)
        elif self.path.startswith("/cdn/"):
            self._store(hub)
        else:
            self._answer(404)

    do_HEAD = do_GET

    def _resolve(self, hub: HubServer) -> None:
        if fault := hub.takes("status"):
            wait = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            return self._answer(fault.amount, wait)
        if hub.takes("page"):
            return self._answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Log in</html>")
        if hub.takes("hang"):
            hub.released.wait(30)
            return self._answer(503)
        etag = "0" * 64 if hub.takes("etag") else SHA256
        self._answer(
            302,
            {
                "Location": "/cdn/" + FILE,
                "X-Linked-Etag": f'"{etag}"',
                "X-Linked-Size": str(hub.size),
                "X-Repo-Commit": REVISION,
            },
        )

    def _store(self, hub: HubServer) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, stop = (int(asked[1]), int(asked[2]) + 1) if asked else (0, hub.size)
        with hub.counting:
            hub.ranges.append((start, stop))
        is_data = stop > hub.base
        if is_data:
            hub.may_send.wait(120)
        if hub.takes("whole"):
            return self._answer(200, {"Content-Length": str(hub.size)})
        longer = hub.takes("longer")
        total = hub.size + (longer.amount if longer else 0)
        shift = 1 if hub.takes("shifted") else 0
        with hub.path.open("rb") as file:
            file.seek(start)
            body = file.read(stop - start)
        if start == 8 and hub.takes("header"):
            body = b"\xff" * len(body)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start + shift}-{stop - 1 + shift}/{total}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"etag-of-the-storage"')
        self.end_headers()
        if self.command == "GET":
            self._send(hub, body, is_data)

    def _send(self, hub: HubServer, body: bytes, is_data: bool) -> None:
        if not is_data:
            self.wfile.write(body)
            return
        # A cut is used up only by an answer long enough to be cut.
        cut = hub.takes("cut") if hub.fault and len(body) > hub.fault.amount else None
        if cut:
            body = body[: cut.amount]
        trickle = hub.takes("trickle")
        step = trickle.amount if trickle else len(body)
        for at in range(0, len(body), step):
            self.wfile.write(body[at : at + step])
            with hub.counting:
                hub.sent += len(body[at : at + step])
            if trickle and hub.released.wait(0.05):
                break
        if cut or trickle:
            self.close_connection = True

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if status == 200 and not body:
            self.close_connection = True

    def log_message(self, *_) -> None:
        """Tests read `ranges`, nobody reads a log."""


@contextmanager
def serving(path: Path):
    """A HubServer for the file, in a thread, until the block ends."""
    server = HubServer(path)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.may_send.set()
        server.shutdown()
        server.server_close()
        thread.join()


def wait_until(condition, seconds: float = 20) -> bool:
    """Whether the condition came true in that time."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()
