"""MatConvNet's imagenet-vgg-verydeep-19.mat: VGG-19's convolutions and mean, out of what scipy reads.

All of a file is read, half a gigabyte, since its layers are one variable.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

MAGIC = b"MATLAB 5.0 MAT-file"
HEADER_BYTES, COMPRESSED = 128, 15
LARGEST = 1 << 30  # bytes a file may hold, unpacked; the published one has 570 MB
# Weights hardly shrink when packed: what unpacks to far more than the file is made of tiny pieces, each of
# which takes a hundred bytes of memory or more.
MOST_TIMES, MOST_MORE = 4, 64 << 20  # the file's own size, and bytes beside
PIECE = 1 << 20


def read_mat(path: Path) -> dict[str, Any]:
    """The variables VGG-19 is in: structs as dicts, cells as lists, arrays without their sides of length 1.

    Raises ValueError for a file that is damaged, cut short, or unpacks to more than LARGEST bytes or than
    MOST_TIMES its own size.
    """
    from scipy.io import loadmat  # a third of a second that few runs need

    try:
        _check_size(path)
        names = ["layers", "meta", "normalization"]
        return loadmat(path, variable_names=names, simplify_cells=True)
    except MemoryError:
        raise
    except Exception as error:
        # Damage shows as OSError, TypeError, zlib.error, scipy's MatReadError and others.
        raise ValueError("not a MATLAB 5 file, or damaged") from error


def _check_size(path: Path) -> None:
    most, found = min(LARGEST, MOST_TIMES * path.stat().st_size + MOST_MORE), 0
    for size in _sizes(path):
        found += size
        if found > most:
            raise ValueError(f"over {most} bytes")


def _sizes(path: Path) -> Iterator[int]:
    """Bytes of the variables, unpacked: a packed one of 2 MB can take gigabytes."""
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        while tag := file.read(8):
            kind, size = (int.from_bytes(tag[at : at + 4], "little") for at in (0, 4))
            yield from _unpacked(file, size) if kind == COMPRESSED else (size,)
            if kind != COMPRESSED:
                file.seek(size, 1)


def _unpacked(file: BinaryIO, size: int) -> Iterator[int]:
    stream = zlib.decompressobj()
    for at in range(0, size, PIECE):
        piece = file.read(min(PIECE, size - at))
        while piece:
            yield len(stream.decompress(piece, PIECE))
            piece = stream.unconsumed_tail


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
    red, green, blue = average.reshape(-1, 3).mean(axis=0).tolist()
    return tensors, (red, green, blue)
