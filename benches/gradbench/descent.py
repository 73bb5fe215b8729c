"""Gradient descent with a step that grows while it works and shrinks when it does not.

Source: B. A. Pearlmutter and J. M. Siskind, Using Programming Language Theory to Make Automatic
Differentiation Sound and Efficient (2008), DOI 10.1007/978-3-540-68942-3_8.
"""

from __future__ import annotations

import autograd_rs as ag

TOLERANCE = 1e-5
FIRST_STEP = 1e-5
PATIENCE = 10


def length(x):
    return ag.sqrt(sum(entry * entry for entry in x))


def argmin(function, gradient, x):
    """Return a list of numbers at which the function is least, as near as the steps come."""
    value, slopes = function(x), gradient(x)
    step, successes = FIRST_STEP, 0
    while length(slopes) > TOLERANCE:
        if successes == PATIENCE:
            step, successes = 2.0 * step, 0
            continue
        moves = [step * slope for slope in slopes]
        if length(moves) <= TOLERANCE:
            break
        moved = [entry - move for entry, move in zip(x, moves)]
        moved_value = function(moved)
        if moved_value < value:
            x, value, slopes = moved, moved_value, gradient(moved)
            successes += 1
        else:
            step, successes = step / 2.0, 0
    return x


def argmax(function, gradient, x):
    """Return a list of numbers at which the function is greatest."""
    return argmin(lambda x: -function(x), lambda x: [-slope for slope in gradient(x)], x)
