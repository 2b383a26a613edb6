"""The moments of a run: which are kept, and that each has the run's own numbers."""

from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from tiny import checks, waves

from nst.film import MOST_FRAMES, evenly_in_log
from nst.settings import Settings
from nst.ui.moments import chosen
from nst.ui.painting import painting
from nst.ui.painting_jobs import Painting, Pieces
from nst.ui.running.frames import Frame
from nst.ui.running.limits import Limits
from nst.ui.running.workspace import Workspace, ask_to_stop, moments_in
from nst.ui.shown import Shown
from nst.ui.visit import found_again, painted

SMALL = Settings(
    size=128,
    evaluations=8,
    scales=2,
    weights="self-taught",
    content_layers={"relu1_1": 1.0},
    style_layers={"relu1_1": 1.0, "relu2_1": 1.0},
)


@pytest.fixture
def pictures(tmp_path) -> tuple[str, str]:
    waves(128, 96).save(tmp_path / "content.png")
    checks().save(tmp_path / "style.png")
    return str(tmp_path / "content.png"), str(tmp_path / "style.png")


@pytest.fixture
def folder(tmp_path) -> Path:
    tmp_path.joinpath("run").mkdir()
    return tmp_path / "run"


def at(evaluation: int, of: int = 1000) -> Frame:
    return Frame("working", "", evaluation=evaluation, of=of)


def picture() -> list[Image.Image]:
    return [Image.new("RGB", (64, 48), "red")]


def test_each_moment_has_the_costs_size_and_weights_of_its_evaluation(folder, pictures):
    content, style = pictures
    frames = list(painting(str(folder), Limits(), content, [style], SMALL))
    last, painted = frames[-1], {frame.evaluation: frame for frame in frames if frame.costs}
    assert [moment.evaluation for moment in last.moments] == list(range(1, 9))
    for moment in last.moments:
        frame = painted[moment.evaluation]
        assert moment.costs == frame.costs
        assert moment.costs.evaluation == moment.evaluation
        assert (moment.width, moment.height) == (frame.width, frame.height)
        for weight in ("alpha", "beta", "gamma", "kappa", "lambdas"):
            assert getattr(moment, weight) == getattr(frame, weight) is not None
    assert {moment.width for moment in last.moments} == {64, 128}
    for moment in last.moments:
        with Image.open(moment.path) as picture:
            assert picture.size == (moment.width, moment.height)


def test_the_last_moment_is_the_result_itself(folder, pictures):
    content, style = pictures
    *_, last = painting(str(folder), Limits(), content, [style], SMALL)
    assert last.moments[-1].path == last.result
    assert last.moments[-1].costs == last.costs
    assert not (folder / "moment_8.jpg").exists()


def test_a_run_stopped_between_two_sizes_ends_with_the_size_it_painted(folder, pictures):
    content, style = pictures
    for frame in painting(str(folder), Limits(), content, [style], SMALL):
        if frame.message.startswith("Preparing 128"):
            ask_to_stop(str(folder))
    assert frame.state == "stopped"
    last = frame.moments[-1]
    assert (last.evaluation, last.width) == (frame.evaluation, 64)
    assert last.costs.evaluation == last.evaluation


def test_the_finished_picture_is_kept_however_near_the_one_before(tmp_path):
    place = Workspace(str(tmp_path), 60)
    for evaluation in range(1, 1000):
        place.remember(at(evaluation), picture)
    place.finish(at(1000), "painting.png")
    assert len(place.moments) <= MOST_FRAMES
    assert [moment.path for moment in place.moments].count("painting.png") == 1
    assert place.moments[-1].evaluation == 1000
    evaluations = [moment.evaluation for moment in place.moments]
    assert evaluations == sorted(set(evaluations))
    assert {moment.path for moment in place.moments[:-1]} == set(map(str, tmp_path.iterdir()))
    assert evaluations[:-1] == moments_in(tmp_path)


def test_what_is_kept_are_the_evaluations_that_a_film_shows_however_fast_the_run(tmp_path):
    place = Workspace(str(tmp_path), 60)
    for evaluation in range(1, 501):
        place.remember(at(evaluation, 500), picture)
    assert [moment.evaluation for moment in place.moments] == evenly_in_log(500)


def test_a_picture_that_is_not_kept_is_not_rendered(tmp_path):
    place = Workspace(str(tmp_path), 60)
    rendered = []
    for evaluation in range(1, 501):
        place.remember(at(evaluation, 500), lambda: rendered.append(1) or picture())
    assert len(rendered) == len(place.moments)


def test_a_finished_picture_takes_the_place_of_the_same_moment(tmp_path):
    place = Workspace(str(tmp_path), 60)
    place.remember(at(1), picture)
    place.finish(at(1), "painting.png")
    assert [moment.path for moment in place.moments] == ["painting.png"]
    assert list(tmp_path.iterdir()) == []


def test_a_painting_is_looked_at_after_the_kept_evaluation_that_is_nearest(folder, pictures):
    content, style = pictures
    *_, last = painting(str(folder), Limits(), content, [style], SMALL)
    (one,) = painted(Shown(frame=last), "a × b")
    assert list(one.moments) == [moment.evaluation for moment in last.moments]
    assert list(one.moments.values()) == [moment.path for moment in last.moments]
    assert one.at(3.4).picture == last.moments[2].path
    assert one.at(3.4).painting == one.painting
    for end in (8, 1000, float("inf")):
        assert one.at(3).at(end) == one
    assert found_again([folder])[0].moments == one.moments


@pytest.mark.parametrize("sent", [None, "9", {}, {"at": None}, {"at": "x"}, [3]])
def test_whatever_a_client_sends_for_the_slider_is_the_end(sent):
    assert chosen(sent) == float("inf")


def test_the_sliders_value_is_an_evaluation():
    assert chosen({"at": 38, "of": 65, "evaluations": [1, 38, 65]}) == 38


def test_a_row_whose_page_is_closed_keeps_the_pictures_so_far(folder, pictures):
    content, style = pictures
    row = painting(str(folder), Limits(), content, [style, content], SMALL, pictures=3)
    for frame in row:
        if frame.message.startswith("Picture 2") and frame.evaluation > SMALL.evaluations:
            break
    row.close()
    one, other = found_again([folder])
    assert [one.recipe.settings.style_weights, other.recipe.settings.style_weights] == [(1, 0), (0.5, 0.5)]


def test_a_painting_whose_page_is_closed_is_kept_whole_and_pieces_that_no_page_finds_are_not(
    folder, pictures
):
    content, style = pictures
    for kind, files in ((partial(Pieces, length=3), []), (Painting, ["content-style-0.png"])):
        run = painting(str(folder), Limits(), content, [style], SMALL, kind=kind)
        next(frame for frame in run if frame.evaluation > 2)
        run.close()
        assert [file.name for file in folder.glob("*.png")] == files
    (one,) = found_again([folder])
    assert one.recipe.settings == SMALL
