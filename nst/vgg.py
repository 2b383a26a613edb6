"""VGG-19's convolutions: layer names, receptive fields, and a stack that stops at the deepest one.

The ImageNet mean and standard deviation live here and nowhere else. Where the filters come from is the
business of weights.py (ImageNet) and selftaught.py (learned from the pictures at hand).
Source: Simonyan & Zisserman (2015), configuration E; torchvision's indices of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .errors import SettingsError, shown

# torchvision trained VGG-19 on RGB in [0, 1] with this mean and standard deviation.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

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


@dataclass(frozen=True)
class Filters:
    """Frozen filters with VGG-19's topology, from conv1_1 on; possibly only the first few.

    label      what a visitor reads: "VGG-19 (ImageNet)", "self-taught filters", …
    kind       "imagenet", "file" or "self-taught"
    kernels    one (outputs, inputs, 3, 3) float32 tensor a convolution
    biases     one (outputs,) float32 tensor a convolution
    """

    label: str
    kind: str
    kernels: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    def require(self, layers: Iterable[str]) -> None:
        """Raise SettingsError, naming what is missing, if a layer lies deeper than these filters."""
        have = len(self.kernels)
        missing = sorted({layer for layer in layers if depth(layer) > have})
        if missing:
            raise SettingsError(
                f"These filters ({self.label}) end at {RELU_LAYERS[have - 1]}, so "
                f"{', '.join(missing)} cannot be used: choose layers up to {RELU_LAYERS[have - 1]} "
                "or another source of weights."
            )


def _replicate_border(x: Tensor) -> Tensor:
    """One more row and column on each side, a copy of the border: (N, C, H, W) → (N, C, H + 2, W + 2).

    F.pad(mode="replicate") adds its gradients in no fixed order on a GPU, and the same run would not
    give the same bytes.
    """
    x = torch.cat((x[:, :, :1], x, x[:, :, -1:]), dim=2)
    return torch.cat((x[..., :1], x, x[..., -1:]), dim=3)


class Network:
    """The filters as a function: image → {layer: activations}.

    image        (N, 3, H, W) float32 in [0, 1]; the mean and standard deviation are taken inside
    activations  (N, C, ⌈H/stride⌉ or so, …) in `dtype`: RELU layers after the ReLU, CONV layers before it

    The picture's border is replicated before the first convolution (crowsonkb/style-transfer-pytorch does the
    same) and zeros are added before the others, as VGG-19 was trained. Zeros around the picture look like a
    black frame, and the optimiser answers them; replicating or reflecting before every convolution was tried
    and paints a coloured edge. Pools halve with "average" (Gatys'
    advice, smoother) or "max" (as trained). An odd last row or column is dropped, as in training.
    """

    def __init__(
        self,
        filters: Filters,
        layers: Iterable[str],
        pooling: str = "average",
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.layers = tuple(layers)
        filters.require(self.layers)
        self.pool = F.max_pool2d if pooling == "max" else F.avg_pool2d
        self.dtype = dtype
        through = max(map(depth, self.layers))
        self.weights = [
            (
                kernel.to(device, dtype).contiguous(memory_format=torch.channels_last),
                bias.to(device, dtype),
            )
            for kernel, bias in zip(filters.kernels[:through], filters.biases[:through], strict=True)
        ]
        self.mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(STD, device=device).view(1, 3, 1, 1)

    def __call__(self, image: Tensor) -> dict[str, Tensor]:
        wanted, found = set(self.layers), {}
        x = _replicate_border((image - self.mean) / self.std)
        x = x.to(self.dtype, memory_format=torch.channels_last)
        for number, (conv, (kernel, bias)) in enumerate(zip(CONVS, self.weights, strict=False), start=1):
            x = F.conv2d(x, kernel, bias, padding=0 if number == 1 else 1)
            if f"conv{conv.name}" in wanted:
                found[f"conv{conv.name}"] = x
                x = F.relu(x)
            else:
                x = F.relu_(x)  # in place: a convolution needs its input, not its output, backwards
            if f"relu{conv.name}" in wanted:
                found[f"relu{conv.name}"] = x
            if conv.pool and (conv.pool in wanted or number < len(self.weights)):
                x = self.pool(x, 2)
                if conv.pool in wanted:
                    found[conv.pool] = x
        return found
