"""The Transfer tab: two pictures in, the settings, and the panel where the painting is seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..decoding import read_text
from ..errors import NSTError, SettingsError
from ..recipe import Recipe, read_recipe
from ..settings import MOST_STYLES, Settings
from . import status
from .advanced_fold import AdvancedFold
from .brush import EMPTY, mask_of
from .brushwork_fold import BrushworkFold
from .estimate import Estimate
from .events import QUIET, SHOW, SHOW_NOTE, TOLD, follow
from .example_pictures import ExamplePictures
from .form import OF_A_PAINTING, Form
from .gallery import Gallery
from .in_sight import size_of
from .other_styles import OtherStyles
from .painting import painting
from .painting_panel import NAME_PICTURES, REMEMBERED, PaintingPanel
from .painting_values import painting_values
from .refusing import FORGET_REFUSAL, refuse_at_once
from .regions_fold import RegionsFold
from .running.clients import client_of
from .running.frames import Frame
from .running.runs import Runs
from .shares import shares_of, with_those_missing
from .shown import Record, Shown, is_gone, keep, kept_in, pair_of
from .theme import html
from .upload import Upload
from .visit import GONE, Painted, addresses_of

# A reload leaves the last paintings there, and empties the inputs.
PICTURES_FIRST = "To go on from a painting, choose the pictures it was made of again: it does not keep them."
MARK_AGAIN = " It had regions: mark them again."
MARKED_STAYS = " It had regions: what is marked stays, and what is not must be marked again."
CHOOSE_AGAIN = " Choose those of its pictures again that are no longer kept."

# For buttons, which are its inputs and its outputs. The pairs, which are no component, are pale meanwhile.
DISABLE, ENABLE = (
    f"""
