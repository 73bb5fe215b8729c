# Made by tools/make_stubs.py from the op table and tools/core_template.pyi: do not edit.
# ruff: noqa: E501, PYI021, RUF022 (editors show this documentation, as they cannot see that of the extension)

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, SupportsFloat, SupportsIndex, TypeAlias, final, overload

from typing_extensions import Buffer, Self, disjoint_base

__all__ = [
    "GradientDroppedWarning",
    "ModeBase",
    "TransformBase",
    "Variable",
    "Vector",
    "__version__",
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "call_differentiated",
    "cbrt",
    "ceil",
    "clip",
    "come_from_ended",
    "concatenate",
    "copysign",
    "cos",
    "cosh",
    "cumsum",
    "depends_on_others",
    "derivatives",
    "digamma",
    "div",
    "dot",
    "end_arguments",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "floordiv",
    "fmax",
    "fmin",
    "fmod",
    "gated",
    "grad",
    "graph",
    "hessian_product",
    "hypot",
    "input_of",
    "is_entrywise",
    "is_recording",
    "is_tracked",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_sigmoid",
    "logaddexp",
    "logsumexp",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mul",
    "native_grad",
    "native_jvp",
    "neg",
    "norm",
    "ops",
    "polygamma",
    "pow",
    "prod",
    "push_forward",
    "reciprocal",
    "reclaim",
    "record_custom",
    "relu",
    "remainder",
    "restore_variable",
    "round",
    "sech_squared",
    "share",
    "sigmoid",
    "sigmoid_slope",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "square",
    "stack",
    "step",
    "sub",
    "sum",
    "tan",
    "tanh",
    "tape_nodes",
    "trunc",
    "wants_arrays",
    "where",
    "xlogy",
]
__version__: str

_Operand: TypeAlias = float | SupportsFloat | Buffer | Variable | Vector
_Constant: TypeAlias = float | Buffer | Vector
_Row: TypeAlias = _Operand | Sequence[Variable] | Sequence[float]
_Index: TypeAlias = SupportsIndex | slice | Sequence[SupportsIndex] | Vector
_Entries: TypeAlias = Iterable[SupportsFloat] | Buffer

class GradientDroppedWarning(UserWarning): ...

