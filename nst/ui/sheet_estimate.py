"""How long the next sheet of a study will take on this machine, said above its button."""

from collections.abc import Mapping
from typing import Any

from ..errors import NSTError
from . import status
from .boards import sheet_settings
from .estimate import about, shape_of
from .events import QUIET, follow
from .running.limits import Limits
from .running.speed import Speed
from .study import Given
from .theme import html


class SheetEstimate:
    """A line of the page.

    name    of the study
    kinds   of sheet, by what the visitor chooses; the first where there is nothing to choose
    """

    def __init__(
        self, name: str, given: Given, speed: Speed, limits: Limits, kinds: Mapping[str, str]
    ) -> None:
        self.given, self.speed, self.limits, self.kinds = given, speed, limits, kinds
        self.line = html(elem_id=f"{name}-estimate")

    def wire(self, *inputs: Any) -> None:
        """Let the line follow the content image, the size, the evaluations, the weights and, where there are
        several kinds, what is chosen."""
        self.inputs = inputs
        follow([each.change for each in inputs], self.said, inputs, [self.line])

    def after(self, event: Any) -> None:
        """Say it anew when a page has loaded or a painting has ended: `event` is demo.load, or its then."""
        event(self.said, [*self.inputs], self.line, **QUIET)

    def said(self, content: str | None, size: Any, evaluations: Any, weights: Any, what: Any = None) -> str:
        """About how long it will take, or why it cannot be painted."""
        kind = self.kinds.get(what) or next(iter(self.kinds.values()))
        try:
            changes = {"size": size, "evaluations": evaluations, "weights": weights}
            settings = sheet_settings(kind, changes, self.limits)
            self.limits.check(settings)
            shape = shape_of(self.given.both(content, None)[0])
            return about(self.speed.seconds_of_sheet(kind, settings, shape), self.limits)
        except NSTError as error:
            return status.note(str(error), "refused")
