"""What a tab shows beside the runs of others, over raw HTTP: it takes its turn, and stops nobody."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from server import Server, Visitor, png, wait_until
from tiny import checks, tiny_filters, waves

from nst.network.vgg import Network
from nst.studies.units import scan_units
from nst.ui.running.calls import UNFINISHED
from nst.ui.running.clients import Client
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.units_page import LATER, TO_COME, UnitsPage, UnitsPages

# Pages at once: as many as one network address may ask for beside the run that they wait for.
MANY = UNFINISHED * Limits().per_address - 1
LONG = {"size": 192, "evaluations": 1000, "weights": "self-taught", "preset": "course"}
UNITS = 9
LOOKED_AT = re.compile(r"picture (\d+) of \d+")


def component(server: Server, name: str) -> int:
    return next(c["id"] for c in server.config["components"] if c["props"].get("elem_id") == name)


def function(server: Server, takes: str, gives: str) -> int:
    """The number of the queued function with this input and this output, by their names on the page."""
    one, other = component(server, takes), component(server, gives)
    return next(
        d["id"]
        for d in server.config["dependencies"]
        if one in d["inputs"][:1] and other in d["outputs"] and d["queue"] is not False
    )


def join(visitor: Visitor, number: int, *data: Any) -> str:
    body = {"data": list(data), "fn_index": number, "session_hash": visitor.session}
    answer = visitor.server.http.post("/gradio_api/queue/join", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["event_id"]


def ask_for_pages(visitor: Visitor) -> list[str]:
    number = function(visitor.server, "units-layer", "units")
    return [join(visitor, number, "relu2_1", first, None) for first in range(MANY)]


@pytest.fixture(scope="module")
def visitor(app) -> Visitor:
    """Someone who has looked at some of the pictures at hand."""
    visitor = Visitor(app)
    number = function(app, "units-added", "units-said")
    outputs = visitor.outputs(join(visitor, number, None, None, None, "self-taught"))
    while looked_at(next(outputs)[0]) < 4:
        pass
    stop(visitor, "units-stop")
    *_, last = outputs
    assert re.search(r"Stopped after \d+ of \d+ pictures: these are shown\.", last[0])
    return visitor


def looked_at(said: str) -> int:
    """How many pictures the status says were looked at."""
    found = LOOKED_AT.search(said)
    return int(found[1]) if found else 0


def drivers(html: Any) -> int:
    """Of how many units of the page it is seen what drove them."""
    return html.count('alt="What in them drove') if isinstance(html, str) else 0


def begin_painting(painter: Visitor) -> Iterator[list[Any]]:
    """A run that would take minutes, in its turn."""
    content, style = painter.upload(png(waves(640, 480))), painter.upload(png(checks()))
    outputs = painter.outputs(painter.join("transfer", *painter.transfer_inputs(content, style, **LONG)))
    while next(outputs)[1]["evaluation"] < 2:
        pass
    return outputs


def stop(visitor: Visitor, button: str = "stop") -> None:
    """Press Stop: it ends what this visitor began there."""
    visitor.press_button(button)


class Heard:
    """What the server sends a tab, as it comes."""

    def __init__(self, visitor: Visitor) -> None:
        self.pages: list[str] = []
        self.ended: dict[str, bool] = {}
        self.can_stop: list[bool | None] = []
        self._values: dict[str, Any] = {}
        self._visitor = visitor

    def listen(self) -> None:
        for message in self._visitor.messages():
            html, *_, stop = (message.get("output") or {}).get("data") or (None, {})
            if isinstance(html, str):
                self.pages.append(html)
            self.can_stop.append(stop.get("interactive"))
            if message["msg"] == "process_completed":
                self.ended[message["event_id"]] = message["success"]


def test_many_pages_of_units_wait_for_the_run_in_one_place_and_are_then_answered(app, visitor):
    painter, another, logged = Visitor(app), Visitor(app), len(app.log.read_text())
    painting = begin_painting(painter)
    asked, heard = ask_for_pages(visitor), Heard(visitor)
    with ThreadPoolExecutor(1) as pool:
        listening = pool.submit(heard.listen)
        # All but the one that waits for its turn have shown their patches and are over.
        wait_until(lambda: len(heard.ended) == MANY - 1, "the pages that nobody looks at any more")
        assert "no pictures" in another.answer("transfer", *another.transfer_inputs(None, None))
        assert sum(map(drivers, heard.pages)) == 0
        wait_until(lambda: any(LATER in html for html in heard.pages), "the page to say that it waits")
        wait_until(lambda: True in heard.can_stop, "the page's Stop")
        stop(painter)
        *_, last = painting
        assert last[1]["state"] == "stopped"
        listening.result()
    assert heard.ended == dict.fromkeys(asked, True)
    assert drivers(heard.pages[-1]) == UNITS
    assert [can_stop for can_stop in heard.can_stop if can_stop is not None][-1] is False
    assert f"unit {MANY - 1} of relu2_1" in heard.pages[-1]
    assert "Traceback" not in app.log.read_text()[logged:]  # other files' visitors send what fits nothing


def test_what_is_still_painted_is_not_measured(app):
    painter, number = Visitor(app), function(app, "content", "how-said")
    nothing = [None for d in app.config["dependencies"] if d["id"] == number for _ in d["inputs"]]
    content, style = painter.upload(png(waves(640, 480))), painter.upload(png(checks()))
    painting = painter.join("transfer", *painter.transfer_inputs(content, style, **LONG))
    messages = painter.messages()

    def first_of(event: str) -> list[Any]:
        theirs = (message.get("output") or {} for message in messages if message.get("event_id") == event)
        return next(output["data"] for output in theirs if output.get("data"))

    while first_of(painting)[1]["state"] == "waiting":
        pass
    said, *_ = first_of(join(painter, number, *nothing))
    assert "Your picture is still being painted: press Measure when it is done." in said
    messages.close()
    other = Visitor(app)
    *_, (said, _) = other.outputs(join(other, number, *nothing))
    assert "still being painted" not in said


def test_a_page_writes_the_box_of_its_unit_only_where_that_asked_for_a_unit_that_is_not_there(app, visitor):
    number = function(app, "units-layer", "units")

    def written(first: Any) -> list[Any]:
        pages = visitor.outputs(join(visitor, number, "relu2_1", first, None))
        return [None if isinstance(box, dict) else box for _, box, *_ in pages]

    assert set(written(9)) == {None}
    assert set(written(-3)[1:]) == {None}
    assert written(-3)[0] == 0


@pytest.fixture(scope="module")
def scan() -> Any:
    return [*scan_units([waves(), checks()], tiny_filters(8), "cpu")][-1]


@pytest.fixture
def pages(tmp_path, monkeypatch) -> Iterator[UnitsPages]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    runs = Runs(Limits(queue=0))
    yield UnitsPages(runs)
    runs.close()


def test_a_page_shows_its_patches_at_once_and_then_what_drove_each_unit(scan, pages):
    seen = [html for html in pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3))) if html]
    assert [drivers(html) for html in seen] == [0, 1, 2, 3]
    assert TO_COME in seen[0]
    assert TO_COME not in seen[-1]


def test_the_filters_are_copied_once_for_all_units_of_a_page(scan, pages, monkeypatch):
    def counted(*given: Any) -> Any:
        made.append(given)
        return Network(*given)

    made: list[Any] = []
    monkeypatch.setattr("nst.studies.guided.Network", counted)
    *_, last = (html for html in pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3))) if html)
    assert (drivers(last), len(made)) == (3, 1)


def test_a_newer_page_goes_on_in_the_place_of_the_older(scan, pages):
    older = pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3)))
    while not drivers(next(older) or ""):
        pass
    assert [bool(html) for html in pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(4, 7)))] == [
        True,
        False,
    ]
    assert len(pages.runs._line) == 1
    seen = [html for html in older if html]
    assert all("unit 4" in html and "unit 0" not in html for html in seen)
    assert drivers(seen[-1]) == 3
    wait_until(lambda: len(pages.runs._line) == 0, "the place to be given up")
    assert pages._newest == {}


def test_a_page_that_is_ready_after_a_newer_one_is_not_shown(scan, pages):
    class Slow(UnitsPage):
        def html(self, *said: Any, **how: Any) -> str:
            newer.append(next(pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(4, 7)))))
            return super().html(*said, **how)

    newer: list[str | None] = []
    assert next(pages.show(Client("a"), Slow(scan, "relu2_1", range(3)))) is None
    assert "unit 4" in str(newer[0])


def test_a_page_asked_for_when_all_of_the_last_is_known_has_what_drove_it_too(scan, pages):
    older = pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3)))
    while drivers(next(older) or "") < 3:
        pass
    wait_until(lambda: next(older, None) is None, "the older page to have nothing more")
    newer = pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(4, 7)))
    seen = [next(newer), *older, *newer]
    assert max(drivers(html) for html in seen[1:]) == 3
    assert pages._newest == pages._runs == {}


def test_a_page_without_a_place_says_so_under_its_patches_and_the_next_may_have_one(scan, pages):
    other = pages.show(Client("other"), UnitsPage(scan, "relu2_1", range(3)))
    while not drivers(next(other) or ""):
        pass
    *_, last = pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3)))
    assert "Every place is taken" in last
    assert (drivers(last), last.count("<figure>"), TO_COME in last) == (0, 3, False)
    other.close()
    wait_until(lambda: len(pages.runs._line) == 0, "the place to be given up")
    *_, last = (html for html in pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3))) if html)
    assert drivers(last) == 3


def test_stop_ends_a_page_after_a_unit_and_says_so(scan, pages):
    showing = pages.show(Client("a"), UnitsPage(scan, "relu2_1", range(3)))
    while not drivers(next(showing) or ""):
        pass
    pages.runs.stop("a")
    *_, last = showing
    assert "Stopped after 1 of 3 units" in last
    assert TO_COME not in last
