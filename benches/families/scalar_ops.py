"""One operation in a loop, on Variables and on floats."""

from __future__ import annotations

import math
from itertools import repeat

import autograd_rs as ag
from measure import OURS, Case, Contender, compare

LOOP = """
def loop(a, b, f, times):
    for _ in times:
        y = {statement}
    return y
"""
ITERATIONS = 10_000
# What is done, our function, the plain one, and the most that ours may take.
ROWS = [
    ("a * b", None, None, 1.6),
    ("a + b", None, None, 1.6),
    ("a - 2.0", None, None, 1.6),
    ("a / b", None, None, 1.6),
    ("-a", None, None, 1.6),
    ("f(a)", ag.sin, math.sin, 1.8),
    ("f(a)", ag.exp, math.exp, 1.8),
]


def run(plan):
    """Time each statement in a loop that does nothing else."""
    for statement, ours, plain, limit in ROWS:
        name = statement if plain is None else f"{plain.__name__}(a)"
        case = Case(
            f"{name} in a loop",
            {
                "floats": Contender(looped(statement, 0.7, 1.3, plain)),
                OURS: Contender(looped(statement, ag.Variable(0.7), ag.Variable(1.3), ours)),
                "floats, the loop alone": Contender(
                    looped("a", 0.7, 1.3, None), expected=lambda: 0.7
                ),
            },
            {"floats": limit},
            ops=ITERATIONS,
        )
        yield from compare(case, plan)


def looped(statement, a, b, f):
    """Compile a loop of its own, which the interpreter specialises for what it meets there."""
    names = {}
    exec(LOOP.format(statement=statement), names)
    loop = names["loop"]
    return lambda: loop(a, b, f, repeat(None, ITERATIONS))
