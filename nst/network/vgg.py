"""VGG-19's convolutions as a function of the image, up to the deepest layer asked for.

The ImageNet mean and standard deviation live here and nowhere else. Layer names are in layers.py; the
filters come from nst/weights/.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import SettingsError
from .calibration import calibration
from .convolution import Convolution, Direct, First, Tiled, Winograd, framed
from .layers import CONVS, RELU_LAYERS, depth
from .pooling import Pool

# torchvision trained VGG-19 on RGB in [0, 1] with this mean and standard deviation.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Filters:
    """Frozen filters with VGG-19's topology, from conv1_1 on; possibly only the first few.

    label      what a visitor reads: "VGG-19 (Simonyan & Zisserman)", "self-taught filters", …
    kind       "packaged", "torchvision", "file" or "self-taught"
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
                "or another network."
            )


def _replicate_border(x: Tensor) -> Tensor:
    """One more row and column on each side, a copy of the border: (N, C, H, W) → (N, C, H + 2, W + 2).

    F.pad(mode="replicate") adds its gradients in no fixed order on a GPU, and the same run would not
    give the same bytes.
    """
    x = torch.cat((x[:, :, :1], x, x[:, :, -1:]), dim=2)
    return torch.cat((x[..., :1], x, x[..., -1:]), dim=3)


def _convolution(kernel: Tensor, bias: Tensor) -> Convolution:
    """Winograd's, where that was measured to be faster on this processor, else PyTorch's."""
    here = kernel.device.type == "cpu" and kernel.dtype == torch.float32
    pays = here and tuple(kernel.shape[:2]) in calibration().winograd
    return Winograd(kernel, bias) if pays else Direct(kernel, bias)


class Network:
    """The filters as a function: image → {layer: activations}.

    image        (N, 3, H, W) float32 in [0, 1]; the mean and standard deviation are taken inside
    activations  (N, C, ⌊H/stride⌋, ⌊W/stride⌋) in `dtype`: RELU layers after the ReLU, CONV layers before it

    The picture's border is replicated before the first convolution (crowsonkb/style-transfer-pytorch does the
    same) and zeros are added before the others, as VGG-19 was trained. Zeros around the picture look like a
    black frame, and the optimiser answers them; replicating or reflecting before every convolution was tried
    and paints a coloured edge. What "average" and "max" pooling do is in pooling.py.
    """

    def __init__(
        self,
        filters: Filters,
        layers: Iterable[str],
        pooling: str,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.label, self.layers = filters.label, tuple(layers)
        filters.require(self.layers)
        self.pool, self.dtype, self.border = Pool(pooling), dtype, _replicate_border
        through = max(map(depth, self.layers))
        pairs = zip(filters.kernels[:through], filters.biases[:through], strict=True)
        first, *others = [(kernel.to(device, dtype), bias.to(device, dtype)) for kernel, bias in pairs]
        self.convolutions = [First(*first), *(_convolution(*each) for each in others)]
        self.mean = torch.tensor(MEAN, device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(STD, device=device).view(1, 3, 1, 1)

    def only(self, layers: Iterable[str]) -> "Network":
        """The same network no deeper than these layers, some of its own; both share their convolutions."""
        shallower = copy(self)
        shallower.layers = tuple(layers)
        shallower.convolutions = self.convolutions[: max(map(depth, shallower.layers))]
        return shallower

    def tiled(self) -> "Network":
        """The same network of a tile, whose left edge goes on at its right one and its top at its bottom, in
        every layer. Where a pool drops an odd last row or column, that is missing at the seam. Both share
        their kernels."""
        first, *others = self.convolutions
        tiled = copy(self)
        tiled.border, tiled.convolutions = framed, [first, *map(Tiled, others)]
        return tiled

    def prepared(self, image: Tensor) -> Tensor:
        """What the first convolution is given, not yet in the network's precision: (N, 3, H + 2, W + 2)."""
        return self.border((image - self.mean) / self.std)

    def __call__(self, image: Tensor, layers: Iterable[str] | None = None) -> dict[str, Tensor]:
        """Its activations, or those of some of its layers alone."""
        wanted, found = set(self.layers if layers is None else layers), {}
        x = self.prepared(image).to(self.dtype, memory_format=torch.channels_last)
        for conv, convolve in zip(CONVS, self.convolutions, strict=False):
            x = convolve(x)
            if f"conv{conv.name}" in wanted:
                found[f"conv{conv.name}"] = x
                x = F.relu(x)
            else:
                x = F.relu_(x)  # in place: a convolution needs its input, not its output, backwards
            if f"relu{conv.name}" in wanted:
                found[f"relu{conv.name}"] = x
            if wanted <= found.keys():
                break
            if conv.pool:
                x = self.pool(x)
                if conv.pool in wanted:
                    found[conv.pool] = x
        return found
