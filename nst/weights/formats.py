"""Weights files read into VGG-19's kernels and biases in the convention of vgg.py, whoever wrote the file.

A file is known by its first bytes, never by its name, and nothing in it is ever executed.
"""

import json
import os
import pickle
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import TooShallow, WeightsError, shown
from ..network.layers import CONVS, RELU_LAYERS, Conv
from ..report import is_out_of_memory
from . import matconvnet
from .caffe import CAFFE, TORCHVISION, Convention, fold, recognise

Weights = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
Found = tuple[Mapping[Any, Any], Convention | None]  # the tensors by name, and what the file says of itself

LARGEST_HEADER = 1 << 20  # bytes; timm's file needs 4 000
# Published weights stay below 1 and folded ones below 40: beyond this a bit of an exponent was flipped.
LARGEST_WEIGHT = 1e4
KINDS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
AGAIN = "download it again"
CAFFE_NAME = "conv1_1.weight"  # as Gatys names what he has in Caffe's convention


@dataclass(frozen=True)
class Entry:
    """One tensor in a safetensors header: `start` and `stop` count bytes after the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


class _Refused(Exception):
    """The end of the sentence that begins “The weights file NAME”; `deepest`: the layer it ends at, where a
    deeper one is needed."""

    def __init__(self, reason: str, deepest: str | None = None) -> None:
        super().__init__(reason)
        self.deepest = deepest


def read_weights(path: Path, count: int) -> Weights:
    """Kernels and biases of the first `count` convolutions in the file, float32, in vgg.py's convention.

    Takes safetensors or .pth with torchvision's, timm's, jcjohnson's or Gatys' keys, and MatConvNet's .mat.
    Raises WeightsError, naming the real cause, if the file is missing, damaged, not VGG-19, or too shallow.
    """
    try:
        tensors, said = _reader(path)(path)
        pairs = [(tensors[f"{stem}.weight"], tensors[f"{stem}.bias"]) for stem in _stems(tensors, count)]
        checked = [_checked(conv, *pair) for conv, pair in zip(CONVS, pairs, strict=False)]
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = "cannot be read" if os.path.exists(path) else "does not exist"
        raise WeightsError(f"The weights file {shown(path.name)} {reason}: check its name.") from error
    except _Refused as refused:
        sentence = f"The weights file {shown(path.name)} {refused}."
        if refused.deepest:
            raise TooShallow(sentence, refused.deepest) from None
        raise WeightsError(sentence) from refused.__cause__
    kernels, biases = zip(*checked, strict=True)
    usual = CAFFE if CAFFE_NAME in tensors else TORCHVISION
    return fold(kernels, biases, recognise(kernels[0], said or usual))


def parse_header(text: bytes) -> dict[str, Entry]:
    """The tensors of a safetensors header. Raises ValueError if it is not one."""
    try:
        entries = json.loads(text)
        entries.pop("__metadata__", None)
        return {
            name: Entry(entry["dtype"], tuple(map(int, entry["shape"])), *map(int, entry["data_offsets"]))
            for name, entry in entries.items()
        }
    except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError("not a safetensors header") from error


def write_header(entries: Mapping[str, Entry], first: int) -> bytes:
    """The beginning of a safetensors file of these tensors, which began at `first` and have no holes."""
    described = {
        name: {
            "dtype": entry.dtype,
            "shape": entry.shape,
            "data_offsets": (entry.start - first, entry.stop - first),
        }
        for name, entry in entries.items()
    }
    text = json.dumps(described).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers are aligned in memory
    return len(text).to_bytes(8, "little") + text


def _reader(path: Path) -> Callable[[Path], Found]:
    """The function that reads such a file, chosen by the file's first bytes."""
    if path.exists() and not path.is_file():  # a pipe would block, a device never end
        raise _Refused("cannot be read, as it is no ordinary file: check its name")
    with path.open("rb") as file:
        first = file.read(256)
    if not first:
        raise _Refused(f"is empty: {AGAIN}")
    if first.startswith(b"version https://git-lfs"):
        raise _Refused("is a Git-LFS pointer, not the weights: fetch them with “git lfs pull”")
    if first.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise _Refused("is a web page, not weights: download the file itself")
    if first.startswith(b"\x89HDF"):
        raise _Refused("is HDF5 (Keras or MATLAB 7.3), which is not read: give safetensors or .pth")
    if first.startswith(matconvnet.MAGIC):
        return _read_mat
    if first.startswith((b"PK\x03\x04", b"\x80")):
        return _read_torch
    if first[8:9] == b"{":
        return _read_safetensors
    raise _Refused("is none of safetensors, .pth and MatConvNet's .mat: give VGG-19 as one of these")


