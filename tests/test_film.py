"""The making of a painting as a film: its frames, its files read back, what the command line says of it."""

import itertools
import math
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_cli import SMALL as SMALL_RUN
from test_cli import interrupted
from test_moments import SMALL as PAGE
from tiny import SMALL, checks, tiny_filters, waves

from nst import NSTError, SettingsError, stylize
from nst.film import (
    EDGE,
    FRAME,
    HOLD,
    MOST_FRAMES,
    Film,
    evenly_in_log,
    next_kept,
    require_encoder,
    save_film,
)
from nst.ui import visit
from nst.ui.painting import painting
from nst.ui.running.limits import Limits
from nst.ui.shown import Shown
from nst.ui.visit import Painted, film_of, found_again, painted

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="there is no ffmpeg here to make an MP4")
CLOSE = 5.0  # levels of 255 on average, between a picture and its lossy copy


def run(settings=SMALL):
    return stylize(waves(), checks(), settings, "cpu", tiny_filters())


def read(path) -> tuple[list[np.ndarray], list[int]]:
    """The frames of an animated WebP and how long each is seen; neighbours that are the same may be one."""
    frames, milliseconds = [], []
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(pixels(film))
            milliseconds.append(film.info["duration"])
    return frames, milliseconds


def pixels(picture: Image.Image) -> np.ndarray:
    """(H, W) of lightness: both formats keep colour at half the size, which vivid test pictures suffer by."""
    return np.asarray(picture.convert("L")).astype(float)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).mean())


# Which evaluations


@pytest.mark.parametrize("of", [1, 2, 47, 65, 500, 2000])
def test_the_first_and_the_last_evaluation_are_kept_and_each_once(of):
    kept = evenly_in_log(of)
    assert (kept[0], kept[-1]) == (1, of)
    assert len(kept) <= MOST_FRAMES
    assert kept == sorted(set(kept))


def test_far_from_the_beginning_each_frame_is_as_many_times_later_as_any_other():
    kept = [evaluation for evaluation in evenly_in_log(2000) if evaluation >= 100]
    steps = [math.log(after / before) for before, after in itertools.pairwise(kept)]
    assert max(steps) < 1.1 * min(steps)


def test_the_next_evaluation_that_is_kept_is_the_first_after_the_one_there_is():
    kept = evenly_in_log(500)
    for evaluation in range(500):
        assert next_kept(evaluation, 500) == min(e for e in kept if e > evaluation)
    assert next_kept(500, 500) > 500


# The file


def test_the_film_begins_with_the_photograph_and_ends_with_the_painting_for_a_second(tmp_path):
    film = Film(waves(256, 192))
    *_, last = film.watch(run(SMALL.with_(size=192)))
    film.save(tmp_path / "film.webp", last)
    frames, milliseconds = read(tmp_path / "film.webp")
    photograph, painting = waves(256, 192).resize((192, 144)), last.image
    assert frames[0].shape == (144, 192)
    assert apart(frames[0], pixels(photograph)) < CLOSE < apart(frames[0], pixels(painting))
    assert apart(frames[-1], pixels(painting)) < CLOSE < apart(frames[-1], pixels(photograph))
    assert milliseconds[-1] >= HOLD
    assert sum(milliseconds) == FRAME * SMALL.evaluations + HOLD


def test_watching_changes_nothing_in_a_run():
    watched, alone = list(Film(waves()).watch(run())), list(run())
    assert [p.evaluation for p in watched] == [p.evaluation for p in alone]
    assert watched[-1].image.tobytes() == alone[-1].image.tobytes()


def test_a_run_that_is_left_has_a_film_that_ends_with_the_best_picture(tmp_path):
    film = Film(waves())
    watched = film.watch(run(SMALL.with_(size=128, evaluations=40)))
    now = next(p for p in watched if p.evaluation == 9)
    watched.close()
    film.save(tmp_path / "film.webp", now)
    frames, milliseconds = read(tmp_path / "film.webp")
    assert apart(frames[-1], pixels(now.image)) < CLOSE
    assert sum(milliseconds) == FRAME * 9 + HOLD


def test_of_a_run_that_painted_nothing_there_is_no_film(tmp_path):
    film = Film(waves())
    nothing = next(film.watch(run()))
    with pytest.raises(NSTError, match="Nothing has been painted yet"):
        film.save(tmp_path / "film.webp", nothing)
    assert list(tmp_path.iterdir()) == []


def test_a_film_has_even_sides_and_is_no_longer_than_its_bound(tmp_path):
    for side, expected in (((1023, 767), (512, 384)), ((333, 251), (332, 250))):
        pictures = [checks(640, 480), waves(*side)]
        save_film(pictures, tmp_path / "film.webp")
        with Image.open(tmp_path / "film.webp") as film:
            assert film.size == expected
            assert max(film.size) <= EDGE


def test_a_long_run_is_held_in_a_bounded_number_of_small_frames():
    film, painted = Film(waves(640, 480)), waves(640, 480)
    *_, last = run(SMALL.with_(evaluations=1))
    long = (replace(last, evaluation=n, of=2000, render=lambda: painted) for n in range(1, 2001))
    assert len(list(film.watch(long))) == 2000
    assert len(film._kept) <= MOST_FRAMES + 1
    assert {max(picture.size) for _, picture in film._kept} == {EDGE}


# MP4


