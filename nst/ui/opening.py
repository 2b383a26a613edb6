"""A visitor's pictures opened for a run, each refused by the name of what it was brought as."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..decoding import Decoded, load_into
from ..errors import ImageRefused
from ..images import LONGEST_SIDE
from .running.workspace import given_file

CONTENT_IMAGE, STYLE_IMAGE = "The content image", "The style image"


@contextmanager
def called(name: str) -> Iterator[None]:
    """Within the with statement a picture that is refused is called by its name."""
    try:
        yield
    except ImageRefused as error:
        said = str(error)
        named = said.replace("The picture", name, 1)
        raise type(error)(named if named != said else f"{name}: {said}") from error


def opened_pair(folder: str, content: str, style: str, max_side: int = LONGEST_SIDE) -> list[Decoded]:
    """A content and a style image, whose pixels wait in the run's folder. Raises ImageRefused."""
    opened = []
    for name, path in ((CONTENT_IMAGE, content), (STYLE_IMAGE, style)):
        with called(name):
            opened.append(load_into(given_file(folder, len(opened)), path, max_side))
    return opened
