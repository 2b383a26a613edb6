"""Runs that paint, in one process: their Frames, how they end, what is refused, what is in their folders."""

import errno
import pickle
import time
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest
from PIL import Image
from running import SMALL

from nst import stylize
from nst.errors import ImageRefused, SettingsError
from nst.images import load_picture
from nst.settings import MOST_STYLES, Settings
from nst.ui import painting_jobs
from nst.ui.api import Endpoint
from nst.ui.boards import board_run
from nst.ui.measuring import Asked, measure_run
from nst.ui.painting import painting
from nst.ui.parts import parts_run
from nst.ui.row_api import RowEndpoint
from nst.ui.running import workspace
from nst.ui.running.frames import NO_ROOM, Frame
from nst.ui.running.limits import Limits
from nst.ui.running.workspace import PREVIEW_EDGE, PREVIEWS_KEPT, Workspace, ask_to_stop
from nst.ui.studies_api import gram_run

LONG = SMALL.with_(evaluations=1000)


def test_a_painting_ends_with_a_picture_of_full_quality_that_carries_its_recipe(make_runs, pictures):
    content, style = map(str, pictures)
    frames = list(make_runs().stream("a", painting, content, [style], SMALL))
    last = frames[-1]
    assert last.state == "done", last.message
    assert (last.evaluation, last.of, last.width, last.height) == (6, 6, 64, 48)
    with Image.open(last.result) as picture:
        assert (picture.format, picture.size) == ("PNG", (64, 48))
        assert any("self-taught" in text for text in picture.text.values())
    with Image.open(next(frame.picture for frame in frames if frame.picture)) as preview:
        assert preview.format == "JPEG"
    assert [f.evaluation for f in frames if f.costs and f.state == "working"] == list(range(1, 7))


def test_weighted_costs_add_up_to_the_total(make_runs, pictures):
    content, style = map(str, pictures)
    settings = SMALL.with_(tv=2.0, style_layers={"relu1_1": 0.7, "relu1_2": 0.3})
    last = list(make_runs().stream("a", painting, content, [style], settings))[-1]
    assert sum(last.costs.weighted.values()) == pytest.approx(last.costs.total, rel=1e-3)
    by_hand = last.beta * last.lambdas["relu1_2"] * last.costs.style["relu1_2"]
    assert last.costs.weighted["relu1_2"] == pytest.approx(by_hand)


def test_every_frame_of_a_painting_can_cross_a_process_border(make_runs, pictures):
    content, style = map(str, pictures)
    for frame in make_runs().stream("a", painting, content, [style], SMALL):
        assert pickle.loads(pickle.dumps(frame)) == frame


