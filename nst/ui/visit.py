"""The paintings of one visit: kept in the visitor's session, and the last one found again after a reload.

The browser keeps only the name of a folder that nobody can guess; everything else is in the folder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import NSTError
from ..recipe import Recipe, read_recipe
from .painting import CONTENT
from .running.frames import Frame

MOST_KEPT = 24  # paintings in the strip; the oldest leave it, their files stay until they are swept


@dataclass(frozen=True)
class Painted:
    """A painting that can be looked at again.

    painting   path of the PNG, or of a JPEG for one that was stopped before it had a PNG
    content    path of its content image
    recipe     what the PNG says of how it was made, None for a JPEG
    frame      the last Frame of its run, where that is still known
    """

    painting: str
    content: str
    recipe: Recipe | None
    frame: Frame | None = None

    @property
    def is_there(self) -> bool:
        """False once it has been swept."""
        return Path(self.painting).is_file() and Path(self.content).is_file()

    @property
    def folder(self) -> str:
        return Path(self.painting).parent.name


def painted(frame: Frame) -> Painted | None:
    """What a run left, by its last Frame; None for nothing."""
    if frame.result is None:
        return None
    return Painted(frame.result, str(Path(frame.result).with_name(CONTENT)), _recipe(frame.result), frame)


def found_again(folder: Path) -> Painted | None:
    """What is in the folder of an earlier run; None where it had not begun to paint."""
    content = folder / CONTENT
    finished = sorted(folder.glob("*.png"))
    moments = sorted(folder.glob("moment_*.jpg"), key=lambda file: int(file.stem.partition("_")[2]))
    if finished and content.is_file():
        return Painted(str(finished[0]), str(content), _recipe(str(finished[0])))
    if moments:
        return Painted(str(moments[-1]), str(moments[0]), None)
    return None


def _recipe(path: str) -> Recipe | None:
    try:
        return read_recipe(path)
    except NSTError:
        return None


def with_one_more(kept: Sequence[Painted], new: Painted) -> tuple[Painted, ...]:
    """The paintings of the visit, the newest last; those that have been swept are left out."""
    there = [one for one in kept if one.is_there and one.painting != new.painting]
    return (*there, new)[-MOST_KEPT:]
