"""What is kept between two steps of the network: activations, and later their gradient in the same memory.

A buffer is one whole tensor and is used again at every evaluation. The first and largest, relu1_1, is not
kept: it is computed again from the picture wherever it is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor

from ..costs import add_content_gradient, add_gram_gradient, content_cost, gram_share
from .convolution import First, band, bands, empty
from .rectify import rectified, relu_, relu_gradient_


@dataclass(frozen=True)
class CostGradients:
    """{layer: (the content image's activations, ∂J/∂J_content (N,))} and {layer: ∂J/∂Gram (N, nC, nC)}."""

    content: Mapping[str, tuple[Tensor, Tensor]]
    style: Mapping[str, Tensor]

    def add(self, flow: Tensor, layer: str, a: Tensor, first: int, last: int, positions: int) -> None:
        """Add to the gradient of the activations `a`, rows first to last, what the costs at their layer give,
        which are means over all positions."""
        if layer in self.content:
            goal, g = self.content[layer]
            add_content_gradient(flow, a, goal[:, :, first:last], g, positions)
        if layer in self.style:
            add_gram_gradient(flow, a, self.style[layer], positions)


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
        return rectified(found) if self.before_relu else found

    @property
    def positions(self) -> int:
        return self.shape[2] * self.shape[3]

    def content_cost(self, layer: str, goal: Tensor) -> Tensor:
        """A mean over the whole picture, from means over bands of it."""
        each = (
            content_cost(a, goal[:, :, first:last]) * (last - first) for first, last, a in self._each(layer)
        )
        return reduce(torch.Tensor.add_, each) / self.shape[2]

    def gram(self, layer: str) -> Tensor:
        return reduce(torch.Tensor.add_, (gram_share(a, self.positions) for *_, a in self._each(layer)))

    def _each(self, layer: str) -> Iterator[tuple[int, int, Tensor]]:
        """Each band's rows, first and last, and a layer's activations there."""
        for first, last in self.bands():
            yield first, last, self._at(layer, self._read(first, last))

    def _at(self, layer: str, a: Tensor) -> Tensor:
        """The activations of one of the layers, of what is here."""
        return rectified(a) if self.before_relu and layer.startswith("relu") else a

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
        a = self._read(first, last)
        if not costs.style.keys().isdisjoint(self.layers):  # their gradient is added to rows without gaps
            flow = flow.contiguous(memory_format=torch.channels_last)
        before = torch.zeros_like(a) if self.before_relu else None
        for layer in self.layers:
            gathered = before if before is not None and layer.startswith("conv") else flow
            costs.add(gathered, layer, self._at(layer, a), first, last, self.positions)
        if self.relu:
            relu_gradient_(a, flow)
        else:
            a.copy_(flow)
        if before is not None:
            a.add_(before)
        self._put(first, last, a)

    def _read(self, first: int, last: int) -> Tensor:
        return self.a[:, :, first:last]

    def _put(self, first: int, last: int, gradient: Tensor) -> None:
        """Keep the gradient, which stands where _read() gave the activations."""


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

    def _put(self, first: int, last: int, gradient: Tensor) -> None:
        self.convolution.spread(gradient, self.gradient[:, :, first : last + 2])