def test_a_disk_that_fills_takes_previews_and_moments_but_not_the_picture(make_runs, pictures, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    content, style = map(str, pictures)
    monkeypatch.setattr(workspace, "save_jpeg", full)
    last = list(make_runs().stream("a", painting, content, [style], SMALL))[-1]
    assert last.state == "done", last.message
    with Image.open(last.result) as picture:
        assert picture.size == (64, 48)
    monkeypatch.setattr(painting_jobs, "save_png", full)
    last = list(make_runs().stream("a", painting, content, [style], SMALL))[-1]
    assert (last.state, last.message) == ("failed", NO_ROOM)


def test_stop_keeps_the_best_picture_so_far(make_runs, pictures):
    content, style = map(str, pictures)
    runs = make_runs()
    frames = runs.stream("a", painting, content, [style], LONG)
    seen = next(frame for frame in frames if frame.evaluation >= 2)
    runs.stop("a")
    last = list(frames)[-1]
    assert last.state == "stopped"
    assert f"Stopped at evaluation {last.evaluation} of 1000" in last.message
    assert_as_it_was_when_ended(last, seen, pictures)


def assert_as_it_was_when_ended(last: Frame, seen: Frame, pictures: tuple[Path, Path]) -> None:
    """The file has the pixels of the run of LONG at its last evaluation, which began at the latest after the
    one seen when the run was ended."""
    assert last.evaluation - seen.evaluation in (0, 1)
    reports = stylize(*map(load_picture, pictures), LONG)
    expected = next(report for report in reports if report.costs and report.evaluation == last.evaluation)
    with Image.open(last.result) as picture:
        assert picture.size == (64, 48)
        assert picture.tobytes() == expected.image.tobytes()


def test_stop_before_there_is_a_picture_says_so(make_runs, pictures):
    content, style = map(str, pictures)
    runs = make_runs()
    frames = runs.stream("a", painting, content, [style], SMALL)
    next(frame for frame in frames if frame.state == "working")
    runs.stop("a")
    last = list(frames)[-1]
    assert (last.state, last.message) == ("stopped", "Stopped before there was a picture.")


def test_a_run_out_of_time_ends_with_its_best_picture_and_says_so(make_runs, pictures, monkeypatch):
    content, style = map(str, pictures)
    frames = make_runs(max_seconds=5).stream("a", painting, content, [style], LONG)
    seen = next(frame for frame in frames if frame.evaluation >= 2)
    late = time.monotonic() + 5
    monkeypatch.setattr(workspace.time, "monotonic", lambda: late)
    last = list(frames)[-1]
    assert last.state == "stopped"
    assert last.message.startswith("The 5 s a run may take were over at evaluation")
    assert_as_it_was_when_ended(last, seen, pictures)


def test_a_stop_in_the_last_evaluation_is_a_finished_run(make_runs, pictures):
    content, style = map(str, pictures)
    runs = make_runs()
    frames = runs.stream("a", painting, content, [style], SMALL)
    next(frame for frame in frames if frame.evaluation == 5)
    runs.stop("a")
    assert [frame.state for frame in frames] == ["working", "done"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": 2048}, "size up to 1024, not “2048”"),
        ({"evaluations": 1500}, "evaluations up to 1000, not “1500”"),
        ({"weights": "/etc/passwd"}, "auto, torchvision, self-taught"),
        ({"weights": "weights.safetensors"}, "auto, torchvision, self-taught"),
        ({"strength": float("nan")}, "Strength must be a number from 0.1 to 1000"),
        ({"size": "abc"}, "Size must be a whole number from 64"),
        ({"size": None}, "Size must be a whole number from 64"),
        ({"seed": -1}, "Seed must be a whole number"),
        ({"seed": 1.5}, "Seed must be a whole number"),
        ({"alpha": 0, "beta": 0}, "cannot both be 0"),
        ({"style_layers": {"relu9_9": 1}}, "no layer"),
        ({"style_layers": {"relu1_1": -1}}, "from 0 to 1000000"),
        ({"colour": 1}, "no setting"),
    ],
)
def test_settings_a_visitor_may_not_have_are_refused_with_a_sentence(changes, sentence, pictures, tmp_path):
    content, style = map(str, pictures)
    with pytest.raises(SettingsError, match=sentence):
        painting(
            str(tmp_path), Limits(), content, [style], Settings.from_dict({**SMALL.to_dict(), **changes})
        )


@pytest.mark.parametrize(
    ("content", "styles", "sentence"),
    [(None, ["s"], "no content image"), ("c", [None], "no style image"), ("c", [], "no style image")],
)
def test_a_missing_picture_is_named(content, styles, sentence, tmp_path):
    with pytest.raises(ImageRefused, match=sentence):
        painting(str(tmp_path), Limits(), content, styles, SMALL)


@pytest.mark.parametrize(
    ("part", "called"),
    [("content", "The content image is 10 × 10 pixels"), ("style", "The style image is 10 × 10 pixels")],
)
def test_a_picture_that_is_too_small_is_named(part, called, pictures, tmp_path):
    given = dict(zip(("content", "style"), map(str, pictures), strict=True))
    Image.new("RGB", (10, 10)).save(given[part])
    with pytest.raises(ImageRefused, match=called):
        painting(str(tmp_path), Limits(), given["content"], [given["style"]], SMALL)


def test_the_third_style_image_is_named_as_such_where_there_is_no_second(pictures, tmp_path):
    content, style = map(str, pictures)
    small = tmp_path / "small.png"
    Image.new("RGB", (10, 10)).save(small)
    with pytest.raises(ImageRefused, match="The third style image is 10 × 10 pixels"):
        painting(str(tmp_path), Limits(), content, [style, None, str(small)], SMALL)


def test_a_picture_that_is_damaged_is_named(pictures, tmp_path):
    content, style = map(str, pictures)
    Path(style).write_bytes(Path(content).read_bytes()[:-200])
    with pytest.raises(ImageRefused, match="The style image: This PNG file is damaged or incomplete"):
        painting(str(tmp_path), Limits(), content, [style], SMALL)


def test_more_style_images_than_are_used_are_refused_with_both_numbers(tmp_path):
    with pytest.raises(SettingsError, match=f"5 style images and at most {MOST_STYLES}"):
        painting(str(tmp_path), Limits(), "c", ["s"] * 5, SMALL)


