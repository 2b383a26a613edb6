"""How the page's events run: without Gradio's own progress display, and which of several answers counts."""

from typing import Any

Options = dict[str, Any]
HIDDEN: Options = {"show_progress": "hidden", "api_visibility": "private"}
QUIET: Options = {"queue": False, **HIDDEN}
# What is typed or pressed while one answer is under way Gradio forgets by default; so the last of it counts.
LATEST: Options = {"trigger_mode": "always_last"}
PANEL: Options = {"concurrency_id": "panels", "concurrency_limit": 2, **HIDDEN}
