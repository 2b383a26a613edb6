"""The network as the optimisation loop runs it: content costs, Gram matrices and their gradient, a band of
rows at a time.

    forwards     x → conv → ReLU (→ pool) into the next room, and each band's share of the costs and matrices
    backwards    from the last room to the first, the gradient takes the place of the activations

Rooms are in rooms.py, the links between them in chain.py. The numbers are those of autograd through
vgg.Network, which is the plainer to read; at 1024 px this takes seven tenths of its time and half of its
memory.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from .chain import Chain, make_chain
from .rooms import Upstream
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
        self.chain: Chain | None = None

    def __call__(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        found = _Through.apply(self.network.prepared(image), self)
        count = len(self.content)
        costs = dict(zip(self.content, found[:count], strict=True))
        return costs, dict(zip(self.style, found[count:], strict=True))

    def fill(self, picture: Tensor) -> Chain:
        """The chain, its rooms filled from the prepared picture."""
        if self.chain is None or self.chain.first.a.shape != picture.shape:
            self.chain = make_chain(self.network, {*self.content, *self.style}, picture)
        self.chain.fill(picture)
        return self.chain

    def release(self) -> None:
        """Free the rooms; the next call makes them anew."""
        self.chain = None


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: Tensor, by: Banded) -> tuple[Tensor, ...]:
        chain = by.fill(picture)
        room = {name: each for each in chain.rooms for name in each.layers}
        ctx.by, ctx.chain = by, chain
        ctx.save_for_backward(*(each.a for each in chain.rooms))
        content = [room[name].content_cost(name, goal) for name, goal in by.content.items()]
        return *content, *(room[name].gram(name) for name in by.style)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        by = ctx.by
        _ = ctx.saved_tensors  # raises where the rooms were used again
        count = len(by.content)
        upstream = Upstream(
            {name: (goal, g) for (name, goal), g in zip(by.content.items(), gradients[:count], strict=True)},
            dict(zip(by.style, gradients[count:], strict=True)),
        )
        return ctx.chain.drain(upstream), None
