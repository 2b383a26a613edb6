"""What is style? The same texture from noise by each statistic of statistics.py, side by side."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

from PIL import Image

from ..images import fit
from ..network.layers import deepest
from ..network.vgg import Filters
from ..settings import Settings
from .board import LADDER, STATISTICS, Board, Cell, checked, conv_name
from .descents import Prepared, empty, fill_in, prepare, study
from .filters import reached
from .outlines import STATISTIC_NAMES, statistics_outline
from .reconstruct import style_alone


def compare_statistics(
    content: Image.Image,
    styles: Image.Image | Sequence[Image.Image],
    settings: Settings | None = None,
    device: str | None = None,
    filters: Filters | None = None,
) -> Generator[Board, None, None]:
    """From noise, the style image's texture by each statistic: can the Gram matrix be reformulated?

        J = Σ_l 1/L · J_style[l] / J_style[l](silence)      over the layers up to that of the column

    Rows are the statistics, columns growing sets of layers: up to conv1_1, conv3_1 and conv5_1, as far as the
    filters go. All begin from the same noise and get the same evaluations. The content image gives the shape.
    Boards come as from layers_grid().

    settings   STATISTICS unless given: size (64 … 256), evaluations of each picture, seed, weights, …; their
               init is not used

    Raises SettingsError, WeightsError, Diverged or OutOfMemory; the last two carry the best Board.
    """
    settings = checked(settings or STATISTICS).with_(init="noise")
    return study(_compare, content, styles, settings, device, filters)


def _compare(
    content: Image.Image,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None,
    filters: Filters | None,
) -> Iterator[Board]:
    board = statistics_outline(fit(*content.size, settings.size))
    yield board
    prepared = yield from prepare(board, content, styles, settings, deepest(LADDER), device, filters)
    ladder = reached(prepared.filters, LADDER)
    columns = statistics_outline(layers=ladder).columns
    rows = (_row(prepared, settings, row, ladder) for row in range(len(STATISTIC_NAMES)))
    yield from fill_in(
        prepared, replace(prepared.board, columns=columns), [[cell] for row in rows for cell in row]
    )


def _row(prepared: Prepared, settings: Settings, row: int, ladder: Sequence[str]) -> list[Cell]:
    """One statistic's pictures, nothing painted yet."""
    statistic, name = list(STATISTIC_NAMES.items())[row]
    settings = settings.with_(statistic=statistic)
    layers = {"content_layers": {ladder[0]: 1.0}, "style_layers": dict.fromkeys(ladder, 1.0)}
    targets = prepared.targets(settings.with_(**layers))
    steps = (ladder[: end + 1] for end in range(0, len(ladder), 2))
    return [
        empty(row, column, f"{name} up to {conv_name(step[-1])}", style_alone(settings, targets, step))
        for column, step in enumerate(steps)
    ]
