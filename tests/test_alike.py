"""Parts of two pictures that are alike: what is proposed, and what is not."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import checks, tiny_filters, waves

from nst import SettingsError, alike
from nst.alike import SIDE, parts_alike
from nst.regions import PARTS, marked
from nst.settings import MOST_PARTS
from nst.ui import parts as page


@pytest.fixture(autouse=True)
def shallow(monkeypatch):
    """The tiny filters' relu1_2 tells colours and edges apart; it has a place for every pixel, so few of
    them."""
    monkeypatch.setattr(alike, "LAYER", "relu1_2")
    monkeypatch.setattr(alike, "SIDE", 128)


def two_halves(left, right, size=(96, 72)) -> Image.Image:
    """Left and right half in two colours, with a little noise that is the same every time."""
    levels = np.random.default_rng(0).normal(0, 6, (size[1], size[0], 3))
    levels[:, : size[0] // 2] += left
    levels[:, size[0] // 2 :] += right
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def test_halves_of_the_same_colours_are_found_where_they_are_in_either_picture():
    red, blue = (200, 40, 40), (40, 40, 200)
    content, style = two_halves(red, blue), two_halves(blue, red, (72, 72))
    masks = parts_alike(content, style, 2, tiny_filters(), "cpu")
    found = [[marked(mask)[colour] for colour in PARTS.values()] for mask in masks]
    first = next(n for n, part in enumerate(found[0]) if part[20, 20])
    half = found[0][first].shape[1] // 2
    assert found[0][first][:, : half - 8].mean() > 0.98
    assert found[0][first][:, half + 8 :].mean() < 0.02
    half = found[1][first].shape[1] // 2
    assert found[1][first][:, half + 8 :].mean() > 0.98
    assert found[1][first][:, : half - 8].mean() < 0.02


def test_a_mask_has_the_pictures_shape_and_the_same_pictures_give_the_same_masks():
    once, again = (parts_alike(waves(128, 96), checks(), 3, tiny_filters(), "cpu") for _ in range(2))
    assert [mask.tobytes() for mask in once] == [mask.tobytes() for mask in again]
    assert once[0].width * 96 == once[0].height * 128
    colours = {colour for mask in once for _, colour in mask.getcolors()}
    assert colours <= {(0, 0, 0), *PARTS.values()}


def test_what_is_in_one_picture_alone_is_left_to_the_rest(monkeypatch):
    both, alone = torch.zeros(1, 2, 6, 8), torch.zeros(1, 2, 6, 8)
    both[:, 0, :, :4] = both[:, 1, :, 4:] = alone[:, 1] = 1
    monkeypatch.setattr(alike, "_scores", lambda features, parts: [both, alone])
    masks = parts_alike(waves(128, 96), waves(128, 96), 2, tiny_filters(), "cpu")
    colours = [{colour for _, colour in mask.getcolors()} for mask in masks]
    green = PARTS["green"]
    assert colours == [{(0, 0, 0), green}, {green}]
    assert marked(masks[0])[green][:, 75:].all()
    assert not marked(masks[0])[green][:, :50].any()


def test_where_no_part_is_in_both_pictures_it_is_said(monkeypatch):
    first, second = torch.zeros(1, 2, 6, 8), torch.zeros(1, 2, 6, 8)
    first[:, 0] = second[:, 1] = 1
    monkeypatch.setattr(alike, "_scores", lambda features, parts: [first, second])
    with pytest.raises(SettingsError, match="No part is in both pictures: mark the regions by hand"):
        parts_alike(waves(128, 96), waves(128, 96), 2, tiny_filters(), "cpu")


@pytest.mark.parametrize("parts", [1, 4, 2.5, 2.0])
def test_another_number_of_parts_is_refused(parts):
    with pytest.raises(SettingsError) as refusal:
        parts_alike(waves(), checks(), parts, tiny_filters(), "cpu")
    assert str(refusal.value) == f"Parts must be a whole number from 2 to 3, not “{parts}”."


def test_stop_while_parts_are_looked_for_proposes_none(make_runs, monkeypatch, tmp_path):
    def stopped_meanwhile(*_, **__):
        runs.stop("a")
        return waves(), checks()

    runs, paths = make_runs(), [str(tmp_path / name) for name in ("content.png", "style.png")]
    monkeypatch.setattr(alike, "parts_alike", stopped_meanwhile)
    for picture, path in zip((waves(128, 96), checks()), paths, strict=True):
        picture.save(path)
    *_, last = runs.stream("a", page.parts_run, *paths, 2)
    assert (last.state, last.message, last.details) == ("stopped", "Stopped: nothing was proposed.", {})


def test_the_page_asks_for_as_many_parts_as_there_are():
    assert (len(PARTS), SIDE) == (MOST_PARTS, page.SIDE)
