"""The visitors of the soak: each does what it is called, and what is broken is not taken for refused."""

import io

import httpx
import pytest
from server import Visitor, png
from tiny import checks, waves

from benchmarks.visitors import Load, Tally, nonsense, page, recipe, stop, visit
from nst.images import save_png
from nst.recipe import recipe_text
from nst.settings import Settings


@pytest.fixture(scope="module")
def load() -> Load:
    painted = io.BytesIO()
    save_png(checks(), painted, recipe_text(Settings(), "self-taught filters", "0.1.0"))
    return Load(png(waves(128, 96)), png(checks()), painted.getvalue(), ())


@pytest.mark.parametrize("kind", [stop, recipe, page, nonsense])
def test_a_visitor_does_what_the_visit_is_called_and_is_not_refused(app, load, kind):
    kind(Visitor(app), load)


@pytest.mark.parametrize(
    ("status", "ended"),
    [(429, "refused"), (413, "refused"), (500, "broke with 500"), (502, "broke with 502")],
)
def test_an_answer_of_500_and_more_is_broken_and_not_refused(load, status, ended):
    def answered(visitor: object, load: Load) -> None:
        httpx.Response(status, request=httpx.Request("GET", "http://127.0.0.1/")).raise_for_status()

    tally = Tally()
    visit(None, load, answered, tally)
    assert tally.counts == {("answered", ended): 1}
