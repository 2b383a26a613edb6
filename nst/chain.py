"""The chain of convolutions and pools from room to room: forwards activations, backwards their gradient.

What autograd would hold beside the rooms (outputs of convolutions that are pooled, their gradients, those of
the Gram matrices) is a band of rows, or a byte a value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from .convolution import Convolution, bands, rows
from .costs import at_least_float32
from .layers import CONVS
from .pooling import Pool
from .rooms import PictureRoom, Room, Upstream, empty
from .vgg import Network


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
        for first, last in self._bands(self.room.shape):
            y = self._forwards(first, last)
            self.room.a[:, :, first:last] = y if self.room.before_relu else F.relu_(y)

    def drain(self, upstream: Upstream) -> None:
        for first, last in self._bands(self.source.shape):
            gradient = self._gradient(first - 1, last + 1)
            self.source.turn(first, last, self.convolution.backwards(gradient), upstream)

    def _bands(self, shape: Sequence[int]) -> Iterator[tuple[int, int]]:
        n, _, height, width = shape
        return bands(height, self.convolution.band(n, width))

    def _forwards(self, first: int, last: int) -> Tensor:
        return self.convolution.forwards(self.source.rows(first - 1, last + 1))

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
        for first, last in self._bands(self.passes.shape):
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
            flow = self.pool.spread(self.room.a, first, last, self.source.shape[3])
            _, passes = self.pool.with_passes(self.source.rows(first, last))
            self.source.turn(first, last, flow * passes, upstream)


@dataclass(frozen=True)
class Chain:
    """The rooms, from the picture's to the network's end."""

    first: PictureRoom
    links: Sequence[Link]

    @property
    def rooms(self) -> list[Room]:
        return [self.first, *(link.room for link in self.links)]

    def fill(self, picture: Tensor) -> None:
        """Forwards, from the prepared picture."""
        self.first.a.copy_(picture)
        for link in self.links:
            link.fill()

    def drain(self, upstream: Upstream) -> Tensor:
        """Backwards: the gradient of the prepared picture."""
        picture = self.first.a
        self.first.gradient = picture.new_zeros(picture.shape, dtype=at_least_float32(picture.dtype))
        self.rooms[-1].begin(upstream)
        for link in reversed(self.links):
            link.drain(upstream)
        return self.first.gradient


def make_chain(network: Network, wanted: set[str], picture: Tensor) -> Chain:
    """The chain for prepared pictures (N, 3, H + 2, W + 2) like this one."""
    names = [f"{kind}{CONVS[0].name}" for kind in ("conv", "relu")]
    first = PictureRoom(picture, network.convolutions[0], [name for name in names if name in wanted])
    return Chain(first, [*_links(network, wanted, first)])


def _links(network: Network, wanted: set[str], source: Room) -> Iterator[Link]:
    for conv, convolution in [*zip(CONVS, network.convolutions, strict=False)][1:]:
        n, _, height, width = source.shape
        channels, last = len(convolution.bias), convolution is network.convolutions[-1]
        here = [name for name in (f"conv{conv.name}", f"relu{conv.name}") if name in wanted]
        after = [conv.pool] if conv.pool in wanted else []
        pooled = bool(after or (conv.pool and not last))
        whole, half = (n, channels, height, width), (n, channels, height // 2, width // 2)
        if pooled and not here:
            room = Room(empty(half, source.a), after, relu=False)
            passes = empty(whole, source.a, torch.uint8)
            yield PoolingLink(source, room, convolution, network.pool, passes)
        else:
            room = Room(empty(whole, source.a), here, relu=True)
            yield ConvolutionLink(source, room, convolution)
        if pooled and here:
            source, room = room, Room(empty(half, source.a), after, relu=False)
            yield PoolLink(source, room, network.pool)
        source = room
