"""Paint the example sheets again: python examples/sheets.py [--to FOLDER] [KIND …]

Each is a study of nst at the settings its tab starts with, of two pictures of ours, with the network of the
weights that are installed: two to ten minutes each on two cores. A file of sheets/ holds the pictures side by
side and all else that the sheet says in the JPEG's comment (nst/studies/kept.py); the page draws the sheet.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from nst.images import load_picture
from nst.settings import Settings
from nst.studies.board import COMPARE, GRID, RECONSTRUCT, Board
from nst.studies.compare import compare_optimizers
from nst.studies.grid import layers_grid
from nst.studies.kept import Kept, write_board
from nst.studies.reconstruct import reconstruct
from nst.ui.gallery import read_gallery

PICTURES = ("Lake", "Palette knife")  # names in gallery.json
STUDIES: dict[str, tuple[Callable[..., Iterator[Board]], Settings]] = {
    "grid": (layers_grid, GRID),
    "reconstruct": (reconstruct, RECONSTRUCT),
    "optimizers": (compare_optimizers, COMPARE),
}


def main() -> None:
    """Paint the sheets named, or all; print each file and the seconds it took."""
    parser = argparse.ArgumentParser(description="Paint the example sheets again.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(STUDIES))
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "sheets", metavar="FOLDER")
    arguments = parser.parse_args()
    unknown = [kind for kind in arguments.kinds if kind not in STUDIES]
    if unknown:
        parser.error(f"there is no sheet {unknown[0]}: there are {', '.join(STUDIES)}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for kind in arguments.kinds or STUDIES:
        start = time.perf_counter()
        write_board(painted(kind), arguments.to / f"{kind}.jpg")
        print(f"{arguments.to / kind}.jpg  {time.perf_counter() - start:.0f} s", file=sys.stderr)


def painted(kind: str) -> Kept:
    gallery = read_gallery()
    files = {picture.name: picture.file for picture in (*gallery.contents, *gallery.styles)}
    study, settings = STUDIES[kind]
    (board,) = deque(study(*(load_picture(files[name]) for name in PICTURES), settings), maxlen=1)
    return Kept(kind, settings, PICTURES, board)


if __name__ == "__main__":
    main()
