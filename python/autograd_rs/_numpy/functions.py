"""Which function of NumPy has which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_rs._numpy import elementary, linear, reductions, shaping
from autograd_rs._numpy.arguments import allow_one_axis, allow_only_defaults, plain
from autograd_rs._numpy.shaping import of_entries, rearranging, through_objects

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[..., Any]

_DIFFERENTIABLE: dict[str, Rule] = {
    "sum": reductions.sum_,
    "prod": reductions.prod,
    "mean": reductions.mean,
    "max": reductions.max_,
    "amax": reductions.max_,
    "min": reductions.min_,
    "amin": reductions.min_,
    "ptp": reductions.ptp,
    "average": reductions.average,
    "var": reductions.var,
    "std": reductions.std,
    "median": reductions.median,
    "quantile": reductions.quantile,
    "percentile": reductions.percentile,
    "cumsum": reductions.cumsum,
    "cumprod": reductions.cumprod,
    "cumulative_sum": reductions.cumulative_sum,
    "cumulative_prod": reductions.cumulative_prod,
    "nansum": reductions.nansum,
    "nanprod": reductions.nanprod,
    "nancumsum": reductions.nancumsum,
    "nancumprod": reductions.nancumprod,
    "nanmax": reductions.nanmax,
    "nanmin": reductions.nanmin,
    "nanmean": reductions.nanmean,
    "nanvar": reductions.nanvar,
    "nanstd": reductions.nanstd,
    "nanmedian": reductions.nanmedian,
    "nanquantile": reductions.nanquantile,
    "nanpercentile": reductions.nanpercentile,
    "dot": linear.dot,
    "vdot": linear.vdot,
    "inner": linear.inner,
    "cross": linear.cross,
    "convolve": linear.convolve,
    "correlate": linear.correlate,
    "linalg.norm": linear.norm,
    "linalg.vector_norm": linear.vector_norm,
    "linalg.vecdot": linear.vecdot,
    "linalg.matmul": linear.matmul,
    "linalg.cross": linear.cross,
    "linalg.solve": linear.solve,
    "concatenate": shaping.concatenate,
    "hstack": shaping.hstack,
    "stack": shaping.stack,
    "block": shaping.block,
    "append": shaping.append,
    "insert": shaping.insert,
    "sort": shaping.sort,
    "where": shaping.where,
    "select": shaping.select,
    "piecewise": shaping.piecewise,
    "clip": shaping.clip,
    "pad": shaping.pad,
    "trim_zeros": shaping.trim_zeros,
    "nan_to_num": shaping.nan_to_num,
    "copy": shaping.copy,
    "atleast_1d": shaping.atleast_1d,
    "full_like": shaping.full_like,
    "round": elementary.round_,
    "around": elementary.round_,
    "fix": elementary.fix,
    "real": elementary.real,
    "real_if_close": elementary.real_if_close,
    "imag": elementary.imag,
    "sinc": elementary.sinc,
    "diff": elementary.diff,
    "ediff1d": elementary.ediff1d,
    "gradient": elementary.gradient,
    "trapezoid": elementary.trapezoid,
    "trapz": elementary.trapezoid,
    "polyval": elementary.polyval,
    "interp": elementary.interp,
    "linspace": elementary.linspace,
    "unwrap": elementary.unwrap,
}

# Each entry of the result is one of the argument: what fills up with zeros does not belong here.
_REARRANGING = [
    "flip",
    "flipud",
    "roll",
    "repeat",
    "tile",
    "take",
    "take_along_axis",
    "delete",
    "resize",
    "ravel",
    "reshape",
    "squeeze",
    "transpose",
    "permute_dims",
    "matrix_transpose",
    "swapaxes",
    "moveaxis",
    "rollaxis",
    "expand_dims",
    "broadcast_to",
    "atleast_2d",
    "atleast_3d",
    "split",
    "array_split",
    "hsplit",
    "vsplit",
    "dsplit",
    "fliplr",
    "rot90",
    "unstack",
    "diagonal",
    "linalg.diagonal",
    "linalg.matrix_transpose",
    "fft.fftshift",
    "fft.ifftshift",
]

_THROUGH_OBJECTS = [
    "outer",
    "linalg.outer",
    "kron",
    "meshgrid",
    "diag",
    "diagflat",
    "tril",
    "triu",
    "vander",
    "tensordot",
    "einsum",
    "linalg.tensordot",
    "broadcast_arrays",
    "apply_along_axis",
    "trace",
    "linalg.trace",
]

_OF_ENTRIES = ["vstack", "row_stack", "dstack", "column_stack"]

CONSTANT = [
    "shape",
    "ndim",
    "size",
    "argmax",
    "argmin",
    "argsort",
    "argpartition",
    "argwhere",
    "nonzero",
    "flatnonzero",
    "count_nonzero",
    "nanargmax",
    "nanargmin",
    "searchsorted",
    "digitize",
    "lexsort",
    "isclose",
    "allclose",
    "array_equal",
    "array_equiv",
    "isreal",
    "iscomplex",
    "isrealobj",
    "iscomplexobj",
    "isposinf",
    "isneginf",
    "result_type",
    "can_cast",
    "common_type",
    "zeros_like",
    "ones_like",
    "empty_like",
    "all",
    "any",
    "isin",
    "in1d",
    "array_repr",
    "array_str",
    "array2string",
    "may_share_memory",
    "shares_memory",
]


def find(name: str) -> Any:
    """Return the function of NumPy with this name, or None."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _extract(condition: Any, arr: Any) -> Any:
    return shaping.take(arr, np.flatnonzero(plain(condition)))


def _compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    allow_only_defaults("compress", out=out)
    allow_one_axis("compress", axis)
    return _extract(condition, a)


def constant(function: Callable[..., Any]) -> Rule:
    """Make the rule of a function that is constant but for jumps: it is applied to the values."""

    def rule(*args: Any, **kwargs: Any) -> Any:
        return function(*plain(args), **plain(kwargs))

    return rule


def _rules() -> dict[Any, Rule]:
    """Return the rules of the functions that this version of NumPy has."""
    rules: dict[Any, Rule] = {}
    for name in CONSTANT:
        rules[find(name)] = constant(find(name))
    for name in _THROUGH_OBJECTS:
        rules[find(name)] = through_objects(find(name))
    for name in _OF_ENTRIES:
        rules[find(name)] = of_entries(find(name))
    for name in _REARRANGING:
        rules[find(name)] = rearranging(find(name))
    for name, rule in _DIFFERENTIABLE.items():
        rules[find(name)] = rule
        # What Python's own messages call it.
        rule.__qualname__ = rule.__name__.rstrip("_")
    rules[np.extract] = _extract
    rules[np.compress] = _compress
    rules.pop(None, None)
    return rules


RULES = _rules()
