"""The pictures of one untrusted zip, as bytes: read in memory, bounded, and never unpacked to the disk.

A name inside a zip is only looked at to leave out what file managers put beside pictures; it is no path to
anything. Whether an entry is a picture is for load_picture() to say, which refuses a zip inside a zip too.
"""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath

from ..errors import ImageRefused
from ..images import read_file

MOST_IN_A_ZIP = 24
MOST_BYTES = 40 * 2**20  # of all entries, unpacked: twice what may be uploaded, as pictures hardly shrink
MOST_LISTED = 64 * 2**10  # bytes of the list of entries, all of which zipfile reads; some 500 of them
END, END_SIZE, END_OF_64 = b"PK\x05\x06", 22, b"PK\x06\x07"  # of that list; of a list of over 65 535 entries
LONGEST_COMMENT = 2**16
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others can take a gigabyte to unpack


def is_zip(path: str) -> bool:
    """Whether the file begins as zips do, which no picture does. Raises ImageRefused for one that is gone."""
    return read_file(path)[:4] in (b"PK\x03\x04", END)


def pictures_in(path: str) -> list[bytes]:
    """The files of a zip in the order they are listed, folders flattened.

    Raises ImageRefused, one plain sentence that names the limit, for a zip that is empty, encrypted, damaged,
    or holds more than MOST_IN_A_ZIP files or MOST_BYTES of them.
    """
    data = read_file(path)
    _check_list(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as opened:
            return list(_read(opened))
    except ImageRefused:
        raise
    except Exception as error:
        # Damage shows as BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError and others.
        raise ImageRefused("This zip is damaged: please make it again.") from error


def _check_list(data: bytes) -> None:
    """Refuse a list too long to be read, as it could take a hundred times the upload's memory.

    Each mark that may be its end is looked at: the end's own fields or a comment may hold the mark again, and
    which of them zipfile takes is its affair.
    """
    end = data.find(END, max(0, len(data) - LONGEST_COMMENT - END_SIZE))
    while end >= 0:
        length = int.from_bytes(data[end + 12 : end + 16], "little")
        if length > MOST_LISTED or END_OF_64 in data[max(0, end - 20) : end]:
            raise ImageRefused(
                f"This zip lists too many files: at most {MOST_IN_A_ZIP} pictures are accepted."
            )
        end = data.find(END, end + 1)


def _read(opened: zipfile.ZipFile) -> Iterator[bytes]:
    entries = [entry for entry in opened.infolist() if not _is_clutter(entry)]
    if not entries:
        raise ImageRefused("There is no picture in this zip: please put some in.")
    if len(entries) > MOST_IN_A_ZIP:
        raise ImageRefused(
            f"This zip holds {len(entries)} files and at most {MOST_IN_A_ZIP} pictures are accepted."
        )
    left = MOST_BYTES
    for entry in entries:
        if entry.flag_bits & 1:
            raise ImageRefused("This zip is encrypted: please make it without a password.")
        if entry.compress_type not in METHODS:
            raise ImageRefused("This zip is packed in a rare way: please make it with the usual “deflate”.")
        with opened.open(entry) as file:
            content = file.read(left + 1)  # whatever the list says of its size
        left -= len(content)
        if left < 0:
            raise ImageRefused(
                f"The files in this zip have over {MOST_BYTES // 2**20} MB when unpacked, and no more are "
                "accepted: please put in fewer or smaller pictures."
            )
        yield content


def _is_clutter(entry: zipfile.ZipInfo) -> bool:
    """Folders, and the hidden files that macOS and Windows add."""
    name = PurePosixPath(entry.filename)
    return (
        entry.is_dir()
        or "__MACOSX" in name.parts
        or name.name.lower().startswith((".", "thumbs.db", "desktop.ini"))
    )
