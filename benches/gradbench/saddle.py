"""The saddle of a difference of squares: the least of the greatest values, by nested descents.

The two letters of a function's name are the modes of the outer and of the inner derivative.
"""

from __future__ import annotations

from gradbench.descent import argmax, argmin
from gradbench.modes import MODES


def prepare(message_input):
    return message_input["start"]


def objective(low, high):
    return (low[0] * low[0] + low[1] * low[1]) - (high[0] * high[0] + high[1] * high[1])


def make_solver(outer, inner):
    """Return the solver, which starts each of its descents at the same point."""

    def highest(low, start, differentiate):
        def at_low(high):
            return objective(low, high)

        return argmax(at_low, differentiate(at_low), start)

    def solve(start):
        def greatest(low):
            return objective(low, highest(low, start, MODES[inner]))

        low = argmin(greatest, MODES[outer](greatest), start)
        return [*low, *highest(low, start, MODES[outer])]

    return solve


FUNCTIONS = {modes: make_solver(*modes) for modes in ("ff", "fr", "rf", "rr")}
