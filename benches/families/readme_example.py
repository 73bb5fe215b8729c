"""The example that README begins with: the logistic loss of one row, and its gradient."""

from __future__ import annotations

from measure import OURS, Case, compare, fresh
from peers import installed, numpy, ours

NUMPY = "NumPy by hand"
LIMITS = {
    NUMPY: 1 / 2,
    "HIPS autograd": 1 / 100,
    "PyTorch": 1 / 100,
    "JAX jit": 1 / 5,
}
WEIGHTS, BIAS, ROW = [-0.5, 0.3, 1.0], 2.0, [10.0, 0.4, 3.5]


def loss(m, w, b, x):
    return -m.log(m.sigmoid(w @ x + b))


def loss_of_casadi(m, w, b, x):
    return -m.log(m.sigmoid(w.T @ x + b))


def by_hand(np, weights, bias, row):
    """Return a callable that does what one would write with NumPy alone."""
    w, b, x = np.array(weights), bias, np.array(row)

    def run():
        p = 1.0 / (1.0 + np.exp(-(w @ x + b)))
        slope = p - 1.0
        return -np.log(p), (slope * x, slope)

    return run


def make_contenders(weights, bias, row):
    """Return everyone who knows vectors."""
    contenders = {}
    if numpy():
        contenders[NUMPY] = by_hand(numpy(), weights, bias, row)
    contenders[OURS] = ours.value_and_gradient(fresh(loss), [weights, bias], [row])
    for package, peer in installed().items():
        if package in {"xad", "micrograd"}:
            continue
        function = loss_of_casadi if package == "casadi" else fresh(loss)
        contenders[peer.NAME] = peer.value_and_gradient(function, [weights, bias], [row])
    if "jax" in installed():
        eager = installed()["jax"].eager
        contenders[eager.NAME] = eager.value_and_gradient(loss, [weights, bias], [row])
    return contenders


def run(plan):
    """Time one value and gradient with three weights and a bias."""
    contenders = make_contenders(WEIGHTS, BIAS, ROW)
    yield from compare(Case("README example, value and gradient", contenders, LIMITS), plan)
