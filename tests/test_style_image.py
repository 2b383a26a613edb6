"""The style image as it is used: turned, cut to its middle, beside a scale."""

import numpy as np
import pytest
from PIL import Image
from tiny import SMALL, waves

from nst.regions import find_regions
from nst.schedule import Scale
from nst.style_image import as_used, largest_inside, style_at
from nst.tensors import to_tensor


@pytest.mark.parametrize("shape", [(300, 200), (200, 300), (256, 256), (400, 64)])
@pytest.mark.parametrize("degrees", [5, 30, 45, 60, 90, -120, 180])
def test_what_is_left_of_a_turned_picture_is_the_largest_upright_rectangle_inside(shape, degrees):
    angle = np.radians(degrees)
    width, height = largest_inside(*shape, angle)
    corners = np.array([(x, y) for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)])
    back = corners @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    outside = np.abs(back).max(0) - np.array(shape) / 2
    assert outside.max() < 1e-9
    s, c = abs(np.sin(angle)), abs(np.cos(angle))
    # Of all rectangles inside, by search: each width has a largest height.
    widths = np.linspace(1e-6, min(shape[0] / max(c, 1e-9), shape[1] / max(s, 1e-9)), 20000)
    heights = np.minimum((shape[0] - widths * c) / max(s, 1e-9), (shape[1] - widths * s) / max(c, 1e-9))
    assert width * height == pytest.approx((widths * heights).max(), rel=1e-3)


@pytest.mark.parametrize("shape", [(120, 80), (80, 120), (97, 64), (31, 47), (300, 299), (201, 50)])
@pytest.mark.parametrize("length", [33, np.inf])
def test_a_turned_picture_has_no_corner_of_nothing(shape, length):
    white = Image.new("RGB", shape, "white")
    for degrees in (*range(-180, 181, 15), -5, 5):
        for crop in (0.73, 1):
            settings = SMALL.with_(style_rotation=degrees, style_crop=crop)
            assert np.asarray(as_used(white, settings, length)).min() == 255, (degrees, crop)


def test_a_picture_turns_anticlockwise():
    above = Image.new("RGB", (64, 64))
    above.paste("white", (0, 0, 64, 32))
    left = np.asarray(as_used(above, SMALL.with_(style_rotation=90)).convert("L"))
    assert left[:, :30].min() > 250 > 5 > left[:, 34:].max()


def test_a_cropped_style_image_is_its_middle_as_long_as_before_so_that_its_strokes_are_larger():
    stripes = Image.fromarray(np.uint8(np.indices((400, 400))[1] // 10 % 2 * 255)).convert("RGB")
    content, scale = to_tensor(waves()), Scale((100, 75), 1)
    widths = []
    for settings in (SMALL, SMALL.with_(style_crop=0.5)):
        row = style_at(stripes, scale, settings, content)[0, 0, 50]
        changes = ((row[1:] > 0.5) != (row[:-1] > 0.5)).sum()
        widths.append(len(row) / float(changes))
    assert widths[1] == pytest.approx(2 * widths[0], rel=0.1)


def test_a_long_style_image_that_would_be_squashed_stays_as_long_as_its_shape_needs():
    settings = SMALL.with_(style_scale=0.25)
    for shape, used in (((800, 100), (1, 3, 16, 124)), ((400, 300), (1, 3, 24, 32))):
        style = Image.new("RGB", shape)
        assert style_at(style, Scale((128, 96), 1), settings, to_tensor(waves())).shape == used
    turned = SMALL.with_(style_rotation=10, style_crop=0.25)
    long = style_at(Image.new("RGB", (512, 64)), Scale((128, 96), 1), turned, to_tensor(waves()))
    assert long.shape == (1, 3, 16, 90)


def test_the_mask_of_the_style_image_is_turned_and_cropped_with_it():
    style_mask = Image.new("RGB", (64, 48), "lime")
    style_mask.paste("yellow", (0, 0, 64, 24))
    content = Image.new("RGB", (64, 48), "lime")
    content.paste("yellow", (0, 0, 32, 48))
    settings = SMALL.with_(style_rotation=90)
    regions = find_regions(content, (64, 48), settings, [(64, 48)], style_mask)
    yellow = next(region for region in regions.painted if region.part.getpixel((2, 30)) > 200)
    assert yellow.part.size == (48, 64)
    assert yellow.place.getpixel((2, 30)) > 200


def test_a_large_picture_that_is_turned_is_made_small_first_and_looks_the_same():
    large = waves(1600, 1200)
    settings = SMALL.with_(style_rotation=30, style_crop=0.5)
    whole, needed = as_used(large, settings), as_used(large, settings, 200)
    assert max(needed.size) == pytest.approx(300, abs=2)
    levels = [np.asarray(one.resize((100, 60))).astype(float) for one in (whole, needed)]
    assert abs(levels[0] - levels[1]).mean() < 4
