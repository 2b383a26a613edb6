"""Untrusted file → upright sRGB picture, and picture → file. The only place that touches Pillow's codecs.

Reading order: what is accepted; loading; saving. No torch here: tensors.py has the tensors.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile

from .errors import ImageRefused, SettingsError
from .picture_files import has_every_row, profile_steps, scans_of
from .pixels import EXIF_ORIENTATION, fit_transparency, on_white, to_srgb, upright
from .settings import BOUNDS


class PictureLimits(NamedTuple):
    """What load_picture() accepts; a JPEG may be larger, as it can be shrunk while it is decoded."""

    bytes: int = 20 * 2**20
    jpeg_pixels: int = 50_000_000
    other_pixels: int = 25_000_000
    side: int = 64
    ratio: int = 8
    scans: int = 100  # of a progressive JPEG; encoders write some ten
    profile: int = 4 * 2**20  # bytes of a colour profile; those of presses have two million
    steps: int = 32  # of one table of a colour profile; profiles have up to five


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
LONGEST_SIDE = int(BOUNDS["size"].high)
OF_PAINTINGS = LIMITS._replace(side=SMALLEST_SIDE, ratio=9)  # at 8 times a short side of 64 px may be 63.5
MASK_SIDE = 1024  # pixels of the longer side that is enough for a mask, whose borders are soft
GAP = 8  # pixels between two pictures of a row


def load_picture(source: str | PathLike[str] | bytes, max_side: int = LONGEST_SIDE) -> Image.Image:
    """The picture in an untrusted file, given by path or as its bytes: upright, sRGB, mode RGB, no metadata.

    Type by content (JPEG, PNG, WebP), first frame only, transparency over white, 16 bits a value made 8 (grey
    rounded, colour cut), an embedded colour profile applied if it can be. A picture whose longer side is over
    `max_side` pixels is shrunk to it, or, a JPEG, to as little as 0.9 of it where its decoder then does the
    shrinking.

    Raises ImageRefused, one plain sentence, for a file outside LIMITS and for one that its decoder finds
    damaged or incomplete, or a PNG without all of its rows; what is damaged in the middle of a JPEG or a
    WebP its decoder may not find. It takes up to some 400 MB and seconds while it lasts, and a file made to
    harm may take more: who serves strangers loads their pictures in a process of its own (nst.decoding).
    """
    return _load(source, max_side, LIMITS)


def load_painting(source: str | PathLike[str] | bytes) -> Image.Image:
    """load_picture() of an earlier result, which may be smaller than what is repainted, and a little longer
    for its width, as its sides were rounded. The file is a stranger's all the same."""
    return _load(source, LONGEST_SIDE, OF_PAINTINGS)


def _load(source: str | PathLike[str] | bytes, max_side: int, limits: PictureLimits) -> Image.Image:
    with _opened(source) as (file, kind, data):
        _check_size(file, kind, limits)
        _check_profile(file.info.get("icc_profile"))
        file.draft(None, within(file.size, math.ceil(0.9 * max_side)))
        fit_transparency(file)
        file.load()
        if kind.name == "PNG" and not has_every_row(data):
            raise ValueError("rows are missing")
        picture = on_white(file)
        picture = picture.resize(within(picture.size, max_side), Image.Resampling.LANCZOS)
        picture = to_srgb(picture, file.info.get("icc_profile"))
        return _bare(upright(picture, file))


