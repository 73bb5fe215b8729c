"""A chain of linear equations, solved from 0 to 2 by the classical Runge-Kutta method.

The derivative of the first unknown is x[0], that of each other is x[i] times the unknown before it.
"""

from __future__ import annotations

import autograd_rs as ag

END = 2.0


def prepare(message_input):
    return ag.Vector(message_input["x"]), message_input["s"]


def solve(x, steps):
    h = END / steps
    first, rest = x[:1], x[1:]

    def slope(y):
        return ag.concatenate([first, rest * y[:-1]])

    y = ag.Vector.zeros(len(x))
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(y + h / 2.0 * k1)
        k3 = slope(y + h / 2.0 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)
    return y


def solve_last(x, steps):
    return solve(x, steps)[-1]


def primal(prepared):
    return solve(*prepared)


def gradient(prepared):
    return ag.grad(solve_last)(*prepared)


FUNCTIONS = {"primal": primal, "gradient": gradient}
