"""Where VGG-19's filters come from: a file, a cache, the Hugging Face Hub, torchvision; or None, self-taught.

Only the convolutions a run needs are read and downloaded: 9 MB through relu3_4, 52 MB through relu5_1.
Reading files is the business of formats.py, the network of hub.py, what is kept of cache.py.
"""

import hashlib
import logging
import math
import os
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import torch
from huggingface_hub import constants, hf_hub_url, try_to_load_from_cache
from huggingface_hub.utils import build_hf_headers
from torch import Tensor

from . import cache
from .cache import forget_failure
from .errors import WeightsError
from .formats import Weights, read_weights, tensor_shapes
from .hub import Address, Remote, collect, fetch, look
from .layers import CONVS, depth
from .loading import Loading, beside
from .vgg import Filters
from .vision import import_torchvision

__all__ = ["Loading", "find_filters", "forget_failure"]

log = logging.getLogger(__name__)

# timm's copy of torchvision's weights (BSD-3), at the commit that added it; the SHA-256 is the Hub's own.
REPOSITORY = "timm/vgg19.tv_in1k"
FILE = "model.safetensors"
REVISION = "128d4708565b3a414bcbb9bbad440b2fe37b9f18"
SHA256 = "11aea017b543ff59233749d8f1cf544cda749378f5790d2fedab841fb86b7669"

SECONDS_TO_DECIDE = 2.5
ADVICE = "Try again later, choose self-taught filters, or name a weights file."


def find_filters(source: str, through: str) -> Generator[Loading, None, Filters | None]:
    """VGG-19's filters from conv1_1 to the layer `through`; None means: use self-taught filters.

    source    "auto", "imagenet", "self-taught", or the path of a weights file
    through   the deepest layer needed, such as "relu3_4"

    Looks, in order, at the file named by NST_WEIGHTS, the Hugging Face cache, this app's own cache and the
    Hub. With no network "auto" decides within 3 seconds, remembers it for ten minutes, and gives None.
    "imagenet" goes on to torchvision's own file, and raises WeightsError where "auto" gives None.

    Yields a Loading a few times a second while the network is used; closing it stops the download, which
    a later call resumes. Raises WeightsError for a file that was named and cannot be used.
    """
    count = depth(through)
    if source == "self-taught":
        return None
    named = os.environ.get("NST_WEIGHTS") if source in ("auto", "imagenet") else source
    if named:
        path = Path(os.path.expanduser(named))
        log.info("VGG-19 from the file %s", path)
        return Filters(f"VGG-19 from {path.name}", "file", *read_weights(path, count))
    weights = _at_hand(count)
    if weights is None:
        weights = yield from (_or_none(count) if source == "auto" else _or_error(count))
    return weights and Filters("VGG-19 (ImageNet)", "imagenet", *weights)


def _or_none(count: int) -> Generator[Loading, None, Weights | None]:
    reason = cache.remembered_failure()
    if not reason:
        try:
            return (yield from _from_hub(count))
        except WeightsError as error:
            reason = str(error)
            cache.remember_failure(reason)
    log.warning("%s Going on with self-taught filters.", reason)
    yield Loading(f"{reason} Going on with self-taught filters.")
    return None


def _or_error(count: int) -> Generator[Loading, None, Weights]:
    try:
        try:
            return (yield from _from_hub(count))
        except WeightsError as error:
            if constants.HF_HUB_OFFLINE:
                raise
            log.warning("%s", error)
            return (yield from _from_torchvision(count))
    except WeightsError as error:
        raise WeightsError(f"{error} {ADVICE}") from error


def _at_hand(count: int) -> Weights | None:
    """The weights from a cache on this disk, or None."""
    published = try_to_load_from_cache(REPOSITORY, FILE, revision=REVISION)
    if isinstance(published, str):
        try:
            weights = read_weights(Path(published), count)
            log.info("VGG-19 from the Hugging Face cache")
            return weights
        except WeightsError as error:
            log.warning("Passing over the Hugging Face cache. %s", error)
    tensors = cache.tensors()
    if not tensor_shapes(count).keys() <= tensors.keys():
        return None
    log.info("VGG-19 from this app's cache")
    return _weights(tensors, count)


