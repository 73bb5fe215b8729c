"""Write the pages of the manual that list operations, from the op table and from what it answers.

`--check` writes nothing, and fails if a page is not what it would write.
"""

import argparse
import inspect
import math
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import autograd_rs as ag

DOCS = Path(__file__).resolve().parent
INF, NAN = math.inf, math.nan

Row = dict[str, object]
Case = tuple[str, Callable[..., ag.Variable], tuple[object, ...]]

STRUCTURAL = (
    "clip",
    "concatenate",
    "cumsum",
    "dot",
    "logsumexp",
    "max",
    "mean",
    "min",
    "norm",
    "prod",
    "softmax",
    "stack",
    "sum",
    "where",
)

OPERATIONS = """\
# Operations

Written by `python docs/make_reference.py` from the op table; do not edit.

All take Variables, Vectors, numbers and NumPy arrays, and give a Variable if an operand is one.
Two operands have one length, or one of them is a number. Methods and operators are the same
operations: `v.exp()`, `a + b`, `a @ b`.

The domain is the interval on which an operation is smooth and tested; division and its kin are as
good on the other side of 0. Outside, operations give inf or nan and do not raise. At a kink the
derivative is a convention: see [Kinks and edges](kinks.md).

"""

KINKS = """\
# Kinks and edges

Written by `python docs/make_reference.py`, which asks the package; do not edit.

Where a function has no derivative, or an infinite one, a package has to choose. These are our
choices, the same in every mode and at every order.

## Rules

1. **Absolute zero.** In a sweep, an adjoint of exactly 0 contributes exactly 0, even against a
   partial of inf or nan: what was not selected by `where`, `max`, `clip` or an `if` never turns a
   gradient into nan. A partial of 0 under an infinite adjoint is nan. Forward mode gives the same.
   [How it works](how-it-works.md#absolute-zero) tells what this costs.
2. **Values are those of plain Python**, bit for bit for numbers, except that a domain error gives
   inf or nan where `math` raises, and for three functions: [Accuracy](#accuracy).
3. **`x**c`** with a constant exponent takes no logarithm, and has no derivative with respect to
   the exponent. Powers are never complex. At a base of 0 the derivative of `x**y` by the exponent
   is 0 for exponents from 0 on, also for small ones, where its own derivatives are infinite.
4. **Ties share.** `maximum(x, y)` at x = y gives a half to each, `max` of k equal entries 1/k to
   each, so that `maximum(x, x)` has derivative 1.
5. **What a result does not depend on** has gradient exactly 0.
6. **A result that depends on no input is a constant**: in every transform its derivative is exactly
   0, in the structure of the argument. So a function may have constant pieces. `grad(loss)` of
   something that is no `Variable` is an error.
7. **A gradient is never lost in silence.** Inside of a function that is differentiated, making a
   float of anything that depends on its inputs (`float(x)`, `math.sin(x)`, writing into an array of
   floats, `np.array([x], dtype=float)`, a function of SciPy that does such) is a `TypeError` that
   says what to do. Elsewhere, where `float(loss)` is the way to print, it is a
   `GradientDroppedWarning`, once for each line of your code. Silent everywhere are `.value`,
   `.item()`, `.detach()`, `stop_gradient`, what runs in `no_grad`, printing and formatting,
   comparisons, and steps: `int(x)`, `round(x)` and `math.floor(x)` have derivative 0.
8. **nan compares as in Python**, and comparisons and branches see values only.

## Accuracy

Every value and every first derivative of an elementwise operation is within 4 ulp (units in the
last place) of the true one, over the whole range of floats and for numbers and arrays alike; most
are within 1. A test holds them against mpmath. What falls short is taken from a result that has
few digits: subnormal numbers, below 2.2e-308, have fewer the smaller they are.

- `logaddexp(a, b)` where it is much less than its operands: the value is a difference there, and
  within 2 ulp of the larger operand.
- `a / b`, derivative in `b`, where `a / b` is subnormal.
- `a**b`, derivative in `b`, where `a**b` is subnormal or infinite.
- `hypot(a, b)`, derivatives, where the result is subnormal, or infinite, which makes them 0.
- `atan2(a, b)`, derivatives, where `h = hypot(a, b)`, `a / h` or `b / h` is subnormal, or `h`
  infinite, which makes them 0.

Second derivatives are sums and products of such factors, mostly within 10 ulp. Of `hypot` in the
much longer of two sides, and of `atan2` where both are of one size, the terms cancel: these are
within an ulp of the larger term.

A function of a number is the one that `math` has, with the same bits, except for three. `lgamma`
and `cbrt` are nearer to the true value; `hypot` differs in the last bit about once in a thousand
times, as Python has an algorithm of its own. `floor`, `ceil`, `round` and `trunc` give floats.

Functions of arrays have vector code of their own, so that an entry may differ in the last bits from
the same function of a number. It has the same bits whatever its neighbours are, wherever it stands,
and however long the array is, from two entries on; and on every machine that has fused
multiply-add: x86-64 with AVX2, aarch64. Others use the C library for arrays too.

## First derivatives

"""


