"""Derivatives of values by differences, which say themselves how far they can be trusted."""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Values = Callable[[float], list[float]]
    Quotients = tuple[list[float], list[float]]

STENCIL = (-2, -1, 1, 2)
NARROWER = 0.1
"""By how much the step shrinks: truncation falls by 1e-4 with it, and rounding grows by 10."""

MOST_STEPS = 10
WIDEST = 1.01e-2
"""Steps are widened to 1e-2, but for rounding; what they cross shows as a gap."""

ROUNDING = 64 * 2.0**-53
"""Values are off by a few units in the last place."""

POINT_ROUNDING = 2 * 2.0**-53
"""Places are sums, rounded once: half a unit each, and the weights of the stencil sum to 1.5."""

TOLERANCE = 1e-6
SETTLED = 1e-8
"""A relative gap between two steps that no tolerance feels."""

TRUSTED = 1e-4
"""The relative gap up to which differences are a judge; what they allow is never more than this."""

JUDGING = 5e-2
"""The part of a derivative that rounding may be: more would hide what a rule can do wrong."""


class Slope:
    """A derivative found by differences.

    Attributes
    ----------
    value : float
        The derivative.
    gap : float
        How far it is from that of a smaller step; infinite if one of them is not finite.
    rounding : float
        What rounding of the values, and of where they are taken, may do to it.
    atol : float
        What may differ absolutely, if nobody says: a part of the values where these are small
        and exact, as their derivatives are small, too.
    """

    __slots__ = ("atol", "gap", "rounding", "value")

    def __init__(self, value: float, gap: float, rounding: float, atol: float) -> None:
        self.value = value
        self.gap = gap if math.isfinite(gap) else math.inf
        self.rounding = rounding
        self.atol = atol

    @property
    def error(self) -> float:
        """How far from the truth this may be."""
        return self.gap + self.rounding

    @property
    def is_constant(self) -> bool:
        """Whether the values are all the same."""
        return self.value == 0.0 and self.gap == 0.0

    @property
    def is_settled(self) -> bool:
        """Whether a smaller step would not be nearer to the truth."""
        return self.gap <= self.rounding + SETTLED * abs(self.value)

    @property
    def is_trusted(self) -> bool:
        """Whether this agrees with that of a smaller step."""
        return self.gap <= self.rounding + TRUSTED * abs(self.value)

    @property
    def is_coarse(self) -> bool:
        """Whether a larger step, that rounding does less to, would be nearer to the truth."""
        lost = self.rounding > max(TRUSTED * abs(self.value), self.atol)
        return lost and not self.is_constant

    def is_better(self, other: Slope) -> bool:
        """Whether this is to be taken where `other`, of a larger step, was found."""
        # The gap of what is not trusted says nothing: it is small where both values are.
        is_first = not other.is_trusted and self.error <= TRUSTED * abs(self.value)
        return self.is_trusted and (is_first or self.error < other.error * NARROWER)

    def is_judge(self, atol: float | None) -> bool:
        """Whether rounding leaves enough of it to tell right from wrong."""
        least = self.atol if atol is None else atol
        return self.rounding <= max(JUDGING * abs(self.value), least)

    def allowed(self, found: float, atol: float | None, rtol: float) -> float:
        """How far `found` may be from this."""
        size = max(abs(found), abs(self.value))
        least = self.atol if atol is None else atol
        return least + rtol * size + self.rounding + min(self.gap, TRUSTED * size)

    def is_near(self, found: float, atol: float | None, rtol: float) -> bool:
        """Whether `found` is this derivative, as far as the tolerances and the differences say."""
        if found == self.value:
            return True
        if not (math.isfinite(found) and math.isfinite(self.value)):
            return False
        allowed = self.allowed(found, atol, rtol)
        return self.is_judge(atol) and abs(found - self.value) <= allowed


