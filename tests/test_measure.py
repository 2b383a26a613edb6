"""How it works: what is measured against slow loops, and the run that measures it."""

from dataclasses import replace

import pytest
import reference
import torch
from tiny import checks, pale_checks, tiny_filters, waves

from nst import stylize
from nst.errors import SettingsError
from nst.network.layers import depth
from nst.network.vgg import Network
from nst.report import result_of
from nst.settings import Settings
from nst.studies import measure
from nst.studies.measure import Measuring, run_filters
from nst.tensors import to_tensor
from nst.ui import measuring as page
from nst.ui.how_tab import _shown
from nst.ui.measuring import Asked, measure_run
from nst.ui.running.frames import Moment, Point
from nst.ui.running.limits import Limits
from nst.ui.running.workspace import ask_to_stop
from nst.ui.sums import numbers_of, read, sums_html, written

LAYERS = ("relu1_1", "relu2_1", "relu3_1")
SETTINGS = Settings(content_layers={"relu3_1": 1.0}, style_layers={"relu1_1": 1.0, "relu2_1": 3.0})
SIZE = (64, 48)


@pytest.fixture(scope="module")
def filters():
    return tiny_filters(5)


@pytest.fixture(scope="module")
def measuring(filters):
    return Measuring(waves(), checks(), SETTINGS, filters, LAYERS, SIZE)


@pytest.fixture(scope="module")
def generated():
    return waves().rotate(180)


def seen(picture, size, margin=8):
    """(1, 3, H, W) of a picture mirrored beyond its border by so many pixels."""
    return torch.nn.ReflectionPad2d(margin)(to_tensor(picture, size))


def activations(filters, picture, size, layer, margin=8):
    """(nC, nH, nW) of a picture at a layer, in float64."""
    return Network(filters, [layer], "max")(seen(picture, size, margin))[layer][0].double()


def activations_of_style(filters, layer):
    """Those of the style image, which has no margin and is as long as the others: 80 × 64 becomes 64 × 51."""
    return activations(filters, checks(), (64, 51), layer, margin=0)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_three_gram_matrices_are_the_papers_over_their_own_positions(
    filters, measuring, generated, layer
):
    found = measuring.measure(generated, SIZE)
    shown = measuring.strongest[layer].shown
    c, g = (activations(filters, picture, SIZE, layer) for picture in (waves(), generated))
    for a, entries in zip((c, activations_of_style(filters, layer), g), found.grams[layer], strict=True):
        gram, positions = reference.gram(a), a.shape[1] * a.shape[2]
        expected = [[gram[k][m] / positions for m in shown] for k in shown]
        torch.testing.assert_close(entries.double(), torch.tensor(expected).double(), rtol=1e-4, atol=1e-5)


def test_channels_are_in_the_order_of_the_style_image(filters, measuring):
    gram = reference.gram(activations_of_style(filters, "relu2_1"))
    assert list(measuring.strongest["relu2_1"].shown) == sorted(range(8), key=lambda k: -gram[k][k])


def test_the_costs_are_those_of_slow_loops(filters, measuring, generated):
    found = measuring.measure(generated, SIZE)
    c, g = (activations(filters, picture, SIZE, "relu3_1") for picture in (waves(), generated))
    s = activations_of_style(filters, "relu3_1")
    sums = found.sums["relu3_1"]
    assert (sums.height, sums.width, sums.channels) == (16, 20, 8)
    assert sums.content == pytest.approx(reference.content_cost(g, c), rel=1e-4)
    grams = [
        torch.tensor(reference.gram(a), dtype=torch.float64) / (a.shape[1] * a.shape[2]) for a in (c, s, g)
    ]
    for cost, gram in ((sums.style_before, grams[0]), (sums.style, grams[2])):
        assert cost == pytest.approx(float((gram - grams[1]).square().sum()) / (4 * 8**2), rel=1e-4)
    assert found.tv == pytest.approx(reference.total_variation(seen(generated, SIZE)[0]), rel=1e-4)


