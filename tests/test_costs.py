"""What derivatives cost: by the graph that they are of, not by what else there is.

Times are compared with times of the same process, and a generous factor is allowed: what these
tests found grew with the square of a length.
"""

import gc
import math
import time

import numpy as np
import pytest

import autograd_rs as ag
from autograd_rs import _core

ARRAY = np.array([0.5, 0.7, 0.9])


def seconds(run, times=3):
    """Least of some runs, without the collector, which looks at the objects of all tests."""
    taken = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            start = time.process_time()
            run()
            taken.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(taken)


def potential(q):
    return 0.5 * q * q + 0.1 * q**4


def energy(q):
    return ag.sum(potential(q))


force = ag.grad(potential)
block = ag.checkpoint(lambda q: q - 0.01 * q**3)

STEPS = {
    "grad of a float": (1.0, lambda q: q - 0.01 * force(q)),
    "grad of an array": (ARRAY, lambda q: q - 0.01 * ag.grad(energy)(q)),
    "grad of a list": (
        [0.5, 0.7],
        lambda q: [x - 0.01 * g for x, g in zip(q, ag.grad(lambda q: q[0] * q[1] ** 2)(q))],
    ),
    "grad of grad": (1.0, lambda q: q - 0.01 * ag.grad(force)(q)),
    "jvp": (1.0, lambda q: q - 0.01 * ag.jvp(potential, (q,), (1.0,))[1]),
    "vjp": (1.0, lambda q: q - 0.01 * ag.vjp(potential, q)[1](1.0)[0]),
    "hvp": (1.0, lambda q: q - 0.01 * ag.hvp(potential)(q, 1.0)),
    "jacobian": (ARRAY, lambda q: q - 0.01 * ag.jacobian(lambda q: q * q)(q)[0]),
    "hessian": (1.0, lambda q: q - 0.01 * ag.hessian(potential)(q)),
    "checkpoint": (1.0, block),
    "grad of a checkpoint": (1.0, lambda q: q - 0.01 * ag.grad(block)(q)),
    "closure, sum": (1.0, lambda q: ag.sin(q) + 0.01 * ag.grad(lambda a: (a + q) ** 3)(0.3)),
    "closure, product": (1.0, lambda q: ag.sin(q) + 0.01 * ag.grad(lambda a: a * q * a)(0.3)),
    "closure, entries": (
        ARRAY,
        lambda q: ag.sin(q) + 0.01 * ag.grad(lambda a: (a + q[0]) ** 3 * q[1])(0.3),
    ),
    "closure, jvp": (
        1.0,
        lambda q: ag.sin(q) + 0.01 * ag.jvp(lambda a: (a + q) ** 3, (0.3,), (1.0,))[1],
    ),
}


@pytest.mark.parametrize("kind", STEPS)
def test_an_inner_derivative_costs_the_same_at_each_step_of_a_loop(kind):
    start, step = STEPS[kind]

    def each(count, times):
        def final(q):
            for _ in range(count):
                q = step(q)
            return ag.sum(q) if isinstance(q, ag.Variable) else q[0]

        return seconds(lambda: ag.grad(final)(start), times) / count

    assert each(2400, 1) < 4 * each(100, 4)


def test_an_inner_derivative_at_a_result_of_a_long_history_costs_what_it_is():
    def old(length):
        x = ag.Variable(1.0)
        for _ in range(length):
            x = ag.sin(x)
        return x

    def inner(x):
        _core.reclaim()
        return seconds(lambda: ag.grad(lambda a: a * a)(x), 9)

    assert inner(old(300_000)) < 8 * inner(old(10))


