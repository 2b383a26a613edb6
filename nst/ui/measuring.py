"""The run behind How it works: two pictures and the moments of a painting in, their numbers out.

The network runs here, in its turn; what the page shows afterwards is formatted from a Found and computes
nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PIL import Image

from ..decoding import Decoded
from ..errors import SettingsError
from ..images import fit, open_own, within
from ..report import each_as
from ..settings import Settings
from .inlined import inline
from .opening import CONTENT_IMAGE, STYLE_IMAGE, opened_pair
from .running.frames import Frame, Moment, working
from .running.limits import Limits
from .running.workspace import Workspace

if TYPE_CHECKING:
    from ..studies.measure import Measured, Measuring, Strongest

MOST_MEASURED = 16  # moments of a run; each takes the network some tenths of a second
THUMB = 320  # pixels of a picture beside its Gram matrix


@dataclass(frozen=True)
class Asked:
    """What is to be measured.

    content, style   paths of the two pictures
    settings         what was painted with, or would be
    moments          of the run, in order; none where these pictures have not been painted
    painted          the Frame of each of its evaluations
    newest           path of the visit's newest painting then, "" for none
    """

    content: str
    style: str
    settings: Settings
    moments: tuple[Moment, ...] = ()
    painted: tuple[Frame, ...] = ()
    newest: str = ""


@dataclass(frozen=True)
class Shot:
    """One generated image: the moment of the run, None where there was none; its numbers; its picture as
    HTML."""

    moment: Moment | None
    measured: "Measured"
    picture: str


@dataclass(frozen=True)
class Found:
    """All that the page shows for one visitor.

    content, style   the two pictures as HTML
    shots            in order of evaluation, at least one; the last is the finished picture
    strongest        {layer: what its Gram matrix stands for in the style image}, for every layer measured
    most             {layer: the largest entry of its Gram matrices}, the top of their common scale
    features         whose activations they are
    """

    asked: Asked
    content: str
    style: str
    shots: tuple[Shot, ...] = ()
    strongest: "Mapping[str, Strongest]" = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    features: str = ""

    @property
    def evaluations(self) -> list[int]:
        return [shot.moment.evaluation for shot in self.shots if shot.moment]

    def nearest(self, evaluation: float) -> Shot:
        """The shot whose evaluation is the nearest, the last where there was no run."""
        return min(
            reversed(self.shots), key=lambda s: abs(s.moment.evaluation - evaluation) if s.moment else 0
        )


def measure_run(folder: str, limits: Limits, asked: Asked, keep: Callable[[Found], None]) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    keep   gets a Found after each moment, the finished picture first: it is asked later, in this process, and
           so the run never moves to a borrowed GPU

    Raises ImageRefused or SettingsError with one sentence.
    """
    limits.check(asked.settings)
    opened = opened_pair(folder, asked.content, asked.style)
    return _in_turn(folder, limits, asked, opened, keep)


def _in_turn(
    folder: str,
    limits: Limits,
    asked: Asked,
    opened: Sequence[Decoded],
    keep: Callable[[Found], None],
) -> Iterator[Frame]:
    from ..studies.measure import Measuring, run_filters  # and torch: the page is served before it is there

    doing = "Learning filters." if asked.settings.weights == "self-taught" else "Reading VGG-19."
    yield Frame("working", doing)
    workspace = Workspace(folder, limits.max_seconds)
    content, style = (one.take() for one in opened)
    filters, layers = yield from each_as(run_filters(asked.settings, content, style), working)
    moments = [*reversed(_spread(asked.moments))] or [None]
    if why := workspace.why_end:
        yield Frame("stopped", f"{why} before anything was measured.", features=filters.label)
        return
    yield Frame("working", "Measuring the content and the style image.", features=filters.label)
    size = _size(moments[0], content, asked.settings)
    measuring = Measuring(content, style, asked.settings, filters, layers, size)
    found = Found(
        asked,
        inline(_small(content), CONTENT_IMAGE),
        inline(_small(style), STYLE_IMAGE),
        strongest=measuring.strongest,
        features=filters.label,
    )
    yield from _each(workspace, moments, measuring, found, keep, content)


def _spread(moments: Sequence[Moment]) -> Sequence[Moment]:
    """MOST_MEASURED of the moments, the first and the last among them; all where there are no more."""
    last = len(moments) - 1
    if last < MOST_MEASURED:
        return moments
    return [moments[round(k * last / (MOST_MEASURED - 1))] for k in range(MOST_MEASURED)]


def _each(
    workspace: Workspace,
    moments: Sequence[Moment | None],
    measuring: "Measuring",
    found: Found,
    keep: Callable[[Found], None],
    content: Image.Image,
) -> Iterator[Frame]:
    """Measure one moment after the other, the last of the run first."""
    of = len(moments)
    for number, moment in enumerate(moments):
        done = {"evaluation": number, "of": of, "counted": "moment", "features": found.features}
        if number and (why := workspace.why_end):
            yield Frame("stopped", f"{why} after {number} of {of} moments: these are shown.", **done)
            return
        if moment:
            yield Frame("working", f"Measuring moment {number + 1} of {of}.", **done)
        picture = _opened(moment) if moment else content
        measured = measuring.measure(picture, _size(moment, content, found.asked.settings))
        shot = Shot(moment, measured, inline(_small(picture), "The generated image"))
        found = replace(found, shots=(shot, *found.shots), most=found.most or _most(measured))
        keep(found)
    yield Frame("done", _summary(found), features=found.features)


def _size(moment: Moment | None, content: Image.Image, settings: Settings) -> tuple[int, int]:
    """The size a moment is measured at: that at which it was painted, or would be, up to 512 px."""
    from ..studies.measure import SIDE

    return within((moment.width, moment.height) if moment else fit(*content.size, settings.size), SIDE)


def _opened(moment: Moment) -> Image.Image:
    """The picture of a moment. Raises SettingsError where it has been deleted."""
    try:
        return open_own(moment.path)
    except OSError:
        raise SettingsError(
            "The pictures of the last run have been deleted: paint again, then measure."
        ) from None


def _small(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return small


def _most(measured: "Measured") -> dict[str, float]:
    from ..studies.gram import largest

    return {layer: largest(grams) for layer, grams in measured.grams.items()}


def _summary(found: Found) -> str:
    count = len(found.evaluations)
    moments = {0: "", 1: " and 1 moment of the run"}.get(count, f" and {count} moments of the run")
    return f"Measured both pictures{moments} with {found.features}."
