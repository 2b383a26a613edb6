"""Layers × α/β: many pictures through one pass, the paper's normalisation, and a board that fills in."""

import math
from itertools import chain

import pytest
import torch
from tiny import checks, pale_checks, tiny_filters, waves

from nst import Diverged, Settings, SettingsError, WeightsError, stylize
from nst.descent import Descent, advance, descend
from nst.device import choose
from nst.network.vgg import Network
from nst.objective import Costs, make_objective, make_objectives, network_of, used_layers
from nst.optimizers import make_optimizer
from nst.report import result_of
from nst.schedule import starting_image
from nst.studies.board import GRID
from nst.studies.descents import prepare
from nst.studies.grid import cell_settings, layers_grid, relative_strength
from nst.studies.outlines import RATIOS, compare_outline, grid_outline
from nst.tensors import to_tensor

LAYERS = ("relu1_1", "relu2_1", "relu3_1")
SMALL = Settings(
    size=64,
    evaluations=4,
    scales=1,
    init="noise",
    tv=0.0,
    pooling="average",
    content_layers={"relu3_3": 1.0},
    style_layers=dict.fromkeys(LAYERS, 1.0),
)


def grid(settings=SMALL, **keywords):
    return list(layers_grid(waves(), checks(), settings, "cpu", tiny_filters(), **keywords))


@pytest.fixture(scope="module")
def boards():
    return grid()


def various():
    """Settings that differ in everything a picture may have for itself."""
    return [
        SMALL.with_(strength=300.0, style_layers={"relu1_1": 1.0}, tv=0.5),
        SMALL.with_(strength=1.0, style_layers=dict.fromkeys(LAYERS, 1.0), init="content"),
        SMALL.with_(alpha=1.0, beta=0.0, content_layers={"relu2_2": 1.0}),
        SMALL.with_(alpha=0.0, beta=2.0, style_layers={"relu1_1": 1.0, "relu3_1": 3.0}, optimizer="adam"),
    ]


# Many pictures through one pass


@pytest.mark.usefixtures("in_float32")
def test_a_batch_of_pictures_has_the_costs_and_gradients_of_each_alone():
    where, content, styles = (
        choose("cpu"),
        to_tensor(waves()),
        list(map(to_tensor, (pale_checks(), checks()))),
    )
    many = [settings.with_(tv=5.0, style_weights=(0.9, 0.1)) for settings in various()]
    together = make_objectives(whole(many), many, content, styles)
    assert len({weighting.kappa for weighting in together.weightings}) == 2
    x = torch.rand(4, 3, 48, 64, generator=torch.Generator().manual_seed(1))
    costs, gradients = together(x)
    for settings, cost, gradient, image in zip(many, costs, gradients.split(1), x.split(1), strict=True):
        alone = make_objective(network_of(tiny_filters(), settings, where), settings, content, styles)
        expected, slope = alone(image)
        assert cost.total == pytest.approx(expected.total, rel=1e-4)
        torch.testing.assert_close(gradient, slope, rtol=1e-3, atol=1e-5 * float(slope.abs().max()))
        if settings.beta != 0:
            assert cost.style == pytest.approx(expected.style, rel=1e-4)
        if settings.alpha != 0:
            assert cost.content == pytest.approx(expected.content, rel=1e-4)


@pytest.mark.usefixtures("in_float32")
def test_pictures_painted_together_are_those_painted_one_by_one():
    where, content, styles = choose("cpu"), to_tensor(waves()), [to_tensor(checks())]
    descents = [begun(settings, content) for settings in various()]
    together = make_objectives(whole(various()), various(), content, styles)
    for _ in range(5):
        advance(together, descents)
    for settings, descent in zip(various(), descents, strict=True):
        objective = make_objective(network_of(tiny_filters(), settings, where), settings, content, styles)
        start = begun(settings, content)
        *_, (_, best) = descend(objective, start.x, start.optimizer, 5)
        torch.testing.assert_close(descent.best, best, rtol=0, atol=0.005)


def whole(many):
    return Network(tiny_filters(), {*chain(*used_layers(many))}, many[0].pooling)


def begun(settings, content):
    return Descent(starting_image(settings, content), make_optimizer(settings.optimizer, 0.02, content))


def test_costs_with_weight_zero_need_no_deeper_network():
    shallow = SMALL.with_(alpha=0.0, beta=1.0, style_layers={"relu1_1": 1.0})
    network = whole([shallow, SMALL])
    found = make_objectives(network, [shallow], to_tensor(waves()), [to_tensor(checks())]).parts.network
    assert found.layers == ("relu1_1",)
    assert found.convolutions == network.convolutions[:1]


def test_once_all_have_settled_nothing_more_is_evaluated():
    descents = [begun(SMALL, to_tensor(waves())) for _ in range(2)]
    for descent in descents:
        descent.settled = True
    advance(lambda x: pytest.fail("an evaluation that nobody needs"), descents)
    assert [descent.evaluation for descent in descents] == [1, 1]


