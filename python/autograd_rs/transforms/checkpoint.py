"""Functions whose inner results are not kept, but computed again when a sweep needs them."""

from __future__ import annotations

from autograd_rs import _core
from autograd_rs._core import Variable
from autograd_rs._held import Held, bytes_of
from autograd_rs._modes import enable_grad
from autograd_rs._tree import Flattener, is_array, is_number, nest
from autograd_rs.transforms.trace import OutputLeaf
from autograd_rs.transforms.transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec

    P = ParamSpec("P")


class Checkpoint(Transform):
    """What `checkpoint` returns."""

    _op = "checkpoint"

    def __init__(self, fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> None:
        super().__init__(fun, argnums)
        self._held = Held()
        # What the function holds is shared by all calls, and counts for the first.
        self._own_bytes: int | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute, keeping the arguments and the result only."""
        call = Call(self._fun, args, kwargs)
        if not call.inputs or not _core.is_recording():
            return self._fun(*args, **kwargs)
        inputs, call.inputs = call.inputs, []
        copies = [_core.input_of(x) for x in inputs]
        outputs = call.run(copies)
        joined = outputs.joined()
        if joined is None or _core.depend_on_others([joined], copies, False):
            # A Variable that is no argument is used: its gradient needs what was recorded.
            return outputs.result
        held = self._bytes_of(call.leaves)
        return outputs.replaced(_core.record_custom(joined.value, inputs, call, held))

    def _bytes_of(self, leaves: Sequence[Any]) -> int:
        """Count what a call holds that no earlier call does."""
        held = 0
        if self._own_bytes is None:
            held = self._own_bytes = bytes_of(self._fun)
        for place, x in enumerate(leaves):
            if x is not None and not is_number(x):
                held += self._held.bytes_of(place, x)
        return held

    def _documentation(self) -> str:
        doc = getattr(self._fun, "__doc__", None)
        return doc if isinstance(doc, str) else "Function that is computed again when needed."


class Call:
    """A call of a checkpointed function, and the rule of its derivative.

    Attributes
    ----------
    inputs : list of Variable
        What in the arguments is to be differentiated.
    leaves : list
        What else is in the arguments.
    """

    def __init__(
        self, fun: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        flattener = Flattener("checkpoint", lambda _x, _place: True)
        self._fun = fun
        self._spec = flattener.flatten((args, kwargs), "arguments")
        self.leaves = flattener.leaves
        self._places = [place for place, x in enumerate(self.leaves) if is_tracked(x)]
        self._shapes = [
            self.leaves[place].shape if is_array(self.leaves[place]) else None
            for place in self._places
        ]
        self.inputs = []
        for place in self._places:
            self.inputs.append(in_one(self.leaves[place]))
            self.leaves[place] = None

    def run(self, inputs: Sequence[Any]) -> Outputs:
        """Run the function on these inputs, recording."""
        leaves = list(self.leaves)
        for place, shape, x in zip(self._places, self._shapes, inputs):
            leaves[place] = x if shape is None else OutputLeaf.shape_recorded(x, shape)
        args, kwargs = nest(self._spec, leaves)
        if _core.is_recording():
            return Outputs(self._fun(*args, **kwargs))
        with enable_grad():
            return Outputs(self._fun(*args, **kwargs))

    def pull_back(self, y_bar: Any, _y: Any, operands: Sequence[Any]) -> list[Any]:
        """Cotangents of the inputs."""
        inputs = [_core.input_of(x) for x in operands]
        output = self.run(inputs).joined()
        is_recorded = isinstance(y_bar, Variable)
        found: list[Any] = _core.grad(output, wrt=inputs, seed=y_bar, create_graph=is_recorded)
        return found

    def push_forward(self, tangents: Sequence[Any], y: Any, operands: Sequence[Any]) -> Any:
        """Tangent of the output."""
        inputs = [_core.input_of(x) for x in operands]
        output = self.run(inputs).joined()
        pairs = [(x, tangent) for x, tangent in zip(inputs, tangents) if tangent is not None]
        changing, directions = [x for x, _ in pairs], [tangent for _, tangent in pairs]
        return _core.push_forward(output, changing, directions, isinstance(y, Variable))


class Outputs:
    """What a checkpointed function returned."""

    def __init__(self, result: Any) -> None:
        flattener = Flattener("checkpoint", lambda _x, _place: True)
        self.result = result
        self._spec = flattener.flatten(result, "result")
        self._leaves = flattener.leaves
        self._places = [place for place, x in enumerate(self._leaves) if is_tracked(x)]

    def joined(self) -> Any:
        """Give all that has a gradient in one `Variable`; None if nothing has one."""
        parts = [in_one(self._leaves[place]) for place in self._places]
        if len(parts) <= 1:
            return parts[0] if parts else None
        return _core.concatenate(parts)

    def replaced(self, joined: Any) -> Any:
        """Give the result with other `Variable`s in it."""
        leaves, start = list(self._leaves), 0
        for place in self._places:
            leaf = leaves[place]
            dim = leaf.size if is_array(leaf) else leaf.dim
            part = joined if joined.dim == dim else joined[start : start + dim]
            leaves[place] = OutputLeaf.shape_recorded(part, leaf.shape)
            start += dim
        return nest(self._spec, leaves)


def is_tracked(x: object) -> bool:
    """Whether a leaf is a `Variable` with a gradient, or an array with some in it."""
    if is_array(x) and x.dtype.kind == "O":  # type: ignore[attr-defined]
        return any(map(_core.is_tracked, x.flat))  # type: ignore[attr-defined]
    return _core.is_tracked(x)


def in_one(x: Any) -> Any:
    """Give the entries of a leaf in one `Variable`."""
    return _core.concatenate(x.ravel().tolist()) if is_array(x) else x


def checkpoint(fun: Callable[P, Any]) -> Callable[P, Any]:
    """Make a function keep nothing of what it computes but its arguments and its result.

    A sweep that needs the rest runs the function again: memory for time.

    Parameters
    ----------
    fun : callable
        A function that gives the same whenever it is called with the same.

    Returns
    -------
    callable
        Takes and returns what `fun` takes and returns, with the same derivatives.

    Notes
    -----
    What is to be forgotten must depend on the arguments only. If `fun` uses other `Variable`s, as
    a closure does, the gradients are right, but everything is kept.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> def block(x):
    ...     for _ in range(100):
    ...         x = ag.sin(x)
    ...     return x
    >>> ag.grad(ag.checkpoint(block))(1.0) == ag.grad(block)(1.0)
    True
    """
    return Checkpoint(fun)
