"""The costs of neural style transfer, as pure functions of activations. This file imports only torch.

    J(G) = α · J_content(C, G) + β · J_style(S, G) + γ · TV(G)

Each formula and each normalisation stands here and nowhere else; their weights are applied in objective.py.
"""

from typing import Any

import torch
from torch import Tensor


def _require_shape(name: str, x: Tensor, like: str) -> None:
    if x.ndim != len(like.split(",")):
        raise ValueError(f"{name} must have shape ({like}), not {tuple(x.shape)}")


def content_cost(features: Tensor, content: Tensor) -> Tensor:
    """Content cost of one layer: how far the activations are from the content image's.

        J_content = 1/(4 · nH · nW · nC) · Σ (a(C) − a(G))²

    features   (N, nC, nH, nW) activations of the generated image, any finite float
    content    (1 or N, nC, nH, nW) activations of the content image
    returns    (N,) float32 or float64 ≥ 0; 0 only where they agree

    Raises ValueError if the shapes differ.

    Source: the course's normalisation. Gatys, Ecker & Bethge (2016), eq. 1, use ½ Σ, which grows with the
    picture; this one is ¼ of a mean and so means the same at every size.
    """
    _require_shape("features", features, "N, nC, nH, nW")
    if features.shape[1:] != content.shape[1:]:
        raise ValueError(
            f"features {tuple(features.shape)} and content {tuple(content.shape)} differ in shape"
        )
    difference = (features - content).to(at_least_float32(features.dtype))
    return difference.square().mean(dim=(1, 2, 3)) / 4


def add_content_gradient(
    flow: Tensor, features: Tensor, content: Tensor, gradient: Tensor, positions: int
) -> None:
    """flow ← flow + g · ∂J_content/∂a(G), in place; ∂J_content/∂a(G) = (a(G) − a(C)) / (2 · nH · nW · nC).

    features    (N, nC, h, nW), rows of the activations; content and flow are of the same rows
    gradient    g = ∂J/∂J_content (N,)
    positions   nH · nW of all rows
    """
    factor = gradient / (2 * features.shape[1] * positions)
    flow.addcmul_(features - content, factor.view(-1, 1, 1, 1).to(flow.dtype))


def gram_matrix(features: Tensor) -> Tensor:
    """Gram ("style") matrix of one layer, over its own number of positions.

        G_kk' = 1/(nH · nW) · Σ_ij a_ijk · a_ijk'

    features   (N, nC, nH, nW), any finite float
    returns    (N, nC, nC) symmetric, positive semi-definite but for rounding; float32 or float64. Of bfloat16
               on a CPU the sums are taken in float32 and each is rounded once, by at most 1/256: the gradient
               of J is as far from float32's as with exact sums. Elsewhere half precision is converted first:
               VGG-19's activations reach hundreds, and their products overflow float16

    Source: Gatys, Ecker & Bethge (2016), eq. 3, and the course leave out 1/(nH · nW); style_cost says
    where it went. With it one target serves pictures of every size.
    """
    _require_shape("features", features, "N, nC, nH, nW")
    return _SecondMoment.apply(features)


def gram_share(features: Tensor, positions: int) -> Tensor:
    """Σ_ij a_ijk · a_ijk' / positions (N, nC, nC), without autograd: what some rows of a picture of so
    many positions add to its Gram matrix."""
    a = _flat(features)
    if a.dtype == torch.bfloat16 and a.device.type == "cpu":
        # A product for each image, as a batch of one takes three times as long.
        total = torch.stack([one.T @ one for one in a]).float()
    else:
        a = a.to(at_least_float32(a.dtype))
        total = a.transpose(1, 2) @ a
    return total / positions


def add_gram_gradient(flow: Tensor, features: Tensor, gradient: Tensor, positions: int) -> None:
    """flow ← flow + ∂J/∂a of a function of the Gram matrix, in place: a (D + Dᵀ) / (nH · nW).

    One product, where differentiating aᵀa as a product of two takes two. In the features' precision, which is
    that of the gradient it becomes part of.

    features    (N, nC, h, nW), rows of the activations; flow is of the same rows
    gradient    D = ∂J/∂G (N, nC, nC)
    positions   nH · nW of all rows
    """
    d = (gradient + gradient.transpose(1, 2)) / positions
    a = _flat(features)
    # A view, as what is added to a copy would be lost.
    flow.permute(0, 2, 3, 1).view(a.shape).baddbmm_(a, d.to(a.dtype))


