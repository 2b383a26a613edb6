"""The settings as controls: nothing is lost on the way into the form and out again."""

import asyncio
from collections.abc import Sequence

import gradio as gr
import pytest

from nst import PRESETS, Settings, SettingsError, preset
from nst.settings_text import read_layers, write_layers
from nst.ui.estimate import Estimate, about
from nst.ui.form import Form
from nst.ui.handles import FREE, dial, preset_of, quality
from nst.ui.running.limits import Limits
from nst.ui.shares import mixture, shares_of, with_those_missing


@pytest.fixture(scope="module")
def form() -> Form:
    return asyncio.run(built())


async def built(limits: Limits | None = None) -> Form:
    """In a running event loop, as Blocks would otherwise open two and never close them."""
    with gr.Blocks():
        form = Form(limits or Limits())
        form.basic()
        form.second_style()
        form.brushwork()
        for ordinal in ("third", "fourth"):
            form.further_style(ordinal)
        form.advanced()
    return form


def test_every_setting_has_a_control_with_a_label_and_help(form):
    assert set(form.settings) == set(Settings().to_dict())
    for control in form.settings.values():
        assert control.label
        assert control.info.endswith(".")


def test_the_form_starts_at_the_defaults(form):
    assert form.read([control.value for control in form.inputs]) == Settings()


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_filled_in_is_what_is_read(form, name):
    settings = preset(name, seed=3, size=320, keep_colours=True)
    filled = form.fill(settings)
    assert form.read(filled[: len(form.inputs)]) == settings
    assert filled[-1] == name


def test_unequal_weights_of_layers_survive_the_form(form):
    settings = Settings(style_layers={"relu1_1": 1, "relu3_1": 2, "relu4_1": 5})
    assert form.read(form.fill(settings)[: len(form.inputs)]) == settings
    assert preset_of(settings) is None


def test_the_share_of_a_second_style_survives_the_form_and_is_none_of_a_presets_business(form):
    settings = Settings(style_weights=(1, 3), colours=0.3)
    filled = form.fill(settings)[: len(form.inputs)]
    assert form.read(filled, ("second.png", None, None)) == settings
    assert form.read(filled) == settings.with_(style_weights=())
    assert preset_of(settings) == "paint"


@pytest.mark.parametrize("weights", [(1, 3), (5, 3, 2), (0, 0, 1), (4, 3, 2, 1), (1, 0, 0, 3)])
def test_the_shares_of_up_to_four_styles_survive_the_form(form, weights):
    others = ("one.png",) * (len(weights) - 1) + (None,) * (4 - len(weights))
    filled = form.fill(Settings(style_weights=weights))[: len(form.inputs)]
    assert form.read(filled, others).style_weights == pytest.approx(
        Settings(style_weights=weights).style_weights
    )


def test_a_weight_finds_its_style_image_again_where_an_earlier_one_was_not_there():
    styles = ("one.png", None, "three.png", None)
    weights = with_those_missing(mixture((0.33, 0.8, 0.25), styles[1:]), styles)
    assert weights == pytest.approx((0.2, 0.0, 0.8, 0.0))
    assert shares_of(weights)[1] == pytest.approx(0.8)
    assert with_those_missing((), ("one.png", None, None, None)) == ()


def test_as_much_of_each_style_is_where_the_shares_begin_and_one_that_is_not_there_counts_for_nothing(form):
    start = [control.value for control in form.inputs]
    assert form.read(start, ("b", "c", "d")).style_weights == pytest.approx((0.25,) * 4, abs=0.005)
    assert form.read(start, (None, "c", None)).style_weights == pytest.approx((0.67, 0.33))
    with pytest.raises(SettingsError, match="Share of the fourth style must be a number from 0 to 1"):
        form.read([*start[:-1], 2], ("b", "c", "d"))


def test_settings_of_a_larger_app_are_fitted_to_this_one(form):
    fitted = form.fitted(Settings(size=4096, evaluations=2000, seed=9))
    assert (fitted.size, fitted.evaluations, fitted.seed) == (1024, 1000, 9)


def test_what_is_lowered_is_said_and_to_what(form):
    assert form.lowered(Settings()) == ""
    said = "Lowered to what this app gives: size 1024, evaluations 1000."
    assert form.lowered(Settings(size=4096, evaluations=2000)) == said


def test_the_form_of_the_smallest_app_starts_with_what_that_gives():
    limits = Limits(**{row.name.removeprefix("NST_").lower(): row.least for row in Limits.variables()})
    form = asyncio.run(built(limits))
    start = form.read([control.value for control in form.inputs])
    limits.check(start)
    assert (start.size, start.evaluations) == (limits.max_size, limits.max_evaluations)
    assert form.quality.choices == []
    assert asyncio.run(built(Limits(max_evaluations=100))).quality.choices == [
        ("Draft", "Draft"),
        ("Good", "Good"),
    ]


