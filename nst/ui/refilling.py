"""Values that fill the Transfer tab's inputs again: of a painting of the visit, of a recipe, or to go on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..decoding import read_text
from ..errors import NSTError
from ..recipe import Recipe, read_recipe
from ..settings import MOST_STYLES, Settings
from . import status
from .brush import is_marked
from .form import Form
from .in_sight import size_of
from .running.runs import Runs
from .shares import shares_of, with_those_missing
from .shown import Shown, is_gone, kept_in
from .visit import GONE, Painted, found_again

MARK_AGAIN = " It had regions: mark them again."
MARKED_STAYS = " It had regions: what is marked stays, and what is not must be marked again."
REGIONS_LOST = "It had regions, which are not kept: mark them again to keep them."
CHOOSE_FIRST = (
    "The pictures this was painted from are no longer kept: choose them again, then press this again, or "
    "take the painting as content."
)
CHOOSE_AGAIN = " Choose those of its pictures again that are no longer kept."


class Refilling:
    """The values, within the limits of the runs, for the fields of a form and the inputs beside it."""

    def __init__(self, runs: Runs, form: Form) -> None:
        self.runs, self.form = runs, form

    def values(self, folder: Path, shown: Shown, settings: Settings) -> list[Any]:
        """Values for all inputs, as they were for the run in the folder, without pictures that were swept."""
        there = [gr.skip() if path is None or is_gone(path) else path for path in _each_given(shown)]
        recipe = next((one.recipe for one in found_again([folder])), None)
        more = _began_with(recipe) if recipe else ""
        return [*there, *self._painted_with(shown, settings, "your last painting", more=more)]

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

    def open_recipe(self, path: str | None) -> list[Any]:
        """Values for the note beside the button, how many pictures, and the form."""
        try:
            recipe = read_recipe(path or "", read_text)
            settings = self.form.fitted(recipe.settings)
        except NSTError as error:
            return [status.note(str(error), "refused"), gr.skip(), *(gr.skip() for _ in self.form.filled)]
        said = f"{_filled_in(recipe)} {self.form.lowered(recipe.settings)}".strip()
        return [status.note(said), 1, *self.form.fill(settings)]

    def doubled(self, selected: Painted | None, brushed: Any, *inputs: str | None) -> list[Any]:
        """The painting that is seen, or the moment of its run, to go on with at twice its size; all the
        pictures it was made of; and its settings with a note on them, where they are known."""
        picture = taken_as(selected)
        size, most = 2 * max(size_of(picture)), self.runs.limits.max_size
        if size > most:
            raise gr.Error(
                f"This app paints up to {most} px, and twice this picture's size is {size} px: run it on "
                "your own computer for more.",
                print_exception=False,
            )
        pictures = _put_back(selected, inputs, brushed)
        settings = _settings_of(selected)
        if settings is None:
            filled = [size if one is self.form.settings["size"] else gr.skip() for one in self.form.filled]
            return [picture, *pictures, gr.skip(), *filled]
        settings = settings.with_(size=size)
        said = f"The settings of that painting are filled in. {self.form.lowered(settings)}".strip()
        return [picture, *pictures, status.note(said), *self.form.fill(self.form.fitted(settings))]

    def offered(self, path: str | None) -> Any:
        """The offer to use a picture's settings, where it carries any; not where it was taken as content."""
        try:
            read_recipe(path or "", read_text)
        except NSTError:
            return gr.Row(visible=False)
        return gr.Row(visible=self.runs.found(Path(path or "").parent.name) is None)

    def reuse(self, selected: Painted | None, *inputs: str | None) -> list[Any]:
        """Values for all inputs: what the painting that is seen was made of and with. A run that was not
        finished has no recipe, but what was kept of it."""
        shown = kept_in(selected.folder).shown if selected else None
        if selected is None or shown is None or shown.settings is None:
            note, length, *filled = self.open_recipe(selected.painting if selected else None)
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


def _settings_of(selected: Painted | None) -> Settings | None:
    """What the painting was made with, as a whole run has them: of a row, a picture's recipe has the few
    evaluations that it took after the one before."""
    recipe, shown = (selected.recipe, kept_in(selected.folder).shown) if selected else (None, None)
    run = shown.settings if shown else None
    settings = recipe.settings if recipe else run
    if settings is None or shown is None or run is None:
        return settings
    weights = with_those_missing(settings.style_weights, _each_given(shown)[1:])
    return settings.with_(evaluations=run.evaluations, style_weights=weights)


def gone_on(selected: Painted | None, brushed: Any = None, content: str | None = None) -> tuple[Any, ...]:
    """The painting that is seen, to go on with; the shares of the styles after the first, those of a picture
    of a row, for any other as they are set; its canvas, as a texture goes on as one; and its content image,
    where the input holds another."""
    picture, shares, canvas = taken_as(selected), (gr.skip(),) * (MOST_STYLES - 1), gr.skip()
    settings = selected.recipe.settings if selected and selected.recipe else None
    if selected and settings:
        canvas = settings.canvas
        if len(selected.row) > 1:
            weights, shown = settings.style_weights, kept_in(selected.folder).shown
            shares = shares_of(with_those_missing(weights, _each_given(shown)[1:]) if shown else weights)
    return picture, *shares, canvas, *_put_back(selected, [content], brushed)


def _put_back(selected: Painted | None, inputs: Sequence[str | None], brushed: Any) -> list[Any]:
    """_made_of() for a run that begins at once, with what is marked on the content image.

    Raises gr.Error where one of the pictures is no longer kept, as another would be painted, and warns of
    regions that are no longer marked."""
    shown = kept_in(selected.folder).shown if selected else None
    given = [*zip(_each_given(shown), inputs, strict=False)] if shown else []
    if shown and shown.settings and shown.settings.is_texture:
        del given[0]  # what was content then had no part in it
    if any(was != now and is_gone(was) for was, now in given):
        raise gr.Error(CHOOSE_FIRST, print_exception=False)
    content, *others = _made_of(selected, inputs)
    recipe = selected.recipe if selected else None
    had_regions = "mask" in recipe.others if recipe else bool(shown and shown.has_regions)
    if had_regions and not (content == gr.skip() and is_marked(brushed)):
        gr.Warning(REGIONS_LOST)
    return [content, *others]


def _made_of(selected: Painted | None, inputs: Sequence[str | None]) -> list[Any]:
    """Values for the inputs, beginning with the content image: what the painting was made of, as far as it is
    still there. Where that is in the input it is not set again, which would take its regions away."""
    shown = kept_in(selected.folder).shown if selected else None
    given = (*(shown.given if shown else inputs), *(None,) * len(inputs))
    values = [
        gr.skip() if was == now or is_gone(was) else was for was, now in zip(given, inputs, strict=False)
    ]
    return [values[0] or gr.skip(), *values[1:]]  # a texture was made without one


def taken_as(selected: Painted | None) -> str:
    """The painting that is seen, or the moment of its run, as an input."""
    if selected is None or not selected.is_there:
        raise gr.Error(GONE, print_exception=False)
    return selected.picture