def _flat(features: Tensor) -> Tensor:
    """(N, nC, nH, nW) → (N, nH · nW, nC), for channels-last memory a view."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


class _SecondMoment(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        return gram_share(features, features[0, 0].numel())

    @staticmethod
    @torch.autograd.function.once_differentiable  # which hides the names of its parameters
    def backward(ctx: Any, *grad_outputs: Any) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        (features,), (gradient,) = ctx.saved_tensors, grad_outputs
        flow = torch.zeros_like(features, memory_format=torch.channels_last)
        add_gram_gradient(flow, features, gradient, features[0, 0].numel())
        return flow


def style_cost(gram: Tensor, style_gram: Tensor) -> Tensor:
    """Style cost of one layer: how far its Gram matrix is from the style image's.

        J_style[l] = 1/(2 · nH · nW · nC)² · Σ_kk' (G_kk'(S) − G_kk'(G))²        (unnormalised Grams)
                   = 1/(4 · nC²) · Σ_kk' (gram(S) − gram(G))²                   (each over its own nH · nW)

    gram, style_gram   (N, nC, nC) and (1 or N, nC, nC), from gram_matrix()
    returns            (N,) ≥ 0; 0 only where the Gram matrices agree

    Raises ValueError if the channel counts differ.

    Source: Gatys, Ecker & Bethge (2016), eqs. 3–4. The two lines are equal where style and generated image
    have one size; the second still holds where they do not (the authors' notebook does the same).
    """
    _require_shape("gram", gram, "N, nC, nC")
    if gram.shape[1:] != style_gram.shape[1:]:
        raise ValueError(
            f"gram {tuple(gram.shape)} and style_gram {tuple(style_gram.shape)} differ in channels"
        )
    return (gram - style_gram).square().mean(dim=(1, 2)) / 4


def total_variation(image: Tensor, kappa: float | Tensor = 1.0, seamless: bool = False) -> Tensor:
    """Total variation: how much neighbouring pixels differ, in lightness and, κ times as much, in colour.
    Lightness here is the mean of the three channels.

        TV = TV(l) + κ · TV(x − l),   l = (R + G + B) / 3 in each channel
        TV(x) = mean (x_{i+1,j} − x_ij)² + mean (x_{i,j+1} − x_ij)²

    image     (N, 3, H, W) in [0, 1]
    kappa     κ > 0, of all images or of each (N,); with 1 it is TV(x), as TV(x) = TV(l) + TV(x − l)
    seamless  whether the first row and column follow the last ones: H differences down and W across
    returns   (N,) ≥ 0, 0 only for one flat colour

    Source: Mahendran & Vedaldi (2015) with exponent 2, as means so that it does not grow with the picture.
    κ is ours: the network hardly sees the finest changes of colour, so that they fill with noise, which shows
    most where the style has none.
    """
    of_lightness, of_colour = variations(image, seamless)
    return of_lightness + kappa * of_colour


def variations(image: Tensor, seamless: bool = False) -> tuple[Tensor, Tensor]:
    """TV(l) and TV(x − l) of total_variation(), (N,) each."""
    _require_shape("image", image, "N, 3, H, W")
    of_lightness = of_colour = image.new_zeros(len(image))
    for axis in (2, 3):
        first = image.narrow(axis, 0, 1)
        difference = image.diff(dim=axis, append=first if seamless else None)
        lightness = difference.mean(dim=1, keepdim=True)
        of_lightness = of_lightness + lightness.square().mean(dim=(1, 2, 3))
        of_colour = of_colour + (difference - lightness).square().mean(dim=(1, 2, 3))
    return of_lightness, of_colour


def at_least_float32(dtype: torch.dtype) -> torch.dtype:
    """The precision sums are taken in."""
    return torch.promote_types(dtype, torch.float32)
