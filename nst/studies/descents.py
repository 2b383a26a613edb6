"""Many pictures painted side by side: what the painted studies share.

A board is a list of groups of Settings, one for each picture. The pictures of a group go through one forward
and one backward pass; the groups take turns, so that the whole board fills in together and the activations of
only one group are in memory. All go from coarse to fine together, as stylize() goes alone.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PIL import Image
from torch import Tensor

from ..borders import with_margin, without_margin
from ..descent import Descent, advance
from ..device import Device, choose
from ..errors import Diverged
from ..images import fit, require_ratio
from ..network.layers import RELU_LAYERS, depth
from ..network.vgg import Filters, Network
from ..objective import Costs, Weighting, make_objectives
from ..optimizers import make_optimizer
from ..report import result_of, timed
from ..schedule import Pace, Scale, beginning, schedule
from ..settings import Settings
from ..style_image import style_at
from ..targets import Targets, make_targets
from ..tensors import to_tensor
from ..transfer import announced, finished, learn
from .board import Board, Cell
from .filters import as_deep_as_can_be, reached


@dataclass(frozen=True)
class Prepared:
    """What all pictures of a board have in common: pictures as tensors of one size, filters, the device.

    board      as it is once these are known
    network    through the deepest layer of any picture; it takes up to a second to make, and serves all sizes
    content    (1, 3, H, W), and styles likewise, in [0, 1] on the device
    pictures   the content image and the style images themselves
    learner    the settings the filters are learned with at each size, None where they are not
    """

    board: Board
    filters: Filters
    network: Network
    where: Device
    content: Tensor
    styles: Sequence[Tensor]
    pictures: Sequence[Image.Image]
    learner: Settings | None

    def targets(self, settings: Settings) -> Targets:
        """make_targets() of the settings' layers."""
        return make_targets(self.network, settings, self.content, self.styles)

    def at(self, scale: Scale, settings: Settings) -> "Prepared":
        """The same at a scale."""
        content, styles = _tensors(self.pictures, scale.size, settings, self.where)
        here = replace(self, content=content, styles=styles)
        if self.learner is None:
            return here
        filters = result_of(learn(self.learner, content, styles))
        return replace(
            here, filters=filters, network=_network(filters, self.network.layers, settings, self.where)
        )


@dataclass(frozen=True)
class Painted:
    """One picture as far as it is painted.

    image     (1, 3, H, W), the best so far; least: its costs, None before the first evaluation
    content   the content image at the image's size
    energy    the costs of silence, see energy(), which costs are measured against
    by        the weights of its costs
    """

    settings: Settings
    evaluation: int
    image: Tensor
    content: Tensor
    least: Costs | None
    energy: Mapping[str, float]
    by: Weighting


def study(
    boards: Callable[..., Iterator[Board]],
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings,
    *more: Any,
) -> Generator[Board, None, None]:
    """boards(content, styles, settings, *more), each with the seconds since the start and those left.

    Raises SettingsError, at once, for a content image that would be squashed at the settings' size.
    """
    require_ratio(*content.size, settings.size)
    styles = [styles] if isinstance(styles, Image.Image) else list(styles)
    return timed(boards(content, styles, settings, *more), Pace(schedule(settings, *content.size)))


def prepare(
    board: Board,
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    through: str,
    device: str | None,
    filters: Filters | None,
) -> Generator[Board, None, Prepared]:
    """What the board's pictures share, with filters through the layer `through`, or as deep as they go."""
    where = choose(device)
    board = replace(board, device=where.label)
    if filters is None:
        filters = yield from announced(board, as_deep_as_can_be(settings.weights, through))
    size = fit(*content.size, settings.size)
    board = replace(board, size=size)
    pictures, learner = (content, *styles), None
    here, palettes = _tensors(pictures, size, settings, where)
    if filters is None:
        learner = settings.with_(content_layers={through: 1.0}, style_layers={through: 1.0})
        filters = yield from announced(board, learn(learner, here, palettes))
    board = replace(board, doing=f"Painting at {max(size)} px", features=filters.label)
    layers = reached(filters, RELU_LAYERS[: depth(through)])
    network = _network(filters, layers, settings, where)
    return Prepared(board, filters, network, where, here, palettes, pictures, learner)


def _network(filters: Filters, layers: Sequence[str], settings: Settings, where: Device) -> Network:
    return Network(filters, layers, settings.pooling, where.torch, where.dtype)


def _tensors(
    pictures: Sequence[Image.Image], size: tuple[int, int], settings: Settings, where: Device
) -> tuple[Tensor, list[Tensor]]:
    content, *styles = pictures
    here = with_margin(to_tensor(content, size)).to(where.torch)
    return here, [style_at(style, Scale(size, settings.evaluations), settings, here) for style in styles]


