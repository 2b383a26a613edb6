"""The curvature of J by frequency and colour: what spectral L-BFGS begins its inverse Hessian from."""

import math
from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

RINGS = 12  # from LOWEST_FREQUENCY to the finest frequency, in equal steps of its logarithm
LOWEST_FREQUENCY = 1 / 256  # cycles a pixel
STRIP = 500_000  # values transformed at once: for more memory the system clears pages, which takes longer
MEMORY = 0.9  # weight of a pair over that of the next newer one
SHORTEST, LONGEST = math.log(1 / 100), math.log(2)  # of log h, from its mean

# Lightness, red against green, yellow against blue, each of length 1: nearly how a photograph's colours vary.
OPPONENT = ((1.0, 1.0, 1.0), (1.0, -1.0, 0.0), (1.0, 1.0, -2.0))


class Spectrum:
    """An inverse Hessian that is diagonal in frequency and colour, learned from the pairs (s, y) of L-BFGS.

        H₀ q = γ · Fᵀ (h ⊙ F q),   h[c, r] = √(Σ |F s|² / Σ |F y|²),   γ = s·y / y·Fᵀ(h ⊙ F y)

    F is the orthonormal cosine transform of each opponent colour c. The sums run over the frequencies of ring
    r and over the pairs so far, each over its |y|², older ones weighing less; h is kept between 1/100 and 2
    times its geometric mean. Where steps changed the gradient little, the next one is long. The cost bends up
    to a hundred times more along some frequencies than along others. Apart from what total variation adds, it
    bends least along the finest changes of colour, and unbounded steps there are seen as speckle.

    Source: ours. L-BFGS's usual γ · I is one number for all directions (Nocedal & Wright 2006, eq. 7.20);
    Olah, Mordvintsev & Schubert (2017), in lucid, descend in z, x = F⁻¹(z / frequency), which fixes h to
    1/frequency². The cosine transform mirrors the picture at its border where Fourier's would join opposite
    edges, and paint across them. That is right for a tile: of one, F is Hartley's transform.
    """

    def __init__(self, like: Tensor, seamless: bool = False) -> None:
        *_, height, width = like.shape
        axis = Hartley if seamless else Cosine
        self.down, self.across = axis(height, like), axis(width, like)
        self.colours = torch.tensor(OPPONENT).to(like)
        self.colours /= self.colours.norm(dim=1, keepdim=True)
        frequency = torch.hypot(self.down.frequency[:, None], self.across.frequency[None, :])
        octaves = (frequency / LOWEST_FREQUENCY).clamp(min=1).log2() / math.log2(0.5**0.5 / LOWEST_FREQUENCY)
        ring = (octaves * RINGS).long().clamp(max=RINGS - 1).flatten()
        self.counts = torch.bincount(ring, minlength=RINGS).tolist()
        there = [r for r, count in enumerate(self.counts) if count]  # a small picture lacks the coarsest
        self.there = torch.tensor(there, device=like.device)
        self.ring, self.order = (i.to(like.device, torch.int32) for i in (ring, ring.argsort(stable=True)))
        self.of_steps = self.of_gradients = torch.zeros(3, RINGS).to(like)
        self.h = torch.ones(3, RINGS).to(like)

    def learn(self, s: Tensor, y: Tensor, curvature: Tensor) -> None:
        """Take a pair (1, 3, H, W) with s·y = curvature > 0 into account; γ becomes part of h."""
        energy_of_s, energy_of_y = self._energies(s), self._energies(y)
        total = energy_of_y.sum()
        self.of_steps = MEMORY * self.of_steps + energy_of_s / total
        self.of_gradients = MEMORY * self.of_gradients + energy_of_y / total
        floor = torch.finfo(s.dtype).tiny
        h = (self.of_steps.clamp(min=floor) / self.of_gradients.clamp(min=floor)).log() / 2
        h = (h - h[:, self.there].mean()).clamp(SHORTEST, LONGEST).exp()
        self.h = h * curvature / (h * energy_of_y).sum()

    def times(self, q: Tensor) -> Tensor:
        """H₀ q."""
        found = torch.zeros_like(q)
        for colour, h, spectrum in zip(self.colours, self.h, self._spectra(q), strict=True):
            scaled = spectrum.mul_(h.index_select(0, self.ring).view_as(spectrum))
            back = _each_row(self.across.inverse, _each_row(self.down.inverse, scaled.T).T)
            found.addcmul_(colour.view(-1, 1, 1), back)
        return found

    def _spectra(self, x: Tensor) -> Iterator[Tensor]:
        """F x of each opponent colour (H, W), one at a time for the sake of memory."""
        for colour in self.colours:
            opponent = torch.einsum("c,chw->hw", colour, x[0])
            yield _each_row(self.down.forwards, _each_row(self.across.forwards, opponent).T).T

    def _energies(self, x: Tensor) -> Tensor:
        """Σ |F x|² by colour and ring (3, RINGS). Sums of sorted parts: on a GPU a scattered sum has no fixed
        order, and the same run would not give the same bytes."""
        return torch.stack([self._by_ring(spectrum.square()) for spectrum in self._spectra(x)])

    def _by_ring(self, power: Tensor) -> Tensor:
        parts = power.flatten().index_select(0, self.order).split(self.counts)
        return torch.stack([part.sum() for part in parts])


