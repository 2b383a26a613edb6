"""The loop of an optimisation: one picture's descent, several side by side, and what keeps each from harm."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import torch
from torch import Tensor

from .errors import Diverged
from .objective import Costs, Evaluate
from .optimizers import Optimizer

# Powers of 2 between which the first gradient's largest value is taken: that of a strength is there, and not
# that of every α and β.
LOWEST, HIGHEST = -40, 20
RETREATS = 12  # in a row; a bad evaluation after them ends the run


NO_START = (
    "The cost is too large to compute with before the first step: lower the strength, or α and β, or choose "
    "another network."
)
NO_WAY = (
    "The cost stopped being a number, and shorter steps did not help: lower β or the learning rate, or "
    "choose another optimiser."
)


class Descent:
    """One picture's way down: `x` is where to evaluate next, `best` the best so far, `least` its costs,
    `evaluation` how many were taken into account.

    A cost or gradient that is not finite, or a cost ten times the first, never becomes the picture (of the
    last one the costs alone are known): the optimiser retreats towards its last good point, and only more
    than RETREATS failures in a row raise Diverged.

    The optimiser is given J and its gradient in a unit in which the first gradient's largest value is from
    2^LOWEST to 2^HIGHEST: α and β may be 10¹² or 10⁻²⁰, and it adds up squares in float32. No minimum moves.

    `settled` once there is no way down: the gradient is 0, the pixels are at their bounds, or the first cost
    is as small as rounding lets it be, and every shorter step raises it.
    """

    def __init__(self, x: Tensor, optimizer: Optimizer) -> None:
        self.x = self.best = x
        self.optimizer = optimizer
        self.least: Costs | None = None
        self.unit, self.ceiling, self.failures, self.evaluation = 1.0, math.inf, 0, 0
        self.diverged = self.settled = False

    def take(self, costs: Costs, has_way: bool = True) -> bool:
        """Take the costs of x into account; returns whether they can be gone on from.

        has_way   whether the gradient there is finite, if it is known

        Raises Diverged when there is nowhere left to go.
        """
        self.evaluation += 1
        finite = has_way and math.isfinite(costs.total)
        if finite and costs.total <= self.ceiling:
            if self.least is None or costs.total < self.least.total:
                self.best, self.least = self.x, costs
            self.failures = 0
            return True
        self.failures += 1
        if finite and self.failures > RETREATS:
            self.settled = True
        elif self.least is None or self.failures > RETREATS:
            self.diverged = True
            raise Diverged(NO_START if self.least is None else NO_WAY)
        return False

    def move_on(self, costs: Costs, gradient: Tensor) -> None:
        """Move on from x, given its costs and gradient, whose unit is changed. Raises Diverged as take()."""
        is_first = self.least is None
        if self.take(costs, bool(gradient.isfinite().all())):
            if is_first:
                self.unit, self.ceiling = _unit(gradient), 10 * costs.total
            if self.unit != 1:
                gradient.mul_(self.unit)  # in place: large pictures feel every copy of theirs
            before, self.x = self.x, self.optimizer.step(self.x, self.unit * costs.total, gradient)
            self.settled = torch.equal(self.x, before)
        elif not self.settled:
            self.x = self.optimizer.retreat()


def descend(
    objective: Evaluate,
    x: Tensor,
    optimizer: Optimizer,
    evaluations: int,
) -> Iterator[tuple[Costs, Tensor]]:
    """Minimise the objective from x, yielding each evaluation's costs and the best picture so far; ends early
    where there is no way down. From the last picture nothing goes on, so that of it the costs will do.

    Raises Diverged as Descent does.
    """
    descent = Descent(x, optimizer)
    del x  # as large as what is painted, and of no use after the first steps
    for _ in range(evaluations - 1):
        costs, gradient = objective(descent.x)
        descent.move_on(costs, gradient)
        yield costs, descent.best
        if descent.settled:
            return
    costs = objective.costs(descent.x)
    descent.take(costs)
    yield costs, descent.best


def advance(
    objective: Callable[[Tensor], tuple[Sequence[Costs], Tensor]], descents: Sequence[Descent]
) -> None:
    """One evaluation of several descents at once.

    One that settles keeps its picture, however many evaluations follow; one that diverges is left where it
    is. The others do not notice.
    """
    if all(descent.settled or descent.diverged for descent in descents):
        for descent in descents:
            descent.evaluation += descent.settled
        return
    costs, gradients = objective(torch.cat([descent.x for descent in descents]))
    for descent, cost, gradient in zip(descents, costs, gradients.split(1), strict=True):
        if descent.settled:
            descent.evaluation += 1
        elif not descent.diverged:
            with suppress(Diverged):
                descent.move_on(cost, gradient)


def _unit(gradient: Tensor) -> float:
    """The power of 2 that takes the gradient's largest value between 2^LOWEST and 2^HIGHEST, 1 where it is
    there: such a product is exact."""
    _, exponent = math.frexp(float(torch.linalg.vector_norm(gradient, math.inf)))
    return 2.0 ** (min(HIGHEST, max(LOWEST, exponent)) - exponent)
