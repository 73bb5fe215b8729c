"""NumPy's `linalg` itself, but for norms of Variables in more than one dimension.

Of matrices of Variables it says what cannot be done with them.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy

from autograd_rs._numpy.arguments import has_variable
from autograd_rs._numpy.axes import norm, vector_norm
from autograd_rs._numpy.refusals import refuse

__all__ = ["norm", "vector_norm"]


def __getattr__(name: str) -> Any:
    found = getattr(numpy.linalg, name)
    if isinstance(found, type) or not callable(found):
        return found

    @functools.wraps(found)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return found(*args, **kwargs)
        except TypeError as error:
            # NumPy asks nobody about an array of objects: it has no loop for it.
            if "ufunc" in str(error) and has_variable([args, kwargs]):
                raise refuse(found) from error
            raise

    return called
