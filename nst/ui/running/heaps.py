"""Few heaps for many threads, so that what one run frees the next one uses; and what none uses goes back."""

import ctypes
import os
from contextlib import suppress

HEAPS = 2
M_ARENA_MAX = -8  # malloc.h of glibc


def share_heaps() -> None:
    """At the start of a server, whose runs are each taken up by any of many threads.

    glibc gives its threads up to eight heaps a core, and each heap keeps most of what was freed in it: the
    memory held is that of several runs, though one runs at a time. Other C libraries have no such limit, and
    there, or where the operator has set MALLOC_ARENA_MAX, nothing is done.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(AttributeError, OSError, TypeError):  # no mallopt, or no way to ask for it
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)


def give_back() -> None:
    """Return what was freed to the system: glibc keeps most of it, a third of the server's memory after a
    minute of visits. Elsewhere nothing is done."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
