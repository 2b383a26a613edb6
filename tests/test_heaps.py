"""What runs free in one thread the next thread uses."""

import os
import re
import subprocess
import sys

import pytest

THREADS = """
import ctypes, sys, threading
from nst.ui.running.heaps import share_heaps
if sys.argv[1:] == ["shared"]:
    share_heaps()
libc, barrier = ctypes.CDLL(None), threading.Barrier(7)
libc.malloc.restype = ctypes.c_void_p
def work():
    libc.malloc(1000)
    barrier.wait()
for _ in range(6):
    threading.Thread(target=work).start()
barrier.wait()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def heaps(*arguments: str, **environment: str) -> int:
    """How many heaps glibc has made for seven threads."""
    clean = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    command = [sys.executable, "-c", THREADS, *arguments]
    done = subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=True)
    return len(re.findall("<heap nr=", done.stdout))


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", ()), reason="glibc's own")
def test_many_threads_share_two_heaps_unless_the_operator_says_how_many():
    assert heaps() > 2
    assert heaps("shared") == 2
    assert heaps("shared", MALLOC_ARENA_MAX="4") == 4
