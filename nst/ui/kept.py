"""What was computed for the last few visitors, kept by session, so that looking at it computes nothing."""

import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

from ..errors import SettingsError

Item = TypeVar("Item")


class Kept(Generic[Item]):
    """At most `most` items, one a session; the one put longest ago goes first, and each after `seconds`.

    missing   the sentence for a visitor of whom nothing is kept (any more)
    """

    def __init__(self, most: int, missing: str, seconds: float) -> None:
        self.most, self.missing, self.seconds = most, missing, seconds
        self._items: OrderedDict[str, tuple[float, Item]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, session: str, item: Item) -> None:
        with self._lock:
            self._items[session] = time.monotonic(), item
            self._items.move_to_end(session)
            while len(self._items) > self.most:
                self._items.popitem(last=False)

    def get(self, session: str) -> Item:
        """Raises SettingsError where there is none (any more)."""
        with self._lock:
            if session not in self._items:
                raise SettingsError(self.missing)
            return self._items[session][1]

    def has(self, session: str) -> bool:
        return session in self._items

    def sweep(self) -> None:
        """Forget what is too old: it holds pictures, whose files are deleted by then."""
        oldest = time.monotonic() - self.seconds
        with self._lock:
            for session, (put, _) in [*self._items.items()]:
                if put < oldest:
                    del self._items[session]
