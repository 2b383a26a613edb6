"""The settings as controls: each built from BOUNDS and CHOICES, read into Settings and filled from them.

Three controls are handles on others and no settings themselves: handles.py.
"""

import re
from collections.abc import Sequence
from typing import Any

import gradio as gr

from ..errors import SettingsError, shown
from ..network.layers import LAYERS as EVERY_LAYER
from ..presets import ABSOLUTE, PRESETS, preset
from ..settings import BOUNDS, CHOICES, FLAGS, NAMED_WEIGHTS, Settings
from ..settings_text import read_layers, write_layers, write_number
from . import status
from .events import LATEST, QUIET
from .handles import (
    FREE,
    QUALITIES,
    TO_DIAL,
    TO_EVALUATIONS,
    TO_QUALITY,
    TO_RELATIVE,
    TO_STRENGTH,
    dial,
    preset_of,
    quality,
)
from .labels import LABELS, NAMES, PRESET_NAMES, texts
from .running.limits import Limits
from .shares import EVEN, ORDINALS, label, mixture, shares_of
from .theme import html
from .unchecked import Number, Slider

WEIGHTS, LAYERS = ("alpha", "beta"), ("content_layers", "style_layers")
IN_AN_ADDRESS = {"preset", "weights", *BOUNDS, *CHOICES, *FLAGS, *LAYERS}  # what it may say of the settings
OF_A_PAINTING = {"pair", *IN_AN_ADDRESS}


