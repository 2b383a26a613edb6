"""python -m benchmarks [NAME …] [--weights FILE] [-o FILE.json]: the figures of the README, in half an hour.

Each measurement runs in a process of its own, so that neither memory nor caches leak from one into the next;
what it measured is printed as it comes and kept as JSON. A name stands for the measurement called so, or for
all whose names begin with it: long_peer, long_quality and second_judge take hours and, like frontier_512 and
soak, run only when named. What the file has from the same machine stays, but for what is measured again. The
pictures of both programs at 256 px are kept beside the file.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import measurements
from .plots import STRIP

RESULTS = Path(__file__).parent / "results.json"
EVERY = measurements.ALL | measurements.LONG


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=_help())
    parser.add_argument("--weights", default=os.environ.get("NST_WEIGHTS", "auto"))
    parser.add_argument("-o", "--output", default=str(RESULTS))
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        measured = EVERY[options.names[0]](options.weights)
        if strip := measured.pop("strip", None):
            strip.save(Path(options.output).with_name(STRIP.name), quality=90)
        print(json.dumps(measured))
        return 0
    try:
        names = selected(options.names)
        check(names, options.weights)
        results = begun({"machine": machine(), "weights": Path(options.weights).name}, options)
    except ValueError as error:
        parser.error(str(error))
    print(results["machine"])
    for name in names:
        results[name] = _in_a_process(name, options)
        print(
            f"{name:<22}" + ", ".join(f"{k} {v}" for k, v in results[name].items() if k != "traces"),
            flush=True,
        )
        Path(options.output).write_text(_as_text(results))
    return 0


def begun(results: dict, options: argparse.Namespace) -> dict:
    """What measurements are added to: the file's earlier results, if any. Raises ValueError for those of
    another machine or network."""
    if not Path(options.output).exists():
        return results
    earlier = json.loads(Path(options.output).read_text())
    if any(earlier[name] != value for name, value in results.items()):
        raise ValueError(
            f"{options.output} is of {earlier['weights']} on {earlier['machine']}, this would be of "
            f"{results['weights']} on {results['machine']}: use the same, or another file with -o."
        )
    return earlier


def selected(names: Sequence[str]) -> list[str]:
    """The measurements meant: by name, by how their names begin, or the whole run. Raises ValueError."""
    found: dict[str, None] = dict.fromkeys(() if names else measurements.ALL)
    for name in names:
        meant = [name] if name in EVERY else [each for each in EVERY if each.startswith(f"{name}_")]
        if not meant:
            raise ValueError(f"there is no measurement {name}: there are {_help()}.")
        found |= dict.fromkeys(meant)
    return [*found]


def check(names: Sequence[str], weights: str) -> None:
    """Raises ValueError for measurements that other weights would make untrue."""
    packaged = next((name for name in names if name.startswith(measurements.PACKAGED)), None)
    if packaged and (weights != "auto" or "NST_WEIGHTS" in os.environ):
        raise ValueError(
            f"{packaged} is measured with the packaged weights alone: leave out --weights and NST_WEIGHTS, "
            "or name other measurements."
        )


def _help() -> str:
    systems = ", ".join(f"second_judge_{system}" for system in measurements.SYSTEMS)
    by_name = f"long_peer, long_quality, frontier_512, soak, {systems}"
    return f"{', '.join(measurements.ALL)} (these without a name), {by_name}"


def _as_text(results: dict) -> str:
    """JSON, a trace's points one a line."""
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    return re.sub(r"\[\s+([-\d.e]+),\s+([-\d.e]+),\s+([-\d.e]+)\s+\]", r"[\1, \2, \3]", text)


def _in_a_process(name: str, options: argparse.Namespace) -> dict[str, Any]:
    passed = ["--weights", options.weights, "--output", options.output]
    command = [sys.executable, "-m", "benchmarks", name, "--alone", *passed]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    return {**measured, "wall_seconds": round(time.perf_counter() - start, 1)}


def machine() -> str:
    """Processor, cores, precision: what a figure means nothing without."""
    from nst.device import choose
    from nst.network.calibration import processor

    return f"{processor()}; {choose().label}; Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
