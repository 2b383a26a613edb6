"""What a processor is fast at: measured once an installation, kept, and overruled by NST_PRECISION."""

import json
import os
import shutil
import subprocess
import sys
from threading import Thread

import pytest
import torch
from filelock import FileLock

from nst.device import choose
from nst.errors import SettingsError
from nst.network import calibration as subject
from nst.network.calibration import Calibration, calibration, processor
from nst.network.convolution import Direct, Winograd
from nst.network.layers import CONVS
from nst.network.vgg import Filters, Network

FOUND = Calibration(True, frozenset({(128, 64), (128, 128)}), 0.5)


@pytest.fixture(autouse=True)
def measured(tmp_path, monkeypatch):
    """An empty cache folder and a measurement that takes no time; a list with an entry for each one made."""
    made = []
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(subject, "_measured", lambda: made.append("measured") or FOUND)
    subject._kept_or_measured.cache_clear()
    yield made
    subject._kept_or_measured.cache_clear()


def as_a_new_process():
    subject._kept_or_measured.cache_clear()
    return calibration()


def test_it_is_measured_once_and_kept(measured, tmp_path):
    assert calibration() == calibration() == as_a_new_process() == FOUND
    assert measured == ["measured"]
    kept = json.loads((tmp_path / "cache" / subject.FILE).read_text())
    assert list(kept) == [subject._machine()]
    assert {entry.name for entry in (tmp_path / "cache").iterdir()} <= {subject.FILE, subject.LOCK}


def test_a_process_waits_for_another_that_measures_and_takes_what_it_finds(measured, tmp_path):
    folder, other = tmp_path / "cache", Calibration(False, frozenset(), 2.0)
    folder.mkdir()
    found = []
    with FileLock(folder / subject.LOCK):
        waiting = Thread(target=lambda: found.append(calibration()))
        waiting.start()
        waiting.join(0.5)
        assert not found
        subject._keep(folder / subject.FILE, subject._machine(), other)
    waiting.join(10)
    assert (found, measured) == ([other], [])


def test_a_process_that_waits_in_vain_measures_and_the_first_that_is_kept_is_taken(
    measured, tmp_path, monkeypatch
):
    folder, other = tmp_path / "cache", Calibration(False, frozenset(), 2.0)

    def meanwhile() -> Calibration:
        measured.append("measured")
        subject._keep(folder / subject.FILE, subject._machine(), other)
        return FOUND

    folder.mkdir()
    monkeypatch.setattr(subject, "PATIENCE", 0.1)
    monkeypatch.setattr(subject, "_measured", meanwhile)
    with FileLock(folder / subject.LOCK, thread_local=False):
        assert calibration() == other
    assert measured == ["measured"]


def test_a_processor_is_known_by_the_name_family_and_model_that_util_linux_gives_it():
    if not shutil.which("lscpu"):
        pytest.skip("there is no lscpu here to compare with")
    english = {**os.environ, "LC_ALL": "C"}
    lines = subprocess.check_output(["lscpu"], env=english, text=True).splitlines()
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "CPU family" not in told:
        pytest.skip("this kind of processor has no family")
    assert processor() == f"{told['Model name']} (family {told['CPU family']}, model {told['Model']})"


def test_what_other_processors_were_found_to_be_is_left_alone(measured, tmp_path):
    path = tmp_path / "cache" / subject.FILE
    path.parent.mkdir()
    path.write_text('{"another": {"bfloat16": false, "winograd": []}}')
    assert calibration() == FOUND
    assert set(json.loads(path.read_text())) == {"another", subject._machine()}
    assert measured == ["measured"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "7", '{"MACHINE": 7}', '{"MACHINE": {"bfloat16": true}}', "\xff"]
)
def test_a_broken_file_is_measured_anew_and_replaced(content, measured, tmp_path):
    path = tmp_path / "cache" / subject.FILE
    path.parent.mkdir()
    path.write_bytes(content.replace("MACHINE", subject._machine()).encode("latin-1"))
    assert calibration() == as_a_new_process() == FOUND
    assert measured == ["measured"]


