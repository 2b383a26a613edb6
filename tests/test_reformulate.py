"""The same texture by each statistic, side by side."""

import pytest
from test_reconstruct import SMALL
from tiny import checks, tiny_filters, waves

from nst import CHOICES, SettingsError, stylize
from nst.network.vgg import Network
from nst.studies import descents
from nst.studies.grid import layers_grid
from nst.studies.outlines import STATISTIC_NAMES
from nst.studies.reconstruct import reconstruct
from nst.studies.reformulate import compare_statistics


@pytest.fixture(scope="module")
def boards():
    return list(compare_statistics(waves(), checks(), SMALL.with_(evaluations=6), "cpu", tiny_filters()))


def test_there_is_a_row_for_every_statistic_and_a_column_for_every_second_layer(boards):
    assert tuple(STATISTIC_NAMES) == CHOICES["statistic"]
    last = boards[-1]
    assert last.columns == ("up to conv1_1", "up to conv3_1")
    assert [last.at(row, 0).settings.statistic for row in range(7)] == list(CHOICES["statistic"])
    assert {tuple(cell.settings.style_layers) for cell in last.cells if cell.column == 1} == {
        ("relu1_1", "relu2_1", "relu3_1")
    }


def test_every_cost_is_a_share_of_silences_and_falls(boards):
    first = next(board for board in boards if board.evaluation == len(board.cells) > 0)
    for before, after in zip(first.cells, boards[-1].cells, strict=True):
        assert after.costs.total < before.costs.total
        assert float(after.caption.split()[1]) == pytest.approx(after.costs.total, rel=0.05)


def test_each_statistic_gives_another_picture_from_the_same_noise(boards):
    for column in range(2):
        assert len({boards[-1].at(row, column).image.tobytes() for row in range(7)}) == 7


def test_a_picture_is_what_its_settings_paint_alone(boards):
    cell = boards[-1].at(6, 0)
    reports = list(stylize(waves(), checks(), cell.settings, "cpu", tiny_filters()))
    assert reports[-1].costs.total == pytest.approx(cell.costs.total, rel=1e-3)


@pytest.mark.parametrize("study", [compare_statistics, reconstruct, layers_grid])
def test_one_network_serves_every_picture_and_size_of_a_board(study, monkeypatch):
    made = []
    monkeypatch.setattr(descents, "Network", lambda *given: made.append(Network(*given)) or made[-1])
    settings = SMALL.with_(size=128, scales=2, evaluations=2)
    *_, last = study(waves(), checks(), settings, "cpu", tiny_filters())
    assert last.evaluation == last.of
    assert len(made) == 1


def test_a_size_that_no_board_is_painted_at_is_refused():
    with pytest.raises(SettingsError, match="Size must be a whole number from 64 to 256"):
        compare_statistics(waves(), checks(), SMALL.with_(size=300))