def _read_safetensors(path: Path) -> Found:
    _check_length(path)
    try:
        with safe_open(path, "pt") as file:
            # Of each only where it lies in the file, which is mapped into memory.
            return {name: file.get_tensor(name) for name in file.keys()}, None  # noqa: SIM118
    except SafetensorError as error:
        raise _Refused(f"is damaged: {AGAIN}") from error


def _check_length(path: Path) -> None:
    """Refuse a safetensors file that does not end where its header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
        try:
            entries = parse_header(file.read(min(header, LARGEST_HEADER)))
        except ValueError as error:
            raise _Refused(f"is damaged or was cut short at {size} bytes: {AGAIN}") from error
    expected = 8 + header + max((entry.stop for entry in entries.values()), default=0)
    if size < expected:
        raise _Refused(f"was cut short at {size} of {expected} bytes: {AGAIN}")
    if size > expected:
        raise _Refused(f"is damaged: it has {size} bytes where {expected} belong; {AGAIN}")


def _read_torch(path: Path) -> Found:
    with path.open("rb") as file:
        # Only a zip can be memory-mapped, and only by its path; but torch hands a path that ends in
        # .safetensors to another reader, whatever is in it.
        mapped = file.read(2) == b"PK" and path.suffix != ".safetensors"
        file.seek(0)
        try:
            # Only tensors and plain containers are rebuilt.
            loaded = torch.load(path if mapped else file, map_location="cpu", weights_only=True, mmap=mapped)
        except Exception as error:  # torch lets through whatever its readers of zip, tar and pickle meet
            if is_out_of_memory(error):
                raise
            if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
                raise _Refused("holds a program and was not opened: give safetensors") from error
            raise _Refused(f"is damaged or was cut short: {AGAIN}") from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping):
        raise _Refused("holds no named tensors: save a state_dict")
    return loaded, None


def _read_mat(path: Path) -> Found:
    try:
        variables = matconvnet.read_mat(path)
    except ValueError as error:
        raise _Refused(f"is damaged, was cut short or is far too large: {AGAIN}") from error
    try:
        tensors, mean = matconvnet.vgg19(variables)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise _Refused("is not MatConvNet's VGG-19: give imagenet-vgg-verydeep-19.mat") from error
    return tensors, Convention(mean=mean)


def _stems(names: Collection[Any], count: int) -> list[str]:
    """What the names of the first `count` kernels and biases begin with: as Gatys has them or torchvision."""
    caffe = CAFFE_NAME in names
    stems = [f"conv{conv.name}" if caffe else f"features.{conv.index}" for conv in CONVS]
    foreign = [
        name
        for name in map(str, names)
        if re.fullmatch(r"(features\.\d+|conv\d_\d)\.weight", name)
        and name.removesuffix(".weight") not in stems
    ]
    if foreign:
        raise _Refused(f"is not VGG-19, which has no {shown(foreign[0])}: give VGG-19")
    there = [{f"{stem}.weight", f"{stem}.bias"} <= set(names) for stem in stems]
    if all(there[:count]):
        return stems[:count]
    have = there.index(False)
    if have == 0 or any(there[have:]):
        raise _Refused(f"is not VGG-19: it has no {shown(f'{stems[have]}.weight')}; give VGG-19")
    deepest, needed = RELU_LAYERS[have - 1], RELU_LAYERS[count - 1]
    raise _Refused(
        f"ends at {deepest}, but {needed} is needed: choose layers up to {deepest} or a longer file", deepest
    )


def _checked(conv: Conv, kernel: Any, bias: Any) -> tuple[Tensor, Tensor]:
    """Kernel and bias as float32 tensors of their own, or the reason why not."""
    shapes = (conv.outputs, conv.inputs, 3, 3), (conv.outputs,)
    for value, shape in zip((kernel, bias), shapes, strict=True):
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise _Refused(f"is not VGG-19: its conv{conv.name} is not made of floating-point numbers")
        if value.layout != torch.strided or value.device.type == "meta" or value.dtype not in KINDS:
            raise _Refused(
                f"is stored in a way that is not read (its conv{conv.name} is sparse, has no values or rare "
                "numbers): save it as plain float32 tensors"
            )
        if tuple(value.shape) != shape:
            raise _Refused(
                f"is not VGG-19: its conv{conv.name} has shape {tuple(value.shape)} instead of {shape}"
            )
        if not torch.isfinite(value).all():
            raise _Refused(f"is damaged: its conv{conv.name} holds values that are not numbers; {AGAIN}")
        if value.abs().max() > LARGEST_WEIGHT:
            raise _Refused(
                f"is damaged: its conv{conv.name} holds {value.abs().max():.1e}, "
                f"where VGG-19's weights stay below {LARGEST_WEIGHT:g}; {AGAIN}"
            )
    if not kernel.any():
        raise _Refused(f"is damaged: its conv{conv.name} is all zeros; {AGAIN}")
    return kernel.to(torch.float32, copy=True), bias.to(torch.float32, copy=True)
