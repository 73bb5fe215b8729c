"""Hessians and products with them, of Rosenbrock's function of 20."""

from __future__ import annotations

import autograd_rs as ag
from families.arrays import NUMPY
from families.network import HIDDEN, INPUTS, OUTPUTS, make_loss
from families.rosenbrock import by_slices, make_point
from measure import OURS, Case, Contender, compare, fresh
from peers import installed, numpy

LENGTH = 20
PEERS = ("autograd", "jax", "torch", "casadi")


def hessian_by_hand(np, x):
    a, b = x[:-1], x[1:]
    diagonal = np.zeros_like(x)
    diagonal[:-1] = 1200.0 * a * a - 400.0 * b + 2.0
    diagonal[1:] += 200.0
    hessian = np.diag(diagonal)
    rows = np.arange(len(a))
    hessian[rows, rows + 1] = hessian[rows + 1, rows] = -400.0 * a
    return hessian


def hvp_by_hand(np, x, v):
    a, b = x[:-1], x[1:]
    product = np.zeros_like(x)
    product[:-1] = (1200.0 * a * a - 400.0 * b + 2.0) * v[:-1] - 400.0 * a * v[1:]
    product[1:] += 200.0 * v[1:] - 400.0 * a * v[:-1]
    return product


def ours(x):
    return by_slices(ag, x)


def run(plan):
    """Time the Hessian, its product with a vector, and both in units of what they are made of."""
    if numpy() is None:
        return
    np = numpy()
    x, v = np.array(make_point(LENGTH)), np.linspace(-1.0, 1.0, LENGTH)
    hessian, hvp = ag.hessian(ours), ag.hvp(ours)
    gradient, product = ag.grad(ours), lambda: hvp(x, v)
    peers = [installed()[package] for package in PEERS if package in installed()]
    contenders = {NUMPY: lambda: hessian_by_hand(np, x), OURS: lambda: hessian(x)}
    contenders |= {peer.NAME: peer.hessian(fresh(by_slices), x.tolist()) for peer in peers}
    contenders["ours, one product with a vector"] = Contender(product, expected=product)
    limits = {"ours, one product with a vector": LENGTH + 1.0}
    yield from compare(Case(f"Hessian of Rosenbrock of {LENGTH}", contenders, limits), plan)
    contenders = {NUMPY: lambda: hvp_by_hand(np, x, v), OURS: product}
    contenders |= {peer.NAME: peer.hvp(fresh(by_slices), x.tolist(), v.tolist()) for peer in peers}
    contenders["ours, one gradient"] = Contender(lambda: gradient(x), expected=lambda: gradient(x))
    limits = {"ours, one gradient": 4.0}
    work = f"Hessian of Rosenbrock of {LENGTH} by a vector"
    yield from compare(Case(work, contenders, limits), plan)
    yield from of_network(plan)


def of_network(plan):
    """Time the Hessian of a function of whole vectors."""
    np, length = numpy(), 100
    loss, weights = make_loss(HIDDEN[length]), np.linspace(-1.0, 1.0, length)
    inputs, outputs = np.array(INPUTS), np.array(OUTPUTS)

    def ours(weights):
        return loss(ag, weights, inputs, outputs)

    hessian, gradient = ag.hessian(ours), ag.grad(ours)
    contenders = {
        OURS: lambda: hessian(weights),
        "ours, one gradient": Contender(
            lambda: gradient(weights), expected=lambda: gradient(weights)
        ),
    }
    yield from compare(Case(f"Hessian of a network of {length} weights", contenders), plan)
