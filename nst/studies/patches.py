"""Patches: the places of a picture where an activation is largest, cut out and laid side by side.

Reading order: where the places are; which nine are kept of them; how they are shown. The activations
are those of units.py (the units of a network) or gram.py (channels and pairs of them).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..network.layers import receptive_box, receptive_field, stride

KEPT = 9  # patches of each unit, as in Zeiler & Fergus (2014), figure 2
GREY = (128, 128, 128)
CRISP = 4  # enlarged this many times or more, a pixel is shown as a square; less, smoothly


@dataclass(frozen=True)
class Patch:
    """One place a unit responds to.

    picture       which picture, counted from 0
    row, column   the unit's position in the layer's map
    activation    what the unit says there, > 0
    field         (left, top, right, bottom) in pixels: the receptive field, which may reach over the border
    box           the part of it inside the picture: no other pixel can change the activation
    """

    picture: int
    row: int
    column: int
    activation: float
    field: tuple[int, int, int, int]
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Top:
    """The nine strongest places of every unit of a layer so far, sorted by unit, the strongest first.

    activations   (n,) > 0
    places        (n, 4) whole numbers: unit, picture, row, column
    """

    activations: Tensor = field(default_factory=lambda: torch.empty(0))
    places: Tensor = field(default_factory=lambda: torch.empty(0, 4, dtype=torch.long))

    def of(self, unit: int) -> list[tuple[float, int, int, int]]:
        """(activation, picture, row, column) of one unit's places, the strongest first; at most nine."""
        mine = self.places[:, 0] == unit
        places = self.places[mine, 1:].tolist()
        return [(a, *place) for a, place in zip(self.activations[mine].tolist(), places, strict=True)]


def cell_side(layer: str) -> int:
    """Positions of the layer that span half its receptive field: 2 at relu1_1, 3 at relu3_1, 6 at relu3_4."""
    return math.ceil(receptive_field(layer) / (2 * stride(layer)))


def peaks(maps: Tensor, cell: int) -> tuple[Tensor, Tensor, Tensor]:
    """At most one place per place: where each map is larger than all around.

    The map is divided into squares of cell × cell positions, from its upper left. A place is a peak if it is
    the largest of its square and of the eight squares around it; among equals, the first in reading order
    (of squares, then of positions). Two peaks of one map are so more than `cell` positions apart.

    maps      (1, C, H, W)
    returns   three tensors (C, ⌈H/cell⌉, ⌈W/cell⌉): each square's maximum, its place i · W + j in the map,
              and whether it is a peak

    Squares rather than a sliding window: all but the first reading of the map is then on a map cell² times
    smaller, and the search costs little beside the convolutions.
    """
    largest, place = F.max_pool2d(maps, cell, ceil_mode=True, return_indices=True)
    _, winner = F.max_pool2d(largest, 3, stride=1, padding=1, return_indices=True)
    height, width = largest.shape[2:]
    itself = torch.arange(height * width, device=maps.device).view(height, width)
    return largest[0], place[0], winner[0] == itself


def with_picture(top: Top, maps: Tensor, layer: str, picture: int) -> Top:
    """The nine strongest after one more picture, whose activations at `layer` are maps (1, C, H, W) ≥ 0.

    Only activations above 0 count; among equal ones the earlier picture, then the earlier peak, is kept.
    """
    largest, place, is_peak = peaks(maps, cell_side(layer))
    least = _ninth(top, maps.shape[1]).to(maps.device).view(-1, 1, 1)
    chosen = is_peak & (largest > least)
    unit, position = chosen.nonzero()[:, 0].cpu(), place[chosen].cpu()
    rows, columns = position // maps.shape[3], position % maps.shape[3]
    new = torch.stack((unit, torch.full_like(unit, picture), rows, columns), dim=1)
    return _strongest(
        torch.cat((top.activations, largest[chosen].float().cpu())), torch.cat((top.places, new))
    )


def _ninth(top: Top, units: int) -> Tensor:
    """(units,) what a place must exceed to be kept: a unit's ninth activation, or 0 where it has fewer."""
    least = torch.zeros(units)
    last = _rank(top.places[:, 0]) == KEPT - 1
    least[top.places[last, 0]] = top.activations[last]
    return least


def _strongest(activations: Tensor, places: Tensor) -> Top:
    """Sort by unit, and within a unit by activation; stable sorts keep equal ones in the order they came."""
    order = activations.sort(descending=True, stable=True).indices
    order = order[places[order, 0].sort(stable=True).indices]
    kept = order[_rank(places[order, 0]) < KEPT]
    return Top(activations[kept], places[kept])


def _rank(unit: Tensor) -> Tensor:
    """0, 1, 2, … within each run of equal numbers of a sorted tensor."""
    unit = unit.contiguous()  # a column of a table is not, and torch warns
    return torch.arange(len(unit)) - torch.searchsorted(unit, unit)


def patches(top: Top, unit: int, layer: str, sizes: Sequence[tuple[int, int]]) -> tuple[Patch, ...]:
    """The patches of one unit, the strongest first; sizes are the pictures' (width, height)."""
    found = []
    for activation, picture, row, column in top.of(unit):
        seen = receptive_box(layer, row, column)
        width, height = sizes[picture]
        box = (max(0, seen[0]), max(0, seen[1]), min(width, seen[2]), min(height, seen[3]))
        found.append(Patch(picture, row, column, activation, seen, box))
    return tuple(found)


def cut_out(picture: Image.Image, patch: Patch) -> Image.Image:
    """The patch as a picture of the receptive field's size, grey where the field reaches over the border."""
    return in_field(picture.crop(patch.box), patch)


def in_field(part: Image.Image, patch: Patch) -> Image.Image:
    """A picture of the patch's box, laid where it belongs in the whole receptive field, on grey."""
    left, top, right, bottom = patch.field
    whole = Image.new("RGB", (right - left, bottom - top), GREY)
    whole.paste(part, (patch.box[0] - left, patch.box[1] - top))
    return whole


def mosaic(pictures: Sequence[Image.Image], side: int = 64, columns: int = 3, gap: int = 2) -> Image.Image:
    """Up to columns² pictures in reading order, as side × side pixels each, on white; the rest stays white.

    Where there are few pixels each is shown as a square, so that nothing is seen that is not there; larger
    pictures are resized smoothly (bicubic).
    """
    step = side + gap
    sheet = Image.new("RGB", (columns * step - gap, columns * step - gap), "white")
    for number, picture in enumerate(pictures[: columns**2]):
        crisp = CRISP * max(picture.size) <= side
        how = Image.Resampling.NEAREST if crisp else Image.Resampling.BICUBIC
        down, right = divmod(number, columns)
        sheet.paste(picture.resize((side, side), how), (right * step, down * step))
    return sheet