def open_own(path: str | PathLike[str]) -> Image.Image:
    """A picture that this app wrote or brings along, in mode RGB: it may be smaller than LIMITS.side."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


@contextmanager
def _opened(source: str | PathLike[str] | bytes) -> Iterator[tuple[ImageFile.ImageFile, Kind, bytes]]:
    """The header of a picture, and the file's bytes; what goes wrong inside the with statement is translated
    once, here."""
    data = source if isinstance(source, bytes) else read_file(source)
    _check_bytes(len(data))
    kind = next((kind for kind in KINDS if kind.matches(data)), None)
    if kind is None:
        raise ImageRefused(
            "This file is not a JPEG, PNG or WebP picture: please save the picture as one of these three."
        )
    if kind.name == "JPEG":
        _check_scans(data)
    try:
        with kind.open(BytesIO(data)) as file:
            yield file, kind, data
    except (ImageRefused, MemoryError):
        raise
    except Exception as error:
        # Damage shows as OSError, ValueError, SyntaxError, EOFError, struct.error and others.
        raise ImageRefused(
            f"This {kind.name} file is damaged or incomplete: please save or download it again."
        ) from error


def read_file(path: str | PathLike[str]) -> bytes:
    """The bytes of a file that may be a picture; at most LIMITS.bytes. Raises ImageRefused."""
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


def _check_size(file: ImageFile.ImageFile, kind: Kind, limits: PictureLimits = LIMITS) -> None:
    """Refuse from the header alone; each rule reads the same for the stored and the upright picture."""
    width, height = file.size
    short, long = sorted(file.size)
    if width * height > kind.pixels:
        raise ImageRefused(
            f"This {kind.name} has {width * height:,} pixels ({width} × {height}) and at most "
            f"{kind.pixels:,} are accepted: please make it smaller."
        )
    if short < limits.side:
        raise ImageRefused(
            f"The picture is {width} × {height} pixels and both sides need at least {limits.side}: "
            "please choose a larger picture."
        )
    if long > limits.ratio * short:
        raise ImageRefused(
            f"The picture is {long / short:.4g} times as long as it is wide ({long} to {short} pixels) and "
            f"at most {limits.ratio} times is accepted: please crop it."
        )


def _check_scans(data: bytes) -> None:
    """Each scan is a pass over the whole picture, and an empty one takes twelve bytes."""
    if scans_of(data, LIMITS.scans) > LIMITS.scans:
        raise ImageRefused(
            f"This JPEG has more than {LIMITS.scans} scans, which is more than any camera or program writes: "
            "please save it again as a plain JPEG."
        )


def _check_profile(profile: bytes | None) -> None:
    """What a colour profile asks for is done to every pixel, and its steps may all be the same bytes."""
    if profile and len(profile) > LIMITS.profile:
        raise ImageRefused(
            f"The picture's colour profile has {len(profile):,} bytes and at most {LIMITS.profile:,} are "
            "accepted: please save the picture in sRGB."
        )
    if profile and (steps := profile_steps(profile)) > LIMITS.steps:
        raise ImageRefused(
            f"The picture's colour profile has {steps:,} steps and at most {LIMITS.steps} are accepted: "
            "please save the picture in sRGB."
        )


def picture_size(source: str | PathLike[str] | bytes) -> tuple[int, int]:
    """(width, height) from a picture's header: before it is shrunk, and upright where it is a JPEG; others
    may say at their end how they are turned. Raises as load_picture() does."""
    with _opened(source) as (file, kind, _):
        _check_size(file, kind)
        width, height = file.size
        with suppress(Exception):  # what is wrong with EXIF is no damage to the picture
            if kind.name == "JPEG" and file.getexif().get(EXIF_ORIENTATION) in range(5, 9):
                return height, width
        return width, height


def fit(width: int, height: int, longer_side: int) -> tuple[int, int]:
    """(w, h) of the same ratio whose longer side is `longer_side`, smaller or larger; a side that would be
    under 16 is 16, whatever the ratio."""
    scale = longer_side / max(width, height)
    return max(SMALLEST_SIDE, round(width * scale)), max(SMALLEST_SIDE, round(height * scale))


def least_side(width: int, height: int) -> int:
    """The smallest longer side at which fit() keeps the ratio; below it the shorter one would be under 16."""
    return math.ceil((SMALLEST_SIDE - 0.5) * max(width, height) / min(width, height))


def require_ratio(width: int, height: int, longer_side: int) -> None:
    """Raise SettingsError where fit() would squash a picture of this shape."""
    least = least_side(width, height)
    if least > LONGEST_SIDE:
        raise SettingsError(
            f"A picture of {width} × {height} pixels is too long to be painted at any size: please crop it."
        )
    if longer_side < least:
        raise SettingsError(
            f"A picture of {width} × {height} pixels would be squashed at a size of {longer_side}: choose a "
            f"size of {least} or more."
        )


def within(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(w, h) as it is, or as fit() has it where the longer side is longer than `side`."""
    return fit(*size, side) if max(size) > side else size


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures beside each other, on white; lower ones, which were not finished, as high as the highest."""
    height = max(picture.height for picture in pictures)
    pictures = [_as_high(picture, height) for picture in pictures]
    width = sum(picture.width + GAP for picture in pictures) - GAP
    row, left = Image.new("RGB", (width, height), "white"), 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width + GAP
    return row


def _as_high(picture: Image.Image, height: int) -> Image.Image:
    """The picture at this height, of the same ratio."""
    width = round(picture.width * height / picture.height)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def save_jpeg(
    picture: Image.Image, file: str | PathLike[str] | BinaryIO, quality: int = 85, comment: str = ""
) -> None:
    """Write a preview: colour at full resolution (4:4:4), as paint has fine colour; no metadata but the
    comment, of at most 65533 bytes as UTF-8."""
    kept = {"comment": comment.encode()} if comment else {}
    _bare(picture).save(file, "JPEG", quality=quality, subsampling=0, **kept)


def save_png(
    picture: Image.Image, file: str | PathLike[str] | BinaryIO, text: Mapping[str, str] | None = None
) -> None:
    """Write a lossless result with `text` as UTF-8 (iTXt), key by key, and no other metadata."""
    texts = PngInfo()
    for key, value in (text or {}).items():
        texts.add_itxt(key, value)
    _bare(picture).save(file, "PNG", pnginfo=texts)


def save_animation(
    frames: Sequence[Image.Image], file: str | PathLike[str] | BinaryIO, milliseconds: Sequence[int]
) -> None:
    """Write an animated WebP that begins again and again: pictures of one size, and how long each is seen."""
    first, *rest = map(_bare, frames)
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=[*milliseconds],
        loop=0,
        quality=80,
        method=2,
    )


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
    with _opened(source) as (file, kind, _):
        if kind.name != "PNG":
            return {}
        texts = {str(key): str(text) for key, text in file.info.items() if isinstance(text, str)}
        return {key: text for key, text in texts.items() if len(text) <= LONGEST_TEXT}
