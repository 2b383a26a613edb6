"""The statistics against loops in float64, against finite differences, and against what must hold of them."""

from itertools import product

import numpy as np
import pytest
import torch
from tiny import SMALL, checks, tiny_filters, waves
from torch import Tensor

from nst import Settings, stylize
from nst.device import choose
from nst.network.banded import BandedCostParts
from nst.network.vgg import Network
from nst.objective import PlainCostParts, make_objective, network_of
from nst.settings import CHOICES
from nst.statistics import QUANTILES, Guided, Sliced, gaussian_for, sliced_for, statistic_for
from nst.targets import make_targets
from nst.tensors import to_tensor

NAMES = CHOICES["statistic"]


def features(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).relu() + 0.1


def columns(a: Tensor) -> np.ndarray:
    """(1, nC, nH, nW) → (nH · nW, nC): one activation vector a position."""
    return a[0].flatten(1).T.numpy()


def cost(name: str, generated: Tensor, style: Tensor) -> float:
    statistic = statistic_for(name, style)
    return float(statistic.cost(statistic.describe(generated), statistic.describe(style)))


def mmd(kernel, x: np.ndarray, y: np.ndarray) -> float:
    """E k(x, x') − 2 E k(x, y) + E k(y, y'), every pair by itself."""

    def mean(a, b):
        return sum(kernel(one, other) for one, other in product(a, b)) / (len(a) * len(b))

    return mean(x, x) - 2 * mean(x, y) + mean(y, y)


def covariance(x: np.ndarray, y: np.ndarray) -> float:
    return float(((np.cov(x.T, bias=True) - np.cov(y.T, bias=True)) ** 2).mean() / 4)


def mean_std(x: np.ndarray, y: np.ndarray) -> float:
    return float(((x.mean(0) - y.mean(0)) ** 2).mean() + ((x.std(0) - y.std(0)) ** 2).mean())


def polynomial(x: np.ndarray, y: np.ndarray) -> float:
    c = (y**2).sum(1).mean()
    return mmd(lambda a, b: (a @ b + c) ** 2, x, y) / (4 * x.shape[1] ** 2)


TRUTH = {
    "gram": lambda x, y: mmd(lambda a, b: (a @ b) ** 2, x, y) / (4 * x.shape[1] ** 2),
    "covariance": covariance,
    "mean-std": mean_std,
    "mean": lambda x, y: mmd(lambda a, b: a @ b, x, y) / x.shape[1],
    "polynomial": polynomial,
}


@pytest.mark.parametrize("name", TRUTH)
def test_the_cost_is_the_papers_sum_over_all_pairs_of_positions(name):
    x, y = features(1, 3, 4, 5), features(1, 3, 6, 4, seed=1)
    # The standard deviation has a floor of 1e-5 under its root.
    assert cost(name, x, y) == pytest.approx(TRUTH[name](columns(x), columns(y)), rel=1e-4)


def test_many_random_frequencies_give_the_distance_of_a_gaussian_kernel():
    x, y = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1) + 0.5
    statistic = gaussian_for(y, count=200_000)
    found = float(statistic.cost(statistic.describe(x), statistic.describe(y)))
    a, b = columns(x), columns(y)
    squared = np.mean([((one - other) ** 2).sum() for one, other in product(b, b)])
    expected = mmd(lambda one, other: np.exp(-((one - other) ** 2).sum() / (2 * squared)), a, b)
    assert found == pytest.approx(expected, rel=0.02)


def test_the_sliced_distance_is_that_of_sorted_projections():
    side = int(
        QUANTILES**0.5
    )  # as many positions as quantiles: each step of a quantile function is a position
    x, y = features(1, 3, side, side), features(1, 3, side, side, seed=1)
    directions = sliced_for(y).directions.numpy()
    np.testing.assert_allclose(directions @ directions.T, np.eye(3), atol=1e-12)
    each = [(np.sort(columns(x) @ d) - np.sort(columns(y) @ d)) ** 2 for d in directions]
    assert cost("sliced", x, y) == pytest.approx(np.mean(each), rel=1e-12)


