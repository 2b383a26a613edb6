"""The chain of convolutions and pools, whose rooms hold first the activations and then their gradient.

A room is the one whole tensor between two links, and is used again at every evaluation. What autograd would
hold beside it (outputs of convolutions that are pooled, their gradients, those of the Gram matrices) is a
band of rows, or a byte a value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from .convolution import Convolution, band, bands, rows
from .costs import content_cost, content_gradient, gram_gradient, gram_matrix
from .layers import CONVS
from .pooling import Pool
from .vgg import Network


@dataclass(frozen=True)
class Upstream:
    """{layer: (the content image's activations, ∂J/∂J_content (N,))} and {layer: ∂J/∂Gram (N, nC, nC)}."""

    content: Mapping[str, tuple[Tensor, Tensor]]
    style: Mapping[str, Tensor]

    def parts(self, layer: str, a: Tensor, first: int, last: int, height: int) -> Iterator[Tensor]:
        """What the costs at a layer add to the gradient of its activations `a` in these rows of `height`."""
        share = (last - first) / height
        if layer in self.content:
            goal, g = self.content[layer]
            yield content_gradient(a, goal[:, :, first:last]) * (g * share).view(-1, 1, 1, 1)
        if layer in self.style:
            yield gram_gradient(a, self.style[layer] * share)


class Room:
    """Activations between two links, and later their gradient.

    a        (N, C, H, W), channels last in memory: the picture's, a pool's, or a convolution's, these after
             the ReLU or, where a conv layer is asked for, before it
    layers   the names asked for of what is here: a convolution's, its ReLU's or a pool's
    relu     whether there is a ReLU between the two links
    """

    def __init__(self, a: Tensor, layers: Sequence[str], relu: bool) -> None:
        self.a, self.layers, self.relu = a, layers, relu
        self.before_relu = any(name.startswith("conv") for name in layers)

    def bands(self) -> Iterator[tuple[int, int]]:
        n, channels, height, width = self.a.shape
        return bands(height, band(self.a, n * channels * width))

    def rows(self, first: int, last: int) -> Tensor:
        """Rows as the next link sees them, with zeros around."""
        found = rows(self.a, first, last)
        return F.relu(found) if self.before_relu else found

    def content_cost(self, layer: str, goal: Tensor) -> Tensor:
        return self._mean(layer, lambda a, first, last: content_cost(a, goal[:, :, first:last]))

    def gram(self, layer: str) -> Tensor:
        return self._mean(layer, lambda a, *_: gram_matrix(a))

    def _mean(self, layer: str, mean: Callable[[Tensor, int, int], Tensor]) -> Tensor:
        """A mean over the whole picture from means over bands of it."""
        parts = [
            mean(self._activations(layer, first, last), first, last) * ((last - first) / self.a.shape[2])
            for first, last in self.bands()
        ]
        return torch.stack(parts).sum(0)

    def _activations(self, layer: str, first: int, last: int) -> Tensor:
        a = self.a[:, :, first:last]
        return F.relu(a) if self.before_relu and layer.startswith("relu") else a

    def begin(self, upstream: Upstream) -> None:
        """Turn the last room, into which nothing flows back."""
        for first, last in self.bands():
            self.turn(first, last, torch.zeros_like(self.a[:, :, first:last]), upstream)

    def turn(self, first: int, last: int, flow: Tensor, upstream: Upstream) -> None:
        """Put the gradient where the activations of these rows are.

            ∂J/∂a = (flow + Σ parts of the ReLU or the pool) · [a > 0] + Σ parts of the convolution

        flow   the part of it from deeper layers, which is used up; [a > 0] only where there is a ReLU
        """
        a, before = self.a[:, :, first:last], []
        for layer in self.layers:
            here = self._activations(layer, first, last)
            for part in upstream.parts(layer, here, first, last, self.a.shape[2]):
                if layer.startswith("conv"):
                    before.append(part)
                else:
                    flow.add_(part)
        # In one pass, where flow · (a > 0) takes three.
        a.copy_(torch.ops.aten.threshold_backward(flow, a, 0) if self.relu else flow)
        for part in before:
            a.add_(part)


class Link(Protocol):
    """From one room, the source, into the next. fill() goes forwards with activations, drain() backwards
    with the gradient."""

    source: Room
    room: Room

    def fill(self) -> None: ...

    def drain(self, upstream: Upstream) -> None: ...


class ConvolutionLink:
    """A convolution and its ReLU."""

    def __init__(self, source: Room, room: Room, convolution: Convolution) -> None:
        self.source, self.room, self.convolution = source, room, convolution

    def fill(self) -> None:
        for first, last in self._bands(self.room.a):
            y = self._forwards(first, last)
            self.room.a[:, :, first:last] = y if self.room.before_relu else F.relu_(y)

    def drain(self, upstream: Upstream) -> None:
        padding = self.convolution.padding
        for first, last in self._bands(self.source.a):
            gradient = self._gradient(first - 2 + padding, last + padding)
            self.source.turn(first, last, self.convolution.backwards(gradient), upstream)

    def _bands(self, a: Tensor) -> Iterator[tuple[int, int]]:
        return bands(a.shape[2], self.convolution.band(len(a), a.shape[3]))

    def _forwards(self, first: int, last: int) -> Tensor:
        padding = self.convolution.padding
        return self.convolution.forwards(self.source.rows(first - padding, last + 2 - padding))

    def _gradient(self, first: int, last: int) -> Tensor:
        """Rows of the gradient of what the convolution gave, with zeros around."""
        return rows(self.room.a, first, last)


class PoolingLink(ConvolutionLink):
    """A convolution, its ReLU and the pool after it. Of the picture between them, four times as large as the
    pool's, only `passes` is kept: where a gradient passes."""

    def __init__(
        self, source: Room, room: Room, convolution: Convolution, pool: Pool, passes: Tensor
    ) -> None:
        super().__init__(source, room, convolution)
        self.pool, self.passes = pool, passes

    def fill(self) -> None:
        for first, last in self._bands(self.passes):
            y = F.relu_(self._forwards(first, last))
            pooled, self.passes[:, :, first:last] = self.pool.with_passes(y)
            self.room.a[:, :, first // 2 : last // 2] = pooled

    def _gradient(self, first: int, last: int) -> Tensor:
        spread = self.pool.spread(self.room.a, first, last, self.passes.shape[3])
        return spread * rows(self.passes, first, last)


class PoolLink:
    """A pool alone, where the picture before it is asked for too."""

    def __init__(self, source: Room, room: Room, pool: Pool) -> None:
        self.source, self.room, self.pool = source, room, pool

    def fill(self) -> None:
        for first, last in self.source.bands():
            self.room.a[:, :, first // 2 : last // 2] = self.pool(self.source.rows(first, last))

    def drain(self, upstream: Upstream) -> None:
        for first, last in self.source.bands():
            flow = self.pool.spread(self.room.a, first, last, self.source.a.shape[3])
            _, passes = self.pool.with_passes(self.source.rows(first, last))
            self.source.turn(first, last, flow * passes, upstream)


def make_chain(network: Network, wanted: set[str], picture: Tensor) -> Iterator[Link]:
    """The links from the prepared picture (N, 3, H + 2, W + 2) to the network's end."""
    n, _, height, width = picture.shape
    height, width = height - 2, width - 2
    source = Room(torch.empty_like(picture), (), relu=False)
    for number, (conv, convolution) in enumerate(zip(CONVS, network.convolutions, strict=False), start=1):
        channels = len(convolution.bias)
        here = [name for name in (f"conv{conv.name}", f"relu{conv.name}") if name in wanted]
        after = [conv.pool] if conv.pool in wanted else []
        pooled = bool(after or (conv.pool and number < len(network.convolutions)))
        whole, half = (n, channels, height, width), (n, channels, height // 2, width // 2)
        if pooled and not here:
            room, passes = Room(_empty(half, picture), after, relu=False), _empty(whole, picture, torch.uint8)
            yield PoolingLink(source, room, convolution, network.pool, passes)
        else:
            room = Room(_empty(whole, picture), here, relu=True)
            yield ConvolutionLink(source, room, convolution)
        if pooled and here:
            source, room = room, Room(_empty(half, picture), after, relu=False)
            yield PoolLink(source, room, network.pool)
        source, (height, width) = room, room.a.shape[2:]


def _empty(shape: Sequence[int], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    return torch.empty(
        shape, dtype=dtype or like.dtype, device=like.device, memory_format=torch.channels_last
    )
