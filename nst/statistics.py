"""What style is: the statistics of a layer's activations that a run can match.

Each answers the course's question, whether the Gram matrix can be reformulated, in its own way:

    gram         second moments                        Gatys, Ecker & Bethge (2016)
    covariance   second moments about the mean
    mean-std     mean and standard deviation           Huang & Belongie (2017); Li et al. (2017)
    mean         the mean: the linear kernel           Li et al. (2017)
    polynomial   mean and second moments               Li et al. (2017)
    gaussian     MMD with a Gaussian kernel            Li et al. (2017); Rahimi & Recht (2007)
    sliced       the distributions along directions    Heitz et al. (2021)

Li et al. (2017), "Demystifying Neural Style Transfer", show that matching Gram matrices is matching
distributions by the kernel k(x, y) = (x·y)²; `mean`, `polynomial` and `gaussian` put others in its place:
MMD² = E k(x, x') − 2 E k(x, y) + E k(y, y').
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .costs import at_least_float32, gram_matrix, style_cost

SEED = 0  # of the directions and frequencies: the objective is the same at every evaluation, and in every run
QUANTILES = 256  # steps of the quantile function along each direction
LEAST_VARIANCE = 1e-5  # beside activations of about 1: the slope of a standard deviation stays finite


class Statistic(Protocol):
    """One statistic of a layer, and how far two of them are from each other.

    describe   activations (N, nC, nH, nW) → (N, …), averaged where there are several style images
    silence    what describe() gives for activations that are all 0, for a target (1, …)
    cost       two of these, (N, …) and (1 or N, …) → (N,) ≥ 0
    """

    def describe(self, features: Tensor) -> Tensor: ...

    def silence(self, target: Tensor) -> Tensor: ...

    def cost(self, found: Tensor, target: Tensor) -> Tensor: ...


class Gram:
    """The Gram matrix, in the normalisation of costs.py."""

    def describe(self, features: Tensor) -> Tensor:
        return gram_matrix(features)

    def silence(self, target: Tensor) -> Tensor:
        return torch.zeros_like(target)

    def cost(self, found: Tensor, target: Tensor) -> Tensor:
        return style_cost(found, target)


@dataclass(frozen=True)
class Moments:
    """What first and second moments decide. They are described as one matrix,

        M = 1/(nH · nW) · Σ_ij (1, a_ij) (1, a_ij)ᵀ = [[1, μᵀ], [μ, G]]

    distance   of two such matrices, (N, nC + 1, nC + 1) and (1 or N, nC + 1, nC + 1) → (N,)
    """

    distance: Callable[[Tensor, Tensor], Tensor]

    def describe(self, features: Tensor) -> Tensor:
        # In float32, as distances take differences of these moments that nearly cancel.
        exact = features.to(at_least_float32(features.dtype))
        return gram_matrix(F.pad(exact, (0, 0, 0, 0, 1, 0), value=1.0))

    def silence(self, target: Tensor) -> Tensor:
        nothing = torch.zeros_like(target)
        nothing[:, 0, 0] = 1
        return nothing

    def cost(self, found: Tensor, target: Tensor) -> Tensor:
        return self.distance(found, target)


def covariance_distance(found: Tensor, target: Tensor) -> Tensor:
    """style_cost() of the Gram matrices of the centred activations, G − μ μᵀ."""
    return style_cost(_covariance(found), _covariance(target))


def mean_std_distance(found: Tensor, target: Tensor) -> Tensor:
    """1/nC · Σ_k ((μ_k − μ_k')² + (σ_k − σ_k')²)."""
    means = (_mean(found) - _mean(target)).square().mean(dim=1)
    return means + (_deviation(found) - _deviation(target)).square().mean(dim=1)


def mean_distance(found: Tensor, target: Tensor) -> Tensor:
    """1/nC · ‖μ − μ'‖²: MMD² with k(x, y) = x·y / nC."""
    return (_mean(found) - _mean(target)).square().mean(dim=1)


