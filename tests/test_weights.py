"""Where the filters come from: the retrained network against a real server that speaks the Hub's protocol and
misbehaves; every other source without one."""

import itertools
import os
import re
import resource
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from filelock import FileLock, Timeout
from hub_server import Fault, published_tensors, serving, write_published
from huggingface_hub import constants
from safetensors.torch import save_file
from server import wait_until

from nst import weights
from nst.errors import SettingsError, WeightsError
from nst.network.layers import CONVS
from nst.report import result_of
from nst.weights import find_filters, hub
from nst.weights.loading import beside

ROOT = Path(__file__).resolve().parents[1]
COUNT = 5  # convolutions fetched, but for one test: all sixteen are 80 MB
WEIGHTS = sum(tensor.nbytes for tensor in published_tensors(COUNT).values())
BEGUN = f"{hub.NAME}.begun"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    path = tmp_path_factory.mktemp("hub") / "model.safetensors"
    write_published(path, published_tensors(COUNT))
    return path


@pytest.fixture
def server(published, monkeypatch):
    with serving(published) as server:
        use(monkeypatch, server.url)
        yield server


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache of ours, and of Hugging Face's; a download of few and short pieces."""
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "CONVS", CONVS[:COUNT])
    monkeypatch.setattr(hub, "PIECE", 1 << 18)
    return tmp_path / "cache"


def use(monkeypatch, url):
    """What HF_ENDPOINT does, which huggingface_hub reads once at import."""
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def hurry(monkeypatch):
    """No waiting between tries."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)


def found(source="torchvision", through="relu3_1"):
    """(filters, all that was said on the way)."""
    search, seen = find_filters(source, through), []
    while True:
        try:
            seen.append(next(search))
        except StopIteration as end:
            return end.value, seen


def refusal(source="torchvision"):
    with pytest.raises(WeightsError) as refused:
        found(source)
    sentence = str(refused.value)
    assert "Error" not in sentence
    assert sentence.endswith(".")
    return sentence


def assert_published(filters, count=COUNT):
    tensors = published_tensors(count)
    assert (filters.label, filters.kind) == (weights.RETRAINED, "torchvision")
    assert len(filters.kernels) == len(filters.biases) == count
    for conv, kernel, bias in zip(CONVS, filters.kernels, filters.biases, strict=False):
        assert torch.equal(kernel, tensors[f"features.{conv.index}.weight"])
        assert torch.equal(bias, tensors[f"features.{conv.index}.bias"])


def leftovers(cache):
    """What is in the cache beside the file that is kept and the lock."""
    return sorted({entry.name for entry in cache.iterdir()} - {hub.NAME, "download.lock"})


# What needs no network


def test_self_taught_asks_nobody(server):
    assert found("self-taught") == (None, [])
    assert server.requests == 0


@pytest.mark.parametrize("source", ["auto", "torchvision"])
def test_an_unknown_layer_is_a_settings_error(source):
    with pytest.raises(SettingsError, match="relu9_9"):
        found(source, "relu9_9")


def test_a_named_file_takes_the_place_of_the_packaged_network(tmp_path, monkeypatch):
    path = tmp_path / "mine.safetensors"
    save_file(published_tensors(5), path)
    monkeypatch.setenv("NST_WEIGHTS", str(path))
    for source in ("auto", str(path)):
        filters, seen = found(source)
        assert (filters.label, filters.kind, seen) == ("VGG-19 from mine.safetensors", "file", [])
    monkeypatch.setenv("NST_WEIGHTS", str(tmp_path / "gone.pth"))
    assert "gone.pth” does not exist" in refusal("auto")


def test_the_name_of_former_times_is_no_source():
    assert "“imagenet” does not exist" in refusal("imagenet")


def test_the_hugging_face_cache_is_used_without_network(published, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in refusal()
    snapshot = tmp_path / "hf" / "models--timm--vgg19.tv_in1k" / "snapshots" / hub.REVISION
    snapshot.mkdir(parents=True)
    (snapshot / hub.FILE).symlink_to(published)
    assert_published(found()[0])


# The download


def test_all_sixteen_convolutions_are_fetched_once_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "CONVS", CONVS)
    monkeypatch.setattr(hub, "PIECE", 1 << 23)
    write_published(tmp_path / "model.safetensors", published_tensors(16))
    with serving(tmp_path / "model.safetensors") as server:
        use(monkeypatch, server.url)
        assert_published(found(through="relu5_4")[0], 16)
        needed = sum(4 * (9 * conv.inputs + 1) * conv.outputs for conv in CONVS)
        assert server.sent == needed
        asked = sorted(server.ranges)
        assert asked[:2] == [(0, 8), (8, server.base)]
        assert all(a[1] == b[0] for a, b in itertools.pairwise(asked))
    assert_published(found(through="relu2_1")[0], 3)


def test_progress_grows_and_is_told_in_megabytes(server):
    server.fault = Fault("slow", 200_000)
    _, seen = found()
    downloading = [each for each in seen if not each.startswith("Asking")]
    told = [re.fullmatch(r"Downloading VGG-19: (\d+) of (\d+) MB\.", each) for each in downloading]
    done = [int(each[1]) for each in told]
    assert done == sorted(done)
    assert len(set(done)) >= 2
    assert {int(each[2]) for each in told} == {round(WEIGHTS / 1e6)}


def test_the_same_words_again_are_a_sign_of_life():
    def waiting():
        for _ in range(15):
            time.sleep(0.1)
            yield "Waiting."
        return "there"

    assert result_of(beside(waiting(), "Asking.", 1.0, "Not a word for a second.")) == "there"


def test_a_cut_piece_is_asked_for_again(server, monkeypatch):
    hurry(monkeypatch)
    server.fault = Fault("cut", 100_000, times=2)
    assert_published(found()[0])


@pytest.mark.parametrize("kind", ["status", "storage-status"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(server, kind, status, monkeypatch):
    hurry(monkeypatch)
    server.fault = Fault(kind, status, times=2)
    assert_published(found()[0])


def test_a_closed_download_is_resumed_by_the_next_one(server, cache):
    server.fault = Fault("slow", 100_000)
    search = find_filters("torchvision", "relu3_1")
    while not (cache / BEGUN).exists() or (cache / BEGUN).stat().st_size < 500_000:
        next(search)
    search.close()
    wait_until(lambda: not held(cache / "download.lock"), "the download to be given up")
    have = (cache / BEGUN).stat().st_size
    server.fault, server.ranges = None, []
    assert_published(found()[0])
    asked = sum(stop - start for start, stop in server.ranges if start >= server.base)
    assert 500_000 <= have == (cache / hub.NAME).stat().st_size - asked
    assert leftovers(cache) == []


@pytest.mark.parametrize("have", [0, 5, 400, 300_001])
def test_a_download_that_was_cut_anywhere_goes_on_from_there(server, cache, have):
    found()
    whole = (cache / hub.NAME).read_bytes()
    (cache / BEGUN).write_bytes(whole[:have])
    (cache / hub.NAME).unlink()
    found()
    assert (cache / hub.NAME).read_bytes() == whole
    assert leftovers(cache) == []


def held(path):
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


CLIENT = f"""
import pathlib, sys
from nst.network.layers import CONVS
from nst.weights import find_filters, hub

