"""Names that Gradio keeps for as long as it runs: of uploads that are over, and of files that were swept."""

import os
import time
from collections.abc import Iterable
from typing import Any

from .uploading import LONGEST


class OldUploads:
    """Forgets, at a second look, the uploads whose progress was asked for and that never began, or that have
    ended; and any that began longer ago than an upload may take.

    statuses   Gradio's FileUploadProgress
    """

    def __init__(self, statuses: Any) -> None:
        self._statuses = statuses
        self._since: dict[str, float] = {}
        self._over: set[str] = set()

    def forget(self) -> None:
        # Copies, each made in one step: the server's thread adds to these and takes from them.
        begun, known = {**self._statuses._statuses}, [*self._statuses._signals]
        now = time.monotonic()
        self._since = {name: self._since.get(name, now) for name in known}
        over = {name for name in known if name not in begun or begun[name].is_done}
        too_long = {name for name, since in self._since.items() if now - since > LONGEST}
        for name in over & self._over | too_long:
            self._statuses._statuses.pop(name, None)
            self._statuses._signals.pop(name, None)
        self._over = over


def forget_files(sets: Iterable[set[str]]) -> None:
    """Take the names of files that are no longer there out of these sets, which Gradio only adds to."""
    for files in sets:
        files -= {file for file in [*files] if not os.path.lexists(file)}
