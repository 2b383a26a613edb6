"""L-BFGS, Adam and gradient descent behind one step(): told a point's cost and gradient, each answers
with the next point to evaluate. One call is one objective evaluation; there are no hidden ones.

None mutates the points it is given, so a caller may keep any of them.
"""

from collections import deque
from typing import Protocol

import torch
from torch import Tensor


class Optimizer(Protocol):
    """step(x, cost, gradient) → next x; retreat() → a point between the last good one and the bad one."""

    def step(self, x: Tensor, cost: float, gradient: Tensor) -> Tensor: ...

    def retreat(self) -> Tensor: ...


def make_optimizer(name: str, learning_rate: float) -> Optimizer:
    """The optimiser called "lbfgs", "adam" or "gd"."""
    if name == "lbfgs":
        return LBFGS()
    return Adam(learning_rate) if name == "adam" else GradientDescent(learning_rate)


class LBFGS:
    """Limited-memory BFGS: a quasi-Newton step from the last `history` pairs (s, y).

        x ← x − t · H g,   H from the two-loop recursion, H₀ = (s·y / y·y) · I,   t = 1 after the first step

    Source: Nocedal & Wright (2006), algorithm 7.4. Deviations: no line search (the papers' runs have none
    either); the first step moves pixels by `first_step` in the root mean square where torch's L-BFGS uses
    1/Σ|g| and loses its first ten evaluations to it; a step is never longer than `longest`; and a step that
    raises the cost by more than `patience` is taken back and a quarter of it tried.
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
            s, y = x - last_x, gradient - last_gradient
            curvature = torch.vdot(s.flatten(), y.flatten())
            if curvature > 1e-12 * torch.vdot(y.flatten(), y.flatten()):
                self.pairs.append((s, y, 1 / curvature))
        self.last = (x, cost, gradient)
        direction = -self._times_inverse_hessian(gradient)
        length = _rms(direction)
        limit = self.longest if self.pairs else self.first_step
        shrink = limit / length if length > limit or not self.pairs else 1.0
        self.move = direction * shrink
        return x + self.move

    def retreat(self) -> Tensor:
        assert self.last is not None
        assert self.move is not None
        self.move = self.move / 4
        return self.last[0] + self.move

    def _times_inverse_hessian(self, gradient: Tensor) -> Tensor:
        q, factors = gradient.clone(), []
        for s, y, inverse in reversed(self.pairs):
            factor = inverse * torch.vdot(s.flatten(), q.flatten())
            q -= factor * y
            factors.append(factor)
        if self.pairs:
            _, y, inverse = self.pairs[-1]
            q /= inverse * torch.vdot(y.flatten(), y.flatten())
        for (s, y, inverse), factor in zip(self.pairs, reversed(factors), strict=True):
            q += (factor - inverse * torch.vdot(y.flatten(), q.flatten())) * s
        return q


class Adam:
    """Adam with the pixels kept in [0, 1] after each step.

        m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  x ← clamp(x − η · m̂ / √v̂)

    Source: Kingma & Ba (2015); β₂ = 0.99 after crowsonkb/style-transfer-pytorch. The clamp would spoil
    L-BFGS's curvature pairs, so only Adam and gradient descent have it.
    """

    def __init__(self, learning_rate: float, betas: tuple[float, float] = (0.9, 0.99)) -> None:
        self.learning_rate, self.betas, self.count = learning_rate, betas, 0
        self.mean = self.square = self.last = self.move = None

    def step(self, x: Tensor, cost: float, gradient: Tensor) -> Tensor:
        if self.mean is None:
            self.mean, self.square = torch.zeros_like(x), torch.zeros_like(x)
        (first, second), self.count = self.betas, self.count + 1
        self.mean = torch.lerp(gradient, self.mean, first)
        self.square = torch.lerp(gradient.square(), self.square, second)
        mean = self.mean / (1 - first**self.count)
        square = self.square / (1 - second**self.count)
        # ε relative to the gradient, whose scale depends on α and β.
        floor = 1e-8 * square.max().sqrt() + torch.finfo(x.dtype).tiny
        self.last, self.move = x, -self.learning_rate * mean / (square.sqrt() + floor)
        return (x + self.move).clamp(0, 1)

    def retreat(self) -> Tensor:
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
        x, _, gradient = self.last
        return (x - self.learning_rate * self.scale * gradient).clamp(0, 1)


def _rms(x: Tensor) -> float:
    return float(x.square().mean().sqrt())
