"""Nested containers of numbers: taken apart into leaves, put together again.

A tree is a number, a `Vector`, a `Variable`, a NumPy array, or a dict, list, tuple, named tuple or
dataclass of trees; None is an empty one. NumPy is not imported: whoever has an array has it.
"""

from __future__ import annotations

import math
import sys

from autograd_rs._core import Variable, Vector, concatenate, input_of, wants_arrays

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    Builder = Callable[[Any, list[Any]], Any]

DEEPEST = 200
"""Levels of containers in containers."""

FITTING = "a number, Vector, float array, or a dict, list, tuple or dataclass of them"


def loaded_numpy() -> Any:
    """NumPy if somebody imported it, else None."""
    return sys.modules.get("numpy")


def is_array(x: object) -> bool:
    """Whether `x` is a NumPy array."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray)


def is_number(x: object) -> bool:
    """Whether `x` is a real number, of Python or NumPy; a bool is none."""
    if isinstance(x, (float, int)):
        return not isinstance(x, bool)
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, (numpy.floating, numpy.integer))


def described(x: object) -> str:
    """Say what `x` is, in a message."""
    if x is None:
        return "None"
    name = type(x).__name__
    if isinstance(x, (str, bytes, int, float, complex)):
        text = repr(x)
        return f"{name} {text if len(text) <= 40 else text[:40] + '...'}"
    if is_array(x):
        return f"an array of {x.dtype} and shape {x.shape}"  # type: ignore[attr-defined]
    return name


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
        return entries


class VectorForm(NumberForm):
    """The same for a `Vector`."""

    def __init__(self, dim: int) -> None:
        self.shape = (dim,)

    def plain(self, entries: Vector) -> Any:
        """Entries in the type of the leaf."""
        return entries


class VariableForm(NumberForm):
    """The same for a `Variable`: derivatives are `Variable`s, recorded or not."""

    def __init__(self, dim: int) -> None:
        self.shape = () if dim == 1 else (dim,)
        # Inside of a transform of an array it stands for one.
        self.is_array = dim != 1 and wants_arrays()

    def plain(self, entries: Vector) -> Any:
        """Entries in the type of the leaf."""
        return Variable(entries).detach()


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
    return spec.build(spec.kept, [unflatten(child, leaves) for child in spec.children])


def nest(spec: Spec | None, leaves: Sequence[Any]) -> Any:
    """Put leaves into a tree."""
    return leaves[0] if spec is None else unflatten(spec, iter(leaves))


def is_alike(a: Spec | None, b: Spec | None) -> bool:
    """Whether two trees have their leaves at the same places."""
    if a is None or b is None:
        return a is b
    if len(a.children) != len(b.children) or a.names != b.names:
        return False
    return all(map(is_alike, a.children, b.children))


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
            specs = [self.flatten(child, place + name) for name, child in zip(names, children)]
        finally:
            self._open.discard(id(tree))
        return Spec(names, specs, build, kept)


def parts_of(tree: Any) -> tuple[list[str], list[Any], Builder, Any] | None:
    """Names and children, how to build such a container, and what that takes; None for a leaf."""
    if tree is None:
        return [], [], build_kept, None
    kind = type(tree)
    if isinstance(tree, dict):
        keys = list(tree)
        names = [f"[{key!r}]" for key in keys]
        if kind is dict:
            return names, list(tree.values()), build_dict, keys
        return names, [tree[key] for key in keys], build_special_dict, (copied(tree), keys)
    if isinstance(tree, (list, tuple)):
        if hasattr(kind, "_fields") and hasattr(kind, "_make"):
            return [f".{name}" for name in kind._fields], list(tree), build_named_tuple, kind
        return [f"[{index}]" for index in range(len(tree))], list(tree), build_sequence, kind
    if hasattr(kind, "__dataclass_fields__"):
        # It is one, so dataclasses is loaded; importing it here would cost everybody a third of the
        # time that importing this package takes.
        fields = [field.name for field in sys.modules["dataclasses"].fields(tree)]
        children = [getattr(tree, name) for name in fields]
        return [f".{name}" for name in fields], children, build_dataclass, (copied(tree), fields)
    return None


def copied(x: Any) -> Any:
    """Copy a container, without what is in it."""
    import copy  # a millisecond that only rare containers cost

    return copy.copy(x)


def build_kept(kept: Any, _children: list[Any]) -> Any:
    """Give what has no leaves as it is."""
    return kept


def build_dict(keys: list[Any], children: list[Any]) -> Any:
    """Build a dict."""
    return dict(zip(keys, children))


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
        return VariableForm(x.dim)
    if kind is Vector:
        return VectorForm(x.dim)
    if kind.__name__ == "ndarray" and is_array(x) and x.ndim == 1 and x.dtype == float:
        return ArrayForm(x.shape)
    return None


class Leaves:
    """The leaves of some trees as inputs: what is differentiated.

    Attributes
    ----------
    variables : list of Variable
        An input for each leaf.
    forms : list of NumberForm
        What the leaves were.
    places : list of str
        Where they were, for messages.
    has_array : bool
        Whether one of them is an array.
    """

    __slots__ = ("_is_flat", "forms", "has_array", "op", "places", "specs", "variables")

    def __init__(
        self,
        op: str,
        trees: Sequence[Any],
        places: Sequence[str],
        variables: list[Any] | None = None,
    ) -> None:
        self.op = op
        forms = [plain_form(tree) for tree in trees]
        self._is_flat = None not in forms
        if self._is_flat:
            self.specs: list[Spec | None] = [None] * len(trees)
            self.places = places
            self.forms: list[NumberForm] = forms  # type: ignore[assignment]
            self.variables = variables or [input_of(tree) for tree in trees]
            self.has_array = any(form.is_array for form in self.forms)
            return
        flattener = Flattener(op, lambda x, place: require_leaf(op, x, place))
        self.specs = [flattener.flatten(tree, place) for tree, place in zip(trees, places)]
        self.places = flattener.places
        formed_leaves = [formed(leaf) for leaf in flattener.leaves]
        self.forms = [form for _, form in formed_leaves]
        self.variables = variables or [input_of(entries) for entries, _ in formed_leaves]
        self.has_array = any(form.is_array for form in self.forms)

    def trees(self, leaves: Sequence[Any]) -> list[Any]:
        """Put something for each leaf into the structure of the trees."""
        if self._is_flat:
            return list(leaves)
        upcoming = iter(leaves)
        return [unflatten(spec, upcoming) for spec in self.specs]

    def matched(self, tree: Any, place: str, *, is_single: bool) -> list[Any]:
        """Entries for each leaf, from trees that have the structure of these."""
        trees = [tree] if is_single else list(tree)
        places = [place] if is_single else [f"{place}[{index}]" for index in range(len(trees))]
        flattener = Flattener(self.op, lambda x, place: require_leaf(self.op, x, place))
        specs = [flattener.flatten(own, name) for own, name in zip(trees, places)]
        if len(trees) != len(self.specs) or not all(map(is_alike, specs, self.specs)):
            message = f"{self.op}: {place}: structure differs from that of the argument: got"
            raise ValueError(f"{message} {described(tree)}, wanted one entry for each of it")
        matched = []
        for leaf, own, form, there in zip(
            flattener.leaves, flattener.places, self.forms, self.places
        ):
            entries, own_form = formed(leaf)
            if own_form.shape != form.shape and not own_form.dim == form.dim == 1:
                message = (
                    f"{self.op}: shapes differ: {own} has {own_form.shape} and {there} has "
                    f"{form.shape}, wanted equal"
                )
                raise ValueError(message)
            matched.append(entries)
        return matched

    def opened(self) -> list[Any]:
        """Show the inputs to a function, in the structure of the trees."""
        return self.trees([form.opened(x) for form, x in zip(self.forms, self.variables)])


def require_leaf(op: str, x: Any, place: str) -> bool:
    """Raise unless `x` can be differentiated with respect to."""
    if isinstance(x, (Variable, Vector)) or is_number(x):
        return True
    if is_array(x):
        _require_floats(op, x, place)
        return True
    if isinstance(x, (bool, complex)):
        what = "complex numbers" if isinstance(x, complex) else "bools"
        message = f"{op}: {place}: got {described(x)}, wanted a float: {what} have no derivative"
        raise TypeError(f"{message} here")
    message = f"{op}: {place}: got {described(x)}, wanted {FITTING}"
    if place.startswith("argument") and "[" not in place and "." not in place:
        message += "; argnums says which arguments to differentiate"
    raise TypeError(message)


def _require_floats(op: str, array: Any, place: str) -> None:
    kind = array.dtype.kind
    if hasattr(array, "filled"):
        message = f"{op}: {place}: got a masked array, wanted one without a mask"
        raise TypeError(f"{message}; use m.filled(0.0), and multiply by ~m.mask")
    if kind == "f":
        return
    if kind == "O":
        _require_variables(op, array, place)
        return
    came = f"{op}: {place}: got an array of {array.dtype}, wanted float64"
    if kind in "iub":
        names = {"i": "integers", "u": "integers", "b": "bools"}
        raise TypeError(f"{came}: {names[kind]} have no derivative; use x.astype(float)")
    if kind == "c":
        raise TypeError(f"{came}: complex numbers have no derivative here; use x.real and x.imag")
    raise TypeError(came)


def _require_variables(op: str, array: Any, place: str) -> None:
    for index, entry in enumerate(array.flat):
        if (isinstance(entry, Variable) and entry.dim == 1) or is_number(entry):
            continue
        message = (
            f"{op}: {place}: got an object array, wanted float64: entry {index} is "
            f"{described(entry)}; use a list if the rows differ in length"
        )
        raise TypeError(message)


def formed(leaf: Any) -> tuple[Any, NumberForm]:
    """Say what becomes an input for a leaf, and its form."""
    if type(leaf) is float:
        return leaf, NUMBER
    if isinstance(leaf, Variable):
        return leaf, VariableForm(leaf.dim)
    if isinstance(leaf, Vector):
        return leaf, VectorForm(leaf.dim)
    if is_array(leaf):
        form = ArrayForm(leaf.shape)
        if leaf.dtype.kind == "O":
            return concatenate(leaf.ravel().tolist()), form
        return loaded_numpy().ascontiguousarray(leaf, dtype=float).ravel(), form
    return float(leaf), NUMBER
