"""The endpoints of the studies as programs meet them: Gradio's own client against the real app."""

import pytest
from gradio_client.exceptions import AppError
from PIL import Image

QUICK = {"size": 64, "evaluations": 2, "weights": "self-taught"}


def is_png(path: str) -> bool:
    with Image.open(path) as opened:
        return opened.format == "PNG" and min(opened.size) > 100


def test_the_grid_comes_as_one_sheet_with_the_settings_of_each_picture(client, pair):
    sheet, summary = client.predict(**pair, **QUICK, api_name="/layers_grid")
    assert is_png(sheet)
    assert (summary["state"], len(summary["pictures"])) == ("done", 20)
    assert summary["done"] == summary["of"] == 2 * 20
    strengths = [picture["settings"]["strength"] for picture in summary["pictures"][:4]]
    assert strengths == sorted(strengths, reverse=True)


@pytest.mark.parametrize(("what", "count"), [("layers", 10), ("statistics", 21), ("optimizers", 15)])
def test_reconstructions_come_as_one_sheet(client, pair, what, count):
    quick = {**QUICK, "evaluations": 5 if what == "optimizers" else 1}
    sheet, summary = client.predict(**pair, **quick, what=what, api_name="/reconstruct")
    assert is_png(sheet)
    assert (summary["state"], len(summary["pictures"])) == ("done", count)


def test_top_patches_come_with_their_places_over_the_examples_and_ones_own(client, pair):
    given = {"picture": pair["content"], "layer": "relu1_1", "unit": 3, "weights": "self-taught"}
    patches, summary = client.predict(**given, api_name="/top_patches")
    assert is_png(patches)
    found = summary["patches"]
    assert 1 <= len(found) <= 9
    assert [p["activation"] for p in found] == sorted((p["activation"] for p in found), reverse=True)
    assert all(p["box"][2] - p["box"][0] <= 3 for p in found)


def test_gram_matrices_come_with_the_numbers_of_every_layer(client, pair):
    maps, summary = client.predict(**pair, layer="relu2_1", weights="self-taught", api_name="/gram")
    assert is_png(maps)
    sums = summary["sums"]["relu2_1"]
    assert sums["content"] == 0  # nothing is painted: the generated image is the content image
    assert sums["style"] == pytest.approx(sums["style_before"])
    assert sum(summary["lambdas"].values()) == pytest.approx(1)
    assert len(summary["channels"]) == 4


@pytest.mark.parametrize(
    ("endpoint", "given", "sentence"),
    [
        ("/layers_grid", {"size": 512}, "Size must be a whole number from 64 to 256"),
        ("/layers_grid", {"weights": "/etc/passwd"}, "Weights must be one of"),
        ("/reconstruct", {"what": "optimizers", "evaluations": 12}, "Evaluations must be a multiple of 5"),
        ("/reconstruct", {"what": "grid"}, "What must be one of layers, statistics, optimizers, not “grid”"),
        ("/reconstruct", {"what": []}, "What must be one of layers"),
        ("/gram", {"layer": "relu9_1"}, "Layer must be one of relu1_1 … relu5_4"),
        ("/gram", {"layer": []}, "Layer must be one of relu1_1 … relu5_4"),
        ("/gram", {"style": None}, "There are no two pictures yet"),
    ],
)
def test_what_cannot_be_explored_is_refused_in_one_sentence(client, pair, endpoint, given, sentence):
    quick = QUICK if endpoint != "/gram" else {"weights": "self-taught"}
    with pytest.raises(AppError, match=sentence):
        client.predict(**{**pair, **quick, **given}, api_name=endpoint)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"layer": "relu1_1", "unit": 511}, "Unit must be a whole number from 0 to"),
        ({"layer": "relu7_7"}, "Layer must be one of relu1_1 … relu5_4"),
    ],
)
def test_a_unit_or_layer_that_is_not_there_is_refused_with_those_that_are(client, given, sentence):
    with pytest.raises(AppError, match=sentence):
        client.predict(**given, weights="self-taught", api_name="/top_patches")
