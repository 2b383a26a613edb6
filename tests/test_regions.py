"""Regions: what a mask keeps as it is, and what it gives to the second style."""

import io
from itertools import permutations

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from tiny import SMALL, Evaluating, checks, tiny_filters, waves
from torch import Tensor

from nst import SettingsError, stylize
from nst.network.vgg import Network
from nst.objective import Costs
from nst.regions import KEEP, PARTS, SECOND, Keeping, find_regions, marked
from nst.statistics import Guided
from nst.targets import make_targets
from nst.tensors import to_tensor

SIZE = (64, 48)  # of waves(), and of what SMALL paints of it


def mask(keep=None, second=None, size=SIZE) -> Image.Image:
    picture = Image.new("RGB", size)
    for box, colour in ((keep, "red"), (second, "blue")):
        if box:
            ImageDraw.Draw(picture).rectangle(box, fill=colour)
    return picture


def painted(regions, styles=(), settings=SMALL, parts=None):
    styles = styles or [checks()]
    run = stylize(waves(), styles, settings, "cpu", tiny_filters(), mask=regions, style_mask=parts)
    return list(run)[-1].image


def levels(picture) -> np.ndarray:
    return np.asarray(picture).astype(float)


def guided_gram(a: Tensor, guide: Tensor) -> Tensor:
    """The paper's sum over positions, for (nC, nH, nW) and a guide (nH, nW), in float64."""
    a, guide = a.double().flatten(1), guide.double().flatten()
    guide = guide / guide.square().mean().sqrt()
    return sum(t**2 * torch.outer(column, column) for t, column in zip(guide, a.T, strict=True)) / len(guide)


def test_what_is_kept_stays_as_it_is_and_the_rest_is_painted():
    keep = (8, 8, 40, 30)
    for settings in (
        SMALL,
        SMALL.with_(init="noise"),
        SMALL.with_(size=128, scales=2),
        SMALL.with_(seamless=True),
    ):
        found = levels(painted(mask(keep), settings=settings).resize(SIZE, Image.Resampling.BOX))
        change = abs(found - levels(waves())).mean(2)
        # Two pixels inside the border, where one region turns into the other.
        limit = 0.6 if settings.size == 64 else 8  # twice the size is enlarged, and made small again
        assert change[10:29, 10:39].max() <= limit
        assert change[36:].mean() > 5


def test_each_region_has_the_gram_matrix_of_its_own_style():
    regions = find_regions(mask(second=(32, 0, 64, 48)), SIZE, SMALL, [SIZE, SIZE])
    guides = regions.guides(SIZE)
    styles = [to_tensor(checks()), to_tensor(waves())]
    network = Network(tiny_filters(), SMALL.layers, SMALL.pooling)
    goals = regions.goals(styles, (0.5, 0.5))
    targets = make_targets(network, SMALL, to_tensor(waves()), styles, guides, goals)
    for layer in SMALL.style_layers:
        for region, style in enumerate(styles):
            alone = network(style, [layer])[layer][0]
            whole = guided_gram(alone, torch.ones(alone.shape[1:]))
            torch.testing.assert_close(targets.style[layer][0, region].double(), whole, rtol=1e-4, atol=1e-5)


def test_a_guided_gram_matrix_is_the_papers_sum_and_its_cost_weighs_regions_by_area():
    guides = torch.zeros(2, 1, 8, 8)
    guides[0, :, :, :6], guides[1, :, :, 6:] = 1, 1
    a, style = torch.rand(1, 3, 8, 8), torch.rand(1, 2, 3, 3)
    found = Guided(guides).describe(a)
    for region in range(2):
        expected = guided_gram(a[0], guides[region, 0])
        torch.testing.assert_close(found[0, region].double(), expected, rtol=1e-5, atol=1e-6)
    each = [float((found[0, r] - style[0, r]).square().mean() / 4) for r in range(2)]
    assert float(Guided(guides).cost(found, style)) == pytest.approx(
        0.75 * each[0] + 0.25 * each[1], rel=1e-5
    )


def test_where_a_pixel_is_kept_by_half_the_cost_sees_half_of_it_and_gives_back_half_its_slope():
    weights, content, x = (
        torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(n)) for n in range(3)
    )
    kept = torch.tensor([0.0, 0.5, 1.0, 1.0]).view(1, 1, 1, 4).expand(1, 1, 4, 4)
    costs = Costs(0.0, 0.0, {}, 0.0)
    seen = []
    evaluate = Keeping(Evaluating(lambda g: (seen.append(g), (costs, weights))[1]), content, kept)
    found, gradient = evaluate(x)
    assert found is costs
    assert evaluate.costs(x) is costs
    assert torch.equal(seen[0], seen[1])
    torch.testing.assert_close(seen[0], x * (1 - kept) + content * kept)
    torch.testing.assert_close(gradient, weights * (1 - kept))


