"""The logistic loss over vectors: of one row with many weights, and the mean over many margins."""

from __future__ import annotations

import random

from families import readme_example
from measure import OURS, Case, compare, fresh
from peers import installed, numpy, ours

NUMPY = readme_example.NUMPY
LENGTHS = {3: None, 1_000: 1.0, 1_000_000: 1.1}


def mean_loss(m, margins):
    return m.mean(m.softplus(-margins))


def by_hand(np, margins):
    """Return a callable that is safe for any margin, takes one exponential and reuses arrays."""
    margins = np.array(margins)

    def run():
        decay = np.exp(-np.abs(margins))
        loss = (np.log1p(decay) - np.minimum(margins, 0.0)).mean()
        slope = np.where(margins > 0.0, decay, 1.0)
        decay += 1.0
        slope /= decay
        slope *= -1.0 / margins.size
        return loss, slope

    return run


def run(plan):
    """Time both losses at lengths from 3 to a million."""
    chance = random.Random(2)
    for length, limit in LENGTHS.items():
        if plan.is_quick:
            length = min(length, 100_000)
        size = f"{length:_}".replace("_", " ")
        limits = {} if limit is None else {NUMPY: limit}
        weights = [chance.gauss(0.0, length**-0.5) for _ in range(length)]
        row = [chance.gauss(0.0, 1.0) for _ in range(length)]
        contenders = readme_example.make_contenders(weights, 0.3, row)
        yield from compare(Case(f"logistic loss of {size} weights", contenders, limits), plan)
        contenders = make_contenders(row)
        yield from compare(Case(f"mean logistic loss of {size} margins", contenders, limits), plan)


def make_contenders(margins):
    contenders = {}
    if numpy():
        contenders[NUMPY] = by_hand(numpy(), margins)
    contenders[OURS] = ours.value_and_gradient(fresh(mean_loss), [margins])
    for package, peer in installed().items():
        if package in {"xad", "micrograd"} or (package == "casadi" and len(margins) > 10_000):
            continue
        contenders[peer.NAME] = peer.value_and_gradient(fresh(mean_loss), [margins])
    return contenders
