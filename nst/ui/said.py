"""What the page said of a painting, kept beside it, so that a page that is opened again says it too."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .running.frames import Frame
from .running.workspace import MADE, made_in, whole

FILE = "said.json"
OF_A_FRAME = (
    *("state", "message", "evaluation", "of", "width", "height", "seconds"),
    *("alpha", "beta", "gamma", "lambdas"),
)


@dataclass(frozen=True)
class Said:
    """Of one run; each is empty where nothing is known.

    pair     its pictures by name: "lake × wave"
    frame    its last Frame; read again, it has OF_A_FRAME alone
    curves   HTML of its costs
    """

    pair: str = ""
    frame: Frame | None = None
    curves: str = ""


def keep(said: Said, folder: Path) -> None:
    """Write it: where the disk is full, a painting is there without it."""
    frame = {name: getattr(said.frame, name) for name in OF_A_FRAME} if said.frame else None
    with suppress(OSError), whole(made_in(folder) / FILE) as part:
        part.write_text(json.dumps({"pair": said.pair, "frame": frame, "curves": said.curves}))


def kept_in(folder: Path) -> Said:
    """What was kept in a run's folder."""
    # Nothing was kept, or another version of this program kept it.
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((folder / MADE / FILE).read_text())
        frame = found["frame"]
        return Said(str(found["pair"]), Frame(**frame) if frame else None, str(found["curves"]))
    return Said()
