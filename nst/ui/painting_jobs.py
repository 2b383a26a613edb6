"""The jobs of the Transfer tab: one painting, or a row of them, as PNGs with their recipes at the end."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from .. import __version__
from ..images import fit, save_jpeg, save_png
from ..recipe import OTHERS, recipe_of
from ..settings import Settings
from .running.frames import Point
from .running.speed import slowness
from .running.workspace import PREVIEW_EDGE, made_in, whole

if TYPE_CHECKING:
    from ..objective import Costs, Weighting
    from ..row import Row
    from ..transfer import Progress

CONTENT = "content.jpg"  # beside the painting, to compare it with later; of a texture, the style image
CONTENT_SIDE = 1024  # pixels
GAP, GREY = 4, (128, 128, 128)  # between the pictures of a row that is being painted; for either mode


@dataclass(frozen=True)
class Painting:
    """One painting as a job; name: of the file it ends in; start: what it goes on with; masks: its
    regions; no content: a texture."""

    content: Image.Image | None
    styles: Sequence[Image.Image]
    settings: Settings
    name: str = "painting.png"
    start: Image.Image | None = None
    mask: Image.Image | None = None
    style_mask: Image.Image | None = None

    kept = "this is the best picture so far"
    edge = PREVIEW_EDGE
    moments = lasts = True

    @property
    def pixels(self) -> float:
        pixels = self.settings.size**2 * min(self.shape) / max(self.shape) * self.settings.evaluations
        return slowness(self.settings) * pixels

    @property
    def shape(self) -> tuple[int, int]:
        """(width, height) of the shape that is painted."""
        return self.settings.shape(self.content.size if self.content else None)

    @property
    def others(self) -> tuple[str, ...]:
        """The pictures given beside content and style images, by their names in stylize()."""
        return tuple(name for name in OTHERS if getattr(self, name))

    def reports(self) -> "Generator[Progress, None, None]":
        from ..transfer import stylize  # and torch: the page is served before it is there

        given = {name: getattr(self, name) for name in OTHERS}
        return stylize(self.content, self.styles, self.settings, **given)

    def pictures(self, report: "Progress") -> tuple[Image.Image]:
        assert report.image is not None
        return (report.image,)

    def fields(self, report: "Progress") -> dict[str, Any]:
        by = report.weighting
        if by is None:
            return {}
        return {
            "alpha": by.alpha,
            "beta": by.beta,
            "gamma": by.gamma,
            "kappa": by.kappa,
            "lambdas": dict(by.lambdas),
            "costs": _point(report.evaluation, report.costs, by) if report.costs else None,
        }

    def save(self, report: "Progress", folder: Path) -> tuple[str, dict[str, Any]]:
        path = str(folder / self.name)
        self.save_content(folder)
        recipe = recipe_of(self.settings, report, __version__, self.others)
        with whole(Path(path)) as part:
            save_png(*self.pictures(report), part, recipe)
        return path, {}

    def save_content(self, folder: Path) -> None:
        """Write what the painting is compared with later; and make room for what will be made of it."""
        made_in(folder)
        texture = fit(*self.shape, CONTENT_SIDE)
        beside = self.content.copy() if self.content else ImageOps.fit(self.styles[0], texture)
        beside.thumbnail((CONTENT_SIDE, CONTENT_SIDE))
        save_jpeg(beside, folder / CONTENT)

    def summary(self, report: "Progress") -> str:
        width, height = report.size
        evaluations = "1 evaluation" if report.evaluation == 1 else f"{report.evaluation} evaluations"
        return f"Painted {width} × {height} px in {report.seconds:.0f} s, {evaluations}."


@dataclass(frozen=True)
class RowOfPaintings(Painting):
    """So many paintings from the first style to the second as one job, each a PNG in the run's folder, by
    whose names they are in order. The recipe of a later one says that it went on from another picture."""

    length: int = 2

    kept = "these are the pictures so far"
    moments = False

    @property
    def pixels(self) -> float:
        steps = self._steps
        each = super().pixels / self.settings.evaluations
        return each * sum(one.evaluations for one in steps)

    @property
    def _steps(self) -> list[Settings]:
        from ..between import steps  # and torch

        return steps(self.settings, self.length)

    def reports(self) -> "Generator[Row, None, None]":
        from ..between import between

        first, second = self.styles
        return between(self.content, first, second, self.length, self.settings)

    def pictures(self, report: Any) -> tuple[Image.Image]:
        return (in_progress(report.pictures, self.length),)

    def fields(self, report: Any) -> dict[str, Any]:
        return {}  # costs of several objectives make no curve

    def save(self, report: Any, folder: Path) -> tuple[str, dict[str, Any]]:
        self.save_content(folder)
        path, stem = "", self.name.removesuffix(".png")
        for number, (settings, run) in enumerate(zip(self._steps, report.runs, strict=False), 1):
            path = str(folder / f"{stem}-{number:02}.png")
            others = ("start",) if number > 1 else ()
            assert run.image is not None
            with whole(Path(path)) as part:
                save_png(run.image, part, recipe_of(settings, run, __version__, others))
        return path, {}

    def summary(self, report: Any) -> str:
        width, height = report.size
        return f"Painted {len(report.runs)} pictures of {width} × {height} px in {report.seconds:.0f} s."


@dataclass(frozen=True)
class Pieces(RowOfPaintings):
    """The middle of the painting at several style scales, to choose a size of brushwork by."""

    lasts = False

    @property
    def pixels(self) -> float:
        from ..brushwork import FEW, PIECE

        return slowness(self.settings) * self.length * FEW * PIECE**2

    def reports(self) -> "Generator[Row, None, None]":
        from ..brushwork import brushwork

        return brushwork(self.content, self.styles, self.settings)

    def save(self, report: Any, folder: Path) -> tuple[str, dict[str, Any]]:
        paths = [str(folder / f"piece-{number}.png") for number in range(1, len(report.pictures) + 1)]
        for picture, path in zip(report.pictures, paths, strict=True):
            save_png(picture, path)
        return paths[-1], {"details": {"pieces": paths}}


def in_progress(pictures: Sequence[Image.Image], length: int) -> Image.Image:
    """The newest picture of a row, and below it all of them, small, with grey where one is to come."""
    newest = pictures[-1].resize(fit(*pictures[-1].size, PREVIEW_EDGE))
    side = newest.width // length
    small = [picture.resize((side - GAP, side * newest.height // newest.width)) for picture in pictures]
    sheet = Image.new("RGB", (newest.width, newest.height + GAP + small[0].height), GREY)
    sheet.paste(newest, (0, 0))
    for number, picture in enumerate(small):
        sheet.paste(picture, (number * side + GAP // 2, newest.height + GAP))
    return sheet


def _point(evaluation: int, costs: "Costs", by: "Weighting") -> Point:
    weighted = {"content": by.alpha * costs.content}
    weighted |= {layer: by.beta * by.lambdas[layer] * j for layer, j in costs.style.items()}
    weighted["tv"] = by.gamma * costs.tv
    return Point(evaluation, costs.total, costs.content, dict(costs.style), costs.tv, weighted)
