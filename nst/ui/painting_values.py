"""A run of the Transfer tab as values for the page, while it goes on."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from . import curves, status
from .run_panel import now_and_then
from .running.frames import Frame
from .shown import Shown

DRAW_EVERY = 0.8  # seconds between two drawings of the curves


def painting_values(
    frames: Iterable[Frame], begun: Shown, first: str | None
) -> Iterator[tuple[str | None, str, Any, Any, Shown]]:
    """Values for `going`, a few times a second: live picture, status, curves, badge and what was shown.

    begun   the run without a Frame
    first   path of the picture that is seen until there is one

    The live picture is always a path and never an update: Gradio would forget to delete what follows.
    """
    seen: list[Frame] = []
    drawn, next_drawing = "", 0.0
    for frame in now_and_then(_remembered(frames, seen)):
        if frame.is_last or time.monotonic() >= next_drawing:
            drawn, next_drawing = curves.draw(seen), time.monotonic() + DRAW_EVERY
        badge = status.badge(frame.features, frame.device) if frame.features else gr.skip()
        every = tuple(seen) if frame.is_last else ()
        shown = replace(begun, frame=frame, painted=every)
        costs = drawn if seen or frame.picture else gr.skip()  # those of the last painting stay until then
        yield frame.picture or first, status.progress(frame), costs, badge, shown


def _remembered(frames: Iterable[Frame], seen: list[Frame]) -> Iterator[Frame]:
    """The Frames; each one of another evaluation is added to the list on its way."""
    for frame in frames:
        if frame.costs and (not seen or frame.evaluation > seen[-1].evaluation):
            seen.append(frame)
        yield frame
