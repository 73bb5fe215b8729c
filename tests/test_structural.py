"""The functions of whole rows agree with their truth at lengths around those of the kernels."""

import math
import random

import pytest

import autograd_rs as ag
from agreement import mismatches
from programs import Program

LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33]

FUNCTIONS = {
    "sum": "ag.sum({x})",
    "mean": "ag.mean({x} * {x})",
    "prod": "ag.prod({x})",
    "max": "ag.max({x} * {x}) * {x}[0]",
    "min": "ag.min({x}) ** 2",
    "dot": "ag.dot({x}, ag.sin({x}))",
    "dot with constants": "ag.dot({w}, {x}) ** 2",
    "matmul": "{x} @ {x}",
    "norm": "ag.norm({x})",
    "logsumexp": "ag.logsumexp({x})",
    "softmax": "ag.dot(ag.softmax({x}), {w})",
    "cumsum": "ag.dot(ag.cumsum({x} * {x}), {w})",
    "index": "{x}[-1] * {x}[0]",
    "slice": "ag.sum({x}[::-2] ** 3)",
    "stack": "ag.dot(ag.stack([entry * entry for entry in {x}]), {w})",
    "concatenate": "ag.norm(ag.concatenate([{x}, {w}, {x}[1:], {x} * {x}]))",
    "where": "ag.sum(ag.where({x} > 0.01, ag.sin({x}), {x} ** 3))",
    "clip": "ag.sum(ag.clip({x}, -0.5, 0.75) ** 2)",
    "iteration": "sum(entry ** 2 for entry in {x})",
}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_gradient_and_hessian_agree_with_the_truth(name, length):
    draw = random.Random(length)
    entries = [round(draw.uniform(0.1, 1.6) * draw.choice([-1, 1]), 3) for _ in range(length)]
    weights = [round(draw.uniform(-1, 1), 3) for _ in range(length)]
    # One entry alone is a number there.
    row = "x0" if length > 1 else "ag.concatenate([x0])"
    text = FUNCTIONS[name].format(x=row, w=f"ag.Vector({weights})")
    program = Program(length, [entries], [f"return {text}"])
    found = list(mismatches(program))
    assert not found, f"{program}\n" + "\n".join(found)


@pytest.mark.parametrize("length", [100, 1000, 4097, 100_000])
def test_reductions_of_long_rows_are_accurate(length):
    draw = random.Random(length)
    entries = [draw.uniform(-1, 1) for _ in range(length)]
    v = ag.Vector(entries)
    # Blocked or pairwise summation stays far below the bound n * 2**-53 of a plain loop.
    size = math.fsum(map(abs, entries))
    assert abs(ag.sum(v).item() - math.fsum(entries)) <= 64 * 2**-53 * size
    assert abs(ag.dot(v, v).item() - math.fsum(x * x for x in entries)) <= 64 * 2**-53 * size
    assert ag.norm(v).item() == pytest.approx(math.hypot(*entries), rel=1e-13)
    assert ag.max(v).item() == max(entries)
    assert ag.min(v).item() == min(entries)
    want = math.log(math.fsum(map(math.exp, entries)))
    assert ag.logsumexp(v).item() == pytest.approx(want, rel=1e-13)


@pytest.mark.parametrize("length", [1000, 10_001])
def test_gradients_of_long_rows(length):
    x = ag.Variable(ag.Vector([math.sin(k) for k in range(length)]))
    (bar,) = ag.grad(ag.sum(x * x * x), wrt=[x])
    assert bar.tolist() == pytest.approx([3 * math.sin(k) ** 2 for k in range(length)])
    (bar,) = ag.grad(ag.cumsum(x), wrt=[x])
    assert bar.tolist() == [float(length - k) for k in range(length)]


def test_norm_neither_overflows_nor_underflows():
    for scale in (1e200, 1e-200):
        x = ag.Variable(ag.Vector([3 * scale, 4 * scale]))
        y = ag.norm(x)
        assert y.item() == pytest.approx(5 * scale, rel=1e-15)
        assert ag.grad(y, wrt=[x])[0].tolist() == pytest.approx([0.6, 0.8], rel=1e-15)


def test_softmax_of_large_entries_does_not_overflow():
    x = ag.Variable(ag.Vector([1000.0, 1000.0, -1000.0]))
    y = ag.softmax(x)
    assert y.value.tolist() == [0.5, 0.5, 0]
    assert ag.grad(y[0], wrt=[x])[0].tolist() == [0.25, -0.25, 0]


def test_nan_goes_through_reductions():
    v = ag.Vector([1.0, math.nan, 2.0])
    for reduce in (ag.sum, ag.mean, ag.prod, ag.max, ag.min, ag.norm, ag.logsumexp):
        assert math.isnan(reduce(v).item())


def test_reductions_of_one_number_are_that_number():
    x = ag.Variable(-2.0)
    for reduce, value, slope in (
        (ag.sum, -2, 1),
        (ag.mean, -2, 1),
        (ag.prod, -2, 1),
        (ag.max, -2, 1),
        (ag.min, -2, 1),
        (ag.norm, 2, -1),
        (ag.logsumexp, -2, 1),
        (ag.cumsum, -2, 1),
        (ag.softmax, 1, 0),
    ):
        y = reduce(x)
        assert y.item() == value
        assert ag.grad(y, wrt=[x])[0].item() == slope


def test_sums_and_products_of_an_empty_row_are_those_of_python():
    empty = ag.Variable(ag.Vector([]))
    for reduce, value in ((ag.sum, 0), (ag.prod, 1), (ag.norm, 0), (ag.logsumexp, -math.inf)):
        y = reduce(empty)
        assert y.item() == value
        assert ag.grad(y, wrt=[empty])[0].tolist() == []
    for keep in (ag.cumsum, ag.softmax):
        assert keep(empty).dim == 0


@pytest.mark.parametrize("name", ["max", "min", "mean"])
def test_an_empty_row_has_no_such_reduction(name):
    for empty in (ag.Vector([]), ag.Variable(ag.Vector([]))):
        with pytest.raises(ValueError, match=f"^{name}: .*no entries"):
            getattr(ag, name)(empty)
