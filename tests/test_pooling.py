import pytest
import torch
import torch.nn.functional as F

from nst.network.pooling import Pool
from nst.network.rectify import rectified, relu_, relu_gradient_

PRECISIONS = [torch.float64, torch.float32, torch.bfloat16]
# Ties, zeros of both signs, the smallest and the largest values: each of them next to each.
VALUES = (0.0, -0.0, 1e-40, -1e-40, 0.5, 0.5, -0.5, 1.0, 1.0078125, 3e38, -3e38, float("inf"), float("-inf"))


def each_beside_each(dtype):
    return torch.tensor([VALUES, VALUES[::-1]] * len(VALUES)).to(dtype).repeat(1, len(VALUES))[None, None]


def activations(dtype):
    generator = torch.Generator().manual_seed(1)
    rough = torch.randn(2, 5, 9, 13, generator=generator).mul(4).round().div(4)  # many of them alike
    return rough.to(dtype, memory_format=torch.channels_last)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_the_relu_in_place_is_that_of_pytorch(dtype):
    for y in (each_beside_each(dtype), activations(dtype)):
        expected = F.relu(y)
        found = y.clone(memory_format=torch.preserve_format)
        assert relu_(found) is found
        assert torch.equal(found, expected)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_the_relus_gradient_is_written_over_what_it_was_given(dtype):
    for y in (each_beside_each(dtype), activations(dtype)):
        gradient = torch.randn(y.shape, generator=torch.Generator().manual_seed(0)).to(dtype)
        expected = torch.ops.aten.threshold_backward(gradient, y, 0)
        for given in (y.clone(), rectified(y)):
            relu_gradient_(given, gradient)
            assert torch.equal(given, expected)


def test_a_relu_into_some_rows_writes_no_others():
    y, whole = activations(torch.bfloat16), torch.full((2, 5, 11, 13), 7.0).bfloat16()
    rectified(y, whole[:, :, 1:10])
    assert torch.equal(whole[:, :, 1:10], F.relu(y))
    assert bool((whole[:, :, [0, 10]] == 7).all())


@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_the_pool_and_where_a_gradient_passes_it_are_those_of_pytorch(pooling, dtype):
    pool = Pool(pooling)
    for before in (activations(dtype), each_beside_each(dtype)):
        y = relu_(before).requires_grad_()
        whole = pool(F.relu(y))
        upstream = torch.rand(whole.shape).to(dtype)
        (expected,) = torch.autograd.grad(whole, y, upstream)
        pooled, passes = pool.with_passes(y.detach())
        assert torch.equal(pooled, whole)
        assert (passes.shape, passes.dtype) == (whole.shape, torch.uint8)
        assert torch.equal(pool.backwards(upstream, passes, *y.shape[2:]), expected)
