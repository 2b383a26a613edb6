"""Files that are replaced whole or not at all."""

import errno
import os
import stat
from pathlib import Path

import pytest

from nst.folders import replacing


def written(path, text: str) -> Path:
    """Where the text was written to, that then stood at the path."""
    with replacing(path) as file:
        file.write_text(text)
    return file


def half_written(path) -> None:
    with replacing(path) as file:
        file.write_text("half")
        raise OSError("full")


def test_a_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "new.png"
    with pytest.raises(OSError, match="full"):
        half_written(path)
    assert not [*tmp_path.iterdir()]
    assert written(path, "whole").suffix == ".png"
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("new.png", "whole")]
    os.umask(mask := os.umask(0))
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


def test_what_is_there_stays_until_the_end_and_its_permissions_stay_for_good(tmp_path):
    path = tmp_path / "old.png"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as file:
        file.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_a_killed_process_of_the_same_number_left_is_in_nobodys_way(tmp_path):
    (tmp_path / f".nst-{os.getpid()}.png").touch()
    written(tmp_path / "new.png", "whole")
    assert (tmp_path / "new.png").read_text() == "whole"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_file_in_a_folder_that_takes_no_other_is_written_to_itself(tmp_path, monkeypatch, number):
    def refusing(file, mode="r", *more, **others):
        if "x" in mode:
            raise OSError(number, os.strerror(number))
        return usual(file, mode, *more, **others)

    path, usual = tmp_path / "mounted.png", Path.open
    path.write_text("old")
    monkeypatch.setattr(Path, "open", refusing)
    assert written(path, "new") == path
    assert path.read_text() == "new"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path, there):
    (tmp_path / "far").mkdir()
    link, target = tmp_path / "link.png", tmp_path / "far" / "kept.bin"
    link.symlink_to(target)
    if there:
        target.write_text("old")
    assert written(link, "new").parent == target.parent
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert [*target.parent.iterdir()] == [target]


def test_a_device_is_written_to_and_stays_one(tmp_path):
    link = tmp_path / "link.png"
    link.symlink_to("/dev/null")
    assert written(link, "gone") == link
    assert Path("/dev/null").is_char_device()
    assert [*tmp_path.iterdir()] == [link]


def test_a_file_that_cannot_change_its_place_changes_its_bytes(tmp_path, monkeypatch):
    def refused(*paths):
        raise OSError("mounted")

    path = tmp_path / "mounted.png"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", refused)
    written(path, "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("mounted.png", "new")]
