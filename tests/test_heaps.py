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


FREED = """
import ctypes
from pathlib import Path
from nst.ui.running.heaps import give_back
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
blocks = [libc.malloc(60_000) for _ in range(4000)]
for block in blocks:
    ctypes.memset(block, 1, 60_000)
for block in blocks[:-1]:  # the last one keeps the heap from being cut off at its end
    libc.free(block)
before = resident()
give_back()
print(before - resident())
"""
of_glibc = pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", ()), reason="glibc's own"
)


@of_glibc
def test_what_was_freed_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 200  # MiB, of 229 that were freed


@of_glibc
def test_many_threads_share_two_heaps_unless_the_operator_says_how_many():
    assert heaps() > 2
    assert heaps("shared") == 2
    assert heaps("shared", MALLOC_ARENA_MAX="4") == 4
