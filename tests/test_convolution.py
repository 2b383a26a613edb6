"""Both convolutions, whole and by bands, against PyTorch's in float64."""

import pytest
import torch
import torch.nn.functional as F

from nst.network import convolution
from nst.network.convolution import Direct, First, Winograd, band, bands, reader


@pytest.fixture
def layer():
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(12, 8, 3, 3, generator=generator)
    return kernel, torch.randn(12, generator=generator)


def make(kind, layer):
    return {"winograd": Winograd, "direct": Direct}[kind](*layer)


def exact(x, kernel, bias, padding=1):
    return F.conv2d(x.double(), kernel.double(), bias.double(), padding=padding)


SIZES = [(4, 4), (1, 1), (3, 9), (16, 20), (21, 34)]
KINDS = ["winograd", "direct"]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("count", [1, 3])
def test_winograds_is_the_convolution(layer, size, count):
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [2, 5, 64])
def test_bands_of_it_are_the_whole_forwards_and_backwards(layer, kind, step):
    by, x = make(kind, layer), torch.rand(2, 8, 21, 34, requires_grad=True)
    whole = exact(x, *layer)
    upstream = torch.rand(whole.shape)
    (expected,) = torch.autograd.grad(whole, x, upstream.double())
    with torch.no_grad():
        there = [by.forwards(reader(x), 21, a, b) for a, b in bands(whole.shape[2], step)]
        back = [by.backwards(reader(upstream), 21, a, b) for a, b in bands(x.shape[2], step)]
    for parts, truth in ((there, whole), (back, expected)):
        assert (torch.cat(parts, 2) - truth).abs().max() < 1e-5 * truth.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("step", [2, 5, 64])
def test_bands_of_the_first_are_a_convolution_without_padding_forwards_and_backwards(layer, step, dtype):
    kernel, bias = (each.to(dtype) for each in layer)
    by, x = First(kernel, bias), torch.rand(2, 8, 23, 36, requires_grad=True)
    whole = exact(x, kernel, bias, padding=0)
    upstream = torch.rand(whole.shape).to(dtype)
    (expected,) = torch.autograd.grad(whole, x, upstream.double())
    back = torch.zeros(x.shape)
    with torch.no_grad():
        there = torch.cat([by(x[:, :, a : b + 2].to(dtype)) for a, b in bands(21, step)], 2)
        for a, b in bands(21, step):
            by.spread(upstream[:, :, a:b], back[:, :, a : b + 2])
    for found, truth in ((there, whole), (back, expected)):
        assert (found - truth).abs().max() < (1e-5 if dtype == torch.float32 else 0.02) * truth.abs().max()


@pytest.mark.parametrize("strip", [1, 2000, 20000])
def test_the_height_of_bands_does_not_show(layer, strip, monkeypatch):
    x = torch.rand(3, 8, 21, 34)
    whole = Winograd(*layer)(x)
    monkeypatch.setattr(convolution, "STRIP", strip)
    torch.testing.assert_close(Winograd(*layer)(x), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_band_is_a_multiple_of_four_rows_and_lower_for_wider_pictures(layer, kind):
    heights = [make(kind, layer).band(1, width) for width in (100, 1000, 10**6)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[-1] == 4
    assert all(height % 4 == 0 for height in heights)


def test_a_graphics_card_takes_1024_px_at_once_and_4096_px_in_bands():
    card = torch.empty(0, device="meta")
    assert band(card, 1024 * 64) >= 1024
    assert band(card, 4096 * 64) < 3072 // 4


@pytest.mark.parametrize(("height", "step"), [(1, 4), (4, 4), (9, 4), (10, 4), (3, 64)])
def test_bands_cover_every_row_once_and_none_but_a_lone_one_is_a_single_row(height, step):
    found = list(bands(height, step))
    assert [row for first, last in found for row in range(first, last)] == list(range(height))
    assert height == 1 or all(last - first > 1 for first, last in found)


@pytest.mark.parametrize("size", [(8, 8), (9, 8), (8, 9)], ids=str)
def test_winograds_output_may_be_changed_in_place(layer, size):
    x = torch.rand(1, 8, *size, requires_grad=True)
    F.relu_(Winograd(*layer)(x)).sum().backward()
    assert x.grad.isfinite().all()
