"""A painting's recipe: the settings that made it, as text inside its PNG, and back again.

A recipe read is a stranger's text: it is bounded, checked as any settings are, and names no file.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from .errors import ImageRefused, SettingsError
from .images import read_text
from .settings import NAMED_WEIGHTS, Settings

if TYPE_CHECKING:
    from .report import Report

KEY = "nst"
MASKS = ("mask", "style_mask")
OTHERS = ("start", *MASKS)  # by their names in stylize()
LONGEST_LABEL = 100  # characters of the version, features and device a recipe may name


@dataclass(frozen=True)
class Recipe:
    """What a painting says of how it was made.

    settings      as they would be given to stylize() again
    features      which filters were in use: "VGG-19 (Simonyan & Zisserman)", "self-taught filters", …
    version       of nst
    device        where and in which precision; "" if not recorded
    evaluations   done: fewer than settings.evaluations for a run that was stopped, and for one that settled,
                  which these settings paint again; None if not recorded
    seconds       the run took; None if not recorded
    others        the pictures beside content and style images that the run was given, of OTHERS: without them
                  these settings do not paint it
    """

    settings: Settings
    features: str
    version: str
    device: str = ""
    evaluations: int | None = None
    seconds: float | None = None
    others: tuple[str, ...] = ()


def recipe_text(
    settings: Settings,
    features: str,
    version: str,
    *,
    device: str = "",
    evaluations: int | None = None,
    seconds: float | None = None,
    others: Sequence[str] = (),
) -> dict[str, str]:
    """The recipe as save_png() takes it: {"nst": compact JSON}. Of weights from a file
    only the features' label tells; the settings then say "auto"."""
    content = {
        "version": _line(version),
        "features": _line(features),
        "settings": _without_paths(settings.to_dict()),
        "device": _line(device),
        "evaluations": evaluations,
        "seconds": None if seconds is None else round(seconds, 2),
        "others": list(others) or None,
    }
    known = {name: value for name, value in content.items() if value not in (None, "")}
    return {KEY: json.dumps(known, ensure_ascii=False, allow_nan=False, separators=(",", ":"))}


def recipe_of(
    settings: Settings, report: "Report", version: str, others: Sequence[str] = ()
) -> dict[str, str]:
    """recipe_text() of a run with these settings, by its last report."""
    return recipe_text(
        settings,
        report.features,
        version,
        device=report.device,
        evaluations=report.evaluation,
        seconds=report.seconds,
        others=others,
    )


def read_recipe(
    source: str | PathLike[str] | bytes, read: Callable[..., dict[str, str]] = read_text
) -> Recipe:
    """The recipe inside a PNG, given by path or as its bytes; read: what reads a PNG's texts.

    Raises ImageRefused for a file that is no picture, a picture without a recipe, and one that is not what
    recipe_text() writes; SettingsError for a setting that does not exist or is out of its bounds.
    """
    text = read(source).get(KEY)
    if text is None:
        raise ImageRefused("This picture carries no recipe: please choose a PNG that was painted here.")
    try:
        return _recipe(json.loads(text))
    except SettingsError:
        raise
    except Exception as error:
        # JSON as deep as the stack, whole numbers no float can hold, wrong types at any place …
        raise ImageRefused(
            "The recipe in this picture cannot be read: please choose a PNG that was painted here."
        ) from error


def _recipe(content: Mapping[str, Any]) -> Recipe:
    settings = Settings.from_dict(_without_paths(content["settings"]))
    return Recipe(
        settings,
        features=_label(content.get("features", "")),
        version=_label(content.get("version", "")),
        device=_label(content.get("device", "")),
        evaluations=_count(content.get("evaluations"), int),
        seconds=_count(content.get("seconds"), float),
        others=tuple(name for name in OTHERS if name in content.get("others", ())),
    )


def _without_paths(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A path is private, so it is not written, and it is never opened when a recipe is read."""
    weights = settings.get("weights", "auto")
    is_path = isinstance(weights, str) and weights not in NAMED_WEIGHTS
    return {**settings, "weights": "auto" if is_path else weights}


def _line(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_LABEL]


def _label(value: Any) -> str:
    if not isinstance(value, str) or value != _line(value):
        raise ValueError("not a short line of text")
    return value


def _count(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | kind) or not 0 <= value < 1e9:
        raise ValueError("not a count")
    return kind(value)