hub.CONVS = CONVS[:{COUNT}]
search = find_filters("torchvision", "relu3_1")
try:
    while True:
        if "Waiting" in next(search):
            pathlib.Path(sys.argv[1]).touch()
except StopIteration as end:
    print(end.value.label, len(end.value.kernels))
"""


def test_two_processes_at_once_make_one_good_file(server, tmp_path):
    server.may_send.clear()
    environment = {**os.environ, "HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", CLIENT, str(tmp_path / "waiting")]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    try:
        wait_until((tmp_path / "waiting").exists, "one process to wait for the other")
    finally:
        server.may_send.set()
    printed = [process.communicate(timeout=90)[0].strip() for process in processes]
    assert printed == [f"{weights.RETRAINED} {COUNT}"] * 2
    assert_published(found()[0])
    assert server.sent < 2 * WEIGHTS


def test_two_runs_in_one_process_share_one_download(server):
    results = []
    threads = [threading.Thread(target=lambda: results.append(found()[0])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for filters in results:
        assert_published(filters)
    assert len(results) == 2
    assert server.sent == WEIGHTS


def test_a_damaged_file_in_the_cache_is_noticed_and_mended(server, cache):
    found()
    path = cache / hub.NAME
    path.write_bytes(path.read_bytes()[:-1000])
    assert_published(found()[0])
    assert server.sent == 2 * WEIGHTS


@contextmanager
def room_for(size):
    """What a full disk is to the program: no file can grow beyond this many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_said_in_one_sentence_and_what_came_need_not_come_again(server, cache):
    with room_for(1_000_000):
        assert "cannot be kept: make room" in refusal()
    assert leftovers(cache) == [BEGUN]
    assert (cache / BEGUN).stat().st_size == 1_000_000
    assert_published(found()[0])
    assert WEIGHTS < server.sent <= WEIGHTS + hub.PIECE  # a piece was under way
    assert leftovers(cache) == []


