"""NumPy under the name that programs for HIPS autograd import: `import autograd_rs.numpy as np`.

NumPy's own functions take Variables, so that this is NumPy itself but for `array`: a list of
Variables becomes one Variable here, as it does there, where NumPy makes an object array of it. And
of Variables in more dimensions, `std` and `linalg.norm` have the derivative 0 where NumPy's way
makes nan, and `gradient` keeps the derivatives, which NumPy's way loses.
"""

from __future__ import annotations

from typing import Any

import numpy

from autograd_rs._numpy.arguments import gathered
from autograd_rs._numpy.axes import gradient, std

# Submodules by which programs import: `import autograd_rs.numpy.random as npr`.
from autograd_rs.numpy import fft, linalg, random

__all__ = ["array", "fft", "gradient", "linalg", "random", "std"]


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
    return getattr(numpy, name)


def __dir__() -> list[str]:
    return sorted({*dir(numpy), *__all__})
