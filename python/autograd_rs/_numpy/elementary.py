"""Functions of every entry, and of neighbours, that are no universal functions in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Variable
from autograd_rs._numpy.arguments import (
    NOT_GIVEN,
    allow_one_axis,
    allow_only_defaults,
    has_variable,
    ndim,
    operand,
    plain,
    value_of,
)
from autograd_rs._numpy.linear import Product
from autograd_rs._numpy.shaping import take


def round_(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Round to a number of decimals; the derivative is 0."""
    allow_only_defaults("round", out=out)
    scale = 10.0**decimals
    return _core.round(a) if decimals == 0 else _core.round(a * scale) / scale


def fix(x: Any, out: Any = None) -> Any:
    """Round towards zero; the derivative is 0."""
    allow_only_defaults("fix", out=out)
    return _core.trunc(x)


def real(val: Any) -> Any:
    """Return what came."""
    return val


def real_if_close(a: Any, tol: float = 100) -> Any:
    """Return what came."""
    del tol
    return a


def imag(val: Any) -> Any:
    """Return zeros: there are no complex Variables."""
    return np.zeros(np.shape(val))


def sinc(x: Any) -> Any:
    """Return `sin(pi x) / (pi x)`, by its series near 0, so that it has all derivatives there."""
    t = np.pi * operand("sinc", x)
    is_near = np.abs(plain(t)) < 1.0
    # sum (-1)^k t^(2k) / (2k + 1)!: the first term left out is below 1e-24 where |t| < 1.
    series: Any = 1.0
    square = _core.square(_core.where(is_near, t, 0.0))
    for k in range(11, 0, -1):
        series = 1.0 - series * square / ((2 * k) * (2 * k + 1))
    far = _core.where(is_near, 1.0, t)
    return _core.where(is_near, series, _core.sin(far) / far)


def diff(
    a: Any, n: int = 1, axis: Any = -1, prepend: Any = NOT_GIVEN, append: Any = NOT_GIVEN
) -> Any:
    """Differences of neighbours, `n` times."""
    allow_one_axis("diff", axis)
    if n < 0:
        raise ValueError(f"diff: got n={n}, wanted 0 or more")
    if n == 0:
        return a
    parts = [part for part in (prepend, a, append) if part is not NOT_GIVEN]
    x = _core.concatenate([operand("diff", part) for part in parts])
    for _ in range(n):
        x = x[1:] - x[:-1]
    return x


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours, with something before and after."""
    parts = [part for part in (to_begin, diff(ary), to_end) if part is not None]
    return _core.concatenate([operand("ediff1d", part) for part in parts])


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences, as `numpy.gradient` forms them."""
    if has_variable(varargs):
        raise TypeError("gradient: got a Variable as spacing, wanted numbers; use diff")
    allow_one_axis("gradient", axis)
    # They are linear: those of a unit vector say how the result depends on that entry.
    unit: list[Any] = list(np.eye(f.dim))
    order: Any = edge_order
    columns = [np.gradient(row, *plain(varargs), edge_order=order) for row in unit]
    return Product(np.array(columns).T)(f)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    """Integral by trapezoids."""
    allow_one_axis("trapezoid", axis)
    y = operand("trapezoid", y)
    middle = (y[1:] + y[:-1]) * 0.5
    if x is None:
        return _core.sum(middle) * dx
    return _core.sum(diff(x) * middle)


def polyval(p: Any, x: Any) -> Any:
    """Value of a polynomial, by Horner's scheme; highest power first."""
    result: Any = 0.0
    for coefficient in p:
        result = result * x + coefficient
    return result


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Interpolate linearly; at a knot the derivative is that of the piece to the right."""
    allow_only_defaults("interp", period=period)
    if has_variable(xp):
        raise TypeError("interp: got a Variable as xp, wanted numbers")
    knots = np.asarray(xp, dtype=float)
    values = operand("interp", fp)
    values = values if isinstance(values, Variable) else np.asarray(values)
    if knots.ndim != 1 or knots.size == 0 or np.size(values) != knots.size:
        raise ValueError(
            f"interp: got {np.size(xp)} knots and {np.size(fp)} values, wanted as many, one or more"
        )
    start, end, count = knots[0], knots[-1], knots.size
    if count == 1:
        # A piece without an end, of which `x` reaches only the start.
        knots, values = np.append(knots, np.inf), _entries(values, np.zeros(2, dtype=int))
    place = np.asarray(plain(x), dtype=float)
    if place.ndim > 1:
        raise TypeError(f"interp: got x of shape {place.shape}, wanted one dimension")
    piece = np.clip(np.searchsorted(knots, place, side="right") - 1, 0, knots.size - 2)
    low, high = (_entries(values, piece + step) for step in (0, 1))
    share = (x - knots[piece]) / (knots[piece + 1] - knots[piece])
    # This form gives the values at both ends of a piece exactly.
    inside = low * (1.0 - share) + high * share
    first = _entries(values, np.asarray(0)) if left is None else left
    last = _entries(values, np.asarray(count - 1)) if right is None else right
    return _core.where(place < start, first, _core.where(place > end, last, inside))


def _entries(values: Any, places: Any) -> Any:
    return take(values, places) if isinstance(values, Variable) else values[places]


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    **unsupported: Any,
) -> Any:
    """Numbers at equal distances between two."""
    allow_only_defaults("linspace", dtype=dtype, **unsupported)
    allow_one_axis("linspace", axis)
    if ndim(start) > 0 or ndim(stop) > 0:
        raise TypeError("linspace: got a vector, wanted numbers as start and stop")
    share = np.linspace(0.0, 1.0, num, endpoint)
    # Not start + share * (stop - start), which can miss stop.
    result = start * (1.0 - share) + stop * share
    intervals = num - 1 if endpoint else num
    return (result, (stop - start) / intervals) if retstep else result


def unwrap(p: Any, discont: Any = None, axis: Any = -1, *, period: float = 2 * np.pi) -> Any:
    """Add the multiples of the period that make jumps small: constants."""
    allow_one_axis("unwrap", axis)
    value = value_of(p)
    return p + (np.unwrap(value, discont, period=period) - value)
