"""python -m benchmarks [--weights FILE] [-o FILE.json]: every figure of the README, in one run.

Each measurement runs in a process of its own, so that neither memory nor caches leak from one into the next;
what it measured is printed as it comes and written as JSON at the end.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from . import measurements

RESULTS = Path(__file__).parent / "results.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(measurements.ALL)}; all without it")
    parser.add_argument("--weights", default=os.environ.get("NST_WEIGHTS", "self-taught"))
    parser.add_argument("-o", "--output", default=str(RESULTS))
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(measurements.ALL[options.names[0]](options.weights)))
        return 0
    results = {"machine": machine(), "weights": Path(options.weights).name}
    if options.names and Path(options.output).exists():
        earlier = json.loads(Path(options.output).read_text())
        if any(earlier[name] != value for name, value in results.items()):
            parser.error(
                f"{options.output} is of {earlier['weights']} on {earlier['machine']}, this would be of "
                f"{results['weights']} on {results['machine']}: use the same, or another file with -o."
            )
        results = earlier
    print(results["machine"])
    for name in options.names or measurements.ALL:
        results[name] = _in_a_process(name, options.weights)
        print(
            f"{name:<22}" + ", ".join(f"{k} {v}" for k, v in results[name].items() if k != "traces"),
            flush=True,
        )
        Path(options.output).write_text(_as_text(results))
    return 0


def _as_text(results: dict) -> str:
    """JSON, a trace's points one a line."""
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    return re.sub(r"\[\s+([-\d.e]+),\s+([-\d.e]+),\s+([-\d.e]+)\s+\]", r"[\1, \2, \3]", text)


def _in_a_process(name: str, weights: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", name, "--alone", "--weights", weights]
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    return {**measured, "wall_seconds": round(time.perf_counter() - start, 1)}


def machine() -> str:
    """Processor, cores, precision: what a figure means nothing without."""
    from nst.device import choose

    model = platform.processor() or "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return f"{model}; {choose().label}; Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
