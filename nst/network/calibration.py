"""What this processor is fast at: Winograd's convolution or PyTorch's, layer by layer; bfloat16 or float32.

Measured on VGG-19's own layers, once an installation: timings vary from start to start, and the same settings
must give the same bytes every time.
"""

import json
import logging
import math
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from filelock import FileLock

from ..folders import cache_folder, replacing
from .convolution import Direct, Winograd, bands, reader
from .layers import CONVS, block_of

log = logging.getLogger(__name__)

Way = Callable[[], None]

FILE, LOCK = "calibration.json", "calibration.lock"
PATIENCE = 20.0  # seconds, for another process that measures
SIDE = 128  # pixels of the picture whose layers are timed
# Rounds: until a second time confirms each best one, but no more than MOST_ROUNDS: other programs may be in
# the way of any of them.
ROUNDS, MOST_ROUNDS, CONFIRMED = 3, 8, 1.1
WINOGRAD_BELOW, BFLOAT16_BELOW = 0.9, 0.85  # of the other's time: a clear margin, as choices are kept
# Without the instructions bfloat16 is emulated, up to two hundred times slower: one small layer tells.
HOPELESS = 2.0
UNKEPT = "each start takes a second to measure it, and may choose otherwise. NST_CACHE names another folder."
_ALONE = Lock()


@dataclass(frozen=True)
class Calibration:
    """bfloat16: whether an evaluation is faster so; winograd: the (outputs, inputs) of the layers that are
    faster by Winograd's way in float32, in the block where they have the most positions; seconds: a forward
    pass of all layers but the first, at SIDE²."""

    bfloat16: bool
    winograd: frozenset[tuple[int, int]]
    seconds: float


def calibration() -> Calibration:
    """What was measured on this processor with this PyTorch and as many threads; or is now, in a second."""
    with _ALONE:  # two runs that measured at once would slow each other down, and could choose differently
        return _kept_or_measured(_machine())


def _known(machine: str) -> Calibration | None:
    """What was measured, where that has been done."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads((cache_folder() / FILE).read_text("utf-8"))[machine]
        winograd, seconds = frozenset(map(tuple, known["winograd"])), float(known["seconds"])
        return Calibration(known["bfloat16"] is True, winograd, seconds)
    return None


@cache
def _kept_or_measured(machine: str) -> Calibration:
    if known := _known(machine):
        return known
    folder = cache_folder()
    with ExitStack() as alone:
        with suppress(OSError, NotImplementedError):  # where nothing can be kept, each process measures
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            alone.enter_context(FileLock(folder / LOCK, timeout=PATIENCE))
        measured = _known(machine) or _measured()
        # Where there was no lock, the first that is kept is every process's.
        if known := _known(machine):
            return known
        try:
            _keep(folder / FILE, machine, measured)
        except OSError:
            log.warning("What was measured of this processor cannot be kept in %s: %s", folder, UNKEPT)
    return measured


def _machine() -> str:
    """The processor's name, PyTorch's version and the threads: what a measurement holds for. “By block” says
    how it was taken: each shape of layer at the size that its block sees."""
    kernels = torch.backends.cpu.get_cpu_capability()
    return f"{processor()}, {kernels}, torch {torch.__version__}, {torch.get_num_threads()} threads, by block"


@cache
def processor() -> str:
    """The processor's name, with the family and the model that Linux gives: of two that are called “AMD EPYC”
    one was twice as fast."""
    told: dict[str, str] = {}
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    name = told.get("model name") or platform.processor() or platform.machine()
    is_x86 = "cpu family" in told
    return f"{name} (family {told['cpu family']}, model {told['model']})" if is_x86 else name


def _keep(path: Path, machine: str, measured: Calibration) -> None:
    known = {}
    with suppress(OSError, ValueError, TypeError):
        known = dict(json.loads(path.read_text("utf-8")))
    known[machine] = {**asdict(measured), "winograd": sorted(measured.winograd)}
    with replacing(path) as fresh:
        fresh.write_text(json.dumps(known, indent=1), "utf-8")


@contextmanager
def _short_turns() -> Iterator[None]:
    """Threads hand Python's lock on at once: in their usual turns of 5 ms the time measured is that of a
    server that opens a page, and the processor seems ten times slower."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@_short_turns()
@torch.inference_mode()
def _measured() -> Calibration:
    """Time each kind of layer in each way, in turns, as a machine's speed changes from moment to moment."""
    layers = [((conv.outputs, conv.inputs), block_of(f"conv{conv.name}")) for conv in CONVS[1:]]
    small = {dtype: _forwards(Direct, (64, 64), 32, dtype) for dtype in (torch.float32, torch.bfloat16)}
    seconds = _seconds(small)
    emulated = seconds[torch.bfloat16] > HOPELESS * seconds[torch.float32]
    times: dict[tuple[tuple[int, int], int], dict[str, float]] = {}
    for layer, block in dict.fromkeys(layers):
        side = SIDE // 2 ** (block - 1)
        ways = {
            "direct": _forwards(Direct, layer, side, torch.float32),
            "winograd": _forwards(Winograd, layer, side, torch.float32),
        }
        if not emulated:
            ways["bfloat16"] = _forwards(Direct, layer, side, torch.bfloat16)
        times[layer, block] = _seconds(ways)
    # Of two blocks with layers of one shape the shallower, with more positions, decides for both.
    largest = dict(reversed(layers))
    pays = frozenset(
        layer
        for layer, block in largest.items()
        if times[layer, block]["winograd"] < WINOGRAD_BELOW * times[layer, block]["direct"]
    )
    full = sum(times[each]["winograd" if each[0] in pays else "direct"] for each in layers)
    half = sum(times[each].get("bfloat16", math.inf) for each in layers)
    bfloat16 = half < BFLOAT16_BELOW * full
    return Calibration(bfloat16, pays, half if bfloat16 else full)


def _forwards(
    kind: type[Direct] | type[Winograd], layer: tuple[int, int], side: int, dtype: torch.dtype
) -> Way:
    """The layer's convolution of a whole picture, a band of rows at a time as the loop runs it."""
    outputs, inputs = layer
    x = torch.ones(1, inputs, side, side, dtype=dtype).contiguous(memory_format=torch.channels_last)
    convolution = kind(torch.ones(outputs, inputs, 3, 3, dtype=dtype), torch.zeros(outputs, dtype=dtype))

    def way() -> None:
        for first, last in bands(side, convolution.band(1, side)):
            convolution.forwards(reader(x), x.shape[2], first, last)

    return way


def _seconds(ways: dict[Any, Way]) -> dict[Any, float]:
    """The best of some rounds of each, after one that prepares its kernels."""
    times: dict[Any, list[float]] = {name: [] for name in ways}
    for turn in range(MOST_ROUNDS + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if turn:
                times[name] = sorted((*times[name], time.perf_counter() - start))
        if turn >= ROUNDS and all(two <= CONFIRMED * one for one, two, *_ in times.values()):
            break
    return {name: best for name, (best, *_) in times.items()}
