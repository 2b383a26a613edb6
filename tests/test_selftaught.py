"""Self-taught filters: what they promise, measured from outside through the network that uses them."""

import pytest
import torch
from PIL import Image
from tiny import checks, waves

from nst.images import to_tensor
from nst.selftaught import learn_filters
from nst.vgg import CONVS, Network


def learned(content, style, through="relu3_4", **options):
    work = learn_filters(to_tensor(content), [to_tensor(style)], through, **options)
    said = []
    while True:
        try:
            said.append(next(work))
        except StopIteration as end:
            return end.value, said


@pytest.fixture(scope="module")
def pair():
    return waves(160, 120), checks(160, 128)


@pytest.fixture(scope="module")
def filters(pair):
    return learned(*pair)[0]


def test_each_layer_is_announced_and_has_a_filter_bank_that_fits_the_one_before(pair):
    filters, said = learned(*pair, through="relu2_2")
    assert len(said) == len(filters.kernels) == 4
    assert all(phrase.startswith("Learning filters") for phrase in said)
    inputs = 3
    for kernel, bias in zip(filters.kernels, filters.biases, strict=True):
        assert kernel.shape == (len(bias), inputs, 3, 3)
        inputs = len(bias)
    assert filters.kind == "self-taught"


def test_the_same_pictures_and_seed_give_the_same_filters(pair, filters):
    again, other = learned(*pair)[0], learned(*pair, seed=1)[0]
    for a, b, c in zip(filters.kernels, again.kernels, other.kernels, strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)


def test_live_units_have_mean_activation_one_and_fire_on_half_of_the_pictures(pair, filters):
    layers = tuple(f"relu{conv.name}" for conv in CONVS[:8])
    both = [Network(filters, layers)(to_tensor(picture)) for picture in pair]
    for layer in layers:
        units = torch.cat([found[layer].flatten(2) for found in both], dim=2)[0]
        live = units.amax(1) > 0
        assert live.float().mean() > 0.9
        assert float(units[live].mean()) == pytest.approx(1, rel=0.25)
        assert float((units[live] > 0).float().mean()) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (64, 64), "black"),
        Image.new("RGB", (64, 64), "white"),
        Image.effect_noise((96, 64), 90).convert("RGB"),
        waves(64, 64).convert("L").convert("RGB"),
        checks(64, 64).resize((64, 16)),
    ],
    ids=["black", "white", "noise", "grey", "flat strip"],
)
def test_pictures_with_little_to_learn_from_give_finite_filters(picture):
    filters = learned(picture, picture)[0]
    for weights in (*filters.kernels, *filters.biases):
        assert weights.isfinite().all()
    found = Network(filters, ["relu3_4"])(to_tensor(waves()))
    assert found["relu3_4"].isfinite().all()


def test_filters_reach_the_deepest_layer_of_a_small_picture():
    filters = learned(waves(64, 64), checks(64, 64), through="relu5_4")[0]
    assert len(filters.kernels) == len(CONVS)


def test_learning_may_be_given_up_midway(pair):
    work = learn_filters(to_tensor(pair[0]), [to_tensor(pair[1])], "relu3_4")
    next(work)
    work.close()
    assert list(work) == []
