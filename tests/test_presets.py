"""Presets: the published ones are the published losses."""

import pytest
import torch

from nst import PRESETS, Settings, preset
from nst.costs import content_cost, gram_matrix, style_cost, total_variation
from nst.errors import SettingsError
from nst.network.layers import CHANNELS_PER_BLOCK, block_of
from nst.objective import Weighting, weighed


def activations(layer, seed):
    generator = torch.Generator().manual_seed(seed)
    channels = CHANNELS_PER_BLOCK[block_of(layer) - 1]
    return torch.randn(1, channels, 6, 5, generator=generator, dtype=torch.float64).relu()


# c and s of the loss  c · mean (a(G) − a(C))² + Σ_l s · mean ((F Fᵀ(G) − F Fᵀ(S)) / (C · H · W))²,  as their
# sources have them, and by what the pixels are smaller than 0 to 255.
PUBLISHED = {
    "gatys": (1.0, 1000.0, 1.0),
    "neural-style": (5.0, 100.0, 255 / 256),
    "tutorial": (1.0, 1e6, 57.6),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_preset_is_the_published_loss(name):
    c, s, smaller = PUBLISHED[name]
    settings = preset(name)
    by = Weighting(settings.alpha, settings.beta, 0.0, settings.content_layers, settings.style_layers)
    (content_layer,) = settings.content_layers
    generated, goal = activations(content_layer, 0), activations(content_layer, 1)
    content = {content_layer: float(content_cost(generated, goal))}
    expected = c * float((generated / smaller - goal / smaller).square().mean())
    style = {}
    for layer in settings.style_layers:
        a, b = activations(layer, 2), activations(layer, 3)
        style[layer] = float(style_cost(gram_matrix(a), gram_matrix(b)))
        raw_a, raw_b = (x[0].flatten(1) / smaller @ (x[0].flatten(1) / smaller).T for x in (a, b))
        expected += s * float(((raw_a - raw_b) / a[0].numel()).square().mean())
    ours = weighed(by, content, style, 0.0).total
    # Our pixels are those from 0 to 255: all of J is larger by the content cost's factor.
    assert ours == pytest.approx(expected * smaller**2, rel=1e-9)


def test_the_total_variation_of_neural_style_is_the_programs_at_512_by_384():
    image = 256 * torch.rand(1, 3, 384, 512, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    across, down = (image.diff(dim=axis).square().sum() for axis in (3, 2))
    ours = preset("neural-style").tv * total_variation(image / 256)
    # A mean over one row or column fewer than there are, and all of J in our pixels.
    assert float(ours) == pytest.approx(0.5e-3 * float(across + down) * (255 / 256) ** 2, rel=3e-3)


@pytest.mark.parametrize("name", [*PUBLISHED, "course"])
def test_a_published_preset_says_itself_what_its_source_says(name):
    weights, layers = {"alpha", "beta", "tv"}, {"content_layers", "style_layers"}
    said = {"scales", "evaluations", "pooling", "init", "optimizer"} | weights | layers
    assert said <= PRESETS[name].keys()


def test_the_course_has_its_alpha_beta_and_start():
    course = preset("course")
    assert (course.alpha, course.beta, course.noise, course.init) == (10, 40, 0.6, "blend")
    assert set(course.style_layers.values()) == {0.2}


def test_every_preset_is_valid_and_takes_changes():
    for name in PRESETS:
        assert preset(name, size=256).size == 256
    assert preset("paint") == Settings()
    with pytest.raises(SettingsError, match=r"There is no preset “vermeer”: there are paint, "):
        preset("vermeer")


def test_a_strength_takes_the_place_of_a_presets_alpha_and_beta():
    gatys, heavy = preset("gatys"), preset("gatys", strength=60)
    assert gatys.alpha is not None
    assert (heavy.alpha, heavy.beta, heavy.strength) == (None, None, 60)
    assert heavy.style_layers == gatys.style_layers
    with pytest.raises(SettingsError):
        preset("gatys", strength=60, alpha=1)  # and no β


@pytest.mark.parametrize("changes", [{"strength": 20.0}, {"statistic": "gaussian"}], ids=str)
def test_no_weight_of_a_published_loss_stays_beside_a_relative_cost(changes):
    for name in PRESETS:
        changed = preset(name, **changes)
        assert (changed.alpha, changed.beta, changed.tv) == (None, None, Settings().tv)
    assert preset("neural-style", tv=3.0, **changes).tv == 3
    assert preset("gatys", statistic="gram") == preset("gatys")
