"""Every elementwise op: values, derivatives to third order, vectors, kinds of operands."""

import math
import random
from fractions import Fraction

import pytest
from mpmath import MPContext

import autograd_rs as ag
from elementwise import (
    OPERATORS,
    ROWS,
    SPECIAL,
    STEPS,
    comfortable,
    exact,
    function,
    inside,
    plain_name,
    points,
    repeated_gradient,
    rows,
    same_bits,
    ulps,
)
from truth import partial

MP = MPContext()
MP.dps = 60

EXTREMES = [
    *(0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 2.3e-308, 1e-200, -1e-200),
    *(1.0, -1.0, 1 + 2**-52, 1 - 2**-53, 0.5, -0.5, 1.5, -1.5, 2.5, 2.0, -2.0, 3.0),
    *(709.78, 709.79, -745.1, -745.2, 1e155, -1e155, 1e200, -1e200, 1.7976931348623157e308),
]

# How math spells it, where its result is the one wanted. `math.hypot` and `math.lgamma` are
# CPython's own algorithms, not libm's, and our `cbrt` is rounded better; these are held to ulps.
MATH = {
    name: getattr(math, name)
    for name in (  # noqa: SIM905
        "sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh "
        "asinh acosh atanh erf erfc atan2 fmod"
    ).split()
    if hasattr(math, name)
}
MATH |= {"neg": lambda x: -x, "abs": abs, "square": lambda x: x * x}
MATH |= {"add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y}
# Results whose terms nearly cancel are as good as the larger operand allows.
CANCELLING = frozenset({"logaddexp"})

unary = pytest.mark.parametrize("row", rows(1), ids=lambda row: row["name"])
binary = pytest.mark.parametrize("row", rows(2), ids=lambda row: row["name"])
either = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])


def domains(row):
    return [row["domain"]] if row["arity"] == 1 else list(row["domain"])


def samples(row, count=60, decades=8):
    """Argument tuples from the domains of a row."""
    columns = [
        points(domain, f"{row['name']} {i}", count, decades)
        for i, domain in enumerate(domains(row))
    ]
    return list(zip(*columns, strict=True))


def comfortable_samples(row, count=25):
    found = [point for point in samples(row, 2000, 1) if comfortable(row)(*point)]
    return found[:count]


def rounded(x):
    """An mpf as the nearest float."""
    return float(x) if MP.isfinite(x) else math.nan


def true_value(row, point):
    with MP.workdps(400 if max(map(abs, point)) > 1e30 else 60):
        return rounded(exact(row)(MP, *map(MP.mpf, point)))


def needs_truth(row):
    if exact(row) is None:
        pytest.skip(f"truth.py has no {row['name']}")


def allowed_ulps(row):
    return 4 if row["name"] in SPECIAL else 1


@either
def test_a_row_is_described(row):
    assert set(row) >= {"name", "arity", "domain", "kinks", "numpy", "doc"}
    assert row["doc"].strip()
    for low, high, low_closed, high_closed in domains(row):
        assert low < high
        assert isinstance(low_closed, bool)
        assert isinstance(high_closed, bool)


@either
def test_a_row_has_a_documented_function(row):
    documented = getattr(ag, row["name"])
    assert documented.__name__ == row["name"]
    assert documented.__doc__


@either
def test_a_row_names_numpy_ufuncs_that_exist(row):
    numpy = pytest.importorskip("numpy")
    for name in row["numpy"]:
        assert isinstance(getattr(numpy, name), numpy.ufunc)


