"""Operations with derivatives of their own: around NumPy, SciPy or C code, or for speed."""

from __future__ import annotations

import sys

from autograd_rs._primitive import Primitive
from autograd_rs._tree import described
from autograd_rs.transforms.transform import chosen_argnums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec, TypeVar

    from autograd_rs._primitive import Maker

    P = ParamSpec("P")
    T = TypeVar("T")


def primitive(fun: Callable[P, T]) -> Callable[P, T]:
    """Make a function one operation, whose derivative is what `defvjp` or `defjvp` say.

    Parameters
    ----------
    fun : callable
        Computes a number, or an array, from plain numbers and arrays: with NumPy, SciPy, C code or
        anything else.

    Returns
    -------
    callable
        Takes what `fun` takes, `Variable`s too, by position. With NumPy loaded, `fun` gets the
        values of several entries as arrays, without it as `Vector`s; a single entry is a float.
        Rules get the arguments as they were at the call: constant arrays are copied, unless they
        are not writeable.

    See Also
    --------
    defvjp, defjvp

    Examples
    --------
    >>> import math
    >>> import autograd_rs as ag
    >>> gamma = ag.primitive(math.gamma)
    >>> ag.defvjp(gamma, lambda y, x: lambda y_bar: y_bar * y * ag.digamma(x))
    >>> round(ag.grad(gamma)(3.0), 12)
    1.845568670197
    """
    return Primitive(fun, sys._getframe(1).f_globals.get("__name__"))


def defvjp(
    fun: Callable[..., Any], *makers: Maker | None, argnums: int | Sequence[int] | None = None
) -> None:
    """Say the derivative of a primitive, in reverse mode.

    Parameters
    ----------
    fun : callable
        What `primitive` returned.
    *makers : callable or None
        For each argument, `maker(y, *args, **kwargs)` gives a function from the cotangent of the
        result `y` to that of the argument, which has its shape; None says that the derivative is 0.
    argnums : int or sequence of int, optional
        The arguments that the makers are for, if not the first ones.

    Raises
    ------
    TypeError
        If `fun` is no primitive, or a maker is no function.
    ValueError
        If `argnums` are not as many as the makers.

    Notes
    -----
    A rule that is written with operators, functions of this package, or NumPy functions that it
    supports, can be differentiated again: in higher orders it gets `Variable`s. Forward mode uses
    the same rule, once for each entry of the result, unless `defjvp` says a better one.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> cube = ag.primitive(lambda x: x * x * x)
    >>> ag.defvjp(cube, lambda y, x: lambda y_bar: y_bar * 3 * x * x)
    >>> ag.grad(ag.grad(cube))(2.0)
    12.0
    """
    chosen: dict[int, Any] = dict(paired("defvjp", fun, makers, argnums))
    for place, maker in chosen.items():
        if maker is not None and not callable(maker):
            message = f"defvjp: maker of argument {place}: got {described(maker)}, wanted a"
            raise TypeError(f"{message} function or None")
    primitive_of("defvjp", fun).makers.update(chosen)


def defjvp(
    fun: Callable[..., Any],
    *rules: Callable[..., Any] | str | None,
    argnums: int | Sequence[int] | None = None,
) -> None:
    """Say the derivative of a primitive, in forward mode.

    Parameters
    ----------
    fun : callable
        What `primitive` returned.
    *rules : callable, "same" or None
        For each argument, `rule(tangent, y, *args, **kwargs)` gives the tangent of the result `y`;
        "same" says that the function is linear in it, None that the derivative is 0.
    argnums : int or sequence of int, optional
        The arguments that the rules are for, if not the first ones.

    Raises
    ------
    TypeError
        If `fun` is no primitive, or a rule is none.
    ValueError
        If `argnums` are not as many as the rules.

    Notes
    -----
    Reverse mode uses the same rule, once for each entry of the argument, unless `defvjp` says a
    better one. Where a tangent is infinite or nan, reverse mode decides what it is, but not without
    a rule of `defvjp`: then it stays.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> cube = ag.primitive(lambda x: x * x * x)
    >>> ag.defjvp(cube, lambda x_dot, y, x: x_dot * 3 * x * x)
    >>> ag.jvp(cube, (2.0,), (1.0,))
    (8.0, 12.0)
    """
    chosen: dict[int, Any] = dict(paired("defjvp", fun, rules, argnums))
    for place, rule in chosen.items():
        if rule is not None and rule != "same" and not callable(rule):
            message = f"defjvp: rule of argument {place}: got {described(rule)}, wanted a function,"
            raise TypeError(f"{message} 'same' or None")
    primitive_of("defjvp", fun).pushers.update(chosen)


def primitive_of(op: str, fun: Any) -> Primitive:
    """Require a primitive."""
    if isinstance(fun, Primitive):
        return fun
    message = f"{op}: got {described(fun)}, wanted what primitive(...) returned"
    raise TypeError(message)


def paired(
    op: str, fun: Any, rules: tuple[T, ...], argnums: int | Sequence[int] | None
) -> dict[int, T]:
    """Say which argument each rule is for."""
    primitive_of(op, fun)
    if argnums is None:
        argnums = range(len(rules))
    # Any sequence will do.
    given = tuple(argnums) if hasattr(argnums, "__iter__") else argnums
    places = () if isinstance(given, tuple) and not given else chosen_argnums(op, given)[0]
    if len(places) != len(rules) or not rules:
        message = f"{op}: got {len(rules)} rules for {len(places)} argnums, wanted one for each"
        raise ValueError(message)
    for place in places:
        if place < 0:
            message = f"{op}: argnums: got {described(place)}, wanted ints from 0 on"
            raise TypeError(message)
    return dict(zip(places, rules))
