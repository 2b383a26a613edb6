"""Where and how the arithmetic runs: device, precision, threads. Measured at start-up, not guessed."""

import os
import time
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import torch
import torch.nn.functional as F

from .errors import SettingsError, shown


@dataclass(frozen=True)
class Device:
    """A place to run and the precision of the convolutions there (costs and pixels stay float32).

    torch   the torch device
    dtype   bfloat16 where it was measured to be faster, else float32
    label   what a visitor reads: "CPU, 2 threads, float32"
    """

    torch: torch.device
    dtype: torch.dtype
    label: str


def choose(name: str | None = None) -> Device:
    """The device called `name` ("cpu", "cuda", "mps"), or the best there is for None and "auto".

    Raises SettingsError if it does not exist or is not available.
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
    device = torch.device(name)
    if name == "cpu":
        threads = _use_every_core()
        dtype = torch.bfloat16 if _bfloat16_is_faster() else torch.float32
        return Device(device, dtype, f"CPU, {threads} threads, {_plain(dtype)}")
    if name == "cuda":
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float32
        return Device(device, dtype, f"{torch.cuda.get_device_name()}, {_plain(dtype)}")
    return Device(device, torch.float32, "Apple GPU, float32")


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _use_every_core() -> int:
    """Threads = the cores this process may use: a container's share, not the machine's count."""
    cores = int(os.environ.get("CPU_CORES", 0)) or _allowed_cores()
    if torch.get_num_threads() != cores:
        torch.set_num_threads(cores)
    return cores


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS and Windows cannot say


@cache
def _bfloat16_is_faster() -> bool:
    """Time one small convolution both ways, once a process, in some 30 ms.

    Without the instructions bfloat16 is emulated and ten to two hundred times slower, with them twice as
    fast, and no flag says so on every CPU.
    """
    return _seconds(torch.bfloat16) < 0.8 * _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    """The best of three: the first prepares kernels, and a busy machine may delay one."""
    x = torch.ones(1, 64, 32, 32, dtype=dtype).contiguous(memory_format=torch.channels_last)
    kernel = torch.ones(64, 64, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
    moments = [time.perf_counter()]
    with torch.inference_mode():
        for _ in range(3):
            F.conv2d(x, kernel, padding=1)
            moments.append(time.perf_counter())
    return min(after - before for before, after in pairwise(moments))
