"""Nested containers of numbers: taken apart into leaves, put together again.

A tree is a number, a `Vector`, a `Variable`, a NumPy array, or a dict, list, tuple, named tuple or
dataclass of trees; None is an empty one. Text and bools are kept where a dataclass has them.
NumPy is not imported: whoever has an array has it.
"""

from __future__ import annotations

import math
import sys

from autograd_rs._core import Variable, Vector, concatenate, wants_arrays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Builder = Callable[[Any, list[Any]], Any]

DEEPEST = 200
"""Levels of containers in containers."""

MOST_BITS = 10_000
"""Of ints whose digits are shown; the interpreter refuses to write some larger ones."""

STATIC = (str, bool)
"""What a dataclass may have besides numbers: it stays what it is."""


def loaded_numpy() -> Any:
    """NumPy if somebody imported it, else None."""
    return sys.modules.get("numpy")


def is_array(x: object) -> bool:
    """Whether `x` is a NumPy array."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray)


def is_kind(x: object, *names: str) -> bool:
    """Whether `x` is a scalar of one of these types of NumPy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, tuple(getattr(numpy, name) for name in names))


def is_number(x: object) -> bool:
    """Whether `x` is a real number, of Python or NumPy; a bool is none."""
    if isinstance(x, (float, int)):
        return not isinstance(x, bool)
    return is_kind(x, "floating", "integer")


def described(x: object) -> str:
    """Say what `x` is, in a message."""
    if x is None:
        return "None"
    name = type(x).__name__
    if is_array(x):
        return f"an array of {x.dtype} and shape {x.shape}"  # type: ignore[attr-defined]
    if isinstance(x, (str, bytes)):
        text = repr(x)
    elif isinstance(x, int) and x.bit_length() > MOST_BITS:
        return f"{name} of {x.bit_length()} bits"
    elif isinstance(x, (int, float, complex)) or is_kind(x, "generic"):
        text = str(x)
    else:
        return name
    return f"{name} {text if len(text) <= 40 else text[:40] + '...'}"


def advice_for(x: object) -> str:
    """Say what to do with an array of another package, at the end of a message."""
    kind = type(x)
    if hasattr(kind, "to_numpy"):
        return "; use its .to_numpy()"
    return "; use np.asarray(...)" if hasattr(kind, "__array__") else ""


class NumberForm:
    """How a number is shown to functions, and how its derivatives are given back."""

    shape: tuple[int, ...] = ()
    is_array = False

    @property
    def dim(self) -> int:
        """How many entries there are."""
        return math.prod(self.shape)

    def opened(self, variable: Any) -> Any:
        """Show the input `variable` to a function."""
        return variable

    def plain(self, entries: Vector) -> Any:
        """Entries in the type of the leaf."""
        return entries.item()

    def recorded(self, entries: Variable) -> Any:
        """Entries that can be differentiated again."""
        return in_shape(entries, self.shape)


class VectorForm(NumberForm):
    """The same for a `Vector`."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def plain(self, entries: Vector) -> Any:
        """Entries in the type of the leaf."""
        return in_shape(entries, self.shape)


class VariableForm(NumberForm):
    """The same for a `Variable`: derivatives are `Variable`s, recorded or not."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        # Inside of a transform of an array it stands for one.
        self.is_array = shape != () and wants_arrays()

    def plain(self, entries: Vector) -> Any:
        """Entries in the type of the leaf."""
        return Variable(in_shape(entries, self.shape)).detach()


class ArrayForm(NumberForm):
    """The same for a NumPy array.

    One dimension is one `Variable`; with more of them the function gets an array of `Variable`s.
    """

    is_array = True

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def opened(self, variable: Any) -> Any:
        """Show the input `variable` to a function."""
        return variable if len(self.shape) <= 1 else array_of(variable, self.shape)

    def plain(self, entries: Vector) -> Any:
        """Entries in the type of the leaf."""
        return loaded_numpy().asarray(entries).reshape(self.shape)

    def recorded(self, entries: Variable) -> Any:
        """Entries that can be differentiated again."""
        return self.opened(entries)


