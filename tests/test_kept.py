"""What is kept for visitors: theirs alone, and no more of it than was allowed."""

import time

import pytest

from nst.errors import SettingsError
from nst.ui.kept import Kept


def test_each_visitor_gets_their_own_and_others_a_sentence():
    kept = Kept(2, "Press Measure first.", 60)
    kept.put("a", 1)
    kept.put("b", 2)
    assert (kept.get("a"), kept.get("b")) == (1, 2)
    with pytest.raises(SettingsError, match=r"^Press Measure first\.$"):
        kept.get("c")


def test_the_one_put_longest_ago_goes_first():
    kept = Kept(2, "gone", 60)
    for session in ("a", "b", "a", "c"):
        kept.put(session, session)
    assert (kept.get("a"), kept.get("c")) == ("a", "c")
    with pytest.raises(SettingsError):
        kept.get("b")


def test_what_is_older_than_the_pictures_may_be_is_forgotten():
    for seconds, there in ((0.0, False), (60.0, True)):
        kept = Kept(2, "gone", seconds)
        kept.put("a", 1)
        time.sleep(0.001)
        kept.sweep()
        assert kept.has("a") == there
