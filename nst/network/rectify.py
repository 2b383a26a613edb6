"""The ReLU in place, and values as what a CPU compares fastest."""

import torch
from torch import Tensor


def relu_(y: Tensor) -> Tensor:
    """max(y, 0), in place and without autograd: of bfloat16 in a quarter of the time of F.relu_ on a CPU. Of
    what is no number a sign that is set makes 0."""
    comparable(y).clamp_min_(0)
    return y


def comparable(y: Tensor) -> Tensor:
    """y, or of bfloat16 its 16 bits read as integers, in the same memory.

    These are below 0 where the sign is set, and otherwise in the order of the values: enough for a maximum
    with 0 and for comparing what is not negative. PyTorch makes float32 of bfloat16 for each comparison.
    """
    return y.view(torch.int16) if y.dtype == torch.bfloat16 else y
