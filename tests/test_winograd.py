"""Winograd's convolution against the direct one in float64."""

import pytest
import torch
import torch.nn.functional as F

from nst import winograd
from nst.winograd import Winograd, pays


@pytest.fixture
def layer():
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(12, 8, 3, 3, generator=generator)
    return kernel, torch.randn(12, generator=generator)


def exact(x, kernel, bias):
    return F.conv2d(x.double(), kernel.double(), bias.double(), padding=1)


SIZES = [(4, 4), (1, 1), (3, 9), (16, 20), (21, 34)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("count", [1, 3])
def test_it_is_the_convolution(layer, size, count):
    x = torch.rand(count, 8, *size)
    expected = exact(x, *layer)
    error = (Winograd(*layer)(x) - expected).abs().max() / expected.abs().max()
    assert error < 1e-5


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_its_gradient_is_the_convolutions(layer, size):
    x, upstream = torch.rand(2, 8, *size, requires_grad=True), torch.rand(2, 12, *size)
    (gradient,) = torch.autograd.grad(Winograd(*layer)(x), x, upstream)
    (expected,) = torch.autograd.grad(exact(x, *layer), x, upstream.double())
    assert gradient.dtype == torch.float32
    assert (gradient - expected).abs().max() < 1e-5 * expected.abs().max()


@pytest.mark.parametrize("strip", [1, 2000, 20000])
def test_strips_do_not_show(layer, strip, monkeypatch):
    x = torch.rand(3, 8, 21, 34)
    whole = Winograd(*layer)(x)
    monkeypatch.setattr(winograd, "STRIP", strip)
    torch.testing.assert_close(Winograd(*layer)(x), whole)


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (8, 9)], ids=str)
def test_its_output_may_be_changed_in_place(layer, size):
    x = torch.rand(1, 8, *size, requires_grad=True)
    F.relu_(Winograd(*layer)(x)).sum().backward()
    assert x.grad.isfinite().all()


def test_wide_layers_in_float32_on_a_cpu_take_it_and_no_others():
    assert pays(torch.empty(128, 64, 3, 3))
    assert not pays(torch.empty(64, 64, 3, 3))
    assert not pays(torch.empty(128, 64, 3, 3, dtype=torch.bfloat16))
    assert not pays(torch.empty(128, 64, 3, 3, device="meta"))