NUMBER = NumberForm()


def in_shape(entries: Any, shape: tuple[int, ...]) -> Any:
    """Entries of one dimension, of which one becomes a number where the shape is that of one."""
    return entries[0] if shape == () and entries.ndim == 1 else entries


def array_of(entries: Any, shape: tuple[int, ...]) -> Any:
    """Make an array of `Variable`s from one with all their entries."""
    array = loaded_numpy().empty(len(entries), dtype=object)
    array[:] = list(entries)
    return array.reshape(shape)


class Spec:
    """A container without its leaves.

    `build(kept, children)` makes one like it; both can be pickled if the container can.
    """

    __slots__ = ("build", "children", "kept", "names")

    def __init__(
        self,
        names: Sequence[str],
        children: Sequence[Spec | None],
        build: Builder,
        kept: Any,
    ) -> None:
        self.names = names
        self.children = children
        self.build = build
        self.kept = kept


def unflatten(spec: Spec | None, leaves: Iterator[Any]) -> Any:
    """Put the next leaves into a tree; None is the spec of a leaf."""
    if spec is None:
        return next(leaves)
    children = [
        next(leaves) if child is None else unflatten(child, leaves) for child in spec.children
    ]
    return spec.build(spec.kept, children)


def nest(spec: Spec | None, leaves: Sequence[Any]) -> Any:
    """Put leaves into a tree."""
    return leaves[0] if spec is None else unflatten(spec, iter(leaves))


class Flattener:
    """Takes trees apart.

    Parameters
    ----------
    op : str
        Who asks, for messages.
    is_leaf : callable
        Whether an object that is no container is a leaf; it raises if it should not be there.
    """

    def __init__(self, op: str, is_leaf: Callable[[Any, str], bool]) -> None:
        self.op = op
        self.is_leaf = is_leaf
        self.leaves: list[Any] = []
        self.places: list[str] = []
        self._open: set[int] = set()

    def flatten(self, tree: Any, place: str) -> Spec | None:
        """Append the leaves of `tree`, and say what holds them."""
        kind = type(tree)
        if kind is float or kind is Variable:
            # Most leaves, everywhere leaves.
            self.leaves.append(tree)
            self.places.append(place)
            return None
        parts = parts_of(tree)
        if parts is None:
            if self.is_leaf(tree, place):
                self.leaves.append(tree)
                self.places.append(place)
                return None
            return Spec((), (), build_kept, tree)
        names, children, build, kept = parts
        if id(tree) in self._open:
            message = f"{self.op}: {place}: got a container that contains itself, wanted a tree"
            raise ValueError(message)
        if len(self._open) >= DEEPEST:
            message = (
                f"{self.op}: {place[:60]}...: got more than {DEEPEST} containers in each other"
            )
            raise ValueError(message)
        self._open.add(id(tree))
        try:
            specs = [
                Spec((), (), build_kept, child)
                if build is build_dataclass and isinstance(child, STATIC)
                else self.flatten(child, place + name)
                for name, child in zip(names, children)
            ]
        finally:
            self._open.discard(id(tree))
        return Spec(names, specs, build, kept)


def parts_of(tree: Any) -> tuple[list[str], list[Any], Builder, Any] | None:
    """Names and children, how to build such a container, and what that takes; None for a leaf."""
    if tree is None:
        return [], [], build_kept, None
    kind = type(tree)
    if isinstance(tree, dict):
        keys = in_order(tree)
        names, children = [f"[{key!r}]" for key in keys], [tree[key] for key in keys]
        if kind is dict:
            return names, children, build_dict, (list(tree), keys)
        return names, children, build_special_dict, (copied(tree), keys)
    if isinstance(tree, (list, tuple)):
        if hasattr(kind, "_fields") and hasattr(kind, "_make"):
            return [f".{name}" for name in kind._fields], list(tree), build_named_tuple, kind
        names = [f"[{index}]" for index in range(len(tree))]
        # What the interpreter itself makes, like a struct_time, is built by its type only.
        if kind is list or kind is tuple or hasattr(kind, "n_sequence_fields"):
            return names, list(tree), build_sequence, kind
        attributes = dict(getattr(tree, "__dict__", ()))
        return names, list(tree), build_special_sequence, (kind, attributes)
    if hasattr(kind, "__dataclass_fields__"):
        # It is one, so dataclasses is loaded; importing it here would cost everybody a third of the
        # time that importing this package takes.
        fields = [field.name for field in sys.modules["dataclasses"].fields(tree)]
        children = [getattr(tree, name) for name in fields]
        return [f".{name}" for name in fields], children, build_dataclass, (copied(tree), fields)
    return None


