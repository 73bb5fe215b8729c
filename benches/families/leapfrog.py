"""One leapfrog step of Hamiltonian Monte Carlo on the eight schools, ten unknowns.

The model, with the effects of the schools in units of their spread: y_i ~ Normal(mean + spread *
effect_i, sigma_i), mean ~ Normal(0, 5), log(spread) flat, effect_i ~ Normal(0, 1).

Source: Gelman et al., Bayesian Data Analysis, 3rd edition, section 5.5.
"""

from __future__ import annotations

import autograd_rs as ag
from families.arrays import AHEAD, EAGER, NUMPY
from measure import OURS, Case, compare, fresh
from peers import installed, numpy

EFFECTS = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0]
ERRORS = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]
STEP = 0.1
POSITION = [4.0, 1.0, 0.3, -0.2, 0.1, 0.5, -0.4, 0.2, 0.6, -0.1]
MOMENTUM = [0.5, -0.3, 0.2, 0.1, -0.6, 0.4, 0.3, -0.2, 0.1, -0.5]


def energy(m, unknowns, effects, errors):
    """Return minus the logarithm of the posterior density, up to a constant."""
    mean, spread, own = unknowns[0], m.exp(unknowns[1]), unknowns[2:]
    misses = (mean + spread * own - effects) / errors
    return 0.5 * (m.sum(misses * misses) + m.sum(own * own) + mean * mean / 25.0)


def make_slope_by_hand(np):
    effects, errors = np.array(EFFECTS), np.array(ERRORS)

    def slope(unknowns):
        mean, spread, own = unknowns[0], np.exp(unknowns[1]), unknowns[2:]
        pulls = (mean + spread * own - effects) / (errors * errors)
        gradient = np.empty_like(unknowns)
        gradient[0] = pulls.sum() + mean / 25.0
        gradient[1] = spread * (pulls @ own)
        gradient[2:] = spread * pulls + own
        return gradient

    return slope


def leap(slope, position, momentum, force):
    """Move by one step; `force` is the slope at `position`, which the step before left."""
    momentum = momentum - 0.5 * STEP * force
    position = position + STEP * momentum
    force = slope(position)
    return position, momentum - 0.5 * STEP * force, force


def make_leap(slope, position, momentum):
    """Return a callable that takes the same step each time."""
    force = slope(position)
    return lambda: leap(slope, position, momentum, force)


def run(plan):
    """Time a step; everyone steps with his own arrays."""
    np = numpy()
    if np is None:
        return
    start = np.array(POSITION), np.array(MOMENTUM)
    data = ag.Vector(EFFECTS), ag.Vector(ERRORS)
    ours = fresh(energy)
    contenders = {
        NUMPY: make_leap(make_slope_by_hand(np), *start),
        OURS: make_leap(ag.grad(lambda unknowns: ours(ag, unknowns, *data)), *start),
    }
    for package in ("autograd", "jax", "torch", "casadi"):
        if package not in installed():
            continue
        peer = installed()[package]
        for manner in [peer, peer.eager] if package == "jax" else [peer]:
            slope = manner.slope(fresh(energy), POSITION, [EFFECTS, ERRORS])
            step = make_leap(slope, peer.plain(POSITION), peer.plain(MOMENTUM))
            contenders[manner.NAME] = step
    if "jax" in installed():
        contenders["JAX jit, the whole step"] = installed()["jax"].compiled_leap(
            leap, fresh(energy), [EFFECTS, ERRORS], POSITION, MOMENTUM
        )
    limits = dict.fromkeys(EAGER, AHEAD)
    yield from compare(Case("leapfrog step, eight schools", contenders, limits), plan)
