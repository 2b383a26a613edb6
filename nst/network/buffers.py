"""What is kept between two steps of the network: activations, and later their gradient in the same memory.

A buffer is one whole tensor and is used again at every evaluation. The first and largest, relu1_1, is not
kept: it is computed again from the picture wherever it is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..costs import content_cost, content_gradient, gram_gradient, gram_matrix
from .convolution import First, band, bands
from .rectify import relu_


@dataclass(frozen=True)
class CostGradients:
    """{layer: (the content image's activations, ∂J/∂J_content (N,))} and {layer: ∂J/∂Gram (N, nC, nC)}."""

    content: Mapping[str, tuple[Tensor, Tensor]]
    style: Mapping[str, Tensor]

    def parts(self, layer: str, a: Tensor, first: int, last: int, height: int) -> Iterator[Tensor]:
        """What the costs at a layer add to the gradient of its activations `a`, rows first to last.

        The costs are means over the whole picture; a band's share of them is its share of the rows.
        """
        share = (last - first) / height
        if layer in self.content:
            goal, g = self.content[layer]
            yield content_gradient(a, goal[:, :, first:last]) * (g * share).view(-1, 1, 1, 1).to(a.dtype)
        if layer in self.style:
            yield gram_gradient(a, self.style[layer] * share)


class Buffer:
    """Activations between two steps, and later their gradient in the same memory.

    a        (N, C, H, W), channels last in memory: a pool's, or a convolution's, these after the ReLU or,
             where a conv layer is asked for, before it
    layers   the names asked for of what is here: a convolution's, its ReLU's or a pool's
    relu     whether there is a ReLU between the two steps
    """

    def __init__(self, a: Tensor, layers: Sequence[str], relu: bool) -> None:
        self.a, self.layers, self.relu = a, layers, relu
        self.before_relu = any(name.startswith("conv") for name in layers)

    @property
    def shape(self) -> torch.Size:
        return self.a.shape

    def bands(self) -> Iterator[tuple[int, int]]:
        n, channels, height, width = self.shape
        return bands(height, band(self.a, n * channels * width))

    def rows(self, first: int, last: int) -> Tensor:
        """Rows as the next step sees them."""
        found = self._read(first, last)
        return F.relu(found) if self.before_relu else found

    def content_cost(self, layer: str, goal: Tensor) -> Tensor:
        return self._mean(layer, lambda a, first, last: content_cost(a, goal[:, :, first:last]))

    def gram(self, layer: str) -> Tensor:
        return self._mean(layer, lambda a, *_: gram_matrix(a))

    def _mean(self, layer: str, mean: Callable[[Tensor, int, int], Tensor]) -> Tensor:
        """A mean over the whole picture from means over bands of it."""
        parts = [
            mean(self._at(layer, self._read(first, last)), first, last) * ((last - first) / self.shape[2])
            for first, last in self.bands()
        ]
        return torch.stack(parts).sum(0)

    def _at(self, layer: str, a: Tensor) -> Tensor:
        """The activations of one of the layers, of what is here."""
        return F.relu(a) if self.before_relu and layer.startswith("relu") else a

    def begin_backwards(self, costs: CostGradients) -> None:
        """put_gradient() of the last buffer, which no deeper layer adds to."""
        n, channels, _, width = self.shape
        for first, last in self.bands():
            nothing = empty((n, channels, last - first, width), self.a).zero_()
            self.put_gradient(first, last, nothing, costs)

    def put_gradient(self, first: int, last: int, flow: Tensor, costs: CostGradients) -> None:
        """Put the gradient where the activations of these rows are.

            ∂J/∂a = (flow + Σ parts of the ReLU or the pool) · [a > 0] + Σ parts of the convolution

        flow   the part of it from deeper layers, which is used up; [a > 0] only where there is a ReLU
        """
        a, before = self._read(first, last), []
        for layer in self.layers:
            for part in costs.parts(layer, self._at(layer, a), first, last, self.shape[2]):
                if layer.startswith("conv"):
                    before.append(part)
                else:
                    flow.add_(part)
        # In one pass, where flow · (a > 0) takes three.
        gradient = torch.ops.aten.threshold_backward(flow, a, 0) if self.relu else flow
        for part in before:
            gradient.add_(part)
        self._write(first, last, gradient)

    def _read(self, first: int, last: int) -> Tensor:
        return self.a[:, :, first:last]

    def _write(self, first: int, last: int, gradient: Tensor) -> None:
        self.a[:, :, first:last] = gradient


class PictureBuffer(Buffer):
    """The picture and the first convolution's activations, made of it whenever they are read, and their
    gradient, which becomes the picture's at once. Of all buffers this would be the largest, and it is the
    cheapest to fill: the convolution of three channels takes a twentieth of the next one's time.

    a          (N, 3, H + 2, W + 2), the prepared picture
    gradient   ∂J/∂a, float32 at least, gathered while the rows are put
    """

    def __init__(self, picture: Tensor, convolution: First, layers: Sequence[str]) -> None:
        super().__init__(empty(picture.shape, picture, convolution.bias.dtype), layers, relu=True)
        self.convolution, self.gradient = convolution, picture.new_empty(0)

    @property
    def shape(self) -> torch.Size:
        n, _, height, width = self.a.shape
        return torch.Size((n, len(self.convolution.bias), height - 2, width - 2))

    def _read(self, first: int, last: int) -> Tensor:
        y = self.convolution(self.a[:, :, first : last + 2])
        return y if self.before_relu else relu_(y)

    def _write(self, first: int, last: int, gradient: Tensor) -> None:
        self.convolution.spread(gradient, self.gradient[:, :, first : last + 2])


def empty(shape: Sequence[int], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """A tensor in channels-last memory, its values whatever was there."""
    return torch.empty(
        shape, dtype=dtype or like.dtype, device=like.device, memory_format=torch.channels_last
    )
