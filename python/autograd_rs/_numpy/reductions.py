"""Functions that make a number, or running numbers, of a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_rs import _core
from autograd_rs._numpy.arguments import (
    NOT_GIVEN,
    allow_one_axis,
    allow_only_defaults,
    has_variable,
    ndim,
    operand,
    value_of,
    with_axis,
)
from autograd_rs._numpy.shaping import sort, take


def _whole(op: str, a: Any, axis: Any, **unsupported: Any) -> Any:
    """Return the operand of a reduction whose other arguments have been checked."""
    allow_only_defaults(op, **unsupported)
    allow_one_axis(op, axis)
    return operand(op, a)


def _kept(x: Any, result: Any, keepdims: Any) -> Any:
    """Return the result of a reduction of `x`, with the axis that it had if that is wanted."""
    is_wanted = isinstance(keepdims, (bool, np.bool_, int)) and bool(keepdims)
    return with_axis(result) if is_wanted and ndim(x) > 0 else result


def sum_(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = 0,
    where: Any = True,
) -> Any:
    """Sum."""
    total = _core.sum(_whole("sum", a, axis, dtype=dtype, out=out, where=where))
    return _kept(a, total if _is_zero(initial) else total + initial, keepdims)


def _is_zero(initial: Any) -> bool:
    return initial is NOT_GIVEN or (isinstance(initial, (int, float)) and initial == 0)


def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
) -> Any:
    """Product."""
    x = _whole("prod", a, axis, dtype=dtype, out=out, initial=initial, where=where)
    return _kept(a, _core.prod(x), keepdims)


def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    """Arithmetic mean."""
    x = _whole("mean", a, axis, dtype=dtype, out=out, where=where)
    return _kept(a, _core.mean(x), keepdims)


def max_(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
    dtype: Any = None,
) -> Any:
    """Greatest entry; equal ones share the derivative."""
    x = _whole("max", a, axis, dtype=dtype, out=out, initial=initial, where=where)
    return _kept(a, _core.max(x), keepdims)


def min_(
    a: Any,
    axis: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NOT_GIVEN,
    where: Any = True,
    dtype: Any = None,
) -> Any:
    """Least entry; equal ones share the derivative."""
    x = _whole("min", a, axis, dtype=dtype, out=out, initial=initial, where=where)
    return _kept(a, _core.min(x), keepdims)


def logsumexp(a: Any, axis: Any = 0, keepdims: Any = False, **unsupported: Any) -> Any:
    """`logaddexp.reduce`."""
    x = _whole("logaddexp.reduce", a, axis, **unsupported)
    return _kept(a, _core.logsumexp(x), keepdims)


def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """Greatest less least entry."""
    x = _whole("ptp", a, axis, out=out)
    return _kept(a, _core.max(x) - _core.min(x), keepdims)


def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    """Weighted mean."""
    x = _whole("average", a, axis)
    if weights is None:
        result, total = _core.mean(x), float(np.size(a))
    else:
        w = operand("average", weights)
        if np.size(w) != np.size(x):
            raise ValueError(
                f"average: lengths differ: {np.size(x)} entries and {np.size(w)} weights, "
                f"wanted equal"
            )
        total = _core.sum(w)
        result = _core.dot(x, w) / total
    result = _kept(a, result, keepdims)
    return (result, total) if returned else result


def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NOT_GIVEN,
    correction: Any = NOT_GIVEN,
) -> Any:
    """Variance."""
    x = _whole("var", a, axis, dtype=dtype, out=out, where=where)
    deviation = x - (_core.mean(x) if mean is NOT_GIVEN else mean)
    variance = _core.sum(_core.square(deviation)) / _freedom(x, ddof, correction)
    return _kept(a, variance, keepdims)


def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NOT_GIVEN,
    correction: Any = NOT_GIVEN,
) -> Any:
    """Return the standard deviation; where all entries are equal its derivative is 0."""
    x = _whole("std", a, axis, dtype=dtype, out=out, where=where)
    deviation = x - (_core.mean(x) if mean is NOT_GIVEN else mean)
    deviation = _core.norm(deviation) / _freedom(x, ddof, correction) ** 0.5
    return _kept(a, deviation, keepdims)


def _freedom(x: Any, ddof: float, correction: Any) -> float:
    return max(float(x.dim - (ddof if correction is NOT_GIVEN else correction)), 0.0)


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    **unsupported: Any,
) -> Any:
    """Quantiles, by interpolation between the sorted entries."""
    del overwrite_input
    if has_variable(q):
        raise TypeError("quantile: got a Variable as q, wanted numbers: levels have no derivative")
    x = sort(_whole("quantile", a, axis, out=out, **unsupported))
    if method != "linear":
        raise TypeError(f"quantile: got method={method!r} of a Variable, wanted 'linear'")
    levels = np.asarray(q, dtype=float)
    if levels.ndim > 1 or not np.all((levels >= 0) & (levels <= 1)):
        raise ValueError(f"quantile: got {q}, wanted levels from 0 to 1 in one dimension")
    place = np.asarray(levels * (x.dim - 1))
    low = np.minimum(place.astype(int), x.dim - 1)
    high = np.minimum(low + 1, x.dim - 1)
    share = place - low
    result = take(x, low) * (1.0 - share) + take(x, high) * share
    return _kept(a, result, keepdims) if levels.ndim == 0 else result


def percentile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """Percentiles, by interpolation between the sorted entries."""
    levels = q if has_variable(q) else np.asarray(q, dtype=float) / 100.0
    return quantile(a, levels, *args, **kwargs)


def median(
    a: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: Any = False,
) -> Any:
    """Median."""
    return quantile(a, 0.5, axis, out, overwrite_input, keepdims=keepdims)


def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return running sums."""
    return _core.cumsum(_whole("cumsum", a, axis, dtype=dtype, out=out))


