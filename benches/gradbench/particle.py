"""A charged particle, steered by the place of a second charge so as to pass through the origin.

The force is a gradient inside of the function that is minimised by gradient descent. The two
letters of a function's name are the modes of the outer and of the inner derivative.
"""

from __future__ import annotations

import autograd_rs as ag
from gradbench.descent import argmin
from gradbench.modes import MODES

STEP = 0.1


def prepare(message_input):
    return message_input["w"]


def make_miss(differentiate):
    """Return the function of the control: the squared distance by which the origin is missed."""

    def miss(control):
        (w,) = control
        charges = [(10.0, 10.0 - w), (10.0, 0.0)]

        def potential(position):
            x, y = position
            return sum(1.0 / ag.sqrt((x - a) * (x - a) + (y - b) * (y - b)) for a, b in charges)

        slopes = differentiate(potential)
        x, y = 0.0, 8.0
        u, v = 0.75, 0.0
        while True:
            slope_x, slope_y = slopes([x, y])
            x, y = x + STEP * u, y + STEP * v
            if y <= 0.0:
                landing = x - y / v * u
                return landing * landing
            u, v = u - STEP * slope_x, v - STEP * slope_y

    return miss


def make_solver(outer, inner):
    miss = make_miss(MODES[inner])
    gradient = MODES[outer](miss)

    def solve(w):
        return argmin(miss, gradient, [w])[0]

    return solve


FUNCTIONS = {modes: make_solver(*modes) for modes in ("ff", "fr", "rf", "rr")}
