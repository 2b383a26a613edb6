"""Paint the example pictures again: python examples/paint.py [--to FOLDER] [NAME …]

Each picture is a function of its own random generator, so one can be repainted without the others. numpy and
Pillow are all it needs; README.md says how each was made.
"""

import argparse
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from painting.canvas import Picture, save
from painting.discs import discs
from painting.etching import etching
from painting.folk import folk
from painting.glass import glass
from painting.knife import knife
from painting.lake import lake
from painting.marbling import marbling
from painting.mosaic import mosaic
from painting.night_wind import night_wind
from painting.pointillism import pointillism
from painting.still_life import still_life
from painting.watercolour import watercolour
from painting.woodcut import woodcut

Painter = Callable[[np.random.Generator], Picture]

STYLES: tuple[Painter, ...] = (
    night_wind,
    woodcut,
    glass,
    mosaic,
    marbling,
    etching,
    pointillism,
    discs,
    watercolour,
    knife,
    folk,
)
CONTENT: tuple[Painter, ...] = (lake, still_life)
PLACES = {
    painter.__name__: (painter, Path(folder, f"{painter.__name__}.jpg"))
    for folder, painters in (("styles", STYLES), ("content", CONTENT))
    for painter in painters
}


def main() -> None:
    """Paint the pictures named, or all; print each file and the seconds it took."""
    parser = argparse.ArgumentParser(description="Paint the example pictures again.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PLACES))
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, metavar="FOLDER")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in PLACES]
    if unknown:
        parser.error(f"there is no picture {unknown[0]}: there are {', '.join(PLACES)}")
    for name in arguments.names or PLACES:
        painter, place = PLACES[name]
        start = time.perf_counter()
        # The name seeds the picture: adding a picture changes no other.
        save(painter(np.random.default_rng(zlib.crc32(name.encode()))), arguments.to / place)
        print(f"{arguments.to / place}  {time.perf_counter() - start:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
