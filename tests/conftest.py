"""Fixtures shared by all tests: a cache of their own, one precision, one number of threads, real filters."""

import os
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
import torch
from server import REAL_APP, Server, silent_connections

import nst.ui  # noqa: F401  # before a file's gradio, which takes half the time: nst/ui/stubs.py
from nst import decoding

SHARED = Path(__file__).resolve().parents[2] / "shared"
LONGEST = (
    "studies_page",
    "page",
    "moments_page",
    "coming_back",
    "visit",
    "hostile",
    "studies_api",
    "how_page",
    "brush",
    "public",
    "jobs",
    "api",
    "weights",
    "zerogpu",
    "peer",
    "textures",
    "images",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with browser tests first, which share a browser as long as no other comes between; and of both
    kinds the longest first: two workers that take a file at a time then end together."""
    longest = [f"test_{name}" for name in LONGEST]
    in_browser = {item.path for item in items if item.get_closest_marker("browser")}

    def place(item: pytest.Item) -> tuple[bool, int]:
        return item.path not in in_browser, [*longest, item.path.stem].index(item.path.stem)

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def apart(tmp_path_factory) -> Iterator[None]:
    """Nothing is read from or written to the user's cache, and a processor's bfloat16 changes no figure. If
    NST_PRECISION asks for it only the tests of exact numbers stay in float32: in_float32. A program under
    test takes the threads that the tests were given (OMP_NUM_THREADS), and not every core: other tests are
    using them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NST_CACHE", str(tmp_path_factory.mktemp("nst-cache")))
        patch.setenv("NST_PRECISION", os.environ.get("NST_PRECISION", "float32"))
        patch.setenv("CPU_CORES", str(torch.get_num_threads()))
        patch.delenv("NST_WEIGHTS", raising=False)
        yield
    decoding.close()


@pytest.fixture
def in_float32(monkeypatch) -> None:
    """For a test of two ways to the same number, which bfloat16 rounds apart."""
    monkeypatch.setenv("NST_PRECISION", "float32")


@pytest.fixture(autouse=True)
def seeded() -> None:
    """A test that fails fails again: its random numbers are those of the run before."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def app_and_silent(apart, tmp_path_factory) -> Iterator[tuple[Server, list[socket]]]:
    server = Server(REAL_APP, tmp_path_factory.mktemp("app"))
    with silent_connections(server) as silent:
        yield server, silent
    server.stop()


@pytest.fixture(scope="session")
def app(app_and_silent) -> Server:
    """The real app at its usual limits, in a process of its own, for all tests that need no other."""
    return app_and_silent[0]


@pytest.fixture(scope="session")
def silent(app_and_silent) -> list[socket]:
    """Connections to it on which nothing comes, opened at its start: it takes 20 s to close them, and other
    tests go on meanwhile."""
    return app_and_silent[1]


@pytest.fixture(scope="session")
def real_weights() -> str:
    """Path of the real first eight layers (NST_TEST_WEIGHTS or ../shared/weights), or a skip that says so."""
    here = SHARED / "weights" / "vgg19_conv1_1_to_conv3_4.safetensors"
    path = Path(os.environ.get("NST_TEST_WEIGHTS", here))
    if not path.exists():
        pytest.skip("the real VGG-19 layers are not here: set NST_TEST_WEIGHTS to a file that holds them")
    return str(path)


pytest_plugins = ["asking", "browsing", "running", "stored_weights"]
