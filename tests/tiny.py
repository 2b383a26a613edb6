"""Small things to test on: a tiny VGG-shaped stack of filters, settings and a run that fit it, and pictures
drawn by formula."""

import numpy as np
import torch
from PIL import Image

from nst import Settings, stylize
from nst.network.layers import CONVS
from nst.network.vgg import Filters

# Layers that the tiny filters have.
SHALLOW = {
    "content_layers": {"relu3_3": 1},
    "style_layers": dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu3_4"), 1),
}
SMALL = Settings(size=64, evaluations=6, scales=1, tv=0.0, pooling="average", **SHALLOW)


def run(settings=SMALL, content=None, style=None, filters=None):
    """Every Progress of a small run."""
    content, style = content or waves(), style or checks()
    return list(stylize(content, style, settings, "cpu", filters or tiny_filters()))


def tiny_filters(through: int = 8, seed: int = 0) -> Filters:
    """Seeded random filters with VGG-19's topology and 8 channels, scaled to keep activations alive."""
    generator = torch.Generator().manual_seed(seed)
    kernels, biases, inputs = [], [], 3
    for _ in CONVS[:through]:
        kernels.append(torch.randn(8, inputs, 3, 3, generator=generator) * (2 / (9 * inputs)) ** 0.5)
        biases.append(0.1 * torch.randn(8, generator=generator))
        inputs = 8
    return Filters("tiny filters", "file", tuple(kernels), tuple(biases))


def waves(width: int = 64, height: int = 48) -> Image.Image:
    """A content image: soft coloured waves with one edge."""
    y, x = np.mgrid[:height, :width] / 16
    red = 0.5 + 0.4 * np.sin(x + 0.5 * y)
    green = 0.5 + 0.4 * np.cos(y)
    blue = np.where(x > y, 0.8, 0.2)
    return _picture(red, green, blue)


def checks(width: int = 80, height: int = 64) -> Image.Image:
    """A style image: a sharp pattern in other colours, of another size."""
    y, x = np.mgrid[:height, :width]
    check = ((x // 4 + y // 4) % 2).astype(float)
    return _picture(check, 0.3 + 0.5 * check, 0.9 - 0.8 * check)


def pale_checks(width: int = 80, height: int = 64) -> Image.Image:
    """checks() with an eighth of their colour."""
    picture = checks(width, height)
    return Image.blend(picture.convert("L").convert("RGB"), picture, 1 / 8)


def _picture(*channels: np.ndarray) -> Image.Image:
    return Image.fromarray((np.stack(channels, axis=-1) * 255).round().astype(np.uint8))


class Evaluating:
    """An objective (nst.objective.Evaluate) of a function x ↦ (costs, gradient)."""

    def __init__(self, of):
        self.of = of

    def __call__(self, x):
        return self.of(x)

    def costs(self, x):
        return self.of(x)[0]
