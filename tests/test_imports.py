"""Who imports whom: the engine knows nothing of the page, and the page is up before torch is."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

APP_WITHOUT_SPACES = """
import sys
sys.modules["spaces"] = None  # on a laptop there is none; on a Space it imports torch itself
import app
print(sorted({"torch", "torchvision"} & set(sys.modules)))
"""

ENGINE = """
import sys
import nst, nst.transfer, nst.recipe, nst.__main__
print(sorted({"gradio", "nst.ui"} & set(sys.modules)))
"""


def loaded(code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_page_is_built_without_importing_torch_and_with_no_spaces_package():
    assert loaded(APP_WITHOUT_SPACES) == "[]"


def test_the_engine_imports_no_gradio():
    assert loaded(ENGINE) == "[]"