@final
class Vector:
    """Numbers in a row, each a 64-bit float. One number is a vector of one entry."""

    def __new__(cls, data: _Entries) -> Vector: ...
    @classmethod
    def ones(cls, dim: SupportsIndex) -> Vector:
        """Make a vector of `dim` ones."""
    @classmethod
    def zeros(cls, dim: SupportsIndex) -> Vector:
        """Make a vector of `dim` zeros."""
    @property
    def dim(self) -> int:
        """Number of entries."""
    def item(self) -> float:
        """The one entry, as a float."""
    def tolist(self) -> list[float]:
        """The entries, as a list of floats."""
    def copy(self) -> Vector:
        """A copy."""
    def fill(self, value: SupportsFloat) -> Vector:
        """A vector of as many entries, each `value`."""
    def all(self, *args: Any, **kwargs: Any) -> bool:
        """Whether every entry is true, that is, not 0."""
    def any(self, *args: Any, **kwargs: Any) -> bool:
        """Whether some entry is true, that is, not 0."""
    def sum(self, *args: Any, **kwargs: Any) -> Vector:
        """Sum of the entries; arguments are those of NumPy's arrays, here and below."""
    def mean(self, *args: Any, **kwargs: Any) -> Vector:
        """Mean of the entries."""
    def prod(self, *args: Any, **kwargs: Any) -> Vector:
        """Product of the entries."""
    def max(self, *args: Any, **kwargs: Any) -> Vector:
        """Greatest entry."""
    def min(self, *args: Any, **kwargs: Any) -> Vector:
        """Least entry."""
    def cumsum(self, *args: Any, **kwargs: Any) -> Vector:
        """Running sums of the entries."""
    @overload
    def pow(self, exponent: Variable) -> Variable: ...
    @overload
    def pow(self, exponent: _Constant) -> Vector:
        """`self ** exponent`, entry by entry."""
    @overload
    def matmul(self, other: Variable) -> Variable: ...
    @overload
    def matmul(self, other: _Constant) -> Vector:
        """Inner product, `self @ other`."""
    @overload
    def dot(self, other: Variable) -> Variable: ...
    @overload
    def dot(self, other: _Constant) -> Vector:
        """Inner product, `self @ other`."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: _Index, /) -> Vector: ...
    @overload
    def __getitem__(self, key: Any, /) -> Any: ...
    def __setitem__(self, key: _Index, value: Any, /) -> None: ...
    def __delitem__(self, key: _Index, /) -> None: ...
    def __iter__(self, /) -> Iterator[Vector]: ...
    def __reversed__(self) -> Iterator[Vector]: ...
    def __bool__(self, /) -> bool: ...
    def __float__(self, /) -> float: ...
    def __int__(self, /) -> int: ...
    def __round__(self, ndigits: SupportsIndex | None = None) -> Any: ...
    def __copy__(self) -> Vector: ...
    def __deepcopy__(self, _memo: Any) -> Vector: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __release_buffer__(self, buffer: memoryview, /) -> None: ...
    def __neg__(self, /) -> Vector: ...
    def __pos__(self, /) -> Vector: ...
    def __abs__(self, /) -> Vector: ...
    @overload
    def __add__(self, value: Variable, /) -> Variable: ...
    @overload
    def __add__(self, value: _Constant, /) -> Vector: ...
    def __radd__(self, value: _Operand, /) -> Vector: ...
    @overload
    def __sub__(self, value: Variable, /) -> Variable: ...
    @overload
    def __sub__(self, value: _Constant, /) -> Vector: ...
    def __rsub__(self, value: _Operand, /) -> Vector: ...
    @overload
    def __mul__(self, value: Variable, /) -> Variable: ...
    @overload
    def __mul__(self, value: _Constant, /) -> Vector: ...
    def __rmul__(self, value: _Operand, /) -> Vector: ...
    @overload
    def __truediv__(self, value: Variable, /) -> Variable: ...
    @overload
    def __truediv__(self, value: _Constant, /) -> Vector: ...
    def __rtruediv__(self, value: _Operand, /) -> Vector: ...
    @overload
    def __floordiv__(self, value: Variable, /) -> Variable: ...
    @overload
    def __floordiv__(self, value: _Constant, /) -> Vector: ...
    def __rfloordiv__(self, value: _Operand, /) -> Vector: ...
    @overload
    def __mod__(self, value: Variable, /) -> Variable: ...
    @overload
    def __mod__(self, value: _Constant, /) -> Vector: ...
    def __rmod__(self, value: _Operand, /) -> Vector: ...
    @overload
    def __divmod__(self, value: Variable, /) -> tuple[Variable, Variable]: ...
    @overload
    def __divmod__(self, value: _Constant, /) -> tuple[Vector, Vector]: ...
    def __rdivmod__(self, value: _Operand, /) -> tuple[Vector, Vector]: ...
    @overload
    def __pow__(self, value: Variable, mod: None = None, /) -> Variable: ...
    @overload
    def __pow__(self, value: _Constant, mod: None = None, /) -> Vector: ...
    def __rpow__(self, value: _Operand, mod: None = None, /) -> Vector: ...
    @overload
    def __matmul__(self, value: Variable, /) -> Variable: ...
    @overload
    def __matmul__(self, value: _Constant, /) -> Vector: ...
    def __rmatmul__(self, value: _Operand, /) -> Vector: ...
    def __eq__(self, value: _Operand, /) -> Vector: ...  # type: ignore[override]
    def __ne__(self, value: _Operand, /) -> Vector: ...  # type: ignore[override]
    def __lt__(self, value: _Operand, /) -> Vector: ...
    def __le__(self, value: _Operand, /) -> Vector: ...
    def __gt__(self, value: _Operand, /) -> Vector: ...
    def __ge__(self, value: _Operand, /) -> Vector: ...
    def __and__(self, value: Any, /) -> Vector: ...
    def __rand__(self, value: Any, /) -> Vector: ...
    def __or__(self, value: Any, /) -> Vector: ...
    def __ror__(self, value: Any, /) -> Vector: ...
    def __xor__(self, value: Any, /) -> Vector: ...
    def __rxor__(self, value: Any, /) -> Vector: ...
    def __invert__(self, /) -> Vector: ...
    __hash__: None  # type: ignore[assignment]
    def __array_function__(self, /, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """__array_function__"""

    def __array_ufunc__(self, /, ufunc: Any, method: Any, *inputs: Any, **kwargs: Any) -> Any:
        """__array_ufunc__"""

    def abs(self, /) -> Vector:
        """Absolute value; the derivative at 0 is 0."""

    def absolute(self, /) -> Vector:
        """Absolute value; the derivative at 0 is 0."""

    def acos(self, /) -> Vector:
        """Inverse cosine, in radians; the derivative at the ends is -inf."""

    def acosh(self, /) -> Vector:
        """Inverse hyperbolic cosine; the derivative at 1 is inf."""

    def arccos(self, /) -> Vector:
        """Inverse cosine, in radians; the derivative at the ends is -inf."""

    def arccosh(self, /) -> Vector:
        """Inverse hyperbolic cosine; the derivative at 1 is inf."""

    def arcsin(self, /) -> Vector:
        """Inverse sine, in radians; the derivative at the ends is inf."""

    def arcsinh(self, /) -> Vector:
        """Inverse hyperbolic sine."""

    def arctan(self, /) -> Vector:
        """Inverse tangent, in radians."""

    def arctanh(self, /) -> Vector:
        """Inverse hyperbolic tangent; the derivative at the ends is inf."""

    def asin(self, /) -> Vector:
        """Inverse sine, in radians; the derivative at the ends is inf."""

    def asinh(self, /) -> Vector:
        """Inverse hyperbolic sine."""

    def atan(self, /) -> Vector:
        """Inverse tangent, in radians."""

    def atanh(self, /) -> Vector:
        """Inverse hyperbolic tangent; the derivative at the ends is inf."""

    def cbrt(self, /) -> Vector:
        """Cube root; the derivative at 0 is inf."""

    def ceil(self, /) -> Vector:
        """Smallest whole number not below `x`."""

    def cos(self, /) -> Vector:
        """Cosine of `x` in radians."""

    def cosh(self, /) -> Vector:
        """Hyperbolic cosine."""

    def digamma(self, /) -> Vector:
        """Digamma function, the derivative of `lgamma`."""

    def erf(self, /) -> Vector:
        """Error function."""

    def erfc(self, /) -> Vector:
        """Complementary error function, `1 - erf(x)`, accurate for large `x`."""

    def exp(self, /) -> Vector:
        """Exponential, `e**x`."""

    def exp2(self, /) -> Vector:
        """Power of two, `2**x`."""

    def expm1(self, /) -> Vector:
        """`e**x - 1`, accurate for small `x`."""

    def fabs(self, /) -> Vector:
        """Absolute value; the derivative at 0 is 0."""

    def floor(self, /) -> Vector:
        """Largest whole number not above `x`."""

    def lgamma(self, /) -> Vector:
        """Logarithm of the absolute value of the gamma function."""

    def log(self, /) -> Vector:
        """Natural logarithm; the derivative at 0 is inf."""

    def log10(self, /) -> Vector:
        """Logarithm to base 10."""

    def log1p(self, /) -> Vector:
        """Logarithm of `1 + x`, accurate for small `x`."""

    def log2(self, /) -> Vector:
        """Logarithm to base 2."""

    def log_sigmoid(self, /) -> Vector:
        """Logarithm of the logistic function, `-log(1 + e**-x)`, without overflow."""

    def neg(self, /) -> Vector:
        """Negation, `-x`."""

    def negative(self, /) -> Vector:
        """Negation, `-x`."""

    def relu(self, /) -> Vector:
        """Rectifier, `x` above 0 and 0 elsewhere; the derivative at 0 is 0."""

    def rint(self, /) -> Vector:
        """Whole number nearest to `x`, halves to even."""

    def round(self, /) -> Vector:
        """Whole number nearest to `x`, halves to even."""

    def sigmoid(self, /) -> Vector:
        """Logistic function, `1 / (1 + e**-x)`; its derivative keeps its accuracy in the tails."""

    def sign(self, /) -> Vector:
        """Sign of `x`: -1, 0 or 1 (nan for nan)."""

    def sin(self, /) -> Vector:
        """Sine of `x` in radians."""

    def sinh(self, /) -> Vector:
        """Hyperbolic sine."""

    def softplus(self, /) -> Vector:
        """Smooth rectifier, `log(1 + e**x)`, without overflow."""

    def sqrt(self, /) -> Vector:
        """Square root; the derivative at 0 is inf."""

    def square(self, /) -> Vector:
        """Square, `x * x`."""

    def tan(self, /) -> Vector:
        """Tangent of `x` in radians."""

    def tanh(self, /) -> Vector:
        """Hyperbolic tangent; its derivative `sech(x)**2` keeps its accuracy in the tails."""

    def trunc(self, /) -> Vector:
        """Whole part of `x`, rounded towards zero."""

@final
class Variable:
    """A number or a vector whose use is recorded, so that results can be differentiated."""

    def __new__(
        cls, x: SupportsFloat | Buffer | Vector, *, name: str | None = None
    ) -> Variable: ...
    @property
    def value(self) -> Vector:
        """The value, a `Vector`. The value of a leaf can be assigned."""
    @value.setter
    def value(self, value: SupportsFloat | Buffer | Vector, /) -> None: ...
    @property
    def grad(self) -> Vector | Any:  # None is not told of, as after grad(loss) it is not there
        """What the last `grad(loss)` that reached this leaf left; else None."""
    @grad.setter
    def grad(self, value: SupportsFloat | Buffer | Vector | None, /) -> None: ...
    @property
    def name(self) -> str | None:
        """Name in messages and pictures, or None. That of a leaf can be assigned."""
    @name.setter
    def name(self, value: str | None, /) -> None: ...
    @property
    def dim(self) -> int:
        """Number of entries of the value."""
    @property
    def is_leaf(self) -> bool:
        """Whether this is an input, rather than the result of an operation."""
    @property
    def parents(self) -> tuple[Variable | Vector, ...]:
        """What this was computed from: Variables, and Vectors for constants. Empty for a leaf."""
    def copy(self) -> Variable:
        """A new leaf with the same value and name."""
    def detach(self) -> Variable:
        """The same value without a gradient."""
    def item(self) -> float:
        """The one entry of the value, as a float."""
    def tolist(self) -> list[float]:
        """The entries of the value, as a list of floats."""
    def all(self, *args: Any, **kwargs: Any) -> bool:
        """Whether every entry is true, that is, not 0."""
    def any(self, *args: Any, **kwargs: Any) -> bool:
        """Whether some entry is true, that is, not 0."""
    def sum(self, *args: Any, **kwargs: Any) -> Variable:
        """Sum of the entries; arguments are those of NumPy's arrays, here and below."""
    def mean(self, *args: Any, **kwargs: Any) -> Variable:
        """Mean of the entries."""
    def prod(self, *args: Any, **kwargs: Any) -> Variable:
        """Product of the entries."""
    def max(self, *args: Any, **kwargs: Any) -> Variable:
        """Greatest entry; equal ones share the derivative."""
    def min(self, *args: Any, **kwargs: Any) -> Variable:
        """Least entry; equal ones share the derivative."""
    def cumsum(self, *args: Any, **kwargs: Any) -> Variable:
        """Running sums of the entries."""
    def cumprod(self, *args: Any, **kwargs: Any) -> Variable:
        """Running products of the entries."""
    def std(self, *args: Any, **kwargs: Any) -> Variable:
        """Standard deviation."""
    def var(self, *args: Any, **kwargs: Any) -> Variable:
        """Variance."""
    def clip(self, *args: Any, **kwargs: Any) -> Variable:
        """The entries kept between two bounds."""
    def argmax(self, *args: Any, **kwargs: Any) -> Any:
        """Place of the greatest entry."""
    def argmin(self, *args: Any, **kwargs: Any) -> Any:
        """Place of the least entry."""
    def argsort(self, *args: Any, **kwargs: Any) -> Any:
        """Places in the order of the entries."""
    def argpartition(self, *args: Any, **kwargs: Any) -> Any:
        """Places in an order that puts one entry where it is in the sorted ones."""
    def nonzero(self, *args: Any, **kwargs: Any) -> Any:
        """Places of the entries that are not 0, in a tuple."""
    def searchsorted(self, *args: Any, **kwargs: Any) -> Any:
        """Where numbers would be put in, if the entries are sorted."""
    def take(self, *args: Any, **kwargs: Any) -> Any:
        """The entries at some places."""
    def compress(self, *args: Any, **kwargs: Any) -> Variable:
        """The entries at which a condition holds."""
    def repeat(self, *args: Any, **kwargs: Any) -> Variable:
        """Every entry several times."""
    def reshape(self, *args: Any, **kwargs: Any) -> Any:
        """In two dimensions or more, an array of Variables."""
    def ravel(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, as it has one dimension."""
    def flatten(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, as it has one dimension."""
    def squeeze(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, as it has one dimension."""
    def transpose(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, as it has one dimension."""
    def swapaxes(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, as it has one dimension."""
    def astype(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, if the type is one of floats; it is an error for others."""
    def conj(self, *args: Any, **kwargs: Any) -> Variable:
        """The Variable itself, as it is real."""
    @property
    def dtype(self) -> Any:
        """The type of the entries, by NumPy's name."""
    @property
    def T(self) -> Variable:  # noqa: N802
        """The Variable itself, as it has one dimension."""
    @property
    def real(self) -> Variable:
        """The Variable itself, as it is real."""
    @property
    def imag(self) -> Any:
        """Zeros, as it is real."""
    def pow(self, exponent: _Operand) -> Variable:
        """`self ** exponent`, entry by entry."""
    def matmul(self, other: _Operand) -> Variable:
        """Inner product, `self @ other`."""
    def dot(self, other: _Operand) -> Variable:
        """Inner product, `self @ other`."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: _Index, /) -> Variable: ...
    @overload
    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self, /) -> Iterator[Variable]: ...
    def __reversed__(self) -> Iterator[Variable]: ...
    def __bool__(self, /) -> bool: ...
    def __float__(self, /) -> float: ...
    def __int__(self, /) -> int: ...
    def __round__(self, ndigits: SupportsIndex | None = None) -> Any: ...
    def __copy__(self) -> Variable: ...
    def __deepcopy__(self, _memo: Any) -> Variable: ...
    def __hash__(self) -> int: ...
    def __neg__(self, /) -> Variable: ...
    def __pos__(self, /) -> Variable: ...
    def __abs__(self, /) -> Variable: ...
    def __add__(self, value: _Operand, /) -> Variable: ...
    def __radd__(self, value: _Operand, /) -> Variable: ...
    def __sub__(self, value: _Operand, /) -> Variable: ...
    def __rsub__(self, value: _Operand, /) -> Variable: ...
    def __mul__(self, value: _Operand, /) -> Variable: ...
    def __rmul__(self, value: _Operand, /) -> Variable: ...
    def __truediv__(self, value: _Operand, /) -> Variable: ...
    def __rtruediv__(self, value: _Operand, /) -> Variable: ...
    def __floordiv__(self, value: _Operand, /) -> Variable: ...
    def __rfloordiv__(self, value: _Operand, /) -> Variable: ...
    def __mod__(self, value: _Operand, /) -> Variable: ...
    def __rmod__(self, value: _Operand, /) -> Variable: ...
    def __divmod__(self, value: _Operand, /) -> tuple[Variable, Variable]: ...
    def __rdivmod__(self, value: _Operand, /) -> tuple[Variable, Variable]: ...
    def __pow__(self, value: _Operand, mod: None = None, /) -> Variable: ...
    def __rpow__(self, value: _Operand, mod: None = None, /) -> Variable: ...
    def __matmul__(self, value: _Operand, /) -> Variable: ...
    def __rmatmul__(self, value: _Operand, /) -> Variable: ...
    def __eq__(self, value: object, /) -> Any: ...
    def __ne__(self, value: object, /) -> Any: ...
    def __lt__(self, value: _Operand, /) -> Any: ...
    def __le__(self, value: _Operand, /) -> Any: ...
    def __gt__(self, value: _Operand, /) -> Any: ...
    def __ge__(self, value: _Operand, /) -> Any: ...
    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value as NumPy gives it: `(n,)`, or `()` for a number."""
    @property
    def ndim(self) -> int:
        """Number of dimensions of the value: 1, or 0 for a number."""
    @property
    def size(self) -> int:
        """Number of entries of the value, by NumPy's name."""
    def __and__(self, value: Any, /) -> Any:
        """Return self&value."""

    def __array__(self, /, dtype: Any = None, copy: Any = None) -> Any:
        """__array__"""

    def __array_function__(self, /, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """__array_function__"""

    def __array_ufunc__(self, /, ufunc: Any, method: Any, *inputs: Any, **kwargs: Any) -> Any:
        """__array_ufunc__"""

    def __ceil__(self, /) -> Any:
        """__ceil__"""

    def __floor__(self, /) -> Any:
        """__floor__"""

    def __invert__(self, /) -> Any:
        """~self"""

    def __rand__(self, value: Any, /) -> Any:
        """Return value&self."""

    def __rxor__(self, value: Any, /) -> Any:
        """Return value^self."""

    def __trunc__(self, /) -> Any:
        """__trunc__"""

    def __xor__(self, value: Any, /) -> Any:
        """Return self^value."""

    def abs(self, /) -> Variable:
        """Absolute value; the derivative at 0 is 0."""

    def absolute(self, /) -> Variable:
        """Absolute value; the derivative at 0 is 0."""

    def acos(self, /) -> Variable:
        """Inverse cosine, in radians; the derivative at the ends is -inf."""

    def acosh(self, /) -> Variable:
        """Inverse hyperbolic cosine; the derivative at 1 is inf."""

    def arccos(self, /) -> Variable:
        """Inverse cosine, in radians; the derivative at the ends is -inf."""

    def arccosh(self, /) -> Variable:
        """Inverse hyperbolic cosine; the derivative at 1 is inf."""

    def arcsin(self, /) -> Variable:
        """Inverse sine, in radians; the derivative at the ends is inf."""

    def arcsinh(self, /) -> Variable:
        """Inverse hyperbolic sine."""

    def arctan(self, /) -> Variable:
        """Inverse tangent, in radians."""

    def arctan2(self, /, x: Any) -> Any:
        """The angle of the point `(x, self)`."""

    def arctanh(self, /) -> Variable:
        """Inverse hyperbolic tangent; the derivative at the ends is inf."""

    def asin(self, /) -> Variable:
        """Inverse sine, in radians; the derivative at the ends is inf."""

    def asinh(self, /) -> Variable:
        """Inverse hyperbolic sine."""

    def atan(self, /) -> Variable:
        """Inverse tangent, in radians."""

    def atanh(self, /) -> Variable:
        """Inverse hyperbolic tangent; the derivative at the ends is inf."""

    def cbrt(self, /) -> Variable:
        """Cube root; the derivative at 0 is inf."""

    def ceil(self, /) -> Variable:
        """Smallest whole number not below `x`."""

    def conjugate(self, /) -> Any:
        """The Variable itself: it is real."""

    def cos(self, /) -> Variable:
        """Cosine of `x` in radians."""

    def cosh(self, /) -> Variable:
        """Hyperbolic cosine."""

    def deg2rad(self, /) -> Any:
        """Degrees as radians."""

    def degrees(self, /) -> Any:
        """Radians as degrees."""

    def digamma(self, /) -> Variable:
        """Digamma function, the derivative of `lgamma`."""

    def erf(self, /) -> Variable:
        """Error function."""

    def erfc(self, /) -> Variable:
        """Complementary error function, `1 - erf(x)`, accurate for large `x`."""

    def exp(self, /) -> Variable:
        """Exponential, `e**x`."""

    def exp2(self, /) -> Variable:
        """Power of two, `2**x`."""

    def expm1(self, /) -> Variable:
        """`e**x - 1`, accurate for small `x`."""

    def fabs(self, /) -> Variable:
        """Absolute value; the derivative at 0 is 0."""

    def floor(self, /) -> Variable:
        """Largest whole number not above `x`."""

    def fmod(self, /, divisor: Any) -> Any:
        """Remainder with the sign of the dividend."""

    def hypot(self, /, other: Any) -> Any:
        """`sqrt(self**2 + other**2)`, without overflow."""

    def lgamma(self, /) -> Variable:
        """Logarithm of the absolute value of the gamma function."""

    def log(self, /) -> Variable:
        """Natural logarithm; the derivative at 0 is inf."""

    def log10(self, /) -> Variable:
        """Logarithm to base 10."""

    def log1p(self, /) -> Variable:
        """Logarithm of `1 + x`, accurate for small `x`."""

    def log2(self, /) -> Variable:
        """Logarithm to base 2."""

    def log_sigmoid(self, /) -> Variable:
        """Logarithm of the logistic function, `-log(1 + e**-x)`, without overflow."""

    def neg(self, /) -> Variable:
        """Negation, `-x`."""

    def negative(self, /) -> Variable:
        """Negation, `-x`."""

    def rad2deg(self, /) -> Any:
        """Radians as degrees."""

    def radians(self, /) -> Any:
        """Degrees as radians."""

    def relu(self, /) -> Variable:
        """Rectifier, `x` above 0 and 0 elsewhere; the derivative at 0 is 0."""

    def rint(self, /) -> Variable:
        """Whole number nearest to `x`, halves to even."""

    def round(self, /) -> Variable:
        """Whole number nearest to `x`, halves to even."""

    def sigmoid(self, /) -> Variable:
        """Logistic function, `1 / (1 + e**-x)`; its derivative keeps its accuracy in the tails."""

    def sign(self, /) -> Variable:
        """Sign of `x`: -1, 0 or 1 (nan for nan)."""

    def sin(self, /) -> Variable:
        """Sine of `x` in radians."""

    def sinh(self, /) -> Variable:
        """Hyperbolic sine."""

    def softplus(self, /) -> Variable:
        """Smooth rectifier, `log(1 + e**x)`, without overflow."""

    def sqrt(self, /) -> Variable:
        """Square root; the derivative at 0 is inf."""

    def square(self, /) -> Variable:
        """Square, `x * x`."""

    def tan(self, /) -> Variable:
        """Tangent of `x` in radians."""

    def tanh(self, /) -> Variable:
        """Hyperbolic tangent; its derivative `sech(x)**2` keeps its accuracy in the tails."""

    def trunc(self, /) -> Variable:
        """Whole part of `x`, rounded towards zero."""

@overload
def grad(
    loss: Variable, *, wrt: None = None, seed: Any = None, create_graph: bool = False
) -> None: ...
@overload
def grad(
    loss: Variable,
    *,
    wrt: Iterable[Variable],
    seed: Any = None,
    create_graph: Literal[False] = False,
) -> list[Vector]: ...
@overload
def grad(
    loss: Variable, *, wrt: Iterable[Variable], seed: Any = None, create_graph: Literal[True]
) -> list[Variable]: ...
@overload
def grad(loss: Any, *, wrt: Any = None, seed: Any = None, create_graph: bool = False) -> Any:
    """Gradients of a result; see the Python function of this name."""

def input_of(x: Any, /) -> Variable:
    """A `Variable` with respect to which something is to be differentiated.

    A leaf for a plain value, and for a Variable a copy, so that what comes through the original is
    kept apart.
    """

@disjoint_base
class TransformBase:
    """The base of the transforms of the Python package."""

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Self: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Differentiates at these arguments."""

    def _set_plain(self, fun: Callable[..., Any], kind: str, place: int, /) -> None:
        """Says what a call with a plain argument at `place` gives."""

@disjoint_base
class ModeBase:
    """The base of the modes of the Python package, which enters and leaves them."""

    def __new__(cls) -> Self: ...
    def __enter__(self) -> None: ...
    def __exit__(self, _kind: object, _error: object, _traceback: object, /) -> None: ...
    def __reduce__(self) -> tuple[type[Self], tuple[()]]:
        """A copy is a mode of the same kind that is not in force."""

def is_recording() -> bool:
    """Whether operations on Variables are recorded here, that is, outside of `no_grad`."""

def is_tracked(x: object, /) -> bool:
    """Whether a Variable has a derivative: it is a leaf, or was computed from one."""

def depends_on_others(
    output: object, inputs: Sequence[Variable], counts_origins: bool = True, /
) -> bool:
    """Whether a result was computed from Variables that do not come from `inputs`."""

def push_forward(
    output: Variable,
    inputs: Sequence[Variable],
    tangents: Sequence[Any],
    is_recorded: bool,
    /,
) -> Any:
    """The tangent of `output` where the `inputs` change by `tangents`; None if it is 0."""

def come_from_ended(outputs: Sequence[Any], inputs: Sequence[Variable], /) -> bool:
    """Whether results come, besides from `inputs`, only from arguments of ended transforms."""

def end_arguments(inputs: Sequence[Variable], /) -> None:
    """Says of the arguments of a transform that it has ended."""

def hessian_product(
    output: Any, inputs: Sequence[Variable], directions: Sequence[Any], /
) -> list[Vector]:
    """Multiply the Hessian of a number by directions, one for each input."""

def wants_arrays() -> bool:
    """Whether derivatives of Variables are wanted as arrays of them."""

def call_differentiated(
    fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], has_array: bool, /
) -> Any:
    """Calls the function of a transform, where an array may be among the arguments."""

def record_custom(value: Any, operands: Sequence[Any], rule: object, /) -> Variable:
    """Records an operation of the given value and operands, whose derivative `rule` knows."""

def ops() -> list[dict[str, Any]]:
    """The elementwise operations: for each a dict of what its row in the table says."""

def tape_nodes() -> int:
    """How many nodes the tape has."""

def reclaim() -> None:
    """Drops what no Variable can reach, at once."""

@overload
def stack(xs: Iterable[Variable], /) -> Variable: ...
@overload
def stack(xs: Iterable[Vector | float], /) -> Vector: ...
@overload
def stack(xs: Any, /) -> Any:
    """The numbers of a sequence as one vector."""

@overload
def concatenate(xs: Iterable[Variable], /) -> Variable: ...
@overload
def concatenate(xs: Iterable[Vector | float], /) -> Vector: ...
@overload
def concatenate(xs: Any, /) -> Any:
    """The operands of a sequence, one after the other, as one vector."""

@overload
def dot(a: Variable | Sequence[Variable], b: _Row, /) -> Variable: ...
@overload
def dot(a: _Row, b: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def dot(a: Vector, b: Vector | Sequence[float], /) -> Vector: ...
@overload
def dot(a: Sequence[float], b: Vector | Sequence[float], /) -> Vector: ...
@overload
def dot(a: float, b: float, /) -> float: ...
@overload
def dot(a: Any, b: Any, /) -> Any:
    """Inner product of two vectors of one length."""

@overload
def where(condition: Any, a: Variable, b: _Operand, /) -> Variable: ...
@overload
def where(condition: Any, a: _Operand, b: Variable, /) -> Variable: ...
@overload
def where(condition: Any, a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def where(condition: Any, a: float, b: Vector, /) -> Vector: ...
@overload
def where(condition: Variable | Vector, a: float, b: float, /) -> Vector: ...
@overload
def where(condition: float, a: float, b: float, /) -> float: ...
@overload
def where(condition: Any, a: Any, b: Any, /) -> Any:
    """`a` where `condition` holds, `b` elsewhere, entry by entry."""

@overload
def clip(x: Variable, low: _Operand | None = None, high: _Operand | None = None) -> Variable: ...
@overload
def clip(x: _Operand, low: Variable, high: _Operand | None = None) -> Variable: ...
@overload
def clip(x: _Operand, low: _Operand | None, high: Variable) -> Variable: ...
@overload
def clip(x: _Operand, low: _Operand | None = None, *, high: Variable) -> Variable: ...
@overload
def clip(
    x: Vector, low: Vector | float | None = None, high: Vector | float | None = None
) -> Vector: ...
@overload
def clip(x: float, low: float | None = None, high: float | None = None) -> float: ...
@overload
def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """`x` kept between `low` and `high`, entry by entry; either may be None."""

@overload
def abs(x: Variable, /) -> Variable: ...
@overload
def abs(x: Vector, /) -> Vector: ...
@overload
def abs(x: float, /) -> float: ...
@overload
def abs(x: Any, /) -> Any:
    """Absolute value; the derivative at 0 is 0."""

@overload
def acos(x: Variable, /) -> Variable: ...
@overload
def acos(x: Vector, /) -> Vector: ...
@overload
def acos(x: float, /) -> float: ...
@overload
def acos(x: Any, /) -> Any:
    """Inverse cosine, in radians; the derivative at the ends is -inf."""

@overload
def acosh(x: Variable, /) -> Variable: ...
@overload
def acosh(x: Vector, /) -> Vector: ...
@overload
def acosh(x: float, /) -> float: ...
@overload
def acosh(x: Any, /) -> Any:
    """Inverse hyperbolic cosine; the derivative at 1 is inf."""

@overload
def add(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def add(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def add(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def add(a: float, b: Vector, /) -> Vector: ...
@overload
def add(a: float, b: float, /) -> float: ...
@overload
def add(a: Any, b: Any, /) -> Any:
    """Sum, `a + b`."""

@overload
def asin(x: Variable, /) -> Variable: ...
@overload
def asin(x: Vector, /) -> Vector: ...
@overload
def asin(x: float, /) -> float: ...
@overload
def asin(x: Any, /) -> Any:
    """Inverse sine, in radians; the derivative at the ends is inf."""

@overload
def asinh(x: Variable, /) -> Variable: ...
@overload
def asinh(x: Vector, /) -> Vector: ...
@overload
def asinh(x: float, /) -> float: ...
@overload
def asinh(x: Any, /) -> Any:
    """Inverse hyperbolic sine."""

@overload
def atan(x: Variable, /) -> Variable: ...
@overload
def atan(x: Vector, /) -> Vector: ...
@overload
def atan(x: float, /) -> float: ...
@overload
def atan(x: Any, /) -> Any:
    """Inverse tangent, in radians."""

@overload
def atan2(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def atan2(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def atan2(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def atan2(a: float, b: Vector, /) -> Vector: ...
@overload
def atan2(a: float, b: float, /) -> float: ...
@overload
def atan2(a: Any, b: Any, /) -> Any:
    """Angle of the point `(b, a)`, in radians, in the right quadrant."""

@overload
def atanh(x: Variable, /) -> Variable: ...
@overload
def atanh(x: Vector, /) -> Vector: ...
@overload
def atanh(x: float, /) -> float: ...
@overload
def atanh(x: Any, /) -> Any:
    """Inverse hyperbolic tangent; the derivative at the ends is inf."""

@overload
def cbrt(x: Variable, /) -> Variable: ...
@overload
def cbrt(x: Vector, /) -> Vector: ...
@overload
def cbrt(x: float, /) -> float: ...
@overload
def cbrt(x: Any, /) -> Any:
    """Cube root; the derivative at 0 is inf."""

@overload
def ceil(x: Variable, /) -> Variable: ...
@overload
def ceil(x: Vector, /) -> Vector: ...
@overload
def ceil(x: float, /) -> float: ...
@overload
def ceil(x: Any, /) -> Any:
    """Smallest whole number not below `x`."""

@overload
def copysign(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def copysign(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def copysign(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def copysign(a: float, b: Vector, /) -> Vector: ...
@overload
def copysign(a: float, b: float, /) -> float: ...
@overload
def copysign(a: Any, b: Any, /) -> Any:
    """Magnitude of `a` with the sign of `b`."""

@overload
def cos(x: Variable, /) -> Variable: ...
@overload
def cos(x: Vector, /) -> Vector: ...
@overload
def cos(x: float, /) -> float: ...
@overload
def cos(x: Any, /) -> Any:
    """Cosine of `x` in radians."""

@overload
def cosh(x: Variable, /) -> Variable: ...
@overload
def cosh(x: Vector, /) -> Vector: ...
@overload
def cosh(x: float, /) -> float: ...
@overload
def cosh(x: Any, /) -> Any:
    """Hyperbolic cosine."""

@overload
def cumsum(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def cumsum(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def cumsum(x: float, /) -> float: ...
@overload
def cumsum(x: Any, /) -> Any:
    """Running sums of the entries."""

def derivatives(outputs: Any, inputs: Any, mode: Any, /) -> Any:
    """What the general way of a transform makes its Jacobians of: for each output, for each input,
    the derivatives, an entry of the output after the other.
    """

@overload
def digamma(x: Variable, /) -> Variable: ...
@overload
def digamma(x: Vector, /) -> Vector: ...
@overload
def digamma(x: float, /) -> float: ...
@overload
def digamma(x: Any, /) -> Any:
    """Digamma function, the derivative of `lgamma`."""

@overload
def div(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def div(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def div(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def div(a: float, b: Vector, /) -> Vector: ...
@overload
def div(a: float, b: float, /) -> float: ...
@overload
def div(a: Any, b: Any, /) -> Any:
    """Quotient, `a / b`; division by zero gives inf or nan."""

@overload
def erf(x: Variable, /) -> Variable: ...
@overload
def erf(x: Vector, /) -> Vector: ...
@overload
def erf(x: float, /) -> float: ...
@overload
def erf(x: Any, /) -> Any:
    """Error function."""

@overload
def erfc(x: Variable, /) -> Variable: ...
@overload
def erfc(x: Vector, /) -> Vector: ...
@overload
def erfc(x: float, /) -> float: ...
@overload
def erfc(x: Any, /) -> Any:
    """Complementary error function, `1 - erf(x)`, accurate for large `x`."""

@overload
def exp(x: Variable, /) -> Variable: ...
@overload
def exp(x: Vector, /) -> Vector: ...
@overload
def exp(x: float, /) -> float: ...
@overload
def exp(x: Any, /) -> Any:
    """Exponential, `e**x`."""

@overload
def exp2(x: Variable, /) -> Variable: ...
@overload
def exp2(x: Vector, /) -> Vector: ...
@overload
def exp2(x: float, /) -> float: ...
@overload
def exp2(x: Any, /) -> Any:
    """Power of two, `2**x`."""

@overload
def expm1(x: Variable, /) -> Variable: ...
@overload
def expm1(x: Vector, /) -> Vector: ...
@overload
def expm1(x: float, /) -> float: ...
@overload
def expm1(x: Any, /) -> Any:
    """`e**x - 1`, accurate for small `x`."""

@overload
def floor(x: Variable, /) -> Variable: ...
@overload
def floor(x: Vector, /) -> Vector: ...
@overload
def floor(x: float, /) -> float: ...
@overload
def floor(x: Any, /) -> Any:
    """Largest whole number not above `x`."""

@overload
def floordiv(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def floordiv(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def floordiv(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def floordiv(a: float, b: Vector, /) -> Vector: ...
@overload
def floordiv(a: float, b: float, /) -> float: ...
@overload
def floordiv(a: Any, b: Any, /) -> Any:
    """Floored quotient, as Python's `//`."""

@overload
def fmax(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def fmax(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def fmax(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def fmax(a: float, b: Vector, /) -> Vector: ...
@overload
def fmax(a: float, b: float, /) -> float: ...
@overload
def fmax(a: Any, b: Any, /) -> Any:
    """Greater of two, ignoring nan; a tie shares the derivative."""

@overload
def fmin(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def fmin(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def fmin(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def fmin(a: float, b: Vector, /) -> Vector: ...
@overload
def fmin(a: float, b: float, /) -> float: ...
@overload
def fmin(a: Any, b: Any, /) -> Any:
    """Lesser of two, ignoring nan; a tie shares the derivative."""

@overload
def fmod(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def fmod(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def fmod(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def fmod(a: float, b: Vector, /) -> Vector: ...
@overload
def fmod(a: float, b: float, /) -> float: ...
@overload
def fmod(a: Any, b: Any, /) -> Any:
    """Remainder with the sign of the dividend, as C's `fmod`."""

@overload
def gated(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def gated(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def gated(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def gated(a: float, b: Vector, /) -> Vector: ...
@overload
def gated(a: float, b: float, /) -> float: ...
@overload
def gated(a: Any, b: Any, /) -> Any:
    """Product in which an exact zero of `a` wins over an infinite or nan `b`."""

def graph(caller: Any, output: Any, most: Any, last: Any, /) -> Any:
    """The graph of a result, in the order of the tape: how many nodes, how many of each operation,
    and of each node its id, its kind (leaf, constant or op), its name, the ids of its operands,
    and its value. Of more than `most` nodes, only the last `last` and their leaves are given.
    """

@overload
def hypot(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def hypot(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def hypot(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def hypot(a: float, b: Vector, /) -> Vector: ...
@overload
def hypot(a: float, b: float, /) -> float: ...
@overload
def hypot(a: Any, b: Any, /) -> Any:
    """`sqrt(a*a + b*b)` without overflow; the derivative at (0, 0) is (0, 0)."""

def is_entrywise(output: Any, inputs: Any, /) -> Any:
    """Whether a result of one entry is an array of one, as the inputs are, and not a number: whether
    it was computed from them entry by entry.
    """

@overload
def lgamma(x: Variable, /) -> Variable: ...
@overload
def lgamma(x: Vector, /) -> Vector: ...
@overload
def lgamma(x: float, /) -> float: ...
@overload
def lgamma(x: Any, /) -> Any:
    """Logarithm of the absolute value of the gamma function."""

@overload
def log(x: Variable, /) -> Variable: ...
@overload
def log(x: Vector, /) -> Vector: ...
@overload
def log(x: float, /) -> float: ...
@overload
def log(x: Any, /) -> Any:
    """Natural logarithm; the derivative at 0 is inf."""

@overload
def log10(x: Variable, /) -> Variable: ...
@overload
def log10(x: Vector, /) -> Vector: ...
@overload
def log10(x: float, /) -> float: ...
@overload
def log10(x: Any, /) -> Any:
    """Logarithm to base 10."""

@overload
def log1p(x: Variable, /) -> Variable: ...
@overload
def log1p(x: Vector, /) -> Vector: ...
@overload
def log1p(x: float, /) -> float: ...
@overload
def log1p(x: Any, /) -> Any:
    """Logarithm of `1 + x`, accurate for small `x`."""

@overload
def log2(x: Variable, /) -> Variable: ...
@overload
def log2(x: Vector, /) -> Vector: ...
@overload
def log2(x: float, /) -> float: ...
@overload
def log2(x: Any, /) -> Any:
    """Logarithm to base 2."""

@overload
def log_sigmoid(x: Variable, /) -> Variable: ...
@overload
def log_sigmoid(x: Vector, /) -> Vector: ...
@overload
def log_sigmoid(x: float, /) -> float: ...
@overload
def log_sigmoid(x: Any, /) -> Any:
    """Logarithm of the logistic function, `-log(1 + e**-x)`, without overflow."""

@overload
def logaddexp(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def logaddexp(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def logaddexp(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def logaddexp(a: float, b: Vector, /) -> Vector: ...
@overload
def logaddexp(a: float, b: float, /) -> float: ...
@overload
def logaddexp(a: Any, b: Any, /) -> Any:
    """`log(e**a + e**b)`, without overflow."""

@overload
def logsumexp(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def logsumexp(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def logsumexp(x: float, /) -> float: ...
@overload
def logsumexp(x: Any, /) -> Any:
    """`log(sum(exp(x)))`, without overflow."""

@overload
def max(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def max(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def max(x: float, /) -> float: ...
@overload
def max(x: Any, /) -> Any:
    """Greatest entry; equal ones share the derivative."""

@overload
def maximum(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def maximum(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def maximum(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def maximum(a: float, b: Vector, /) -> Vector: ...
@overload
def maximum(a: float, b: float, /) -> float: ...
@overload
def maximum(a: Any, b: Any, /) -> Any:
    """Greater of two; a tie shares the derivative. nan if either is nan."""

@overload
def mean(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def mean(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def mean(x: float, /) -> float: ...
@overload
def mean(x: Any, /) -> Any:
    """Mean of the entries."""

@overload
def min(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def min(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def min(x: float, /) -> float: ...
@overload
def min(x: Any, /) -> Any:
    """Least entry; equal ones share the derivative."""

@overload
def minimum(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def minimum(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def minimum(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def minimum(a: float, b: Vector, /) -> Vector: ...
@overload
def minimum(a: float, b: float, /) -> float: ...
@overload
def minimum(a: Any, b: Any, /) -> Any:
    """Lesser of two; a tie shares the derivative. nan if either is nan."""

@overload
def mul(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def mul(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def mul(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def mul(a: float, b: Vector, /) -> Vector: ...
@overload
def mul(a: float, b: float, /) -> float: ...
@overload
def mul(a: Any, b: Any, /) -> Any:
    """Product, `a * b`."""

def native_grad(general: Any, /) -> Any:
    """Puts `grad` in front of the function that does all of it."""

def native_jvp(general: Any, resume: Any, /) -> Any:
    """Puts `jvp` in front of the function that does all of it; `resume` does it for arguments that
    are not plain, and takes the inputs and the result as well where the function has run.
    """

@overload
def neg(x: Variable, /) -> Variable: ...
@overload
def neg(x: Vector, /) -> Vector: ...
@overload
def neg(x: float, /) -> float: ...
@overload
def neg(x: Any, /) -> Any:
    """Negation, `-x`."""

@overload
def norm(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def norm(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def norm(x: float, /) -> float: ...
@overload
def norm(x: Any, /) -> Any:
    """Euclidean length; the derivative at the origin is 0."""

@overload
def polygamma(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def polygamma(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def polygamma(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def polygamma(a: float, b: Vector, /) -> Vector: ...
@overload
def polygamma(a: float, b: float, /) -> float: ...
@overload
def polygamma(a: Any, b: Any, /) -> Any:
    """Derivative of order `a` of `digamma` at `b`; `a` is a whole number and has no derivative."""

@overload
def pow(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def pow(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def pow(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def pow(a: float, b: Vector, /) -> Vector: ...
@overload
def pow(a: float, b: float, /) -> float: ...
@overload
def pow(a: Any, b: Any, /) -> Any:
    """Power, `a**b`, never complex. A constant exponent takes no logarithm."""

@overload
def prod(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def prod(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def prod(x: float, /) -> float: ...
@overload
def prod(x: Any, /) -> Any:
    """Product of the entries, by halves: no division, so that zeros have their derivative."""

@overload
def reciprocal(x: Variable, /) -> Variable: ...
@overload
def reciprocal(x: Vector, /) -> Vector: ...
@overload
def reciprocal(x: float, /) -> float: ...
@overload
def reciprocal(x: Any, /) -> Any:
    """Reciprocal, `1 / x`."""

@overload
def relu(x: Variable, /) -> Variable: ...
@overload
def relu(x: Vector, /) -> Vector: ...
@overload
def relu(x: float, /) -> float: ...
@overload
def relu(x: Any, /) -> Any:
    """Rectifier, `x` above 0 and 0 elsewhere; the derivative at 0 is 0."""

@overload
def remainder(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def remainder(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def remainder(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def remainder(a: float, b: Vector, /) -> Vector: ...
@overload
def remainder(a: float, b: float, /) -> float: ...
@overload
def remainder(a: Any, b: Any, /) -> Any:
    """Remainder with the sign of the divisor, `a - b * floor(a / b)`, as Python's `%`."""

def restore_variable(value: Any, name: Any, /) -> Any:
    """A leaf, from what a pickle keeps of it."""

@overload
def round(x: Variable, /) -> Variable: ...
@overload
def round(x: Vector, /) -> Vector: ...
@overload
def round(x: float, /) -> float: ...
@overload
def round(x: Any, /) -> Any:
    """Whole number nearest to `x`, halves to even."""

@overload
def sech_squared(x: Variable, /) -> Variable: ...
@overload
def sech_squared(x: Vector, /) -> Vector: ...
@overload
def sech_squared(x: float, /) -> float: ...
@overload
def sech_squared(x: Any, /) -> Any:
    """Derivative of `tanh`, `1 / cosh(x)**2`, without cancellation in the tails."""

@overload
def share(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def share(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def share(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def share(a: float, b: Vector, /) -> Vector: ...
@overload
def share(a: float, b: float, /) -> float: ...
@overload
def share(a: Any, b: Any, /) -> Any:
    """Share of the derivative of `maximum(a, b)` that goes to `a`: 1, 1/2 at a tie, or 0."""

@overload
def sigmoid(x: Variable, /) -> Variable: ...
@overload
def sigmoid(x: Vector, /) -> Vector: ...
@overload
def sigmoid(x: float, /) -> float: ...
@overload
def sigmoid(x: Any, /) -> Any:
    """Logistic function, `1 / (1 + e**-x)`; its derivative keeps its accuracy in the tails."""

@overload
def sigmoid_slope(x: Variable, /) -> Variable: ...
@overload
def sigmoid_slope(x: Vector, /) -> Vector: ...
@overload
def sigmoid_slope(x: float, /) -> float: ...
@overload
def sigmoid_slope(x: Any, /) -> Any:
    """Derivative of `sigmoid`, `sigmoid(x) * sigmoid(-x)`, without cancellation in the tails."""

@overload
def sign(x: Variable, /) -> Variable: ...
@overload
def sign(x: Vector, /) -> Vector: ...
@overload
def sign(x: float, /) -> float: ...
@overload
def sign(x: Any, /) -> Any:
    """Sign of `x`: -1, 0 or 1 (nan for nan)."""

@overload
def sin(x: Variable, /) -> Variable: ...
@overload
def sin(x: Vector, /) -> Vector: ...
@overload
def sin(x: float, /) -> float: ...
@overload
def sin(x: Any, /) -> Any:
    """Sine of `x` in radians."""

@overload
def sinh(x: Variable, /) -> Variable: ...
@overload
def sinh(x: Vector, /) -> Vector: ...
@overload
def sinh(x: float, /) -> float: ...
@overload
def sinh(x: Any, /) -> Any:
    """Hyperbolic sine."""

@overload
def softmax(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def softmax(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def softmax(x: float, /) -> float: ...
@overload
def softmax(x: Any, /) -> Any:
    """`exp(x) / sum(exp(x))`, without overflow."""

@overload
def softplus(x: Variable, /) -> Variable: ...
@overload
def softplus(x: Vector, /) -> Vector: ...
@overload
def softplus(x: float, /) -> float: ...
@overload
def softplus(x: Any, /) -> Any:
    """Smooth rectifier, `log(1 + e**x)`, without overflow."""

@overload
def sqrt(x: Variable, /) -> Variable: ...
@overload
def sqrt(x: Vector, /) -> Vector: ...
@overload
def sqrt(x: float, /) -> float: ...
@overload
def sqrt(x: Any, /) -> Any:
    """Square root; the derivative at 0 is inf."""

@overload
def square(x: Variable, /) -> Variable: ...
@overload
def square(x: Vector, /) -> Vector: ...
@overload
def square(x: float, /) -> float: ...
@overload
def square(x: Any, /) -> Any:
    """Square, `x * x`."""

@overload
def step(x: Variable, /) -> Variable: ...
@overload
def step(x: Vector, /) -> Vector: ...
@overload
def step(x: float, /) -> float: ...
@overload
def step(x: Any, /) -> Any:
    """Unit step, 1 above 0 and 0 elsewhere (nan for nan)."""

@overload
def sub(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def sub(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def sub(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def sub(a: float, b: Vector, /) -> Vector: ...
@overload
def sub(a: float, b: float, /) -> float: ...
@overload
def sub(a: Any, b: Any, /) -> Any:
    """Difference, `a - b`."""

@overload
def sum(x: Variable | Sequence[Variable], /) -> Variable: ...
@overload
def sum(x: Vector | Sequence[float] | Sequence[Vector], /) -> Vector: ...
@overload
def sum(x: float, /) -> float: ...
@overload
def sum(x: Any, /) -> Any:
    """Sum of the entries."""

@overload
def tan(x: Variable, /) -> Variable: ...
@overload
def tan(x: Vector, /) -> Vector: ...
@overload
def tan(x: float, /) -> float: ...
@overload
def tan(x: Any, /) -> Any:
    """Tangent of `x` in radians."""

@overload
def tanh(x: Variable, /) -> Variable: ...
@overload
def tanh(x: Vector, /) -> Vector: ...
@overload
def tanh(x: float, /) -> float: ...
@overload
def tanh(x: Any, /) -> Any:
    """Hyperbolic tangent; its derivative `sech(x)**2` keeps its accuracy in the tails."""

@overload
def trunc(x: Variable, /) -> Variable: ...
@overload
def trunc(x: Vector, /) -> Vector: ...
@overload
def trunc(x: float, /) -> float: ...
@overload
def trunc(x: Any, /) -> Any:
    """Whole part of `x`, rounded towards zero."""

@overload
def xlogy(a: Variable, b: _Operand, /) -> Variable: ...
@overload
def xlogy(a: _Operand, b: Variable, /) -> Variable: ...
@overload
def xlogy(a: Vector, b: Vector | float, /) -> Vector: ...
@overload
def xlogy(a: float, b: Vector, /) -> Vector: ...
@overload
def xlogy(a: float, b: float, /) -> float: ...
@overload
def xlogy(a: Any, b: Any, /) -> Any:
    """`a * log(b)`, and 0 where `a` is 0."""
