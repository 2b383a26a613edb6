"""What strangers sent to stop the next visitor, made in memory: pictures that take for ever to open."""

import itertools
import struct

from bad_images import chunk, encoded, noise, of_kind, scene

CLUT_POINTS = 16  # a side


def empty_scans(count: int = 10_000, before: bytes = b"") -> bytes:
    """A progressive JPEG that ends in scans which change nothing, each a pass over the whole picture, after
    these bytes."""
    data = encoded(scene(2000, 1500), "JPEG", progressive=True, quality=90)
    # Start of scan: one component, coefficient 63 alone, no refinement; then an end of band at once.
    scan = before + b"\xff\xda\x00\x08\x01\x01\x00\x3f\x3f\x00" + b"\x00"
    return data[:-2] + scan * count + data[-2:]


def shared_steps(count: int = 8_000) -> bytes:
    """A PNG of 20 kB whose colour profile has thousands of steps that are all the same bytes."""
    return encoded(noise(64, 64), "PNG", icc_profile=profile_of_steps(count))


def profile_of_steps(count: int) -> bytes:
    """An ICC profile whose one table (D2B1, “mpet”) names a table of colours `count` times."""
    step = b"clut" + bytes(4) + struct.pack(">HH", 3, 3) + bytes([CLUT_POINTS] * 3).ljust(16, b"\0")
    places = itertools.product(range(CLUT_POINTS), repeat=3)
    step += b"".join(struct.pack(">fff", *(v / (CLUT_POINTS - 1) for v in place)) for place in places)
    start = 16 + 8 * count
    table = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, count)
    table += struct.pack(">II", start, len(step)) * count + step
    tags = {b"D2B1": table, b"wtpt": b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)}
    listed, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        listed += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + listed + body


def segments(count: int) -> bytes:
    """A JPEG of nothing but empty segments, which are read one by one."""
    data = of_kind("JPEG")
    return data[:2] + b"\xff\xe5\x00\x02" * count + data[2:]


def tiny_chunks(count: int) -> bytes:
    """A PNG of nothing but empty chunks, which are read one by one."""
    data = of_kind("PNG")
    return data[:33] + chunk(b"abCd", b"") * count + data[33:]
