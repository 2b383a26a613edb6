"""The Transfer tab's run: uploaded files and settings in, Frames out, a PNG with its recipe at the end."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PIL import Image

from .. import __version__
from ..errors import ImageRefused, RunError, SettingsError
from ..images import load_picture, save_png
from ..recipe import recipe_text
from ..settings import Settings
from .frames import Frame, Point, settled
from .limits import Limits
from .workspace import Workspace
from .zerogpu import SHARE_OF_DURATION, borrowed, gpu

if TYPE_CHECKING:
    from ..objective import Costs, Weighting
    from ..transfer import Progress

MOST_STYLES = 4
RESULT = "painting.png"

# Assumed, not measured: the fastest published run, on a GTX 1080, handled 5.7 megapixels a second, and the
# GPUs lent today are many times faster. Too little asked for ends a run early, too much waits longer.
GPU_PIXELS_PER_SECOND = 20e6
GPU_START = 15.0  # seconds for the worker, the weights and the first kernels
LEAST_DURATION = 30  # seconds


def paint(
    folder: str,
    limits: Limits,
    content: str | None,
    styles: Sequence[str | None],
    settings: Mapping[str, Any],
) -> Iterator[Frame]:
    """Check what a visitor gave, and return the run as an iterator of Frames that has not begun.

    content, styles   paths of uploaded files
    settings          as Settings.from_dict() takes them, within the limits

    Raises ImageRefused or SettingsError with one sentence. Pictures are opened in this process and not in
    ZeroGPU's worker: a refusal costs no quota, and a lock held at the fork cannot block a decoder.
    """
    chosen = Settings.from_dict(settings)
    limits.check(chosen)
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
    return _in_turn(folder, limits, content, given, chosen)


def _in_turn(
    folder: str, limits: Limits, content: str, styles: Sequence[str], settings: Settings
) -> Iterator[Frame]:
    pictures = [load_picture(style) for style in styles]
    yield from _paint(folder, limits, load_picture(content), pictures, settings)


def duration(
    folder: str,
    limits: Limits,
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
) -> int:
    """Seconds of GPU to ask for: pixels × evaluations at a cautious speed, + 40 %, within the limits."""
    pixels = settings.size**2 * min(content.size) / max(content.size)
    seconds = GPU_START + 1.4 * pixels * settings.evaluations / GPU_PIXELS_PER_SECOND
    return int(min(max(LEAST_DURATION, seconds), limits.max_seconds))


@gpu(duration)
def _paint(
    folder: str,
    limits: Limits,
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
) -> Iterator[Frame]:
    seconds = float(limits.max_seconds)
    if borrowed():
        seconds = SHARE_OF_DURATION * duration(folder, limits, content, styles, settings)
    yield from settled(_frames(Workspace(folder, seconds), content, styles, settings))


def _frames(
    workspace: Workspace, content: Image.Image, styles: Sequence[Image.Image], settings: Settings
) -> Iterator[Frame]:
    from ..transfer import Progress, stylize  # and torch: the page is served before they are there

    state, message, now = "done", "", Progress()
    try:
        with contextlib.closing(stylize(content, styles, settings)) as run:
            for now in run:
                if message := _ended(workspace, now):
                    state = "stopped"
                    break
                if workspace.preview_due and (picture := now.image):
                    workspace.preview(picture)
                    workspace.remember(now.evaluation, picture)
                yield _frame(now, "working", f"{now.doing}.", workspace.picture)
    except RunError as error:
        state, message, now = "failed", str(error), error.best or now
    yield _last(workspace, now, state, message or _finished(now), settings)


def _finished(now: "Progress") -> str:
    return f"Painted {now.size[0]} × {now.size[1]} px in {now.seconds:.0f} s, {now.evaluation} evaluations."


def _ended(workspace: Workspace, now: "Progress") -> str:
    """The sentence with which a run ends early; empty while it may go on, or has nothing left to do."""
    why = workspace.why_end if now.evaluation < now.of else ""
    kept = "this is the best picture so far" if now.render else "there is no picture yet"
    return why and f"{why} at evaluation {now.evaluation} of {now.of}: {kept}."


def _last(workspace: Workspace, now: "Progress", state: str, message: str, settings: Settings) -> Frame:
    picture = now.image
    if picture is None:
        return _frame(now, state, message, None)
    path = str(workspace.folder / RESULT)
    recipe = recipe_text(
        settings,
        now.features,
        __version__,
        device=now.device,
        evaluations=now.evaluation,
        seconds=now.seconds,
    )
    save_png(picture, path, recipe)
    workspace.remember(now.evaluation, picture)
    return replace(_frame(now, state, message, path, result=path), moments=workspace.moments)


def _frame(
    now: "Progress", state: str, message: str, picture: str | None, result: str | None = None
) -> Frame:
    by = now.weighting
    return Frame(
        state,
        message,
        picture=picture,
        result=result,
        evaluation=now.evaluation,
        of=now.of,
        width=now.size[0],
        height=now.size[1],
        seconds=now.seconds,
        eta=now.eta if state == "working" else None,
        costs=_point(now.evaluation, now.costs, by) if now.costs and by else None,
        alpha=by.alpha if by else None,
        beta=by.beta if by else None,
        gamma=by.gamma if by else None,
        lambdas=dict(by.lambdas) if by else {},
        features=now.features,
        device=now.device,
    )


def _point(evaluation: int, costs: "Costs", by: "Weighting") -> Point:
    weighted = {"content": by.alpha * costs.content}
    weighted |= {layer: by.beta * by.lambdas[layer] * j for layer, j in costs.style.items()}
    weighted["tv"] = by.gamma * costs.tv
    return Point(evaluation, costs.total, costs.content, dict(costs.style), costs.tv, weighted)
