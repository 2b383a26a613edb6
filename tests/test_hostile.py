"""What strangers sent to stop the next visitor, over raw HTTP: each of these got through once."""

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import attacks
import pytest
from bad_images import of_kind
from server import REAL_APP, SMALL, SMALL_APP, Server, Visitor, file_data, png, wait_until
from tiny import checks, waves

from nst.decoder import TOO_HARD
from nst.ui.running.bodies import (
    BROKEN_TEXT,
    LONG_SESSION,
    NO_SESSION,
    ONLY_UPLOADS,
    TOO_MANY_NAMED,
    TOO_MANY_VALUES,
)
from nst.ui.running.calls import NO_ANSWERS, NOT_QUEUED
from nst.ui.running.guard import LONG_UPLOAD_ID
from nst.ui.running.uploading import FILES_ONLY, MOST_FILES, TOO_MANY, UNREADABLE

OLD = 2 * 3600  # seconds
LEFT_BEHIND = (
    "0" * 64 + "/secret.png",
    "deep_links/" + "1" * 64 + "/state.json",
    "nst/" + "2" * 32 + "/lake-wave-7.png",
    "tmpabcdefgh",
)
STILL_KEPT = "3" * 64 + "/picture.png"
STRANGE = ({"a": 1}, [[]], "\0", -1, "é" * 300)


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Iterator[Server]:
    """The real app, started where an earlier one was killed an hour ago and more."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in (*LEFT_BEHIND, STILL_KEPT):
        file = folder / "nst-uploads" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"left behind")
        for path in (file, file.parent) if name in LEFT_BEHIND else ():
            os.utime(path, (time.time() - OLD,) * 2)
    server = Server(REAL_APP, folder)
    yield server
    server.stop()


def small_server(tmp_path_factory, name: str, **environment: str) -> Iterator[Server]:
    server = Server(SMALL_APP, tmp_path_factory.mktemp(name), **environment)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Iterator[Server]:
    """The small app at its usual limits, with little room for uploads."""
    yield from small_server(tmp_path_factory, "small", NST_UPLOAD_MEGABYTES="20")


@pytest.fixture(scope="module")
def space(tmp_path_factory) -> Iterator[Server]:
    """The small app behind a Space's proxies."""
    yield from small_server(tmp_path_factory, "space", SPACE_ID="someone/space")


def uploaded(server: Server) -> list[Path]:
    """Everything in the upload folder."""
    return [path for path in server.uploads.rglob("*") if path.is_file()]


# 1. Decoding


@pytest.mark.parametrize(
    ("attack", "says"),
    [
        (attacks.empty_scans, "more than 100 scans"),
        (attacks.shared_steps, "8,000 steps and at most 32"),
        (lambda: attacks.segments(4_900_000), TOO_HARD),
    ],
    ids=["scans", "steps", "segments"],
)
def test_a_picture_made_to_take_for_ever_is_refused_and_the_next_visitor_paints(public, attack, says):
    attacker, visitor = Visitor(public), Visitor(public)
    attacking, style = attacker.upload(attack()), attacker.upload(png(checks()))
    content = visitor.upload(png(waves(128, 96)))
    with ThreadPoolExecutor(1) as pool:
        inputs = attacker.transfer_inputs(attacking, style, **SMALL)
        answer = pool.submit(attacker.answer, "transfer", *inputs)
        last = visitor.run("transfer", *visitor.transfer_inputs(content, style, **SMALL))[1]
        assert last["state"] == "done", last["message"]
        assert says in answer.result()
    assert "Traceback" not in public.log.read_text()


# 2. Who is who


def silent_run(server: Server, name: str, forwarded: str = "") -> None:
    """A run joined under a session's name of its own, to whose answers nobody listens."""
    body = {
        "data": [name, 1000, 0.2],
        "fn_index": server.fn_index("counting"),
        "session_hash": secrets.token_hex(6),
    }
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    server.http.post("/gradio_api/queue/join", json=body, headers=headers).raise_for_status()


