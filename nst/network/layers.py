"""VGG-19's layers by name: which convolution makes each, how far apart its positions are, what each sees.

This file imports no torch, so that settings can be checked and the page be served before torch is there.
Source: Simonyan & Zisserman (2015), configuration E; torchvision's indices of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import SettingsError, shown

NETWORK = "VGG-19 (Simonyan & Zisserman)"  # as a visitor reads it
CONVS_PER_BLOCK = (2, 2, 4, 4, 4)
CHANNELS_PER_BLOCK = (64, 128, 256, 512, 512)


@dataclass(frozen=True)
class Conv:
    """One of VGG-19's sixteen 3×3 convolutions.

    name       "1_1" … "5_4", so that its layers are conv1_1 (before the ReLU) and relu1_1 (after it)
    index      position in torchvision's `features`, which names the tensors: features.{index}.weight
    pool       "pool1" … "pool5" where a pool follows, else None
    """

    name: str
    index: int
    inputs: int
    outputs: int
    pool: str | None


def _convs() -> tuple[Conv, ...]:
    convs, index, inputs = [], 0, 3
    for block, (count, outputs) in enumerate(zip(CONVS_PER_BLOCK, CHANNELS_PER_BLOCK, strict=True), start=1):
        for position in range(1, count + 1):
            name = f"{block}_{position}"
            pool = f"pool{block}" if position == count else None
            convs.append(Conv(name, index, inputs, outputs, pool))
            index, inputs = index + 2, outputs  # a ReLU follows each convolution
        index += 1  # and a pool each block
    return tuple(convs)


CONVS = _convs()
RELU_LAYERS = tuple(f"relu{conv.name}" for conv in CONVS)
CONV_LAYERS = tuple(f"conv{conv.name}" for conv in CONVS)
POOL_LAYERS = tuple(f"pool{block}" for block in range(1, 6))
LAYERS = (*RELU_LAYERS, *CONV_LAYERS, *POOL_LAYERS)


def depth(layer: str) -> int:
    """How many convolutions `layer` needs: 1 for relu1_1, 8 for relu3_4 and pool3, 16 for relu5_4.

    Raises SettingsError for a name that is not one of VGG-19's layers.
    """
    if layer not in LAYERS:
        raise SettingsError(
            f"There is no layer {shown(layer)}: the layers are relu1_1 … relu5_4, conv1_1 … conv5_4 "
            "and pool1 … pool5."
        )
    if layer.startswith("pool"):
        return sum(CONVS_PER_BLOCK[: int(layer[4:])])
    return RELU_LAYERS.index("relu" + layer[4:]) + 1


def deepest(layers: Iterable[str]) -> str:
    """The layer that needs the most convolutions, a pool counting as deeper than its last ReLU."""
    return max(layers, key=lambda layer: (depth(layer), layer.startswith("pool")))


def block_of(layer: str) -> int:
    """The block, 1 … 5, a layer belongs to; its convolutions see the picture at 1/2^(block − 1)."""
    depth(layer)
    return int(layer[4])


def stride(layer: str) -> int:
    """Pixels of the picture between two neighbouring positions of the layer: 1, 2, 4, 8, 16 by block."""
    return 2 ** (block_of(layer) - 1 + layer.startswith("pool"))


def work(layer: str) -> float:
    """Multiplications of the convolutions up to the layer, for each pixel of the picture."""
    through = CONVS[: depth(layer)]
    return sum(9 * conv.inputs * conv.outputs / stride(f"conv{conv.name}") ** 2 for conv in through)


def receptive_field(layer: str) -> int:
    """Side in pixels of the square of the picture one position of `layer` sees.

    r ← r + (k − 1) · stride, layer by layer: k = 3 for a convolution, 2 for a pool.
    3 at relu1_1, 5 at relu1_2, 10 at relu2_1, 24 at relu3_1, 48 at relu3_4 … 268 at pool5.
    """
    field, step = 1, 1
    for conv in CONVS[: depth(layer)]:
        field += 2 * step
        if conv.pool and (layer == conv.pool or conv.name != layer[4:]):
            field, step = field + step, 2 * step
    return field


def receptive_box(layer: str, row: int, column: int) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the pixels that one position of `layer` sees; right and bottom excluded.

        left = column · s − (r − s)/2,   right = left + r,   and so for the rows

    with s = stride(layer) and r = receptive_field(layer): the field lies centred on the position's own s × s
    pixels, since each convolution reaches as far to the left as to the right and no pool is padded. Near
    the border it reaches over it: the picture then is what the box and the picture share, as the pixels
    beyond are copies of the border's or zeros.
    """
    step, field = stride(layer), receptive_field(layer)
    left, top = (at * step - (field - step) // 2 for at in (column, row))
    return left, top, left + field, top + field
