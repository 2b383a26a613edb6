"""The paintings of a visit without a page: their names, and what is said once they have been deleted."""

import gradio as gr
import pytest
from PIL import Image

from nst.images import save_png
from nst.recipe import recipe_text
from nst.settings import Settings
from nst.ui.painting_jobs import CONTENT
from nst.ui.transfer_tab import _taken
from nst.ui.visit import found_again


def folder_with(folder, *names):
    small = Image.new("RGB", (64, 48))
    small.save(folder / CONTENT)
    for name in names:
        save_png(small, folder / name, recipe_text(Settings(seed=10), "self-taught filters", "0.1.0"))
    return folder


@pytest.mark.parametrize(
    "names", [("lake-wave-2-10.png",), ("lake-wave-2-10-01.png", "lake-wave-2-10-02.png")]
)
def test_a_painting_found_again_is_named_by_its_pair_alone_and_a_number_in_it_stays(tmp_path, names):
    assert {one.pair for one in found_again(folder_with(tmp_path, *names))} == {"lake-wave-2"}


def test_of_a_row_that_was_stopped_the_first_picture_is_named_by_its_pair_too(tmp_path):
    (one,) = found_again(folder_with(tmp_path, "lake-wave-10-01.png"))
    assert one.pair == "lake-wave"


def test_a_painting_that_has_been_deleted_is_not_gone_on_with_in_silence(tmp_path):
    (one,) = found_again(folder_with(tmp_path, "lake-wave-7.png"))
    assert _taken(one) == one.painting
    (tmp_path / "lake-wave-7.png").unlink()
    with pytest.raises(gr.Error, match="no longer kept: paint it again"):
        _taken(one)
