"""CasADi: expressions made once, differentiated and evaluated by its virtual machine."""

from __future__ import annotations

import casadi

from peers import namespace

NAME = "CasADi, made once"
math = namespace(
    **{name: getattr(casadi, name) for name in ("sin", "exp", "log", "tanh", "log1p", "dot")},
    mean=lambda x: casadi.sum1(x) / x.numel(),
    sum=casadi.sum1,
    relu=lambda x: casadi.fmax(x, 0.0),
    sigmoid=lambda x: 1.0 / (1.0 + casadi.exp(-x)),
    softplus=lambda x: casadi.fmax(x, 0.0) + casadi.log1p(casadi.exp(-casadi.fabs(x))),
)


def plain(value):
    return casadi.DM(value)


def value_and_gradient(function, values, constants=()):
    values = [plain(value) for value in values]
    constants = [plain(value) if isinstance(value, list) else value for value in constants]
    symbols = [casadi.SX.sym(f"x{i}", *value.shape) for i, value in enumerate(values)]
    y = function(math, *symbols, *constants)
    differentiated = casadi.Function(
        "value_and_gradient", symbols, [y, *(casadi.gradient(y, symbol) for symbol in symbols)]
    )
    return lambda: differentiated(*values)


def slope(function, x, constants=()):
    """Return the gradient as a function of an array."""
    symbol = casadi.SX.sym("x", len(x))
    y = function(math, symbol, *map(plain, constants))
    return casadi.Function("slope", [symbol], [casadi.gradient(y, symbol)])


def hessian(function, x):
    symbol, x = casadi.SX.sym("x", len(x)), plain(x)
    y = function(math, symbol)
    differentiated = casadi.Function("hessian", [symbol], [casadi.hessian(y, symbol)[0]])
    return lambda: differentiated(x)


def hvp(function, x, v):
    symbol, direction = casadi.SX.sym("x", len(x)), casadi.SX.sym("v", len(x))
    gradient = casadi.gradient(function(math, symbol), symbol)
    product = casadi.jtimes(gradient, symbol, direction)
    differentiated, x, v = (
        casadi.Function("hvp", [symbol, direction], [product]),
        plain(x),
        plain(v),
    )
    return lambda: differentiated(x, v)
