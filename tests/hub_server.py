"""A real local HTTP server that speaks the Hub's protocol for one file, and misbehaves on request.

/api/models/{repo}/revision/… and /tree/… say what there is, as huggingface.co does; /{repo}/resolve/…
redirects to /cdn/, which serves byte ranges.
"""

import json
import math
import re
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch

from nst.network.layers import CONVS
from nst.weights.hub import FILE, REPOSITORY, REVISION, SHA256


def published_tensors(count: int = 5) -> dict[str, torch.Tensor]:
    """Small random weights of VGG-19's shapes, the same at every call, under torchvision's names."""
    random = torch.Generator().manual_seed(0)
    tensors = {}
    for conv in CONVS[:count]:
        shape = (conv.outputs, conv.inputs, 3, 3)
        tensors[f"features.{conv.index}.weight"] = torch.randn(shape, generator=random) / 10
        tensors[f"features.{conv.index}.bias"] = torch.randn(conv.outputs, generator=random) / 10
    return tensors


def write_published(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write a file of all VGG-19's tensors, from conv1_1 on; those not given are holes."""
    shapes = {}
    for conv in CONVS:
        shapes[f"features.{conv.index}.weight"] = (conv.outputs, conv.inputs, 3, 3)
        shapes[f"features.{conv.index}.bias"] = (conv.outputs,)
    shapes["head.fc.weight"] = (1000, 4096)
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        size = 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
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

    at the Hub         status (amount), page, sha256
    at the storage     storage-status (amount), whole, header (garbage in it), hang, cut (after amount bytes
                       of an answer that has more of weights), slow (amount bytes, 20 times a second)
    """

    kind: str
    amount: int = 0
    times: int = 10**9
    retry_after: str = "0"


class HubServer(ThreadingHTTPServer):
    """`ranges` lists the spans asked for; `sent` counts the bytes of weights that left."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.path, self.size = path, path.stat().st_size
        with path.open("rb") as file:
            self.base = 8 + int.from_bytes(file.read(8), "little")
        self.fault: Fault | None = None
        self.ranges: list[tuple[int, int]] = []
        self.sent = self.requests = 0
        self.released = threading.Event()  # ends what hangs
        self.may_send = threading.Event()  # weights wait for this
        self.may_send.set()
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def takes(self, kind: str) -> Fault | None:
        """The fault in force if it is of this kind, used up by one."""
        with self.counting:
            fault = self.fault
            if fault is None or fault.kind != kind or fault.times <= 0:
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
        path = self.path.partition("?")[0].rstrip("/")
        if path.startswith("/cdn/"):
            return self._store(hub)
        if fault := hub.takes("status"):
            return self._answer(fault.amount, {"Retry-After": fault.retry_after})
        if hub.takes("page"):
            return self._answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Log in</html>")
        if path == f"/api/models/{REPOSITORY}/revision/{REVISION}":
            return self._json({"id": REPOSITORY, "sha": REVISION, "siblings": [{"rfilename": FILE}]})
        if path == f"/api/models/{REPOSITORY}/tree/{REVISION}":
            sha256 = "0" * 64 if hub.takes("sha256") else SHA256
            lfs = {"oid": sha256, "size": hub.size, "pointerSize": 134}
            return self._json([{"type": "file", "oid": "1" * 40, "size": hub.size, "path": FILE, "lfs": lfs}])
        if path == f"/{REPOSITORY}/resolve/{REVISION}/{FILE}":
            return self._answer(302, {"Location": f"{hub.url}/cdn/{FILE}"})
        return self._answer(404)

    do_HEAD = do_GET

    def _store(self, hub: HubServer) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, stop = (int(asked[1]), int(asked[2]) + 1) if asked else (0, hub.size)
        with hub.counting:
            hub.ranges.append((start, stop))
        is_data = start >= hub.base
        if is_data:
            hub.may_send.wait(120)
        if fault := hub.takes("storage-status"):
            return self._answer(fault.amount, {"Retry-After": fault.retry_after})
        if is_data and hub.takes("hang"):
            hub.released.wait(60)
        with hub.path.open("rb") as file:
            if hub.takes("whole"):
                return self._answer(200, {}, file.read(hub.base + 1000))
            file.seek(start)
            body = file.read(stop - start)
        if start == 8 and hub.takes("header"):
            body = b"\xff" * len(body)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{hub.size}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send(hub, body, is_data)

    def _send(self, hub: HubServer, body: bytes, is_data: bool) -> None:
        cut = hub.takes("cut") if is_data and hub.fault and len(body) > hub.fault.amount else None
        slow = hub.takes("slow") if is_data else None
        body = body[: cut.amount] if cut else body
        step = slow.amount if slow else max(1, len(body))
        for at in range(0, len(body), step):
            self.wfile.write(body[at : at + step])
            with hub.counting:
                hub.sent += len(body[at : at + step]) if is_data else 0
            if slow:
                hub.released.wait(0.05)
        self.close_connection = cut is not None

    def _json(self, value: object) -> None:
        self._answer(200, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

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
