"""The tab How it works: the costs with the visitor's own numbers, and the Gram matrices behind them."""

from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from ..decoding import load_picture
from ..errors import NSTError, SettingsError
from ..network.layers import RELU_LAYERS
from . import status
from .events import LATEST, PANEL, QUIET
from .painting_panel import Shown
from .sheet_panel import About, Given
from .sums import maps, sums_html
from .theme import html
from .transfer_tab import TransferTab

if TYPE_CHECKING:
    from ..studies.measure import Measured

ABOUT = About(
    "What is being minimised?",
    (
        "A painting G is good when the network answers to it as it does to the content image C at one "
        "layer, and when its Gram matrices are those of the style image S at several.",
        "Below are the sums with the numbers of your own pictures: change α, β or λ and J is weighed anew, "
        "without painting.",
        "In the heat maps each row and column is a channel: a bright diagonal is a channel that is often "
        "active, a bright spot off it a pair that is active together; the painting’s should look like the "
        "style’s and not like the content’s.",
    ),
    "After Gatys, Ecker & Bethge (2015, 2016), in the notation of the deep-learning course.",
)


class HowTab:
    """Numbers and Gram matrices of the pictures of the Transfer tab and of any moment of its last run."""

    def __init__(self, given: Given, transfer: TransferTab) -> None:
        self.given, self.transfer = given, transfer
        html(ABOUT.html)
        html(given.note)
        with gr.Row():
            self.run = gr.Button("Measure", variant="primary", elem_id="how-run", min_width=120)
            self.moment = gr.Slider(
                0,
                1,
                1,
                step=1,
                label="Moment of the last run",
                info="From its first picture to its last.",
                elem_id="how-moment",
                visible=False,
            )
        self.sums = html(elem_id="how-sums")
        with gr.Row(visible=False) as self.weights:
            self.alpha = gr.Number(label="α", minimum=0, elem_id="how-alpha", min_width=100)
            self.beta = gr.Number(label="β", minimum=0, elem_id="how-beta", min_width=100)
            self.lambdas = gr.Textbox(
                label="λ of each style layer", max_lines=1, elem_id="how-lambdas", min_width=220
            )
        self.layer = gr.Dropdown(
            list(RELU_LAYERS), value="relu2_1", label="Gram matrices of", visible=False, elem_id="how-layer"
        )
        self.maps = html(elem_id="how-maps")
        self.measured = gr.State()
        self._wire()

    def _wire(self) -> None:
        shown, form = self.transfer.panel.shown, self.transfer.form
        pictures = [self.transfer.content, self.transfer.style, shown, self.moment]
        numbers = [self.measured, self.sums, self.weights, self.alpha, self.beta, self.lambdas]
        sums = [[*pictures, *form.inputs], numbers]
        maps = [[*pictures, self.layer, *form.inputs], [self.maps, self.layer]]
        begun = self.run.click(_moments, shown, self.moment, **QUIET)
        begun.then(self.measure, *sums, **PANEL).then(self.view, *maps, **PANEL)
        # Not release(), which the keyboard never causes.
        self.moment.input(self.measure, *sums, **LATEST, **PANEL).then(self.view, *maps, **PANEL)
        self.layer.input(self.view, *maps, **LATEST, **PANEL)
        weights = [self.measured, self.alpha, self.beta, self.lambdas]
        for control in (self.alpha, self.beta, self.lambdas):
            control.input(_weighed, weights, self.sums, **LATEST, **QUIET)

    def measure(
        self, content: str | None, style: str | None, shown: Shown | None, moment: float, *values: Any
    ) -> tuple[Any, ...]:
        """Values for the state, the sums, and the weights."""
        try:
            from ..studies.measure import measure

            settings, filters, images, _ = self._images(content, style, shown, moment, values)
            measured = measure(images, settings, filters)
        except NSTError as error:
            return None, status.failed(str(error)), gr.Row(visible=False), None, None, ""
        by = measured.weighting
        lambdas = ", ".join(f"{layer}={weight:.4g}" for layer, weight in by.lambdas.items())
        numbers = float(f"{by.alpha:.4g}"), float(f"{by.beta:.4g}"), lambdas
        return measured, sums_html(measured, *numbers), gr.Row(visible=True), *numbers

    def view(
        self, content: str | None, style: str | None, shown: Shown | None, moment: float, *rest: Any
    ) -> tuple[str, Any]:
        """HTML of one layer's Gram matrices, and the layers there are to choose from."""
        layer, *values = rest
        try:
            from ..studies.measure import view_layer

            _, filters, images, picture = self._images(content, style, shown, moment, values)
            view = view_layer(images, picture, layer, filters)
        except NSTError as error:
            return status.failed(str(error)), gr.Dropdown(visible=True)
        there = list(RELU_LAYERS[: len(filters.kernels)])
        return maps(view, layer), gr.Dropdown(there, visible=True)

    def _images(
        self,
        content: str | None,
        style: str | None,
        shown: Shown | None,
        moment: float,
        values: Any,
    ) -> tuple[Any, ...]:
        """Settings, filters, the three images as tensors, and the style image."""
        from ..report import result_of
        from ..studies.filters import filters_for
        from ..studies.measure import SIDE, measured_images

        settings = self.transfer.form.read(values)
        content, style = self.given.both(content, style)
        if not content or not style:
            raise SettingsError("There are no two pictures yet: choose them in the Transfer tab.")
        kept, last = shown or (None, None)
        moments = last.moments if last and kept == content else ()
        pictures = [load_picture(path, max_side=2 * SIDE) for path in (content, style)]
        generated = pictures[0]
        if moments:  # our own file, which may be smaller than what a visitor may bring
            with Image.open(moments[min(max(0, int(moment)), len(moments) - 1)][1]) as picture:
                generated = picture.convert("RGB")
        filters = result_of(filters_for(settings, pictures))
        return settings, filters, measured_images(*pictures, generated), pictures[1]


def _moments(shown: Shown | None) -> Any:
    """The slider over the moments of the last run, at its end; hidden where there was no run."""
    moments = shown[1].moments if shown else ()
    if len(moments) < 2:
        return gr.Slider(visible=False)
    first, last = moments[0][0], moments[-1][0]
    return gr.Slider(
        0,
        len(moments) - 1,
        len(moments) - 1,
        info=f"{len(moments)} pictures, from evaluation {first} to evaluation {last}.",
        visible=True,
    )


def _weighed(measured: "Measured | None", alpha: float | None, beta: float | None, lambdas: str) -> Any:
    """The sums under other weights, or one sentence."""
    if measured is None:
        return gr.skip()
    try:
        return sums_html(measured, alpha or 0.0, beta or 0.0, lambdas)
    except NSTError as error:
        return status.failed(str(error))
