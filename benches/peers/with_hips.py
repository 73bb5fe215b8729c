"""HIPS autograd: NumPy calls traced by Python objects."""

from __future__ import annotations

import autograd
import autograd.numpy as np

from peers import namespace

NAME = "HIPS autograd"
math = namespace(
    **{name: getattr(np, name) for name in ("sin", "exp", "log", "tanh", "mean", "sum", "where")},
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
        lambda *values: function(math, *values, *constants), tuple(range(len(values)))
    )
    return lambda: differentiated(*values)
