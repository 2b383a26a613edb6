"""The public endpoint /transfer, for gradio_client, HTTP and MCP: the tab without the page.

Its parameters are the names of Settings. Each has a hidden component that gives it a type and bounds; one
that is left out stays as the preset has it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from html import escape
from inspect import signature
from typing import Any, cast

import gradio as gr

from ..errors import NSTError
from ..presets import PRESETS
from ..presets import preset as named
from ..settings import BOUNDS, CHOICES, FLAGS, NAMED_WEIGHTS, Settings
from ..settings_text import read_layers, read_numbers
from .events import in_line
from .painting import painting
from .run_panel import now_and_then
from .running.clients import client_of
from .running.frames import Frame
from .running.limits import Limits
from .running.runs import Runs
from .unchecked import Checkbox, Dropdown, Number
from .upload import Upload

TEXTS = ("content_layers", "style_layers", "style_weights")  # parameters written as text


def add_transfer(runs: Runs) -> None:
    """Add the endpoint to the Blocks being built."""
    gr.Button(visible=False).click(
        Endpoint(runs).transfer,
        _inputs(runs.limits),
        [
            gr.Image(visible=False, type="filepath", label="painting"),
            gr.JSON(visible=False, label="summary"),
        ],
        api_name="transfer",
        **in_line(runs),
    )


class Endpoint:
    """Holds the runs for transfer(), whose name, signature and docstring are what clients see."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs

    def transfer(
        self,
        content: str | None,
        style: str,
        request: gr.Request,
        preset: str = "paint",
        strength: float | None = None,
        size: int | None = None,
        evaluations: int | None = None,
        keep_colours: bool | None = None,
        seed: int | None = None,
        scales: int | None = None,
        style_scale: float | None = None,
        content_layers: str | None = None,
        style_layers: str | None = None,
        alpha: float | None = None,
        beta: float | None = None,
        tv: float | None = None,
        pooling: str | None = None,
        optimizer: str | None = None,
        learning_rate: float | None = None,
        init: str | None = None,
        noise: float | None = None,
        weights: str | None = None,
        colours: float | None = None,
        second_style: str | None = None,
        style_weights: str | None = None,
        start: str | None = None,
        statistic: str | None = None,
        canvas: str | None = None,
        seamless: bool | None = None,
        mask: str | None = None,
        third_style: str | None = None,
        fourth_style: str | None = None,
        style_mask: str | None = None,
        style_crop: float | None = None,
        style_rotation: float | None = None,
    ) -> Iterator[tuple[str | None, dict[str, Any]]]:
        """Paint a content image in the style of a style image (neural style transfer, Gatys et al. 2016).

        Streams (preview, state) while it paints and ends with (PNG carrying its settings, summary). A default
        run of 512 px takes 10 to 30 seconds on two CPU cores with AVX-512. Pictures are
        uploaded files or, from MCP, data: URLs of at most 20 MB; web addresses are never fetched.

        Args:
            content: The picture to repaint, a JPEG, PNG or WebP file.
            style: The picture to paint like, a JPEG, PNG or WebP file.
            preset: Where the others start: paint, gentle, bold, fast, gatys, course, neural-style, tutorial.
            strength: How heavily the style repaints; 5 is gentle, 20 heavy paint, 60 bold.
            size: Longer side of the result in pixels.
            evaluations: Evaluations of the cost: 40 is a draft, 65 good, 200 fine.
            keep_colours: Keep the content image's colours and repaint only lightness.
            seed: Same seed, same picture.
            scales: Number of sizes from coarse to fine; 0 chooses, 1 is the papers' way.
            style_scale: Size of the style image beside the result; smaller gives finer strokes. It is never
                enlarged.
            content_layers: Layers of the content cost with weights, such as relu4_2 or relu3_3=1,relu4_2=0.5.
            style_layers: Layers of the style cost with weights, such as relu1_1=0.5,relu2_1=0.5.
            alpha: Weight of the content cost; needs beta too, and replaces strength.
            beta: Weight of the style cost; needs alpha too, and replaces strength.
            tv: Weight of total variation, which smooths speckle.
            pooling: average or max.
            optimizer: spectral, lbfgs, adam or gd.
            learning_rate: Step of adam and gd.
            init: Start from content, noise or blend.
            noise: Share of noise in a blend.
            weights: auto (the original VGG-19), torchvision (retrained, downloaded) or self-taught.
            colours: 0 paints in the style image's colours, 1 in the content image's.
            second_style: Another picture to paint like, mixed with the first.
            style_weights: Weight of each style, such as 0.7,0.3; equal if left out.
            start: An earlier result to go on with; only sizes finer than it are painted.
            statistic: What of a style layer is matched: gram, covariance, mean-std, mean, polynomial,
                gaussian or sliced.
            canvas: content, or the shape of a texture made of the style alone, such as 1:1 or 16:9.
            seamless: Whether each edge meets the opposite one, so that a texture can be laid as a tile.
            mask: Regions of the content image; red stays as it is, blue is painted in the second style,
                green, yellow and cyan like the parts of the style image in this colour of style_mask.
            third_style: One more picture to paint like, mixed with the others.
            fourth_style: One more, the last.
            style_crop: Share of the style image's sides that is used; less, larger strokes.
            style_rotation: Degrees the style image is turned by.
            style_mask: Parts of the style image, in the colours of mask; /parts_alike proposes both.

        Returns:
            The painting as a lossless PNG, and a summary: state, message, size, evaluations, seconds, the
            costs, α, β, γ (tv), κ, λ, the network and the device.
        """
        chosen = _settings(preset, locals(), self.runs.limits)
        given = content, [style, second_style, third_style, fourth_style], chosen, start, mask, style_mask
        frames = self.runs.stream(client_of(request), painting, *given)
        for frame in answered(frames):
            yield frame.picture, summary(frame)


