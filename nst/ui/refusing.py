"""A file that is no picture is refused as soon as it is brought, and not first when Paint is pressed; what
that refuses is said no longer than it may hold.
"""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ..decoding import read_text
from ..errors import Busy, ImageRefused
from . import status
from .events import follow
from .upload import Upload

# As a person would: a value for the input from its own change event would make Gradio send that event again.
# And only what was refused, as another picture may have been brought meanwhile.
REMOVE = """
(said) => {{
  const refused = /data-refused="([^"]+)"/.exec(said ?? '')?.[1];
  const input = document.querySelector('#{}');
  if (refused && input?.querySelector('img')?.src.includes(refused))
    input.querySelector('[aria-label="Remove Image"]')?.click();
}}
"""
# Something else was used after a refusal: it may be mended, and Paint says it again if it is not. How a run
# failed stays. Gradio's own change comes late on a slow machine, and would hide what Paint says meanwhile. A
# finger that scrolls the page ends in no pointerup, and a key may only move or copy.
FORGET_REFUSAL = """
() => {
  const pressed = ['Enter', ' ', 'Backspace', 'Delete'];
  const used = 'button, input, textarea, label, canvas, [role=tab], [role=option], [data-index]';
  const forget = ({type, target, key}) => {
    if (target.closest?.('#said, .row:has(> #run)')) return;
    if (type === 'keydown' && !pressed.includes(key)) return;
    if (type === 'pointerup' && !target.closest?.(used)) return;
    const refusal = document.querySelector('#said [data-refused]');
    if (refusal) refusal.style.display = 'none';
  };
  const kinds = ['pointerup', 'keydown', 'input', 'change', 'drop', 'paste'];
  for (const kind of kinds) document.addEventListener(kind, forget, true);
}
"""


def refuse_at_once(upload: Upload, said: gr.HTML) -> None:
    """Empty the input again when what is brought is no picture, and say why in `said`; else empty that."""
    looked = follow([upload.change], _looked_at, [upload], [said])
    looked.then(None, said, None, js=REMOVE.format(upload.elem_id))


def _looked_at(path: str | None) -> Any:
    """HTML for `said`. The header's first bytes alone are read: all else the run will say."""
    if path is None:
        return gr.skip()
    try:
        read_text(path)
    except Busy:
        return ""
    except ImageRefused as error:
        # The folder's name is the checksum of what is in it.
        return (
            f'<div data-refused="{escape(Path(path).parent.name)}">{status.note(str(error), "refused")}</div>'
        )
    return ""
