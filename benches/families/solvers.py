"""SciPy's solvers, each run to its end, with our derivatives and with its own differences."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import autograd_rs as ag
from measure import OURS, Case, Contender, compare, fresh
from peers import numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DIFFERENCES = "SciPy's differences"
LENGTHS = (2, 5, 10, 50, 100)
FEW_LENGTHS = (2, 10)
# Of the solution, relative to its largest entry: differences of differences come no nearer.
TOLERANCE = 5e-3

np: Any = numpy()


def rosenbrock(x):
    """Return Rosenbrock's function, by slices."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_by_loop(x):
    """Return Rosenbrock's function, by a loop over scalars."""
    total = 0.0
    for a, b in pairwise(x):
        total = total + 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2
    return total


def broyden(x):
    """Return Broyden's tridiagonal equations."""
    before = np.concatenate([[0.0], x[:-1]])
    after = np.concatenate([x[1:], [0.0]])
    return (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0


def robertson(_, y):
    """Return the rates of Robertson's reaction."""
    slow, fast, fastest = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]
    return np.array([fast - slow, slow - fast - fastest, fastest])


def logistic_loss(length):
    """Make the loss of a logistic regression of 500 rows, with a penalty on the weights."""
    generator = np.random.default_rng(length)
    inputs = generator.normal(size=(500, length))
    noise = generator.normal(size=500)
    signs = np.where(inputs @ generator.normal(size=length) + noise > 0.0, 1.0, -1.0)

    def loss(weights):
        margins = signs * (inputs @ weights)
        return np.sum(np.logaddexp(0.0, -margins)) + 0.5 * np.dot(weights, weights)

    return loss


def case_of(work: str, ours: Callable[[], Any], theirs: Callable[[], Any], solution: Any) -> Case:
    """Make a case of the two ways to solve a problem, of which ours must not be the slower."""
    contenders = {
        name: Contender(lambda solve=solve: np.atleast_1d(solve()), expected=lambda: solution)
        for name, solve in ((OURS, ours), (DIFFERENCES, theirs))
    }
    return Case(work, contenders, {DIFFERENCES: 1.0}, tolerance=TOLERANCE)


def by_gradient(name: str, f: Callable[..., Any], start: Any, solution: Any) -> Case:
    """Minimise by BFGS."""
    from scipy.optimize import minimize

    value_and_grad, theirs = ag.value_and_grad(f), fresh(f)
    return case_of(
        f"minimize BFGS, {name}",
        lambda: minimize(value_and_grad, start, jac=True, method="BFGS").x,
        lambda: minimize(theirs, start, method="BFGS").x,
        solution,
    )


def by_hessian(method: str, length: int) -> Case:
    """Minimise by a method that takes second derivatives."""
    from scipy.optimize import approx_fprime, minimize

    f, theirs, start = rosenbrock_by_loop, fresh(rosenbrock_by_loop), np.full(length, 0.5)

    def gradient(x):
        return approx_fprime(x, theirs)

    def hessian(x):
        # A difference of differences needs a longer step: the fourth root of the rounding.
        return approx_fprime(x, lambda y: approx_fprime(y, theirs, 1e-5), 1e-4)

    ours: dict[str, Any] = {"jac": True}
    ours |= {"hessp": ag.hvp(f)} if method == "Newton-CG" else {"hess": ag.hessian(f)}
    value_and_grad = ag.value_and_grad(f)
    return case_of(
        f"minimize {method}, Rosenbrock of {length}",
        lambda: minimize(value_and_grad, start, method=method, **ours).x,
        lambda: minimize(theirs, start, method=method, jac=gradient, hess=hessian).x,
        np.ones(length),
    )


def roots(length: int) -> Case:
    """Solve Broyden's equations."""
    from scipy.optimize import root

    start, jacobian, theirs = -np.ones(length), ag.jacobian(broyden), fresh(broyden)
    return case_of(
        f"root, Broyden tridiagonal of {length}",
        lambda: root(broyden, start, jac=jacobian).x,
        lambda: root(theirs, start).x,
        root(broyden, start, jac=jacobian, tol=1e-14).x,
    )


def decays() -> Case:
    """Fit two decays: four parameters, 200 points."""
    from scipy.optimize import least_squares

    t = np.linspace(0.0, 4.0, 200)
    truth = np.array([2.0, 0.7, 1.0, 3.0])
    data = truth[0] * np.exp(-truth[1] * t) + truth[2] * np.exp(-truth[3] * t)
    start = np.array([1.0, 0.3, 1.0, 2.0])

    def residuals(b):
        return b[0] * np.exp(-b[1] * t) + b[2] * np.exp(-b[3] * t) - data

    jacobian, theirs = ag.jacobian(residuals), fresh(residuals)
    return case_of(
        "least_squares, two decays, 200 points",
        lambda: least_squares(residuals, start, jac=jacobian).x,
        lambda: least_squares(theirs, start).x,
        truth,
    )


def reaction() -> Case:
    """Integrate a stiff reaction."""
    from scipy.integrate import solve_ivp

    jacobian, theirs = ag.jacobian(robertson, argnums=1), fresh(robertson)

    def solve(f, **options):
        tolerances = {"rtol": 1e-6, "atol": 1e-10}
        return solve_ivp(f, (0.0, 40.0), [1.0, 0.0, 0.0], "BDF", **tolerances, **options).y[:, -1]

    return case_of(
        "solve_ivp BDF, Robertson's reaction",
        lambda: solve(robertson, jac=jacobian),
        lambda: solve(theirs),
        # Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.10.
        np.array([0.7158270688, 9.185534765e-06, 0.2841637457]),
    )


def cases(lengths: tuple[int, ...]) -> Iterator[Case]:
    """Return the problems."""
    from scipy.optimize import minimize

    for length in lengths:
        start = np.resize([0.5, -0.5], length)
        for f, form in ((rosenbrock, "slices"), (rosenbrock_by_loop, "loop")):
            yield by_gradient(f"Rosenbrock of {length} by {form}", f, start, np.ones(length))
    for length in lengths[:3]:
        for method in ("Newton-CG", "trust-exact"):
            yield by_hessian(method, length)
    for length in lengths:
        loss, start = logistic_loss(length), np.zeros(length)
        best = minimize(ag.value_and_grad(loss), start, jac=True, tol=1e-10).x
        yield by_gradient(f"logistic regression 500 x {length}", loss, start, best)
    yield decays()
    for length in lengths:
        yield roots(length)
    yield reaction()


def run(plan):
    """Time the solvers, where SciPy is installed."""
    if np is None or not importlib.util.find_spec("scipy"):
        return
    for case in cases(FEW_LENGTHS if plan.is_quick else LENGTHS):
        yield from compare(case, plan)
