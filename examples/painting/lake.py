"""Lake: a mountain lake at dusk. Terrain is a height map seen in true perspective, lit by a low sun.

Every column of the picture walks outwards over the map and keeps what rises above all that came before
it; the water shows the same scene upside down through ripples.
"""

import numpy as np
from numpy.typing import NDArray

from .canvas import Field, Picture, blur, fractal, grid, mix, ramp, rgb, sample, step

SHAPE = (1152, 1536)
MAP = (1024, 1024)
HORIZON, FOCAL, EYE, SHORE = 560, 1250.0, 14.0, 210.0
SUN = np.array([-0.62, 0.36, 0.35])  # right, up, away from the viewer: low, from the left and a little ahead
DUST = rgb("d9a98c")


def lake(rng: np.random.Generator) -> Picture:
    """The photograph, 1536×1152."""
    sky = _sky(rng)
    land, seen = _mountains(rng, sky)
    scene = mix(sky, land, seen)
    picture = _water(_shore(scene, rng), rng)
    picture = _pines(picture, rng)
    grain = 0.006 * fractal(SHAPE, rng, 3, 1, 0.5)
    exposed = np.clip(1.12 * picture + grain[..., None], 0, 1) ** 0.92
    return mix(exposed, exposed * exposed * (3 - 2 * exposed), 0.55)


def _sky(rng: np.random.Generator) -> Picture:
    x, y = grid(SHAPE)
    up = np.clip((HORIZON - y) / HORIZON, 0, 1)
    sky = ramp(up, "f6c48e", "f0b090", "d89aa0", "a88cb4", "7a80b8", "54699f", "3c5288")
    sun = np.exp(-np.hypot((x - 210) / 520, (y - 470) / 260))
    sky = mix(sky, rgb("ffe0a8"), 0.8 * sun)
    # Clouds lie on a plane overhead, so they crowd together towards the horizon.
    far = 190 / np.clip(HORIZON + 24 - y, 12, None)
    noise = fractal(MAP, rng, 260, 4, 1.75)
    cover = sample(noise, 300 * far * (x - 768) / 640 + 200, 620 * far) + 0.35 * up
    lit_ = sample(noise, 300 * far * (x - 800) / 640 + 190, 620 * far + 8)
    thick = step(0.35, 1.7, cover)
    tint = ramp(
        0.5 + 0.5 * (cover - lit_) + 0.5 * sun,
        "5a5a86",
        "8f7a9c",
        "d89a94",
        "fbc890",
        "fff0cc",
    )
    return mix(sky, tint, 0.88 * thick * step(0.0, 0.12, up))


def _terrain(rng: np.random.Generator) -> Field:
    """Ridged mountains behind a lake; metres over its level, one map cell to 4 m, the shore nearest."""
    along, away = grid(MAP)
    warp = 22 * fractal(MAP, rng, 200, 30, 2.0)
    ridges = 1 - 0.6 * np.abs(sample(fractal(MAP, rng, 330, 9, 2.6), along + warp, away - warp))
    gullies = np.abs(fractal(MAP, rng, 90, 4, 2.3))
    rise = step(20, 620, away)
    valley = 1 - 0.8 * np.exp(-(((along - 500 - 0.16 * (away - 300)) / 110) ** 2))
    peaks = sum(
        tall * np.exp(-(np.hypot((along - px) / wide, (away - py) / wide) ** 1.25))
        for px, py, tall, wide in (
            (290, 470, 520, 140),
            (780, 560, 640, 150),
            (530, 960, 900, 190),
            (40, 720, 600, 160),
        )
    )
    bulk = rise * valley * (60 + 190 * ridges) + step(20, 330, away) * peaks * (0.6 + 0.4 * ridges)
    height = bulk * (1 - 0.13 * gullies) + 4 * fractal(MAP, rng, 60, 8) * step(4, 40, away)
    return (height + 3 * step(2, 10, away) - 3).astype(np.float32)


def _mountains(rng: np.random.Generator, sky: Picture) -> tuple[Picture, Field]:
    height = _terrain(rng)
    columns = (np.arange(SHAPE[1]) - SHAPE[1] / 2) / FOCAL
    depth = SHORE * (4000 / SHORE) ** np.linspace(0, 1, 900)
    along = 512 + columns[None, :] * depth[:, None] / 4
    away = np.broadcast_to((depth[:, None] - SHORE) / 4 + 6, along.shape)
    seen_at = HORIZON - FOCAL * (sample(height, along, np.clip(away, 0, 1022)) - EYE) / depth[:, None]
    skyline = np.minimum.accumulate(seen_at, axis=0)
    rows = np.arange(SHAPE[0])
    hit = np.stack([np.searchsorted(-skyline[:, c], -rows - 0.5) for c in range(SHAPE[1])], axis=1)
    seen = (hit < len(depth)).astype(np.float32)
    after = np.clip(hit, 1, len(depth) - 1)
    top, low = (np.take_along_axis(seen_at, after - k, axis=0) for k in (0, 1))
    share = np.clip((low - rows[:, None]) / np.where(np.abs(low - top) < 1e-3, 1, low - top), 0, 1)
    z = depth[after - 1] * (1 - share) + depth[after] * share
    colour = _ground(height, 512 + columns[None, :] * z / 4, (z - SHORE) / 4 + 6, z, rng)
    hazy = 1 - np.exp(-np.clip(z - 300, 0, None) / 4200)
    veil = mix(sky[HORIZON - 60][None], DUST, np.float32(0.4))
    return mix(colour, np.broadcast_to(veil, colour.shape), hazy * 0.85), seen


