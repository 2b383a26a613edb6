"""A run as the page knows it; kept beside its painting, for a page that is opened again."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Any

from ..errors import NSTError
from ..settings import Settings
from .running.frames import Frame, Moment, Point
from .running.workspace import MADE, made_in, whole

FILE = "run.json"
OF_AN_EVALUATION = ("evaluation", "of", "width", "height", "costs")  # all that the curves show


@dataclass(frozen=True)
class Shown:
    """A run.

    given        paths of the content image and of the style images as they were brought, None for each that
                 is not there
    settings     None where they were refused
    frame        its newest Frame
    painted      once it has ended, the Frame of each evaluation
    has_regions  whether any were marked
    pictures     how many, of a row
    """

    given: tuple[str | None, ...] = ()
    settings: Settings | None = None
    frame: Frame = field(default_factory=lambda: Frame("working", ""))
    painted: tuple[Frame, ...] = ()
    has_regions: bool = False
    pictures: float = 1

    @property
    def pair(self) -> tuple[str, str]:
        """Paths of the content image and the first style image, "" for one that is not there."""
        content, style, *_ = *self.given, None, None
        return content or "", style or ""


@dataclass(frozen=True)
class Record:
    """What is kept of a run: itself, its pictures by name ("lake × wave"), and HTML of its costs; each empty
    where nothing is known."""

    shown: Shown | None = None
    pair: str = ""
    curves: str = ""


def pair_of(shown: Shown, names: Mapping[str, str]) -> str:
    """The pictures of a run by their names, “a × b”, or “a × b + c” where styles are mixed. {file: name} of
    the examples; else a picture has its file's."""
    content, *further = (Path(path).name if path else "" for path in shown.given or (None,))
    styles = [names.get(file, Path(file).stem) for file in further if file]
    settings = shown.settings
    shares = settings.style_weights if settings and not shown.has_regions and shown.pictures == 1 else ()
    weights = shares or repeat(1.0)
    style = " + ".join(name for name, weight in zip(styles, weights, strict=False) if weight)
    if settings and settings.is_texture:
        return f"{style}, a texture"
    return f"{names.get(content, Path(content).stem)} × {style}"


def is_gone(path: str | None) -> bool:
    """Whether a picture that was given has been deleted meanwhile."""
    return path is not None and not Path(path).is_file()


def keep(record: Record, folder: Path) -> None:
    """Write it: where the disk is full, a painting is there without it. The file is never served (guard.py):
    it says where what was brought is."""
    shown = _plain(record.shown) if record.shown else None
    with suppress(OSError), whole(made_in(folder) / FILE) as part:
        part.write_text(json.dumps({"shown": shown, "pair": record.pair, "curves": record.curves}))


def kept_in(folder: Path) -> Record:
    """What was kept in a run's folder."""
    # Nothing was kept, or a version of this program with other fields kept it.
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, NSTError):
        found = json.loads((folder / MADE / FILE).read_text())
        shown = _shown(found["shown"]) if found["shown"] else None
        return Record(shown, str(found["pair"]), str(found["curves"]))
    return Record()


def _plain(shown: Shown) -> dict[str, Any]:
    painted = [{name: getattr(frame, name) for name in OF_AN_EVALUATION} for frame in shown.painted]
    for each in painted:
        each["costs"] = each["costs"] and asdict(each["costs"])
    frame = {name: value for name, value in asdict(shown.frame).items() if name not in ("spots", "details")}
    return {**asdict(replace(shown, painted=())), "frame": frame, "painted": painted}


def _shown(plain: Mapping[str, Any]) -> Shown:
    return Shown(
        tuple(plain["given"]),
        Settings.from_dict(plain["settings"]) if plain["settings"] else None,
        _frame(plain["frame"]),
        tuple(Frame("working", "", **_costs(each)) for each in plain["painted"]),
        bool(plain["has_regions"]),
        plain["pictures"],
    )


def _frame(plain: Mapping[str, Any]) -> Frame:
    return Frame(**{**_costs(plain), "moments": tuple(Moment(**_costs(each)) for each in plain["moments"])})


def _costs(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {**plain, "costs": Point(**plain["costs"]) if plain["costs"] else None}
