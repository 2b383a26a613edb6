"""The tab How it works: the costs of the visitor's own run with their numbers, and the Gram matrices behind
them.

Measure is a run like the others; what it finds is kept, and everything pressed afterwards only formats it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from ..errors import NSTError, SettingsError
from ..network.layers import RELU_LAYERS
from ..settings import Settings
from . import curves, status
from .boards import NO_PAIR
from .events import LATEST, QUIET
from .example_how import example_how
from .gram_maps import POINTED, maps_html, strongest_html
from .kept import Kept
from .measuring import Asked, Found, Shot, measure_run
from .moments import at_the_end, chosen, moment_slider
from .run_panel import StatusPanel, status_values
from .running.clients import client_of
from .running.frames import Frame
from .running.runs import Runs
from .shown import kept_in
from .study import About, Given
from .sums import Numbers, numbers_of, read, sums_html, written
from .theme import html
from .transfer_tab import TransferTab
from .unchecked import Number
from .visit import Painted

ABOUT = About(
    "Where does J come from?",
    (
        "A run changes the generated image G to lower J = α · J_content + β · J_style + γ · TV. J_content "
        "compares the activations of G and of the content image C at one deep layer: what is where. J_style "
        "compares the Gram matrices of G and of the style image S at several layers, each with its weight λ: "
        "colours, texture, strokes. TV, total variation, is how much neighbouring pixels of G differ.",
        "A Gram matrix has a row and a column for each channel of a layer. Each entry is the product of two "
        "channels’ activations, averaged over all positions: which channels are active together, and not "
        "where. A bright entry on the diagonal is a strong channel, one beside it a pair that is active "
        "together. The heat map of G should look like that of S, and not like that of C.",
        "The numbers below are an example; Measure puts in those of your last run. Then go back to any of "
        "its moments, or change α, β or λ: J is computed anew, and nothing is painted.",
    ),
    "After Gatys, Ecker & Bethge (2015, 2016), in the notation of the course (deeplearning.ai, Convolutional "
    "Neural Networks, week 4). Each Gram matrix is divided by its own number of positions, so that S may "
    "have another size. C and G have a margin of 8 px around them, which is cut off in the end. Below "
    "strength 100 a run from coarse to fine has a larger β at its coarser sizes, so J jumps where a size "
    "begins.",
)

MOST_KEPT = 12  # visitors; each holds some 5 MB of Gram matrices and patches
LAYER = "relu2_1"  # shown first
NOT_KEPT = "Nothing that was measured is kept here: press Measure."
STILL_PAINTED = "Your picture is still being painted: press Measure when it is done."
RECOLOURED = (
    " The content’s colours were kept. J, and the costs of the layers that the run used, are of G before it "
    "was recoloured, beside an S with the colours of C; the heat map of G is of the picture you see."
)
NOT_PAINTED = (
    "No run of yours with these two pictures is kept here with its costs, so G is the content image: "
    "J_content is 0."
)


class HowTab:
    """Numbers and Gram matrices of the pictures of the Transfer tab and of every moment of its last run."""

    title = ABOUT.title

    def __init__(self, runs: Runs, given: Given, transfer: TransferTab) -> None:
        self.runs, self.given, self.transfer = runs, given, transfer
        self.kept: Kept[Found] = Kept(MOST_KEPT, NOT_KEPT, runs.limits.keep_seconds)
        runs.sweeper.add(self.kept.sweep)
        html(ABOUT.html)
        html(given.note)
        self.panel = StatusPanel("how", "Measure")
        self.example = html(example_how(), elem_id="how-example")
        with gr.Column(visible=False, elem_id="how-results") as self.results:
            self._moment()
            self._weights()
        self.filled = gr.State()  # the weights as they were last filled in
        self._wire()

    def _moment(self) -> None:
        self.place = html(elem_id="how-place")
        self.costs = html(elem_id="how-costs")
        self.moment = moment_slider("how-moment")
        self.layer = gr.Dropdown(
            list(RELU_LAYERS), value=LAYER, label="Gram matrices of", elem_id="how-layer", filterable=False
        )
        self.maps = html(elem_id="how-maps", js_on_load=POINTED)

    def _weights(self) -> None:
        with gr.Row():
            self.alpha = Number(
                label="α", info="Weight of the content cost.", minimum=0, elem_id="how-alpha", min_width=120
            )
            self.beta = Number(
                label="β", info="Weight of the style cost.", minimum=0, elem_id="how-beta", min_width=120
            )
        self.lambdas = gr.Textbox(
            label="λ of each style layer",
            info="The weight of each style layer. Only their ratios count. Where a strength is set, each is "
            "also divided by the layer’s energy in the style image, so they differ widely here.",
            lines=1,
            max_lines=8,  # more than one, so that a long list is broken and not cut off
            elem_id="how-lambdas",
        )
        self.sums = html(elem_id="how-sums")
        self.channels = html(elem_id="how-channels")

    def _wire(self) -> None:
        form, panel = self.transfer.form, self.transfer.panel
        given = [self.transfer.content, self.transfer.style, panel.selected, panel.visit, *form.inputs]
        weights = [self.alpha, self.beta, self.lambdas]
        place = [self.moment, self.layer]
        at_moment = [self.place, self.costs, self.maps, self.channels, self.sums, *weights, self.filled]
        ended = self.panel.wire(self.runs, self.measure, given)
        opened = [self.example, self.results, *place, *at_moment]
        ended.then(self.open, [self.panel.shown, self.layer], opened, **QUIET)
        self.transfer.ended.then(self._outdated, panel.visit, self.place, **QUIET)
        for control in place:
            control.input(self.show, [*place, *weights, self.filled], at_moment, **LATEST, **QUIET)
        # Gradio's input of a text box hears keys alone, and nothing that is pasted.
        for changed in (self.alpha.input, self.beta.input, self.lambdas.input, self.lambdas.blur):
            changed(self.weigh, [*place, *weights], self.sums, **LATEST, **QUIET)

    def measure(
        self,
        request: gr.Request,
        content: str | None,
        style: str | None,
        selected: Painted | None,
        visit: Sequence[Painted],
        *values: Any,
    ) -> Iterator[tuple[str, Frame]]:
        """The run behind Measure, as values for panel.going. What it found is shown when it has ended: until
        then the controls are of what was measured before."""
        session = request.session_hash or ""
        found: deque[Found] = deque(maxlen=1)
        try:
            if self.runs.goes_on(session, self.transfer.panel.name):
                raise SettingsError(STILL_PAINTED)
            seen = [one for one in (*visit, selected) if one]
            asked = replace(self._asked(content, style, seen, values), newest=_newest(visit))
            client = client_of(request, self.panel.name)
            frames = self.runs.stream(client, measure_run, asked, found.append)
        except NSTError as error:
            frames = [Frame("failed", str(error))]
        yield from status_values(frames)
        for each in found:
            self.kept.put(session, each)

    def _asked(
        self, content: str | None, style: str | None, seen: Sequence[Painted], values: Sequence[Any]
    ) -> Asked:
        """The last of these runs that painted the pictures that are there now; else the pictures alone."""
        for shown in (kept_in(one.folder).shown for one in reversed(seen)):
            if shown and shown.settings and shown.frame.moments and shown.pair == (content, style):
                _require_gram_matrices(shown.settings, shown.has_regions)
                return Asked(*shown.pair, shown.settings, shown.frame.moments, shown.painted)
        content, style = self.given.both(content, style)
        if not content or not style:
            raise SettingsError(NO_PAIR)
        settings = self.transfer.form.read(values).with_(style_weights=())
        _require_gram_matrices(settings, has_regions=False)
        return Asked(content, style, settings)

    def open(self, request: gr.Request, last: Frame | None, layer: str) -> tuple[Any, ...]:
        """What was measured, at its last moment: the results, slider and layers, and what show() gives. Where
        the run measured nothing, as the status says, what is there stays."""
        session = request.session_hash or ""
        has_measured = last and (last.state == "done" or last.evaluation)
        if not has_measured or not self.kept.has(session):
            return tuple(gr.skip() for _ in range(13))
        found = self.kept.get(session)
        layer = layer if layer in found.strongest else next(iter(found.strongest))
        layers = gr.Dropdown(list(found.strongest), value=layer)
        slider = at_the_end(found.evaluations)
        return "", gr.Column(visible=True), slider, layers, *_shown(found, found.shots[-1], layer)

    def _outdated(self, request: gr.Request, visit: Sequence[Painted]) -> Any:
        """The place, once a picture was painted after the measurement."""
        session = request.session_hash or ""
        if not self.kept.has(session) or self.kept.get(session).asked.newest == _newest(visit):
            return gr.skip()
        return status.note("A picture was painted since this was measured: press Measure to see it.")

    def _found(self, request: gr.Request, layer: str) -> Found:
        """What was measured for a visitor. Raises SettingsError where there is nothing, or not this layer."""
        found = self.kept.get(request.session_hash or "")
        if layer not in found.strongest:
            there = list(found.strongest)
            raise SettingsError(f"Layer must be one of {there[0]} … {there[-1]}.")
        return found

    def show(
        self,
        request: gr.Request,
        moment: Any,
        layer: str,
        alpha: float | None,
        beta: float | None,
        lambdas: str,
        filled: tuple[Any, ...] | None,
    ) -> tuple[Any, ...]:
        """Everything as it was at a moment. Weights that were typed stay; others are those then in force."""
        typed = [
            now if now != before else None
            for now, before in zip((alpha, beta, lambdas), filled or (None,) * 3, strict=True)
        ]
        try:
            found = self._found(request, layer)
        except NSTError as error:
            return status.refusal(str(error)), *(gr.skip() for _ in range(8))
        return _shown(found, found.nearest(chosen(moment)), layer, typed)

    def weigh(
        self,
        request: gr.Request,
        moment: Any,
        layer: str,
        alpha: float | None,
        beta: float | None,
        lambdas: str,
    ) -> str:
        """The sums under other weights, or one sentence."""
        try:
            found = self._found(request, layer)
        except NSTError as error:
            return status.refusal(str(error))
        return _sums(numbers_of(found.nearest(chosen(moment))), (alpha, beta, lambdas), layer)


def _newest(visit: Sequence[Painted]) -> str:
    return visit[-1].painting if visit else ""


def _require_gram_matrices(settings: Settings, has_regions: bool) -> None:
    """Raises SettingsError for a painting whose J is another than the one explained here."""
    if has_regions or not settings.has_plain_costs:
        raise SettingsError(
            "This tab explains paintings of a content image and one style image by Gram matrices, without "
            "regions or seamless edges: paint one in the Transfer tab, and measure again."
        )


def parts_of(found: Found) -> dict[str, str]:
    """The HTML of the tab's parts for the finished picture, by name."""
    place, costs, maps, channels, sums, *_ = _shown(found, found.shots[-1], LAYER)
    return {"place": place, "costs": costs, "maps": maps, "sums": sums, "channels": channels}


