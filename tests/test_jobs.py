"""Jobs on a real server: stopping, leaving, waiting, breaking down, as raw HTTP clients cause them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image
from server import SMALL_APP, Server, Visitor, file_data, png, wait_until
from tiny import checks, waves

from nst.ui.running.calls import ANOTHERS


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """The small app, whose runs end after 5 s, with 11 places to wait."""
    server = Server(
        SMALL_APP, tmp_path_factory.mktemp("small"), NST_QUEUE="11", NST_PER_ADDRESS="20", NST_MAX_SECONDS="5"
    )
    yield server
    server.stop()


@pytest.fixture
def small(server) -> Iterator[Server]:
    """The small app with an empty journal, and an empty line afterwards."""
    server.journal.write_text("")
    yield server
    wait_until(lambda: entered(server) == left(server), "every run to leave")


def entered(server: Server) -> list[str]:
    return [line.split()[1] for line in server.entries() if line.startswith("enter")]


def left(server: Server) -> list[str]:
    return [line.split()[1] for line in server.entries() if line.startswith("leave")]


def most_at_once(server: Server) -> int:
    inside = most = 0
    for line in server.entries():
        inside += line.startswith("enter") - line.startswith("leave")
        most = max(most, inside)
    return most


def steps(server: Server, name: str) -> int:
    return sum(line.startswith(f"step {name} ") for line in server.entries())


def begin(visitor: Visitor, name: str, many: int = 1000, seconds: float = 0.1) -> str:
    """Start a counting run and wait until it has its place in line."""
    event = visitor.join("counting", name, many, seconds)
    visitor.server.wait_for_entry(f"called {name}")
    return event


def cancel(server: Server, session: str, event: str) -> httpx.Response:
    """What Gradio's own clients send to end an event."""
    body = {"session_hash": session, "event_id": event, "fn_index": server.fn_index("counting")}
    return server.http.post("/gradio_api/cancel", json=body)


def test_stop_ends_a_run_within_one_step_and_says_so(small):
    visitor = Visitor(small)
    event = begin(visitor, "a", seconds=0.2)
    outputs = visitor.outputs(event)
    small.wait_for_entry("step a 1")
    visitor.press("stop")
    before = steps(small, "a")
    last = list(outputs)[-1][1]
    assert (last["state"], last["message"]) == ("stopped", "Stopped")
    assert steps(small, "a") - before <= 1  # the one under way


def test_a_cancelled_run_and_the_next_are_never_inside_together(small):
    first, second = Visitor(small), Visitor(small)
    event = begin(first, "first", seconds=0.7)
    small.wait_for_entry("enter first")
    assert cancel(small, first.session, event).status_code == 200
    assert second.run("counting", "second", 2, 0.01)[1]["state"] == "done"
    assert most_at_once(small) == 1
    assert left(small) == ["first", "second"]


def test_closing_the_page_ends_its_run_within_three_steps(small):
    visitor = Visitor(small)
    outputs = visitor.outputs(begin(visitor, "a", seconds=0.2))
    small.wait_for_entry("step a 1")
    next(outputs)
    outputs.close()
    before = steps(small, "a")
    small.wait_for_entry("leave a")
    assert steps(small, "a") - before <= 3


def test_whoever_closes_the_page_while_waiting_leaves_the_line(small):
    first, second = Visitor(small), Visitor(small)
    begin(first, "first")
    waiting = second.outputs(begin(second, "second"))
    next(waiting)
    waiting.close()
    third = Visitor(small)
    outputs = third.outputs(begin(third, "third", many=1))
    next(update for update in outputs if update[1]["ahead"] == 1)
    first.press("stop")
    assert list(outputs)[-1][1]["state"] == "done"
    assert entered(small) == ["first", "third"]


def test_someone_who_waits_can_stop(small):
    first, second = Visitor(small), Visitor(small)
    begin(first, "first")
    outputs = second.outputs(begin(second, "second"))
    next(outputs)
    second.press("stop")
    assert list(outputs)[-1][1]["message"] == "Stopped while waiting: nothing was begun."
    first.press("stop")
    small.wait_for_entry("leave first")
    assert entered(small) == ["first"]


def test_nobody_can_stop_the_run_of_someone_else(small):
    mine, theirs = Visitor(small), Visitor(small)
    event = begin(mine, "mine", many=8)
    outputs = mine.outputs(event)
    next(update for update in outputs if update[1]["state"] == "working")
    theirs.press("stop")
    for session in (theirs.session, event):
        answer = cancel(small, session, event)
        assert (answer.status_code, answer.json()["detail"]) == ANOTHERS
    assert list(outputs)[-1][1]["state"] == "done"
    assert steps(small, "mine") == 8


