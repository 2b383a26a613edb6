"""The tabs Layers × α/β and Reconstruct: a few controls beside a sheet of many small pictures."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from ..studies.board import LARGEST, SMALLEST
from . import status
from .boards import board_run, usual
from .events import EACH, LATEST, QUIET, SHOW, SHOW_NOTE, TO_TAB, TOLD
from .example_sheets import ExampleSheets
from .form import weights_choice
from .labels import LABELS
from .refilling import CHOOSE_AGAIN
from .running.clients import client_of
from .running.limits import Limits
from .running.runs import Runs
from .sheet_estimate import SheetEstimate
from .sheet_panel import SheetPanel
from .sheet_view import OnSheet
from .shown import is_gone
from .study import About, Given
from .theme import html
from .transfer_tab import TransferTab
from .unchecked import Slider

ABOUT_GRID = About(
    "Which layers make the style?",
    (
        "All pictures below have the same start and the same optimisation.",
        "From top to bottom the style cost uses more layers: with conv1_1 alone the style is colour and "
        "grain, with deeper layers strokes and whole shapes.",
        "From left to right α/β grows: on the left the style is strongest, on the right the picture is "
        "nearly the photograph. Look for the column in which you still see both. (γ is larger where β is.)",
    ),
    "After Gatys, Ecker & Bethge, “A Neural Algorithm of Artistic Style” (2015), figure 3. Its conv1_1 is "
    "read after the ReLU: it is relu1_1 in Transfer.",
)

ABOUT_RECONSTRUCT = About(
    "What does each layer keep?",
    (
        "In the first sheet each picture starts as white noise and is changed until one layer responds to it "
        "as it does to your picture. What still differs is what this layer does not see.",
        "Upper row, content cost: the deeper the layer, the more fine detail is lost; the arrangement stays. "
        "Lower row, style cost: with more layers the texture grows larger; the arrangement is lost.",
        "Two more sheets. Seven statistics, the Gram matrix first, from the same noise. Three optimisers on "
        "one cost, after 100 to 500 evaluations, with their curves: gradient descent follows the gradient, "
        "Adam scales each pixel’s step, and L-BFGS estimates from its last steps how J curves.",
    ),
    "After Gatys, Ecker & Bethge (2015), figure 1, and Mahendran & Vedaldi (2015). conv1_1 is read after the "
    "ReLU: it is relu1_1 in Transfer.",
)

WIDTH = 200  # pixels of a control: its help takes a line or two

SHOW_CARD = SHOW.format(".chosen", "nearest")  # of a picture at the edge of the window

WHAT = {
    "Content and style, layer by layer": "reconstruct",
    "Seven statistics of style": "statistics",
    "Three optimisers": "optimizers",
}


class GridTab:
    """Layers × α/β. A picture of the finished sheet opens in Transfer with its settings."""

    title = ABOUT_GRID.title

    def __init__(
        self, runs: Runs, given: Given, examples: ExampleSheets, transfer: TransferTab, tabs: gr.Tabs
    ) -> None:
        self.runs, self.given, self.transfer = runs, given, transfer
        html(ABOUT_GRID.html)
        html(given.note)
        with gr.Row():
            self.size = _size("grid", runs.limits)
            self.evaluations = _evaluations("grid", runs.limits)
            self.init = gr.Radio(
                [("Noise", "noise"), ("The content image", "content")],
                value="noise",
                label=LABELS["init"],
                info="What each picture begins as.",
                min_width=WIDTH,
            )
            self.weights = weights_choice()
        self.estimate = SheetEstimate("grid", given, transfer.estimate.speed, runs.limits, {"": "grid"})
        self.estimate.wire(transfer.content, self.size, self.evaluations, self.weights)
        alt = "A sheet of paintings: rows add style layers, columns α/β"
        self.panel = SheetPanel("grid", "Paint the grid", alt, examples("grid"), opens=True)
        self.chosen = gr.State()
        self._wire(tabs)

    def _wire(self, tabs: gr.Tabs) -> None:
        panel, transfer = self.panel, self.transfer
        pair = [transfer.content, transfer.style]
        panel.wire(self.runs, self.paint, [*pair, self.size, self.evaluations, self.init, self.weights])
        marked = [self.chosen, panel.sheet]
        pressed = panel.sheet.select(self._press, panel.on_sheet, marked, **EACH, **QUIET)
        pressed.success(None, js=SHOW_CARD)
        filled = [tabs, transfer.note, *pair, *transfer.form.filled]
        opened = panel.sheet.submit(self._open, [panel.on_sheet, self.chosen], filled, **TOLD)
        opened.success(None, js=TO_TAB.format("transfer")).then(None, js=SHOW_NOTE)
        transfer.one_style(opened)

    def paint(
        self,
        request: gr.Request,
        content: str | None,
        style: str | None,
        size: float,
        evaluations: float,
        init: str,
        weights: str,
    ) -> Iterator[tuple[Any, ...]]:
        changes = {"size": size, "evaluations": evaluations, "init": init, "weights": weights}
        pair = self.given.both(content, style)
        frames = self.runs.stream(client_of(request, self.panel.name), board_run, "grid", *pair, changes)
        yield from self.panel.values(frames, pair)

    def _press(self, on_sheet: OnSheet | None, event: gr.EventData) -> tuple[Any, Any]:
        """The number of the picture that was pressed, and the sheet with it marked."""
        if on_sheet is None or on_sheet.spot(event.index) is None:
            return gr.skip(), gr.skip()
        return event.index, self.panel.drawn(on_sheet, event.index)

    def _open(self, on_sheet: OnSheet | None, chosen: int | None) -> list[Any]:
        """Values for the tabs, the note, the two pictures and the form."""
        spot = on_sheet.spot(chosen) if on_sheet else None
        if on_sheet is None or spot is None:
            raise gr.Error("Press a picture of the sheet first.", print_exception=False)
        form = self.transfer.form
        said = f"The settings of this picture are filled in: {spot.label}."
        there = [gr.skip() if is_gone(path) else path for path in on_sheet.pictures]
        if any(map(is_gone, on_sheet.pictures)):
            said += CHOOSE_AGAIN
        note = status.note(f"{said} {form.lowered(spot.settings)}".strip())
        return [gr.Tabs(selected="transfer"), note, *there, *form.fill(form.fitted(spot.settings))]


class ReconstructTab:
    """What each layer keeps of the content and of the style; and three optimisers side by side."""

    title = ABOUT_RECONSTRUCT.title

    def __init__(self, runs: Runs, given: Given, examples: ExampleSheets, transfer: TransferTab) -> None:
        self.runs, self.given = runs, given
        self.examples = {kind: examples(kind) for kind in WHAT.values()}
        html(ABOUT_RECONSTRUCT.html)
        html(given.note)
        with gr.Row():
            self.what = gr.Radio(
                list(WHAT),
                value=next(iter(WHAT)),
                label="What",
                info="Which of three sheets to paint.",
                elem_id="reconstruct-what",
                scale=2,
                min_width=WIDTH,
            )
            self.size = _size("reconstruct", runs.limits)
            self.evaluations = _evaluations("reconstruct", runs.limits)
            self.weights = weights_choice()
        self.said = html(elem_classes="said-if-any")
        self.estimate = SheetEstimate("reconstruct", given, transfer.estimate.speed, runs.limits, WHAT)
        self.estimate.wire(transfer.content, self.size, self.evaluations, self.weights, self.what)
        alt, example = "A sheet of pictures, each with a label", self.examples["reconstruct"]
        self.panel = SheetPanel("reconstruct", "Reconstruct", alt, example)
        inputs = [transfer.content, transfer.style, self.what, self.size, self.evaluations, self.weights]
        self.panel.wire(runs, self.paint, inputs)
        shown = [self.panel.sheet, self.panel.on_sheet]
        outputs = [self.evaluations, self.said, *shown]
        self.what.input(self._other, [self.what, self.panel.on_sheet], outputs, **LATEST, **QUIET)
        self.evaluations.input(None, None, self.said, js="() => ''")

    def paint(
        self,
        request: gr.Request,
        content: str | None,
        style: str | None,
        what: str,
        size: float,
        evaluations: float,
        weights: str,
    ) -> Iterator[tuple[Any, ...]]:
        changes = {"size": size, "evaluations": evaluations, "weights": weights}
        kind, pair = WHAT.get(what, "reconstruct"), self.given.both(content, style)
        frames = self.runs.stream(client_of(request, self.panel.name), board_run, kind, *pair, changes)
        yield from self.panel.values(frames, pair)

    def _other(self, request: gr.Request, what: str, on_sheet: OnSheet | None) -> tuple[Any, ...]:
        """Another kind's evaluations, a note of them, and its example unless a sheet was painted; while one
        is, that stays in sight."""
        kind = WHAT[what]
        evaluations, example = usual(kind, self.runs.limits).evaluations, self.examples[kind]
        said = status.note(f"Evaluations were set to {evaluations}, as usual for this sheet.")
        if example is None or (on_sheet and not on_sheet.example):
            return evaluations, said, gr.skip(), gr.skip()
        is_painted = self.runs.goes_on(request.session_hash, self.panel.name)
        return evaluations, said, gr.skip() if is_painted else self.panel.drawn(example), example


def _size(kind: str, limits: Limits) -> Slider:
    return Slider(
        SMALLEST,
        min(LARGEST, limits.max_size),
        usual(kind, limits).size,
        step=16,
        label=LABELS["size"],
        info="Longer side, in pixels.",
        min_width=WIDTH,
    )


def _evaluations(kind: str, limits: Limits) -> Slider:
    least, most = (min(bound, limits.max_evaluations) for bound in (10, 500))
    return Slider(
        least,
        most,
        usual(kind, limits).evaluations,
        step=10,
        label="Evaluations",
        info="More is finer, and slower.",
        min_width=WIDTH,
    )
