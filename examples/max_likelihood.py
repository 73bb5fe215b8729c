"""Maximum likelihood: how long one waits for Old Faithful, as a mixture of two normals.

The likelihood is written once, as a function of five parameters. Its gradient and Hessian come from
`ag.value_and_grad` and `ag.hessian`: Newton's method needs a dozen steps, where the usual
expectation-maximisation needs dozens, and the Hessian at the end gives the standard errors.

Run it with `python examples/max_likelihood.py`.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd_rs as ag
import newton
import pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(__file__).parent / "data" / "old_faithful.csv"
NAMES = ("share of short waits", "mean of short", "mean of long", "deviation of short",
         "deviation of long")  # fmt: skip


class Estimate(NamedTuple):
    """A parameter and its standard error."""

    name: str
    value: float
    error: float


class Fit(NamedTuple):
    """What the data say."""

    estimates: list[Estimate]
    log_likelihood: float
    iterations: int


def load_waits(path: Path = DATA) -> list[float]:
    """Read the 272 waits between eruptions, in minutes."""
    with path.open(newline="") as file:
        return [float(row["waiting"]) for row in csv.DictReader(file)]


def log_normal_density(x: ag.Vector, mean: Any, log_deviation: Any) -> Any:
    """Return the logarithm of the normal density, entry by entry."""
    z = (x - mean) * ag.exp(-log_deviation)
    return -0.5 * z * z - log_deviation - 0.5 * math.log(2.0 * math.pi)


def negative_log_likelihood(theta: Any, waits: ag.Vector) -> Any:
    """Return the negative logarithm of the likelihood.

    Parameters
    ----------
    theta : vector, shape (5,)
        Logit of the share of short waits; mean of the short and of the long, in minutes; logarithms
        of their standard deviations.
    waits : Vector, shape (n,)
        The data, in minutes.

    Returns
    -------
    number
        The sum over the data.
    """
    logit, mean_short, mean_long, log_deviation_short, log_deviation_long = theta
    short = ag.log_sigmoid(logit) + log_normal_density(waits, mean_short, log_deviation_short)
    long = ag.log_sigmoid(-logit) + log_normal_density(waits, mean_long, log_deviation_long)
    return -ag.sum(ag.logaddexp(short, long))


def fit(waits: Sequence[float], *, is_quiet: bool = False) -> Fit:
    """Find the most likely parameters, and their standard errors.

    The errors are those of the parameters themselves: of a logit or a logarithm they are carried
    over by its derivative.
    """
    data = ag.Vector(waits)

    def report(iteration: int, value: float, steepest: float) -> None:
        if not is_quiet:
            print(f"{iteration:>9} {-value:>16.9f} {steepest:>12.2e}")

    middle = sum(waits) / len(waits)
    start = [0.0, middle - 12.0, middle + 12.0, math.log(8.0), math.log(8.0)]
    minimum = newton.minimise(
        lambda theta: negative_log_likelihood(theta, data), start, report=report
    )
    errors = newton.standard_errors(minimum.hessian)
    natural: tuple[Callable[..., Any], ...] = (ag.sigmoid, float, float, ag.exp, ag.exp)
    estimates = []
    for name, entry, error, function in zip(NAMES, minimum.parameters, errors, natural):
        if function is float:
            estimates.append(Estimate(name, entry, error))
        else:
            value, slope = ag.value_and_grad(function)(entry)
            estimates.append(Estimate(name, value, slope * error))
    return Fit(estimates, -minimum.value, minimum.iterations)


def density(fit: Fit, wait: float) -> float:
    """Return the fitted density at one wait."""
    share, mean_short, mean_long, deviation_short, deviation_long = (
        estimate.value for estimate in fit.estimates
    )

    def normal(mean: float, deviation: float) -> float:
        z = (wait - mean) / deviation
        return math.exp(-0.5 * z * z) / (deviation * math.sqrt(2.0 * math.pi))

    return share * normal(mean_short, deviation_short) + (1 - share) * normal(
        mean_long, deviation_long
    )


def main(folder: Path | None = None) -> None:
    """Fit, print the estimates, and save a picture of the fit."""
    waits = load_waits()
    print(f"Old Faithful: {len(waits)} waits from {min(waits):.0f} to {max(waits):.0f} minutes")
    print(f"{'iteration':>9} {'log likelihood':>16} {'gradient':>12}")
    result = fit(waits)
    print(f"\n{'parameter':<22} {'estimate':>9} {'error':>7}")
    for name, value, error in result.estimates:
        print(f"{name:<22} {value:>9.4f} {error:>7.4f}")

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.hist(waits, bins=range(40, 101, 2), density=True, color="#c9d8e6", label="272 waits")
        places = [40.0 + 0.25 * i for i in range(241)]
        axes.plot(places, [density(result, x) for x in places], color="#1f4e79", label="fit")
        axes.set_xlabel("minutes to the next eruption")
        axes.set_ylabel("density per minute")
        axes.set_title("Old Faithful: two kinds of waits")
        axes.legend()

    pictures.save("max_likelihood", draw, folder)


if __name__ == "__main__":
    main()
