"""Presses of Stop that came before their run: the page enables Stop a moment before a run has its place."""

import time

STOP_IS_HEARD = 1.0  # seconds
MOST = 1000  # of each list: a client may press as many as it likes

Whose = tuple[str, str]  # a visitor, and the panel that Stop is of


class EarlyStops:
    """Remembers for a moment who pressed Stop where no run was, and ends the run that then comes; but not
    the next one after a run whose Stop was pressed as it ended."""

    def __init__(self) -> None:
        self._pressed: dict[Whose, float] = {}
        self._ended: dict[Whose, float] = {}

    def press(self, whose: Whose) -> None:
        """Stop was pressed, and no run was there."""
        if not _is_recent(self._ended, whose):
            _note(self._pressed, whose)

    def end(self, whose: Whose) -> None:
        """A run has ended."""
        _note(self._ended, whose)

    def take(self, whose: Whose) -> bool:
        """Whether Stop was pressed just before the run that begins now."""
        is_recent = _is_recent(self._pressed, whose)
        self._pressed.pop(whose, None)
        return is_recent


def _note(times: dict[Whose, float], whose: Whose) -> None:
    if len(times) >= MOST:
        times.clear()
    times[whose] = time.monotonic()


def _is_recent(times: dict[Whose, float], whose: Whose) -> bool:
    return time.monotonic() - times.get(whose, float("-inf")) < STOP_IS_HEARD
