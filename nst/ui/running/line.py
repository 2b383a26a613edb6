"""Whose turn it is: one line, first come, first served, whose first few are being served."""

import hashlib
import threading
from dataclasses import dataclass

from ...errors import NSTError


class LineFull(NSTError):
    """There is no place in line."""


@dataclass(frozen=True, eq=False)
class Place:
    """A place in line; two are never equal."""

    visitor: str
    address: str | None = None


class Line:
    """A line whose first `slots` places have their turn; behind them at most `waiting` more.

    Gradio's own concurrency limit is no substitute: it lets the next run begin while a cancelled one is
    still inside its last step, and whoever waits there can neither see their place nor leave it.
    """

    def __init__(self, slots: int, waiting: int, per_visitor: int, per_address: int | None = None) -> None:
        self.slots, self.waiting = slots, waiting
        self.per_visitor, self.per_address = per_visitor, per_address
        self._places: list[Place] = []
        self._moved = threading.Condition()

    def enter(self, session: str, address: str | None = None) -> Place:
        """Join the end of the line. Raises LineFull at once when there is no place for this visitor, or none
        for this network address; None is not counted."""
        place = Place(visitor(session), address)
        with self._moved:
            theirs = sum(other.visitor == place.visitor for other in self._places)
            if theirs >= self.per_visitor:
                raise LineFull(
                    f"You have {theirs} of the {self.per_visitor} runs one visitor may have: "
                    "stop one, or wait until it ends."
                )
            near = sum(other.address == address for other in self._places)
            if address is not None and self.per_address is not None and near >= self.per_address:
                raise LineFull(
                    f"Your network has {near} of the {self.per_address} runs one network address may have: "
                    "please wait until one of them ends."
                )
            if len(self._places) >= self.slots + self.waiting:
                raise LineFull(
                    f"Every place is taken: {self.slots} running and {self.waiting} waiting, as many "
                    "as this app allows: please come back in a few minutes."
                )
            self._places.append(place)
        return place

    def ahead(self, place: Place) -> int:
        """How many turns must end before this one begins; 0 means it is this place's turn."""
        return max(0, self._places.index(place) - self.slots + 1)

    def wait(self, place: Place, seconds: float) -> int:
        """Wait for the turn for at most some seconds; returns ahead()."""
        with self._moved:
            self._moved.wait_for(lambda: self.ahead(place) == 0, seconds)
            return self.ahead(place)

    def leave(self, place: Place) -> None:
        """Give the place up, and so the turn."""
        with self._moved:
            self._places.remove(place)
            self._moved.notify_all()

    def __len__(self) -> int:
        return len(self._places)


def visitor(session: str) -> str:
    """A session's name within the app: the session hash is whatever a client sends, at any length."""
    return hashlib.sha256(session.encode(errors="replace")).hexdigest()
