"""What each layer keeps of the content, and what of the style.

After Gatys, Ecker & Bethge (2015), arXiv 1508.06576, figure 1, and Mahendran & Vedaldi (2015),
"Understanding Deep Image Representations by Inverting Them".
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from PIL import Image

from ..images import fit
from ..network.layers import deepest
from ..network.vgg import Filters
from ..objective import weigh
from ..settings import BOUNDS, Settings
from ..targets import Targets
from .board import LADDER, RECONSTRUCT, Board, checked, conv_name
from .descents import empty, fill_in, prepare, study
from .filters import reached
from .outlines import reconstruct_outline

STYLE_TV = 0.1  # of the content's γ: more blurs away the grain that the first layers' texture is


def reconstruct(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
    layers: Sequence[str] | None = None,
) -> Generator[Board, None, None]:
    """From noise, the content image from one layer alone and the style image from growing sets of layers.

        content   J = ‖F − P‖² / ‖P‖² at the layer of the column
        style     J = Σ_l 1/L · ‖G_l − A_l‖² / ‖A_l‖² over the layers up to that of the column

    Columns are conv1_1, conv2_1, … conv5_1 as far as the filters go (read after the ReLU: our relu1_1, …),
    or `layers`. The two pictures of a column share their passes, through no deeper a network than it needs.
    Boards come as from layers_grid(): the first at once; closing stops; the last holds what is done.

    settings   RECONSTRUCT unless given: size (64 … 256), evaluations of each picture, seed, weights, …;
               their init is not used

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Board.

    Source: Gatys et al. (2015), figure 1, without ½ and 1/(4N²M²), as each cost is relative to its target.
    A little γ · TV, from Mahendran & Vedaldi (2015), takes away what noise of the start no layer sees: 0.2,
    and a tenth of it for style.
    """
    settings = checked(settings or RECONSTRUCT).with_(init="noise")
    return study(_reconstruct, content, styles, settings, device, filters, layers)


def _reconstruct(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
    layers: Sequence[str] | None,
) -> Iterator[Board]:
    board = reconstruct_outline(fit(*content.size, settings.size), layers or LADDER)
    yield board
    through = deepest(layers or LADDER)
    prepared = yield from prepare(board, content, styles, settings, through, device, filters)
    ladder = tuple(layers or reached(prepared.filters, LADDER))
    prepared.filters.require(ladder)
    columns = tuple(map(conv_name, ladder))
    targets = prepared.targets(
        settings.with_(content_layers=dict.fromkeys(ladder, 1.0), style_layers=dict.fromkeys(ladder, 1.0))
    )
    groups = [
        [
            empty(0, column, f"content from {name}", content_alone(settings, targets, ladder[column])),
            empty(1, column, f"style up to {name}", style_alone(settings, targets, ladder[: column + 1])),
        ]
        for column, name in enumerate(columns)
    ]
    yield from fill_in(prepared, replace(prepared.board, columns=columns), groups)


def content_alone(settings: Settings, targets: Targets, layer: str) -> Settings:
    """The settings whose J is the content cost of one layer over that of silence; no style."""
    only = settings.with_(content_layers={layer: 1.0}, style_layers={layer: 1.0}, alpha=None, beta=None)
    return only.with_(
        alpha=_within_bounds(
            "alpha", weigh(only, targets.only(only.content_layers, only.style_layers)).alpha
        ),
        beta=0.0,
    )


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
    by = weigh(only, targets.only(only.content_layers, only.style_layers))
    return only.with_(alpha=0.0, beta=_within_bounds("beta", by.beta), style_layers=by.lambdas)


def _within_bounds(name: str, weight: float) -> float:
    # Filters that hardly answer have tiny energies; with one cost alone only the scale of J changes.
    return min(weight, BOUNDS[name].high)
