"""Of a session Gradio keeps its states and what answers changed on its page, and nothing that was sent."""

from copy import copy
from types import SimpleNamespace
from typing import Any

from gradio.state_holder import SessionState

_NO_PAGE: Any = SimpleNamespace(blocks={}, default_config=SimpleNamespace(blocks={}))


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
