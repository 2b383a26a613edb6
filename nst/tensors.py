"""Picture ↔ tensor of shape (1, 3, H, W), float32, RGB in [0, 1]; resizing of tensors."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .images import on_white


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
    require_image("image", image)
    if not bool(image.isfinite().all()):
        raise ValueError("image holds values that are not finite")
    levels = image.detach().float().clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(levels[0].permute(1, 2, 0).contiguous().cpu().numpy())


def resize_tensor(image: Tensor, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) → (1, 3, height, width) for size = (width, height): bicubic, antialiased, not clamped."""
    width, height = size
    return F.interpolate(image, (height, width), mode="bicubic", align_corners=False, antialias=True)


def require_image(name: str, image: Tensor) -> None:
    """Raises ValueError unless the image has shape (1, 3, H, W)."""
    if image.ndim != 4 or image.shape[:2] != (1, 3):
        raise ValueError(f"{name} must have shape (1, 3, H, W), not {tuple(image.shape)}")
