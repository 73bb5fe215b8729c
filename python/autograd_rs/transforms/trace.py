"""A function run on inputs, and what came out of it."""

from __future__ import annotations

import math
import types

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._leaves import Leaves
from autograd_rs._modes import enable_grad, stop_gradient
from autograd_rs._tree import (
    Flattener,
    advice_for,
    array_of,
    described,
    in_shape,
    is_array,
    is_kind,
    is_number,
    loaded_numpy,
    nest,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def name_of(fun: Any) -> str:
    """Name a function in a message."""
    name = getattr(fun, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else "f"


def recording(run: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a transform with recording on: `no_grad` outside of it is not for the inside.

    Its result belongs to the outside, and so has no gradient there.
    """
    if _core.is_recording():
        return run(*args, **kwargs)
    with enable_grad():
        result = run(*args, **kwargs)
    return stop_gradient(result)


def constant(entries: Vector) -> Any:
    """Make a `Variable` of a derivative that nothing changes, for the outside to differentiate.

    It is a copy of a leaf, as a leaf that lives would count as something else to depend on.
    """
    return _core.input_of(Variable(entries))


class OutputLeaf:
    """A leaf of what a function returned.

    Attributes
    ----------
    shape : tuple of int
        Of the leaf.
    entries : Variable, Vector or float
        All entries in one.
    """

    __slots__ = ("_array", "entries", "is_array", "shape")

    def __init__(self, leaf: Any, *, is_array_wanted: bool) -> None:
        self._array = None
        self.is_array = is_array_wanted
        self.entries: Any = leaf
        if isinstance(leaf, (Variable, Vector)):
            self.shape: tuple[int, ...] = leaf.shape
        elif is_array(leaf):
            self.is_array = True
            self.shape = leaf.shape
            self._array = leaf.ravel().tolist()
            self.entries = (
                self._array[0]
                if leaf.size == 1 and isinstance(self._array[0], Variable)
                else _core.concatenate(self._array)
            )
        else:
            self.shape = ()
            if type(leaf) is bool or is_kind(leaf, "bool_"):
                self.entries = float(leaf)

    @property
    def dim(self) -> int:
        """How many entries there are."""
        return math.prod(self.shape)

    def rows(self) -> list[tuple[Any, Any]]:
        """For each entry a result and the seed that makes it this entry."""
        if self._array is not None:
            return [(entry, 1.0) for entry in self._array]
        dim = self.dim
        if dim == 1:
            return [(self.entries, 1.0)]
        return [(self.entries, unit) for unit in units(dim)]

    def value(self, *, is_recorded: bool) -> Any:
        """Give the leaf as the caller of a transform gets it."""
        entries = self.entries
        if not isinstance(entries, Variable):
            return entries if self._array is None else self.shaped(entries)
        return self.recorded(entries) if is_recorded else self.shaped(entries.value)

    def recorded(self, entries: Any) -> Any:
        """Put recorded entries into the shape of the leaf."""
        return self.shape_recorded(entries, self.shape)

    @staticmethod
    def shape_recorded(entries: Any, shape: tuple[int, ...]) -> Any:
        """Put a `Variable` into a shape: beyond one dimension it is an array of them."""
        return array_of(entries, shape) if len(shape) > 1 else in_shape(entries, shape)

    def shaped(self, entries: Vector) -> Any:
        """Plain entries in the shape and type of the leaf."""
        if self.is_array and self.shape != ():
            return loaded_numpy().asarray(entries).reshape(self.shape)
        return entries.item() if self.shape == () else entries


def units(dim: int) -> list[Vector]:
    """Make the rows of the unit matrix."""
    rows = []
    for index in range(dim):
        row = Vector.zeros(dim)
        row[index] = 1.0
        rows.append(row)
    return rows


class Trace:
    """A run of a function on inputs.

    Parameters
    ----------
    op : str
        The transform, for messages.
    fun : callable
        What is run.
    args : sequence
        What it is called with.
    argnums : sequence of int
        Which of `args` become inputs.
    variables : list of Variable, optional
        The inputs, if they were made already.
    """

    def __init__(
        self,
        op: str,
        fun: Callable[..., Any],
        args: Sequence[Any],
        argnums: Sequence[int],
        variables: list[Any] | None = None,
    ) -> None:
        self.op = op
        self.fun = fun
        self.aux: Any = None
        self._args = args
        self._chosen = positions(op, fun, argnums, len(args))
        trees = [args[index] for index in self._chosen]
        places = [f"argument {index}" for index in self._chosen]
        self.leaves = Leaves(op, trees, places, variables)

    def run(self, kwargs: dict[str, Any], *, has_aux: bool = False) -> Trace:
        """Call the function and take what it returns."""
        args = list(self._args)
        for index, tree in zip(self._chosen, self.leaves.opened()):
            args[index] = tree
        inputs, has_array = self.leaves.variables, self.leaves.has_array
        result = _core.call_differentiated(self.fun, tuple(args), kwargs, inputs, has_array)
        if has_aux:
            self._require_done(result)
            if not isinstance(result, tuple) or len(result) != 2:
                message = f"{self.op}: {name_of(self.fun)} returned {described(result)}, wanted a"
                raise TypeError(f"{message} pair (result, aux), as has_aux=True says")
            result, self.aux = result
        return self.take(result)

    def take(self, result: Any) -> Trace:
        """Take apart what the function returned."""
        self.outputs: list[OutputLeaf] = []
        if type(result) is Variable and _core.is_tracked(result):
            self.spec = None
            self.outputs.append(OutputLeaf(result, is_array_wanted=self.leaves.has_array))
            self.is_recorded = self._is_wanted_outside([result])
            return self
        self._require_done(result)
        flattener = Flattener(self.op, self._is_output)
        place = f"{name_of(self.fun)}(...)"
        if result is None:
            message = f"{self.op}: {name_of(self.fun)} returned None, wanted numbers; is a return"
            raise TypeError(f"{message} missing")
        self.spec = flattener.flatten(result, place)
        is_array_wanted = self.leaves.has_array
        self.outputs = [
            OutputLeaf(leaf, is_array_wanted=is_array_wanted) for leaf in flattener.leaves
        ]
        variables = [
            output.entries for output in self.outputs if isinstance(output.entries, Variable)
        ]
        self.is_recorded = self._is_wanted_outside(variables)
        return self

    def _require_done(self, result: Any) -> None:
        """Raise if the function has only promised to compute something."""
        if isinstance(result, types.CoroutineType):
            # Not awaited, as a warning would say.
            result.close()
            message = f"{self.op}: {name_of(self.fun)} is an async function, wanted one that"
            raise TypeError(f"{message} computes when it is called; use asyncio.run inside of it")

    def _is_wanted_outside(self, results: Sequence[Any]) -> bool:
        """Whether derivatives of the results may be differentiated outside of this transform.

        They may if an argument was a `Variable`, which makes the input a copy and so no leaf, even
        where they are constant, as the second derivative of a linear function is: the outside
        finds 0, not a number that depends on nothing.
        """
        inputs = self.leaves.variables
        if not all(x.is_leaf for x in inputs):
            return True
        if not _core.depend_on_others(results, inputs):
            return False
        if _core.come_from_ended(results, inputs):
            message = (
                f"{self.op}: {name_of(self.fun)} returned a result that depends on an argument of "
                "a transform that has ended, wanted its own arguments; keep a value for later by "
                ".item() or .detach()"
            )
            raise TypeError(message)
        return True

    def _is_output(self, x: Any, place: str) -> bool:
        if isinstance(x, (Variable, Vector, bool)) or is_number(x) or is_kind(x, "bool_"):
            return True
        if is_array(x) and x.dtype.kind in "fiubO":
            for index, entry in enumerate(x.flat) if x.dtype.kind == "O" else ():
                if not (isinstance(entry, Variable) and entry.dim == 1) and not is_number(entry):
                    message = f"{self.op}: {place}: entry {index} of an object array is"
                    raise TypeError(f"{message} {described(entry)}, wanted a number")
            return True
        name = place.removesuffix("(...)")
        message = f"{self.op}: {place}: got" if name == place else f"{self.op}: {name} returned"
        raise TypeError(f"{message} {described(x)}, wanted numbers{advice_for(x)}")

    def described_result(self) -> str:
        """Say what the function returned, in a message."""
        count = len(self.outputs)
        return f"a container of {count} result{'' if count == 1 else 's'}"

    def value(self) -> Any:
        """Give what the function returned, as the caller gets it."""
        leaves = [output.value(is_recorded=self.is_recorded) for output in self.outputs]
        return nest(self.spec, leaves)

    def released(self, tree: Any) -> Any:
        """Something else that the function made, `Variable`s of this run as plain values."""
        return released(tree, self.leaves.variables, self.leaves.has_array)

    def joined(self) -> Any:
        """All entries of all outputs in one `Variable`."""
        if len(self.outputs) == 1 and isinstance(self.outputs[0].entries, Variable):
            return self.outputs[0].entries
        return _core.concatenate([output.entries for output in self.outputs])

    def split(self, entries: Any) -> list[Any]:
        """Cut entries for all outputs, one after the other, into the entries of each."""
        if len(self.outputs) == 1:
            return [entries]
        parts, start = [], 0
        for output in self.outputs:
            end = start + output.dim
            parts.append(entries[start:end])
            start = end
        return parts

    def gradients(self, output: Any, seed: Any, *, is_recorded: bool) -> list[Any]:
        """Derive an output by all inputs, as `Variable`s or `Vector`s."""
        inputs = self.leaves.variables
        if not isinstance(output, Variable) or not _core.is_tracked(output):
            zeros = [x.value.fill(0.0) for x in inputs]
            return [constant(zero) for zero in zeros] if is_recorded else zeros
        found: list[Any] = _core.grad(output, wrt=inputs, seed=seed, create_graph=is_recorded)
        return found

    def given_back(self, gradients: Sequence[Any], *, is_recorded: bool | None = None) -> list[Any]:
        """Put derivatives of a number by all inputs into the types and structure they want."""
        forms = self.leaves.forms
        if self.is_recorded if is_recorded is None else is_recorded:
            return self.leaves.trees([form.recorded(x) for form, x in zip(forms, gradients)])
        return self.leaves.trees([form.plain(x) for form, x in zip(forms, gradients)])


def released(tree: Any, inputs: Sequence[Any], is_array_wanted: bool) -> Any:
    """Make `Variable`s that depend on `inputs` alone plain values; leave all other objects."""
    flattener = Flattener("has_aux", lambda _x, _place: True)
    spec = flattener.flatten(tree, "aux")
    variables = [x for leaf in flattener.leaves for x in entries_of(leaf) if type(x) is Variable]
    depend = _core.which_depend_on_others(variables, inputs)
    own = {id(x) for x, depends in zip(variables, depend) if not depends}

    def plain(x: Any) -> Any:
        if id(x) not in own:
            return x
        if x.ndim == 0:
            return x.item()
        return loaded_numpy().asarray(x.value) if is_array_wanted else x.value

    leaves = [
        released_array(leaf, own) if is_objects(leaf) else plain(leaf) for leaf in flattener.leaves
    ]
    if all(leaf is given for leaf, given in zip(leaves, flattener.leaves)):
        return tree
    return nest(spec, leaves)


def is_objects(x: Any) -> bool:
    """Whether something is an array of objects."""
    return is_array(x) and x.dtype.kind == "O"


def entries_of(leaf: Any) -> Any:
    """Give the entries of an array of objects, and of anything else itself."""
    return leaf.flat if is_objects(leaf) else (leaf,)


def released_array(array: Any, own: set[int]) -> Any:
    """Make the entries of an array that are `own` plain; if all are numbers it is one of floats."""
    if not any(id(entry) in own for entry in array.flat):
        return array
    entries = [x.item() if id(x) in own and x.dim == 1 else x for x in array.flat]
    entries = [x.value if id(x) in own else x for x in entries]
    row = loaded_numpy().empty(array.size, float if all(map(is_number, entries)) else object)
    for place, entry in enumerate(entries):
        row[place] = entry
    return row.reshape(array.shape)


def positions(op: str, fun: Callable[..., Any], argnums: Sequence[int], count: int) -> list[int]:
    """Where the differentiated arguments stand; negative ones count from the end."""
    chosen = []
    for argnum in argnums:
        index = argnum + count if argnum < 0 else argnum
        if not 0 <= index < count:
            were = "argument was" if count == 1 else "arguments were"
            message = (
                f"{op}: argnums: got {described(argnum)}, but {count} positional {were} given to "
                f"{name_of(fun)}; give by position what is to be differentiated"
            )
            raise ValueError(message)
        if index in chosen:
            message = f"{op}: argnums: got argument {index} twice, wanted each once"
            raise ValueError(message)
        chosen.append(index)
    return chosen
