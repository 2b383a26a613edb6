"""stylize(), the generator that is the optimisation: its preparations, its scales and what it reports.

What is minimised is in objective.py, the loop in descent.py, the sizes it is run at in schedule.py. Plain
L-BFGS may leave [0, 1] on its way: its picture is clamped when it is looked at, here.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from PIL import Image
from torch import Tensor

from .borders import MIRRORED, SEAMLESS, Border
from .colours import keep_colours
from .descent import descend
from .device import Device, choose
from .images import fit, require_ratio
from .network.layers import deepest
from .network.vgg import Filters, Network
from .objective import Costs, Objective, Weighting, make_objective, network_of
from .optimizers import make_optimizer
from .regions import Regions, find_regions
from .report import AnyReport, Report, Result, Work, each_as, timed
from .schedule import Pace, Scale, beginning, continued, schedule
from .settings import Settings
from .style_image import style_at
from .tensors import to_picture, to_tensor
from .weights import find_filters
from .weights.self_taught import learn_filters


@dataclass(frozen=True, kw_only=True)
class Progress(Report):
    """What a run reports after each evaluation, and between them while it prepares.

    costs       of this evaluation; None where the report follows none
    weighting   α, β, γ, κ and λ in force at this size; None while it is prepared
    image       the best picture so far, converted from the device when read (some milliseconds)
    """

    costs: Costs | None = None
    weighting: Weighting | None = None
    render: Callable[[], Image.Image] | None = field(default=None, repr=False)

    @property
    def image(self) -> Image.Image | None:
        return self.render() if self.render else None

    @property
    def has_picture(self) -> bool:
        return self.render is not None


def stylize(
    content: Image.Image | None,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
    start: Image.Image | None = None,
    mask: Image.Image | None = None,
    style_mask: Image.Image | None = None,
) -> Generator[Progress, None, None]:
    """Paint the content image in the style of the style images; yields a Progress after every evaluation.

    The first Progress comes at once, before any heavy work; `progress.image` of the last is the finished
    picture. Closing the generator stops the run and frees its tensors. The same pictures and settings give
    the same bytes on the same device, with as many threads, in the same precision.

    content     RGB picture, from load_picture(); for a texture (settings.canvas) it is not used: None will do
    styles      one to four RGB pictures, weighted by settings.style_weights; a mask with blue needs two
    device      "cpu", "cuda", "mps" or None for the best there is
    filters     given, they are used in place of those that settings.weights names
    start       an earlier result to go on with, from load_painting(): only sizes finer than it are painted,
                or, where there is none, the full size with all of the evaluations. It is resized to the
                result's shape
    mask        regions of the content image, in its shape (regions.py): red stays as it is, blue is painted
                in the second style
    style_mask  parts of the first style image: the green, yellow and cyan regions of `mask` are painted like
                the part of the same colour

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Progress.

    Source: Gatys, Ecker & Bethge (2016). Deviations: coarse to fine with a larger strength at the coarser
    scales, relative strength, replicated borders, a margin that is painted and cut off, max pooling and total
    variation by default.
    """
    settings = settings or Settings()
    styles = [styles] if isinstance(styles, Image.Image) else list(styles)
    settings.weights_for(len(styles))
    shape = settings.shape(content.size if content else None)
    require_ratio(*shape, settings.size)
    sizes = [style.size for style in styles]
    regions = find_regions(mask, shape, settings, sizes, style_mask)
    if settings.is_texture or content is None:
        content, settings = styles[0], as_texture(settings)
    scales = schedule(settings, *shape)
    if start is not None:
        scales = continued(scales, max(start.size))
    return timed(run(content, styles, settings, device, filters, scales, start, regions), Pace(scales))


def as_texture(settings: Settings) -> Settings:
    """The settings without what asks for a content image. In its place stands the style image: filters that
    are learned see it, and nothing else does."""
    return settings.with_(init="noise", colours=0.0, keep_colours=False)


def run(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
    scales: Sequence[Scale],
    start: Image.Image | None = None,
    regions: Regions | None = None,
) -> Iterator[Progress]:
    """stylize() at these sizes: what is checked there is taken as it is, and the reports have no times."""
    now = Progress(of=sum(scale.evaluations for scale in scales))
    yield now
    where = choose(device)
    now = replace(now, device=where.label)
    network = yield from _network(now, settings, where, filters)
    del filters  # the network has its own, in its precision
    given = _Given(content, styles, settings, where, regions, network)
    painted = None
    if start is not None:
        size = fit(*scales[-1].size, min(settings.size, max(start.size)))
        painted = to_tensor(start, size).to(where.torch)
    for scale in scales:
        now = replace(now, size=scale.size, doing=f"Preparing {max(scale.size)} px", weighting=None)
        yield now
        # No name here is to hold what a scale begins from: it is as large as what is painted.
        painted, now = yield from _paint(given, scale, *(yield from _begun(given, scale, now, painted)))


class _Given(NamedTuple):
    """What all scales of a run have in common; no network: each learns its own filters."""

    content: Image.Image
    styles: Sequence[Image.Image]
    settings: Settings
    where: Device
    regions: Regions | None
    network: Network | None


def _network(
    now: Progress, settings: Settings, where: Device, filters: Filters | None
) -> Generator[Progress, None, Network | None]:
    """The network of these filters, or of those that the settings name, which it has in its precision."""
    if filters is None:
        filters = yield from found_filters(now, settings)
    return network_of(filters, settings, where) if filters else None


def found_filters(now: AnyReport, settings: Settings) -> Generator[AnyReport, None, Filters | None]:
    """The filters that the settings name, None for self-taught ones, with `now` meanwhile."""
    return announced(now, find_filters(settings.weights, deepest(settings.layers)))


def announced(now: AnyReport, work: Work[Result]) -> Generator[AnyReport, None, Result]:
    """`now` with each thing the work reports; returns what the work returns."""
    return each_as(work, lambda report: replace(now, doing=str(report)))


def learn(settings: Settings, content: Tensor, styles: Sequence[Tensor]) -> Generator[str, None, Filters]:
    """learn_filters() through the deepest layer of the settings."""
    return learn_filters(
        content,
        styles,
        deepest(settings.layers),
        pooling=settings.pooling,
        seed=settings.seed,
    )


def _begun(
    given: _Given, scale: Scale, now: Progress, painted: Tensor | None
) -> Generator[Progress, None, tuple[Progress, Objective, Border, Tensor, Tensor | None]]:
    """A scale's preparations: the Progress, the objective, the border, the image that is begun from, extended
    by it, and the content image where its colours are kept."""
    settings, size = given.settings, scale.size
    inside = to_tensor(given.content, size).to(given.where.torch)
    whole = SEAMLESS if settings.seamless else MIRRORED
    border = given.regions.border(whole, inside) if given.regions else whole
    objective, label = yield from _objective(given, scale, now, border, inside)
    now = replace(now, doing=f"Painting at {max(size)} px", features=label, weighting=objective.weighting)
    smaller = None
    if painted is not None:
        before = painted.shape[-1], painted.shape[-2]
        smaller = to_tensor(given.content, before).to(given.where.torch)
    image = beginning(settings, inside, smaller, painted, border.resize)
    return now, objective, border, border.extended(image), inside if settings.keep_colours else None


def _objective(
    given: _Given, scale: Scale, now: Progress, border: Border, inside: Tensor
) -> Generator[Progress, None, tuple[Objective, str]]:
    """The objective at a scale, where the content image is `inside` the border; which filters are in it."""
    settings, regions = given.settings, given.regions
    here = border.extended(inside)
    palettes = [style_at(style, scale, settings, here) for style in given.styles]
    guides, goals = None, ()
    if regions:
        guides = border.extended(regions.guides(scale.size).to(given.where.torch))
        goals = regions.goals(palettes, settings.weights_for(len(palettes)))
    network = given.network or network_of(
        (yield from announced(now, learn(settings, here, palettes))), settings, given.where
    )
    return make_objective(network, scale.used(settings), here, palettes, guides, goals), network.label


def _paint(
    given: _Given,
    scale: Scale,
    now: Progress,
    objective: Objective,
    border: Border,
    best: Tensor,
    kept: Tensor | None,
) -> Generator[Progress, None, tuple[Tensor, Progress]]:
    """The evaluations of one scale, a Progress each, from what _begun() returns; returns the best picture and
    the last Progress with it, as it stands while the next scale is prepared."""
    settings, before = given.settings, now.evaluation
    optimizer = make_optimizer(settings.optimizer, settings.learning_rate, best, settings.seamless)
    steps = descend(border.objective(objective), best, optimizer, scale.evaluations)
    for count, (costs, best) in enumerate(steps, 1):
        render = partial(finished, border.picture(best), kept)
        now = replace(now, evaluation=before + count, costs=costs, render=render)
        yield now
    return border.picture(best), replace(now, evaluation=before + scale.evaluations, costs=None)


def finished(image: Tensor, content: Tensor | None) -> Image.Image:
    """The image as it is looked at: clamped, and in the colours of the content image where that is given."""
    image = image.clamp(0, 1)
    return to_picture(image if content is None else keep_colours(image, content))
