"""The logarithm of a normal density, with respect to the point, the mean and the deviation."""

from __future__ import annotations

import math

from measure import OURS, Case, Contender, compare, fresh
from peers import installed, ours

VALUES = (1.3, 0.4, 2.1)
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def log_density(m, x, mean, deviation):
    z = (x - mean) / deviation
    return -0.5 * z * z - m.log(deviation) - HALF_LOG_2PI


def by_hand():
    x, mean, deviation = VALUES
    z = (x - mean) / deviation
    slope = z / deviation
    value = -0.5 * z * z - math.log(deviation) - HALF_LOG_2PI
    return value, (-slope, slope, (z * z - 1.0) / deviation)


def run(plan):
    """Time one density with its three derivatives."""
    on_floats = fresh(log_density)
    contenders = {
        "floats, derivative by hand": by_hand,
        OURS: ours.value_and_gradient(fresh(log_density), VALUES),
        "floats, value only": Contender(
            lambda: on_floats(math, *VALUES), expected=lambda: log_density(math, *VALUES)
        ),
    }
    for peer in installed().values():
        contenders[peer.NAME] = peer.value_and_gradient(fresh(log_density), VALUES)
    if "jax" in installed():
        eager = installed()["jax"].eager
        contenders[eager.NAME] = eager.value_and_gradient(log_density, VALUES)
    yield from compare(Case("log density of a normal, value and gradient", contenders), plan)
