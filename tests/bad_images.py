"""Every bad and odd picture a visitor may send, made in memory; nothing binary is kept in the repository.

REFUSED    what load_picture() must refuse, each with words its sentence must hold
ACCEPTED   what it must accept, each with the size that must come out
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Bad:
    """One refused file: its number in the list of hostile input, how it is made, words of the refusal."""

    name: str
    make: Callable[[], bytes]
    says: str


@dataclass(frozen=True)
class Odd:
    """One accepted file and the size of the picture in it."""

    name: str
    make: Callable[[], bytes]
    size: tuple[int, int]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def black_png(width: int, height: int, colour: int = 0) -> bytes:
    """A valid PNG of zeros, compressed row by independent row: hundreds of megapixels take no time here."""
    row = bytes(1 + width * (3 if colour == 2 else 1))
    packer = zlib.compressobj(9, wbits=-15)
    rows = (packer.compress(row) + packer.flush(zlib.Z_FULL_FLUSH)) * height
    checksum = struct.pack(">HH", len(row) * height % 65521, 1)  # Adler-32 of that many zeros
    data = b"\x78\xda" + rows + b"\x03\0" + checksum
    return header(width, height, colour=colour) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png_of_samples(samples: np.ndarray, colour: int, extra: bytes = b"") -> bytes:
    """A 16-bit PNG by hand, as Pillow writes only some of them. samples (H, W) or (H, W, channels)."""
    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    start = header(width, height, depth=16, colour=colour)
    return start + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def encoded(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@cache
def scene(width: int = 96, height: int = 80) -> Image.Image:
    """A picture without symmetry: ramps of red and green, and a blue corner."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([255 * x / width, 255 * y / height, 255 * ((x < width / 3) & (y < height / 4))], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


@cache
def of_kind(kind: str) -> bytes:
    return encoded(scene(), kind)


def half(kind: str) -> bytes:
    data = of_kind(kind)
    return data[: len(data) // 2]


def flipped_png() -> bytes:
    data = bytearray(of_kind("PNG"))
    data[data.index(b"IDAT") + 40] ^= 0x10
    return bytes(data)


def short_png(rows: int, missing: int) -> bytes:
    """A PNG whose data end, in good order, before its last rows."""
    data = b"".join(b"\0" + bytes([200]) * 3 * 96 for _ in range(rows - missing))
    return header(96, rows) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@cache
def text_bomb() -> bytes:
    """80 MB of letters as a zTXt chunk of 78 kB."""
    packed = b"Comment\0\0" + zlib.compress(b"A" * 80_000_000, 9)
    return with_chunks(chunk(b"zTXt", packed))


def with_chunks(chunks: bytes) -> bytes:
    data = of_kind("PNG")
    after_header = len(PNG) + 25
    return data[:after_header] + chunks + data[after_header:]


def many_texts() -> bytes:
    return with_chunks(b"".join(chunk(b"tEXt", b"k%d\0v" % count) for count in range(200_000)))


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("hidden.txt", "hidden")
    return archive.getvalue()


def animated(kind: str, frames: int) -> bytes:
    first, rest = scene(), [Image.new("RGB", scene().size, (n % 256, 0, 0)) for n in range(frames - 1)]
    return encoded(first, kind, save_all=True, append_images=rest, duration=40)


def turned(orientation: int, picture: Image.Image | None = None, kind: str = "PNG") -> bytes:
    """The file a camera held some way writes: the stored pixels and the EXIF that says how to turn them."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose, the inverse of what EXIF asks for
    picture = picture or scene()
    if orientation in undo:
        picture = picture.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, kind, exif=exif)


def garbage_exif() -> bytes:
    return encoded(scene(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xa5" * 40)


def with_place() -> bytes:
    """A JPEG that says where it was taken, with a profile and a comment."""
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    exif.get_ifd(0x8825)[2] = (48.0, 31.0, 12.0)
    return encoded(scene(), "JPEG", exif=exif, icc_profile=srgb(), comment=b"a secret")


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def lab() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def display_p3() -> bytes:
    """Display P3 as a matrix profile, written by hand: P3's primaries adapted to D50, a gamma of 2.2."""
    primaries = {b"r": (0.51512, 0.2412, -0.00105), b"g": (0.29198, 0.69225, 0.04189)}
    primaries[b"b"] = (0.1571, 0.06657, 0.78407)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {b"wtpt": _xyz(0.9642, 1.0, 0.82491), b"desc": b"desc" + bytes(4) + struct.pack(">I", 3) + b"P3\0"}
    tags[b"desc"] += bytes(79)
    for letter, xyz in primaries.items():
        tags |= {letter + b"XYZ": _xyz(*xyz), letter + b"TRC": curve}
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", *_fixed(0.9642, 1.0, 0.82491))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *_fixed(*values))


def _fixed(*values: float) -> Iterator[int]:
    return (round(value * 65536) for value in values)


def grey_ramp(extra: bytes = b"") -> bytes:
    """16-bit grey from 0 to 65535, 256 pixels wide."""
    return png_of_samples(np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1)), 0, extra)


