"""The fold of regions: a brush on the content image and one on the style image, and a proposal for both."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
from PIL import Image

from . import status
from .brush import ON, PARTS, TOOLS, brush, with_mask
from .events import PRIVATE, in_line
from .parts import FEWEST, MASKS, MOST, parts_run
from .running.clients import client_of
from .running.runs import Runs
from .theme import html


class RegionsFold:
    """Built where it stands; wire() once the pictures are there."""

    def __init__(self) -> None:
        with gr.Accordion("Regions", open=False, elem_id="regions"):
            html(
                status.note(
                    "Paint on the content image: faces or text that stay as they are, and what is painted in "
                    "the second style. Everything else is painted in the first; where nothing is marked for "
                    "the second, in their mixture."
                )
            )
            self.brush = brush("brush", "content", TOOLS)
            html(
                status.note(
                    "A part of the content image is painted like the part of the style image in the same "
                    "colour, as sky like sky. Mark both, or have them found and change what is wrong."
                )
            )
            with gr.Row(elem_classes="proposal"):
                numbers = [(f"{number} parts", number) for number in range(FEWEST, MOST + 1)]
                self.parts = gr.Radio(
                    numbers, value=FEWEST, label="Parts", container=False, min_width=180, elem_id="parts"
                )
                self.find = gr.Button(
                    "Find parts that are alike", size="sm", min_width=180, elem_id="find-parts"
                )
            self.said = html(elem_classes="said-if-any", elem_id="parts-said")
            self.style_brush = brush("style-brush", "style", PARTS)

    @property
    def inputs(self) -> list[Any]:
        return [self.brush, self.style_brush]

    def wire(self, runs: Runs, content: gr.Image, style: gr.Image) -> None:
        self.runs = runs
        for picture, painted in ((content, self.brush), (style, self.style_brush)):
            picture.change(None, picture, painted, js=ON)
        self.find.click(
            self._found,
            [content, style, self.parts, *self.inputs],
            [self.said, *self.inputs],
            **in_line(runs),
            **PRIVATE,
        )

    def _found(
        self, request: gr.Request, content: str | None, style: str | None, parts: Any, *brushes: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Values for what is said and both brushes, whose regions are replaced at the end."""
        for frame in self.runs.stream(client_of(request), parts_run, content, style, parts):
            if frame.state == "done":
                masks = [_opened(frame.details[name]) for name in MASKS]
                values = [with_mask(value, mask) for value, mask in zip(brushes, masks, strict=True)]
                yield status.note(frame.message), *values
            else:
                kind = "refused" if frame.state == "failed" else ""
                yield status.note(frame.message, kind), gr.skip(), gr.skip()


def _opened(path: str) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")
