"""Weights files of every convention and every kind of damage."""

import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_server import published_tensors
from PIL import Image
from safetensors.torch import load_file, save_file
from stored_weights import COUNT, as_caffe, assert_same_network, renamed

from nst.errors import WeightsError
from nst.network.vgg import Filters, Network
from nst.weights.formats import read_weights


def save_legacy(tensors, path):
    torch.save(tensors, path, _use_new_zipfile_serialization=False)


def save_wrapped(tensors, path):
    torch.save({"state_dict": tensors, "epoch": 74}, path)


@pytest.mark.parametrize("save", [save_file, torch.save, save_legacy, save_wrapped])
@pytest.mark.parametrize(
    "stored",
    [
        lambda tensors: tensors,
        as_caffe,
        lambda tensors: as_caffe(tensors, bgr=False),
        lambda tensors: renamed(as_caffe(tensors)),
        renamed,
    ],
    ids=["torchvision", "jcjohnson", "caffe-rgb", "gatys", "gatys-keys-already-folded"],
)
def test_every_convention_gives_the_same_activations(tmp_path, original, picture, save, stored):
    path = tmp_path / "vgg.bin"
    save(stored(original), path)
    assert_same_network(path, original, picture)


def test_weights_of_another_training_are_taken_by_their_names(tmp_path, picture):
    """Kernels that are not the original's stay under torchvision's names and are folded under Gatys'."""
    tensors = published_tensors(COUNT)
    save_file(tensors, tmp_path / "a.safetensors")
    save_file(renamed(as_caffe(tensors)), tmp_path / "b.safetensors")
    assert_same_network(tmp_path / "a.safetensors", tensors, picture)
    assert_same_network(tmp_path / "b.safetensors", tensors, picture)


def test_units_rescaled_as_gatys_did_are_recognised(tmp_path, original, picture):
    scaled = as_caffe(original)
    scaled["features.0.weight"] = scaled["features.0.weight"] / 20
    scaled["features.0.bias"] = scaled["features.0.bias"] / 20
    save_file(scaled, tmp_path / "vgg.safetensors")
    twentieth = {name: t / 20 if name.startswith("features.0.") else t for name, t in original.items()}
    assert_same_network(tmp_path / "vgg.safetensors", twentieth, picture)


def test_half_precision_becomes_float32(tmp_path):
    tensors = {name: tensor.half() for name, tensor in published_tensors(1).items()}
    save_file(tensors, tmp_path / "half.safetensors")
    (kernel,), (bias,) = read_weights(tmp_path / "half.safetensors", 1)
    assert (kernel.dtype, bias.dtype) == (torch.float32, torch.float32)
    assert torch.equal(kernel, tensors["features.0.weight"].float())


