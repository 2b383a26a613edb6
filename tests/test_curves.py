"""The cost curves: what is drawn is what was measured."""

import re
from dataclasses import replace

import pytest

from nst.ui.curves import MOST_POINTS, draw
from nst.ui.running.frames import Frame, Point


def a_run(costs: list[float], sides: list[int] | None = None) -> list[Frame]:
    """Frames of a run of which half the cost is content's and half relu1_1's."""
    sides = sides or [128] * len(costs)
    return [
        Frame(
            "working",
            "Painting.",
            evaluation=n,
            of=len(costs),
            width=side,
            height=side // 2,
            costs=Point(
                n, cost, 1.0, {"relu1_1": 1.0}, 0.0, {"content": cost / 2, "relu1_1": cost / 2, "tv": 0.0}
            ),
        )
        for n, (cost, side) in enumerate(zip(costs, sides, strict=True), start=1)
    ]


def total(html: str) -> list[tuple[float, float]]:
    """Places of the total's line, in per cent from the left and from the top."""
    (places,) = re.findall(r'class="total"[^>]*points="([^"]*)"', html)
    return [tuple(map(float, place.split(","))) for place in places.split()]


def test_nothing_is_drawn_before_there_is_a_line():
    assert draw([]) == ""
    assert draw(a_run([5.0])) == ""


def test_a_cost_a_tenth_as_high_stands_one_decade_lower():
    places = total(draw(a_run([5.0, 0.5, 0.05])))
    assert [x for x, _ in places] == [0, 50, 100]
    heights = [y for _, y in places]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.02)
    assert 0 <= heights[0] < heights[2] <= 100


def test_terms_that_are_never_above_zero_are_left_out():
    html = draw(a_run([5.0, 4.0]))
    assert html.count("<polyline") == 3
    assert "total variation" not in html


def test_a_change_of_size_is_marked_where_it_happens():
    html = draw(a_run([5.0, 4.0, 3.0, 2.0, 1.0], [128, 128, 256, 256, 256]))
    assert re.findall(r'left:([\d.]+)%">(\d+) px', html) == [("0.0", "128"), ("50.0", "256")]


def test_whoever_hears_the_curves_is_told_the_cost_of_each_size_and_not_its_jump_between_two():
    html = draw(a_run([5.0, 4.0, 9.0, 2.0, 1.0], [128, 128, 256, 256, 256]))
    said = "Total cost J over 5 evaluations: from 5 to 4 at 128 px, from 9 to 1 at 256 px"
    assert f'aria-label="{said}"' in html


def test_a_marked_evaluation_stands_where_it_was_and_the_legend_has_its_costs():
    frames = a_run([5.0, 4.0, 3.0, 2.0, 1.0])
    html = draw(frames, 2)
    assert re.findall(r'class="marker" data-evaluation="2" x1="([\d.]+)"', html) == ["25.00"]
    assert "<b>Evaluation 2</b>" in html
    assert "total J <em>4</em>" in html
    assert "marker" not in draw(frames)
    assert "total J <em>1</em>" in draw(frames)


def test_long_runs_are_thinned_and_keep_both_ends():
    places = total(draw(a_run([1000 / n for n in range(1, 2001)])))
    assert len(places) <= MOST_POINTS + 1
    assert (places[0][0], places[-1][0]) == (0, 100)


@pytest.mark.parametrize("strange", [0.0, float("nan"), float("inf")])
def test_costs_without_a_logarithm_leave_a_gap_and_not_an_error(strange):
    assert len(total(draw(a_run([5.0, strange, 0.5])))) == 2


def test_a_run_of_equal_costs_can_be_drawn():
    assert len(total(draw(a_run([1.0, 1.0])))) == 2


def test_a_stopped_run_keeps_the_whole_axis():
    frames = [replace(frame, of=101) for frame in a_run([5.0, 4.0])]
    assert total(draw(frames))[-1][0] == 1


def test_no_two_terms_of_five_layers_have_one_colour():
    layers = [f"relu{block}_1" for block in range(1, 6)]
    terms = dict.fromkeys(["content", *layers, "tv"], 1.0)
    point = Point(1, 7.0, 1.0, dict.fromkeys(layers, 1.0), 1.0, terms)
    frames = [
        replace(frame, costs=replace(point, evaluation=frame.evaluation)) for frame in a_run([7.0, 7.0])
    ]
    colours = re.findall(r'<polyline class="\w+" style="--c:var\((--[\w-]+)\)"', draw(frames))
    assert len(set(colours)) == len(colours) == 8
