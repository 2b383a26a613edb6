"""The second judge against what is known without it: distances in one dimension, sine waves, Parseval."""

import math

import pytest
import torch
from tiny import tiny_filters

from benchmarks.second_judge import (
    FINE,
    RIM,
    SecondJudge,
    fine_energy,
    rim_colour,
    rim_contrast,
    sliced_wasserstein,
)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_a_distribution_is_no_distance_from_itself_wherever_its_points_lie():
    a = random(1, 4, 12, 10)
    shuffled = a.flatten(2)[..., torch.randperm(120)].view(1, 4, 10, 12)
    assert sliced_wasserstein(a, a) == 0
    assert sliced_wasserstein(a, shuffled) == pytest.approx(0, abs=1e-12)


def test_in_one_dimension_a_shift_is_its_own_distance():
    a = random(1, 1, 16, 16)
    assert sliced_wasserstein(a, a + 0.3) == pytest.approx(0.09, rel=1e-5)


def test_in_one_dimension_a_stretch_is_that_of_the_second_moments():
    a = random(1, 1, 64, 64)
    assert sliced_wasserstein(a, 3 * a) == pytest.approx(4 * float(a.square().mean()), rel=0.01)


def test_it_is_symmetric_and_grows_with_the_square_of_the_scale():
    a, b = random(1, 3, 12, 12), random(1, 3, 9, 14, seed=1) * 2
    there, back = sliced_wasserstein(a, b), sliced_wasserstein(b, a)
    assert there == pytest.approx(back, rel=1e-5)
    assert sliced_wasserstein(5 * a, 5 * b) == pytest.approx(25 * there, rel=1e-4)


def test_equal_pictures_of_another_size_are_hardly_a_distance():
    a = random(1, 2, 16, 16)
    doubled = a.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert sliced_wasserstein(a, doubled) < 1e-3 * sliced_wasserstein(a, a + 1)


def cosine(frequency: float, height: int = 48, width: int = 64) -> torch.Tensor:
    """A wave that is whole once mirrored, so that its energy lies at one frequency."""
    x = torch.arange(width) + 0.5
    return 0.5 + 0.4 * torch.cos(2 * math.pi * frequency * x).expand(1, 3, height, width)


@pytest.mark.parametrize(("frequency", "expected"), [(0.125, 0.0), (0.3125, 0.0), (0.40625, 3 * 0.4**2 / 2)])
def test_a_pure_wave_has_the_energy_of_its_amplitude_above_the_limit_and_none_below(frequency, expected):
    assert fine_energy(cosine(frequency)) == pytest.approx(expected, abs=1e-6)


def test_all_frequencies_together_have_the_pixels_energy(monkeypatch):
    image = random(1, 3, 20, 30)
    monkeypatch.setattr("benchmarks.second_judge.FINE", -1.0)
    assert fine_energy(image) == pytest.approx(3 * float(image.square().mean()), rel=1e-5)
    assert FINE < 0.5


def test_fine_energy_grows_with_the_square_of_contrast_and_not_with_the_size():
    assert fine_energy(3 * cosine(0.40625)) == pytest.approx(9 * fine_energy(cosine(0.40625)), rel=1e-5)
    assert fine_energy(cosine(0.40625, 96, 128)) == pytest.approx(fine_energy(cosine(0.40625)), rel=1e-5)


def test_the_content_image_is_unmoved_with_all_the_style_left_and_no_rim():
    content, style = random(1, 3, 64, 64), random(1, 3, 48, 80, seed=1).square()
    judge = SecondJudge(tiny_filters(10), content, style)
    seen = judge(content)
    assert (seen.moved, seen.style, seen.rim, seen.edge) == (0, 1, 1, 0)
    assert seen.speckle == pytest.approx(fine_energy(content) / fine_energy(style))
    assert judge(style[..., :48, :64].repeat(1, 1, 2, 1)[..., :64, :64]).style < 0.5


@pytest.mark.gpu
def test_on_a_graphics_card_a_picture_is_judged_alike():
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    content, style = random(1, 3, 64, 64), random(1, 3, 48, 80, seed=1)
    judge = SecondJudge(tiny_filters(10), content, style)
    assert judge(content.cuda()) == judge(content)


def test_a_painted_rim_is_seen_and_an_even_picture_has_none():
    even = random(1, 3, 60, 70)
    assert rim_contrast(even) == pytest.approx(1, abs=0.05)
    assert rim_contrast(torch.full_like(even, 0.3)) == 1
    framed = 0.5 + 0.1 * (even - 0.5)
    framed[..., RIM:-RIM, RIM:-RIM] = even[..., RIM:-RIM, RIM:-RIM]
    assert rim_contrast(framed) < 0.25
    dark = even.clone()
    dark[..., :RIM, :] = dark[..., -RIM:, :] = dark[..., :RIM] = dark[..., -RIM:] = 0
    assert rim_colour(dark).tolist() == pytest.approx([-0.5] * 3, abs=0.05)
    assert rim_colour(even).tolist() == pytest.approx([0] * 3, abs=0.05)
