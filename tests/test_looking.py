"""The run behind Look: its pictures are opened in its turn, within its time, and until Stop."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from server import png
from test_painted import request_of
from tiny import checks, waves

from nst.ui import units_tab
from nst.ui.kept import Kept
from nst.ui.running import workspace
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

    monkeypatch.setattr(units_tab, "load_picture", opening)
    frames = look(tmp_path, own)
    assert opened == []
    *_, last = frames
    assert (opened, last.state) == (own[:1], "stopped")
    assert last.message == "Stopped before the first picture was looked at."


def test_an_answer_with_patches_that_is_stopped_before_any_picture_says_so(tmp_path, own):
    ask_to_stop(str(tmp_path))
    *_, last = patches_run(str(tmp_path), Limits(), own, [], "relu1_1", 0, "self-taught")
    assert (last.state, last.result) == ("stopped", None)


def test_a_page_that_is_refused_leaves_the_box_at_the_unit_that_is_seen():
    tab = cast(Any, SimpleNamespace(scans=Kept(1, NOT_KEPT, 60.0)))
    with pytest.warns(UserWarning, match="No pictures that were looked at are kept here"):
        values, *_ = UnitsTab._page(tab, cast(Any, request_of()), "relu2_1", 27, ("relu2_1", 18))
    assert values == (gr.skip(), 18, gr.skip())