def _ground(height: Field, along: NDArray, away: NDArray, z: NDArray, rng: np.random.Generator) -> Picture:
    """Meadow, forest, rock and snow by height and slope, with cast shadows."""
    gy, gx = np.gradient(height, 4.0)
    crumb = fractal(MAP, rng, 12, 1, 1.1)
    ry, rx = np.gradient(height + 5 * crumb, 4.0)
    facing = (-rx * SUN[0] + SUN[1] - ry * SUN[2]) / np.sqrt(1 + rx * rx + ry * ry)
    light = np.clip(facing, 0, 1) * (1 - 0.85 * _shadow(height))
    steep = np.hypot(gx, gy)
    strata = 0.5 + 0.3 * np.sin(height / 11 + 2 * crumb) + 0.2 * crumb
    rock = ramp(strata, "4f4a52", "7a6f6c", "a8988a")
    snow = step(215, 300, height + 45 * crumb - 70 * (steep - 1.2))
    trees = step(0.1, 0.5, crumb + 0.9 - 0.0055 * (height - 60) - 0.6 * np.clip(steep - 0.8, 0, 2))
    base = mix(
        rock,
        ramp(0.5 + 0.3 * crumb, "5d6038", "8d8448"),
        step(170, 60, height) * step(0.9, 0.5, steep),
    )
    base = mix(base, ramp(0.5 + 0.4 * crumb, "1f3026", "36492f", "66703e"), trees)
    base = mix(base, rgb("eef0f6"), snow)
    warm = light[..., None] * rgb("ffc790") * 2.1
    cool = rgb("6a7ab0") * (0.42 + 0.16 * np.clip(1 - steep, 0, 1))[..., None]
    shaded = base * (warm + cool)
    colour = sample(shaded, along, np.clip(away, 0, 1022))
    close = sample(crumb, along * 9.1, away * 9.1) * step(1500, 200, z)
    return colour * (1 + 0.14 * close)[..., None]


def _shadow(height: Field) -> Field:
    """1 where the sun is behind something: the light's ray is walked over the map."""
    run = np.hypot(SUN[0], SUN[2])
    dark = np.zeros_like(height)
    x, y = grid(height.shape)
    for cells in np.geomspace(2, 150, 22):
        over = sample(height, x + cells * SUN[0] / run, y + cells * SUN[2] / run)
        dark = np.maximum(dark, step(0, 24, over - height - 4 * cells * SUN[1] / run))
    return blur(dark, 1.2)


def _shore(scene: Picture, rng: np.random.Generator) -> Picture:
    """A belt of far pines along the water, thick in places, each catching the sun on its left."""
    x, y = grid(SHAPE)
    foot = HORIZON + FOCAL * EYE / SHORE
    stand = fractal((64, SHAPE[1]), rng, 420, 30, 1.6)[0]
    places = rng.uniform(-20, SHAPE[1] + 20, 3600)
    back = np.sort(rng.uniform(0, 1, 3600))[::-1]
    for place, far in zip(places, back, strict=True):
        thick = stand[int(np.clip(place, 0, SHAPE[1] - 1))]
        tall = rng.uniform(0.6, 1.1) * (62 + 20 * thick) * (1 - 0.78 * far**0.6)
        base = foot + 1 - 165 * far**1.3
        if thick + rng.normal(0, 0.5) + far < -0.9:
            continue
        here = np.s_[
            int(base - tall) : int(base) + 1, max(int(place - tall / 3), 0) : max(int(place + tall / 3), 0)
        ]
        down = (y[here] - base + tall) / tall
        across = (x[here] - place) / tall
        saw = 0.75 + 0.35 * ((down * 9 + 0.3 * np.sin(40 * across)) % 1)
        light = 0.30 + 0.12 * rng.standard_normal() - 1.9 * across + 0.25 * rng.random(down.shape)
        tint = mix(
            ramp(light, "14211d", "28392a", "55583a", "b58a58"),
            DUST,
            np.float32(0.02 + 0.26 * far),
        )
        scene[here] = mix(scene[here], tint, (np.abs(across) < 0.21 * down * saw).astype(np.float32))
    return scene


