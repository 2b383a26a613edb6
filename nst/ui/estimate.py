"""How long the next painting will take on this machine, said above Paint before it is pressed."""

from collections.abc import Sequence
from typing import Any

from ..decoding import picture_size
from ..errors import NSTError
from ..images import require_ratio
from . import status
from .events import QUIET, follow
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

    def wire(self, content: Any, further: Sequence[Any], pictures: Any) -> None:
        """Let the line follow the content image, the second, third and fourth style image, the length of the
        row and the settings."""
        self.given = [content, *further, pictures, *self.form.inputs]
        follow([control.change for control in self.given], self.said, self.given, [self.line])

    def after(self, event: Any) -> None:
        """Say it anew when a page has loaded or a run has ended: `event` is demo.load, or the end's then."""
        event(self.said, self.given, self.line, **QUIET)

    def said(
        self,
        content: str | None,
        second: str | None,
        third: str | None,
        fourth: str | None,
        pictures: Any,
        *values: Any,
    ) -> str:
        """About how long it will take, or why it cannot be painted."""
        try:
            settings = self.form.read(values)
            self.limits.check(settings)
            shape = settings.shape(shape_of(content))
            require_ratio(*shape, settings.size)
            if pictures != 1:
                check_row(pictures, 1 + sum(map(bool, (second, third, fourth))))
                seconds = self.speed.seconds_of_row(settings, shape, pictures)
            else:
                seconds = self.speed.seconds(settings, shape)
        except NSTError as error:
            return status.note(str(error), "refused")
        return about(seconds, self.limits)


def about(seconds: float | None, limits: Limits) -> str:
    """HTML of how long it will take, None where that is not known, and whether that is longer than it may."""
    if seconds is None:
        return status.note("How long it takes here is known after the first painting.")
    said = f"About {status.duration(max(1.0, seconds))} on this machine"
    if seconds <= limits.max_seconds:
        return status.note(f"{said}.")
    most = status.duration(limits.max_seconds)
    return status.note(f"{said}: it will be stopped after {most}, and what is painted by then is kept.")


def shape_of(content: str | None) -> tuple[int, int]:
    """(width, height) of an uploaded picture by its header, or the usual shape."""
    try:
        return picture_size(content) if content else USUAL_SHAPE
    except NSTError:  # the run will say what is wrong with it
        return USUAL_SHAPE
