"""The endpoint /transfer as programs meet it: Gradio's own client against the real app."""

import inspect
import time
from collections import Counter
from pathlib import Path

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from server import wait_until

from nst import Settings, preset
from nst.images import GAP
from nst.recipe import read_recipe
from nst.ui.api import Endpoint, error_of
from nst.ui.parts import PartsEndpoint
from nst.ui.row_api import RowEndpoint
from nst.ui.studies_api import StudyEndpoints

QUICK = {"size": 64, "evaluations": 3, "weights": "self-taught"}
FLAT = {**QUICK, "content_layers": "relu1_1", "style_layers": "relu1_1"}  # one layer to be learned


def test_a_client_gets_a_painting_with_its_recipe_and_a_summary(client, pair):
    painting, summary = client.predict(**pair, **QUICK, seed=5, api_name="/transfer")
    with Image.open(painting) as opened:
        assert (opened.format, opened.size) == ("PNG", (64, 48))
    assert read_recipe(Path(painting)).settings == Settings(**QUICK, seed=5)
    assert (summary["state"], summary["evaluation"], summary["of"]) == ("done", 3, 3)
    assert (summary["width"], summary["height"]) == (64, 48)
    assert summary["total_cost"] > 0
    assert summary["kappa"] >= 1
    assert set(summary["style_cost"]) == set(Settings().style_layers)
    assert summary["features"].startswith("self-taught")


def test_no_event_tells_components_how_it_fares_which_costs_a_browser_seconds_a_run(app):
    events = [d for d in app.config["dependencies"] if d["backend_fn"] and d["outputs"]]
    assert [event["api_name"] for event in events if event["show_progress_on"] != []] == []
    assert len(events) > 50


def test_no_two_answers_that_are_repeated_for_the_last_word_hear_one_event_which_never_ends(app):
    heard = Counter(
        tuple(event)
        for each in app.config["dependencies"]
        if each["backend_fn"] and each["trigger_mode"] == "always_last"
        for event in each["targets"]
        if event[0] is not None
    )
    assert [event for event, answers in heard.items() if answers > 1] == []
    assert len(heard) > 5


def test_each_press_is_answered_about_itself_but_for_a_pair_which_is_painted_once(app):
    modes = {d["api_name"]: d["trigger_mode"] for d in app.config["dependencies"] if d["collects_event_data"]}
    assert modes.pop("_pair") == "once"
    assert set(modes.values()) == {"multiple"}
    assert len(modes) > 4


FOLDS = "find-parts", "try-brushwork"


@pytest.mark.parametrize(
    "name", ["run", "grid-run", "reconstruct-run", "units-run", "how-run", "film", *FOLDS]
)
def test_a_button_is_given_back_where_what_would_give_it_back_goes_wrong(app, name):
    events = app.config["dependencies"]
    button = next(c["id"] for c in app.config["components"] if c["props"].get("elem_id") == name)
    after_failures = {
        d["trigger_after"] for d in events if d["trigger_only_on_failure"] if button in d["outputs"]
    }
    begun = next(d["id"] for d in events if [button, "click"] in d["targets"] and button in d["outputs"])
    assert name != "film" or begun in after_failures
    worked = next((d["id"] for d in events if d["trigger_after"] == begun and d["types"]["generator"]), None)
    ends = {d["id"] for d in events if d["trigger_after"] == worked is not None if button in d["outputs"]}
    assert len(ends) == (0 if name == "film" else 2)
    assert ends <= after_failures


def test_a_server_at_rest_wakes_less_than_200_times_a_second_and_not_a_thousand(app):
    def wakeups_in_half_a_second() -> int:
        before = app.wakeups()
        time.sleep(0.5)
        return app.wakeups() - before

    wait_until(lambda: wakeups_in_half_a_second() < 0.5 * 200, "a server at rest")