@either
def test_an_op_has_an_independent_truth(row):
    """A new row also gets a line in `truth.py`; before that its own differences are its truth."""
    needs_truth(row)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if plain_name(row) in MATH], ids=lambda row: row["name"]
)
def test_scalar_values_are_those_of_math(row):
    wanted = MATH[plain_name(row)]
    extremes = (
        [(x,) for x in EXTREMES]
        if row["arity"] == 1
        else [(x, y) for x in EXTREMES for y in EXTREMES]
    )
    for point in samples(row, 300) + extremes:
        got = function(row)(*point)
        recorded = function(row)(*map(ag.Variable, point)).item()
        assert same_bits(got, recorded), (point, got, recorded)
        try:
            want = wanted(*point)
        except ValueError:  # where IEEE has nan or a pole
            assert not math.isfinite(got), (point, got)
        except OverflowError:
            assert math.isinf(got), (point, got)
        else:
            assert same_bits(got, float(want)), (point, got, want)


@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "**"])
def test_scalar_operators_are_those_of_floats(operation):
    compute = eval(f"lambda x, y: x {operation} y")
    draw = random.Random(operation)
    pairs = [(draw.uniform(-4, 4), draw.uniform(-4, 4)) for _ in range(300)]
    pairs += [(x, y) for x in EXTREMES for y in EXTREMES]
    for x, y in pairs:
        got = compute(ag.Variable(x), ag.Variable(y)).item()
        assert same_bits(got, compute(ag.Variable(x), y).item())
        assert same_bits(got, compute(x, ag.Variable(y)).item())
        try:
            want = compute(x, y)
        except (ZeroDivisionError, OverflowError):
            assert not math.isfinite(got), (x, y, got)
        else:
            if isinstance(want, complex):
                assert math.isnan(got), (x, y, got)
            else:
                assert same_bits(got, want), (x, y, got, want)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if plain_name(row) not in MATH], ids=lambda row: row["name"]
)
def test_scalar_values_are_near_the_rounded_truth(row):
    """Of what `math` does not have; the rest is as `math` has it, which may be 2 ulp off."""
    needs_truth(row)
    for point in samples(row):
        got, want = function(row)(*point), true_value(row, point)
        assert close_value(row, point, got, want), (point, got, want)


@either
def test_vector_values_are_near_the_rounded_truth(row):
    needs_truth(row)
    found = samples(row, 400)
    results = function(row)(*map(ag.Vector, zip(*found, strict=True))).tolist()
    for point, got in zip(found, results, strict=True):
        assert close_value(row, point, got, true_value(row, point)), (point, got)


def close_value(row, point, got, want):
    if plain_name(row) in CANCELLING:
        return abs(got - want) <= 2 * math.ulp(max(map(abs, (*point, want))))
    return ulps(got, want) <= allowed_ulps(row)


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_functions_are_within_four_ulps_over_their_range(name):
    """Near the zeros at negative arguments, where no float has a tiny result, four ulps of one."""
    (row,) = (row for row in ROWS if row["name"] == name)
    draw = random.Random(name)
    found = [draw.uniform(-6, 6) for _ in range(500)] if name.startswith("erf") else []
    if name == "erfc":
        found += [draw.uniform(0, 26.5) for _ in range(500)]
    found += [10 ** draw.uniform(-300, 300) for _ in range(200)]
    found += [10 ** draw.uniform(-3, 3) for _ in range(500)]
    found += [
        root + draw.choice([-1, 1]) * 10 ** draw.uniform(-15, -1)
        for root in ROOTS
        for _ in range(50)
    ]
    found += [-x for x in found if x < 100 and abs(x - round(x)) > 0.02]
    for x in found:
        got, want = function(row)(x), true_value(row, (x,))
        size = max(abs(want), 1.0) if x < 0 and name in ("lgamma", "digamma") else abs(want)
        assert abs(got - want) <= 4 * math.ulp(size), (x, got, want)


# Where lgamma and digamma are zero.
ROOTS = (1.0, 2.0, 1.4616321449683623)


@either
def test_vector_extremes_are_those_of_scalars(row):
    draw = random.Random(row["name"])
    extremes = [[draw.choice(EXTREMES) for _ in range(row["arity"])] for _ in range(200)]
    if row["arity"] == 1:
        extremes = [[x] for x in EXTREMES]
    results = function(row)(*map(ag.Vector, zip(*extremes, strict=True))).tolist()
    for point, got in zip(extremes, results, strict=True):
        want = function(row)(*point)
        assert math.isnan(got) == math.isnan(want), (point, got, want)
        assert ulps(got, want) <= 2 * allowed_ulps(row), (point, got, want)


