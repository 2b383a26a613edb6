"""Filters for a study: as deep as those there are, up to the layer wanted."""

from collections.abc import Generator, Sequence

from PIL import Image

from ..errors import TooShallow
from ..images import fit
from ..network.layers import RELU_LAYERS, depth
from ..network.vgg import Filters
from ..settings import Settings
from ..tensors import to_tensor
from ..transfer import learn
from ..weights import find_filters
from .board import LARGEST

MOST_LEARNED_FROM = 4  # pictures; more teach self-taught filters little that is new


def filters_for(
    settings: Settings, pictures: Sequence[Image.Image], through: str = RELU_LAYERS[-1], side: int = LARGEST
) -> Generator[str, None, Filters]:
    """Filters of the settings' weights, as deep as they go up to `through`. Self-taught ones are learned from
    the pictures, the first four at most, at `side` pixels.

    Yields what it is doing, as find_filters() does, and returns the filters.
    """
    filters = yield from as_deep_as_can_be(settings.weights, through)
    if filters is None:
        tensors = [to_tensor(picture, fit(*picture.size, side)) for picture in pictures[:MOST_LEARNED_FROM]]
        one = settings.with_(content_layers={through: 1.0}, style_layers={through: 1.0})
        filters = yield from learn(one, tensors[0], tensors[1:])
    return filters


def as_deep_as_can_be(source: str, through: str) -> Generator[str, None, Filters | None]:
    """find_filters() up to `through`, or as deep as a weights file goes."""
    try:
        return (yield from find_filters(source, through))
    except TooShallow as error:
        through = error.deepest
    return (yield from find_filters(source, through))


def reached(filters: Filters, layers: Sequence[str]) -> tuple[str, ...]:
    """Those of the layers that the filters reach."""
    return tuple(layer for layer in layers if depth(layer) <= len(filters.kernels))
