"""Gradio imported in half the time: without the type stubs that it writes beside components at each import.

For every component class Gradio reads the source of its module and writes a .pyi that names its events, for
editors alone. Its own come with its wheel, and ours need none.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

WRITER = "gradio.component_meta"  # the module, and the function in it
WRITE = "create_or_modify_pyi"


def leave_out_stubs() -> None:
    """Let Gradio write no stub, if it is not imported yet; it has no setting for that."""
    if WRITER not in sys.modules and not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds one module as Python does, and has it loaded by _Loader."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name == WRITER else None
        if spec and spec.origin and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    """Loads the module, in which nothing is then written; a Gradio without the function loads as it is."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if hasattr(module, WRITE):
            setattr(module, WRITE, lambda *_: None)
