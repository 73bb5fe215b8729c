"""What the transforms cost beyond running the function, for arguments of each kind."""

from __future__ import annotations

import autograd_rs as ag
from families.rosenbrock import by_slices, make_point
from measure import OURS, Case, Contender, Row, compare, time_difference
from peers import numpy


def cube(x):
    return x * x * x


def square_length(x):
    return x @ x


def product(x, y):
    return x * y


def product_of_three(x):
    return x[0] * x[1] * x[2]


def of_three(x, y, z):
    return x * y * z


def pair(x, y):
    return x * y, x + y


def scaled_length(p):
    return p["a"] * (p["x"] @ p["x"])


def inner(p):
    return p[0] @ p[1]


def rosenbrock(x):
    return by_slices(ag, x)


def run(plan):
    """Time calls of transforms less the function, and of some by the function."""
    yield from value_and_grad_rows(plan)
    yield from other_transforms(plan)
    yield from jvp_rows(plan)
    yield from greeks(plan)


def value_and_grad_rows(plan):
    """Time `value_and_grad` of arguments of each kind less the function."""
    rows = [
        ("a float", cube, (1.3,), 0, 1e-6),
        ("two floats by argnums", product, (1.3, 0.7), (0, 1), 1e-6),
        ("a list of 3 floats", product_of_three, ([1.3, 0.7, 0.2],), 0, 1.5e-6),
    ]
    if numpy():
        x = numpy().array(make_point(10))
        rows += [
            ("an ndarray of 10", square_length, (x,), 0, 2e-6),
            (
                "a dict of a float and an ndarray of 10",
                scaled_length,
                ({"a": 2.0, "x": x},),
                0,
                2e-6,
            ),
            ("a tuple of two ndarrays", inner, ((x, x + 1.0),), 0, 1.5e-6),
        ]
    for name, function, args, argnums, limit in rows:
        transformed = ag.value_and_grad(function, argnums)
        yield difference(f"value_and_grad of {name}", transformed, function, args, limit, plan)


def other_transforms(plan):
    """Time transforms of floats less the function."""
    args, all_three = (1.3, 0.7, 0.2), (0, 1, 2)

    def pull_back(x, y):
        value, pullback = ag.vjp(product, x, y)
        return value, pullback(1.0)

    for name, transformed, function, given, limit in [
        ("vjp of two floats and its pullback", pull_back, product, args[:2], 1.5e-6),
        ("jacobian of two floats to a pair", ag.jacobian(pair, (0, 1)), pair, args[:2], 3e-6),
        ("hessian of three floats", ag.hessian(of_three, all_three), of_three, args, 5e-6),
    ]:
        yield difference(name, transformed, function, given, limit, plan)


def difference(name, transformed, function, args, limit, plan):
    """Make the row of a transform less its function on Variables."""
    variables = [as_variables(arg) for arg in args]
    longer, shorter = (lambda: transformed(*args)), (lambda: function(*variables))
    work = f"{name}, less the function"
    return Row(work, OURS, time_difference(longer, shorter, plan), limit=limit)


def as_variables(arg):
    """Put Variables in place of the leaves."""
    if isinstance(arg, dict):
        return {name: as_variables(entry) for name, entry in arg.items()}
    if isinstance(arg, (list, tuple)):
        return type(arg)(as_variables(entry) for entry in arg)
    return ag.Variable(arg)


def jvp_rows(plan):
    """Time `jvp` by the function."""
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


def greeks(plan):
    """Time five Greeks by `argnums` beside the same of one ndarray of 5."""
    if not numpy():
        return
    market = (105.0, 100.0, 0.75, 0.03, 0.22)
    x = numpy().array(market)
    by_argnums = ag.grad(price, argnums=(0, 1, 2, 3, 4))
    by_array = ag.grad(lambda x: price(x[0], x[1], x[2], x[3], x[4]))
    contenders = {
        OURS: lambda: list(by_argnums(*market)),
        "ours, of an ndarray of 5": lambda: by_array(x),
    }
    limits = {"ours, of an ndarray of 5": 1.2}
    yield from compare(Case("Black-Scholes, five Greeks by argnums", contenders, limits), plan)


def price(spot, strike, time, rate, volatility):
    """Return the Black-Scholes price of a European call."""
    deviation = volatility * time**0.5
    d1 = (ag.log(spot / strike) + (rate + 0.5 * volatility**2) * time) / deviation
    d2 = d1 - deviation
    normal = [0.5 * ag.erfc(-d * 0.5**0.5) for d in (d1, d2)]
    return spot * normal[0] - strike * ag.exp(-rate * time) * normal[1]


def on_variable(function, x):
    """Return a callable that runs the function as it is run under a transform."""
    variable = ag.Variable(x)
    return lambda: function(variable)
