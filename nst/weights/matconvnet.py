"""MatConvNet's imagenet-vgg-verydeep-19.mat: a small read-only reader of MATLAB 5 files, and VGG-19 from it.

Reads numeric arrays, text, cells and structs, compressed or not; anything else becomes None.
Source: The MathWorks, MAT-File Format (level 5).
"""

import math
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

MAGIC = b"MATLAB 5.0 MAT-file"
HEADER_BYTES = 128
MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, TEXT = 1, 2, 4
NUMBERS = range(6, 16)  # array classes double, single, int8 … uint64
DTYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
DTYPES |= {16: "u1", 17: "u2", 18: "u4"}  # text
DEEPEST = 16  # cells in cells: MatConvNet's need 5
LARGEST = 1 << 31  # bytes one compressed element may unpack to


def read_mat(data: memoryview) -> dict[str, Any]:
    """The variables of a MATLAB 5 file: arrays column-major as numpy, cells as lists, a struct as a dict.

    Raises ValueError, IndexError or StopIteration if the file is damaged, cut short or big-endian.
    """
    if bytes(data[126:128]) != b"IM":
        raise ValueError("not a little-endian MATLAB 5 file")
    variables = {}
    for kind, body in _elements(data[HEADER_BYTES:]):
        if kind == COMPRESSED:
            kind, body = next(_elements(memoryview(_inflate(body))))
        if kind == MATRIX:
            name, value = _matrix(body, 0)
            variables[name] = value
    return variables


def vgg19(variables: dict[str, Any]) -> tuple[dict[str, Tensor], tuple[float, float, float]]:
    """MatConvNet's layers as {"conv1_1.weight": …, "conv1_1.bias": …}, and its RGB mean in 0 … 255.

    Stored as (rows, columns, inputs, outputs), given as (outputs, inputs, rows, columns). Both generations of
    the file are read: `weights` {kernels, biases}, and the older `filters` and `biases`.
    Raises KeyError, TypeError or ValueError if the file holds something else.
    """
    tensors = {}
    for layer in variables["layers"]:
        if not str(layer["name"]).startswith("conv"):
            continue
        kernels, biases = layer["weights"] if "weights" in layer else (layer["filters"], layer["biases"])
        tensors[f"{layer['name']}.weight"] = torch.tensor(kernels.transpose(3, 2, 0, 1).copy())
        tensors[f"{layer['name']}.bias"] = torch.tensor(biases.ravel().copy())
    average = variables.get("meta", variables)["normalization"]["averageImage"]
    red, green, blue = average.reshape(-1, 3, order="F").mean(axis=0).tolist()
    return tensors, (red, green, blue)


def _inflate(body: memoryview) -> bytes:
    try:
        return zlib.decompressobj().decompress(body, LARGEST)
    except zlib.error as error:
        raise ValueError("a compressed part is damaged") from error


def _elements(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """(kind, bytes) one after another. A tag of 8 bytes, or of 4 with up to 4 bytes of data in the same 8."""
    at = 0
    while at + 8 <= len(data):
        kind, size = np.frombuffer(data, "<u4", 2, at).tolist()
        if kind >> 16:
            kind, size, start, end = kind & 0xFFFF, kind >> 16, at + 4, at + 8
        else:
            start = at + 8
            end = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > len(data):
            raise ValueError("cut short")
        yield kind, data[start : start + size]
        at = end


def _matrix(body: memoryview, level: int) -> tuple[str, Any]:
    """(name, value) of one array. An empty body is an empty array: MATLAB writes empty cells so."""
    if level > DEEPEST:
        raise ValueError("nested too deeply")
    if not body:
        return "", np.zeros((0, 0))
    parts = _elements(body)
    kind = next(parts)[1][0]
    shape = np.frombuffer(next(parts)[1], "<i4").tolist()
    name = bytes(next(parts)[1]).decode("latin-1")
    if kind in NUMBERS:
        return name, _numbers(*next(parts)).reshape(shape, order="F")
    if kind == TEXT:
        return name, "".join(map(chr, _numbers(*next(parts)).tolist()))
    if kind == CELL:
        return name, [_matrix(part, level + 1)[1] for _, part in parts]
    if kind == STRUCT:
        return name, _struct(parts, math.prod(shape), level)
    return name, None


def _struct(parts: Iterator[tuple[int, memoryview]], count: int, level: int) -> Any:
    """A dict for one struct, a list of dicts for an array of them."""
    width = int(np.frombuffer(next(parts)[1], "<i4")[0])
    text = bytes(next(parts)[1])
    names = [
        text[at : at + width].split(b"\0")[0].decode("latin-1") for at in range(0, len(text), max(width, 1))
    ]
    values = [_matrix(part, level + 1)[1] for _, part in parts]
    step = max(len(names), 1)
    structs = [dict(zip(names, values[at : at + step], strict=True)) for at in range(0, len(values), step)]
    if len(structs) != count:
        raise ValueError("cut short")
    return structs[0] if count == 1 else structs


def _numbers(kind: int, body: memoryview) -> np.ndarray:
    if kind not in DTYPES:
        raise ValueError("an array of an unknown kind")
    return np.frombuffer(body, "<" + DTYPES[kind])
