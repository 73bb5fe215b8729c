"""PyTorch in double precision, eager."""

from __future__ import annotations

import torch

from peers import namespace

torch.set_num_threads(1)

NAME = "PyTorch"
math = namespace(
    **{name: getattr(torch, name) for name in ("sin", "exp", "log", "tanh", "mean", "sum")},
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
