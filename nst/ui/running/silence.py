"""Connections on which nothing goes on are closed: uvicorn waits for ever for the first request, for its end,
and for a client that does not read the answer."""

import asyncio
from contextlib import ExitStack, suppress
from typing import Any

from .clients import network_in
from .held import UNREAD
from .uploading import SILENCE

# What is to be taken of an answer within so many seconds: a kilobyte a second, or all there is.
LONGEST_UNREAD, LEAST_TAKEN = 60.0, 2**16
# Files open at once, connections among them; the kernel of macOS takes no more than the second.
MOST_OPEN, ON_MACOS = 65536, 10240


def allow_connections() -> None:
    """Let as many connections be open as the system allows a process, or MOST_OPEN files: by default it is a
    thousand, on macOS 256."""
    try:
        import resource  # not on Windows, which has no such limit
    except ImportError:
        return
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for allowed in (MOST_OPEN, ON_MACOS):
        wanted = allowed if most == resource.RLIM_INFINITY else min(most, allowed)
        if now == resource.RLIM_INFINITY or wanted <= now:
            return
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
            return


def end_silent_connections(server: Any) -> None:
    """A running uvicorn server closes every connection whose request does not come within SILENCE, or of
    whose answer less than LEAST_TAKEN is taken within LONGEST_UNREAD, those from before this call too."""
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
        watch: asyncio.TimerHandle | None = None

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
                self.unread.callback(self._stop_watching)
                client = (self.scope or {}).get("client") or self.client
                self.unread.enter_context(UNREAD.one_more(network_in({"client": client})))
                self._watch()

        def _watch(self) -> None:
            """Look again in a while how much has been taken since."""
            kept = self.transport.get_write_buffer_size()
            self.watch = asyncio.get_running_loop().call_later(LONGEST_UNREAD, self._look, kept)

        def _look(self, kept: int) -> None:
            if kept - self.transport.get_write_buffer_size() < LEAST_TAKEN:
                self.transport.abort()  # close() would wait for the client, too
            else:
                self._watch()

        def _stop_watching(self) -> None:
            if self.watch is not None:
                self.watch.cancel()

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