@pytest.mark.parametrize("n", [5, 192, QUANTILES, 700, 1024])
def test_a_quantile_function_is_described_by_its_means_over_equal_steps(n):
    x = torch.randn(1, 2, n, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    every = x.flatten(2).sort().values.repeat_interleave(QUANTILES, dim=2)  # steps of n values are whole
    expected = torch.stack([step.mean(dim=2) for step in every.split(n, dim=2)], dim=2)
    torch.testing.assert_close(Sliced(torch.eye(2).double()).describe(x), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_at_no_distance_from_itself_shuffled(name):
    x = features(1, 4, 6, 6)
    order = torch.randperm(36, generator=torch.Generator().manual_seed(1))
    shuffled = x.flatten(2)[:, :, order].view_as(x)
    assert cost(name, shuffled, x) == pytest.approx(0, abs=1e-20)
    assert cost(name, x + 0.3 * features(1, 4, 6, 6, seed=2), x) > 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_agrees_with_finite_differences(name):
    style = features(1, 2, 4, 4, seed=1)
    statistic = statistic_for(name, style)
    target = statistic.describe(style)
    # No two values are equal: where two are, their order has no derivative.
    x = torch.randn(1, 2, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: statistic.cost(statistic.describe(a), target), x)


@pytest.mark.parametrize("name", ["mean", "gram", "covariance", "mean-std", "polynomial"])
def test_of_several_styles_what_moments_decide_is_that_of_their_pictures_side_by_side(name):
    one, other, x = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1), features(1, 3, 5, 5, seed=2)
    statistic = statistic_for(name, one)
    mixed = (statistic.describe(one) + statistic.describe(other)) / 2
    whole = statistic.describe(torch.cat([one, other], dim=3))
    torch.testing.assert_close(mixed, whole)
    assert float(statistic.cost(statistic.describe(x), mixed)) > 0


def test_the_gradient_of_guided_gram_matrices_agrees_with_finite_differences():
    guides = torch.rand(2, 1, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    guided, target = Guided(guides), features(1, 2, 2, 2, seed=1)
    x = features(1, 2, 3, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: guided.cost(guided.describe(a), target), x)


@pytest.mark.parametrize("name", NAMES)
def test_silence_is_what_activations_of_zero_are_described_as(name):
    style = features(1, 4, 5, 5)
    statistic = statistic_for(name, style)
    target = statistic.describe(style)
    nothing = statistic.describe(torch.zeros_like(style))
    torch.testing.assert_close(statistic.silence(target), nothing)
    assert float(statistic.cost(nothing, target)) > 0


@pytest.mark.parametrize("name", NAMES)
def test_many_images_at_once_have_the_costs_they_have_alone(name):
    style, both = features(1, 4, 5, 5, seed=3), features(2, 4, 6, 7)
    statistic = statistic_for(name, style)
    target = statistic.describe(style)
    alone = [statistic.cost(statistic.describe(one), target) for one in both.split(1)]
    torch.testing.assert_close(statistic.cost(statistic.describe(both), target), torch.cat(alone))


@pytest.mark.parametrize("name", ["covariance", "mean-std", "mean", "polynomial"])
def test_what_moments_decide_is_not_changed_by_the_size_of_the_picture(name):
    x, y = features(1, 3, 4, 5), features(1, 3, 4, 4, seed=1)
    assert cost(name, x.repeat(1, 1, 2, 3), y) == pytest.approx(cost(name, x, y), rel=1e-9)


def test_the_frequencies_and_directions_are_the_same_in_every_run():
    style = features(1, 4, 5, 5)
    for name in ("gaussian", "sliced"):
        one, other = (statistic_for(name, style).describe(style) for _ in range(2))
        assert torch.equal(one, other)


def test_from_one_style_to_another_the_kernel_is_that_of_the_first_whatever_its_weight():
    network, styles = (
        Network(tiny_filters(), SMALL.layers, "average"),
        [to_tensor(checks()), to_tensor(waves())],
    )
    each = [
        make_targets(network, SMALL.with_(statistic="gaussian", style_weights=(1 - t, t)), styles[1], styles)
        for t in (0, 0.5, 1)
    ]
    kernels = [targets.statistics["relu2_1"].frequencies for targets in each]
    assert torch.equal(kernels[0], kernels[1])
    assert torch.equal(kernels[1], kernels[2])
    middle = (each[0].style["relu2_1"] + each[2].style["relu2_1"]) / 2
    torch.testing.assert_close(each[1].style["relu2_1"], middle)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_brings_its_own_statistic_closer_to_the_styles(name):
    settings = Settings(size=64, evaluations=12, statistic=name, style_layers={"relu1_1": 1, "relu2_1": 1})
    settings = settings.with_(content_layers={"relu2_2": 1})
    costs = [
        sum(progress.costs.style.values())
        for progress in stylize(waves(), checks(), settings, "cpu", filters=tiny_filters())
        if progress.costs
    ]
    assert min(costs) < 0.5 * costs[0]


def test_the_strength_is_the_weight_of_a_style_cost_relative_to_that_of_silence():
    for name in NAMES:
        settings = Settings(size=64, statistic=name, strength=7, style_layers={"relu1_1": 1})
        settings = settings.with_(content_layers={"relu2_2": 1})
        content, style = to_tensor(waves()), to_tensor(checks())
        objective = make_objective(
            network_of(tiny_filters(), settings, choose("cpu")), settings, content, [style]
        )
        targets, by = objective.targets, objective.weighting
        silent = targets.statistic("relu1_1").silence(targets.style["relu1_1"])
        assert by.beta * float(targets.style_cost("relu1_1", silent)) == pytest.approx(7, rel=1e-4)


def test_gram_matrices_take_the_fast_path_and_others_the_plain_one():
    content, style = to_tensor(waves()), to_tensor(checks())
    for name in NAMES:
        settings = Settings(statistic=name, content_layers={"relu2_2": 1}, style_layers={"relu1_1": 1})
        objective = make_objective(
            network_of(tiny_filters(), settings, choose("cpu")), settings, content, [style]
        )
        assert isinstance(objective.one.parts, BandedCostParts if name == "gram" else PlainCostParts)


@pytest.mark.parametrize("name", ["covariance", "mean-std", "polynomial"])
def test_moments_of_half_precision_are_summed_exactly_as_deviations_are_their_small_differences(name):
    a = (10 + torch.randn(1, 4, 20, 20, generator=torch.Generator().manual_seed(0))).bfloat16()
    statistic = statistic_for(name, a)
    assert torch.equal(statistic.describe(a), statistic.describe(a.float()))
