"""Elementwise operations where exponents, factors or quotients are 0, 1, -1 or 2, to third order.

What a rule says of special numbers is meant for constants: a variable that happens to be one has
derivatives like any other. Each nesting of the modes is compared with differences at many digits.
"""

import functools
import itertools

import mpmath
import pytest

import autograd_rs as ag
from elementwise import exact, function, plain_name, rows
from truth import UNARY

np = pytest.importorskip("numpy")

NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5)
QUOTIENTS = {"remainder", "fmod", "floordiv"}
TIES = {"maximum", "minimum", "fmax", "fmin"}


def is_smooth(name, point):
    """Whether there are derivatives of all orders around a point, by the first and the second."""
    a, b = point[0], point[-1]
    if len(point) == 1:
        return {
            "sqrt": a > 0,
            "cbrt": a != 0,
            "log": a > 0,
            "log2": a > 0,
            "log10": a > 0,
            "log1p": a > -1,
            "reciprocal": a != 0,
            "abs": a != 0,
            "relu": a != 0,
            "sign": a != 0,
            "floor": a % 1 != 0,
            "ceil": a % 1 != 0,
            "trunc": a % 1 != 0 or a == 0,
            "round": a % 1 != 0.5,
            "asin": abs(a) < 1,
            "acos": abs(a) < 1,
            "atanh": abs(a) < 1,
            "acosh": a > 1,
            "lgamma": a > 0 or a % 1 != 0,
            "digamma": a > 0 or a % 1 != 0,
            "tan": True,
        }.get(name, True)
    if name in TIES:
        return a != b
    if name in QUOTIENTS:
        return b != 0 and a / b % 1 != 0
    return {
        "div": b != 0,
        "pow": a > 0,
        "atan2": a != 0 or b > 0,
        "hypot": a != 0 or b != 0,
        "copysign": a != 0 and b != 0,
        "xlogy": b > 0,
    }.get(name, True)


MP = mpmath.mp.clone()
MP.dps = 40
ROWS = {plain_name(row): row for arity in (1, 2) for row in rows(arity)}


def truth(row, point, path):
    """The derivative by one argument after the other."""
    return derivative(plain_name(row), point, tuple(path.count(k) for k in range(len(point))))


@functools.cache
def derivative(name, point, orders):
    value = exact(ROWS[name])
    found = MP.diff(lambda *xs: value(MP, *xs), tuple(map(MP.mpf, point)), orders)
    return float(MP.re(found))


def tied(f):
    """The function, its result depending on its arguments even where it is constant."""
    return lambda *args: f(*args) + sum(0.0 * x for x in args)


def by_reverse(f, index):
    return ag.grad(tied(f), index)


def by_forward(f, index):
    def derived(*args):
        return ag.jvp(tied(f), args, [float(k == index) for k in range(len(args))])[1]

    return derived


NESTINGS = {
    1: [(by_reverse,), (by_forward,)],
    2: list(itertools.product((by_reverse, by_forward), repeat=2)),
    3: [(by_reverse,) * 3, (by_forward,) * 3, (by_reverse, by_forward, by_reverse)],
}


def nested(f, modes, path):
    for mode, index in zip(modes, path, strict=True):
        f = mode(f, index)
    return f


POINTS = [
    pytest.param(row, point, id=f"{plain_name(row)}-{'-'.join(map(str, point))}")
    for arity in (1, 2)
    for row in rows(arity)
    if exact(row)
    for point in itertools.product(NUMBERS, repeat=arity)
    if is_smooth(plain_name(row), point)
]


def all_partials(row, point):
    for order in (1, 2, 3):
        for path in itertools.product(range(len(point)), repeat=order):
            yield path, truth(row, point, path)


@pytest.mark.parametrize(("row", "point"), POINTS)
def test_all_nestings_are_right_at_special_points(row, point):
    f = function(row)
    for path, wanted in all_partials(row, point):
        close = pytest.approx(wanted, rel=1e-9, abs=1e-9)
        for modes in NESTINGS[len(path)]:
            assert nested(f, modes, path)(*point) == close, (path, modes)


@pytest.mark.parametrize(("row", "point"), POINTS)
def test_hessians_are_right_at_special_points(row, point):
    f, n = function(row), len(point)
    wanted = [[truth(row, point, (i, j)) for j in range(n)] for i in range(n)]
    close = pytest.approx(np.array(wanted), rel=1e-9, abs=1e-9)
    assert ag.hessian(lambda v: tied(f)(*(v[k] for k in range(n))))(np.array(point)) == close
    # In arrays: entries 1 and 3 of each operand are the point, the others are no special numbers.
    beside = [0.7, 0.9][:n]
    args = [np.array([x, own, x]) for x, own in zip(point, beside, strict=True)]
    for i, j in itertools.product(range(n), repeat=2):
        tangents = tuple(np.ones(3) * float(k == j) for k in range(n))
        product = ag.hvp(summed(f), argnums=tuple(range(n)))
        found = product(args[0], tangents, *args[1:])
        assert found[i][[0, 2]] == pytest.approx([wanted[i][j]] * 2, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("row", "point"), POINTS)
def test_arrays_are_right_at_special_points_to_third_order(row, point):
    f, n = function(row), len(point)
    args = [np.array([x, own]) for x, own in zip(point, [0.7, 0.9][:n], strict=True)]
    for path, wanted in all_partials(row, point):
        close = pytest.approx(wanted, rel=1e-9, abs=1e-9)
        derived = summed(f)
        for index in path:
            derived = summed(ag.grad(derived, index))
        assert derived.unsummed(*args)[0] == close, path


def summed(f):
    """The sum of what an elementwise derivative gives, to be derived again."""
    total = lambda *xs: ag.sum(tied(f)(*xs))  # noqa: E731
    total.unsummed = f
    return total


def test_every_operation_of_one_argument_is_looked_at():
    assert {plain_name(row) for row in rows(1)} <= UNARY.keys()


def test_a_constant_exponent_of_0_or_1_takes_no_logarithm():
    for exponent, slopes in ((0, (0.0, 0.0, 0.0)), (1, (1.0, 0.0, 0.0)), (2, (-4.0, 2.0, 0.0))):
        f = lambda x, own=exponent: x**own  # noqa: E731
        for wanted in slopes:
            f = ag.grad(f)
            assert f(-2.0) == wanted


def test_the_mixed_derivative_by_an_exponent_of_0_was_0():
    hessian = ag.hessian(lambda v: v[0] ** v[1])(np.array([2.0, 0.0]))
    # By hand: d2/dxdy x**y = x**(y-1) (1 + y log x), and d2/dy2 = log(x)**2 at y = 0.
    assert hessian == pytest.approx(np.array([[0.0, 0.5], [0.5, np.log(2.0) ** 2]]))
    # d3/dx2dy x**y = (2y - 1) x**(y-2) + y (y-1) x**(y-2) log x: 1/x at y = 1.
    curvature = ag.grad(ag.grad(lambda x, y: x**y))
    assert ag.grad(curvature, 1)(2.0, 1.0) == pytest.approx(0.5)
