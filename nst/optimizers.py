"""L-BFGS (plain and spectral), Adam and gradient descent behind one step(): given a point, its cost and its
gradient, each answers with the next point to evaluate. One call is one evaluation; there are no hidden ones.

None mutates the points it is given, so a caller may keep any of them.
"""

from collections import deque
from typing import Protocol

import torch
from torch import Tensor

from .spectrum import Spectrum


class Optimizer(Protocol):
    """step(x, cost, gradient) → next x; retreat() → a point between the last good one and the bad one."""

    def step(self, x: Tensor, cost: float, gradient: Tensor) -> Tensor: ...

    def retreat(self) -> Tensor: ...


def make_optimizer(name: str, learning_rate: float, image: Tensor, seamless: bool = False) -> Optimizer:
    """The optimiser called "spectral", "lbfgs", "adam" or "gd", for images (1, 3, H, W) like this one.

    seamless   whether the image is a tile
    """
    if name == "spectral":
        return Spectral(image, seamless)
    if name == "lbfgs":
        return LBFGS()
    return Adam(learning_rate) if name == "adam" else GradientDescent(learning_rate)


class LBFGS:
    """Limited-memory BFGS: a quasi-Newton step from the last `history` pairs (s, y).

        x ← x − t · H g,   H from the two-loop recursion, H₀ = (s·y / y·y) · I,   t = 1 after the first step

    Source: Nocedal & Wright (2006), algorithm 7.4. Deviations: no line search (the papers' runs have none
    either); the first step moves pixels by `first_step` in the root mean square where torch's L-BFGS uses
    1/Σ|g| and loses its first ten evaluations to it; a step is never longer than `longest`; and a step that
    raises the cost to more than `patience` times what it was is taken back and a quarter of it tried.
    """

    def __init__(
        self,
        history: int = 20,
        first_step: float = 0.01,
        longest: float = 0.15,
        patience: float = 1.5,
    ) -> None:
        self.pairs: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=history)
        self.first_step, self.longest, self.patience = first_step, longest, patience
        self.last: tuple[Tensor, float, Tensor] | None = None
        self.move: Tensor | None = None

    def step(self, x: Tensor, cost: float, gradient: Tensor) -> Tensor:
        if self.last is not None:
            last_x, last_cost, last_gradient = self.last
            if cost > self.patience * last_cost:
                return self.retreat()
            self._remember(x - last_x, gradient - last_gradient)
        self.last = (x, cost, gradient)
        direction = self._direction(x, gradient)
        length = _rms(direction)
        limit = self.longest if self.pairs else self.first_step
        # A direction of no length is that of a minimum, or of pixels that are all at their bounds.
        shrink = limit / length if length > limit or (length and not self.pairs) else 1.0
        self.move = direction.mul_(shrink)
        return self._moved()

    def retreat(self) -> Tensor:
        assert self.move is not None
        self.move = self.move / 4
        return self._moved()

    def _moved(self) -> Tensor:
        assert self.last is not None
        assert self.move is not None
        return self.last[0] + self.move

    def _direction(self, x: Tensor, gradient: Tensor) -> Tensor:
        return self._times_inverse_hessian(gradient.clone()).neg_()

    def _remember(self, s: Tensor, y: Tensor) -> None:
        curvature = torch.dot(s.flatten(), y.flatten())
        if curvature > 1e-12 * torch.dot(y.flatten(), y.flatten()):
            self.pairs.append((s, y, 1 / curvature))

    def _times_inverse_hessian(self, q: Tensor) -> Tensor:
        """H q. In place where it can be: large pictures feel every copy of theirs."""
        factors = []
        for s, y, inverse in reversed(self.pairs):
            factor = inverse * torch.dot(s.flatten(), q.flatten())
            q.addcmul_(y, factor, value=-1)
            factors.append(factor)
        q = self._begin(q) if self.pairs else q
        for (s, y, inverse), factor in zip(self.pairs, reversed(factors), strict=True):
            q.addcmul_(s, factor - inverse * torch.dot(y.flatten(), q.flatten()))
        return q

    def _begin(self, q: Tensor) -> Tensor:
        """H₀ q."""
        _, y, inverse = self.pairs[-1]
        return q / (inverse * torch.dot(y.flatten(), y.flatten()))


