"""Layers × α/β: what more style layers and more weight on the content do, on one board.

After Gatys, Ecker & Bethge (2015), "A Neural Algorithm of Artistic Style", arXiv 1508.06576, figure 3.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from PIL import Image

from ..errors import SettingsError, shown
from ..images import fit
from ..network.layers import deepest
from ..network.vgg import Filters
from ..settings import BOUNDS, Settings
from .board import GRID, LADDER, Board, checked
from .descents import empty, fill_in, prepare, study
from .filters import reached
from .outlines import RATIOS, grid_outline

CONTENT_LAYERS = ("relu4_2", "relu3_1", "relu2_1", "relu1_1")  # the paper's, or the deepest of a shorter file
BALANCE = 0.003  # the α/β at which both relative costs weigh the same


def layers_grid(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
    ratios: Sequence[float] = RATIOS,
    layers: Sequence[str] | None = None,
) -> Generator[Board, None, None]:
    """Paint the content image in the style once for each set of style layers and each α/β.

    Rows are the style layers conv1_1; conv1_1 + conv2_1; … up to conv5_1 or the deepest the filters have
    (read after the ReLU: our relu1_1, …); columns are α/β. The content layer is the paper's, relu4_2.
    The first Board comes before any heavy work, then one after every evaluation of a row. Closing the
    generator stops the run; the last board holds what is done.

    settings   GRID unless given: size (64 … 256), evaluations of each cell, init, seed, weights, pooling, …
               Their α, β, strength and layers are not used.
    ratios     each from 3e-6 to 0.03; layers: the ladder of style layers, in place of the paper's

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Board.
    """
    settings = checked(settings or GRID)
    if not ratios:
        raise SettingsError("A grid needs at least one ratio α/β.")
    for ratio in ratios:
        relative_strength(ratio)
    return study(_grid, content, styles, settings, device, filters, ratios, layers)


def relative_strength(ratio: float) -> float:
    """The strength, as in Settings, that stands for the paper's α/β = ratio: BALANCE / ratio.

        J / β = ratio/BALANCE · ‖F − P‖² / ‖P‖² + Σ_l 1/L · ‖G_l − A_l‖² / ‖A_l‖²

    F, P   activations of generated and content image at the content layer
    G, A   Gram matrices of generated and style image at each of the L style layers

    Raises SettingsError unless ratio is in [3e-6, 0.03].

    Deviation: the paper has ½ ‖F − P‖² and 1/(4N²M²) ‖G − A‖² on a VGG-19 whose channels were rescaled to
    mean activation 1, so that layers compare. Taken literally, with each layer rescaled to mean 1 on the
    pictures, ‖F − P‖² grows with the picture and every column is the photograph (strength 0.5 … 0.0005 at
    128 px, relu3_3). Costs relative to their targets compare on any filters and at every size, and BALANCE
    puts the columns where the figure has them: 10⁻⁵ texture (strength 300), 10⁻² photograph (strength 0.3).
    """
    bound = BOUNDS["strength"]
    low, high = BALANCE / bound.high, BALANCE / bound.low
    if not isinstance(ratio, int | float) or not 0.999 * low <= ratio <= 1.001 * high:
        raise SettingsError(f"α/β must be a number from {low:g} to {high:g}, not {shown(ratio)}.")
    return min(max(bound.low, BALANCE / ratio), bound.high)  # floats may miss a bound by a hair


def cell_settings(settings: Settings, ratio: float, content_layer: str, layers: Sequence[str]) -> Settings:
    """The settings of one cell: stylize() with them has the cell's objective and its start.

    γ = tv · (1 + strength / 50), as J too is larger where the style weighs more.
    """
    strength = relative_strength(ratio)
    return settings.with_(
        strength=strength,
        tv=min(settings.tv * (1 + strength / 50), BOUNDS["tv"].high),
        alpha=None,
        beta=None,
        content_layers={content_layer: 1.0},
        style_layers=dict.fromkeys(layers, 1.0),
    )


def _content_layer(filters: Filters) -> str:
    """The first of CONTENT_LAYERS that the filters reach."""
    return reached(filters, CONTENT_LAYERS)[0]


def _grid(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
    ratios: Sequence[float],
    layers: Sequence[str] | None,
) -> Iterator[Board]:
    board = grid_outline(fit(*content.size, settings.size), ratios, layers or LADDER)
    yield board
    through = deepest((CONTENT_LAYERS[0], *(layers or LADDER)))
    prepared = yield from prepare(board, content, styles, settings, through, device, filters)
    ladder = tuple(layers or reached(prepared.filters, LADDER))
    prepared.filters.require(ladder)
    kept = _content_layer(prepared.filters)
    rows, columns = grid_outline(ratios=ratios, layers=ladder).rows, board.columns
    groups = [
        [
            empty(
                row,
                column,
                f"{rows[row]}, {columns[column]}",
                cell_settings(settings, ratio, kept, ladder[: row + 1]),
            )
            for column, ratio in enumerate(ratios)
        ]
        for row in range(len(ladder))
    ]
    yield from fill_in(prepared, replace(prepared.board, rows=rows), groups)
