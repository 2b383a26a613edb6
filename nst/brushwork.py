"""How large the brushwork will be, before a long run: a piece of the picture at several style scales."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from functools import partial

from PIL import Image

from .images import fit, require_ratio
from .network.vgg import Filters
from .report import timed
from .row import Row, in_a_row
from .schedule import Pace, schedule
from .settings import BRUSHWORK_SCALES, Settings
from .style_image import middle
from .transfer import Progress, as_texture, run

PIECE = 256  # pixels of the piece's longer side
SMALLEST = 32  # pixels of a piece's shorter side: at coarser scales it is not painted
FEW = 30  # evaluations: the brushwork is there, and no longer grows


def brushwork(
    content: Image.Image | None,
    styles: Sequence[Image.Image],
    settings: Settings,
    device: str | None = None,
) -> Generator[Row, None, None]:
    """A Row after every evaluation, with a picture for each of BRUSHWORK_SCALES: the middle of the content
    image, PIECE px long, painted as a part of the whole at settings.size would be.

    Its strokes are as wide as those of the whole. A small picture of the whole would not show them: a unit of
    the network sees as many pixels of it, and so more of the scene. Colours and large shapes are of the piece
    alone, whose statistics are those of the whole style image. Its edges meet only where it is the whole of
    a seamless picture. Raises what stylize() does.
    """
    share = min(1.0, PIECE / settings.size)
    few = settings.with_(
        evaluations=min(FEW, settings.evaluations), seamless=settings.seamless and share == 1
    )
    settings.weights_for(len(styles))
    shape = settings.shape(content.size if content else None)
    require_ratio(*shape, settings.size)
    *coarser, finest = schedule(few, *shape)
    pieces = [scale.piece(share) for scale in coarser]
    first, *later = *(one for one in pieces if share == 1 or min(one.size) >= SMALLEST), finest.piece(share)
    left = few.evaluations - sum(scale.evaluations for scale in (first, *later))
    scales = [replace(first, evaluations=first.evaluations + left), *later]
    if settings.is_texture or content is None:
        piece, few = styles[0], as_texture(few)
    else:
        piece = middle(content, share)

    def begin(style_scale: float, _: Image.Image | None, filters: Filters | None) -> Iterator[Progress]:
        return run(piece, styles, few.with_(style_scale=style_scale), device, filters, scales)

    runs = [partial(begin, each) for each in BRUSHWORK_SCALES]
    row = in_a_row(runs, len(runs) * few.evaluations, few)
    return timed(row, Pace(len(runs) * scales), fit(*shape, settings.size))
