"""Paint the example sheets again: python -m examples.sheets [--to FOLDER] [KIND …]

Each is a study of nst at the settings its tab starts with, of two pictures of ours, with the network of the
weights that are installed: minutes each on two cores. A file of sheets/ holds the pictures side by side and
all else that the sheet says in the JPEG's comment (nst/studies/board_files.py); the page draws it. The kind
units is nine units over all pictures at hand (nst/ui/example_units.py); how is the numbers of one painting.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from nst.images import load_picture
from nst.report import result_of
from nst.settings import Settings
from nst.studies.board import COMPARE, GRID, RECONSTRUCT, STATISTICS, Board
from nst.studies.board_files import StoredBoard, write_board
from nst.studies.compare import compare_optimizers
from nst.studies.filters import filters_for
from nst.studies.grid import layers_grid
from nst.studies.reconstruct import reconstruct
from nst.studies.reformulate import compare_statistics
from nst.studies.units import LONGEST_SIDE, driver_mosaic, patch_mosaic, scan_units
from nst.ui.example_how import FILE as HOW
from nst.ui.example_how import write_how
from nst.ui.example_units import KeptUnits, write_units
from nst.ui.gallery import STUDIED, read_gallery
from nst.ui.how_tab import parts_of
from nst.ui.measuring import Asked, measure_run
from nst.ui.painting import painting
from nst.ui.running.clients import Client
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs
from nst.ui.units_page import caption
from nst.ui.units_tab import PAGE, START

KINDS = ("grid", "reconstruct", "statistics", "optimizers", "units", "how")

STUDIES: dict[str, tuple[Callable[..., Iterator[Board]], Settings]] = {
    "grid": (layers_grid, GRID),
    "reconstruct": (reconstruct, RECONSTRUCT),
    "statistics": (compare_statistics, STATISTICS),
    "optimizers": (compare_optimizers, COMPARE),
}


def main() -> None:
    """Paint the sheets named, or all; print each file and the seconds it took."""
    parser = argparse.ArgumentParser(description="Paint the example sheets again.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "sheets", metavar="FOLDER")
    arguments = parser.parse_args()
    unknown = [kind for kind in arguments.kinds if kind not in KINDS]
    if unknown:
        parser.error(f"there is no sheet {unknown[0]}: there are {', '.join(KINDS)}")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for kind in arguments.kinds or KINDS:
        start = time.perf_counter()
        if kind == "units":
            look(arguments.to / "units.jpg")
        elif kind == "how":
            explain(arguments.to / HOW)
        else:
            write_board(painted(kind), arguments.to / f"{kind}.jpg")
        print(f"{kind}  {time.perf_counter() - start:.0f} s", file=sys.stderr)


def painted(kind: str) -> StoredBoard:
    gallery = read_gallery()
    files = {picture.name: picture.file for picture in (*gallery.contents, *gallery.styles)}
    study, settings = STUDIES[kind]
    (board,) = deque(study(*(load_picture(files[name]) for name in STUDIED), settings), maxlen=1)
    return StoredBoard(kind, settings, STUDIED, board)


def look(path: Path) -> None:
    """Nine units of the layer the tab starts with, and what drove them, over all pictures at hand."""
    files = read_gallery().all_files
    pictures = [load_picture(file, max_side=LONGEST_SIDE) for file in files]
    filters = result_of(filters_for(Settings(pooling="max"), pictures, START))
    (scan,) = deque(scan_units(pictures, filters, "cpu"), maxlen=1)
    units = range(PAGE)
    captions = tuple(caption(scan, START, unit) for unit in units)
    patches, drivers = (
        [mosaic(scan, START, unit) for unit in units] for mosaic in (patch_mosaic, driver_mosaic)
    )
    write_units(KeptUnits(START, len(files), filters.label, captions), patches, drivers, path)


def explain(path: Path) -> None:
    """The numbers of a painting of the two pictures at the usual settings, measured at its end, as the page
    does both."""
    gallery = read_gallery()
    files = {picture.name: str(picture.file) for picture in (*gallery.contents, *gallery.styles)}
    content, style = (files[name] for name in STUDIED)
    settings, runs, found, client = Settings(size=256), Runs(Limits()), [], Client("sheets")
    frames = [*runs.stream(client, painting, content, [style], settings)]
    asked = Asked(content, style, settings, frames[-1].moments, tuple(f for f in frames if f.costs))
    deque(runs.stream(client, measure_run, asked, found.append), maxlen=0)
    write_how(STUDIED, frames[-1].evaluation, parts_of(found[0]), path)
    runs.close()


if __name__ == "__main__":
    main()
