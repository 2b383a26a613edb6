"""Untrusted file → upright sRGB picture → (1, 3, H, W) float32 in [0, 1], and back; colour transfer.

The only place that touches Pillow's decoders and encoders. Reading order: what is accepted; loading;
tensors; saving; colours.
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageCms, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile
from torch import Tensor

from .errors import ImageRefused

# Pillow refuses twice this for every caller in the process, Gradio's own decoding included; its default
# lets 89 megapixels pass in silence.
Image.MAX_IMAGE_PIXELS = 25_000_000


class PictureLimits(NamedTuple):
    """What load_picture() accepts; a JPEG may be larger, as it can be shrunk while it is decoded."""

    bytes: int = 20 * 2**20
    jpeg_pixels: int = 50_000_000
    other_pixels: int = 25_000_000
    side: int = 64
    ratio: int = 8


class Kind(NamedTuple):
    """A file format, known by its content and opened by its own decoder: no other is ever tried."""

    name: str
    matches: Callable[[bytes], bool]
    open: Callable[[BinaryIO], ImageFile.ImageFile]
    pixels: int


LIMITS = PictureLimits()
KINDS = (
    Kind("JPEG", lambda head: head[:3] == b"\xff\xd8\xff", JpegImageFile, LIMITS.jpeg_pixels),
    Kind("PNG", lambda head: head[:8] == b"\x89PNG\r\n\x1a\n", PngImageFile, LIMITS.other_pixels),
    Kind(
        "WebP",
        lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
        WebPImageFile,
        LIMITS.other_pixels,
    ),
)
LONGEST_TEXT = 2**16  # characters of one text read_text() returns
SMALLEST_SIDE = 16  # pixels fit() leaves a side: four pools then still see one position
GREATEST_GAIN = 8.0  # of match_colours()
LEAST_VARIANCE = 1e-6  # (a quarter of a level)², added to Σ so that it can be inverted

EXIF_ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# One picture is decoded at a time: a large WebP takes 400 MB while it lasts.
_decoding = threading.Semaphore(1)


def load_picture(source: str | PathLike[str] | bytes, max_side: int = 4096) -> Image.Image:
    """The picture in an untrusted file, given by path or as its bytes: upright, sRGB, mode RGB, no metadata.

    Type by content (JPEG, PNG, WebP), first frame only, transparency over white, 16 bits rounded to 8,
    an embedded colour profile applied if it can be. A picture whose longer side is over `max_side` pixels
    is shrunk to it, or, a JPEG, to as little as 0.9 of it where its decoder then does the shrinking.

    Raises ImageRefused, one plain sentence, for a file outside LIMITS or damaged anywhere: what a
    truncated file still holds is never used.
    """
    with _opened(source) as (file, kind):
        _check_size(file, kind)
        file.draft(None, _within(file.size, math.ceil(0.9 * max_side)))
        file.load()
        picture = _on_white(file)
        picture = picture.resize(_within(picture.size, max_side), Image.Resampling.LANCZOS)
        picture = _to_srgb(picture, file.info.get("icc_profile"))
        return _bare(_upright(picture, file))


@contextmanager
def _opened(source: str | PathLike[str] | bytes) -> Iterator[tuple[ImageFile.ImageFile, Kind]]:
    """The header of a picture; what goes wrong inside the with statement is translated once, here."""
    data = source if isinstance(source, bytes) else _read(source)
    _check_bytes(len(data))
    kind = next((kind for kind in KINDS if kind.matches(data)), None)
    if kind is None:
        raise ImageRefused(
            "This file is not a JPEG, PNG or WebP picture: please save the picture as one of these three."
        )
    with _decoding:
        try:
            with kind.open(BytesIO(data)) as file:
                yield file, kind
        except ImageRefused:
            raise
        except Exception as error:
            # Damage shows as OSError, ValueError, SyntaxError, EOFError, struct.error and others.
            raise ImageRefused(
                f"This {kind.name} file is damaged or incomplete: please save or download it again."
            ) from error


def _read(path: str | PathLike[str]) -> bytes:
    try:
        if not Path(path).is_file():  # a pipe would block, a device never end
            raise FileNotFoundError(path)
        with open(path, "rb") as file:
            _check_bytes(Path(path).stat().st_size)
            return file.read(LIMITS.bytes + 1)
    except (OSError, ValueError) as error:
        raise ImageRefused("The picture's file cannot be read: please choose the picture again.") from error


def _check_bytes(count: int) -> None:
    if count > LIMITS.bytes:
        raise ImageRefused(
            f"The file has {count:,} bytes and at most {LIMITS.bytes:,} ({LIMITS.bytes // 2**20} MB) are "
            "accepted: please save the picture smaller, or as JPEG."
        )


def _check_size(file: ImageFile.ImageFile, kind: Kind) -> None:
    """Refuse from the header alone; each rule reads the same for the stored and the upright picture."""
    width, height = file.size
    short, long = sorted(file.size)
    if width * height > kind.pixels:
        raise ImageRefused(
            f"This {kind.name} has {width * height:,} pixels ({width} × {height}) and at most "
            f"{kind.pixels:,} are accepted: please make it smaller."
        )
    if short < LIMITS.side:
        raise ImageRefused(
            f"The picture is {width} × {height} pixels and both sides need at least {LIMITS.side}: "
            "please choose a larger picture."
        )
    if long > LIMITS.ratio * short:
        raise ImageRefused(
            f"The picture is {long / short:.4g} times as long as it is wide ({long} to {short} pixels) and "
            f"at most {LIMITS.ratio} times is accepted: please crop it."
        )


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    return fit(*size, side) if max(size) > side else size


def _upright(picture: Image.Image, file: ImageFile.ImageFile) -> Image.Image:
    """The picture turned as the file's EXIF says, which a PNG may hold after its pixels."""
    with suppress(Exception):  # what is wrong with EXIF is no damage to the picture
        return picture.transpose(TURNS[file.getexif()[EXIF_ORIENTATION]])
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    """Any mode → L, RGB or CMYK of 8 bits, transparent places over white."""
    if picture.mode.startswith("I"):
        return _from_16_bits(picture)
    grey = picture.mode in ("1", "L", "LA")
    if picture.has_transparency_data:
        picture = picture.convert("LA" if grey else "RGBA")
        opaque = picture.convert("L" if grey else "RGB")
        white = Image.new(opaque.mode, opaque.size, "white")
        return Image.composite(opaque, white, picture.getchannel("A"))
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture
    return picture.convert("L" if grey else "RGB")


