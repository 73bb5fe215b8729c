"""Operations with derivatives of their own: around NumPy, SciPy or C code, or for speed."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._tree import described, is_array, loaded_numpy
from autograd_rs.transforms.transform import require_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")

    Maker = Callable[..., Callable[[Any], Any]]


class Primitive:
    """What `primitive` returns: a function that is one operation.

    Parameters
    ----------
    fun : callable
        Computes the value from plain numbers and arrays.
    """

    __wrapped__: Callable[..., Any]

    def __init__(self, fun: Callable[..., Any]) -> None:
        require_callable("primitive", fun)
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            if hasattr(fun, name):
                setattr(self, name, getattr(fun, name))
        self.__wrapped__ = fun
        self.makers: dict[int, Maker | None] = {}
        self.pushers: dict[int, Callable[..., Any] | str | None] = {}

    def __repr__(self) -> str:
        return f"primitive({self.__wrapped__!r})"

    def __reduce__(self) -> str:
        # By name: the rules stay with the module that defines them.
        return str(getattr(self, "__qualname__", "primitive"))

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind as a function does."""
        import types

        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute, and record that as one operation if a `Variable` is among the arguments."""
        places = [place for place, x in enumerate(args) if holds_variables(x)]
        for key, x in kwargs.items():
            if holds_variables(x):
                message = f"{self._name}: {key} is a Variable, wanted by position: the rules count"
                raise TypeError(f"{message} positional arguments")
        if not places:
            return self.__wrapped__(*args, **kwargs)
        operands = [operand_of(args[place]) for place in places]
        shapes = [shape_of(args[place]) for place in places]
        plain = list(args)
        for place, operand, shape in zip(places, operands, shapes):
            plain[place] = shown(operand.value, shape)
        value = self.__wrapped__(*plain, **kwargs)
        rule = Rule(self, plain, kwargs, places, shapes, value)
        return rule.opened(_core.record_custom(flat(value), operands, rule))

    @property
    def _name(self) -> str:
        return str(getattr(self, "__name__", "primitive"))


class Rule:
    """The derivatives of one call of a primitive, as sweeps ask for them."""

    def __init__(
        self,
        primitive: Primitive,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        places: Sequence[int],
        shapes: Sequence[tuple[int, ...] | None],
        value: Any,
    ) -> None:
        self.name = primitive._name  # as messages and pictures call the operation
        self._primitive = primitive
        self._args = args
        self._kwargs = kwargs
        self._places = places
        self._shapes = shapes
        self._shape = value.shape if is_array(value) else None
        self._plain = value

    def opened(self, result: Any) -> Any:
        """Give a result in the shape that the function gave it."""
        return result if isinstance(result, Variable) is False else shown(result, self._shape)

    def _arguments(self, operands: Sequence[Any]) -> list[Any]:
        """Give the arguments of the call: in a recorded sweep `Variable`s."""
        args = list(self._args)
        for place, operand, shape in zip(self._places, operands, self._shapes):
            if isinstance(operand, Variable):
                args[place] = shown(operand, shape)
        return args

    def _answer(self, y: Any) -> Any:
        return shown(y, self._shape) if isinstance(y, Variable) else self._plain

    @property
    def has_reverse(self) -> bool:
        """Whether each cotangent has a rule of its own, and is not made of tangents."""
        return all(place in self._primitive.makers for place in self._places)

    def pull_back(self, y_bar: Any, y: Any, operands: Sequence[Any]) -> list[Any]:
        """Cotangents of the operands."""
        args, answer = self._arguments(operands), self._answer(y)
        bar = shown(y_bar, self._shape)
        return [
            self._cotangent(place, index, bar, answer, args)
            for index, place in enumerate(self._places)
        ]

    def _cotangent(self, place: int, index: int, bar: Any, answer: Any, args: list[Any]) -> Any:
        primitive = self._primitive
        if place in primitive.makers:
            maker = primitive.makers[place]
            if maker is None:
                return None
            return flat(maker(answer, *args, **self._kwargs)(bar))
        if place not in primitive.pushers:
            message = (
                f"{primitive._name}: no derivative with respect to argument {place}; give one by "
                f"defvjp({primitive._name}, ...), or None if it is 0"
            )
            raise NotImplementedError(message)
        # Only the forward rule is known: the cotangent, entry by entry.
        entries = [
            inner(bar, self._tangent(place, unit, answer, args))
            for unit in self._unit_arguments(index)
        ]
        return entries[0] if len(entries) == 1 else _core.concatenate(entries)

    def push_forward(self, tangents: Sequence[Any], y: Any, operands: Sequence[Any]) -> Any:
        """Tangent of the output."""
        args, answer = self._arguments(operands), self._answer(y)
        total = None
        for place, shape, tangent in zip(self._places, self._shapes, tangents):
            if tangent is None:
                continue
            term = self._pushed(place, shown(tangent, shape), y, answer, args)
            if term is not None:
                total = term if total is None else total + term
        return flat(total)

    def _pushed(self, place: int, tangent: Any, y: Any, answer: Any, args: list[Any]) -> Any:
        primitive = self._primitive
        if place in primitive.pushers:
            return self._tangent(place, tangent, answer, args)
        if place not in primitive.makers:
            message = (
                f"{primitive._name}: no derivative with respect to argument {place}; give one by "
                f"defjvp({primitive._name}, ...) or defvjp({primitive._name}, ...)"
            )
            raise NotImplementedError(message)
        maker = primitive.makers[place]
        if maker is None:
            return None
        # Only the reverse rule is known: the tangent, entry by entry.
        pull = maker(answer, *args, **self._kwargs)
        entries = [inner(pull(shown(unit, self._shape)), tangent) for unit in unit_rows(y.dim)]
        joined = entries[0] if len(entries) == 1 else _core.concatenate(entries)
        return shown(joined, self._shape)

    def _tangent(self, place: int, tangent: Any, answer: Any, args: list[Any]) -> Any:
        pusher = self._primitive.pushers[place]
        if pusher is None:
            return None
        if pusher == "same":
            own = list(args)
            own[place] = tangent
            return self._primitive(*own, **self._kwargs)
        assert callable(pusher)
        return pusher(tangent, answer, *args, **self._kwargs)

    def _unit_arguments(self, index: int) -> list[Any]:
        shape = self._shapes[index]
        argument = self._args[self._places[index]]
        dim = 1 if shape is None and not hasattr(argument, "__len__") else len(flat(argument))
        return [shown(unit, shape) for unit in unit_rows(dim)]


def holds_variables(x: object) -> bool:
    """Whether an argument is a `Variable`, or an array with some in it."""
    if isinstance(x, Variable):
        return True
    if not is_array(x) or x.dtype.kind != "O":  # type: ignore[attr-defined]
        return False
    return any(isinstance(entry, Variable) for entry in x.flat)  # type: ignore[attr-defined]


def operand_of(x: Any) -> Any:
    """Make one operand of an argument."""
    return x if isinstance(x, Variable) else _core.concatenate(x.ravel().tolist())


def shape_of(x: Any) -> tuple[int, ...] | None:
    """Give the shape of an array; None for a `Variable`, whose value may be a number or a row."""
    return x.shape if is_array(x) else None


def shown(entries: Any, shape: tuple[int, ...] | None) -> Any:
    """Show entries as the function of a primitive knows them: a float, or an array."""
    numpy = loaded_numpy()
    if isinstance(entries, Vector):
        if shape is not None:
            return numpy.array(entries).reshape(shape)
        if entries.dim == 1:
            return entries.item()
        return entries if numpy is None else numpy.array(entries)
    if isinstance(entries, Variable) and shape is not None and len(shape) != 1:
        array = numpy.empty(len(entries), dtype=object)
        array[:] = list(entries)
        return array.reshape(shape)
    return entries


def flat(x: Any) -> Any:
    """Put what a rule or a function gave into one row."""
    if is_array(x) and x.ndim != 1:
        x = x.ravel()
    if is_array(x) and x.dtype.kind == "O":
        return _core.concatenate(x.tolist())
    return x


def inner(a: Any, b: Any) -> Any:
    """Inner product of two results of rules."""
    if b is None:
        return 0.0
    return _core.sum(flat(a) * flat(b))


def unit_rows(dim: int) -> list[Vector]:
    """Make the rows of the unit matrix."""
    rows = [Vector.zeros(dim) for _ in range(dim)]
    for place, row in enumerate(rows):
        row[place] = 1.0
    return rows


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
    return Primitive(fun)


def defvjp(
    fun: Callable[..., Any], *makers: Maker | None, argnums: Sequence[int] | None = None
) -> None:
    """Say the derivative of a primitive, in reverse mode.

    Parameters
    ----------
    fun : callable
        What `primitive` returned.
    *makers : callable or None
        For each argument, `maker(y, *args, **kwargs)` gives a function from the cotangent of the
        result `y` to that of the argument; None says that the derivative is 0.
    argnums : sequence of int, optional
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
    argnums: Sequence[int] | None = None,
) -> None:
    """Say the derivative of a primitive, in forward mode.

    Parameters
    ----------
    fun : callable
        What `primitive` returned.
    *rules : callable, "same" or None
        For each argument, `rule(tangent, y, *args, **kwargs)` gives the tangent of the result `y`;
        "same" says that the function is linear in it, None that the derivative is 0.
    argnums : sequence of int, optional
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


def paired(op: str, fun: Any, rules: tuple[T, ...], argnums: Sequence[int] | None) -> dict[int, T]:
    """Say which argument each rule is for."""
    primitive_of(op, fun)
    places: list[Any] = list(range(len(rules)) if argnums is None else argnums)
    if len(places) != len(rules) or not rules:
        message = f"{op}: got {len(rules)} rules for {len(places)} argnums, wanted one for each"
        raise ValueError(message)
    for place in places:
        if type(place) is not int or place < 0:
            message = f"{op}: argnums: got {described(place)}, wanted ints from 0 on"
            raise TypeError(message)
    return dict(zip(places, rules))
