"""NumPy's `random` itself."""

from typing import Any

import numpy


def __getattr__(name: str) -> Any:
    return getattr(numpy.random, name)
