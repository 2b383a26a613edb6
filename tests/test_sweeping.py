"""What stays on the disk and what is swept: the whole upload folder, by age and by bytes."""

import os
import tempfile
import time
from pathlib import Path

import pytest
from gradio.route_utils import FileUploadProgress

from nst.errors import NSTError
from nst.ui.running import leftovers, sweeping
from nst.ui.running.clients import LISTENERS, Client, network_of, trust_proxies
from nst.ui.running.leftovers import OldUploads, forget_files
from nst.ui.running.limits import Limits
from nst.ui.running.line import Line, LineFull
from nst.ui.running.sweeping import OWN, Folders, own_upload_folder

HOUR = 3600


@pytest.fixture(autouse=True)
def uploads(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


def put(uploads: Path, name: str, age: float = 0, size: int = 10) -> Path:
    """A file that was written `age` seconds ago, in a folder as old."""
    file = uploads / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))
    for path in (file, *(each for each in file.parents if each.is_relative_to(uploads))):
        os.utime(path, (time.time() - age,) * 2)
    return file


def left(uploads: Path) -> list[str]:
    return sorted(str(path.relative_to(uploads)) for path in uploads.rglob("*") if path.is_file())


def test_uploads_links_and_half_uploads_are_swept_with_the_runs(uploads):
    for name in (
        "a" * 64 + "/photo.png",
        "deep_links/" + "b" * 64 + "/state.json",
        "nst/" + "c" * 32 + "/x.png",
    ):
        put(uploads, name, age=2 * HOUR)
    put(uploads, "tmpabcd_123", age=sweeping.CUT_OFF_AFTER + 1)
    coming = put(uploads, "tmpabcd_124", age=sweeping.CUT_OFF_AFTER - 9)
    young = put(uploads, "d" * 64 + "/photo.png", age=60)
    Folders(Limits()).sweep()
    assert left(uploads) == sorted([coming.name, str(young.relative_to(uploads))])


def test_what_an_upload_that_still_comes_in_has_written_is_not_swept(uploads, monkeypatch):
    monkeypatch.setattr(sweeping, "CUT_OFF_AFTER", 0.0)
    folders = Folders(Limits())
    put(uploads, "tmpabcd_123", age=9)
    with folders.upload():
        coming = put(uploads, "tmpabcd_124")
        folders.sweep()
        assert left(uploads) == [coming.name]
    time.sleep(0.02)  # the clock of files is coarser
    folders.sweep()
    assert left(uploads) == []


def test_a_picture_uploaded_again_is_young_again(uploads):
    old = put(uploads, "a" * 64 + "/photo.png", age=2 * HOUR)
    coming = put(uploads, "tmpabcd_123")
    coming.rename(old)  # as Gradio does
    Folders(Limits()).sweep()
    assert old.is_file()


def test_a_picture_that_gradio_gave_out_again_is_young_again_though_its_folder_is_not(uploads):
    file = put(uploads, "a" * 64 + "/wave.jpg", age=2 * HOUR)
    os.utime(file)
    Folders(Limits()).sweep()
    assert left(uploads) == [str(file.relative_to(uploads))]


def test_what_is_not_gradios_is_never_swept(uploads):
    names = ["thesis.doc", "tmp/thesis.doc", "temporary", "A" * 64 + "/x", "a" * 39 + "/x"]
    for name in names:
        put(uploads, name, age=9 * HOUR)
    Folders(Limits(keep_megabytes=10)).sweep()
    assert left(uploads) == sorted(names)


def test_what_the_page_itself_shows_is_never_swept(uploads):
    shown = put(uploads, "a" * 64 + "/example.png", age=9 * HOUR)
    folders = Folders(Limits())
    folders.keep([str(shown)])
    folders.sweep()
    assert shown.is_file()


def test_uploads_and_results_share_one_limit_and_the_oldest_go(uploads):
    for age in range(4):
        put(uploads, f"{age}" * 64 + "/photo.png", age=60 + age, size=4 * 2**20)
        put(uploads, "nst/" + f"{age}" * 32 + "/x.png", age=60.5 + age, size=4 * 2**20)
    Folders(Limits(keep_megabytes=10)).sweep()
    assert [name[:5] for name in left(uploads)] == ["00000", "nst/0"]


