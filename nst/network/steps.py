"""The steps from buffer to buffer: convolutions and pools, forwards and backwards.

    picture → PictureBuffer → step → Buffer → step → … → Buffer

Autograd would keep more beside the buffers: the output of each convolution that is pooled, the gradients of
these, and those of the Gram matrices. Here each of them is only a band of rows, or one byte for four values.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..costs import at_least_float32
from .buffers import Buffer, CostGradients, PictureBuffer
from .convolution import Convolution, bands, empty
from .layers import CONVS
from .pooling import Pool
from .rectify import rectified, relu_
from .vgg import Network


class Step(Protocol):
    """From one buffer, the source, into the next.

    forwards     fills `buffer` with activations, from those in `source`
    backwards    puts the gradient into `source`, from that in `buffer`; adds what the costs at `source` give
    """

    source: Buffer
    buffer: Buffer

    def forwards(self) -> None: ...

    def backwards(self, costs: CostGradients) -> None: ...


class ConvolutionStep:
    """A convolution and its ReLU."""

    def __init__(self, source: Buffer, buffer: Buffer, convolution: Convolution) -> None:
        self.source, self.buffer, self.convolution = source, buffer, convolution

    def forwards(self) -> None:
        for first, last in self._bands(self.buffer.shape):
            y, into = self._forwards(first, last), self.buffer.a[:, :, first:last]
            if self.buffer.before_relu:
                into.copy_(y)
            else:
                rectified(y, into)

    def backwards(self, costs: CostGradients) -> None:
        height = self.source.shape[2]
        for first, last in self._bands(self.source.shape):
            flow = self.convolution.backwards(self._gradient, height, first, last)
            self.source.put_gradient(first, last, flow, costs)

    def _bands(self, shape: Sequence[int]) -> Iterator[tuple[int, int]]:
        n, _, height, width = shape
        return bands(height, self.convolution.band(n, width))

    def _forwards(self, first: int, last: int) -> Tensor:
        return self.convolution.forwards(self.source.rows, self.source.shape[2], first, last)

    def _gradient(self, first: int, last: int) -> Tensor:
        """Rows of the gradient of what the convolution gave."""
        return self.buffer.a[:, :, first:last]


class PooledConvolutionStep(ConvolutionStep):
    """A convolution, its ReLU and the pool after it, in one step.

    passes   where a gradient passes the pool and the ReLU, one byte a pooled value. Of the activations before
             the pool, which are four times as many as after it, nothing is kept
    """

    def __init__(self, source: Buffer, buffer: Buffer, convolution: Convolution, pool: Pool) -> None:
        super().__init__(source, buffer, convolution)
        self.pool, self.passes = pool, empty(buffer.shape, buffer.a, torch.uint8)

    def forwards(self) -> None:
        n, _, height, width = self.source.shape
        for first, last in self._bands((n, self.buffer.shape[1], height, width)):
            y, pooled = relu_(self._forwards(first, last)), slice(first // 2, last // 2)
            self.buffer.a[:, :, pooled], self.passes[:, :, pooled] = self.pool.with_passes(y)

    def _gradient(self, first: int, last: int) -> Tensor:
        top, bottom = first // 2, min(-(-last // 2), self.buffer.shape[2])
        height = max(last, 2 * bottom) - 2 * top
        g, passes = self.buffer.a[:, :, top:bottom], self.passes[:, :, top:bottom]
        whole = self.pool.backwards(g, passes, height, self.source.shape[3])
        return whole[:, :, first - 2 * top : last - 2 * top]


class PoolStep:
    """A pool alone, where the picture before it is asked for too."""

    def __init__(self, source: Buffer, buffer: Buffer, pool: Pool) -> None:
        self.source, self.buffer, self.pool = source, buffer, pool

    def forwards(self) -> None:
        for first, last in self.source.bands():
            self.buffer.a[:, :, first // 2 : last // 2] = self.pool(self.source.rows(first, last))

    def backwards(self, costs: CostGradients) -> None:
        for first, last in self.source.bands():
            a = self.source.rows(first, last)
            g, (_, passes) = self.buffer.a[:, :, first // 2 : last // 2], self.pool.with_passes(a)
            self.source.put_gradient(first, last, self.pool.backwards(g, passes, *a.shape[2:]), costs)


@dataclass(frozen=True)
class BandedNetwork:
    """The buffers and the steps between them, from the picture to the last layer needed."""

    first: PictureBuffer
    steps: Sequence[Step]

    @property
    def buffers(self) -> list[Buffer]:
        return [self.first, *(step.buffer for step in self.steps)]

    def forwards(self, picture: Tensor) -> None:
        """Fill every buffer from the prepared picture (N, 3, H + 2, W + 2)."""
        self.first.a.copy_(picture)
        for step in self.steps:
            step.forwards()

    def backwards(self, costs: CostGradients) -> Tensor:
        """The gradient of the prepared picture, float32 at least; the activations are overwritten."""
        picture = self.first.a
        self.first.gradient = picture.new_zeros(picture.shape, dtype=at_least_float32(picture.dtype))
        self.buffers[-1].begin_backwards(costs)
        for step in reversed(self.steps):
            step.backwards(costs)
        found, self.first.gradient = self.first.gradient, picture.new_empty(0)
        return found


def make_banded_network(network: Network, wanted: set[str], picture: Tensor) -> BandedNetwork:
    """The buffers and steps for prepared pictures (N, 3, H + 2, W + 2) of this size.

    wanted   the layers whose activations are needed; each is in one of the buffers
    """
    names = [f"{kind}{CONVS[0].name}" for kind in ("conv", "relu")]
    first = PictureBuffer(picture, network.convolutions[0], [name for name in names if name in wanted])
    return BandedNetwork(first, [*_each_step(network, wanted, first)])


def _each_step(network: Network, wanted: set[str], source: Buffer) -> Iterator[Step]:
    for conv, convolution in [*zip(CONVS, network.convolutions, strict=False)][1:]:
        n, _, height, width = source.shape
        channels, last = len(convolution.bias), convolution is network.convolutions[-1]
        here = [name for name in (f"conv{conv.name}", f"relu{conv.name}") if name in wanted]
        after = [conv.pool] if conv.pool in wanted else []
        pooled = bool(after or (conv.pool and not last))
        whole, half = (n, channels, height, width), (n, channels, height // 2, width // 2)
        if pooled and not here:
            buffer = Buffer(empty(half, source.a), after, relu=False)
            yield PooledConvolutionStep(source, buffer, convolution, network.pool)
        else:
            buffer = Buffer(empty(whole, source.a), here, relu=True)
            yield ConvolutionStep(source, buffer, convolution)
        if pooled and here:
            source, buffer = buffer, Buffer(empty(half, source.a), after, relu=False)
            yield PoolStep(source, buffer, network.pool)
        source = buffer
