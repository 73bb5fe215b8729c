"""Checks of derivatives against differences of values."""

from __future__ import annotations

import itertools
import math
import random

from autograd_rs import _core
from autograd_rs._core import Variable, Vector
from autograd_rs._differences import TOLERANCE, along, inner, slopes
from autograd_rs._tree import described, is_number
from autograd_rs.transforms.flatten import flatten
from autograd_rs.transforms.jvp import jvp, vjp
from autograd_rs.transforms.trace import Trace, name_of, units
from autograd_rs.transforms.transform import require_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from autograd_rs._differences import Slope

    Row = tuple[str, float, Slope, float]
    # What is derived by, analytic and numeric derivative, and the unit that both are in.

MODES = ("fwd", "rev")
STEP = 1e-4
"""Differences of fourth order: at this step truncation is about 1e-16 and rounding 1e-12."""

# Their kinks lie where operands meet, which the table does not list as points.
TIES = frozenset({"maximum", "minimum", "fmax", "fmin", "max", "min", "where"})
DISTANCES = frozenset({"norm", "hypot"})
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
        Up to which order. Above the first, the derivatives in each mode are checked as functions of
        the arguments and of the direction, in each mode again.
    modes : sequence of {"fwd", "rev"}
        Forward mode, reverse mode or both.
    atol, rtol : float, optional
        What may differ, absolutely, in units of each argument or 1, whichever is larger, and
        relatively. 1e-6 if not given; `atol` then is 1e-6 of the values, if they are below 1 and
        two steps agree. What rounding may do to a difference is added, and how far differences of
        two steps are apart, up to 1e-4 of them.
    eps : float, optional
        First step of the differences, in units of each argument or 1, whichever is larger; 1e-4
        if not given.

    Raises
    ------
    AssertionError
        If a derivative differs; the message says which, and what both are, names operations that
        have a kink there, and says so if differences are no judge there.
    TypeError, ValueError
        If `fun` cannot be differentiated, or `modes` or `order` are none.

    Notes
    -----
    Differences are central and of fourth order, along random directions that are the same in every
    run. Each is compared with that of a tenth of the step. Where they differ, or leave the domain,
    smaller steps are tried, up to ten of them; where rounding is most of them, larger ones, up to
    1e-2. They are no judge where rounding may still be more than `atol` and 5e-2 of them.

    The square of a distance is smooth at its centre, but its second derivatives here are not those
    of differences: they follow from the convention at the kink, as those of `norm(v)**2` at 0, and
    squares of `abs`, `hypot` and `std`. Write `ag.sum(v * v)`.

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
    chosen = chosen_modes(modes)
    limits = Limits(
        None if atol is None else limit("atol", atol, 0.0),
        limit("rtol", rtol, TOLERANCE),
        limit("eps", eps, STEP),
    )
    if limits.step == 0.0:
        message = "check_grads: eps: got 0, wanted a number above 0"
        raise ValueError(message)
    Check(fun, tuple(args), limits, random.Random(0)).run(order, chosen)


def chosen_modes(modes: Any) -> tuple[str, ...]:
    """Give the modes that were asked for."""
    chosen = (modes,) if isinstance(modes, str) else modes
    if isinstance(chosen, (tuple, list, set)) and chosen and all(own in MODES for own in chosen):
        return tuple(chosen)
    message = f"check_grads: modes: got {modes!r}, wanted some of {MODES}"
    raise ValueError(message)


def limit(name: str, given: Any, default: float) -> float:
    """Give a limit that was asked for."""
    if given is None:
        return default
    if not is_number(given):
        message = f"check_grads: {name}: got {described(given)}, wanted a number"
        raise TypeError(message)
    if not 0 <= given < math.inf:
        message = f"check_grads: {name}: got {given!r}, wanted a finite number from 0 on"
        raise ValueError(message)
    return float(given)


class Limits:
    """How much may differ, and how long the steps are."""

    def __init__(self, atol: float | None, rtol: float, step: float) -> None:
        self.atol = atol
        self.rtol = rtol
        self.step = step