def test_room_is_made_before_an_upload_and_not_only_once_a_minute(uploads):
    put(uploads, "a" * 64 + "/photo.png", age=60, size=9 * 2**20)
    folders = Folders(Limits(keep_megabytes=10))
    folders.make_room(2**20 // 2)
    assert len(left(uploads)) == 1
    folders.make_room(2 * 2**20)
    assert left(uploads) == []


def test_a_million_empty_files_count_too(uploads):
    for number in range(200):
        put(uploads, f"{number:064x}/empty.png", age=200 - number, size=0)
    Folders(Limits(keep_megabytes=10)).sweep()
    assert len(left(uploads)) == 10 * 2**20 // sweeping.LEAST_SIZE


def test_no_room_is_found_on_a_full_disk(uploads):
    with pytest.raises(NSTError, match="an upload needs 1000000000"):
        Folders(Limits(free_megabytes=10**9)).make_room(1)


def test_uploads_go_to_a_folder_of_this_apps_own_also_in_one_that_is_named(monkeypatch):
    given = os.environ["GRADIO_TEMP_DIR"]
    for _ in range(2):
        own_upload_folder()
        assert os.environ["GRADIO_TEMP_DIR"] == str(Path(given, OWN))
    monkeypatch.delenv("GRADIO_TEMP_DIR")
    own_upload_folder()
    assert Path(os.environ["GRADIO_TEMP_DIR"]).name == f"nst-{os.getuid()}"


def test_no_other_account_can_read_uploads_or_lead_them_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    usual = tmp_path / f"nst-{os.getuid()}"
    for prepared in (lambda: usual.mkdir(0o755), lambda: usual.symlink_to(tmp_path / "elsewhere")):
        monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
        prepared()
        own_upload_folder()
        folder = Path(os.environ["GRADIO_TEMP_DIR"])
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder == usual) is not usual.is_symlink()
        usual.unlink() if usual.is_symlink() else usual.rmdir()


def test_the_names_of_files_that_were_swept_are_forgotten_and_others_are_not(uploads):
    there = put(uploads, "a" * 64 + "/photo.png")
    files = {str(there), str(uploads / ("b" * 64) / "gone.png")}
    forget_files([files, set()])
    assert files == {str(there)}


def test_the_names_of_uploads_that_never_began_or_are_over_are_forgotten_at_the_second_look(monkeypatch):
    statuses = FileUploadProgress()
    old = OldUploads(statuses)

    def kept() -> set[str]:
        old.forget()
        return {*statuses._signals} | {*statuses._statuses}

    statuses._signals["asked"]  # as waiting for one does
    statuses.track("coming")
    statuses.set_done("ended")
    assert kept() == {"asked", "coming", "ended"}
    assert kept() == {"coming"}
    monkeypatch.setattr(leftovers, "LONGEST", -1.0)
    assert kept() == set()


def test_an_address_has_a_few_places_whatever_its_sessions_are_called():
    line = Line(slots=1, waiting=20, per_visitor=2, per_address=3)
    for name in "abc":
        line.enter(name, "203.0.113.9")
    with pytest.raises(LineFull, match="3 of the 3 runs one network address"):
        line.enter("d", "203.0.113.9")
    line.enter("d", "203.0.113.10")
    line.enter("d", None)
    line.enter("e", None)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("a proxy", "a proxy"),
        ("", ""),
    ],
)
def test_of_an_ipv6_address_only_the_network_counts(host, network):
    assert network_of(host) == network


def test_who_asks_within_this_process_is_always_listened_to():
    assert Client("a").listens()


def test_listeners_are_counted():
    with LISTENERS.one_more("a"), LISTENERS.one_more("a"):
        assert LISTENERS.has("a")
    assert not LISTENERS.has("a")
    assert not LISTENERS.has("b")


@pytest.mark.parametrize(
    ("space", "named", "trusted"), [("", "", ""), ("a/b", "", "10."), ("", "192.0.2.7", "192.")]
)
def test_nobodys_word_for_an_address_is_taken_but_a_spaces_proxies(monkeypatch, space, named, trusted):
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")  # so that it is as before afterwards
    monkeypatch.delenv("FORWARDED_ALLOW_IPS")
    monkeypatch.setenv("SPACE_ID", space)
    if named:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", named)
    trust_proxies()
    found = os.environ["FORWARDED_ALLOW_IPS"]
    assert trusted in found
    assert bool(found) is bool(trusted)
