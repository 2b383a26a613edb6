"""What can go wrong on purpose; every text is one plain sentence fit for a visitor.

NSTError                 the root: str(error) names the trouble, the limit and what to do
├── ImageRefused         not a picture we accept: type, bytes, pixels, shape, damage
│   └── Busy             not looked at, as too many others are being opened
├── SettingsError        a setting outside its bounds
├── WeightsError         a weights file missing, damaged, or not VGG-19
│   └── TooShallow       a sound one that ends before a layer asked for
└── RunError             a run that had begun; carries the best picture so far
    ├── Diverged         the cost stopped being a number and shorter steps did not help
    └── OutOfMemory      the device is too small for this size
"""

from typing import Any


class NSTError(Exception):
    """Anything raised on purpose."""


class ImageRefused(NSTError):
    """A file that is not a picture we accept."""


class Busy(ImageRefused):
    """A file that may well be a picture: nobody had the time to look."""


class SettingsError(NSTError):
    """A setting outside its bounds."""


class WeightsError(NSTError):
    """A weights file that cannot be used."""


class TooShallow(WeightsError):
    """A weights file that ends at the layer `deepest`, before one asked for."""

    def __init__(self, message: str, deepest: str) -> None:
        super().__init__(message)
        self.deepest = deepest


class RunError(NSTError):
    """A run that ended early. `best` is the last good Progress, or None when there was none."""

    def __init__(self, message: str, best: Any = None) -> None:
        super().__init__(message)
        self.best = best


class Diverged(RunError):
    """The cost stopped being finite."""


class OutOfMemory(RunError):
    """The device ran out of memory."""


def shown(value: Any) -> str:
    """A value as it may stand in a sentence to a visitor: quoted and short."""
    text = str(value)
    return f"“{text[:24]}…”" if len(text) > 24 else f"“{text}”"
