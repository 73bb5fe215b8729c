"""Values and first derivatives over the whole range of floats, against mpmath.

`AUTOGRAD_ACCURACY_POINTS=3000` takes more points than the usual 200 of each op.
"""

import math
import operator
import os

import pytest

import autograd_rs as ag
from elementwise import ROWS, function, plain_name, repeated_gradient, same_bits
from truth import BINARY, UNARY, partial
from whole_range import MP, SLOPES, arguments, error, pairs, true_slopes, true_value

POINTS = int(os.environ.get("AUTOGRAD_ACCURACY_POINTS", "200"))
LIMIT = 4.0
LEAST = 2.2250738585072014e-308

either = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])


def is_subnormal(y):
    return abs(y) < LEAST


def overflows(y):
    return math.isinf(float(y))


def value_of(row, point):
    return true_value(plain_name(row), point)


def excepted_slope(row, point):
    """Why the derivatives at a point are not held to the limit; the manual tells the same."""
    name, y = plain_name(row), value_of(row, point)
    if name == "div" and is_subnormal(y):
        return "the second derivative is that of the quotient, of which digits are lost"
    if name in ("pow", "hypot") and (is_subnormal(y) or overflows(y)):
        return "the derivative is taken from a result that has lost its digits"
    if name == "atan2":
        distance = MP.hypot(*map(MP.mpf, point))
        lost = map(is_subnormal, (distance, *(x / distance for x in point)))
        if any(lost) or overflows(distance):
            return "the derivative is taken from the distance to the origin, the same way"
    return None


def excepted_value(row, point, got, want):
    """`logaddexp` near 0 is a difference: it is within units of the larger operand."""
    return plain_name(row) == "logaddexp" and abs(got - want) <= 2 * math.ulp(max(map(abs, point)))


def points_of(row):
    find = arguments if row["arity"] == 1 else pairs
    found = find(plain_name(row), POINTS)
    return [point for point in found if value_of(row, point) is not None]


def check_value(row, point, got):
    want = value_of(row, point)
    distance = error(got, want)
    if distance > LIMIT and not excepted_value(row, point, got, want):
        pytest.fail(f"at {point}: {got!r}, wanted {MP.nstr(want, 20)}, {distance:.3g} ulp")


def check_slopes(row, point, got):
    for side, (slope, want) in enumerate(
        zip(got, true_slopes(plain_name(row), point), strict=True)
    ):
        if want is None:
            continue
        distance = error(slope, want)
        if distance > LIMIT and not excepted_slope(row, point):
            pytest.fail(
                f"at {point}, argument {side}: {slope!r}, wanted {MP.nstr(want, 20)}, "
                f"{distance:.3g} ulp"
            )


def unit_orders(row):
    return [(1,)] if row["arity"] == 1 else [(1, 0), (0, 1)]


@either
def test_every_value_and_derivative_of_numbers_is_within_four_ulps(row):
    f = function(row)
    for point in points_of(row):
        check_value(row, point, f(*map(ag.Variable, point)).item())
        slopes = [repeated_gradient(f, point, orders).item() for orders in unit_orders(row)]
        check_slopes(row, point, slopes)


@either
def test_every_value_and_derivative_of_arrays_is_within_four_ulps(row):
    f, found = function(row), points_of(row)
    columns = [ag.Vector(column) for column in zip(*found, strict=True)]
    values = f(*columns).tolist()
    slopes = [repeated_gradient(f, columns, orders).tolist() for orders in unit_orders(row)]
    for point, value, *slope in zip(found, values, *slopes, strict=True):
        check_value(row, point, value)
        check_slopes(row, point, slope)


@either
def test_the_slopes_of_these_tests_are_those_of_the_values_by_differences(row):
    name = plain_name(row)
    known = (UNARY, BINARY)[row["arity"] - 1]
    find = arguments if row["arity"] == 1 else pairs
    found = [point for point in find(name, 400) if all(1e-3 < abs(x) < 30 for x in point)]
    found = [point for point in found if known[name][1](*point)]
    assert len(found) > 5
    for point in found[:20]:
        for orders, want in zip(unit_orders(row), true_slopes(name, point), strict=True):
            by_differences = partial(MP, known[name][0], point, orders)
            if want is not None and MP.isfinite(by_differences):
                assert abs(by_differences - want) <= 1e-25 * max(1, abs(want)), (point, orders)


def test_every_public_op_has_slopes_here():
    assert {plain_name(row) for row in ROWS} == set(SLOPES) & {plain_name(row) for row in ROWS}


