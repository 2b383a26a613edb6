"""What a run minimises: J from its parts, what a strength is in α and β, and how colour counts."""

from dataclasses import replace

import pytest
import reference
import torch
from tiny import SMALL, checks, run, tiny_filters, waves

from nst.borders import with_margin
from nst.costs import content_cost, gram_matrix, style_cost, variations
from nst.errors import SettingsError
from nst.network.vgg import Filters, Network
from nst.objective import weigh, weighed
from nst.targets import MOST_KAPPA, Goal, make_targets
from nst.tensors import to_tensor


@pytest.mark.parametrize(
    ("init", "optimizer", "pooling"),
    [
        ("content", "spectral", "max"),
        ("noise", "spectral", "average"),
        ("blend", "lbfgs", "max"),
        ("content", "lbfgs", "average"),
        ("noise", "adam", "max"),
        ("content", "gd", "average"),
    ],
)
def test_every_start_optimiser_and_pooling_lowers_the_cost(init, optimizer, pooling):
    settings = SMALL.with_(init=init, optimizer=optimizer, pooling=pooling, evaluations=10)
    totals = [p.costs.total for p in run(settings) if p.costs]
    assert min(totals) < 0.8 * totals[0]


def test_the_total_is_alpha_content_plus_beta_lambda_style_plus_gamma_tv():
    settings = SMALL.with_(alpha=3.0, beta=5.0, tv=7.0, style_layers={"relu1_1": 1, "relu2_1": 3})
    costs = run(settings)[-1].costs
    style = 0.25 * costs.style["relu1_1"] + 0.75 * costs.style["relu2_1"]
    assert costs.total == pytest.approx(3 * costs.content + 5 * style + 7 * costs.tv, rel=1e-5)


@pytest.mark.usefixtures("in_float32")
def test_costs_are_in_the_units_of_the_formulas():
    """The first evaluation is at the content image itself, whose costs can be computed beside it."""
    network = Network(tiny_filters(), SMALL.layers, "average")
    content, style = with_margin(to_tensor(waves(), (64, 48))), to_tensor(checks(), (64, 51))
    a, b = network(content), network(style)
    first = next(p for p in run() if p.costs).costs
    assert first.content == 0
    for layer, cost in first.style.items():
        expected = style_cost(gram_matrix(a[layer]), gram_matrix(b[layer]))
        assert cost == pytest.approx(float(expected), rel=1e-4)


def _louder(filters: Filters, factor: float) -> Filters:
    """Filters whose every activation is `factor` times as large."""
    kernels = (filters.kernels[0] * factor, *filters.kernels[1:])
    return Filters(filters.label, filters.kind, kernels, tuple(bias * factor for bias in filters.biases))


def test_a_strength_means_the_same_on_filters_of_any_scale():
    quiet, loud = (run(filters=_louder(tiny_filters(), factor))[0:] for factor in (1.0, 64.0))
    for a, b in zip(quiet, loud, strict=True):
        if a.costs:
            assert a.costs.total == pytest.approx(b.costs.total, rel=1e-3)


@pytest.mark.parametrize("factor", [1e12, 1e30])
def test_filters_too_loud_for_float32_are_said_to_be_so(factor):
    with pytest.raises(SettingsError, match=r"of these filters at relu\d_\d are too large to compute with"):
        run(filters=_louder(tiny_filters(), factor))


