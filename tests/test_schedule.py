"""The sizes of a run, what each begins from, and how long is left."""

import pytest
import torch
from PIL import Image
from tiny import SMALL, checks, waves

from nst import Settings, SettingsError, stylize
from nst.images import fit, require_ratio
from nst.schedule import Pace, Scale, continued, enlarge, schedule, starting_image
from nst.tensors import to_tensor
from nst.transfer import as_texture


def test_a_blend_is_the_stated_share_of_noise():
    content = to_tensor(waves())
    noise = starting_image(SMALL.with_(init="noise"), content)
    blend = starting_image(SMALL.with_(init="blend", noise=0.6), content)
    torch.testing.assert_close(blend, 0.6 * noise + 0.4 * content)
    assert starting_image(SMALL, content) is content
    assert float(noise.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(noise.std()) == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("size", [64, 128, 250, 512, 1024, 2048])
@pytest.mark.parametrize("scales", [0, 1, 2, 6])
@pytest.mark.parametrize("evaluations", [1, 3, 200, 2000])
def test_a_schedule_ends_at_full_size_and_spends_every_evaluation(size, scales, evaluations):
    plan = schedule(Settings(size=size, scales=scales, evaluations=evaluations), 640, 480)
    assert plan[-1].size == (size, round(size * 0.75))
    assert sum(scale.evaluations for scale in plan) == evaluations
    assert all(scale.evaluations >= 1 for scale in plan)
    assert [max(s.size) for s in plan] == sorted({max(s.size) for s in plan})
    assert len(plan) <= (scales or 6)
    assert all(scale.evaluations <= 120 for scale in plan[:-1])


@pytest.mark.parametrize("size", [512, 1024, 2048])
@pytest.mark.parametrize("evaluations", [65, 200])
def test_the_finest_of_many_sizes_has_a_quarter_of_the_evaluations_and_the_coarsest_most(size, evaluations):
    plan = schedule(Settings(size=size, evaluations=evaluations), 640, 480)
    first, *between, last = (scale.evaluations / evaluations for scale in plan)
    assert first == pytest.approx(0.6, abs=0.02)
    assert last == pytest.approx(0.25, abs=0.02)
    assert between == sorted(between, reverse=True)


def test_of_two_sizes_the_coarser_has_three_fifths():
    assert [scale.evaluations for scale in schedule(Settings(size=256), 640, 480)] == [39, 26]


def test_no_coarse_size_squashes_a_long_picture():
    plan = schedule(Settings(size=512, scales=5), 512, 64)
    assert [scale.size for scale in plan] == [(128, 16), (256, 32), (512, 64)]
    assert len(schedule(Settings(size=512, scales=5), 640, 480)) == 5


@pytest.mark.parametrize(
    ("picture", "size", "least"), [((800, 100), 64, 124), ((100, 800), 123, 124), ((500, 100), 77, 78)]
)
def test_a_picture_that_its_size_would_squash_is_refused_with_the_size_to_choose(picture, size, least):
    with pytest.raises(
        SettingsError, match=rf"{picture[0]} × {picture[1]} .* choose a size of {least} or more"
    ):
        stylize(Image.new("RGB", picture), checks(), SMALL.with_(size=size))
    width, height = fit(*picture, least)
    require_ratio(*picture, least)
    assert max(width, height) / min(width, height) == pytest.approx(max(picture) / min(picture), rel=0.04)


@pytest.mark.parametrize(("strength", "coarser"), [(1, 10), (25, 50), (100, 100), (400, 400)])
def test_all_sizes_but_the_finest_raise_the_strength_to_its_geometric_mean_with_a_hundred(strength, coarser):
    def strengths(scales):
        return [scale.used(settings).strength for scale in scales]

    settings = Settings(size=512, strength=strength)
    for scales in (1, 2, 4):
        plan = schedule(settings.with_(scales=scales), 640, 480)
        assert strengths(plan) == [coarser] * (scales - 1) + [strength]
        assert strengths(scale.piece(0.5) for scale in plan) == strengths(plan)
        assert strengths(continued(plan, 128)) == ([coarser] if scales > 1 else []) + [strength]
        assert strengths(continued(plan, 512)) == [strength]


def test_a_run_from_noise_has_one_strength_at_all_sizes_and_so_has_a_texture():
    settings = as_texture(Settings(size=512, canvas="1:1"))
    assert all(scale.used(settings) == settings for scale in schedule(settings, 512, 512))


def test_enlarging_loses_half_of_the_detail_of_an_untouched_content_image():
    small, large = to_tensor(waves(), (32, 24)), to_tensor(waves(), (64, 48))
    blurred = enlarge(small, small, large, detail=0)
    torch.testing.assert_close(enlarge(small, small, large, detail=1), large)
    torch.testing.assert_close(enlarge(small, small, large), (blurred + large) / 2)
    assert not torch.allclose(blurred, large, atol=1e-3)


def test_time_left_grows_with_the_pixels_still_to_come():
    pace = Pace([Scale((10, 10), 4), Scale((20, 20), 2)])
    assert pace.seconds_left(0, 1.0) is None
    assert pace.seconds_left(1, 2.0) is None
    assert pace.seconds_left(2, 3.0) == pytest.approx(2 * 1 + 2 * 4)
    assert pace.seconds_left(5, 10.0) is None
    assert pace.seconds_left(6, 14.0) == 0
