"""The making of a painting as a film: which evaluations are kept, and how they are written. No torch.

    film = Film(content)
    for progress in film.watch(stylize(content, styles, settings)):
        ...
    film.save("film.webp", progress)

The first evaluations change most, so frames are evenly spaced in the logarithm of the evaluation.
"""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from .errors import NSTError
from .images import save_animation, within

if TYPE_CHECKING:
    from .transfer import Progress

SUFFIXES = (".webp", ".mp4")
MOST_FRAMES = 48  # of the painting; 38 MB as they are held
EDGE = 512  # pixels of a film's longer side, at most
FRAME = 100  # milliseconds a frame is seen, unless there are few
THERE_AND_BACK = 2000  # milliseconds that such a film takes at least: of few pictures each is seen for longer
HOLD = 1000  # milliseconds the last frame is shown


def evenly_in_log(of: int, most: int = MOST_FRAMES) -> list[int]:
    """At most `most` of the evaluations 1 … of, the first and the last among them: round(of^(k/(most − 1)))
    for k = 0 … most − 1, each once."""
    return sorted({round(of ** (k / (most - 1))) for k in range(most)})


def next_kept(evaluation: int, of: int) -> int:
    """The first evaluation after this one that is kept of a run of so many."""
    return next((kept for kept in evenly_in_log(of) if kept > evaluation), of + 1)


class Film:
    """The frames of one run, each shrunk to EDGE pixels when it is kept.

    content   the content image, which the film begins with; None for a texture
    """

    def __init__(self, content: Image.Image | None) -> None:
        self._kept: list[tuple[int, Image.Image]] = [(0, shrunk(content))] if content else []

    def watch(self, run: Iterable["Progress"]) -> Iterator["Progress"]:
        """The run as it is. Its frames are kept on the way, so that one which ends early has a film too."""
        due = 1
        for progress in run:
            if progress.evaluation >= due and (picture := progress.image):
                self._kept.append((progress.evaluation, shrunk(picture)))
                due = next_kept(progress.evaluation, progress.of)
            yield progress

    def save(self, path: str | PathLike[str], last: "Progress") -> None:
        """Write the film, which ends in the picture of the run's last Progress. Raises NSTError as save_film
        does, and where nothing has been painted."""
        painting = last.image
        if painting is None:
            raise NSTError("Nothing has been painted yet, so there is no film of it.")
        before = [picture for evaluation, picture in self._kept if evaluation < last.evaluation]
        save_film([*before, painting], path)


def shrunk(picture: Image.Image) -> Image.Image:
    """A copy no longer than EDGE, as a frame is held."""
    return picture.resize(within(picture.size, EDGE), Image.Resampling.LANCZOS)


def save_film(pictures: Sequence[Image.Image], path: str | PathLike[str], frame: int = FRAME) -> None:
    """Write the pictures one after the other, at the last one's size or at EDGE pixels, with even sides: an
    animated WebP or, by the file's suffix, an MP4 (H.264, yuv420p).

    frame   milliseconds that each is seen, the last one HOLD; in an MP4, whole frames of about HOLD

    Raises NSTError where the MP4 cannot be made.
    """
    size = _even(within(pictures[-1].size, EDGE))
    frames = [picture.convert("RGB").resize(size, Image.Resampling.LANCZOS) for picture in pictures]
    if Path(path).suffix.lower() == ".mp4":
        _save_mp4(frames, path, frame)
    else:
        save_animation(frames, path, [frame] * (len(frames) - 1) + [HOLD])


def save_there_and_back(pictures: Sequence[Image.Image], path: str | PathLike[str]) -> None:
    """The pictures one after the other and back to the first: as save_film()."""
    frames = [*pictures, *pictures[-2::-1]]
    save_film(frames, path, max(FRAME, THERE_AND_BACK // len(frames)))


def require_encoder(path: str) -> None:
    """Raise NSTError, before a run and not after it, where a film of this name could not be made here."""
    if Path(path).suffix.lower() == ".mp4" and not shutil.which("ffmpeg"):
        raise NSTError("An MP4 needs the program ffmpeg, which is not here: give the film a .webp name.")


def _save_mp4(frames: Sequence[Image.Image], path: str | PathLike[str], milliseconds: int) -> None:
    """ffmpeg gets the pixels of every frame; the last one again and again, as its older versions know no
    other way to hold one."""
    require_encoder(str(path))
    width, height = frames[-1].size
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", f"{1000 / milliseconds:g}", "-i", "-"]
    command += ["-c:v", "h264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(Path(path).absolute())]
    shown = [*frames, *[frames[-1]] * (max(1, round(HOLD / milliseconds)) - 1)]
    done = subprocess.run(
        command, input=b"".join(frame.tobytes() for frame in shown), capture_output=True, check=False
    )
    if done.returncode:
        raise NSTError("ffmpeg could not write an MP4: make room, or give the film a .webp name.")


def _even(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    return width - width % 2, height - height % 2
