"""What the tests of runs in one process share."""

from collections.abc import Callable, Iterator

import pytest

from nst.settings import Settings
from nst.ui.running.limits import Limits
from nst.ui.running.runs import Runs

SMALL = Settings(
    size=64,
    evaluations=6,
    weights="self-taught",
    content_layers={"relu1_1": 1.0},
    style_layers={"relu1_1": 1.0},
)


@pytest.fixture
def make_runs(tmp_path, monkeypatch) -> Iterator[Callable[..., Runs]]:
    """Makes Runs with some limits changed; their folders are below the test's own."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    made = []

    def make(**limits: int) -> Runs:
        made.append(Runs(Limits(**limits)))
        return made[-1]

    yield make
    for runs in made:
        runs.close()
