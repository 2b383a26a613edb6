"""The options of the command line, and the settings they ask for."""

import argparse
from collections.abc import Sequence

from .errors import shown
from .presets import PRESETS, preset
from .settings import (
    BOUNDS,
    CHOICES,
    FLAGS,
    NAMED_WEIGHTS,
    Settings,
    digits,
    read_layers,
    read_numbers,
)


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Pictures may stand before and after the options: parse_intermixed_args() would take none after “--”."""
    reader = parser()
    options, more = reader.parse_known_args(arguments)
    if any(text.startswith("-") for text in more):
        reader.error(f"unrecognized arguments: {' '.join(more)}")
    options.pictures += more
    return options


def parser() -> argparse.ArgumentParser:
    """Every option of the command line; those of Settings have their names and bounds."""
    reader = argparse.ArgumentParser(prog="nst", description="Neural style transfer.")
    reader.add_argument(
        "pictures",
        nargs="+",
        metavar="PICTURE",
        help="the picture to repaint, then one or more to take the style from; with --canvas only these",
    )
    reader.add_argument("-o", "--output", required=True, help="the PNG to write")
    reader.add_argument("--preset", choices=PRESETS, default="paint", help="where the other settings start")
    for name, bound in BOUNDS.items():
        kind = int if bound.whole else float
        text = f"{bound.help} {digits(bound.low)} to {digits(bound.high)}."
        reader.add_argument(_flag(name), type=_scales if name == "scales" else kind, help=text)
    for name, choices in CHOICES.items():
        reader.add_argument(_flag(name), choices=choices)
    for name, text in FLAGS.items():
        reader.add_argument(_flag(name), action="store_true", default=None, help=text)
    reader.add_argument("--style-weights", help="one a style image, such as 0.7,0.3; else as much of each")
    reader.add_argument("--content-layers", help="such as relu4_2, or relu3_3=0.5,relu4_2=0.5")
    reader.add_argument("--style-layers", help="with their λ, such as relu1_1=0.2,relu2_1=0.8")
    reader.add_argument("--weights", help=f"{', '.join(NAMED_WEIGHTS)} or the path of a weights file")
    reader.add_argument(
        "--start", help="an earlier result to go on with: only sizes finer than it are painted"
    )
    reader.add_argument(
        "--mask",
        help="a picture of regions: red stays as it is, blue is painted in the second style, green, yellow "
        "and cyan like the part of the style image in this colour of --style-mask",
    )
    reader.add_argument("--style-mask", help="a picture of parts of the first style image")
    reader.add_argument(
        "--alike",
        type=int,
        metavar="N",
        help="find N kinds of parts, 2 or 3, that are alike in both pictures",
    )
    reader.add_argument(
        "--between", type=int, metavar="N", help="a row of N pictures from the first style to the second"
    )
    reader.add_argument(
        "--brushwork",
        action="store_true",
        help="paint only the middle of the picture, with strokes of three sizes, --style-scale 0.5, 1 and 2",
    )
    reader.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    reader.add_argument("--film", help="also write the making of it: a .webp or, with ffmpeg, an .mp4")
    reader.add_argument("--trace", help="also write one JSON line a progress event to this file")
    return reader


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _scales(text: str) -> int:
    if text != "auto" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be auto or a whole number, not {shown(text)}")
    return 0 if text == "auto" else int(text)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that were asked for, on top of a preset's. Raises SettingsError."""
    names = Settings().to_dict()
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    for name in {"content_layers", "style_layers"} & set(given):
        given[name] = read_layers(given[name].split(","))
    if "style_weights" in given:
        given["style_weights"] = read_numbers(given["style_weights"])
    return preset(options.preset, **given)
