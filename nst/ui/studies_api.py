"""The public endpoints /layers_grid, /reconstruct, /top_patches and /gram: the studies without the page."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from ..decoding import load_picture
from ..errors import ImageRefused, SettingsError, shown
from ..images import fit, save_png, side_by_side
from ..network.layers import RELU_LAYERS
from ..report import each_as
from ..settings import NAMED_WEIGHTS, Settings
from ..studies.board import GRID, LARGEST, SMALLEST
from .api import answered, error_of
from .boards import NO_PAIR, board_run, usual
from .events import in_line
from .opening import CONTENT_IMAGE, STYLE_IMAGE, called
from .running.clients import client_of
from .running.frames import Frame, working
from .running.limits import Limits
from .running.runs import Inner, Runs
from .running.workspace import Workspace
from .study import Given
from .unchecked import Dropdown, Number
from .units_tab import scan_run
from .upload import Upload

GRAM_SIDE = 256  # pixels of the longer side at which /gram measures pictures
PATCHES_LAYER, GRAM_LAYER = "relu3_1", "relu2_1"  # where none is given
EVALUATIONS = 10, 1000
THREE = CONTENT_IMAGE, STYLE_IMAGE, "The generated image"
SHEETS = {"layers": "reconstruct", "statistics": "statistics", "optimizers": "optimizers"}


def add_studies(runs: Runs, given: Given) -> None:
    """Add the endpoints to the Blocks being built."""
    endpoints, sheet = StudyEndpoints(runs, given), gr.Image(visible=False, type="filepath", label="sheet")
    summary = gr.JSON(visible=False, label="summary")
    pair = [Upload(label="content", visible=False), Upload(label="style", visible=False)]
    board = [
        _number("size", SMALLEST, LARGEST, usual("grid", runs.limits).size),
        _number("evaluations", *EVALUATIONS, usual("grid", runs.limits).evaluations),
    ]
    weights = Dropdown(list(NAMED_WEIGHTS), value="auto", label="weights", visible=False)
    init = Dropdown(["noise", "content"], value="noise", label="init", visible=False)
    what = Dropdown(list(SHEETS), value="layers", label="what", visible=False)
    evaluations = _number("evaluations", *EVALUATIONS, None)
    layer, gram_layer = (
        Dropdown(list(RELU_LAYERS), value=value, label="layer", visible=False)
        for value in (PATCHES_LAYER, GRAM_LAYER)
    )
    picture = Upload(label="picture", visible=False)
    generated = Upload(label="generated", visible=False)
    unit = _number("unit", 0, 511, 0)
    _add(runs, endpoints.layers_grid, [*pair, *board, init, weights], [sheet, summary])
    _add(runs, endpoints.reconstruct, [*pair, what, board[0], evaluations, weights], [sheet, summary])
    _add(runs, endpoints.top_patches, [picture, layer, unit, weights], [sheet, summary])
    _add(runs, endpoints.gram, [*pair, generated, gram_layer, weights], [sheet, summary])


def _add(runs: Runs, function: Any, inputs: list[Any], outputs: list[Any]) -> None:
    gr.Button(visible=False).click(
        function,
        inputs,
        outputs,
        api_name=function.__name__,
        **in_line(runs),
    )


class StudyEndpoints:
    """Holds the runs for the endpoints, whose names, signatures and docstrings are what clients see."""

    def __init__(self, runs: Runs, given: Given) -> None:
        self.runs, self.given = runs, given

    def layers_grid(
        self,
        content: str,
        style: str,
        request: gr.Request,
        size: int = GRID.size,
        evaluations: int = GRID.evaluations,
        init: str = "noise",
        weights: str = "auto",
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Paint a grid: rows add style layers, columns raise α/β (Gatys et al. 2015, figure 3).

        Streams (preview, state) and ends with (one labelled PNG, summary with the settings of each picture).

        Args:
            content: The picture to repaint, a JPEG, PNG or WebP file.
            style: The picture to paint like, a JPEG, PNG or WebP file.
            size: Longer side of each picture in pixels.
            evaluations: Evaluations of each picture.
            init: Start from noise or content.
            weights: auto (the original VGG-19), torchvision (retrained, downloaded) or self-taught.

        Returns:
            The sheet, and a summary.
        """
        changes = {"size": size, "evaluations": evaluations, "init": init, "weights": weights}
        yield from self._answers(request, board_run, "grid", content, style, changes)

    def reconstruct(
        self,
        content: str,
        style: str,
        request: gr.Request,
        what: str = "layers",
        size: int = GRID.size,
        evaluations: int | None = None,
        weights: str = "auto",
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Grow pictures from noise: the content from one layer, the style from growing sets of layers.

        Args:
            content: The picture whose content is reconstructed, a JPEG, PNG or WebP file.
            style: The picture whose style is reconstructed, a JPEG, PNG or WebP file.
            what: layers; statistics, seven of the style's, side by side; or optimizers to compare L-BFGS,
                Adam and gradient descent on one cost, from the content image.
            size: Longer side of each picture in pixels.
            evaluations: Evaluations of each picture, 80 if left out; for optimizers a multiple of 5, or 500.
            weights: auto (the original VGG-19), torchvision (retrained, downloaded) or self-taught.

        Returns:
            The sheet as one labelled PNG, and a summary.
        """
        changes = {"size": size, "weights": weights}
        if evaluations is not None:
            changes["evaluations"] = evaluations
        if what not in [*SHEETS]:  # which compares: it may be a list
            raise error_of(f"What must be one of {', '.join(SHEETS)}, not {shown(what)}.")
        yield from self._answers(request, board_run, SHEETS[what], content, style, changes)

    def top_patches(
        self,
        request: gr.Request,
        picture: str | None = None,
        layer: str = PATCHES_LAYER,
        unit: int = 0,
        weights: str = "auto",
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """The nine image patches that activate a unit most, over the example pictures and one of your own.

        Args:
            picture: A picture to look at beside the examples, a JPEG, PNG or WebP file; may be left out.
            layer: relu1_1 to the deepest layer of the features.
            unit: Which unit of the layer, from 0.
            weights: auto (the original VGG-19), torchvision (retrained, downloaded) or self-taught.

        Returns:
            One picture: the patches, 3 × 3, and beside each what drove the unit; and where they are: picture,
            box in pixels, activation.
        """
        own = [picture] if picture else []
        yield from self._answers(
            request, patches_run, own, self.given.gallery.all_files, layer, unit, weights
        )

    def gram(
        self,
        content: str,
        style: str,
        request: gr.Request,
        generated: str | None = None,
        layer: str = GRAM_LAYER,
        weights: str = "auto",
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Gram matrices of three pictures as heat maps on one scale, and the numbers of the costs.

        Args:
            content: The content image, a JPEG, PNG or WebP file.
            style: The style image, a JPEG, PNG or WebP file.
            generated: The generated image; the content image where it is left out.
            layer: relu1_1 to the deepest layer of the features.
            weights: auto (the original VGG-19), torchvision (retrained, downloaded) or self-taught.

        Returns:
            The heat maps of content, style and generated image side by side, and the sums of each layer.
        """
        paths = (content, style, generated or content)
        yield from self._answers(request, gram_run, paths, layer, weights)

    def _answers(
        self, request: gr.Request, inner: Inner, *arguments: Any
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        frames = self.runs.stream(client_of(request), inner, *arguments)
        for frame in answered(frames):
            yield frame.picture, _summary(frame)


def _summary(frame: Frame) -> dict[str, Any]:
    """What a client is given beside the picture; in the last one `state` is done, stopped or failed."""
    return {
        "state": frame.state,
        "message": frame.message,
        "done": frame.evaluation,
        "of": frame.of,
        "seconds": round(frame.seconds, 2),
        "features": frame.features,
        "device": frame.device,
        **({"pictures": [spot.plain for spot in frame.spots]} if frame.spots else {}),
        **frame.details,
    }


def _number(name: str, low: int, high: int, value: int | None) -> Number:
    return Number(value, label=name, minimum=low, maximum=high, precision=0, visible=False)


def patches_run(
    folder: str,
    limits: Limits,
    own: Sequence[str],
    examples: Sequence[Path],
    layer: str,
    unit: int,
    weights: str,
) -> Iterator[Frame]:
    """The run behind /top_patches: a scan, and one unit's patches beside what drove them, as one PNG."""
    scans: deque[Any] = deque(maxlen=1)
    _check_layer(layer)
    frames = scan_run(folder, limits, own, examples, weights, scans.append, layer)
    return _found(Workspace(folder, limits.max_seconds), frames, scans, layer, unit)


def _check_layer(layer: Any) -> None:
    """Raises SettingsError."""
    if layer not in RELU_LAYERS:
        raise SettingsError(f"Layer must be one of {RELU_LAYERS[0]} … {RELU_LAYERS[-1]}, not {shown(layer)}.")


def _found(
    workspace: Workspace, frames: Iterator[Frame], scans: deque[Any], layer: str, unit: int
) -> Iterator[Frame]:
    from ..studies.units import driver_mosaic, patch_mosaic

    frame = Frame("working", "Getting ready.")
    for frame in frames:
        if scans:
            scans[-1].top(layer, unit)  # refuses before the pictures are looked at
        if not frame.is_last:
            yield frame
    if not scans:
        yield frame
        return
    scan, path = scans[-1], str(workspace.folder / "patches.png")
    save_png(side_by_side([patch_mosaic(scan, layer, unit), driver_mosaic(scan, layer, unit)]), path)
    patches = [
        {"picture": patch.picture, "box": patch.box, "activation": patch.activation}
        for patch in scan.top(layer, unit)
    ]
    yield replace(frame, picture=path, result=path, details={"patches": patches})


def gram_run(
    folder: str, limits: Limits, paths: tuple[str, str, str], layer: str, weights: str
) -> Iterator[Frame]:
    """The run behind /gram: heat maps as one PNG, the sums as details. Raises NSTError with one sentence."""
    limits.check_weights(weights)
    _check_layer(layer)
    if not all(paths):
        raise ImageRefused(NO_PAIR)
    pictures = [*map(_loaded, THREE, paths)]
    return _measured(Workspace(folder, limits.max_seconds), pictures, layer, Settings(weights=weights))


def _loaded(name: str, path: str) -> Image.Image:
    with called(name):
        return load_picture(path, max_side=1024)


def _measured(workspace: Workspace, pictures: list[Any], layer: str, settings: Settings) -> Iterator[Frame]:
    from ..studies.filters import filters_for, reached
    from ..studies.gram import heat_maps
    from ..studies.measure import Measuring

    content, style, generated = pictures
    filters = yield from each_as(filters_for(settings, [content, style]), working)
    size = fit(content.width, content.height, GRAM_SIDE)
    names = dict.fromkeys((*reached(filters, RELU_LAYERS), *settings.layers))
    measuring = Measuring(content, style, settings, filters, tuple({**names, layer: None}), size)
    measured, view = measuring.measure(generated, size), measuring.strongest[layer]
    path, grams = str(workspace.folder / "gram.png"), measured.grams[layer]
    save_png(side_by_side(heat_maps(grams, list(range(len(view.shown))))), path)
    details = {
        "sums": {name: asdict(measured.sums[name]) for name in names},
        "alpha": measured.weighting.alpha,
        "beta": measured.weighting.beta,
        "lambdas": dict(measured.weighting.lambdas),
        "channels": [{"channel": c.channel, "energy": c.energy} for c, _ in view.channels],
        "pairs": [{"channels": p.channels, "correlation": p.correlation} for p, _ in view.pairs],
    }
    said = f"Gram matrices at {layer}."
    yield Frame("done", said, picture=path, result=path, features=filters.label, details=details)