def test_a_run_begins_with_what_is_measured_of_the_content_image(filters, measuring, monkeypatch):
    monkeypatch.setenv("NST_PRECISION", "float32")  # that of what is measured
    settings = SETTINGS.with_(size=64, scales=1, evaluations=1)
    *_, begun = stylize(waves(), checks(), settings, "cpu", filters)
    found = measuring.measure(waves(), SIZE)
    for layer, cost in begun.costs.style.items():
        assert found.sums[layer].style == found.sums[layer].style_before == pytest.approx(cost, rel=1e-4)
    assert found.tv == pytest.approx(begun.costs.tv, rel=1e-4)
    assert found.weighting.beta == pytest.approx(begun.weighting.beta, rel=1e-4)


def test_changes_of_colour_count_in_total_variation_as_they_do_in_a_run(filters, generated):
    found = Measuring(waves(), pale_checks(), SETTINGS, filters, LAYERS, SIZE).measure(generated, SIZE)
    assert found.weighting.kappa > 2
    tv = reference.total_variation(seen(generated, SIZE)[0], found.weighting.kappa)
    assert found.tv == pytest.approx(tv, rel=1e-4)


def test_another_size_is_measured_as_if_it_had_been_the_first(filters, generated):
    both = Measuring(waves(), checks(), SETTINGS, filters, LAYERS, SIZE)
    fresh = Measuring(waves(), checks(), SETTINGS, filters, LAYERS, (32, 24))
    both.measure(generated, SIZE)
    small, alone = (one.measure(generated, (32, 24)) for one in (both, fresh))
    assert small.sums == alone.sums
    assert small.weighting == alone.weighting
    assert small.weighting != both.measure(generated, SIZE).weighting
    assert (
        both.strongest["relu2_1"].shown
        == measure.Measuring(waves(), checks(), SETTINGS, filters, LAYERS, SIZE).strongest["relu2_1"].shown
    )


@pytest.mark.parametrize(
    "other", [{"statistic": "mean"}, {"seamless": True}, {"canvas": "1:1"}, {"style_weights": (0.5, 0.5)}]
)
def test_settings_whose_cost_is_another_are_refused(filters, other):
    with pytest.raises(SettingsError, match="one style image by Gram matrices, without seamless edges"):
        Measuring(waves(), checks(), SETTINGS.with_(**other), filters, LAYERS, SIZE)


def test_layers_the_filters_lack_are_refused(filters):
    with pytest.raises(SettingsError, match="end at relu3_1, so relu4_1 cannot be used"):
        Measuring(waves(), checks(), SETTINGS, filters, ("relu4_1",), SIZE)


def test_filters_go_no_deeper_than_the_papers_layers_or_the_settings(monkeypatch):
    asked = []

    def find(source, through):
        asked.append(through)
        yield "Reading"
        return tiny_filters(depth(through))

    monkeypatch.setattr(measure, "as_deep_as_can_be", find)
    _, layers = result_of(run_filters(Settings(), waves(), checks()))
    assert (asked, layers[0], layers[-1], len(layers)) == (["relu5_1"], "relu1_1", "relu5_1", 13)
    deep = Settings(content_layers={"conv5_3": 1.0})
    _, layers = result_of(run_filters(deep, waves(), checks()))
    assert (asked[-1], layers[-2:]) == ("conv5_3", ("relu5_3", "conv5_3"))


COSTS = Point(7, 4.25, 0.5, {"relu1_1": 2.0, "relu2_1": 3.0}, 0.25, {})
RUN = {
    "alpha": 2.0,
    "beta": 1.0,
    "gamma": 1.0,
    "kappa": 1000.0,
    "lambdas": {"relu1_1": 0.25, "relu2_1": 0.75},
}


