"""The colours of one picture for another: moments, lightness, and what sRGB has room for."""

import numpy as np
import pytest
import torch
from bad_images import scene

from nst.colours import keep_colours, match_colours, to_oklab
from nst.tensors import to_tensor


@pytest.fixture
def colourful() -> tuple[torch.Tensor, torch.Tensor]:
    """Two pictures of correlated colours whose moments differ."""
    generator = torch.Generator().manual_seed(5)
    mixes = (
        torch.tensor([[[0.12, 0.0, 0.02], [0.08, 0.06, 0.0], [0.0, 0.05, 0.08]]]),
        0.05 * torch.eye(3)[None],
    )
    images = []
    for mix, mean in zip(mixes, (0.4, 0.6), strict=True):
        drawn = torch.einsum("nij,njhw->nihw", mix, torch.randn(1, 3, 40, 50, generator=generator))
        images.append((drawn + mean).clamp(0, 1))
    return images[0], images[1]


def moments(image: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    colours = image[0].reshape(3, -1).double().numpy()
    return colours.mean(axis=1), np.cov(colours, bias=True)


def test_matching_colours_gives_the_reference_s_mean_and_covariance(colourful):
    image, reference = colourful
    for source, target in ((image, reference), (reference, image)):
        mean, covariance = moments(match_colours(source, target))
        assert np.allclose(mean, moments(target)[0], atol=1e-5)
        assert np.allclose(covariance, moments(target)[1], atol=1e-5)


def test_matching_colours_moves_grey_levels_as_one_dimensional_transport_does():
    """In one dimension the optimal map is (x − μ) · σ_r/σ + μ_r."""
    ramp = torch.linspace(0, 1, 100).view(1, 1, 10, 10).expand(1, 3, 10, 10)
    reference = 0.3 + 0.4 * ramp
    assert torch.allclose(match_colours(ramp, reference), reference, atol=1e-3)


def test_a_picture_matched_to_itself_is_unchanged(colourful):
    for image in (*colourful, to_tensor(scene()), torch.full((1, 3, 8, 8), 0.3)):
        assert torch.allclose(match_colours(image, image), image, atol=1e-5)


@pytest.mark.parametrize("flat", [torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)], ids=["black", "white"])
def test_a_flat_picture_takes_the_reference_s_mean_and_no_more(flat, colourful):
    matched = match_colours(flat, colourful[0])
    assert torch.allclose(matched.mean(dim=(2, 3)), colourful[0].mean(dim=(2, 3)), atol=1e-5)
    assert matched.std(dim=(2, 3)).max() < 1e-5
    assert (match_colours(colourful[0], flat) - flat.mean()).abs().max() < 0.01


def test_the_noise_of_a_grey_picture_does_not_become_colour(colourful):
    generator = torch.Generator().manual_seed(1)
    grey = torch.rand(1, 1, 40, 40, generator=generator).expand(1, 3, 40, 40)
    noisy = grey + torch.randn(1, 3, 40, 40, generator=generator) / 255
    matched = match_colours(noisy, colourful[0])
    assert (matched - match_colours(grey, colourful[0])).std() < 9 / 255


def colour(*levels: float) -> torch.Tensor:
    return torch.tensor(levels).view(1, 3, 1, 1)


@pytest.mark.parametrize(
    ("srgb", "oklab"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((1, 1, 1), (1, 0, 0)),
        ((1, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 1, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 1), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_oklab_of_srgb_s_corners_is_as_published(srgb, oklab):
    """Of CSS Color 4 and Ottosson (2020)."""
    found = to_oklab(colour(*map(float, srgb))).flatten()
    assert torch.allclose(found, torch.tensor(oklab, dtype=torch.float32), atol=2e-4)


def test_keeping_colours_takes_lightness_from_one_and_hue_from_the_other(colourful):
    generated, content = colourful
    kept, wanted = to_oklab(keep_colours(generated, content)), to_oklab(content)
    assert torch.allclose(kept[:, 0], to_oklab(generated)[:, 0], atol=2e-3)
    (a, b), (own_a, own_b) = kept[0, 1:], wanted[0, 1:]
    assert (a * own_b - b * own_a).abs().max() < 2e-4
    assert (a * own_a + b * own_b).min() > -2e-4
    assert torch.hypot(a, b).mean() > 0.8 * torch.hypot(own_a, own_b).mean()


def test_keeping_colours_stays_in_range_where_a_colour_has_no_room():
    content = colour(1.0, 0.0, 0.0).expand(1, 3, 1, 5)
    generated = torch.linspace(0, 1, 5).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    kept = keep_colours(generated, content)
    assert 0 <= kept.min() <= kept.max() <= 1
    between = slice(1, 4)
    assert torch.allclose(to_oklab(kept)[:, 0, 0, between], to_oklab(generated)[:, 0, 0, between], atol=3e-3)
    assert torch.allclose(kept[..., 0].flatten(), torch.zeros(3), atol=1e-3)
    assert torch.allclose(kept[..., 4].flatten(), torch.ones(3), atol=1e-3)
    redness = kept[0, 0, 0] - kept[0, 1, 0]
    assert (redness[between] > 0.1).all()  # pale, not grey


def test_keeping_colours_of_itself_and_of_grey(colourful):
    image = colourful[0]
    assert torch.allclose(keep_colours(image, image), image, atol=1e-3)
    kept = keep_colours(image, image.mean(dim=1, keepdim=True).expand_as(image))
    assert kept.std(dim=1).max() < 1e-3


def test_shapes_that_do_not_fit_are_refused(colourful):
    with pytest.raises(ValueError, match="differ"):
        keep_colours(colourful[0], colourful[0][..., :-1])
    with pytest.raises(ValueError, match="must have shape"):
        match_colours(colourful[0][:, :1], colourful[0])
