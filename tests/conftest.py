"""Fixtures shared by all tests: the real first layers of VGG-19, where they can be found."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def real_weights() -> str:
    """Path of the real first eight layers (NST_TEST_WEIGHTS or ../shared/weights), or a skip that says so."""
    here = SHARED / "weights" / "vgg19_conv1_1_to_conv3_4.safetensors"
    path = Path(os.environ.get("NST_TEST_WEIGHTS", here))
    if not path.exists():
        pytest.skip("the real VGG-19 layers are not here: set NST_TEST_WEIGHTS to a file that holds them")
    return str(path)


pytest_plugins = ["browsing"]
