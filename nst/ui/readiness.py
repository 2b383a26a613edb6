"""Which features the next run will have, found out once in the background while the page is already up."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import NSTError
from ..layers import deepest
from ..settings import Settings

LOG = logging.getLogger(__name__)
PATIENCE = 0.4  # seconds between two looks of a page that waits


@dataclass(frozen=True)
class Readiness:
    """What is known so far: a sentence for the badge, whether it is still going on, and how it ended.

    self_taught   VGG-19 could not be had: the banner and its Retry button belong on the page
    """

    said: str = "Looking for VGG-19"
    loading: bool = True
    self_taught: bool = False


class Scout:
    """Finds the default filters in a daemon thread, so that the first visitor need not wait for them."""

    def __init__(self) -> None:
        self.now = Readiness()
        self._beginning = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start looking, unless a search is under way."""
        with self._beginning:
            if self._thread and self._thread.is_alive():
                return
            self.now = Readiness()
            self._thread = threading.Thread(target=self._look, name="filters", daemon=True)
            self._thread.start()

    def again(self) -> None:
        """Forget that the network could not be reached, and look once more."""
        from ..weights import forget_failure

        forget_failure()
        self.begin()

    def watch(self) -> Iterator[Readiness]:
        """Each change until the search ends: what a newly opened page shows."""
        shown = None
        while (now := self.now) != shown or now.loading:
            if now != shown:
                yield now
            shown = now
            if now.loading and self._thread:
                self._thread.join(PATIENCE)

    def _look(self) -> None:
        from ..weights import find_filters  # and torch: the page is served before it is there

        search = find_filters("auto", deepest(Settings().layers))
        try:
            while True:
                self.now = Readiness(str(next(search)))
        except StopIteration as end:
            found = end.value
            label = found.label if found else "self-taught filters"
            self.now = Readiness(label, loading=False, self_taught=found is None)
        except NSTError as error:
            self.now = Readiness(str(error), loading=False)
        except Exception:
            LOG.exception("The search for filters failed")
            self.now = Readiness("decided when a run begins", loading=False)
        LOG.info("Features: %s", self.now.said)
