"""What the network sees, against a search place by place and against pixels changed by hand."""

import math
from itertools import product
from pathlib import Path

import pytest
import torch
from PIL import Image
from tiny import checks, tiny_filters, waves

from nst.errors import ImageRefused, SettingsError
from nst.images import load_picture
from nst.network.layers import RELU_LAYERS, depth, receptive_box, receptive_field, stride
from nst.network.vgg import STD, Filters, Network
from nst.report import result_of
from nst.studies.guided import guided_gradients, guided_network
from nst.studies.patches import GREY, cut_out, mosaic
from nst.studies.units import driver_mosaic, patch_mosaic, scan_units
from nst.tensors import to_picture, to_tensor
from nst.weights import find_filters

LAYERS = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu3_4")


@pytest.fixture(scope="module")
def filters():
    return tiny_filters(8)


@pytest.fixture(scope="module")
def pictures():
    return [waves(), checks(), waves(61, 47), checks(90, 50).rotate(10)]


@pytest.fixture(scope="module")
def scan(pictures, filters):
    return list(scan_units(pictures, filters, "cpu"))[-1]


def search(maps, cell):
    """Peaks of one picture's map of one unit, by definition: (−activation, square, place), best first."""
    height, width = len(maps), len(maps[0])
    squares = {}
    for i, j in product(range(height), range(width)):
        square = (i // cell, j // cell)
        if square not in squares or maps[i][j] > squares[square][0]:
            squares[square] = (maps[i][j], (i, j))
    peaks = []
    for (y, x), (value, place) in squares.items():
        around = [(y + dy, x + dx) for dy, dx in product((-1, 0, 1), repeat=2)]
        beaten = any(
            squares[other][0] > value or (squares[other][0] == value and other < (y, x))
            for other in around
            if other in squares
        )
        if value > 0 and not beaten:
            peaks.append((-value, (y, x), place))
    return sorted(peaks)


@pytest.mark.parametrize("layer", ["relu1_1", "relu2_1", "relu3_4"])
def test_the_patches_are_those_a_search_place_by_place_finds(scan, pictures, filters, layer):
    cell = math.ceil(receptive_field(layer) / 2 / stride(layer))
    network = Network(filters, RELU_LAYERS[:8], "max")
    maps = [network(to_tensor(picture))[layer][0].tolist() for picture in pictures]
    for unit in range(8):
        found = [
            (value, number, square, place)
            for number, picture in enumerate(maps)
            for value, square, place in search(picture[unit], cell)
        ]
        expected = [(-value, number, *place) for value, number, _, place in sorted(found)[:9]]
        seen = [(p.activation, p.picture, p.row, p.column) for p in scan.top(layer, unit)]
        assert seen == expected


def test_no_two_patches_of_a_unit_share_more_than_half_their_width_and_height(scan):
    for layer, unit in product(scan.layers, range(8)):
        found = scan.top(layer, unit)
        for one, other in product(found, found):
            if one is not other and one.picture == other.picture:
                apart = max(abs(one.field[n] - other.field[n]) for n in (0, 1))
                assert 2 * apart > receptive_field(layer)


@pytest.mark.parametrize("layer", LAYERS)
def test_pixels_outside_the_box_change_nothing_and_inside_something(scan, filters, layer):
    network = Network(filters, [layer], "max")
    noise = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    for patch in scan.top(layer, 3)[:4]:
        image = to_tensor(scan.pictures[patch.picture])
        left, top, right, bottom = patch.box
        outside = noise[..., : image.shape[2], : image.shape[3]].clone()
        inside = image.clone()
        inside[..., top:bottom, left:right] = outside[..., top:bottom, left:right]
        outside[..., top:bottom, left:right] = image[..., top:bottom, left:right]
        before, without, within = (
            float(network(x)[layer][0, 3, patch.row, patch.column]) for x in (image, outside, inside)
        )
        assert before == pytest.approx(patch.activation, rel=1e-5)
        assert without == pytest.approx(before, rel=1e-5)
        assert within != pytest.approx(before, rel=1e-3)


@pytest.mark.parametrize("layer", [*LAYERS, "pool1", "pool3"])
def test_the_box_is_exactly_where_a_network_that_lets_everything_through_has_a_gradient(filters, layer):
    """Filters > 0 keep every ReLU open, and average pools pass every pixel on."""
    kernels = tuple(kernel.abs() for kernel in filters.kernels)
    biases = tuple(bias.abs() + 9 for bias in filters.biases)
    network = Network(Filters("positive", "file", kernels, biases), [layer], "average")
    image = torch.rand(1, 3, 72, 100, requires_grad=True)
    found = network(image)[layer]
    height, width = found.shape[2:]
    for row, column in ((height // 2, width // 2), (0, 0), (height - 1, width - 1), (height // 2, 0)):
        (gradient,) = torch.autograd.grad(found[0, 0, row, column], image, retain_graph=True)
        rows, columns = gradient[0].abs().sum(0).nonzero().unbind(1)
        left, top, right, bottom = receptive_box(layer, row, column)
        assert (int(columns.min()), int(rows.min())) == (max(0, left), max(0, top))
        assert (int(columns.max()) + 1, int(rows.max()) + 1) == (min(100, right), min(72, bottom))


def test_the_scan_reports_before_it_works_and_after_each_picture(pictures, filters):
    scans = list(scan_units(pictures, filters, "cpu"))
    assert [scan.done for scan in scans] == [0, 1, 2, 3, 4]
    assert scans[0].doing == "Looking at picture 1 of 4"
    assert scans[0].top("relu1_1", 0) == ()
    assert {patch.picture for patch in scans[1].top("relu1_1", 0)} == {0}


def test_what_is_kept_does_not_grow_with_the_pictures(filters):
    *_, few = scan_units([waves()] * 9, filters, "cpu")
    *_, many = scan_units([waves()] * 18, filters, "cpu")
    assert {layer: len(top.places) for layer, top in few.tops.items()} == {
        layer: len(top.places) for layer, top in many.tops.items()
    }
    assert all(len(top.places) <= 9 * 8 for top in many.tops.values())


def test_a_large_picture_is_scanned_at_512_pixels(filters):
    *_, scan = scan_units([waves(600, 300)], tiny_filters(1), "cpu")
    assert scan.pictures[0].size == (512, 256)


def test_a_silent_unit_has_no_patches_and_an_empty_mosaic(filters):
    biases = (filters.biases[0] - 1e6, *filters.biases[1:])
    *_, scan = scan_units([waves()], Filters("silent", "file", filters.kernels, biases), "cpu")
    assert scan.top("relu1_1", 0) == ()
    assert patch_mosaic(scan, "relu1_1", 0).getcolors() == [(196 * 196, (255, 255, 255))]
    assert driver_mosaic(scan, "relu1_1", 0).size == (196, 196)


def test_the_guided_gradient_at_relu1_1_is_the_kernel(scan, filters):
    inner = [p for p in scan.top("relu1_1", 2) if p.field == p.box]
    kernel = filters.kernels[0][2] / torch.tensor(STD).view(3, 1, 1)
    for gradient in guided_gradients(guided_network(filters, "relu1_1"), "relu1_1", 2, scan.pictures, inner):
        torch.testing.assert_close(gradient, kernel, rtol=1e-4, atol=1e-5)
    assert inner


@pytest.mark.parametrize("layer", ["relu1_2", "relu2_2", "relu3_4"])
def test_the_guided_gradient_of_a_patch_is_that_of_the_whole_picture(filters, layer):
    """The truth: max(gradient, 0) at every ReLU, layer by layer, on the whole picture. The picture is noise,
    as in a regular one equal maxima of a pool may be told apart by rounding alone."""
    noise = torch.rand(1, 3, 75, 102, generator=torch.Generator().manual_seed(2))
    *_, scan = scan_units([to_picture(noise)], filters, "cpu")
    found = scan.top(layer, 5)
    gradients = guided_gradients(guided_network(filters, layer), layer, 5, scan.pictures, found)
    for patch, gradient in zip(found, gradients, strict=True):
        whole = guided_by_hand(filters, layer, 5, to_tensor(scan.pictures[patch.picture]), patch)
        left, top, right, bottom = patch.box
        torch.testing.assert_close(gradient, whole[:, top:bottom, left:right], rtol=1e-3, atol=1e-5)
        assert float(gradient.abs().max()) > 0


def guided_by_hand(filters, layer, unit, image, patch):
    image = image.requires_grad_()
    names = [name for n in RELU_LAYERS[: depth(layer)] for name in (n.replace("relu", "conv"), n)]
    found = Network(filters, names, "max")(image)
    relus = RELU_LAYERS[: depth(layer)]
    given = torch.zeros_like(found[layer])
    given[0, unit, patch.row, patch.column] = 1
    for lower, name in zip((None, *relus[:-1])[::-1], relus[::-1], strict=True):
        before = found[name.replace("relu", "conv")]
        given = given.clamp(min=0) * (before > 0)
        under = image if lower is None else found[lower]
        (given,) = torch.autograd.grad(before, under, given, retain_graph=True)
    return given[0]


def test_a_patch_at_the_border_is_grey_where_the_field_reaches_over_it(scan):
    found = [p for k in range(8) for p in scan.top("relu3_4", k) if p.field[0] < 0]
    picture = cut_out(scan.pictures[found[0].picture], found[0])
    assert picture.size == (48, 48)
    assert picture.getpixel((0, 24)) == GREY


def test_few_pixels_are_shown_as_squares():
    small = Image.new("RGB", (2, 2), "red")
    small.putpixel((1, 1), (0, 0, 255))
    assert {colour for _, colour in mosaic([small] * 9, 64, gap=0).getcolors()} == {(255, 0, 0), (0, 0, 255)}


def test_a_unit_may_be_a_whole_number_of_json(scan):
    assert driver_mosaic(scan, "relu2_1", 3.0).tobytes() == driver_mosaic(scan, "relu2_1", 3).tobytes()


def test_what_cannot_be_asked_for_is_refused_with_the_range(scan, filters):
    with pytest.raises(SettingsError, match=r"one of relu1_1 … relu3_4 .*not “relu4_1”"):
        scan.top("relu4_1", 0)
    with pytest.raises(SettingsError, match="not “conv1_1”"):
        scan.top("conv1_1", 0)
    for unit in (8, -1, "many", True):
        with pytest.raises(SettingsError, match=f"from 0 to 7 at relu2_1, not “{unit}”"):
            scan.top("relu2_1", unit)
    with pytest.raises(SettingsError, match="at least one"):
        next(scan_units([], filters))
    with pytest.raises(ImageRefused, match="Picture 2 is 3 × 20 pixels and both sides need at least 4"):
        next(scan_units([waves(), waves(3, 20)], filters))


def test_a_picture_smaller_than_the_field_is_seen_as_far_as_it_goes(filters):
    *_, scan = scan_units([waves(16, 16)], filters, "cpu")
    boxes = {p.box for k in range(8) for p in scan.top("relu3_4", k)}
    assert boxes == {(0, 0, 16, 16)}


@pytest.mark.weights
def test_vgg_19s_green_unit_finds_green(real_weights):
    examples = Path(__file__).parent.parent / "examples" / "styles"
    real = result_of(find_filters(real_weights, "relu3_1"))
    *_, scan = scan_units([load_picture(p, 192) for p in sorted(examples.glob("*.jpg"))[:3]], real, "cpu")
    sheets = [patch_mosaic(scan, "relu3_1", 220), driver_mosaic(scan, "relu3_1", 220)]
    assert {sheet.size for sheet in sheets} == {(196, 196)}
    for patch in scan.top("relu1_1", 12):  # its filter adds green and takes the rest away
        red, green, blue = cut_out(scan.pictures[patch.picture], patch).getpixel((1, 1))
        assert green > max(red, blue)