@either
def test_vector_values_do_not_depend_on_length_or_place(row):
    columns = [list(column) for column in zip(*samples(row, 70), strict=True)]
    whole = function(row)(*map(ag.Vector, columns)).tolist()
    for start in range(8):
        for length in (2, 3, 4, 5, 7, 8, 9, 16, 17, 33):
            part = function(row)(*(ag.Vector(c[start : start + length]) for c in columns))
            for got, want in zip(part.tolist(), whole[start:], strict=False):
                assert same_bits(got, want)


def unit_orders(row, order):
    if row["arity"] == 1:
        return [(order,)]
    return [(order - j, j) for j in range(order + 1)]


def assert_derivative(got, want, point, orders):
    """Within rounding of a few factors.

    Each order of differentiation multiplies and subtracts terms that may be larger than their sum:
    a factor ten for each, from 40 ulps at first order; the absolute part is for derivatives that
    pass through zero.
    """
    tolerance = 1e-14 * 10.0 ** (sum(orders) - 1)
    size = abs(want) + (0.1 if sum(orders) > 1 else 0)
    if math.isinf(want) or abs(want) < 1e-290:
        assert got == want or abs(got - want) < 1e-290, (point, orders, got, want)
    else:
        assert abs(got - want) <= tolerance * size, (point, orders, got, want)


def true_derivative(row, point, orders):
    return rounded(partial(MP, exact(row), point, orders))


@pytest.mark.parametrize("order", [1, 2, 3])
@either
def test_scalar_derivatives_agree_with_differences_at_many_digits(row, order):
    needs_truth(row)
    for point in comfortable_samples(row):
        for orders in unit_orders(row, order):
            got = repeated_gradient(function(row), point, orders).item()
            assert_derivative(got, true_derivative(row, point, orders), point, orders)


@pytest.mark.parametrize("order", [1, 2, 3])
@either
def test_vector_derivatives_agree_with_differences_at_many_digits(row, order):
    needs_truth(row)
    found = comfortable_samples(row)
    columns = [ag.Vector(column) for column in zip(*found, strict=True)]
    for orders in unit_orders(row, order):
        results = repeated_gradient(function(row), columns, orders).tolist()
        for point, got in zip(found, results, strict=True):
            assert_derivative(got, true_derivative(row, point, orders), point, orders)


# Of a step function every large float is a kink.
@pytest.mark.parametrize(
    "row", [row for row in rows(1) if row["name"] not in STEPS], ids=lambda row: row["name"]
)
def test_first_derivative_is_right_at_all_magnitudes_and_near_the_ends_of_the_domain(row):
    needs_truth(row)
    for (x,) in samples(row, 100):
        if all(abs(x - kink) > 1e-12 for kink in row["kinks"]):
            got = repeated_gradient(function(row), (x,), (1,)).item()
            assert_derivative(got, true_derivative(row, (x,), (1,)), x, (1,))


@pytest.mark.parametrize(
    ("row", "x"),
    [
        pytest.param(row, x, id=f"{row['name']} at {x}")
        for row in rows(1)
        for x in (1e200, -1e200, 1e-200, -1e-200)
        if row["name"] not in STEPS and inside(row["domain"], x)
    ],
)
def test_first_derivative_survives_overflow_of_its_intermediate_values(row, x):
    needs_truth(row)
    got = repeated_gradient(function(row), (x,), (1,)).item()
    want = true_derivative(row, (x,), (1,))
    assert got == want or abs(got - want) <= 1e-13 * abs(want) or abs(want) < 1e-250, (got, want)


