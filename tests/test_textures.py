"""Textures, of the style alone, and pictures that can be laid as a tile."""

import numpy as np
import pytest
import torch
from PIL import Image
from test_film import read
from tiny import SMALL, checks, tiny_filters, waves

from nst import Settings, SettingsError, stylize
from nst.borders import resize_tile
from nst.device import choose
from nst.film import FRAME, HOLD, Film
from nst.network.vgg import Network
from nst.objective import make_objective, network_of
from nst.tensors import resize_tensor, to_tensor

TEXTURE = SMALL.with_(canvas="16:9", seed=4)


def texture(settings, content=None, style=None):
    return list(stylize(content, style or checks(), settings, "cpu", tiny_filters()))


def test_a_texture_has_the_canvas_shape_and_no_content_cost():
    reports = texture(TEXTURE.with_(evaluations=8))
    costs = [p.costs for p in reports if p.costs]
    assert reports[-1].image.size == (64, 36)
    assert {(c.content, p.weighting.alpha) for c, p in zip(costs, reports[-8:], strict=True)} == {(0, 0)}
    assert sum(costs[-1].style.values()) < 0.5 * sum(costs[0].style.values())


def test_a_texture_does_not_depend_on_the_content_image_nor_on_what_asks_for_one():
    alone = texture(TEXTURE)[-1].image
    assert texture(TEXTURE, content=waves())[-1].image.tobytes() == alone.tobytes()
    others = TEXTURE.with_(init="content", colours=1, keep_colours=True, content_layers={"relu1_2": 1})
    assert texture(others)[-1].image.tobytes() == alone.tobytes()
    assert texture(TEXTURE.with_(seed=5))[-1].image.tobytes() != alone.tobytes()


def test_without_a_content_image_and_without_a_canvas_one_sentence_says_what_to_choose():
    with pytest.raises(
        SettingsError, match="no content image yet: choose the picture to repaint, or a canvas"
    ):
        stylize(None, checks(), SMALL)


def test_a_texture_of_which_the_style_weighs_nothing_is_refused():
    with pytest.raises(SettingsError, match="A texture is the style alone: β cannot be 0"):
        TEXTURE.with_(alpha=1, beta=0)


def test_a_texture_is_gone_on_with_at_twice_its_size():
    settings = TEXTURE.with_(size=128, scales=2)
    reports = list(stylize(None, checks(), settings, "cpu", tiny_filters(), start=texture(TEXTURE)[-1].image))
    assert {p.size for p in reports if p.costs} == {(128, 72)}


def test_of_a_tile_the_network_sees_what_it_sees_of_one_tile_among_others():
    tile = torch.rand(1, 3, 48, 32, generator=torch.Generator().manual_seed(0))
    network = Network(tiny_filters(13), ["conv1_1", "pool2", "relu3_3", "relu5_1"], "max")
    tiled = network.tiled()(tile)
    # Far from the border of so many tiles: relu5_1 sees 134 pixels to each side.
    for layer, found in network(tile.repeat(1, 1, 7, 11)).items():
        height, width = tiled[layer].shape[2:]
        among = found[..., 3 * height : 4 * height, 5 * width : 6 * width]
        torch.testing.assert_close(tiled[layer], among, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("in_float32")
@pytest.mark.parametrize("statistic", ["gram", "mean-std", "sliced"])
def test_where_a_tile_is_cut_makes_no_difference_to_its_costs(statistic):
    layers = {"content_layers": {"relu2_1": 1}, "style_layers": {"relu1_1": 1, "relu2_1": 1, "relu5_1": 1}}
    settings = TEXTURE.with_(seamless=True, statistic=statistic, tv=5, **layers)
    tile = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    network = network_of(tiny_filters(13), settings, choose("cpu"))
    objective = make_objective(network, settings, tile, [to_tensor(checks())])
    (one, slope), (other, moved) = (objective(x) for x in (tile, torch.roll(tile, (16, 32), (2, 3))))
    assert one.style == pytest.approx(other.style, rel=1e-4)
    assert one.tv == pytest.approx(other.tv, rel=1e-5)
    torch.testing.assert_close(torch.roll(slope, (16, 32), (2, 3)), moved, rtol=1e-3, atol=1e-6)


def test_a_tile_too_small_for_a_layer_is_refused_in_one_sentence():
    settings = TEXTURE.with_(seamless=True, style_layers={"pool3": 1})
    tile = torch.rand(1, 3, 7, 64)
    network = network_of(tiny_filters(), settings, choose("cpu"))
    objective = make_objective(network, settings, tile, [to_tensor(checks())])
    with pytest.raises(SettingsError, match="The picture is too small for a layer after this many pools"):
        objective(tile)


def test_a_tile_is_resized_as_one_of_many():
    x = torch.rand(1, 3, 24, 32)
    many = resize_tensor(x.repeat(1, 1, 5, 5), (5 * 48, 5 * 36))
    torch.testing.assert_close(resize_tile(x, (48, 36)), many[..., 72:108, 96:144])


def across(picture, axis):
    """Mean difference of neighbours over the seam, over the mean of those inside."""
    a = np.asarray(picture).astype(float)
    seam = abs(a.take(0, axis) - a.take(-1, axis)).mean()
    return seam / abs(np.diff(a, axis=axis)).mean()


def test_the_seam_of_a_tile_is_as_the_inside():
    """Where its edges meet a tile is hardly rougher than elsewhere, and another texture is."""
    settings = SMALL.with_(canvas="1:1", evaluations=40, scales=2, size=128)

    def seam(tile):
        painted = texture(settings.with_(seamless=tile), style=waves(160, 120))[-1].image
        return (across(painted, 0) + across(painted, 1)) / 2

    assert seam(True) < 1.6
    assert seam(False) > 1.5 * seam(True)


def test_edges_of_a_painted_photograph_come_closer_to_the_opposite_ones():
    layers = {"content_layers": {"relu3_1": 1}, "style_layers": SMALL.style_layers}
    settings = Settings(size=64, evaluations=20, scales=1, strength=60, **layers)
    style = waves(80, 64).transpose(Image.Transpose.ROTATE_90)
    tile, plain = (
        list(stylize(waves(96, 72), style, settings.with_(seamless=each), "cpu"))[-1].image
        for each in (True, False)
    )
    for axis in (0, 1):
        # Measured: 0.41 to 0.55 with pictures of three sizes.
        assert across(tile, axis) < 0.8 * across(plain, axis)


def test_the_film_of_a_texture_begins_with_its_first_evaluation(tmp_path):
    film = Film(None)
    *_, last = film.watch(stylize(None, checks(), TEXTURE, "cpu", tiny_filters()))
    film.save(tmp_path / "film.webp", last)
    frames, milliseconds = read(tmp_path / "film.webp")
    assert frames[0].shape == (36, 64)
    assert sum(milliseconds) == FRAME * (last.evaluation - 1) + HOLD
