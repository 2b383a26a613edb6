"""Self-taught filters: what they promise, measured from outside through the network that uses them."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from tiny import checks, waves

from nst.device import Device
from nst.images import fit, load_picture
from nst.network.layers import CONVS
from nst.network.vgg import Filters, Network
from nst.objective import make_objective, network_of
from nst.optimizers import make_optimizer
from nst.report import result_of
from nst.settings import Settings
from nst.tensors import to_tensor
from nst.transfer import descend
from nst.weights import find_filters
from nst.weights.self_taught import learn_filters

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
# The layers of the eight convolutions there are real weights of, to judge by.
PAINT = Settings(
    content_layers={"relu3_3": 1}, style_layers=dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu3_4"), 1)
)


def learned(content, style, through="relu3_4", pooling="average", **options):
    work = learn_filters(to_tensor(content), [to_tensor(style)], through, pooling=pooling, **options)
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
    both = [Network(filters, layers, "average")(to_tensor(picture)) for picture in pair]
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
    found = Network(filters, ["relu3_4"], "average")(to_tensor(waves()))
    assert found["relu3_4"].isfinite().all()


def test_filters_reach_the_deepest_layer_of_a_small_picture():
    filters = learned(waves(64, 64), checks(64, 64), through="relu5_4")[0]
    assert len(filters.kernels) == len(CONVS)


def test_learning_may_be_given_up_midway(pair):
    work = learn_filters(to_tensor(pair[0]), [to_tensor(pair[1])], "relu3_4", pooling="average")
    next(work)
    work.close()
    assert list(work) == []


def drawn(name, side=48):
    picture = load_picture(EXAMPLES / name)
    return to_tensor(picture, fit(*picture.size, side))


def random_filters(like):
    """Kernels of the same shapes drawn from the normal distribution, scaled to keep activations alive."""
    generator = torch.Generator().manual_seed(0)
    kernels = tuple(
        torch.randn(kernel.shape, generator=generator) * (2 / kernel[0].numel()) ** 0.5
        for kernel in like.kernels
    )
    return Filters("random filters", "file", kernels, tuple(map(torch.zeros_like, like.biases)))


def painted(filters, content, style, evaluations=40):
    where = Device(torch.device("cpu"), torch.float32, "CPU")
    objective = make_objective(network_of(filters, PAINT, where), PAINT, content, [style])
    optimizer = make_optimizer(PAINT.optimizer, PAINT.learning_rate, content)
    *_, (_, best) = descend(objective, content, optimizer, evaluations)
    return best.clamp(0, 1)


@torch.no_grad()
def style_remaining(filters, generated, content, style):
    """‖G(G) − G(S)‖² / ‖G(C) − G(S)‖², averaged over the style layers; Gram matrices by einsum in float64."""
    network = Network(filters, PAINT.style_layers, "max")

    def grams(image):
        maps = (a.double()[0].flatten(1) for a in network(image).values())
        return [torch.einsum("kp,lp->kl", a, a) / a.shape[1] for a in maps]

    rows = zip(grams(generated), grams(content), grams(style), strict=True)
    return float(torch.stack([(g - s).square().sum() / (c - s).square().sum() for g, c, s in rows]).mean())


@pytest.mark.weights
def test_vgg_19_sees_more_of_the_style_painted_than_with_random_filters(real_weights):
    real = result_of(find_filters(real_weights, "relu3_4"))
    left, left_by_random = 0.0, 0.0
    for painting in ("folk", "woodcut"):
        content, style = drawn("content/lake.jpg"), drawn(f"styles/{painting}.jpg")
        taught = result_of(learn_filters(content, [style], "relu3_4", pooling="average"))
        left += style_remaining(real, painted(taught, content, style), content, style) / 2
        by_random = painted(random_filters(taught), content, style)
        left_by_random += style_remaining(real, by_random, content, style) / 2
    # Measured with three seeds: 0.17 to 0.21 against 0.38 to 0.51. Some other pairs paint as well with random
    # filters.
    assert left < 0.35
    assert left < 0.75 * left_by_random
