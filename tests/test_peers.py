"""JAX and PyTorch, where installed, give the derivatives of random programs that we give.

All rows of the op table and all structural kinds take part; the programs stay off the kinks, where
conventions differ. `AUTOGRAD_PROGRAMS` sets how many (one that begins with each kind of statement),
`AUTOGRAD_FIRST_PROGRAM` the first seed.
"""

import os
import random

import pytest

import autograd_rs as ag
from peers import Jax, Torch
from programs import STRUCTURAL, write_program
from truth import ALIASES, BINARY, UNARY

np = pytest.importorskip("numpy")

# What the peers warn of is theirs.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

NAMES = {ALIASES.get(op["name"], op["name"]) for op in ag.ops() if op["public"]}
KINDS = tuple(sorted(NAMES & (UNARY.keys() | BINARY.keys()))) + STRUCTURAL

COUNT = int(os.environ.get("AUTOGRAD_PROGRAMS", str(len(KINDS))))
FIRST = int(os.environ.get("AUTOGRAD_FIRST_PROGRAM", "0"))
BATCHES = 10

# In units of the largest derivative up to that order: five times the largest distance of 20 000.
TOLERANCE = 1e-12


def slope(t, f, v):
    """The derivative along v, forward."""
    return lambda x: t.jvp(f, (x,), (v,))[1]


def inner(gradient, v):
    """The derivative along v, by a gradient."""
    return lambda x: (gradient(x) * v).sum()


def pull_one_back(t, f, x):
    value, pullback = t.vjp(f, x)
    return pullback(value * 0 + 1)[0]


# By order, ways to a derivative of `f` at `x`, some along `v`, by the transforms of `t`.
WAYS = (
    {
        "value by jvp": lambda t, f, x, v: t.jvp(f, (x,), (v,))[0],
        "value by vjp": lambda t, f, x, v: t.vjp(f, x)[0],
    },
    {
        "grad": lambda t, f, x, v: t.grad(f)(x),
        "jacfwd": lambda t, f, x, v: t.jacfwd(f)(x),
        "jvp": lambda t, f, x, v: slope(t, f, v)(x),
        "vjp": lambda t, f, x, v: pull_one_back(t, f, x),
    },
    {
        "hessian": lambda t, f, x, v: t.hessian(f)(x),
        "hvp": lambda t, f, x, v: t.hvp(f)(x, v),
        "grad of grad": lambda t, f, x, v: t.grad(inner(t.grad(f), v))(x),
        "grad of jvp": lambda t, f, x, v: t.grad(slope(t, f, v))(x),
        "vjp of grad": lambda t, f, x, v: t.vjp(t.grad(f), x)[1](v)[0],
        "jvp of jvp": lambda t, f, x, v: slope(t, slope(t, f, v), v)(x),
        "jacrev of jacfwd": lambda t, f, x, v: t.jacrev(t.jacfwd(f))(x),
    },
    {
        "jacfwd of jacrev of grad": lambda t, f, x, v: t.jacfwd(t.jacrev(t.grad(f)))(x),
        "jacrev of hessian": lambda t, f, x, v: t.jacrev(t.hessian(f))(x),
        "grad of hvp": lambda t, f, x, v: t.grad(inner(lambda x: t.hvp(f)(x, v), v))(x),
        "hvp of jvp": lambda t, f, x, v: t.hvp(slope(t, f, v))(x, v),
        "jvp of grad of grad": lambda t, f, x, v: slope(t, t.grad(inner(t.grad(f), v)), v)(x),
        "vjp of jvp of grad": lambda t, f, x, v: t.vjp(slope(t, t.grad(f), v), x)[1](v)[0],
        "grad of jvp of jvp": lambda t, f, x, v: t.grad(slope(t, slope(t, f, v), v))(x),
        "jvp of jvp of jvp": lambda t, f, x, v: slope(t, slope(t, slope(t, f, v), v), v)(x),
    },
)


@pytest.fixture(scope="module", params=[("jax", Jax), ("torch", Torch)], ids=["jax", "torch"])
def peer(request):
    name, kind = request.param
    module = pytest.importorskip(name)
    with kind.settings(module):
        yield kind(module)


def of_array(function, lengths):
    """The program as a function of one array."""

    def f(x):
        parts, start = [], 0
        for length in lengths:
            parts.append(x[start] if length == 1 else x[start : start + length])
            start += length
        return function(ag, *parts)

    return f


def distances(peer, program):
    """Way, and how far our derivative is from the peer's, in units of the largest so far."""
    function, lengths = program.function(), [len(row) for row in program.inputs]
    point = [entry for row in program.inputs for entry in row]
    draw = random.Random(program.seed)
    along = [round(draw.uniform(-1, 1), 3) for _ in point]
    ours = of_array(function, lengths), np.array(point), np.array(along)
    theirs = peer.of_rows(function, lengths), peer.array(point), peer.array(along)
    size = 1.0
    for ways in WAYS:
        for name in draw.sample(sorted(ways), min(len(ways), peer.ways)):
            found, wanted = (np.asarray(ways[name](*run)) for run in ((ag, *ours), (peer, *theirs)))
            assert found.shape == wanted.shape, name
            assert found.dtype == wanted.dtype == float, name
            size = max(size, abs(wanted).max())
            yield name, abs(found - wanted).max() / size


@pytest.mark.parametrize("batch", range(BATCHES))
def test_derivatives_of_random_programs_are_those_of_the_peer(peer, batch):
    for seed in range(FIRST + batch, FIRST + COUNT, BATCHES):
        program = write_program(seed, KINDS)
        for name, distance in distances(peer, program):
            assert distance <= TOLERANCE, f"{name} differs by {distance}\n{program}"
