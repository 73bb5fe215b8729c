"""NumPy's `linalg` itself."""

from typing import Any

import numpy


def __getattr__(name: str) -> Any:
    return getattr(numpy.linalg, name)
