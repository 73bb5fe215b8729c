"""Universal functions: by the op table where it has them, else by the rules here."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._numpy import linear, reductions, special
from autograd_rs._numpy.arguments import (
    FOREIGN,
    allow_only_defaults,
    gathered,
    has_variable,
    ndim,
    objects,
    operand,
    plain,
    real,
)
from autograd_rs._numpy.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[..., Any]

_LOG_2 = float(np.log(2.0))
_DEGREE = float(np.pi / 180.0)


def logaddexp2(a: Any, b: Any) -> Any:
    """Return `log2(2**a + 2**b)`."""
    return _core.logaddexp(_core.mul(a, _LOG_2), _core.mul(b, _LOG_2)) / _LOG_2


def heaviside(x: Any, at_zero: Any) -> Any:
    """Return 0 below zero, 1 above, `at_zero` at it; the derivative by `x` is 0."""
    at = plain(x)
    return _core.where(at == 0, at_zero, np.where(at > 0, 1.0, 0.0)) + 0.0 * _core.sign(x)


def ldexp(x: Any, exponent: Any) -> Any:
    """Return `x * 2**exponent`."""
    return _core.mul(x, np.ldexp(1.0, plain(exponent)))


def divmod_(a: Any, b: Any) -> tuple[Any, Any]:
    """Return quotient and remainder."""
    return _core.floordiv(a, b), _core.remainder(a, b)


def modf(x: Any) -> tuple[Any, Any]:
    """Return fractional and whole part."""
    whole = _core.trunc(x)
    return x - whole, whole


def _table() -> dict[np.ufunc, Rule]:
    """Return the rules of the op table, by NumPy's names for its rows."""
    return {
        getattr(np, name): getattr(_core, row["name"])
        for row in _core.ops()
        for name in row["numpy"]
        if hasattr(np, name)
    }


ELEMENTWISE: dict[np.ufunc, Rule] = {
    **_table(),
    np.positive: lambda x: _core.mul(x, 1.0),
    np.conjugate: lambda x: _core.mul(x, 1.0),
    np.degrees: lambda x: _core.div(x, _DEGREE),
    np.rad2deg: lambda x: _core.div(x, _DEGREE),
    np.radians: lambda x: _core.mul(x, _DEGREE),
    np.deg2rad: lambda x: _core.mul(x, _DEGREE),
    np.logaddexp2: logaddexp2,
    np.heaviside: heaviside,
    np.ldexp: ldexp,
}
PAIRS: dict[np.ufunc, Rule] = {np.divmod: divmod_, np.modf: modf}
# Of comparisons: what is no mask they refuse.
MASKS: dict[np.ufunc, Rule] = {
    np.bitwise_and: operator.and_,
    np.bitwise_or: operator.or_,
    np.bitwise_xor: operator.xor,
    np.invert: operator.invert,
}
PRODUCTS: dict[np.ufunc, Rule] = {
    getattr(np, name): rule
    for name, rule in [
        ("matmul", linear.matmul),
        ("vecdot", linear.vecdot),
        ("matvec", linear.matmul),
        ("vecmat", linear.matmul),
    ]
    if hasattr(np, name)
}
REDUCTIONS: dict[np.ufunc, Rule] = {
    np.add: reductions.sum_,
    np.multiply: reductions.prod,
    np.maximum: reductions.max_,
    np.minimum: reductions.min_,
    np.fmax: reductions.nanmax,
    np.fmin: reductions.nanmin,
    np.logaddexp: reductions.logsumexp,
}
ACCUMULATIONS: dict[np.ufunc, Rule] = {np.add: reductions.cumsum, np.multiply: reductions.cumprod}
CONSTANT: frozenset[np.ufunc] = frozenset(
    {
        np.equal,
        np.not_equal,
        np.less,
        np.less_equal,
        np.greater,
        np.greater_equal,
        np.isnan,
        np.isinf,
        np.isfinite,
        np.signbit,
        np.logical_and,
        np.logical_or,
        np.logical_xor,
        np.logical_not,
    }
)