def answers(server: Server, forwarded: str) -> Iterator[str]:
    """What a run is told, from first to last, that is asked for from this address."""
    headers = {"x-forwarded-for": forwarded}
    body = {"data": [forwarded, 1, 0.01]}
    event = server.http.post("/gradio_api/call/counting", json=body, headers=headers).json()["event_id"]
    with server.http.stream("GET", f"/gradio_api/call/counting/{event}") as answer:
        for line in answer.iter_lines():
            if line.startswith("data: ["):
                yield json.loads(line.removeprefix("data: "))[1]["message"]


def test_on_a_space_an_address_is_the_last_public_one_and_not_what_a_client_puts_before_it(space):
    for number in range(4):
        silent_run(space, f"forging{number}", forwarded=f"198.51.100.{number}, 203.0.113.9, 10.0.0.7")
    wait_until(lambda: sum(e.startswith("called forging") for e in space.entries()) == 4, "four runs")
    assert any("Your network has 4 of the 4" in said for said in answers(space, "192.0.2.1, 203.0.113.9"))
    assert "4 runs come before yours." in answers(space, "203.0.113.77")


@pytest.mark.parametrize("length", [65, 5_000])
def test_a_long_name_of_a_session_is_refused_everywhere(small, length):
    name = "s" * length
    body = {"data": ["a", 1, 0.01], "fn_index": small.fn_index("counting"), "session_hash": name}
    answers = [
        small.http.post("/gradio_api/queue/join", json=body),
        small.http.post("/gradio_api/run/stop", json={"data": [], "session_hash": name}),
        small.http.post("/gradio_api/cancel", json={"session_hash": name, "event_id": "e", "fn_index": 0}),
        small.http.get(f"/gradio_api/queue/data?session_hash={name}"),
        small.http.get(f"/gradio_api/heartbeat/{name}"),
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(400, LONG_SESSION)}


@pytest.mark.parametrize("name", ["", 0, ["a"]])
def test_an_empty_name_of_a_session_or_none_that_is_a_text_is_refused_and_the_queue_goes_on(public, name):
    body = {"data": [], "fn_index": public.fn_index("transfer"), "session_hash": name}
    for route in ("queue/join", "call/transfer", "run/private", "cancel"):
        answer = public.http.post(f"/gradio_api/{route}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (400, NO_SESSION)
    visitor = Visitor(public)
    assert "no pictures yet" in visitor.answer("transfer", *visitor.transfer_inputs(None, None))


# 3. Uploads


def test_a_few_files_may_come_in_one_request_and_twenty_may_not(public):
    before = uploaded(public)
    files = [("files", (f"{n}.png", of_kind("PNG") + bytes(n))) for n in range(20)]
    answer = public.http.post("/gradio_api/upload", files=files)
    assert (answer.status_code, answer.text) == (400, TOO_MANY)
    assert uploaded(public) == before
    assert len(public.http.post("/gradio_api/upload", files=files[:MOST_FILES]).json()) == MOST_FILES


def test_one_request_may_not_be_of_any_size(public):
    before = uploaded(public)
    files = [("files", (f"{n}.png", bytes(19 * 2**20))) for n in range(4)]
    answer = public.http.post("/gradio_api/upload", files=files)
    assert answer.status_code == 413
    assert "64 MB" in answer.text
    assert uploaded(public) == before


def test_one_address_may_upload_only_so_much(small):
    first = small.http.post("/gradio_api/upload", files={"files": ("a.png", bytes(12 * 2**20))})
    second = small.http.post("/gradio_api/upload", files={"files": ("b.png", bytes(9 * 2**20))})
    assert (first.status_code, second.status_code) == (200, 400)
    assert second.text.startswith("20 MB came from your network address")


@pytest.mark.parametrize(
    "parts",
    [
        {"data": {"x": "y" * 100}, "files": {"files": ("a.png", b"a")}},
        {"data": {"files": "y" * (20 * 2**20)}, "files": {"files": ("a.png", b"a")}},
        {"files": {"other": ("a.png", b"a")}},
    ],
    ids=["a field", "20 MB of a field", "another name"],
)
def test_an_upload_holds_files_only(public, parts):
    before = uploaded(public)
    answer = public.http.post("/gradio_api/upload", **parts)
    assert (answer.status_code, answer.text) == (400, FILES_ONLY)
    assert uploaded(public) == before


def test_an_upload_that_is_cut_off_leaves_nothing_behind(public):
    before = uploaded(public)
    connection = public.connection(
        "POST /gradio_api/upload HTTP/1.1",
        "Host: here",
        "Content-Type: multipart/form-data; boundary=b",
        "Content-Length: 1000000",
        "",
        "--b",
        'Content-Disposition: form-data; name="files"; filename="half.png"',
        "",
        "",
        body=bytes(300_000),
    )
    wait_until(lambda: uploaded(public) != before, "the upload to begin")
    connection.close()
    wait_until(lambda: uploaded(public) == before, "the half upload to go")


def test_what_a_killed_app_left_behind_for_an_hour_is_deleted_at_the_next_start(public):
    assert [name for name in (*LEFT_BEHIND, STILL_KEPT) if (public.uploads / name).exists()] == [STILL_KEPT]


def test_no_links_are_saved(public):
    visitor = Visitor(public)
    visitor.answer("transfer")  # so that the session is known
    answer = public.http.get(f"/gradio_api/deep_link?session_hash={visitor.session}")
    assert answer.status_code == 404
    assert not (public.uploads / "deep_links").exists() or not list((public.uploads / "deep_links").iterdir())


def test_a_long_name_of_an_upload_is_refused_before_anything_is_kept_of_it(public):
    name = "u" * 65
    answers = [
        public.http.get(f"/gradio_api/upload_progress?upload_id={name}"),
        public.http.post(f"/gradio_api/upload?upload_id={name}", files={"files": ("a.png", b"a")}),
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(400, LONG_UPLOAD_ID)}


# 4. Routes


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/run/upload",
        "/gradio_api/call/upload",
        "/upload",
        "/gradio_api/upload/",
        "/gradio_api/run/mcp",
    ],
)
def test_only_the_upload_itself_may_be_large(public, path):
    answer = public.http.post(path, content=b"x" * (2 * 2**20))
    assert answer.status_code == 413


