"""The tabs Layers × α/β and Reconstruct: a few controls beside a sheet of many small pictures."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
from PIL import Image

from ..settings import Settings
from ..studies.board import GRID, LARGEST, RECONSTRUCT, SMALLEST
from .boards import DEFAULTS, board_run
from .events import QUIET
from .form import LABELS, weights_choice
from .running.clients import client_of
from .running.frames import Frame
from .running.runs import Runs
from .sheet_panel import About, Given, SheetPanel, sheet_values, spot_at
from .theme import html
from .transfer_tab import TransferTab

ABOUT_GRID = About(
    "How many layers, how much content?",
    (
        "Every picture below is the same optimisation from the same start; only two things differ.",
        "From top to bottom the style cost reads more layers: with conv1_1 alone the style is colour and "
        "grain, with deeper ones strokes and whole shapes.",
        "From left to right α/β grows: on the left the picture is nearly pure texture, on the right nearly "
        "the photograph; look for the column in which you still like both.",
    ),
    "After Gatys, Ecker & Bethge, “A Neural Algorithm of Artistic Style” (2015), figure 3.",
)

ABOUT_RECONSTRUCT = About(
    "What does each layer keep?",
    (
        "A picture is grown from white noise until one layer answers to it as it answers to yours: whatever "
        "then differs, that layer does not see.",
        "In the upper row, from the content cost, fine detail goes with depth while the arrangement stays; "
        "in the lower row, from the style cost, texture grows in scale and the arrangement is gone.",
        "The comparison of optimisers shows one and the same cost after 100 to 500 evaluations of L-BFGS, "
        "Adam and gradient descent, with their curves on one plot.",
    ),
    "After Gatys, Ecker & Bethge (2015), figure 1, and Mahendran & Vedaldi (2015).",
)

WHAT = {"Content and style, layer by layer": "reconstruct", "Three optimisers": "optimizers"}


class GridTab:
    """Layers × α/β. A cell of the finished sheet opens in Transfer with its settings."""

    def __init__(self, runs: Runs, given: Given, transfer: TransferTab, tabs: gr.Tabs) -> None:
        self.runs, self.given, self.transfer = runs, given, transfer
        html(ABOUT_GRID.html)
        html(given.note)
        with gr.Row():
            self.size = _size(GRID)
            self.evaluations = _evaluations(GRID)
            self.init = gr.Radio(
                [("Noise", "noise"), ("The content image", "content")], value="noise", label=LABELS["init"]
            )
            self.weights = weights_choice()
        self.panel = SheetPanel(
            "grid", "Paint the grid", "A sheet of paintings: rows add style layers, columns α/β"
        )
        with gr.Row(visible=False) as self.opening:
            self.cell = gr.Dropdown(
                [], label="A picture of the sheet", elem_id="grid-cell", scale=3, min_width=260
            )
            self.open = gr.Button("Open in Transfer", elem_id="grid-open", scale=1, min_width=150)
        pair = [transfer.content, transfer.style]
        ended = self.panel.wire(
            runs, self.paint, [*pair, self.size, self.evaluations, self.init, self.weights]
        )
        ended.then(_cells, self.panel.shown, [self.opening, self.cell], **QUIET)
        self.panel.sheet.select(_pressed, self.panel.shown, self.cell, **QUIET)
        self.open.click(
            self._open,
            [self.panel.shown, self.cell, *pair],
            [tabs, *pair, *transfer.form.filled],
            **QUIET,
        )

    def paint(
        self,
        request: gr.Request,
        content: str | None,
        style: str | None,
        size: float,
        evaluations: float,
        init: str,
        weights: str,
    ) -> Iterator[tuple[Any, str, Frame]]:
        changes = {"size": size, "evaluations": evaluations, "init": init, "weights": weights}
        pair = self.given.both(content, style)
        yield from sheet_values(self.runs.stream(client_of(request), board_run, "grid", *pair, changes))

    def _open(
        self, shown: Frame | None, label: str | None, content: str | None, style: str | None
    ) -> list[Any]:
        """Values for the tabs, the two pictures and the form."""
        spot = next((spot for spot in (shown.spots if shown else ()) if spot.label == label), None)
        if spot is None:
            raise gr.Error("Choose a picture of the sheet first.", print_exception=False)
        settings = self.transfer.form.fitted(spot.settings)
        pictures = self.given.both(content, style)
        return [gr.Tabs(selected="transfer"), *pictures, *self.transfer.form.fill(settings)]


class ReconstructTab:
    """What each layer keeps of the content and of the style; and three optimisers side by side."""

    def __init__(self, runs: Runs, given: Given, transfer: TransferTab) -> None:
        self.runs, self.given = runs, given
        html(ABOUT_RECONSTRUCT.html)
        html(given.note)
        with gr.Row():
            self.what = gr.Radio(list(WHAT), value=next(iter(WHAT)), label="What", elem_id="reconstruct-what")
            self.size = _size(RECONSTRUCT)
            self.evaluations = _evaluations(RECONSTRUCT)
            self.weights = weights_choice()
        self.what.input(lambda what: DEFAULTS[WHAT[what]].evaluations, self.what, self.evaluations, **QUIET)
        self.panel = SheetPanel("reconstruct", "Reconstruct", "A sheet of pictures, one for each layer")
        inputs = [transfer.content, transfer.style, self.what, self.size, self.evaluations, self.weights]
        self.panel.wire(runs, self.paint, inputs)

    def paint(
        self,
        request: gr.Request,
        content: str | None,
        style: str | None,
        what: str,
        size: float,
        evaluations: float,
        weights: str,
    ) -> Iterator[tuple[Any, str, Frame]]:
        changes = {"size": size, "evaluations": evaluations, "weights": weights}
        kind, pair = WHAT.get(what, "reconstruct"), self.given.both(content, style)
        yield from sheet_values(self.runs.stream(client_of(request), board_run, kind, *pair, changes))


def _cells(shown: Frame | None) -> tuple[Any, Any]:
    """The row that opens a cell, once there are any, and what there is to choose from."""
    labels = [spot.label for spot in shown.spots] if shown else []
    return gr.Row(visible=bool(labels)), gr.Dropdown(labels, value=labels[0] if labels else None)


def _pressed(shown: Frame | None, event: gr.SelectData) -> Any:
    """The label of the picture that was pressed on the finished sheet."""
    if not shown or not shown.result or not isinstance(event.index, list | tuple) or len(event.index) != 2:
        return gr.skip()
    with Image.open(shown.result) as sheet:
        spot = spot_at(shown, [float(value) for value in event.index], sheet.size)
    return spot.label if spot else gr.skip()


def _size(start: Settings) -> gr.Slider:
    return gr.Slider(
        SMALLEST, LARGEST, start.size, step=16, label=LABELS["size"], info="Longer side of each, in pixels."
    )


def _evaluations(start: Settings) -> gr.Slider:
    return gr.Slider(
        10,
        500,
        start.evaluations,
        step=10,
        label="Evaluations",
        info="Of each picture: more is finer, and slower.",
    )
