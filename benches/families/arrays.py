"""What the families of functions of an ndarray share: who takes part, and how far ahead we are."""

from __future__ import annotations

import autograd_rs as ag
from measure import OURS, fresh
from peers import installed, numpy

NUMPY = "NumPy by hand"
# Whoever runs Python, and compiles nothing.
EAGER = ("HIPS autograd", "MyGrad", "PyTorch", "JAX, not compiled")
AHEAD = 1 / 20
WITHIN = 3.0


def limits(length):
    """Return the targets: far ahead where calls are what costs, near NumPy where entries are."""
    if length <= 10:
        return dict.fromkeys(EAGER, AHEAD)
    return dict.fromkeys(EAGER, 1.0) | {NUMPY: WITHIN}


def make_contenders(
    function, x, by_hand, constants=(), of_arrays=None, constants_of_arrays=(), of_casadi=None
):
    """Return everyone's value and gradient.

    Parameters
    ----------
    function : callable
        Called as `function(math, x, *constants)`, as all the functions are.
    x : list of float
        Where.
    by_hand : callable
        Called as `by_hand(np, x)`, returns value and gradient.
    of_arrays, of_casadi : callable, optional
        The function as packages of arrays and as CasADi have it, if they have it otherwise.
    """
    np = numpy()
    contenders = {}
    if np:
        contenders[NUMPY] = hand_written(by_hand, np, np.array(x))
    contenders[OURS] = transformed(function, np.array(x) if np else ag.Vector(x), constants)
    for package, peer in installed().items():
        if package == "casadi":
            contenders[peer.NAME] = peer.value_and_gradient(of_casadi or function, [x], constants)
        elif package not in {"xad", "micrograd"}:
            theirs, data = (of_arrays, constants_of_arrays) if of_arrays else (function, constants)
            for manner in [peer, peer.eager] if package == "jax" else [peer]:
                run = manner.value_and_gradient(fresh(theirs), [x], data)
                contenders[manner.NAME] = run
    return contenders


def hand_written(by_hand, np, x):
    return lambda: by_hand(np, x)


def transformed(function, x, constants):
    """Return a callable that takes our transform of the function at `x`."""
    function, constants = fresh(function), [ag.Vector(constant) for constant in constants]
    differentiated = ag.value_and_grad(lambda x: function(ag, x, *constants))
    return lambda: differentiated(x)
