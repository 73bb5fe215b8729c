"""Methods that arrays have, by the rules of the functions of the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Vector
from autograd_rs._numpy import functions
from autograd_rs._numpy.arguments import with_axis

if TYPE_CHECKING:
    from autograd_rs._core import Variable


def array_method(name: str, x: Variable | Vector, args: Any, kwargs: Any) -> Any:
    """Answer a method that arrays have.

    Parameters
    ----------
    name : str
        The method.
    x : Variable or Vector
        What it was called on.
    args : tuple
        Its arguments.
    kwargs : dict or None
        Its keyword arguments.

    Returns
    -------
    Variable, Vector or what the method of an array gives
        Numbers in a Vector come in a Vector.
    """
    if isinstance(x, Vector):
        result = getattr(np.asarray(x), name)(*args, **kwargs or {})
        is_number = isinstance(result, np.floating) and not isinstance(result, np.ndarray)
        return _core.restore_number(float(result)) if is_number else result
    rule = _METHODS.get(name) or functions.RULES[getattr(np, name)]
    return rule(x, *args, **kwargs or {})


def _reshape(x: Variable, *shape: Any, **order: Any) -> Any:
    """Reshape by one shape, or by its lengths."""
    return np.reshape(x, *shape, **order) if len(shape) == 1 else np.reshape(x, shape, **order)


def _transpose(x: Variable, *axes: Any) -> Any:
    return np.transpose(x, axes[0] if len(axes) == 1 else axes or None)


def _astype(x: Variable, dtype: Any, *_how: Any, **_named: Any) -> Any:
    kind = np.dtype(dtype)
    if kind.kind not in "fO":
        raise TypeError(
            f"astype: got {kind} for a Variable, wanted float; use np.trunc, or .value if its "
            f"numbers are meant"
        )
    return x


def _itself(x: Variable, *_order: Any, **_named: Any) -> Any:
    return x


_METHODS: dict[str, Any] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "astype": _astype,
    "flatten": with_axis,
    "conj": _itself,
    "compress": lambda x, condition, *args, **kwargs: np.compress(condition, x, *args, **kwargs),
}
