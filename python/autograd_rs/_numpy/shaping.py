"""Functions that choose, put together and rearrange entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._numpy.arguments import (
    FOREIGN,
    NOT_GIVEN,
    allow_one_axis,
    allow_only_defaults,
    as_array,
    gathered,
    has_variable,
    ndim,
    objects,
    objects_within,
    operand,
    plain,
    value_of,
    with_axis,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, Any]


def gather(x: Variable, indices: Array) -> Any:
    """Return the entries at `indices`: a Variable, or an object array in two dimensions or more."""
    if indices.ndim == 0:
        return x if x.ndim == 0 else x[int(indices)]
    flat, entries = indices.reshape(-1), with_axis(x)
    if not np.array_equal(flat, np.arange(x.dim)):
        entries = entries[flat]
    return as_array(entries).reshape(indices.shape) if indices.ndim > 1 else entries


def shaped_entries(x: Variable | Vector, index: Any) -> Any:
    """Return the entries that NumPy's reading of an index takes, as `x[:, None]`.

    Raises
    ------
    IndexError
        If it has no meaning in one dimension, or none for a number.
    """
    # A Vector that is a number has an index all the same.
    shape = x.shape if isinstance(x, Variable) else (x.dim,)
    try:
        places = np.asarray(np.arange(x.dim).reshape(shape)[index])
    except IndexError as error:
        kind = type(x).__name__
        raise IndexError(f"{kind}: wrong index: {error}".replace("array", "vector")) from None
    return gather(x, places) if isinstance(x, Variable) else np.asarray(x).reshape(shape)[places]


def rearranging(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the rule of a function of NumPy that only rearranges the entries of its first argument.

    It is applied to the indices 0, 1, ... instead; what it makes of them says which entries the
    result has.
    """

    def rule(a: Any, *args: Any, **kwargs: Any) -> Any:
        name = getattr(function, "__name__", "ufunc")
        if not isinstance(a, Variable) or has_variable([args, kwargs]):
            raise TypeError(
                f"{name}: got a Variable beside the array, wanted it as the array; "
                f"use .value if its numbers are meant"
            )
        if kwargs.get("out") is not None:
            allow_only_defaults(name, out=kwargs["out"])
        indices = np.arange(a.dim).reshape(np.shape(a))
        rearranged = function(indices, *plain(args), **plain(kwargs))
        if isinstance(rearranged, (list, tuple)):
            return [gather(a, np.asarray(part)) for part in rearranged]
        return gather(a, np.asarray(rearranged))

    return rule


take = rearranging(np.take)


