"""Containers as one row of numbers."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._leaves import require_leaf
from autograd_rs._tree import Flattener, formed, is_array, loaded_numpy, nest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from autograd_rs._tree import NumberForm, Spec


class Unflatten:
    """What `flatten` returns besides the row: rows in, containers out."""

    def __init__(self, spec: Spec | None, forms: list[NumberForm]) -> None:
        self._spec = spec
        self._forms = forms
        self._dim = sum(form.dim for form in forms)

    def __repr__(self) -> str:
        return f"flatten(...)[1] for {self._dim} entries"

    def __call__(self, row: Any) -> Any:
        """Put a row of as many entries into the container.

        Parameters
        ----------
        row : Vector, array or Variable, of as many entries
            Of a `Variable`, the leaves are `Variable`s through which its gradient flows.

        Returns
        -------
        same structure as was flattened
            Numbers, Vectors and arrays as they were.
        """
        entries = row if isinstance(row, Variable) else Vector(row)
        if entries.dim != self._dim:
            message = f"flatten: lengths differ: {entries.dim} and {self._dim}, wanted equal"
            raise ValueError(message)
        leaves, start = [], 0
        for form in self._forms:
            part = entries[start : start + form.dim]
            if isinstance(part, Vector):
                leaves.append(form.plain(part))
            else:
                leaves.append(form.recorded(part))
            start += form.dim
        return nest(self._spec, leaves)


def flatten(tree: Any) -> tuple[Any, Unflatten]:
    """Put all numbers of a container into one row.

    Parameters
    ----------
    tree : number, Vector, array, Variable, or a container of them
        Dicts, lists, tuples, named tuples and dataclasses, nested. Text and bools in a dataclass
        are no entries; the container that is built has them again.

        A dict is taken in the order of its sorted keys; an OrderedDict, and one whose keys cannot
        be compared, in the order in which they stand.

    Returns
    -------
    row : Vector, ndarray or Variable
        An array if an array is among the leaves, a `Variable` if a `Variable` is.
    unflatten : callable
        Puts such a row into the structure of `tree`; picklable for plain containers.

    Raises
    ------
    TypeError
        If something that is not a real number is in the container.
    ValueError
        If the container contains itself.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> row, unflatten = ag.flatten({"b": [2.0, ag.Vector([3.0, 4.0])], "a": 1.0})
    >>> row
    Vector([1.0, 2.0, 3.0, 4.0])
    >>> unflatten(row * 10)
    {'b': [20.0, Vector([30.0, 40.0])], 'a': 10.0}
    """

    def is_leaf(x: Any, place: str) -> bool:
        # Nothing is differentiated here, and whole numbers are as good as others.
        return (is_array(x) and x.dtype.kind in "iu") or require_leaf("flatten", x, place)

    flattener = Flattener("flatten", is_leaf)
    spec = flattener.flatten(tree, "tree")
    pairs = [formed(leaf) for leaf in flattener.leaves]
    forms = [form for _, form in pairs]
    row = _core.concatenate([entries for entries, _ in pairs])
    if not isinstance(row, Variable):
        row = row if isinstance(row, Vector) else Vector(row)
        if any(form.is_array for form in forms):
            row = loaded_numpy().asarray(row)
    return row, Unflatten(spec, forms)
