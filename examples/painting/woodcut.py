"""Wave: a Japanese woodblock print of our own, in Prussian blue with a graded (bokashi) sky."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .canvas import Picture, blur, fractal, grid, mix, ramp, rgb, spline, step

SHAPE = (1056, 1536)
LINE, DEEP, MIDDLE, PALE, FOAM = "#14253f", "#1f4474", "#4a7ea4", "#a3c3c0", "#f3ebd4"

# Every wave is the sheet between a crest line and a hollow line, drawn from the back to its tip.
WAVES = (
    (
        [(560, 930), (860, 690), (1080, 520), (1230, 470), (1340, 500), (1385, 575)],
        [(560, 1010), (960, 930), (1130, 800), (1190, 700), (1240, 610), (1385, 575)],
    ),
    (
        [(-90, 470), (80, 330), (300, 190), (540, 130), (760, 170), (900, 270), (950, 390)],
        [(-90, 1010), (260, 960), (470, 850), (560, 690), (610, 530), (720, 420), (950, 390)],
    ),
)
# Height, both ends and thickness of the bands of mist.
CLOUDS = (
    *((96, 900, 1700, 20), (330, 980, 1460, 17), (372, 1100, 1640, 15)),
    *((60, -100, 330, 22), (560, 560, 1010, 15), (602, 420, 900, 13)),
)
SWELLS = (
    [(-60, 905), (160, 850), (420, 900), (700, 830), (960, 905), (1240, 800), (1600, 880)],
    [(-60, 1000), (260, 975), (560, 925), (840, 985), (1120, 915), (1380, 960), (1600, 930)],
    [(-60, 1120), (300, 1060), (640, 1075), (960, 1030), (1300, 1070), (1600, 1040)],
)


def woodcut(rng: np.random.Generator) -> Picture:
    """The print, 1536×1056."""
    sheet = Image.fromarray((_sky(rng) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(sheet)
    _mountain(draw)
    for crest, hollow in WAVES:
        _sheet_of_water(draw, spline(crest, 300), spline(hollow, 300), rng, streaks=15)
        _foam(draw, spline(crest, 300), spline(hollow, 300), rng)
    floor = [(x, 1200) for x, _ in SWELLS[-1]]
    for crest, below in zip(SWELLS, [*SWELLS[1:], floor], strict=True):
        top, bottom = spline(crest, 300), spline(below, 300) + np.array([0, 40])
        _sheet_of_water(draw, top, bottom, rng, streaks=11)
        _lace(draw, top, rng)
    return _printed(np.asarray(sheet, np.float32) / 255, rng)


def _sky(rng: np.random.Generator) -> Picture:
    x, y = grid(SHAPE)
    t = np.clip(y / 820 + 0.02 * fractal(SHAPE, rng, 300, 60), 0, 1)
    sky = ramp(t, "33517a", "8fa5a8", "d9cfae", "ecdcb6", "efd0a0", "e6b487", "dba07a")
    sun = np.hypot(x - 1130, y - 250)
    disc = ramp((y - 130) / 240, "b8321f", "d4573a", "e89a6c")
    sky = mix(sky, disc, step(122, 119, sun))
    for cy, left, right, thick in CLOUDS:
        along = np.clip(x, left, right)
        bank = np.hypot(x - along, 1.2 * (y - cy)) + 3.5 * np.sin(x / 58 + cy)
        sky = mix(sky, rgb("5d6f83"), step(thick + 4, thick + 1, bank) * 0.8)
        sky = mix(sky, ramp(step(cy - 20, cy + 20, y), "f4e8cc", "e9c4a2"), step(thick + 1, thick - 1, bank))
    return np.clip(sky, 0, 1)


def _mountain(draw: ImageDraw.ImageDraw) -> None:
    slope = spline([(560, 770), (760, 690), (900, 590), (985, 505), (1015, 500), (1050, 510),
                    (1130, 600), (1290, 700), (1480, 770)], 200)  # fmt: skip
    draw.polygon([tuple(p) for p in slope], fill="#5a7892", outline=LINE)
    peak = [tuple(p) for p in slope if p[1] < 600]
    teeth = [(p[0], 602 - 46 * (i % 2) + 8 * np.sin(i)) for i, p in enumerate(reversed(peak[::5]))]
    draw.polygon(peak + teeth, fill=FOAM)
    draw.line([tuple(p) for p in slope], fill=LINE, width=4)
    for k in range(40):
        x = 640 + 19 * k
        draw.line(
            [(x, 770), (x + (1010 - x) * 0.22, 770 - 60 + 0.3 * abs(1010 - x) * 0.2)], fill="#35577a", width=2
        )
    draw.rectangle([0, 752, SHAPE[1], SHAPE[0]], fill=MIDDLE)
    for y in range(752, 1000, 9):
        draw.line([(0, y), (SHAPE[1], y)], fill="#2c5a86", width=3)


def _sheet_of_water(
    draw: ImageDraw.ImageDraw, crest: NDArray, hollow: NDArray, rng: np.random.Generator, streaks: int
) -> None:
    """A dark body with tapering light streaks that follow it, each between two cut lines."""
    outline = [tuple(p) for p in np.concatenate([crest, hollow[::-1]])]
    draw.polygon(outline, fill=DEEP)
    t = np.linspace(0, 1, len(crest))[:, None]
    for k in range(streaks):
        centre = (k + 0.6 + rng.uniform(-0.12, 0.12)) / streaks
        start, end = rng.uniform(-0.35, 0.12), rng.uniform(0.86, 1.3)
        taper = np.clip(np.sin(np.pi * np.clip((t - start) / (end - start), 0, 1)), 0, 1) ** 0.6
        half = (0.34 + 0.12 * np.sin(9 * t + k)) / streaks * taper
        drift = 0.25 / streaks * np.sin(6 * t + 2 * k)
        for grow, colour in ((1.25, LINE), (1.0, (MIDDLE, PALE, MIDDLE, FOAM)[k % 4]), (0.25, DEEP)):
            low, high = (crest + (hollow - crest) * (centre + drift + s * grow * half) for s in (-1, 1))
            live = taper[:, 0] > 0.02
            if live.sum() > 2:
                draw.polygon([tuple(p) for p in np.concatenate([low[live], high[live][::-1]])], fill=colour)
    draw.line([*outline, outline[0]], fill=LINE, width=6, joint="curve")


def _claw(base: NDArray, heading: float, size: float, bend: float, rng: np.random.Generator) -> list[NDArray]:
    """(N, 3) x, y, radius of a hooked finger of foam, and of the smaller ones on its outer side."""
    t = np.linspace(0, 1, max(12, int(size / 2)))
    angle = heading + bend * (0.1 * t + 1.7 * t**2.5)
    path = base + np.cumsum(size / len(t) * np.stack([np.cos(angle), np.sin(angle)], -1), axis=0)
    fingers = [np.column_stack([path, size * 0.2 * (1 - t) ** 0.8 + 0.9])]
    if size > 30:
        for place in (0.12, 0.34, 0.56):
            i = int(place * (len(t) - 1))
            side = angle[i] - np.sign(bend) * rng.uniform(0.55, 1.0)
            fingers += _claw(path[i], side, size * rng.uniform(0.42, 0.6), bend, rng)
    return fingers


def _dab(draw: ImageDraw.ImageDraw, fingers: list[NDArray]) -> None:
    for grow, colour in ((3.6, LINE), (0.0, FOAM)):
        for x, y, r in np.concatenate(fingers):
            r = r + grow
            draw.ellipse([x - r, y - r, x + r, y + r], fill=colour)
    for finger in fingers:
        spine = [(x + 0.35 * r, y + 0.35 * r) for x, y, r in finger[2 : len(finger) // 2]]
        if len(finger) > 14:
            draw.line(spine, fill=PALE, width=3)


def _foam(draw: ImageDraw.ImageDraw, crest: NDArray, hollow: NDArray, rng: np.random.Generator) -> None:
    """A cap of foam on the crest whose fingers hang over the face, largest at the tip."""
    t = np.linspace(0, 1, len(crest))[:, None]
    cap = crest + (hollow - crest) * 0.13 * step(0.12, 0.8, t)
    draw.polygon([tuple(p) for p in np.concatenate([crest, cap[::-1]])], fill=FOAM)
    along = np.gradient(crest, axis=0)
    heading = np.arctan2(along[:, 1], along[:, 0])
    for start, most, count, low, high in ((0.2, 0.15, 84, 0.25, 1.25), (0.5, 0.02, 34, -0.7, 0.0)):
        for place in np.sort(rng.uniform(start, 1.0, count)):
            i = int(place * (len(crest) - 1))
            depth = rng.uniform(0, most)
            base = crest[i] * (1 - depth) + hollow[i] * depth
            size = (24 + 74 * place**2.5) * rng.uniform(0.7, 1.2)
            _dab(draw, _claw(base, heading[i] + rng.uniform(low, high), size, rng.uniform(0.7, 1.4), rng))
    for _ in range(210):
        x, y = crest[-1] + rng.normal(0, 1, 2) * (120, 95) + (30, -20)
        r = rng.gamma(2.0, 1.3) + 1.0
        draw.ellipse([x - r, y - r, x + r, y + r], fill=FOAM)


def _lace(draw: ImageDraw.ImageDraw, crest: NDArray, rng: np.random.Generator) -> None:
    for i in np.flatnonzero(np.diff(np.sign(np.gradient(crest[:, 1]))) > 0):
        for t in np.sort(rng.normal(i, 13, 26)):
            x, y = crest[int(np.clip(t, 0, len(crest) - 1))]
            heading = rng.uniform(0.1, 0.9)
            _dab(draw, _claw(np.array([x, y + rng.uniform(0, 22)]), heading, rng.uniform(20, 52), 1.2, rng))


def _printed(picture: Picture, rng: np.random.Generator) -> Picture:
    """Ink on paper: the block's grain, the rubbing of the baren, fibres, and a darker edge to each colour."""
    _, y = grid(SHAPE)
    paper = rgb("f2e8cf")
    ink = 1 - picture.mean(axis=2)
    plank = fractal(SHAPE, rng, 500, 40, stretch=(9, 1))
    grain = np.sin(y / 2.6 + 9 * plank) + 0.7 * fractal(SHAPE, rng, 90, 2, 1.0, stretch=(20, 1))
    rubbed = fractal(SHAPE, rng, 60, 3, 1.2)
    worn = np.clip(0.05 * grain + 0.05 * rubbed + 0.05, 0, 0.5) * step(0.1, 0.7, ink)
    picture = mix(picture, paper, worn)
    rim = picture - blur(picture, 7)
    fibre = fractal(SHAPE, rng, 30, 1, 0.8)
    bokashi = 1 - 0.13 * step(0.55, 1, y / SHAPE[0])
    return np.clip((picture + 0.22 * rim) * bokashi[..., None] + 0.018 * fibre[..., None], 0, 1)
