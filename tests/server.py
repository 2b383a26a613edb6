"""A real app in a process of its own, and visitors who speak raw HTTP to it."""

import contextlib
import io
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from gradio_client.utils import apply_diff
from PIL import Image

ROOT = Path(__file__).parent.parent
SMALL_APP = ROOT / "tests" / "small_app.py"
REAL_APP = ROOT / "app.py"
# A run of the endpoint /transfer that takes next to no time.
SMALL = {
    "size": 64,
    "evaluations": 2,
    "weights": "self-taught",
    "content_layers": "relu1_1",
    "style_layers": "relu1_1",
}

# Waits end when the thing waited for happens; this only ends a test that would hang.
PATIENCE = 60.0


class Server:
    """An app started on a free port, with a temporary folder of its own."""

    def __init__(self, app: Path, folder: Path, **environment: str) -> None:
        self.uploads = folder / "nst-uploads"
        self.journal = folder / "journal"
        self.log = folder / "log"
        self.journal.touch()
        folder.joinpath("cache").mkdir()
        settings = {
            "GRADIO_TEMP_DIR": str(self.uploads),
            "GRADIO_ANALYTICS_ENABLED": "False",
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_SERVER_PORT": str(free_port()),
            "HF_HUB_OFFLINE": "1",
            # What is measured of the processor takes a server seconds: all of a test run share it.
            "NST_CACHE": os.environ.get("NST_CACHE", str(folder / "cache")),
            "NST_JOURNAL": str(self.journal),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self.url = f"http://127.0.0.1:{settings['GRADIO_SERVER_PORT']}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(app)],
                cwd=ROOT,
                env={**os.environ, **settings, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                # A shell's background jobs ignore Ctrl-C, and so would their children.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE)
        wait_until(self._is_up, "the app to start")
        self.config = self.http.get("/config").json()
        self.endpoints = self.http.get("/gradio_api/info").json()["named_endpoints"]

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return self.http.get("/config").status_code == 200
        return False

    def stop(self, with_signal: int = signal.SIGTERM) -> float:
        """End the process; returns the seconds it took. An app that has ended before has failed its tests."""
        start = time.monotonic()
        self.http.close()
        status = self.process.poll()
        assert status is None, f"The app had ended with {status}: {self.log.read_text()[-2000:]}"
        self.process.send_signal(with_signal)
        self.process.wait(PATIENCE)
        return time.monotonic() - start

    def fn_index(self, name: str) -> int:
        return next(d["id"] for d in self.config["dependencies"] if d["api_name"] == name)

    def connection(self, *lines: str, body: bytes = b"") -> socket.socket:
        """One on which these lines and this body were sent."""
        connection = socket.create_connection(("127.0.0.1", int(self.url.rsplit(":", 1)[1])))
        connection.sendall("\r\n".join(lines).encode() + body)
        return connection

    def pressed(self, elem_id: str, trigger: str = "click") -> int:
        """The number of the function that the page calls when this happens to this element of it."""
        element = next(c["id"] for c in self.config["components"] if c["props"].get("elem_id") == elem_id)
        return next(
            d["id"]
            for d in self.config["dependencies"]
            if d["backend_fn"] and [element, trigger] in d["targets"]
        )

    def entries(self) -> list[str]:
        """The lines that runs of the small app have written, in order."""
        return self.journal.read_text().splitlines()

    def wait_for_entry(self, beginning: str) -> str:
        def found() -> str | None:
            return next((line for line in self.entries() if line.startswith(beginning)), None)

        return wait_until(found, f"{beginning!r} in the journal")

    def run_folders(self) -> list[Path]:
        folder = self.uploads / "nst"
        return sorted(folder.iterdir()) if folder.exists() else []

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def wakeups(self) -> int:
        """How often its threads have slept so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/status")
        found = (re.search(r"^voluntary_ctxt_switches:\s*(\d+)", task.read_text(), re.M) for task in tasks)
        return sum(int(slept[1]) for slept in found if slept)

    def memory(self) -> float:
        """Resident megabytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Visitor:
    """One browser tab, without the browser."""

    def __init__(self, server: Server, session: str | None = None) -> None:
        self.server = server
        self.session = session or secrets.token_hex(6)

    def upload(self, data: bytes, name: str = "picture.png") -> dict[str, Any]:
        """Upload a file; returns it as an event's input takes it."""
        answer = self.server.http.post("/gradio_api/upload", files={"files": (name, data)})
        answer.raise_for_status()
        return file_data(answer.json()[0])

    def ask(self, name: str, *data: Any) -> httpx.Response:
        """The bare answer to joining the queue."""
        body = {
            "data": list(data),
            "fn_index": self.server.fn_index(name),
            "session_hash": self.session,
        }
        return self.server.http.post(
            "/gradio_api/queue/join",
            content=json.dumps(body),  # httpx refuses NaN, a hostile client does not
            headers={"content-type": "application/json"},
        )

    def join(self, name: str, *data: Any) -> str:
        return self.ask(name, *data).raise_for_status().json()["event_id"]

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the server sends this tab, diffs applied, until it has nothing more to send.

        Closing the iterator drops the connection, which is what closing the tab does.
        """
        values: dict[str, list[Any]] = {}
        address = f"/gradio_api/queue/data?session_hash={self.session}"
        with self.server.http.stream("GET", address) as answer:
            for line in answer.iter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] == "close_stream":
                    return
                output = message.get("output") or {}
                if message["msg"] == "process_generating" and message["event_id"] in values:
                    output["data"] = [
                        apply_diff(value, diff)
                        for value, diff in zip(values[message["event_id"]], output["data"], strict=True)
                    ]
                if output.get("data"):
                    values[message["event_id"]] = output["data"]
                yield message

    def outputs(self, event: str) -> Iterator[list[Any]]:
        """The values of one event, one list of outputs an update; raises Refused if it ends in an error."""
        stream = self.messages()
        try:
            for message in stream:
                if message.get("event_id") != event:
                    continue
                output = message.get("output") or {}
                if message.get("success") is False:
                    raise Refused(output.get("error"))
                if output.get("data"):
                    yield output["data"]
                if message["msg"] == "process_completed":
                    return
        finally:
            stream.close()

    def run(self, name: str, *data: Any) -> list[Any]:
        """Join and wait; the last values."""
        return deque(self.outputs(self.join(name, *data)), maxlen=1).pop()

    def press(self, name: str, *data: Any) -> httpx.Response:
        """An event outside the queue, such as Stop, sent from the same tab while a run goes on."""
        body = {"data": list(data), "session_hash": self.session}
        return self.server.http.post(f"/gradio_api/run/{name}", json=body)

    def press_button(self, elem_id: str, *data: Any, trigger: str = "click") -> httpx.Response:
        """The same of an element of the page, as a browser sends it. By a name alone another may be meant:
        Gradio numbers those of functions that are called alike."""
        number = self.server.pressed(elem_id, trigger)
        body = {"data": list(data), "fn_index": number, "session_hash": self.session}
        return self.server.http.post("/gradio_api/run/private", json=body).raise_for_status()

    def look(self, picture: dict[str, Any]) -> np.ndarray:
        """(H, W, 3) in 0 … 255 of a picture the server sent, fetched as a browser does."""
        data = self.server.http.get("/gradio_api/file=" + picture["path"]).raise_for_status().content
        with Image.open(io.BytesIO(data)) as opened:
            return np.asarray(opened.convert("RGB")).astype(float)

    def transfer_inputs(self, content: Any, style: Any, **settings: Any) -> list[Any]:
        """Inputs of the endpoint /transfer, in its order, at its defaults where nothing is given."""
        given = {"content": content, "style": style, **settings}
        parameters = self.server.endpoints["/transfer"]["parameters"]
        return [given.get(p["parameter_name"], p.get("parameter_default")) for p in parameters]

    def answer(self, name: str, *data: Any) -> str:
        """Run, and return the last thing said: the sentence of a refusal, or of the run's end."""
        joined = self.ask(name, *data)
        if joined.status_code != 200:
            return joined.json()["detail"]
        try:
            return deque(self.outputs(joined.json()["event_id"]), maxlen=1).pop()[1]["message"]
        except Refused as refused:
            return str(refused)


@contextlib.contextmanager
def silent_connections(server: Server) -> Iterator[list[socket.socket]]:
    """Within the with statement four connections on which nothing more comes: no request, half of one, an
    upload without its files, half a body."""
    upload = (
        "POST /gradio_api/upload HTTP/1.1",
        "Host: here",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 1000000",
        "",
        "",
    )
    join = ("POST /gradio_api/queue/join HTTP/1.1", "Host: here", "Content-Length: 1000", "", "{")
    begun = ("",), ("GET / HTTP/1.1", "Host: he"), upload, join
    with contextlib.ExitStack() as closing:
        yield [closing.enter_context(server.connection(*lines)) for lines in begun]


class Refused(Exception):
    """An event ended in an error; its text is what the visitor reads."""


def file_data(path: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def free_port() -> int:
    """One below those that Linux gives to clients (from 32768 on), of which one could have it before the
    server does."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def wait_until(condition: Any, what: str) -> Any:
    """The first true value of condition(), looked at often; fails with `what` when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited in vain for {what}")
