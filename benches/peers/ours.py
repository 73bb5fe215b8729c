"""autograd_rs itself."""

from __future__ import annotations

import autograd_rs as ag

math = ag
# What a user writes, with as many names: a loop over them would cost more than a small graph.
RUN = """
def run():
    y = function(math, {arguments})
    grad(y)
    return y, [{gradients}]
"""


def plain(value):
    return ag.Vector(value) if isinstance(value, list) else value


def value_and_gradient(function, values, constants=()):
    """Keep the leaves, as a training loop does."""
    leaves = {f"x{i}": ag.Variable(plain(value)) for i, value in enumerate(values)}
    others = {f"c{i}": plain(value) for i, value in enumerate(constants)}
    names = {"function": function, "math": ag, "grad": ag.grad, **leaves, **others}
    gradients = ", ".join(f"{name}.grad" for name in leaves)
    exec(RUN.format(arguments=", ".join([*leaves, *others]), gradients=gradients), names)
    return names["run"]
