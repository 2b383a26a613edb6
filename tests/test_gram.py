"""How it works: heat maps, channels, pairs and sums against plain arithmetic."""

import pytest
import reference
import torch
from tiny import checks, tiny_filters, waves

from nst.costs import gram_matrix, total_variation
from nst.network.vgg import Network
from nst.objective import Objective, PlainCostParts, Weighting, weighed
from nst.studies.gram import (
    CELL,
    COLOURS,
    SHOWN,
    active_channels,
    channel_order,
    coloured,
    correlated_pairs,
    entries,
    heat_maps,
    layer_sums,
)
from nst.targets import Targets
from nst.tensors import to_tensor

LAYERS = ("relu1_1", "relu2_1", "relu3_1")


def sums_of(layer, content, style, generated):
    return layer_sums(layer, content, generated, [gram_matrix(a) for a in (content, style, generated)])


@pytest.fixture(scope="module")
def network():
    return Network(tiny_filters(5), LAYERS, "average")


@pytest.fixture(scope="module")
def images():
    generated = torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    return to_tensor(waves()), to_tensor(checks()), generated


@pytest.fixture(scope="module")
def style(network, images):
    return network(images[1])


def test_colours_grow_lighter_step_by_step():
    luma = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in COLOURS]
    assert luma == sorted(luma)


def test_equal_numbers_have_one_colour_in_all_heat_maps():
    small, large = torch.tensor([[1.0, 0.25], [0.25, 0.5]]), torch.tensor([[4.0, 1.0], [1.0, 1.0]])
    first, second = heat_maps([small, large], torch.tensor([0, 1]))
    assert first.getpixel((0, 0)) == second.getpixel((CELL, 0)) == COLOURS[4]  # √(1/4): half-way
    assert second.getpixel((0, 0)) == COLOURS[-1]


def test_channels_stand_by_the_energy_of_the_style_image_in_all_heat_maps():
    gram = torch.diag(torch.tensor([1.0, 9.0, 4.0]))
    order = channel_order(gram)
    assert order.tolist() == [1, 2, 0]
    (picture,) = heat_maps([gram], order)
    diagonal = [sum(picture.getpixel((CELL * n, CELL * n))) for n in range(3)]
    assert diagonal == sorted(diagonal, reverse=True)


def test_at_most_the_64_strongest_channels_are_shown():
    gram = torch.rand(100, 100, generator=torch.Generator().manual_seed(0))
    (picture,) = heat_maps([gram @ gram.T], torch.arange(100))
    assert picture.size == (CELL * SHOWN, CELL * SHOWN)


def test_shuffled_positions_give_the_same_heat_map(style):
    activations = style["relu2_1"]
    order = torch.randperm(activations[0, 0].numel(), generator=torch.Generator().manual_seed(1))
    shuffled = activations.flatten(2)[..., order].view_as(activations)
    grams = [gram_matrix(a)[0] for a in (activations, shuffled)]
    torch.testing.assert_close(*grams, rtol=1e-4, atol=1e-4)
    first, second = heat_maps(grams, channel_order(grams[0]))
    assert max(abs(a - b) for a, b in zip(first.tobytes(), second.tobytes(), strict=True)) <= 1


def test_entries_are_those_of_the_channels_in_order():
    gram = torch.arange(9.0).view(3, 3)
    assert entries(gram, torch.tensor([2, 0])).tolist() == [[8, 6], [2, 0]]


def test_what_is_above_the_top_of_the_scale_has_its_colour():
    picture = coloured(torch.tensor([[8.0, 2.0], [0.5, 0.0]]), 2.0)
    assert picture.size == (2, 2)
    assert picture.getpixel((0, 0)) == picture.getpixel((1, 0)) == COLOURS[-1]
    assert picture.getpixel((0, 1)) == COLOURS[4]  # √(0.5/2): half-way


def test_the_most_active_channels_are_those_of_the_papers_sum(style):
    gram = reference.gram(style["relu3_1"][0])
    energies = sorted(range(8), key=lambda k: -gram[k][k])
    found = active_channels(style["relu3_1"], "relu3_1", (80, 64), 3)
    assert [channel.channel for channel in found] == energies[:3]
    positions = style["relu3_1"][0, 0].numel()
    assert found[0].energy == pytest.approx(gram[energies[0]][energies[0]] / positions, rel=1e-4)
    assert found[0].patches[0].activation == pytest.approx(float(style["relu3_1"][0, energies[0]].max()))


def test_pairs_are_those_with_the_largest_correlation(style):
    gram = reference.gram(style["relu2_1"][0])
    expected = {
        (k, m): gram[k][m] / (gram[k][k] * gram[m][m]) ** 0.5
        for k in range(8)
        for m in range(8)
        if gram[k][k] > gram[m][m] > 0
    }
    found = correlated_pairs(style["relu2_1"], "relu2_1", (80, 64), 5)
    assert [pair.channels for pair in found] == sorted(expected, key=expected.get, reverse=True)[:5]
    assert found[0].correlation == pytest.approx(max(expected.values()), rel=1e-4)


def test_a_pairs_first_patch_is_where_the_product_is_largest(style):
    pair = correlated_pairs(style["relu2_1"], "relu2_1", (80, 64))[0]
    product = style["relu2_1"][0, pair.channels[0]] * style["relu2_1"][0, pair.channels[1]]
    best = pair.patches[0]
    assert best.activation == float(product.max()) == float(product[best.row, best.column])


def test_sums_are_the_papers(network, images):
    content, style, generated = (
        network(image)["relu3_1"] for image in (images[0], images[0].flip(3), images[2])
    )
    sums = sums_of("relu3_1", content, style, generated)
    assert (sums.height, sums.width, sums.channels) == (12, 16, 8)
    assert sums.content == pytest.approx(reference.content_cost(generated[0], content[0]), rel=1e-4)
    assert sums.style == pytest.approx(reference.style_cost(generated[0], style[0]), rel=1e-4)
    assert sums.style_before == pytest.approx(reference.style_cost(content[0], style[0]), rel=1e-3)
    assert sums.change == sums.style - sums.style_before


def test_weighed_costs_are_those_the_objective_has(network, images, style):
    content, _, generated = images
    before, after = network(content), network(generated)
    sums = {layer: sums_of(layer, before[layer], style[layer], after[layer]) for layer in LAYERS}
    weighting = Weighting(3.0, 50.0, 0.7, {"relu3_1": 1.0}, {"relu1_1": 0.3, "relu2_1": 0.7}, 4.0)
    grams = {layer: gram_matrix(style[layer]) for layer in weighting.lambdas}
    targets = Targets({"relu3_1": before["relu3_1"]}, grams)
    truth, _ = Objective(PlainCostParts(network, targets), targets, weighting)(generated)
    content = {layer: found.content for layer, found in sums.items()}
    of_style = {layer: found.style for layer, found in sums.items()}
    costs = weighed(weighting, content, of_style, float(total_variation(generated, 4.0)))
    assert costs.total == pytest.approx(truth.total, rel=1e-5)
    assert costs.content == pytest.approx(truth.content, rel=1e-5)
    assert costs.style == pytest.approx(truth.style, rel=1e-5)
