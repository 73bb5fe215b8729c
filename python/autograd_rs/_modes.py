"""Modes: what operations do besides computing, each in its own context."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, TypeVar

from autograd_rs import _core

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

F = TypeVar("F", bound="Callable[..., Any]")


class Mode(contextlib.AbstractContextManager[None]):
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

        @functools.wraps(function)
        def run_in_mode(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return run_in_mode  # type: ignore[return-value]


class no_grad(Mode):  # noqa: N801 (the field's own name for it)
    """Compute without recording: results have no gradient.

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
