"""Parameters of an ODE: the lynx and hare counts of the Hudson's Bay Company, 1900 to 1920.

Predator and prey follow the equations of Lotka and Volterra, integrated by a Runge-Kutta loop in
plain Python over scalars. The transforms differentiate through the loop, twice: Newton's method
finds the most probable parameters, and the Hessian there says how sure they are.

Model, priors and published posterior: B. Carpenter, "Predator-Prey Population Dynamics: the
Lotka-Volterra model in Stan", Stan case studies, 2018; reference posterior
`hudson_lynx_hare-lotka_volterra` of posteriordb (https://github.com/stan-dev/posteriordb).

Run it with `python examples/lynx_hare.py`.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any, NamedTuple

import autograd_rs as ag
import newton
import pictures

DATA = Path(__file__).parent / "data" / "lynx_hare.csv"
STEPS = 20  # a year: the error of the integration is then below 1e-6 of the counts

NAMES = ("alpha", "beta", "gamma", "delta", "hares in 1900", "lynxes in 1900", "sigma of hares",
         "sigma of lynxes")  # fmt: skip
# Means of the reference posterior, in the order of the names.
PUBLISHED = (0.546864, 0.027747, 0.800095, 0.024086, 34.035222, 5.935897, 0.248057, 0.251017)


class Counts(NamedTuple):
    """Pelts by year, in thousands."""

    years: list[int]
    hares: list[float]
    lynxes: list[float]


class Estimate(NamedTuple):
    """A parameter, and the standard deviation of its logarithm."""

    name: str
    value: float
    spread: float


def load_counts(path: Path = DATA) -> Counts:
    """Read the counts of 21 years."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Counts(
        [int(row["year"]) for row in rows],
        [float(row["hare"]) for row in rows],
        [float(row["lynx"]) for row in rows],
    )


def integrate(theta: Any, years: int, steps: int = STEPS) -> list[tuple[Any, Any]]:
    """Follow hares and lynxes from year to year by the classical Runge-Kutta method.

    Parameters
    ----------
    theta : sequence, shape (6,)
        Birth rate of the hares, their loss per lynx, death rate of the lynxes, their gain per hare,
        and both populations at the start.
    years : int
        How far to go.
    steps : int
        Steps per year.

    Returns
    -------
    list of tuple, length years + 1
        Hares and lynxes, at the start and after each year.
    """
    alpha, beta, gamma, delta, hares, lynxes = theta

    def rates(h: Any, x: Any) -> tuple[Any, Any]:
        meetings = h * x
        return alpha * h - beta * meetings, delta * meetings - gamma * x

    dt = 1.0 / steps
    course = [(hares, lynxes)]
    for _ in range(years):
        for _ in range(steps):
            h1, x1 = rates(hares, lynxes)
            h2, x2 = rates(hares + 0.5 * dt * h1, lynxes + 0.5 * dt * x1)
            h3, x3 = rates(hares + 0.5 * dt * h2, lynxes + 0.5 * dt * x2)
            h4, x4 = rates(hares + dt * h3, lynxes + dt * x3)
            hares = hares + dt / 6.0 * (h1 + 2.0 * h2 + 2.0 * h3 + h4)
            lynxes = lynxes + dt / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4)
        course.append((hares, lynxes))
    return course


def negative_log_posterior(logs: Any, counts: Counts, steps: int = STEPS) -> Any:
    """Return the negative logarithm of the posterior density, up to a constant.

    Parameters
    ----------
    logs : vector, shape (8,)
        Logarithms of the parameters, in the order of `NAMES`.
    counts : Counts
        The data: log-normal about the course of the equations.
    steps : int
        Steps of the integration per year.

    Returns
    -------
    number
        With the priors of the case study; the density is that of the parameters, not of their
        logarithms, so that its top is in the same place.
    """
    *theta, sigma_hares, sigma_lynxes = (ag.exp(entry) for entry in logs)
    alpha, beta, gamma, delta = theta[:4]
    loss = ((alpha - 1.0) / 0.5) ** 2 + ((gamma - 1.0) / 0.5) ** 2
    loss = loss + ((beta - 0.05) / 0.05) ** 2 + ((delta - 0.05) / 0.05) ** 2
    for log in logs[4:6]:
        loss = loss + (log - math.log(10.0)) ** 2
    for log in logs[6:8]:
        loss = loss + (log + 1.0) ** 2
    course = integrate(theta, len(counts.years) - 1, steps)
    for hares, lynxes, (h, x) in zip(counts.hares, counts.lynxes, course):
        loss = loss + ((math.log(hares) - ag.log(h)) / sigma_hares) ** 2
        loss = loss + ((math.log(lynxes) - ag.log(x)) / sigma_lynxes) ** 2
    normalisation = len(counts.years) * (logs[6] + logs[7])
    # The last four are log-normal a priori: their density has a factor of one over themselves.
    return 0.5 * loss + normalisation + logs[4] + logs[5] + logs[6] + logs[7]


def fit(counts: Counts, steps: int = STEPS, *, is_quiet: bool = False) -> list[Estimate]:
    """Find the most probable parameters, from where the case study starts."""

    def report(iteration: int, value: float, steepest: float) -> None:
        if not is_quiet:
            print(f"{iteration:>9} {value:>15.8f} {steepest:>12.2e}")

    start = [math.log(x) for x in (0.5, 0.03, 0.8, 0.03, 30.0, 5.0, 0.5, 0.5)]
    minimum = newton.minimise(
        lambda logs: negative_log_posterior(logs, counts, steps),
        start,
        tolerance=1e-6,
        report=report,
    )
    spreads = newton.standard_errors(minimum.hessian)
    return [
        Estimate(name, math.exp(log), spread)
        for name, log, spread in zip(NAMES, minimum.parameters, spreads)
    ]


def main(folder: Path | None = None, steps: int = STEPS) -> None:
    """Fit, print the parameters beside the published ones, and save a picture."""
    counts = load_counts()
    print("Lynx and hare, 1900-1920: differentiating 21 years of Runge-Kutta steps, twice")
    print(f"{'iteration':>9} {'-log posterior':>15} {'gradient':>12}")
    estimates = fit(counts, steps)
    print(f"\n{'parameter':<16} {'most probable':>13} {'+-':>8} {'published mean':>15}")
    for (name, value, spread), published in zip(estimates, PUBLISHED):
        print(f"{name:<16} {value:>13.4f} {value * spread:>8.4f} {published:>15.4f}")

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        theta = [estimate.value for estimate in estimates[:6]]
        finest = 8
        # Time runs eight times slower here, so that the course is drawn eight times a year.
        slow = [entry / finest for entry in theta[:4]] + theta[4:]
        course = integrate(slow, finest * (len(counts.years) - 1), STEPS // 4)
        times = [counts.years[0] + i / finest for i in range(len(course))]
        for column, name, seen, colour in (
            (0, "hare", counts.hares, "#b5651d"),
            (1, "lynx", counts.lynxes, "#1f4e79"),
        ):
            axes.plot(times, [state[column] for state in course], color=colour)
            axes.plot(counts.years, seen, "o", color=colour, label=f"{name}, pelts")
        axes.set_xticks(counts.years[::4])
        axes.set_ylabel("thousands")
        axes.set_title("Lotka and Volterra's equations, fitted")
        axes.legend()

    pictures.save("lynx_hare", draw, folder)


if __name__ == "__main__":
    main()
