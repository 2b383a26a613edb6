"""The three handles of the form, which move settings and are none: the slider beneath the strength (a log
scale), the quality (evaluations), and the preset.
"""

import math

from ..presets import PRESETS, preset
from ..settings import Settings
from .labels import PRESET_NAMES

# What may differ from a preset that is still called by its name.
FREE = (
    *("size", "evaluations", "seed", "keep_colours", "colours"),
    *("style_weights", "weights", "canvas", "seamless"),
)
QUALITIES = {"Draft": 40, "Good": 65, "Fine": 200}  # evaluations

# The arithmetic of dial() and quality() below and its inverse, so that a drag needs no server. A strength
# that is chosen empties α and β, which would be used instead of it; γ, one with them, is then as it is by
# default. So it is with another statistic than a Gram matrix, whose costs have other units: as in preset().
RELATIVE = f"'', '', String(alpha ?? '').trim() ? {Settings().tv:g} : tv"
TO_STRENGTH = f"(dial, alpha, tv) => [Number((10 ** (dial / 25 - 1)).toPrecision(2)), {RELATIVE}]"
TO_DIAL = (
    "(strength, alpha, tv) => "
    f"[strength > 0 ? Math.round(50 * (Math.log10(strength) + 1)) / 2 : 0, {RELATIVE}]"
)
TO_RELATIVE = (
    "(statistic, alpha, beta, tv) => "
    f"statistic === '{Settings().statistic}' ? [alpha, beta, tv] : [{RELATIVE}]"
)
TO_EVALUATIONS = f"(quality) => ({QUALITIES})[quality]".replace("'", '"')
TO_QUALITY = (f"(n) => Object.entries({QUALITIES}).find((entry) => entry[1] === n)?.[0] ?? null").replace(
    "'", '"'
)


def dial(strength: float) -> float:
    """Position 0 … 100 of the strength dial: 25 · (log₁₀ strength + 1), so 0.1 → 0, 10 → 50, 1000 → 100; in
    halves, each of which is another strength of two digits."""
    return round(50 * (math.log10(strength) + 1)) / 2


def quality(evaluations: int) -> str | None:
    """The quality with that many evaluations, if there is one."""
    return next((name for name, count in QUALITIES.items() if count == evaluations), None)


def preset_of(settings: Settings) -> str | None:
    """The preset these are, whatever is FREE; None for any others."""
    free = {name: getattr(settings, name) for name in FREE}
    return next((name for name in PRESETS if preset(name, **free) == settings), None)


def preset_name(settings: Settings) -> str:
    """The name of the preset these are, as the page shows it."""
    name = preset_of(settings)
    return PRESET_NAMES.get(name, name) if name else "none: changed by hand"