def test_stopping_twice_and_after_the_end_does_nothing_more(small):
    visitor = Visitor(small)
    outputs = visitor.outputs(begin(visitor, "a"))
    small.wait_for_entry("step a 1")
    visitor.press("stop"), visitor.press("stop")
    assert [update[1]["state"] for update in outputs][-1] == "stopped"
    visitor.press("stop")
    assert visitor.run("counting", "b", 1, 0.01)[1]["state"] == "done"


def test_a_run_nobody_listens_to_ends_at_the_deadline(small):
    begin(Visitor(small), "unheard")
    small.wait_for_entry("leave unheard")
    assert steps(small, "unheard") <= 51


def test_a_full_app_says_so_at_once_and_others_are_served_in_their_order(small):
    visitors = [Visitor(small) for _ in range(12)]
    begin(visitors[0], "v00")
    for number, visitor in enumerate(visitors[1:], 1):
        begin(visitor, f"v{number:02}", many=1, seconds=0.01)
    assert "Every place is taken: 1 running and 11 waiting" in Visitor(small).answer(
        "counting", "late", 1, 0.01
    )
    visitors[0].press("stop")
    wait_until(lambda: len(left(small)) == 12, "everyone to be served")
    assert entered(small) == [f"v{number:02}" for number in range(12)]
    assert most_at_once(small) == 1


def test_one_visitor_may_wait_once_while_running_and_not_twice(small):
    visitor = Visitor(small)
    begin(visitor, "one")
    begin(visitor, "two")
    event = visitor.join("counting", "three", 1, 0.01)
    said = [update[1]["message"] for update in visitor.outputs(event)]
    assert said[-1].startswith("You have 2 of the 2 runs")
    visitor.press("stop")


def test_each_of_many_visitors_gets_their_own_picture(small):
    colours = [(red, green, 128) for red in (30, 128, 225) for green in (60, 200)]

    def paint(colour: tuple[int, int, int]) -> np.ndarray:
        visitor = Visitor(small)
        content = visitor.upload(png(Image.new("RGB", (64, 64), colour)))
        style = visitor.upload(png(checks()))
        inputs = visitor.transfer_inputs(content, style, size=64, evaluations=1, seed=0)
        picture, last = visitor.run("transfer", *inputs)
        assert last["state"] == "done", last["message"]
        return visitor.look(picture).mean((0, 1))

    with ThreadPoolExecutor(len(colours)) as pool:
        means = list(pool.map(paint, colours))
    for colour, mean in zip(colours, means, strict=True):
        nearest = min(colours, key=lambda other, mean=mean: np.abs(np.array(other) - mean).sum())
        assert nearest == colour


def test_a_breakdown_is_told_with_a_number_and_the_next_run_works(small):
    visitor = Visitor(small)
    last = visitor.run("breaking")[1]
    assert last["state"] == "failed"
    assert "ZeroDivision" not in last["message"]
    assert str(small.uploads) not in last["message"]
    assert last["message"].removesuffix(".").split()[-1] in small.log.read_text()
    assert "ZeroDivisionError" in small.log.read_text()
    assert visitor.run("counting", "next", 1, 0.01)[1]["state"] == "done"


def test_further_identical_batches_leave_no_more_behind_than_the_first(small):
    def batch() -> tuple[int, int, float]:
        for _ in range(3):
            visitor = Visitor(small)
            visitor.run("counting", "a", 3, 0.01)
            content, style = visitor.upload(png(waves(128, 96))), visitor.upload(png(checks()))
            inputs = visitor.transfer_inputs(content, style, size=64, evaluations=3, seed=0)
            last = visitor.run("transfer", *inputs)[1]
            assert last["state"] == "done", last["message"]
            outputs = visitor.outputs(begin(visitor, "closed"))
            next(outputs)
            outputs.close()
            wait_until(lambda: entered(small) == left(small), "the closed run to leave")
            small.journal.write_text("")
        return small.threads(), small.open_files(), small.memory()

    batch()
    first, *further = batch(), batch(), batch()
    # Connections and pool threads come and go; of each kind of run one left would be three, and then six.
    threads, files, memory = map(min, zip(*further, strict=True))
    assert threads <= first[0] + 2
    assert files <= first[1] + 2
    assert memory <= first[2] + 20
    for folder in small.run_folders():
        # The painting and its content image, a preview and a moment of each evaluation, the flag.
        assert len(list(folder.iterdir())) <= 9
        assert not list(folder.glob("given_*"))  # what was uploaded, once opened


def test_an_address_is_refused_for_every_kind_of_input(small):
    visitor = Visitor(small)
    answer = visitor.ask("slide", file_data("http://169.254.169.254/latest/meta-data"))
    assert answer.status_code == 400
    assert "uploaded files only" in answer.text
    assert visitor.run("slide", 3) == [3]


def test_an_app_that_is_terminated_in_a_run_exits_within_ten_seconds(tmp_path):
    server = Server(SMALL_APP, tmp_path)
    begin(Visitor(server), "a")
    server.wait_for_entry("step a 1")
    assert server.stop() < 10
