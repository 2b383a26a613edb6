"""The fold of regions: a brush on the content image and one on the style image, and a proposal for both."""

import secrets
from collections.abc import Iterator
from typing import Any

import gradio as gr

from ..images import open_own
from ..recipe import MASKS
from ..settings import FEWEST_PARTS, MOST_PARTS
from . import status
from .brush import ON, PARTS, TOOLS, address_of, brush, mask_url
from .parts import parts_run
from .run_panel import run_in_a_fold
from .running.clients import client_of
from .running.runs import Runs
from .theme import html

NAME = "parts"

# A picture that was changed meanwhile keeps its own regions: the proposal is of another.
PROPOSE = """
(proposal, said, ...brushes) => {
  if (!proposal) return [said, ...brushes];
  if (brushes.some((brush, n) => (brush?.picture ?? '') !== proposal.pictures[n])) return ['', ...brushes];
  const marked = (brush, n) => ({...brush, mask: proposal.masks[n], proposal: proposal.number});
  return [said, ...brushes.map(marked)];
}
"""


class RegionsFold:
    """Built where it stands; wire() once the pictures are there."""

    def __init__(self) -> None:
        with gr.Accordion("Regions", open=False, elem_id="regions"):
            html(
                status.note(
                    "Paint on the content image: red for what stays as it is, such as a face or text; blue "
                    "for what is painted in the second style. All else is painted in the first style, or, "
                    "if there is no blue, in the mixture of both."
                )
            )
            self.brush = brush("brush", "content", TOOLS)
            html(
                status.note(
                    "A part of the content image is painted like the part of the style image in the same "
                    "colour: sky like sky, for example. Mark both, or have them found and change what is "
                    "wrong."
                )
            )
            with gr.Row(elem_classes="proposal"):
                numbers = [(f"{number} parts", number) for number in range(FEWEST_PARTS, MOST_PARTS + 1)]
                self.parts = gr.Radio(
                    numbers,
                    value=FEWEST_PARTS,
                    label="Parts",
                    container=False,
                    scale=2,
                    min_width=196,
                    elem_id="parts",
                )
                self.find = gr.Button(
                    "Find parts that are alike", size="sm", scale=2, min_width=165, elem_id="find-parts"
                )
                self.stop = gr.Button("Stop", size="sm", scale=1, min_width=62, interactive=False)
            self.proposal = gr.JSON(visible=False)
            self.said = html(elem_classes="said-if-any", elem_id="parts-said")
            self.style_brush = brush("style-brush", "style", PARTS)

    @property
    def inputs(self) -> list[Any]:
        return [self.brush, self.style_brush]

    def wire(self, runs: Runs, content: gr.Image, style: gr.Image) -> None:
        self.runs = runs
        for picture, painted in ((content, self.brush), (style, self.style_brush)):
            picture.change(None, [picture, painted], [painted, self.said], js=ON)
        found = run_in_a_fold(
            runs,
            NAME,
            [self.find, self.stop],
            self._found,
            [content, style, self.parts, *self.inputs],
            [self.said, self.proposal],
        )
        both = [self.said, *self.inputs]
        found.then(None, [self.proposal, *both], both, js=PROPOSE)

    def _found(
        self, request: gr.Request, content: str | None, style: str | None, parts: Any, *brushes: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Values for what is said and the proposal, which replaces the regions of both brushes at the end."""
        for frame in self.runs.stream(client_of(request, NAME), parts_run, content, style, parts):
            if frame.state == "done":
                masks = [mask_url(open_own(frame.details[name])) for name in MASKS]
                number = secrets.token_hex(8)
                proposal = {"pictures": [*map(address_of, brushes)], "masks": masks, "number": number}
                yield status.note(frame.message), proposal
            else:
                kind = "refused" if frame.state == "failed" else ""
                yield status.note(frame.message, kind), None
