"""torchvision's import, which fails beside a CPU-only torch unless two operators are declared first."""

import importlib
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import ModuleType

import torch

DETECTION_OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def import_torchvision() -> ModuleType:
    """torchvision, imported whether or not its compiled operators can load. Costs seconds the first time.

    PyPI's torchvision is built for CUDA. Beside a CPU-only torch its library cannot load, and its Python
    part then fails at describing nms and qnms, which do not exist. Declaring the two is enough: nothing
    here detects boxes. They are declared only where they are missing, since a library that does load
    would refuse to define them twice.

    Raises ImportError if torchvision is not installed.
    """
    if "torchvision" not in sys.modules and not _operators_load():
        _declare_missing()
    return importlib.import_module("torchvision")


def _operators_load() -> bool:
    package = find_spec("torchvision")
    library = package and PathFinder.find_spec("_C", package.submodule_search_locations)
    if not library or not library.origin:
        return False
    try:
        torch.ops.load_library(library.origin)
    except OSError:
        return False
    return True


def _declare_missing() -> None:
    for name in DETECTION_OPERATORS:
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", SIGNATURE)
