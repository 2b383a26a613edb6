"""What the optimisation loop runs against autograd through the plain network."""

import pytest
import torch
from tiny import tiny_filters

from nst.costs import gram_matrix
from nst.errors import SettingsError
from nst.network import convolution, vgg
from nst.network.banded import BandedCostParts
from nst.network.calibration import Calibration
from nst.network.convolution import Winograd
from nst.network.vgg import Filters, Network
from nst.objective import PlainCostParts
from nst.targets import Targets

ASKED = {
    "the default kind": (["relu3_4"], ["relu1_1", "relu2_1", "relu3_1"]),
    "before a pool": (["relu2_2"], ["relu1_2", "relu2_2"]),
    "before a ReLU": (["conv2_2", "relu2_2"], ["conv1_1", "relu1_1"]),
    "before a ReLU and a pool": (["conv1_2"], ["conv2_2", "relu3_1"]),
    "one layer for both": (["pool1", "relu2_1"], ["pool1", "relu2_1"]),
    "pools": (["pool2"], ["pool1", "relu1_2"]),
    "style alone": ([], ["relu3_4"]),
    "content alone": (["pool3"], []),
    "the first convolution alone": (["relu1_1"], ["conv1_1", "relu1_1"]),
}
CASES = [pytest.param(asked, (33, 47), id=name) for name, asked in ASKED.items()]
CASES.append(pytest.param(ASKED["the default kind"], (16, 24), id="the default kind, whole pools"))


def goals_at(network, content, size):
    with torch.no_grad():
        found = network(torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1)).double())
    return {name: found[name] for name in content}


@pytest.mark.parametrize("band", [1, 2_000_000], ids=["low bands", "one band"])
@pytest.mark.parametrize("pooling", ["average", "max"])
@pytest.mark.parametrize("tiled", [False, True], ids=["a picture", "a tile"])
@pytest.mark.parametrize(("asked", "size"), CASES)
def test_costs_grams_and_gradient_are_those_of_the_plain_network(
    asked, tiled, size, pooling, band, monkeypatch
):
    monkeypatch.setattr(convolution, "BAND", band)
    content, style = asked
    network = Network(tiny_filters(8), [*content, *style], pooling, dtype=torch.float64)
    network = network.tiled() if tiled else network
    goals = goals_at(network, content, size)
    banded = BandedCostParts(network, goals, style)
    plain = PlainCostParts(network, Targets(goals, dict.fromkeys(style, torch.empty(0))))
    for seed in (0, 1):  # the buffers are used again
        generator = torch.Generator().manual_seed(seed)
        x = torch.rand(2, 3, *size, generator=generator).double().requires_grad_()
        found, expected = (
            [*costs.values(), *grams.values()] for costs, grams in (each(x) for each in (banded, plain))
        )
        torch.testing.assert_close(found, expected)
        weights = [torch.randn(each.shape, generator=generator).double() for each in found]
        (gradient,) = torch.autograd.grad(found, x, weights)
        torch.testing.assert_close(gradient, *torch.autograd.grad(expected, x, weights))


def test_in_bfloat16_the_pictures_gradient_keeps_the_precision_of_its_sums():
    network = Network(tiny_filters(4), ["relu2_1"], "max", dtype=torch.bfloat16)
    x = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)).requires_grad_()
    _, grams = BandedCostParts(network, {}, ["relu2_1"])(x)
    (gradient,) = torch.autograd.grad(grams["relu2_1"].sum(), x)
    inside = (gradient * network.std)[..., 2:-2, 2:-2]
    rounded = inside.bfloat16().float()
    assert float(((inside - rounded).abs() > 1e-4 * inside.abs()).float().mean()) > 0.9


def test_flat_pictures_whose_maxima_are_tied_have_the_plain_networks_gradient():
    network = Network(tiny_filters(4), ["relu2_2"], "max", dtype=torch.float64)
    x = torch.full((1, 3, 16, 16), 0.5).double().requires_grad_()
    (_, grams) = BandedCostParts(network, {}, ["relu2_2"])(x)
    (found,) = torch.autograd.grad(grams["relu2_2"].sum(), x)
    (expected,) = torch.autograd.grad(gram_matrix(network(x)["relu2_2"]).sum(), x)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("tiled", [False, True], ids=["a picture", "a tile"])
