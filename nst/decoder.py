"""The process that decoding.py starts for strangers' pictures: bytes in, pixels out, within limits."""

import json
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import Image

from . import images
from .errors import ImageRefused

SECONDS = 3  # of processor time for one picture; the largest that is accepted takes 1.5 s
MEGABYTES = 1000  # of address space; the largest that is accepted needs 650, Python and Pillow 120
OPEN_FILES = 64
OPERATIONS = (images.load_picture, images.load_painting, images.picture_size, images.read_text)
LENGTH = 8  # bytes that say how long the JSON of an answer is, which its pixels follow

TOO_HARD = (
    f"Opening this picture takes more than {SECONDS} s or {MEGABYTES:,} MB, as none of its size should: "
    "please save it again as a plain JPEG or PNG."
)


def serve() -> None:
    """The decoder process: answer requests from stdin on stdout until there are no more."""
    operations = {f.__name__: f for f in OPERATIONS}
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    _limit_memory()
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["bytes"])
        _limit_time()
        _answer(answers, lambda r=request, d=data: operations[r["operation"]](d, *r["arguments"]))


def _answer(answers: BinaryIO, operation: Any) -> None:
    pixels = b""
    try:
        value = operation()
        if isinstance(value, Image.Image):
            value, pixels = value.size, value.tobytes()
        answer = {"value": value, "pixels": len(pixels)}
    except ImageRefused as refused:
        answer = {"refused": str(refused)}
    except MemoryError:
        answer = {"refused": TOO_HARD}
    text = json.dumps(answer).encode()
    answers.write(len(text).to_bytes(LENGTH, "big") + text)
    answers.write(pixels)
    answers.flush()


def _limit_memory() -> None:
    """For good: address space, files that are open, written or left by a crash. Only Unix can."""
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_AS: MEGABYTES * 2**20,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # macOS has none of address space; a lower one may be in force
            resource.setrlimit(limit, (most, most))


def _limit_time() -> None:
    """SECONDS of processor time from now: then the kernel ends this process, by a timer; by a limit in whole
    seconds a little later, should a library have taken the timer's signal."""
    try:
        import resource
    except ImportError:
        return
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
    with suppress(ValueError, OSError):  # where whoever started this has set a limit already
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))