def test_strength_is_the_ratio_of_beta_to_alpha_once_costs_are_relative():
    settings = SMALL.with_(strength=12.0)
    network = Network(tiny_filters(), settings.layers, "average")
    targets = make_targets(network, settings, to_tensor(waves()), [to_tensor(checks())])
    weighting = weigh(settings, targets)
    silent = {layer: torch.zeros_like(gram) for layer, gram in targets.style.items()}
    style = sum(
        weighting.lambdas[layer] * float(style_cost(silent[layer], gram))
        for layer, gram in targets.style.items()
    )
    content = targets.content["relu3_3"]
    assert weighting.alpha * float(content_cost(torch.zeros_like(content), content)) == pytest.approx(1)
    assert weighting.beta * style == pytest.approx(12)
    assert sum(weighting.lambdas.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("weights", "times"), [({"alpha": 10.0, "beta": 40.0}, 1), ({"strength": 4.0}, 5)], ids=str
)
def test_a_coarser_scale_is_painted_with_a_larger_beta_where_beta_is_not_given(weights, times):
    settings = SMALL.with_(tv=2.0, **weights)
    coarse, fine = (r for r in run(settings.with_(size=128, scales=2, evaluations=2)) if r.costs)
    alone = run(settings.with_(evaluations=1))[-1]
    assert coarse.size == alone.size
    assert coarse.weighting.beta == pytest.approx(times * alone.weighting.beta, rel=1e-12)
    assert replace(coarse.weighting, beta=alone.weighting.beta) == alone.weighting
    assert fine.weighting == run(settings.with_(size=128, evaluations=1))[-1].weighting
    expected = weighed(coarse.weighting, {"relu3_3": alone.costs.content}, alone.costs.style, alone.costs.tv)
    assert coarse.costs.total == pytest.approx(expected.total, rel=1e-6)


def test_colour_counts_in_total_variation_the_more_the_less_of_it_the_style_has():
    """κ, from slow sums; of a style without colour the most there is, with α and β as set none."""

    def kappa(style, **settings):
        targets = make_targets(network, SMALL, to_tensor(waves()), [style])
        return weigh(SMALL.with_(**settings), targets).kappa

    network, strong = Network(tiny_filters(), SMALL.layers, "average"), to_tensor(checks())
    lightness = strong.mean(dim=1, keepdim=True).expand_as(strong)
    style = lightness + (strong - lightness) / 8
    expected = reference.total_variation(lightness[0]) / reference.total_variation((style - lightness)[0])
    assert expected > 1
    assert kappa(style) == pytest.approx(expected, rel=1e-4)
    assert kappa(lightness) == MOST_KAPPA
    assert kappa(strong) == 1
    assert kappa(style, alpha=1.0, beta=1.0) == 1


def test_what_is_painted_after_a_grey_print_has_few_fine_changes_of_colour(monkeypatch):
    settings, style = SMALL.with_(tv=5.0, strength=20.0, evaluations=30), checks().convert("L").convert("RGB")
    held = variations(to_tensor(run(settings, style=style)[-1].image))[1]
    monkeypatch.setattr("nst.targets.MOST_KAPPA", 1.0)
    free = variations(to_tensor(run(settings, style=style)[-1].image))[1]
    assert held < free / 3


def test_a_mix_of_styles_counts_colour_as_its_weights_say_and_regions_as_what_they_are_painted_in():
    network, content = Network(tiny_filters(), SMALL.layers, "average"), to_tensor(waves())
    styles = [to_tensor(picture) for picture in (checks().convert("L").convert("RGB"), checks())]
    expected = {0: MOST_KAPPA, 1: 1.0}
    for which, kappa in expected.items():
        weights = tuple(float(k == which) for k in range(2))
        assert make_targets(network, SMALL.with_(style_weights=weights), content, styles).kappa == kappa
        guides, goals = torch.ones(1, 1, *content.shape[2:]), [[Goal(1.0, which)]]
        assert make_targets(network, SMALL, content, styles, guides, goals).kappa == kappa


def test_a_stronger_style_moves_the_picture_further_from_the_content():
    moved = [run(SMALL.with_(strength=s, evaluations=15))[-1].costs.content for s in (1, 30, 300)]
    assert moved == sorted(moved)


def test_several_styles_aim_at_the_mean_of_their_gram_matrices():
    network, styles = (
        Network(tiny_filters(), SMALL.layers, "average"),
        [to_tensor(checks()), to_tensor(waves())],
    )
    both = make_targets(network, SMALL, to_tensor(waves()), styles).style
    each = [make_targets(network, SMALL, to_tensor(waves()), [style]).style for style in styles]
    for layer, gram in both.items():
        torch.testing.assert_close(gram, (each[0][layer] + each[1][layer]) / 2)
