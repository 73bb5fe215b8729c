"""autograd_rs itself."""

from __future__ import annotations

import autograd_rs as ag

math = ag


def plain(value):
    return ag.Vector(value) if isinstance(value, list) else value


def value_and_gradient(function, values, constants=()):
    """Keep the leaves, as a training loop does."""
    leaves = [ag.Variable(plain(value)) for value in values]
    constants = [plain(value) for value in constants]

    def run():
        y = function(ag, *leaves, *constants)
        ag.grad(y)
        return y, [leaf.grad for leaf in leaves]

    return run
