"""Visitors of every kind, who speak HTTP to a real server as a page, a script or an attacker does."""

import io
import itertools
import random
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from .pair import ROOT, paths, pictures

sys.path.insert(0, str(ROOT / "tests"))  # whose server, visitor and attacks these are
import attacks
from server import REAL_APP, Refused, Server, Visitor

__all__ = ["REAL_APP", "Load", "Server", "Tally", "prepared", "visits"]

SMALL = {"size": 64, "evaluations": 10, "weights": "self-taught"}
LONG = {**SMALL, "evaluations": 100}  # there is a middle in which to stop or leave
EXPECTED = (Refused, httpx.HTTPError, OSError)  # how a refusal reaches a visitor


@dataclass(frozen=True)
class Load:
    """What visitors send: pictures that can be read, one of them with a recipe, and some that cannot."""

    content: bytes
    style: bytes
    recipe: bytes
    hostile: tuple[bytes, ...]


@dataclass
class Tally:
    """How visits ended: (kind, how) → how often. Many threads add to it."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, how: str) -> None:
        with self.lock:
            self.counts[kind, how] += 1


def inputs(visitor: Visitor, load: Load, settings: dict[str, Any]) -> list[Any]:
    return visitor.transfer_inputs(visitor.upload(load.content), visitor.upload(load.style), **settings)


def paint(visitor: Visitor, load: Load) -> None:
    picture, summary = visitor.run("transfer", *inputs(visitor, load, SMALL))
    if summary["state"] != "done":
        raise Refused(summary["message"])
    visitor.look(picture)


def stop(visitor: Visitor, load: Load) -> None:
    """Press Stop while the picture grows, and wait for what it has become."""
    frames = visitor.outputs(visitor.join("transfer", *inputs(visitor, load, LONG)))
    last: dict[str, Any] = {}
    for _, last in frames:
        if last["evaluation"]:
            visitor.press_button("stop")
    if (last["state"], last["message"].split()[0]) != ("stopped", "Stopped"):  # not by its time being over
        raise RuntimeError(f"Stop was pressed, and the run said: {last['message']}")


def leave(visitor: Visitor, load: Load) -> None:
    """Close the tab half way."""
    with closing(visitor.outputs(visitor.join("transfer", *inputs(visitor, load, LONG)))) as frames:
        for frame in frames:
            if frame[1]["evaluation"]:
                return


def never_listen(visitor: Visitor, load: Load) -> None:
    visitor.join("transfer", *inputs(visitor, load, LONG))


def cut_upload(visitor: Visitor, load: Load) -> None:
    """Drop the connection in the middle of an upload."""
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: soak\r\nContent-Length: 9000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    )
    with connection(visitor) as sent:
        sent.sendall(head.encode() + load.content)


def silent(visitor: Visitor, load: Load) -> None:
    """Begin a request and say no more, until the server hangs up."""
    with connection(visitor) as sent:
        sent.sendall(b"GET / HTTP/1.1\r\nHost: soak\r\n")
        sent.settimeout(60)
        sent.recv(1)


def page(visitor: Visitor, load: Load) -> None:
    """Open the page as a browser does, listen to its heartbeat, close it."""
    for address in ("/", "/config", "/theme.css"):
        visitor.server.http.get(address).raise_for_status()
    with visitor.server.http.stream("GET", f"/gradio_api/heartbeat/{visitor.session}") as beating:
        next(beating.iter_raw())


def recipe(visitor: Visitor, load: Load) -> None:
    visitor.press_button("recipe", visitor.upload(load.recipe), trigger="upload")


def study(visitor: Visitor, load: Load) -> None:
    """A grid of twenty pictures."""
    pair = visitor.upload(load.content), visitor.upload(load.style)
    visitor.run("layers_grid", *pair, 64, 10, "noise", "self-taught")


def gram(visitor: Visitor, load: Load) -> None:
    pair = visitor.upload(load.content), visitor.upload(load.style)
    visitor.run("gram", *pair, None, "relu2_1", "self-taught")


def attack(visitor: Visitor, load: Load) -> None:
    """A picture made to take for ever: most are refused."""
    hostile = visitor.upload(random.choice(load.hostile))
    given = visitor.transfer_inputs(hostile, visitor.upload(load.style), **SMALL)
    visitor.run("transfer", *given)


def nonsense(visitor: Visitor, load: Load) -> None:
    """Requests that no page sends: each is answered, whatever with."""
    for data in ({"a": 1}, [[]], "\0", -1, "é" * 300):
        for answer in (
            visitor.ask("transfer", data),
            visitor.server.http.get("/gradio_api/file=/etc/passwd"),
        ):
            if answer.is_server_error:
                answer.raise_for_status()


KINDS: tuple[Callable[[Visitor, Load], None], ...] = (
    *(paint, stop, leave, never_listen, cut_upload, silent),
    *(page, recipe, study, gram, attack, nonsense),
)


def connection(visitor: Visitor) -> socket.socket:
    address = urlsplit(visitor.server.url)
    return socket.create_connection((address.hostname, address.port))


def visit(server: Server, load: Load, kind: Callable[[Visitor, Load], None], tally: Tally) -> None:
    try:
        kind(Visitor(server), load)
        tally.add(kind.__name__, "done")
    except EXPECTED as error:
        tally.add(kind.__name__, how(error))
    except Exception as error:  # the soak goes on, and says so
        tally.add(kind.__name__, f"broke with {type(error).__name__}")


def how(error: Exception) -> str:
    """How a visit ended that was not answered as it wished."""
    if isinstance(error, httpx.HTTPStatusError) and error.response.is_server_error:
        return f"broke with {error.response.status_code}"
    timed_out = isinstance(error, httpx.TimeoutException | TimeoutError)
    return "unanswered" if timed_out else "refused"


def visits(server: Server, load: Load, tally: Tally, over: threading.Event, seed: int) -> None:
    """One visitor after another, each kind as often, until it is over."""
    kinds = random.Random(seed).sample(KINDS, len(KINDS))
    for kind in itertools.cycle(kinds):
        if over.is_set():
            return
        visit(server, load, kind, tally)


def prepared() -> Load:
    from nst.images import save_png
    from nst.recipe import recipe_text
    from nst.settings import Settings

    content, style = (Path(path).read_bytes() for path in paths())
    painted = io.BytesIO()
    save_png(pictures()[1], painted, recipe_text(Settings(), "self-taught filters", "0.1.0"))
    hostile = (
        attacks.empty_scans(),
        attacks.shared_steps(),
        attacks.segments(4_900_000),
        attacks.tiny_chunks(500_000),
    )
    return Load(content, style, painted.getvalue(), hostile)
