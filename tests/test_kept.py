"""What is kept for visitors: theirs alone, and no more of it than was allowed."""

import pytest

from nst.errors import SettingsError
from nst.ui.kept import Kept


def test_each_visitor_gets_their_own_and_others_a_sentence():
    kept = Kept(2, "Press Measure first.")
    kept.put("a", 1)
    kept.put("b", 2)
    assert (kept.get("a"), kept.get("b")) == (1, 2)
    with pytest.raises(SettingsError, match=r"^Press Measure first\.$"):
        kept.get("c")


def test_the_one_put_longest_ago_goes_first():
    kept = Kept(2, "gone")
    for session in ("a", "b", "a", "c"):
        kept.put(session, session)
    assert (kept.get("a"), kept.get("c")) == ("a", "c")
    with pytest.raises(SettingsError):
        kept.get("b")


def test_what_is_dropped_is_gone_and_dropping_nothing_is_no_error():
    kept = Kept(2, "gone")
    kept.put("a", 1)
    kept.drop("a")
    kept.drop("a")
    with pytest.raises(SettingsError):
        kept.get("a")
