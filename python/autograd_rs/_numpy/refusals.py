"""Functions without a derivative here, and what to use instead."""

from __future__ import annotations

import sys
from typing import Any

_SORT = "use np.sort, or its .value"
_INTEGERS = "it is for whole numbers; use .value if they are meant"
_WRITES = (
    "Variables are not written into; use np.where, and x * np.ones_like(a) for np.full_like(a, x)"
)
_COMPLEX = "use real and imaginary parts: there are no complex Variables"
_MATRIX = "write it as a Python loop over scalars, or give it a rule with autograd_rs.primitive"
_NUMBERS = "use it on .value"

# By the last part of the name; a module before the dot stands for all of its functions.
_INSTEAD = {
    "unique": _SORT,
    "partition": _SORT,
    "histogram": "use it on .value: counts have no derivative",
    "histogram_bin_edges": _NUMBERS,
    "frexp": "use np.log2 and np.exp2",
    "nextafter": _NUMBERS,
    "spacing": _NUMBERS,
    "copyto": _WRITES,
    "place": _WRITES,
    "put": _WRITES,
    "put_along_axis": _WRITES,
    "putmask": _WRITES,
    "fill_diagonal": _WRITES,
    "angle": "use np.arctan2",
    "fft.": _COMPLEX,
    "roots": "use scipy.optimize.root, or give it a rule with autograd_rs.primitive",
    "linalg.": _MATRIX,
    "i0": "give it a rule with autograd_rs.primitive",
    "arange": "use np.arange on numbers and compute with the result",
    "geomspace": "use np.exp(np.linspace(np.log(a), np.log(b), n))",
    "logspace": "use base ** np.linspace(a, b, n)",
    "vectorize": "use a Python loop",
    "save": _NUMBERS,
    "savetxt": _NUMBERS,
    "savez": _NUMBERS,
    "savez_compressed": _NUMBERS,
    "invert": _INTEGERS,
    "gcd": _INTEGERS,
    "lcm": _INTEGERS,
    "bitwise_and": _INTEGERS,
    "bitwise_or": _INTEGERS,
    "bitwise_xor": _INTEGERS,
    "bitwise_count": _INTEGERS,
    "left_shift": _INTEGERS,
    "right_shift": _INTEGERS,
    "at": "collect the terms and add them: ufunc.at writes into an array",
    "reduceat": "use reduce on slices",
}
_OTHERWISE = (
    "use functions of autograd_rs, np.asarray(variable) for an object array of Variables, "
    ".value if its numbers are meant, or give it a rule with autograd_rs.primitive"
)


def alternative(name: str, method: str = "") -> str:
    """Return what to use instead of a function, by its name without `numpy.`."""
    module = name.split(".")[0] + "." if "." in name else ""
    for key in (method, name, name.split(".")[-1], module):
        if key in _INSTEAD:
            return _INSTEAD[key]
    return _OTHERWISE


def refuse(function: Any, method: str = "") -> TypeError:
    """Return the error that says that a function has no derivative, and what to use instead."""
    name, prefix = function.__name__, "np."
    if getattr(function, "__module__", None):
        name = f"{function.__module__}.{name}".removeprefix("numpy.")
    elif getattr(sys.modules.get("scipy.special"), name, None) is function:
        prefix = "scipy.special."
    shown = f"{prefix}{name}.{method}" if method and method != "__call__" else f"{prefix}{name}"
    return TypeError(
        f"{shown}: has no derivative here: got a Variable; {alternative(name, method)}"
    )
