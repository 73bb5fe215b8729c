"""Half the squared distance between a polynomial and the sign function, at points of [-1, 1]."""

from __future__ import annotations

import autograd_rs as ag


def prepare(message_input):
    n = message_input["n"]
    points = ag.Vector([2.0 * i / (n - 1) - 1.0 for i in range(n)])
    return ag.Vector(message_input["x"]), points


def half_squares(x, t):
    residual = ag.sign(t)
    power = ag.Vector.ones(len(t))
    for coefficient in x:
        residual = residual - coefficient * power
        power = power * t
    return 0.5 * (residual @ residual)


def primal(prepared):
    x, t = prepared
    return half_squares(x, t).item()


def gradient(prepared):
    x, t = prepared
    return ag.grad(half_squares)(x, t)


FUNCTIONS = {"primal": primal, "gradient": gradient}