def test_other_threads_have_a_measurement_of_their_own(measured, monkeypatch):
    for threads in (1, 2, 1):
        monkeypatch.setattr(torch, "get_num_threads", lambda count=threads: count)
        calibration()
    assert measured == ["measured"] * 2


def test_where_nothing_can_be_kept_each_process_measures_and_says_so_once(
    measured, tmp_path, monkeypatch, caplog
):
    (tmp_path / "a-file").write_text("in the way")
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "a-file" / "cache"))
    assert calibration() == calibration() == FOUND
    assert "NST_CACHE names another folder" in caplog.text
    assert len(caplog.records) == 1
    assert as_a_new_process() == FOUND
    assert measured == ["measured"] * 2


def test_a_real_measurement_knows_every_kind_of_layer(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(subject, "SIDE", 32)
    found = subject._measured()
    assert found.winograd <= {(conv.outputs, conv.inputs) for conv in CONVS[1:]}


def test_a_shape_is_decided_by_the_block_where_its_maps_are_largest(monkeypatch):
    monkeypatch.undo()
    smallest = subject.SIDE // 16  # the fifth block's: there Winograd's way is the slower one here
    monkeypatch.setattr(subject, "_forwards", lambda kind, layer, side, dtype: side)
    monkeypatch.setattr(
        subject,
        "_seconds",
        lambda ways: {
            name: 1.0 if name != "winograd" else 2.0 if side == smallest else 0.5
            for name, side in ways.items()
        },
    )
    found = subject._measured()
    assert found.winograd == {(conv.outputs, conv.inputs) for conv in CONVS[1:]}
    assert found.seconds == 11 * 0.5 + 4 * 2.0


def test_layers_take_the_way_that_was_measured_to_be_faster():
    kernels = tuple(torch.zeros(conv.outputs, conv.inputs, 3, 3) for conv in CONVS[:4])
    filters = Filters("zeros", "file", kernels, tuple(torch.zeros(len(kernel)) for kernel in kernels))
    for dtype, ways in ((torch.float32, [Direct, Winograd, Winograd]), (torch.bfloat16, [Direct] * 3)):
        assert list(map(type, Network(filters, ["relu2_2"], "average", dtype=dtype).convolutions[1:])) == ways


@pytest.mark.parametrize(
    ("named", "dtype"),
    [
        ("float32", torch.float32),
        ("bfloat16", torch.bfloat16),
        ("auto", torch.bfloat16),
        ("", torch.bfloat16),
    ],
)
def test_a_precision_can_be_pinned(named, dtype, monkeypatch):
    monkeypatch.setenv("NST_PRECISION", named)
    device = choose("cpu")
    assert device.dtype == dtype
    assert device.label.endswith(str(dtype).removeprefix("torch."))


def test_a_precision_that_is_none_is_one_sentence(monkeypatch):
    monkeypatch.setenv("NST_PRECISION", "half")
    with pytest.raises(
        SettingsError, match=r"^NST_PRECISION must be auto, float32 or bfloat16, not “half”\.$"
    ):
        choose("cpu")


def test_a_time_counts_once_another_round_comes_near_it(monkeypatch):
    clock, took = [0.0], []
    pauses = iter((9, 1, 5, 5, 5, 1.05, 5))  # the first prepares, and is not timed

    def way() -> None:
        took.append(next(pauses))
        clock[0] += took[-1]

    monkeypatch.setattr(subject.time, "perf_counter", lambda: clock[0])
    assert subject._seconds({"way": way}) == {"way": 1}
    assert took == [9, 1, 5, 5, 5, 1.05]


def test_the_best_of_the_most_rounds_counts_where_none_confirms_it(monkeypatch):
    clock, pauses = [0.0], iter([9, *(100 / 2**n for n in range(subject.MOST_ROUNDS))])

    def way() -> None:
        clock[0] += next(pauses)

    monkeypatch.setattr(subject.time, "perf_counter", lambda: clock[0])
    assert subject._seconds({"way": way}) == {"way": 100 / 2 ** (subject.MOST_ROUNDS - 1)}


def test_threads_take_their_usual_turns_again_after_a_measurement():
    before = sys.getswitchinterval()
    with subject._short_turns():
        assert sys.getswitchinterval() < before / 100
    assert sys.getswitchinterval() == before
