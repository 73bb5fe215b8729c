"""Linear maps with constant coefficients, as one operation each, and products of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._held import bytes_of
from autograd_rs._numpy.arguments import (
    FOREIGN,
    allow_one_axis,
    allow_only_defaults,
    gathered,
    has_variable,
    ndim,
    objects,
    operand,
    plain,
    real,
    with_axis,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]


class LinearMap:
    """A linear map: what it does to numbers, and its transpose.

    The derivative of a linear map is the map itself, and its pullback the transpose, at any order.
    """

    name = "linear map"  # as messages and pictures call the operation

    def apply(self, x: Array) -> Array:
        """Return the image of `x`."""
        raise NotImplementedError

    def transpose(self) -> LinearMap:
        """Return the map of cotangents."""
        raise NotImplementedError

    def __call__(self, x: Any) -> Any:
        """Return the image of a Variable or of numbers."""
        if not isinstance(x, Variable):
            return self.apply(np.asarray(x, dtype=float).reshape(-1))
        image = self.apply(np.asarray(x.value))
        return _core.record_custom(image, [x], self, bytes_of(self))

    def pull_back(self, y_bar: Any, y: Any, _operands: Sequence[Any]) -> list[Any]:
        """Return the cotangent of the operand."""
        if y_bar.dim != y.dim:
            y_bar = y_bar * np.ones(y.dim)
        return [self.transpose()(y_bar)]

    def push_forward(self, tangents: Sequence[Any], _y: Any, _operands: Sequence[Any]) -> Any:
        """Return the tangent of the result."""
        (tangent,) = tangents
        return self(tangent)


class Product(LinearMap):
    """The product of a constant matrix and a vector."""

    name = "matmul"

    def __init__(self, matrix: Array) -> None:
        self._matrix = matrix

    def apply(self, x: Array) -> Array:
        """Return `matrix @ x`."""
        return np.asarray(self._matrix @ x)

    def transpose(self) -> LinearMap:
        """Return the product with the transposed matrix."""
        return _Cotangent(self._matrix.T)


class _Cotangent(Product):
    def apply(self, x: Array) -> Array:
        # A cotangent of 0 contributes 0, even where the matrix is infinite.
        if np.isfinite(self._matrix).all():
            return np.asarray(self._matrix @ x)
        return np.asarray(self._matrix[:, x != 0] @ x[x != 0])


class _Solution(LinearMap):
    name = "solve"

    def __init__(self, matrix: Array) -> None:
        self._matrix = matrix

    def apply(self, x: Array) -> Array:
        return np.asarray(np.linalg.solve(self._matrix, x))

    def transpose(self) -> LinearMap:
        return _Solution(self._matrix.T)


def matmul(a: Any, b: Any) -> Any:
    """Return `a @ b` of vectors, constant matrices and object arrays.

    Raises
    ------
    ValueError
        If one is a number, or lengths differ.
    """
    if 0 in (ndim(a), ndim(b)):
        raise ValueError("matmul: got a number, wanted vectors or matrices; use * for numbers")
    return dot(a, b) if max(ndim(a), ndim(b)) > 1 else _product("matmul", a, b)


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """Inner product of vectors, product with a constant matrix, or with a number."""
    allow_only_defaults("dot", out=out)
    if _is_vector(a) and _is_vector(b):
        try:
            return _core.dot(a, b)
        except FOREIGN:
            pass
    dims = ndim(a), ndim(b)
    if max(dims) <= 1:
        a, b = operand("dot", a), operand("dot", b)
        return _core.mul(a, b) if 0 in dims else _product("dot", a, b)
    if max(dims) == 2 and min(dims) == 1:
        matrix, x = (np.asarray(a), b) if dims[0] == 2 else (np.asarray(b).T, a)
        if isinstance(x, Variable) and _is_constant(matrix):
            return _matrix_product("dot", matrix, x)
    return gathered(np.dot(np.asarray(objects(a)), np.asarray(objects(b))))


def _is_vector(x: Any) -> bool:
    return isinstance(x, (Variable, Vector)) or (isinstance(x, np.ndarray) and x.ndim == 1)


def _product(op: str, a: Any, b: Any) -> Any:
    """Return the inner product of two vectors of one length."""
    a, b = operand(op, a), operand(op, b)
    if _size(a) != _size(b):
        raise ValueError(f"{op}: lengths differ: {_size(a)} and {_size(b)}, wanted equal")
    return _core.dot(a, b)


def _size(x: Any) -> int:
    """Return the number of entries of an operand."""
    if isinstance(x, (Variable, Vector)):
        return x.dim
    return x.size if isinstance(x, np.ndarray) else 1


def _is_constant(matrix: Any) -> bool:
    array = np.asarray(matrix)
    return array.dtype != object or not has_variable(array)


def _matrix_product(op: str, matrix: Array, x: Variable) -> Any:
    if matrix.shape[1] != x.dim:
        raise ValueError(f"{op}: lengths differ: {matrix.shape[1]} and {x.dim}, wanted equal")
    # A copy: what the caller does with the matrix later must not change what was recorded.
    return Product(np.array(real(op, matrix), dtype=float))(x)


def vdot(a: Any, b: Any) -> Any:
    """Inner product."""
    return _product("vdot", a, b)


def inner(a: Any, b: Any) -> Any:
    """Inner product over the last axis of both."""
    if ndim(a) == 0 or ndim(b) <= 1:
        return dot(a, b)
    return dot(a, np.swapaxes(np.asarray(b), -1, -2))


def vecdot(a: Any, b: Any, *, axis: int = -1) -> Any:
    """Inner product."""
    allow_one_axis("vecdot", axis)
    return _product("vecdot", a, b)


def solve(a: Any, b: Any) -> Any:
    """Solution of a linear system whose matrix is constant."""
    if has_variable(a) or ndim(a) != 2 or not isinstance(b, Variable):
        raise TypeError(
            "linalg.solve: got a Variable in the matrix, wanted a constant matrix and a vector "
            "Variable; write the elimination as a Python loop over scalars"
        )
    matrix = np.array(a, dtype=float)
    if matrix.shape != (b.dim, b.dim):
        raise ValueError(f"linalg.solve: got {matrix.shape} and {b.dim}, wanted a square matrix")
    return _Solution(matrix)(b)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """Norm of a vector."""
    allow_one_axis("linalg.norm", axis)
    length = _norm(operand("linalg.norm", x), ord)
    return with_axis(length) if keepdims and ndim(x) > 0 else length


def _norm(x: Any, ord: Any) -> Any:
    if ord is None or ord == 2:
        return _core.norm(x)
    if isinstance(ord, str):
        raise ValueError(f"linalg.norm: got ord={ord!r}, wanted a number for a vector")
    if ord == 0:
        return float(np.count_nonzero(np.asarray(x.value)))
    size = _core.abs(x)
    if ord in (np.inf, -np.inf):
        return _core.max(size) if ord > 0 else _core.min(size)
    if ord == 1:
        return _core.sum(size)
    total = _core.sum(size**ord)
    # At the origin it has the derivative 0, as the norm of order 2.
    return _core.where(plain(total) != 0.0, total ** (1.0 / ord), 0.0)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: Any = False, ord: Any = 2) -> Any:
    """Norm of a vector."""
    return norm(x, ord, axis, keepdims)


def cross(a: Any, b: Any, *axes: Any, **unsupported: Any) -> Any:
    """Vector product of two vectors of three entries."""
    allow_only_defaults("cross", axes=axes or None, **unsupported)
    a, b = operand("cross", a), operand("cross", b)
    if (np.size(a), np.size(b)) != (3, 3):
        raise ValueError(f"cross: got {np.size(a)} and {np.size(b)} entries, wanted 3 and 3")
    around = [0, 1, 2, 0, 1]
    a, b = (x[around] for x in (a, b))
    return a[1:4] * b[2:5] - a[2:5] * b[1:4]


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Convolution."""
    a, v = operand("convolve", a), operand("convolve", v)
    a, v = with_axis(a), with_axis(v)
    long, short = (a, v) if np.size(a) >= np.size(v) else (v, a)
    n, m = int(np.size(long)), int(np.size(short))
    if m == 0:
        raise ValueError("convolve: got no entries, wanted one or more")
    places = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}
    if mode not in places:
        raise ValueError(f"convolve: got mode={mode!r}, wanted 'full', 'same' or 'valid'")
    padded = _core.concatenate([np.zeros(m - 1), long, np.zeros(m - 1)])
    total: Any = 0.0
    start, count = places[mode]
    for j in range(m):
        first = start + m - 1 - j
        total = total + short[j] * padded[first : first + count]
    return total


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Cross-correlation."""
    v = with_axis(operand("correlate", v))
    if np.size(v) > np.size(a):
        return correlate(v, a, mode)[::-1]
    return convolve(a, v[::-1], mode)
