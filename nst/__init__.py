"""Neural style transfer by optimisation: pictures in, a stream of Progress out.

    from nst import Settings, load_picture, stylize

    for progress in stylize(load_picture("content.jpg"), load_picture("style.jpg"), Settings(size=512)):
        print(progress.doing, progress.evaluation, "of", progress.of)
    progress.image.save("painting.png")

nst.film.Film keeps a time-lapse of such a run while it goes.

Everywhere an image inside the engine is a tensor of shape (1, 3, H, W), float32, RGB in [0, 1].

In reading order:

    settings.py    every number a person can move; settings_text.py, how layers are written;
                   presets.py, named ones with their sources
    costs.py       J_content, Gram matrix, J_style, total variation: the formulas, each once
    statistics.py  what may stand in the Gram matrix's place
    targets.py     what the generated image is compared with, by layer
    objective.py   α, β, λ, γ and κ applied: J and its gradient, one evaluation
    schedule.py    the sizes a run paints at, from coarse to fine
    optimizers.py  spectral L-BFGS (with spectrum.py), L-BFGS, Adam, gradient descent
    descent.py     the loop, and what keeps it from harm
    borders.py     what is beyond the picture's border; regions.py, what a mask keeps or gives to a style
    alike.py       a proposal for such masks: which parts of two pictures are alike
    style_image.py the style image as it is used: turned, cut, as large as a scale asks for
    transfer.py    stylize(): all of these as one generator; report.py, what a run reports

    brushwork.py   three sizes of strokes to choose from
    between.py     from one style to another; row.py, several runs as one;
                   film.py, the making of a painting, as an animated WebP or an MP4
    images.py      files → pictures → files; tensors.py, pictures → tensors → pictures;
                   colours.py, those of one picture for another
    device.py      where to run, and how precisely; folders.py, where things are kept
    recipe.py      the settings inside the PNG; errors.py, what can go wrong
    __main__.py    the command line; arguments.py, its options; command.py, what it then does

    network/   VGG-19            weights/   where its filters come from
    studies/   the course        ui/        the page
"""

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from .images import load_painting, load_picture
    from .transfer import Costs, Progress, Weighting, stylize

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
    "load_painting",
    "load_picture",
    "preset",
    "stylize",
]


def __getattr__(name: str) -> object:
    """What brings torch with it is imported when first asked for: a page can be served in the meantime."""
    if name in ("Costs", "Progress", "Weighting", "stylize"):
        from . import transfer

        return getattr(transfer, name)
    if name in ("load_painting", "load_picture"):
        from . import images

        return getattr(images, name)
    raise AttributeError(name)
