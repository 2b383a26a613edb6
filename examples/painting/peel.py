"""The surfaces of the still life, as colour (sRGB): wood, plaster, glaze, linen and the peel of fruit."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, fractal, mix, ramp, rgb, sample, step

APPLE, ORANGE, LEMON, PLUM = range(4)
# Height and half width of the painted bands round the jug.
BANDS = ((0.22, 0.035), (0.30, 0.014), (1.30, 0.02), (1.36, 0.012), (1.92, 0.03), (2.14, 0.03))


class Noise:
    """The fields the surfaces share."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.folds = fractal((512, 512), rng, 150, 26, 2.2)
        self.fine = fractal((512, 512), rng, 30, 2, 1.2)
        self.wood = fractal((512, 512), rng, 120, 2, 1.4, stretch=(12, 1))


def wood(x: Field, z: Field, noise: Noise) -> NDArray:
    """Planks 0.9 wide with their grain along x and a dark joint between."""
    plank = np.floor((z + 0.75) / 0.9)
    grain = sample(noise.wood, 60 * x, 70 * z + 9 * np.floor(z / 0.9))
    joint = step(0.012, 0.0, np.abs((z + 0.3) % 0.9 - 0.45))
    tone = 0.45 + 0.2 * grain + 0.12 * np.sin(5 * plank)
    return ramp(tone, "3a2012", "6e4424", "a8743e") * (1 - 0.7 * joint)[:, None]


def plaster(x: Field, y: Field, fine: Field, noise: Noise) -> NDArray:
    """An uneven grey-green wall."""
    return ramp(0.5 + 0.08 * fine + 0.14 * sample(noise.folds, 40 * x, 40 * y), "5f5a4c", "8a8370", "b0a88e")


def linen(a: Field, b: Field, fine: Field) -> NDArray:
    """Woven cream with blue stripes; a runs across the stripes, b along them."""
    stripes = step(0.45, 0.6, np.sin(a * 13)) * step(0.25, 0.0, np.abs(np.abs(a - 0.35) - 1.3) - 0.1)
    weave = 0.5 + 0.05 * np.sin(190 * a) * np.sin(190 * b) + 0.012 * fine
    return mix(ramp(weave, "cfc4ac", "f4ecd8"), rgb("2f4f8a"), stripes)


def turned(y: Field, fine: Field) -> NDArray:
    """A wooden bowl with the marks of the lathe."""
    return ramp(0.5 + 0.12 * fine + 0.3 * np.sin(26 * y), "5a2a16", "9a4a24", "c47a44")


def glaze(turn: Field, y: Field, noise: Noise) -> NDArray:
    """White tin glaze with cobalt bands, dabs and a garland of flowers; turn in radians, y the height."""
    white = ramp(0.5 + 0.15 * sample(noise.fine, 60 * turn, 60 * y), "dcdccc", "f2f0e2")
    band = sum(step(half, half - 0.012, np.abs(y - height)) for height, half in BANDS)
    across = ((turn * 7 / (2 * np.pi)) % 1 - 0.5) * 0.62
    r = np.hypot(across, y - 0.82)
    rim = 0.17 * (0.72 + 0.28 * np.cos(6 * np.arctan2(y - 0.82, across)))
    petals = step(0.03, 0.0, r - rim) * step(0.05, 0.06, r)
    vine = step(0.016, 0.006, np.abs(y - 0.82 - 0.25 * np.cos(turn * 7)))
    beads = step(0.03, 0.02, np.hypot(((turn * 14 / np.pi) % 1 - 0.5) * 0.2, y - 0.5))
    dabs = step(0.05, 0.04, np.hypot(((turn * 11 / np.pi) % 1 - 0.5) * 0.2, y - 1.62))
    cobalt = ramp(0.5 + 0.4 * sample(noise.fine, 40 * turn + 9, 40 * y), "16286a", "2f52a0", "6a8cc8")
    return mix(white, cobalt, np.clip(band + petals + vine + beads + dabs, 0, 1) * 0.92)


def peel(q: NDArray, kind: int, number: int, noise: Noise) -> tuple[NDArray, float, float]:
    """Colour, gloss and roughness of a fruit; q is measured from its centre in radii."""
    dx, dy, dz = q.T
    turn = np.arctan2(dz, dx) + number
    blotch = sample(noise.folds, 70 * turn + 99 * number, 50 * dy)
    streak = sample(noise.fine, 150 * turn, 9 * dy + 31 * number)
    if kind == APPLE:
        specks = step(1.3, 1.9, sample(noise.fine, 200 * turn + 9, 160 * dy))
        green = 0.35 * np.exp(-6 * (dy - 1) ** 2)
        ripe = 0.62 + 0.16 * blotch + 0.15 * streak + 0.25 * np.sin(turn + number) - green
        skin = mix(ramp(ripe, "b8b84a", "d8a83c", "c8482a", "a01c20", "7a1018"), rgb("e8c88a"), 0.5 * specks)
        return mix(skin, rgb("3a2412"), (np.hypot(dx, dz) < 0.10) & (dy > 0)), 0.5, 0.01
    if kind == PLUM:
        return ramp(0.45 + 0.3 * blotch + 0.3 * dy, "2a1030", "4a2450", "7a6a9a"), 0.25, 0.015
    stops = ("c8621a", "e88a24", "f2a63a") if kind == ORANGE else ("c8a420", "ecd040", "f8e678")
    return ramp(0.5 + 0.2 * blotch + 0.12 * streak, *stops), 0.35, 0.07
