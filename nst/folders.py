"""The one folder where what was fetched or measured is kept between runs."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """NST_CACHE, else nst in the user's cache folder; not made here."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
    return Path(os.path.expanduser(os.environ.get("NST_CACHE") or os.path.join(base, "nst")))
