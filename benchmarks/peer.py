"""The real program pastiche beside ours: the same pictures, the same network, and its own objective.

pastiche (Daniel Steinberg, MIT) runs as a process of its own with its command line and its defaults: max
pooling, L-BFGS from the content image, 1000 steps. Only its sizes are given, as both programs get the same
two files.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from nst.descent import descend
from nst.device import choose
from nst.images import fit
from nst.network.banded import BandedCostParts
from nst.network.layers import CONVS
from nst.network.vgg import Filters, Network
from nst.objective import Objective, weigh
from nst.optimizers import make_optimizer
from nst.schedule import enlarge, schedule, starting_image
from nst.settings import Settings
from nst.style_image import style_at
from nst.targets import make_targets
from nst.tensors import to_tensor

from .quality import cost_of

DRIVER = Path(__file__).parent / "timed_pastiche.py"
STEPS = 1000  # pastiche's default
KEPT = (10, *range(20, 51, 2), *range(60, STEPS + 1, 10))  # its clock stands still while it saves
# Its weights: content 0.01 · MSE, style 10 / C² · MSE of Gram matrices over H · W.
CONTENT_WEIGHT, STYLE_WEIGHT = 0.01, 10.0
CHANNELS = {
    f"relu{conv.name}": conv.outputs for conv in CONVS if conv.name in ("1_1", "2_1", "3_1", "4_1", "5_1")
}
CAFFE_MEAN = (123.68, 116.779, 103.939)  # RGB, of 0 … 255: what the original network takes for nothing


@dataclass(frozen=True)
class Frame:
    """What pastiche had painted after so many steps, and the seconds it had drawn for."""

    steps: int
    seconds: float
    picture: Image.Image


@dataclass(frozen=True)
class Drawn:
    """A run of pastiche: the seconds from its start to its first step, and its frames, in order."""

    start_seconds: float
    frames: Sequence[Frame]


def draw(
    content: Image.Image,
    style: Image.Image,
    steps: int = STEPS,
    seconds: float = 1e9,
    content_weight: float = 1.0,
    kept: Sequence[int] = KEPT,
) -> Drawn:
    """Run pastiche on these pictures at their own sizes, for so many steps or as many as fit in the seconds.

    content_weight   its option of that name, 1 by default
    kept             the steps, even numbers, whose frames are wanted; the last one is always there
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content.save(folder / "content.png")
        style.save(folder / "style.png")
        options = {
            "--content": folder / "content.png",
            "--styles": folder / "style.png",
            "--output": folder / "last.png",
            "--workspace": folder,
            "--workspace-step": 2,
            "--num-steps": steps,
            "--seed": 0,
            "--size": max(content.size),
            "--style-size": max(style.size),
            "--content-weight": content_weight,
        }
        arguments = [str(each) for pair in options.items() for each in pair]
        began = time.time()
        command = [sys.executable, str(DRIVER), name, str(seconds), ",".join(map(str, kept)), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lines = [json.loads(line) for line in (folder / "frames.jsonl").read_text().splitlines()]
        frames = {
            line["steps"]: Frame(line["steps"], line["seconds"], _picture(folder / line["name"]))
            for line in lines
            if "steps" in line
        }
        started = next(line["began"] for line in lines if "began" in line)
    return Drawn(started - began, [frames[steps] for steps in sorted(frames)])


def _picture(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def sized(content: Image.Image, style: Image.Image, side: int) -> tuple[Image.Image, Image.Image]:
    """Both pictures with a longer side of `side`, the style image never enlarged: what both are given."""
    sizes = fit(*content.size, side), fit(*style.size, min(max(style.size), side))
    lanczos = Image.Resampling.LANCZOS
    return content.resize(sizes[0], lanczos), style.resize(sizes[1], lanczos)


def its_settings(content_weight: float = 1.0, **changes) -> Settings:
    """Settings whose J is pastiche's objective, in the units of costs.py:

        w · 0.01 · MSE(a) + Σ_l 10 / C_l² · MSE(G_l / HW) = 0.04 · w · J_content + Σ_l 40 / C_l² · J_style[l]

    since J_content is a quarter of the mean square of activations and J_style[l] a quarter of that of Gram
    matrices over their own positions. So α = 0.04 · w, β = Σ 40 / C_l² and λ[l] is in proportion to 1 / C_l².
    The network is the same function of the picture, so the activations have pastiche's units: BGR in 0 … 255.
    """
    inverse = {layer: channels**-2 for layer, channels in CHANNELS.items()}
    return Settings(
        alpha=4 * CONTENT_WEIGHT * content_weight,
        beta=4 * STYLE_WEIGHT * sum(inverse.values()),
        content_layers={"relu4_2": 1.0},
        style_layers=inverse,
        pooling="max",
        tv=0.0,
        **changes,
    )


class ItsObjective:
    """pastiche's objective as a function of a picture (1, 3, H, W) in [0, 1]: the number it prints as loss.

    content, style   (1, 3, H, W) in [0, 1] at the sizes that pastiche uses
    """

    def __init__(self, filters: Filters, content: Tensor, style: Tensor, content_weight: float = 1.0) -> None:
        settings = its_settings(content_weight)
        self.network = Bordered(filters, settings.layers, settings.pooling)
        self.targets = make_targets(self.network, settings, content, [style])
        self.weighting = weigh(settings, self.targets)

    def __call__(self, image: Tensor) -> float:
        return cost_of(self.network, self.targets, self.weighting, image.clamp(0, 1).cpu())


class Bordered(Network):
    """The network with the border it was trained with: beyond the picture lies the mean colour, which is zero
    to Caffe's network, where ours repeats the picture's edge."""

    def prepared(self, image: Tensor) -> Tensor:
        grey = (torch.tensor(CAFFE_MEAN).to(self.mean).view(1, 3, 1, 1) / 255 - self.mean) / self.std
        return F.pad((image - self.mean) / self.std - grey, (1, 1, 1, 1)) + grey


def ours_on_it(
    filters: Filters, content: Image.Image, style: Image.Image, settings: Settings
) -> Iterator[Tensor]:
    """Our loop on exactly pastiche's objective: the best picture after each evaluation, at its scale.

    It is stylize() without the margin that is painted and cut off, with all of the detail that enlarging
    lost, and with the border of Bordered: at these weights relu5_1 sees so few places that another border is
    another objective.
    """
    where, painted, smaller = choose(), None, None
    for scale in schedule(settings, *content.size):
        here = to_tensor(content, scale.size).to(where.torch)
        network = Bordered(filters, settings.layers, settings.pooling, where.torch, where.dtype)
        targets = make_targets(network, settings, here, [style_at(style, scale, settings, here)])
        parts = BandedCostParts(network, targets.content, targets.style)
        objective = Objective(parts, targets, weigh(settings, targets))
        fresh = painted is None or smaller is None
        image = starting_image(settings, here) if fresh else enlarge(painted, smaller, here, detail=1)
        optimizer = make_optimizer(settings.optimizer, settings.learning_rate, image)
        for _, painted in descend(objective, image, optimizer, scale.evaluations):
            yield painted
        smaller = here


def strength_of(content_weight: float, filters: Filters, content: Tensor, style: Tensor) -> float:
    """The relative strength that pastiche's objective amounts to on two pictures: what its style costs are of
    silence over what its content cost is of silence, weighed, which is what `strength` means to ours."""
    settings = its_settings(content_weight)
    network = Network(filters, settings.layers, settings.pooling)
    targets = make_targets(network, settings, content, [style])
    style_energy = sum(
        settings.beta * share * float(targets.style[layer].square().mean()) / 4
        for layer, share in settings.style_layers.items()
    )
    content_energy = float(targets.content["relu4_2"].square().mean()) / 4
    return style_energy / (settings.alpha * content_energy)
