"""The tables of README.md, made from the code and the measurements.

python tests/readme_tables.py rewrites them. Each stands in README between <!-- name --> and <!-- /name -->.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results.json"
OURS = ("ours, one scale", "ours")


def tables() -> dict[str, str]:
    """Name → markdown, as README should have it."""
    return {"settings": settings(), "variables": variables(), "figures": figures()}


def settings() -> str:
    from nst.settings import BOUNDS, CHOICES, Settings

    defaults, rows = Settings(), []
    for name, bound in BOUNDS.items():
        default = getattr(defaults, name)
        high = f"{int(bound.high):,}" if bound.whole else f"{bound.high:,g}"
        span = f"{bound.low:,g} … {high}".replace(",", " ")
        rows.append((f"`{name}`", span, "from strength" if default is None else f"{default:g}", bound.help))
    for name, choices in CHOICES.items():
        rows.append((f"`{name}`", ", ".join(choices), getattr(defaults, name), ""))
    for name in ("content_layers", "style_layers"):
        layers = ", ".join(getattr(defaults, name))
        rows.append((f"`{name}`", "relu1_1 … relu5_4, conv…, pool…", layers, "Each with a weight (λ)."))
    return _table(("setting", "range", "default", "what it does"), rows)


def variables() -> str:
    from nst.ui.limits import Limits

    rows = [(f"`{v.name}`", str(v.default), v.meaning) for v in Limits.variables()]
    rows += [
        ("`NST_WEIGHTS`", "–", "Path of a weights file that `auto` uses before anything else."),
        ("`NST_CACHE`", "`~/.cache/nst`", "Folder for what was downloaded or measured."),
        (
            "`NST_PRECISION`",
            "auto",
            "float32 or bfloat16 for the convolutions; auto: what was measured to be faster.",
        ),
    ]
    return _table(("variable", "default", "meaning"), rows)


def figures() -> str:
    found = json.loads(RESULTS.read_text())
    run, first = found["default_run"], found["first_picture_and_stop"]
    learned = found["self_taught"]
    rows = [
        ("page served after start", f"{found['page']['served_seconds']:.1f} s"),
        (
            "import of the engine and its first evaluation, 256 px",
            f"{found['start_up']['first_evaluation_seconds']:.1f} s",
        ),
        ("first picture after Run, features ready", f"{first['first_picture_seconds']:.1f} s"),
        (
            "Stop answered, at 512 px",
            f"{first['stop_seconds']:.1f} s (one evaluation: {first['evaluation_seconds']:.1f} s)",
        ),
        ("one evaluation through relu3_4, 512 × 384 px or so", f"{found['evaluation']['seconds_512']:.2f} s"),
        ("default run, 512 px", f"{run['seconds']:.0f} s"),
        ("default run, peak memory", f"{run['peak_gigabytes']:.1f} GiB"),
        ("default run with self-taught filters", f"{learned['run_seconds']:.0f} s"),
        (
            "learning them, at 128, 256 and 512 px",
            ", ".join(f"{learned[f'seconds_{side}']:.1f} s" for side in (128, 256, 512)),
        ),
        *_ceiling(found),
        *_growth(found),
        *_quality(found),
    ]
    return f"Measured on {found['machine']}, with {found['weights']}.\n\n" + _table(
        ("what", "measured"), rows
    )


def _ceiling(found: dict) -> list[tuple[str, str]]:
    rate = found["ceiling"]
    said = f"{rate['share_percent']} % ({rate['evaluation_gflops']} of {rate['ceiling_gflops']} GFLOP/s)"
    return [
        (
            "one evaluation, counted as plain convolutions, as a share of the fastest one here",
            said,
        )
    ]


def _growth(found: dict) -> list[tuple[str, str]]:
    rows, growth = [], found["growth"]
    for side in (256, 512, 1024, 2048):
        seconds, memory = growth[f"seconds_a_megapixel_{side}"], found[f"memory_{side}"]["peak_gigabytes"]
        rows.append((f"one evaluation at {side} px", f"{seconds:.1f} s a megapixel, peak {memory:.1f} GiB"))
        if run := found.get(f"run_{side}"):
            said = f"{run['seconds']:.0f} s, {run['peak_gigabytes']:.1f} GiB"
            rows.append((f"default run, {side} px", said))
    ratio = f"{growth['ratio_2048_to_512']:.2f} times"
    return [*rows, ("a megapixel at 2048 px against one at 512 px, taken in turns", ratio)]


def _quality(found: dict) -> list[tuple[str, str]]:
    """Seconds until the published loops' J, and how many times sooner ours is there."""
    rows = []
    for side in (256, 512, 1024):
        at = found.get(f"quality_{side}", {})
        for name, goal in at.items():
            if name.startswith("cost_"):
                after = name.removeprefix("cost_")
                there = {loop: at[f"{loop}_{after}"] for loop in ("notebook", "tutorial")}
                theirs, loop = min((seconds, loop) for loop, seconds in there.items() if seconds)
                what = f"J = {goal:.3f}, the {loop}’s after {after} evaluations, {side} px"
                rows.append((what, _sooner(theirs, *(at[f"{way}_{after}"] for way in OURS))))
        for loop in ("neural-style", "crowsonkb"):
            if points := at.get("traces", {}).get(loop):
                evaluations, theirs, goal = points[-1]
                what = f"J = {goal:.3f}, {loop}’s after {evaluations} evaluations, {side} px"
                rows.append((what, _sooner(theirs, *(_seconds_to(goal, at["traces"][way]) for way in OURS))))
    return rows


def _seconds_to(goal: float, trace: list) -> float:
    return next(seconds for _, seconds, cost in trace if cost <= goal)


def _sooner(theirs: float, ours: float, fine: float) -> str:
    return (
        f"{ours:.0f} s at one scale, {fine:.0f} s coarse to fine, against {theirs:.0f} s: "
        f"{theirs / ours:.1f} and {theirs / fine:.1f} times sooner"
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def find(text: str, name: str) -> re.Match[str]:
    found = re.search(rf"(<!-- {name} -->\n)(.*?)(\n<!-- /{name} -->)", text, re.DOTALL)
    assert found, f"README has no place for the table {name}"
    return found


def main() -> None:
    sys.path.insert(0, str(ROOT))
    text = README.read_text()
    for name, table in tables().items():
        place = find(text, name)
        text = text[: place.start(2)] + table + text[place.end(2) :]
    README.write_text(text)


if __name__ == "__main__":
    main()