def test_the_run_is_streamed_as_it_goes(client, pair):
    given = {**FLAT, "evaluations": 250}
    job = client.submit(**pair, **given, api_name="/transfer")
    job.result()
    seen = [summary["evaluation"] for _, summary in job.outputs()]
    assert seen == sorted(seen)
    assert 2 < len(set(seen)) < 190  # a client fetches a preview for each


def test_what_is_left_out_stays_as_the_preset_has_it(client, pair):
    given = {**QUICK, "preset": "gentle", "content_layers": "relu2_1", "style_layers": "relu1_1=1,relu2_1=3"}
    painting, _ = client.predict(**pair, **given, keep_colours=True, api_name="/transfer")
    settings = read_recipe(Path(painting)).settings
    assert settings.strength == preset("gentle").strength
    assert settings.style_layers == {"relu1_1": 0.25, "relu2_1": 0.75}
    assert settings.content_layers == {"relu2_1": 1.0}
    assert settings.keep_colours


def test_four_styles_are_mixed_by_their_weights(client, pair):
    others = ("second_style", "third_style", "fourth_style")
    mixed = {**dict.fromkeys(others, pair["content"]), "style_weights": "1,3,2,2", "colours": 0.5}
    painting, _ = client.predict(**pair, **FLAT, **mixed, api_name="/transfer")
    settings = read_recipe(Path(painting)).settings
    assert (settings.style_weights, settings.colours) == ((0.125, 0.375, 0.25, 0.25), 0.5)


def test_a_row_from_one_style_to_another_comes_as_one_picture_and_a_film(client, pair):
    given = {**pair, "second_style": pair["content"], **QUICK, "evaluations": 4}
    row, film, summary = client.predict(**given, pictures=3, api_name="/between")
    assert (summary["state"], summary["evaluation"], summary["of"]) == ("done", 12, 12)
    with Image.open(row) as opened:
        assert (opened.format, opened.size) == ("PNG", (3 * 64 + 2 * GAP, 48))
    with Image.open(film) as opened:
        assert (opened.format, opened.n_frames) == ("WEBP", 5)
    with pytest.raises(AppError, match="goes from a first style to a second, and there is one style image"):
        client.predict(**{**given, "second_style": None}, pictures=3, api_name="/between")
    with pytest.raises(AppError, match="Pictures must be a whole number from 1 to 12"):
        client.predict(**given, pictures=13, api_name="/between")


def test_a_result_is_gone_on_with(client, pair):
    painting, _ = client.predict(**pair, **{**FLAT, "size": 128}, api_name="/transfer")
    larger, summary = client.predict(
        **pair, **{**FLAT, "size": 192}, scales=2, start=handle_file(painting), api_name="/transfer"
    )
    assert read_recipe(Path(larger)).others == ("start",)
    assert (summary["width"], summary["of"]) == (192, 1)