def _water(scene: Picture, rng: np.random.Generator) -> Picture:
    """Below the shore line: the mirrored scene, broken by ripples that shorten towards the distance."""
    x, y = grid(SHAPE)
    shore = HORIZON + FOCAL * EYE / SHORE
    deep = np.clip(y - HORIZON, 1, None)
    z = FOCAL * EYE / deep
    ripple = fractal(MAP, rng, 34, 2, 1.4)
    wave = sample(ripple, (x - 768) * z / 110 + 300, 26 * z) * step(shore, shore + 90, y)
    calm = step(-0.6, 1.0, sample(fractal(MAP, rng, 300, 30), x / 3.2, 30 * z))
    tilt = wave * (0.35 + 0.65 * calm) * 0.055 * deep
    mirror = np.clip(2 * shore - y - 4 - tilt * 2.2, 0, shore - 2)
    reflected = sample(scene, np.clip(x + 0.35 * tilt, 0, SHAPE[1] - 1), mirror)
    grazing = 0.50 + 0.42 * np.exp(-(deep - deep.min()) / 300)
    body = ramp((y - shore) / 560, "4f6a7a", "2c4a5e", "16283c")
    water = mix(body, reflected, np.clip(grazing - 0.10 * wave, 0, 1))
    glint = step(1.2, 2.4, wave) * np.exp(-(((x - 230) / 260) ** 2))
    water = water + 0.5 * glint[..., None] * rgb("ffd9a0")
    line = rgb("2a241f") * (1 + 0.3 * ripple[: SHAPE[0] // 2].mean())
    picture = mix(scene, water, step(shore - 1, shore + 1, y))
    return mix(picture, line, 0.75 * np.exp(-(((y - shore + 1) / 3.0) ** 2)))


def _pines(picture: Picture, rng: np.random.Generator) -> Picture:
    """Dark pines and a grassy bank close by, at both sides, warm on the sunward edge."""
    bank = np.zeros(SHAPE, np.float32)
    tone = np.zeros(SHAPE, np.float32)
    x, y = grid(SHAPE)
    rough = fractal(SHAPE, rng, 120, 4, 1.6)
    top = 1085 - 190 * step(420, -60, x) - 250 * step(1010, 1600, x) + 13 * rough
    bank = step(0, 6, y - top)
    tone = 0.25 + 0.16 * rough + 0.18 * np.exp(-(y - top) / 30)
    for foot, tall in (
        (70, 820),
        (215, 560),
        (-30, 600),
        (330, 330),
        (1330, 760),
        (1455, 980),
        (1230, 420),
        (1540, 640),
        (1140, 230),
    ):
        base = float(np.interp(np.clip(foot, 0, 1535), np.arange(SHAPE[1]), top[0])) + 22
        _pine(bank, tone, foot, base, tall, rng)
    _blades(bank, tone, top[0], rng)
    colour = ramp(tone, "0b1512", "1a2b20", "3f4c28", "94783a", "e8ac66")
    return mix(picture, colour, bank)


def _pine(cover: Field, tone: Field, foot: float, base: float, tall: float, rng: np.random.Generator) -> None:
    _twig(cover, tone, foot, base, foot + rng.normal(0, 5), base - tall, 0.014 * tall, 0.22)
    for up in np.sort(rng.uniform(0.13, 0.985, int(34 + tall / 6)))[::1]:
        reach = tall * 0.19 * (1 - up) ** 0.85 * rng.uniform(0.5, 1.15) + 5
        side = rng.choice([-1, 1])
        x0, y0 = foot, base - up * tall
        droop = rng.uniform(0.15, 0.55)
        steps = np.linspace(0, 1, max(5, int(reach / 5)))
        for t in steps:
            px, py = x0 + side * reach * t, y0 + reach * droop * (t - 0.35 * t * t)
            for _ in range(4):
                size = (0.10 + 0.30 * (1 - t)) * reach * rng.uniform(0.5, 1.0) + 4
                lean = rng.normal(0.9 * side, 0.7)
                shade = 0.13 + 0.10 * rng.random() + 0.42 * (side < 0) * t**2 * rng.random()
                _twig(
                    cover,
                    tone,
                    px,
                    py,
                    px + size * np.sin(lean),
                    py + 0.7 * size * abs(np.cos(lean)) * rng.uniform(-0.3, 1),
                    1.5,
                    shade,
                )


def _twig(
    cover: Field, tone: Field, x0: float, y0: float, x1: float, y1: float, thick: float, shade: float
) -> None:
    count = int(max(abs(x1 - x0), abs(y1 - y0)) * 1.2) + 2
    t = np.linspace(0, 1, count)
    half = np.arange(-thick, thick + 0.1)
    xs = (x0 + (x1 - x0) * t)[:, None] + half[None, :] * (1 - 0.8 * t)[:, None]
    ys = np.broadcast_to((y0 + (y1 - y0) * t)[:, None], xs.shape)
    columns, rows = np.rint(xs).astype(int).ravel(), np.rint(ys).astype(int).ravel()
    here = (columns >= 0) & (rows >= 0) & (columns < SHAPE[1]) & (rows < SHAPE[0])
    cover[rows[here], columns[here]] = 1
    tone[rows[here], columns[here]] = shade


def _blades(cover: Field, tone: Field, top: NDArray, rng: np.random.Generator) -> None:
    for _ in range(2600):
        x = rng.uniform(0, SHAPE[1] - 1)
        y = top[int(x)] + 130 * rng.random() ** 1.5 + 4
        tall = rng.uniform(10, 34)
        _twig(cover, tone, x, y, x + rng.normal(4, 7), y - tall, 1.0, 0.12 + 0.5 * rng.random() ** 3)
