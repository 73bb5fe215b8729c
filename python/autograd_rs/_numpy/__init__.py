"""What NumPy's functions do with Variables and Vectors.

The binding calls the functions here from `__array_ufunc__`, `__array_function__`, `__array__`,
`__getitem__` and from methods that arrays have; nothing else imports this package, so that NumPy is
imported only by who uses it.

A Variable is a vector here: what NumPy would give in two dimensions comes as an object array whose
entries are Variables. A result is a Variable where a Variable is among the operands. Without one,
the functions of the op table give a Vector where a Vector is among them, as operators do, and all
others compute on the memory of the Vector and give arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._numpy import functions, ufuncs
from autograd_rs._numpy.arguments import as_array, has_variable, plain, refuse_masked
from autograd_rs._numpy.methods import array_method
from autograd_rs._numpy.refusals import refuse
from autograd_rs._numpy.shaping import shaped_entries

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "array_function",
    "array_method",
    "array_ufunc",
    "as_array",
    "entrywise",
    "shaped_entries",
]

_KNOWN = (Variable, Vector, np.ndarray)


def array_ufunc(
    ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any] | None
) -> Any:
    """Answer a universal function of NumPy that met a Variable or a Vector.

    Parameters
    ----------
    ufunc : numpy.ufunc
        The function.
    method : str
        Which of its methods was called: `__call__`, `reduce`, `accumulate`, `outer` ...
    inputs : tuple
        Its operands.
    kwargs : dict or None
        Its keyword arguments; `out` is a tuple.

    Returns
    -------
    Variable, Vector, ndarray, bool or tuple
        A Variable where one is among the operands and the function has a derivative.

    Raises
    ------
    TypeError
        If there is no derivative, or for an argument that would have no meaning.
    """
    refuse_masked(ufunc.__name__, map(type, inputs))
    if method == "__call__" and not kwargs:
        rule = ufuncs.ELEMENTWISE.get(ufunc)
        if rule is not None:
            return ufuncs.apply(ufunc.__name__, rule, inputs)
    return ufuncs.call(ufunc, method, inputs, kwargs or {})


def entrywise(name: str, operands: tuple[Any, ...]) -> Any:
    """Answer an elementwise function of this package that met an array of more dimensions."""
    return ufuncs.entrywise(name, getattr(_core, name), operands)


def array_function(
    function: Any, types: Iterable[type], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Answer any other function of NumPy that met a Variable or a Vector.

    Parameters
    ----------
    function : callable
        The function.
    types : iterable of type
        The types of its array-like arguments.
    args, kwargs
        Its arguments.

    Returns
    -------
    Variable, ndarray or what the function returns
        A Variable where one is among the arguments and the function has a derivative.

    Raises
    ------
    TypeError
        If there is no derivative, or for an argument that would have no meaning.
    """
    if not all(issubclass(kind, _KNOWN) for kind in types):
        return NotImplemented
    refuse_masked(function.__name__, types)
    # Arrays of Variables are of NumPy's own type.
    if Variable not in types and not has_variable([*args, *kwargs.values()]):
        return function(*plain(args), **plain(kwargs))
    rule = functions.RULES.get(function)
    if rule is None:
        raise refuse(function)
    return rule(*args, **kwargs)
