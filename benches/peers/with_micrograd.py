"""micrograd: scalars in a hundred lines of Python, with the elementary functions it leaves out."""

from __future__ import annotations

import math as plain_math
import sys

from micrograd.engine import Value

from peers import namespace

NAME = "micrograd"
# It sorts its graph by recursion.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 100_000))


def lift(function, derivative):
    """Make an elementary function, in the manner of its own `relu`."""

    def lifted(x):
        out = Value(function(x.data), (x,))

        def pull_back():
            x.grad += derivative(x.data, out.data) * out.grad

        out._backward = pull_back
        return out

    return lifted


math = namespace(
    sin=lift(plain_math.sin, lambda x, y: plain_math.cos(x)),
    exp=lift(plain_math.exp, lambda x, y: y),
    log=lift(plain_math.log, lambda x, y: 1.0 / x),
    tanh=lift(plain_math.tanh, lambda x, y: 1.0 - y * y),
    relu=Value.relu,
)


def value_and_gradient(function, values, constants=()):
    """Keep the leaves, and set their gradients to zero, as it has its users do."""
    leaves = [Value(value) for value in values]

    def run():
        for leaf in leaves:
            leaf.grad = 0
        y = function(math, *leaves, *constants)
        y.backward()
        return y.data, [leaf.grad for leaf in leaves]

    return run
