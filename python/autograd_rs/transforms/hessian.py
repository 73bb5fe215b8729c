"""Second derivatives."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs.transforms.grad import only_number
from autograd_rs.transforms.jacobian import blocks, derivatives
from autograd_rs.transforms.trace import OutputLeaf, Trace, name_of
from autograd_rs.transforms.transform import Transform, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec

    from autograd_rs.transforms.transform import Ran

    P = ParamSpec("P")


class Hessian(Transform):
    """What `hessian` returns."""

    _op = "hessian"
    _summary = "Hessian of"

    def __init__(self, fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> None:
        super().__init__(fun, argnums)
        if self._is_single:
            self._set_plain(fun, "hessian", self._chosen[0])

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], ran: Ran | None) -> Any:
        trace = self._traced(args, kwargs, ran)
        # The gradient is recorded once, and swept once for each of its entries.
        gradient = trace.gradients(only_number(trace).entries, None, is_recorded=True)
        trace.outputs = []
        for form, entries in zip(trace.leaves.forms, gradient):
            output = OutputLeaf(entries, is_array_wanted=form.is_array)
            output.shape = form.shape
            trace.outputs.append(output)
        leaves = []
        for output, own in zip(trace.outputs, derivatives(trace, "rev")):
            trees = blocks(trace, output, own)
            leaves.append(trees[0] if self._is_single else tuple(trees))
        trees = trace.leaves.trees(leaves)
        return trees[0] if self._is_single else tuple(trees)


class Hvp(Transform):
    """What `hvp` returns."""

    _op = "hvp"
    _summary = "Product of a vector and the Hessian of"

    def __init__(self, fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> None:
        super().__init__(fun, argnums)
        if self._is_single and self._chosen == (0,):
            self._set_plain(fun, "product", 0)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], ran: Ran | None) -> Any:
        if len(args) < 2:
            message = f"hvp: got {len(args)} positional arguments, wanted x and v, then what else"
            raise TypeError(f"{message} {name_of(self._fun)} takes")
        x, v, *rest = args
        trace = Trace(self._op, self._fun, (x, *rest), self._chosen, ran and ran[0])
        directions = trace.leaves.matched(v, "v", is_single=self._is_single)
        trace = trace.take(ran[1]) if ran else trace.run(kwargs)
        output = only_number(trace).entries
        trace.is_recorded = trace.is_recorded or any(map(_core.is_tracked, directions))
        if trace.is_recorded:
            products = recorded_product(trace, output, directions)
        else:
            products = _core.hessian_product(output, trace.leaves.variables, directions)
        trees = trace.given_back(products)
        return trees[0] if self._is_single else tuple(trees)


def recorded_product(trace: Trace, output: Any, directions: Sequence[Any]) -> list[Any]:
    """Multiply the Hessian of an output by directions, so that it can be differentiated again."""
    gradient = trace.gradients(output, None, is_recorded=True)
    if len(gradient) == 1:
        return trace.gradients(gradient[0], directions[0], is_recorded=True)
    slope, seed = _core.concatenate(gradient), _core.concatenate(directions)
    return trace.gradients(slope, seed, is_recorded=True)


@named
def hessian(fun: Callable[P, Any], argnums: int | Sequence[int] = 0) -> Callable[P, Any]:
    """Make the Hessian of a function: the matrix of its second derivatives.

    Parameters
    ----------
    fun : callable
        A function that returns a number.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate; negative ones count from the end.

    Returns
    -------
    callable
        Takes what `fun` takes. Returns second derivatives of shape `argument + argument`: an array
        for an array, a list of rows for a `Vector`, a float for a float, nested containers for a
        container.

    Raises
    ------
    ValueError
        If `fun` returns no scalar.

    Notes
    -----
    Of a function that computes with numbers only, eight columns are found in one sweep up and one
    down, and nothing is recorded: of ten entries, for about two gradients. Of a function of whole
    vectors, of containers, and where something infinite or nan takes part, the gradient is
    recorded once, and then read for eight entries at a time.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.hessian(lambda x: x[0] * x[0] * x[1])(ag.Vector([3.0, 5.0]))
    [Vector([10.0, 6.0]), Vector([6.0, 0.0])]
    """
    return Hessian(fun, argnums)


@named
def hvp(fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Make the product of the Hessian of a function and a vector, without the Hessian.

    Parameters
    ----------
    fun : callable
        A function that returns a number.
    argnums : int or sequence of int, default 0
        Which positional arguments of `fun` to differentiate.

    Returns
    -------
    callable
        Takes `(x, v, *args)`: the first argument of `fun`, the vector, and what else `fun` takes;
        what `scipy.optimize.minimize(..., hessp=)` wants. `v` has the structure of what is
        differentiated, and is a tuple if `argnums` is a sequence. Returns `H(x) @ v` in the type
        and structure of the argument, for the price of a few gradients.

    Notes
    -----
    A tangent sweep along `v`, then a reverse sweep that carries adjoints and their tangents:
    Pearlmutter, Fast exact multiplication by the Hessian, 1994, doi:10.1162/neco.1994.6.1.147.
    Where it meets what is infinite or nan, or a `primitive`, the gradient is recorded instead, and
    swept with the seed `v`, which takes a few times as long.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.hvp(lambda x: x[0] * x[0] * x[1])(ag.Vector([3.0, 5.0]), ag.Vector([1.0, 0.0]))
    Vector([10.0, 6.0])
    """
    return Hvp(fun, argnums)