class Check:
    """A check of one function at one point.

    Parameters
    ----------
    fun : callable
        The function.
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
        self.given = fun, args
        """What the user gave, of which `fun` is a derivative along `path`."""
        self.path: tuple[str, ...] = ()
        trace = Trace("check_grads", fun, args, range(len(args))).run({})
        self.places = [
            place if form.shape == () else f"{place}[{index}]"
            for place, form in zip(trace.leaves.places, trace.leaves.forms)
            for index in range(form.dim)
        ]
        row, self.unflatten = flatten(args)
        self.point: list[float] = (row.value if isinstance(row, Variable) else row).tolist()

    def of_derivative(
        self, mode: str, derived: Callable[..., Any], direction: Any, places: list[str]
    ) -> Check:
        """Make the check of a derivative, a function of the direction as well, at one of them."""
        check = Check(derived, (*self.args, direction), self.limits, self.draw)
        check.given, check.path = self.given, (*self.path, mode)
        check.places = [*self.places, *places]
        return check

    def run(self, order: int, modes: Sequence[str]) -> None:
        """Check the derivatives of the function up to an order."""
        for mode in modes:
            # In units of each argument, so that steps are.
            tangent = [scale_of(x) * own for x, own in zip(self.point, self._draw(len(self.point)))]
            if mode == "fwd":
                check = self._check_forward(tangent)
            else:
                check = self._check_reverse(tangent)
            if order > 1:
                check().run(order - 1, modes)

    def _check_forward(self, tangent: list[float]) -> Callable[[], Check]:
        fun, tangents = self.fun, self.unflatten(Vector(tangent))

        def derived(*args: Any) -> Any:
            return jvp(fun, args[:-1], args[-1])[1]

        analytic = flat(derived(*self.args, tangents))
        for found, slope in zip(analytic, self.slopes(tangent)):
            if not self.is_near(found, slope):
                row = ("a random direction", found, slope, 1.0)
                self.fail("fwd", row, lambda unit: flat(derived(*self.args, unit)))
        places = [f"the tangent of {place}" for place in self.places]
        return lambda: self.of_derivative("fwd", derived, tangents, places)

    def _check_reverse(self, tangent: list[float]) -> Callable[[], Check]:
        fun = self.fun
        row, unflatten = flatten(self._values_tree())
        cotangent = self._draw(len(row))
        cotangents = unflatten(Vector(cotangent))

        def derived(*args: Any) -> Any:
            return vjp(fun, *args[:-1])[1](args[-1])

        found = inner(flat(derived(*self.args, cotangents)), tangent)
        slope = along(cotangent, self.slopes(tangent))
        if not self.is_near(found, slope):
            wrong = ("a random direction", found, slope, 1.0)
            pullback = vjp(fun, *self.args)[1]
            rows = [flat(pullback(unflatten(unit))) for unit in units(len(cotangent))]
            self.fail("rev", wrong, lambda unit: [inner(own, flat(unit)) for own in rows])
        indices = [f"[{index}]" for index in range(len(cotangent))] if len(cotangent) > 1 else [""]
        places = [f"the cotangent{index}" for index in indices]
        return lambda: self.of_derivative("rev", derived, cotangents, places)

    def _values_tree(self) -> Any:
        return Trace("check_grads", self.fun, self.args, range(len(self.args))).run({}).value()

    def _draw(self, dim: int) -> list[float]:
        return [self.draw.choice((-1.0, 1.0)) * self.draw.uniform(0.5, 1.0) for _ in range(dim)]

    def slopes(self, direction: list[float]) -> list[Slope]:
        """Derive the values along a direction, by differences."""

        def values_at(shift: float) -> list[float]:
            moved = [x + shift * own for x, own in zip(self.point, direction)]
            return self._values_at(moved)

        moved = [min(1.0, abs(x)) for x, own in zip(self.point, direction) if own != 0.0]
        return slopes(values_at, self.limits.step, max(moved, default=0.0))

    def _values_at(self, point: list[float]) -> list[float]:
        args = self.unflatten(Vector(point))
        # On Variables, as functions may use their methods; their graph is dropped at once.
        trace = Trace("check_grads", self.fun, args, range(len(args)))
        return flat(trace.run({}).value())

    def is_near(self, found: float, slope: Slope) -> bool:
        """Whether an analytic derivative is what differences say."""
        return slope.is_near(found, self.limits.atol, self.limits.rtol)

    def fail(self, mode: str, row: Row, derive: Callable[[Any], list[float]]) -> None:
        """Raise, with the entry of the arguments that is most wrong; with `row`, if none is."""
        rows = []
        for place, x, unit in zip(self.places, self.point, units(len(self.point))):
            scale = scale_of(x)
            found = derive(self.unflatten(unit))
            numeric = self.slopes((unit * scale).tolist())
            # In units of the argument, as tolerances are.
            rows += [(place, own * scale, slope, scale) for own, slope in zip(found, numeric)]
        wrong = [own for own in rows if not self.is_near(own[1], own[2])]
        worst = max(wrong or [row], key=self.excess)
        raise AssertionError("; ".join([self.message((*self.path, mode), worst), *self.kinks()]))

    def excess(self, row: Row) -> float:
        """By how much a derivative is wrong, in units of what is allowed."""
        _, found, slope, _ = row
        apart = abs(found - slope.value)
        allowed = slope.allowed(found, self.limits.atol, self.limits.rtol)
        if not math.isfinite(apart) or allowed == 0.0:
            return math.inf
        return apart / allowed

    def message(self, path: tuple[str, ...], row: Row) -> str:
        """Say which derivative is wrong, and whether differences can tell."""
        place, found, slope, scale = row
        apart = abs(found - slope.value) / scale
        message = (
            f"check_grads: {name_of(self.given[0])}: order {len(path)} "
            f"({' of '.join(reversed(path))}): derivative by {place}: analytic {found / scale!r}, "
            f"numeric {slope.value / scale!r}, differ by {apart:.3g}"
        )
        limits = self.limits
        if math.isinf(slope.gap):
            why = "the values are not finite around it"
        elif not slope.is_judge(limits.atol):
            why = f"rounding may change them by {slope.rounding / scale:.3g}"
        else:
            allowed = slope.allowed(found, limits.atol, limits.rtol) / scale
            message += f", wanted at most {allowed:.3g}"
            if slope.is_trusted:
                return message
            why = f"they differ by {slope.gap / scale:.3g} from those of a smaller step"
        return (
            f"{message}; differences are no judge here: {why}; move the point, or set eps= "
            f"(was {limits.step:g})"
        )

    def kinks(self) -> list[str]:
        """Say which operations have a kink at, or next to, what they were given."""
        fun, args = self.given
        trace = Trace("check_grads", fun, args, range(len(args))).run({})
        result = trace.joined()
        if not _core.is_tracked(result):
            return []
        _, _, nodes = _core.graph("check_grads", result, LARGEST_GRAPH, LARGEST_GRAPH)
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
        elif name in DISTANCES and math.hypot(*itertools.chain(*given)) <= reach:
            yield f"{name} has a kink at the origin: {what}, or write squares as ag.sum(v * v)"
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
