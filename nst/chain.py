"""The chain of convolutions and pools, whose rooms hold first the activations and then their gradient.

A room is the one whole tensor between two links, and is used again at every evaluation. What autograd would
hold beside it (outputs of convolutions that are pooled, their gradients, those of the Gram matrices) is
never larger than a band of rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .convolution import Convolution, band, bands, rows
from .costs import content_cost, content_gradient, gram_gradient, gram_matrix
from .layers import CONVS
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
            yield content_gradient(a, goal[:, :, first:last]) * (g * share).to(a.dtype).view(-1, 1, 1, 1)
        if layer in self.style:
            yield gram_gradient(a, self.style[layer] * share)


class Room:
    """Activations between two links, and later their gradient.

    a        (N, C, H, W), channels last in memory
    layers   the names asked for of what is here: a convolution's, its ReLU's or a pool's
    relu     whether the next link sees max(a, 0): here they have it already, unless `layers` has a conv
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
        return self._sum(layer, lambda a, first, last: content_cost(a, goal[:, :, first:last]))

    def gram(self, layer: str) -> Tensor:
        return self._sum(layer, lambda a, *_: gram_matrix(a))

    def _sum(self, layer: str, mean: Callable[[Tensor, int, int], Tensor]) -> Tensor:
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
        """Put the gradient where the activations of these rows are. `flow`, the part of it from deeper
        layers, is used up."""
        a, parts = self.a[:, :, first:last], {"conv": [], "relu": [], "pool": []}
        for layer in self.layers:
            here = self._activations(layer, first, last)
            parts[layer[:4]] += upstream.parts(layer, here, first, last, self.a.shape[2])
        for part in (*parts["relu"], *parts["pool"]):
            flow.add_(part)
        if self.relu:  # in one pass, where flow * (a > 0) takes three
            torch.ops.aten.threshold_backward.grad_input(flow, a, 0, grad_input=a)
        else:
            a.copy_(flow)
        for part in parts["conv"]:
            a.add_(part)


class Pool:
    """2×2 average or max pooling, an odd last row or column dropped."""

    def __init__(self, name: str) -> None:
        self.is_max = name == "max"

    def __call__(self, y: Tensor) -> Tensor:
        return (F.max_pool2d if self.is_max else F.avg_pool2d)(y, 2)

    def passes(self, y: Tensor) -> Tensor:
        """Where a gradient passes the pool and the ReLU before it, whose values are y ≥ 0."""
        active = y > 0
        if not self.is_max:
            return active
        pooled, places = F.max_pool2d(y, 2, return_indices=True)
        return active & F.max_unpool2d(torch.ones_like(pooled), places, 2, output_size=y.shape[2:]).bool()

    def spread(self, gradient: Tensor, first: int, last: int, like: Tensor) -> Tensor:
        """Rows first to last of the gradient of a picture `like`, from that of its pooled values."""
        top = first // 2
        g = rows(gradient, top, -(-last // 2))
        g = F.interpolate(g if self.is_max else g / 4, scale_factor=2)
        g = F.pad(g, (0, like.shape[3] - g.shape[3]))
        return g[:, :, first - 2 * top : last - 2 * top]


class Link:
    """A convolution and its ReLU, from one room into the next."""

    def __init__(self, source: Room, room: Room, by: Convolution) -> None:
        self.source, self.room, self.by = source, room, by

    def fill(self) -> None:
        n, _, height, width = self.room.a.shape
        for first, last in bands(height, self.by.band(n, width)):
            y = self._forwards(first, last)
            if self.room.before_relu:
                self.room.a[:, :, first:last] = y
            else:
                torch.clamp(y, min=0, out=self.room.a[:, :, first:last])

    def drain(self, upstream: Upstream) -> None:
        n, _, height, width = self.source.a.shape
        for first, last in bands(height, self.by.band(n, width)):
            flow = self._backwards(first, last)
            self.source.turn(first, last, flow, upstream)

    def _forwards(self, first: int, last: int) -> Tensor:
        padding = self.by.padding
        return self.by.forwards(self.source.rows(first - padding, last + 2 - padding))

    def _backwards(self, first: int, last: int) -> Tensor:
        padding = self.by.padding
        return self.by.backwards(self._gradient(first - 2 + padding, last + padding))

    def _gradient(self, first: int, last: int) -> Tensor:
        """Rows of the gradient of what the convolution gave."""
        return rows(self.room.a, first, last)


class PoolingLink(Link):
    """A convolution, its ReLU and the pool after it. Of the picture between them, four times as large as the
    pool's, only `passed` is kept: where a gradient passes."""

    def __init__(self, source: Room, room: Room, by: Convolution, pool: Pool, whole: tuple) -> None:
        super().__init__(source, room, by)
        self.pool, self.passed = pool, _empty(whole, room.a, torch.bool)

    def fill(self) -> None:
        n, _, height, width = self.passed.shape
        for first, last in bands(height, self.by.band(n, width)):
            y = F.relu_(self._forwards(first, last))
            self.passed[:, :, first:last] = self.pool.passes(y)
            self.room.a[:, :, first // 2 : last // 2] = self.pool(y)

    def _gradient(self, first: int, last: int) -> Tensor:
        passed = rows(self.passed, first, last).view(torch.uint8)  # of bool the product takes twice as long
        return self.pool.spread(self.room.a, first, last, self.passed) * passed


class PoolLink(Link):
    """A pool alone, where the picture before it is asked for too."""

    def __init__(self, source: Room, room: Room, pool: Pool) -> None:
        self.source, self.room, self.pool = source, room, pool

    def fill(self) -> None:
        for first, last in self.source.bands():
            self.room.a[:, :, first // 2 : last // 2] = self.pool(self.source.rows(first, last))

    def drain(self, upstream: Upstream) -> None:
        for first, last in self.source.bands():
            flow = self.pool.spread(self.room.a, first, last, self.source.a)
            passed = self.pool.passes(self.source.rows(first, last))
            self.source.turn(first, last, flow * passed, upstream)


def _empty(shape: Sequence[int], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    return torch.empty(
        shape, dtype=dtype or like.dtype, device=like.device, memory_format=torch.channels_last
    )


def make_chain(network: Network, wanted: set[str], picture: Tensor) -> list[Link]:
    """The links from the prepared picture through the deepest layer wanted."""
    n, _, height, width = picture.shape
    height, width, pool = height - 2, width - 2, Pool(network.pooling)
    room, links = Room(torch.empty_like(picture), (), relu=False), []

    def make(channels: int, layers: Sequence[str], relu: bool) -> Room:
        return Room(_empty((n, channels, height, width), picture), layers, relu)

    for number, (conv, by) in enumerate(zip(CONVS, network.convolutions, strict=False), start=1):
        here = [name for name in (f"conv{conv.name}", f"relu{conv.name}") if name in wanted]
        pooled = conv.pool and (conv.pool in wanted or number < len(network.convolutions))
        channels = network.widths[number - 1]
        source, after = room, [conv.pool] if conv.pool in wanted else []
        if pooled and not here:
            whole = (n, channels, height, width)
            height, width = height // 2, width // 2
            room = make(channels, after, relu=False)
            links.append(PoolingLink(source, room, by, pool, whole))
            continue
        room = make(channels, here, relu=True)
        links.append(Link(source, room, by))
        if pooled:
            source, height, width = room, height // 2, width // 2
            room = make(channels, after, relu=False)
            links.append(PoolLink(source, room, pool))
    return links
