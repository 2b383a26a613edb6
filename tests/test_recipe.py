"""A painting's recipe: what goes out comes back, and a stranger's recipe can do no harm."""

import json

import pytest
from bad_images import black_png, half, of_kind, scene, text_bomb, with_text

from nst.errors import ImageRefused, NSTError, SettingsError
from nst.images import save_png
from nst.presets import PRESETS, preset
from nst.recipe import KEY, Recipe, read_recipe, recipe_text
from nst.settings import Settings


def written(path, settings: Settings, **known):
    save_png(scene(), path, recipe_text(settings, "self-taught filters", "0.1.0", **known))
    return path


def hostile(settings: str = "{}", **other: str) -> bytes:
    """A PNG whose recipe is what it should be but for what is given, as JSON text."""
    parts = {"version": '"0.1.0"', "features": '"VGG-19"', "settings": settings, **other}
    return with_text(KEY, "{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}")


@pytest.mark.parametrize("name", PRESETS)
def test_the_settings_that_go_out_come_back(name, tmp_path):
    settings = preset(name, seed=2**32 - 1, keep_colours=True, strength=0.1 + 0.2)
    assert read_recipe(written(tmp_path / "a.png", settings)).settings == settings


def test_what_a_run_was_comes_back(tmp_path):
    path = written(tmp_path / "a.png", Settings(), device="CPU, 2 threads", evaluations=40, seconds=12.25)
    expected = Recipe(Settings(), "self-taught filters", "0.1.0", "CPU, 2 threads", 40, 12.25)
    assert read_recipe(path) == expected


def test_a_weights_file_s_folder_does_not_leave_the_machine():
    (text,) = recipe_text(Settings(weights="/home/me/secret/vgg.pth"), "VGG-19 from vgg.pth", "1").values()
    assert "secret" not in text
    assert json.loads(text)["settings"]["weights"] == "auto"


def test_a_label_of_any_length_and_letters_can_be_read_again(tmp_path):
    save_png(scene(), tmp_path / "a.png", recipe_text(Settings(), "VGG-19 from \udcff\n" + "x" * 300, "1"))
    assert read_recipe(tmp_path / "a.png").features.startswith("VGG-19 from xxx")


@pytest.mark.parametrize("path", ["/etc/passwd", "../weights.pth", "https://example.org/w.pth", "", "AUTO"])
def test_a_stranger_s_recipe_never_names_a_file_to_open(path):
    assert read_recipe(hostile(json.dumps({"weights": path}))).settings.weights == "auto"


@pytest.mark.parametrize("weights", ["auto", "torchvision", "self-taught"])
def test_weights_by_name_are_kept(weights, tmp_path):
    assert read_recipe(written(tmp_path / "a.png", Settings(weights=weights))).settings.weights == weights


def test_an_older_recipe_that_names_imagenet_opens_with_the_automatic_weights():
    old = hostile('{"size":256,"weights":"imagenet"}', features='"VGG-19 (ImageNet)"')
    recipe = read_recipe(old)
    assert recipe.settings == Settings(size=256)
    assert recipe.features == "VGG-19 (ImageNet)"


@pytest.mark.parametrize("data", [of_kind("PNG"), of_kind("JPEG"), black_png(1, 1), with_text("other", "{}")])
def test_a_picture_without_a_recipe_is_refused(data):
    with pytest.raises(ImageRefused, match="carries no recipe: please choose a PNG that was painted here"):
        read_recipe(data)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "7", '"nst"', "{}", "{", "[" * 60_000, '{"a":' * 10_000, '{"settings":7}', "\\u0000"],
    ids=lambda text: text[:16] or "empty",
)
def test_a_text_that_is_no_recipe_is_refused(text):
    with pytest.raises(ImageRefused, match="cannot be read: please choose a PNG that was painted here"):
        read_recipe(with_text(KEY, text))


@pytest.mark.parametrize("data", [with_text(KEY, " " * 70_000), text_bomb()], ids=["long", "bomb"])
def test_a_text_that_is_too_large_is_refused_unread(data):
    with pytest.raises(ImageRefused):
        read_recipe(data)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('{"sise":512}', "There is no setting “sise”"),
        ('{"size":1e9}', "Size must be a whole number from 64 to 4096"),
        ('{"size":"512"}', "Size must be"),
        ('{"size":null}', "Size must be"),
        ('{"strength":1e999}', "Strength must be"),
        ('{"strength":{}}', "Strength must be"),
        ('{"optimizer":["lbfgs"]}', "Optimizer must be one of"),
        ('{"keep_colours":1}', "Keep colours must be"),
        ('{"weights":["/etc/passwd"]}', "Weights must be"),
        ('{"style_layers":{"relu9_9":1}}', "There is no layer"),
        ('{"style_layers":{"relu1_1":-1}}', "The weight of relu1_1"),
        ('{"style_layers":[]}', "Style layers needs"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_by_name(settings, words):
    with pytest.raises(SettingsError) as refusal:
        read_recipe(hostile(settings))
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        hostile('{"strength":NaN}'),
        hostile('{"strength":-Infinity}'),
        hostile('{"size":1' + "0" * 400 + "}"),
        hostile('{"size":1' + "0" * 9_000 + "}"),
        hostile('{"style_layers":{"relu1_1":1' + "0" * 400 + "}}"),
        hostile("[]"),
        hostile(features="[1]"),
        hostile(features='"' + "x" * 1_000 + '"'),
        hostile(device='"\\u001b[31m"'),
        hostile(evaluations="-1"),
        hostile(evaluations="1.5"),
        hostile(evaluations="true"),
        hostile(seconds='"long"'),
    ],
)
def test_a_recipe_of_wrong_types_is_refused(data):
    with pytest.raises(NSTError) as refusal:
        read_recipe(data)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (text_bomb(), "This PNG file is damaged or incomplete"),
        (half("PNG"), "carries no recipe: please choose a PNG that was painted here"),
        (b"Hello, I am a picture.", "not a JPEG, PNG or WebP picture"),
    ],
    ids=["a text bomb", "half a PNG", "a text"],
)
def test_a_bad_file_has_no_recipe(data, said):
    with pytest.raises(ImageRefused, match=said):
        read_recipe(data)
