"""Answers that nobody came for: Gradio keeps those of up to 2000 sessions that left or never listened, and of
each session any number."""

from collections.abc import Callable
from typing import Any

from gradio.server_messages import EventMessage, ProcessCompletedMessage

# Messages that wait for one session. A run sends some four a second (run_panel.py), and ends UNHEARD seconds
# (runs.py) after anybody listened; a client that reads slowly has a minute.
MOST_WAITING = 300
SPARE = 100  # more, for the last message of an event
ENDED = (
    f"This was ended, as {MOST_WAITING} answers to this page were waiting to be read: please reload the page."
)


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


def bound_answers(queue: Any) -> None:
    """The queue of Gradio's Blocks ends an event whose session has too many answers waiting, or is forgotten.

    Gradio 6.31 keeps any number of answers. For a session that is forgotten it raises KeyError, and where
    that happens while it tells who waits how long, its loop ends, and with it the queue for everybody.
    """
    send = queue.send_message

    def send_message(event: Any, message: EventMessage) -> None:
        is_last = isinstance(message, ProcessCompletedMessage)
        if has_room(queue, event.session_hash, SPARE if is_last else 0):
            send(event, message)
            return
        if not is_last:
            send_message(event, ProcessCompletedMessage(output={"error": ENDED}, success=False))
        event.alive = False  # at which Gradio closes its generator, as when a client is gone

    queue.send_message = send_message


def has_room(queue: Any, session: str, spare: int = 0) -> bool:
    """Whether one more answer may wait for this session; not where the session is forgotten."""
    waiting = queue.pending_messages_per_session.get(session)
    return waiting is not None and waiting.qsize() < MOST_WAITING + spare
