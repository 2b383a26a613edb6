"""What the JSON in a request may hold: no foreign file, no text that cannot be written, no endless name."""

import json
import os
from contextlib import suppress
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
NO_SESSION = f"A session's name must be a text of 1 to {LONGEST_SESSION} characters: please reload the page."
# Resolving a path takes time that grows with the square of its parts.
LONGEST_PATH, MOST_PARTS = 1000, 40
MOST_NAMED = 100  # files; the page sends fourteen at most
TOO_MANY_NAMED = f"This request names more than {MOST_NAMED} files: please send fewer."


def is_own_file(path: str) -> bool:
    """Whether the path is of a file uploaded to this app, made by it, or served with it as an example. The
    file may be gone."""
    if len(path) > LONGEST_PATH or len(Path(path).parts) > MOST_PARTS:
        return False
    uploads = Path(get_upload_folder()).resolve()
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.lstat(path)  # resolve() takes a name too long for any file, which Gradio then fails on
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
    if isinstance(whole, dict) and (sentence := _refusal_of_session(whole.get("session_hash"))):
        return sentence
    waiting, files = [whole], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            files += "meta" in value
            if files > MOST_NAMED:  # each is looked up on the disk
                return TOO_MANY_NAMED
            if _is_foreign(value):
                return ONLY_UPLOADS
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and not _is_text(value):
            return BROKEN_TEXT
    return None


def _refusal_of_session(session: Any) -> str | None:
    """Of no session there is none. Gradio's queue takes an empty name for none, and its list of answers takes
    it for a name: it would look for answers that are not there, and end for everybody."""
    if session is None:
        return None
    if not isinstance(session, str) or not session:
        return NO_SESSION
    return LONG_SESSION if len(session) > LONGEST_SESSION else None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_foreign(value: dict[str, Any]) -> bool:
    """Whether it is a file that is not is_own_file(), or one in a data: URL."""
    path, url, is_file = value.get("path"), value.get("url"), "meta" in value
    in_url = isinstance(url, str) and url.startswith("data:")
    return in_url or (is_file and isinstance(path, str) and not is_own_file(path))