def _shown(found: Found, shot: Shot, layer: str, typed: Sequence[Any] = (None,) * 3) -> tuple[Any, ...]:
    """Values for place, costs, maps, channels, sums, α, β, λ, and what of these three was filled in.

    typed   α, β and λ where the visitor has changed them, else None
    """
    numbers = numbers_of(shot)
    filled = written(numbers.weighting)
    weights = [own if mine is None else mine for mine, own in zip(typed, filled, strict=True)]
    return (
        _place(found, shot),
        _curves(found, shot),
        maps_html(found, shot, layer),
        strongest_html(found.strongest[layer]),
        _sums(numbers, weights, layer),
        *weights,
        filled,
    )


def _curves(found: Found, shot: Shot) -> str:
    """HTML of the run's costs, which no α, β or λ typed here changes."""
    if shot.moment is None:
        return ""
    return status.note("The run as it was:") + curves.draw(found.asked.painted, shot.moment.evaluation)


def _sums(numbers: Numbers, weights: Sequence[Any], layer: str) -> str:
    try:
        return sums_html(numbers, read(numbers, *weights), layer)
    except NSTError as error:
        return status.refusal(str(error))


def _place(found: Found, shot: Shot) -> str:
    """Where in the run this is, or that there was none."""
    moment, (width, height) = shot.moment, shot.measured.size
    if moment is None:
        return status.note(NOT_PAINTED)
    said = f"Evaluation {moment.evaluation}, painted at {moment.width} × {moment.height} px."
    if (width, height) != (moment.width, moment.height):
        said += (
            f" This picture is measured at {width} × {height} px. For the layers that the run used, J_style "
            "of G is the run’s own, and J_style of C is not known."
        )
    settings = found.asked.settings
    if settings and settings.keep_colours:
        said += RECOLOURED
    return status.note(said)
