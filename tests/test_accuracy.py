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
    wanted = true_slopes(plain_name(row), point)
    for side, (slope, want) in enumerate(zip(got, wanted, strict=True)):
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