OBJECTS = """\
# Objects

Written by `python docs/make_reference.py` from the docstrings; do not edit.

Both have, besides what is listed, the operators of Python numbers and every operation of one
argument as a method: `v.exp()`, `v.tanh()`. See [Operations](operations.md).

"""


def point(*numbers: float) -> tuple[object, ...]:
    """Arguments that are numbers."""
    return numbers


def entries(*numbers: float) -> tuple[object, ...]:
    """One argument that is a vector."""
    return (ag.Vector(numbers),)


CASES: list[Case] = [
    ("abs(x)", abs, point(0.0)),
    ("relu(x)", ag.relu, point(0.0)),
    ("sign(x), floor(x), ceil(x), round(x)", ag.sign, point(0.0)),
    ("maximum(x, 0)", lambda x: ag.maximum(x, 0.0), point(0.0)),
    ("maximum(x, y)", ag.maximum, point(1.0, 1.0)),
    ("maximum(x, y)", ag.maximum, point(NAN, 1.0)),
    ("maximum(x, x)", lambda x: ag.maximum(x, x), point(1.0)),
    ("fmax(x, y)", ag.fmax, point(1.0, 1.0)),
    ("max(v)", ag.max, entries(1.0, 1.0, 0.0)),
    ("min(v)", ag.min, entries(0.0, 0.0, 1.0)),
    ("clip(x, 0, 1)", lambda x: ag.clip(x, 0.0, 1.0), point(1.0)),
    ("clip(x, 0, 1)", lambda x: ag.clip(x, 0.0, 1.0), point(1.5)),
    ("sqrt(x)", ag.sqrt, point(0.0)),
    ("sqrt(x) * 0", lambda x: ag.sqrt(x) * 0.0, point(0.0)),
    ("sqrt(x * x); use abs", lambda x: ag.sqrt(x * x), point(0.0)),
    ("norm(v)", ag.norm, entries(0.0, 0.0)),
    ("hypot(x, y)", ag.hypot, point(0.0, 0.0)),
    ("hypot(x, y)", ag.hypot, point(1e200, 1e200)),
    ("atan2(x, y)", ag.atan2, point(0.0, 0.0)),
    ("atan2(x, y)", ag.atan2, point(1e200, 1e200)),
    ("x**2", lambda x: x**2, point(0.0)),
    ("x**1", lambda x: x**1, point(0.0)),
    ("x**0", lambda x: x**0, point(0.0)),
    ("x**y", lambda x, y: x**y, point(0.0, 0.0)),
    ("x**y", lambda x, y: x**y, point(0.0, 2.0)),
    ("x**y", lambda x, y: x**y, point(0.0, 0.5)),
    ("x**y", lambda x, y: x**y, point(0.0, -1.0)),
    ("x**y", lambda x, y: x**y, point(-2.0, 3.0)),
    ("x**0.5", lambda x: x**0.5, point(-2.0)),
    ("x**x", lambda x: x**x, point(2.0)),
    ("x**x", lambda x: x**x, point(0.0)),
    ("log(x)", ag.log, point(0.0)),
    ("log(x)", ag.log, point(-1.0)),
    ("log1p(x)", ag.log1p, point(-1.0)),
    ("x * log(x)", lambda x: x * ag.log(x), point(0.0)),
    ("xlogy(x, y)", ag.xlogy, point(0.0, 0.0)),
    ("asin(x)", ag.asin, point(1.0)),
    ("acosh(x)", ag.acosh, point(1.0)),
    ("atanh(x)", ag.atanh, point(1.0)),
    ("where(x > 0, sqrt(x), 0)", lambda x: ag.where(x > 0, ag.sqrt(x), 0.0), point(0.0)),
    ("where(x > 0, sqrt(x), 0)", lambda x: ag.where(x > 0, ag.sqrt(x), 0.0), point(-1.0)),
    ("where(x > 0, x / x, 1)", lambda x: ag.where(x > 0, x / x, 1.0), point(0.0)),
    ("where(x <= 0, exp(x), 1 + x)", lambda x: ag.where(x <= 0, ag.exp(x), 1 + x), point(1000.0)),
    ("logsumexp(v)", ag.logsumexp, entries(1000.0, 1000.0)),
    ("logsumexp(v)", ag.logsumexp, entries(-INF, 0.0)),
    ("logsumexp(v)", ag.logsumexp, entries(-INF, -INF)),
    ("logsumexp(v)", ag.logsumexp, entries(INF, 0.0)),
    ("prod(v)", ag.prod, entries(0.0, 2.0, 3.0)),
    ("prod(v)", ag.prod, entries(0.0, 0.0, 3.0)),
    ("sigmoid(x)", ag.sigmoid, point(1000.0)),
    ("sigmoid(x)", ag.sigmoid, point(40.0)),
    ("tanh(x)", ag.tanh, point(20.0)),
    ("1 / (1 + exp(-x))", lambda x: 1 / (1 + ag.exp(-x)), point(-1000.0)),
    ("log_sigmoid(x)", ag.log_sigmoid, point(-1000.0)),
    ("softplus(x)", ag.softplus, point(1000.0)),
    ("log(1 + exp(x)); use softplus", lambda x: ag.log(1 + ag.exp(x)), point(1000.0)),
    ("x % y", lambda x, y: x % y, point(-5.5, 2.0)),
    ("fmod(x, y)", ag.fmod, point(-5.3, 2.0)),
    ("x / x", lambda x: x / x, point(3.0)),
    ("0 * x", lambda x: 0.0 * x, point(INF)),
]

