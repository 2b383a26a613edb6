"""Points: a river on a summer evening in dots of unmixed colour, as the divisionists laid them."""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, fractal, grid, lit, mix, ramp, rgb, step
from .strokes import at, scattered

SHAPE = (1152, 1536)
PALETTE = rgb(
    *("1f2f86", "2f5fc4", "5aa0dc", "a9d4ec", "1f7a5a", "4fae54", "a6cf4e", "e9ea86", "f6d23c", "f2a02c"),
    *("e8662c", "d23a3a", "d86a9a", "f2b6c0", "8a4aa8", "4a2f86", "fdf3d6", "f8dcb4", "2a1f4a", "7a4a2a"),
)


def pointillism(rng: np.random.Generator) -> Picture:
    """The canvas, 1536×1152."""
    target = _scene(rng)
    picture = mix(target * 0.8, rgb("e6cfa4"), np.float32(0.35))
    relief = np.zeros(SHAPE, np.float32)
    for spacing, radius in ((11, 9.0), (9, 6.6), (8, 5.2), (8, 4.4)):
        x, y = scattered(SHAPE, spacing, rng)
        colours = _divided(at(target, x, y), rng)
        for size in radius * np.array([0.8, 1.0, 1.2]):
            some = rng.random(len(x)) < 0.34
            _dots(picture, relief, x[some], y[some], size, colours[some], rng)
    weave = 0.3 * fractal(SHAPE, rng, 5, 1, 0.6)
    return np.clip(lit(picture, 0.9 * relief + weave, 0.16, 0.1), 0, 1)


def _divided(colour: NDArray, rng: np.random.Generator) -> NDArray:
    """The tube colour nearest to the wanted one after a push in a random direction; some complements."""
    wanted = colour + rng.normal(0, 0.105, colour.shape)
    against = rng.random(len(colour)) < 0.07
    wanted[against] = 1.05 * (colour[against].mean(axis=1, keepdims=True) * 2 - colour[against])
    apart = ((wanted[:, None] - PALETTE[None]) ** 2 * [0.30, 0.45, 0.25]).sum(axis=2)
    tube = PALETTE[apart.argmin(axis=1)]
    return np.clip(mix(tube, colour, np.float32(0.2)) * rng.normal(1, 0.05, (len(tube), 1)), 0, 1)


def _dots(
    picture: Picture,
    relief: Field,
    x: NDArray,
    y: NDArray,
    radius: float,
    colours: NDArray,
    rng: np.random.Generator,
) -> None:
    reach = int(radius * 1.4) + 1
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    turn, squeeze = rng.uniform(0, np.pi, (2, len(x), 1, 1))
    squeeze = 1 + 0.25 * np.cos(squeeze)
    u = np.cos(turn) * dx + np.sin(turn) * dy
    v = np.cos(turn) * dy - np.sin(turn) * dx
    r = np.sqrt((u * squeeze) ** 2 + (v / squeeze) ** 2) / radius
    rows = np.rint(y)[:, None, None].astype(int) + dy
    columns = np.rint(x)[:, None, None].astype(int) + dx
    here = (r < 1) & (rows >= 0) & (columns >= 0) & (rows < SHAPE[0]) & (columns < SHAPE[1])
    which = np.broadcast_to(np.arange(len(x))[:, None, None], here.shape)[here]
    picture[rows[here], columns[here]] = colours[which]
    relief[rows[here], columns[here]] = (2.2 * np.sqrt(np.clip(1 - r**2, 0, 1)) + 0.8 * r**4)[here]


