"""Neural style transfer by optimisation: pictures in, a stream of Progress out.

    from nst import Settings, load_picture, stylize

    for progress in stylize(load_picture("content.jpg"), load_picture("style.jpg"), Settings(size=512)):
        print(progress.doing, progress.evaluation, "of", progress.of)
    progress.image.save("painting.png")

Everywhere an image inside the engine is a tensor of shape (1, 3, H, W), float32, RGB in [0, 1].
"""

from .errors import (
    Diverged,
    ImageRefused,
    NSTError,
    OutOfMemory,
    RunError,
    SettingsError,
    WeightsError,
)
from .presets import PRESETS, preset
from .settings import BOUNDS, CHOICES, Settings

__version__ = "0.1.0"

__all__ = [
    "BOUNDS",
    "CHOICES",
    "PRESETS",
    "Costs",
    "Diverged",
    "ImageRefused",
    "NSTError",
    "OutOfMemory",
    "Progress",
    "RunError",
    "Settings",
    "SettingsError",
    "Weighting",
    "WeightsError",
    "load_picture",
    "preset",
    "stylize",
]


def __getattr__(name: str) -> object:
    """What brings torch with it is imported when first asked for: a page can be served in the meantime."""
    if name in ("Costs", "Progress", "Weighting", "stylize"):
        from . import transfer

        return getattr(transfer, name)
    if name == "load_picture":
        from .images import load_picture

        return load_picture
    raise AttributeError(name)