def test_with_our_own_cache_no_network_is_needed(server, monkeypatch):
    found()
    before = server.requests
    assert_published(found()[0])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert_published(found()[0])
    assert server.requests == before


# What goes wrong


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("page"), "sent something else than was asked for"),
        (Fault("status", 404), "cannot be reached or keeps breaking off"),
        (Fault("status", 401), "cannot be reached or keeps breaking off"),
        (Fault("status", 503), "cannot be reached or keeps breaking off"),
        (Fault("storage-status", 503), "cannot be reached or keeps breaking off"),
        (Fault("storage-status", 416), "cannot be reached or keeps breaking off"),
        (Fault("sha256"), "another file than the published one"),
        (Fault("whole"), "other bytes than were asked for"),
        (Fault("header"), "a damaged file"),
        (Fault("cut", 0), "cannot be reached or keeps breaking off"),
    ],
    ids=lambda value: f"{value.kind} {value.amount}" if isinstance(value, Fault) else None,
)
def test_a_wrong_answer_is_named_and_never_kept(server, cache, monkeypatch, fault, reason):
    hurry(monkeypatch)
    server.fault = fault
    sentence = refusal()
    assert reason in sentence
    assert sentence.endswith(hub.ADVICE)
    assert not (cache / hub.NAME).exists()
    server.fault = None
    assert_published(found()[0])


def without_a_number(path):
    damaged = published_tensors(COUNT)
    damaged["features.5.weight"][3, 2, 1, 0] = float("nan")
    write_published(path, damaged)


def in_another_shape(path):
    write_published(path, published_tensors(COUNT))
    told = path.read_bytes()[:20_000]
    path.write_bytes(told.replace(b"[64, 64, 3, 3]", b"[64, 64, 9, 1]") + path.read_bytes()[20_000:])


def with_a_tensor_cut_short(path):
    write_published(path, published_tensors(COUNT))
    told = path.read_bytes()[:20_000]
    start, stop = 4 * 64 * 27, 4 * 64 * 28  # of the first bias
    was, less = (f"[{start}, {at}]".encode() for at in (stop, stop - 4))
    path.write_bytes(told.replace(was, less) + path.read_bytes()[20_000:])


@pytest.mark.parametrize("damage", [without_a_number, in_another_shape, with_a_tensor_cut_short])
def test_a_file_that_is_not_the_published_one_is_refused_and_fetched_afresh(
    tmp_path, monkeypatch, cache, damage
):
    path = tmp_path / "model.safetensors"
    damage(path)
    with serving(path) as server:
        use(monkeypatch, server.url)
        assert refusal() == f"The weights came damaged: {hub.ADVICE}"
        assert leftovers(cache) == []
        assert not (cache / hub.NAME).exists()
        write_published(path, published_tensors(COUNT))
        assert_published(found()[0])


def refuse(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        use(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}")


def unknown_name(monkeypatch):
    use(monkeypatch, "http://nobody.invalid")


def name_server_that_never_answers(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(20) and None)
    monkeypatch.setattr(hub, "SILENCE", 1.0)
    use(monkeypatch, "http://huggingface.test")
    return released


@pytest.mark.parametrize("network", [refuse, unknown_name, name_server_that_never_answers])
def test_with_no_network_the_sentence_comes_in_time(monkeypatch, network):
    monkeypatch.setattr(hub, "PAUSES", (0.01, 0.03))
    released = network(monkeypatch)
    start = time.monotonic()
    assert refusal() == hub.UNREACHABLE
    assert time.monotonic() - start < hub.SILENCE + 5
    if released:
        released.set()
    assert found("auto", "relu1_1")[0].kind == "packaged"


def test_a_server_that_falls_silent_is_given_up_and_can_be_asked_again(server, cache, monkeypatch):
    monkeypatch.setattr(hub, "SILENCE", 1.0)
    server.fault = Fault("hang")
    assert refusal() == hub.UNREACHABLE
    assert refusal() == hub.UNREACHABLE  # the first download still holds the lock
    server.fault = None
    server.released.set()
    wait_until(lambda: not held(cache / "download.lock"), "the download to be given up")
    assert_published(found()[0])


def test_a_cache_that_cannot_be_written_is_one_sentence(server, tmp_path, monkeypatch):
    (tmp_path / "a-file").write_text("in the way")
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "a-file" / "cache"))
    assert "NST_CACHE" in refusal()
