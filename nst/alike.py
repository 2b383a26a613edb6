"""Which parts of a content image and of a style image are alike: sky like sky, ground like ground.

A proposal for masks of regions.py, to be looked at and changed.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .device import choose
from .errors import SettingsError, shown
from .images import fit
from .network.layers import depth
from .network.vgg import Filters, Network
from .regions import PARTS
from .settings import FEWEST_PARTS, MOST_PARTS
from .tensors import to_tensor
from .weights import packaged_filters

LAYER = "relu5_1"  # says more of what is seen than of how it is painted
SIDE = 512  # pixels of the longer side
KEPT = 24  # of the directions in which the activations of both pictures vary most
STARTS = 20  # of k-means; the best is used
SEGMENTS = 400  # of a picture, whose borders are those of the parts
LEAST = 0.02  # of either picture: a smaller part is left to the rest


def parts_alike(
    content: Image.Image,
    style: Image.Image,
    parts: int = 2,
    filters: Filters | None = None,
    device: str | None = None,
) -> tuple[Image.Image, Image.Image]:
    """Masks of the content and of the style image, in whose colours parts that are alike are the same.

    The activations of both pictures at LAYER, each channel of each picture with mean 0 and standard deviation
    1, so that a photograph and a painting can be compared, are clustered together:

        x = V (a − mean a) / std a,   V the first KEPT principal directions of both
        k-means of x / |x|

    and a place's part is that of the segment of the picture around it (scikit-image's SLIC). A part that is
    hardly in one of the pictures is black in both. The same pictures and filters give the same masks.

    filters   else those of the packaged network, whatever NST_WEIGHTS names: their layers are known

    Raises SettingsError for a number of parts out of FEWEST_PARTS … MOST_PARTS and where no part is in both
    pictures, and WeightsError.

    Source: the idea of Zhang et al. (2019), "Multimodal Style Transfer via Graph Cuts": clusters, without
    their matching and their cuts, of both pictures at once.
    """
    if not isinstance(parts, int) or not FEWEST_PARTS <= parts <= MOST_PARTS:
        raise SettingsError(
            f"Parts must be a whole number from {FEWEST_PARTS} to {MOST_PARTS}, not {shown(parts)}."
        )
    where = choose(device)
    filters = filters or packaged_filters(depth(LAYER))
    network = Network(filters, [LAYER], "max", where.torch)
    small = [picture.resize(fit(*picture.size, SIDE)) for picture in (content, style)]
    with torch.no_grad():
        found = [network(to_tensor(one).to(where.torch), [LAYER])[LAYER].float().cpu() for one in small]
    scores = _scores(found, parts)
    labels = [_cleaned(one, score) for one, score in zip(small, scores, strict=True)]
    both = [part for part in range(parts) if all((label == part).mean() >= LEAST for label in labels)]
    if not both:
        raise SettingsError("No part is in both pictures: mark the regions by hand.")
    return _coloured(labels[0], both), _coloured(labels[1], both)


def _scores(features: Sequence[Tensor], parts: int) -> list[Tensor]:
    """For activations (1, nC, nH, nW) of each picture, (1, parts, nH, nW): how near each place is to the
    middle of each cluster of all."""
    from scipy.cluster.vq import kmeans  # a second to import, and 40 MB with scikit-image's part

    every = torch.cat([_standard(one) for one in features])
    directions = torch.linalg.eigh(every.T @ every).eigenvectors[:, -KEPT:]
    x = F.normalize(every @ directions).numpy()
    middles = torch.from_numpy(kmeans(x, parts, iter=STARTS, rng=0)[0])
    near = -torch.cdist(torch.from_numpy(x), middles)
    split = near.split([one.shape[2] * one.shape[3] for one in features])
    return [
        each.T.reshape(1, len(middles), one.shape[2], one.shape[3])
        for each, one in zip(split, features, strict=True)
    ]


def _standard(features: Tensor) -> Tensor:
    """(1, nC, nH, nW) → (nH · nW, nC) in float64: each channel with mean 0 and standard deviation 1."""
    places = features[0].flatten(1).T.double()
    return (places - places.mean(0)) / places.std(0).clamp_min(1e-6)


def _cleaned(picture: Image.Image, scores: Tensor) -> np.ndarray:
    """(H, W): the part of each pixel, one for each segment of the picture."""
    from skimage.segmentation import slic

    segments = slic(np.asarray(picture), SEGMENTS, compactness=10, start_label=0)
    large = F.interpolate(scores, size=segments.shape, mode="bilinear")[0].flatten(1).numpy()
    sums = np.stack([np.bincount(segments.ravel(), weights=score) for score in large])
    return sums.argmax(0)[segments]


def _coloured(labels: np.ndarray, parts: Sequence[int]) -> Image.Image:
    mask = np.zeros((*labels.shape, 3), np.uint8)
    for part, colour in zip(parts, PARTS.values(), strict=False):
        mask[labels == part] = colour
    return Image.fromarray(mask)
