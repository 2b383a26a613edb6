"""The first three convolutions in the conventions that weights files have, and what each must compute."""

import pytest
import torch
from hub_server import published_tensors

from nst.network.layers import CONVS
from nst.network.vgg import MEAN, STD, Filters, Network
from nst.weights import caffe
from nst.weights.formats import read_weights

LAYERS = ("relu1_1", "relu1_2", "relu2_1")
COUNT = 3
MEAN_OF_CAFFE = torch.tensor([123.68, 116.779, 103.939], dtype=torch.float64).view(1, 3, 1, 1)


@pytest.fixture(scope="module")
def picture():
    return torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def original():
    """The first three convolutions, the two known kernels of the original network among them, in the
    convention of vgg.py, under torchvision's names."""
    tensors = published_tensors(COUNT)
    std = torch.tensor(STD).view(1, 3, 1, 1)
    kernel = tensors["features.0.weight"] * 30
    kernel[list(caffe.UNITS)] = torch.tensor(caffe.KERNELS) * 255 * std
    return {**tensors, "features.0.weight": kernel}


def as_caffe(tensors, bgr=True):
    """The inverse of folding: what a network trained on 255 · v − m would hold."""
    std, mean = (torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1) for v in (STD, MEAN))
    kernel = tensors["features.0.weight"].double() / (255 * std)
    bias = tensors["features.0.bias"].double() + ((MEAN_OF_CAFFE - 255 * mean) * kernel).sum(dim=(1, 2, 3))
    kernel = kernel.flip(1) if bgr else kernel
    return {**tensors, "features.0.weight": kernel.float().contiguous(), "features.0.bias": bias.float()}


def renamed(tensors):
    """torchvision's names to Gatys'."""
    return {
        name.replace(f"features.{conv.index}.", f"conv{conv.name}."): tensor
        for conv in CONVS
        for name, tensor in tensors.items()
        if name.startswith(f"features.{conv.index}.")
    }


def activations(weights, picture):
    filters = Filters("", "file", *weights)
    return Network(filters, LAYERS, "average")(picture)


def assert_same_network(path, original, picture):
    names = [f"features.{conv.index}" for conv in CONVS[:COUNT]]
    expected = activations(
        (tuple(original[f"{n}.weight"] for n in names), tuple(original[f"{n}.bias"] for n in names)), picture
    )
    got = activations(read_weights(path, COUNT), picture)
    for layer in LAYERS:
        torch.testing.assert_close(got[layer], expected[layer], rtol=1e-4, atol=1e-3)
