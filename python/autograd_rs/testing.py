"""Checks of derivatives against differences of values."""

from __future__ import annotations

import math
import random

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._tree import described
from autograd_rs.transforms.flatten import flatten
from autograd_rs.transforms.jvp import jvp, vjp
from autograd_rs.transforms.trace import Trace, name_of, units
from autograd_rs.transforms.transform import require_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

MODES = ("fwd", "rev")
TOLERANCE = 1e-6
STEP = 1e-4
"""Differences of fourth order: at this step truncation is about 1e-16 and rounding 1e-12."""

STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
NARROWER = 1e-2
"""By how much the step shrinks when a difference leaves the domain."""

# Their kinks lie where operands meet, which the table does not list as points.
TIES = frozenset({"maximum", "minimum", "fmax", "fmin", "max", "min", "where"})
QUOTIENTS = frozenset({"remainder", "fmod", "floordiv"})
LARGEST_GRAPH = 100_000


def check_grads(
    fun: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Sequence[str] = MODES,
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Compare the derivatives of a function with differences of its values.

    Parameters
    ----------
    fun : callable
        A function that returns numbers.
    args : tuple
        Where to check: its positional arguments.
    order : int, default 2
        Up to which order. Above the first, the derivatives in each mode are checked as functions,
        in each mode again.
    modes : sequence of {"fwd", "rev"}
        Forward mode, reverse mode or both.
    atol, rtol : float, optional
        What may differ, absolutely and relatively; 1e-6 if not given. What rounding of the values
        may do to a difference is added.
    eps : float, optional
        Step of the differences, in units of each argument or 1, whichever is larger.

    Raises
    ------
    AssertionError
        If a derivative differs; the message says which, and what both are, and names operations
        that have a kink there.
    TypeError, ValueError
        If `fun` cannot be differentiated, or `modes` or `order` are none.

    Notes
    -----
    Differences are central and of fourth order, along random directions that are the same in every
    run. Directions outside a domain are tried again with smaller steps.

    Examples
    --------
    >>> import autograd_rs as ag
    >>> ag.check_grads(lambda x: ag.sin(x) * x, (0.7,), order=3)
    """
    require_callable("check_grads", fun)
    if not isinstance(args, (tuple, list)):
        message = f"check_grads: args: got {described(args)}, wanted a tuple of arguments"
        raise TypeError(message)
    if type(order) is not int or order < 1:
        message = f"check_grads: order: got {described(order)}, wanted an int from 1 on"
        raise ValueError(message)
    chosen = (modes,) if isinstance(modes, str) else tuple(modes)
    if not chosen or not set(chosen) <= set(MODES):
        message = f"check_grads: modes: got {modes!r}, wanted some of {MODES}"
        raise ValueError(message)
    limits = Limits(
        TOLERANCE if atol is None else atol,
        TOLERANCE if rtol is None else rtol,
        STEP if eps is None else eps,
    )
    Check(fun, tuple(args), limits, random.Random(0)).run(fun, (), order, chosen)


class Limits:
    """How much may differ, and how long the steps are."""

    def __init__(self, atol: float, rtol: float, step: float) -> None:
        self.atol = atol
        self.rtol = rtol
        self.step = step


class Check:
    """A check of one function at one point.

    Parameters
    ----------
    fun : callable
        The function, for messages and its graph.
    args : tuple
        The point.
    limits : Limits
        What passes.
    draw : random.Random
        Where directions come from.
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        args: tuple[Any, ...],
        limits: Limits,
        draw: random.Random,
    ) -> None:
        self.fun = fun
        self.args = args
        self.limits = limits
        self.draw = draw
        trace = Trace("check_grads", fun, args, range(len(args)))
        self.places = [
            place if form.shape == () else f"{place}[{index}]"
            for place, form in zip(trace.leaves.places, trace.leaves.forms)
            for index in range(form.dim)
        ]
        row, self.unflatten = flatten(args)
        self.point: list[float] = (row.value if isinstance(row, Variable) else row).tolist()

    def run(
        self, fun: Callable[..., Any], path: tuple[str, ...], order: int, modes: Sequence[str]
    ) -> None:
        """Check `fun`, which is the function derived along `path`, and its derivatives."""
        for mode in modes:
            here = (*path, mode)
            # In units of each argument, so that steps are.
            tangent = [scale_of(x) * own for x, own in zip(self.point, self._draw(len(self.point)))]
            if mode == "fwd":
                derived = self._check_forward(fun, here, tangent)
            else:
                derived = self._check_reverse(fun, here, tangent)
            if order > 1:
                self.run(derived, here, order - 1, modes)

    def _check_forward(
        self, fun: Callable[..., Any], path: tuple[str, ...], tangent: list[float]
    ) -> Callable[..., Any]:
        tangents = self.unflatten(Vector(tangent))

        def derived(*args: Any) -> Any:
            return jvp(fun, args, tangents)[1]

        analytic = flat(derived(*self.args))
        numeric, rounding = self.difference(fun, tangent)
        for found, wanted in zip(analytic, numeric):
            if not self.is_near(found, wanted, rounding):
                self.fail(fun, path, lambda unit: flat(jvp(fun, self.args, unit)[1]))
        return derived

    def _check_reverse(
        self, fun: Callable[..., Any], path: tuple[str, ...], tangent: list[float]
    ) -> Callable[..., Any]:
        row, unflatten = flatten(self._values_tree(fun))
        cotangent = self._draw(len(row))

        def derived(*args: Any) -> Any:
            return vjp(fun, *args)[1](unflatten(Vector(cotangent)))

        numeric, rounding = self.difference(fun, tangent)
        wanted = inner(cotangent, numeric)
        if not self.is_near(inner(flat(derived(*self.args)), tangent), wanted, rounding):
            pullback = vjp(fun, *self.args)[1]
            rows = [flat(pullback(unflatten(unit))) for unit in units(len(cotangent))]
            self.fail(fun, path, lambda unit: [inner(row, flat(unit)) for row in rows])
        return derived

    def _values_tree(self, fun: Callable[..., Any]) -> Any:
        return Trace("check_grads", fun, self.args, range(len(self.args))).run({}).value()

    def _draw(self, dim: int) -> list[float]:
        return [self.draw.choice((-1.0, 1.0)) * self.draw.uniform(0.5, 1.0) for _ in range(dim)]

    def difference(
        self, fun: Callable[..., Any], direction: list[float]
    ) -> tuple[list[float], float]:
        """Derive the values of `fun` along a direction; also what rounding may do to that."""
        step = self.limits.step
        for _ in range(3):
            numeric, rounding = self._difference(fun, direction, step)
            if all(map(math.isfinite, numeric)):
                break
            step *= NARROWER
        return numeric, rounding

    def _difference(
        self, fun: Callable[..., Any], direction: list[float], step: float
    ) -> tuple[list[float], float]:
        total: list[float] = []
        size = 0.0
        for shift, weight in STENCIL:
            moved = [x + shift * step * own for x, own in zip(self.point, direction)]
            values = self._values_at(fun, moved)
            size = max([size, *map(abs, values)])
            total = total or [0.0] * len(values)
            total = [sum_ + weight * value / step for sum_, value in zip(total, values)]
        # Each value is off by a few units in its last place, as is where it was taken.
        return total, 64 * 2.0**-53 * size / step

    def _values_at(self, fun: Callable[..., Any], point: list[float]) -> list[float]:
        args = self.unflatten(Vector(point))
        # On Variables, as functions may use their methods; their graph is dropped at once.
        trace = Trace("check_grads", fun, args, range(len(args)))
        return flat(trace.run({}).value())

    def is_near(self, found: float, wanted: float, rounding: float) -> bool:
        """Whether an analytic derivative is what differences say."""
        allowed = self.limits.atol + self.limits.rtol * max(abs(found), abs(wanted)) + rounding
        return abs(found - wanted) <= allowed

    def fail(
        self,
        fun: Callable[..., Any],
        path: tuple[str, ...],
        derive: Callable[[Any], list[float]],
    ) -> None:
        """Raise, with the entry of the arguments at which the derivative differs most."""
        worst = (-1.0, "", 0.0, 0.0)
        for place, x, unit in zip(self.places, self.point, units(len(self.point))):
            scale = scale_of(x)
            numeric, _ = self.difference(fun, (unit * scale).tolist())
            for found, scaled in zip(derive(self.unflatten(unit)), numeric):
                wanted = scaled / scale
                distance = abs(found - wanted)
                distance = math.inf if math.isnan(distance) else distance
                if distance > worst[0]:
                    worst = (distance, place, found, wanted)
        distance, place, found, wanted = worst
        message = (
            f"check_grads: {name_of(self.fun)}: order {len(path)} ({' of '.join(reversed(path))}): "
            f"derivative by {place}: analytic {found!r}, numeric {wanted!r}, differ by "
            f"{distance:.3g}, wanted at most {self.limits.atol:.3g} + {self.limits.rtol:.3g} of it"
        )
        raise AssertionError("; ".join([message, *self.kinks()]))

    def kinks(self) -> list[str]:
        """Say which operations have a kink at, or next to, what they were given."""
        trace = Trace("check_grads", self.fun, self.args, range(len(self.args))).run({})
        _, _, nodes = _core.graph(trace.joined(), LARGEST_GRAPH, LARGEST_GRAPH)
        values = {node[0]: node[4].tolist() for node in nodes if node[4] is not None}
        rows = {row["name"]: row for row in _core.ops()}
        found = []
        for _, kind, name, operands, _ in nodes:
            given = [values[own] for own in operands if own in values]
            if kind != "op" or len(given) != len(operands):
                continue
            found += list(self._kinks_of(name, rows.get(name), given))
        return sorted(set(found))

    def _kinks_of(
        self, name: str, row: dict[str, Any] | None, given: list[list[float]]
    ) -> Iterator[str]:
        reach = 3 * self.limits.step
        what = "the derivative is a convention there, so move the point"
        if row is not None and row["kinks"]:
            for x in given[0]:
                if any(abs(x - kink) <= reach * max(1.0, abs(x)) for kink in all_kinks(row, x)):
                    yield f"{name} has a kink at or next to {x!r}: {what}"
        elif name in TIES and len(given) == 2:
            for a, b in broadcast(*given):
                if abs(a - b) <= reach * max(1.0, abs(a)):
                    yield f"{name} has a kink where its operands meet, as at {a!r}: {what}"
        elif name in TIES and len(given) == 1:
            ranked = sorted(given[0], reverse=name == "max")
            if len(ranked) > 1 and abs(ranked[0] - ranked[1]) <= reach * max(1.0, abs(ranked[0])):
                yield f"{name} has a kink where entries meet, as at {ranked[0]!r}: {what}"
        elif name in QUOTIENTS:
            for a, b in broadcast(*given):
                if b and abs(a / b - round(a / b)) <= reach * max(1.0, abs(a / b)):
                    yield f"{name} jumps at whole quotients, as at {a!r} and {b!r}: {what}"


def scale_of(x: float) -> float:
    """Give the unit in which an argument is changed."""
    return max(1.0, abs(x))


def all_kinks(row: dict[str, Any], x: float) -> list[float]:
    """List the kinks of an operation; where the table names some of a staircase, that next to x."""
    kinks: list[float] = row["kinks"]
    if len(kinks) < 3 or not math.isfinite(x):
        return kinks
    return [*kinks, kinks[0] + round(x - kinks[0])]


def broadcast(a: list[float], b: list[float]) -> list[tuple[float, float]]:
    """Pair the entries of two operands."""
    dim = max(len(a), len(b))
    return list(zip(a * dim if len(a) == 1 else a, b * dim if len(b) == 1 else b))


def flat(tree: Any) -> list[float]:
    """List the numbers of a container."""
    row, _ = flatten(tree)
    entries: list[float] = (row.value if isinstance(row, Variable) else row).tolist()
    return entries


def inner(a: Sequence[float], b: Sequence[float]) -> float:
    """Inner product."""
    return math.fsum(x * y for x, y in zip(a, b))
