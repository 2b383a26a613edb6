"""ZeroGPU: a Space borrows a GPU for one call of a decorated function. Anywhere else this does nothing."""

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

try:
    import spaces
except ImportError:  # a laptop needs no Spaces
    spaces = None

Function = TypeVar("Function", bound=Callable[..., Any])

# A worker over its time is killed with its picture; a run that ends itself here keeps it.
SHARE_OF_DURATION = 0.85

# So begins the RuntimeError that spaces raises (zero/client.py of 0.51) where a visitor leaves while ZeroGPU
# has no GPU to lend.
LEFT_ITS_QUEUE = "Connection closed by visitor"


def gpu(duration: Callable[..., int]) -> Callable[[Function], Function]:
    """Decorator: run a generator function where the GPU is, asking for duration(*arguments) seconds.

    On ZeroGPU the function runs in a forked process, so its arguments and what it yields must pickle.
    Off ZeroGPU the function itself is returned, with and without the spaces package.
    """
    if spaces is None:
        return lambda function: function
    return cast(Any, spaces.GPU(duration=duration))


def borrowed() -> bool:
    """Whether this process lives on a ZeroGPU Space."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "true")
