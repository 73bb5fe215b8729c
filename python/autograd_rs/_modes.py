"""Modes: what operations do besides computing, each in its own context."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable
from autograd_rs._tree import Flattener, is_array, nest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, TypeVar

    F = TypeVar("F", bound="Callable[..., Any]")
    T = TypeVar("T")


class Mode:
    """A mode of the current thread or asyncio task, as a context manager and a decorator."""

    _name: str

    def __init__(self) -> None:
        self._tokens: list[Any] = []

    def __enter__(self) -> None:
        self._tokens.append(_core.enter_mode(self._name))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _core.exit_mode(self._tokens.pop())

    def __call__(self, function: F) -> F:
        """Make a function that runs in this mode."""
        import functools  # decorating is rare, importing this package is not
        import inspect

        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            message = (
                f"{type(self).__name__}: got a generator or coroutine function, which runs in "
                "pieces; use the mode as a context inside of it"
            )
            raise TypeError(message)

        @functools.wraps(function)
        def run_in_mode(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return run_in_mode  # type: ignore[return-value]


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

    The error names the operation, the values of its operands, and the file and line that ran it.
    Also told of is every product of 0 and inf that a sweep counts as 0. Computing is slower.

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
