"""Derivatives along a direction, forward and backward."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._leaves import directions
from autograd_rs._tree import described, nest
from autograd_rs.transforms.trace import Trace, constant, recording
from autograd_rs.transforms.transform import named, require_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from autograd_rs.transforms.transform import Ran


def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Value of a function, and its derivative along a direction: forward mode.

    Parameters
    ----------
    fun : callable
        A function that returns numbers.
    primals : tuple
        Its positional arguments, all of which are differentiated.
    tangents : tuple
        The direction: for each argument one of its structure.

    Returns
    -------
    tuple
        `(fun(*primals), tangent)`, the tangent in the structure of the value.

    Raises
    ------
    TypeError
        If `primals` or `tangents` is no tuple or list, or `fun` cannot be differentiated.
    ValueError
        If the structure or the shapes of `tangents` are not those of `primals`.

    Notes
    -----
    One sweep, whatever the number of results. Where an entry of the tangent would be infinite or
    nan, it is what reverse mode gives, in which an adjoint of exactly 0 contributes 0; each such
    entry costs a sweep through what it depends on. A direction of exactly 0 contributes 0, too.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 3.0)
    """
    found: tuple[Any, Any] = _resume(fun, primals, tangents, None)
    return found


def _resume(fun: Any, primals: Any, tangents: Any, ran: Ran | None) -> Any:
    """Differentiate at arguments of any kind; `ran` says what the function did, if it ran."""
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            message = f"jvp: {name}: got {described(given)}, wanted a tuple of arguments"
            raise TypeError(message)
    require_callable("jvp", fun)
    return recording(_jvp, fun, primals, tangents, ran)


if not TYPE_CHECKING:
    # The usual arguments are native code from end to end.
    jvp = _core.native_jvp(named(jvp), _resume)


def _jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], ran: Ran | None
) -> tuple[Any, Any]:
    trace = Trace("jvp", fun, tuple(primals), range(len(primals)), ran and ran[0])
    directions = trace.leaves.matched(tangents, "tangents", is_single=False)
    trace = trace.take(ran[1]) if ran else trace.run({})
    trace.is_recorded = trace.is_recorded or any(map(_core.is_tracked, directions))
    output = trace.joined()
    pushed = _core.push_forward(output, trace.leaves.variables, directions, trace.is_recorded)
    if pushed is None:
        zeros = Vector.zeros(output.dim)
        pushed = constant(zeros) if trace.is_recorded else zeros
    parts = [
        own.recorded(part) if trace.is_recorded else own.shaped(part)
        for own, part in zip(trace.outputs, trace.split(pushed))
    ]
    return trace.value(), nest(trace.spec, parts)


class Pullback:
    """What `vjp` returns besides the value: cotangents of the result in, of the arguments out."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __repr__(self) -> str:
        return f"vjp({self._trace.fun!r}, ...)[1]"

    def __copy__(self) -> Pullback:
        # What it was run on is on the tape once, and does not change.
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Pullback:
        return self

    def __reduce__(self) -> Any:
        message = (
            f"vjp: got {self!r} to pickle, which holds a graph that is in this process only; "
            "pickle the function and its arguments, and call vjp again"
        )
        raise TypeError(message)

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """Pull back a cotangent, of the structure of the result."""
        result: tuple[Any, ...] = recording(self._run, cotangent)
        return result

    def _run(self, cotangent: Any) -> tuple[Any, ...]:
        trace = self._trace
        entries = self._entries(cotangent)
        output = trace.joined()
        seed = entries[0] if len(entries) == 1 else _core.concatenate(entries)
        is_recorded = trace.is_recorded or any(isinstance(x, Variable) for x in entries)
        gradients = trace.gradients(output, seed, is_recorded=is_recorded)
        return tuple(trace.given_back(gradients, is_recorded=is_recorded))

    def _entries(self, cotangent: Any) -> list[Any]:
        """Cut a cotangent into the entries for each output."""
        trace = self._trace
        found = directions("vjp", cotangent, "cotangent", trace.spec, "the result")
        for direction, output in zip(found, trace.outputs):
            direction.require_shape("vjp", output.shape, "the result")
        return [direction.entries for direction in found]


# What messages of the interpreter name.
Pullback.__call__.__qualname__ = "pullback"


class ValueAndPullback(tuple[object, ...]):
    """What `vjp` returns: a tuple that says what it is when it is called."""

    __slots__ = ()

    def __call__(self, *_cotangents: Any) -> Any:
        """Raise: the second entry is what can be called."""
        message = (
            "vjp: got a call of the pair (value, pullback), wanted one of the pullback; write "
            "value, pullback = vjp(f, x), then pullback(cotangent)"
        )
        raise TypeError(message)

    def __reduce__(self) -> Any:
        return tuple, (tuple(self),)


@named
def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Value of a function, and the function that pulls cotangents back: reverse mode.

    Parameters
    ----------
    fun : callable
        A function that returns numbers.
    *primals
        Its arguments, all of which are differentiated.
    has_aux : bool, default False
        Whether `fun` returns a pair `(result, aux)`.

    Returns
    -------
    tuple
        `(fun(*primals), pullback)`, and aux if there is one. `pullback` takes a cotangent in the
        structure of the value, any number of times, and returns a tuple with one for each
        argument.

    Raises
    ------
    TypeError
        If `fun` cannot be differentiated.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> value, pullback = ag.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, pullback(1.0)
    (6.0, (3.0, 2.0))
    """
    require_callable("vjp", fun)
    return recording(_vjp, fun, primals, has_aux)


def _vjp(fun: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool) -> Any:
    trace = Trace("vjp", fun, primals, range(len(primals))).run({}, has_aux=has_aux)
    if has_aux:
        return ValueAndPullback((trace.value(), Pullback(trace), trace.released(trace.aux)))
    return ValueAndPullback((trace.value(), Pullback(trace)))
