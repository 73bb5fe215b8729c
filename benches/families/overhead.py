"""What the transforms cost beyond running the function on Variables."""

from __future__ import annotations

import autograd_rs as ag
from families.rosenbrock import by_slices, make_point
from measure import OURS, Case, Contender, Row, compare, time_difference
from peers import numpy


def cube(x):
    return x * x * x


def square_length(x):
    return x @ x


def rosenbrock(x):
    return by_slices(ag, x)


def run(plan):
    """Time calls of `value_and_grad` less the function, and `jvp` by the function."""
    rows = [("a float", cube, 1.3, 1e-6)]
    if numpy():
        rows.append(("an ndarray of 10", square_length, numpy().array(make_point(10)), 2e-6))
    for name, function, x, limit in rows:
        yield Row(
            f"value_and_grad of {name}, less the function",
            OURS,
            time_difference(bind(ag.value_and_grad(function), x), on_variable(function, x), plan),
            limit=limit,
        )
    for name, function, x, unit in [
        ("cube of a float", cube, 1.3, 1.0),
        ("Rosenbrock of 100", rosenbrock, ag.Vector(make_point(100)), ag.Vector.ones(100)),
    ]:
        alone = on_variable(function, x)
        contenders = {
            OURS: lambda function=function, x=x, unit=unit: ag.jvp(function, (x,), (unit,)),
            "ours, the function alone": Contender(alone, expected=alone),
        }
        limits = {"ours, the function alone": 2.5}
        yield from compare(Case(f"jvp of {name}", contenders, limits), plan)


def bind(function, x):
    return lambda: function(x)


def on_variable(function, x):
    """Return a callable that runs the function as it is run under a transform."""
    variable = ag.Variable(x)
    return lambda: function(variable)