def test_previews_are_small_and_only_the_last_few_stay(tmp_path):
    place = Workspace(str(tmp_path), 60)
    paths = []
    for level in range(PREVIEWS_KEPT + 1):
        place.preview(Image.new("RGB", (2000, 1000), (level, 0, 0)))
        paths.append(place.pictures["picture"])
    assert len(set(paths)) == PREVIEWS_KEPT + 1
    assert sorted(map(str, tmp_path.iterdir())) == sorted(paths[1:])
    with Image.open(paths[-1]) as preview:
        assert preview.size == (PREVIEW_EDGE, PREVIEW_EDGE // 2)


def test_a_preview_for_a_dark_page_comes_and_goes_with_the_light_one(tmp_path):
    place = Workspace(str(tmp_path), 60)
    for _ in range(PREVIEWS_KEPT + 2):
        place.preview(
            *(Image.new("RGB", (900, 600), colour) for colour in ("white", "black")),
            edge=900,
        )
    assert len(list(tmp_path.glob("*.jpg"))) == 2 * PREVIEWS_KEPT
    for name, level in (("picture", 255), ("dark", 0)):
        with Image.open(place.pictures[name]) as preview:
            assert preview.size == (900, 600)
            assert preview.getpixel((5, 5)) == (level,) * 3


def test_no_preview_is_due_right_after_one(tmp_path):
    place = Workspace(str(tmp_path), 60)
    assert place.preview_due
    place.preview(Image.new("RGB", (64, 64)))
    assert not place.preview_due


def test_a_folder_that_is_gone_ends_its_run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    place = Workspace(str(folder), 60)
    assert not place.why_end
    folder.rmdir()
    assert place.why_end
    ask_to_stop(str(folder))  # and asking it to stop is no error


def too_small(path: Path) -> str:
    Image.new("RGB", (10, 10)).save(path)
    return str(path)


@pytest.mark.parametrize(
    ("part", "called"), [("mask", "The mask is"), ("style_mask", "The mask of the style image is")]
)
def test_a_mask_that_is_too_small_is_named(part, called, pictures, tmp_path):
    content, style = map(str, pictures)
    given = {part: too_small(tmp_path / "small.png")}
    with pytest.raises(ImageRefused, match=f"{called} 10 × 10 pixels"):
        painting(str(tmp_path), Limits(), content, [style], SMALL, **given)


@pytest.mark.parametrize(
    "run",
    [
        lambda *given: board_run(*given, {}),
        lambda folder, limits, _, *pair: measure_run(folder, limits, Asked(*pair, SMALL), print),
        lambda folder, limits, _, *pair: parts_run(folder, limits, *pair, 2),
        lambda folder, limits, _, *pair: gram_run(folder, limits, (*pair, pair[0]), "relu2_1", "auto"),
    ],
)
def test_in_every_tab_a_picture_that_is_too_small_is_named(run, pictures, tmp_path):
    content, style = map(str, pictures)
    small = too_small(tmp_path / "small.png")
    for pair, called in (((small, style), "The content image"), ((content, small), "The style image")):
        with pytest.raises(ImageRefused, match=f"{called} is 10 × 10 pixels"):
            run(str(tmp_path), Limits(), "grid", *pair)


def test_a_row_with_only_the_style_image_marked_is_refused_like_one_with_regions(pictures, tmp_path):
    content, style = map(str, pictures)
    with pytest.raises(SettingsError, match="A row of pictures takes no regions"):
        painting(str(tmp_path), Limits(), content, [style, content], SMALL, style_mask=style, pictures=3)


def test_a_run_for_whose_picture_there_is_no_room_still_says_where_its_last_preview_is(
    make_runs, pictures, monkeypatch
):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(painting_jobs, "save_png", full)
    content, style = map(str, pictures)
    *_, last = make_runs().stream("a", painting, content, [style], SMALL)
    assert (last.state, last.result) == ("failed", None)
    assert Path(last.picture).is_file()
    assert last.moments


def test_a_program_is_told_the_limits_of_this_app_and_not_those_that_no_app_exceeds(make_runs):
    runs = make_runs(max_size=256)
    for answers in (
        Endpoint(runs).transfer("c", "s", cast(Any, None), size=5000),
        RowEndpoint(runs).between("c", "s", "t", cast(Any, None), size=5000),
    ):
        with pytest.raises(gr.Error, match="size up to 256, not “5000”: choose 256 or less"):
            next(answers)