# Of `math`, or the operator of floats; the manual names those that differ.
DIFFERENT = {"lgamma", "cbrt", "hypot"}
PLAIN = {row["name"]: getattr(math, row["name"], None) for row in ROWS} | {
    "abs": abs,
    "neg": operator.neg,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "remainder": operator.mod,
    "floordiv": operator.floordiv,
}


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if PLAIN[row["name"]] and row["name"] not in DIFFERENT],
    ids=lambda row: row["name"],
)
def test_numbers_have_the_bits_of_plain_python(row):
    plain, f = PLAIN[row["name"]], function(row)
    find = arguments if row["arity"] == 1 else pairs
    for point in find(plain_name(row), 10 * POINTS):
        try:
            want = plain(*point)
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
        got = f(*map(ag.Variable, point)).item()
        # Whole numbers are ints in `math`, which have no sign of zero.
        assert got == want if isinstance(want, int) else same_bits(got, want), (point, got, want)


# Second derivatives in mpmath, at arguments where one was 0, nan, infinite or short of digits.
TAILS = [
    ("softplus", (-720.0,), lambda mp, x: mp.exp(x) / (1 + mp.exp(x)) ** 2),
    ("softplus", (709.5,), lambda mp, x: mp.exp(x) / (1 + mp.exp(x)) ** 2),
    ("log_sigmoid", (720.0,), lambda mp, x: -mp.exp(-x) / (1 + mp.exp(-x)) ** 2),
    ("sigmoid", (-715.0,), lambda mp, x: mp.exp(x) * (1 - mp.exp(x)) / (1 + mp.exp(x)) ** 3),
    ("tanh", (356.0,), lambda mp, x: -2 * mp.tanh(x) / mp.cosh(x) ** 2),
    ("atan", (-4.4e100,), lambda mp, x: -2 * x / (1 + x * x) ** 2),
    ("exp2", (1024.25,), lambda mp, x: mp.ln2**2 * mp.power(2, x)),
    ("erf", (25.5,), lambda mp, x: -4 * x / mp.sqrt(mp.pi) * mp.exp(-x * x)),
    ("erfc", (-25.5,), lambda mp, x: 4 * x / mp.sqrt(mp.pi) * mp.exp(-x * x)),
    ("digamma", (3e-103,), lambda mp, x: mp.psi(2, x)),
    ("lgamma", (-1e-153,), lambda mp, x: 1 / x**2),
]


@pytest.mark.parametrize(("name", "point", "second"), TAILS, ids=lambda x: str(x) if x else None)
def test_second_derivatives_keep_their_digits_in_the_tails(name, point, second):
    f, (x,) = getattr(ag, name), point
    want = second(MP, MP.mpf(x))
    found = [repeated_gradient(f, (x,), (2,)).item()]
    found += repeated_gradient(f, [ag.Vector([x, x])], (2,)).tolist()
    found += ag.hvp(lambda v: ag.sum(f(v)))(ag.Vector([x, x]), ag.Vector([1.0, 1.0])).tolist()
    found.append(ag.hvp(f)(x, 1.0))
    assert all(error(got, want) <= 8 for got in found), (found, MP.nstr(want, 20))


def test_the_second_derivative_of_digamma_close_to_zero_is_infinite():
    for x in (1e-154, 1e-160, 5e-324):
        assert repeated_gradient(ag.digamma, (x,), (2,)).item() == -math.inf
        assert repeated_gradient(ag.digamma, (-x,), (2,)).item() == math.inf


def test_at_zero_the_gamma_functions_are_the_limits_that_scipy_has():
    assert ag.digamma(0.0) == -math.inf
    assert ag.digamma(-0.0) == math.inf
    assert ag.digamma(ag.Vector([0.0, -0.0, -1.0])).tolist()[:2] == [-math.inf, math.inf]
    assert math.isnan(ag.digamma(-1.0))
    assert ag.grad(ag.lgamma)(0.0) == -math.inf
    assert ag.grad(ag.digamma)(0.0) == math.inf


def test_the_derivative_of_a_huge_even_power_of_a_negative_base_is_negative():
    # From 2**53 on the exponent less one was rounded to an even number.
    for exponent in (2.0**53, 1e17):
        assert repeated_gradient(ag.pow, (-1.0, exponent), (1, 0)).item() == -exponent
        columns = [ag.Vector([-1.0, -1.0]), ag.Vector([exponent, exponent])]
        assert repeated_gradient(ag.pow, columns, (1, 0)).tolist() == [-exponent] * 2


def test_the_mixed_derivative_of_a_power_does_not_vanish_at_exponent_zero():
    # d/db (b a**(b - 1)) is 1 / a there.
    for a in (0.5, 3.0):
        assert repeated_gradient(ag.pow, (a, 0.0), (1, 1)).item() == pytest.approx(1 / a)
        columns = [ag.Vector([a, a]), ag.Vector([0.0, 0.0])]
        assert repeated_gradient(ag.pow, columns, (1, 1)).tolist() == pytest.approx([1 / a] * 2)