def colour_ramp() -> bytes:
    """48-bit colour: three ramps, one turned."""
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1))
    return png_of_samples(np.stack([ramp, ramp[:, ::-1], ramp], axis=2), 2)


def hidden_red(kind: str = "PNG") -> bytes:
    """Fully transparent red, as editors leave behind what was erased."""
    return encoded(
        Image.new("RGBA", (80, 80), (255, 0, 0, 0)), kind, **({"exact": True} if kind == "WEBP" else {})
    )


def in_mode(mode: str) -> bytes:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    return encoded(scene().convert(mode), kind)


def ycck() -> bytes:
    """A CMYK JPEG whose Adobe marker says it is YCCK, as Photoshop writes them."""
    data = in_mode("CMYK")
    at = data.index(b"Adobe")
    return data[: at + 11] + b"\x02" + data[at + 12 :]


def see_through_palette() -> bytes:
    return encoded(scene().quantize(16), "PNG", transparency=0)


def see_through_grey() -> bytes:
    return encoded(Image.new("L", (80, 80), 10), "PNG", transparency=10)


def see_through_shades(bits: int, clear: int) -> bytes:
    """Every grey of so many bits, again and again, of which one is transparent: by hand, as Pillow writes
    grey of 8 bits alone."""
    shades = (np.arange(256) % 2**bits).astype(np.uint8)
    row = np.packbits(np.unpackbits(shades[:, None], axis=1)[:, 8 - bits :].ravel()).tobytes()
    start = header(256, 64, depth=bits, colour=0) + chunk(b"tRNS", struct.pack(">H", clear))
    return start + chunk(b"IDAT", zlib.compress((b"\0" + row) * 64)) + chunk(b"IEND", b"")


def see_through_colour() -> bytes:
    return encoded(Image.new("RGB", (80, 80), (9, 8, 7)), "PNG", transparency=(9, 8, 7))


def see_through_deep_colour() -> bytes:
    """48-bit colour, all of it the one that is transparent."""
    colour = (1000, 2000, 3000)
    samples = np.full((80, 80, 3), colour, np.uint16)
    return png_of_samples(samples, 2, chunk(b"tRNS", struct.pack(">HHH", *colour)))


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def phone_jpeg(progressive: bool = False) -> bytes:
    """48.8 megapixels, 8064 × 6048."""
    picture = noise(504, 378).resize((8064, 6048), Image.Resampling.NEAREST)
    return encoded(picture, "JPEG", quality=80, progressive=progressive)


def large_webp() -> bytes:
    """25 megapixels, 5000 × 5000."""
    picture = noise(250, 250).resize((5000, 5000), Image.Resampling.NEAREST)
    return encoded(picture, "WEBP", quality=50, method=0)