def slopes(values_at: Values, step: float, place: float) -> list[Slope]:
    """Derive values along a line, each by the step that suits it best.

    Parameters
    ----------
    values_at : callable
        The values at a place on the line, the point being at 0.
    step : float
        The first step.
    place : float
        How large the point is, in units of the line.

    Notes
    -----
    Steps shrink until two of them agree. A smaller step is taken instead of a larger only if it is
    ten times as good, or the first to be trusted, as chance might bring two bad ones together, and
    if rounding leaves enough of it: where a step is lost in rounding, all values are equal. Where
    rounding is most of a difference, larger steps are tried.
    """
    first = wide = quotients(values_at, step)
    best: list[Slope] = []
    narrowed = step
    for _ in range(MOST_STEPS):
        narrow = quotients(values_at, narrowed * NARROWER)
        found = compare(wide, narrow, narrowed, place)
        best = [
            new if new.is_better(old) and leaves_enough(new, size, narrowed) else old
            for new, old, size in zip(found, best or found, wide[1])
        ]
        if all(slope.is_settled for slope in best):
            break
        wide = narrow
        narrowed *= NARROWER
    return widened(values_at, best, first, step, place)


def widened(
    values_at: Values, best: list[Slope], first: Quotients, step: float, place: float
) -> list[Slope]:
    """Take larger steps than the first where rounding is most of what was found."""
    while step / NARROWER <= WIDEST and any(slope.is_coarse for slope in best):
        step /= NARROWER
        wider = quotients(values_at, step)
        found = compare(wider, first, step, place)
        best = [
            new if old.is_coarse and new.is_trusted and new.error < old.error else old
            for new, old in zip(found, best)
        ]
        first = wider
    return best


def leaves_enough(slope: Slope, size: float, step: float) -> bool:
    """Whether values of this size still change in such a step."""
    return ROUNDING * size / step <= TRUSTED * max(abs(slope.value), size)


def compare(wide: Quotients, narrow: Quotients, step: float, place: float) -> list[Slope]:
    """Judge quotients of a step by those of a smaller one."""
    found = []
    for value, size, other in zip(*wide, narrow[0]):
        gap = abs(value - other)
        steepness = abs(value) if math.isfinite(value) else 0.0
        rounding = (ROUNDING * size + POINT_ROUNDING * place * steepness) / step
        # Small values may come by way of large ones, as in 1 - tanh(x)**2: only where the steps
        # agree are they known to be exact.
        is_exact = value != 0.0 and gap <= SETTLED * steepness
        atol = TOLERANCE * min(1.0, size) if is_exact else TOLERANCE
        found.append(Slope(value, gap, rounding, atol))
    return found


def quotients(values_at: Values, step: float) -> Quotients:
    """Central differences of fourth order, and the sizes of what they are made of."""
    columns = list(zip(*[values_at(shift * step) for shift in STENCIL]))
    sizes = [max((abs(x) for x in own if math.isfinite(x)), default=0.0) for own in columns]
    # Of pairs, so that a constant has exactly 0.
    found = [(8 * (c - b) - (d - a)) / (12 * step) for a, b, c, d in columns]
    return found, sizes


def along(cotangent: Sequence[float], found: Sequence[Slope]) -> Slope:
    """Sum derivatives, weighted by a cotangent."""
    weights = [abs(own) for own in cotangent]
    return Slope(
        inner(cotangent, [slope.value for slope in found]),
        sum(own * slope.gap for own, slope in zip(weights, found)),
        # A large constant beside it does not make a derivative less certain.
        sum(own * slope.rounding for own, slope in zip(weights, found) if not slope.is_constant),
        max((slope.atol for slope in found), default=0.0),
    )


def inner(a: Sequence[float], b: Sequence[float]) -> float:
    """Inner product; where `b` is 0 it does not matter what is not finite."""
    products = [x * y for x, y in zip(a, b) if y != 0.0]
    try:
        return math.fsum(products)
    except (OverflowError, ValueError):
        # What is infinite, or too large on the way, is no exception in sums of floats.
        return sum(products)
