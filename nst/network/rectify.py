"""The ReLU and what passes it, by whole numbers: of bfloat16 in a quarter of the time of PyTorch's own."""

import torch
from torch import Tensor

INTEGERS = {torch.bfloat16: torch.int16, torch.float32: torch.int32, torch.float64: torch.int64}


def integers(y: Tensor) -> Tensor:
    """The bits of y read as integers, in the same memory.

    They are below 0 where the sign is set, and otherwise in the order of the values: enough for a maximum
    with 0 and for comparing what is not negative; times 1 or 0 is what it is for y. PyTorch makes float32 of
    bfloat16 and back for each operation on it, and compares into bytes one by one.
    """
    return y.view(INTEGERS[y.dtype])


def relu_(y: Tensor) -> Tensor:
    """max(y, 0), in place and without autograd. Where the sign is set it is 0, also of −0 and of what is no
    number: a cost shows that by the picture's total variation, or by the infinities before it."""
    integers(y).clamp_min_(0)
    return y


def rectified(y: Tensor, into: Tensor | None = None) -> Tensor:
    """relu_() into another tensor, a new one unless given."""
    into = torch.empty_like(y) if into is None else into
    torch.clamp_min(integers(y), 0, out=integers(into))
    return into


def relu_gradient_(y: Tensor, gradient: Tensor) -> None:
    """y ← gradient · [y > 0], over the ReLU's input or its output."""
    integers(y).clamp_(0, 1).mul_(integers(gradient))
