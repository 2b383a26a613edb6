"""What each layer keeps, and three optimisers on one objective."""

from pathlib import Path

import pytest
from tiny import checks, tiny_filters, waves

from nst import Settings, SettingsError
from nst.images import load_picture
from nst.report import result_of
from nst.studies.compare import compare_optimizers
from nst.studies.reconstruct import reconstruct
from nst.tensors import to_tensor
from nst.weights import find_filters

SMALL = Settings(
    size=64,
    evaluations=6,
    scales=1,
    init="noise",
    tv=0.0,
    pooling="average",
    content_layers={"relu3_3": 1.0},
    style_layers=dict.fromkeys(("relu1_1", "relu2_1", "relu3_1"), 1.0),
)


def boards(make, settings=SMALL, **keywords):
    return list(make(waves(), checks(), settings, "cpu", tiny_filters(), **keywords))


@pytest.fixture(scope="module")
def reconstructions():
    return boards(reconstruct)


@pytest.fixture(scope="module")
def comparison():
    return boards(compare_optimizers, SMALL.with_(evaluations=20))


def test_the_first_board_comes_before_any_work():
    first = next(reconstruct(waves(), checks(), SMALL.with_(weights="/nowhere")))
    assert (first.cells, first.device, first.evaluation) == ((), "", 0)


def test_columns_are_the_layers_the_filters_have_and_rows_content_and_style(reconstructions):
    last = reconstructions[-1]
    assert last.columns == ("conv1_1", "conv2_1", "conv3_1")
    assert [cell.label for cell in last.cells[2:4]] == ["content from conv2_1", "style up to conv2_1"]
    assert set(last.at(1, 2).settings.style_layers) == {"relu1_1", "relu2_1", "relu3_1"}
    assert set(last.at(0, 2).settings.content_layers) == {"relu3_1"}


def test_a_reconstruction_of_content_ignores_the_style_and_the_reverse():
    one, other = (
        list(reconstruct(waves(), style, SMALL, "cpu", tiny_filters(), ("relu1_1", "relu2_1")))[-1]
        for style in (checks(), waves())
    )
    for column in range(2):
        assert one.at(0, column).image.tobytes() == other.at(0, column).image.tobytes()
        assert one.at(1, column).image.tobytes() != other.at(1, column).image.tobytes()


def test_every_cost_falls_and_is_a_share_of_its_target(reconstructions):
    first = next(board for board in reconstructions if board.evaluation == 6)
    for before, after in zip(first.cells, reconstructions[-1].cells, strict=True):
        assert after.costs.total < 0.8 * before.costs.total
        shown = float(after.caption.split()[1])
        assert shown == pytest.approx(after.costs.total, rel=0.05)
        assert after.caption.split()[0] == ("content" if after.row == 0 else "style")


def test_stopping_keeps_what_is_done():
    generator = reconstruct(waves(), checks(), SMALL, "cpu", tiny_filters())
    stopped = next(board for board in generator if board.evaluation == 8)
    generator.close()
    assert [cell.evaluation for cell in stopped.cells] == [2, 2, 1, 1, 1, 1]
    assert all(cell.image.size == (64, 48) for cell in stopped.cells)


@pytest.mark.weights
def test_deeper_layers_keep_less_of_a_real_picture(real_weights):
    """The error of the pixels, at the same relative cost or less, grows with depth."""
    picture = Path(__file__).parent.parent / "examples" / "content" / "still_life.jpg"
    content, settings = load_picture(picture), SMALL.with_(evaluations=10)
    filters = result_of(find_filters(real_weights, "relu3_1"))
    last = list(reconstruct(content, content, settings, "cpu", filters))[-1]
    goal = to_tensor(content, last.size)
    errors = [float((to_tensor(last.at(0, k).image) - goal).square().mean()) for k in range(3)]
    assert errors == sorted(errors)
    assert errors[2] > 3 * errors[0]  # measured: 5.6 to 6.2 times, with three seeds


def test_layers_may_be_chosen_and_one_the_filters_lack_is_named():
    assert boards(reconstruct, layers=("relu1_2", "relu2_2"))[-1].columns == ("conv1_2", "conv2_2")
    with pytest.raises(SettingsError, match="relu5_1 cannot be used: choose layers up to relu3_4"):
        boards(reconstruct, layers=("relu1_1", "relu5_1"))


# The optimisers


def test_snapshots_are_taken_at_fifths_and_kept(comparison):
    last = comparison[-1]
    assert last.rows == ("L-BFGS", "Adam", "gradient descent")
    assert last.columns == tuple(f"after {count}" for count in (4, 8, 12, 16, 20))
    for row in range(3):
        assert [last.at(row, column).evaluation for column in range(5)] == [4, 8, 12, 16, 20]
    sixth = next(board for board in comparison if board.evaluation == 18)
    assert [cell.evaluation for cell in sixth.cells[:5]] == [4, 6, 0, 0, 0]
    assert sixth.at(0, 1).caption == "at 6 so far"  # under "after 8"
    assert all(cell.caption.startswith("content ") for cell in last.cells)
    assert sixth.at(0, 0).image.tobytes() == last.at(0, 0).image.tobytes()
    assert sixth.at(0, 2).image is None


def test_the_curves_are_the_costs_of_the_pictures_shown(comparison):
    last = comparison[-1]
    for row, curve in enumerate(last.curves.values()):
        assert len(curve) == 20
        assert list(curve) == sorted(curve, reverse=True)
        for column in range(5):
            assert curve[4 * column + 3] == last.at(row, column).costs.total


def test_all_optimisers_begin_at_one_cost(comparison):
    first = [curve[0] for curve in comparison[-1].curves.values()]
    assert first == pytest.approx([first[0]] * 3, rel=1e-5)


def test_evaluations_that_have_no_fifths_are_refused():
    with pytest.raises(SettingsError, match="multiple of 5 for this sheet, not “12”"):
        compare_optimizers(waves(), checks(), SMALL.with_(evaluations=12))
