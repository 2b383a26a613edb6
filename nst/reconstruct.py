"""What each layer keeps of the content, what of the style, and how three optimisers get there.

After Gatys, Ecker & Bethge (2015), arXiv 1508.06576, figure 1, and Mahendran & Vedaldi (2015),
"Understanding Deep Image Representations by Inverting Them".
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image

from .board import Board, Cell
from .errors import SettingsError
from .explore import (
    LADDER,
    Painted,
    allowed,
    checked,
    conv_name,
    empty,
    filled,
    paint,
    paint_board,
    prepare,
    watched,
)
from .layers import deepest
from .objective import Targets, weigh
from .schedule import Pace, schedule
from .settings import BOUNDS, Settings
from .vgg import Filters

SOURCE = "After Gatys, Ecker & Bethge (2015), figure 1"
RECONSTRUCT = Settings(size=192, scales=1, evaluations=80, init="noise", tv=0.2)
STYLE_TV = 0.1  # of the content's γ: more blurs away the grain that the first layers' texture is
ROWS = ("content from one layer", "style from all up to it")

OPTIMIZERS = {"lbfgs": "L-BFGS", "adam": "Adam", "gd": "gradient descent"}
COMPARE = Settings(size=192, scales=1, evaluations=500)
SNAPSHOTS = 5


def reconstruct(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
    layers: Sequence[str] | None = None,
) -> Iterator[Board]:
    """From noise, the content image from one layer alone and the style image from growing sets of layers.

        content   J = ‖F − P‖² / ‖P‖² at the layer of the column
        style     J = Σ_l 1/L · ‖G_l − A_l‖² / ‖A_l‖² over the layers up to that of the column

    Columns are conv1_1, conv2_1, … conv5_1 as far as the filters go (read after the ReLU: our relu1_1, …),
    or `layers`. The two pictures of a column share their passes, through no deeper a network than it needs.
    Boards come as from layers_grid(): the first at once; closing stops; the last holds what is done.

    settings   RECONSTRUCT unless given: size (64 … 256), evaluations of each picture, seed, weights, …

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Board.

    Source: Gatys et al. (2015), figure 1, without ½ and 1/(4N²M²), as each cost is relative to its target.
    A little γ · TV, from Mahendran & Vedaldi (2015), takes away what noise of the start no layer sees: 0.2,
    and a tenth of it for style.
    """
    settings = checked(settings or RECONSTRUCT)
    styles = [styles] if isinstance(styles, Image.Image) else list(styles)
    boards = _reconstruct(content, styles, settings, device, filters, layers)
    return watched(boards, Pace(schedule(settings, *content.size)))


def _reconstruct(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
    layers: Sequence[str] | None,
) -> Iterator[Board]:
    board = Board("What each layer keeps", SOURCE, rows=ROWS)
    yield board
    through = deepest(layers or LADDER)
    scene = yield from prepare(board, content, styles, settings, through, device, filters)
    ladder = tuple(layers or allowed(scene.filters, LADDER))
    scene.filters.require(ladder)
    columns = tuple(map(conv_name, ladder))
    targets = scene.targets(
        settings.with_(content_layers=dict.fromkeys(ladder, 1.0), style_layers=dict.fromkeys(ladder, 1.0))
    )
    groups = [
        [
            empty(0, column, f"content from {name}", content_alone(settings, targets, ladder[column])),
            empty(1, column, f"style up to {name}", style_alone(settings, targets, ladder[: column + 1])),
        ]
        for column, name in enumerate(columns)
    ]
    yield from paint_board(scene, replace(scene.board, columns=columns), groups)


def content_alone(settings: Settings, targets: Targets, layer: str) -> Settings:
    """The settings whose J is the content cost of one layer over that of silence; no style."""
    only = settings.with_(content_layers={layer: 1.0}, style_layers={layer: 1.0}, alpha=None, beta=None)
    return only.with_(alpha=_within_bounds("alpha", weigh(only, _at(targets, only)).alpha), beta=0.0)


def style_alone(settings: Settings, targets: Targets, layers: Sequence[str]) -> Settings:
    """The settings whose J is the mean over layers of the style cost over that of silence; no content."""
    only = settings.with_(
        content_layers={layers[0]: 1.0},
        style_layers=dict.fromkeys(layers, 1.0),
        alpha=None,
        beta=None,
        strength=1.0,
        tv=STYLE_TV * settings.tv,
    )
    by = weigh(only, _at(targets, only))
    return only.with_(alpha=0.0, beta=_within_bounds("beta", by.beta), style_layers=by.lambdas)


def _at(targets: Targets, settings: Settings) -> Targets:
    return Targets(
        {layer: targets.content[layer] for layer in settings.content_layers},
        {layer: targets.style[layer] for layer in settings.style_layers},
    )


def _within_bounds(name: str, weight: float) -> float:
    # Filters that hardly answer have tiny energies; with one cost alone only the scale of J changes.
    return min(weight, BOUNDS[name].high)


def compare_optimizers(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
) -> Iterator[Board]:
    """The same start and objective under L-BFGS, Adam and gradient descent, side by side.

    Rows are the optimisers, columns the pictures after a fifth, two fifths, … of the evaluations: 100, 200,
    300, 400 and 500. `curves` holds the least J so far after each evaluation: that of the picture shown.
    The three share their passes; each call of an optimiser is one evaluation, so the columns compare.
    Boards come as from layers_grid().

    settings   COMPARE unless given; their optimizer is not used, evaluations is a multiple of 5

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Board.
    """
    settings = checked(settings or COMPARE).with_(scales=1)  # one objective from the first to the last
    if settings.evaluations % SNAPSHOTS:
        raise SettingsError(
            f"Evaluations must be a multiple of {SNAPSHOTS} from {SNAPSHOTS} to 2000, "
            f"not “{settings.evaluations}”."
        )
    styles = [styles] if isinstance(styles, Image.Image) else list(styles)
    boards = _compare(content, styles, settings, device, filters)
    return watched(boards, Pace(schedule(settings, *content.size)))


def _compare(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
) -> Iterator[Board]:
    every = settings.evaluations // SNAPSHOTS
    columns = tuple(f"after {every * (column + 1)}" for column in range(SNAPSHOTS))
    board = Board("Three optimisers, one objective", "", tuple(OPTIMIZERS.values()), columns)
    yield board
    through = deepest(settings.layers)
    scene = yield from prepare(board, content, styles, settings, through, device, filters)
    scene.filters.require(settings.layers)
    cells = tuple(_snapshots(row, name, settings, columns) for row, name in enumerate(OPTIMIZERS))
    curves: dict[str, tuple[float, ...]] = dict.fromkeys(OPTIMIZERS.values(), ())
    now = replace(scene.board, of=len(OPTIMIZERS) * settings.evaluations)
    for painted in paint(scene, [[settings.with_(optimizer=name) for name in OPTIMIZERS]]):
        cells = tuple(_kept(row, one) for row, one in zip(cells, painted, strict=True))
        curves = {
            name: (*curve, one.least.total) if one.least and one.evaluation > len(curve) else curve
            for (name, curve), one in zip(curves.items(), painted, strict=True)
        }
        done = sum(one.evaluation for one in painted)
        yield replace(now, cells=sum(cells, ()), curves=curves, evaluation=done)


def _snapshots(row: int, name: str, settings: Settings, columns: Sequence[str]) -> tuple[Cell, ...]:
    every = settings.evaluations // SNAPSHOTS
    return tuple(
        empty(
            row,
            column,
            f"{OPTIMIZERS[name]} {label}",
            settings.with_(optimizer=name, evaluations=every * (column + 1)),
        )
        for column, label in enumerate(columns)
    )


def _kept(row: tuple[Cell, ...], painted: Painted) -> tuple[Cell, ...]:
    """One optimiser's row: past snapshots as they were, the next as it now is, later ones empty."""
    live = next(cell for cell in row if painted.evaluation <= cell.of)
    return tuple(filled(cell, painted) if cell is live else cell for cell in row)
