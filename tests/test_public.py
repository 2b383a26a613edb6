"""The real app as strangers meet it, spoken to over raw HTTP in a process of its own."""

import base64
import threading
from pathlib import Path

import httpx
import pytest
from bad_images import NAMES, NOT_A_PICTURE, REFUSED, Bad, black_png
from server import REAL_APP, SMALL, Server, Visitor, file_data, png
from tiny import checks, waves

NAN = float("nan")
# One file of each kind of refusal; test_images.py has them all, and test_decoding.py what they pass through.
OF_EACH_KIND = [
    {bad.name: bad for bad in REFUSED}[name]
    for name in (
        "I01 empty",
        "I02 HTML",
        "I03 half a JPEG",
        "I06 400 megapixels of grey",
        "I11 one pixel",
        "I11 a ribbon",
        "I14 a text bomb",
        "I19 too long once turned",
    )
]


@pytest.fixture
def public(app) -> Server:
    return app


@pytest.fixture(scope="module")
def visitor(app) -> Visitor:
    """One who asks in every test that needs no other: a new one costs the app a tenth of a second."""
    return Visitor(app)


@pytest.fixture(scope="module")
def given(visitor) -> dict[str, dict]:
    """A content and a style image, uploaded once."""
    return {"content": visitor.upload(png(waves(128, 96))), "style": visitor.upload(png(checks()))}


@pytest.fixture(scope="module")
def warm(app, visitor, given) -> Server:
    """The app when it has imported, read and measured all that a run needs, which it begins to at its start:
    what it holds then grows by what is asked of it alone."""
    usual = {"size": 64, "evaluations": 1}
    visitor.run("transfer", *visitor.transfer_inputs(**given, **usual))
    return app


def in_url(data: bytes) -> dict:
    return {
        "path": None,
        "url": "data:image/png;base64," + base64.b64encode(data).decode(),
        "meta": {"_type": "gradio.FileData"},
    }


def test_the_real_app_paints_for_a_stranger(visitor, given):
    picture, last = visitor.run("transfer", *visitor.transfer_inputs(**given, **SMALL))
    assert last["state"] == "done", last["message"]
    assert visitor.look(picture).shape == (48, 64, 3)


def test_the_page_is_compressed_for_whoever_takes_that_and_a_picture_is_not(public, given):
    def asked(path: str, encoding: str) -> httpx.Response:
        return httpx.get(f"{public.url}{path}", headers={"Accept-Encoding": encoding})

    plain, small = asked("/", "identity"), asked("/", "gzip")
    assert plain.headers.get("content-encoding") is None
    assert small.headers["content-encoding"] == "gzip"
    assert small.text == plain.text
    assert int(small.headers["content-length"]) < len(plain.content) / 3
    path = f"/gradio_api/file={given['content']['path']}"
    assert "content-encoding" not in asked(path, "gzip").headers


def test_what_the_app_keeps_of_a_run_is_served_to_nobody(public, visitor, given):
    picture, _ = visitor.run("transfer", *visitor.transfer_inputs(**given, **SMALL))
    kept = Path(picture["path"]).parent / "made" / "run.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("where the pictures are")
    for name in (
        f"file={kept}",
        f"file/{kept}",
        f"file={kept.parent}/../made/run.json",
        f"file={kept}/",
        f"file={kept}/x/%2e%2e",
    ):
        answer = httpx.get(f"{public.url}/gradio_api/{name}")
        assert answer.status_code >= 400, name
        assert "where the pictures are" not in answer.text


ELSE = {
    "none": None,
    "data": in_url(png(waves(128, 96))),
    "bomb": in_url(black_png(9000, 9000)),
    "metadata": file_data("http://169.254.169.254/latest/meta-data"),
    "https": file_data("https://example.com/picture.jpg"),
    "passwd": file_data("/etc/passwd"),
    "dots": file_data("../../../../etc/passwd"),
    "source": file_data(str(REAL_APP)),
    "nul": file_data("picture\0.png"),
}


@pytest.mark.parametrize(
    ("which", "picture"), [*(("style", each) for each in ELSE), ("content", "none"), ("content", "passwd")]
)
def test_anything_but_an_uploaded_file_is_refused_with_a_sentence(warm, visitor, given, which, picture):
    before = warm.memory()
    inputs = visitor.transfer_inputs(**{**given, which: ELSE[picture]}, **SMALL)
    sentence = "image yet" if picture == "none" else "uploaded files only"
    assert sentence in visitor.answer("transfer", *inputs)
    assert warm.memory() < before + 50


