"""The costs against loops in float64, against finite differences, and against what must hold of them."""

import pytest
import reference
import torch

from nst.costs import add_gram_gradient, content_cost, gram_matrix, gram_share, style_cost, total_variation


def features(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def cost_of_styles(generated: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    return style_cost(gram_matrix(generated), gram_matrix(style))


def test_the_content_cost_is_the_papers_sum():
    g, c = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1)
    assert float(content_cost(g, c)) == pytest.approx(reference.content_cost(g[0], c[0]), rel=1e-12)


def test_the_gram_matrix_is_the_papers_sum_over_the_number_of_positions():
    f = features(1, 3, 4, 5)
    expected = torch.tensor(reference.gram(f[0]), dtype=torch.float64) / 20
    torch.testing.assert_close(gram_matrix(f)[0], expected, rtol=1e-12, atol=0)


def test_the_style_cost_is_the_papers_sum():
    g, s = features(1, 3, 4, 5), features(1, 3, 4, 5, seed=1)
    assert float(cost_of_styles(g, s)) == pytest.approx(reference.style_cost(g[0], s[0]), rel=1e-12)


def test_total_variation_is_the_sum_over_neighbours():
    x = features(1, 3, 4, 5)
    assert float(total_variation(x)) == pytest.approx(reference.total_variation(x[0]), rel=1e-12)


def test_total_variation_counts_differences_of_colour_as_often_as_it_is_told():
    both = features(2, 3, 4, 5)
    found = total_variation(both, torch.tensor([7.0, 0.5], dtype=both.dtype))
    for value, x, kappa in zip(found.tolist(), both, (7.0, 0.5), strict=True):
        assert value == pytest.approx(reference.total_variation(x, kappa), rel=1e-12)
    grey = both[:, :1].expand(-1, 3, -1, -1)
    assert torch.equal(total_variation(grey, 1000.0), total_variation(grey))


def test_with_one_weight_total_variation_is_that_of_the_channels():
    x = features(1, 3, 4, 5)
    channels = sum(x.diff(dim=axis).square().mean() for axis in (2, 3))
    assert float(total_variation(x)) == pytest.approx(float(channels), rel=1e-12)


def test_total_variation_of_a_tile_counts_each_difference_once_and_that_over_the_seam():
    x = features(1, 3, 6, 5)
    around = sum((x.roll(-1, axis) - x).square().mean() for axis in (2, 3))
    assert float(total_variation(x, 1.0, seamless=True)) == pytest.approx(float(around), rel=1e-12)


@pytest.mark.parametrize("size", [(4, 4), (8, 16)])
def test_ones_have_a_gram_matrix_of_ones_at_every_size(size):
    assert torch.equal(gram_matrix(torch.ones(1, 3, *size)), torch.ones(1, 3, 3))


@pytest.mark.parametrize("cost", [content_cost, cost_of_styles])
def test_gradients_of_costs_agree_with_finite_differences(cost):
    target = features(1, 2, 3, 3, seed=1)
    assert torch.autograd.gradcheck(lambda g: cost(g, target), features(1, 2, 3, 3).requires_grad_())


def test_the_gradient_of_total_variation_agrees_with_finite_differences():
    x = features(1, 3, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(total_variation, x)
    assert torch.autograd.gradcheck(lambda image: total_variation(image, 9.0), x)


def test_a_gram_matrix_is_symmetric_and_has_no_negative_eigenvalue():
    gram = gram_matrix(features(1, 6, 5, 7))[0]
    torch.testing.assert_close(gram, gram.T)
    assert torch.linalg.eigvalsh(gram).min() > -1e-12


def test_shuffling_the_pixels_leaves_the_gram_matrix_alone():
    f = features(1, 4, 6, 5)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(2))
    shuffled = f.flatten(2)[:, :, order].view_as(f)
    torch.testing.assert_close(gram_matrix(shuffled), gram_matrix(f))


def test_a_picture_beside_itself_has_the_gram_matrix_of_one():
    f = features(1, 4, 6, 5)
    torch.testing.assert_close(gram_matrix(torch.cat((f, f), dim=3)), gram_matrix(f))


def test_a_picture_costs_nothing_against_itself():
    f = features(1, 4, 6, 5)
    assert float(content_cost(f, f)) == 0
    assert float(cost_of_styles(f, f)) == 0


def test_costs_of_a_batch_are_the_costs_of_its_pictures():
    batch, target = features(3, 4, 6, 5), features(1, 4, 6, 5, seed=1)
    for cost in (content_cost, cost_of_styles):
        alone = torch.cat([cost(picture[None], target) for picture in batch])
        torch.testing.assert_close(cost(batch, target), alone)


def test_in_bfloat16_a_gram_matrix_is_rounded_once_however_many_positions_it_sums():
    f = features(2, 5, 90, 110).bfloat16()
    exact = gram_matrix(f.double())
    assert bool(((gram_matrix(f) - exact).abs() <= 2**-8 * exact.abs()).all())


def test_the_sums_of_two_parts_are_the_gram_matrix_and_their_gradients_that_of_the_whole():
    f = features(2, 3, 6, 5).requires_grad_()
    d = features(2, 3, 3, 1, seed=1)[..., 0]
    gram = gram_matrix(f)
    (expected,) = torch.autograd.grad(gram, f, d)
    parts = f.detach().split([2, 4], dim=2)
    torch.testing.assert_close(sum(gram_share(part, 30) for part in parts), gram)
    flows = [torch.ones_like(part) for part in parts]
    for flow, part in zip(flows, parts, strict=True):
        add_gram_gradient(flow, part, d, positions=30)
    torch.testing.assert_close(torch.cat(flows, 2), 1 + expected)


def test_a_gram_matrix_can_be_differentiated_in_any_order_of_memory():
    f = features(1, 3, 4, 5)
    expected = torch.autograd.functional.jacobian(lambda x: gram_matrix(x).sum(), f)
    for order in (lambda x: x.transpose(2, 3), lambda x: x[..., 1:-1], lambda x: x.flip(2)):
        turned = order(f).detach().requires_grad_()
        gram_matrix(turned).sum().backward()
        assert turned.grad.shape == turned.shape
    turned = f.transpose(2, 3).requires_grad_()
    gram_matrix(turned).sum().backward()
    torch.testing.assert_close(turned.grad.transpose(2, 3), expected)


def test_what_cannot_be_added_in_place_is_an_error_and_not_lost():
    f = features(1, 3, 4, 5)
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        add_gram_gradient(features(1, 3, 4, 7)[..., 1:-1], f, torch.ones(1, 3, 3).double(), positions=20)


@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float16, 0), (torch.bfloat16, 2**-8)])
def test_grams_and_costs_of_half_precision_are_float32(dtype, rounding):
    """Activations of 500 have products of 250 000: past float16's end."""
    f = torch.full((1, 2, 4, 4), 500.0, dtype=dtype)
    assert gram_matrix(f).dtype == torch.float32
    assert float(gram_matrix(f).max()) == pytest.approx(250_000, rel=rounding, abs=0)
    assert content_cost(f, 0 * f).dtype == torch.float32


def test_mismatched_shapes_are_named():
    with pytest.raises(ValueError, match="differ in shape"):
        content_cost(features(1, 2, 3, 3), features(1, 2, 3, 4))
    with pytest.raises(ValueError, match="differ in channels"):
        style_cost(torch.ones(1, 2, 2), torch.ones(1, 3, 3))
    with pytest.raises(ValueError, match="must have shape"):
        gram_matrix(torch.ones(2, 3, 3))
