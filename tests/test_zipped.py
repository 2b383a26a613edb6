"""A zip of pictures from a stranger: bounded, read in memory, refused with one sentence."""

import io
import zipfile
import zlib

import pytest
from server import png
from tiny import waves

from nst.errors import ImageRefused
from nst.ui import zipped
from nst.ui.zipped import is_zip, pictures_in


def a_zip(path, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return str(path)


def refused(path):
    with pytest.raises(ImageRefused) as error:
        pictures_in(path)
    said = str(error.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_the_files_of_a_zip_come_in_order_without_folders_and_clutter(tmp_path):
    one, two = png(waves(64, 64)), png(waves(80, 64))
    entries = {
        "a/one.png": one,
        "__MACOSX/a/._one.png": b"x",
        "a/.DS_Store": b"x",
        "a/Desktop.ini": b"x",
        "two.png": two,
    }
    path = a_zip(tmp_path / "pictures.zip", entries)
    assert is_zip(path)
    assert pictures_in(path) == [one, two]
    (tmp_path / "one.png").write_bytes(one)
    assert not is_zip(str(tmp_path / "one.png"))


def test_a_name_that_climbs_out_of_its_folder_writes_nothing(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    path = a_zip(inside / "climbing.zip", {"../../escaped.png": b"content"})
    assert pictures_in(path) == [b"content"]
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["climbing.zip", "inside"]


def test_too_many_files_are_refused_with_both_numbers(tmp_path):
    entries = {f"{n}.png": b"x" for n in range(zipped.MOST_IN_A_ZIP + 1)}
    assert "holds 25 files and at most 24 pictures" in refused(a_zip(tmp_path / "many.zip", entries))


def test_a_bomb_is_refused_and_not_unpacked(tmp_path):
    path = a_zip(tmp_path / "bomb.zip", {"zeros.png": bytes(zipped.MOST_BYTES + 1)})
    assert (tmp_path / "bomb.zip").stat().st_size < 100_000
    assert "over 40 MB when unpacked" in refused(path)


def test_a_size_that_the_list_understates_is_no_way_around_the_limit(tmp_path):
    path = tmp_path / "liar.zip"
    a_zip(path, {"zeros.png": bytes(zipped.MOST_BYTES + 1)})
    size = (zipped.MOST_BYTES + 1).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
    refused(str(path))


def test_a_long_list_of_files_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = a_zip(tmp_path / "list.zip", {f"{n:0100}.png": b"" for n in range(1000)})
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the list was read"))
    assert "lists too many files" in refused(path)


def test_a_list_is_found_to_be_long_also_where_its_end_is_hidden_from_a_search(tmp_path, monkeypatch):
    """The end's own fields hold its mark again, so that who searches from the back finds another end."""
    path = tmp_path / "hidden.zip"
    a_zip(path, {f"{n:0100}.png": b"" for n in range(1000)})
    data = path.read_bytes()
    size, start = (int.from_bytes(data[at : at + 4], "little") for at in (-10, -6))
    # The list alone and its end: in that two numbers of disks are the mark again, and the list begins at 0.
    path.write_bytes(data[start : start + size] + zipped.END * 2 + data[-14:-6] + bytes(6))
    with zipfile.ZipFile(path) as opened:
        assert len(opened.infolist()) == 1000
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("the list was read"))
    assert "lists too many files" in refused(str(path))


def test_an_encrypted_zip_is_refused(tmp_path):
    path = tmp_path / "secret.zip"
    a_zip(path, {"one.png": b"content"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of the entry itself, and of its line in the list
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refused(str(path))


def test_a_rare_way_of_packing_is_refused(tmp_path):
    assert "rare way" in refused(a_zip(tmp_path / "rare.zip", {"one.png": b"x" * 99}, zipfile.ZIP_LZMA))


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_zip_cut_short_is_refused(tmp_path, keep):
    path = tmp_path / "cut.zip"
    a_zip(path, {"one.png": png(waves(64, 64))})
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    assert "damaged" in refused(str(path))


def test_a_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "changed.zip"
    a_zip(path, {"one.png": zlib.compress(b"content" * 50)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    assert "damaged" in refused(str(path))


def test_an_empty_zip_is_refused(tmp_path):
    assert "no picture in this zip" in refused(a_zip(tmp_path / "empty.zip", {}))


def test_a_zip_in_a_zip_is_no_picture():
    from nst.images import load_picture

    inner = io.BytesIO()
    zipfile.ZipFile(inner, "w").close()
    with pytest.raises(ImageRefused):
        load_picture(inner.getvalue())
