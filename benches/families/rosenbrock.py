"""Rosenbrock's function of an ndarray, value and gradient."""

from __future__ import annotations

import random

from families import arrays
from measure import Case, compare

LENGTHS = (2, 10, 100)


def by_scalars(m, x):
    """Write it as a loop over the entries."""
    total = 0.0
    a, *rest = x
    for b in rest:
        total = total + 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
        a = b
    return total


def by_slices(m, x):
    """Write it as NumPy has it."""
    a, b = x[:-1], x[1:]
    return m.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)


def by_hand(np, x):
    a, b = x[:-1], x[1:]
    curve, rest = b - a * a, 1.0 - a
    gradient = np.zeros_like(x)
    gradient[1:] = 200.0 * curve
    gradient[:-1] -= 400.0 * a * curve + 2.0 * rest
    return 100.0 * (curve @ curve) + rest @ rest, gradient


def make_point(length):
    chance = random.Random(4)
    return [chance.uniform(-1.5, 1.5) for _ in range(length)]


def run(plan):
    """Time value and gradient at three lengths; ours is a loop where there is little to slice."""
    for length in LENGTHS:
        ours = by_scalars if length <= 10 else by_slices
        contenders = arrays.make_contenders(
            ours, make_point(length), by_hand, of_arrays=by_slices, of_casadi=by_slices
        )
        work = f"Rosenbrock of {length}, value and gradient"
        yield from compare(Case(work, contenders, arrays.limits(length)), plan)
