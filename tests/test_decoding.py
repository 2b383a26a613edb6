"""Strangers' pictures in processes of their own: the same pixels, within limits, no waiting for others."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attacks
import numpy as np
import pytest
from bad_images import ACCEPTED, REFUSED, encoded, noise, of_kind, scene, with_text
from server import wait_until

from nst import decoding, images
from nst.decoder import LENGTH, MEGABYTES, OPEN_FILES, TOO_HARD
from nst.errors import ImageRefused

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@pytest.fixture(autouse=True, scope="module")
def closed():
    yield
    decoding.close()


def free() -> list[decoding.Decoder]:
    return decoding._decoders._free


@pytest.mark.parametrize("odd", ACCEPTED[6:24], ids=lambda odd: odd.name)
def test_pixels_are_those_of_the_loader(odd):
    data = odd.make()
    here, there = images.load_picture(data, 200), decoding.load_picture(data, 200)
    assert np.array_equal(np.asarray(here), np.asarray(there))
    assert there.info == {}


@pytest.mark.parametrize("bad", REFUSED[:8], ids=lambda bad: bad.name)
def test_refusals_are_those_of_the_loader(bad):
    with pytest.raises(ImageRefused, match="please") as refusal:
        decoding.load_picture(bad.make())
    assert bad.says in str(refusal.value)


def test_a_header_is_read_there_too():
    assert decoding.picture_size(of_kind("JPEG")) == scene().size
    assert decoding.read_text(with_text("nst", "{}"))["nst"] == "{}"


def test_a_picture_is_given_by_path_and_a_path_that_is_no_file_is_refused(tmp_path):
    (tmp_path / "picture").write_bytes(of_kind("PNG"))
    assert decoding.load_picture(tmp_path / "picture").size == scene().size
    with pytest.raises(ImageRefused, match="cannot be read"):
        decoding.load_picture(tmp_path / "gone")


@pytest.fixture
def impatient(monkeypatch) -> Iterator[None]:
    """Decoders that give a picture one second: what takes for ever takes the whole of it."""
    start, serve = decoding.subprocess.Popen, "from nst.decoder import serve; serve()"
    impatiently = "from nst import decoder; decoder.SECONDS = 1; decoder.serve()"

    def begun(command: list[str], **how: Any) -> subprocess.Popen:
        assert command[-1] == serve
        return start([*command[:-1], impatiently], **how)

    decoding.close()
    monkeypatch.setattr(decoding.subprocess, "Popen", begun)
    yield
    decoding.close()


@pytest.mark.parametrize(
    ("read", "attack", "count"),
    [  # picture_size: below
        (decoding.load_picture, attacks.segments, 4_900_000),
        (decoding.read_text, attacks.segments, 4_900_000),
        (decoding.load_picture, attacks.tiny_chunks, 1_600_000),
    ],
)
def test_a_file_that_takes_long_even_to_look_at_is_given_up(impatient, read, attack, count):
    with pytest.raises(ImageRefused) as refusal:
        read(attack(count))
    assert str(refusal.value) == TOO_HARD
    assert decoding.load_picture(of_kind("PNG")).size == scene().size


def test_headers_that_take_long_leave_decoders_for_pictures(impatient):
    hard, said = attacks.segments(4_900_000), []

    def read(_: int) -> None:
        with pytest.raises(ImageRefused) as refusal:
            decoding.picture_size(hard)
        said.append(str(refusal.value))

    with ThreadPoolExecutor(10) as pool:
        reading = pool.map(read, range(10))
        assert decoding.load_picture(of_kind("PNG")).size == scene().size
        list(reading)
    assert Counter(said) == {TOO_HARD: decoding.HEADERS_AT_ONCE, decoding.BUSY: 10 - decoding.HEADERS_AT_ONCE}


def test_nobody_waits_for_the_picture_of_someone_else():
    with decoding._decoders.one() as busy:
        os.kill(busy.process.pid, signal.SIGSTOP)
        assert decoding.load_picture(of_kind("PNG")).size == scene().size
        os.kill(busy.process.pid, signal.SIGCONT)


def test_a_decoder_that_hangs_is_ended(monkeypatch):
    decoding.warm_up()
    monkeypatch.setattr(decoding, "PATIENCE", 0.2)
    hanging = free()[-1].process
    os.kill(hanging.pid, signal.SIGSTOP)
    with pytest.raises(ImageRefused):
        decoding.load_picture(of_kind("PNG"))
    assert hanging.returncode == -signal.SIGKILL


def test_a_decoder_that_has_died_is_replaced():
    decoding.warm_up()
    dead = free()[-1].process
    dead.kill()
    wait_until(lambda: dead.poll() is not None, "the decoder to die")
    assert decoding.load_picture(of_kind("PNG")).size == scene().size


def test_what_lies_in_the_folder_the_app_is_started_in_is_not_imported(tmp_path, monkeypatch):
    decoding.close()
    (tmp_path / "random.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    assert decoding.load_picture(of_kind("PNG")).size == scene().size


def test_a_decoder_has_limits_and_no_secrets(monkeypatch):
    decoding.close()
    monkeypatch.setenv("HF_TOKEN", "a secret")
    decoding.load_picture(of_kind("PNG"))
    proc = Path(f"/proc/{free()[-1].process.pid}")
    limits = {line[:25].strip(): line[25:].split()[0] for line in (proc / "limits").read_text().splitlines()}
    assert limits["Max address space"] == str(MEGABYTES * 2**20)
    assert limits["Max open files"] == str(OPEN_FILES)
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert 3 < int(limits["Max cpu time"]) < 10
    assert b"a secret" not in (proc / "environ").read_bytes()


def test_where_the_system_takes_no_limit_pictures_are_opened_all_the_same():
    """As on macOS, which has none of address space."""
    refusing = """
import resource
def refuse(limit, values):
    raise ValueError("current limit exceeds maximum limit")
resource.setrlimit = refuse
from nst.decoder import serve
serve()
"""
    asked = json.dumps({"operation": "picture_size", "arguments": [], "bytes": len(of_kind("PNG"))})
    given = f"{asked}\n".encode() + of_kind("PNG")
    answer = subprocess.run([sys.executable, "-c", refusing], input=given, capture_output=True, check=True)
    assert json.loads(answer.stdout[LENGTH:])["value"] == list(scene().size)


def test_decoders_are_few_and_go_when_nobody_needs_them():
    decoding.load_picture(encoded(noise(64, 64), "PNG"))
    assert 1 <= len(free()) <= decoding.KEPT_WARM
    processes = [decoder.process for decoder in free()]
    decoding.close()
    assert all(process.returncode is not None for process in processes)


def test_an_opened_picture_waits_in_a_file_and_is_taken_once(tmp_path):
    kept = decoding.load_into(tmp_path / "given", of_kind("PNG"))
    assert np.array_equal(np.asarray(kept.take()), np.asarray(scene()))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ImageRefused, match="choose it again"):
        kept.take()
