"""NumPy's `linalg` itself, but for norms of Variables in more than one dimension."""

from __future__ import annotations

from typing import Any

import numpy

from autograd_rs._numpy.axes import norm, vector_norm

__all__ = ["norm", "vector_norm"]


def __getattr__(name: str) -> Any:
    return getattr(numpy.linalg, name)
