"""How it works of one painting, kept in one file: what the tab shows before anything is measured."""

import base64
import json
import re
from hashlib import sha256
from html import escape
from pathlib import Path
from urllib.parse import quote

from . import status
from .example_sheets import SHEETS, served_folder

FILE = "how.json"
PICTURE = re.compile(r"data:image/(jpeg|png);base64,([A-Za-z0-9+/=]+)")
# What only answers to a pointer is left out: the entries of the matrices, some hundred kB, and how to ask.
ENTRIES = re.compile(r' data-values="[^"]*"| tabindex="0" role="application"|<p class="entry[^>]*>[^<]*</p>')


def write_how(pictures: tuple[str, str], evaluations: int, parts: dict[str, str], path: Path) -> None:
    """Write the HTML of the tab's parts for a painting of two example pictures, named."""
    kept = {name: ENTRIES.sub("", html) for name, html in parts.items()}
    what = {"pictures": pictures, "evaluations": evaluations, "parts": kept}
    path.write_text(json.dumps(what, ensure_ascii=False, indent=1) + "\n")


def example_how(folder: Path = SHEETS) -> str:
    """HTML of the example, for a page being built; empty where there is none."""
    path = folder / FILE
    if not path.is_file():
        return ""
    kept = json.loads(path.read_text())
    content, style = kept["pictures"]
    note = status.note(
        f"An example: {content} × {style}, after {kept['evaluations']} evaluations. Press Measure for the "
        "numbers of your own painting, at each of its moments."
    )
    parts = "".join(f"<div>{PICTURE.sub(_served, html)}</div>" for html in kept["parts"].values())
    return f'{note}<div class="example">{parts}</div>'


def _served(found: re.Match[str]) -> str:
    """The address of a picture that was inside the HTML: a page of its own size is loaded sooner."""
    data = base64.b64decode(found[2])
    file = served_folder() / f"how-{sha256(data).hexdigest()[:16]}.{found[1]}"
    file.write_bytes(data)
    return escape(f"gradio_api/file={quote(str(file))}")
