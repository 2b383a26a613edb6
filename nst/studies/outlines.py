"""The boards of the painted studies before anything is painted: their titles, rows, columns and proportions.

No torch, so that the page can show an empty sheet at once. Each study begins with its outline.
"""

from collections.abc import Sequence

from ..errors import SettingsError
from ..images import fit
from ..settings import Settings
from .board import LADDER, Board, conv_name
from .plot import power_of_ten

RATIOS = (1e-5, 1e-4, 1e-3, 1e-2)  # α/β
OPTIMIZERS = {"lbfgs": "L-BFGS", "adam": "Adam", "gd": "gradient descent"}
STATISTIC_NAMES = {
    "gram": "Gram matrix",
    "covariance": "Gram matrix, centred",
    "mean-std": "mean and deviation",
    "mean": "mean (linear kernel)",
    "polynomial": "polynomial kernel",
    "gaussian": "Gaussian kernel",
    "sliced": "sliced Wasserstein",
}
SNAPSHOTS = 5  # pictures of each optimiser


def grid_outline(
    size: tuple[int, int] = (0, 0), ratios: Sequence[float] = RATIOS, layers: Sequence[str] = LADDER
) -> Board:
    """Layers × α/β: a row for each growing set of style layers, a column for each α/β.

    size   (width, height) of each picture in pixels
    """
    names = [conv_name(layer) for layer in layers]
    return Board(
        title="Layers × α/β",
        source="After Gatys, Ecker & Bethge (2015), figure 3",
        rows=tuple(f"up to {name}" if number else name for number, name in enumerate(names)),
        columns=tuple(f"α/β = {_written(ratio)}" for ratio in ratios),
        size=size,
    )


def reconstruct_outline(size: tuple[int, int] = (0, 0), layers: Sequence[str] = LADDER) -> Board:
    """What each layer keeps: a column for each layer, the content above the style."""
    return Board(
        title="What each layer keeps",
        source="After Gatys, Ecker & Bethge (2015), figure 1",
        rows=("content from one layer", "style from all up to it"),
        columns=tuple(map(conv_name, layers)),
        size=size,
    )


def statistics_outline(size: tuple[int, int] = (0, 0), layers: Sequence[str] = LADDER) -> Board:
    """What is style? A row for each statistic, a column for every second set of layers."""
    return Board(
        title="What is style?",
        source="After Li et al. (2017)",
        rows=tuple(STATISTIC_NAMES.values()),
        columns=tuple(f"up to {conv_name(layer)}" for layer in layers[::2]),
        size=size,
    )


def compare_outline(size: tuple[int, int] = (0, 0), evaluations: int = 500) -> Board:
    """Three optimisers: a row for each, a column for every fifth of the evaluations, and their curves."""
    every = evaluations // SNAPSHOTS
    return Board(
        title="Three optimisers, one objective",
        rows=tuple(OPTIMIZERS.values()),
        columns=tuple(f"after {every * (column + 1)}" for column in range(SNAPSHOTS)),
        curves=dict.fromkeys(OPTIMIZERS.values(), ()),
        size=size,
    )


def in_snapshots(settings: Settings) -> Settings:
    """The settings of three optimisers. Raises SettingsError for evaluations that SNAPSHOTS do not divide."""
    if settings.evaluations % SNAPSHOTS:
        raise SettingsError(
            f"Evaluations must be a multiple of {SNAPSHOTS} for this sheet, not “{settings.evaluations}”."
        )
    return settings


def outline(kind: str, content: tuple[int, int], size: int, evaluations: int) -> Board:
    """The outline of a kind of board ("grid", "reconstruct", "statistics", "optimizers").

    content   (width, height) of the content image; size: the longer side of each picture
    """
    each = fit(*content, size)
    if kind == "optimizers":
        return compare_outline(each, evaluations)
    outlines = {"grid": grid_outline, "reconstruct": reconstruct_outline, "statistics": statistics_outline}
    return outlines[kind](each)


def _written(ratio: float) -> str:
    """0.0001 → "10⁻⁴"; a number that is no power of ten as it is."""
    digits, exponent = f"{ratio:.6e}".split("e")
    return power_of_ten(int(exponent)) if float(digits) == 1 else f"{ratio:g}"
