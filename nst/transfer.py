"""stylize(), the generator that is the optimisation: its preparations, its scales and what it reports.

What is minimised is in objective.py, the loop in descent.py, the sizes it is run at in schedule.py. Plain
L-BFGS may leave [0, 1] on its way: its picture is clamped when it is looked at, here.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from .descent import descend
from .device import choose
from .errors import OutOfMemory, RunError
from .images import fit
from .layers import deepest
from .objective import Costs, Objective, Weighting, make_objective
from .optimizers import make_optimizer
from .schedule import Pace, Scale, beginning, schedule
from .settings import BOUNDS, Settings
from .tensors import keep_colours, match_colours, to_picture, to_tensor, with_margin, without_margin
from .vgg import Filters
from .weights import find_filters
from .weights.self_taught import learn_filters


@dataclass(frozen=True)
class Progress:
    """What a run reports after each evaluation, and between them while it prepares.

    doing        a short phrase for people: "Painting at 256 px"
    evaluation   evaluations done, of `of`
    size         (width, height) being painted
    seconds      since the start; eta: seconds left, None until it can be known
    costs        of this evaluation, None before the first
    weighting    α, β, γ and λ in force
    features     which filters are in use; device: where, in which precision
    image        the best picture so far, converted from the device when read (some milliseconds)
    """

    doing: str = "Getting ready"
    evaluation: int = 0
    of: int = 0
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    eta: float | None = None
    costs: Costs | None = None
    weighting: Weighting | None = None
    features: str = ""
    device: str = ""
    render: Callable[[], Image.Image] | None = field(default=None, repr=False)

    @property
    def image(self) -> Image.Image | None:
        return self.render() if self.render else None


def stylize(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
) -> Iterator[Progress]:
    """Paint the content image in the style of the style images; yields a Progress after every evaluation.

    The first Progress comes at once, before any heavy work; `progress.image` of the last is the finished
    picture. Closing the generator stops the run and frees its tensors. The same pictures, settings, seed
    and device give the same bytes.

    content, styles   RGB pictures, from load_picture()
    device            "cpu", "cuda", "mps" or None for the best there is
    filters           given, they are used in place of those that settings.weights names

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Progress.

    Source: Gatys, Ecker & Bethge (2016). Deviations: coarse to fine, relative strength, replicated borders,
    fewer layers by default.
    """
    settings = settings or Settings()
    styles = [styles] if isinstance(styles, Image.Image) else list(styles)
    start = time.perf_counter()
    last, pace = Progress(of=settings.evaluations), Pace(schedule(settings, *content.size))
    try:
        for progress in _run(content, styles, settings, device, filters):
            seconds = time.perf_counter() - start
            eta = pace.seconds_left(progress.evaluation, seconds)
            last = replace(progress, seconds=seconds, eta=eta)
            yield last
        return
    except RunError as error:
        error.best = last if last.render else None
        raise
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        size = last.size
    # Outside the except clause: an exception being handled keeps every tensor of its frames alive.
    raise OutOfMemory(
        f"There is not enough memory for {size[0]} × {size[1]} pixels: choose a size of "
        f"{max(int(BOUNDS['size'].low), max(size) // 2)} or less.",
        best=last if last.render else None,
    )


def _run(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
) -> Iterator[Progress]:
    now = Progress(of=settings.evaluations)
    yield now
    where = choose(device)
    now = replace(now, device=where.label)
    if filters is None:
        finding = find_filters(settings.weights, deepest(settings.layers))
        filters = yield from announced(now, finding)
    painted = smaller = None
    for scale in schedule(settings, *content.size):
        now = replace(now, size=scale.size)
        inside = to_tensor(content, scale.size).to(where.torch)
        here = with_margin(inside)
        palettes = [style_at(style, scale, settings, here) for style in styles]
        learned = filters or (yield from announced(now, learn(settings, here, palettes)))
        objective = make_objective(learned, settings, where, here, palettes)
        del palettes  # as large as what is painted
        now = replace(
            now,
            doing=f"Painting at {max(scale.size)} px",
            features=learned.label,
            weighting=objective.weighting,
        )
        image = with_margin(beginning(settings, inside, smaller, painted))
        painted = without_margin((yield from _paint(now, objective, image, scale, settings, here)))
        now = replace(now, evaluation=now.evaluation + scale.evaluations)
        smaller = inside
        del objective  # its rooms, before those of the next scale are made


def announced(now: Any, work: Iterator[Any]) -> Iterator[Any]:
    """`now`, a Progress or a Board, with each thing the work reports; returns what the work returns."""
    while True:
        try:
            report = next(work)
        except StopIteration as end:
            return end.value
        yield replace(now, doing=str(report))


def style_at(style: Image.Image, scale: Scale, settings: Settings, content: Tensor) -> Tensor:
    """The style image beside this scale: as long as the generated image times style_scale, never enlarged
    (an enlarged picture is blurred, and its Gram matrices would ask for blur)."""
    side = min(max(style.size), round(max(scale.size) * settings.style_scale))
    tensor = to_tensor(style, fit(*style.size, side)).to(content.device)
    return match_colours(tensor, content) if settings.keep_colours else tensor


def learn(settings: Settings, content: Tensor, styles: Sequence[Tensor]) -> Generator[str, None, Filters]:
    """learn_filters() through the deepest layer of the settings."""
    return learn_filters(
        content,
        styles,
        deepest(settings.layers),
        pooling=settings.pooling,
        seed=settings.seed,
    )


def _paint(
    now: Progress,
    objective: Objective,
    image: Tensor,
    scale: Scale,
    settings: Settings,
    content: Tensor,
) -> Iterator[Progress]:
    """The evaluations of one scale, a Progress each; returns the best picture."""
    optimizer = make_optimizer(settings.optimizer, settings.learning_rate, image)
    kept = content if settings.keep_colours else None
    best = image
    for count, (costs, best) in enumerate(descend(objective, image, optimizer, scale.evaluations), 1):
        render = partial(finished, best, kept)
        yield replace(now, evaluation=now.evaluation + count, costs=costs, render=render)
    return best


def finished(image: Tensor, content: Tensor | None) -> Image.Image:
    """The image as it is looked at: clamped, without its margin, and where `content`, with its margin, is
    given, in the colours of that."""
    image = image.clamp(0, 1)
    return to_picture(without_margin(image if content is None else keep_colours(image, content).clamp(0, 1)))


def is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class for it; the CPU allocator raises a RuntimeError that says so."""
    said = str(error)
    return (
        isinstance(error, (torch.OutOfMemoryError, MemoryError))
        or "not enough memory" in said
        or "allocate memory" in said
    )
