"""The command line: nst CONTENT STYLE [STYLE …] -o OUT.png, or python -m nst. Names are those of Settings.
With --canvas there is no content image: nst STYLE [STYLE …] --canvas 1:1 -o OUT.png.

The output's path alone goes to stdout; progress and errors go to stderr; exit 2 for bad input.
"""

import os
import sys
from collections.abc import Sequence

from .arguments import read_options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status: 0 done, or interrupted with a picture, 2 bad input, 1 a
    run that failed, with a picture or without, or had too little memory, 130 interrupted before there was a
    picture, or as it was written."""
    # After 2>&- there is none: what is said would go to stdout, and C's messages into the next file opened.
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    options = read_options(arguments)
    try:
        from .command import run  # and torch, a second or two that no --help and no misspelt option needs
    except KeyboardInterrupt:
        print("Stopped before there was a picture.", file=sys.stderr)
        return 130
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