(...buttons) => {{
  const pairs = document.querySelectorAll('#pairs button');
  for (const pair of pairs) pair.setAttribute('aria-disabled', {disabled});
  return buttons.map(() => ({{__type__: 'update', interactive: !{disabled}}}));
}}
"""
    for disabled in ("true", "false")
)
# For the note and the brushes: of a recipe that was refused nothing is filled in.
EMPTY_UNLESS_KEPT = f"""
(note, ...brushes) => /note refused|{MARKED_STAYS}/.test(note) ? brushes : ({EMPTY})(...brushes)
"""
# As a person would: nothing happens while a run goes on, as the button cannot be pressed then. By then what
# follows a new content image has been said (events.NEWEST), and its regions are empty.
PRESS_PAINT = "() => setTimeout(() => document.querySelector('#run')?.click(), 200)"
FOLD_ON_A_PHONE = "() => { if (innerWidth < 700) document.querySelector('#settings > button')?.click(); }"


class TransferTab:
    """The tab's controls and what they do. Built inside a gr.Tab; on_load() once the tabs are there."""

    def __init__(self, runs: Runs, gallery: Gallery) -> None:
        self.runs, self.gallery = runs, gallery
        self.form = Form(runs.limits)
        with gr.Row(elem_id="transfer"):
            with gr.Column(scale=5, min_width=320):
                self._inputs()
                self._controls()
            with gr.Column(scale=7, min_width=320, elem_classes="easel"):
                self.panel.view(gallery, runs.limits.keep_seconds)
        self.examples = ExamplePictures(gallery, self.form)
        self.form.wire(self.note)
        self.advanced.wire()
        self.estimate.wire(self.content, self.others.uploads, self.others.length)
        self.brushwork.wire(self.runs, [self.content, self.style, *self.others.uploads])
        self._wire_run()
        self._wire_pictures()
        self._wire_recipes()

    def on_load(self, demo: gr.Blocks) -> None:
        """A page that is closed ends its run; one that is opened again shows the last paintings."""
        demo.unload(self._leave)
        panel = self.panel
        recalled = [*panel.recalled, panel.shown, *self.refilled]
        again = demo.load(self._recall, panel.addresses, recalled, js=REMEMBERED, **QUIET)
        again.then(None, js=NAME_PICTURES)
        # Pressed before, Paint would find none of the pictures that an earlier visit left; and those would
        # take the place of what was brought before.
        held = [panel.run, self.content, self.style]
        for ended in (again.then, again.failure):
            ended(None, held, held, js=ENABLE)
        self.estimate.after(demo.load)
        demo.load(None, js=FOLD_ON_A_PHONE)
        demo.load(None, js=FORGET_REFUSAL)

    def paint(
        self,
        request: gr.Request,
        start: str | None,
        content: str | None,
        style: str | None,
        second: str | None,
        third: str | None,
        fourth: str | None,
        pictures: float,
        brushed: Any,
        style_brushed: Any,
        *values: Any,
    ) -> Iterator[tuple[Any, ...]]:
        """One run, as values for panel.going."""
        frames: Iterable[Frame]
        settings = mask = None
        further = second, third, fourth
        if start:
            pictures = 1
        try:
            mask, style_mask = mask_of(brushed), mask_of(style_brushed)
            settings = self.form.read(values, further if style else (None, None, None))
            if start and not (style and (content or settings.is_texture)):
                raise SettingsError(PICTURES_FIRST)
            given = content, [style, *further], settings, start, mask, style_mask, pictures
            frames = self.runs.stream(client_of(request), painting, *given)
        except NSTError as error:
            frames = [Frame("failed", str(error), refused=True)]
        first = start or (style if settings and settings.is_texture else content)
        begun = Shown((content, style, *further), settings, has_regions=bool(mask), pictures=pictures)
        is_kept = False
        for going in painting_values(frames, begun, first):
            last = going[-1].frame
            if last.picture and not is_kept:  # a page that is closed now finds what the run was of
                keep(Record(begun, pair_of(begun, self.panel.names)), Path(last.picture).parent)
                is_kept = True
            if (
                last.state == "done"
                and last.evaluation == last.of
                and settings
                and not start
                and not mask
                and pictures == 1
            ):
                self.estimate.learn(settings, (last.width, last.height), last.seconds)
            yield going

    def _inputs(self) -> None:
        with gr.Row(elem_classes="inputs"):
            self.content = Upload(
                label="Content",
                interactive=False,
                height=170,
                min_width=140,
                buttons=["fullscreen"],
                elem_id="content",
                alt_text="The content image: the picture to repaint",
            )
            self.style = Upload(
                label="Style",
                interactive=False,
                height=170,
                min_width=140,
                sources=["upload", "clipboard"],
                buttons=["fullscreen"],
                elem_id="style",
                alt_text="The style image: the picture to paint like",
            )
        for upload in (self.content, self.style):
            refuse_at_once(upload, html(elem_classes="said-if-any"))
        with gr.Row(elem_classes="choices"):
            self.swap = gr.Button("⇄ Swap", size="sm", min_width=90, elem_id="swap")
            has_examples = bool(self.gallery.contents and self.gallery.styles)
            self.surprise = gr.Button(
                "Surprise me", size="sm", min_width=110, visible=has_examples, elem_id="surprise"
            )
        with gr.Row(visible=False, elem_classes="offer") as self.offer:
            html(
                '<p class="note">This picture was painted here. Use the settings it was painted with, or '
                "repaint it as it is?</p>"
            )
            self.accept = gr.Button("Use its settings", size="sm", min_width=120, scale=0)
            self.repaint = gr.Button("Repaint it", size="sm", min_width=100, scale=0)

    def _controls(self) -> None:
        with gr.Accordion("Settings", open=True, elem_id="settings"):
            self.form.basic()
        self.estimate = Estimate(self.form, self.runs.limits)
        self.panel = PaintingPanel()
        self.others = OtherStyles(self.form)
        self.regions = RegionsFold()
        self.brushwork = BrushworkFold(self.form)
        self.advanced = AdvancedFold(self.form)
        with gr.Row(elem_classes="recipe"):
            self.recipe = gr.UploadButton(
                "Open a recipe", file_types=[".png"], size="sm", scale=0, min_width=130, elem_id="recipe"
            )
            self.note = html(
                status.note("Paintings made here carry their settings: open one to use them again."),
                elem_id="note",
            )

    def _wire_run(self) -> None:
        self.panel.wire_view()
        panel = self.panel
        pictures = [self.content, self.style, *self.others.inputs, *self.regions.inputs]
        given = [panel.start, *pictures, *self.form.inputs]
        # They would paint too, and change what is being painted. Wired first, it waits for no answer.
        painters = [self.surprise, panel.go_on, panel.double]
        panel.run.click(None, painters, painters, js=DISABLE)
        ended = self.ended = panel.wire(self.runs, self.paint, given)
        size, share, canvas = (self.form.settings[name] for name in ("size", "style_weights", "canvas"))
        begun = [panel.start, share, *self.form.further, canvas]
        both = [self.content, self.style, *self.others.uploads]
        for event in (
            panel.go_on.click(_gone_on, [panel.selected, self.content], [*begun, self.content], **TOLD),
            panel.double.click(self._doubled, [panel.selected, *both], [*begun, size, *both], **TOLD),
        ):
            event.success(None, js=PRESS_PAINT)
        for event in (ended, panel.failed, *panel.given_back):
            event.then(lambda: None, None, panel.start, **QUIET)
            event.then(None, painters, painters, js=ENABLE)
        ended.then(None, js=NAME_PICTURES)
        ended.then(_amounted, self.panel.shown, self.form.amounted, **QUIET)
        self.estimate.after(ended.then)

    def _wire_pictures(self) -> None:
        both = [self.content, self.style]
        self.regions.wire(self.runs, self.content, self.style)
        self.swap.click(lambda content, style: (style, content), both, both, **QUIET)
        for event in self.examples.wire(self.content, self.style, self.others.second, self.surprise):
            self.one_style(event).then(None, js=PRESS_PAINT)
        for button, upload in ((self.panel.to_content, self.content), (self.panel.to_style, self.style)):
            taken = button.click(_taken, self.panel.selected, upload, **TOLD)
            taken.success(None, js=SHOW.format(".inputs", "center"))

    def one_style(self, event: Any) -> Any:
        """After `event`, which has filled in two pictures: no other style, no row and no regions; returns the
        end of it."""
        emptied = event.then(self.others.emptied, None, self.others.inputs, **QUIET)
        return emptied.then(None, self.regions.inputs, self.regions.inputs, js=EMPTY)

    def _wire_recipes(self) -> None:
        filled = [self.note, self.others.length, *self.form.filled]
        follow([self.content.change], self._offered, [self.content], [self.offer])
        accepted = self.accept.click(self._open_recipe, self.content, filled, **QUIET)
        for answered in (accepted, self.repaint.click(None, js="() => null")):
            answered.then(lambda: gr.Row(visible=False), None, self.offer, **QUIET)
        opened = self.recipe.upload(self._open_recipe, self.recipe, filled, **QUIET)
        shown = [self.panel.selected, self.content, self.style, *self.others.uploads]
        reused = self.panel.reuse.click(self._reuse, shown, self.refilled, **QUIET)
        reused.success(None, js=SHOW_NOTE)
        accepted.success(None, js=SHOW_NOTE)
        for event in (accepted, opened, reused):  # a recipe is of one picture, and carries no regions
            brushes = self.regions.inputs
            event.then(None, [self.note, *brushes], brushes, js=EMPTY_UNLESS_KEPT)

    @property
    def refilled(self) -> list[Any]:
        """What a reload fills in, and “Use its settings” of a painting of the visit."""
        return [self.content, self.style, *self.others.inputs, self.note, *self.form.filled]

    def _recall(self, request: gr.Request, addresses: Any) -> tuple[Any, ...]:
        """The paintings of the visit, and what the last one was made of, unless the address says what else
        is to be painted."""
        folders = [folder for folder in map(self.runs.found, addresses_of(addresses)) if folder]
        shown = kept_in(folders[-1]).shown if folders else None
        if shown is None or shown.settings is None or OF_A_PAINTING & set(request.query_params):
            refilled = [gr.skip() for _ in (self.panel.shown, *self.refilled)]
        else:
            refilled = [shown, *self._values(shown, shown.settings)]
        return *self.panel.recall(request, folders), *refilled

    def _values(self, shown: Shown, settings: Settings) -> list[Any]:
        """Values for `refilled`, as they were for a run: a picture that was swept is left out."""
        there = [gr.skip() if path is None or is_gone(path) else path for path in _each_given(shown)]
        return [*there, *self._painted_with(shown, settings, "your last painting")]

    def _painted_with(
        self, shown: Shown, settings: Settings, painting: str, regions: str = MARK_AGAIN, more: str = ""
    ) -> list[Any]:
        """Values for how many pictures, the note and the form, beside the pictures that are still kept."""
        given = _each_given(shown)
        settings = settings.with_(style_weights=with_those_missing(settings.style_weights, given[1:]))
        said = f"The pictures and settings of {painting} are filled in."
        if any(map(is_gone, given)):
            said = f"The settings of {painting} are filled in.{CHOOSE_AGAIN}"
        if shown.has_regions:
            said += regions
        said = f"{said}{more} {self.form.lowered(settings)}".strip()
        return [shown.pictures, status.note(said), *self.form.fill(self.form.fitted(settings))]

    def _leave(self, request: gr.Request) -> None:
        self.runs.leave(request.session_hash)

    def _open_recipe(self, path: str | None) -> list[Any]:
        """Values for the note beside the button, how many pictures, and the form."""
        try:
            recipe = read_recipe(path or "", read_text)
            settings = self.form.fitted(recipe.settings)
        except NSTError as error:
            return [status.note(str(error), "refused"), gr.skip(), *(gr.skip() for _ in self.form.filled)]
        said = f"{_filled_in(recipe)} {self.form.lowered(recipe.settings)}".strip()
        return [status.note(said), 1, *self.form.fill(settings)]

    def _doubled(self, selected: Painted | None, *inputs: str | None) -> tuple[Any, ...]:
        """The painting that is seen, or the moment of its run, to go on with at twice its size, and all the
        pictures it was made of."""
        picture, *begun, _ = _gone_on(selected)
        size, most = 2 * max(size_of(picture)), self.runs.limits.max_size
        if size > most:
            raise gr.Error(
                f"This app paints up to {most} px: run it yourself for more.", print_exception=False
            )
        return picture, *begun, size, *_made_of(selected, inputs)

    def _offered(self, path: str | None) -> Any:
        """The offer to use a picture's settings, where it carries any; not where it was taken as content."""
        try:
            read_recipe(path or "", read_text)
        except NSTError:
            return gr.Row(visible=False)
        return gr.Row(visible=self.runs.found(Path(path or "").parent.name) is None)

    def _reuse(self, selected: Painted | None, *inputs: str | None) -> list[Any]:
        """Values for `refilled`: what the painting that is seen was made of and with. A run that was not
        finished has no recipe, but what was kept of it."""
        shown = kept_in(selected.folder).shown if selected else None
        if selected is None or shown is None or shown.settings is None:
            note, length, *filled = self._open_recipe(selected.painting if selected else None)
            return [*(gr.skip() for _ in inputs), length, note, *filled]
        made_of, recipe, settings, more = _made_of(selected, inputs), selected.recipe, shown.settings, ""
        if recipe:
            shown = replace(shown, pictures=1)  # of a row this is one
            settings, more = recipe.settings, _began_with(recipe)
        regions = MARKED_STAYS if shown.given[:2] == inputs[:2] else MARK_AGAIN
        return [*made_of, *self._painted_with(shown, settings, "that painting", regions, more)]