def test_a_picture_that_diverges_leaves_the_others_as_they_would_be_alone():
    def objective(x):
        totals = x.square().sum(dim=(1, 2, 3)).tolist()
        calls.append(len(x))
        if len(calls) > 2:
            totals[1] = math.nan
        return [Costs(total, 0.0, {}, 0.0) for total in totals], 2 * x

    calls = []
    starts = [torch.full((1, 3, 4, 4), value) for value in (0.3, 0.5, 0.7)]
    descents = [Descent(x, make_optimizer("lbfgs", 0.02, x)) for x in starts]
    for _ in range(20):
        advance(objective, descents)
    assert [descent.diverged for descent in descents] == [False, True, False]
    assert all(descent.best.isfinite().all() for descent in descents)
    assert [descent.evaluation for descent in descents] == [20, 15, 20]
    for start, descent in zip(starts[::2], descents[::2], strict=True):
        calls.clear()
        alone = Descent(start, make_optimizer("lbfgs", 0.02, start))
        for _ in range(20):
            costs, gradient = [Costs(float(alone.x.square().sum()), 0.0, {}, 0.0)], 2 * alone.x
            alone.move_on(costs[0], gradient)
        torch.testing.assert_close(descent.best, alone.best)


# The paper's normalisation


@pytest.mark.usefixtures("in_float32")
def test_the_objective_is_the_relative_costs_of_a_plain_loop():
    """‖F − P‖² / ‖P‖² and Σ 1/L · ‖G − A‖² / ‖A‖², entry by entry in float64."""
    ratio, where = 1e-3, choose("cpu")
    filters, content, style = tiny_filters(3), to_tensor(waves(32, 24)), to_tensor(checks(32, 24))
    layers = ("relu1_1", "relu2_1")
    settings = cell_settings(SMALL, ratio, "relu2_1", layers)
    objective = make_objective(network_of(filters, settings, where), settings, content, [style])
    x = starting_image(SMALL, content)
    f, p, a = (objective.one.parts.network(image) for image in (x, content, style))
    expected = ratio / 0.003 * distance(f["relu2_1"].flatten(), p["relu2_1"].flatten())
    for layer in layers:
        expected += distance(gram(f[layer]), gram(a[layer])) / len(layers)
    assert objective(x)[0].total / relative_strength(ratio) == pytest.approx(expected, rel=1e-4)


def distance(found, goal):
    found, goal = found.double().tolist(), goal.double().tolist()
    return sum((a - b) ** 2 for a, b in zip(found, goal, strict=True)) / sum(b * b for b in goal)


def gram(activations):
    rows = activations[0].double().flatten(1)
    return torch.stack([(a * b).sum() for a in rows for b in rows])


