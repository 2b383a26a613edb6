"""The run behind Look: its pictures are opened in its turn, within its time, and until Stop."""

import os
import tracemalloc
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from server import png
from test_painted import request_of
from test_zipped import a_zip
from tiny import checks, waves

from nst.ui import brought
from nst.ui.kept import Kept
from nst.ui.running import workspace
from nst.ui.running.frames import settled
from nst.ui.running.limits import Limits
from nst.ui.running.workspace import ask_to_stop
from nst.ui.studies_api import patches_run
from nst.ui.units_tab import NOT_KEPT, UnitsTab, scan_run


@pytest.fixture
def own(tmp_path) -> list[str]:
    """Two pictures of a visitor's."""
    files = [tmp_path / "waves.png", tmp_path / "checks.png"]
    for file, picture in zip(files, (waves(96, 72), checks(96, 72)), strict=True):
        file.write_bytes(png(picture))
    return [*map(str, files)]


def look(folder: Path, own: list[str]):
    return scan_run(str(folder), Limits(max_seconds=60), own, [], "self-taught", lambda scan: None, "relu1_1")


def test_the_time_of_a_look_begins_with_its_turn_and_not_in_line(tmp_path, own, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(workspace, "time", SimpleNamespace(monotonic=lambda: clock.now))
    frames = look(tmp_path, own)
    clock.now = 1000.0
    assert [*frames][-1].state == "done"


def test_no_picture_is_opened_before_the_turn_nor_after_stop(tmp_path, own, monkeypatch):
    opened = []

    def opening(source, max_side):
        opened.append(source)
        ask_to_stop(str(tmp_path))
        return waves()

    monkeypatch.setattr(brought, "load_picture", opening)
    frames = look(tmp_path, own)
    assert opened == []
    *_, last = frames
    assert (len(opened), last.state) == (1, "stopped")
    assert last.message == "Stopped before the first picture was looked at."


def test_the_pictures_of_a_zip_fill_no_memory_while_they_wait(tmp_path):
    packed = a_zip(tmp_path / "more.zip", {"noise.png": os.urandom(2**23)}, zipfile.ZIP_STORED)
    tracemalloc.start()
    waiting = look(tmp_path, [packed])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2**20
    *_, last = settled(waiting)
    assert last.message.startswith("This file is not a JPEG, PNG or WebP picture")


def test_uploads_that_are_swept_while_a_look_waits_are_looked_at(tmp_path, own):
    frames = look(tmp_path, own)
    for path in own:
        Path(path).unlink()
    *_, last = frames
    assert (last.state, last.of) == ("done", 2)
    assert not [*tmp_path.glob("given_*")]


def test_an_answer_with_patches_that_is_stopped_before_any_picture_says_so(tmp_path, own):
    ask_to_stop(str(tmp_path))
    *_, last = patches_run(str(tmp_path), Limits(), own, [], "relu1_1", 0, "self-taught")
    assert (last.state, last.result) == ("stopped", None)


def test_a_page_that_is_refused_leaves_the_box_at_the_unit_that_is_seen():
    tab = cast(Any, SimpleNamespace(scans=Kept(1, NOT_KEPT, 60.0)))
    with pytest.warns(UserWarning, match="No pictures that were looked at are kept here"):
        values, *_ = UnitsTab._page(tab, cast(Any, request_of()), "relu2_1", 27, ("relu2_1", 18))
    assert values == (gr.skip(), 18, gr.skip())


def test_too_many_pictures_are_refused_where_the_run_is_said_and_not_in_a_toast(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    tab = cast(Any, SimpleNamespace(scans=Kept(1, NOT_KEPT, 60.0)))
    for added, sentence in (
        (
            [str(tmp_path / f"{n}.png") for n in range(13)],
            "You added 13 pictures and at most 12 are looked at",
        ),
        (["/etc/passwd"], "Pictures are accepted as uploaded files only"),
    ):
        ((said, last),) = UnitsTab.scan(tab, cast(Any, request_of()), added, None, None, "auto")
        assert (last.state, last.refused) == ("failed", True)
        assert sentence in last.message
        assert sentence in said
