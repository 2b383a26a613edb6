"""VGG-19's table and network against published facts and a plain second implementation."""

import pytest
import torch
import torch.nn.functional as F
from tiny import tiny_filters

from nst.errors import SettingsError
from nst.network.layers import CONVS, LAYERS, deepest, depth, receptive_field, stride
from nst.network.vgg import MEAN, STD, Network


@pytest.mark.parametrize(
    ("layer", "index", "channels"),
    [
        ("relu1_1", 0, 64),
        ("relu2_1", 5, 128),
        ("relu3_1", 10, 256),
        ("relu4_1", 19, 512),
        ("relu5_1", 28, 512),
    ],
)
def test_layers_stand_where_torchvision_has_them(layer, index, channels):
    conv = CONVS[depth(layer) - 1]
    assert (conv.index, conv.outputs) == (index, channels)


@pytest.mark.parametrize(
    ("layer", "side"),
    list(
        {
            "relu1_1": 3,
            "relu1_2": 5,
            "pool1": 6,
            "relu2_1": 10,
            "relu2_2": 14,
            "relu3_1": 24,
            "relu3_4": 48,
            "relu4_1": 68,
            "relu4_4": 116,
            "relu5_1": 156,
            "relu5_4": 252,
            "pool5": 268,
        }.items()
    ),
)
def test_receptive_fields_are_the_published_ones(layer, side):
    assert receptive_field(layer) == side


def test_deepest_counts_a_pool_as_deeper_than_its_last_relu():
    assert deepest(["relu1_1", "pool3", "relu3_4"]) == "pool3"
    assert deepest(["conv4_1", "pool3"]) == "conv4_1"


def test_a_layer_that_does_not_exist_is_named():
    with pytest.raises(SettingsError, match="no layer “relu6_1”"):
        depth("relu6_1")


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_activations_are_those_of_a_plain_stack(pooling):
    filters = tiny_filters(16)
    image = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    found = Network(filters, LAYERS, pooling)(image)
    pool = F.max_pool2d if pooling == "max" else F.avg_pool2d
    x = (image - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    block = 1
    for number, (conv, kernel, bias) in enumerate(zip(CONVS, filters.kernels, filters.biases, strict=True)):
        x = F.pad(x, (1, 1, 1, 1), mode="constant" if number else "replicate")
        x = F.conv2d(x, kernel, bias)
        torch.testing.assert_close(found[f"conv{conv.name}"], x, rtol=1e-4, atol=1e-5)
        x = x.clamp(min=0)
        torch.testing.assert_close(found[f"relu{conv.name}"], x, rtol=1e-4, atol=1e-5)
        if conv.name in ("1_2", "2_2", "3_4", "4_4", "5_4"):
            x = pool(x, 2)
            torch.testing.assert_close(found[f"pool{block}"], x, rtol=1e-4, atol=1e-5)
            block += 1
    assert set(found) == set(LAYERS)


def test_the_network_stops_at_the_deepest_layer_asked_for():
    assert len(Network(tiny_filters(16), ["relu2_1"], "average").convolutions) == 3


def test_some_of_its_layers_are_those_of_all():
    network, image = (
        Network(tiny_filters(8), ["relu1_1", "pool1", "relu2_2", "relu3_1"], "average"),
        torch.rand(1, 3, 32, 48),
    )
    found = network(image)
    for some in (["relu2_2"], ["pool1", "relu1_1"], []):
        alone = network(image, some)
        assert set(alone) == set(some)
        assert all(torch.equal(alone[name], found[name]) for name in some)


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_a_picture_too_small_for_a_pool_is_refused_in_one_sentence(pooling):
    network = Network(tiny_filters(16), ["pool5"], pooling)
    with pytest.raises(SettingsError, match="larger size or style scale, fewer scales, or a shallower layer"):
        network(torch.zeros(1, 3, 16, 128))
    assert network(torch.zeros(1, 3, 32, 128))["pool5"].shape[2:] == (1, 4)


def test_positions_of_a_layer_are_a_stride_apart():
    found = Network(tiny_filters(8), ["relu3_4", "pool2"], "average")(torch.zeros(1, 3, 64, 96))
    for layer, activations in found.items():
        assert activations.shape[2:] == (64 // stride(layer), 96 // stride(layer))


def test_filters_too_shallow_say_what_is_missing():
    with pytest.raises(SettingsError, match="end at relu3_4, so relu4_2 cannot be used"):
        Network(tiny_filters(8), ["relu1_1", "relu4_2"], "average")


def test_the_gradient_reaches_every_pixel():
    image = torch.rand(1, 3, 32, 32, requires_grad=True)
    network = Network(tiny_filters(4), ["relu2_2"], "average")
    network(image)["relu2_2"].square().sum().backward()
    assert (image.grad.abs().sum(1) > 0).all()


def test_half_precision_activations_follow_float32():
    filters, image = tiny_filters(2), torch.rand(1, 3, 16, 16)
    exact = Network(filters, ["relu1_2"], "average")(image)["relu1_2"]
    half = Network(filters, ["relu1_2"], "average", dtype=torch.bfloat16)(image)["relu1_2"]
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), exact, rtol=0.05, atol=0.05)
