"""The leaves of trees as inputs of a function, and trees that have to be like others."""

from __future__ import annotations

import math

from autograd_rs._core import Variable, Vector, end_arguments, input_of
from autograd_rs._tree import (
    Flattener,
    NumberForm,
    Spec,
    advice_for,
    described,
    formed,
    is_array,
    is_kind,
    is_number,
    plain_form,
    unflatten,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

FITTING = "a number, Vector, float array, or a dict, list, tuple or dataclass of them"
WITHOUT_ARGNUMS = frozenset({"jvp", "vjp", "check_grads"})
"""What differentiates all arguments."""


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

    __slots__ = ("_is_flat", "_roots", "forms", "has_array", "op", "places", "specs", "variables")

    def __init__(
        self,
        op: str,
        trees: Sequence[Any],
        places: Sequence[str],
        variables: list[Any] | None = None,
    ) -> None:
        self.op = op
        self._roots = places
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

    def __del__(self) -> None:
        # Whoever differentiates keeps these: a copy of an input that is elsewhere has leaked.
        end_arguments(getattr(self, "variables", ()))

    def trees(self, leaves: Sequence[Any]) -> list[Any]:
        """Put something for each leaf into the structure of the trees."""
        if self._is_flat:
            return list(leaves)
        upcoming = iter(leaves)
        return [unflatten(spec, upcoming) for spec in self.specs]

    def matched(self, tree: Any, place: str, *, is_single: bool) -> list[Any]:
        """Entries for each leaf, from trees that have the structure of these."""
        trees, places = [tree], [place]
        if not is_single:
            self._require_one_each(tree, place)
            trees, places = list(tree), [f"{place}[{index}]" for index in range(len(tree))]
        found: list[Direction] = []
        for own, name, spec, root in zip(trees, places, self.specs, self._roots):
            found += directions(self.op, own, name, spec, root)
        for direction, form, there in zip(found, self.forms, self.places):
            direction.require_shape(self.op, form.shape, there)
        return [direction.entries for direction in found]

    def _require_one_each(self, tree: Any, place: str) -> None:
        count = len(self.specs)
        if not isinstance(tree, (tuple, list)):
            message = f"{self.op}: {place}: got {described(tree)}, wanted a tuple of {count}"
            raise TypeError(f"{message}, one for each differentiated argument")
        if len(tree) != count:
            message = f"{self.op}: {place}: got {len(tree)} of them, wanted {count}"
            raise ValueError(f"{message}, one for each differentiated argument")

    def opened(self) -> list[Any]:
        """Show the inputs to a function, in the structure of the trees."""
        return self.trees([form.opened(x) for form, x in zip(self.forms, self.variables)])


class Direction:
    """A leaf of a tangent or cotangent.

    Attributes
    ----------
    entries : object
        What becomes an operand.
    shape : tuple of int
        Of the leaf.
    place : str
        Where it is, for messages.
    """

    __slots__ = ("entries", "place", "shape")

    def __init__(self, leaf: Any, place: str) -> None:
        self.entries, form = formed(leaf)
        self.shape = form.shape
        self.place = place

    def require_shape(self, op: str, shape: tuple[int, ...], there: str) -> None:
        """Raise unless this has the shape of what it belongs to."""
        if self.shape == shape or (math.prod(self.shape) == math.prod(shape) == 1):
            return
        message = (
            f"{op}: shapes differ: {self.place} has {self.shape} and {there} has {shape}, "
            "wanted equal"
        )
        raise ValueError(message)


def directions(op: str, tree: Any, place: str, wanted: Spec | None, there: str) -> list[Direction]:
    """Take apart a tree that has to be like another one; its leaves, in the order of that.

    Parameters
    ----------
    op : str
        Who asks, for messages.
    tree : object
        A tangent or a cotangent.
    place, there : str
        What this tree and the other one are called.
    wanted : Spec or None
        What the other one is.
    """

    def is_leaf(x: Any, place: str) -> bool:
        # Whole numbers have no derivative, but are directions as good as others.
        is_whole = is_array(x) and x.dtype.kind in "iub"
        return is_whole or require_leaf(op, x, place)

    flattener = Flattener(op, is_leaf)
    spec = flattener.flatten(tree, place)
    leaves = map(Direction, flattener.leaves, flattener.places)
    return list(aligned(op, spec, leaves, place, wanted, there))


def aligned(
    op: str,
    spec: Spec | None,
    leaves: Iterator[Direction],
    place: str,
    wanted: Spec | None,
    there: str,
) -> list[Direction]:
    """Give the leaves of one tree in the order of another, in which dicts have theirs."""
    if spec is None and wanted is None:
        return [next(leaves)]
    if spec is None or wanted is None or sorted(spec.names) != sorted(wanted.names):
        message = (
            f"{op}: {place}: structure differs from that of {there}: got {in_words(spec)}, "
            f"wanted {in_words(wanted)}"
        )
        raise ValueError(message)
    others = dict(zip(wanted.names, wanted.children))
    if len(others) < len(wanted.names):
        message = f"{op}: {there}: got keys that are written alike, wanted each of them once"
        raise ValueError(message)
    parts = {
        name: aligned(op, child, leaves, place + name, others[name], there + name)
        for name, child in zip(spec.names, spec.children)
    }
    return [leaf for name in wanted.names for leaf in parts[name]]


def in_words(spec: Spec | None) -> str:
    """Say what a tree is, in a message."""
    if spec is None:
        return "a number or an array"
    if not spec.names:
        return "nothing to differentiate"
    most = 6
    names = ", ".join(spec.names[:most]) + (", ..." if len(spec.names) > most else "")
    return f"a container of {names}"


def require_leaf(op: str, x: Any, place: str) -> bool:
    """Raise unless `x` can be differentiated with respect to."""
    if isinstance(x, (Variable, Vector)):
        return True
    if is_number(x):
        _require_size(op, x, place)
        return True
    if is_array(x):
        _require_floats(op, x, place)
        return True
    is_complex = isinstance(x, complex) or is_kind(x, "complexfloating")
    if is_complex or isinstance(x, bool) or is_kind(x, "bool_"):
        what = "complex numbers" if is_complex else "bools"
        message = f"{op}: {place}: got {described(x)}, wanted a float: {what} have no derivative"
        raise TypeError(f"{message} here")
    message = f"{op}: {place}: got {described(x)}, wanted {FITTING}"
    if advice_for(x):
        raise TypeError(message + advice_for(x))
    is_argument = place.startswith("argument") and "[" not in place and "." not in place
    if is_argument and op not in WITHOUT_ARGNUMS:
        message += "; argnums says which arguments to differentiate"
    raise TypeError(message)


def _require_size(op: str, x: Any, place: str) -> None:
    try:
        float(x)
    except OverflowError:
        message = (
            f"{op}: {place}: too large for a float: got {described(x)}, wanted at most 1.8e308"
        )
        raise OverflowError(message) from None


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
