"""What tests of elementwise ops share: ops by name, points of their domains, distances in ulps."""

import math
import operator
import random
import struct

import autograd_rs as ag
from truth import ALIASES, BINARY, UNARY

OPERATORS = {
    "neg": operator.neg,
    "abs": abs,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "remainder": operator.mod,
    "floordiv": operator.floordiv,
}
# Rows that are not public are parts of the rules of others.
ROWS = [row for row in ag.ops() if row["public"]]
STEPS = frozenset({"sign", "floor", "ceil", "round", "trunc"})
SPECIAL = frozenset({"erf", "erfc", "lgamma", "digamma"})


def plain_name(row):
    return ALIASES.get(row["name"], row["name"])


def rows(arity):
    return [row for row in ROWS if row["arity"] == arity]


def function(row):
    """The public function of a row, or the operator that is its only public form."""
    return getattr(ag, row["name"], None) or OPERATORS[plain_name(row)]


def exact(row):
    """Its value at any precision, or None for an op newer than `truth.py`."""
    known = (UNARY, BINARY)[row["arity"] - 1].get(plain_name(row))
    return known and known[0]


def comfortable(row):
    return (UNARY, BINARY)[row["arity"] - 1][plain_name(row)][1]


def inside(domain, x):
    low, high, low_closed, high_closed = domain
    return (low < x or (low_closed and low == x)) and (x < high or (high_closed and high == x))


def points(domain, seed, count=60, decades=8):
    """Points of a domain: moderate ones, some of all magnitudes, some close to its finite ends."""
    draw = random.Random(seed)
    low, high, _, _ = domain
    found = []
    while len(found) < count:
        magnitude = 10 ** draw.uniform(-decades, decades)
        near = [end + draw.choice([-1, 1]) * min(magnitude, 1) for end in (low, high)]
        candidates = [
            draw.uniform(-4, 4),
            draw.choice([-1, 1]) * magnitude,
            draw.uniform(0, 1),
            *near,
        ]
        found += [x for x in candidates if math.isfinite(x) and inside(domain, x)]
    return found[:count]


def bits(x):
    """The float as an integer such that neighbours differ by one."""
    (pattern,) = struct.unpack("<q", struct.pack("<d", x))
    return pattern if pattern >= 0 else -(pattern & 0x7FFF_FFFF_FFFF_FFFF)


def ulps(x, y):
    """How many floats lie from `x` to `y`; nan equals nan."""
    if math.isnan(x) or math.isnan(y):
        return 0 if math.isnan(x) and math.isnan(y) else math.inf
    return abs(bits(x) - bits(y))


def same_bits(x, y):
    """Equal as bit patterns, zeros by sign too; every nan is the same."""
    return (math.isnan(x) and math.isnan(y)) or struct.pack("<d", x) == struct.pack("<d", y)


def repeated_gradient(function, primals, orders):
    """The mixed derivative of these orders, one recorded sweep after the other."""
    variables = [ag.Variable(x) for x in primals]
    y = function(*variables)
    for x, order in zip(variables, orders, strict=True):
        for _ in range(order):
            (y,) = ag.grad(y, wrt=[x], create_graph=True)
    return y.value