def _from_16_bits(picture: Image.Image) -> Image.Image:
    # convert() clips at 255 instead, which leaves two levels of grey.
    samples = np.asarray(picture).astype(np.uint32)
    grey = ((samples + 128) // 257).astype(np.uint8)
    grey[samples == picture.info.get("transparency", -1)] = 255
    return Image.fromarray(grey)


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        with suppress(Exception):  # a profile that is damaged, or for another mode, is ignored
            return ImageCms.profileToProfile(
                picture,
                BytesIO(profile),
                ImageCms.createProfile("sRGB"),
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
    return picture.convert("RGB")


def fit(width: int, height: int, longer_side: int) -> tuple[int, int]:
    """(w, h) of the same ratio whose longer side is `longer_side`; smaller or larger, never under 16."""
    scale = longer_side / max(width, height)
    return max(SMALLEST_SIDE, round(width * scale)), max(SMALLEST_SIDE, round(height * scale))


def to_tensor(picture: Image.Image, size: tuple[int, int] | None = None) -> Tensor:
    """The picture as (1, 3, H, W) float32 in [0, 1], resized (Lanczos) to size = (width, height) if given."""
    picture = _on_white(picture).convert("RGB")
    if size is not None and size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(picture))  # (H, W, 3)
    return (pixels.permute(2, 0, 1)[None].float() / 255).contiguous()


def to_picture(image: Tensor) -> Image.Image:
    """(1, 3, H, W) on any device → RGB picture; values are clamped to [0, 1], rounded to the nearest level.

    Raises ValueError for another shape, and for values that are not finite: cast to bytes they would be
    black, and a failed run would look like a finished one.
    """
    _require_image("image", image)
    if not bool(image.isfinite().all()):
        raise ValueError("image holds values that are not finite")
    levels = image.detach().float().clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(levels[0].permute(1, 2, 0).contiguous().cpu().numpy())


def resize_tensor(image: Tensor, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) → (1, 3, height, width) for size = (width, height): bicubic, antialiased, not clamped."""
    width, height = size
    return F.interpolate(image, (height, width), mode="bicubic", align_corners=False, antialias=True)


def save_jpeg(picture: Image.Image, file: str | PathLike[str] | BinaryIO, quality: int = 85) -> None:
    """Write a preview: colour at full resolution (4:4:4), as paint has fine colour; no metadata."""
    _bare(picture).save(file, "JPEG", quality=quality, subsampling=0)


def save_png(
    picture: Image.Image, file: str | PathLike[str] | BinaryIO, text: Mapping[str, str] | None = None
) -> None:
    """Write a lossless result with `text` as UTF-8 (iTXt), key by key, and no other metadata."""
    texts = PngInfo()
    for key, value in (text or {}).items():
        texts.add_itxt(key, value)
    _bare(picture).save(file, "PNG", pnginfo=texts)


def _bare(picture: Image.Image) -> Image.Image:
    """An RGB copy without the info Pillow's encoders would write along: profile, comment, transparency."""
    picture = picture.convert("RGB")
    picture.info.clear()
    return picture


def read_text(source: str | PathLike[str] | bytes) -> dict[str, str]:
    """The texts of a PNG that stand before its pixels, by key; {} for the other formats.

    No pixel is decoded, and texts over 2¹⁶ characters are left out; Pillow inflates at most 1 MiB of each.
    Raises ImageRefused as load_picture() does for a file that is too large, damaged or no picture.
    """
    with _opened(source) as (file, kind):
        if kind.name != "PNG":
            return {}
        texts = {key: str(text) for key, text in file.info.items() if isinstance(text, str)}
        return {key: text for key, text in texts.items() if len(text) <= LONGEST_TEXT}


def keep_colours(generated: Tensor, content: Tensor) -> Tensor:
    """The generated image's lightness with the content image's colours.

        K = Y(G) + t · (C − Y(C)),   Y = 0.2126 R + 0.7152 G + 0.0722 B

    with t, pixel by pixel, the largest in [0, 1] that keeps R, G and B in [0, 1]: colours pale where the
    paint is too light or too dark for them, so that the luma is G's exactly.

    generated, content   (1, 3, H, W) in [0, 1]
    returns              (1, 3, H, W) in [0, 1]

    Source: luminance-only transfer, Gatys, Bethge, Hertzmann & Shechtman (2016), §3.2. They use YIQ; this is
    the luma of sRGB's primaries (ITU-R BT.709).
    """
    _require_image("generated", generated)
    if generated.shape != content.shape:
        raise ValueError(f"generated {tuple(generated.shape)} and content {tuple(content.shape)} differ")
    luma, colour = _luma(generated), content - _luma(content)
    room = torch.where(colour > 0, 1 - luma, luma) / colour.abs().clamp_min(1e-6)
    return luma + room.amin(dim=1, keepdim=True).clamp(0, 1) * colour


def _luma(image: Tensor) -> Tensor:
    weights = image.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    return (weights * image).sum(dim=1, keepdim=True)


def match_colours(image: Tensor, reference: Tensor) -> Tensor:
    """The image with the reference's mean colour and colour covariance: μ, Σ ↦ μ_r, Σ_r.

        x ↦ A (x − μ) + μ_r,   A = Σ^-½ (Σ^½ Σ_r Σ^½)^½ Σ^-½

    A is the symmetric map that moves colours least (optimal transport between Gaussians). Its gain is held
    to GREATEST_GAIN, so that the noise of a grey or flat picture does not become colour; the covariance
    then falls short.

    image, reference   (1, 3, H, W) and (1, 3, H', W') in [0, 1]
    returns            (1, 3, H, W), the image's dtype and device; may leave [0, 1], as clamping would
                       move the moments

    Source: Gatys et al. (2016) "Preserving Color in Neural Artistic Style Transfer", §3.1; the map is
    Pitié & Kokaram (2007), eq. 9.
    """
    _require_image("image", image)
    _require_image("reference", reference)
    mean, covariance = _moments(image)
    target_mean, target = _moments(reference)
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    transport = inverse @ _power(root @ target @ root, 0.5) @ inverse
    gains, axes = torch.linalg.eigh(transport)
    transport = axes @ torch.diag(gains.clamp(0, GREATEST_GAIN)) @ axes.T
    shift = target_mean - transport @ mean
    # The dtype first: MPS takes no float64.
    transport, shift = (part.to(image.dtype).to(image.device) for part in (transport, shift))
    return torch.einsum("kc,nchw->nkhw", transport, image) + shift.view(1, 3, 1, 1)


def _moments(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the colours, in float64 on the CPU, as MPS has no float64."""
    colours = image.detach().cpu().double().flatten(2)[0]  # (3, H·W)
    floor = LEAST_VARIANCE * torch.eye(3, dtype=torch.float64)
    return colours.mean(dim=1), torch.cov(colours, correction=0) + floor


def _power(symmetric: Tensor, exponent: float) -> Tensor:
    values, axes = torch.linalg.eigh(symmetric)
    return axes @ torch.diag(values.clamp_min(1e-14) ** exponent) @ axes.T


def _require_image(name: str, image: Tensor) -> None:
    if image.ndim != 4 or image.shape[:2] != (1, 3):
        raise ValueError(f"{name} must have shape (1, 3, H, W), not {tuple(image.shape)}")