def apply(name: str, rule: Rule, inputs: tuple[Any, ...]) -> Any:
    """Apply an elementwise rule, entry by entry where there are more dimensions than one."""
    try:
        return rule(*inputs)
    except FOREIGN:
        # Called again below, outside of this handler, for a clear error.
        pass
    if any(ndim(entry) > 1 for entry in inputs):
        if not has_variable(inputs):
            return np.frompyfunc(rule, len(inputs), 1)(*map(plain, inputs)).astype(float)
        return entrywise(name, rule, inputs)
    # A list, an object array, a rarer kind of number; or the error of the rule itself.
    return rule(*(operand(name, entry) for entry in inputs))


def entrywise(name: str, rule: Rule, inputs: tuple[Any, ...]) -> Any:
    """Apply an elementwise rule to each entry of arrays of Variables."""
    arrays = [np.asarray(objects(entry)) for entry in inputs]
    for array in arrays:
        if array.dtype != object:
            real(name, array)
    return np.frompyfunc(rule, len(inputs), 1)(*arrays)


def call(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer whatever is not a plain call of an elementwise function of the table."""
    name = ufunc.__name__
    out = kwargs.get("out", ())
    if any(isinstance(array, Variable) for array in out):
        raise TypeError(
            f"{name}: got a Variable as out=, wanted an array; assign the result, or where NumPy "
            f"writes of itself, give it np.stack(...) of the Variables"
        )
    if ufunc in MASKS and method == "__call__" and not kwargs and not has_variable(inputs):
        return MASKS[ufunc](*map(_as_vector, inputs))
    if ufunc in CONSTANT or not has_variable([*inputs, *kwargs.values()]):
        return getattr(ufunc, method)(*plain(inputs), **plain(kwargs))
    if out and all(array is None or array.dtype == object for array in out):
        return getattr(ufunc, method)(*map(objects, inputs), **kwargs)
    if method == "__call__":
        return _call_with(ufunc, name, inputs, kwargs)
    if method == "reduce" and ufunc in REDUCTIONS:
        return REDUCTIONS[ufunc](*inputs, **_reduction_arguments(kwargs))
    if method == "accumulate" and ufunc in ACCUMULATIONS:
        return ACCUMULATIONS[ufunc](*inputs, **_reduction_arguments(kwargs))
    if method == "outer" and ufunc in ELEMENTWISE:
        allow_only_defaults(f"{name}.outer", **kwargs)
        first, second = (np.asarray(objects(entry)) for entry in inputs)
        return gathered(ufunc.outer(first, second))
    raise refuse(ufunc, method)


def _as_vector(mask: Any) -> Any:
    """Return a mask that NumPy's own operators do not take before ours."""
    return Vector(mask) if isinstance(mask, np.ndarray) and mask.ndim == 1 else mask


def _call_with(ufunc: np.ufunc, name: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    allowed = {key: kwargs[key] for key in kwargs if key not in _HARMLESS}
    if "out" in allowed:
        raise TypeError(
            f"{name}: got out=, and a Variable cannot be written into an array; "
            f"assign the result (y = y + x, not y += x, where y is an array)"
        )
    allow_only_defaults(name, **allowed)
    rule = ELEMENTWISE.get(ufunc) or special.find(ufunc)
    if rule is not None:
        return apply(name, rule, inputs)
    if ufunc in PAIRS:
        return PAIRS[ufunc](*(operand(name, entry) for entry in inputs))
    if ufunc in PRODUCTS:
        return PRODUCTS[ufunc](*inputs)
    if name.endswith("(vectorized)"):
        # Of np.frompyfunc: a function of Python's, called for every entry.
        return ufunc(*map(objects, inputs))
    raise refuse(ufunc)


def _reduction_arguments(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with `out` as functions have it, not in a tuple."""
    arguments = dict(kwargs)
    if arguments.get("out") is not None:
        (arguments["out"],) = arguments["out"]
    return arguments


# How to compute, not what.
_HARMLESS = frozenset({"casting", "order", "subok"})