def _weights(tensors: dict[str, Tensor], count: int) -> Weights:
    names = [f"features.{conv.index}" for conv in CONVS[:count]]
    return tuple(tensors[f"{n}.weight"] for n in names), tuple(tensors[f"{n}.bias"] for n in names)


def _from_hub(count: int) -> Generator[Loading, None, Weights]:
    if constants.HF_HUB_OFFLINE:
        raise WeightsError("The network is switched off here (HF_HUB_OFFLINE).")
    url = hf_hub_url(REPOSITORY, FILE, revision=REVISION)
    address = Address("The Hugging Face Hub", url, SHA256, build_hf_headers(library_name="nst"))
    asking = Loading("Asking the Hugging Face Hub for VGG-19.")
    remote = yield from beside(look(address, tensor_shapes(count)), asking, SECONDS_TO_DECIDE)
    folder = cache.writable_folder()
    yield from cache.alone(folder, _extend(remote, folder, count))
    log.info("VGG-19 from the Hugging Face Hub")
    return _weights(cache.tensors(), count)


def _extend(remote: Remote, folder: Path, count: int) -> Generator[Loading, None, None]:
    """Download the tensors the cache still lacks, and keep old and new together."""
    tensors = cache.tensors()
    missing = {name: shape for name, shape in tensor_shapes(count).items() if name not in tensors}
    if not missing:
        return
    part = folder / f"{cache.NAME}.{len(tensors) // 2}-{count}.part"
    yield from collect(remote.address, [remote.spans[name] for name in missing], part)
    data, at = bytearray(part.read_bytes()), 0
    for name in sorted(missing, key=remote.spans.__getitem__):  # the order collect() laid them down in
        size = math.prod(missing[name])
        tensors[name] = torch.frombuffer(data, dtype=torch.float32, count=size, offset=at).view(missing[name])
        at += 4 * size
    cache.keep(folder, tensors)


def _from_torchvision(count: int) -> Generator[Loading, None, Weights]:
    address = Address("PyTorch's server", published_url())
    size = yield from beside(
        _size(address), Loading("Asking PyTorch's server for VGG-19."), SECONDS_TO_DECIDE
    )
    folder = cache.writable_folder()
    yield from cache.alone(folder, _whole(address, size, folder))
    log.info("VGG-19 from PyTorch's server")
    return _weights(cache.tensors(), count)


def published_url() -> str:
    """The address of torchvision's VGG-19; its file name ends in the first digits of its SHA-256."""
    try:
        return import_torchvision().models.VGG19_Weights.IMAGENET1K_V1.url
    except ImportError as error:
        raise WeightsError("torchvision, which knows its address, is not installed.") from error


def _size(address: Address) -> Generator[Loading, None, int]:
    size = 0
    for piece in fetch(address, (0, 1), refusals=0):
        yield Loading("Asking PyTorch's server for VGG-19.")
        size = max(size, piece.size)
    return size


def _whole(address: Address, size: int, folder: Path) -> Generator[Loading, None, None]:
    """Download the whole file, check its SHA-256, and keep every convolution of it."""
    part = folder / "vgg19-torchvision.part"
    yield from collect(address, [(0, size)], part)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(Path(urlsplit(address.url).path).stem.rpartition("-")[2]):
        part.unlink()
        raise WeightsError(f"{address.host} sent a damaged file.")
    kernels, biases = read_weights(part, len(CONVS))
    pairs = zip(CONVS, kernels, biases, strict=True)
    cache.keep(
        folder,
        {
            f"features.{conv.index}.{kind}": value
            for conv, kernel, bias in pairs
            for kind, value in (("weight", kernel), ("bias", bias))
        },
    )
