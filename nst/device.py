"""Where and how the arithmetic runs: device, precision, threads."""

import os
from contextlib import suppress
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path

import torch

from .errors import SettingsError, shown
from .network.calibration import calibration

TorchDevice = torch.device  # a Device has a field called torch
Precision = torch.dtype
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds, of so many


@dataclass(frozen=True)
class Device:
    """A place to run and the precision of the convolutions there (costs and pixels stay float32).

    torch   the torch device
    dtype   as NST_PRECISION says; else bfloat16 on a CPU where it was measured to be faster, and on every
            CUDA device that has it; float32 elsewhere. Apple's GPUs compute in float32 alone; on CUDA
            PyTorch's convolutions round float32 to TF32 by default, which was not measured here
    label   what a visitor reads: "CPU, 2 threads, float32"
    """

    torch: TorchDevice
    dtype: Precision
    label: str


def choose(name: str | None = None) -> Device:
    """The device called `name` ("cpu", "cuda", "mps"), or the best there is for None and "auto".

    Raises SettingsError if it does not exist or is not available, or NST_PRECISION is not possible there.
    """
    name = name or "auto"
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if name not in available:
        raise SettingsError(f"Device must be auto, cpu, cuda or mps, not {shown(name)}.")
    if not available[name]:
        raise SettingsError(f"There is no {name} device here: choose auto or cpu.")
    device, pinned = torch.device(name), _pinned()
    if name == "cpu":
        threads = torch.get_num_threads()
        dtype = pinned or (torch.bfloat16 if calibration().bfloat16 else torch.float32)
        many = "1 thread" if threads == 1 else f"{threads} threads"
        return Device(device, dtype, f"CPU, {many}, {_plain(dtype)}")
    if name == "cuda":
        dtype = pinned or (torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float32)
        return Device(device, dtype, f"{torch.cuda.get_device_name()}, {_plain(dtype)}")
    if pinned not in (None, torch.float32):
        raise SettingsError("Apple's GPUs compute in float32 here: leave out NST_PRECISION, or choose cpu.")
    return Device(device, torch.float32, "Apple GPU, float32")


def _pinned() -> torch.dtype | None:
    """The precision that NST_PRECISION names, if it does."""
    named = os.environ.get("NST_PRECISION", "")
    if named not in ("", "auto", *PRECISIONS):
        raise SettingsError(f"NST_PRECISION must be auto, {' or '.join(PRECISIONS)}, not {shown(named)}.")
    return PRECISIONS.get(named)


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def use_every_core() -> None:
    """Give torch a thread for each core this process may use: a container's share, not the machine's count.

    For programs, which own their process. A library must not change what its caller has chosen.
    """
    given = os.environ.get("CPU_CORES", "")  # a Space's
    cores = int(given) if given.isdecimal() and int(given) else _allowed_cores()
    if torch.get_num_threads() != cores:
        torch.set_num_threads(cores)


def _allowed_cores() -> int:
    can_say = hasattr(os, "sched_getaffinity")  # macOS and Windows cannot
    cores = len(os.sched_getaffinity(0)) if can_say else os.cpu_count() or 1
    return max(1, ceil(min(cores, _quota())))


def _quota() -> float:
    """Cores a container may keep busy (docker run --cpus), however many it sees; Linux, cgroups v2."""
    with suppress(OSError, ValueError):  # “max” is no number
        time, period = map(int, QUOTA.read_text().split())
        return time / period
    return inf
