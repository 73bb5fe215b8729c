"""SciPy's solvers with our derivatives beside its own finite differences.

Each case runs a solver to its end, in turn with ours and with differences; the table gives the
median of the ratios within a round, and how far each came from the solution.

Run it with `python benches/scipy_bench.py [--quick]`.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import integrate, optimize

import autograd_rs as ag

if TYPE_CHECKING:
    from collections.abc import Callable

    Solve = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Case:
    """A problem solved both ways; both give what is compared with the solution."""

    name: str
    ours: Solve
    differences: Solve
    solution: np.ndarray


def rosenbrock(x):
    """Return Rosenbrock's function, by slices."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_by_loop(x):
    """Return Rosenbrock's function, by a loop over scalars."""
    total = 0.0
    for a, b in pairwise(x):
        total = total + 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
    return total


def logistic_loss(inputs, targets):
    """Make the loss of a logistic regression, with a penalty on the weights."""
    signs = 2.0 * targets - 1.0

    def loss(weights):
        margins = signs * (inputs @ weights)
        return np.sum(np.logaddexp(0.0, -margins)) + 0.5 * np.dot(weights, weights)

    return loss


def robertson(_, y):
    """Return the rates of Robertson's reaction."""
    slow, fast, fastest = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
    return np.array([fast - slow, slow - fast - fastest, fastest])


def broyden(x):
    """Return Broyden's tridiagonal equations."""
    before = np.concatenate([[0.0], x[:-1]])
    after = np.concatenate([x[1:], [0.0]])
    return (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0


def minimise(f: Callable[..., Any], start: np.ndarray, method: str) -> tuple[Solve, Solve]:
    """Return the two ways to minimise a function."""
    value_and_grad = ag.value_and_grad(f)
    with_ours: dict[str, Any] = {"jac": True}
    without: dict[str, Any] = {}
    if method != "BFGS":

        def gradient(x):
            return optimize.approx_fprime(x, f)

        def hessian(x):
            # A difference of differences needs a longer step: the fourth root of the rounding.
            return optimize.approx_fprime(x, lambda y: optimize.approx_fprime(y, f, 1e-5), 1e-4)

        without = {"jac": gradient, "hess": hessian}
        with_ours["hess"] = ag.hessian(f)
        if method == "Newton-CG":
            with_ours = {"jac": True, "hessp": ag.hvp(f)}
    return (
        lambda: optimize.minimize(value_and_grad, start, method=method, **with_ours).x,
        lambda: optimize.minimize(f, start, method=method, **without).x,
    )


def cases(*, is_quick: bool) -> list[Case]:
    """Return the cases."""
    found = []
    sizes = (2, 10) if is_quick else (2, 5, 10, 50, 100)
    for n in sizes:
        start = np.resize([0.5, -0.5], n)
        for f, form in ((rosenbrock, "slices"), (rosenbrock_by_loop, "loop")):
            ways = minimise(f, start, "BFGS")
            found.append(Case(f"minimize BFGS, Rosenbrock by {form}, n={n}", *ways, np.ones(n)))
    for n in sizes[:3]:
        for method in ("Newton-CG", "trust-exact"):
            start = np.full(n, 0.5)
            ways = minimise(rosenbrock_by_loop, start, method)
            found.append(Case(f"minimize {method}, Rosenbrock, n={n}", *ways, np.ones(n)))
    generator = np.random.default_rng(0)
    for n in sizes:
        inputs = generator.normal(size=(500, n))
        targets = (inputs @ generator.normal(size=n) + generator.normal(size=500) > 0) * 1.0
        loss = logistic_loss(inputs, targets)
        best = optimize.minimize(ag.value_and_grad(loss), np.zeros(n), jac=True, tol=1e-12).x
        ways = minimise(loss, np.zeros(n), "BFGS")
        found.append(Case(f"minimize BFGS, logistic regression 500 x {n}", *ways, best))
    found.append(decay())
    for n in sizes:
        start, jacobian = -np.ones(n), ag.jacobian(broyden)
        root = optimize.root(broyden, start, jac=jacobian, tol=1e-14).x
        found.append(
            Case(
                f"root, Broyden tridiagonal, n={n}",
                lambda start=start, jacobian=jacobian: (
                    optimize.root(broyden, start, jac=jacobian).x
                ),
                lambda start=start: optimize.root(broyden, start).x,
                root,
            )
        )
    found.append(reaction())
    return found


def decay() -> Case:
    """Return a least-squares fit of two decays: four parameters, 200 points."""
    t = np.linspace(0.0, 4.0, 200)
    truth = np.array([2.0, 0.7, 1.0, 3.0])
    data = truth[0] * np.exp(-truth[1] * t) + truth[2] * np.exp(-truth[3] * t)
    start = np.array([1.0, 0.3, 1.0, 2.0])

    def residuals(b):
        return b[0] * np.exp(-b[1] * t) + b[2] * np.exp(-b[3] * t) - data

    jacobian = ag.jacobian(residuals)
    return Case(
        "least_squares, two decays, n=4",
        lambda: optimize.least_squares(residuals, start, jac=jacobian).x,
        lambda: optimize.least_squares(residuals, start).x,
        truth,
    )


def reaction() -> Case:
    """Return the integration of a stiff reaction."""
    jacobian = ag.jacobian(robertson, argnums=1)
    span, start = (0.0, 40.0), [1.0, 0.0, 0.0]

    def solve(**options):
        return integrate.solve_ivp(
            robertson, span, start, method="BDF", rtol=1e-6, atol=1e-10, **options
        ).y[:, -1]

    wanted = np.array([0.7158270688, 9.185534765e-06, 0.2841637457])
    return Case("solve_ivp BDF, Robertson, n=3", lambda: solve(jac=jacobian), solve, wanted)


def time_of(solve: Solve) -> float:
    """Return the seconds that one run takes."""
    start = perf_counter()
    solve()
    return perf_counter() - start


def main() -> None:
    """Measure all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer sizes, shorter")
    is_quick = parser.parse_args().quick
    budget = 0.5 if is_quick else 3.0
    print(f"{'':<46} {'ours':>9} {'differences':>12} {'ratio':>6} {'error':>8} {'theirs':>8}")
    for case in cases(is_quick=is_quick):
        errors = [
            float(np.max(np.abs(solve() - case.solution)))
            for solve in (case.ours, case.differences)
        ]
        ours, theirs = [], []
        while sum(ours) + sum(theirs) < budget or len(ours) < 3:
            ours.append(time_of(case.ours))
            theirs.append(time_of(case.differences))
        ratio = statistics.median(b / a for a, b in zip(ours, theirs))
        print(
            f"{case.name:<46} {1e3 * statistics.median(ours):>6.2f} ms "
            f"{1e3 * statistics.median(theirs):>9.2f} ms {ratio:>6.2f} "
            f"{errors[0]:>8.0e} {errors[1]:>8.0e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
