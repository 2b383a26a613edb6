"""What the JSON in a request may hold: no foreign file, no text that cannot be written, no endless name."""

import json
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder, is_static_file

from .clients import LONGEST_SESSION

ONLY_UPLOADS = (
    "Pictures are accepted as uploaded files only, not as addresses, data: URLs or paths: "
    "please save the picture and upload it."
)
BROKEN_TEXT = "This request holds half a character (a lone surrogate): please send text in UTF-8."
MOST_VALUES = 5000  # a press on Paint with every fold open sends some sixty
TOO_MANY_VALUES = f"This request has more than {MOST_VALUES} values: please send plain settings."
TOO_DEEP = "This request is nested too deeply: please send plain values."
LONG_SESSION = f"A session's name may have at most {LONGEST_SESSION} characters: please reload the page."


def is_own_file(path: str) -> bool:
    """Whether the path is of a file uploaded to this app, made by it, or served with it as an example."""
    uploads = Path(get_upload_folder()).resolve()
    try:
        return Path(path).resolve().is_relative_to(uploads) or is_static_file(path)
    except (OSError, ValueError):  # too long a name; a NUL in it
        return False


def refusal_of(body: bytes) -> str | None:
    """The sentence with which a body is refused, None for one that may pass. What is not JSON passes, and is
    refused by who wants JSON."""
    if body.count(b",") > MOST_VALUES:  # a MiB of them would take half a second to read, for all who wait
        return TOO_MANY_VALUES
    try:
        whole = json.loads(body)
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return None
    if isinstance(whole, dict) and _is_long(whole.get("session_hash")):
        return LONG_SESSION
    waiting = [whole]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if _is_foreign(value):
                return ONLY_UPLOADS
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and not _is_text(value):
            return BROKEN_TEXT
    return None


def _is_long(session: Any) -> bool:
    return isinstance(session, str) and len(session) > LONGEST_SESSION


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_foreign(value: dict[str, Any]) -> bool:
    """Whether it is a file that is not is_own_file(), or one in a data: URL."""
    path, is_file = value.get("path"), "meta" in value
    return str(value.get("url")).startswith("data:") or (
        is_file and isinstance(path, str) and not is_own_file(path)
    )
