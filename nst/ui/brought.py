"""The pictures that a visitor brings to a Look: some files, or one zip of them."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from PIL import Image

from ..decoding import load_picture
from ..errors import ImageRefused, shown
from ..images import read_file
from .running.workspace import given_file
from .zipped import is_zip, pictures_in


@dataclass(frozen=True)
class Brought:
    """A picture that waits unopened in its run's folder, and what it is called where it is refused."""

    path: Path
    name: str

    def take(self, is_alone: bool) -> Image.Image:
        """The picture as it is scanned; its file is then gone. Raises ImageRefused, which names the one of
        several it is of."""
        from ..studies.units import LONGEST_SIDE  # and torch: the page is served before it is there

        try:
            picture = load_picture(self.path, max_side=LONGEST_SIDE)
        except ImageRefused as error:
            if is_alone:
                raise
            raise ImageRefused(f"{self.name}: {error}") from error
        self.path.unlink(missing_ok=True)
        return picture


def bring(folder: str, paths: Sequence[str], known: Container[bytes]) -> list[Brought]:
    """Write what a visitor brings into the run's folder: there all who wait fill no memory, and no upload is
    swept before its turn.

    known   SHA-256 of pictures that are there already: of the same bytes, as of those brought twice, none is
            written, since each of its patches would be shown twice. The Transfer tab's are often examples

    Raises ImageRefused with one sentence.
    """
    brought: dict[bytes, Brought] = {}
    for name, content in _unpacked(paths):
        digest = sha256(content).digest()
        if digest not in known and digest not in brought:
            file = given_file(folder, len(brought))
            file.write_bytes(content)
            brought[digest] = Brought(file, name)
    return [*brought.values()]


def _unpacked(paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file, one after the other, and of those in a zip."""
    zips = [path for path in paths if is_zip(path)]
    if len(zips) > 1:
        raise ImageRefused("One zip at a time is looked at: please put all pictures into one.")
    for path in paths:
        if path not in zips:
            yield shown(Path(path).name), read_file(path)
    for path in zips:
        for content in pictures_in(path):
            yield "A picture in the zip", content
