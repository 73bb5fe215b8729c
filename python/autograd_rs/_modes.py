"""Modes: what operations do besides computing, each in its own context."""

from __future__ import annotations

from autograd_rs._core import ModeBase, Variable
from autograd_rs._tree import Flattener, described, is_array, nest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    from typing_extensions import Self

    F = TypeVar("F", bound="Callable[..., Any]")
    T = TypeVar("T")


class Mode(ModeBase):
    """A mode of the current thread or asyncio task, as a context manager and a decorator.

    One object may be entered again while it is in force, and by several threads or tasks.

    Parameters
    ----------
    function : callable, optional
        What is to run in this mode, where the mode decorates without parentheses.
    """

    _name: str

    if TYPE_CHECKING:

        @overload
        def __new__(cls, function: None = None) -> Self: ...
        @overload
        def __new__(cls, function: F) -> F: ...  # type: ignore[misc]

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        return mode if function is None else mode(function)

    def __call__(self, function: F) -> F:
        """Make a function that runs in this mode."""
        import functools  # decorating is rare, importing this package is not

        require_function(type(self).__name__, function)

        @functools.wraps(function)
        def run_in_mode(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return run_in_mode  # type: ignore[return-value]


def require_function(name: str, function: Any) -> None:
    """Raise unless `function` does all of its work while it is called."""
    import inspect

    if inspect.isclass(function):
        message = f"{name}: got class {function.__name__}, wanted a function; decorate its methods"
        raise TypeError(message)
    if not callable(function):
        message = f"{name}: got {described(function)}, wanted a function"
        raise TypeError(message)
    for runs in (function, type(function).__call__):
        if (
            inspect.isgeneratorfunction(runs)
            or inspect.iscoroutinefunction(runs)
            or inspect.isasyncgenfunction(runs)
        ):
            message = (
                f"{name}: got a generator or coroutine function, which runs in pieces; use the "
                "mode as a context inside of it"
            )
            raise TypeError(message)


class enable_grad(Mode):  # noqa: N801 (named as its siblings)
    """Record inside of `no_grad`, as transforms do."""

    _name = "enable_grad"


class no_grad(Mode):  # noqa: N801 (the field's own name for it)
    """Compute without recording: results have no gradient.

    Transforms record all the same what the functions do that they are given.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> x = ag.Variable(2.0)
    >>> with ag.no_grad():
    ...     y = x * x
    >>> y.is_leaf
    True
    """

    _name = "no_grad"


class detect_anomaly(Mode):  # noqa: N801 (the field's own name for it)
    """Raise at the first nan or inf, forward or backward, and say where it came from.

    The error names the operation, the values of its operands, and the file and line that ran it;
    in derivatives of derivatives that of the operation they come from. Also told of, by warnings,
    is every product of 0 and inf that a sweep counts as 0. Operations on `Variable`s are looked at,
    and derivatives: not what is computed from plain numbers and `Vector`s. Computing is slower.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> x = ag.Variable(0.0)
    >>> with ag.detect_anomaly():
    ...     try:
    ...         y = ag.log(x)
    ...     except ArithmeticError:
    ...         print("found")
    found
    """

    _name = "anomaly"


def stop_gradient(tree: T) -> T:
    """Give the same values without their gradients.

    Parameters
    ----------
    tree : Variable, array of Variables, or a container of them
        The values; what is no Variable is left as it is.

    Returns
    -------
    same type
        Equal values, through which no derivative flows.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.grad(lambda x: x * ag.stop_gradient(x))(3.0)
    3.0
    """
    if isinstance(tree, Variable):
        return tree.detach()  # type: ignore[return-value]
    flattener = Flattener("stop_gradient", lambda _x, _place: True)
    spec = flattener.flatten(tree, "tree")
    return nest(spec, [detached(leaf) for leaf in flattener.leaves])  # type: ignore[no-any-return]


def detached(leaf: Any) -> Any:
    """Give a leaf without its gradient."""
    if isinstance(leaf, Variable):
        return leaf.detach()
    if is_array(leaf) and leaf.dtype.kind == "O":
        copy = leaf.copy()
        for place, entry in enumerate(leaf.flat):
            copy.flat[place] = stop_gradient(entry)
        return copy
    return leaf