@pytest.mark.parametrize(
    ("row", "x"),
    [
        pytest.param(row, x, id=f"{row['name']} at {x}")
        for row in rows(1)
        for x in (3e-4, -2e-8, 7e-12, -5e-17)
        if inside(row["domain"], x) and 0.0 not in row["kinks"]
    ],
)
def test_second_derivatives_keep_their_digits_near_zero(row, x):
    needs_truth(row)
    got = repeated_gradient(function(row), (x,), (2,)).item()
    want = true_derivative(row, (x,), (2,))
    assert abs(got - want) <= 1e-13 * abs(want) + 1e-60, (got, want)


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.1), (3.0, 0.001), (-0.7, 0.1), (5.3, -2.0)])
def test_the_derivative_of_fmod_is_that_of_its_own_branch(a, b):
    # Exact: what was subtracted is a whole number of times b.
    times = (Fraction(a) - Fraction(math.fmod(a, b))) / Fraction(b)
    assert repeated_gradient(ag.fmod, (a, b), (0, 1)).item() == -times


@unary
def test_the_derivative_of_a_new_op_agrees_with_differences_of_its_own_values(row):
    """Fourth-order differences in float64: good to about 1e-9, enough to catch a wrong rule."""
    step = 1e-3
    for x in points(row["domain"], row["name"], 40, 0.5):
        if any(abs(x - kink) < 0.1 for kink in row["kinks"]) or row["name"] in STEPS:
            continue
        if not all(inside(row["domain"], y) for y in (x - 0.1, x + 0.1)):
            continue
        want, check = (slope(function(row), x, h) for h in (step, step / 2))
        got = repeated_gradient(function(row), (x,), (1,)).item()
        if abs(want) < 20 and want == pytest.approx(check, rel=1e-8, abs=1e-9):
            assert got == pytest.approx(want, rel=1e-6, abs=1e-7), x


def slope(f, x, step):
    a, b, c, d = (f(x + k * step) for k in (-2, -1, 1, 2))
    return (a - 8 * b + 8 * c - d) / (12 * step)


@unary
def test_the_derivative_at_a_kink_is_finite_or_an_infinity(row):
    for kink in row["kinks"]:
        assert not math.isnan(repeated_gradient(function(row), (kink,), (1,)).item())


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["name"] in STEPS], ids=lambda row: row["name"]
)
def test_step_functions_have_derivative_zero_everywhere(row):
    for x in [-1e300, -2.5, -1.0, -0.0, 0.0, 0.3, 0.5, 1.0, 1.5, 1e300]:
        assert repeated_gradient(function(row), (x,), (1,)).item() == 0
        assert repeated_gradient(function(row), (x,), (2,)).item() == 0


@either
def test_a_function_gives_the_kind_of_its_argument(row):
    point = comfortable_samples(row)[0] if exact(row) else (0.5,) * row["arity"]
    f = function(row)
    assert type(f(*point)) is float
    vectors = [ag.Vector([x, x]) for x in point]
    assert type(f(*vectors)) is ag.Vector
    assert type(f(*map(ag.Variable, point))) is ag.Variable
    assert f(*map(ag.Variable, vectors)).dim == 2
    one = f(*(ag.Vector([x]) for x in point))
    assert type(one) is ag.Vector
    assert same_bits(one.item(), f(*point))


@unary
def test_a_method_is_its_function(row):
    method = getattr(ag.Variable, row["name"])
    x = ag.Variable(0.25)
    assert same_bits(method(x).item(), function(row)(x).item())


def number_kinds(x):
    """The same number as every kind of operand that is not differentiated."""
    kinds = {"float": x, "Vector": ag.Vector([x])}
    if x == int(x):
        kinds["int"] = int(x)
    try:
        import numpy
    except ImportError:
        return kinds
    kinds |= {"float64": numpy.float64(x), "float32": numpy.float32(x), "0-d": numpy.array(x)}
    if x == int(x):
        kinds |= {"int64": numpy.int64(x), "int32": numpy.int32(x)}
    return kinds


