"""HIPS autograd: NumPy calls traced by Python objects."""

from __future__ import annotations

import autograd
import autograd.numpy as np

from peers import namespace

NAME = "HIPS autograd"
math = namespace(
    **{name: getattr(np, name) for name in ("sin", "exp", "log", "tanh", "mean", "sum", "dot")},
    relu=lambda x: np.maximum(x, 0.0),
    sigmoid=lambda x: 1.0 / (1.0 + np.exp(-x)),
    softplus=lambda x: np.logaddexp(0.0, x),
)


def plain(value):
    return np.array(value) if isinstance(value, list) else value


def value_and_gradient(function, values, constants=()):
    values = [plain(value) for value in values]
    constants = [plain(value) for value in constants]
    differentiated = autograd.value_and_grad(
        lambda *values: function(math, *values, *constants),
        tuple(range(len(values))) if len(values) > 1 else 0,
    )
    return lambda: differentiated(*values)


def slope(function, x, constants=()):
    """Return the gradient as a function of an array."""
    constants = [plain(value) for value in constants]
    return autograd.grad(lambda x: function(math, x, *constants))


def hessian(function, x):
    differentiated, x = autograd.hessian(lambda x: function(math, x)), plain(x)
    return lambda: differentiated(x)


def hvp(function, x, v):
    differentiated = autograd.hessian_vector_product(lambda x: function(math, x))
    x, v = plain(x), plain(v)
    return lambda: differentiated(x, v)
