"""Connections on which nothing goes on are closed: uvicorn waits for ever for the first request, for its end,
and for a client that does not read the answer."""

import asyncio
from contextlib import ExitStack
from typing import Any

from .clients import network_of
from .held import UNREAD
from .uploading import SILENCE

LONGEST_UNREAD = 60.0  # seconds in which what was sent is to be taken: the page itself at 5 kB/s
MOST_FILES = 65536  # open at once, connections among them


def allow_connections() -> None:
    """Let as many connections be open as the system allows a process: by default it is a thousand files."""
    try:
        import resource  # not on Windows, which has no such limit

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    except (ImportError, OSError, ValueError):
        return


def end_silent_connections(server: Any) -> None:
    """A running uvicorn server closes every connection whose request does not come within SILENCE, or whose
    answer is not taken within LONGEST_UNREAD, those that were accepted before this call too."""
    patient = server.config.http_protocol_class
    server.config.http_protocol_class = clocked = impatient(patient)
    for connection in [*server.server_state.connections]:
        if isinstance(connection, patient):
            connection.__class__ = clocked
            connection.loop.call_soon_threadsafe(connection.begin)


def impatient(protocol: Any) -> Any:
    """The protocol class, with a clock that runs while the headers of a request are awaited, and one while
    something that was sent is not taken."""

    class Impatient(protocol):
        clock: asyncio.TimerHandle | None = None
        unread: ExitStack | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.begin()

        def begin(self) -> None:
            self.transport.set_write_buffer_limits(high=0)  # to be told of anything that is not taken
            self.wind()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.wind()

        def pause_writing(self) -> None:
            """The system holds as much for the client as it takes, and the rest is kept here."""
            super().pause_writing()
            if self.unread is None:
                self.unread = ExitStack()
                # close() would wait for the client, too
                ending = asyncio.get_running_loop().call_later(LONGEST_UNREAD, self.transport.abort)
                self.unread.callback(ending.cancel)
                client = (self.scope or {}).get("client") or self.client
                self.unread.enter_context(UNREAD.one_more(network_of((client or ("",))[0])))

        def resume_writing(self) -> None:
            self._all_is_taken()
            super().resume_writing()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_clock()
            self._all_is_taken()
            super().connection_lost(exc)

        def wind(self) -> None:
            """Start the clock, or let it run on; stop it while a request is answered."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop_clock()
            elif self.clock is None:
                self.clock = asyncio.get_running_loop().call_later(SILENCE, self.transport.close)

        def _stop_clock(self) -> None:
            if self.clock is not None:
                self.clock.cancel()
                self.clock = None

        def _all_is_taken(self) -> None:
            if self.unread is not None:
                self.unread.close()
                self.unread = None

    return Impatient