def test_a_file_that_is_gone_by_the_time_of_the_run_is_refused_with_a_sentence(visitor, given):
    gone = file_data(given["content"]["path"].replace("picture.png", "gone.png"))
    said = visitor.answer("transfer", *visitor.transfer_inputs(gone, given["style"], **SMALL))
    assert "choose the picture again" in said


def test_a_large_body_is_refused_before_it_is_read(warm):
    before = warm.memory()
    answer = Visitor(warm).ask("transfer", "x" * (30 * 2**20))
    assert answer.status_code == 413
    assert "1024 kB" in answer.text
    assert warm.memory() < before + 20


def test_a_file_over_20_MB_is_refused_while_it_comes_in(public):
    answer = public.http.post("/gradio_api/upload", files={"files": ("a.png", bytes(21 * 2**20))})
    assert answer.status_code == 413


@pytest.mark.parametrize("bad", OF_EACH_KIND, ids=lambda bad: bad.name)
def test_a_bad_file_is_refused_over_http_in_its_own_words(visitor, given, bad: Bad):
    style = visitor.upload(bad.make(), "picture.jpg")
    said = visitor.answer("transfer", *visitor.transfer_inputs(given["content"], style, **SMALL))
    assert bad.says in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_file_name_has_no_effect_and_is_never_echoed(public, visitor, given, name):
    content = visitor.upload(b"no picture", name)
    assert public.uploads.resolve().as_posix() in content["path"]
    said = visitor.answer("transfer", *visitor.transfer_inputs(content, given["style"], **SMALL))
    assert NOT_A_PICTURE in said
    assert name not in said


@pytest.mark.parametrize(
    "path",
    [
        str(REAL_APP),
        "/etc/passwd",
        "/proc/self/environ",
        "/gradio_api/../app.py",
        "nst/settings.py",
        "{uploads}/../journal",
        "{uploads}/../cache",
    ],
)
def test_files_outside_the_uploads_are_never_served(public, path):
    path = path.format(uploads=public.uploads)
    assert public.http.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_the_folder_of_all_runs_cannot_be_listed(public):
    answer = public.http.get(f"/gradio_api/file={public.uploads}/nst")
    assert answer.status_code in (403, 404)


def test_no_run_begins_around_the_queue(public, visitor, given):
    before = public.run_folders()
    visitor.press("transfer", *visitor.transfer_inputs(**given, **SMALL))
    assert public.run_folders() == before


@pytest.mark.parametrize("data", [[], [None], [1, 2, 3], [None] * 200, [[]] * 22, [{}] * 22])
def test_missing_and_extra_fields_leave_the_app_alive(public, visitor, data):
    said = visitor.answer("transfer", *data)
    assert said.endswith(".")
    assert "\n" not in said
    assert public.http.get("/config").status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        *(("size", value, "Size must be a whole number from 64 to") for value in (-1, NAN, "abc", [], {})),
        *(("size", value, "This app paints with size up to") for value in (1e308, float("inf"))),
        ("evaluations", NAN, "Evaluations must be a whole number from 1 to"),
        ("seed", NAN, "Seed must be a whole number from 0 to"),
        ("strength", NAN, "Strength must be a number from 0.1 to"),
        ("alpha", NAN, "α (alpha) must be a number from 0 to"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_by_name_and_range(public, visitor, given, name, sentence, value):
    before = public.run_folders()
    inputs = visitor.transfer_inputs(**given, **{**SMALL, name: value})
    assert sentence in visitor.answer("transfer", *inputs)
    assert public.run_folders() == before


def test_the_page_answers_while_a_run_goes_on(public):
    visitor = Visitor(public)
    content, style = visitor.upload(png(waves(512, 512))), visitor.upload(png(checks(512, 512)))
    inputs = visitor.transfer_inputs(content, style, **{**SMALL, "size": 512, "evaluations": 500})
    outputs = visitor.outputs(visitor.join("transfer", *inputs))
    next(update for update in outputs if update[1]["state"] == "working")
    answered = threading.Event()

    def ask() -> None:
        for _ in range(5):
            public.http.get("/config").raise_for_status()
        answered.set()

    threading.Thread(target=ask).start()
    # The run lasts minutes: whoever had to wait for its end would not be heard in this time.
    assert answered.wait(20)
    outputs.close()


def test_the_log_has_no_file_names(public):
    visitor = Visitor(public)
    content, style = (
        visitor.upload(png(waves(128, 96)), "my-secret-holiday.png"),
        visitor.upload(png(checks())),
    )
    visitor.run("transfer", *visitor.transfer_inputs(content, style, **SMALL))
    assert "my-secret-holiday" not in public.log.read_text()
