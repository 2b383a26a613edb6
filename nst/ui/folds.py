"""What folds of the Transfer tab share."""

from typing import Any

import gradio as gr


def titled(title: str, is_used: bool) -> Any:
    """The fold, which says when something in it counts though it is closed."""
    return gr.Accordion(label=f"{title} · in use" if is_used else title)