class Spectral(LBFGS):
    """L-BFGS for pictures: pixels stay in [0, 1], and H₀ is the Spectrum's.

        x ← clamp(x − t · P H P g),   P: 0 for a pixel at its bound that g would push beyond it, else 1

    What is shown of a picture is its clamped self, whose J was seen to be a fifth higher than that of the
    unclamped one; here the two are one, from the second evaluation on: where it begins is as it was given.
    The pairs are of the clamped points, so they stay true.

    Source: projected quasi-Newton, Bertsekas (1982); H₀ and what it gains: spectrum.py.
    """

    def __init__(self, image: Tensor, seamless: bool = False) -> None:
        super().__init__(history=10)  # with H₀ the Spectrum's, twice as many gain 0.2 % of J and cost memory
        self.spectrum = Spectrum(image, seamless)

    def _moved(self) -> Tensor:
        return super()._moved().clamp_(0, 1)

    def _direction(self, x: Tensor, gradient: Tensor) -> Tensor:
        free = ((x > 0) | (gradient < 0)) & ((x < 1) | (gradient > 0))
        return self._times_inverse_hessian(gradient * free).neg_().mul_(free)

    def _remember(self, s: Tensor, y: Tensor) -> None:
        known = self.pairs[-1] if self.pairs else None
        super()._remember(s, y)
        if self.pairs and self.pairs[-1] is not known:
            self.spectrum.learn(s, y, 1 / self.pairs[-1][2])

    def _begin(self, q: Tensor) -> Tensor:
        return self.spectrum.times(q)


class Adam:
    """Adam with the pixels kept in [0, 1] after each step.

        m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  x ← clamp(x − η · m̂ / √v̂)

    Source: Kingma & Ba (2015); β₂ = 0.99 after crowsonkb/style-transfer-pytorch. Plain
    L-BFGS alone has no clamp: the papers' has none.
    """

    def __init__(self, learning_rate: float, betas: tuple[float, float] = (0.9, 0.99)) -> None:
        self.learning_rate, self.betas, self.count = learning_rate, betas, 0
        self.moments: tuple[Tensor, Tensor] | None = None  # m and v
        self.last: Tensor | None = None
        self.move: Tensor | None = None

    def step(self, x: Tensor, cost: float, gradient: Tensor) -> Tensor:
        m, v = self.moments or (torch.zeros_like(x), torch.zeros_like(x))
        (first, second), self.count = self.betas, self.count + 1
        m, v = torch.lerp(gradient, m, first), torch.lerp(gradient.square(), v, second)
        self.moments = m, v
        mean, square = m / (1 - first**self.count), v / (1 - second**self.count)
        # ε relative to the gradient, whose scale depends on α and β.
        floor = 1e-8 * square.max().sqrt() + torch.finfo(x.dtype).tiny
        self.last, self.move = x, -self.learning_rate * mean / (square.sqrt() + floor)
        return (x + self.move).clamp(0, 1)

    def retreat(self) -> Tensor:
        assert self.last is not None
        assert self.move is not None
        self.learning_rate /= 4
        self.move = self.move / 4
        return (self.last + self.move).clamp(0, 1)


class GradientDescent:
    """Plain gradient descent, the course's first optimiser.

        x ← clamp(x − η · g / rms(g₀)),   g₀ the first gradient, so that η is in pixels, not in units of J

    A step that raises the cost is taken back and η halved: the cost's curvature is not known beforehand.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.scale: float | None = None
        self.last: tuple[Tensor, float, Tensor] | None = None

    def step(self, x: Tensor, cost: float, gradient: Tensor) -> Tensor:
        if self.scale is None:
            self.scale = 1 / max(_rms(gradient), torch.finfo(x.dtype).tiny)
        if self.last is not None and cost > self.last[1]:
            return self.retreat()
        self.last = (x, cost, gradient)
        return self._from_last()

    def retreat(self) -> Tensor:
        self.learning_rate /= 2
        return self._from_last()

    def _from_last(self) -> Tensor:
        assert self.last is not None
        assert self.scale is not None
        x, _, gradient = self.last
        return (x - self.learning_rate * self.scale * gradient).clamp(0, 1)


def _rms(x: Tensor) -> float:
    return float(x.square().mean().sqrt())