def forms(row):
    """The public spellings of a binary op: the function and, if there is one, the operator."""
    found = [function(row)]
    if plain_name(row) in OPERATORS and hasattr(ag.Variable, f"__{operator_slot(row)}__"):
        found.append(OPERATORS[plain_name(row)])
    return found


def operator_slot(row):
    return {"div": "truediv", "remainder": "mod"}.get(plain_name(row), plain_name(row))


@binary
def test_operands_of_every_kind_on_either_side_give_the_same(row):
    for f in forms(row):
        for x, y in ((2.0, 3.0), (0.5, 1.5), (3.0, 2.0)):
            both = [ag.Variable(x), ag.Variable(y)]
            want = f(*both)
            bars = [bar.item() for bar in ag.grad(want, wrt=both)]
            for kind, constant in number_kinds(y).items():
                a = ag.Variable(x)
                got = f(a, constant)
                assert type(got) is ag.Variable, (kind, type(got))
                assert same_bits(got.item(), want.item()), kind
                assert same_bits(ag.grad(got, wrt=[a])[0].item(), bars[0]), kind
            for kind, constant in number_kinds(x).items():
                b = ag.Variable(y)
                got = f(constant, b)
                assert type(got) is ag.Variable, (kind, type(got))
                assert same_bits(got.item(), want.item()), kind
                assert same_bits(ag.grad(got, wrt=[b])[0].item(), bars[1]), kind


@binary
def test_a_number_broadcasts_against_a_row_in_either_place(row):
    numbers, entries = [2.0, 0.5], [1.5, 2.5, 3.25]
    for f in forms(row):
        for number in numbers:
            want = [f(number, entry) for entry in entries]
            swapped = [f(entry, number) for entry in entries]
            for one in (number, ag.Vector([number]), ag.Variable(number)):
                for several in (ag.Vector(entries), ag.Variable(ag.Vector(entries))):
                    got, reverse = f(one, several), f(several, one)
                    if not hasattr(got, "item"):
                        continue
                    assert all(map(near, plain(got), want)), (one, several)
                    assert all(map(near, plain(reverse), swapped)), (one, several)


def near(x, y):
    return ulps(x, y) <= 8


def plain(x):
    return getattr(x, "value", x).tolist()


@binary
def test_the_pullback_of_a_broadcast_number_is_the_sum_over_the_row(row):
    entries = [1.5, 2.5, 3.25]
    for f in forms(row):
        for swap in (False, True):
            number, several = ag.Variable(2.0), ag.Variable(ag.Vector(entries))
            y = f(several, number) if swap else f(number, several)
            number_bar, bars = ag.grad(y, wrt=[number, several], seed=ag.Vector([1, -2, 0.5]))
            total = 0.0
            for i, (entry, seed) in enumerate(zip(entries, [1, -2, 0.5], strict=True)):
                a, b = ag.Variable(2.0), ag.Variable(entry)
                z = f(b, a) if swap else f(a, b)
                a_bar, b_bar = ag.grad(z, wrt=[a, b], seed=seed)
                total += a_bar.item()
                assert bars[i].item() == pytest.approx(b_bar.item(), rel=1e-14, abs=1e-300)
            assert number_bar.item() == pytest.approx(total, rel=1e-13, abs=1e-15)
            assert number_bar.dim == 1


@binary
def test_rows_of_different_lengths_are_refused(row):
    for f in forms(row):
        for make in (ag.Vector, lambda entries: ag.Variable(ag.Vector(entries))):
            with pytest.raises(ValueError, match=r"^[a-z_0-9]+: .*3.*2|^[a-z_0-9]+: .*2.*3"):
                f(make([1, 2, 3]), make([1, 2]))


@unary
def test_the_pullback_of_an_empty_row_is_empty(row):
    x = ag.Variable(ag.Vector([]))
    y = function(row)(x)
    assert y.dim == 0
    assert ag.grad(y, wrt=[x])[0].tolist() == []
