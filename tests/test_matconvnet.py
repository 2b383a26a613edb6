"""MatConvNet's weights file, written here after the same document as the reader: MATLAB 5."""

import struct
import zlib

import numpy as np
import pytest
from stored_weights import COUNT, MEAN_OF_CAFFE, as_caffe, assert_same_network

from nst.errors import WeightsError
from nst.network.layers import CONVS
from nst.weights import matconvnet
from nst.weights.formats import read_weights


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matrix(kind, shape, *parts, name=""):
    head = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
    return element(14, head + element(1, name.encode()) + b"".join(parts))


def mat(value, name=""):
    if isinstance(value, np.ndarray):
        return matrix(7, value.shape, element(7, value.astype("<f4").tobytes(order="F")), name=name)
    if isinstance(value, str):
        text = value.encode("utf-16-le")
        small = struct.pack("<HH", 17, len(text)) + text.ljust(4, b"\0")
        return matrix(4, (1, len(value)), small if len(text) <= 4 else element(17, text), name=name)
    if isinstance(value, list):
        return matrix(1, (1, len(value)), *map(mat, value), name=name)
    names = b"".join(key.encode().ljust(32, b"\0") for key in value)
    width = struct.pack("<HHi", 5, 4, 32)
    return matrix(2, (1, 1), width, element(1, names), *map(mat, value.values()), name=name)


def write_mat(path, variables, compress):
    header = matconvnet.MAGIC.ljust(124) + struct.pack("<H", 0x0100) + b"IM"
    body = b""
    for name, value in variables.items():
        part = mat(value, name)
        packed = zlib.compress(part)
        body += struct.pack("<II", 15, len(packed)) + packed if compress else part
    path.write_bytes(header + body)


def as_matconvnet(tensors, sideways, old):
    stored = as_caffe(tensors, bgr=False)
    layers = []
    for conv in CONVS[:COUNT]:
        kernel = stored[f"features.{conv.index}.weight"].permute(*((3, 2) if sideways else (2, 3)), 1, 0)
        bias = stored[f"features.{conv.index}.bias"].view(1, -1)
        parts = (
            {"filters": kernel.numpy(), "biases": bias.numpy()}
            if old
            else {"weights": [kernel.numpy(), bias.numpy()]}
        )
        layers += [{"name": f"conv{conv.name}", "type": "conv", **parts}]
        layers += [{"name": f"relu{conv.name}", "type": "relu", "empty": []}]
    normalization = {"averageImage": np.tile(MEAN_OF_CAFFE.view(1, 1, 3).numpy(), (2, 2, 1))}
    if old:
        return {"layers": layers, "normalization": normalization}
    return {"layers": layers, "meta": {"normalization": normalization}}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("sideways", [False, True])
def test_matconvnets_file_gives_the_same_activations(tmp_path, original, picture, compress, old, sideways):
    path = tmp_path / "imagenet-vgg-verydeep-19.mat"
    write_mat(path, as_matconvnet(original, sideways, old), compress)
    assert_same_network(path, original, picture)


def test_matconvnets_file_cut_anywhere_is_refused(tmp_path, original):
    path = tmp_path / "vgg.mat"
    write_mat(path, as_matconvnet(original, False, False), False)
    whole = path.read_bytes()
    for size in (128, 140, 200, 1000, 5000, len(whole) // 2, len(whole) - 9000):
        path.write_bytes(whole[:size])
        with pytest.raises(WeightsError, match=r"is damaged, was cut short|is not MatConvNet's"):
            read_weights(path, COUNT)


def test_a_matlab_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path, original, monkeypatch
):
    path = tmp_path / "vgg.mat"
    write_mat(path, as_matconvnet(original, False, False), True)
    monkeypatch.setattr(matconvnet, "LARGEST", 2 * path.stat().st_size // 3)
    monkeypatch.setattr("scipy.io.loadmat", None)
    with pytest.raises(WeightsError, match="far too large"):
        read_weights(path, COUNT)


def test_a_small_matlab_file_that_unpacks_to_a_hundred_times_as_much_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "vgg.mat"
    write_mat(path, {"layers": [np.zeros((1000, 1000)) for _ in range(30)]}, True)
    assert path.stat().st_size < 2**20
    monkeypatch.setattr("scipy.io.loadmat", None)
    with pytest.raises(WeightsError, match="far too large"):
        read_weights(path, 1)


def test_a_matlab_file_there_is_no_memory_for_is_not_called_damaged(tmp_path, original, monkeypatch):
    def full(*given, **named):
        raise MemoryError

    write_mat(tmp_path / "vgg.mat", as_matconvnet(original, False, False), False)
    monkeypatch.setattr("scipy.io.loadmat", full)
    with pytest.raises(MemoryError):
        read_weights(tmp_path / "vgg.mat", COUNT)


def test_another_matlab_file_is_not_taken_for_vgg(tmp_path):
    write_mat(tmp_path / "a.mat", {"x": np.ones((2, 3))}, True)
    with pytest.raises(WeightsError, match="is not MatConvNet's VGG-19"):
        read_weights(tmp_path / "a.mat", 1)