class Axis(Protocol):
    """An orthonormal transform along the last of two axes of (rows, n), and its inverse.

    frequency   of each of the n results, cycles a pixel
    """

    frequency: Tensor

    def forwards(self, x: Tensor) -> Tensor: ...

    def inverse(self, x: Tensor) -> Tensor: ...


class Cosine:
    """The cosine transform, DCT-II: Σ_i x_i cos(πk(2i + 1)/2n) · √(2/n), and √(1/n) for k = 0.

    Source: Makhoul (1980), "A fast cosine transform in one and two dimensions": the even values, then the odd
    ones backwards, Fourier-transformed and times e^(−iπk/2n).
    """

    def __init__(self, n: int, like: Tensor) -> None:
        k = torch.arange(n, dtype=torch.float64)
        factors = (2 / n) ** 0.5 * torch.exp(-0.5j * math.pi * k / n)
        factors[0] /= 2**0.5
        self.factors = factors.to(like.device, torch.promote_types(like.dtype, torch.complex64))
        self.frequency = torch.arange(n) / (2 * n)

    def forwards(self, x: Tensor) -> Tensor:
        values = torch.cat((x[..., ::2], x[..., 1::2].flip(-1)), -1)
        return torch.fft.fft(values).mul_(self.factors).real

    def inverse(self, x: Tensor) -> Tensor:
        """The transpose: the same steps backwards."""
        values = torch.fft.fft(x * self.factors).real
        found, half = x.new_empty(x.shape), (x.shape[-1] + 1) // 2
        found[..., ::2], found[..., 1::2] = values[..., :half], values[..., half:].flip(-1)
        return found


class Hartley:
    """Hartley's transform, Σ_i x_i (cos + sin)(2πki/n) / √n: Fourier's in real numbers, its own inverse.

    Source: Bracewell (1983), "Discrete Hartley transform".
    """

    def __init__(self, n: int, like: Tensor) -> None:
        self.frequency = torch.fft.fftfreq(n).abs()

    def forwards(self, x: Tensor) -> Tensor:
        found = torch.fft.fft(x, norm="ortho")
        return found.real - found.imag

    inverse = forwards


def _each_row(transform: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A transform of every row of x (H, W), a strip of rows at a time."""
    found = torch.empty_like(x, memory_format=torch.contiguous_format)
    step = max(1, STRIP // x.shape[1])
    for into, rows in zip(found.split(step), x.split(step), strict=True):
        into.copy_(transform(rows))
    return found
