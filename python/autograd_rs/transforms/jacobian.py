"""Jacobians: all derivatives of all entries of a result."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._tree import array_of, loaded_numpy, nest
from autograd_rs.transforms.trace import constant, units
from autograd_rs.transforms.transform import Transform, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec

    from autograd_rs._tree import NumberForm
    from autograd_rs.transforms.trace import OutputLeaf, Trace
    from autograd_rs.transforms.transform import Ran

    P = ParamSpec("P")

MODES = ("auto", "fwd", "rev")


class Jacobian(Transform):
    """What `jacobian` returns."""

    _op = "jacobian"
    _summary = "Jacobian of"
    _options: tuple[str, ...] = ("mode",)
    _mode = "auto"

    def __init__(
        self,
        fun: Callable[..., Any],
        argnums: int | Sequence[int] = 0,
        *,
        mode: str = "auto",
    ) -> None:
        super().__init__(fun, argnums)
        if mode not in MODES:
            message = f"{self._op}: mode: got {mode!r}, wanted one of 'auto', 'fwd', 'rev'"
            raise ValueError(message)
        self._mode = mode
        if self._is_single:
            self._set_plain(fun, mode, self._chosen[0])

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any], ran: Ran | None) -> Any:
        trace = self._traced(args, kwargs, ran)
        trees = [
            blocks(trace, output, own)
            for output, own in zip(trace.outputs, derivatives(trace, self._mode))
        ]
        if self._is_single:
            return nest(trace.spec, [tree[0] for tree in trees])
        return nest(trace.spec, [tuple(tree) for tree in trees])


class ForwardJacobian(Jacobian):
    """What `jacfwd` returns."""

    _op = "jacfwd"
    _options = ()

    def __init__(self, fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> None:
        super().__init__(fun, argnums, mode="fwd")


class ReverseJacobian(Jacobian):
    """What `jacrev` returns."""

    _op = "jacrev"
    _options = ()

    def __init__(self, fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> None:
        super().__init__(fun, argnums, mode="rev")


def derivatives(trace: Trace, mode: str) -> list[list[Any]]:
    """For each output, for each input, its derivatives: all in one, or recorded rows."""
    inputs = trace.leaves.variables
    if not trace.is_recorded:
        found: list[list[Any]] = _core.derivatives(
            [output.entries for output in trace.outputs], inputs, mode
        )
        return found
    if mode == "auto":
        count = sum(output.dim for output in trace.outputs)
        mode = "fwd" if sum(x.dim for x in inputs) < count else "rev"
    outputs = [output.entries for output in trace.outputs]
    mode = _core.better_mode(outputs, inputs, mode)
    rows = forward_rows(trace) if mode == "fwd" else reverse_rows(trace)
    return [[[row[place] for row in own] for place in range(len(inputs))] for own in rows]


def reverse_rows(trace: Trace) -> list[list[list[Any]]]:
    """For each output, for each of its entries, its derivatives by all inputs: a sweep a row."""
    return [
        [trace.gradients(entry, seed, is_recorded=True) for entry, seed in output.rows()]
        for output in trace.outputs
    ]


def forward_rows(trace: Trace) -> list[list[list[Any]]]:
    """Compute the same by a tangent sweep for each entry of the inputs."""
    columns = [
        [pushed(trace, place, unit) for unit in units(variable.dim)]
        for place, variable in enumerate(trace.leaves.variables)
    ]
    dims = [output.dim for output in trace.outputs]
    flat: list[list[Any]] = [[] for _ in range(sum(dims))]
    for own in columns:
        # One block of the matrix, turned from columns to rows.
        for index, row in enumerate(flat):
            entries = _core.concatenate([x[index] if x.ndim else x for x in own])
            row.append(entries if isinstance(entries, Variable) else constant(entries))
    rows, start = [], 0
    for dim in dims:
        rows.append(flat[start : start + dim])
        start += dim
    return rows


def pushed(trace: Trace, place: int, tangent: Any) -> Any:
    """Push a tangent of one input forward to all outputs, recorded."""
    joined_outputs = trace.joined()
    variable = trace.leaves.variables[place]
    found = _core.push_forward(joined_outputs, [variable], [tangent], True)
    return Vector.zeros(joined_outputs.dim) if found is None else found


def blocks(trace: Trace, output: OutputLeaf, own: Sequence[Any]) -> list[Any]:
    """Derive one output by each argument, in the structure of the arguments."""
    block = recorded_block if trace.is_recorded else plain_block
    leaves = [block(output, form, found) for form, found in zip(trace.leaves.forms, own)]
    return trace.leaves.trees(leaves)


def plain_block(output: OutputLeaf, form: NumberForm, entries: Vector) -> Any:
    """Derive one output by one leaf: an array, or a Vector or list of them."""
    if output.shape == ():
        return form.plain(entries)
    if form.is_array or output.is_array:
        return loaded_numpy().asarray(entries).reshape(output.shape + form.shape)
    if form.shape == ():
        return entries
    dim = form.dim
    return [form.plain(entries[row * dim : (row + 1) * dim]) for row in range(output.dim)]


def recorded_block(output: OutputLeaf, form: NumberForm, rows: Sequence[Variable]) -> Any:
    """Derive one output by one leaf, as `Variable`s."""
    if output.shape == ():
        return form.recorded(rows[0])
    entries = _core.concatenate(rows) if rows else Vector([])
    shape = output.shape + form.shape
    if len(shape) == 1:
        return entries
    if form.is_array or output.is_array:
        return array_of(entries, shape)
    return [form.recorded(row) for row in rows]


@named
def jacobian(
    fun: Callable[P, Any], argnums: int | Sequence[int] = 0, *, mode: str = "auto"
) -> Callable[P, Any]:
    """Make the Jacobian of a function.

    Parameters
    ----------
    fun : callable
        A function that returns numbers: a `Variable`, an array of them, or a container.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate; negative ones count from the end.
    mode : {"auto", "fwd", "rev"}
        Forward mode costs a sweep for each entry of the arguments, reverse mode one for each entry
        of the result; "auto" takes the smaller number. Both give the same, also where something is
        infinite or nan: there reverse sweeps decide.

    Returns
    -------
    callable
        Takes what `fun` takes. Returns derivatives of shape `result + argument`: an array if
        either is an array, else a `Vector`, or a list of rows. Containers in the result hold one
        for each leaf; containers in the argument are inside of these.

    Raises
    ------
    ValueError
        If `mode` is none of the three, or `argnums` says arguments that are not there.
    TypeError
        If an argument cannot be differentiated with respect to, or `fun` makes a float of what
        depends on one.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.jacobian(lambda x: ag.stack([x[0] * x[1], x[0]]))(ag.Vector([2.0, 3.0]))
    [Vector([3.0, 2.0]), Vector([1.0, 0.0])]
    """
    return Jacobian(fun, argnums, mode=mode)


@named
def jacfwd(fun: Callable[P, Any], argnums: int | Sequence[int] = 0) -> Callable[P, Any]:
    """Make the Jacobian of a function, by forward mode.

    Parameters
    ----------
    fun : callable
        A function that returns numbers.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate.

    Returns
    -------
    callable
        As `jacobian` returns.
    """
    return ForwardJacobian(fun, argnums)


@named
def jacrev(fun: Callable[P, Any], argnums: int | Sequence[int] = 0) -> Callable[P, Any]:
    """Make the Jacobian of a function, by reverse mode.

    Parameters
    ----------
    fun : callable
        A function that returns numbers.
    argnums : int or sequence of int, default 0
        Which positional arguments to differentiate.

    Returns
    -------
    callable
        As `jacobian` returns.
    """
    return ReverseJacobian(fun, argnums)
