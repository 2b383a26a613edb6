"""Connections on which no request comes are closed: uvicorn waits for ever for the first, and for its end."""

import asyncio
from typing import Any

from .uploading import SILENCE


def end_silent_connections(server: Any) -> None:
    """A running uvicorn server closes every connection whose request does not come within SILENCE, those
    that were accepted before this call too."""
    patient = server.config.http_protocol_class
    server.config.http_protocol_class = clocked = impatient(patient)
    for connection in [*server.server_state.connections]:
        if isinstance(connection, patient):
            connection.__class__ = clocked
            connection.loop.call_soon_threadsafe(connection.wind)


def impatient(protocol: Any) -> Any:
    """The protocol class, with a clock that runs while the headers of a request are awaited."""

    class Impatient(protocol):
        clock: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.wind()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.wind()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_clock()
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

    return Impatient
