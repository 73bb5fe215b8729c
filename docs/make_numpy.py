"""Write the page of the manual that says of every function of NumPy what it does with Variables.

`--check` writes nothing, and fails if the page is not what it would write.
"""

# ruff: noqa: E501 (the page has lines of 120)

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd_rs._numpy import functions, refusals, special, ufuncs

PAGE = Path(__file__).resolve().parent / "numpy.md"
VERSION = ".".join(np.__version__.split(".")[:2])

HEAD = """\
# NumPy

Written by `python docs/make_numpy.py` for NumPy {version}; do not edit.

NumPy is never needed, and never imported by `import autograd_rs`. Where it is there, its arrays are operands, and its
functions take Variables:

```pycon
>>> import numpy as np
>>> import autograd_rs as ag
>>> x = ag.Variable(np.array([1.0, 2.0, 3.0]))
>>> loss = np.sum(np.sin(x) ** 2) + np.float64(2.0) * x[0]
>>> ag.grad(loss)
>>> np.round(x.grad, 6)
array([ 2.909297, -0.756802, -0.279415])

```

## What comes out

- **A Variable** where one is among the operands, whichever side it stands on. It has one dimension, or none: shapes are
  those that NumPy gives, so that a sum, an entry and a float have `()`, and `x[:1]`, also of one entry, has `(1,)`.
  Lists, tuples and tables of pandas are operands, too, by their numbers and Variables; an array of xarray takes a
  Variable as its numbers, and `.data` gives it back.
- **An object array of Variables** where NumPy would give two dimensions or more: `np.outer(x, x)`, `np.reshape(x, (2,
  2))`, `matrix * x`. Gradients flow through its entries, and NumPy's functions work on it, slower than on vectors:
  every entry is an operation of its own. `matrix @ x` with a constant matrix is one operation.
- **Plain truth values and numbers** from comparisons and from functions that only jump (`np.isnan`, `np.argmax`).
  `np.sign`, `np.floor` and others that the [operations](operations.md) have give a Variable whose derivative is 0.
- **Arrays of truth values** from `x > 0` inside of a function that is given an array; elsewhere the operators compare
  to a `Vector` of 0 and 1. Both combine with `&`, `|`, `^` and `~`, and are indices: `x[(x > 0) & (x < 1)]`. So are
  lists and arrays of whole numbers: `x[np.argsort(x)]`.
- **Without a Variable**, a `Vector` beside arrays gives a `Vector` from the functions of the operations' table, as
  operators do; every other function computes on the memory of the `Vector` and gives what it gives for an array.
- **Of an array alone**, `ag.sum`, `ag.norm` and the other reductions of this package give a float, and `ag.sin` an array;
  of a `Vector` both give a `Vector`, a reduction one that is a number: `Vector(3.0)`.

`np.asarray(vector)` copies nothing: writing to the array writes to the `Vector`, and never to what was recorded before.
`np.asarray(variable)` and `np.array([a, b])` drop nothing: they are object arrays of Variables, so that functions which
begin with `asarray`, such as `scipy.optimize.rosen`, are differentiated as they stand. `np.asarray(variable,
dtype=float)` asks for numbers: in a function that is differentiated it is a `TypeError`, as writing into an array of
floats is, and elsewhere it warns that the gradient ends there.

Variables have the methods and attributes of arrays of one dimension that have a meaning for them: `x.sum(axis=0)`,
`x.std()`, `x.clip(0, 1)`, `x.argsort()`, `x.reshape(2, -1)`, `x.astype(float)`, `x.T`, `x.shape`, `x.dtype`. A number
has no length, no entries and no iteration, but `x[None]` has. The `dtype` of a number is `object`, as of the arrays it
is kept in: `np.mean([x[0], x[1]])` then leaves its result a Variable.

## Where NumPy does not ask

Some functions never come to know that there is a Variable, and no rule and no message of this package can help:

- Of an **array of Variables**, NumPy computes what its entries have methods for. It refuses `np.isnan`, `np.isfinite`,
  `np.logaddexp`, `np.copysign`, `np.heaviside`, `np.float_power` and `np.ldexp` with "ufunc ... not supported for the
  input types". The functions of this package take such arrays: `ag.logaddexp(rows, 0.0)`, `ag.exp(rows[0])`,
  `ag.norm(rows)`; a row becomes one Variable.
- **`np.std` and `np.linalg.norm` of an array of Variables** are roots of sums, and a root has no derivative at 0: along
  an axis of one entry, or of equal ones, the gradient of `np.std` is nan. **`np.gradient`** of one is written into an
  array of numbers, which loses the gradient. `autograd_rs.numpy` has `std`, `linalg.norm` and `gradient` of its own,
  which give what they give for a vector: `import autograd_rs.numpy as np`.
- **Functions of SciPy** that begin with `asarray` and then call one of these, such as `scipy.special.logsumexp` and
  `scipy.stats.norm.logpdf`: use `ag.logsumexp`, or write the density.
- **Sparse matrices** of SciPy: use `matrix.toarray() @ x`, or make the product a [primitive](api.md).
- **Masked arrays** are refused as operands, since the numbers that they hide would be used: write `m.filled(0.0)`, and
  multiply by `~m.mask`. `m * x`, with the masked array first, is NumPy's own product, a masked array of Variables.
- **`np.full(n, x)`**, and `np.full_like(array, x)` where the first argument is no Variable: use `x * np.ones(n)`.
- **Tests**: `np.testing.assert_allclose(x.value, ...)`, and `x == pytest.approx(1.0)` with the Variable first.

## Arguments and functions without a meaning

Arguments that Variables have no meaning for are a `TypeError` that names them: `out=`, `where=`, a `dtype=` that is not
float64. So is a function without a derivative:

```pycon
>>> np.linalg.eigvals(x)
Traceback (most recent call last):
    ...
TypeError: np.linalg.eigvals: has no derivative here: got a Variable; {matrix}

```

"""