def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Return running products: no divisions, so that zeros have their derivative."""
    x = with_axis(_whole("cumprod", a, axis, dtype=dtype, out=out))
    # Each round doubles how many factors an entry has (Hillis and Steele, CACM 29(12), 1986).
    step = 1
    while step < x.dim:
        x = _core.concatenate([x[:step], x[step:] * x[:-step]])
        step *= 2
    return x


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Return running sums, from 0 on if that is wanted."""
    sums = cumsum(x, axis, dtype, out)
    return _core.concatenate([0.0, sums]) if include_initial else sums


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Return running products, from 1 on if that is wanted."""
    products = cumprod(x, axis, dtype, out)
    return _core.concatenate([1.0, products]) if include_initial else products


def _without_nan(a: Any, instead: float | None = None) -> Any:
    """Return the entries that are numbers, or all with `instead` for nan."""
    is_number = ~np.isnan(value_of(a)).reshape(-1)
    if instead is not None:
        return _core.where(is_number, a, instead)
    return take(a, np.flatnonzero(is_number))


def nansum(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Sum of the entries that are numbers."""
    return sum_(_without_nan(a, 0.0), *args, **kwargs)


def nanprod(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Product of the entries that are numbers."""
    return prod(_without_nan(a, 1.0), *args, **kwargs)


def nancumsum(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Return running sums, nan counted as 0."""
    return cumsum(_without_nan(a, 0.0), *args, **kwargs)


def nancumprod(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Return running products, nan counted as 1."""
    return cumprod(_without_nan(a, 1.0), *args, **kwargs)


def nanmax(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Greatest of the entries that are numbers."""
    return max_(_without_nan(a), *args, **kwargs)


def nanmin(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Least of the entries that are numbers."""
    return min_(_without_nan(a), *args, **kwargs)


def nanmean(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Mean of the entries that are numbers."""
    return mean(_without_nan(a), *args, **kwargs)


def nanvar(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Variance of the entries that are numbers."""
    return var(_without_nan(a), *args, **kwargs)


def nanstd(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the standard deviation of the entries that are numbers."""
    return std(_without_nan(a), *args, **kwargs)


def nanmedian(a: Any, *args: Any, **kwargs: Any) -> Any:
    """Median of the entries that are numbers."""
    return median(_without_nan(a), *args, **kwargs)


def nanquantile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """Quantiles of the entries that are numbers."""
    return quantile(_without_nan(a), q, *args, **kwargs)


def nanpercentile(a: Any, q: Any, *args: Any, **kwargs: Any) -> Any:
    """Percentiles of the entries that are numbers."""
    return percentile(_without_nan(a), q, *args, **kwargs)
