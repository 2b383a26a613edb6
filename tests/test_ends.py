"""What the page's controls hold once something has ended, failed or was refused: below the browser."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from test_painted import built, built_tab, folder_with

from nst.settings import Settings
from nst.ui.brushwork_fold import BrushworkFold
from nst.ui.how_tab import NOT_KEPT, HowTab
from nst.ui.kept import Kept
from nst.ui.measuring import Asked, Found
from nst.ui.run_panel import run_in_a_fold
from nst.ui.running.frames import Frame, Moment
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.shown import Record, Shown, keep
from nst.ui.visit import Painted, found_again


def a_run(folder, content: str, style: str, **more: Any) -> Painted:
    """What a run of these two pictures left."""
    folder.mkdir()
    moments = (Moment(1, str(folder / "painting-10.png"), 64, 48),)
    frame = Frame("done", "Painted.", moments=moments)
    folder_with(folder, "painting-10.png")
    keep(Record(Shown((content, style), Settings(), frame, **more)), folder)
    (one,) = found_again([folder])
    return one


# How it works


def asked_of(seen: list[Painted], content: str) -> Asked:
    form = SimpleNamespace(read=lambda values: Settings())
    tab = SimpleNamespace(transfer=SimpleNamespace(form=form), given=SimpleNamespace(both=lambda *pair: pair))
    return HowTab._asked(cast(Any, tab), content, "style.png", seen, ())


def test_of_all_paintings_of_the_visit_the_one_of_these_pictures_is_measured(tmp_path):
    first, second = (a_run(tmp_path / name, f"{name}.png", "style.png") for name in ("lake", "tower"))
    for content, one in (("lake.png", first), ("tower.png", second)):
        (moment,) = asked_of([first, second], content).moments
        assert moment.path == one.painting
    assert asked_of([first, second], "cat.png").moments == ()


def how(*found: Found) -> Any:
    """How it works with a run that finds these."""

    def stream(client: Any, inner: Any, asked: Asked, keep: Any) -> Iterator[Frame]:
        for each in found:
            keep(each)
            yield Frame("working", "Measuring.")

    runs = SimpleNamespace(stream=stream, goes_on=lambda *who: False)
    return SimpleNamespace(
        runs=runs,
        kept=Kept(2, NOT_KEPT, 60.0),
        transfer=SimpleNamespace(panel=SimpleNamespace(name="")),
        panel=SimpleNamespace(name="how"),
        _asked=lambda *given: Asked("a.png", "b.png", Settings()),
    )


def test_what_is_measured_takes_the_place_of_the_last_measurement_at_its_end(monkeypatch):
    found = [Found(Asked("a.png", "b.png", Settings()), str(number), "") for number in range(3)]
    tab, request = how(*found[1:]), SimpleNamespace(session_hash="a", client=None)
    tab.kept.put("a", found[0])
    for _ in HowTab.measure(tab, cast(Any, request), "a.png", "b.png", None, ()):
        assert tab.kept.get("a") is found[0]
    assert tab.kept.get("a") is found[2]


def test_a_run_that_painted_nothing_makes_no_measurement_an_old_one(tmp_path):
    first, second = (a_run(tmp_path / name, f"{name}.png", "style.png") for name in ("lake", "tower"))
    tab, request = how(), cast(Any, SimpleNamespace(session_hash="a"))
    asked = Asked("lake.png", "style.png", Settings(), newest=first.painting)
    tab.kept.put("a", Found(asked, "", ""))
    assert HowTab._outdated(tab, request, (first,)) == gr.skip()
    assert "painted since" in HowTab._outdated(tab, request, (first, second))


# The Transfer tab


@pytest.mark.parametrize("same", [True, False])
def test_the_regions_stay_where_the_pictures_they_are_marked_on_do(tmp_path, make_runs, same):
    pictures = [tmp_path / "lake.png", tmp_path / "style.png"]
    for picture in pictures:
        picture.touch()
    one = a_run(tmp_path / "run", *map(str, pictures), has_regions=True)
    tab = asyncio.run(built_tab(make_runs()))
    inputs = [str(pictures[0]), str(pictures[1]) if same else None, None, None, None]
    note = str(tab.refilling.reuse(one, *inputs)[len(inputs) + 1])
    assert ("what is marked stays" in note, "mark them again" in note) == (same, not same)


def test_a_painting_whose_end_went_wrong_leaves_the_last_one_in_sight_and_says_so():
    panel = asyncio.run(built())
    values = dict(zip(panel.returned, panel.back(), strict=True))
    assert (values[panel.canvas].visible, values[panel.finished].visible) == (False, True)
    assert (values[panel.run].interactive, values[panel.stop].interactive) == (True, False)
    assert "reload the page to find what was painted" in values[panel.status]


# The folds


async def failing_fold() -> tuple[gr.Blocks, gr.HTML]:
    with gr.Blocks() as demo:
        run, stop, said = gr.Button(), gr.Button(), gr.HTML()
        run_in_a_fold(cast(Runs, SimpleNamespace(limits=Limits())), "fold", [run, stop], iter, [said], [said])
    return demo, said


def test_a_fold_whose_run_ended_in_an_error_says_no_longer_that_it_works():
    demo, said = asyncio.run(failing_fold())
    (after,) = [each for each in demo.fns.values() if said in each.outputs and len(each.outputs) == 3]
    assert after.fn is not None
    assert after.fn()[-1] == ""
    assert after.trigger_only_on_failure


def test_trying_sizes_of_brushwork_sends_a_few_messages_and_not_one_an_evaluation():
    frames = [*(Frame("working", str(number)) for number in range(100)), Frame("done", "Done.")]
    runs = SimpleNamespace(stream=lambda *given: iter(frames))
    fold = SimpleNamespace(runs=runs, form=SimpleNamespace(read=lambda *given: Settings()))
    request = cast(Any, SimpleNamespace(session_hash="a", client=None))
    sent = [*BrushworkFold._try(cast(Any, fold), request, "a.png", "b.png", None, None, None)]
    assert len(sent) < 10
    assert "Done." in sent[-1][0]
