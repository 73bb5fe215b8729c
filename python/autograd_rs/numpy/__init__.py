"""NumPy under the name that programs for HIPS autograd import: `import autograd_rs.numpy as np`.

NumPy's own functions take Variables, so that this is NumPy itself, but for three things. In
`array`, a list of Variables becomes one Variable, as it does there, where NumPy makes an object
array of it. `stack`, `concatenate` and their relatives take any iterable. And of Variables in more
dimensions, `std` and `linalg.norm` have the derivative 0 where NumPy's way makes nan, and
`gradient` keeps the derivatives, which NumPy's way loses.

What makes arrays makes NumPy's: of ints it makes arrays of ints, which may be places, as in
`x[np.array([0, 2])]`. Beside Variables they are constants like any others; to be differentiated
they have to be floats.
"""

from __future__ import annotations

import functools
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import numpy

from autograd_rs._numpy.arguments import gathered
from autograd_rs._numpy.axes import gradient, std

# Submodules by which programs import: `import autograd_rs.numpy.random as npr`.
from autograd_rs.numpy import fft, linalg, random

if TYPE_CHECKING:
    from collections.abc import Callable

_JOINING = (
    "stack",
    "concatenate",
    "concat",
    "vstack",
    "hstack",
    "dstack",
    "column_stack",
    "row_stack",
)

__all__ = ["array", "fft", "gradient", "linalg", "random", "std"]


def _of_iterables(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of a sequence take an iterable, which NumPy's own do not."""

    @functools.wraps(function)
    def joined(*args: Any, **kwargs: Any) -> Any:
        # Sets have no order, and what has places is for NumPy.
        if args and hasattr(args[0], "__iter__") and not hasattr(args[0], "__getitem__"):
            if isinstance(args[0], AbstractSet):
                raise TypeError(f"{function.__name__}: got a set, wanted arrays in an order")
            args = (list(args[0]), *args[1:])
        return function(*args, **kwargs)

    joined.__module__ = __name__
    return joined


def array(entries: Any, *args: Any, **kwargs: Any) -> Any:
    """Make an array; of Variables in one dimension, a Variable.

    Parameters
    ----------
    entries : array_like
        Numbers, Variables, or sequences of them.
    *args, **kwargs
        As `numpy.array` takes them.

    Returns
    -------
    ndarray or Variable
        A Variable where `entries` holds Variables in one dimension.

    Examples
    --------
    >>> import autograd_rs.numpy as np
    >>> from autograd_rs import Variable
    >>> np.array([Variable(1.0), 2.0])
    Variable([1.0, 2.0])
    """
    made = numpy.array(entries, *args, **kwargs)
    return gathered(made) if made.dtype == object else made


def __getattr__(name: str) -> Any:
    found = getattr(numpy, name)
    if name in _JOINING:
        found = globals()[name] = _of_iterables(found)
    return found


def __dir__() -> list[str]:
    return sorted({*dir(numpy), *__all__})