def polynomial_distance(found: Tensor, target: Tensor) -> Tensor:
    """1/(4 · nC²) · (‖G − G'‖² + 2c · ‖μ − μ'‖²): MMD² with k(x, y) = (x·y + c)² / (4 · nC²).

    c is the style's E ‖a‖² = tr G', so that both parts count; with c = 0 this is the Gram matrix's cost.
    """
    channels = target.shape[-1] - 1
    c = _gram(target).diagonal(dim1=1, dim2=2).sum(dim=1)
    means = (_mean(found) - _mean(target)).square().sum(dim=1)
    return style_cost(_gram(found), _gram(target)) + c * means / (2 * channels**2)


def _mean(moments: Tensor) -> Tensor:
    return moments[:, 0, 1:]


def _gram(moments: Tensor) -> Tensor:
    return moments[:, 1:, 1:]


def _covariance(moments: Tensor) -> Tensor:
    mean = _mean(moments)
    return _gram(moments) - mean[:, :, None] * mean[:, None, :]


def _deviation(moments: Tensor) -> Tensor:
    variance = _gram(moments).diagonal(dim1=1, dim2=2) - _mean(moments).square()
    return (variance.clamp_min(0) + LEAST_VARIANCE).sqrt()


class Gaussian:
    """The mean of random Fourier features, whose squared distance is MMD² with a Gaussian kernel:

        k(x, y) = exp(−‖x − y‖² / (2σ²)) = E_w cos(w·(x − y)),   w ~ N(0, I / σ²)
        φ(x) = (cos Wx, sin Wx) / √K,   MMD² ≈ ‖E φ(x) − E φ(y)‖²

    frequencies   W (K, nC)

    Source: Rahimi & Recht (2007). Li et al. (2017) draw pairs of positions anew at every step; with fixed
    frequencies the objective is one function, which L-BFGS needs.
    """

    def __init__(self, frequencies: Tensor) -> None:
        self.frequencies = frequencies

    def describe(self, features: Tensor) -> Tensor:
        phases = _projected(features, self.frequencies)
        both = torch.cat([phases.cos().mean(dim=2), phases.sin().mean(dim=2)], dim=1)
        return both / len(self.frequencies) ** 0.5

    def silence(self, target: Tensor) -> Tensor:
        return self.describe(target.new_zeros(1, self.frequencies.shape[1], 1, 1))

    def cost(self, found: Tensor, target: Tensor) -> Tensor:
        return (found - target).square().sum(dim=1)


def gaussian_for(style: Tensor, count: int | None = None) -> Gaussian:
    """The kernel for a style image's activations (1, nC, nH, nW): σ² is their mean squared distance,
    E ‖a − a'‖² = 2 · tr Cov, as Li et al. (2017) have it; `count` frequencies, nC unless given."""
    channels = style.shape[1]
    variance = style.to(at_least_float32(style.dtype)).flatten(2).var(dim=2, correction=0).sum()
    width = (2 * variance).clamp_min(LEAST_VARIANCE).sqrt()
    return Gaussian(_normal(count or channels, channels, style) / width)


class Sliced:
    """Quantile functions of the activations along fixed orthonormal directions d:

        J = 1/K · Σ_d ∫₀¹ (q_d(t) − q_d'(t))² dt,   q_d the quantile function of d·a

    the sliced Wasserstein distance, squared. Each q_d is described by its means over QUANTILES equal steps,
    so pictures of any size compare, and averaging several styles gives the slices of their barycentre.

    directions   (K, nC)

    Source: Heitz, Vanhoey, Chambon & Belcour (2021), who draw the directions anew at every step.
    """

    def __init__(self, directions: Tensor) -> None:
        self.directions = directions

    def describe(self, features: Tensor) -> Tensor:
        return _means_over_steps(_projected(features, self.directions).sort(dim=2).values)

    def silence(self, target: Tensor) -> Tensor:
        return torch.zeros_like(target)

    def cost(self, found: Tensor, target: Tensor) -> Tensor:
        return (found - target).square().mean(dim=(1, 2))


def sliced_for(style: Tensor) -> Sliced:
    """nC orthonormal directions for activations (1, nC, nH, nW)."""
    channels = style.shape[1]
    return Sliced(torch.linalg.qr(_normal(channels, channels, style).cpu()).Q.to(style.device))


def _projected(features: Tensor, directions: Tensor) -> Tensor:
    """(N, nC, nH, nW) and (K, nC) → (N, K, nH · nW): d·a at every position."""
    return directions @ features.to(at_least_float32(features.dtype)).flatten(2)


