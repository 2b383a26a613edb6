"""Of a session Gradio keeps its states and what answers changed on its page, and nothing that was sent."""

import os
from copy import copy
from types import SimpleNamespace
from typing import Any

from gradio.state_holder import SessionState

_NO_PAGE: Any = SimpleNamespace(blocks={}, default_config=SimpleNamespace(blocks={}))


def keep_no_events() -> None:
    """Before the page is built: Gradio 6.31 keeps who began the last 10 000 events and when, for a dashboard
    that is closed here, and makes a table of them at the end of each, in 0.04 s."""
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")  # at least
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))  # events from one table to the next


def keep_states_alone() -> None:
    """Gradio 6.31 also keeps the whole page with what each input was last sent, for links to a page as it is,
    which are closed here (guard.py): 0.6 MiB that take 0.03 s to make, and up to a body's size an input."""
    begin = SessionState.__init__

    def begin_without_page(self: SessionState, blocks: Any) -> None:
        begin(self, _NO_PAGE)
        self.blocks_config = copy(blocks.default_config)

    kept: Any = SessionState
    kept.__init__ = begin_without_page
    kept._update_config = kept._update_value_in_config = lambda *_: None
