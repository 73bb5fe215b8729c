"""What an operation that is written in Python holds lives as long as somebody may need it."""

import functools
import gc
import json
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest

import autograd_rs as ag

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

SETUP = """
    import json, os
    import numpy as np
    import autograd_rs as ag
    import autograd_rs.numpy as anp

    scale = ag.primitive(lambda x, b: x * b[0])
    ag.defvjp(scale, lambda _y, _x, b: lambda g: g * b[0])
    x = ag.Variable(2.0)
    row = ag.Variable(np.ones(300))

    def fresh(k):
        return np.full(100_000, float(k))

    def closing(b):
        return ag.checkpoint(lambda x: x * b[0])(x)

    def made(b):
        made = ag.primitive(lambda x: x * b[0])
        ag.defvjp(made, lambda _y, _x: lambda g: g * b[0])
        return made(x)

    CALLS = {
        "argument": lambda k: scale(x, fresh(k)),
        "list": lambda k: ag.checkpoint(lambda x, b: x * b[0][0])(x, [fresh(k)]),
        "checkpoint": lambda k: ag.checkpoint(lambda x, b: x * b[0])(x, fresh(k)),
        "closure": lambda k: closing(fresh(k)),
        "primitive of a closure": lambda k: made(fresh(k)),
        "solve": lambda k: anp.linalg.solve(np.eye(300) * (k + 1), row),
    }

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
"""


@linux
@pytest.mark.parametrize(
    "kind", ["argument", "list", "checkpoint", "closure", "primitive of a closure", "solve"]
)
def test_memory_is_flat_over_calls_that_each_hold_an_array_of_their_own(kind):
    program = textwrap.dedent(SETUP) + textwrap.dedent(f"""
        call = CALLS[{kind!r}]
        for k in range(100):
            result = call(k)
        before = resident()
        for k in range(1000):
            result = call(k)
        print(json.dumps(resident() - before))
    """)
    command = [sys.executable, "-W", "error", "-c", program]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stderr
    # The arrays have 800 MB together.
    assert json.loads(finished.stdout) < 80


class Solver:
    """An object whose methods are rules, and that keeps what they give."""

    def __init__(self, x):
        self.x = x
        self.solve = ag.primitive(self._solve)
        ag.defvjp(self.solve, self._make_pull_back)
        self.block = ag.checkpoint(self._block)

    def _solve(self, x):
        return 2 * x

    def _make_pull_back(self, _y, _x):
        return lambda g: g * 2

    def _block(self, x):
        return x * x * self.factor

    factor = 3.0


def primitive(x):
    solver = Solver(x)
    solver.state = solver.solve(x)
    return solver


def checkpoint(x):
    solver = Solver(x)
    solver.state = solver.block(x)
    return solver


def computed_further(x):
    solver = Solver(x)
    solver.state = {"history": [ag.sin(solver.solve(x)) * 3]}
    return solver


def two_objects(x):
    first, second = Solver(x), Solver(x)
    first.other = second
    second.state = first.solve(x)
    first.state = second.block(second.state)
    return first


def partial(x):
    solver = Solver(x)
    solver.state = ag.checkpoint(functools.partial(Solver._block, solver))(x)
    return solver


def closure(x):
    solver = Solver(x)
    solver.state = ag.checkpoint(lambda x: x * solver.factor)(x)
    return solver


@pytest.mark.parametrize(
    "make", [primitive, checkpoint, computed_further, two_objects, partial, closure]
)
def test_objects_that_keep_results_of_their_own_rules_are_collected(make):
    x = ag.Variable(2.0)
    gone = [weakref.ref(make(x)) for _ in range(20)]
    gc.collect()
    assert [reference() for reference in gone] == [None] * 20


def test_a_result_keeps_the_rules_that_it_needs_through_a_collection():
    x = ag.Variable(2.0)
    further = ag.sin(two_objects(x).state)
    held = [primitive(x).state, checkpoint(x).state * 2]
    gc.collect()
    # 3 * (2x)**2 and its derivative 24 x.
    assert ag.grad(further, wrt=[x])[0].item() == pytest.approx(48 * np.cos(48.0), rel=1e-13)
    assert [ag.grad(y, wrt=[x])[0].item() for y in held] == [2.0, 24.0]


def test_what_is_held_in_other_ways_keeps_its_rules_through_a_collection():
    x = ag.Variable(2.0)
    in_array = np.array([primitive(x).state, 1.0], dtype=object)
    in_generator = (y for y in [checkpoint(x).state])
    in_tuple = ((primitive(x),),)
    _, pull_back = ag.vjp(lambda x: Solver(x).block(x), 2.0)
    gc.collect()
    assert ag.grad(in_array[0], wrt=[x])[0].item() == 2.0
    assert ag.grad(next(in_generator), wrt=[x])[0].item() == 12.0
    assert ag.grad(in_tuple[0][0].state, wrt=[x])[0].item() == 2.0
    assert pull_back(1.0) == (12.0,)


def test_a_collection_in_the_middle_of_a_rule_takes_nothing_away():
    def make_pull_back(_y, x):
        def pull_back(g):
            gc.collect()
            return g * Solver(x).block(x)

        gc.collect()
        return pull_back

    cube = ag.primitive(lambda x: x * x * x)
    ag.defvjp(cube, make_pull_back)

    def function(x):
        y = cube(x)
        gc.collect()
        return y * Solver(x).solve(x)

    # 2 x**4 by a rule that says 3 x**2.
    assert ag.grad(function)(2.0) == pytest.approx(64.0)
    # The first derivative is 3 x**2 * 2 x + 2 x**3 by these rules, that is 8 x**3.
    assert ag.grad(ag.grad(function))(2.0) == pytest.approx(96.0)


def test_arrays_that_only_dead_results_need_are_let_go_by_a_collection():
    scale = ag.primitive(lambda x, b: x * b[0])
    ag.defvjp(scale, lambda _y, _x, b: lambda g: g * b[0])
    b = np.ones(10)
    b.flags.writeable = False
    alive = weakref.ref(b)
    y = scale(ag.Variable(2.0), b)
    del b
    gc.collect()
    assert alive() is not None
    del y
    gc.collect()
    assert alive() is None


def test_many_objects_that_keep_their_results_are_let_go_without_asking():
    x = ag.Variable(2.0)
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        gone = []
        for _ in range(100):
            solver = Solver(x)
            solver.large = np.ones(1_000_000)
            solver.state = ag.checkpoint(functools.partial(Solver._block, solver))(x)
            # No cycle of its own: its rule alone holds it.
            del solver.solve, solver.block
            gone.append(weakref.ref(solver))
            del solver
        assert sum(reference() is not None for reference in gone) < 50
    finally:
        if was_enabled:
            gc.enable()