def public_functions() -> Iterator[tuple[str, Any]]:
    """Return every public function of NumPy and its name without `np.`, in order of the names."""
    for prefix, module in (("", np), ("fft.", np.fft), ("linalg.", np.linalg)):
        for name in sorted(module.__all__):
            function = getattr(module, name, None)
            if callable(function) and not isinstance(function, type):
                yield prefix + name, function


def is_asked(function: Any) -> bool:
    """Whether NumPy asks the arguments of a function what it shall do with them."""
    return isinstance(function, np.ufunc) or hasattr(function, "_implementation")


def kind_of(function: Any) -> str:
    """Return what a function does with Variables."""
    if isinstance(function, np.ufunc):
        if function in ufuncs.CONSTANT:
            return "constant"
        known = (ufuncs.ELEMENTWISE, ufuncs.PAIRS, ufuncs.PRODUCTS)
        return "differentiable" if any(function in rules for rules in known) else "refused"
    if function in functions.RULES:
        constant = any(function is functions.find(other) for other in functions.CONSTANT)
        return "constant" if constant else "differentiable"
    return "refused" if is_asked(function) else "not asked"


def page() -> str:
    """Return the text of the page."""
    kinds: dict[str, list[str]] = {
        "differentiable": [],
        "constant": [],
        "refused": [],
        "not asked": [],
    }
    for name, function in public_functions():
        kinds[kind_of(function)].append(name)
    matrix = refusals.alternative("linalg.eigvals")
    parts = [HEAD.format(version=VERSION, matrix=matrix)]
    parts.append(_list("Differentiable", kinds["differentiable"]))
    reductions = [f"{ufunc.__name__}.reduce" for ufunc in ufuncs.REDUCTIONS]
    accumulations = [f"{ufunc.__name__}.accumulate" for ufunc in ufuncs.ACCUMULATIONS]
    parts.append(
        "And " + _names([*reductions, *accumulations]) + ", `outer` of every elementwise function, "
        "and of `scipy.special`: " + _names(special.RULES, "scipy.special.") + ".\n\n"
    )
    parts.append(
        _list("Constant", kinds["constant"], "Computed on the values; the results are plain.")
    )
    parts.append(_refused(kinds["refused"]))
    parts.append(
        _list(
            "Not asked",
            kinds["not asked"],
            "NumPy asks no argument of these: they make arrays, or take no numbers to differentiate. "
            "What they make of Variables is an object array, or a `TypeError` where they make floats.",
        )
    )
    return "".join(parts).rstrip() + "\n"


def _names(names: Any, prefix: str = "np.") -> str:
    return ", ".join(f"`{prefix}{name}`" for name in names)


def _list(title: str, names: list[str], text: str = "") -> str:
    return f"## {title}\n\n{text}{'' if not text else chr(10) * 2}{_names(names)}\n\n"


def _refused(names: list[str]) -> str:
    """Return the table of refused functions, one row for all that have the same alternative."""
    by_alternative: dict[str, list[str]] = {}
    for name in names:
        by_alternative.setdefault(refusals.alternative(name), []).append(name)
    rows = [f"| {_names(group)} | {instead} |" for instead, group in by_alternative.items()]
    return "\n".join(["## Refused", "", "| function | instead |", "|---|---|", *rows, "", ""])


def main(write: Callable[[str], object] = sys.stderr.write) -> int:
    """Write or check the page; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if outdated")
    if not parser.parse_args().check:
        PAGE.write_text(page())
        return 0
    text = PAGE.read_text() if PAGE.exists() else ""
    if f"for NumPy {VERSION};" not in text and text:
        write(f"{PAGE}: not checked: it is for another NumPy than {VERSION}\n")
        return 0
    if text != page():
        write(f"{PAGE}: out of date: run python docs/make_numpy.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
