"""Several style images with weights, and the slider from the style's colours to the photograph's."""

import pytest
import torch
from tiny import SMALL, checks, run, tiny_filters, waves

from nst import Settings, SettingsError, stylize
from nst.network.vgg import Network
from nst.recipe import read_recipe, recipe_text
from nst.schedule import Scale
from nst.style_image import style_at
from nst.targets import make_targets
from nst.tensors import to_tensor


def targets(weights, styles):
    network, settings = Network(tiny_filters(), SMALL.layers, "average"), SMALL.with_(style_weights=weights)
    return make_targets(network, settings, to_tensor(waves()), styles).style


def second_moments(image, layer):
    """Mean over positions of a aᵀ, one position after the other, in float64."""
    features = Network(tiny_filters(), [layer], "average")(image)[layer][0].double().flatten(1)
    return sum(torch.outer(a, a) for a in features.T) / features.shape[1]


def test_the_target_is_the_mean_of_second_moments_by_weight():
    styles = [to_tensor(checks()), to_tensor(waves())]
    found = targets((1, 3), styles)
    for layer in ("relu2_1", "relu3_4"):
        expected = 0.25 * second_moments(styles[0], layer) + 0.75 * second_moments(styles[1], layer)
        assert torch.allclose(found[layer][0].double(), expected, rtol=1e-4, atol=1e-5)


def test_a_style_of_weight_0_is_as_good_as_not_there():
    one = run(SMALL, style=checks())[-1].image
    both = list(
        stylize(waves(), [checks(), waves()], SMALL.with_(style_weights=(2, 0)), "cpu", tiny_filters())
    )
    assert both[-1].image.tobytes() == one.tobytes()


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ((0, 0), "must not all be 0"),
        ((1, -1), "must be a number from 0"),
        ((1, float("nan")), "must be a number from 0"),
        ((1,) * 5, "up to 4 numbers"),
        ("11", "list of up to 4"),
        (0.5, "list of up to 4"),
        ((1, True), "must be a number from 0"),
    ],
)
def test_weights_that_cannot_be_are_refused_in_one_sentence(weights, sentence):
    with pytest.raises(SettingsError, match=sentence):
        Settings(style_weights=weights)


def test_there_is_one_weight_for_each_of_one_to_four_styles():
    with pytest.raises(SettingsError, match="2 weights for 1 style image: give one weight for each, or none"):
        stylize(waves(), checks(), Settings(style_weights=(1, 1)))
    with pytest.raises(SettingsError, match="5 style images and at most 4"):
        stylize(waves(), [checks()] * 5)
    with pytest.raises(SettingsError, match="no style image yet"):
        stylize(waves(), [])
    assert Settings(style_weights=(1, 3)).weights_for(2) == (0.25, 0.75)
    assert Settings().weights_for(4) == (0.25,) * 4


def test_a_recipe_keeps_the_weights_and_one_without_them_still_opens(tmp_path):
    settings = Settings(style_weights=(1, 3), colours=0.35)
    assert read_recipe(b"", lambda _: recipe_text(settings, "VGG-19", "1")).settings == settings
    old = {
        key: value for key, value in Settings().to_dict().items() if key not in ("style_weights", "colours")
    }
    assert Settings.from_dict(old) == Settings()


def moments(image):
    colours = image.double().flatten(2)[0]
    return colours.mean(1), torch.cov(colours, correction=0)


def test_colours_go_from_the_styles_to_the_contents_on_the_straight_way_between_gaussians():
    style, content = checks(), to_tensor(waves()) * 0.4 + 0.1
    scale = Scale((64, 48), 1)
    start, middle, end = (
        style_at(style, scale, SMALL.with_(colours=share), content) for share in (0.0, 0.5, 1.0)
    )
    assert torch.equal(start, style_at(style, scale, SMALL, content))
    assert torch.equal(end, style_at(style, scale, SMALL.with_(keep_colours=True), content))
    (mean, covariance), (goal, _), (half, found) = map(moments, (start, end, middle))
    assert torch.allclose(half, (mean + goal) / 2, atol=1e-5)
    # T is symmetric: x ↦ (x + T x) / 2 has the covariance (1 + T) Σ (1 + T) / 4.
    x, y = (image.double().flatten(2)[0] for image in (start, end))
    x, y = x - x.mean(1, keepdim=True), y - y.mean(1, keepdim=True)
    transport = y @ torch.linalg.pinv(x)
    step = (torch.eye(3, dtype=torch.float64) + transport) / 2
    assert torch.allclose(found, step @ covariance @ step.T, atol=1e-5)