def two_pictures() -> bytes:
    """An MPO, as phones write them: a JPEG with a second one, of depth or of high range, behind."""
    return encoded(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", scene().size)])


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\nshowpage\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><script>alert(1)</script></svg>'
PSD = b"8BPS" + struct.pack(">HIHHIIHH", 1, 0, 0, 3, 99, 99, 8, 3) + bytes(40)
NOT_A_PICTURE = "not a JPEG, PNG or WebP"
DAMAGED = "damaged or incomplete"

REFUSED = (
    Bad("I01 empty", lambda: b"", NOT_A_PICTURE),
    Bad("I02 text", lambda: b"Hello, I am a picture.", NOT_A_PICTURE),
    Bad("I02 HTML", lambda: b"<!doctype html><title>404</title>", NOT_A_PICTURE),
    Bad("I03 half a JPEG", lambda: half("JPEG"), DAMAGED),
    Bad("I03 half a PNG", lambda: half("PNG"), DAMAGED),
    Bad("I03 half a WebP", lambda: half("WEBP"), DAMAGED),
    *(
        Bad(f"I04 {count} bytes of {kind}", lambda k=kind, n=count: of_kind(k)[:n], says)
        for kind, count, says in (
            ("JPEG", 10, DAMAGED),
            ("JPEG", 20, DAMAGED),
            ("PNG", 10, DAMAGED),
            ("PNG", 20, DAMAGED),
            ("WEBP", 10, NOT_A_PICTURE),
            ("WEBP", 20, DAMAGED),
        )
    ),
    Bad("I05 a flipped byte in a PNG", flipped_png, DAMAGED),
    Bad("a PNG that ends a row early", lambda: short_png(80, 1), DAMAGED),
    Bad("a PNG of half its rows", lambda: short_png(80, 40), DAMAGED),
    Bad("I06 400 megapixels of grey", lambda: black_png(20_000, 20_000), "400,000,000 pixels"),
    Bad("I07 81 megapixels of colour", lambda: black_png(9_000, 9_000, colour=2), "81,000,000 pixels"),
    Bad(
        "I08 a header of 60000²",
        lambda: header(60_000, 60_000) + chunk(b"IDAT", bytes(100)),
        "3,600,000,000 pixels",
    ),
    Bad("I09 a header of 4000²", lambda: header(4_000, 4_000) + chunk(b"IDAT", bytes(100)), DAMAGED),
    Bad("I10 one row over the limit", lambda: black_png(5_000, 5_001), "25,005,000 pixels"),
    Bad("I11 no width", lambda: header(0, 100) + chunk(b"IDAT", b"") + chunk(b"IEND", b""), DAMAGED),
    Bad("I11 one pixel", lambda: black_png(1, 1), "1 × 1 pixels and both sides need at least 64"),
    Bad("I11 a line", lambda: black_png(1, 4_000), "1 × 4000 pixels"),
    Bad("I11 two lines", lambda: black_png(8_000, 2), "8000 × 2 pixels"),
    Bad("I11 a ribbon", lambda: black_png(64, 513), "at most 8 times"),
    Bad("I12 EPS", lambda: EPS, NOT_A_PICTURE),
    Bad("I12 SVG", lambda: SVG, NOT_A_PICTURE),
    Bad("I12 TIFF", lambda: of_kind("TIFF"), NOT_A_PICTURE),
    Bad("I12 GIF", lambda: of_kind("GIF"), NOT_A_PICTURE),
    Bad("I12 PSD", lambda: PSD, NOT_A_PICTURE),
    Bad("I12 EPS behind a PNG's first bytes", lambda: PNG + EPS, DAMAGED),
    Bad("I13 GIF of many frames", lambda: animated("GIF", 200), NOT_A_PICTURE),
    Bad("I14 a text bomb", text_bomb, DAMAGED),
    Bad("I19 too long once turned", lambda: turned(6, Image.new("RGB", (900, 100))), "9 times"),
    Bad("I29 too many bytes", lambda: of_kind("JPEG").ljust(20 * 2**20 + 1, b"\0"), "20,971,521 bytes"),
)

ACCEPTED = (
    Odd("I05 a flipped byte in a JPEG's scan", lambda: flipped_jpeg(), (96, 80)),
    Odd("I10 exactly at the limit", lambda: black_png(5_000, 5_000), (4096, 4096)),
    Odd("I11 as long as may be", lambda: black_png(64, 512), (64, 512)),
    Odd("I13 WebP of 100 frames", lambda: animated("WEBP", 100), (96, 80)),
    Odd("I13 APNG of 100 frames", lambda: animated("PNG", 100), (96, 80)),
    Odd("I15 200 000 texts", many_texts, (96, 80)),
    *(
        Odd(f"I16 {mode}", lambda m=mode: in_mode(m), (96, 80))
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")
    ),
    Odd("I16 YCCK", ycck, (96, 80)),
    Odd("I16 P with a transparent colour", see_through_palette, (96, 80)),
    Odd("I16 L with a transparent grey", see_through_grey, (80, 80)),
    Odd("I16 RGB with a transparent colour", see_through_colour, (80, 80)),
    Odd("I16 16-bit grey", grey_ramp, (256, 64)),
    Odd("I16 48-bit colour", colour_ramp, (256, 64)),
    Odd("I16 48-bit colour with a transparent one", see_through_deep_colour, (80, 80)),
    Odd("I17 a transparent red square", hidden_red, (80, 80)),
    *(Odd(f"I18 orientation {n}", lambda n=n: turned(n), (96, 80)) for n in (*range(1, 9), 99)),
    Odd("I18 garbage EXIF", garbage_exif, (96, 80)),
    *(
        Odd(f"I20 {name}", lambda p=profile: encoded(scene(), "PNG", icc_profile=p()), (96, 80))
        for name, profile in (
            ("sRGB", srgb),
            ("Display P3", display_p3),
            ("garbage", lambda: b"\xa5" * 300),
            ("Lab in RGB", lab),
        )
    ),
    Odd(
        "I20 CMYK with a profile",
        lambda: encoded(scene().convert("CMYK"), "JPEG", icc_profile=srgb()),
        (96, 80),
    ),
    Odd("I21 GPS, profile and comment", with_place, (96, 80)),
    Odd("I22 a ZIP behind", lambda: of_kind("PNG") + zipped(), (96, 80)),
    Odd("I23 two pictures in one", two_pictures, (96, 80)),
    Odd("I24 all black", lambda: black_png(80, 80), (80, 80)),
    Odd("I24 all white", lambda: encoded(Image.new("RGB", (80, 80), "white"), "PNG"), (80, 80)),
    Odd("I24 noise", lambda: encoded(noise(80, 80), "PNG"), (80, 80)),
    Odd("I24 two colours", lambda: encoded(Image.new("1", (80, 80)), "PNG"), (80, 80)),
)

# I25, for those who send files by name: none may have an effect or come back unescaped.
NAMES = (
    "../../etc/passwd",
    "a" * 300 + ".jpg",
    "nul\0byte.png",
    "🎨.png",
    "\u202egpj.exe",
    "<img src=x onerror=alert(1)>.png",
)


def flipped_jpeg() -> bytes:
    data = bytearray(of_kind("JPEG"))
    data[-200] ^= 0x04
    return bytes(data)


def mutants(count: int, seed: int = 0) -> Iterator[bytes]:
    """I26: ten good files with bytes flipped, ends cut off and pieces of each other spliced in."""
    random = np.random.default_rng(seed)
    seeds = [
        of_kind("JPEG"),
        of_kind("PNG"),
        of_kind("WEBP"),
        encoded(scene(), "JPEG", progressive=True),
        encoded(scene(), "WEBP", lossless=True),
        ycck(),
        see_through_palette(),
        grey_ramp(),
        with_place(),
        animated("PNG", 3),
    ]
    for _ in range(count):
        data = bytearray(seeds[random.integers(len(seeds))])
        action = random.integers(3)
        if action == 0:
            for at in random.integers(0, len(data), random.integers(1, 9)):
                data[at] = random.integers(256)
        elif action == 1:
            del data[random.integers(1, len(data)) :]
        else:
            other = seeds[random.integers(len(seeds))]
            start, at = random.integers(len(other)), random.integers(len(data))
            data[at : at + 64] = other[start : start + 64]
        yield bytes(data)


def with_text(key: str, text: str) -> bytes:
    """A PNG whose iTXt chunk holds `text`, as a recipe would be."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt(key, text)
    return encoded(scene(), "PNG", pnginfo=info)
