"""What the command line does once its options are read: pictures loaded, a run watched, files written."""

import codecs
import json
import math
import os
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from PIL import Image

from . import (
    Costs,
    ImageRefused,
    NSTError,
    Progress,
    RunError,
    Settings,
    __version__,
    load_picture,
    stylize,
)
from .alike import parts_alike
from .arguments import settings_of
from .between import between
from .brushwork import brushwork
from .device import use_every_core
from .film import SUFFIXES, Film, require_encoder, save_there_and_back
from .folders import is_special, replacing
from .images import MASK_SIDE, load_painting, save_png, side_by_side
from .recipe import MASKS, OTHERS, recipe_of
from .regions import require_marks
from .report import TOO_LITTLE_MEMORY, is_out_of_memory
from .row import Row

LOADERS = {"start": load_painting, **dict.fromkeys(MASKS, partial(load_picture, max_side=MASK_SIDE))}
NO_PICTURE = "Stopped before there was a picture."
USUAL_COLUMNS = 80  # of a terminal that does not say how wide it is


def run(options: Namespace) -> int:
    """Do what the options ask for; returns the exit status, see __main__.main()."""
    _take_any_name(sys.stdout)
    use_every_core()
    try:
        settings = settings_of(options)
        pictures = [_loaded(path) for path in options.pictures]
        content, styles = (None, pictures) if settings.is_texture else (pictures[0], pictures[1:])
        given = {name: path for name in OTHERS if (path := getattr(options, name)) is not None}
        others = {name: _loaded(path, LOADERS[name]) for name, path in given.items()}
        require_marks(**{name: others[name] for name in MASKS if name in others})
        settings.weights_for(len(styles))
        _require_outputs(options)
        if content and options.alike is not None:
            masks = parts_alike(content, styles[0], options.alike, device=options.device)
            others |= zip(("mask", "style_mask"), masks, strict=True)
        work = _begun(options, content, styles, settings, others)
    except NSTError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return _fail(NO_PICTURE, 130)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return _fail(TOO_LITTLE_MEMORY, 1)
    is_row = options.between is not None or options.brushwork
    film = Film(content) if options.film is not None and not is_row else None
    last, status = _painted(film.watch(work) if film else work, options.trace)
    if last is None:
        return status
    try:
        return _save(options, settings, last, film, [*others]) or status
    except KeyboardInterrupt:
        return _fail("Stopped before everything was written.", 130)


def _painted(run: Iterator[Progress], trace: str | None) -> tuple[Progress | None, int]:
    """The run's last Progress, None where there is no picture, and the exit status. What ended it is said."""
    last = None
    try:
        with _bar(sys.stderr) as show:
            for last in run if trace is None else _traced(run, trace):
                show(last)
        return last, 0
    except NSTError as error:
        if last is None or not last.has_picture:
            return None, _fail(str(error), 1 if isinstance(error, RunError) else 2)
        return last, _fail(f"{error} The best picture so far was kept.", 1)
    except KeyboardInterrupt:
        if last is None or not last.has_picture:
            return None, _fail(NO_PICTURE, 130)
        return last, _fail("Stopped: the best picture so far was kept.", 0)


def _loaded(path: str, load: Callable[[str], Image.Image] = load_picture) -> Image.Image:
    """The picture. Raises ImageRefused, which begins with the file's name, as there may be seven pictures."""
    try:
        return load(path)
    except ImageRefused as error:
        name = Path(path).name
        raise ImageRefused(f"{name}: {error}" if name else str(error)) from error


def _begun(
    options: Namespace,
    content: Image.Image | None,
    styles: Sequence[Image.Image],
    settings: Settings,
    others: Mapping[str, Image.Image],
) -> Iterator[Progress]:
    """The run that was asked for: of one picture, of a row from one style to another, or of pieces."""
    if options.brushwork:
        return brushwork(content, styles, settings, options.device)
    if options.between is None:
        rest = (others.get(name) for name in OTHERS)
        return stylize(content, styles, settings, options.device, None, *rest)
    if len(styles) != 2:
        raise NSTError(f"--between takes two style images, and {len(styles)} came: give two.")
    first, second = styles
    return between(content, first, second, options.between, settings, options.device)


def _save(
    options: Namespace,
    settings: Settings,
    last: Progress,
    film: Film | None,
    others: Sequence[str],
) -> int:
    """Write the painting, or the row, and the film where one was asked for, each also where the other could
    not be written; returns the exit status."""
    if isinstance(last, Row):  # without a recipe: no settings alone paint it
        status = _save_picture(side_by_side(last.pictures), options.output)
    else:
        picture = last.image
        assert picture is not None
        status = _save_picture(picture, options.output, recipe_of(settings, last, __version__, others))
    return _save_film(options.film, film, last) or status


def _save_picture(picture: Image.Image, output: str, recipe: Mapping[str, str] | None = None) -> int:
    """Write the PNG there, or elsewhere where that is no longer possible; returns the exit status."""
    try:
        with replacing(output) as file:
            save_png(picture, file, recipe)
    except OSError:
        return _fail(f"{output} cannot be written{_kept_elsewhere(picture, recipe)}", 1)
    print(output)
    return 0


