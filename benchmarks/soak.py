"""python -m benchmarks.soak [--minutes 15]: a real server under visitors of every kind; does it come back?

Threads upload, run, stop, leave, open recipes, ask for studies, attack and fall silent, all over HTTP. The
whole process tree is looked at before, each minute, and after a pause at the end. Reads /proc: Linux only.
"""

import argparse
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .visitors import REAL_APP, Load, Server, Tally, prepared, visits

MINUTES = 15.0
START_UP = 15.0  # seconds: the server imports torch and reads the weights in a thread
PAUSE = 130.0  # seconds: what is kept for 60 is swept once a minute
IDLE = 40.0  # seconds: idle connections end after 20, idle threads a little later
VISITORS = 6
ENVIRONMENT = {
    "NST_KEEP_SECONDS": "60",
    "NST_KEEP_MEGABYTES": "200",
    "NST_MAX_SECONDS": "20",
    "NST_MAX_SIZE": "128",
    "NST_MAX_EVALUATIONS": "100",
    "NST_QUEUE": "4",
    "NST_PER_ADDRESS": "5",  # all visitors come from one address
}
STARTED, WARM, AFTER = "started", "warm", "after"
# What the end is compared with, and how many times as much it may be. Libraries, their threads and helpers
# come with the first visitors and stay, and an allocator keeps some of what is freed.
RULES = {
    "memory": (WARM, 1.1),
    "threads": (WARM, 1.0),
    "open_files": (WARM, 1.0),
    "processes": (WARM, 1.0),
    "disk": (STARTED, 1.0),
    "files": (STARTED, 1.0),
}


@dataclass(frozen=True)
class Sight:
    """What a process tree holds: resident MiB (shared pages count once), and MiB and files on the disk."""

    minute: float
    memory: int
    threads: int
    open_files: int
    processes: int
    disk: float
    files: int


def descendants(process: int) -> Iterator[int]:
    """The process and all that it started, directly or not."""
    yield process
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # the thread may end while it is looked at
            for child in listed.read_text().split():
                yield from descendants(int(child))


def sight(process: int, folders: tuple[Path, ...], seconds: float) -> Sight:
    """What the tree of a process holds now, and these folders."""
    memory = threads = open_files = processes = 0
    for one in descendants(process):
        with suppress(OSError):  # it may end while it is looked at
            at = Path(f"/proc/{one}")
            memory += int(re.findall(r"^Pss: +(\d+) kB", (at / "smaps_rollup").read_text(), re.M)[0])
            threads += len(os.listdir(at / "task"))
            open_files += len(os.listdir(at / "fd"))
            processes += 1
    sizes = [size for folder in folders for size in file_sizes(folder)]
    return Sight(
        round(seconds / 60, 1),
        round(memory / 2**10),
        threads,
        open_files,
        processes,
        round(sum(sizes) / 2**20, 2),
        len(sizes),
    )


def file_sizes(folder: Path) -> Iterator[int]:
    """Bytes of each file below the folder."""
    for path in folder.rglob("*"):
        with suppress(OSError):  # it may be swept while it is looked at
            if path.is_file():
                yield path.stat().st_size


def soak(minutes: float = MINUTES) -> dict[str, Any]:
    """Run it for that many whole minutes, at least one; returns what was seen, how visits ended, and what
    came back."""
    load, tally, minutes = prepared(), Tally(), max(1, round(minutes))
    with tempfile.TemporaryDirectory() as folder:
        server = Server(REAL_APP, Path(folder), **ENVIRONMENT)
        try:
            sights = list(looked_at(server, load, tally, minutes))
            errors = tracebacks(server.log.read_text())
        finally:
            server.stop()
    return {
        "minutes": minutes,
        "visitors": VISITORS,
        "sights": {name: asdict(seen) for name, seen in sights},
        "visits": {f"{kind}: {how}": count for (kind, how), count in sorted(tally.counts.items())},
        "tracebacks": errors,
        "came back": came_back(dict(sights)),
    }


def tracebacks(log: str) -> dict[str, int]:
    """The last line of each traceback in a log → how often."""
    return Counter(re.findall(r"^Traceback.*\n(?:[ |+].*\n|\n)*(\S.*)", log, re.MULTILINE))


def looked_at(server: Server, load: Load, tally: Tally, minutes: int) -> Iterator[tuple[str, Sight]]:
    """(name, Sight): as started, idle after a first minute of visits, each minute, and after the pause."""
    begun, folders = time.monotonic(), (server.uploads, server.uploads.parent / "cache")

    def look(name: str) -> tuple[str, Sight]:
        seen = sight(server.process.pid, folders, time.monotonic() - begun)
        say(name, *asdict(seen).values())
        return name, seen

    say("", *(f.name for f in fields(Sight)))
    time.sleep(START_UP)
    yield look(STARTED)
    for _ in minutes_of_visits(server, load, tally, 1):
        pass
    time.sleep(IDLE)
    yield look(WARM)
    for minute in minutes_of_visits(server, load, tally, minutes):
        yield look(f"minute {minute}")
    time.sleep(PAUSE)
    yield look(AFTER)


def say(name: str, *values: object) -> None:
    """A line of the table; the last line of the standard output is the figures, see __main__.py."""
    print(f"{name:<10}" + "".join(f"{value:>12}" for value in values), file=sys.stderr, flush=True)


def minutes_of_visits(server: Server, load: Load, tally: Tally, minutes: int) -> Iterator[int]:
    """Count the minutes in which all visitors come; ends when the last of them has gone."""
    over = threading.Event()
    threads = [
        threading.Thread(target=visits, args=(server, load, tally, over, seed)) for seed in range(VISITORS)
    ]
    for thread in threads:
        thread.start()
    for minute in range(1, minutes + 1):
        time.sleep(60)
        yield minute
    over.set()
    for thread in threads:
        thread.join()


def came_back(sights: dict[str, Sight]) -> dict[str, str]:
    """Quantity → whether it came back by RULES, in words."""
    found = {}
    for name, (before, share) in RULES.items():
        first, last = getattr(sights[before], name), getattr(sights[AFTER], name)
        word = "came back" if last <= first * share else "did not come back"
        found[name] = f"{word}: {last:g} after, {first:g} {before}; the rule is at most {share:g} times that"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=MINUTES)
    seen = soak(parser.parse_args().minutes)
    for part in ("visits", "tracebacks", "came back"):
        for name, value in seen[part].items():
            print(f"{name}: {value}")


if __name__ == "__main__":
    main()