def in_order(tree: dict[Any, Any]) -> list[Any]:
    """Sort the keys of a dict, so that equal dicts have their leaves in one order.

    As HIPS autograd and JAX do it. Keys that cannot be compared stay in the order in which they
    stand, and so do those of an OrderedDict.
    """
    keys = list(tree)
    collections = sys.modules.get("collections")
    if collections is not None and isinstance(tree, collections.OrderedDict):
        return keys
    try:
        return sorted(keys)
    except (TypeError, ValueError):
        return keys


def copied(x: Any) -> Any:
    """Copy a container, without what is in it."""
    import copy  # a millisecond that only rare containers cost

    return copy.copy(x)


def build_kept(kept: Any, _children: list[Any]) -> Any:
    """Give what has no leaves as it is."""
    return kept


def build_dict(kept: Any, children: list[Any]) -> Any:
    """Build a dict, whose keys stand in the order in which they stood."""
    standing, keys = kept
    built = dict.fromkeys(standing)
    built.update(zip(keys, children))
    return built


def build_special_dict(kept: Any, children: list[Any]) -> Any:
    """Build a dict of a subclass; a copy keeps what it has besides, like a default factory."""
    template, keys = kept
    built = copied(template)
    # Not the method of the subclass: that of a Counter adds.
    dict.update(built, zip(keys, children))
    return built


def build_sequence(kind: Any, children: list[Any]) -> Any:
    """Build a list or a tuple."""
    return kind(children)


def build_special_sequence(kept: Any, children: list[Any]) -> Any:
    """Build a list or tuple of a subclass, whose constructor may want something else."""
    kind, attributes = kept
    if issubclass(kind, tuple):
        built = tuple.__new__(kind, children)
    else:
        built = list.__new__(kind)
        list.extend(built, children)
    if attributes:
        vars(built).update(attributes)
    return built


def build_named_tuple(kind: Any, children: list[Any]) -> Any:
    """Build a named tuple."""
    return kind._make(children)


def build_dataclass(kept: Any, children: list[Any]) -> Any:
    """Build a dataclass, not by its __init__, which may check or convert what it gets."""
    template, names = kept
    built = copied(template)
    for name, child in zip(names, children):
        object.__setattr__(built, name, child)
    return built


def plain_form(x: Any) -> NumberForm | None:
    """Give the form of the usual arguments, quickly; None for all others."""
    kind = type(x)
    if kind is float:
        return NUMBER
    if kind is Variable:
        return VariableForm(x.shape)
    if kind is Vector:
        return VectorForm(x.shape)
    if kind.__name__ == "ndarray" and is_array(x) and x.ndim == 1 and x.dtype == float:
        return ArrayForm(x.shape)
    return None


def formed(leaf: Any) -> tuple[Any, NumberForm]:
    """Say what becomes an input for a leaf, and its form."""
    if type(leaf) is float:
        return leaf, NUMBER
    if isinstance(leaf, Variable):
        return leaf, VariableForm(leaf.shape)
    if isinstance(leaf, Vector):
        return leaf, VectorForm(leaf.shape)
    if is_array(leaf):
        form = ArrayForm(leaf.shape)
        if leaf.dtype.kind == "O":
            return in_shape(concatenate(leaf.ravel().tolist()), form.shape), form
        return in_shape(
            loaded_numpy().array(leaf, dtype=float, order="C").ravel(), form.shape
        ), form
    return float(leaf), NUMBER
