"""The paintings of one visit: kept in the visitor's session, and found again after a reload.

The browser keeps only the names of folders that nobody can guess; everything else is in the folders.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import NSTError, SettingsError
from ..film import save_film, save_there_and_back, shrunk
from ..images import open_own
from ..recipe import Recipe, read_recipe
from .handles import preset_name
from .labels import LABELS
from .painting_jobs import CONTENT
from .running.frames import Frame
from .running.workspace import asked_to_stop, made_in, moment_file, moments_in, whole
from .shown import Record, Shown, keep, kept_in
from .status import USED, plain

MOST_KEPT = 24  # paintings in the strip; the oldest leave it, their files stay until they are swept
UNNAMED = "A painting"
GIVEN = {"start": "Gone on", "mask": "With regions"}
GONE = "This painting is no longer kept: paint it again."


@dataclass(frozen=True)
class Painted:
    """A painting that can be looked at again.

    painting   path of the PNG, or of a JPEG for one that was stopped before it had a PNG
    content    path of its content image
    recipe     what the PNG says of how it was made, None for a JPEG
    frame      the last Frame of its run, or what was kept of it, where that is still known
    pair       its pictures by name: "lake × wave"
    moment     the evaluation after which it is looked at, None for the painting itself
    begun      whether another page was painting it when it was found
    """

    painting: str
    content: str
    recipe: Recipe | None
    frame: Frame | None = None
    pair: str = ""
    moment: int | None = None
    begun: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether another page is painting it: a run leaves its flag when it ends."""
        return self.begun and not asked_to_stop(str(self.folder))

    @property
    def is_there(self) -> bool:
        """False once it has been swept."""
        return Path(self.painting).is_file() and Path(self.content).is_file()

    @property
    def folder(self) -> Path:
        return Path(self.painting).parent

    @property
    def moments(self) -> dict[int, str]:
        """{evaluation: path of its picture} of the moments of the run that are kept, in order; the last one's
        is the painting itself."""
        found = {
            evaluation: str(moment_file(self.folder, evaluation)) for evaluation in moments_in(self.folder)
        }
        done = self.recipe.evaluations if self.recipe else None
        return {**found, done: self.painting} if done else found

    @property
    def curves(self) -> str:
        """HTML of its costs, "" where none are kept."""
        return kept_in(self.folder).curves

    @property
    def row(self) -> tuple[str, ...]:
        """Paths of the paintings of its run in order: more than one where they go from a style to another."""
        return _paintings(self.folder)

    @property
    def has_film(self) -> bool:
        return len(self.moments) > 1 or len(self.row) > 1

    @property
    def picture(self) -> str:
        """Path of what is in sight: the painting, or its picture at the moment."""
        return self.painting if self.moment is None else str(moment_file(self.folder, self.moment))

    def at(self, evaluation: float) -> "Painted":
        """The same painting looked at after the kept evaluation that is nearest, the last one for ∞."""
        moments = self.moments
        nearest = min(reversed(moments), key=lambda kept: abs(kept - evaluation), default=None)
        is_painting = nearest is None or moments[nearest] == self.painting
        return replace(self, moment=None if is_painting else nearest)


def painted(shown: Shown, pair: str, curves: str = "") -> tuple[Painted, ...]:
    """What a run left, if only its moments; the run is kept beside it, with its pictures' names and its
    costs."""
    left = shown.frame.result or shown.frame.picture
    if left is None:
        return ()
    folder = Path(left).parent
    keep(Record(shown, pair, curves), folder)
    return tuple(replace(one, frame=shown.frame, pair=pair) for one in _left_in(folder))


def now_of(one: Painted) -> tuple[Painted, ...]:
    """The painting as it is by now: one that was found unfinished may have gone on since."""
    if one.recipe:
        return (one,)
    return tuple(replace(each, begun=one.begun) for each in _left_in(one.folder))


def found_again(folders: Sequence[Path]) -> tuple[Painted, ...]:
    """What earlier runs left, of the newest last: at most MOST_KEPT."""
    found: tuple[Painted, ...] = ()
    for folder in reversed(folders):
        found = (*_left_in(folder), *found)
        if len(found) >= MOST_KEPT:
            break
    return found[-MOST_KEPT:]


def _left_in(folder: Path) -> tuple[Painted, ...]:
    """What is in the folder of an earlier run; nothing where it had not begun to paint."""
    if found := _in_folder(folder):
        return found
    if moments := moments_in(folder):
        first, last = (str(moment_file(folder, moments[n])) for n in (0, -1))
        kept = kept_in(folder)
        return (Painted(last, first, None, _last_frame(kept), kept.pair or UNNAMED),)
    return ()


