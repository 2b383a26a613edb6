"""A piece of the picture at several style scales, painted as it would be in the whole."""

import gradio as gr
import numpy as np
import pytest
from bad_images import half
from browsing import a_painting, choose, number, use_recipe
from PIL import Image
from playwright.sync_api import expect
from tiny import SMALL, checks, waves

from nst import OutOfMemory, brushwork, stylize, transfer
from nst.brushwork import FEW, PIECE
from nst.schedule import schedule
from nst.settings import BRUSHWORK_SCALES
from nst.style_image import middle, style_at
from nst.tensors import to_tensor
from nst.ui import brushwork_fold

# Few to learn.
LAYERS = {"content_layers": {"relu2_1": 1.0}, "style_layers": {"relu1_1": 1.0, "relu2_1": 1.0}}
QUICK = SMALL.with_(weights="self-taught", evaluations=4, **LAYERS)


def last(run):
    *_, end = run
    return end


def test_where_the_piece_is_the_whole_picture_each_is_the_painting_at_its_style_scale():
    settings = QUICK.with_(size=128, scales=3)
    row = last(brushwork.brushwork(waves(128, 96), [checks()], settings, "cpu"))
    assert (row.evaluation, row.of) == (12, 12)
    for picture, style_scale in zip(row.pictures, BRUSHWORK_SCALES, strict=True):
        whole = last(stylize(waves(128, 96), checks(), settings.with_(style_scale=style_scale), "cpu")).image
        assert picture.tobytes() == whole.tobytes()


def test_a_piece_is_as_large_and_its_style_image_as_long_as_in_the_whole():
    settings = QUICK.with_(size=1024, evaluations=FEW)
    scales = schedule(settings, 800, 600)
    style = Image.new("RGB", (3000, 2000))
    for whole, piece in zip(scales, [scale.piece(PIECE / 1024) for scale in scales], strict=True):
        assert piece.size == (whole.size[0] // 4, whole.size[1] // 4)
        assert piece.evaluations == whole.evaluations
        content = to_tensor(waves(), (8, 8))
        assert (
            style_at(style, piece, settings, content).shape == style_at(style, whole, settings, content).shape
        )


@pytest.mark.parametrize("changes", [{"size": 1024}, {"size": 1024, "scales": 6}, {"size": 4096}], ids=str)
def test_of_a_panorama_too_a_piece_is_painted_at_the_scales_at_which_it_has_some_size(changes):
    panorama = waves(1600, 200)
    row = last(brushwork.brushwork(panorama, [checks()], QUICK.with_(evaluations=6, **changes), "cpu"))
    assert [picture.size for picture in row.pictures] == [(256, 32)] * 3
    assert row.evaluation == row.of == 3 * 6


def test_where_the_memory_is_too_little_the_size_of_the_whole_is_named(monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(transfer, "style_at", full)
    with pytest.raises(OutOfMemory, match="paint 2048 × 1536 pixels: choose a size of 1024 or less"):
        last(brushwork.brushwork(waves(128, 96), [checks()], QUICK.with_(size=2048), "cpu"))


def test_the_piece_is_the_middle_of_the_picture():
    levels = np.zeros((60, 80, 3), np.uint8)
    levels[15:45, 20:60] = 255
    found = middle(Image.fromarray(levels), 0.5)
    assert found.size == (40, 30)
    assert np.asarray(found).min() == 255
    assert middle(found, 1.0).size == found.size


def test_a_texture_is_tried_too(monkeypatch):
    monkeypatch.setattr(brushwork, "PIECE", 64)
    row = last(brushwork.brushwork(None, [checks()], QUICK.with_(size=128, canvas="4:3", scales=1), "cpu"))
    assert [picture.size for picture in row.pictures] == [(64, 48)] * 3


@pytest.mark.parametrize("content", [b"no picture", half("JPEG")], ids=["damaged", "cut short"])
def test_a_picture_of_the_pieces_that_cannot_be_read_ends_no_run(tmp_path, content):
    path = tmp_path / "preview.jpg"
    path.write_bytes(content)
    assert brushwork_fold._forming(str(path)) == ""
    assert brushwork_fold._pieces([str(path)] * 3) == gr.skip()


# A preview of the pieces may be there for less than a second.
REMEMBERING = """
() => {
  const pieces = document.querySelector('#pieces');
  window.piecesWereForming = false;
  const look = () => { window.piecesWereForming ||= pieces.querySelector('.forming img') !== null; };
  new MutationObserver(look).observe(pieces, {childList: true, subtree: true});
}
"""


@pytest.mark.browser
def test_three_pieces_are_painted_and_the_one_that_is_pressed_sets_the_style_scale(visit, pictures, tmp_path):
    page = visit()
    page.get_by_role("button", name="Brushwork").click()
    stop = page.locator("#brushwork .proposal").get_by_role("button", name="Stop")
    expect(stop).to_be_disabled()
    page.locator("#try-brushwork").click()
    expect(page.locator("#brushwork-said")).to_contain_text("There are no pictures yet")
    choose(page, *pictures)
    use_recipe(page, a_painting(tmp_path, evaluations=6, size=128))
    page.evaluate(REMEMBERING)
    page.locator("#try-brushwork").click()
    page.wait_for_function("piecesWereForming")
    expect(page.locator("#brushwork-said")).to_contain_text("Painted 3 pictures of 128 × 96 px")
    pieces = page.get_by_role("group", name="Sizes of brushwork").get_by_role("button")
    expect(pieces).to_have_count(3)
    pieces.first.click()
    expect(pieces.first).to_have_attribute("aria-pressed", "true")
    expect(number(page, "Style scale")).to_have_value("0.5")
    expect(page.locator("#brushwork > button")).to_contain_text("Brushwork · in use")
    expect(stop).to_be_disabled()
