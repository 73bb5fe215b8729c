"""A small tape in plain Python, to compare long sequences of operations with.

Values are lists of floats. A pullback is written with the model's own operations, so gradients are
differentiable.
"""

import itertools
import math

_births = itertools.count()


class Node:
    """A result: its value, its operands and their pullbacks, each from cotangent to cotangent."""

    def __init__(self, entries, operands=(), pullbacks=()):
        self.entries = entries
        self.operands, self.pullbacks = operands, pullbacks
        self.birth = next(_births)

    def __len__(self):
        return len(self.entries)


def number(x):
    return Node([float(x)])


def spread(x, length):
    if len(x) == length:
        return x
    return Node(x.entries * length, (x,), (total,))


def add(a, b):
    length = max(len(a), len(b))
    p, q = spread(a, length), spread(b, length)
    entries = [x + y for x, y in zip(p.entries, q.entries)]
    return Node(entries, (p, q), (lambda bar: bar, lambda bar: bar))


def neg(a):
    return Node([-x for x in a.entries], (a,), (neg,))


def sub(a, b):
    return add(a, neg(b))


def mul(a, b):
    length = max(len(a), len(b))
    p, q = spread(a, length), spread(b, length)
    entries = [x * y for x, y in zip(p.entries, q.entries)]
    return Node(entries, (p, q), (lambda bar: mul(bar, q), lambda bar: mul(bar, p)))


def sin(a):
    return Node([math.sin(x) for x in a.entries], (a,), (lambda bar: mul(bar, cos(a)),))


def cos(a):
    return Node([math.cos(x) for x in a.entries], (a,), (lambda bar: neg(mul(bar, sin(a))),))


def tanh(a):
    y = Node([math.tanh(x) for x in a.entries], (a,))
    y.pullbacks = (lambda bar: mul(bar, sub(number(1), mul(y, y))),)
    return y


def total(a):
    length = len(a)
    return Node([math.fsum(a.entries)], (a,), (lambda bar: spread(bar, length),))


def take(a, places):
    """Entries at some places."""
    length = len(a)
    return Node([a.entries[k] for k in places], (a,), (lambda bar: put(bar, places, length),))


def put(a, places, length):
    """A row of zeros but for these places."""
    entries = [0.0] * length
    for k, x in zip(places, a.entries):
        entries[k] += x
    return Node(entries, (a,), (lambda bar: take(bar, places),))


def join(parts):
    parts = tuple(parts)
    bounds = [0, *itertools.accumulate(map(len, parts))]
    pullbacks = [
        lambda bar, places=tuple(range(start, stop)): take(bar, places)
        for start, stop in itertools.pairwise(bounds)
    ]
    return Node([x for part in parts for x in part.entries], parts, pullbacks)


def reached(loss):
    """Every node that `loss` is made of."""
    seen, pending = {loss}, [loss]
    while pending:
        for operand in pending.pop().operands:
            if operand not in seen:
                seen.add(operand)
                pending.append(operand)
    return seen


def adjoints(loss):
    """The derivative of the sum of `loss` with respect to every node that it is made of."""
    bars = {loss: Node([1.0] * len(loss))}
    for node in sorted(reached(loss), key=lambda node: -node.birth):
        for operand, pullback in zip(node.operands, node.pullbacks):
            part = pullback(bars[node])
            before = bars.get(operand)
            bars[operand] = part if before is None else add(before, part)
    return bars
