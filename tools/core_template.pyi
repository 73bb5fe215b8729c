# ruff: noqa: PYI021 (editors show this documentation, as they cannot see that of the extension)

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, SupportsFloat, SupportsIndex, TypeAlias, final, overload

from typing_extensions import Buffer, Self, disjoint_base

# names
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
    # methods of Vector

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
    # methods of Variable

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

# functions