@pytest.mark.parametrize("route", ["process_recording", "component_server", "vibe-edit"])
def test_routes_that_take_bodies_of_their_own_are_closed(public, route):
    before = uploaded(public)
    answer = public.http.post(f"/gradio_api/{route}", files={"file": ("a.wav", bytes(2**20))})
    assert answer.status_code == 404
    assert uploaded(public) == before


def test_no_address_is_ever_fetched(public):
    forms = ("file=", "file/", "proxy=")
    addresses = ("http://{}/", "https://{}/a.png", "HTTP://{}/", "//{}/", "ftp://{}/")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for form, address in product(forms, addresses):
            path = form + address.format(f"127.0.0.1:{listener.getsockname()[1]}")
            answer = public.http.get(f"/gradio_api/{path}")
            assert answer.status_code in (403, 404), path
            assert answer.json()["detail"].endswith((".", "no addresses.")), path
        listener.settimeout(0.5)
        with pytest.raises(TimeoutError):
            listener.accept()


# 5. The queue


def test_what_the_page_calls_outside_the_queue_takes_no_place_in_it(public):
    ids = [d["id"] for d in public.config["dependencies"] if d["queue"] is False]
    for number in (ids[0], str(ids[-1])):
        body = {"data": [], "fn_index": number, "session_hash": "abc"}
        answer = public.http.post("/gradio_api/queue/join", json=body)
        assert (answer.status_code, answer.json()["detail"]) == NOT_QUEUED


@pytest.mark.parametrize("path", ["queue/data?session_hash=nobody", "call/transfer/" + "0" * 32])
def test_who_waits_for_answers_to_nothing_is_told_and_nothing_is_logged(public, path):
    before = public.log.read_text()
    answer = public.http.get(f"/gradio_api/{path}")
    assert (answer.status_code, answer.json()["detail"]) == NO_ANSWERS
    assert public.log.read_text() == before


