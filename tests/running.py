"""What the tests of runs in this process share."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from nst.__main__ import main
from nst.settings import Settings
from nst.ui.running.clients import Client
from nst.ui.running.frames import Frame
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Inner, Runs

SMALL = Settings(
    size=64,
    evaluations=6,
    weights="self-taught",
    content_layers={"relu1_1": 1.0},
    style_layers={"relu1_1": 1.0},
)


class RunsByName(Runs):
    """Runs of which somebody in this process may ask by a session's name alone."""

    def stream(self, client: Client | str, inner: Inner, *arguments: object) -> Iterator[Frame]:
        return super().stream(client if isinstance(client, Client) else Client(client), inner, *arguments)


@pytest.fixture
def make_runs(tmp_path, monkeypatch) -> Iterator[Callable[..., Runs]]:
    """Makes Runs with some limits changed; their folders are below the test's own."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    made = []

    def make(**limits: int) -> Runs:
        made.append(RunsByName(Limits(**limits)))
        return made[-1]

    yield make
    for runs in made:
        runs.close()


class Ended(NamedTuple):
    """How a command ended: its exit status, and what it said on stdout and stderr."""

    status: int
    out: str
    err: str


@pytest.fixture
def nst(monkeypatch, capsys) -> Callable[..., Ended]:
    """The command line in a folder, in this process: in one of its own importing torch takes seconds."""

    def run(folder, *arguments: str) -> Ended:
        monkeypatch.chdir(folder)
        status = main(arguments)
        return Ended(status, *capsys.readouterr())

    return run
