"""The Transfer tab: two pictures in, the settings, and the panel where the painting is seen."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import NSTError, SettingsError
from . import status
from .advanced_fold import AdvancedFold
from .brush import EMPTY, mask_of
from .brushwork_fold import BrushworkFold
from .estimate import Estimate
from .events import QUIET, SHOW, SHOW_NOTE, TOLD, follow
from .example_pictures import ExamplePictures
from .form import OF_A_PAINTING, Form
from .gallery import Gallery
from .other_styles import OtherStyles
from .painting import painting
from .painting_panel import NAME_PICTURES, REMEMBERED, PaintingPanel
from .painting_values import painting_values
from .refilling import MARKED_STAYS, Refilling, gone_on, taken_as
from .refusing import FORGET_REFUSAL, refuse_at_once
from .regions_fold import RegionsFold
from .running.clients import client_of
from .running.frames import Frame
from .running.runs import Runs
from .shown import Record, Shown, keep, kept_in, pair_of
from .theme import html
from .upload import Upload
from .visit import addresses_of

# A reload leaves the last paintings there, and empties the inputs.
PICTURES_FIRST = "To go on from a painting, choose the pictures it was made of again: it does not keep them."

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
        self.refilling = Refilling(runs, self.form)
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
        for going in self._kept(painting_values(frames, begun, first), begun):
            if not start:
                self._learn(going[-1])
            yield going

    def _kept(self, values: Iterable[tuple[Any, ...]], begun: Shown) -> Iterator[tuple[Any, ...]]:
        """The values; once there is a picture, a page that is closed finds what the run was of."""
        is_kept = False
        for going in values:
            picture = going[-1].frame.picture
            if picture and not is_kept:
                keep(Record(begun, pair_of(begun, self.panel.names)), Path(picture).parent)
                is_kept = True
            yield going

    def _learn(self, shown: Shown) -> None:
        """Let the estimate learn from a run that painted one whole picture from its beginning."""
        last, is_plain = shown.frame, not shown.has_regions and shown.pictures == 1
        if shown.settings and is_plain and last.state == "done" and last.evaluation == last.of:
            self.estimate.learn(shown.settings, (last.width, last.height), last.seconds)

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
        share, canvas = (self.form.settings[name] for name in ("style_weights", "canvas"))
        begun = [panel.start, share, *self.form.further, canvas, self.content]
        both = [self.content, self.style, *self.others.uploads]
        enlarged = [panel.start, *both, self.note, *self.form.filled]
        seen = [panel.selected, self.regions.brush]
        for event in (
            panel.go_on.click(gone_on, [*seen, self.content], begun, **TOLD),
            panel.double.click(self.refilling.doubled, [*seen, *both], enlarged, **TOLD),
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
        second, note = self.others.second, self.note
        for event in self.examples.wire(self.content, self.style, second, note, self.surprise):
            self.one_style(event).then(None, js=PRESS_PAINT)
        for button, upload in ((self.panel.to_content, self.content), (self.panel.to_style, self.style)):
            taken = button.click(taken_as, self.panel.selected, upload, **TOLD)
            taken.success(None, js=SHOW.format(".inputs", "center"))

    def one_style(self, event: Any) -> Any:
        """After `event`, which has filled in two pictures: no other style, no row and no regions; returns the
        end of it."""
        emptied = event.then(self.others.emptied, None, self.others.inputs, **QUIET)
        return emptied.then(None, self.regions.inputs, self.regions.inputs, js=EMPTY)

    def _wire_recipes(self) -> None:
        filled = [self.note, self.others.length, *self.form.filled]
        follow([self.content.change], self.refilling.offered, [self.content], [self.offer])
        accepted = self.accept.click(self.refilling.open_recipe, self.content, filled, **QUIET)
        for answered in (accepted, self.repaint.click(None, js="() => null")):
            answered.then(lambda: gr.Row(visible=False), None, self.offer, **QUIET)
        opened = self.recipe.upload(self.refilling.open_recipe, self.recipe, filled, **QUIET)
        shown = [self.panel.selected, self.content, self.style, *self.others.uploads]
        reused = self.panel.reuse.click(self.refilling.reuse, shown, self.refilled, **QUIET)
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
            refilled = [shown, *self.refilling.values(folders[-1], shown, shown.settings)]
        return *self.panel.recall(request, folders), *refilled

    def _leave(self, request: gr.Request) -> None:
        self.runs.leave(request.session_hash)


def _amounted(shown: Shown | None) -> str:
    return status.amounted(shown.frame) if shown and shown.frame.alpha is not None else ""
