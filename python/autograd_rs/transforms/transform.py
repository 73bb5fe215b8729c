"""What all transforms share: a function that stands for another, with its name and manners."""

from __future__ import annotations

import sys
import types

from autograd_rs import _core
from autograd_rs._tree import described
from autograd_rs.transforms.trace import Trace, recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    Ran: TypeAlias = tuple[list[Any], Any]


class Transform(_core.TransformBase):
    """A callable made of a callable, with its name and signature, and picklable if that is.

    A call with a usual argument is native code from end to end. It comes here where an argument, or
    what the function returned, is of another kind.

    Parameters
    ----------
    fun : callable
        What is transformed.
    argnums : int or sequence of int
        Which positional arguments to differentiate.
    """

    _op = "transform"
    _summary = "Transform of"
    _options: tuple[str, ...] = ()
    __wrapped__: Callable[..., Any]

    def __init__(self, fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> None:
        require_callable(self._op, fun)
        for name in ("__module__", "__name__", "__qualname__"):
            if hasattr(fun, name):
                setattr(self, name, getattr(fun, name))
        self.__wrapped__ = fun
        self._fun = fun
        self._argnums = argnums
        self._chosen, self._is_single = chosen_argnums(self._op, argnums)
        self.__doc__ = self._documentation()

    def _start(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Differentiate at arguments of any kind."""
        return recording(self._run, args, kwargs, None)

    def _resume(self, args: tuple[Any, ...], inputs: list[Any], result: Any) -> Any:
        """Go on where the function has run on `inputs`, but the result is not plain."""
        return self._run(args, {}, (inputs, result))

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], ran: Ran | None) -> Any:
        """Give the derivatives at these arguments; `ran` says what the function did, if it ran."""
        raise NotImplementedError

    def _traced(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        ran: Ran | None,
        *,
        has_aux: bool = False,
    ) -> Trace:
        """Run the function, if it has not."""
        trace = Trace(self._op, self._fun, args, self._chosen, ran and ran[0])
        return trace.take(ran[1]) if ran else trace.run(kwargs, has_aux=has_aux)

    def _documentation(self) -> str:
        places = " and ".join(map(str, self._chosen))
        name = getattr(self._fun, "__name__", None) or type(self._fun).__name__
        summary = f"{self._summary} `{name}` with respect to argument {places}."
        doc = getattr(self._fun, "__doc__", None)
        return f"{summary}\n\n{doc}" if isinstance(doc, str) else summary

    def __repr__(self) -> str:
        options = [f"argnums={self._argnums!r}"] if self._argnums != 0 else []
        for name in self._options:
            value = getattr(self, f"_{name}")
            if value != getattr(type(self), f"_{name}"):
                options.append(f"{name}={value!r}")
        return f"{self._op}({', '.join([repr(self._fun), *options])})"

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind as a function does, so that methods can be transformed."""
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        """Pickle by name what stands where its name says, as a decorated function does."""
        name = getattr(self, "__qualname__", "")
        if is_found_under(self, name):
            return name
        options = {name: getattr(self, f"_{name}") for name in self._options}
        return restored, (type(self), self._fun, self._argnums, options)


def require_callable(op: str, fun: object) -> None:
    """Raise unless `fun` is a function."""
    if not callable(fun):
        message = f"{op}: got {described(fun)}, wanted a function"
        raise TypeError(message)


def is_found_under(x: Any, qualified_name: str) -> bool:
    """Whether `x` stands under this name in its module."""
    found: Any = sys.modules.get(x.__module__)
    for name in qualified_name.split("."):
        found = getattr(found, name, None)
    return found is x


def restored(
    kind: type[Transform], fun: Callable[..., Any], argnums: Any, options: dict[str, Any]
) -> Transform:
    """Make a transform from what its pickle keeps."""
    return kind(fun, argnums, **options)


def chosen_argnums(op: str, argnums: Any) -> tuple[tuple[int, ...], bool]:
    """Which arguments are meant, and whether by a single number."""
    is_single = not isinstance(argnums, (tuple, list))
    chosen = (argnums,) if is_single else tuple(argnums)
    for argnum in chosen:
        if isinstance(argnum, bool) or not hasattr(argnum, "__index__"):
            message = f"{op}: argnums: got {described(argnum)}, wanted an int or a tuple of ints"
            raise TypeError(message)
    if not chosen:
        message = f"{op}: argnums: got none, wanted one or more"
        raise ValueError(message)
    chosen = tuple(argnum.__index__() for argnum in chosen)
    if len(set(chosen)) < len(chosen):
        message = f"{op}: argnums: got {chosen}, wanted each once"
        raise ValueError(message)
    return chosen, is_single
