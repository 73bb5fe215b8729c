"""CasADi: expressions made once, differentiated and evaluated by its virtual machine."""

from __future__ import annotations

import casadi

from peers import namespace

NAME = "CasADi, made once"
math = namespace(
    **{name: getattr(casadi, name) for name in ("sin", "exp", "log", "tanh", "log1p")},
    mean=lambda x: casadi.sum1(x) / x.numel(),
    sum=casadi.sum1,
    relu=lambda x: casadi.fmax(x, 0.0),
    sigmoid=lambda x: 1.0 / (1.0 + casadi.exp(-x)),
    softplus=lambda x: casadi.fmax(x, 0.0) + casadi.log1p(casadi.exp(-casadi.fabs(x))),
)


def value_and_gradient(function, values, constants=()):
    values = [casadi.DM(value) for value in values]
    constants = [casadi.DM(value) if isinstance(value, list) else value for value in constants]
    symbols = [casadi.SX.sym(f"x{i}", *value.shape) for i, value in enumerate(values)]
    y = function(math, *symbols, *constants)
    differentiated = casadi.Function(
        "value_and_gradient", symbols, [y, *(casadi.gradient(y, symbol) for symbol in symbols)]
    )
    return lambda: differentiated(*values)
