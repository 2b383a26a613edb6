"""The network as the optimisation loop runs it: content costs, Gram matrices and their gradient, a band of
rows at a time.

    forwards     x → conv → ReLU (→ pool) into the next buffer; then each band's share of costs and matrices
    backwards    from the last buffer to the first, the gradient is written over the activations

The buffers are in buffers.py, the steps between them in steps.py. The numbers are those of autograd through
vgg.Network, which is plainer to read (objective.PlainCostParts). At 1024 px this takes seven tenths of its
time and half of its memory.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from .buffers import CostGradients
from .steps import BandedNetwork, make_banded_network
from .vgg import Network


class BandedCostParts:
    """What J is made of, of N images at once and differentiable in them.

        image (N, 3, H, W) → {layer: J_content (N,)}, {layer: Gram matrix (N, nC, nC)}

    content   {layer: activations (1, nC, nH, nW) of the content image}
    style     the layers whose Gram matrices are needed

    Differentiate what one call gave before the next call, and once: the buffers are shared. PyTorch raises
    RuntimeError where that is forgotten.
    """

    def __init__(self, network: Network, content: Mapping[str, Tensor], style: Iterable[str]) -> None:
        self.network, self.content, self.style = network, content, tuple(style)
        self.banded: BandedNetwork | None = None

    def __call__(self, image: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        found = _Through.apply(self.network.prepared(image), self)
        count = len(self.content)
        costs = dict(zip(self.content, found[:count], strict=True))
        return costs, dict(zip(self.style, found[count:], strict=True))

    def forwards(self, picture: Tensor) -> BandedNetwork:
        """The banded network, its buffers filled from the prepared picture (N, 3, H + 2, W + 2)."""
        if self.banded is None or self.banded.first.a.shape != picture.shape:
            self.banded = make_banded_network(self.network, {*self.content, *self.style}, picture)
        self.banded.forwards(picture)
        return self.banded

    def release(self) -> None:
        """Free the buffers; the next call makes new ones."""
        self.banded = None


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, picture: Tensor, by: BandedCostParts) -> tuple[Tensor, ...]:
        banded = by.forwards(picture)
        buffer = {name: each for each in banded.buffers for name in each.layers}
        ctx.by, ctx.banded = by, banded
        ctx.save_for_backward(*(each.a for each in banded.buffers))
        content = [buffer[name].content_cost(name, goal) for name, goal in by.content.items()]
        return *content, *(buffer[name].gram(name) for name in by.style)

    @staticmethod
    @torch.autograd.function.once_differentiable  # which hides the names of its parameters
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        by = ctx.by
        _ = ctx.saved_tensors  # raises where the buffers were used again
        count = len(by.content)
        costs = CostGradients(
            {
                name: (goal, g)
                for (name, goal), g in zip(by.content.items(), grad_outputs[:count], strict=True)
            },
            dict(zip(by.style, grad_outputs[count:], strict=True)),
        )
        return ctx.banded.backwards(costs), None
