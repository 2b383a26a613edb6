"""The options of the command line, and the settings they ask for."""

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any

from .errors import SettingsError, shown
from .presets import PRESETS, preset
from .settings import (
    BOUNDS,
    BRUSHWORK_SCALES,
    CHOICE_HELP,
    CHOICES,
    FEWEST_PARTS,
    FEWEST_PICTURES,
    FLAGS,
    MOST_PARTS,
    MOST_PICTURES,
    NAMED_WEIGHTS,
    Settings,
    digits,
)
from .settings_text import read_layers, read_numbers

# Each option with those that are not looked at beside it.
APART = {
    "brushwork": ("start", "mask", "style_mask", "alike", "between", "film", "style_scale"),
    "between": ("start", "mask", "style_mask", "alike", "style_weights"),
    "alike": ("mask", "style_mask"),
    "alpha": ("strength",),
    "keep_colours": ("colours",),
}
# Options of which nothing is seen without something that a preset may bring, and how to have that. α is not
# among those of a content image: β cannot be given without it.
NEEDED: tuple[tuple[str, str, Callable[[Settings], bool]], ...] = (
    *(
        (name, "a content image: leave --canvas out", lambda settings: not settings.is_texture)
        for name in ("alike", "noise", "content_layers", "colours", "keep_colours")
    ),
    (
        "init",
        "a content image: leave --canvas out",
        lambda settings: not settings.is_texture or settings.init == "noise",
    ),
    ("noise", "--init blend: give that", lambda settings: settings.init == "blend"),
    (
        "learning_rate",
        "--optimizer adam or gd: give that",
        lambda settings: settings.optimizer in ("adam", "gd"),
    ),
)
# Options that have no bound, choice or flag in settings.py, but for the output and the preset.
FURTHER: dict[str, dict[str, Any]] = {
    "style_weights": {"help": "one a style image, such as 0.7,0.3; equal if left out"},
    "content_layers": {"help": "such as relu4_2, or relu3_3=0.5,relu4_2=0.5"},
    "style_layers": {"help": "with their λ, such as relu1_1=0.2,relu2_1=0.8"},
    "weights": {"help": f"{', '.join(NAMED_WEIGHTS)} or the path of a weights file"},
    "start": {"help": "an earlier result to go on with: only sizes finer than it are painted"},
    "mask": {
        "help": "a picture of regions: red stays as it is, blue is painted in the second style, green, "
        "yellow and cyan like the part of the style image in this colour of --style-mask"
    },
    "style_mask": {"help": "a picture of parts of the first style image"},
    "alike": {
        "type": int,
        "metavar": "N",
        "help": f"find N kinds of parts, {FEWEST_PARTS} to {MOST_PARTS}, that are alike in both pictures",
    },
    "between": {
        "type": int,
        "metavar": "N",
        "help": f"a row of N pictures, {FEWEST_PICTURES} to {MOST_PICTURES}, from the first style to the "
        "second",
    },
    "brushwork": {
        "action": "store_true",
        "default": None,
        "help": "paint only the middle of the picture, with strokes of the sizes that --style-scale "
        f"{', '.join(map(digits, BRUSHWORK_SCALES))} would give",
    },
    "device": {"default": "auto", "help": "where to compute: auto, cpu, cuda or mps"},
    "film": {"help": "also write the making of it: a .webp or, with ffmpeg, an .mp4"},
    "trace": {"help": "also write to this file one JSON line an evaluation, where its cost is a number"},
}


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Pictures may stand before and after the options, and after “--” whatever their names begin with."""
    reader, given = parser(), [*(sys.argv[1:] if arguments is None else arguments)]
    end = given.index("--") if "--" in given else len(given)
    options, more = reader.parse_known_args(given[:end])
    if any(text.startswith("-") for text in more):
        reader.error(f"unrecognized arguments: {' '.join(more)}")
    options.pictures += [*more, *given[end + 1 :]]
    if not options.pictures:
        reader.error("the following arguments are required: PICTURE")
    return options


def parser() -> argparse.ArgumentParser:
    """Every option of the command line; those of Settings have their names and bounds."""
    reader = argparse.ArgumentParser(
        prog="nst",
        description="Repaint a picture in the style of others: nst photo.jpg painting.jpg -o result.png",
    )
    reader.add_argument(
        "pictures",
        nargs="*",  # as there may be some after “--” alone
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
        reader.add_argument(_flag(name), choices=choices, help=CHOICE_HELP[name])
    for name, text in FLAGS.items():
        reader.add_argument(_flag(name), action="store_true", default=None, help=text)
    for name, how in FURTHER.items():
        reader.add_argument(_flag(name), **how)
    return reader


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _scales(text: str) -> int:
    if text != "auto" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be auto or a whole number, not {shown(text)}")
    return 0 if text == "auto" else int(text)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that were asked for, on top of a preset's. Raises SettingsError, also for unseen()."""
    names = Settings().to_dict()
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    for name in {"content_layers", "style_layers"} & set(given):
        given[name] = read_layers(given[name].split(","))
    if "style_weights" in given:
        given["style_weights"] = read_numbers(given["style_weights"])
    settings = preset(options.preset, **given)
    for sentence in unseen(
        [name for name, value in vars(options).items() if value is not None], settings
    ).values():
        raise SettingsError(sentence)
    return settings


def unseen(given: Collection[str], settings: Settings) -> dict[str, str]:
    """{option: why not} of those given of which nothing is seen, with these settings or beside another."""
    apart = {
        other: f"{_flag(name)} cannot be used with {_flag(other)}: leave one of the two out."
        for name, others in APART.items()
        if name in given
        for other in others
        if other in given
    }
    needy = {
        name: f"{_flag(name)} needs {what}, or leave {_flag(name)} out."
        for name, what, is_there in NEEDED
        if name in given and not is_there(settings)
    }
    return apart | needy
