"""The studio: noise, colour, curves, relief light and the way a picture is saved.

A field is an (H, W) float32 array, a picture an (H, W, 3) float32 array of sRGB in [0, 1]; x runs right and
y down, in pixels. Everything is painted at twice its final size and reduced with Lanczos at the end.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]
Picture = NDArray[np.float32]

LARGEST_FILE = 200_000


def grid(shape: tuple[int, int]) -> tuple[Field, Field]:
    """x and y of every pixel of an (H, W) canvas."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return x, y


def fractal(
    shape: tuple[int, int],
    rng: np.random.Generator,
    coarse: float,
    fine: float = 1.0,
    slope: float = 1.8,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Field:
    """Gaussian noise with amplitude ∝ f^−slope between two sizes: mean 0, variance 1, tiles the plane.

    coarse, fine   largest and smallest features, in pixels
    stretch        how many times longer the features are along x and along y
    """
    fy = np.fft.fftfreq(shape[0])[:, None] * stretch[1]
    fx = np.fft.rfftfreq(shape[1])[None, :] * stretch[0]
    f2 = fx * fx + fy * fy
    gain = (f2 + 1 / coarse**2) ** (-slope / 2) * np.exp(-f2 * fine * fine)
    gain[0, 0] = 0
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * gain, s=shape)
    return (noise / noise.std()).astype(np.float32)


def blur(field: NDArray, sigma: float) -> NDArray:
    """Gaussian blur of a field or picture; the borders are mirrored."""
    if field.ndim == 3:
        return np.stack([blur(field[..., c], sigma) for c in range(field.shape[2])], axis=-1)
    pad = int(3 * sigma) + 1
    padded = np.pad(field, pad, mode="symmetric")
    fy = np.fft.fftfreq(padded.shape[0])[:, None]
    fx = np.fft.rfftfreq(padded.shape[1])[None, :]
    gain = np.exp(-2 * (np.pi * sigma) ** 2 * (fx * fx + fy * fy))
    smooth = np.fft.irfft2(np.fft.rfft2(padded) * gain, s=padded.shape)
    return smooth[pad:-pad, pad:-pad].astype(np.float32)


def sample(field: NDArray, x: NDArray, y: NDArray) -> NDArray:
    """Bilinear look-up at real coordinates; the field repeats beyond its borders."""
    height, width = field.shape[:2]
    x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    u, v = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
    if field.ndim == 3:
        u, v = u[..., None], v[..., None]
    left, right, up, down = x0 % width, (x0 + 1) % width, y0 % height, (y0 + 1) % height
    top = field[up, left] * (1 - u) + field[up, right] * u
    return top * (1 - v) + (field[down, left] * (1 - u) + field[down, right] * u) * v


def step(low: float, high: float, value: NDArray) -> NDArray:
    """Smoothstep: 0 at `low`, 1 at `high` (which may be the smaller), flat at both."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a: NDArray, b: NDArray, share: NDArray | float) -> NDArray:
    """Colours a where share is 0, b where it is 1; shares have the shape of the colours without their 3."""
    share = np.asarray(share, np.float32)
    if share.ndim:
        share = share[..., None]
    return np.asarray(a, np.float32) * (1 - share) + np.asarray(b, np.float32) * share


def rgb(*colours: str) -> NDArray:
    """ "a1b2c3" … → (N, 3) in [0, 1]; one colour gives (3,)."""
    table = np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in colours], np.float32)
    return table[0] / 255 if len(colours) == 1 else table / 255


def ramp(t: NDArray, *colours: str) -> NDArray:
    """Colours evenly spaced over t in [0, 1], mixed between, the ends beyond; shape of t plus (3,)."""
    stops, places = rgb(*colours), np.linspace(0, 1, len(colours))
    return np.stack([np.interp(t, places, stops[:, c]) for c in range(3)], -1).astype(np.float32)


def spline(points: NDArray, count: int) -> NDArray:
    """Catmull-Rom curve through (N, 2) points: `count` points evenly spaced along it."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        pieces.append(
            b + t / 2 * (c - a) + t * t / 2 * (2 * a - 5 * b + 4 * c - d) + t**3 / 2 * (3 * b - a - 3 * c + d)
        )
    return evenly(np.concatenate([*pieces, p[-2:-1]]), count)


def evenly(curve: NDArray, count: int) -> NDArray:
    """The same polyline with `count` points at equal distances."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    places = np.linspace(0, along[-1], count)
    return np.stack([np.interp(places, along, curve[:, i]) for i in (0, 1)], axis=-1)


def distance(mask: NDArray, reach: int) -> Field:
    """Distance in pixels to the nearest True pixel, cut off at `reach`.

    Exact and separable: the rows first, then min over dy of (row distance² + dy²).
    """
    far = float(reach)
    rows = np.where(mask, 0, far).astype(np.float32)
    for _ in range(reach - 1):
        np.minimum(rows[:, 1:], rows[:, :-1] + 1, out=rows[:, 1:])
    for _ in range(reach - 1):
        np.minimum(rows[:, :-1], rows[:, 1:] + 1, out=rows[:, :-1])
    square = rows * rows
    best = square.copy()
    for shift in range(1, reach):
        np.minimum(best[:-shift], square[shift:] + shift * shift, out=best[:-shift])
        np.minimum(best[shift:], square[:-shift] + shift * shift, out=best[shift:])
    return np.minimum(np.sqrt(best), far)


def lit(picture: Picture, relief: Field, strength: float, gloss: float = 0.0) -> Picture:
    """Light from the upper left over a relief: slopes towards it brighten, away from it darken.

    strength   share of brightness a slope of 1 gains or loses
    gloss      strength of the highlights wet paint shows
    """
    gy, gx = np.gradient(relief)
    facing = -(0.6 * gx + 0.8 * gy)
    shade = 1 + strength * np.tanh(facing)
    shine = gloss * np.clip(np.tanh(facing) - 0.45, 0, 1) ** 2
    return picture * shade[..., None] + shine[..., None]


def encoded(picture: Picture) -> bytes:
    """Reduced to half size with Lanczos; the best 4:4:4 JPEG of at most 200 kB."""
    pixels = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    half = pixels.resize((pixels.width // 2, pixels.height // 2), Image.Resampling.LANCZOS)
    for quality in range(93, 40, -2):
        out = io.BytesIO()
        half.save(out, "JPEG", quality=quality, subsampling=0)
        if out.tell() <= LARGEST_FILE:
            break
    return out.getvalue()


def save(picture: Picture, path: Path) -> None:
    """Write `encoded` to a file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(picture))