def test_the_answers_to_an_event_are_there_once_and_whoever_asks_again_is_told(public):
    body = {"content": None, "style": None}
    event = public.http.post("/gradio_api/call/v2/transfer", json=body).json()["event_id"]
    assert "There are no pictures yet" in public.http.get(f"/gradio_api/call/transfer/{event}").text
    answer = public.http.get(f"/gradio_api/call/transfer/{event}")
    assert (answer.status_code, answer.json()["detail"]) == NO_ANSWERS


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("v2/nothing", {}, 404, "no endpoint of this name"),
        ("nothing", {"data": []}, 404, "no endpoint of this name"),
        ("v2/parts_alike", {"contents": None}, 400, "no parameter “contents”: it has content, "),
        ("v2/transfer", {"style": None}, 400, "also needs content"),
    ],
)
def test_a_wrong_name_of_an_endpoint_or_a_parameter_is_said_and_nothing_is_logged(
    public, path, body, status, says
):
    before = public.log.read_text()
    answer = public.http.post(f"/gradio_api/call/{path}", json=body)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert public.log.read_text() == before


@pytest.mark.parametrize("name", ["transfer", "gram", "nothing"])
@pytest.mark.parametrize("way", ["call", "run", "api"])
def test_too_few_values_or_no_such_function_is_said_and_nothing_is_logged(public, way, name):
    before = public.log.read_text()
    answer = public.http.post(f"/gradio_api/{way}/{name}", json={"data": [None], "session_hash": "abc"})
    assert answer.status_code == (404 if name == "nothing" else 400)
    expected = "no endpoint of this name" if name == "nothing" else "and 1 came"
    assert expected in answer.json()["detail"]
    assert public.log.read_text() == before


def test_too_few_values_for_a_function_of_the_page_are_said_and_nothing_is_logged(public):
    before = public.log.read_text()
    waiting = [d for d in public.config["dependencies"] if d["queue"] is not False and len(d["inputs"]) > 1]
    body = {"data": [None], "fn_index": waiting[0]["id"], "session_hash": "abc"}
    answer = public.http.post("/gradio_api/queue/join", json=body)
    assert answer.status_code == 400
    assert f"takes {len(waiting[0]['inputs'])} values and 1 came" in answer.json()["detail"]
    assert public.log.read_text() == before


# 6. Sentences


def is_sentence(said: object) -> bool:
    """Whether it is one line that ends as a sentence does, and no traceback."""
    return isinstance(said, str) and said.endswith(".") and "\n" not in said and "Traceback" not in said


@pytest.mark.parametrize("text", [b'"\\ud800"', b'{"\\udfff": 1}', b'"\xed\xa0\x80"'])
@pytest.mark.parametrize("route", ["queue/join", "run/stop", "call/transfer"])
def test_half_a_character_is_refused_with_a_sentence(public, route, text):
    body = b'{"data": [' + text + b'], "fn_index": 0, "session_hash": "abc"}'
    answer = public.http.post(
        f"/gradio_api/{route}", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["detail"]) == (400, BROKEN_TEXT)


