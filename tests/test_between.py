"""From one style image to another, as a row of pictures and as a film."""

from collections import deque
from functools import partial

import numpy as np
import pytest
from PIL import Image
from test_cli import SMALL as SMALL_RUN
from tiny import SMALL, checks, tiny_filters, waves

from nst import OutOfMemory, SettingsError, stylize
from nst.between import FEW, Row, between, steps
from nst.brushwork import brushwork
from nst.images import GAP, side_by_side

STYLES = checks(), Image.new("RGB", (64, 64), (200, 40, 40))

STRONG = SMALL.with_(evaluations=30, strength=200, style_layers={"relu1_1": 1, "relu2_1": 1})


@pytest.fixture(scope="module")
def reports():
    return list(between(waves(), *STYLES, 4, STRONG, "cpu", tiny_filters()))


def levels(picture):
    return np.asarray(picture).astype(float)


def test_the_first_picture_is_a_run_of_its_own_and_each_later_one_costs_little(reports):
    last = reports[-1]
    assert [run.evaluation for run in last.runs] == [30, FEW, FEW, FEW]
    assert last.evaluation == last.of == 30 + 3 * FEW
    assert [row.evaluation for row in reports] == sorted(row.evaluation for row in reports)
    alone = list(stylize(waves(), STYLES[0], STRONG, "cpu", tiny_filters()))
    assert last.pictures[0].tobytes() == alone[-1].image.tobytes()
    later = steps(STRONG, 4)[1]
    on = list(stylize(waves(), STYLES, later, "cpu", tiny_filters(), start=last.pictures[0]))
    assert last.pictures[1].tobytes() == on[-1].image.tobytes()


def test_the_pictures_go_from_the_first_style_to_the_second(reports):
    assert reports[0].doing == "Picture 1 of 4: Getting ready"
    redness = [(levels(p)[..., 0] - levels(p)[..., 1]).mean() for p in reports[-1].pictures]
    assert redness == sorted(redness)
    assert redness[-1] > redness[0] + 20


def test_a_row_that_is_left_between_two_pictures_still_shows_the_one_before(reports):
    """As when Ctrl-C or Stop comes while the second picture is prepared."""
    at = next(at for at, row in enumerate(reports) if row.doing == "Picture 2 of 4: Getting ready")
    before, now = reports[at - 1], reports[at]
    assert (len(now.pictures), now.has_picture, now.size, now.features) == (1, True, *what_runs(before))
    assert now.image.tobytes() == now.pictures[0].tobytes() == before.image.tobytes()


def test_a_row_that_went_on_holds_no_more_of_the_pictures_before_than_they_are(reports):
    at = next(at for at, row in enumerate(reports) if row.doing == "Picture 2 of 4: Getting ready")
    assert reports[at].render is reports[at].runs[0].render is not reports[at - 1].render


def what_runs(row):
    return row.size, row.features


def test_memory_that_ends_at_a_later_picture_leaves_those_before_it(monkeypatch):
    """The filters of the tests need little, so the second run itself says that it had not enough."""

    def failing(content, styles, settings, *more):
        if settings.style_weights[1]:
            raise OutOfMemory("There is not enough memory.")
        return stylize(content, styles, settings, *more)

    monkeypatch.setattr("nst.between.stylize", failing)
    with pytest.raises(OutOfMemory) as caught:
        deque(between(waves(), *STYLES, 4, STRONG.with_(evaluations=2), "cpu", tiny_filters()), maxlen=0)
    assert isinstance(caught.value.best, Row)
    assert len(caught.value.best.pictures) == 1


def test_a_row_that_is_refused_halfway_keeps_the_pictures_before_on_the_command_line_too(
    nst, tmp_path, monkeypatch
):
    def refusing(content, styles, settings, *more):
        if settings.style_weights[1]:
            raise SettingsError("The style image is too narrow.")
        return stylize(content, styles, settings, *more)

    monkeypatch.setattr("nst.between.stylize", refusing)
    for name, picture in zip("cab", (waves(), *STYLES), strict=True):
        picture.resize((64, 64)).save(tmp_path / f"{name}.png")
    done = nst(tmp_path, "c.png", "a.png", "b.png", "-o", "row.png", "--between", "3", *SMALL_RUN)
    assert (done.status, done.out) == (1, "row.png\n")
    assert done.err == "The style image is too narrow. The best picture so far was kept.\n"
    with Image.open(tmp_path / "row.png") as picture:
        assert picture.size == (64, 64)


@pytest.mark.parametrize("row", [partial(between, second=STYLES[1], pictures=3), brushwork])
def test_the_filters_of_a_row_are_found_once(monkeypatch, row):
    found = []

    def finding(source, through):
        found.append((source, through))
        yield "Looking."
        return tiny_filters()

    monkeypatch.setattr("nst.transfer.find_filters", finding)
    styles = {"first": STYLES[0]} if row is not brushwork else {"styles": STYLES[:1]}
    reports = list(row(waves(), **styles, settings=SMALL.with_(evaluations=1), device="cpu"))
    assert found == [("auto", "relu3_4")]
    assert reports[1].doing == "Looking."
    assert len(reports[-1].pictures) == 3


def test_a_picture_that_was_not_finished_is_as_high_as_the_others_of_its_row():
    row = side_by_side([Image.new("RGB", (8, 6), "red"), Image.new("RGB", (4, 3), "blue")])
    assert row.size == (16 + GAP, 6)
    assert row.getpixel((15 + GAP, 5)) == (0, 0, 255)


def test_pictures_of_a_row_stand_beside_each_other_on_white():
    red, blue = (Image.new("RGB", (5, 4), colour) for colour in ("red", "blue"))
    whole = side_by_side([red, blue])
    assert whole.size == (10 + GAP, 4)
    assert [whole.getpixel((x, 2)) for x in (0, 4, 5, 4 + GAP, 5 + GAP)] == [
        (255, 0, 0),
        (255, 0, 0),
        (255, 255, 255),
        (255, 255, 255),
        (0, 0, 255),
    ]


@pytest.mark.parametrize("count", [-1, 0, 1, 49])
def test_another_number_of_pictures_is_refused_before_the_run(count):
    with pytest.raises(SettingsError) as refusal:
        between(waves(), *STYLES, count)
    assert str(refusal.value) == f"Pictures must be a whole number from 2 to 48, not “{count}”."


def test_the_command_line_writes_the_row_and_the_film_there_and_back(nst, tmp_path):
    waves(96, 80).save(tmp_path / "content.png")
    checks(96, 80).save(tmp_path / "one.png")
    STYLES[1].save(tmp_path / "two.png")
    given = ("content.png", "one.png", "two.png", "-o", "row.png", "--between", "3", "--film", "film.webp")
    done = nst(tmp_path, *given, *SMALL_RUN)
    assert done == (0, "row.png\n", "")
    with Image.open(tmp_path / "row.png") as picture:
        assert picture.size == (3 * 64 + 2 * GAP, 53)
    with Image.open(tmp_path / "film.webp") as film:
        assert film.n_frames == 5
        film.load()
        assert film.info["duration"] == 400  # two seconds there and back
    done = nst(tmp_path, *given[:2], *given[3:], *SMALL_RUN)
    assert (done.status, done.out) == (2, "")
    assert done.err == "--between takes two style images, and 1 came: give two.\n"
