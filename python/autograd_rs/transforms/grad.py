"""Gradients of functions."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable
from autograd_rs.transforms.trace import Trace, name_of
from autograd_rs.transforms.transform import Transform, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Literal, ParamSpec, overload

    from autograd_rs._core import Vector
    from autograd_rs.transforms.trace import OutputLeaf
    from autograd_rs.transforms.transform import Ran

    P = ParamSpec("P")


class ValueAndGrad(Transform):
    """What `value_and_grad` returns."""

    _op = "value_and_grad"
    _summary = "Value and gradient of"
    _kind = "value_and_gradient"
    _options = ("has_aux",)
    _has_aux = False

    def __init__(
        self,
        fun: Callable[..., Any],
        argnums: int | Sequence[int] = 0,
        *,
        has_aux: bool = False,
    ) -> None:
        super().__init__(fun, argnums)
        self._has_aux = bool(has_aux)
        if self._is_single and not has_aux:
            self._set_plain(fun, self._kind, self._chosen[0])

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], ran: Ran | None) -> Any:
        trace = self._traced(args, kwargs, ran, has_aux=self._has_aux)
        gradients = trace.gradients(only_number(trace).entries, None, is_recorded=trace.is_recorded)
        trees = trace.given_back(gradients)
        return self._given(trace, trees[0] if self._is_single else tuple(trees))

    def _given(self, trace: Trace, gradient: Any) -> Any:
        """Put together what is returned."""
        value = trace.value()
        return ((value, trace.released(trace.aux)) if self._has_aux else value), gradient


class Grad(ValueAndGrad):
    """What `grad` of a function returns."""

    _op = "grad"
    _summary = "Gradient of"
    _kind = "gradient"

    def _given(self, trace: Trace, gradient: Any) -> Any:
        return (gradient, trace.released(trace.aux)) if self._has_aux else gradient


class ElementwiseGrad(Transform):
    """What `elementwise_grad` returns."""

    _op = "elementwise_grad"
    _summary = "Derivative, entry by entry, of"

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], ran: Ran | None) -> Any:
        trace = self._traced(args, kwargs, ran)
        output = trace.joined()
        gradients = trace.gradients(output, None, is_recorded=trace.is_recorded)
        trees = trace.given_back(gradients)
        return trees[0] if self._is_single else tuple(trees)


def only_number(trace: Trace) -> OutputLeaf:
    """Find the output of a function that must return a number."""
    name = name_of(trace.fun)
    if len(trace.outputs) == 1 and trace.spec is None:
        output = trace.outputs[0]
        if output.shape == () or output.shape.count(1) == len(output.shape):
            return output
        message = (
            f"{trace.op}: {name} returned shape {output.shape}, wanted a scalar; use "
            f"jacobian({name}) or sum the result"
        )
        raise ValueError(message)
    message = (
        f"{trace.op}: {name} returned {trace.described_result()}, wanted a scalar; use "
        f"jacobian({name}), or has_aux=True for results that are not differentiated"
    )
    raise ValueError(message)


@named
def value_and_grad(
    fun: Callable[P, Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[P, tuple[Any, Any]]:
    """Make a function that gives the value of `fun` and its gradient.

    Parameters
    ----------
    fun : callable
        A function that returns a number.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate; negative ones count from the end.
    has_aux : bool, default False
        Whether `fun` returns a pair `(number, aux)`; then the value is `(number, aux)`.

    Returns
    -------
    callable
        Takes what `fun` takes. Returns `(value, gradient)`: what
        `scipy.optimize.minimize(..., jac=True)` wants.

    Raises
    ------
    ValueError
        If `fun` returns no scalar, or `argnums` says arguments that are not there.
    TypeError
        If an argument cannot be differentiated with respect to, or `fun` makes a float of what
        depends on one.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.value_and_grad(lambda x: x * x * x)(2.0)
    (8.0, 12.0)
    >>> ag.value_and_grad(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 5.0})
    (10.0, {'a': 5.0, 'b': 2.0})
    """
    return ValueAndGrad(fun, argnums, has_aux=has_aux)


@named
def elementwise_grad(fun: Callable[P, Any], argnums: int | Sequence[int] = 0) -> Callable[P, Any]:
    """Make the derivative of a function that works entry by entry.

    Parameters
    ----------
    fun : callable
        A function each entry of whose result depends on that entry of its argument only.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate.

    Returns
    -------
    callable
        Takes what `fun` takes. Returns the derivative of the sum of the result, which is the
        derivative of each entry, in the type and shape of the argument.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.elementwise_grad(lambda x: x * x)(ag.Vector([1.0, 2.0, 3.0]))
    Vector([2.0, 4.0, 6.0])
    """
    return ElementwiseGrad(fun, argnums)


if TYPE_CHECKING:

    @overload
    def grad(x: Variable) -> None: ...
    @overload
    def grad(
        x: Variable, *, wrt: None = None, seed: Any = None, create_graph: bool = False
    ) -> None: ...
    @overload
    def grad(
        x: Variable,
        *,
        wrt: Iterable[Variable],
        seed: Any = None,
        create_graph: Literal[False] = False,
    ) -> list[Vector]: ...
    @overload
    def grad(
        x: Variable, *, wrt: Iterable[Variable], seed: Any = None, create_graph: Literal[True]
    ) -> list[Variable]: ...
    @overload
    def grad(
        x: Callable[P, Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
    ) -> Callable[P, Any]: ...


def grad(
    x: Any,
    argnums: int | Sequence[int] = 0,
    *,
    has_aux: bool = False,
    wrt: Any = None,
    seed: Any = None,
    create_graph: bool = False,
) -> Any:
    """Differentiate a result, or make the gradient of a function.

    Parameters
    ----------
    x : Variable or callable
        With a `Variable`, sets `.grad` of every leaf it was computed from, overwriting what was
        there; with `wrt`, returns derivatives instead. With a function that returns a number,
        returns the function that gives its gradient.
    argnums : int or sequence of int, default 0
        Of a function: which positional arguments to differentiate; negative ones count from the
        end.
    has_aux : bool, default False
        Of a function: whether it returns a pair `(number, aux)`; then `(gradient, aux)` is
        returned.
    wrt : list of Variable, optional
        Of a `Variable`: what to differentiate with respect to; `.grad` is left alone.
    seed : number or Vector, optional
        Of a `Variable`: the first cotangent, ones if it is not given.
    create_graph : bool, default False
        Of a `Variable`, with `wrt`: whether to record the derivatives, so that they can be
        differentiated again.

    Returns
    -------
    None, list or callable
        None for a `Variable`; the list of its derivatives with `wrt`, 0 where it does not depend
        on one; for a function, the function that takes what it takes and returns the gradient in
        the type and structure of the argument, exactly 0 where the result depends on none.

    Raises
    ------
    TypeError
        If `x` does not depend on any `Variable`, or is no function; of the gradient of a function,
        if that makes a float of what depends on its arguments.
    ValueError
        If the function returns no scalar.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> a, b = ag.Variable(2.0), ag.Variable(3.0)
    >>> ag.grad(a * a * b)
    >>> a.grad, b.grad
    (Vector(12.0), Vector(4.0))
    >>> ag.grad(ag.sin)(0.0)
    1.0
    """
    if type(x) is Variable:
        if type(argnums) is not int or argnums or has_aux:
            message = (
                "grad: got a Variable with argnums or has_aux, which are for a function; wanted "
                "wrt=[...] by its name"
            )
            raise TypeError(message)
        return _core.grad(x, wrt=wrt, seed=seed, create_graph=create_graph)
    if callable(x):
        if wrt is not None or seed is not None or create_graph:
            message = (
                "grad: got a function with wrt, seed or create_graph, which are for a Variable; "
                "wanted argnums and has_aux"
            )
            raise TypeError(message)
        return Grad(x, argnums, has_aux=has_aux)
    return _core.grad(x, wrt=wrt, seed=seed, create_graph=create_graph)


if not TYPE_CHECKING:
    # One result and nothing else goes straight to the sweep.
    grad = _core.native_grad(named(grad))