def test_a_body_of_many_small_values_is_refused_before_it_is_read(public):
    body = {"data": [[[]] * 300_000], "fn_index": 0, "session_hash": "abc"}
    answer = public.http.post("/gradio_api/run/private", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (400, TOO_MANY_VALUES)


def test_a_path_of_any_length_is_refused_at_once_and_nothing_is_logged(public):
    visitor, before = Visitor(public), public.log.read_text()
    uploads = str(public.uploads.resolve())
    parts = f"{uploads}{'/a' * 50}"
    for path in (parts, "/a" * 100_000, f"{uploads}/{'a' * 300}", f"{uploads}/{'a' * 400_000}"):
        assert visitor.ask("gram", file_data(path)).json()["detail"] == ONLY_UPLOADS
    assert public.log.read_text() == before


def test_a_request_that_names_hundreds_of_files_is_refused(public):
    own = file_data(str(public.uploads.resolve() / ("a" * 64) / "gone.png"))
    assert Visitor(public).ask("gram", [own] * 101).json()["detail"] == TOO_MANY_NAMED


def test_an_upload_that_cannot_be_read_is_refused_with_a_sentence(public):
    kind = {"content-type": f"multipart/form-data; boundary={'b' * 300}"}
    answer = public.http.post("/gradio_api/upload", content=b"x", headers=kind)
    assert (answer.status_code, answer.json()["detail"]) == (400, UNREADABLE)


def test_a_function_that_does_not_exist_is_answered_with_a_sentence(public):
    for body in ({"data": [], "fn_index": 10**6, "session_hash": "a"}, {"data": [], "session_hash": "a"}):
        answer = public.http.post("/gradio_api/queue/join", json=body)
        assert answer.status_code in (400, 404)
        assert is_sentence(answer.json()["detail"])


@pytest.mark.parametrize("strange", STRANGE, ids=lambda value: str(value)[:8])
def test_whatever_is_sent_to_a_private_function_an_error_is_a_sentence(public, strange):
    session = secrets.token_hex(6)  # a new one costs the app a tenth of a second
    for dependency in public.config["dependencies"]:
        if dependency["queue"] is not False or not dependency["backend_fn"]:
            continue
        body = {
            "data": [strange] * len(dependency["inputs"]),
            "fn_index": dependency["id"],
            "session_hash": session,
            "event_data": strange,
        }
        answer = public.http.post("/gradio_api/run/private", json=body)
        if answer.status_code != 200:
            said = answer.json().get("error") or answer.json().get("detail")
            assert is_sentence(said), (dependency["id"], dependency["targets"], answer.text)


def test_whatever_is_sent_to_a_queued_function_an_error_is_a_sentence(public):
    visitor = Visitor(public)
    for dependency in public.config["dependencies"]:
        if dependency["queue"] is False or not dependency["backend_fn"]:
            continue
        for strange in ({"a": 1}, "é"):
            body = {
                "data": [strange] * len(dependency["inputs"]),
                "fn_index": dependency["id"],
                "session_hash": visitor.session,
            }
            joined = public.http.post("/gradio_api/queue/join", json=body)
            assert joined.status_code == 200, joined.text
            last = [m for m in visitor.messages() if m["msg"] == "process_completed"][-1]
            assert last["success"] or is_sentence(last["output"]["error"]), (dependency, last)


# 7. Headers and silence


@pytest.mark.parametrize("name", ["a.png", "a.html", "a.svg", "a.js"])
def test_what_a_visitor_uploaded_is_no_program_to_a_browser(public, name):
    path = Visitor(public).upload(b"<script>alert(1)</script>", name)["path"]
    for method in ("GET", "HEAD"):
        answer = public.http.request(method, f"/gradio_api/file={path}", headers={"range": "bytes=0-3"})
        assert answer.status_code in (200, 206)
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert "sandbox" in policy
        assert "default-src 'none'" in policy


@pytest.fixture(scope="module", autouse=True)
def soon(app) -> None:
    """The app whose silent connections are waited for is started before the other tests, if it was not."""


def test_connections_on_which_nothing_comes_are_closed(silent):
    for connection in silent:
        connection.settimeout(90)
    ends = [_end(connection) for connection in silent]
    assert b"408" in ends[3]
    assert b"Nothing came for 20 s" in ends[2]


def _end(connection: socket.socket) -> bytes:
    """What came until the server closed the connection."""
    found = b""
    while piece := connection.recv(2**16):
        found += piece
    return found


@pytest.fixture(scope="module", autouse=True)
def told_beside_the_unheard(small) -> str:
    """What one more is told beside eleven runs to whose answers nobody listens. They are begun before the
    other tests: after some seconds the app ends them."""
    for number in range(11):
        silent_run(small, f"silent{number}", forwarded=f"203.0.113.{number}")
    small.wait_for_entry("step silent")
    return Visitor(small).answer("counting", "late", 1, 0.01)


def test_a_silent_client_holds_a_few_places_whatever_names_it_invents_and_loses_them_soon(
    small, told_beside_the_unheard
):
    said = told_beside_the_unheard
    assert said.startswith("Your network has 4 of the 4 runs one network address may have: please wait")
    # Each would take 200 s; a room of eleven such runs was full for two hours.
    wait_until(lambda: Visitor(small).answer("counting", "next", 1, 0.01) == "next", "free places")
    assert sum(line.startswith("called silent") for line in small.entries()) == 4


def test_the_page_still_answers(public):
    assert public.http.get("/").status_code == 200
