"""A painting's settings as something to run elsewhere: Python, a shell command, or requests to this app."""

import json
import os
import shlex
from collections.abc import Sequence
from html import escape
from typing import Any

from ..arguments import unseen
from ..images import MASK_SIDE
from ..recipe import MASKS
from ..settings import Settings
from ..settings_text import write_layers, write_number
from .gallery import Pair
from .shares import ORDINALS
from .status import ELSEWHERE

# The names of the pictures, which stay the visitor's.
CONTENT = "photo.jpg"
STYLES = ("painting.jpg", "painting-2.jpg", "painting-3.jpg", "painting-4.jpg")
OTHERS = {"start": "earlier.png", "mask": "mask.png", "style_mask": "style-mask.png"}
# How the page and the command line load them.
LOADED = {"start": 'load_painting("{}")', **dict.fromkeys(MASKS, f'load_picture("{{}}", {MASK_SIDE})')}


def changed(settings: Settings) -> dict[str, Any]:
    """The settings that differ from the defaults, and always the seed; weights from a file are left out."""
    start, found = Settings().to_dict(), settings.to_dict()
    return {name: value for name, value in found.items() if value != start[name] or name == "seed"}


def as_python(settings: Settings, others: Sequence[str] = ()) -> str:
    """A program that paints the same picture; others: what it was given beside content and style images."""
    given = ", ".join(f"{name}={value!r}" for name, value in changed(settings).items())
    content = "None" if settings.is_texture else f'load_picture("{CONTENT}")'
    loaders = "load_painting, load_picture" if "start" in others else "load_picture"
    rest = "".join(f", {name}={LOADED[name].format(OTHERS[name])}" for name in others)
    return (
        f"from nst import Settings, {loaders}, stylize\n\n"
        f"settings = Settings({given})\n"
        f"content = {content}\n"
        f"styles = [load_picture(name) for name in {list(_styles(settings))}]\n"
        f"for progress in stylize(content, styles, settings{rest}):\n"
        '    print(progress.doing, progress.evaluation, "of", progress.of)\n'
        'progress.image.save("result.png")\n'
    )


def as_command(settings: Settings, others: Sequence[str] = ()) -> str:
    """The command line of the same, without what it would refuse as nothing is seen of it."""
    content = [] if settings.is_texture else [CONTENT]
    words = ["python", "-m", "nst", *content, *_styles(settings), "-o", "result.png"]
    for name in others:
        words += [_flag(name), OTHERS[name]]
    given = changed(settings)
    without_effect = unseen(given, settings)
    for name, value in given.items():
        words += [] if name in without_effect else _option(name, value)
    return shlex.join(words)


def _styles(settings: Settings) -> tuple[str, ...]:
    return STYLES[: max(1, len(settings.style_weights))]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _option(name: str, value: Any) -> list[str]:
    flag = _flag(name)
    if isinstance(value, dict | tuple):
        return [flag, _sent(value)]
    if value is True:
        return [flag]
    text = write_number(value) if isinstance(value, float) else str(value)
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]  # -1e-05 would be read as an option


def as_requests(settings: Settings, address: str, others: Sequence[str] = ()) -> str:
    """Requests with curl to this app at its address: upload, begin, wait for the result."""
    given = {name: _sent(value) for name, value in changed(settings).items()}
    rest = "".join(f', "{name}": {json.dumps(value)}' for name, value in given.items())
    for ordinal, file in zip(ORDINALS, _styles(settings)[1:], strict=False):
        rest += f", \"{ordinal}_style\": '$(file {file})'"
    for name in others:
        rest += f", \"{name}\": '$(file {OTHERS[name]})'"
    content = "null" if settings.is_texture else f"'$(file {CONTENT})'"
    body = f'{{"content": {content}, "style": \'$(file {STYLES[0]})\'{rest}}}'
    return (
        f"APP={shlex.quote(address)}\n"
        'file() { curl -s -F "files=@$1" "$APP/gradio_api/upload" |\n'
        """  sed 's/.*\\["\\(.*\\)"\\].*/{"path": "\\1", "meta": {"_type": "gradio.FileData"}}/'; }\n"""
        f"BODY='{body}'\n"
        'EVENT=$(curl -s -H "Content-Type: application/json" -d "$BODY" \\\n'
        """  "$APP/gradio_api/call/v2/transfer" | sed 's/.*"event_id": *"\\([^"]*\\)".*/\\1/')\n"""
        'curl -s -N "$APP/gradio_api/call/transfer/$EVENT"\n'
    )


def address_of(origin: str | None) -> str:
    """This app's address for a page from that origin; behind a proxy it may lie under a path."""
    under = os.environ.get("GRADIO_ROOT_PATH", "").rstrip("/")
    return under if under.startswith("http") else f"{origin or 'http://127.0.0.1:7860'}{under}"


def _sent(value: Any) -> Any:
    """A value as the endpoint takes it: layers and weights as text."""
    if isinstance(value, dict):
        return ",".join(write_layers(value))
    return ",".join(map(write_number, value)) if isinstance(value, tuple) else value


def preview_head(title: str, about: str, example: Pair | None) -> str:
    """The page's head: what others show of it where it is shared (Open Graph). A Space knows its address."""
    host = os.environ.get("SPACE_HOST", "")
    base = f"https://{host}" if host else ""
    tags = {"og:title": title, "og:description": about, "og:type": "website"}
    if example:
        tags["og:image"] = f"{base}/gradio_api/file={example.outcome}"
    if base:
        tags["og:url"] = base
    lines = [f'<meta property="{name}" content="{escape(text)}">' for name, text in tags.items()]
    return "\n".join([*lines, f'<meta name="description" content="{escape(about)}">'])


def source_link() -> str:
    """HTML of a link to the code, on a Space; elsewhere whoever runs the page has it."""
    space = os.environ.get("SPACE_ID", "")
    if not space:
        return ""
    address = f"https://huggingface.co/spaces/{escape(space)}/tree/main"
    return f'<p class="note credits"><a {ELSEWHERE} href="{address}">The source of this page</a></p>'