@pytest.fixture
def asked(tmp_path) -> Asked:
    """Two pictures and a run of them with three moments, the last of which has costs of its own."""
    pictures = {
        "content": waves(128, 96),
        "style": checks(),
        "one": checks(48, 36),
        "last": waves().rotate(180),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / f"{name}.png")
    moments = (
        Moment(1, str(tmp_path / "one.png"), 48, 36),
        Moment(4, str(tmp_path / "last.png"), 64, 48),
        Moment(7, str(tmp_path / "last.png"), 64, 48, COSTS, **RUN),
    )
    return Asked(str(tmp_path / "content.png"), str(tmp_path / "style.png"), SETTINGS, moments)


@pytest.fixture
def folder(tmp_path, monkeypatch, filters) -> str:
    """Of a run with tiny filters."""

    def tiny(settings, content, style):
        yield "Reading"
        return filters, LAYERS

    monkeypatch.setattr(measure, "run_filters", tiny)
    tmp_path.joinpath("run").mkdir()
    return str(tmp_path / "run")


def test_every_moment_is_measured_the_finished_picture_first(folder, asked):
    kept = []
    frames = list(measure_run(folder, Limits(), asked, kept.append))
    assert [found.evaluations for found in kept] == [[7], [4, 7], [1, 4, 7]]
    assert frames[0].message == "Reading VGG-19."
    said = [frame.message for frame in frames if "moment" in frame.message]
    assert said[:3] == [f"Measuring moment {n} of 3." for n in (1, 2, 3)]
    assert frames[-1].message == "Measured both pictures and 3 moments of the run with tiny filters."
    assert [shot.measured.size for shot in kept[-1].shots] == [(48, 36), (64, 48), (64, 48)]
    assert (kept[-1].nearest(2).moment.evaluation, kept[-1].nearest(99).moment.evaluation) == (1, 7)


def test_of_many_moments_some_are_measured_the_first_and_the_last_among_them(folder, asked, monkeypatch):
    monkeypatch.setattr(page, "MOST_MEASURED", 2)
    assert found_of(folder, asked).evaluations == [1, 7]


def test_stop_ends_it_after_the_moment_under_way_and_keeps_what_there_is(folder, asked):
    kept = []

    def keep(found):
        kept.append(found)
        ask_to_stop(folder)

    *_, last = measure_run(folder, Limits(), asked, keep)
    assert (last.state, last.message) == ("stopped", "Stopped after 1 of 3 moments: these are shown.")
    assert [found.evaluations for found in kept] == [[7]]


def test_the_deadline_ends_it_too(folder, asked, monkeypatch):
    monkeypatch.setattr(page.Workspace, "why_end", "The 600 s a run may take were over")
    kept = []
    *_, last = measure_run(folder, Limits(), asked, kept.append)
    assert last.message == "The 600 s a run may take were over before anything was measured."
    assert kept == []


def test_pictures_that_have_been_deleted_are_one_sentence(folder, asked):
    gone = replace(asked, moments=(replace(asked.moments[0], path="/nowhere/1.jpg"),))
    with pytest.raises(SettingsError, match=r"^The pictures of the last run have been deleted: paint again"):
        list(measure_run(folder, Limits(), gone, print))


def found_of(folder, asked):
    kept = []
    list(measure_run(folder, Limits(), asked, kept.append))
    return kept[-1]


def test_the_run_s_own_numbers_are_shown_and_weighed_anew(folder, asked):
    found = found_of(folder, asked)
    numbers = numbers_of(found.nearest(7))
    assert numbers.content == numbers.sums["relu3_1"].content == 0.5
    assert (numbers.sums["relu1_1"].style, numbers.sums["relu2_1"].style) == (2.0, 3.0)
    measured = found.shots[-1].measured.sums
    assert numbers.sums["relu3_1"].style == measured["relu3_1"].style  # the run did not use it
    # α · J_content + β · Σ λ · J_style + γ · TV = 2 · 0.5 + 1 · (0.25 · 2 + 0.75 · 3) + 1 · 0.25
    fields = written(numbers.weighting)
    assert fields == (2.0, 1.0, "relu1_1=0.25, relu2_1=0.75")
    html = sums_html(numbers, read(numbers, *fields), "relu1_1")
    assert "<b>4</b>" in html
    assert "in colour as in lightness, κ = 1000" in html
    other = sums_html(numbers, read(numbers, 0.0, 2.0, "relu1_1=5"), "relu1_1")
    assert "<b>4.25</b>" in other  # 0 + 2 · 2 + 0.25


