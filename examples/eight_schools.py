"""Hamiltonian Monte Carlo: what coaching did for eight schools.

A sampler in forty lines of plain Python. It asks for the gradient of the log density at every step
of its trajectories, a few hundred thousand times in all, so that the price of a gradient is the
price of the sampler. The model is in the non-centred form, in which the posterior has no funnel.

Data: D. B. Rubin, "Estimation in parallel randomized experiments", Journal of Educational
Statistics 6 (1981) 377-401. Model and published means: `eight_schools-eight_schools_noncentered` of
posteriordb (https://github.com/stan-dev/posteriordb), from 10 000 draws of Stan.

Run it with `python examples/eight_schools.py [draws]`.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd_rs as ag
import pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EFFECTS = ag.Vector([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = ag.Vector([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
PRIOR_SCALE = 5.0  # of both priors
NAMES = (*(f"school {letter}" for letter in "ABCDEFGH"), "mean of all", "spread of schools")
# Posterior means and their Monte Carlo errors, in the order of the names.
PUBLISHED = (6.150502, 4.939581, 3.905906, 4.796017, 3.614436, 4.051148, 6.317170, 4.883997,
             4.410518, 3.602060)  # fmt: skip
PUBLISHED_ERRORS = (0.055738, 0.046229, 0.054231, 0.047494, 0.046145, 0.048520, 0.049877,
                    0.054251, 0.033037, 0.031862)  # fmt: skip


class Chain(NamedTuple):
    """The draws of one chain."""

    draws: list[list[float]]
    acceptance: float
    step: float


class Summary(NamedTuple):
    """The posterior mean of a quantity, and its Monte Carlo error."""

    name: str
    mean: float
    error: float


def log_density(q: Any) -> Any:
    """Return the logarithm of the posterior density, up to a constant.

    Parameters
    ----------
    q : vector, shape (10,)
        Standardised effects of the eight schools, a fifth of the mean of all, and the logarithm of
        their spread: all of a size near 1, as the sampler likes them.

    Returns
    -------
    number
        With the priors of posteriordb: normal(0, 5) for the mean, half Cauchy(0, 5) for the spread.
    """
    standardised, mean, log_spread = q[:8], PRIOR_SCALE * q[8], q[9]
    spread = ag.exp(log_spread)
    misfit = (EFFECTS - mean - spread * standardised) / ERRORS
    prior = standardised @ standardised + q[8] ** 2
    # The last term is the volume that the logarithm takes.
    return -0.5 * (misfit @ misfit + prior) - ag.log1p((spread / PRIOR_SCALE) ** 2) + log_spread


def quantities(q: Sequence[float]) -> list[float]:
    """Return the effects of the schools, their mean and their spread."""
    mean, spread = PRIOR_SCALE * q[8], math.exp(q[9])
    return [mean + spread * entry for entry in q[:8]] + [mean, spread]


def sample(
    density: Callable[[Any], Any],
    start: Sequence[float],
    draws: int,
    warmup: int,
    generator: random.Random,
    *,
    length: float = 2.0,
    report: Callable[[int, float, float], object] | None = None,
) -> Chain:
    """Draw from a density by Hamiltonian Monte Carlo.

    Parameters
    ----------
    density : callable
        Logarithm of the density of a vector of n entries.
    start : sequence of float, shape (n,)
        Where to begin.
    draws, warmup : int
        How many draws to keep, and how many to throw away before while the step is adapted.
    generator : random.Random
        Where chance comes from.
    length : float
        Mean length of a trajectory.
    report : callable, optional
        Called now and then with the number of the draw, acceptance and step.

    Returns
    -------
    Chain
        The draws, (draws, n), how many proposals were accepted, and the step.

    Notes
    -----
    R. Neal, "MCMC using Hamiltonian dynamics", Handbook of Markov Chain Monte Carlo (2011), 5.2;
    the step is adapted to an acceptance of 0.8 by stochastic approximation (Andrieu and Thoms,
    Statistics and Computing 18 (2008) 343-373).
    """
    value_and_grad = ag.value_and_grad(density)
    q = ag.Vector(start)
    value, slope = value_and_grad(q)
    step, accepted = 0.1, 0.0
    kept: list[list[float]] = []
    for iteration in range(warmup + draws):
        p = ag.Vector([generator.gauss(0.0, 1.0) for _ in start])
        energy = 0.5 * float(p @ p) - value
        ahead, ahead_value, ahead_slope = q, value, slope
        # Lengths vary, so that no trajectory comes back to where it began each time.
        steps = max(1, round(length * generator.uniform(0.5, 1.5) / step))
        for _ in range(min(steps, 200)):
            p = p + 0.5 * step * ahead_slope
            ahead = ahead + step * p
            ahead_value, ahead_slope = value_and_grad(ahead)
            p = p + 0.5 * step * ahead_slope
        gain = energy - (0.5 * float(p @ p) - ahead_value)
        chance = math.exp(min(0.0, gain)) if math.isfinite(gain) else 0.0
        if generator.random() < chance:
            q, value, slope = ahead, ahead_value, ahead_slope
        if iteration < warmup:
            step *= math.exp((chance - 0.8) / math.sqrt(iteration + 1.0))
        else:
            accepted += chance
            kept.append(q.tolist())
        if report is not None and (iteration + 1) % max(1, (warmup + draws) // 4) == 0:
            report(iteration + 1, accepted / max(1, len(kept)), step)
    return Chain(kept, accepted / max(1, draws), step)


def summarise(chains: Sequence[Chain]) -> list[Summary]:
    """Return the means over all chains and their errors, by the means of batches."""
    batches: list[list[float]] = []
    for chain in chains:
        values = [quantities(draw) for draw in chain.draws]
        size = max(1, math.isqrt(len(values)))
        for first in range(0, len(values) - size + 1, size):
            columns = zip(*values[first : first + size])
            batches.append([math.fsum(column) / size for column in columns])
    summaries = []
    for name, column in zip(NAMES, zip(*batches)):
        mean = math.fsum(column) / len(column)
        variance = math.fsum((entry - mean) ** 2 for entry in column) / (len(column) - 1)
        summaries.append(Summary(name, mean, math.sqrt(variance / len(column))))
    return summaries


def run(
    draws: int, chains: int = 4, seed: int = 1981, *, is_quiet: bool = False
) -> tuple[list[Chain], list[Summary]]:
    """Run some chains and summarise them."""
    made = []
    for number in range(chains):
        generator = random.Random(seed + number)
        start = [generator.uniform(-1.0, 1.0) for _ in NAMES]

        def report(done: int, acceptance: float, step: float, number: int = number) -> None:
            if not is_quiet:
                print(f"{number + 1:>5} {done:>7} {acceptance:>11.2f} {step:>7.3f}", flush=True)

        warmup = max(100, draws // 5)
        made.append(sample(log_density, start, draws, warmup, generator, report=report))
    return made, summarise(made)


def main(draws: int = 4000, folder: Path | None = None) -> None:
    """Sample, print the means beside the published ones, and save a picture."""
    print(f"Eight schools: 4 chains of {draws} draws")
    print(f"{'chain':>5} {'draws':>7} {'acceptance':>11} {'step':>7}")
    chains, summaries = run(draws)
    print(f"\n{'':<18} {'mean':>7} {'error':>7} {'published':>10} {'error':>7}")
    for (name, mean, error), published, its_error in zip(summaries, PUBLISHED, PUBLISHED_ERRORS):
        print(f"{name:<18} {mean:>7.3f} {error:>7.3f} {published:>10.3f} {its_error:>7.3f}")

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        values = [quantities(draw) for chain in chains for draw in chain.draws]
        columns = [sorted(column) for column in zip(*values)]
        for i, column in enumerate(columns[:8]):
            low, high = (column[int(share * len(column))] for share in (0.025, 0.975))
            left.plot([low, high], [i, i], color="#1f4e79")
            left.plot([summaries[i].mean], [i], "o", color="#1f4e79")
            left.plot([EFFECTS.tolist()[i]], [i], "x", color="#b5651d")
        left.set_yticks(range(8), NAMES[:8])
        left.invert_yaxis()
        left.set_xlabel("points of the test")
        left.set_title("measured (x), posterior mean and 95 %")
        right.plot(
            [value[9] for value in values], [value[0] for value in values], ".",
            markersize=2, alpha=0.3, color="#1f4e79",
        )  # fmt: skip
        right.set_xscale("log")
        right.set_xlabel("spread of the schools")
        right.set_ylabel("effect in school A")
        right.set_title("draws")

    pictures.save("eight_schools", draw, folder)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
