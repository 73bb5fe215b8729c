"""Elementary functions over a vector of 10 000: the value and the pullback of a cotangent."""

from __future__ import annotations

import random

import autograd_rs as ag
from measure import OURS, Case, compare
from peers import numpy

LENGTH = 10_000
NUMPY = "NumPy by hand"


def exp_by_hand(np, x, y_bar):
    y = np.exp(x)
    return y, y_bar * y


def log_by_hand(np, x, y_bar):
    return np.log(x), y_bar / x


def sin_by_hand(np, x, y_bar):
    x_bar = np.cos(x)
    x_bar *= y_bar
    return np.sin(x), x_bar


def tanh_by_hand(np, x, y_bar):
    y = np.tanh(x)
    x_bar = y * y
    np.subtract(1.0, x_bar, out=x_bar)
    x_bar *= y_bar
    return y, x_bar


ROWS = {
    "exp": (ag.exp, exp_by_hand),
    "log": (ag.log, log_by_hand),
    "sin": (ag.sin, sin_by_hand),
    "tanh": (ag.tanh, tanh_by_hand),
}


def run(plan):
    """Time each function beside NumPy's."""
    np = numpy()
    chance = random.Random(3)
    entries = [chance.uniform(0.1, 3.0) for _ in range(LENGTH)]
    seed = [chance.gauss(0.0, 1.0) for _ in range(LENGTH)]
    for name, (function, by_hand) in ROWS.items():
        contenders = {}
        if np:
            contenders[NUMPY] = bind(by_hand, np, np.array(entries), np.array(seed))
        contenders[OURS] = bind(
            pull_back, function, ag.Variable(ag.Vector(entries)), ag.Vector(seed)
        )
        work = f"{name} over 10 000, value and pullback"
        yield from compare(Case(work, contenders, {NUMPY: 1.0}), plan)


def pull_back(function, x, y_bar):
    y = function(x)
    return y, ag.grad(y, wrt=[x], seed=y_bar)


def bind(function, *arguments):
    """Return a callable without parameters; cheaper to call than a partial is no matter here."""
    return lambda: function(*arguments)
