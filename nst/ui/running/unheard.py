"""Answers that nobody came for: Gradio keeps those of up to 2000 sessions that left or never listened."""

from collections.abc import Callable
from typing import Any


class Unheard:
    """Forgets, at a second look, the sessions that nobody listened to at the first look and now, and for
    which nothing runs or waits.

    queue   of Gradio's Blocks
    """

    def __init__(self, queue: Any, has_listener: Callable[[str], bool]) -> None:
        self._queue, self._has_listener = queue, has_listener
        self._before: set[str] = set()

    def forget(self) -> None:
        # Copies, each made in one step: the server's thread adds to these and takes from them.
        events = [*self._queue.event_ids_to_events.values()]
        busy = {event.session_hash for event in events}
        sessions = [*self._queue.pending_messages_per_session]
        unheard = {one for one in sessions if one not in busy and not self._has_listener(one)}
        for session in unheard & self._before:
            self._queue.pending_messages_per_session.pop(session, None)
            self._queue.pending_event_ids_session.pop(session, None)
        self._before = unheard
