"""How much of each style image: one slider for each but the first, and the weights that they amount to."""

from collections.abc import Sequence
from typing import Any

from ..errors import SettingsError, shown
from ..settings import MOST_STYLES

ORDINALS = ("second", "third", "fourth")
EVEN = tuple(round(1 / styles, 2) for styles in range(2, MOST_STYLES + 1))  # equal ones


def label(ordinal: str) -> str:
    return f"Share of the {ordinal} style"


def weights_of(shares: Sequence[float]) -> tuple[float, ...]:
    """The weights of 1 + n style images by the shares of the others:

        w ← ((1 − s) w, s)   for s = s_2, s_3, …, from w = (1)

    so that 0 leaves a style image out and 1 is it alone.
    """
    weights = (1.0,)
    for share in shares:
        weights = (*((1 - share) * weight for weight in weights), share)
    return weights


def shares_of(weights: Sequence[float]) -> tuple[float, ...]:
    """The shares that these weights are of, EVEN where they say nothing: s_k = w_k / (w_1 + … + w_k)."""
    sums = [sum(weights[: styles + 1]) for styles in range(len(weights))]
    found = zip(weights[1:], sums[1:], EVEN, strict=False)
    known = tuple(weight / total if total else even for weight, total, even in found)
    return (*known, *EVEN[len(known) :])


def mixture(shares: Sequence[Any], styles: Sequence[Any]) -> tuple[float, ...]:
    """The weights of the first style image and of those of `styles`, the second and on, that are there; ()
    for the first alone. Raises SettingsError for a share, which is whatever a client sends."""
    given = [
        (_share(share, ordinal), style)
        for share, style, ordinal in zip(shares, styles, ORDINALS, strict=True)
    ]
    weights = weights_of([share if style else 0.0 for share, style in given])
    there = [weight for weight, (_, style) in zip(weights[1:], given, strict=True) if style]
    return (weights[0], *there) if there else ()


def with_those_missing(weights: Sequence[float], styles: Sequence[Any]) -> tuple[float, ...]:
    """The weights of the style images that are there, of two or more, with 0 for each that is not; any other
    number of weights as it is."""
    each = iter(weights)
    return tuple(next(each, 0.0) if style else 0.0 for style in styles) if len(weights) > 1 else (*weights,)


def _share(share: Any, ordinal: str) -> float:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise SettingsError(f"{label(ordinal)} must be a number from 0 to 1, not {shown(share)}.")
    return share
