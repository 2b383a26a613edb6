"""What a JPEG, a PNG and a colour profile say of themselves, read without decoding any of it."""

import re
import struct
import zlib

# Not an escaped 0xff; nor what has no length: a restart of a scan, and TEM, 0x01.
JPEG_MARKER = re.compile(rb"\xff+([^\x00\x01\xff\xd0-\xd7])")
START_OF_SCAN, END_OF_IMAGE = b"\xda", b"\xd9"

PNG_SIGNATURE = 8  # bytes
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# First column and row, and steps across and down, of the passes of an interlaced PNG.
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
PIECE = 2**20  # bytes inflated at once

PROFILE_TAGS, MOST_TAGS = 128, 100  # where the list of a profile's tags begins; lcms reads no more of them
MULTI_PROCESS = b"mpet"  # the one kind of table with any number of steps


def scans_of(jpeg: bytes, most: int) -> int:
    """How many scans a JPEG has up to its end mark; counting stops above `most`."""
    scans, at = 0, 2
    while scans <= most and (found := JPEG_MARKER.search(jpeg, at)):
        if found[1] == END_OF_IMAGE:
            break
        scans += found[1] == START_OF_SCAN
        at = found.end() + int.from_bytes(jpeg[found.end() : found.end() + 2], "big")
    return scans


def has_every_row(png: bytes) -> bool:
    """Whether a PNG's data inflate to all its rows; Pillow leaves black what is missing, in silence.

    Raises struct.error, KeyError or zlib.error for a PNG that is otherwise damaged.
    """
    expected, found, at = _expected_bytes(png), 0, PNG_SIGNATURE
    stream = zlib.decompressobj()
    while found < expected and at + 8 <= len(png) and not stream.eof:
        length, kind = struct.unpack_from(">I4s", png, at)
        piece = png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        while piece and found < expected:
            found += len(stream.decompress(piece, PIECE))
            piece = stream.unconsumed_tail
        at += length + 12
    return found >= expected or found + len(stream.flush()) >= expected


def _expected_bytes(png: bytes) -> int:
    """Bytes of all rows, each with the byte that names its filter."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", png, PNG_SIGNATURE + 8)
    bits = depth * PNG_CHANNELS[colour]
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    sizes = ((-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes)
    return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0)


def profile_steps(profile: bytes) -> int:
    """The steps of an ICC profile's longest table; 0 where there is none, or the profile is damaged."""
    if len(profile) < PROFILE_TAGS + 4:
        return 0
    count = min(struct.unpack_from(">I", profile, PROFILE_TAGS)[0], MOST_TAGS)
    longest = 0
    for number in range(count):
        tag = profile[PROFILE_TAGS + 4 + 12 * number :][:12]
        start = int.from_bytes(tag[4:8], "big")
        if profile[start : start + 4] == MULTI_PROCESS:
            longest = max(longest, int.from_bytes(profile[start + 12 : start + 16], "big"))
    return longest
