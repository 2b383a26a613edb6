"""The spectrum: what it learns of a curvature that is known, and the operator it makes of it."""

import math

import pytest
import torch

from nst import spectrum as spectrum_module
from nst.optimizers import LBFGS, Spectral
from nst.spectrum import Cosine, Hartley, Spectrum


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def taught(curve, shape=(1, 3, 48, 32), pairs=5):
    """A spectrum that has seen pairs of a quadratic bowl whose Hessian is `curve`."""
    spectrum = Spectrum(torch.zeros(shape, dtype=torch.float64))
    for seed in range(pairs):
        s = noise(*shape, seed=seed)
        y = curve(s)
        spectrum.learn(s, y, torch.vdot(s.flatten(), y.flatten()))
    return spectrum


def rough(x):
    """x, and its distance to the mean of its neighbours: a bowl that is steeper along fine changes."""
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    around = padded[..., 2:, 1:-1] + padded[..., :-2, 1:-1] + padded[..., 1:-1, 2:] + padded[..., 1:-1, :-2]
    return 0.1 * x + (x - around / 4)


def textbook(n):
    """The orthonormal DCT-II as a matrix (n, n)."""
    k, i = torch.arange(n, dtype=torch.float64)[:, None], torch.arange(n, dtype=torch.float64)
    matrix = (2 / n) ** 0.5 * torch.cos(math.pi * k * (2 * i + 1) / (2 * n))
    matrix[0] = n**-0.5
    return matrix


@pytest.mark.parametrize("n", [1, 5, 8])
def test_the_cosine_transform_is_the_textbooks_and_its_inverse_undoes_it(n):
    x = noise(3, n)
    cosine = Cosine(n, x)
    torch.testing.assert_close(cosine.forwards(x), x @ textbook(n).T)
    torch.testing.assert_close(cosine.inverse(cosine.forwards(x)), x)


@pytest.mark.parametrize("n", [1, 5, 8])
def test_hartleys_transform_is_the_textbooks_and_its_own_inverse(n):
    x, hartley = noise(3, n), Hartley(n, noise(1))
    angles = 2 * math.pi * torch.arange(n, dtype=torch.float64).outer(torch.arange(n)) / n
    torch.testing.assert_close(hartley.forwards(x), x @ (angles.cos() + angles.sin()).T / n**0.5)
    torch.testing.assert_close(hartley.inverse(hartley.forwards(x)), x)


def test_where_a_tile_is_cut_makes_no_difference_to_its_steps():
    spectra = [Spectrum(noise(1, 3, 12, 10), seamless=True) for _ in range(2)]
    moves = (lambda x: x), (lambda x: x.roll((5, 3), (2, 3)))
    for seed in range(3):
        s, y = noise(1, 3, 12, 10, seed=seed), noise(1, 3, 12, 10, seed=9)
        for spectrum, move in zip(spectra, moves, strict=True):
            spectrum.learn(move(s), move(s + y), torch.tensor(1.0, dtype=torch.float64))
    q = noise(1, 3, 12, 10, seed=20)
    (one, other), move = spectra, moves[1]
    torch.testing.assert_close(move(one.times(q)), other.times(move(q)))


@pytest.mark.parametrize("strip", [1, 20, 10**6])
def test_strips_of_any_height_make_the_same_transform(monkeypatch, strip):
    monkeypatch.setattr(spectrum_module, "STRIP", strip)
    x = noise(1, 3, 13, 8)
    spectrum = Spectrum(x)
    lightness = next(spectrum._spectra(x))
    expected = textbook(13) @ (x[0].sum(0) / 3**0.5) @ textbook(8).T
    torch.testing.assert_close(lightness, expected)
    torch.testing.assert_close(spectrum.times(x), x)


def test_one_curvature_everywhere_is_inverted():
    q = noise(1, 3, 48, 32, seed=9)
    torch.testing.assert_close(taught(lambda s: 4 * s).times(q), q / 4)


def test_a_curvature_of_each_colour_is_inverted():
    lightness = torch.ones(3, 3, dtype=torch.float64) / 3
    spectrum = taught(lambda s: s + 5 * torch.einsum("oc,nchw->nohw", lightness, s))
    grey = noise(1, 1, 48, 32).expand(1, 3, 48, 32)
    torch.testing.assert_close(spectrum.times(grey), grey / 6)
    tint = noise(1, 1, 48, 32) * torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64).view(1, 3, 1, 1)
    torch.testing.assert_close(spectrum.times(tint), tint)


def test_a_curvature_by_frequency_is_nearly_inverted():
    spectrum, q = taught(rough), noise(1, 3, 48, 32, seed=9)
    inverted = spectrum.times(rough(q))
    plain = rough(q) * torch.vdot(q.flatten(), rough(q).flatten()) / rough(q).square().sum()
    assert (inverted - q).norm() < 0.4 * (plain - q).norm()


def test_the_operator_is_symmetric_and_positive():
    spectrum = taught(rough)
    a, b = noise(1, 3, 48, 32, seed=1), noise(1, 3, 48, 32, seed=2)
    assert float((a * spectrum.times(b)).sum()) == pytest.approx(float((b * spectrum.times(a)).sum()))
    assert (a * spectrum.times(a)).sum() > 0


def test_the_secant_equation_holds_on_the_newest_pair_in_the_mean():
    """γ is such that y·H₀y = s·y, as for L-BFGS's usual γ."""
    spectrum, s = taught(rough, pairs=1), noise(1, 3, 48, 32, seed=0)
    y = rough(s)
    assert float((y * spectrum.times(y)).sum()) == pytest.approx(float((s * y).sum()))


def test_a_smooth_bowl_is_left_sooner_than_with_plain_lbfgs():
    def evaluations(optimizer):
        x = torch.full((1, 3, 48, 32), 0.5, dtype=torch.float64)
        goal, seen = 0.5 + noise(1, 3, 48, 32, seed=3) / 40, 0
        while (gradient := rough(rough(x - goal))).norm() > 1e-4 and seen < 200:
            cost = float((rough(x - goal) ** 2).sum()) / 2
            x, seen = optimizer.step(x, cost, gradient), seen + 1
        return seen

    spectral = Spectral(torch.zeros(1, 3, 48, 32, dtype=torch.float64))
    spectral.patience = math.inf
    assert evaluations(spectral) < 0.7 * evaluations(LBFGS(patience=math.inf))


def test_silent_gradients_leave_numbers_finite():
    spectrum = Spectrum(torch.zeros(1, 3, 16, 16))
    s = torch.zeros(1, 3, 16, 16)
    s[..., 0, 0] = 1.0
    spectrum.learn(s, s, torch.tensor(3.0))
    assert spectrum.times(torch.rand(1, 3, 16, 16)).isfinite().all()