@needs_ffmpeg
def test_an_mp4_is_h264_with_even_sides_that_every_player_shows(tmp_path):
    picture, other = waves(201, 151), waves(201, 151).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pictures = [picture, other, picture]
    save_film(pictures, tmp_path / "film.mp4")
    said = subprocess.run(
        ["ffmpeg", "-i", tmp_path / "film.mp4"], capture_output=True, text=True, check=False
    ).stderr
    assert "h264" in said
    assert "yuv420p" in said
    assert "200x150" in said
    raw = subprocess.run(
        ["ffmpeg", "-i", tmp_path / "film.mp4", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        capture_output=True,
        check=True,
    ).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 150, 200).astype(float)
    assert len(frames) == 2 + HOLD // FRAME
    assert apart(pixels(picture), pixels(other)) > 2 * CLOSE
    for frame, shown in zip(frames, [*pictures, *[picture] * (HOLD // FRAME - 1)], strict=True):
        assert apart(frame, pixels(shown.resize((200, 150)))) < CLOSE


def test_without_an_ffmpeg_an_mp4_is_refused_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NSTError, match=r"^An MP4 needs the program ffmpeg.*give the film a \.webp name\.$"):
        require_encoder("film.mp4")
    require_encoder("film.webp")


def test_an_ffmpeg_that_fails_is_said_in_one_sentence(monkeypatch, tmp_path):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        NSTError, match=r"^ffmpeg could not write an MP4: make room, or give the film a \.webp"
    ):
        save_film([waves(), checks(64, 48)], tmp_path / "film.mp4")


# The command line


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    waves(96, 80).save(folder / "content.jpg")
    checks(96, 80).save(folder / "style.png")
    return folder


def test_the_command_line_writes_the_film_beside_the_painting(nst, folder):
    done = nst(folder, "content.jpg", "style.png", "-o", "out.png", "--film", "out.webp", *SMALL_RUN)
    assert done == (0, "out.png\n", "")
    _, milliseconds = read(folder / "out.webp")
    assert sum(milliseconds) == 4 * FRAME + HOLD
    with Image.open(folder / "out.webp") as film:
        assert film.size == (64, 52)


@pytest.mark.parametrize(
    ("film", "says"),
    [
        ("film.gif", "The film must be a .webp or .mp4 file in a folder that can be written to."),
        ("nowhere/film.webp", "The film must be a .webp or .mp4 file in a folder that can be written to."),
    ],
)
def test_a_film_that_cannot_be_written_is_said_before_the_run(nst, folder, film, says):
    done = nst(folder, "content.jpg", "style.png", "-o", "never.png", "--film", film, *SMALL_RUN)
    assert done == (2, "", says + "\n")
    assert not (folder / "never.png").exists()


def test_without_an_ffmpeg_the_command_line_says_so_before_the_run(nst, folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    done = nst(folder, "content.jpg", "style.png", "-o", "never.png", "--film", "film.mp4", *SMALL_RUN)
    assert (done.status, done.out) == (2, "")
    assert done.err == "An MP4 needs the program ffmpeg, which is not here: give the film a .webp name.\n"
    assert not {"never.png", "film.mp4"} & {file.name for file in folder.iterdir()}


def test_an_interrupted_run_has_its_film(nst, folder, monkeypatch):
    monkeypatch.setattr("nst.command.stylize", interrupted)
    outputs = ("-o", "interrupted.png", "--film", "interrupted.webp")
    done = nst(folder, "content.jpg", "style.png", *outputs, *SMALL_RUN)
    assert done == (0, "interrupted.png\n", "Stopped: the best picture so far was kept.\n")
    frames, _ = read(folder / "interrupted.webp")
    with Image.open(folder / "interrupted.png") as painting:  # so early that a lossy copy of it is far away
        save_film([painting], folder / "alone.webp")
    (alone,), _ = read(folder / "alone.webp")
    assert apart(frames[-1], alone) < 4


# What a run of the page leaves


def test_a_runs_folder_has_its_film_made_once_and_found_again_after_a_reload(tmp_path, monkeypatch):
    waves(128, 96).save(tmp_path / "content.png")
    checks().save(tmp_path / "style.png")
    folder = tmp_path / "run"
    folder.mkdir()
    given = str(tmp_path / "content.png"), [str(tmp_path / "style.png")]
    *_, last = painting(str(folder), Limits(), *given, PAGE)
    os.utime(folder, (1e9, 1e9))
    made = film_of(*painted(Shown(frame=last), "a × b"))
    assert folder.stat().st_mtime == 1e9  # it is swept when the painting would have been
    frames, milliseconds = read(made)
    assert sum(milliseconds) == PAGE.evaluations * FRAME + HOLD
    with Image.open(last.result) as result:
        assert apart(frames[-1], pixels(result)) < CLOSE
    assert apart(frames[0], pixels(waves(128, 96))) < CLOSE
    monkeypatch.setattr(visit, "save_film", None)  # it is there
    assert film_of(*found_again([folder])) == made


def test_of_pictures_that_were_deleted_no_film_is_made(tmp_path):
    waves(96, 72).save(tmp_path / "painting.png")
    with pytest.raises(SettingsError, match=r"^The pictures of this painting have been deleted"):
        film_of(Painted(str(tmp_path / "painting.png"), str(tmp_path / "gone.jpg"), None))
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["painting.png"]