def _filled_in(recipe: Recipe) -> str:
    said = "The settings of that painting are filled in. Its pictures are not: choose those it was made of."
    styles = len(recipe.settings.style_weights)
    if styles > 1:
        said += f" It mixed {styles} style images: it needs all of them."
    if "mask" in recipe.others:
        said += MARK_AGAIN
    return said + _began_with(recipe)


def _began_with(recipe: Recipe) -> str:
    """A sentence on what it went on from, if anything."""
    if "start" not in recipe.others:
        return ""
    evaluations = recipe.settings.evaluations
    return f" It went on from an earlier painting with {evaluations} evaluations: a new one needs more."


def _each_given(shown: Shown) -> tuple[str | None, ...]:
    """Paths of the content image and of every style image there may be."""
    return (*shown.given, *(None,) * MOST_STYLES)[: 1 + MOST_STYLES]


def _gone_on(selected: Painted | None, content: str | None = None) -> tuple[Any, ...]:
    """The painting that is seen, to go on with; the shares of the styles after the first, those of a picture
    of a row, for any other as they are set; its canvas, as a texture goes on as one; and its content image,
    where the input holds another."""
    picture, shares, canvas = _taken(selected), (gr.skip(),) * (MOST_STYLES - 1), gr.skip()
    settings = selected.recipe.settings if selected and selected.recipe else None
    if selected and settings:
        canvas = settings.canvas
        if len(selected.row) > 1:
            weights, shown = settings.style_weights, kept_in(selected.folder).shown
            shares = shares_of(with_those_missing(weights, _each_given(shown)[1:]) if shown else weights)
    return picture, *shares, canvas, *_made_of(selected, [content])


def _made_of(selected: Painted | None, inputs: Sequence[str | None]) -> list[Any]:
    """Values for the inputs, beginning with the content image: what the painting was made of, as far as it is
    still there. Where that is in the input it is not set again, which would take its regions away."""
    shown = kept_in(selected.folder).shown if selected else None
    given = (*(shown.given if shown else inputs), *(None,) * len(inputs))
    values = [
        gr.skip() if was == now or is_gone(was) else was for was, now in zip(given, inputs, strict=False)
    ]
    return [values[0] or gr.skip(), *values[1:]]  # a texture was made without one


def _taken(selected: Painted | None) -> str:
    """The painting that is seen, or the moment of its run, as an input."""
    if selected is None or not selected.is_there:
        raise gr.Error(GONE, print_exception=False)
    return selected.picture


def _amounted(shown: Shown | None) -> str:
    return status.amounted(shown.frame) if shown and shown.frame.alpha is not None else ""
