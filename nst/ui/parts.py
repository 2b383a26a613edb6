"""Parts of a content and a style image that are alike: the run that proposes them, and /parts_alike."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import gradio as gr

from ..decoding import Decoded
from ..errors import ImageRefused, SettingsError, shown
from ..images import save_png
from ..recipe import MASKS
from ..settings import FEWEST_PARTS, MOST_PARTS
from .api import error_of
from .events import in_line
from .opening import opened_pair
from .running.clients import client_of
from .running.frames import Frame
from .running.limits import Limits
from .running.runs import Runs
from .running.workspace import asked_to_stop
from .unchecked import Number
from .upload import Upload

SIDE = 512  # as alike.py has it


def parts_run(
    folder: str, limits: Limits, content: str | None, style: str | None, parts: float
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun; the last
    one's details are the paths of MASKS. Raises ImageRefused or SettingsError with one sentence."""
    if isinstance(parts, bool) or parts not in range(FEWEST_PARTS, MOST_PARTS + 1):
        raise SettingsError(
            f"Parts must be a whole number from {FEWEST_PARTS} to {MOST_PARTS}, not {shown(parts)}."
        )
    if not content or not style:
        raise ImageRefused("Parts that are alike are of two pictures: choose a content and a style image.")
    return _in_turn(folder, opened_pair(folder, content, style, SIDE), int(parts))


def _in_turn(folder: str, opened: Sequence[Decoded], parts: int) -> Iterator[Frame]:
    from ..alike import parts_alike  # and torch

    yield Frame("working", "Looking for parts that are alike.")
    content, style = (one.take() for one in opened)
    masks = parts_alike(content, style, parts, device="cpu")
    if asked_to_stop(folder):
        yield Frame("stopped", "Stopped: nothing was proposed.")
        return
    paths = {name: str(Path(folder, f"{name}.png")) for name in MASKS}
    for mask, path in zip(masks, paths.values(), strict=True):
        save_png(mask, path)
    yield Frame(
        "done", "Proposed: the same colour is painted alike. Change it with the brush.", details=paths
    )


def add_parts_alike(runs: Runs) -> None:
    """Add the endpoint to the Blocks being built."""
    inputs = [
        *(Upload(label=name, visible=False) for name in ("content", "style")),
        Number(
            FEWEST_PARTS, label="parts", minimum=FEWEST_PARTS, maximum=MOST_PARTS, precision=0, visible=False
        ),
    ]
    outputs = [gr.Image(visible=False, type="filepath", label=name) for name in MASKS]
    gr.Button(visible=False).click(
        PartsEndpoint(runs).parts_alike, inputs, outputs, api_name="parts_alike", **in_line(runs)
    )


class PartsEndpoint:
    """Holds the runs for parts_alike(), whose name, signature and docstring are what clients see."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    def parts_alike(
        self, content: str, style: str, request: gr.Request, parts: int = FEWEST_PARTS
    ) -> tuple[str, str]:
        """Propose which parts of a content image are painted like which parts of a style image.

        Args:
            content: The picture to repaint, a JPEG, PNG or WebP file.
            style: The picture to paint like, a JPEG, PNG or WebP file.
            parts: How many kinds of parts.

        Returns:
            Two masks for /transfer, mask and style_mask, in which parts that are alike have the same colour.
        """
        *_, last = self.runs.stream(client_of(request), parts_run, content, style, parts)
        if last.state != "done":
            raise error_of(last.message)
        return last.details["mask"], last.details["style_mask"]
