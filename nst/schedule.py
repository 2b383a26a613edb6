"""Coarse to fine: the sizes a run paints at, what it begins each from, and how long is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import torch
from torch import Tensor

from .images import fit, least_side
from .settings import Settings
from .tensors import resize_tensor

COARSEST = 128  # pixels; below it relu5_1 sees a handful of places
COARSEST_ASKED = 32  # pixels, where the number of sizes is given
# Shares of the evaluations: of the coarsest of several sizes, and of those between it and the finest, each of
# them so many times that of the next coarser one. The finest has the rest. See benchmarks/NOTES.md.
AT_COARSEST, BETWEEN, FEWER_WHEN_FINER = 0.6, 0.15, 0.65
ENOUGH = 120  # evaluations at a coarser scale: from 30 on they change the looks and not J
# What a strength is averaged with at the coarser scales: the style paints the large shapes there, and the
# finest scale brings the content back. Less of the style is left for as much movement, see
# benchmarks/NOTES.md.
COARSER_STRENGTH = 100.0


@dataclass(frozen=True)
class Scale:
    """One size of the coarse-to-fine schedule and its share of the evaluations.

    whole    longer side of the picture that `size` is a piece of, 0 where it is no piece
    finest   whether it is the last of the schedule
    """

    size: tuple[int, int]
    evaluations: int
    whole: int = 0
    finest: bool = True

    @property
    def side(self) -> int:
        """Longer side of the whole picture."""
        return self.whole or max(self.size)

    def piece(self, share: float) -> "Scale":
        """The scale at which a piece that is this share of the picture's sides is painted as in the whole."""
        width, height = self.size
        return replace(self, size=(round(share * width), round(share * height)), whole=self.side)

    def used(self, settings: Settings) -> Settings:
        """The settings as this scale uses them. At a coarser one a strength below COARSER_STRENGTH is raised
        to the geometric mean of both:

            strength = max(strength, √(strength · COARSER_STRENGTH))

        α and β that are given stay as they are, and so does a run from noise: enlarge() gives it none of the
        content image's detail.
        """
        if self.finest or settings.init == "noise":
            return settings
        strength = settings.strength
        return settings.with_(strength=max(strength, sqrt(strength * COARSER_STRENGTH)))


def schedule(settings: Settings, width: int, height: int) -> list[Scale]:
    """Sizes from coarse to fine, each half the next, and how many evaluations each gets.

    Large structures are painted where they are cheap, and the finest scale brings the content back, which
    takes as many evaluations however many scales there are: a quarter of them, and what ENOUGH keeps from the
    coarser ones. With scales = 0 halving stops before a side would be under COARSEST px, with K when there
    are K or one would be under COARSEST_ASKED px, and before fit() would squash the picture.
    """
    sides = [settings.size]
    least = max(least_side(width, height), COARSEST_ASKED if settings.scales else COARSEST)
    while sides[0] // 2 >= least and len(sides) != settings.scales:
        sides.insert(0, sides[0] // 2)
    sides = sides[-settings.evaluations :]
    free = settings.evaluations - len(sides)  # beside one at each
    counts = [1 + int(free * share) for share in _shares(len(sides))]
    counts[0] += settings.evaluations - sum(counts)
    coarser = [min(ENOUGH, count) for count in counts[:-1]]
    counts = [*coarser, settings.evaluations - sum(coarser)]
    return [
        Scale(fit(width, height, side), count, finest=side == settings.size)
        for side, count in zip(sides, counts, strict=True)
    ]


def _shares(scales: int) -> list[float]:
    """Of the evaluations, for so many scales from coarse to fine."""
    if scales == 1:
        return [1.0]
    between = [FEWER_WHEN_FINER**k for k in range(scales - 2)]
    shares = [AT_COARSEST, *(BETWEEN * each / sum(between) for each in between)]
    return [*shares, 1 - sum(shares)]


def continued(scales: Sequence[Scale], side: int) -> list[Scale]:
    """What is left of a schedule for a picture that is `side` px long already: the finer sizes, or, where
    there is none, the finest with all of the evaluations."""
    finer = [scale for scale in scales if max(scale.size) > side]
    return finer or [Scale(scales[-1].size, sum(scale.evaluations for scale in scales))]


class Pace:
    """Seconds left of a schedule, taking an evaluation's time to grow with its pixels.

    Judged by the present scale alone: small pictures cost more a pixel than large ones.
    """

    def __init__(self, scales: Sequence[Scale]) -> None:
        pixels = [scale.size[0] * scale.size[1] for scale in scales for _ in range(scale.evaluations)]
        self.pixels, self.began, self.since = pixels, -1, 0.0

    def seconds_left(self, evaluation: int, seconds: float) -> float | None:
        """The time left after so many evaluations, `seconds` after the start; None before it can be known."""
        if evaluation == 0:
            return None
        if self.began < 0 or self.pixels[self.began] != self.pixels[evaluation - 1]:
            self.began, self.since = evaluation - 1, seconds
        done = sum(self.pixels[self.began + 1 : evaluation])
        return (seconds - self.since) / done * sum(self.pixels[evaluation:]) if done else None


def starting_image(settings: Settings, content: Tensor) -> Tensor:
    """The generated image before the first evaluation: the content image, noise, or a blend of both.

    noise   0.5 + 0.25 · N(0, 1) a pixel and channel, from `seed`; drawn on the CPU so that devices agree
    blend   noise · noise image + (1 − noise) · content image, the course's exercise
    """
    if settings.init == "content":
        return content
    share = settings.noise if settings.init == "blend" else 1.0
    generator = torch.Generator().manual_seed(settings.seed)
    noise = 0.5 + 0.25 * torch.randn(content.shape, generator=generator)
    return torch.lerp(content, noise.to(content.device), share)


# Of the detail that enlarging lost: with all of it a photograph's grain stays under the paint, with none thin
# things go. See benchmarks/NOTES.md.
DETAIL = 0.5

Resize = Callable[[Tensor, tuple[int, int]], Tensor]  # as resize_tensor()


def enlarge(
    image: Tensor,
    smaller: Tensor,
    content: Tensor,
    resize: Resize = resize_tensor,
    detail: float = DETAIL,
) -> Tensor:
    """The generated image taken to the content image's next size, with a share of the detail that enlarging
    lost:

        G ← enlarge(G) + detail · (C − enlarge(C_smaller))

    so that the finer scale begins from a picture that is neither blurred nor a photograph again.
    """
    size = (content.shape[-1], content.shape[-2])
    return resize(image, size) + detail * (content - resize(smaller, size))


def beginning(
    settings: Settings,
    content: Tensor,
    smaller: Tensor | None,
    painted: Tensor | None,
    resize: Resize = resize_tensor,
) -> Tensor:
    """What a scale begins from: starting_image() at the first, then the picture so far, enlarged."""
    if painted is None or smaller is None:
        return starting_image(settings, content)
    if settings.init == "noise":  # a run that never saw the content's pixels is not given them now
        return resize(painted, (content.shape[-1], content.shape[-2]))
    return enlarge(painted, smaller, content, resize)