@pytest.mark.parametrize("strip", [1, 2_400_000], ids=["low bands", "one band"])
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_wide_layers_by_winograds_way_agree_too(pooling, strip, tiled, monkeypatch):
    wide = Calibration(bfloat16=False, winograd=frozenset({(128, 64), (128, 128), (64, 128)}), seconds=1.0)
    monkeypatch.setattr(vgg, "calibration", lambda: wide)
    monkeypatch.setattr(convolution, "STRIP", strip)
    generator, sizes = torch.Generator().manual_seed(0), ((64, 3), (128, 64), (128, 128), (64, 128))
    kernels = tuple(torch.randn(*size, 3, 3, generator=generator) / 20 for size in sizes)
    filters = Filters("wide", "file", kernels, tuple(torch.zeros(len(kernel)) for kernel in kernels))
    style = ["relu1_1", "relu2_2"]
    x = torch.rand(2, 3, 35, 53, generator=generator).requires_grad_()
    gradients = []
    for dtype in (torch.float32, torch.float64):
        network = Network(filters, style, pooling, dtype=dtype)
        assert isinstance(network.convolutions[1], Winograd) == (dtype == torch.float32)
        network = network.tiled() if tiled else network
        _, grams = BandedCostParts(network, {}, style)(x)
        gradients.append(torch.autograd.grad(sum(g.square().sum() for g in grams.values()), x)[0])
    found, expected = gradients
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_in_half_precision_gram_matrices_and_costs_are_float32_and_near(pooling):
    style, results = ["relu1_1", "relu2_1"], []
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).requires_grad_()
    for dtype in (torch.float32, torch.bfloat16):
        network = Network(tiny_filters(4), [*style, "relu2_2"], pooling, dtype=dtype)
        with torch.no_grad():
            goals = {"relu2_2": network(x.flip(3))["relu2_2"]}
        costs, grams = BandedCostParts(network, goals, style)(x)
        (gradient,) = torch.autograd.grad([costs["relu2_2"].sum(), grams["relu2_1"].sum()], x)
        results.append((costs["relu2_2"], grams["relu1_1"], gradient))
    for exact, half in zip(*results, strict=True):
        assert half.dtype == torch.float32
        assert (exact - half).norm() < 0.1 * exact.norm()


def test_the_smallest_picture_reaches_the_deepest_layer():
    network = Network(tiny_filters(13), ["relu1_1", "relu5_1"], "average", dtype=torch.float64)
    x = torch.rand(1, 3, 16, 16).double().requires_grad_()
    _, grams = BandedCostParts(network, {}, network.layers)(x)
    (found,) = torch.autograd.grad(grams["relu5_1"].sum(), x)
    (expected,) = torch.autograd.grad(gram_matrix(network(x)["relu5_1"]).sum(), x)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_a_picture_too_small_for_a_pool_is_refused_in_one_sentence(pooling):
    banded = BandedCostParts(Network(tiny_filters(16), ["pool5"], pooling), {}, ["pool5"])
    with pytest.raises(SettingsError, match="too small for a layer after this many pools"):
        banded(torch.rand(1, 3, 16, 64))


@pytest.mark.parametrize("layer", ["relu1_1", "relu2_2"])
def test_differentiating_after_the_buffers_were_used_again_is_an_error_and_not_a_wrong_gradient(layer):
    banded = BandedCostParts(Network(tiny_filters(4), [layer], "average"), {}, [layer])
    x = torch.rand(1, 3, 16, 16, requires_grad=True)
    (_, stale), _ = banded(x), banded(x)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        stale[layer].sum().backward()


def test_released_buffers_are_made_again():
    banded, x = (
        BandedCostParts(Network(tiny_filters(4), ["relu2_2"], "average"), {}, ["relu2_2"]),
        torch.rand(1, 3, 16, 16),
    )
    _, before = banded(x)
    banded.release()
    assert banded.banded is None
    torch.testing.assert_close(banded(x), ({}, before))


@pytest.mark.gpu
def test_on_a_graphics_card_bands_agree_with_the_plain_network(monkeypatch):
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    monkeypatch.setattr(convolution, "BAND_ELSEWHERE", 1)
    network = Network(tiny_filters(8), ["relu1_1", "relu3_1"], "average", "cuda", dtype=torch.float64)
    x = torch.rand(2, 3, 33, 47, device="cuda", dtype=torch.float64, requires_grad=True)
    _, grams = BandedCostParts(network, {}, network.layers)(x)
    (found,) = torch.autograd.grad(grams["relu3_1"].sum(), x)
    (expected,) = torch.autograd.grad(gram_matrix(network(x)["relu3_1"]).sum(), x)
    torch.testing.assert_close(found, expected)


def test_nothing_is_written_outside_the_buffers_and_pictures_of_another_size_get_their_own():
    network = Network(tiny_filters(4), ["relu2_2"], "average")
    banded = BandedCostParts(network, {}, ["relu2_2"])
    for size in ((16, 16), (24, 16)):
        x = torch.rand(1, 3, *size)
        kept = x.clone()
        _, grams = banded(x)
        torch.testing.assert_close(grams["relu2_2"], gram_matrix(network(x)["relu2_2"]))
        assert torch.equal(x, kept)