class Program:
    """A pickle that would write a marker if it were executed."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return (Path.write_text, (self.marker, "executed"))


@pytest.mark.parametrize("name", ["vgg.pth", "vgg.safetensors"])
@pytest.mark.parametrize("dump", [lambda o, path: path.write_bytes(pickle.dumps(o, 2)), torch.save])
def test_a_program_in_a_weights_file_is_never_executed(tmp_path, name, dump):
    marker = tmp_path / "marker"
    dump({"features.0.weight": Program(marker)}, tmp_path / name)
    with pytest.raises(WeightsError, match="holds a program and was not opened"):
        read_weights(tmp_path / name, 1)
    assert not marker.exists()


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:11aea0\nsize 574673361\n"
ENDLESS = b'{"features.0.bias": {"dtype": "F32", "shape": [1e999], "data_offsets": [0, 4]}}'
PAGE = b"\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>" * 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (POINTER, "Git-LFS pointer"),
        (PAGE, "web page"),
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5"),
        (b"no weights at all" * 9, "is none of safetensors"),
        (b"PK\x03\x04" + bytes(900), "damaged or was cut short"),
        (b"\x80\x02" + bytes(900), "damaged"),
        (struct.pack("<Q", 60) + b"{" + bytes(99), "damaged or was cut short"),
        (struct.pack("<Q", 2**62) + b"{}" + bytes(99), "damaged or was cut short"),
        (struct.pack("<Q", len(ENDLESS)) + ENDLESS + bytes(4), "damaged or was cut short"),
    ],
)
def test_a_file_that_is_no_weights_is_called_what_it_is(tmp_path, content, reason):
    path = tmp_path / "vgg19.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"^The weights file “vgg19\.safetensors” .*{reason}.*[^.]\.$"):
        read_weights(path, 1)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: not enough memory")])
def test_a_file_there_is_no_memory_for_is_not_called_damaged(tmp_path, monkeypatch, error):
    def full(*given, **named):
        raise error

    torch.save(published_tensors(1), tmp_path / "vgg.pth")
    monkeypatch.setattr(torch, "load", full)
    with pytest.raises(type(error)) as raised:
        read_weights(tmp_path / "vgg.pth", 1)
    assert raised.value is error


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(WeightsError, match=r"“gone\.pth” does not exist"):
        read_weights(tmp_path / "gone.pth", 1)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_weights(tmp_path, 1)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "vgg.pth")
    with pytest.raises(WeightsError, match="no ordinary file"):
        read_weights(tmp_path / "vgg.pth", 1)


@pytest.mark.parametrize("name", ["n" * 5_000, "a\0b", "n" * 5_000 + "/vgg.pth"])
def test_a_name_no_file_can_have_is_told_in_a_short_sentence(name):
    with pytest.raises(WeightsError, match="does not exist: check its name") as refusal:
        read_weights(Path(name), 1)
    assert len(str(refusal.value)) < 120


def test_tensors_with_names_of_five_thousand_letters_are_told_in_a_short_sentence(tmp_path):
    save_file({"features." + "1" * 5_000 + ".weight": torch.ones(1)}, tmp_path / "vgg.bin")
    with pytest.raises(WeightsError, match="is not VGG-19") as refusal:
        read_weights(tmp_path / "vgg.bin", 1)
    assert len(str(refusal.value)) < 150


@pytest.mark.parametrize("save", [save_file, torch.save, save_legacy])
def test_a_file_cut_short_is_refused(tmp_path, save):
    path = tmp_path / "vgg.bin"
    save(published_tensors(2), path)
    whole = path.read_bytes()
    for size in (9, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(WeightsError, match=r"cut short|damaged"):
            read_weights(path, 2)


def test_trailing_bytes_are_refused_with_both_numbers(tmp_path):
    path = tmp_path / "vgg.safetensors"
    save_file(published_tensors(1), path)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(WeightsError, match=f"{size + 4} bytes where {size} belong"):
        read_weights(path, 1)


def changed(name, value):
    return {**published_tensors(2), name: value}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        (
            changed("features.2.weight", torch.full((64, 64, 3, 3), torch.nan)),
            "conv1_2 holds values that are not",
        ),
        (changed("features.0.bias", torch.full((64,), 1e30)), r"conv1_1 holds 1\.0e\+30.*below 10000"),
        (changed("features.2.weight", torch.ones(64, 3, 3, 3)), r"conv1_2 has shape \(64, 3, 3, 3\)"),
        (changed("features.2.weight", torch.ones(64, 64, 3, 3, dtype=torch.int8)), "floating-point"),
        (changed("features.17.weight", torch.ones(1)), "which has no “features.17.weight”"),
        ({"features.2.weight": torch.ones(1)}, "has no “features.0.weight”"),
        ({"something": torch.ones(1)}, "has no “features.0.weight”"),
    ],
)
@pytest.mark.parametrize("save", [save_file, torch.save])
def test_what_is_not_vgg19_is_refused_with_the_reason(tmp_path, save, tensors, reason):
    save(tensors, tmp_path / "vgg.bin")
    with pytest.raises(WeightsError, match=reason):
        read_weights(tmp_path / "vgg.bin", 2)


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (torch.ones(64, 3, 3, 3).to_sparse(), "sparse, has no values or rare numbers"),
        (torch.ones(64, 3, 3, 3, device="meta"), "sparse, has no values or rare numbers"),
        (torch.ones(64, 3, 3, 3).to(torch.float8_e4m3fn), "sparse, has no values or rare numbers"),
        (torch.zeros(64, 3, 3, 3), "conv1_1 is all zeros"),
        (torch.ones(64, 3, 3, 3, dtype=torch.complex64), "floating-point"),
    ],
    ids=["sparse", "meta", "float8", "zeros", "complex"],
)
@pytest.mark.filterwarnings("ignore:.*[Ss]parse")
def test_weights_stored_in_a_rare_way_are_refused_with_the_reason(tmp_path, kernel, reason):
    torch.save({"features.0.weight": kernel, "features.0.bias": torch.ones(64)}, tmp_path / "vgg.pth")
    with pytest.raises(WeightsError, match=reason):
        read_weights(tmp_path / "vgg.pth", 1)


def test_other_things_torch_can_save_are_refused(tmp_path):
    for thing in (torch.ones(3), [torch.ones(3)], {"features.0.weight": 3, "features.0.bias": 4}):
        torch.save(thing, tmp_path / "vgg.pth")
        with pytest.raises(WeightsError, match=r"named tensors|floating-point"):
            read_weights(tmp_path / "vgg.pth", 1)


def test_a_file_of_the_first_layers_is_enough_until_a_deeper_one_is_asked_for(tmp_path):
    save_file(published_tensors(3), tmp_path / "first.safetensors")
    assert len(read_weights(tmp_path / "first.safetensors", 3)[0]) == 3
    with pytest.raises(
        WeightsError, match="ends at relu2_1, but relu3_1 is needed: choose layers up to relu2_1"
    ):
        read_weights(tmp_path / "first.safetensors", 5)


@pytest.mark.weights
def test_the_real_layers_are_taken_as_folded_and_give_the_published_activations(real_weights):
    images = Path(__file__).resolve().parents[2] / "shared" / "images" / "tuebingen_neckarfront.jpg"
    if not images.exists():
        pytest.skip("needs a photograph: ../shared/images/tuebingen_neckarfront.jpg")
    with Image.open(images) as photograph:
        pixels = np.asarray(photograph.convert("RGB").resize((192, 144)), dtype=np.float32) / 255
    weights = read_weights(Path(real_weights), 8)
    assert torch.equal(weights[0][0], load_file(real_weights)["features.0.weight"])
    network = Network(Filters("", "file", *weights), ("relu1_1", "relu3_4"), pooling="max")
    features = network(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    assert 15 < features["relu1_1"].mean() < 30
    assert 250 < features["relu3_4"].mean() < 1000


@pytest.mark.weights
def test_the_real_layers_in_caffes_convention_are_recognised(tmp_path, real_weights, picture):
    real = {name: t for name, t in load_file(real_weights).items() if name in published_tensors(COUNT)}
    for stored in (as_caffe(real), as_caffe(real, bgr=False), renamed(as_caffe(real))):
        save_file(stored, tmp_path / "caffe.safetensors")
        assert_same_network(tmp_path / "caffe.safetensors", real, picture)
