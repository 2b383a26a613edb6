"""Going on with an earlier result: another size, more evaluations, another style."""

from tiny import SMALL, checks, run, tiny_filters, waves

from nst import Settings, stylize
from nst.images import save_png
from nst.recipe import read_recipe, recipe_of
from nst.schedule import Scale, continued
from nst.settings import BOUNDS

SCALES = [Scale((128, 96), 30), Scale((256, 192), 20), Scale((512, 384), 15)]


def go_on(start, settings):
    return list(stylize(waves(), checks(), settings, "cpu", tiny_filters(), start=start))


def test_only_the_sizes_finer_than_the_result_are_painted():
    assert continued(SCALES, 256) == SCALES[2:]
    assert continued(SCALES, 200) == SCALES[1:]


def test_at_its_own_size_or_a_smaller_one_a_result_gets_all_of_the_evaluations():
    assert continued(SCALES, 512) == continued(SCALES, 4096) == [Scale((512, 384), 65)]


def test_more_evaluations_begin_where_the_result_was_and_end_lower():
    first = run(SMALL.with_(evaluations=12))
    after = [p for p in go_on(first[-1].image, SMALL.with_(evaluations=12)) if p.costs]
    costs = [p.costs.total for p in first if p.costs]
    # The margin was cut off and is mirrored again, which gives back a little of what had been gained.
    assert after[0].costs.total < costs[-1] + 0.1 * (costs[0] - costs[-1])
    assert min(p.costs.total for p in after) < min(costs)


def test_twice_the_size_runs_the_last_scale_alone_and_counts_it_as_the_whole():
    settings = SMALL.with_(size=128, evaluations=9, scales=2)
    reports = [p for p in go_on(run(SMALL)[-1].image, settings) if p.costs]
    assert {p.size for p in reports} == {(128, 96)}
    assert [p.evaluation for p in reports] == [1, 2, 3]
    assert {p.of for p in reports} == {3}
    assert reports[-1].image.size == (128, 96)


def test_a_result_of_another_shape_takes_that_of_the_content_image():
    assert go_on(checks(80, 80), SMALL)[-1].image.size == run(SMALL)[-1].image.size


def test_the_recipe_says_that_these_settings_alone_do_not_paint_it(tmp_path):
    last = go_on(run(SMALL)[-1].image, SMALL)[-1]
    for others in ((), ("start",), ("start", "mask")):
        path = tmp_path / f"{len(others)}.png"
        save_png(last.image, path, recipe_of(SMALL, last, "1", others))
        assert read_recipe(path).others == others


def test_a_coarse_start_still_leaves_one_scale_at_the_least_size():
    settings = Settings(size=int(BOUNDS["size"].low), evaluations=1)
    assert continued([Scale((settings.size, 48), 1)], 4096) == [Scale((settings.size, 48), 1)]