def _means_over_steps(ordered: Tensor) -> Tensor:
    """(N, K, n) sorted → (N, K, QUANTILES): means of each quantile function q(t) = ordered[⌊n t⌋],

        1/h · ∫ q(t) dt from k h to (k + 1) h,   h = 1/QUANTILES

    as differences of ∫₀ᵗ q, which is a sum of values less the part of the last one that is beyond t.
    """
    n = ordered.shape[2]
    ends = n * torch.arange(QUANTILES + 1, device=ordered.device)  # whole numbers: a value is QUANTILES long
    last = (ends // QUANTILES).clamp(max=n - 1)
    beyond = ((last + 1) * QUANTILES - ends).to(ordered.dtype) / QUANTILES
    integral = ordered.cumsum(dim=2)[..., last] - beyond * ordered[..., last]
    return integral.diff(dim=2) * (QUANTILES / n)


def _normal(rows: int, columns: int, like: Tensor) -> Tensor:
    """Drawn on the CPU, so that devices agree."""
    generator = torch.Generator().manual_seed(SEED)
    drawn = torch.randn(rows, columns, generator=generator)
    return drawn.to(like.device, at_least_float32(like.dtype))


def _guided_gram(features: Tensor, guide: Tensor) -> Tensor:
    return gram_matrix(features * guide.to(features.dtype))


class Guided:
    """A Gram matrix for each region, of the activations weighed by its guide T:

        G_r = 1/(nH · nW) · Σ_ij T_r² a aᵀ,   mean T_r² = 1
        J_style[l] = Σ_r share_r · style_cost(G_r, G(S_r)),   share_r in proportion to Σ T_r

    guides   (R, 1, H, W) in [0, 1], of the picture as the network sees it
    described, and targets: (N, R, nC, nC)

    Source: Gatys et al. (2017), "Controlling Perceptual Factors in Neural Style Transfer", §4.1. Deviation:
    each region's cost is weighed by its area, so that a small region is no stronger than a large one.
    """

    def __init__(self, guides: Tensor) -> None:
        self.guides = guides
        self.shares = guides.mean(dim=(1, 2, 3)) / guides.mean(dim=(1, 2, 3)).sum()
        self.at: dict[tuple[int, int], Tensor] = {}

    def describe(self, features: Tensor) -> Tensor:
        guides = self._guides(features.shape[2], features.shape[3])
        # Each is computed again on the way back: what it multiplies would be kept for every region.
        again = partial(checkpoint, _guided_gram, use_reentrant=False, preserve_rng_state=False)
        each = [again(features, guide) for guide in guides]
        return torch.stack(each, dim=1)

    def _guides(self, height: int, width: int) -> Tensor:
        """T at a layer's size, the same at every evaluation. On the CPU: Apple's GPUs pool only to sizes that
        divide the picture's."""
        if (height, width) not in self.at:
            t = F.adaptive_avg_pool2d(self.guides.cpu(), (height, width))
            t = t / t.square().mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp_min(1e-6)
            self.at[height, width] = t.to(self.guides.device)
        return self.at[height, width]

    def silence(self, target: Tensor) -> Tensor:
        return torch.zeros_like(target)

    def cost(self, found: Tensor, target: Tensor) -> Tensor:
        pairs = zip(self.shares, found.unbind(1), target.unbind(1), strict=True)
        return torch.stack([share * style_cost(one, goal) for share, one, goal in pairs]).sum(0)


GRAM = Gram()
_FIXED: dict[str, Statistic] = {
    "gram": GRAM,
    "covariance": Moments(covariance_distance),
    "mean-std": Moments(mean_std_distance),
    "mean": Moments(mean_distance),
    "polynomial": Moments(polynomial_distance),
}
_FITTED: dict[str, Callable[[Tensor], Statistic]] = {"gaussian": gaussian_for, "sliced": sliced_for}


def is_fitted(name: str) -> bool:
    """Whether the statistic of this name is made for one style image."""
    return name in _FITTED


def statistic_for(name: str, style: Tensor) -> Statistic:
    """The statistic of this name, fitted to a style image's activations (1, nC, nH, nW) if it has to be."""
    return _FIXED[name] if name in _FIXED else _FITTED[name](style)