class Form:
    """The controls of one tab. `settings` is in the order the values arrive and are filled in."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.fitted, self.lowered = limits, limits.fitted, limits.lowered
        self.settings: dict[str, Any] = {}
        self.further: list[Slider] = []  # shares of the styles after the second

    def basic(self) -> None:
        """The controls everybody sees."""
        start = self.fitted(Settings())
        with gr.Group():
            with gr.Row(elem_classes="strength"):
                self._number("strength", value=start.strength, scale=2)
                self.dial = gr.Slider(
                    0,
                    100,
                    value=dial(start.strength),
                    step=0.5,
                    label="Strength, on a log scale",
                    show_label=False,
                    elem_classes="dial",
                    buttons=[],
                    scale=3,
                    min_width=120,
                )
            with gr.Row():
                most = self.limits.max_size
                self._slider("size", value=start.size, most=most, scale=4, min_width=160)
                self.quality = gr.Radio(
                    [name for name, count in QUALITIES.items() if count <= self.limits.max_evaluations],
                    value=quality(start.evaluations),
                    label="Quality",
                    info="More steps (evaluations): finer, slower.",
                    scale=5,
                    min_width=200,
                )
            self._flag("keep_colours")

    def second_style(self) -> None:
        """How much of the second style image, where there is one, is mixed in."""
        self._add("style_weights", Slider(0, 1, EVEN[0], step=0.05, **texts("style_weights")))

    def further_style(self, ordinal: str) -> None:
        """How much of the third or the fourth one."""
        even = EVEN[ORDINALS.index(ordinal)]
        info = "Its share in the mixture with those before it: 0 leaves it out, 1 uses it alone."
        self.further.append(Slider(0, 1, even, step=0.01, label=label(ordinal), info=info))

    def brushwork(self) -> None:
        """How large the strokes are beside the picture, and which way they go."""
        self._slider("style_scale")
        with gr.Row():
            self._slider("style_crop")
            self._slider("style_rotation")

    def advanced(self) -> None:
        """Everything else, in the order a student meets it."""
        with gr.Row():
            self.preset = gr.Dropdown(
                [(PRESET_NAMES.get(name, name), name) for name in PRESETS],
                value="paint",
                label="Preset",
                info="Sets how it is painted; the size and the pictures stay.",
                min_width=220,
            )
            self._choice("weights", NAMED_WEIGHTS)
        html('<h3 class="section">Layers and costs</h3>')
        with gr.Row():
            self._layers("content_layers")
            self._layers("style_layers")
        self._choice("statistic", CHOICES["statistic"])
        with gr.Row():
            self._weight("alpha")
            self._weight("beta")
            self._number("tv", value=Settings().tv)
        self.amounted = html()
        html('<h3 class="section">Optimisation</h3>')
        with gr.Row():
            most = self.limits.max_evaluations
            self._slider("evaluations", value=self.fitted(Settings()).evaluations, most=most)
            self._slider("scales")
        with gr.Row():
            self._choice("optimizer", CHOICES["optimizer"])
            self._number("learning_rate", value=Settings().learning_rate)
        with gr.Row():
            self._choice("init", CHOICES["init"])
            self._slider("noise")
        html('<h3 class="section">Network and pictures</h3>')
        self._choice("canvas", CHOICES["canvas"])
        self._flag("seamless")
        self._slider("colours")
        with gr.Row():
            self._choice("pooling", CHOICES["pooling"])
            self._number("seed", value=Settings().seed)

    def wire(self, note: gr.HTML) -> None:
        """Let the handles and the numbers they move follow each other; `note` says what a preset did."""
        strength, evaluations = self.settings["strength"], self.settings["evaluations"]
        absolute = [self.settings[name] for name in ABSOLUTE]
        by = [self.settings[name] for name in ("alpha", "tv")]
        self.dial.input(None, [self.dial, *by], [strength, *absolute], js=TO_STRENGTH)
        strength.input(None, [strength, *by], [self.dial, *absolute], js=TO_DIAL)
        statistic = self.settings["statistic"]
        statistic.select(None, [statistic, *absolute], absolute, js=TO_RELATIVE)
        self.quality.input(None, self.quality, evaluations, js=TO_EVALUATIONS)
        evaluations.input(None, evaluations, self.quality, js=TO_QUALITY)
        # Not `input`, which comes too when the list was opened and left.
        self.preset.select(
            self._filled_by_preset,
            self.preset,
            [note, *self.filled[:-1]],
            **LATEST,
            **QUIET,
        )

    def _filled_by_preset(self, name: str | None) -> list[Any]:
        """Values for a note and all of `filled` but the preset; unchanged what is none of its business, and
        all where it was looked at and none was chosen."""
        if name not in PRESETS:
            return [gr.skip() for _ in self.filled]
        chosen = preset(name, size=BOUNDS["size"].low)  # which stays as it is, and is not lowered
        stays = [*(self.settings[free] for free in FREE if free != "evaluations"), *self.further]
        each = zip(self.filled[:-1], self.fill(self.fitted(chosen)), strict=False)
        note = status.note(f"The settings of this preset are filled in. {self.lowered(chosen)}".strip())
        return [note, *(gr.skip() if control in stays else value for control, value in each)]

    @property
    def inputs(self) -> list[gr.components.Component]:
        """The controls that make up Settings, in the order read() expects their values."""
        return [*self.settings.values(), *self.further]

    @property
    def filled(self) -> list[gr.components.Component]:
        """The controls fill() has values for."""
        return [*self.inputs, self.dial, self.quality, self.preset]

    def read(self, values: Sequence[Any], styles: Sequence[Any] = (None, None, None)) -> Settings:
        """Settings from the values of `inputs` and the second, third and fourth style image, None for each
        that is not there. Raises SettingsError."""
        own = len(self.settings)
        found = dict(zip(self.settings, values[:own], strict=True))
        for name in LAYERS:
            found[name] = read_layers(found[name] or ())
        for name in WEIGHTS:
            found[name] = _read_weight(name, found[name])
        found["style_weights"] = mixture([found["style_weights"], *values[own:]], styles)
        return Settings.from_dict(found)

    def fill(self, settings: Settings) -> list[Any]:
        """Values for `filled`."""
        found = settings.to_dict()
        for name in LAYERS:
            found[name] = write_layers(found[name])
        for name in WEIGHTS:
            found[name] = "" if found[name] is None else write_number(found[name])
        found["style_weights"], *further = shares_of(settings.style_weights)
        handles = [dial(settings.strength), quality(settings.evaluations), preset_of(settings)]
        return [*(found[name] for name in self.settings), *further, *handles]

    def _add(self, name: str, control: gr.components.Component) -> None:
        self.settings[name] = control

    def _slider(
        self,
        name: str,
        value: float | None = None,
        most: float | None = None,
        scale: int | None = None,
        min_width: int = 220,  # its help beside its number is read in lines of more than a word
    ) -> None:
        bound = BOUNDS[name]
        value = getattr(Settings(), name) if value is None else value
        self._add(
            name,
            Slider(
                bound.low,
                min(bound.high, most or bound.high),
                value,
                step=bound.step,
                scale=scale,
                min_width=min_width,
                **texts(name),
            ),
        )

    def _number(self, name: str, value: float | None = None, scale: int | None = None) -> None:
        bound = BOUNDS[name]
        self._add(
            name,
            Number(
                value,
                minimum=bound.low,
                maximum=bound.high,
                step=bound.step,
                precision=0 if bound.whole else None,
                scale=scale,
                min_width=120,
                **texts(name),
            ),
        )

    def _flag(self, name: str) -> None:
        self._add(name, gr.Checkbox(value=getattr(Settings(), name), **texts(name)))

    def _weight(self, name: str) -> None:
        # A gr.Number that is empty turns into 0 once it has been looked at; a text stays empty.
        self._add(name, gr.Textbox("", max_lines=1, placeholder="automatic", min_width=120, **texts(name)))

    def _choice(self, name: str, choices: Sequence[str]) -> None:
        named = [(NAMES[name][choice], choice) for choice in choices]
        chosen = getattr(Settings(), name)
        # Wide enough for the longest choice and its arrow, on a phone too.
        self._add(name, gr.Dropdown(named, value=chosen, min_width=190, **texts(name)))

    def _layers(self, name: str) -> None:
        self._add(
            name,
            gr.Dropdown(
                list(EVERY_LAYER),
                value=write_layers(getattr(Settings(), name)),
                multiselect=True,
                allow_custom_value=True,
                **texts(name),
            ),
        )


def weights_choice() -> gr.Dropdown:
    """The choice of filters, for a tab that has no form."""
    named = [(NAMES["weights"][choice], choice) for choice in NAMED_WEIGHTS]
    return gr.Dropdown(
        named,
        value="auto",
        label=LABELS["weights"],
        info="Which network looks at the pictures.",
        min_width=290,  # the longest choice and its arrow
    )


def _read_weight(name: str, text: Any) -> float | None:
    """α or β as it was typed; None for nothing. Raises SettingsError."""
    typed = str(text if text is not None else "").strip()
    if not typed:
        return None
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}(,\d{3})+", typed):
        raise SettingsError(
            f"{LABELS[name]} can be read in two ways, as the comma in {shown(typed)} may stand for thousands "
            "or for decimals: write it without one, and decimals after a point."
        )
    try:
        return float(typed.replace(",", "."))
    except ValueError:
        raise SettingsError(f"{LABELS[name]} must be a number or empty, not {shown(typed)}.") from None