def through_objects(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the rule of a function of NumPy that can work on an object array of Variables."""

    def rule(*args: Any, **kwargs: Any) -> Any:
        keywords = {key: objects(value) for key, value in kwargs.items()}
        return gathered(function(*map(objects, args), **keywords))

    return rule


def of_entries(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make the rule of a function of NumPy that makes rows or columns of each entry of a sequence.

    The sequence may itself be a Variable: then its entries are numbers.
    """

    def rule(tup: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(tup, Variable) and tup.ndim == 0:
            raise TypeError(f"{function.__name__}: got a number, wanted a sequence of arrays")
        # Arrays, also of numbers: NumPy would ask us again about a Variable.
        return gathered(function([objects_within(entry) for entry in tup], *args, **kwargs))

    return rule


def block(arrays: Any) -> Any:
    """Put together what nested lists hold."""
    return gathered(np.block(_blocks(arrays) if type(arrays) is list else objects(arrays)))


def _blocks(nested: list[Any]) -> list[Any]:
    return [_blocks(own) if type(own) is list else objects_within(own) for own in nested]


def concatenate(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """One vector after the other."""
    del casting
    allow_only_defaults("concatenate", out=out, dtype=dtype)
    if axis == 0:
        try:
            return _core.concatenate([Vector(x) if type(x) is list else x for x in arrays])
        except FOREIGN:
            pass
    arrays = [array if isinstance(array, Variable) else np.asarray(array) for array in arrays]
    if any(ndim(array) > 1 for array in arrays):
        return np.concatenate([objects_within(array) for array in arrays], axis=axis)
    allow_one_axis("concatenate", axis)
    return _core.concatenate([operand("concatenate", array) for array in arrays])


def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """One vector after the other."""
    return concatenate(tup, dtype=dtype, casting=casting)


def stack(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Numbers as a vector; vectors as the rows of an object array."""
    del casting
    allow_only_defaults("stack", out=out, dtype=dtype)
    if any(ndim(array) > 0 for array in arrays):
        return np.stack([np.asarray(objects(array)) for array in arrays], axis=axis)
    allow_one_axis("stack", axis)
    return _core.stack([operand("stack", array) for array in arrays])


def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """One vector after another; without an axis the entries of both, whatever their shapes."""
    if axis is not None:
        return concatenate([arr, values], axis)
    return concatenate([np.ravel(part) if ndim(part) > 1 else part for part in (arr, values)])


def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """Put values before the given places of a vector."""
    allow_one_axis("insert", axis)
    both = _core.concatenate([operand("insert", arr), operand("insert", values)])
    count = np.size(arr)
    return take(both, np.insert(np.arange(count), obj, np.arange(count, both.dim)))


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Put constants, or entries again, before and after a vector."""
    if kwargs.get("reflect_type") == "odd":
        raise TypeError("pad: got reflect_type='odd' of a Variable, wanted 'even'; use concatenate")
    places = np.arange(array.dim)
    if mode in ("edge", "reflect", "symmetric", "wrap"):
        return gather(array, np.pad(places, pad_width, mode, **kwargs))
    if mode != "constant" or has_variable(kwargs):
        raise TypeError(
            f"pad: got mode={mode!r} of a Variable, wanted constant numbers, edge, reflect, "
            f"symmetric or wrap; use concatenate"
        )
    constants = np.pad(np.zeros(array.dim), pad_width, mode, **kwargs)
    before = np.pad(np.ones(array.dim), pad_width, constant_values=0.0).argmax()
    return _core.concatenate([constants[:before], array, constants[before + array.dim :]])


def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Leave out the zeros at the ends."""
    allow_one_axis("trim_zeros", axis)
    kept = np.flatnonzero(value_of(filt).reshape(-1))
    first, last = (kept[0], kept[-1] + 1) if kept.size else (0, 0)
    start = first if "f" in trim.lower() else 0
    return take(filt, np.arange(start, last if "b" in trim.lower() else np.size(filt)))


def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """Sort; every entry keeps its derivative."""
    del kind, stable
    allow_only_defaults("sort", order=order)
    allow_one_axis("sort", axis)
    return take(a, np.argsort(value_of(a).reshape(-1), kind="stable"))


def where(condition: Any, x: Any = NOT_GIVEN, y: Any = NOT_GIVEN) -> Any:
    """Entries of `x` where the condition holds, else of `y`; or the places where it holds."""
    if isinstance(x, Variable) or isinstance(y, Variable):
        try:
            return _core.where(condition, x, y)
        except FOREIGN:
            pass
    mask = plain(condition)
    if x is NOT_GIVEN and y is NOT_GIVEN:
        return np.where(mask)
    if x is NOT_GIVEN or y is NOT_GIVEN:
        raise ValueError("where: got one of x and y, wanted both or neither")
    if not has_variable([x, y]):
        return np.where(mask, plain(x), plain(y))
    if max(ndim(mask), ndim(x), ndim(y)) > 1:
        return np.where(mask, np.asarray(objects(x)), np.asarray(objects(y)))
    # A mask of truth values, as NumPy reads any condition.
    mask = np.asarray(mask).astype(bool)
    return _core.where(mask, operand("where", x), operand("where", y))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Entries of the first choice whose condition holds."""
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"select: lengths differ: {len(condlist)} conditions and {len(choicelist)} choices"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        result = where(condition, choice, result)
    return result


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Apply to the entries for which a condition holds its function; the last one that holds."""
    dim = np.size(x)
    conditions = _conditions(condlist, dim)
    functions = list(funclist)
    if len(functions) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(functions) != len(conditions):
        raise ValueError(
            f"piecewise: got {len(functions)} functions and {len(conditions)} conditions, "
            f"wanted as many, or one function more"
        )
    if dim == 0:
        return x
    # All pieces in one vector, after a 0 for where no condition holds, and where an entry is in it.
    pieces, places, end = [operand("piecewise", 0.0)], np.zeros(dim, dtype=int), 1
    for condition, function in zip(conditions, functions):
        chosen = np.flatnonzero(condition)
        if chosen.size == 0:
            continue
        piece = function(take(x, chosen), *args, **kw) if callable(function) else function
        piece = operand("piecewise", piece)
        count = np.size(piece)
        if count not in (1, chosen.size):
            raise ValueError(
                f"piecewise: a function gave {count} entries for {chosen.size}, wanted as many"
            )
        places[chosen] = end + (np.arange(count) if count > 1 else 0)
        pieces.append(piece)
        end += count
    return gather(_core.concatenate(pieces), places.reshape(np.shape(x)))


def _conditions(condlist: Any, dim: int) -> list[Any]:
    """Return the conditions, an array each, of which there may be one that is in no list."""
    table = np.asarray(plain(condlist), dtype=bool)
    if dim == 0 and table.size == 0:
        # No entries say how many conditions there are: a row for each, or a single one.
        return list(table.reshape(len(table) if table.ndim > 1 else 1, 0))
    if dim == 0 or table.size % dim:
        raise ValueError(f"piecewise: got conditions of shape {table.shape} for {dim} entries")
    return list(table.reshape(-1, dim))


def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **unsupported: Any,
) -> Any:
    """Keep between bounds; the derivative is 1 in the closed interval."""
    allow_only_defaults("clip", out=out, **unsupported)
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    low, high = (None if bound is None else operand("clip", bound) for bound in (low, high))
    if low is None or high is None:
        return _core.clip(operand("clip", a), low, high)
    # One after the other, as NumPy does it: the upper one counts where they are not in order.
    return _core.clip(_core.clip(operand("clip", a), low), None, high)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Put numbers for nan and the infinities; their derivative is 0."""
    if not copy:
        raise TypeError("nan_to_num: got copy=False: a Variable cannot be overwritten")
    value = value_of(x)
    clean = np.nan_to_num(value, nan=nan, posinf=posinf, neginf=neginf)
    return _core.where(np.isfinite(value), x, clean)


def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    """Return the Variable: there is no writing into one, so that it need not be copied."""
    del order, subok
    return a


def atleast_1d(*arys: Any) -> Any:
    """Return what came, numbers as vectors of one entry."""
    vectors = tuple(map(with_axis, arys))
    return vectors[0] if len(vectors) == 1 else vectors


def full_like(a: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the number, as often as `a` has entries."""
    if not has_variable(fill_value):
        return np.full_like(plain(a), plain(fill_value), *args, **kwargs)
    return fill_value * np.ones(np.shape(a))
