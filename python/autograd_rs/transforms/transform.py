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
    from typing import Any, TypeAlias, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])
    Ran: TypeAlias = tuple[list[Any], Any]


TAKES_MORE = 0x04
"""Of a function: it has *args (`inspect.CO_VARARGS`)."""


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


def named(transform: F) -> F:
    """Make a function say in our words what is wrong with the names of its arguments."""

    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return transform(*args, **kwargs)
        except TypeError:
            require_names(transform, args, kwargs)
            raise

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(called, name, getattr(transform, name))
    called.__wrapped__ = transform  # type: ignore[attr-defined]
    return called  # type: ignore[return-value]


def require_names(
    transform: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Raise if a name is unknown, or the function to transform is missing."""
    code, op = transform.__code__, transform.__name__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for name in kwargs:
        if name not in names:
            # The name that HIPS autograd has for it.
            is_close = name == "argnum" and "argnums" in names
            wanted = "argnums" if is_close else f"one of {', '.join(names)}"
            message = f"{op}: got an unknown argument {name!r}, wanted {wanted}"
            raise TypeError(message) from None
    if len(args) > code.co_argcount and not code.co_flags & TAKES_MORE:
        message = f"{op}: got {len(args)} arguments, wanted {', '.join(names[: code.co_argcount])}"
        if code.co_argcount == 1:
            message += f"; arguments are for what it returns: {op}(f)(x)"
        raise TypeError(message) from None
    if args and code.co_argcount > 1 and not transform.__defaults__:
        missing = [name for name in names[len(args) : code.co_argcount] if name not in kwargs]
        if missing:
            message = f"{op}: got no {' and no '.join(missing)}, wanted {op}({', '.join(names)})"
            raise TypeError(message) from None
    if not args and names[0] not in kwargs:
        what = "a Variable or a function" if op == "grad" else "a function"
        message = f"{op}: got no first argument, wanted {what}"
        if kwargs:
            options = ", ".join(f"{name}={value!r}" for name, value in kwargs.items())
            message += f"; to decorate a function, use functools.partial({op}, {options})"
        raise TypeError(message) from None


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


def whole(op: str, argnum: Any) -> int:
    """Give the position of an argument as an int."""
    try:
        # An array has the method, too, but for one entry only.
        found: int | None = None if isinstance(argnum, bool) else argnum.__index__()
    except (AttributeError, TypeError):
        found = None
    if found is None:
        message = f"{op}: argnums: got {described(argnum)}, wanted an int or a tuple of ints"
        if not isinstance(argnum, (str, bool)) and argnum is not None:
            message += f"; arguments are for what it returns: {op}(f)(x)"
        raise TypeError(message)
    if abs(found) > sys.maxsize:
        message = f"{op}: argnums: got {described(argnum)}, wanted the position of an argument"
        raise ValueError(message)
    return found


def chosen_argnums(op: str, argnums: Any) -> tuple[tuple[int, ...], bool]:
    """Which arguments are meant, and whether by a single number."""
    is_single = not isinstance(argnums, (tuple, list, range))
    chosen = tuple(whole(op, own) for own in ((argnums,) if is_single else argnums))
    if not chosen:
        message = f"{op}: argnums: got none, wanted one or more"
        raise ValueError(message)
    if len(set(chosen)) < len(chosen):
        message = f"{op}: argnums: got {chosen}, wanted each once"
        raise ValueError(message)
    return chosen, is_single
