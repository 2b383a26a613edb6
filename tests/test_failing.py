"""What a run does when its cost explodes, its memory ends or its filters lack a layer."""

import math
import re
import subprocess
import sys

import pytest
import torch
from tiny import SMALL, Evaluating, checks, run, tiny_filters, waves

from nst import Diverged, OutOfMemory, SettingsError, stylize, transfer
from nst.objective import Costs
from nst.optimizers import make_optimizer
from nst.transfer import descend


def costing(values):
    """An objective that answers with these totals, pulling towards zero."""
    answers = iter(values)

    def objective(x):
        total = next(answers)
        return Costs(total, 0.0, {}, 0.0), x.clone() * (total if math.isfinite(total) else math.nan)

    return Evaluating(objective)


@pytest.mark.parametrize("optimizer", ["spectral", "lbfgs", "adam", "gd"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e9])
def test_a_cost_that_explodes_once_never_becomes_the_picture(optimizer, bad):
    objective = costing([5.0, 4.0, bad, bad, 3.0, 2.0])
    start = torch.full((1, 3, 4, 4), 0.5)
    seen = list(descend(objective, start, make_optimizer(optimizer, 0.02, start), 6))
    assert [costs.total for costs, _ in seen][-1] == 2.0
    assert all(best.isfinite().all() for _, best in seen)
    assert torch.equal(seen[1][1], seen[3][1])


@pytest.mark.parametrize("set_by", [{}, {"alpha": 1.0, "beta": 1.0}])
def test_filters_with_activations_that_are_no_numbers_are_what_is_blamed(set_by):
    broken = tiny_filters()
    broken.kernels[7].fill_(1e30)
    with pytest.raises(SettingsError, match="at relu3_4 are too large to compute with: choose another"):
        run(SMALL.with_(**set_by), filters=broken)


@pytest.mark.parametrize("optimizer", ["spectral", "lbfgs", "adam", "gd"])
def test_in_whatever_unit_the_cost_is_the_picture_is_the_same(optimizer):
    goal = torch.rand(1, 3, 16, 16)

    def painted(unit: float) -> torch.Tensor:
        def objective(x):
            far = x - goal
            return Costs(float(far.square().mean()) * unit, 0.0, {}, 0.0), unit * far / 2**9

        start = torch.full_like(goal, 0.5)
        *_, (_, best) = descend(Evaluating(objective), start, make_optimizer(optimizer, 0.02, start), 8)
        return best

    usual = painted(1.0)
    assert not torch.equal(usual, torch.full_like(goal, 0.5))
    for unit in (2.0**40, 2.0**-60, 2.0**-100):
        torch.testing.assert_close(painted(unit), usual, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("optimizer", ["spectral", "lbfgs", "adam", "gd"])
def test_a_cost_that_stays_broken_ends_the_run_with_one_sentence(optimizer):
    objective = costing([5.0, 4.0, *[math.nan] * 50])
    start = torch.full((1, 3, 4, 4), 0.5)
    steps = descend(objective, start, make_optimizer(optimizer, 0.02, start), 52)
    with pytest.raises(Diverged, match="lower β"):
        for _ in steps:
            pass


def test_a_failed_run_hands_back_its_best_picture(monkeypatch):
    large = tiny_filters()
    large.kernels[7].fill_(1e7)
    with pytest.raises(Diverged, match="before the first step: lower the strength") as caught:
        run(SMALL.with_(alpha=1.0, beta=1e12), filters=large)
    assert caught.value.best is None
    settings = SMALL.with_(size=128, scales=2)
    generator = stylize(waves(), checks(), settings, "cpu", tiny_filters())
    next(progress for progress in generator if progress.evaluation == 2)
    monkeypatch.setattr(transfer, "beginning", lambda _, content, *rest: content * math.nan)  # the second's
    with pytest.raises(Diverged) as caught:
        list(generator)
    assert caught.value.best.evaluation == 4
    assert caught.value.best.image.size == (64, 48)


OUT_OF_MEMORY = """
import resource, sys
sys.path[:0] = ["tests"]
from tiny import checks, waves
import torch
from nst import OutOfMemory, Settings, stylize
from nst.network.vgg import Filters
wide = [(torch.randn(64, 3 if i == 0 else 64, 3, 3) / 24, torch.zeros(64)) for i in range(4)]
filters = Filters("wide", "file", *map(tuple, zip(*wide)))
layers = dict(content_layers={"relu2_2": 1}, style_layers={"relu1_1": 1})
def room(): return int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize() + 400 * 2**20
list(stylize(waves(), checks(), Settings(size=64, evaluations=1, **layers), "cpu", filters))
resource.setrlimit(resource.RLIMIT_AS, (room(), room()))
try:
    settings = Settings(size=2048, scales=6, evaluations=12, **layers)
    list(stylize(waves(), checks(), settings, "cpu", filters))
except OutOfMemory as error:
    print(error)
    print(max(error.best.image.size), error.best.evaluation)
"""


def test_running_out_of_memory_names_a_smaller_size_and_keeps_the_picture():
    done = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True, timeout=120, check=False
    )
    sentence, kept = done.stdout.splitlines()
    found = re.fullmatch(
        r"There is not enough memory to paint (\d+) × \d+ pixels: choose a size of (\d+) or less\.", sentence
    )
    size, evaluation = map(int, kept.split())
    assert found, sentence
    assert int(found[1]) // 2 == int(found[2]) == size
    assert evaluation > 0


def between_scales(settings):
    """The reports of a run with self-taught filters while those of its second scale are learned."""
    for progress in stylize(waves(128, 96), checks(), settings, "cpu"):
        if progress.evaluation and progress.doing.startswith("Learning"):
            yield progress


def test_what_is_painted_is_there_while_the_next_scale_is_prepared():
    settings = SMALL.with_(size=128, scales=2, weights="self-taught")
    seen = list(between_scales(settings))
    assert seen
    for progress in seen:
        assert (progress.image.size, progress.size, progress.costs) == ((64, 48), (128, 96), None)


def test_running_out_of_memory_between_two_scales_keeps_the_picture_and_names_the_next_size(monkeypatch):
    def learn(*arguments):
        if next(calls):
            raise MemoryError
        return learn_filters(*arguments)

    calls, learn_filters = iter((0, 1)), transfer.learn
    monkeypatch.setattr(transfer, "learn", learn)
    with pytest.raises(OutOfMemory, match="128 × 96 pixels: choose a size of 64 or less") as caught:
        list(between_scales(SMALL.with_(size=128, scales=2, weights="self-taught")))
    assert caught.value.best.image.size == (64, 48)


def test_layers_the_filters_lack_are_named_before_anything_is_painted():
    with pytest.raises(SettingsError, match="relu4_2 cannot be used"):
        run(SMALL.with_(content_layers={"relu4_2": 1}))
