"""The optimisers on functions whose minimum is known, and against a second implementation."""

import pytest
import torch

from nst.optimizers import LBFGS, make_optimizer


def run(optimizer, function, x, evaluations):
    costs = []
    for _ in range(evaluations):
        x = x.detach().requires_grad_()
        cost = function(x)
        (gradient,) = torch.autograd.grad(cost, x)
        costs.append(cost.item())
        x = optimizer.step(x.detach(), cost.item(), gradient)
    return x, costs


def quadratic(x):
    """Ill-conditioned bowl with its minimum at 0.5: curvatures from 1 to 1000."""
    curvature = torch.logspace(0, 3, x.numel(), dtype=x.dtype).view_as(x)
    return (curvature * (x - 0.5).square()).sum()


def rosenbrock(x):
    return (100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2).sum()


@pytest.mark.parametrize(("name", "rate"), [("spectral", 0.02), ("lbfgs", 0.02), ("adam", 0.02), ("gd", 0.2)])
def test_every_optimiser_lowers_an_ill_conditioned_bowl(name, rate):
    start = torch.zeros(1, 3, 4, 4)
    x, costs = run(make_optimizer(name, rate, start), quadratic, start, 150)
    assert float(quadratic(x)) < 0.02 * costs[0]


@pytest.mark.parametrize("name", ["spectral", "lbfgs", "adam", "gd"])
def test_every_optimiser_stays_at_a_minimum(name):
    start = torch.full((1, 3, 4, 4), 0.5)
    x, costs = run(make_optimizer(name, 0.02, start), quadratic, start, 2)
    assert torch.equal(x, start)
    assert costs == [0, 0]


def test_lbfgs_finds_the_minimum_of_rosenbrocks_valley():
    x, _ = run(LBFGS(), rosenbrock, torch.tensor([-0.5, 1.0], dtype=torch.float64), 150)
    torch.testing.assert_close(x, torch.ones(2, dtype=torch.float64), atol=1e-3, rtol=0)


def test_lbfgs_takes_the_same_directions_as_torchs():
    """From the same first step on, both follow algorithm 7.4 of Nocedal & Wright."""
    start = torch.linspace(0.4, 0.6, 12, dtype=torch.float64)
    theirs = start.clone().requires_grad_()
    first = torch.autograd.grad(quadratic(theirs), theirs)[0]
    # torch's first step is lr / Σ|g| long in units of g; ours is a root mean square in units of x.
    length = float((first / first.abs().sum()).square().mean().sqrt())
    torchs = torch.optim.LBFGS([theirs], lr=1, max_iter=1, history_size=20, tolerance_change=0)

    def closure():
        torchs.zero_grad()
        cost = quadratic(theirs)
        cost.backward()
        return cost

    for _ in range(8):
        torchs.step(closure)
    ours, _ = run(LBFGS(first_step=length, longest=1e9, patience=1e9), quadratic, start, 8)
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["spectral", "lbfgs", "adam", "gd"])
def test_a_retreat_lies_between_the_last_good_point_and_the_bad_one(name):
    start = torch.full((1, 3, 4, 4), 0.5)
    optimizer = make_optimizer(name, 0.02, start)
    first = optimizer.step(start, 1.0, torch.ones_like(start))
    once = optimizer.retreat()
    twice = optimizer.retreat()
    assert ((first - start).abs() > (once - start).abs()).all()
    assert ((once - start).abs() > (twice - start).abs()).all()
    assert ((twice - start) * (first - start) > 0).all()


def test_lbfgs_takes_back_a_step_that_raises_the_cost():
    optimizer = LBFGS()
    start = torch.full((4,), 0.5)
    bad = optimizer.step(start, 1.0, torch.ones(4))
    again = optimizer.step(bad, 100.0, torch.ones(4))
    torch.testing.assert_close(again - start, (bad - start) / 4)


@pytest.mark.parametrize("name", ["spectral", "lbfgs", "adam", "gd"])
def test_points_and_gradients_given_are_never_changed(name):
    x = torch.full((1, 3, 4, 4), 0.5)
    optimizer, seen = make_optimizer(name, 0.02, x), [x]
    gradients = {cost: torch.full_like(x, cost) for cost in (3.0, 2.0, 1.0)}
    for cost, gradient in gradients.items():
        seen.append(optimizer.step(seen[-1], cost, gradient))
    assert torch.equal(x, torch.full_like(x, 0.5))
    assert all(torch.equal(gradient, torch.full_like(x, cost)) for cost, gradient in gradients.items())
    assert len({tuple(point.flatten().tolist()) for point in seen}) == 4


def test_spectral_lbfgs_finds_the_least_cost_in_the_box():
    """Of a bowl whose minimum lies outside, pixel by pixel: the nearest bound."""
    generator = torch.Generator().manual_seed(1)
    goal = 0.5 + torch.randn(1, 3, 8, 8, generator=generator)
    start = torch.full((1, 3, 8, 8), 0.5)
    x, _ = run(make_optimizer("spectral", 1.0, start), lambda x: (x - goal).square().sum(), start, 60)
    torch.testing.assert_close(x, goal.clamp(0, 1), atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", ["adam", "gd"])
def test_adam_and_gradient_descent_keep_pixels_between_0_and_1(name):
    start = torch.full((1, 3, 4, 4), 0.9)
    x, _ = run(make_optimizer(name, 1.0, start), lambda x: -(x - 0.2).sum(), start, 3)
    assert torch.equal(x, torch.ones_like(x))
