"""A chain of operations: `a = a * b + sin(a) / c`, four of them in each turn."""

from __future__ import annotations

import math

from measure import OURS, Case, Contender, compare, fresh
from peers import installed, ours

VALUES = (0.5, 0.9, 10.0)
OPS_PER_TURN = 4
FLOATS = "floats, value only"
# The most operations that a peer is given: one that takes more stops being worth the wait.
MOST_OPS = {"autograd": 10_000, "mygrad": 10_000, "micrograd": 10_000, "torch": 10_000}
# CasADi and JAX make the whole chain before they run it: see `made_once`.
MADE_ONCE = {"casadi", "jax"}


def chain(m, a, b, c, turns):
    sin = m.sin
    for _ in range(turns):
        a = a * b + sin(a) / c
    return a


def run(plan):
    """Time value and gradient with respect to the start and both constants, at two lengths."""
    lengths = {1_000: 2.0, 1_000_000: 3.0}
    if plan.is_quick:
        lengths = {1_000: 2.0, 100_000: 3.0}
    for ops, limit in lengths.items():
        yield from compare(make_case(ops, limit), plan)


def make_case(ops, limit):
    turns = ops // OPS_PER_TURN
    on_floats = fresh(chain)
    contenders = {
        OURS: ours.value_and_gradient(fresh(chain), VALUES, [turns]),
        FLOATS: Contender(
            lambda: on_floats(math, *VALUES, turns), expected=lambda: chain(math, *VALUES, turns)
        ),
    }
    for package, peer in installed().items():
        if package not in MADE_ONCE:
            most = min(ops, MOST_OPS.get(package, ops))
            contenders[peer.NAME] = recorded(peer, most)
    contenders |= made_once(ops)
    work = f"chain of {ops:_} ops, value and gradient, per op".replace("_", " ")
    return Case(work, contenders, limits={FLOATS: limit}, ops=ops)


def recorded(peer, ops):
    """Make a contender that records the chain anew each time."""
    turns = ops // OPS_PER_TURN
    return Contender(
        peer.value_and_gradient(fresh(chain), VALUES, [turns]),
        ops=ops,
        expected=ours.value_and_gradient(chain, VALUES, [turns]),
    )


def made_once(ops):
    """Return contenders that make the chain once and replay it; making it is not timed."""
    contenders = {}
    turns = ops // OPS_PER_TURN
    if "casadi" in installed():
        casadi = installed()["casadi"]
        contenders[casadi.NAME] = recorded(casadi, min(ops, 10_000))
    if "jax" in installed():
        jax = installed()["jax"]
        contenders[jax.NAME] = Contender(jax.value_and_gradient(scanned, VALUES, [turns]))
        contenders[jax.eager.NAME] = recorded(jax.eager, min(ops, 400))
    return contenders


def scanned(m, a, b, c, turns):
    """Write the chain as JAX wants its loops."""
    from jax import lax

    def step(a, _):
        return a * b + m.sin(a) / c, None

    return lax.scan(step, a, length=turns)[0]
