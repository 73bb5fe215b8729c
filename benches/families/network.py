"""A small neural network fitted to points of a sine, value and gradient of its loss."""

from __future__ import annotations

import math
import random

from families import arrays
from measure import Case, compare
from peers import numpy

POINTS = [(x / 4.0, math.sin(x / 4.0)) for x in range(-8, 8)]
INPUTS = [x for x, _ in POINTS]
COLUMN = [[x] for x in INPUTS]
OUTPUTS = [y for _, y in POINTS]
# The length of the weights, and how many hidden neurons they make. None: the neuron is all.
HIDDEN = {2: None, 10: 3, 100: 33}


def make_loss(hidden):
    """Return the loss as a function of a vector, with its loop where it takes fewer turns."""

    def of_neuron(m, weights, inputs, outputs):
        error = m.tanh(weights[0] * inputs + weights[1]) - outputs
        return m.dot(error, error) / len(POINTS)

    def by_neurons(m, weights, inputs, outputs):
        error = weights[3 * hidden] - outputs
        for i in range(hidden):
            w, b, v = weights[i], weights[hidden + i], weights[2 * hidden + i]
            error = error + v * m.tanh(w * inputs + b)
        return m.dot(error, error) / len(POINTS)

    def by_points(m, weights, inputs, outputs):
        w, b, v = weights[:hidden], weights[hidden : 2 * hidden], weights[2 * hidden : 3 * hidden]
        total = 0.0
        for x, y in POINTS:
            error = m.dot(v, m.tanh(w * x + b)) + weights[3 * hidden] - y
            total = total + error * error
        return total / len(POINTS)

    if hidden is None:
        return of_neuron
    return by_neurons if hidden < len(POINTS) else by_points


def make_loss_of_arrays(hidden):
    """Return the loss with all points at once, as packages of arrays have it."""

    def loss(m, weights, column, outputs):
        if hidden is None:
            error = m.tanh(weights[0] * column[:, 0] + weights[1]) - outputs
        else:
            w, b = weights[:hidden], weights[hidden : 2 * hidden]
            layer = m.tanh(w * column + b)
            error = layer @ weights[2 * hidden : 3 * hidden] + weights[3 * hidden] - outputs
        return m.mean(error * error)

    return loss


def make_by_hand(hidden):
    np = numpy()
    if np is None:
        return None
    column, inputs, outputs = np.array(COLUMN), np.array(INPUTS), np.array(OUTPUTS)

    def of_neuron(np, weights):
        y = np.tanh(weights[0] * inputs + weights[1])
        error = y - outputs
        slope = (2.0 / len(POINTS)) * error * (1.0 - y * y)
        return error @ error / len(POINTS), np.array([slope @ inputs, slope.sum()])

    def of_network(np, weights):
        w, b, v = weights[: 3 * hidden].reshape(3, hidden)
        layer = np.tanh(column * w + b)
        error = layer @ v + weights[-1] - outputs
        slope = (2.0 / len(POINTS)) * error
        inner = np.outer(slope, v) * (1.0 - layer * layer)
        gradient = np.concatenate([inputs @ inner, inner.sum(axis=0), slope @ layer, [slope.sum()]])
        return error @ error / len(POINTS), gradient

    return of_neuron if hidden is None else of_network


def run(plan):
    """Time value and gradient with 2, 10 and 100 weights."""
    chance = random.Random(5)
    for length, hidden in HIDDEN.items():
        contenders = arrays.make_contenders(
            make_loss(hidden),
            [chance.uniform(-1.0, 1.0) for _ in range(length)],
            make_by_hand(hidden),
            constants=[INPUTS, OUTPUTS],
            of_arrays=make_loss_of_arrays(hidden),
            constants_of_arrays=[COLUMN, OUTPUTS],
        )
        work = f"network of {length} weights, value and gradient"
        yield from compare(Case(work, contenders, arrays.limits(length)), plan)
