"""Where the arithmetic runs: names, precision, and threads."""

import os
import re
import subprocess
import sys

import pytest
import torch

from nst import device
from nst.device import choose, use_every_core
from nst.errors import SettingsError


def test_the_best_there_is_is_chosen_for_none_and_auto():
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose().torch.type == choose("auto").torch.type == best


@pytest.mark.usefixtures("in_float32")
def test_the_label_says_where_with_how_many_threads_and_in_which_precision():
    chosen = choose("cpu")
    assert (chosen.torch.type, chosen.dtype) == ("cpu", torch.float32)
    assert re.fullmatch(rf"CPU, {torch.get_num_threads()} threads?, float32", chosen.label)


@pytest.mark.parametrize("name", ["tpu", "cuda:7", "x" * 5000])
def test_a_name_that_is_no_device_is_refused_in_one_sentence(name):
    with pytest.raises(SettingsError, match=r"^Device must be auto, cpu, cuda or mps, not “") as caught:
        choose(name)
    assert len(str(caught.value)) < 100


def test_a_device_that_is_not_here_is_named():
    missing = next(
        name
        for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()))
        if not there
    )
    with pytest.raises(SettingsError, match=f"There is no {missing} device here"):
        choose(missing)


@pytest.mark.usefixtures("in_float32")
def test_a_precision_that_a_device_has_not_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose("mps").dtype == torch.float32
    monkeypatch.setenv("NST_PRECISION", "bfloat16")
    with pytest.raises(SettingsError, match="Apple's GPUs compute in float32 here: leave out NST_PRECISION"):
        choose("mps")


def test_choosing_a_device_leaves_the_callers_threads_alone(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(torch, "set_num_threads", lambda count: pytest.fail("the library set the threads"))
    choose("cpu")
    assert torch.get_num_threads() == before


def test_a_program_uses_the_cores_it_may_use():
    """In a process of its own, as threads are the process's."""
    code = """
import torch
from nst.device import use_every_core
use_every_core()
print(torch.get_num_threads())
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CPU_CORES": "3", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == "3\n"


def test_without_a_containers_share_the_cores_are_those_the_system_allows(monkeypatch):
    chosen = []
    monkeypatch.delenv("CPU_CORES", raising=False)
    monkeypatch.setattr(device, "_allowed_cores", lambda: torch.get_num_threads() + 1)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    use_every_core()
    assert chosen == [torch.get_num_threads() + 1]


@pytest.mark.parametrize(
    ("said", "cores"), [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("max 100000", 8)]
)
def test_a_containers_quota_is_not_exceeded(said, cores, tmp_path, monkeypatch):
    (tmp_path / "cpu.max").write_text(f"{said}\n")
    monkeypatch.setattr(device, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert device._allowed_cores() == cores