def test_the_second_style_reaches_its_region_and_no_other():
    red, green = (Image.new("RGB", (64, 64), colour) for colour in ((220, 30, 30), (30, 200, 30)))
    settings = SMALL.with_(evaluations=25, strength=500, style_layers={"relu1_1": 1, "relu1_2": 1})
    found = levels(painted(mask(second=(32, 0, 64, 48)), [red, green], settings))
    left, right = found[:, :26].mean((0, 1)), found[:, 38:].mean((0, 1))
    assert left[0] - left[1] > 60 > -60 > right[0] - right[1]


def halves(left="lime", right="yellow", size=SIZE) -> Image.Image:
    picture = Image.new("RGB", size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def test_each_part_is_like_the_part_of_the_style_image_in_its_colour():
    style = halves((220, 30, 30), (30, 200, 30))
    settings = SMALL.with_(evaluations=25, strength=500, style_layers={"relu1_1": 1, "relu1_2": 1})
    for parts, first in ((halves(), 1), (halves("yellow", "lime"), -1)):
        found = levels(painted(halves(), [style], settings, parts))
        left, right = found[:, :26].mean((0, 1)), found[:, 38:].mean((0, 1))
        assert first * (left[0] - left[1]) > 40 > -40 > first * (right[0] - right[1])


def test_a_part_has_the_guided_gram_matrix_of_its_part_and_the_rest_that_of_the_whole_style_image():
    content, parts = halves("black", "cyan"), halves("cyan", "black")
    regions = find_regions(content, SIZE, SMALL, [SIZE], parts)
    style = to_tensor(waves())
    network = Network(tiny_filters(), SMALL.layers, SMALL.pooling)
    guides, goals = regions.guides(SIZE), regions.goals([style], (1.0,))
    targets = make_targets(network, SMALL, to_tensor(waves()), [style], guides, goals)
    assert float(guides.sum(0).sub(1).abs().max()) < 1e-6
    for layer in SMALL.style_layers:
        a = network(style, [layer])[layer][0]
        whole = guided_gram(a, torch.ones(a.shape[1:]))
        part = guided_gram(a, torch.nn.functional.adaptive_avg_pool2d(goals[1][0].guide, a.shape[1:])[0, 0])
        for region, expected in enumerate((whole, part)):
            torch.testing.assert_close(
                targets.style[layer][0, region].double(), expected, rtol=1e-4, atol=1e-5
            )
    left = goals[1][0].guide[0, 0, :, :28]
    assert float(left.min()) > 0.99


def test_a_mask_of_the_style_image_on_which_nothing_is_marked_is_none():
    for nothing in (Image.new("RGB", SIZE, "white"), Image.new("RGB", SIZE)):
        assert find_regions(None, SIZE, SMALL, [SIZE], nothing) is None
        assert find_regions(mask((8, 8, 40, 30)), SIZE, SMALL, [SIZE], nothing).painted == ()


def test_what_is_kept_and_the_second_style_may_stand_beside_parts():
    content = halves("red", "lime")
    content.paste("blue", (40, 0, 64, 24))
    regions = find_regions(content, SIZE, SMALL, [SIZE, SIZE], halves("lime", "black"))
    guides = regions.guides(SIZE)
    assert guides.shape == (3, 1, 48, 64)
    assert guides[1, 0, 8, 56] > 0.99 < guides[2, 0, 40, 50]
    assert guides.sum(0)[0, :, :28].max() < 0.01
    goals = regions.goals([to_tensor(checks()), to_tensor(waves())], (0.5, 0.5))
    assert [[goal.style for goal in region] for region in goals] == [[0], [1], [0]]


@pytest.mark.parametrize(
    ("regions", "parts", "sentence"),
    [
        (halves(), None, "Parts are marked in green and yellow: mark them on the style image too"),
        (
            halves(),
            halves("lime", "cyan"),
            "A part is marked in yellow: mark one in yellow on the style image",
        ),
        (halves(), halves(size=(64, 64)), "style image is 64 × 64 pixels and the image itself 64 × 48"),
        (None, halves(), "Parts are marked on the style image alone: mark some on the content image too"),
        (mask((8, 8, 40, 30)), halves(), "Parts are marked on the style image alone"),
    ],
)
def test_parts_that_are_not_in_both_pictures_are_refused_in_one_sentence(regions, parts, sentence):
    with pytest.raises(SettingsError, match=sentence):
        stylize(waves(), [waves()], SMALL, mask=regions, style_mask=parts)


def test_a_texture_has_no_content_image_to_mark_parts_on():
    with pytest.raises(SettingsError, match="leave the canvas and the statistic as they are by default"):
        stylize(None, [waves()], SMALL.with_(canvas="4:3"), style_mask=halves())


def test_a_part_that_is_cut_off_the_style_image_is_said_to_be():
    corner = mask(size=(64, 48))
    corner.paste((0, 255, 0), (0, 0, 10, 10))
    with pytest.raises(SettingsError, match="in green is not in the piece of the style image that is used"):
        stylize(waves(), [waves()], SMALL.with_(style_crop=0.25), mask=corner, style_mask=corner)


def soft(picture: Image.Image) -> Image.Image:
    """At half the size, as a program that smooths edges draws it."""
    return picture.resize([side // 2 for side in picture.size], Image.Resampling.LANCZOS)


def as_jpeg(picture: Image.Image, quality: int = 75) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


@pytest.mark.parametrize("blended", [soft, as_jpeg, lambda mask: as_jpeg(soft(mask), 90)])
@pytest.mark.parametrize("red", [KEEP, (237, 28, 36)], ids=["pure", "as a paint program has it"])
def test_where_two_colours_blend_no_third_is_marked(blended, red):
    for one, other in permutations([red, SECOND, *PARTS.values()], 2):
        picture = Image.new("RGB", (192, 144), one)
        ImageDraw.Draw(picture).ellipse((30, 40, 120, 110), fill=other)
        found = {colour for colour, place in marked(blended(picture)).items() if place.any()}
        meant = {KEEP if colour == red else colour for colour in (one, other)}
        assert found - {(0, 0, 0), (255, 255, 255)} == meant


def test_a_dot_of_a_third_colour_that_was_painted_is_too_small():
    picture = halves("lime", "blue")
    picture.paste("cyan", (8, 8, 10, 10))
    with pytest.raises(SettingsError, match="in cyan is too small"):
        find_regions(picture, SIZE, SMALL, [SIZE, SIZE], picture)


def test_an_empty_mask_changes_nothing():
    assert painted(mask()).tobytes() == painted(None).tobytes()


@pytest.mark.parametrize(
    ("regions", "styles", "settings", "sentence"),
    [
        (mask((0, 0, 1, 1)), 1, SMALL, "The region to keep is too small: paint at least 0.2%"),
        (mask(second=(0, 0, 1, 1)), 2, SMALL, "The region for the second style is too small"),
        (mask((0, 0, 64, 48)), 1, SMALL, "cover the whole picture: leave some of it"),
        (mask(second=(0, 0, 30, 48)), 1, SMALL, "give exactly two style images"),
        (
            mask((0, 0, 9, 9), size=(64, 64)),
            1,
            SMALL,
            "content image is 64 × 64 pixels and the image itself 64 × 48: give a mask",
        ),
        (mask((0, 0, 9, 9)), 1, SMALL.with_(statistic="mean"), "leave the canvas and the statistic"),
        (mask((0, 0, 9, 9)), 1, SMALL.with_(canvas="16:9"), "leave the canvas and the statistic"),
    ],
)
def test_what_is_no_mask_is_refused_in_one_sentence_before_the_run(regions, styles, settings, sentence):
    with pytest.raises(SettingsError, match=sentence) as caught:
        stylize(waves(), [checks()] * styles, settings, mask=regions)
    assert str(caught.value).count(".") - str(caught.value).count("0.") == 1


def test_a_mask_made_of_a_long_picture_at_a_small_size_is_of_its_shape():
    found = find_regions(mask((8, 8, 400, 30), size=(512, 66)), (3688, 465), SMALL, [SIZE])
    assert found is not None


def test_a_mask_in_half_the_size_and_of_soft_colours_is_read_as_the_same():
    small = mask((8, 8, 40, 30)).resize((32, 24)).resize((31, 23))
    found = find_regions(small, SIZE, SMALL, [SIZE]).kept(SIZE)
    expected = find_regions(mask((8, 8, 40, 30)), SIZE, SMALL, [SIZE]).kept(SIZE)
    assert float((found - expected).abs().mean()) < 0.03


def test_a_thin_stroke_of_a_colour_that_is_not_pure_is_one_where_it_is_the_only_one():
    mask = Image.new("RGB", (160, 120))
    mask.paste((200, 0, 0), (40, 60, 120, 62))
    assert marked(mask)[KEEP].sum() == 160