def test_the_papers_columns_are_strengths_from_three_hundred_down():
    assert [relative_strength(ratio) for ratio in RATIOS] == pytest.approx([300, 30, 3, 0.3])
    columns = grid_outline(ratios=(*RATIOS, 2e-3)).columns
    assert columns == tuple(f"α/β = {written}" for written in ("10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "0.002"))


def test_the_smaller_alpha_over_beta_the_further_the_picture_leaves_the_content():
    last = grid(SMALL.with_(evaluations=12, init="content"), layers=("relu1_1", "relu2_1"))[-1]
    for row in range(len(last.rows)):
        moved = [last.at(row, column).costs.content for column in range(4)]
        assert moved == sorted(moved, reverse=True)


# The board


def test_the_first_board_comes_before_any_work():
    first = next(layers_grid(waves(), checks(), SMALL.with_(weights="/nowhere")))
    assert (first.cells, first.device, first.evaluation) == ((), "", 0)
    assert first.columns[0] == "α/β = 10⁻⁵"


def test_rows_go_as_deep_as_the_filters(boards):
    assert boards[-1].rows == ("conv1_1", "up to conv2_1", "up to conv3_1")
    assert {tuple(cell.settings.content_layers) for cell in boards[-1].cells} == {("relu3_1",)}
    deep = list(layers_grid(waves(), checks(), SMALL.with_(evaluations=1), "cpu", tiny_filters(16)))[-1]
    assert deep.rows[-1] == "up to conv5_1"
    assert len(deep.cells) == 20
    assert tuple(deep.cells[0].settings.content_layers) == ("relu4_2",)


def test_all_cells_fill_in_together_one_evaluation_at_a_time(boards):
    painting = [board for board in boards if board.evaluation]
    assert [board.evaluation for board in painting] == list(range(4, 49, 4))
    for board in painting:
        counts = [cell.evaluation for cell in board.cells]
        assert max(counts) - min(counts) <= 1
    assert {cell.image.size for cell in painting[-1].cells} == {(64, 48)}
    assert painting[-1].of == 48
    assert painting[-1].eta == 0


def test_stopping_keeps_what_is_done():
    generator = layers_grid(waves(), checks(), SMALL, "cpu", tiny_filters())
    stopped = next(board for board in generator if board.evaluation == 16)
    generator.close()
    assert stopped.at(0, 0).evaluation == 2
    assert stopped.at(2, 3).evaluation == 1
    assert stopped.at(0, 0).image.size == (64, 48)


def test_a_board_kept_from_earlier_does_not_change(boards):
    early, late = boards[3].at(0, 0), boards[-1].at(0, 0)
    assert early.image.tobytes() != late.image.tobytes()
    assert late.costs.total < early.costs.total


@pytest.mark.parametrize("place", [(0, 0), (1, 2), (2, 3)])
def test_a_cell_opened_in_transfer_is_the_same_picture(boards, place):
    cell = boards[-1].at(*place)
    alone = list(stylize(waves(), checks(), cell.settings, "cpu", tiny_filters()))
    totals = [progress.costs.total for progress in alone if progress.costs]
    assert min(totals) == pytest.approx(cell.costs.total, rel=1e-3)
    pictures = [to_tensor(picture) for picture in (alone[-1].image, cell.image)]
    torch.testing.assert_close(*pictures, rtol=0, atol=2 / 255)


def test_a_cell_painted_coarse_to_fine_is_the_same_picture_in_transfer():
    cell = grid(SMALL.with_(size=128, scales=2, evaluations=6, init="content"), ratios=(1e-3,))[-1].at(2, 0)
    alone = list(stylize(waves(), checks(), cell.settings, "cpu", tiny_filters()))
    pictures = [to_tensor(picture) for picture in (alone[-1].image, cell.image)]
    torch.testing.assert_close(*pictures, rtol=0, atol=2 / 255)


def test_self_taught_filters_give_all_five_rows():
    settings = SMALL.with_(weights="self-taught", evaluations=1)
    last = list(layers_grid(waves(), checks(), settings, "cpu", ratios=(1e-3,)))[-1]
    assert last.features == "self-taught filters"
    assert len(last.rows) == 5


def test_no_layer_is_learned_that_no_picture_of_a_board_has():
    settings = SMALL.with_(weights="self-taught")
    board = compare_outline((64, 48), settings.evaluations)
    prepared = result_of(prepare(board, waves(), [checks()], settings, "relu2_1", "cpu", None))
    assert len(prepared.filters.kernels) == 3


def test_a_self_taught_cell_opened_in_transfer_is_the_same_picture():
    settings = SMALL.with_(weights="self-taught")
    board = list(layers_grid(waves(), checks(), settings, "cpu", ratios=(1e-3,)))[-1]
    cell = board.at(1, 0)
    alone = list(stylize(waves(), checks(), cell.settings, "cpu"))[-1]
    pictures = [to_tensor(picture) for picture in (alone.image, cell.image)]
    torch.testing.assert_close(*pictures, rtol=0, atol=2 / 255)


@pytest.mark.weights
def test_a_file_of_the_first_layers_gives_the_rows_it_reaches(real_weights):
    settings = SMALL.with_(weights=real_weights, evaluations=1)
    boards = list(layers_grid(waves(), checks(), settings, "cpu", ratios=(1e-3,)))
    assert boards[-1].rows == ("conv1_1", "up to conv2_1", "up to conv3_1")


# Bad input


def test_a_layer_the_filters_lack_is_named():
    with pytest.raises(SettingsError, match="relu4_1 cannot be used: choose layers up to relu3_4"):
        grid(layers=("relu1_1", "relu4_1"))


@pytest.mark.parametrize("ratio", [0, -1, 1e-6, 1, math.nan, "much"])
def test_a_ratio_out_of_range_is_refused_with_the_range(ratio):
    with pytest.raises(SettingsError, match=r"from 3e-06 to 0\.03, not"):
        layers_grid(waves(), checks(), ratios=(1e-3, ratio))


def test_a_grid_without_ratios_is_refused():
    with pytest.raises(SettingsError, match="at least one ratio"):
        layers_grid(waves(), checks(), ratios=())


def test_a_size_no_board_is_painted_at_is_refused_with_the_range():
    with pytest.raises(SettingsError, match=r"from 64 to 256 .*not “512”"):
        layers_grid(waves(), checks(), GRID.with_(size=512))


def test_a_long_content_image_that_would_be_squashed_is_refused_as_a_run_would():
    with pytest.raises(SettingsError, match="would be squashed at a size of 64"):
        layers_grid(waves(512, 64), checks(), GRID.with_(size=64))


def test_what_total_variation_weighs_in_a_column_stays_within_its_bounds():
    heavy = cell_settings(SMALL.with_(tv=1e9), 3e-6, "relu4_2", ["relu1_1"])
    assert heavy.tv == 1e9


def test_a_weights_file_that_does_not_exist_is_named():
    with pytest.raises(WeightsError, match="does not exist"):
        list(layers_grid(waves(), checks(), SMALL.with_(weights="/nowhere")))


def test_a_board_of_which_nothing_is_finite_ends_with_one_sentence_and_what_there_was(monkeypatch):
    broken = lambda image, *_: image.sum(dim=(1, 2, 3)) * math.nan  # noqa: E731
    monkeypatch.setattr("nst.objective.total_variation", broken)
    with pytest.raises(Diverged, match="every picture") as caught:
        list(layers_grid(waves(), checks(), SMALL, "cpu", tiny_filters()))
    assert caught.value.best.rows