SQUARES = """\
A convention is a number without a derivative of its own. So the square of a distance, which is
smooth at its centre, keeps the kink of the distance there: `norm(v)**2` at 0 has the Hessian 0,
where that of `sum(v * v)` is 2 times the unit matrix. The same holds for squares of `abs`, `hypot`
and `std`. Write squared distances as `ag.sum(v * v)`, and variances as `np.var(v)`."""

CURVATURES: list[Case] = [
    ("x**2", lambda x: x**2, point(0.0)),
    ("sum(v * v)", lambda v: ag.sum(v * v), entries(0.0, 0.0)),
    ("norm(v)**2; use sum(v * v)", lambda v: ag.norm(v) ** 2, entries(0.0, 0.0)),
    ("hypot(x, 0)**2", lambda x: ag.hypot(x, 0.0) ** 2, point(0.0)),
    ("abs(x)**2", lambda x: abs(x) ** 2, point(0.0)),
    ("relu(x)**2", lambda x: ag.relu(x) ** 2, point(0.0)),
    ("maximum(x, 0)**2", lambda x: ag.maximum(x, 0.0) ** 2, point(0.0)),
    ("abs(x)", abs, point(0.0)),
    ("tanh(x)", ag.tanh, point(1000.0)),
    ("softplus(x)", ag.softplus, point(1000.0)),
    ("where(x > 0, sqrt(x), 0)", lambda x: ag.where(x > 0, ag.sqrt(x), 0.0), point(0.0)),
]


def number(value: float) -> str:
    """Write a number to six digits."""
    return f"{value + 0.0:.6g}"


def written(value: float | ag.Vector) -> str:
    """Write a number, or the entries of a vector."""
    if isinstance(value, ag.Vector):
        if value.dim == 1:
            return number(value.item())
        return f"[{', '.join(map(number, value))}]"
    return number(value)


def together(parts: Iterable[str]) -> str:
    """Put one part as it is, several in parentheses."""
    shown = list(parts)
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


def answer(case: Case) -> str:
    """Ask the package for a case, and write the row of the table."""
    text, fun, at = case
    inputs = [ag.Variable(each) for each in at]
    output = fun(*inputs)
    gradients = ag.grad(output, wrt=inputs)
    return (
        f"| `{text}` | {together(map(written, at))} | {written(output.value)} "
        f"| {together(map(written, gradients))} |"
    )


def curvature(case: Case) -> str:
    """Ask the package for a second derivative, or the row sums of a Hessian, and write the row."""
    text, fun, at = case
    x = ag.Variable(*at)
    output = fun(x)
    (slope,) = ag.grad(output, wrt=[x], create_graph=True)
    (second,) = ag.grad(slope, wrt=[x])
    return f"| `{text}` | {written(*at)} | {written(output.value)} | {written(second)} |"


def interval(domain: tuple[float, float, bool, bool]) -> str:
    """Write a domain as an interval."""
    low, high, has_low, has_high = domain
    if (low, high) == (-INF, INF):
        return "all reals"
    return f"{'[' if has_low else '('}{low:g}, {high:g}{']' if has_high else ')'}"