def fill_in(prepared: Prepared, board: Board, groups: Sequence[Sequence[Cell]]) -> Iterator[Board]:
    """The board with its cells, group by group, after each group's next evaluation."""
    cells = [cell for group in groups for cell in group]
    board = replace(board, cells=tuple(cells), of=sum(cell.of for cell in cells))
    yield board
    for painted in descend_together(prepared, [[cell.settings for cell in group] for group in groups]):
        now = tuple(filled(*pair) for pair in zip(cells, painted, strict=True))
        yield replace(board, cells=now, evaluation=sum(each.evaluation for each in painted))


def descend_together(
    prepared: Prepared, groups: Sequence[Sequence[Settings]]
) -> Iterator[tuple[Painted, ...]]:
    """All pictures of all groups, in order, after each group's next evaluation, from coarse to fine.

    Sizes and their evaluations are those of the first. A picture whose cost stops being a number keeps its
    best and the others go on. Raises Diverged when that has become of all.
    """
    first, done = groups[0][0], 0
    smaller, painted = None, [[None for _ in group] for group in groups]
    for scale in schedule(first, *prepared.pictures[0].size):
        here = prepared.at(scale, first) if scale.size != prepared.board.size else prepared
        inside = without_margin(here.content)
        descents = [
            [_begin(settings, inside, smaller, image) for settings, image in zip(group, images, strict=True)]
            for group, images in zip(groups, painted, strict=True)
        ]
        yield from _one_scale(here, groups, descents, done, scale)
        painted = [[without_margin(descent.best) for descent in group] for group in descents]
        smaller, done = inside, done + scale.evaluations


def _begin(settings: Settings, content: Tensor, smaller: Tensor | None, painted: Tensor | None) -> Descent:
    start = with_margin(beginning(settings, content, smaller, painted))
    return Descent(start, make_optimizer(settings.optimizer, settings.learning_rate, start))


def _one_scale(
    prepared: Prepared,
    groups: Sequence[Sequence[Settings]],
    descents: Sequence[Sequence[Descent]],
    done: int,
    scale: Scale,
) -> Iterator[tuple[Painted, ...]]:
    """The evaluations of one scale, after the `done` of coarser ones."""
    objectives = [
        make_objectives(
            prepared.network, [scale.used(each) for each in group], prepared.content, prepared.styles
        )
        for group in groups
    ]
    energies = [energy(objective.targets) for objective in objectives]
    for _ in range(scale.evaluations):
        for objective, begun in zip(objectives, descents, strict=True):
            advance(objective, begun)
            if len(groups) > 1:
                objective.parts.release()
            if all(descent.diverged for group in descents for descent in group):
                raise Diverged(
                    "The cost of every picture stopped being a number: lower the strength or the "
                    "learning rate, or choose another network."
                )
            yield tuple(
                Painted(
                    settings,
                    done + descent.evaluation,
                    descent.best,
                    prepared.content,
                    descent.least,
                    energies[number],
                    by,
                )
                for number, group in enumerate(groups)
                for settings, descent, by in zip(
                    group, descents[number], objectives[number].weightings, strict=True
                )
            )


def energy(targets: Targets) -> dict[str, float]:
    """The cost of silence at each target: J_content[l] and J_style[l] at a(G) = 0.

    Keyed "content relu3_3", "style relu3_1"; 1 for a layer that is silent on its picture.
    """
    content = {f"content {layer}": targets.content_energy(layer) for layer in targets.content}
    return content | {f"style {layer}": targets.style_energy(layer) for layer in targets.style}


def caption(painted: Painted) -> str:
    """What is missing of the content, J_content / J_content(silence), and of the style likewise, averaged
    over its layers; of each only where it has a weight."""
    costs, settings = painted.least, painted.settings
    if costs is None:
        return ""
    parts = []
    if settings.alpha != 0:
        of_silence = sum(w * painted.energy[f"content {name}"] for name, w in painted.by.content.items())
        parts.append(f"content {costs.content / of_silence:.2g}")
    if settings.beta != 0:
        shares = [cost / painted.energy[f"style {name}"] for name, cost in costs.style.items()]
        parts.append(f"style {sum(shares) / len(shares):.2g}")
    return ", ".join(parts)


def filled(cell: Cell, painted: Painted) -> Cell:
    """The cell with what has been painted of it."""
    kept = without_margin(painted.content) if painted.settings.keep_colours else None
    return replace(
        cell,
        evaluation=painted.evaluation,
        costs=painted.least,
        caption=caption(painted),
        render=partial(finished, without_margin(painted.image), kept),
    )


def empty(row: int, column: int, label: str, settings: Settings) -> Cell:
    """A cell of which nothing is painted yet."""
    return Cell(row, column, label, settings, of=settings.evaluations)
