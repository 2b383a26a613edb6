"""Decoded pixels of any mode and profile → upright, sRGB, on white: the second half of load_picture()."""

from contextlib import suppress
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageFile

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


WIDENED = {"L;2": 255 // 3, "L;4": 255 // 15}  # how many times, so that the largest sample is white


def fit_transparency(file: ImageFile.ImageFile) -> None:
    """Pillow halves 48-bit colour to its high bytes as it decodes, and widens grey of 2 and 4 bits to 8, but
    not the colour that is transparent."""
    colour, stored = file.info.get("transparency"), file.tile[0].args if file.tile else None
    if isinstance(colour, tuple) and stored == "RGB;16B":
        file.info["transparency"] = tuple(value >> 8 for value in colour)
    if isinstance(colour, int) and isinstance(stored, str) and stored in WIDENED:
        file.info["transparency"] = colour * WIDENED[stored]


def upright(picture: Image.Image, file: ImageFile.ImageFile) -> Image.Image:
    """The picture turned as the file's EXIF says, which a PNG may hold after its pixels."""
    with suppress(Exception):  # what is wrong with EXIF is no damage to the picture
        return picture.transpose(TURNS[file.getexif()[EXIF_ORIENTATION]])
    return picture


def on_white(picture: Image.Image) -> Image.Image:
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


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        with suppress(Exception):  # a profile that is damaged, or for another mode, is ignored
            converted = ImageCms.profileToProfile(
                picture,
                BytesIO(profile),
                ImageCms.createProfile("sRGB"),
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            if converted is not None:
                return converted
    return picture.convert("RGB")