def answered(frames: Iterable[Frame]) -> Iterator[Frame]:
    """A few of the Frames a second, for a program. Raises gr.Error where a run fails and leaves nothing."""
    for frame in now_and_then(frames):
        if frame.state == "failed" and frame.result is None:
            raise error_of(frame.message)
        yield frame


def error_of(sentence: str) -> gr.Error:
    """What a program reads. A page that shows it takes it for HTML, in which quotes do no harm."""
    return gr.Error(escape(sentence, quote=False), print_exception=False)


def summary(frame: Frame) -> dict[str, Any]:
    """What a client is given beside the picture; in the last one `state` is done, stopped or failed."""
    return {
        "state": frame.state,
        "message": frame.message,
        "width": frame.width,
        "height": frame.height,
        "evaluation": frame.evaluation,
        "of": frame.of,
        "seconds": round(frame.seconds, 2),
        "total_cost": frame.costs and frame.costs.total,
        "content_cost": frame.costs and frame.costs.content,
        "style_cost": dict(frame.costs.style) if frame.costs else {},
        "alpha": frame.alpha,
        "beta": frame.beta,
        "tv": frame.gamma,
        "kappa": frame.kappa,
        "style_layers": dict(frame.lambdas),
        "features": frame.features,
        "device": frame.device,
    }


def _settings(preset: str, given: dict[str, Any], limits: Limits) -> Settings:
    """The preset's settings within the limits, changed by those that were given. Raises gr.Error with one
    sentence."""
    names = {f.name for f in fields(Settings)}
    changes = {name: value for name, value in given.items() if name in names and value is not None}
    try:
        for name in {"content_layers", "style_layers"} & set(changes):
            changes[name] = read_layers(changes[name].split(","))
        limits.check_numbers(changes)
        if "style_weights" in changes:
            changes["style_weights"] = read_numbers(changes["style_weights"])
        return limits.fitted(named(str(preset), **changes), changes)
    except NSTError as error:
        raise error_of(str(error)) from None


def _inputs(limits: Limits) -> list[gr.components.Component]:
    """A component for each of transfer()'s parameters, in their order."""
    names = signature(Endpoint.transfer).parameters
    return [_input(name, limits) for name in names if name not in ("self", "request")]


def _input(name: str, limits: Limits) -> gr.components.Component:
    """The hidden component of a parameter: a picture, where it is none of Settings."""
    if name == "preset":
        return Dropdown(list(PRESETS), value="paint", label=name, visible=False)
    if name in BOUNDS:
        return number_input(name, limits.most)
    if name in FLAGS:
        return Checkbox(cast(Any, None), label=name, visible=False)
    if name in TEXTS:
        return gr.Textbox(None, label=name, visible=False)
    if choices := {**CHOICES, "weights": NAMED_WEIGHTS}.get(name):
        return Dropdown(list(choices), value=None, label=name, visible=False)
    return Upload(label=name, visible=False)


def number_input(name: str, most: dict[str, int]) -> Number:
    """A hidden input for a number of Settings, which may be left out."""
    bound = BOUNDS[name]
    return Number(
        None,
        label=name,
        info=bound.help,
        minimum=bound.low,
        maximum=min(bound.high, most.get(name, bound.high)),
        precision=0 if bound.whole else None,
        visible=False,
    )
