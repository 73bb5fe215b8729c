"""The objects behind `primitive`: calls that are one operation, and the rules of each."""

from __future__ import annotations

import sys

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._held import Held, bytes_of
from autograd_rs._tree import described, is_array, is_number, loaded_numpy
from autograd_rs.transforms.transform import is_found_under, require_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Maker = Callable[..., Callable[[Any], Any]]


class Primitive:
    """What `primitive` returns: a function that is one operation.

    Parameters
    ----------
    fun : callable
        Computes the value from plain numbers and arrays.
    home : str, optional
        The module that it is made in.
    """

    __wrapped__: Callable[..., Any]

    def __init__(self, fun: Callable[..., Any], home: str | None = None) -> None:
        require_callable("primitive", fun)
        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            if hasattr(fun, name):
                setattr(self, name, getattr(fun, name))
        if home is not None:
            # The function may be of another module, which does not know the primitive.
            self.__module__ = home
        self.__wrapped__ = fun
        self.makers: dict[int, Maker | None] = {}
        self.pushers: dict[int, Callable[..., Any] | str | None] = {}
        self._kept: dict[int | str, Any] = {}
        self._held = Held()
        # What the function holds is shared by all calls, and counts for the first.
        self._own_bytes: int | None = None

    def __repr__(self) -> str:
        return f"primitive({self.__wrapped__!r})"

    def __reduce__(self) -> Any:
        # By name if there is one: the rules stay with the module that defines them.
        own = getattr(self, "__qualname__", "")
        if is_found_under(self, own):
            return own
        for name, found in vars(sys.modules.get(self.__module__, object)).items():
            if found is self:
                return name
        return restored, (self.__wrapped__, self.__module__, self.makers, self.pushers)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Bind as a function does."""
        import types

        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute, and record that as one operation if a `Variable` is among the arguments."""
        places = [place for place, x in enumerate(args) if holds_variables(x)]
        self._require_countable(args, kwargs, places)
        if not places:
            return self.__wrapped__(*args, **kwargs)
        operands = [operand_of(args[place]) for place in places]
        shapes = [shape_of(args[place]) for place in places]
        plain = list(args)
        # The rules get the arguments as they are now: the caller and the function may write to
        # theirs. Those that are differentiated are on the tape.
        kept: list[Any] = [None if i in places else self._keep(i, x) for i, x in enumerate(args)]
        kept_by_name = {key: self._keep(key, x) for key, x in kwargs.items()}
        for place, operand, shape in zip(places, operands, shapes):
            plain[place] = shown(operand.value, shape)
        value = self.__wrapped__(*plain, **kwargs)
        shape = shape_of(value)
        rule = Rule(self, kept, kept_by_name, places, shapes, shape)
        held = self._bytes_of(kept, kept_by_name)
        result = _core.record_custom(flat(value), operands, rule, held)
        return shown(result, shape) if isinstance(result, Variable) else result

    def _require_countable(
        self, args: Sequence[Any], kwargs: dict[str, Any], places: Sequence[int]
    ) -> None:
        """Raise where a `Variable` is at a place that no rule is for."""
        for key, x in kwargs.items():
            if holds_variables(x):
                message = f"{self._name}: {key} is a Variable, wanted by position: the rules count"
                raise TypeError(f"{message} positional arguments")
        named = [(f"argument {i}", x) for i, x in enumerate(args) if i not in places]
        for what, x in [*named, *kwargs.items()]:
            if isinstance(x, (dict, list, tuple)) and contains_variables(x):
                message = (
                    f"{self._name}: {what}: got a {type(x).__name__} with a Variable in it, wanted "
                    "Variables as arguments of their own: the rules are for these; put numbers "
                    "together by stack(...)"
                )
                raise TypeError(message)

    def _keep(self, place: int | str, x: Any) -> Any:
        """Copy an array or `Vector`; one copy of an array is for all calls with equal ones."""
        if isinstance(x, Vector):
            return x.copy()
        if not is_array(x) or (not x.flags.writeable and x.base is None):
            return x
        numpy = loaded_numpy()
        if type(x) is not numpy.ndarray or x.dtype.kind not in "fiub":
            return x.copy()
        last = self._kept.get(place)
        copy = None if last is None else last()
        if copy is None or copy.dtype != x.dtype or not numpy.array_equal(copy, x):
            import weakref

            copy = x.copy()
            self._kept[place] = weakref.ref(copy)
        return copy

    def _bytes_of(self, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
        """Count what the rules of a call hold that no earlier call does."""
        held = 0
        if self._own_bytes is None:
            held = self._own_bytes = bytes_of(self.__wrapped__)
        places: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
        for place, x in places:
            if x is not None and not is_number(x):
                held += self._held.bytes_of(place, x)
        return held

    @property
    def _name(self) -> str:
        return str(getattr(self, "__name__", "primitive"))


def restored(
    fun: Callable[..., Any], home: str, makers: dict[int, Any], pushers: dict[int, Any]
) -> Primitive:
    """Make a primitive from what its pickle keeps."""
    primitive = Primitive(fun, home)
    primitive.makers.update(makers)
    primitive.pushers.update(pushers)
    return primitive


class Rule:
    """The derivatives of one call of a primitive, as sweeps ask for them."""

    def __init__(
        self,
        primitive: Primitive,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        places: Sequence[int],
        shapes: Sequence[tuple[int, ...] | None],
        shape: tuple[int, ...] | None,
    ) -> None:
        self.name = primitive._name  # as messages and pictures call the operation
        self._primitive = primitive
        self._args = args
        self._kwargs = kwargs
        self._places = places
        self._shapes = shapes
        self._shape = shape

    def _arguments(self, operands: Sequence[Any]) -> list[Any]:
        """Give the arguments of the call: in a recorded sweep `Variable`s."""
        args = list(self._args)
        for place, operand, shape in zip(self._places, operands, self._shapes):
            args[place] = shown(operand, shape)
        return args

    @property
    def has_reverse(self) -> bool:
        """Whether each cotangent has a rule of its own, and is not made of tangents."""
        return all(place in self._primitive.makers for place in self._places)

    @property
    def has_forward(self) -> bool:
        """Whether each tangent has a rule of its own, and is not made of cotangents."""
        return all(place in self._primitive.pushers for place in self._places)

    def pull_back(self, y_bar: Any, y: Any, operands: Sequence[Any]) -> list[Any]:
        """Cotangents of the operands."""
        args, answer = self._arguments(operands), shown(y, self._shape)
        bar = shown(y_bar, self._shape)
        return [
            self._cotangent(index, bar, answer, args, operand)
            for index, operand in enumerate(operands)
        ]

    def _cotangent(self, index: int, bar: Any, answer: Any, args: list[Any], operand: Any) -> Any:
        place, shape, dim = self._places[index], self._shapes[index], operand.dim
        if place in self._primitive.makers:
            pull = self._pull(place, answer, args)
            return None if pull is None else self._cotangent_of(pull, bar, place, shape, dim)
        if place not in self._primitive.pushers:
            message = (
                f"{self.name}: no derivative with respect to argument {place}; give one by "
                f"defvjp({self.name}, ...), or None if it is 0"
            )
            raise NotImplementedError(message)
        # Only the forward rule is known: the cotangent, entry by entry.
        entries = [
            inner(bar, self._tangent(place, shown(unit, shape), answer, args))
            for unit in unit_rows(operand)
        ]
        return entries[0] if len(entries) == 1 else _core.concatenate(entries)

    def _pull(self, place: int, answer: Any, args: list[Any]) -> Any:
        """Give the pullback that a maker makes; None where the derivative is 0."""
        maker = self._primitive.makers[place]
        if maker is None:
            return None
        pull: Any = maker(answer, *args, **self._kwargs)
        if callable(pull):
            return pull
        message = (
            f"defvjp: {self.name}: maker of argument {place}: returned {described(pull)}, wanted a "
            "function from the cotangent of the result to that of the argument"
        )
        raise TypeError(message)

    def _cotangent_of(
        self, pull: Any, bar: Any, place: int, shape: tuple[int, ...] | None, dim: int
    ) -> Any:
        what = f"defvjp: {self.name}: cotangent of argument {place}"
        return fitting(what, pull(bar), shape, dim)

    def push_forward(self, tangents: Sequence[Any], y: Any, operands: Sequence[Any]) -> Any:
        """Tangent of the output."""
        args, answer = self._arguments(operands), shown(y, self._shape)
        total = None
        for index, tangent in enumerate(tangents):
            if tangent is not None:
                tangent = shown(tangent, self._shapes[index])
                term = self._pushed(index, tangent, answer, args, y, operands[index].dim)
                if term is not None:
                    total = term if total is None else total + term
        return flat(total)

    def _pushed(
        self, index: int, tangent: Any, answer: Any, args: list[Any], y: Any, dim: int
    ) -> Any:
        place = self._places[index]
        if place in self._primitive.pushers:
            return self._tangent(place, tangent, answer, args)
        if place not in self._primitive.makers:
            message = (
                f"{self.name}: no derivative with respect to argument {place}; give one by "
                f"defjvp({self.name}, ...) or defvjp({self.name}, ...)"
            )
            raise NotImplementedError(message)
        pull = self._pull(place, answer, args)
        if pull is None:
            return None
        # Only the reverse rule is known: the tangent, entry by entry.
        own = self._shapes[index]
        bars = [
            self._cotangent_of(pull, shown(unit, self._shape), place, own, dim)
            for unit in unit_rows(y)
        ]
        entries = [inner(bar, tangent) for bar in bars]
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
        found = pusher(tangent, answer, *args, **self._kwargs)
        if found is not None:
            what = f"defjvp: {self.name}: tangent by argument {place}"
            fitting(what, found, self._shape, dim_of(answer))
        return found


def fitting(what: str, came: Any, shape: tuple[int, ...] | None, dim: int) -> Any:
    """Put what a rule gave into one row, and require the shape of what it is for."""
    if came is None:
        return None
    is_row = isinstance(came, (Variable, Vector)) or (is_array(came) and came.dtype.kind in "fiuO")
    if not is_row and not is_number(came):
        message = f"{what}: got {described(came)}, wanted numbers"
        raise TypeError(message)
    wanted = ((dim,) if dim != 1 else ()) if shape is None else shape
    row = flat(came)
    # Of several dimensions, Variables may be in one row.
    own = came.shape if is_array(came) else (dim_of(row),) if is_row else ()
    if dim_of(row) != dim or (is_array(came) and dim != 1 and own != wanted):
        message = f"{what}: got shape {own}, wanted {wanted}"
        raise ValueError(message)
    return row


def dim_of(x: Any) -> int:
    """Count the entries of what a rule gets or gives."""
    if isinstance(x, (Variable, Vector)):
        return x.dim
    return int(x.size) if is_array(x) else 1


def contains_variables(tree: Any) -> bool:
    """Whether a `Variable` is in a dict, list or tuple, at any depth."""
    waiting, seen = [tree], set()
    while waiting:
        x = waiting.pop()
        if not isinstance(x, (dict, list, tuple)):
            if holds_variables(x):
                return True
        elif id(x) not in seen:
            seen.add(id(x))
            waiting.extend(x.values() if isinstance(x, dict) else x)
    return False


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
        if entries.ndim == 0:
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
    if a is None or b is None:
        return 0.0
    return _core.sum(flat(a) * flat(b))


def unit_rows(x: Any) -> list[Vector]:
    """Make the rows of the unit matrix, each in the shape of `x`."""
    rows = [Vector.zeros(x.dim) for _ in range(x.dim)]
    for place, row in enumerate(rows):
        row[place] = 1.0
    return rows if x.ndim else [row[0] for row in rows]