def test_what_a_client_leaves_out_is_fitted_and_what_it_asks_for_is_refused_if_it_is_too_much():
    limits = Limits(max_size=256, max_evaluations=50)
    fitted = limits.fitted(Settings(), {"size"})
    assert (fitted.size, fitted.evaluations) == (Settings().size, 50)
    with pytest.raises(SettingsError, match="This app paints with size up to 256"):
        limits.check(fitted)


def test_layers_are_read_with_and_without_weights():
    assert read_layers(["relu1_1", " relu3_1 = 0.5"]) == {"relu1_1": 1.0, "relu3_1": 0.5}
    assert write_layers({"relu1_1": 0.5, "relu2_1": 0.5}) == ["relu1_1", "relu2_1"]
    assert write_layers({"relu1_1": 0.75, "relu2_1": 0.25}) == ["relu1_1=3", "relu2_1=1"]
    assert write_layers({"relu1_1": 1 / 1.3, "relu2_1": 0.3 / 1.3}) == ["relu1_1=1", "relu2_1=0.3"]
    uneven = {"relu1_1": 0.1234567890123, "relu2_1": 0.8765432109877}
    assert read_layers(write_layers(uneven)) == uneven
    with pytest.raises(SettingsError, match="must be a number"):
        read_layers(["relu1_1=heavy"])


def test_the_dial_is_a_log_scale_over_all_strengths():
    assert [dial(strength) for strength in (0.1, 1, 10, 100, 1000)] == [0, 25, 50, 75, 100]
    assert [quality(evaluations) for evaluations in (40, 65, 200, 77)] == ["Draft", "Good", "Fine", None]
    for name in ("gentle", "paint", "bold"):  # the dial's own arithmetic gives the strength back
        strength = preset(name).strength
        assert float(f"{10 ** (dial(strength) / 25 - 1):.2g}") == strength


@pytest.mark.parametrize(
    ("further", "pictures", "said"),
    [
        (("s.png", None, None), 99, "Pictures must be a whole number from 1 to 12, not “99”."),
        (("s.png", None, None), None, "Pictures must be a whole number from 1 to 12"),
        (("s.png", "t.png", None), 3, "there are 3 style images"),
        ((None, None, None), 3, "there is one style image"),
        (("s.png", None, None), 3, "known after the first painting"),
        ((None, "t.png", None), 3, "known after the first painting"),
    ],
)
def test_before_paint_a_row_is_refused_as_paint_would(form, further, pictures, said):
    values = form.fill(Settings(weights="self-taught"))[: len(form.inputs)]
    assert said in asyncio.run(estimated(form, further, pictures, values))


def test_before_paint_a_size_is_refused_that_the_app_does_not_paint(form):
    values = form.fill(Settings(size=2000))[: len(form.inputs)]
    assert "1024" in asyncio.run(estimated(form, (None, None, None), 1, values))


def test_before_paint_it_is_said_that_a_run_will_be_stopped():
    assert "About 1 min 40 s on this machine." in about(100.0, Limits(max_seconds=100))
    said = about(130.0, Limits(max_seconds=100))
    assert "About 2 min 10 s on this machine: it will be stopped after 1 min 40 s, and what is" in said


async def estimated(form: Form, further: Sequence, pictures: float | None, values: Sequence) -> str:
    with gr.Blocks():
        return Estimate(form, Limits()).said(None, *further, pictures, *values)


def test_a_preset_leaves_what_is_none_of_its_business_and_says_what_was_lowered():
    form = asyncio.run(built(Limits(max_evaluations=300, max_size=256)))
    note, *filled = form._filled_by_preset("gatys")
    kept = [name for name, value in zip(form.settings, filled, strict=False) if value == gr.skip()]
    assert {*kept, "evaluations"} == {*FREE}
    assert dict(zip(form.settings, filled, strict=False))["evaluations"] == 300
    assert "Lowered to what this app gives: evaluations 300." in note


@pytest.mark.parametrize("typed", ["1,000", "12,500", "1,000,000"])
def test_a_weight_whose_comma_may_stand_for_thousands_is_refused_and_not_guessed(form, typed):
    values = form.fill(Settings(alpha=1, beta=40))[: len(form.inputs)]
    place = [*form.settings].index("alpha")
    for alpha, read in (("1,5", 1.5), ("0,125", 0.125), ("1000", 1000.0)):
        assert form.read([*values[:place], alpha, *values[place + 1 :]]).alpha == read
    with pytest.raises(SettingsError, match=f"α can be read in two ways, as the comma in “{typed}”"):
        form.read([*values[:place], typed, *values[place + 1 :]])
