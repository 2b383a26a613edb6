"""The published loops that ours is compared with, and how the comparison is judged."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from tiny import pale_checks, tiny_filters, waves
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import frontier
from benchmarks.__main__ import EVERY, machine, main, selected
from benchmarks.frontier import left_at
from benchmarks.measurements import ALL, SYSTEMS, operations
from benchmarks.plots import COLOURS, STRIP, ticks
from benchmarks.published import LOOPS, sides
from benchmarks.quality import Task, Trace, figures
from benchmarks.serving import page
from benchmarks.soak import AFTER, STARTED, WARM, Sight, came_back, sight, tracebacks
from nst import Settings
from nst.network.vgg import Network


def make_task(device: str) -> Task:
    settings = Settings(size=256, evaluations=8)
    return Task(tiny_filters(13), settings, waves(256, 192), pale_checks(160, 200), device)


@pytest.fixture
def task():
    return make_task("cpu")


def test_the_published_loops_descend_the_engines_own_j(task):
    here, objective = task.at(256), task.objective(256, task.exact)
    x = torch.rand(1, 3, 192, 256, generator=torch.Generator().manual_seed(2)).to(here.content)
    cost, gradient = here.gradient(x)
    costs, expected = objective(x)
    assert cost == pytest.approx(costs.total, rel=1e-5)
    torch.testing.assert_close(gradient, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("name", LOOPS)
def test_each_gives_as_many_pictures_as_it_may_evaluate_and_lowers_j(task, name):
    *_, last = images = [*task.published(name, 16)]
    assert len(images) == 16
    assert all(bool(((image >= 0) & (image <= 1)).all()) for image in images)
    assert last.shape == (1, 3, 192, 256)
    assert task.judge(last) < task.judge(images[0])


@pytest.mark.parametrize(("name", "inside"), [("tutorial", True), ("notebook", False)])
def test_the_tutorial_clamps_what_it_evaluates_and_the_notebook_does_not(task, name, inside):
    here, seen = task.at(256), []

    def gradient(x):
        seen.append(bool(((x >= 0) & (x <= 1)).all()))
        return here.gradient(x)

    for _ in LOOPS[name](lambda side: replace(here, gradient=gradient), 256, 12):
        pass
    assert all(seen) == inside


def test_crowsonkbs_average_is_corrected_for_its_start_so_its_first_picture_is_one_step_of_adam(task):
    first = next(task.published("crowsonkb", 16))
    moved = (first - task.at(128).content).abs()
    assert float(moved.max()) == pytest.approx(0.02, rel=1e-3)


def test_judging_happens_with_the_clock_stopped_and_the_best_so_far_counts(task):
    trace = task.run(task.published("tutorial", 12))
    evaluations, seconds, costs = zip(*trace.points, strict=True)
    assert evaluations == (1, 5, 10)
    assert list(seconds) == sorted(seconds)
    assert list(costs) == sorted(costs, reverse=True)
    assert costs[0] == pytest.approx(task.judge(trace.pictures[0][1]))


def test_ours_is_judged_by_the_same_j_and_stopped_by_the_limit(task):
    trace = task.run(
        task.ours(task.settings.with_(scales=1, evaluations=40)), lambda trace: len(trace.points) == 2
    )
    assert [evaluations for evaluations, *_ in trace.points] == [1, 5]
    assert trace.points[-1][2] < trace.points[0][2]


def test_a_ladder_of_sides_is_a_factor_of_the_square_root_of_two_apart():
    assert sides(512) == [128, 181, 256, 362, 512]


def test_seconds_are_those_of_the_first_judgement_at_most_each_published_loops_cost():
    tutorial = Trace([(1, 1.0, 9.0), (100, 60.0, 2.5), (500, 300.0, 1.0)])
    crowsonkb = Trace([(1, 1.0, 9.0), (200, 60.0, 3.0)])
    ours = Trace([(1, 1.0, 8.0), (5, 4.0, 2.5), (10, 7.0, 0.9)])
    fine = Trace([(1, 1.0, 8.0), (5, 4.0, 3.0)])
    found = figures({"tutorial": tutorial, "crowsonkb": crowsonkb, "ours": ours, "ours, one scale": fine})
    assert (found["tutorial: J"], found["tutorial: evaluations"]) == (1.0, 500)
    assert (found["tutorial: tutorial"], found["tutorial: ours"]) == (300.0, 7.0)
    assert found["tutorial: ours, one scale"] is None
    assert (found["crowsonkb: crowsonkb"], found["crowsonkb: ours"]) == (60.0, 4.0)
    assert found["crowsonkb: ours, one scale"] == 4.0


def test_a_loop_can_be_judged_by_something_else_than_j(task):
    trace = task.run(task.published("tutorial", 5), judge=lambda image: -float(image.sum()))
    assert trace.points[-1][2] < 0


def test_a_line_of_points_is_straight_in_movement_and_in_the_logarithm_of_what_is_left_and_ends_with_them():
    line = {"3": {"moved": 0.4, "style": 0.08}, "10": {"moved": 0.8, "style": 0.02}}
    assert left_at(line, 0.4) == pytest.approx(0.08)
    assert left_at(line, 0.6) == pytest.approx(0.04)
    assert left_at(line, 0.7) == pytest.approx(0.02 * 2**0.5)
    assert left_at(line, 0.39) is left_at(line, 0.81) is None


def test_a_name_stands_for_all_that_begin_with_it_and_none_for_the_whole_run():
    assert selected([]) == [*ALL]
    assert selected(["peer", "page"]) == ["peer_256", "peer_512", "page"]
    pastiche = selected(["second_judge_pastiche"])
    assert len(pastiche) >= 8
    assert not any("default" in name for name in pastiche)
    assert selected(["soak"]) == ["soak"]
    assert "soak" not in selected([])
    assert len(selected(["second_judge"])) == len(SYSTEMS) * len(pastiche)
    with pytest.raises(ValueError, match="no measurement growth"):
        selected(["growth"])


def test_every_system_that_is_measured_can_paint_and_has_a_name():
    assert set(SYSTEMS) == set(frontier.SYSTEMS) == set(frontier.NAMES)


def test_an_axis_has_at_least_three_numbers():
    assert ticks(0.9, 21.0) == [1, 2, 5, 10, 20]
    assert ticks(0.55, 0.95) == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert ticks(9e5, 6e7) == [1e6, 2e6, 5e6, 1e7, 2e7, 5e7]


def test_the_newest_picture_judged_by_a_time_comes_with_its_own_seconds():
    pictures = [torch.full((1, 3, 1, 1), value) for value in (0.1, 0.2, 0.3)]
    trace = Trace(pictures=list(zip((20.0, 30.0, 40.0), pictures, strict=True)))
    found = [trace.newest_at(seconds) for seconds in (15, 30, 39, 99)]
    assert [seconds for seconds, _ in found] == [20, 30, 30, 40]
    assert [float(picture.mean()) for _, picture in found] == pytest.approx([0.1, 0.2, 0.2, 0.3])


def test_every_system_has_a_colour_of_its_own():
    assert len({*COLOURS}) == len(COLOURS) >= len(SYSTEMS)


@pytest.mark.gpu
def test_on_a_graphics_card_the_published_loops_run_there_too():
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    task = make_task("cuda")
    for name in LOOPS:
        first, *_, last = task.published(name, 16)
        assert last.is_cuda
        assert task.judge(last) < task.judge(first)


def test_a_part_measured_with_other_weights_does_not_replace_the_whole(tmp_path, capsys, monkeypatch):
    whole = tmp_path / "whole.json"
    whole.write_text(json.dumps({"machine": machine(), "weights": "real.safetensors", "growth": {}}))
    before = whole.read_text()
    monkeypatch.setattr("sys.argv", ["benchmarks", "ceiling", "--weights", "self-taught", "-o", str(whole)])
    with pytest.raises(SystemExit):
        main()
    assert "real.safetensors" in capsys.readouterr().err
    assert whole.read_text() == before


@pytest.mark.parametrize("name", ["peer", "long_peer_512", "second_judge_ours"])
def test_what_compares_on_pastiches_network_refuses_other_weights(tmp_path, capsys, monkeypatch, name):
    out = tmp_path / "results.json"
    monkeypatch.setattr("sys.argv", ["benchmarks", name, "--weights", "self-taught", "-o", str(out)])
    with pytest.raises(SystemExit):
        main()
    assert "is measured with the packaged weights alone" in capsys.readouterr().err
    assert not out.exists()


def test_the_pictures_of_a_measurement_are_kept_beside_its_results(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(EVERY, "drawn", lambda weights: {"seconds": 1, "strip": waves(32, 24)})
    monkeypatch.setattr("sys.argv", ["benchmarks", "drawn", "--alone", "-o", str(tmp_path / "results.json")])
    assert main() == 0
    assert json.loads(capsys.readouterr().out) == {"seconds": 1}
    assert [file.name for file in tmp_path.iterdir()] == [STRIP.name]


def test_an_app_that_ends_before_it_serves_its_page_is_said_to_have_ended(tmp_path, monkeypatch):
    (tmp_path / "app.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr("benchmarks.serving.ROOT", tmp_path)
    with pytest.raises(RuntimeError, match="ended with code 3"):
        page("auto")


def test_operations_are_those_of_the_filters_in_use_there_and_back_as_torch_counts_them():
    filters = tiny_filters(8)
    image = torch.rand(1, 3, 32, 48, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        Network(filters, ["relu3_4"], "average")(image)["relu3_4"].sum().backward()
    assert operations(filters, 32 * 48) == counter.get_total_flops()


PARENT = """
import subprocess, sys, threading
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
held = bytearray(b"x" * 2**26)
files = [open(sys.executable) for _ in range(20)]
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
input()
child.communicate(b"\\n")
"""


def test_the_soak_counts_a_process_its_children_its_threads_its_files_and_its_folders(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_bytes(bytes(2**20))
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout.readline() == "ready\n"
        seen = sight(parent.pid, (tmp_path,), 90.0)
        parent.communicate("\n")
    assert (seen.minute, seen.processes, seen.threads) == (1.5, 2, 3)
    assert (seen.disk, seen.files) == (1.0, 1)
    assert 20 + 2 * 3 <= seen.open_files <= 20 + 2 * 3 + 4
    assert 64 < seen.memory < 128


def test_the_soak_says_of_each_quantity_whether_it_came_back():
    warm = Sight(1, 1000, 20, 30, 3, 80.0, 90)
    start = replace(warm, disk=5.0, files=29)
    kept = {STARTED: start, WARM: warm, AFTER: replace(start, memory=1100)}
    assert all(said.startswith("came back") for said in came_back(kept).values())
    grown = {STARTED: start, WARM: warm, AFTER: Sight(17, 1101, 21, 31, 4, 5.1, 30)}
    assert all(said.startswith("did not") for said in came_back(grown).values())


def test_tracebacks_are_counted_by_their_last_line():
    one = "Traceback (most recent call last):\n  File a\n    b\nValueError: no\n"
    assert tracebacks(f"a line\n{one}between\n{one}") == {"ValueError: no": 2}
