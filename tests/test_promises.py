"""Every test that docs/PROMISES.md names exists."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
PROMISES = (TESTS.parent / "docs" / "PROMISES.md").read_text()


def test_every_test_that_holds_a_promise_exists():
    named = re.findall(r"`(?:tests/)?(\w+\.py)(?:::(\w+))?`", PROMISES)
    assert len(named) > 30
    for file, name in named:
        path = TESTS / file if (TESTS / file).exists() else TESTS.parent / file
        assert f"def {name}(" in path.read_text() if name else path.is_file()
