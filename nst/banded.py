"""The network as the optimisation loop runs it: content costs, Gram matrices and their gradient, a band of
rows at a time.

    forwards     x → conv → ReLU (→ pool) into the next room, and each band's share of the costs and matrices
    backwards    from the last room to the first, the gradient takes the place of the activations

Rooms and the links between them are in chain.py. The numbers are those of autograd through vgg.Network,
which is the plainer to read; at 1024 px this takes two thirds of its time and of its memory.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from .chain import Link, Upstream, make_chain
from .vgg import Network


class Banded:
    """What J is made of, of N images at once and differentiable in them.

        image (N, 3, H, W) → {layer: J_content (N,)}, {layer: Gram matrix (N, nC, nC)}

    content   {layer: activations (1, nC, nH, nW) of the content image}
    style     the layers whose Gram matrices are needed

    Differentiate what one call gave before the next call, and once: the rooms are shared. PyTorch raises
    RuntimeError where that is forgotten.
    """

    def __init__(self, network: Network, content: Mapping[str, Tensor], style: Iterable[str]) -> None:
        self.network, self.content, self.style = network, content, tuple(style)
        self.links: list[Link] = []

    def __call__(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        found = _Through.apply(self.network.prepared(image), self)
        count = len(self.content)
        costs = dict(zip(self.content, found[:count], strict=True))
        return costs, dict(zip(self.style, found[count:], strict=True))

    def fill(self, picture: Tensor) -> list[Link]:
        """The links of the chain, their rooms filled from the prepared picture."""
        if not self.links or self.links[0].source.a.shape != picture.shape:
            self.links = list(make_chain(self.network, {*self.content, *self.style}, picture))
        self.links[0].source.a.copy_(picture)
        for link in self.links:
            link.fill()
        return self.links

    def release(self) -> None:
        """Free the rooms; the next call makes them anew."""
        self.links = []


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: Tensor, by: Banded) -> tuple[Tensor, ...]:
        links = by.fill(picture)
        room = {name: link.room for link in links for name in link.room.layers}
        ctx.by, ctx.links = by, links
        ctx.save_for_backward(*(link.room.a for link in links))
        content = [room[name].content_cost(name, goal) for name, goal in by.content.items()]
        return *content, *(room[name].gram(name) for name in by.style)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        by, links = ctx.by, ctx.links
        _ = ctx.saved_tensors  # raises where the rooms were used again
        count = len(by.content)
        upstream = Upstream(
            {name: (goal, g) for (name, goal), g in zip(by.content.items(), gradients[:count], strict=True)},
            dict(zip(by.style, gradients[count:], strict=True)),
        )
        links[-1].room.begin(upstream)
        for link in reversed(links):
            link.drain(upstream)
        return links[0].source.a.clone(), None
