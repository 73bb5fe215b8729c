"""Functions of object arrays of Variables for which NumPy's own way through the entries is wrong.

NumPy computes `std` and `norm` as the root of a sum, which has no derivative where the sum is 0,
and writes `gradient` into an array of numbers. Nobody is asked before, so that these are called by
their names in `autograd_rs.numpy` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs._numpy import elementary, linear, reductions
from autograd_rs._numpy.arguments import gathered, has_variable

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, Any]


def is_table(a: Any) -> bool:
    """Whether an argument is an array of Variables, or lists of them that become one."""
    if isinstance(a, np.ndarray) and (a.dtype != object or a.ndim == 0):
        return False
    return isinstance(a, (np.ndarray, list, tuple)) and has_variable(a)


def std(a: Any, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Return the standard deviation along axes; where all entries are equal its derivative is 0.

    The arguments are those of `numpy.std`.
    """
    # Means that are given go with the array as a whole.
    if not is_table(a) or "mean" in kwargs:
        return np.std(a, axis, *args, **kwargs)
    keepdims = kwargs.pop("keepdims", False)
    return _reduced(lambda row: reductions.std(row, None, *args, **kwargs), a, axis, keepdims)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """Return the norm of vectors along an axis, or of a matrix; at the origin its derivative is 0.

    The arguments are those of `numpy.linalg.norm`.
    """
    is_vector = isinstance(axis, (int, np.integer)) or (isinstance(axis, tuple) and len(axis) == 1)
    if is_table(x) and is_vector:
        return _reduced(lambda row: linear.norm(row, ord), x, axis, keepdims)
    if is_table(x) and ord in (None, "fro"):
        # Of all entries, or of those of two axes.
        return _reduced(linear.norm, x, axis, keepdims)
    return np.linalg.norm(x, ord, axis, keepdims)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    """Return the norm of vectors along axes; at the origin its derivative is 0.

    The arguments are those of `numpy.linalg.vector_norm`.
    """
    if not is_table(x):
        return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    return _reduced(lambda row: linear.norm(row, ord), x, axis, keepdims)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """Return central differences along axes, in a list where there are several.

    The arguments are those of `numpy.gradient`.
    """
    if not is_table(f):
        return np.gradient(f, *varargs, axis=axis, edge_order=edge_order)
    table = np.array(f, dtype=object)
    given = range(table.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = [own % table.ndim for own in given]
    spacings = list(varargs) * (len(axes) if len(varargs) == 1 else 1) or [1.0] * len(axes)
    if len(spacings) != len(axes):
        message = f"gradient: got {len(spacings)} spacings, wanted 1 or {len(axes)}"
        raise TypeError(message)

    def by(spacing: Any) -> Callable[[Any], Any]:
        return lambda row: elementary.gradient(row, spacing, edge_order=edge_order)

    found = [_along(by(spacing), table, own) for own, spacing in zip(axes, spacings)]
    return found[0] if len(found) == 1 else found


def _reduced(rule: Callable[[Any], Any], a: Any, axis: Any, keepdims: Any) -> Array:
    """Apply the rule of a vector to the entries of axes, which make one entry."""
    table = np.array(a, dtype=object)
    given = range(table.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = sorted(own % table.ndim for own in given)
    last = np.moveaxis(table, axes, range(-len(axes), 0))
    rest = last.shape[: table.ndim - len(axes)]
    found = np.empty(rest, dtype=object)
    for place in np.ndindex(*rest):
        found[place] = rule(gathered(last[place].reshape(-1)))
    made = np.expand_dims(found, tuple(axes)) if keepdims else found
    return made[()] if made.ndim == 0 else made


def _along(rule: Callable[[Any], Any], table: Array, axis: int) -> Any:
    """Apply the rule of a vector to the entries of one axis, which make as many."""
    last = np.moveaxis(table, axis, -1)
    found = np.empty(last.shape, dtype=object)
    for place in np.ndindex(*last.shape[:-1]):
        row = gathered(last[place])
        found[place] = list(rule(row))
    return gathered(np.moveaxis(found, -1, axis))
