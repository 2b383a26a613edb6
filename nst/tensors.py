"""Picture ↔ tensor of shape (1, 3, H, W), float32, RGB in [0, 1]; resizing and colour transfer of tensors."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .images import on_white

LEAST_VARIANCE = 1e-6  # (a quarter of a level)², added to Σ so that it can be inverted
GREATEST_GAIN = 8.0  # of match_colours()


def to_tensor(picture: Image.Image, size: tuple[int, int] | None = None) -> Tensor:
    """The picture as (1, 3, H, W) float32 in [0, 1], resized (Lanczos) to size = (width, height) if given."""
    picture = on_white(picture).convert("RGB")
    if size is not None and size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(picture))  # (H, W, 3)
    return (pixels.permute(2, 0, 1)[None].float() / 255).contiguous()


def to_picture(image: Tensor) -> Image.Image:
    """(1, 3, H, W) on any device → RGB picture; values are clamped to [0, 1], rounded to the nearest level.

    Raises ValueError for another shape, and for values that are not finite: cast to bytes they would be
    black, and a failed run would look like a finished one.
    """
    _require_image("image", image)
    if not bool(image.isfinite().all()):
        raise ValueError("image holds values that are not finite")
    levels = image.detach().float().clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(levels[0].permute(1, 2, 0).contiguous().cpu().numpy())


def resize_tensor(image: Tensor, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) → (1, 3, height, width) for size = (width, height): bicubic, antialiased, not clamped."""
    width, height = size
    return F.interpolate(image, (height, width), mode="bicubic", align_corners=False, antialias=True)


def keep_colours(generated: Tensor, content: Tensor) -> Tensor:
    """The generated image's lightness with the content image's colours.

        K = Y(G) + t · (C − Y(C)),   Y = 0.2126 R + 0.7152 G + 0.0722 B

    with t, pixel by pixel, the largest in [0, 1] that keeps R, G and B in [0, 1]: colours pale where the
    paint is too light or too dark for them, so that the luma is G's exactly.

    generated, content   (1, 3, H, W) in [0, 1]
    returns              (1, 3, H, W) in [0, 1]

    Source: luminance-only transfer, Gatys, Bethge, Hertzmann & Shechtman (2016), §3.2. They use YIQ; this is
    the luma of sRGB's primaries (ITU-R BT.709).
    """
    _require_image("generated", generated)
    if generated.shape != content.shape:
        raise ValueError(f"generated {tuple(generated.shape)} and content {tuple(content.shape)} differ")
    luma, colour = _luma(generated), content - _luma(content)
    room = torch.where(colour > 0, 1 - luma, luma) / colour.abs().clamp_min(1e-6)
    return luma + room.amin(dim=1, keepdim=True).clamp(0, 1) * colour


def _luma(image: Tensor) -> Tensor:
    weights = image.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    return (weights * image).sum(dim=1, keepdim=True)


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
    _require_image("image", image)
    _require_image("reference", reference)
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


def _require_image(name: str, image: Tensor) -> None:
    if image.ndim != 4 or image.shape[:2] != (1, 3):
        raise ValueError(f"{name} must have shape (1, 3, H, W), not {tuple(image.shape)}")
