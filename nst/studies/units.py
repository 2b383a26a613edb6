"""What the network sees: for every unit of every layer, the nine image patches that activate it most.

    for scan in scan_units([load_picture("a.jpg"), load_picture("b.jpg")], filters):
        print(scan.doing)
    scan.top("relu3_1", 7)                     # up to nine Patches, the strongest first
    patch_mosaic(scan, "relu3_1", 7).save("unit.png")

After Zeiler & Fergus (2014), Visualizing and Understanding Convolutional Networks, figure 2. How a place is
chosen and shown is in patches.py; what in a patch drove the unit is in guided.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import torch
from PIL import Image

from ..device import choose
from ..errors import ImageRefused, SettingsError, shown
from ..images import on_white, within
from ..network.layers import RELU_LAYERS, stride
from ..network.vgg import Filters, Network
from ..tensors import to_tensor
from .guided import driver_pictures, guided_network
from .patches import Patch, Top, cut_out, mosaic, patches, with_picture

LONGEST_SIDE = 512  # pixels; a larger picture is shrunk to it, a smaller one taken as it is


@dataclass(frozen=True)
class Scan:
    """What was seen after `done` of `of` pictures; can be asked while the scan still goes on.

    doing      a short phrase for people: "Looking at picture 3 of 30"
    filters    whose units they are
    pictures   those scanned so far, as scanned: RGB, longer side at most 512 px
    tops       {layer: the nine strongest places of each of its units}
    """

    doing: str
    done: int
    of: int
    filters: Filters
    pictures: tuple[Image.Image, ...] = ()
    tops: Mapping[str, Top] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer the filters have, after its ReLU: relu1_1 … the deepest."""
        return RELU_LAYERS[: len(self.filters.kernels)]

    def units(self, layer: str) -> int:
        """How many units the layer has. Raises SettingsError for a layer the filters lack."""
        if layer not in self.layers:
            raise SettingsError(
                f"Layer must be one of {self.layers[0]} … {self.layers[-1]} with these filters "
                f"({self.filters.label}), not {shown(layer)}."
            )
        return len(self.filters.biases[RELU_LAYERS.index(layer)])

    def top(self, layer: str, unit: int) -> tuple[Patch, ...]:
        """Up to nine patches that activate the unit most, the strongest first, at most one per place
        (patches.peaks says what that is); none where the unit has stayed silent.

        unit   counted from 0

        Raises SettingsError for a layer the filters lack or a unit the layer lacks.
        """
        count = self.units(layer)
        if isinstance(unit, bool) or unit not in range(count):
            raise SettingsError(
                f"Unit must be a whole number from 0 to {count - 1} at {layer}, not {shown(unit)}."
            )
        sizes = [picture.size for picture in self.pictures]
        return patches(self.tops.get(layer, Top()), int(unit), layer, sizes)


def scan_units(
    pictures: Sequence[Image.Image], filters: Filters, device: str | None = None
) -> Iterator[Scan]:
    """Find the patches that activate each unit most; yields a Scan at once, and after each picture.

        top(l, k) = the nine largest a_ijk over all pictures and places (i, j), at most one per place

    pictures   RGB, from load_picture()
    device     "cpu", "cuda", "mps" or None for the best there is

    Pools take the maximum, as VGG-19 was trained, and activations are float32: half precision makes many of
    them equal. What is kept grows with the number of pictures only by the pictures themselves, as bytes.

    Raises SettingsError for no pictures, ImageRefused for one too small to reach the deepest layer.

    Source: Zeiler & Fergus (2014), figure 2. They look for places in ImageNet's 50 000 validation pictures.
    """
    pictures = list(pictures)
    if not pictures:
        raise SettingsError("There is no picture to look at: please add at least one.")
    scan = Scan(f"Looking at picture 1 of {len(pictures)}", 0, len(pictures), filters)
    for number, picture in enumerate(pictures, start=1):
        _require_size(picture, number, scan.layers[-1])
    yield scan
    network = Network(filters, scan.layers, "max", choose(device).torch)
    for picture in pictures:
        scan = _looked(scan, picture, network)
        yield scan


def _require_size(picture: Image.Image, number: int, layer: str) -> None:
    least = stride(layer)
    if min(picture.size) < least:
        width, height = picture.size
        raise ImageRefused(
            f"Picture {number} is {width} × {height} pixels and both sides need at least {least} "
            f"for {layer}: please choose a larger picture."
        )


@torch.no_grad()
def _looked(scan: Scan, picture: Image.Image, network: Network) -> Scan:
    """The scan after one more picture; its activations are let go of."""
    picture = _at_most(picture, LONGEST_SIDE)
    tops = {
        layer: with_picture(scan.tops.get(layer, Top()), maps, layer, scan.done)
        for layer, maps in network(to_tensor(picture).to(network.mean.device)).items()
    }
    done = scan.done + 1
    doing = f"Looking at picture {done + 1} of {scan.of}" if done < scan.of else "Done"
    return replace(
        scan, doing=doing, done=done, pictures=(*scan.pictures, picture), tops=MappingProxyType(tops)
    )


def _at_most(picture: Image.Image, side: int) -> Image.Image:
    if picture.mode != "RGB":
        picture = on_white(picture).convert("RGB")
    return picture.resize(within(picture.size, side), Image.Resampling.LANCZOS)


def patch_mosaic(scan: Scan, layer: str, unit: int, side: int = 64) -> Image.Image:
    """The unit's patches, the strongest first, 3 × 3 in one picture, each side × side pixels.

    A place near the border shows grey where the receptive field reaches over it. Raises as Scan.top() does.
    """
    found = scan.top(layer, unit)
    return mosaic([cut_out(scan.pictures[patch.picture], patch) for patch in found], side)


def driver_mosaic(
    scan: Scan, layer: str, unit: int, side: int = 64, network: Network | None = None
) -> Image.Image:
    """What in each of the unit's patches drove it, in the order and size of patch_mosaic(): grey where
    nothing did, lighter or darker where more light or less would raise the activation (guided.py).

    network   guided_network() of the scan's filters and this layer, where it is there already

    Raises as Scan.top() does.
    """
    found = scan.top(layer, unit)
    network = network or guided_network(scan.filters, layer)
    return mosaic(driver_pictures(network, layer, int(unit), scan.pictures, found), side)