def test_of_a_picture_painted_larger_than_it_is_measured_the_style_cost_of_c_is_not_known(folder, asked):
    shot = found_of(folder, asked).shots[-1]
    large = replace(shot, moment=replace(shot.moment, width=128, height=96))
    numbers = numbers_of(large)
    assert numbers.sums["relu2_1"].height == (96 + 16) // 2
    html = sums_html(numbers, numbers.weighting, "relu1_1")
    assert html.count("<td>–</td>") == 4  # two layers of the run: the cost of C, and the change
    assert "<td>–</td>" not in sums_html(numbers_of(shot), numbers.weighting, "relu1_1")


def test_unchanged_fields_mean_the_unrounded_weights(folder, asked):
    numbers = numbers_of(found_of(folder, asked).shots[0])
    assert read(numbers, *written(numbers.weighting)) == numbers.weighting
    assert numbers.weighting.alpha != written(numbers.weighting)[0]


@pytest.mark.parametrize("typed", ["relu8_1", "relu1_1=-1", "relu1_1=0", "", "relu1_1=nan"])
def test_lambdas_that_cannot_be_are_one_sentence(folder, asked, typed):
    numbers = numbers_of(found_of(folder, asked).shots[-1])
    with pytest.raises(SettingsError, match=r"^λ must be numbers of 0 or more"):
        read(numbers, 1.0, 1.0, typed)


@pytest.mark.parametrize(
    "typed", [None, -1.0, float("nan"), float("inf"), "1", True, pytest.param(10**400, id="400 digits")]
)
def test_an_alpha_that_cannot_be_is_one_sentence_and_so_is_none(folder, asked, typed):
    numbers = numbers_of(found_of(folder, asked).shots[-1])
    with pytest.raises(SettingsError, match=r"^α must be a number of 0 or more\.$"):
        read(numbers, typed, 1.0, "relu1_1=1")


def test_without_a_run_the_generated_image_is_the_content_image(folder, asked):
    found = found_of(folder, replace(asked, moments=(), settings=SETTINGS.with_(size=64)))
    assert found.evaluations == []
    (shot,) = found.shots
    assert (shot.moment, shot.measured.size) == (None, (64, 48))
    numbers = numbers_of(shot)
    assert numbers.content == 0
    assert all(sums.change == 0 for sums in numbers.sums.values())


def test_looking_at_what_was_measured_runs_no_network(folder, asked, monkeypatch):
    found = found_of(folder, asked)

    def run(*args):
        raise AssertionError("the network ran")

    monkeypatch.setattr(Network, "__call__", run)
    monkeypatch.setattr(Network, "__init__", run)
    for shot in found.shots:
        for layer in LAYERS:
            place, *_, filled = _shown(found, shot, layer)
            assert f"Evaluation {shot.moment.evaluation}," in place
            assert filled == written(numbers_of(shot).weighting)


@pytest.mark.parametrize("keeps", [False, True], ids=["the style’s colours", "the content’s"])
def test_where_the_contents_colours_were_kept_it_is_said_which_numbers_are_from_before_recolouring(
    folder, asked, keeps
):
    found = found_of(folder, replace(asked, settings=SETTINGS.with_(keep_colours=keeps)))
    said = (
        "The content’s colours were kept. J, and the costs of the layers that the run used, are of G before "
        "it was recoloured, beside an S with the colours of C; the heat map of G is of the picture you see."
    )
    for shot in found.shots:
        place, *_ = _shown(found, shot, "relu1_1")
        assert (said in place) == keeps
        assert f"Evaluation {shot.moment.evaluation}," in place
