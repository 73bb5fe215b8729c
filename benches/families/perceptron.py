"""A perceptron of scalars: micrograd's own example, 2 inputs, two layers of 16, one output."""

from __future__ import annotations

import itertools
import random
import types

from measure import OURS, Case, Contender, compare, fresh
from peers import installed, numpy, ours

SIZES = (2, 16, 16, 1)
ROW, LABEL = (0.8, -1.1), -1.0
FLOATS = "floats, value only"


def make_weights():
    """Return weights and biases, flat: neuron after neuron, each with its bias last."""
    chance = random.Random(1)
    return [
        chance.uniform(-1.0, 1.0)
        for inputs, outputs in itertools.pairwise(SIZES)
        for _ in range((inputs + 1) * outputs)
    ]


def hinge_loss(m, *weights):
    """Return the hinge loss of the perceptron at one row, a scalar at a time."""
    weight = iter(weights)
    layer = list(ROW)
    for outputs in SIZES[1:]:
        sums = []
        for _ in range(outputs):
            total = next(weight) * layer[0]
            for x in layer[1:]:
                total = total + next(weight) * x
            sums.append(total + next(weight))
        layer = sums if outputs == 1 else [m.relu(total) for total in sums]
    return m.relu(1.0 - LABEL * layer[0])


def hinge_loss_of_arrays(m, *matrices):
    """Return the same loss where each layer is a matrix, as array packages have it."""
    layer = matrices[-1]
    for matrix, bias in zip(matrices[0:6:2], matrices[1:6:2]):
        sums = matrix @ layer + bias
        layer = m.relu(sums)
    return m.sum(m.relu(1.0 - LABEL * sums))


def relu(x):
    if x > 0.0:  # a call of max would take three times as long
        return x
    return 0.0


def run(plan):
    """Time one value and gradient over all 337 weights."""
    weights = make_weights()
    floats = types.SimpleNamespace(relu=relu)
    on_floats = fresh(hinge_loss)
    contenders = {
        OURS: ours.value_and_gradient(fresh(hinge_loss), weights),
        FLOATS: Contender(
            lambda: on_floats(floats, *weights), expected=lambda: hinge_loss(floats, *weights)
        ),
    }
    for package in ("xad", "micrograd", "casadi"):
        if package in installed():
            peer = installed()[package]
            contenders[peer.NAME] = peer.value_and_gradient(fresh(hinge_loss), weights)
    if numpy():
        contenders |= make_contenders_of_arrays(weights)
    yield from compare(Case("perceptron of 337 scalars, value and gradient", contenders), plan)


def make_contenders_of_arrays(weights):
    """Return the packages of arrays, with matrices instead of scalars."""
    matrices = split(weights)
    flat = ours.value_and_gradient(hinge_loss, weights)

    def expected():
        loss, gradient = flat()
        return loss.item(), split([slope.item() for slope in gradient])

    contenders = {}
    for package in ("autograd", "mygrad", "jax", "torch"):
        if package in installed():
            peer = installed()[package]
            run = peer.value_and_gradient(fresh(hinge_loss_of_arrays), matrices, [list(ROW)])
            contenders[f"{peer.NAME}, matrices"] = Contender(run, expected=expected)
    return contenders


def split(weights):
    """Return matrix and bias of each layer."""
    weight = iter(weights)
    parts = []
    for inputs, outputs in itertools.pairwise(SIZES):
        rows = [[next(weight) for _ in range(inputs + 1)] for _ in range(outputs)]
        parts += [[row[:-1] for row in rows], [row[-1] for row in rows]]
    return parts
