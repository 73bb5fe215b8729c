"""Derivatives of values by differences, which say themselves how far they can be trusted."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Values = Callable[[float], list[float]]

STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
NARROWER = 0.1
"""By how much the step shrinks: truncation falls by 1e-4 with it, and rounding grows by 10."""

MOST_STEPS = 10
ROUNDING = 64 * 2.0**-53
"""Values are off by a few units in the last place, as is where they were taken."""

SETTLED = 1e-8
"""A relative gap between two steps that no tolerance feels."""

TRUSTED = 1e-4
"""The relative gap up to which differences are a judge; what they allow is never more than this."""


class Slope:
    """A derivative found by differences.

    Attributes
    ----------
    value : float
        The derivative.
    gap : float
        How far it is from that of a smaller step; infinite if one of them is not finite.
    rounding : float
        What rounding of the values may do to it.
    """

    __slots__ = ("gap", "rounding", "value")

    def __init__(self, value: float, gap: float, rounding: float) -> None:
        self.value = value
        self.gap = gap if math.isfinite(gap) else math.inf
        self.rounding = rounding

    @property
    def is_settled(self) -> bool:
        """Whether a smaller step would not be nearer to the truth."""
        return self.gap <= self.rounding + SETTLED * abs(self.value)

    @property
    def is_trusted(self) -> bool:
        """Whether this can tell right from wrong."""
        return self.gap <= self.rounding + TRUSTED * abs(self.value)

    def is_better(self, other: Slope) -> bool:
        """Whether this is to be taken where `other`, of a larger step, was found."""
        errors = self.gap + self.rounding, other.gap + other.rounding
        return self.is_trusted and errors[0] < errors[1] * NARROWER

    def is_near(self, found: float, atol: float, rtol: float) -> bool:
        """Whether `found` is this derivative, as far as the tolerances and the differences say."""
        if not (math.isfinite(found) and math.isfinite(self.value)):
            return found == self.value
        size = max(abs(found), abs(self.value))
        allowed = atol + rtol * size + self.rounding + min(self.gap, TRUSTED * size)
        return abs(found - self.value) <= allowed


def slopes(values_at: Values, step: float) -> list[Slope]:
    """Derive values along a line, each by the step that suits it best.

    Parameters
    ----------
    values_at : callable
        The values at a place on the line, the point being at 0.
    step : float
        The first step, and the largest.

    Notes
    -----
    Steps shrink until two of them agree. A smaller step is taken instead of a larger only if it is
    ten times as good, as chance might bring two bad ones together, and if rounding leaves enough
    of it: where a step is lost in rounding, all values are equal.
    """
    wide, size = quotients(values_at, step)
    best: list[Slope] = []
    for _ in range(MOST_STEPS):
        rounding = ROUNDING * size / step
        step *= NARROWER
        narrow, next_size = quotients(values_at, step)
        found = [Slope(x, abs(x - next_x), rounding) for x, next_x in zip(wide, narrow)]
        best = [
            new if new.is_better(old) and rounding <= TRUSTED * max(abs(new.value), size) else old
            for new, old in zip(found, best or found)
        ]
        if all(slope.is_settled for slope in best):
            break
        wide, size = narrow, next_size
    return best


def quotients(values_at: Values, step: float) -> tuple[list[float], float]:
    """Central differences of fourth order, and the size of what they are made of."""
    rows = [values_at(shift * step) for shift, _ in STENCIL]
    size = max((abs(value) for row in rows for value in row if math.isfinite(value)), default=0.0)
    weights = [weight / step for _, weight in STENCIL]
    return [sum(w * x for w, x in zip(weights, column)) for column in zip(*rows)], size


def along(cotangent: Sequence[float], found: Sequence[Slope]) -> Slope:
    """Sum derivatives, weighted by a cotangent."""
    return Slope(
        inner(cotangent, [slope.value for slope in found]),
        sum(abs(own) * slope.gap for own, slope in zip(cotangent, found)),
        max((slope.rounding for slope in found), default=0.0),
    )


def inner(a: Sequence[float], b: Sequence[float]) -> float:
    """Inner product; where `b` is 0 it does not matter what is not finite."""
    products = [x * y for x, y in zip(a, b) if y != 0.0]
    try:
        return math.fsum(products)
    except (OverflowError, ValueError):
        # What is infinite, or too large on the way, is no exception in sums of floats.
        return sum(products)
