"""How long the next painting will take on this machine, said above Paint before it is pressed."""

from typing import Any

import gradio as gr

from ..decoding import picture_size
from ..errors import NSTError
from . import status
from .events import LATEST, QUIET
from .form import Form
from .painting import check_row
from .running.limits import Limits
from .running.speed import Speed
from .theme import html

USUAL_SHAPE = (4, 3)  # of a content image that is not there yet


class Estimate:
    """A line of the page; learn() makes it better with each painting."""

    def __init__(self, form: Form, limits: Limits) -> None:
        self.form, self.limits, self.speed = form, limits, Speed()
        self.line = html(elem_id="estimate")
        self.learn = self.speed.learn

    def wire(self, content: Any, second: Any, pictures: Any) -> None:
        """Let the line follow the content image, the second style, the length of the row and the settings."""
        self.given = [content, second, pictures, *self.form.inputs]
        changes = [control.change for control in self.given]
        gr.on(changes, self.said, self.given, self.line, **LATEST, **QUIET)

    def after(self, event: Any) -> None:
        """Say it anew when a page has loaded or a run has ended: `event` is demo.load, or the end's then."""
        event(self.said, self.given, self.line, **QUIET)

    def said(self, content: str | None, second: str | None, pictures: Any, *values: Any) -> str:
        """About how long it will take, or why it cannot be painted."""
        try:
            settings = self.form.read(values)
            self.limits.check(settings)
            shape = settings.shape(_shape(content))
            if pictures != 1:
                check_row(pictures, 2 if second else 1)
                seconds = self.speed.seconds_of_row(settings, shape, pictures)
            else:
                seconds = self.speed.seconds(settings, shape)
        except NSTError as error:
            return status.note(str(error), "refused")
        if seconds is None:
            return status.note("How long it takes here is known after the first painting.")
        return status.note(f"About {status.duration(max(1.0, seconds))} on this machine.")


def _shape(content: str | None) -> tuple[int, int]:
    """(width, height) of an uploaded picture by its header, or the usual shape."""
    try:
        return picture_size(content) if content else USUAL_SHAPE
    except NSTError:  # the run will say what is wrong with it
        return USUAL_SHAPE