def test_a_mask_says_what_stays_as_it_is(client, pair, tmp_path):
    with Image.open(pair["content"]["path"]) as content:
        mask = Image.new("RGB", content.size)
        mask.paste((255, 0, 0), (0, 0, content.width // 2, content.height))
        mask.save(tmp_path / "mask.png")
    given = {**pair, **FLAT, "mask": handle_file(tmp_path / "mask.png")}
    painting, _ = client.predict(**given, api_name="/transfer")
    assert read_recipe(Path(painting)).others == ("mask",)
    mask.paste((0, 0, 255), (0, 0, mask.width // 2, mask.height))
    mask.save(tmp_path / "blue.png")
    with pytest.raises(AppError, match="give exactly two style images"):
        client.predict(**{**given, "mask": handle_file(tmp_path / "blue.png")}, api_name="/transfer")


def test_parts_that_are_alike_are_proposed_as_masks_that_a_painting_takes(client, pair):
    mask, style_mask = client.predict(**pair, parts=3, api_name="/parts_alike")
    masks = {"mask": handle_file(mask), "style_mask": handle_file(style_mask)}
    painting, _ = client.predict(**pair, **FLAT, **masks, api_name="/transfer")
    assert read_recipe(Path(painting)).others == ("mask", "style_mask")
    with pytest.raises(AppError, match="Parts must be a whole number from 2 to 3, not “5”"):
        client.predict(**pair, parts=5, api_name="/parts_alike")


def test_a_texture_needs_no_content_image(client, pair):
    given = {**FLAT, "style": pair["style"], "canvas": "4:3", "seamless": True, "statistic": "mean-std"}
    painting, summary = client.predict(content=None, **given, api_name="/transfer")
    assert read_recipe(Path(painting)).settings.is_texture
    assert summary["content_cost"] == 0
    assert summary["width"] * 3 == summary["height"] * 4


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"size": 2000}, "size up to 1024, not “2000”: choose 1024 or less"),
        ({"evaluations": 0}, "Evaluations must be a whole number from 1 to 2000, not “0”"),
        ({"preset": "rococo"}, "There is no preset “rococo”"),
        ({"style_layers": "relu9_9"}, "There is no layer “relu9_9”"),
        ({"style_layers": "relu1_1=much"}, "The weight of a layer must be a number"),
        ({"alpha": 1}, "Give both α and β"),
        ({"weights": "/etc/passwd"}, "Weights must be one of"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_in_one_sentence(client, pair, given, sentence):
    with pytest.raises(AppError, match=sentence):
        client.predict(**pair, **{**QUICK, **given}, api_name="/transfer")


def test_the_public_endpoints_are_these_and_transfer_names_every_setting(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {
        "/transfer",
        "/between",
        "/parts_alike",
        "/layers_grid",
        "/reconstruct",
        "/top_patches",
        "/gram",
    }
    names = [parameter["parameter_name"] for parameter in endpoints["/transfer"]["parameters"]]
    assert names[:3] == ["content", "style", "preset"]
    pictures = {"content", "style", "second_style", "third_style", "fourth_style"}
    pictures |= {"start", "mask", "style_mask"}
    assert set(names) - pictures - {"preset"} == set(Settings().to_dict())
    required = [
        p["parameter_name"] for p in endpoints["/transfer"]["parameters"] if not p["parameter_has_default"]
    ]
    assert required == ["content", "style"]


@pytest.mark.parametrize(
    "function",
    [
        Endpoint.transfer,
        RowEndpoint.between,
        PartsEndpoint.parts_alike,
        StudyEndpoints.layers_grid,
        StudyEndpoints.reconstruct,
        StudyEndpoints.top_patches,
        StudyEndpoints.gram,
    ],
)
def test_every_parameter_is_explained_to_clients(client, function):
    """MCP and the API page show the docstring; one line a parameter."""
    explained = inspect.getdoc(function)
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for parameter in endpoints[f"/{function.__name__}"]["parameters"]:
        assert f"    {parameter['parameter_name']}: " in explained


def test_programs_are_told_bounds_and_defaults_that_are_true(app):
    of = {
        name: {each["parameter_name"]: each for each in endpoint["parameters"]}
        for name, endpoint in app.endpoints.items()
    }
    size = of["/transfer"]["size"]["type"]
    assert (size["type"], size["minimum"], size["maximum"]) == ("integer", 64, 1024)
    assert size["description"] == "Longer side, in pixels. From 64 to 1024."
    for name in ("keep_colours", "seamless"):  # which stay as the preset has them
        assert of["/transfer"][name]["parameter_default"] is None
    functions = {"/gram": StudyEndpoints.gram, "/top_patches": StudyEndpoints.top_patches}
    for name, function in functions.items():
        said = inspect.signature(function).parameters["layer"].default
        assert of[name]["layer"]["parameter_default"] == said


def test_a_refusal_is_text_that_a_program_can_show_as_it_is():
    assert error_of("the picture's “size”").message == "the picture's “size”"
