"""Paintings of a visit without a page: what is found again and compared, and what is said of what is gone."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image
from server import wait_until

from nst.images import save_png
from nst.recipe import Recipe, recipe_text
from nst.settings import Settings
from nst.ui import painting_jobs, shown, status
from nst.ui.board_tabs import GridTab
from nst.ui.gallery import Gallery, painting_buttons
from nst.ui.in_sight import FIRST_MOMENT, compared
from nst.ui.other_styles import _in_use
from nst.ui.painting_jobs import CONTENT, GREY, Painting
from nst.ui.painting_panel import PaintingPanel
from nst.ui.refilling import gone_on, taken_as
from nst.ui.running.frames import Frame, Point, Spot
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.running.workspace import made_in, moment_file
from nst.ui.sheet_view import OnSheet
from nst.ui.shown import Record, Shown, keep, kept_in, pair_of
from nst.ui.transfer_tab import TransferTab
from nst.ui.visit import MOST_KEPT, Painted, addresses_of, apart, found_again, painted


def folder_with(folder, *names):
    small = Image.new("RGB", (64, 48))
    small.save(folder / CONTENT)
    for name in names:
        save_png(small, folder / name, recipe_text(Settings(seed=10), "self-taught filters", "0.1.0"))
    return folder


@pytest.mark.parametrize(
    "names", [("lake-wave-2-10.png",), ("lake-wave-2-10-01.png", "lake-wave-2-10-02.png")]
)
def test_a_painting_found_again_is_named_by_its_pair_alone_and_a_number_in_it_stays(tmp_path, names):
    assert {one.pair for one in found_again([folder_with(tmp_path, *names)])} == {"lake-wave-2"}


def test_a_painting_is_named_by_every_style_that_has_a_share():
    names = {"tower.jpg": "Tower", "waves.jpg": "Wave"}
    given = ("/in/tower.jpg", "/in/waves.jpg", None, "/in/my own.png")
    for shares, more, said in (
        ((0.5, 0.5), {}, "Tower × Wave + my own"),
        ((1.0, 0.0), {}, "Tower × Wave"),
        ((0.0, 1.0), {}, "Tower × my own"),
        ((0.0, 1.0), {"pictures": 3}, "Tower × Wave + my own"),
        ((0.0, 1.0), {"has_regions": True}, "Tower × Wave + my own"),
    ):
        assert pair_of(Shown(given, Settings(style_weights=shares), **more), names) == said
    assert pair_of(Shown(("/in/tower.jpg", "/in/waves.jpg"), Settings()), names) == "Tower × Wave"
    assert pair_of(Shown((None, "/in/waves.jpg"), Settings(canvas="1:1")), names) == "Wave, a texture"


def test_of_a_row_that_was_stopped_the_first_picture_is_named_by_its_pair_too(tmp_path):
    (one,) = found_again([folder_with(tmp_path, "lake-wave-10-01.png")])
    assert one.pair == "lake-wave"


def test_a_painting_that_has_been_deleted_is_not_gone_on_with_in_silence(tmp_path):
    (one,) = found_again([folder_with(tmp_path, "lake-wave-7.png")])
    assert taken_as(one) == one.painting
    (tmp_path / "lake-wave-7.png").unlink()
    with pytest.raises(gr.Error, match="no longer kept: paint it again"):
        taken_as(one)


async def built(runs: Runs | None = None) -> PaintingPanel:
    """In a running event loop, as Blocks would otherwise open two and never close them."""
    with gr.Blocks():
        panel = PaintingPanel()
        panel.view(Gallery((), (), ()), 60)
        panel.runs = runs
    return panel


async def built_tab(runs: Runs) -> TransferTab:
    with gr.Blocks():
        return TransferTab(runs, Gallery((), (), ()))


def request_of(session: str = "a") -> SimpleNamespace:
    return SimpleNamespace(headers={}, session_hash=session, query_params={})


def test_a_painting_can_be_pressed_when_another_of_the_visit_has_been_swept(tmp_path, make_runs):
    visit = found_again([run_folder(tmp_path, "swept"), run_folder(tmp_path, "kept")])
    Path(visit[0].painting).unlink()
    panel, event = asyncio.run(built(make_runs())), SimpleNamespace(index=1)
    _, _, _, strip, *seen = panel._pressed(request_of(), visit, event)
    assert strip.count("<button") == 1
    assert 'data-index="1" aria-pressed="true"' in strip  # it is still the second for who presses it again
    assert visit[1] in seen


def painting_for_ever(folder: str, limits: Limits) -> Iterator[Frame]:
    while True:
        yield Frame("working", folder)


def test_what_is_said_of_a_run_stays_when_an_earlier_painting_is_pressed(tmp_path, make_runs):
    visit, runs = found_again([run_folder(tmp_path, "run")]), make_runs(concurrency=2)
    panel, running = asyncio.run(built(runs)), runs.stream("a", painting_for_ever)
    next(frame for frame in running if frame.state == "working")
    for session, stays in (("a", True), ("b", False)):
        values = panel._pressed(request_of(session), visit, SimpleNamespace(index=0))
        said, costs = values[4], dict(zip(panel.seen, values[5:], strict=True))[panel.costs]
        assert [value == gr.skip() for value in (said, costs)] == [stays, stays]
    running.close()


def test_a_painting_found_unfinished_is_looked_at_anew_when_it_is_pressed(tmp_path, make_runs):
    PICTURE.save(moment_file(tmp_path, 1))
    visit = found_again([tmp_path])
    assert visit[0].recipe is None
    moment_file(tmp_path, 1).unlink()  # it was the last but the painting, and too near to that
    folder_with(tmp_path, "lake-wave-10.png")
    panel = asyncio.run(built(make_runs()))
    _, _, visit, strip, *seen = panel._pressed(request_of(), visit, SimpleNamespace(index=0))
    assert [Path(one.painting).name for one in visit] == ["lake-wave-10.png"]
    assert "not finished" not in strip + str(seen)
    assert visit[0] in seen


def test_a_strip_is_drawn_again_from_small_pictures_that_are_kept_beside_the_paintings(tmp_path):
    painting = folder_with(tmp_path, "lake-wave-10.png") / "lake-wave-10.png"
    drawn = painting_buttons([(str(painting), "Lake", "Seed: 1")], "Paintings")
    assert "data:image/webp" in drawn
    painting.write_bytes(b"not opened again")
    assert painting_buttons([(str(painting), "Lake", "Seed: 1")], "Paintings") == drawn


def test_what_another_tab_is_painting_is_not_called_unfinished_until_its_run_has_ended(make_runs):
    runs = make_runs()
    panel, running = asyncio.run(built(runs)), runs.stream("a", painting_for_ever)
    folder = Path(next(frame for frame in running if frame.state == "working").message)
    PICTURE.save(moment_file(folder, 1))
    keep(Record(Shown(), "Lake × Wave"), folder)
    found = dict(zip(panel.recalled, panel.recall(request_of("b"), [folder]), strict=True))
    assert "This is still being painted, in another tab." in found[panel.caption]
    assert "1: Lake × Wave" in found[panel.strip]
    running.close()
    wait_until(lambda: not runs.is_painting(folder), "the run to end")
    for one in (*found[panel.visit], *found_again([folder])):
        assert "This was not finished" in compared((one,), one, None)[1]


def test_the_settings_and_pictures_of_a_painting_are_used_even_if_it_was_not_finished(tmp_path, make_runs):
    paths = [str(tmp_path / name) for name in ("lake.jpg", "wave.jpg", "gone.jpg")]
    for path in paths[:2]:
        PICTURE.save(path)
    folder = tmp_path / "run"
    folder.mkdir()
    PICTURE.save(moment_file(folder, 1))
    settings = Settings(size=2048, seed=5, style_weights=(0.75, 0.25))
    keep(Record(Shown((paths[0], paths[1], None, paths[2]), settings), "Lake × Wave"), folder)
    (one,) = found_again([folder])
    tab = asyncio.run(built_tab(make_runs()))
    used = dict(
        zip(
            tab.refilled, tab.refilling.reuse(one, paths[0], "other.jpg", "more.jpg", None, None), strict=True
        )
    )
    inputs = (tab.content, tab.style, *tab.others.uploads)
    assert [used[each] for each in inputs] == [gr.skip(), paths[1], None, gr.skip(), gr.skip()]
    assert [used[tab.form.settings[name]] for name in ("size", "seed")] == [1024, 5]
    assert used[tab.form.further[0]] == 0.25
    said = ("The settings of that painting are filled in. Choose those of its pictures again", "size 1024.")
    assert all(each in used[tab.note] for each in said)


@pytest.mark.parametrize(
    "others", [(), ("start",), ("mask",)], ids=["from nothing", "from another", "a mask"]
)
def test_after_a_reload_it_is_said_if_the_last_painting_went_on_from_an_earlier_one(
    tmp_path, make_runs, others
):
    paths = [str(tmp_path / name) for name in ("lake.jpg", "wave.jpg")]
    for path in paths:
        PICTURE.save(path)
    folder, settings = run_folder(tmp_path, "run", paintings=0), Settings(evaluations=70)
    save_png(PICTURE, folder / "0.png", recipe_text(settings, "VGG-19", "1", evaluations=23, others=others))
    tab = asyncio.run(built_tab(make_runs()))
    values = tab.refilling.values(folder, Shown(tuple(paths), settings), settings)
    note = dict(zip(tab.refilled, values, strict=True))[tab.note]
    assert "The pictures and settings of your last painting are filled in." in note
    said = "It went on from an earlier painting with 70 evaluations: a new one needs more."
    assert (said in note) == ("start" in others)
    assert "Choose those of its pictures again" not in note


def test_a_picture_of_a_sheet_is_opened_without_the_pictures_that_have_been_deleted(tmp_path, make_runs):
    here, gone = str(tmp_path / "lake.jpg"), str(tmp_path / "gone.jpg")
    PICTURE.save(here)
    tab = asyncio.run(built_tab(make_runs()))
    sheet = OnSheet(Frame("done", "", spots=(Spot("conv1_1", Settings(), (0, 0, 1, 1)),)), (here, gone))
    _, note, content, style, *_ = GridTab._open(SimpleNamespace(transfer=tab), sheet, 0)
    assert (content, style) == (here, gr.skip())
    assert "Choose those of its pictures again that are no longer kept." in note


def test_a_small_app_does_not_say_that_its_own_settings_were_moved(make_runs):
    tab = asyncio.run(built_tab(make_runs(max_evaluations=30, max_size=128)))
    assert not tab.advanced._are_moved([control.value for control in tab.form.inputs])


def test_a_run_that_left_nothing_is_forgotten_for_that_of_the_painting_in_sight(tmp_path):
    panel = asyncio.run(built())
    earlier = Shown(("a.jpg", "b.jpg"), Settings(), Frame("done", "Painted."))
    keep(Record(earlier, "a × b"), run_folder(tmp_path, "run"))
    (one,) = found_again([tmp_path / "run"])
    failed = Shown(("a.jpg", "b.jpg"), Settings(), Frame("failed", "Refused."))
    ended = dict(zip(panel.ended, panel.end(None, failed, (one,), one), strict=True))
    assert ended[panel.shown] == earlier


PICTURE = Image.new("RGB", (64, 48), "olive")


def run_folder(parent: Path, name: str, paintings: int = 1) -> Path:
    folder = parent / name
    folder.mkdir()
    PICTURE.save(folder / CONTENT)
    for number in range(paintings):
        PICTURE.save(folder / f"painting-{number:02}.png")
    return folder


@pytest.mark.parametrize("sent", [None, "a" * 32, 7, {"0": "a"}, [None, 3, ["a"], {}]])
def test_what_is_no_list_of_addresses_holds_none(sent):
    assert addresses_of(sent) == []


def test_an_address_counts_once_and_the_newest_are_kept():
    assert addresses_of(["a", 1, "b", "a"]) == ["a", "b"]
    assert addresses_of([str(number) for number in range(2 * MOST_KEPT)]) == [
        str(number) for number in range(MOST_KEPT, 2 * MOST_KEPT)
    ]


def test_earlier_runs_are_found_in_order_the_newest_last_and_so_many_at_most(tmp_path):
    first, row = run_folder(tmp_path, "first"), run_folder(tmp_path, "row", paintings=12)
    assert [Path(one.painting).parent.name for one in found_again([first, row])] == ["first", *12 * ["row"]]
    many = [run_folder(tmp_path, f"more-{number}", paintings=12) for number in range(3)]
    found = found_again([first, *many])
    assert len(found) == MOST_KEPT
    assert found[-1].folder == many[-1]
    assert first not in [one.folder for one in found]


def test_a_painting_is_written_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    def interrupted(_picture, file, _text):
        Path(file).write_bytes(b"\x89PNG, half of it")
        raise OSError("no space left")

    monkeypatch.setattr(painting_jobs, "save_png", interrupted)
    monkeypatch.setattr(painting_jobs, "recipe_of", lambda *_: {})
    monkeypatch.setattr(Painting, "pictures", lambda *_: (PICTURE,))
    with pytest.raises(OSError, match="no space"):
        Painting(PICTURE, [PICTURE], Settings()).save(None, tmp_path)
    assert found_again([tmp_path]) == ()
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [CONTENT]


def test_a_painting_found_again_has_the_names_of_its_pictures_and_what_was_said_of_its_run(tmp_path):
    folder = folder_with(tmp_path, "lake-wave-10.png")
    costs = Point(6, 3.0, 1.0, {"relu1_1": 2.0}, 0.0, {"content": 1.0, "relu1_1": 2.0, "tv": 0.0})
    one = Frame("working", "", evaluation=6, of=6, width=64, height=48, costs=costs)
    path = str(folder / "lake-wave-10.png")
    last = replace(one, state="done", message="Painted it.", result=path, lambdas={"relu1_1": 1.0})
    last = replace(last, moments=(last.moment(path),))
    run = Shown(("lake.jpg", "wave.jpg", None), Settings(seed=3), last, (one,), True, 5)
    (new,) = painted(run, "Lake × Wave", "<svg/>")
    assert found_again([folder]) == (new,)
    assert (new.frame, new.pair, new.curves) == (last, "Lake × Wave", "<svg/>")
    assert kept_in(folder).shown == run


@pytest.mark.parametrize(
    "damaged",
    ["", "{", "[]", "7", '{"pair": "a × b"}', '{"pair": "a × b", "shown": {"frame": {"speed": 1}}}'],
)
def test_where_what_was_said_is_damaged_a_painting_is_found_all_the_same(tmp_path, damaged):
    folder = folder_with(tmp_path, "lake-wave-10.png")
    (made_in(folder) / shown.FILE).write_text(damaged)
    (found,) = found_again([folder])
    assert (found.pair, found.frame, found.curves) == ("lake-wave", None, "")


def test_a_painting_that_was_stopped_says_how_many_evaluations_it_took(tmp_path):
    folder = run_folder(tmp_path, "run", paintings=0)
    for number, done in enumerate((11, 65)):
        save_png(PICTURE, folder / f"{number}.png", recipe_text(Settings(), "VGG-19", "1", evaluations=done))
    assert apart(found_again([folder])) == ["Evaluations: 11", "Evaluations: 65"]


@pytest.mark.parametrize(("state", "said"), [("done", "It ended"), ("stopped", "It was stopped")])
def test_a_painting_that_settled_is_not_said_to_have_been_stopped(tmp_path, state, said):
    folder = run_folder(tmp_path, "run", paintings=0)
    save_png(PICTURE, folder / "0.png", recipe_text(Settings(), "VGG-19", "1", evaluations=11))
    (one,) = found_again([folder])
    one = replace(one, frame=Frame(state, ""))
    assert f"{said} at evaluation 11 of 65" in compared((one,), one, None)[1]


def test_weights_that_follow_from_the_strength_are_said_to_be_automatic(tmp_path):
    folder = run_folder(tmp_path, "run", paintings=0)
    for number, settings in enumerate((Settings(), Settings(alpha=1, beta=40))):
        save_png(PICTURE, folder / f"{number}.png", recipe_text(settings, "VGG-19", "1", evaluations=65))
    assert apart(found_again([folder])) == ["α: automatic, β: automatic", "α: 1, β: 40"]


@pytest.mark.parametrize("other", ["Painting 9", [], ["The content image"], None, 3])
def test_a_comparison_with_what_is_not_there_is_that_with_what_it_was_made_of(tmp_path, other):
    visit = found_again([run_folder(tmp_path, "run", paintings=2)])
    pictures, caption = compared(visit, visit[1], other)
    assert pictures == (visit[1].content, visit[1].painting)
    assert f'data-beside="{FIRST_MOMENT}"' in caption
    assert FIRST_MOMENT in caption  # these paintings carry no recipe


def test_a_painting_that_was_swept_meanwhile_is_not_compared_with(tmp_path):
    swept, seen = (found_again([run_folder(tmp_path, name)])[0] for name in ("swept", "seen"))
    visit: tuple[Painted, ...] = (swept, seen)
    assert compared(visit, seen, "Painting 1")[0] == (swept.painting, seen.painting)
    Path(swept.painting).unlink()
    assert compared(visit, seen, "Painting 1")[0] == (seen.content, seen.painting)


def test_a_picture_of_another_shape_lies_whole_in_the_painting_s_shape_between_grey(tmp_path):
    wide, tall = (run_folder(tmp_path, name) for name in ("wide", "tall"))
    Image.new("RGB", (48, 96), "navy").save(tall / "painting-00.png")
    visit = found_again([tall, wide])
    made_in(wide)
    age = wide.stat().st_mtime_ns
    (left, right), caption = compared(visit, visit[1], "Painting 1")
    assert right == visit[1].painting
    assert "Painting 1 is on the left, with grey at two sides, as its shape is another" in caption
    with Image.open(left) as shown:
        assert shown.width * 48 == shown.height * 64
        middle, side = (shown.getpixel((round(x * shown.width), shown.height // 2)) for x in (0.5, 0.1))
    assert middle == pytest.approx((0, 0, 128), abs=3)
    assert side == pytest.approx(GREY, abs=3)
    assert wide.stat().st_mtime_ns == age  # it is swept when it would have been
    assert [one.painting for one in found_again([wide])] == [visit[1].painting]
    assert compared(visit, visit[1], "Painting 1")[0] == (left, right)


def test_a_picture_of_a_row_is_gone_on_with_by_its_own_shares_of_every_style(tmp_path):
    folder = run_folder(tmp_path, "run", paintings=0)
    small = Image.new("RGB", (64, 48))
    for number, weights in enumerate(((1.0, 0.0), (0.0, 1.0)), 1):
        recipe = recipe_text(Settings(style_weights=weights), "self-taught filters", "0.1.0")
        save_png(small, folder / f"lake-wave-7-0{number}.png", recipe)
    keep(Record(Shown(("lake.png", "wave.png", None, "discs.png"), Settings(), pictures=2)), folder)
    first, last = found_again([folder])
    assert gone_on(first, {}, "lake.png")[1:4] == (0.0, 0.0, 0.0)
    assert gone_on(last, {}, "lake.png")[2:4] == (1.0, 0.0)  # the third style has all of it


def test_a_texture_is_gone_on_with_as_one_and_a_painting_as_one(tmp_path):
    for canvas in ("content", "4:3"):
        folder = run_folder(tmp_path, canvas.replace(":", "-"), paintings=0)
        recipe = recipe_text(Settings(canvas=canvas), "self-taught filters", "0.1.0")
        save_png(Image.new("RGB", (64, 48)), folder / "lake-wave-7.png", recipe)
        (one,) = found_again([folder])
        assert gone_on(one)[4] == canvas


def test_a_fold_is_in_use_where_something_in_it_counts(make_runs):
    assert "in use" not in _in_use(None, None, None, 1).label
    assert "in use" in _in_use(None, None, None, 2).label
    assert "in use" in _in_use(None, "third.png", None, 1).label
    tab = asyncio.run(built_tab(make_runs()))
    values = [control.value for control in tab.form.inputs]
    layers = [*tab.form.settings].index("style_layers")
    assert not tab.advanced._are_moved([*values[:layers], values[layers][::-1], *values[layers + 1 :]])
    assert tab.advanced._are_moved([*values[:layers], values[layers][1:], *values[layers + 1 :]])


def test_of_a_painting_that_was_gone_on_with_the_start_is_that_painting_whatever_was_set():
    recipe = Recipe(Settings(init="noise"), "self-taught filters", "0.1.0", evaluations=9, others=("start",))
    said = status.used(recipe, (64, 48))
    assert "<dt>Start from</dt><dd>An earlier painting</dd>" in said
    assert "<dd>9 more</dd>" in said


@pytest.mark.parametrize(("left", "title"), [("painting.png", "Ended early"), (None, "Not painted")])
def test_the_browsers_tab_says_whether_a_run_that_failed_left_a_picture(left, title):
    assert f'data-title="{title}"' in status.progress(Frame("failed", "No.", picture=left, result=left))


def test_a_run_that_failed_leaves_its_moments_to_be_seen_as_a_reload_finds_them(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("moment_1.jpg", "moment_4.jpg", "preview.jpg"):
        PICTURE.save(folder / name)
    failed = Frame("failed", "There is no room.", picture=str(folder / "preview.jpg"), evaluation=5, of=9)
    (one,) = painted(Shown(("a.jpg", "b.jpg"), Settings(), failed), "a × b")
    assert Path(one.painting).name == "moment_4.jpg"
    assert (one.pair, one.frame) == ("a × b", failed)
    assert found_again([folder]) == (one,)
    assert painted(Shown((), Settings(), replace(failed, picture=None)), "a × b") == ()


def test_paintings_are_told_apart_by_what_they_were_begun_with(tmp_path):
    folder = run_folder(tmp_path, "row", paintings=0)
    small = Image.new("RGB", (64, 48))
    for number, others in ((1, ()), (2, ("start",))):
        save_png(small, folder / f"r-{number}.png", recipe_text(Settings(), "VGG-19", "1", others=others))
    assert apart(found_again([folder])) == ["Paint", "Paint"]  # of a row the later ones always went on
    folders = [folder]
    for name, others in (("on", ("start",)), ("regions", ("mask",)), ("both", ("start", "mask"))):
        folders.append(run_folder(tmp_path, name, paintings=0))
        save_png(small, folders[-1] / "p.png", recipe_text(Settings(), "VGG-19", "1", others=others))
    said = ["Gone on", "With regions", "Gone on, With regions"]
    assert apart(found_again(folders)) == ["Paint", "Paint", *said]


def a_painting_of(folder: Path, given: tuple[str | None, ...], settings: Settings, **more) -> Painted:
    """A painting of the visit, made of these pictures, as its run left it."""
    PICTURE.save(folder / CONTENT)
    others = ("mask",) if more.get("has_regions") else ()
    text = recipe_text(settings, "self-taught filters", "0.1.0", others=others)
    save_png(PICTURE, folder / "lake-wave-7.png", text)
    keep(Record(Shown(given, settings, **more), "Lake × Wave"), folder)
    return found_again([folder])[0]


def test_twice_the_size_has_the_settings_of_the_painting_and_not_those_of_the_form(tmp_path, make_runs):
    paths = [str(tmp_path / name) for name in ("lake.jpg", "wave.jpg", "discs.jpg")]
    for path in paths:
        PICTURE.save(path)
    settings = Settings(size=64, seed=5, strength=33, style_weights=(0.75, 0.25))
    one = a_painting_of(tmp_path, (paths[0], paths[1], None, paths[2]), settings)
    tab = asyncio.run(built_tab(make_runs()))
    inputs = paths[0], "other.jpg", "more.jpg", None, None
    start, content, style, *further = tab.refilling.doubled(one, {}, *inputs)
    assert [start, content, style] == [one.painting, gr.skip(), paths[1]]
    assert further[:3] == [None, paths[2], gr.skip()]
    assert "The settings of that painting are filled in." in further[3]
    used = dict(zip(tab.form.filled, further[4:], strict=True))
    assert [used[tab.form.settings[name]] for name in ("size", "seed", "strength")] == [128, 5, 33]
    assert used[tab.form.further[0]] == 0.25  # the second style is not there, the third has a quarter


def test_twice_the_size_of_what_is_too_large_says_how_large_it_would_be(tmp_path, make_runs):
    one = a_painting_of(tmp_path, (None, None), Settings())
    tab = asyncio.run(built_tab(make_runs(max_size=100)))
    with pytest.raises(
        gr.Error, match="paints up to 100 px, and twice this picture's size is 128 px: run it"
    ):
        tab.refilling.doubled(one, {}, None, None)


def test_a_texture_is_gone_on_with_whatever_became_of_a_content_image_it_was_not_made_of(tmp_path, make_runs):
    style, gone, other = (str(tmp_path / name) for name in ("wave.jpg", "gone.jpg", "other.jpg"))
    for path in (style, other):
        PICTURE.save(path)
    one = a_painting_of(tmp_path, (gone, style), Settings(canvas="1:1"))
    assert gone_on(one, {}, other)[0] == one.painting
    tab = asyncio.run(built_tab(make_runs()))
    assert tab.refilling.doubled(one, {}, other, style)[0] == one.painting


def test_what_was_painted_from_pictures_that_are_gone_is_not_gone_on_with_from_others(tmp_path, make_runs):
    here, gone = str(tmp_path / "lake.jpg"), str(tmp_path / "gone.jpg")
    PICTURE.save(here)
    tab = asyncio.run(built_tab(make_runs()))
    of_gone_content = a_painting_of(tmp_path, (gone, here), Settings())
    for begin in (
        lambda: gone_on(of_gone_content, {}, here),
        lambda: tab.refilling.doubled(of_gone_content, {}, here, here),
    ):
        with pytest.raises(gr.Error, match="no longer kept: choose them again, then press this again"):
            begin()
    PICTURE.save(gone)  # it was chosen again
    assert gone_on(of_gone_content, {}, gone)[0] == of_gone_content.painting
    Path(gone).unlink()
    of_gone_style = a_painting_of(tmp_path, (here, gone), Settings())
    assert gone_on(of_gone_style, {}, here)[0] == of_gone_style.painting  # in the style that is there now
    with pytest.raises(gr.Error, match="no longer kept"):
        tab.refilling.doubled(of_gone_style, {}, here, here)


def test_regions_that_are_no_longer_marked_are_not_lost_in_silence(tmp_path):
    here, other = str(tmp_path / "lake.jpg"), str(tmp_path / "other.jpg")
    for path in (here, other):
        PICTURE.save(path)
    one, marked = a_painting_of(tmp_path, (here, here), Settings(), has_regions=True), {"mask": "data:"}
    assert gone_on(one, marked, here)[-1] == gr.skip()  # without a word
    for brushed, content in (({"mask": ""}, here), (None, here), (marked, other)):
        with pytest.warns(UserWarning, match="It had regions, which are not kept: mark them again"):
            gone_on(one, brushed, content)


def test_a_press_that_changes_nothing_in_the_strip_does_not_send_it_without_what_a_run_has_left_since(
    tmp_path, make_runs
):
    visit = found_again([run_folder(tmp_path, "first"), run_folder(tmp_path, "second")])
    panel = asyncio.run(built(make_runs()))
    _, _, kept, strip, *_ = panel._pressed(request_of(), visit, SimpleNamespace(index=0))
    assert (kept, strip) == (gr.skip(), gr.skip())
