"""XAD: a tape of scalars in C++."""

from __future__ import annotations

import xad.adj_1st
import xad.math

from peers import namespace

NAME = "XAD"
math = namespace(
    sin=xad.math.sin,
    exp=xad.math.exp,
    log=xad.math.log,
    tanh=xad.math.tanh,
    relu=lambda x: xad.math.max(x, 0.0),
)


def value_and_gradient(function, values, constants=()):
    """Record anew on one tape."""
    tape = xad.adj_1st.Tape()

    def run():
        tape.activate()
        leaves = [xad.adj_1st.Real(value) for value in values]
        for leaf in leaves:
            tape.registerInput(leaf)
        tape.newRecording()
        y = function(math, *leaves, *constants)
        tape.registerOutput(y)
        y.derivative = 1.0
        tape.computeAdjoints()
        gradient = [leaf.derivative for leaf in leaves]
        tape.deactivate()
        return y.value, gradient

    return run