def _kept_elsewhere(picture: Image.Image, recipe: Mapping[str, str] | None) -> str:
    """The end of a sentence, that says where."""
    try:
        elsewhere = Path(tempfile.mkdtemp(), "result.png")
        save_png(picture, elsewhere, recipe)
    except OSError:
        return f", nor anything to {tempfile.gettempdir()}: make room, and run it again."
    return f": the picture is in {elsewhere}."


def _save_film(path: str | None, film: Film | None, last: Progress) -> int:
    """Write the film where one was asked for; returns the exit status."""
    if path is None:
        return 0
    try:
        with replacing(path) as file:
            if isinstance(last, Row):
                save_there_and_back(last.pictures, file)
            elif film:
                film.save(file, last)
    except NSTError as error:
        return _fail(str(error), 1)
    except OSError:
        return _fail(f"{path} cannot be written: there is no film.", 1)
    return 0


def _require_outputs(options: Namespace) -> None:
    _require_writable(options.output, "output", ".png")
    if options.trace is not None:
        _require_writable(options.trace, "trace")
    if options.film is not None:
        _require_writable(options.film, "film", *SUFFIXES)
        require_encoder(options.film)


def _require_writable(path: str, what: str, *suffixes: str) -> None:
    """Raise NSTError before the run, not after it, if the file could not be written. Nothing is left behind,
    and a file that is there stays as it is."""
    kind = " or ".join(suffixes) + " " if suffixes else ""
    sentence = f"The {what} must be a {kind}file in a folder that can be written to."
    if not path.lower().endswith(suffixes or "") or not _is_writable(path):
        raise NSTError(sentence)


def _is_writable(path: str) -> bool:
    if is_special(path):  # a pipe that is opened and closed has ended for its reader
        return not os.path.isdir(path) and os.access(path, os.W_OK)
    try:
        file = Path(os.path.realpath(path))  # of a link the file that it leads to
        was_there = file.exists()
        file.open("ab").close()
        if not was_there:
            file.unlink()
    except (OSError, ValueError):
        return False
    return True


def _traced(run: Iterator[Progress], trace: str) -> Iterator[Progress]:
    """The run, with one JSON line an evaluation in the trace."""
    with closing(_Trace(trace)) as lines:
        for progress in run:
            if progress.costs and math.isfinite(progress.costs.total):
                lines.write(_event(progress, progress.costs))
            yield progress


def _event(progress: Progress, costs: Costs) -> dict[str, Any]:
    return {
        "evaluation": progress.evaluation,
        "size": progress.size,
        "seconds": round(progress.seconds, 3),
        "content_cost": costs.content,
        "style_cost": costs.style,
        "tv_cost": costs.tv,
        "total_cost": costs.total,
    }


class _Trace:
    """A file of lines, begun with the first: a run that is refused leaves an older one as it is. One that can
    no longer be written, as on a full disk, ends there, and the run goes on."""

    def __init__(self, path: str) -> None:
        self.path, self.file, self.has_ended = path, None, False

    def write(self, event: Mapping[str, Any]) -> None:
        if self.has_ended:
            return
        try:
            # Each line is written at once.
            self.file = self.file or open(self.path, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
            self.file.write(json.dumps(event) + "\n")
        except OSError:
            if sys.stderr.isatty():  # whose line the bar has
                print(file=sys.stderr)
            _fail("The trace ends here: it cannot be written any further, and the disk may be full.", 0)
            self.close()

    def close(self) -> None:
        self.has_ended = True
        if self.file:
            with suppress(OSError):  # of what is left to write, which was told when it failed
                self.file.close()


@contextmanager
def _bar(terminal: TextIO) -> Iterator[Callable[[Progress], None]]:
    """Shows how far a run has come, where this is a terminal. However the run ends, what is said next has a
    line of its own."""
    if not terminal.isatty():
        yield lambda progress: None
        return
    try:
        yield lambda progress: _print_progress(progress, terminal)
    finally:
        print(file=terminal)


def _print_progress(progress: Progress, terminal: TextIO) -> None:
    share = progress.evaluation / progress.of
    bar = ("█" * round(24 * share)).ljust(24, "·")
    left = f", {progress.eta:.0f} s left" if progress.eta is not None else ""
    line = f"{bar} {progress.evaluation}/{progress.of} {progress.doing}{left}"
    columns = _columns(terminal) - 1  # what fills the last one may begin another line
    print(f"\r{line[:columns].ljust(columns)}", end="", file=terminal, flush=True)


def _columns(terminal: TextIO) -> int:
    """How wide it is; stdout, which shutil asks, may lead elsewhere."""
    with suppress(OSError):
        return os.get_terminal_size(terminal.fileno()).columns or USUAL_COLUMNS
    return USUAL_COLUMNS


def _take_any_name(stream: TextIO) -> None:
    """Let the stream write names that its encoding has no bytes for: in UTF-8 as the bytes that they are."""
    if isinstance(stream, TextIOWrapper):
        in_utf8 = codecs.lookup(stream.encoding).name == "utf-8"
        stream.reconfigure(errors="surrogateescape" if in_utf8 else "backslashreplace")


def _fail(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status