def _scene(rng: np.random.Generator) -> Picture:
    """A far bank, sails, the river with their reflections, and a shaded lawn with a great tree."""
    x, y = grid(SHAPE)
    rough, soft = fractal(SHAPE, rng, 60, 8), fractal(SHAPE, rng, 240, 40)
    scene = ramp(y / 500 + 0.07 * soft, "5f8fd0", "8fb6e0", "c8d0e6", "f3d9c6", "f9d99a", "f6c070")
    cloud = step(0.4, 1.6, fractal(SHAPE, rng, 300, 30, stretch=(2.2, 1)) - (y - 210) ** 2 / 30000)
    scene = mix(scene, ramp((y - 60) / 300, "fdf0dc", "f2b6b0"), 0.8 * cloud)
    level = 500
    scene = _bank(scene, x, y, level, rough, soft)
    for sx, tall in ((300, 330), (520, 190), (800, 400), (940, 150), (110, 130)):
        sail = (
            (np.abs(x - sx - 0.02 * tall) < 0.26 * (y - level - 24 + tall))
            & (y > level + 24 - tall)
            & (y < level + 24)
        )
        hue = ramp((x - sx) / (0.34 * tall) + 0.3, "fffbe6", "fff0c0", "f0a050", "b84a6a")
        scene = mix(scene, hue, (sail & (x > sx - 0.1 * tall)).astype(np.float32))
        hull = (np.abs(x - sx) < 0.4 * tall - 2 * np.abs(y - level - 30)) & (
            np.abs(y - level - 32) < 0.05 * tall + 3
        )
        scene = mix(scene, rgb("3a2a6a"), hull.astype(np.float32))
    ripple = 16 * fractal(SHAPE, rng, 60, 5, 1.2, stretch=(5, 1)) * step(level + 30, level + 330, y)
    mirror = np.clip(2 * (level + 34) - y + ripple, 0, level + 33).astype(int)
    water = mix(scene[mirror, x.astype(int)] * 0.86, rgb("3f6fc0"), np.float32(0.25))
    spark = step(1.0, 1.8, fractal(SHAPE, rng, 40, 3, 1.0, stretch=(7, 1)))
    water = mix(water, rgb("fdf0c0"), 0.75 * spark)
    scene = mix(scene, water, step(level + 32, level + 36, y))
    return _lawn(scene, x, y, rough, soft, rng)


def _bank(scene: Picture, x: Field, y: Field, level: float, rough: Field, soft: Field) -> Picture:
    for number, (tall, wave, tints) in enumerate((
        (96, 170, ("6f7fc0", "8f9ccc", "b4b4d0")),
        (66, 83, ("1f5a6a", "3f8a6a", "8ab85a", "e0c85a")),
        (34, 47, ("16305a", "24705a", "6aa84a", "f0d05a")),
    )):  # fmt: skip
        top = (
            level
            + 26
            - tall * (0.75 + 0.3 * np.sin(x / wave + number) + 0.22 * np.sin(x / (0.37 * wave)))
            + 6 * rough
        )
        tone = np.clip(0.55 - 0.25 * (y - top) / tall + 0.22 * rough + 0.1 * soft, 0, 1)
        scene = mix(scene, ramp(tone, *tints), (y > top).astype(np.float32))
    return scene


def _lawn(scene: Picture, x: Field, y: Field, rough: Field, soft: Field, rng: np.random.Generator) -> Picture:
    edge = 840 - 130 * step(700, 1536, x) + 22 * np.sin(x / 140) + 8 * rough
    # The trees behind the painter throw long bands of shadow, broken by their crowns.
    band = np.sin((y - 0.12 * x) / 46 + 0.5 * soft) + 0.35 * rough + 1.2 * step(900, 1152, y) - 0.5
    shade = step(0.2, 0.5, band)
    grass = mix(
        ramp(0.5 + 0.3 * rough + (y - 900) / 700, "9ac24a", "d6d84e", "f6e27a"),
        ramp(0.5 + 0.3 * rough, "1c2f6e", "1f5f5a", "3f8a4a"),
        shade,
    )
    flowers = step(1.9, 2.4, fractal(SHAPE, rng, 14, 5))
    grass = mix(grass, ramp(0.5 + soft / 3, "e8486a", "fdf0e0", "f28a3a"), flowers)
    scene = mix(scene, grass, step(-3, 3, y - edge))
    trunk = np.abs(x - 1290 - 22 * np.sin(y / 150)) < 34 + 46 * step(850, 980, y)
    bark = ramp(0.5 - (x - 1290) / 90 + 0.2 * rough, "2a1a4a", "5a2f5a", "b86a3a", "f0b85a")
    scene = mix(scene, bark, (trunk & (y > 200) & (y < 960)).astype(np.float32))
    crown = np.hypot((x - 1300) / 420, (y - 170) / 330) + 0.13 * soft + 0.07 * rough
    lumps = 0.5 + 0.28 * soft + 0.2 * rough - 0.0012 * (x - 1240) - 0.0012 * (y - 200)
    leaves = ramp(lumps, "141f5a", "1a5f5a", "3f9a4a", "a8cc46", "f8e06a")
    return mix(
        scene, leaves, step(1.0, 0.94, crown) * step(-0.9, -0.6, rough + 0.5 * soft + 0.9 * (1 - crown))
    )
