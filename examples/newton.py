"""Newton's method for functions of a few parameters, by exact gradients and Hessians.

The other examples fit their models with it. It needs nothing but the transforms: `value_and_grad`
and `hessian` take the function as it is written for floats.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd_rs as ag

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Function = Callable[[Any], Any]
    Report = Callable[[int, float, float], object]


class Minimum(NamedTuple):
    """Where a function is least, and how it bends there."""

    parameters: list[float]
    value: float
    gradient: list[float]
    hessian: list[list[float]]
    iterations: int


def minimise(
    f: Function,
    start: Sequence[float],
    *,
    tolerance: float = 1e-8,
    limit: int = 100,
    report: Report | None = None,
) -> Minimum:
    """Minimise a function of a vector by Newton's method with damping.

    Parameters
    ----------
    f : callable
        Takes a vector of n entries, gives a number.
    start : sequence of float, shape (n,)
        Where to begin.
    tolerance : float
        The largest entry of the gradient at which to stop.
    limit : int
        Most steps to take.
    report : callable, optional
        Called before each step with its number, the value and the size of the gradient.

    Returns
    -------
    Minimum
        Parameters, value, gradient (n,), Hessian (n, n) and number of steps.

    Raises
    ------
    RuntimeError
        If the gradient is not within `tolerance` after `limit` steps.

    Notes
    -----
    A multiple of the identity is added to the Hessian until it is positive definite and the step
    goes down (Levenberg 1944, Marquardt 1963).
    """
    value_and_grad, hessian = ag.value_and_grad(f), ag.hessian(f)
    x = ag.Vector(start)
    damping = 0.0
    for iteration in range(limit):
        value, slope = value_and_grad(x)
        gradient = slope.tolist()
        bend = [row.tolist() for row in hessian(x)]
        steepest = max(abs(entry) for entry in gradient)
        if report is not None:
            report(iteration, value, steepest)
        if steepest <= tolerance:
            return Minimum(x.tolist(), value, gradient, bend, iteration)
        while True:
            step = _solve_damped(bend, gradient, damping)
            if step is not None:
                ahead = x - ag.Vector(step)
                # Near the minimum the value cannot tell better from worse; the step may.
                reached = _plain(f, ahead)
                if reached <= value + 1e-12 * abs(value):
                    break
            damping = max(4.0 * damping, 1e-4)
            if damping > 1e16:
                raise RuntimeError(f"minimise: no step goes down from {x}, gradient {gradient}")
        x = ahead
        damping = damping / 10.0 if damping > 1e-6 else 0.0
    raise RuntimeError(f"minimise: gradient is {gradient}, wanted entries up to {tolerance}")


def _plain(f: Function, x: ag.Vector) -> float:
    """Return the value at `x`, without recording; inf where it is nan."""
    with ag.no_grad():
        value = float(f(x))
    return math.inf if math.isnan(value) else value


def _solve_damped(
    matrix: list[list[float]], right: Sequence[float], damping: float
) -> list[float] | None:
    """Return the damped step, or None if the matrix is not positive definite."""
    scale = max(abs(row[i]) for i, row in enumerate(matrix))
    damped = [
        [entry + (damping * scale if i == j else 0.0) for j, entry in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
    lower = factorise(damped)
    return None if lower is None else solve_factorised(lower, right)


def factorise(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Return Cholesky's lower factor of a symmetric matrix, or None if it has none."""
    lower: list[list[float]] = []
    for i, given in enumerate(matrix):
        row: list[float] = []
        for j in range(i):
            known = math.fsum(a * b for a, b in zip(row, lower[j]))
            row.append((given[j] - known) / lower[j][j])
        square = given[i] - math.fsum(a * a for a in row)
        if not square > 0.0:
            return None
        lower.append([*row, math.sqrt(square)])
    return lower


def solve_factorised(lower: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Return `x` with `L @ L.T @ x == right`."""
    n = len(right)
    x: list[float] = []
    for i in range(n):
        known = math.fsum(a * b for a, b in zip(lower[i], x))
        x.append((right[i] - known) / lower[i][i])
    for i in reversed(range(n)):
        known = math.fsum(lower[k][i] * x[k] for k in range(i + 1, n))
        x[i] = (x[i] - known) / lower[i][i]
    return x


def standard_errors(hessian: Sequence[Sequence[float]]) -> list[float]:
    """Return the square roots of the diagonal of the inverse, as a likelihood wants them.

    Raises
    ------
    ValueError
        If the matrix is not positive definite.
    """
    lower = factorise(hessian)
    if lower is None:
        raise ValueError("standard_errors: got a matrix that is not positive definite")
    n = len(lower)
    units = ([1.0 if i == j else 0.0 for i in range(n)] for j in range(n))
    return [math.sqrt(solve_factorised(lower, unit)[j]) for j, unit in enumerate(units)]
