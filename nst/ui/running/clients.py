"""Who asks, by what a client cannot choose, and whether anybody still listens to what is answered.

A session's name is whatever a client sends, and a thousand names cost nothing; a network address does. So
places in line are counted by both.
"""

import ipaddress
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

LONGEST_SESSION = 64  # characters; browsers send eleven, an event's number has 32

# A Space's requests come through proxies inside its data centre, each of which adds at the end of
# X-Forwarded-For who spoke to it; so the last address that is not one of these is the visitor's.
PROXIES_OF_A_SPACE = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,::1,fc00::/7"


def trust_proxies() -> None:
    """Before the server starts: whose X-Forwarded-For uvicorn believes. On a Space the proxies inside, else
    nobody's, unless the operator names proxies of their own in FORWARDED_ALLOW_IPS."""
    os.environ.setdefault("FORWARDED_ALLOW_IPS", PROXIES_OF_A_SPACE if os.environ.get("SPACE_ID") else "")


@dataclass(frozen=True)
class Client:
    """Who asks for a run.

    session   the name of the browser's tab, as the client gives it
    address   its network address (network_of()); None for who asks within this process, which is not counted
    listens   whether somebody still listens to the answer
    panel     the name of what on the page was pressed, "" for the Transfer tab's and for who uses no page
    """

    session: str
    address: str | None = None
    listens: Callable[[], bool] = lambda: True
    panel: str = ""


class Tally:
    """How many connections there are of each name: of a session, whose answers they wait for, or of a
    network."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def has(self, name: str) -> bool:
        return self.count(name) > 0

    def count(self, name: str) -> int:
        return self._open[name]

    @contextmanager
    def one_more(self, name: str) -> Iterator[None]:
        """Within the with statement there is one more connection."""
        with self._lock:
            self._open[name] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[name] -= 1
                if not self._open[name]:
                    del self._open[name]


LISTENERS = Tally()  # of this process's one server: Guard counts them


def client_of(request: Any, panel: str = "") -> Client:
    """Who sent a gr.Request, from which panel."""
    session = request.session_hash or secrets.token_hex(16)
    host = request.client.host if request.client else ""
    return Client(session, network_of(host), lambda: LISTENERS.has(session), panel)


def network_in(scope: Mapping[str, Any]) -> str:
    """network_of() who sent a request, by its ASGI scope."""
    return network_of((scope.get("client") or ("",))[0])


def network_of(host: str) -> str:
    """What is counted as one address: of IPv6 the first 64 bits, as whoever has one of them has them all."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
