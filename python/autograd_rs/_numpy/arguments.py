"""Arguments: what they are, as what the operations take, and which of them have no meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Variable, Vector

if TYPE_CHECKING:
    from collections.abc import Iterable


class _NotGiven:
    """The default of an argument that may be anything."""

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN = _NotGiven()
# What the core raises for operands that it does not take as they are: the rules try it first, since
# most are, and look closer then.
FOREIGN = (TypeError, ValueError, NotImplementedError)


def as_array(variable: Variable, dtype: Any = None) -> np.ndarray[Any, Any]:
    """Make an array of a Variable.

    Parameters
    ----------
    variable : Variable, shape (n,)
        A vector, or a number.
    dtype : dtype, optional
        None or object for entries that are Variables; else the numbers of the value.

    Returns
    -------
    ndarray, shape (n,), or () for a number
        Of objects: gradients flow through its entries.
    """
    if dtype is not None and np.dtype(dtype) != object:
        return value_of(variable).astype(dtype)
    if variable.ndim == 0:
        array = np.empty((), dtype=object)
        array[()] = variable
        return array
    return np.fromiter(variable, dtype=object, count=variable.dim)


def value_of(variable: Variable) -> np.ndarray[Any, Any]:
    """Return the numbers of a Variable, in its shape."""
    return np.asarray(variable.value).reshape(variable.shape)


def plain(argument: Any) -> Any:
    """Return the argument with every Variable and Vector in it made an array of numbers."""
    if isinstance(argument, Variable):
        return value_of(argument)[()]
    if isinstance(argument, Vector):
        return np.asarray(argument)
    if isinstance(argument, (tuple, list)) and type(argument) in (tuple, list):
        return type(argument)(plain(entry) for entry in argument)
    if isinstance(argument, dict):
        return {key: plain(entry) for key, entry in argument.items()}
    if isinstance(argument, np.ndarray) and argument.dtype == object and has_variable(argument):
        return np.frompyfunc(plain, 1, 1)(argument).astype(float)
    return argument


def has_variable(argument: Any) -> bool:
    """Whether an argument is a Variable or holds one."""
    if isinstance(argument, Variable):
        return True
    if isinstance(argument, (tuple, list)):
        return any(has_variable(entry) for entry in argument)
    if isinstance(argument, dict):
        return any(has_variable(entry) for entry in argument.values())
    if isinstance(argument, np.ndarray) and argument.dtype == object:
        return any(isinstance(entry, Variable) for entry in argument.flat)
    return False


def ndim(argument: Any) -> int:
    """Return the number of dimensions: 0 or 1 for a Variable."""
    if isinstance(argument, (Variable, Vector)):
        return argument.ndim
    if isinstance(argument, (int, float)):
        return 0
    return argument.ndim if isinstance(argument, np.ndarray) else int(np.ndim(argument))


def operand(op: str, argument: Any) -> Any:
    """Return the argument as what the operations of the core take.

    Raises
    ------
    TypeError
        If it is not of real numbers and Variables in one dimension.
    """
    if isinstance(argument, (Variable, Vector, int, float)):
        return argument
    array = np.asarray(argument)
    if array.ndim > 1:
        raise TypeError(
            f"{op}: got an array of shape {array.shape} beside a Variable, wanted one dimension; "
            f"np.asarray(variable) makes an object array of Variables, which may have more"
        )
    if array.dtype == object:
        return _joined(op, array.reshape(-1).tolist())
    return np.asarray(real(op, array), dtype=float)


def _joined(op: str, entries: list[Any]) -> Any:
    """Return numbers and Variables as one vector."""
    for entry in entries:
        if entry is None or isinstance(entry, (str, bytes, complex)):
            raise TypeError(f"{op}: got {entry!r:.40}, wanted a number, Vector, Variable or array")
    return _core.concatenate(entries)


def is_masked(kind: type) -> bool:
    """Whether objects of a type are arrays of which a mask hides entries."""
    return kind is not np.ndarray and issubclass(kind, np.ndarray) and hasattr(kind, "filled")


def refuse_masked(op: str, kinds: Iterable[type]) -> None:
    """Check that no argument is a masked array.

    Raises
    ------
    TypeError
        If one is: what is hidden would be computed with.
    """
    if any(map(is_masked, kinds)):
        raise TypeError(
            f"{op}: got a masked array beside a Variable or Vector, wanted one without a mask; "
            f"use m.filled(0.0), and multiply by ~m.mask"
        )


def real(op: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array, which must be of real numbers.

    Raises
    ------
    TypeError
        If it is of complex numbers, text, dates ...
    """
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{op}: got an array of {array.dtype}, wanted real numbers")
    return array


def objects(argument: Any) -> Any:
    """Return the argument with every Variable in it made an object array."""
    if isinstance(argument, Variable):
        return as_array(argument)
    if isinstance(argument, Vector):
        return np.asarray(argument)
    if type(argument) in (tuple, list):
        # Not of arrays of them: NumPy would leave those as they are, as entries of the array.
        if has_variable(argument):
            return np.asarray(argument)
        return type(argument)(map(objects, argument))
    return argument


def objects_within(entry: Any) -> Any:
    """Return an entry of a list of arrays, where what joins them makes axes of numbers."""
    return as_array(entry) if isinstance(entry, Variable) else objects(entry)


def gathered(result: Any) -> Any:
    """Return an object array of one dimension or none as a Variable, anything else as it is."""
    if isinstance(result, np.ndarray) and result.dtype == object and result.ndim <= 1:
        return _core.concatenate(result.tolist()) if result.ndim == 1 else result.item()
    return result


def with_axis(x: Any) -> Any:
    """Return a number as a vector of one entry, and anything else as it is."""
    return _core.concatenate([x]) if ndim(x) == 0 else x


def allow_only_defaults(op: str, **arguments: Any) -> None:
    """Check that arguments which have no meaning for Variables were not given.

    Raises
    ------
    TypeError
        For the first that was, saying what to do instead.
    """
    for name, argument in arguments.items():
        if argument is None or argument is NOT_GIVEN or (name == "where" and argument is True):
            continue
        if name == "dtype" and np.dtype(argument) in (np.dtype(float), np.dtype(object)):
            continue
        advice = _ADVICE.get(name, "leave it out")
        raise TypeError(f"{op}: got {name}=, which Variables do not have; {advice}")


_ADVICE = {
    "out": "a result cannot be written into an array: assign it, as in y = np.sin(x)",
    "where": "use np.where on the operand",
    "dtype": "they compute in float64",
    "initial": "combine it with the result",
    "order": "they have one dimension",
}


def allow_one_axis(op: str, axis: Any) -> None:
    """Check that `axis` means the one axis of a vector.

    Raises
    ------
    ValueError
        If it does not.
    """
    if axis is None or axis is NOT_GIVEN:
        return
    axes = axis if isinstance(axis, (tuple, list)) else [axis]
    if len(axes) == 1 and isinstance(axes[0], (int, np.integer)) and axes[0] in (0, -1):
        return
    raise ValueError(f"{op}: axis is out of bounds: got {axis}, wanted None, 0 or -1 for a vector")