def addresses_of(value: object) -> list[str]:
    """The addresses in what a browser kept, which is whatever a client sends."""
    each = value if isinstance(value, list) else []
    return [*dict.fromkeys(one for one in each if isinstance(one, str))][-MOST_KEPT:]


def _in_folder(folder: Path) -> tuple[Painted, ...]:
    content = folder / CONTENT
    if not content.is_file():
        return ()
    kept, found = kept_in(folder), ((path, _recipe(path)) for path in _paintings(folder))
    frame = _last_frame(kept)
    return tuple(
        Painted(path, str(content), recipe, frame, kept.pair or _pair(path, recipe)) for path, recipe in found
    )


def _last_frame(kept: Record) -> Frame | None:
    return kept.shown.frame if kept.shown and kept.shown.frame.is_last else None


def _pair(painting: str, recipe: Recipe | None) -> str:
    """The pair in a painting's name, before its seed and its place in a row."""
    seed = recipe.settings.seed if recipe else r"\d+"
    return re.sub(rf"-{seed}(-\d\d)?$", "", Path(painting).stem)


def _paintings(folder: Path) -> tuple[str, ...]:
    return tuple(map(str, sorted(folder.glob("*.png"))))


def film_of(one: Painted) -> str:
    """Path of the film of its run, made when it is first asked for, beside the painting: of a row, there and
    back. Raises SettingsError where its pictures have been deleted, or the disk is full."""
    row = one.row if len(one.row) > 1 else ()
    try:
        path = made_in(one.folder) / f"{Path(row[0] if row else one.painting).stem}.webp"
        if not path.is_file():
            frames = [shrunk(open_own(picture)) for picture in row or (*_first(one), *one.moments.values())]
            if not frames:
                raise FileNotFoundError
            with whole(path) as part:
                save_there_and_back(frames, part) if row else save_film(frames, part)
    except FileNotFoundError:
        raise SettingsError("The pictures of this painting have been deleted: paint it again.") from None
    except OSError:
        raise SettingsError("The film could not be written here: please try again later.") from None
    return str(path)


def _first(one: Painted) -> tuple[str, ...]:
    """What the film begins with before the moments: the content image, where there is one."""
    return (one.content,) if one.recipe and not one.recipe.settings.is_texture else ()


def _recipe(path: str) -> Recipe | None:
    """Of one of our own files, where it stands before the pixels; the whole may be larger than what a visitor
    may bring."""
    try:
        with Path(path).open("rb") as file:
            return read_recipe(file.read(2**18))
    except (NSTError, OSError):
        return None


def with_more(kept: Sequence[Painted], new: Sequence[Painted]) -> tuple[Painted, ...]:
    """The paintings of the visit, the newest last; those that have been swept are left out."""
    added = {one.painting for one in new}
    now = (each for one in kept for each in now_of(one))
    there = [one for one in now if one.is_there and one.painting not in added]
    return (*there, *new)[-MOST_KEPT:]


def _as_painted(recipe: Recipe) -> dict[str, Any]:
    """The settings, with the evaluations that were done: a run may have been stopped."""
    settings = recipe.settings.to_dict()
    return {**settings, "evaluations": recipe.evaluations or settings["evaluations"]}


def _given(one: Painted) -> list[str]:
    """What it was given beside its pictures. Of a row all but the first always went on."""
    others = set(one.recipe.others) if one.recipe else set()
    if len(one.row) > 1:
        others.discard("start")
    return [word for name, word in GIVEN.items() if name in others]


def apart(visit: Sequence[Painted]) -> list[str]:
    """What sets each painting of the visit apart: that it was gone on with or has regions, and those of its
    settings that are not the same in all; for one alone, and where nothing differs, its preset; and that it
    was not finished."""
    found = [_as_painted(one.recipe) if one.recipe else {} for one in visit]
    known = [settings for settings in found if settings]
    differing = [name for name in LABELS if len({str(settings[name]) for settings in known}) > 1]
    given = [_given(one) for one in visit]
    said = []
    for one, more, settings in zip(visit, given, found, strict=True):
        words = {name: plain(name, settings[name]) for name in differing if settings}
        each = [word for word in more if any(word not in others for others in given)]
        each += [f"{USED.get(name, LABELS[name])}: {word}" for name, word in words.items() if word]
        preset = preset_name(one.recipe.settings) if one.recipe else "Not finished"
        said.append(", ".join(each) or preset.partition(":")[0].replace("none", "Changed by hand"))
    return said
