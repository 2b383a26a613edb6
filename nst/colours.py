"""Colours of pictures, (1, 3, H, W) RGB in [0, 1]: one's lightness with another's colours, and the colours of
one moved to another's."""

import torch
from torch import Tensor

from .tensors import require_image

LEAST_VARIANCE = 1e-6  # (a quarter of a level)², added to Σ so that it can be inverted
GREATEST_GAIN = 8.0  # of match_colours()
HALVINGS = 8  # of the share of a colour that has room: the rest is below a level

# OkLab: linear sRGB → responses of the three cones → lightness and two opponent colours (Ottosson 2020).
CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
OPPONENTS = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def keep_colours(generated: Tensor, content: Tensor) -> Tensor:
    """The generated image's lightness with the content image's colours.

        K = (L(G), t · a(C), t · b(C))   in OkLab

    with t, pixel by pixel, the largest in [0, 1] that keeps R, G and B in [0, 1]: colours pale where the
    paint is too light or too dark for them, so that the lightness is G's.

    generated, content   (1, 3, H, W) in [0, 1]
    returns              (1, 3, H, W) in [0, 1]

    Source: luminance-only transfer, Gatys, Bethge, Hertzmann & Shechtman (2016), §3.2. They use YIQ, whose
    luma takes a blue for darker than it looks; OkLab's lightness is what is seen: Ottosson (2020).
    """
    require_image("generated", generated)
    if generated.shape != content.shape:
        raise ValueError(f"generated {tuple(generated.shape)} and content {tuple(content.shape)} differ")
    lightness, colour = to_oklab(generated)[:, :1], to_oklab(content)[:, 1:]
    share, fits = torch.zeros_like(lightness), _fits(lightness, colour)
    step = 0.5
    for _ in range(HALVINGS):
        share = torch.where(_fits(lightness, (share + step) * colour), share + step, share)
        step /= 2
    share = torch.where(fits, 1.0, share)
    return _coded(_to_linear(torch.cat([lightness, share * colour], dim=1))).clamp(0, 1)


def _fits(lightness: Tensor, colour: Tensor) -> Tensor:
    """(1, 1, H, W), true where this is a colour of sRGB."""
    linear = _to_linear(torch.cat([lightness, colour], dim=1))
    return ((linear > -1e-4) & (linear < 1 + 1e-4)).all(dim=1, keepdim=True)


def to_oklab(image: Tensor) -> Tensor:
    """sRGB in [0, 1] → OkLab (1, 3, H, W): L in [0, 1], a from green to red, b from blue to yellow."""
    linear = torch.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)
    return _mixed(torch.tensor(OPPONENTS), _mixed(torch.tensor(CONES), linear).clamp_min(0) ** (1 / 3))


def _to_linear(lab: Tensor) -> Tensor:
    """OkLab → linear sRGB, outside [0, 1] where that has no such colour."""
    cones = _mixed(torch.linalg.inv(torch.tensor(OPPONENTS)), lab) ** 3
    return _mixed(torch.linalg.inv(torch.tensor(CONES)), cones)


def _coded(linear: Tensor) -> Tensor:
    """Linear → sRGB (IEC 61966-2-1)."""
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp_min(0) ** (1 / 2.4) - 0.055)


def _mixed(matrix: Tensor, image: Tensor) -> Tensor:
    """The matrix applied to each pixel's colour."""
    return torch.einsum("kc,nchw->nkhw", matrix.to(image), image)


def match_colours(image: Tensor, reference: Tensor) -> Tensor:
    """The image with the reference's mean colour and colour covariance: μ, Σ ↦ μ_r, Σ_r.

        x ↦ A (x − μ) + μ_r,   A = Σ^-½ (Σ^½ Σ_r Σ^½)^½ Σ^-½

    A is the symmetric map that moves colours least (optimal transport between Gaussians). Its gain is held
    to GREATEST_GAIN, so that the noise of a grey or flat picture does not become colour; the covariance
    then falls short.

    image, reference   (1, 3, H, W) and (1, 3, H', W') in [0, 1]
    returns            (1, 3, H, W), the image's dtype and device; may leave [0, 1], as clamping would
                       move the moments

    Source: Gatys et al. (2016) "Preserving Color in Neural Artistic Style Transfer", §3.1; the map is
    Pitié & Kokaram (2007), eq. 9.
    """
    require_image("image", image)
    require_image("reference", reference)
    mean, covariance = _moments(image)
    target_mean, target = _moments(reference)
    root, inverse = _power(covariance, 0.5), _power(covariance, -0.5)
    transport = inverse @ _power(root @ target @ root, 0.5) @ inverse
    gains, axes = torch.linalg.eigh(transport)
    transport = axes @ torch.diag(gains.clamp(0, GREATEST_GAIN)) @ axes.T
    shift = target_mean - transport @ mean
    # The dtype first: MPS takes no float64.
    transport, shift = (part.to(image.dtype).to(image.device) for part in (transport, shift))
    return torch.einsum("kc,nchw->nkhw", transport, image) + shift.view(1, 3, 1, 1)


def _moments(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the colours, in float64 on the CPU, as MPS has no float64."""
    colours = image.detach().cpu().double().flatten(2)[0]  # (3, H·W)
    floor = LEAST_VARIANCE * torch.eye(3, dtype=torch.float64)
    return colours.mean(dim=1), torch.cov(colours, correction=0) + floor


def _power(symmetric: Tensor, exponent: float) -> Tensor:
    values, axes = torch.linalg.eigh(symmetric)
    return axes @ torch.diag(values.clamp_min(1e-14) ** exponent) @ axes.T
