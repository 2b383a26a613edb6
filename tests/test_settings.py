"""Settings: what is accepted, what is refused, and that every refusal names the setting and its range; and
the options of the command line, which have help."""

import json
import random
import re

import pytest

from nst import BOUNDS, PRESETS, Settings, SettingsError, preset
from nst.arguments import parser
from nst.network.layers import RELU_LAYERS
from nst.settings_text import read_layers, write_layers

BAD_NUMBERS = [float("nan"), float("inf"), "abc", None, [1], True]


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_outside_its_bounds_is_refused_with_the_range(name):
    bound = BOUNDS[name]
    for value in (bound.low - 1, bound.high * 2 + 1, 1e308, *BAD_NUMBERS):
        if value is None and name in ("alpha", "beta"):
            continue
        with pytest.raises(SettingsError, match=r"must be a (whole )?number from .* to .*, not") as refusal:
            Settings(**{"alpha": 1.0, "beta": 1.0, name: value})
        low, high = re.search(r"from (\S+) to (\S+),", str(refusal.value)).groups()
        assert (float(low), float(high)) == (bound.low, bound.high)


@pytest.mark.parametrize("name", BOUNDS)
def test_both_ends_of_every_bound_are_accepted(name):
    other = {"alpha": {"beta": 1.0}, "beta": {"alpha": 1.0}}.get(name, {})
    for value in (BOUNDS[name].low, BOUNDS[name].high):
        assert getattr(Settings(**{name: value, **other}), name) == value


def test_whole_numbers_may_come_as_floats_from_a_slider():
    assert Settings(size=256.0).size == 256
    with pytest.raises(SettingsError, match="whole number"):
        Settings(seed=1.5)


@pytest.mark.parametrize("name", ["pooling", "optimizer", "init", "statistic", "canvas"])
def test_an_unknown_choice_is_refused_with_the_choices(name):
    with pytest.raises(SettingsError, match="must be one of"):
        Settings(**{name: "banana"})


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ({}, "at least one layer"),
        ({"relu1_1": 0.0}, "must not all be 0"),
        ({"relu1_1": -1.0}, "from 0 to 1000000"),
        ({"relu1_1": float("nan")}, "from 0 to 1000000"),
        ({"relu1_1": 10**400}, "from 0 to 1000000"),
        ({"relu9_9": 1.0}, "no layer"),
        ("relu1_1", "at least one layer"),
    ],
)
def test_bad_layer_weights_are_refused(layers, reason):
    with pytest.raises(SettingsError, match=reason):
        Settings(style_layers=layers)


def test_layer_weights_are_scaled_to_sum_to_one():
    assert Settings(style_layers={"relu1_1": 1, "relu2_1": 3}).style_layers == {
        "relu1_1": 0.25,
        "relu2_1": 0.75,
    }


def test_alpha_or_beta_may_be_zero_but_not_both():
    assert Settings(alpha=0, beta=1).alpha == 0
    assert Settings(alpha=1, beta=0).beta == 0
    with pytest.raises(SettingsError, match="nothing to paint"):
        Settings(alpha=0, beta=0)
    with pytest.raises(SettingsError, match="both α and β"):
        Settings(alpha=1)


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_json(name):
    settings = preset(name, seed=7)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize("seed", range(20))
def test_any_weights_survive_json_and_being_written(seed):
    chance = random.Random(seed)
    layers = chance.sample(RELU_LAYERS, 5)
    weights = {layer: 10 ** chance.uniform(-9, 6) for layer in layers}
    styles = [chance.random() for _ in range(3)]
    settings = Settings(style_layers=weights, style_weights=styles)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    written = Settings(style_layers=read_layers(write_layers(settings.style_layers)))
    assert written.style_layers == pytest.approx(settings.style_layers, rel=1e-9)


def test_a_weight_that_is_nothing_beside_the_others_is_left_out():
    assert Settings(style_layers={"relu1_1": 1e6, "relu2_1": 1e-320}).style_layers == {"relu1_1": 1.0}


def test_an_unknown_setting_or_preset_is_named():
    with pytest.raises(SettingsError, match="no setting “steps”"):
        Settings.from_dict({"steps": 1})
    with pytest.raises(SettingsError, match="no preset “monet”"):
        preset("monet")


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        Settings().size = 3


def test_every_setting_is_an_option_of_the_command_line_and_every_option_has_help_of_its_own():
    options = parser()._actions
    assert {*Settings().to_dict()} <= {option.dest for option in options}
    helped = [option.help for option in options if option.help and option.help.strip()]
    assert len({*helped}) == len(options)
    printed = "".join(parser().format_help().split())  # lines are broken at spaces and hyphens
    assert [said for said in helped if "".join(said.split()) not in printed] == []