def operation(row: Row) -> str:
    """Write the row of an operation."""
    domain, kinks, numpy = row["domain"], row["kinks"], row["numpy"]
    assert isinstance(kinks, list)
    assert isinstance(numpy, list)
    intervals = [domain] if isinstance(domain, tuple) else list(domain)  # type: ignore[call-overload]
    arguments = "x" if row["arity"] == 1 else "a, b"
    shown = dict.fromkeys(interval(each) for each in intervals)
    return (
        f"| `{row['name']}({arguments})` | {row['doc']} | {' x '.join(shown)} "
        f"| {', '.join(f'{kink:g}' for kink in sorted(kinks))} "
        f"| {', '.join(f'`{name}`' for name in numpy)} |"
    )


def operations_page() -> str:
    """Write the reference of the operations."""
    rows = [row for row in ag.ops() if row["public"]]
    lines = []
    for arity, title in ((1, "Of one argument"), (2, "Of two arguments")):
        lines += [f"## {title}", ""]
        lines += ["| function | what | domain | kinks | NumPy |", "|---|---|---|---|---|"]
        lines += [operation(row) for row in rows if row["arity"] == arity]
        lines += [""]
    lines += ["## Of whole vectors", "", "| function | what |", "|---|---|"]
    for name in STRUCTURAL:
        function = getattr(ag, name)
        summary = (function.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{name}{signature(function)}` | {summary} |")
    return OPERATIONS + "\n".join(lines) + "\n"


def signature(function: Callable[..., object]) -> str:
    """Write the parameters of a function."""
    return getattr(function, "__text_signature__", None) or "(...)"


def kinks_page() -> str:
    """Write the table of kinks."""
    lines = ["| function | at | value | derivative |", "|---|---|---|---|"]
    lines += map(answer, CASES)
    lines += ["", "## Second derivatives", "", *SQUARES.splitlines(), ""]
    lines += ["| function | at | value | second derivative |"]
    lines += ["|---|---|---|---|", *map(curvature, CURVATURES)]
    lines += ["", "## Kinks of the elementwise operations", ""]
    lines += ["| operation | kinks | what it says |", "|---|---|---|"]
    lines += [
        f"| `{row['name']}` | {', '.join(f'{kink:g}' for kink in sorted(row['kinks']))} "
        f"| {row['doc']} |"
        for row in ag.ops()
        if row["kinks"] and row["public"]
    ]
    return KINKS + "\n".join(lines) + "\n"


def prose(docstring: str) -> Iterable[str]:
    """Turn a docstring of the NumPy style into Markdown."""
    lines = inspect.cleandoc(docstring).splitlines()
    section = ""
    for line, below in zip(lines, [*lines[1:], ""]):
        if below and set(below) == {"-"}:
            section = line
            yield f"**{line}**"
            yield ""
        elif line and set(line) == {"-"}:
            yield from ["```pycon"] if section == "Examples" else []
        elif section in ("Parameters", "Raises", "Returns") and line and line[0] != " ":
            name, _, kind = line.partition(" : ")
            yield f"- `{name}`" + (f" ({kind})" if kind else "")
        else:
            yield line
    if section == "Examples":
        yield from ["", "```"]


def members(of: type) -> Iterable[str]:
    """Write the rows of the attributes and methods of a class."""
    listed = {name for row in ag.ops() for name in (row["name"], *row["numpy"])}
    # What only says what to write instead is no attribute.
    names = [name for name in dir(of) if name[0] != "_" and hasattr(of, name)]
    own = {name: getattr(of, name) for name in names if name not in listed}
    for name, member in sorted(own.items(), key=lambda pair: (callable(pair[1]), pair[0])):
        summary = inspect.cleandoc(member.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
        arguments = re.sub(r"\$(self|cls)(, )?(/, |/)?", "", signature(member))
        arguments = arguments.replace("*args, **kwargs", "...")
        yield f"| `{name}{arguments if callable(member) else ''}` | {summary} |"


def objects_page() -> str:
    """Write the reference of the classes."""
    lines: list[str] = []
    for of in (ag.Variable, ag.Vector):
        lines += [f"## {of.__name__}", "", *prose(of.__doc__ or ""), ""]
        lines += ["| attribute or method | what |", "|---|---|", *members(of), ""]
    lines += ["## GradientDroppedWarning", "", *prose(ag.GradientDroppedWarning.__doc__ or "")]
    return OBJECTS + "\n".join(lines) + "\n"


PAGES = {"objects.md": objects_page, "operations.md": operations_page, "kinks.md": kinks_page}


def main() -> int:
    """Write the pages, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    is_check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not is_check:
                path.write_text(text, encoding="utf-8", newline="\n")
    for name in stale:
        print(f"docs/{name} is {'out of date' if is_check else 'written'}")
    return int(is_check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
