"""The Transfer tab's run: uploaded files and settings in, Frames out, a PNG with its recipe at the end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from .. import __version__
from ..errors import ImageRefused, SettingsError
from ..images import load_picture, save_png
from ..recipe import recipe_text
from ..settings import Settings
from .running.frames import Frame, Point
from .running.jobs import on_device
from .running.limits import Limits
from .running.workspace import PREVIEW_EDGE

if TYPE_CHECKING:
    from ..objective import Costs, Weighting
    from ..transfer import Progress

MOST_STYLES = 4
RESULT = "painting.png"


def painting(
    folder: str, limits: Limits, content: str | None, styles: Sequence[str | None], settings: Settings
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    content, styles   paths of uploaded files

    Raises ImageRefused or SettingsError with one sentence. Pictures are opened in this process and not in
    ZeroGPU's worker: a refusal costs no quota, and a lock held at the fork cannot block a decoder.
    """
    limits.check(settings)
    given = [style for style in styles if style]
    if not content:
        raise ImageRefused("There is no content image yet: choose the picture to repaint.")
    if not given:
        raise ImageRefused("There is no style image yet: choose the picture to paint like.")
    if len(given) > MOST_STYLES:
        raise SettingsError(
            f"There are {len(given)} style images and at most {MOST_STYLES} are used: remove some."
        )
    for path in (content, *given):
        load_picture(path)  # for its refusal; kept, pictures of all who wait would fill the memory
    return _in_turn(folder, limits, content, given, settings)


def _in_turn(
    folder: str, limits: Limits, content: str, styles: Sequence[str], settings: Settings
) -> Iterator[Frame]:
    pictures = [load_picture(style) for style in styles]
    yield from on_device(folder, limits, Painting(load_picture(content), pictures, settings))


@dataclass(frozen=True)
class Painting:
    """One painting as a job."""

    content: Image.Image
    styles: Sequence[Image.Image]
    settings: Settings

    kept = "this is the best picture so far"
    edge = PREVIEW_EDGE

    @property
    def pixels(self) -> float:
        shape = min(self.content.size) / max(self.content.size)
        return self.settings.size**2 * shape * self.settings.evaluations

    def reports(self) -> "Iterator[Progress]":
        from ..transfer import stylize  # and torch: the page is served before it is there

        return stylize(self.content, self.styles, self.settings)

    def pictures(self, now: "Progress") -> tuple[Image.Image]:
        assert now.image is not None
        return (now.image,)

    def fields(self, now: "Progress") -> dict[str, Any]:
        by = now.weighting
        if by is None:
            return {}
        weights = {"alpha": by.alpha, "beta": by.beta, "gamma": by.gamma, "lambdas": dict(by.lambdas)}
        return {**weights, "costs": _point(now.evaluation, now.costs, by) if now.costs else None}

    def save(self, now: "Progress", folder: Path) -> tuple[str, dict[str, Any]]:
        path = str(folder / RESULT)
        recipe = recipe_text(
            self.settings,
            now.features,
            __version__,
            device=now.device,
            evaluations=now.evaluation,
            seconds=now.seconds,
        )
        save_png(*self.pictures(now), path, recipe)
        return path, {}

    def summary(self, now: "Progress") -> str:
        width, height = now.size
        return f"Painted {width} × {height} px in {now.seconds:.0f} s, {now.evaluation} evaluations."


def _point(evaluation: int, costs: "Costs", by: "Weighting") -> Point:
    weighted = {"content": by.alpha * costs.content}
    weighted |= {layer: by.beta * by.lambdas[layer] * j for layer, j in costs.style.items()}
    weighted["tv"] = by.gamma * costs.tv
    return Point(evaluation, costs.total, costs.content, dict(costs.style), costs.tv, weighted)
