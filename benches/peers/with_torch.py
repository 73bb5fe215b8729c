"""PyTorch in double precision, eager."""

from __future__ import annotations

import torch

from peers import namespace

torch.set_num_threads(1)

NAME = "PyTorch"
math = namespace(
    **{name: getattr(torch, name) for name in ("sin", "exp", "log", "tanh", "mean", "sum", "dot")},
    relu=torch.relu,
    sigmoid=torch.sigmoid,
    softplus=torch.nn.functional.softplus,
)


def plain(value):
    return torch.tensor(value, dtype=torch.float64)


def value_and_gradient(function, values, constants=()):
    leaves = [plain(value).requires_grad_() for value in values]
    constants = [plain(value) if isinstance(value, list) else value for value in constants]

    def run():
        y = function(math, *leaves, *constants)
        return y, torch.autograd.grad(y, leaves)

    return run


def slope(function, x, constants=()):
    """Return the gradient as a function of an array."""
    constants = [plain(value) for value in constants]

    def gradient(x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(function(math, x, *constants), x)[0]

    return gradient


def hessian(function, x):
    x = plain(x)
    return lambda: torch.autograd.functional.hessian(lambda x: function(math, x), x)


def hvp(function, x, v):
    """Go backward twice, which is quicker here than forward over reverse."""
    x, v = plain(x).requires_grad_(), plain(v)

    def run():
        (gradient,) = torch.autograd.grad(function(math, x), x, create_graph=True)
        return torch.autograd.grad(gradient, x, v)[0]

    return run