def test_a_closure_over_a_result_of_a_long_history_costs_what_it_is_whenever_it_is_asked():
    def all_of(length):
        x = ag.Variable(1.0)
        kept = []
        for index in range(length):
            x = ag.sin(x)
            if index % (length // 100) == 0:
                kept.append(x)
        derivative = ag.grad(lambda a, x: (a + x) ** 3)
        # From the last to the first: nothing that was found on the way down helps the next.
        return seconds(lambda: [derivative(0.5, x) for x in reversed(kept)])

    assert all_of(200_000) < 8 * all_of(1000)


@pytest.mark.parametrize("reclaims", [False, True])
def test_an_inner_derivative_by_old_values_is_right_before_and_after_reclaiming(reclaims):
    garbage = [ag.Variable(float(k)) for k in range(1000)]
    s = ag.Variable(0.8)
    u, slope = s, 1.0
    for _ in range(500):
        slope *= math.cos(u.item())
        u = ag.sin(u) + 0.1
    total = 0.0
    for a in (0.25, 0.5):
        inner = ag.grad(lambda a: (a + u) ** 3)(a)
        total = total + inner
        del garbage[::2]
        if reclaims:
            _core.reclaim()
    assert total.item() == pytest.approx(3 * (u.item() + 0.25) ** 2 + 3 * (u.item() + 0.5) ** 2)
    ag.grad(total)
    want = (6 * (u.item() + 0.25) + 6 * (u.item() + 0.5)) * slope
    assert s.grad.item() == pytest.approx(want, rel=1e-12)


def test_an_inner_derivative_by_a_value_that_has_no_handle_is_right():
    s = ag.Variable(0.6)
    chain = [s]

    def function(a):
        u = chain.pop()
        for _ in range(300):
            u = ag.sin(u)
        y = (a + ag.cos(u)) ** 2
        del u
        return y

    u, slope = 0.6, 1.0
    for _ in range(300):
        slope *= math.cos(u)
        u = math.sin(u)
    inner = ag.grad(function)(0.3)
    assert inner.item() == pytest.approx(2 * (0.3 + math.cos(u)), rel=1e-14)
    (outer,) = ag.grad(inner, wrt=[s])
    assert outer.item() == pytest.approx(-2 * math.sin(u) * slope, rel=1e-12)


def test_parents_of_each_node_of_a_long_chain_are_found_in_time_of_its_length():
    def walk(length):
        x = ag.Variable(1.0)
        chain = [x := ag.sin(x) for _ in range(length)]
        return seconds(lambda: [y.parents for y in reversed(chain)]) / length

    assert walk(8000) < 6 * walk(500)


CONTAINERS = {
    "grad": lambda v: ag.grad(sum)(v),
    "jvp": lambda v: ag.jvp(sum, (v,), (v,)),
    "vjp": lambda v: ag.vjp(lambda v: [x * x for x in v], v)[1](v),
    "hvp": lambda v: ag.hvp(lambda v: sum(x * x for x in v))(v, v),
    "jacobian": lambda v: ag.jacobian(sum)(v),
    "auxiliary": lambda v: ag.grad(lambda v: (sum(v), [x * x for x in v]), has_aux=True)(v),
    "nested": lambda v: ag.grad(lambda s: ag.grad(lambda v: s * sum(v))(v)[0])(2.0),
    "checkpoint": lambda v: ag.grad(ag.checkpoint(sum))(v),
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_container_of_numbers_costs_what_they_cost(kind):
    def each(count):
        return seconds(lambda: CONTAINERS[kind]([0.1] * count)) / count

    assert each(20_000) < 6 * each(500)


def test_states_of_a_loop_as_auxiliary_result_cost_what_they_are():
    def each(count):
        def final(x):
            states = [x := ag.sin(x) for _ in range(count)]
            return x, states

        return seconds(lambda: ag.grad(final, has_aux=True)(0.5)) / count

    assert each(16_000) < 6 * each(500)


def test_auxiliary_results_are_plain_but_for_those_of_the_outside():
    outside = ag.Variable(3.0)

    def function(x):
        mixed = np.array([x, outside * x], dtype=object)
        return x * x, {"own": x * 2, "other": outside * x, "array": [x, 1.0], "mixed": mixed}

    _, aux = ag.grad(function, has_aux=True)(0.5)
    assert type(aux["own"]) is float
    assert aux["own"] == 1.0
    assert aux["array"] == [0.5, 1.0]
    assert isinstance(aux["other"], ag.Variable)
    assert type(aux["mixed"][0]) is float
    assert isinstance(aux["mixed"][1], ag.Variable)


def matrix_primitive(define):
    matrix = np.random.default_rng(0).normal(size=(60, 60))
    product = ag.primitive(lambda x: matrix @ np.sin(x))
    calls = []

    def counted(g):
        calls.append(g)
        return g

    if define is ag.defvjp:
        define(product, lambda _y, x: lambda g: (matrix.T @ counted(g)) * np.cos(x))
    else:
        define(product, lambda t, _y, x: matrix @ (np.cos(x) * counted(t)))
    return product, matrix, calls


@pytest.mark.parametrize("transform", [ag.jacfwd, ag.jacrev])
@pytest.mark.parametrize("define", [ag.defvjp, ag.defjvp])
def test_a_jacobian_asks_the_one_rule_of_a_primitive_once_for_each_row_or_column(transform, define):
    product, matrix, calls = matrix_primitive(define)
    x = np.linspace(0.1, 1.0, 60)
    found = transform(lambda x: product(x) * 2.0)(x)
    assert found == pytest.approx(2 * matrix * np.cos(x), abs=1e-12)
    assert len(calls) <= 60


def test_a_nested_forward_jacobian_asks_the_reverse_rule_once_for_each_row():
    product, matrix, calls = matrix_primitive(ag.defvjp)
    x = np.linspace(0.1, 1.0, 60)

    def total(s):
        return ag.sum(ag.stack([ag.sum(row) for row in ag.jacfwd(lambda x: product(x) * s)(x)]))

    assert ag.grad(total)(2.0) == pytest.approx((matrix * np.cos(x)).sum(), abs=1e-9)
    assert len(calls) <= 120


def test_a_reverse_jacobian_of_a_forward_rule_still_has_absolute_zeros():
    double = ag.primitive(lambda x: 2 * x)
    ag.defjvp(double, lambda t, _y, _x: 2 * t)

    def function(x):
        root = ag.sqrt(x)
        return ag.stack([double(x)[0], root[0] * 0.0 + x[1]])

    found = ag.jacrev(function)(np.array([0.0, 1.0]))
    assert found.tolist() == [[2.0, 0.0], [0.0, 1.0]]


def test_recorded_gradients_of_a_stack_cost_what_its_entries_cost():
    def of(count):
        leaves = [ag.Variable(float(k)) for k in range(count)]
        loss = ag.sum(ag.stack(leaves))
        assert ag.grad(loss, wrt=leaves, create_graph=True)[-1].item() == 1.0
        return seconds(lambda: ag.grad(loss, wrt=leaves, create_graph=True))

    # Eight times as many: 64 times as long was the fault.
    assert of(16_000) < 32 * of(2_000)
