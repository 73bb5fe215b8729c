"""Jacobians and Hessians of the usual arguments, which take one native call, and of all others."""

import contextlib
import math
import signal
import time

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

MODES = ["auto", "fwd", "rev"]


def differences(f, x, step=1e-6):
    """Central differences of an array by an array."""
    columns = []
    for index in range(len(x)):
        unit = np.zeros_like(x)
        unit[index] = step
        columns.append((np.asarray(f(x + unit)) - np.asarray(f(x - unit))) / (2.0 * step))
    return np.stack(columns, axis=-1)


X = np.array([0.7, -0.4, 1.3])
W = np.array([1.5, -2.0, 0.5])

# What a term may be, each in a function of arrays that NumPy can compute, too.
FUNCTIONS = {
    "the argument": lambda x: x,
    "copies": lambda x: np.concatenate([x, x[1:], x[:1]]),
    "products": lambda x: x * x * W,
    "sums and differences": lambda x: 2.0 - (x + W) - (x - 3.0 * x),
    "a number times a vector": lambda x: x[0] * x + x * x[2] - x[1],
    "quotients and powers": lambda x: W / (x * x + 1.0) + (x * x) ** 1.5,
    "elementary functions": lambda x: np.exp(x) * np.sin(x) + np.tanh(x) * np.cosh(W * x),
    "slices with steps": lambda x: np.concatenate([x[::2] * 2.0, x[::-1] * x]),
    "an entry many times": lambda x: x[0] * np.ones(5) * W[0] + x[1],
    "reductions": lambda x: np.stack([np.sum(x), np.dot(x, W), np.max(x), np.min(x * x)]),
    "norm": lambda x: x / np.linalg.norm(x),
    "running sums": lambda x: np.cumsum(x * x) + x,
    "a choice": lambda x: np.where(W > 0.0, x * x, 3.0 * x),
    "a choice of numbers": lambda x: np.where(W > 0.0, x[0] * x[1], x),
    "scalars": lambda x: np.array([x[0] * x[1], np.sin(x[2]) / x[0], x[1], x[0] + 1.0, x[2] * 1.0]),
    "a constant among them": lambda x: np.array([x[0] * x[1], 2.0, x[2] ** 2]),
    "a matrix": lambda x: np.array([[x[0] * x[1], x[1]], [x[2] ** 3, 0.0 * x[0]]]),
    "clipped": lambda x: np.clip(x, -0.3, 1.0) * x,
    "roll and sort of places": lambda x: np.roll(x, 1) * x,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_jacobian_is_that_of_differences(name, mode):
    f = FUNCTIONS[name]
    found = ag.jacobian(f, mode=mode)(X)
    want = differences(f, X)
    assert found.dtype == np.float64
    assert found.shape == want.shape
    np.testing.assert_allclose(found, want, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 8, 9, 17])
@pytest.mark.parametrize("columns", [2, 3, 5, 8, 9, 20])
def test_any_number_of_rows_and_columns_is_right(rows, columns, mode):
    generator = np.random.default_rng(rows * 100 + columns)
    matrix = generator.normal(size=(rows, columns))

    def f(x):
        return np.array([np.dot(row, x * x) for row in matrix])

    x = generator.normal(size=columns)
    np.testing.assert_allclose(ag.jacobian(f, mode=mode)(x), 2.0 * matrix * x, rtol=1e-13)


def test_it_is_what_one_gradient_for_each_row_gives():
    def f(x):
        return ag.exp(ag.sin(x)) * ag.softmax(x) + ag.logsumexp(x) * ag.norm(x)

    x = ag.Vector([0.2, -1.0, 2.0, 0.5])
    rows = ag.jacobian(f)(x)
    want = [ag.grad(lambda x, i=index: f(x)[i])(x) for index in range(4)]
    for row, own in zip(rows, want):
        np.testing.assert_allclose(row, own, rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_results_come_in_the_type_that_argument_and_result_ask_for(mode):
    def jacobian(f, x):
        return ag.jacobian(f, mode=mode)(x)

    vector = ag.Vector([2.0, 3.0])
    assert jacobian(lambda x: x * x, 3.0) == 6.0
    assert type(jacobian(lambda x: x * x, 3.0)) is float
    assert jacobian(lambda x: ag.stack([x, x * x]), 3.0).tolist() == [1.0, 6.0]
    found = jacobian(lambda x: np.array([[x, x * x], [2.0 * x, 1.0]]), 3.0)
    assert found.tolist() == [[1.0, 6.0], [2.0, 0.0]]
    assert jacobian(ag.sum, vector).tolist() == [1.0, 1.0]
    assert type(jacobian(ag.sum, vector)) is ag.Vector
    rows = jacobian(lambda x: x * x, vector)
    assert type(rows) is list
    assert [row.tolist() for row in rows] == [[4.0, 0.0], [0.0, 6.0]]
    found = jacobian(lambda x: np.array([x[0] * x[1]]), vector)
    assert found.tolist() == [[3.0, 2.0]]
    assert jacobian(lambda x: [x, 2.0], 3.0) == [1.0, 0.0]
    assert jacobian(lambda x: (x, x * x), 3.0) == (1.0, 6.0)
    rows = jacobian(lambda x: [x[0], x[1]], vector)
    assert [row.tolist() for row in rows] == [[1.0, 0.0], [0.0, 1.0]]
    rows = jacobian(lambda x: (x[0] * x[1], 1), np.array([2.0, 3.0]))
    assert type(rows) is tuple
    assert [row.tolist() for row in rows] == [[3.0, 2.0], [0.0, 0.0]]


def test_the_result_is_an_array_of_its_own():
    f = ag.jacobian(lambda x: x * x)
    first, second = f(X), f(X)
    first[:] = 0.0
    np.testing.assert_array_equal(second, np.diag(2.0 * X))
    assert first.flags.writeable
    assert first.flags.c_contiguous


def test_an_array_of_one_entry_is_an_array_and_its_entry_a_number():
    x = np.array([3.0])
    assert ag.jacobian(lambda x: x * x)(x).tolist() == [[6.0]]
    assert ag.jacobian(lambda x: x[0] ** 2)(x).tolist() == [6.0]
    assert ag.jacobian(lambda x: x[0:1] ** 2)(x).tolist() == [[6.0]]
    assert ag.jacobian(np.sum)(x).tolist() == [1.0]
    assert ag.jacobian(lambda x: np.array([x[0] ** 2]))(x).tolist() == [[6.0]]
    assert ag.jacobian(lambda x: np.cumsum(np.exp(x)))(x).shape == (1, 1)
    assert ag.jacobian(lambda x: [x * x, x[0]])(x)[0].shape == (1, 1)
    assert ag.jacobian(lambda x: [x * x, x[0]])(x)[1].shape == (1,)
    by_x, by_y = ag.jacobian(lambda x, y: x * y, argnums=(0, 1))(x, 2.0)
    assert by_x.tolist() == [[2.0]]
    assert by_y.tolist() == [3.0]
    assert ag.hessian(lambda x: x[0] ** 3)(x).tolist() == [[18.0]]
    assert ag.jacobian(ag.grad(lambda x: np.sum(x**3)))(x).tolist() == [[18.0]]


def test_a_number_has_no_entries():
    v = ag.Variable(2.0)
    for index in (0, -1, slice(None)):
        with pytest.raises(IndexError, match=r"^Variable: wrong index: got .* of a number"):
            v[index]
    for function in (len, iter, reversed):
        with pytest.raises(TypeError, match=r"a Variable that is a number, wanted a vector$"):
            function(v)


def test_empty_arrays_have_empty_jacobians():
    assert ag.jacobian(lambda x: x * x)(np.zeros(0)).shape == (0, 0)
    assert ag.jacobian(lambda x: x[:0] * 1.0)(X).shape == (0, 3)


@pytest.mark.parametrize("argnums", [1, -1])
def test_other_arguments_go_through(argnums):
    def f(a, x, scale=1.0):
        assert type(a) is str
        return scale * x * x

    found = ag.jacobian(f, argnums=argnums)("a", X, scale=3.0) if argnums == 1 else None
    if argnums == -1:
        found = ag.jacobian(f, argnums=-1)("a", X)
        np.testing.assert_array_equal(found, np.diag(2.0 * X))
    else:
        np.testing.assert_array_equal(found, np.diag(6.0 * X))


def test_arrays_of_other_float_types_are_arguments():
    for kind in ("f4", ">f8"):
        x = X.astype(kind)
        want = x.astype(float)
        np.testing.assert_array_equal(ag.jacobian(lambda x: x * x)(x), np.diag(2.0 * want))
        np.testing.assert_array_equal(ag.hessian(lambda x: np.sum(x**3))(x), np.diag(6.0 * want))
        np.testing.assert_array_equal(ag.grad(lambda x: np.sum(x * x))(x), 2.0 * want)
    strided = np.repeat(X, 2)[::2]
    np.testing.assert_array_equal(ag.jacobian(lambda x: x * x)(strided), np.diag(2.0 * X))


def test_a_function_is_run_once():
    runs = []

    def f(x, other=None):
        runs.append(1)
        return {"a": x * x} if other is None else x * other

    ag.jacobian(f)(X)
    ag.jacobian(f)(X, other=ag.Variable(2.0))
    ag.jacobian(lambda x: f(x)["a"])(X)
    assert len(runs) == 3


@pytest.mark.parametrize("mode", MODES)
def test_what_depends_on_an_outer_transform_is_recorded(mode):
    def outer(y):
        inner = ag.jacobian(lambda x: x * x * y, mode=mode)(X)
        return np.sum(inner)

    # The inner Jacobian is diag(2 x y).
    assert ag.grad(outer)(2.0) == pytest.approx(2.0 * np.sum(X))


def test_an_independent_jacobian_inside_of_a_transform_is_plain():
    def outer(y):
        inner = ag.jacobian(lambda x: x * x)(X)
        assert inner.dtype == np.float64
        return y * inner[0, 0]

    assert ag.grad(outer)(2.0) == 2.0 * X[0]


def test_jacobians_of_jacobians_are_right():
    def f(x):
        return x * x * x

    third = ag.jacobian(ag.jacobian(f))(X)
    want = np.zeros((3, 3, 3))
    want[range(3), range(3), range(3)] = 6.0 * X
    np.testing.assert_allclose(third, want, rtol=1e-14)


class Failed(Exception):
    pass


def test_what_a_function_raises_comes_out_and_leaves_nothing_behind():
    def f(x):
        x * x
        raise Failed

    for transform in (ag.jacobian, ag.hessian):
        with pytest.raises(Failed):
            transform(f)(X)
        assert not ag._core.wants_arrays()
        np.testing.assert_array_equal(ag.jacobian(lambda x: x * x)(X), np.diag(2.0 * X))


@contextlib.contextmanager
def interrupting(number):
    """Let a signal interrupt, also where the tests run in the background, which ignores some."""
    former = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, former)


def test_an_interrupt_in_a_function_comes_out():
    def f(x):
        signal.raise_signal(signal.SIGINT)
        return x * x

    with interrupting(signal.SIGINT), pytest.raises(KeyboardInterrupt):
        ag.jacobian(f)(X)
    assert not ag._core.wants_arrays()


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 2, 1), (1, 1, 0)])
def test_rows_that_depend_on_little_and_rows_that_depend_on_all_may_come_in_any_order(order):
    n = 150
    weights = np.linspace(-1.0, 2.0, n)
    parts = [lambda x: x * x, lambda x: np.cumsum(weights * x), lambda x: x[::-1]]
    x = np.linspace(0.5, 1.5, n)
    blocks = [np.diag(2.0 * x), np.tril(np.ones((n, n))) * weights, np.eye(n)[::-1]]
    found = ag.jacrev(lambda x: np.concatenate([parts[part](x) for part in order]))(x)
    np.testing.assert_allclose(found, np.vstack([blocks[part] for part in order]), rtol=1e-14)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of the system")
def test_an_interrupt_while_rows_are_computed_comes_out():
    def f(x):
        for _ in range(300):
            x = x * x + x * 0.5
        begun.append(time.process_time())
        # Not from a thread: that would wait until the rows are done and the lock is free.
        signal.setitimer(signal.ITIMER_REAL, delay)
        return x

    begun, delay, x = [], 0.0, np.full(1000, 0.1)
    ag.jacobian(f)(x)
    whole = time.process_time() - begun.pop()
    delay = whole / 10.0
    with interrupting(signal.SIGALRM), pytest.raises(KeyboardInterrupt):
        ag.jacobian(f)(x)
    assert time.process_time() - begun.pop() < 0.7 * whole
    np.testing.assert_array_equal(ag.jacobian(lambda x: x * x)(X), np.diag(2.0 * X))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of the system")
@pytest.mark.parametrize("transform", [ag.jacfwd, lambda f: lambda x: ag.jvp(f, (x,), (1.0,))])
def test_an_interrupt_while_reverse_mode_decides_comes_out(transform):
    def f(x):
        y = ag.cumsum(ag.concatenate([x] * 30_000))
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        return y

    found = []
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            # Seconds of work after the function returned: each entry depends on all before it.
            found.append(transform(lambda x: f(ag.sqrt(x)))(-1.0))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not found
    np.testing.assert_array_equal(ag.jacfwd(lambda x: x * x)(X), np.diag(2.0 * X))


def test_many_rows_that_are_nan_are_as_reverse_mode_gives_them():
    """Residuals of an optimiser that left the domain: each depends on little."""
    count = 5000

    def residuals(p):
        return ag.stack([ag.sqrt(p[0]) * (i % 2) + p[1] * i - p[2] for i in range(count)])

    p, direction = ag.Vector([-1.0, 2.0, math.nan]), ag.Vector([1.0, 1.0, 0.0])
    wanted = np.array([[math.nan if i % 2 else 0.0, i, -1.0] for i in range(count)])
    np.testing.assert_array_equal(np.array(ag.jacfwd(residuals)(p)), wanted)
    pushed = ag.jvp(residuals, (p,), (direction,))[1]
    np.testing.assert_array_equal(np.array(pushed), wanted[:, 0] + wanted[:, 1])
    recorded = ag.jvp(residuals, (ag.Variable(p),), (direction,))[1].value
    np.testing.assert_array_equal(np.array(recorded), np.array(pushed))


@pytest.mark.parametrize("entry", [0.0, -math.inf])
def test_what_has_no_derivative_at_all_has_none_under_an_infinite_adjoint(entry):
    def f(x):
        return ag.sqrt(ag.norm(x)) if entry == 0 else ag.sqrt(ag.exp(ag.logsumexp(x)))

    x = np.array([entry, entry])
    for transform in (ag.grad, ag.jacrev, ag.jacfwd):
        np.testing.assert_array_equal(transform(f)(x), [0.0, 0.0])


def test_other_rows_stay_where_some_are_decided():
    def f(x):
        return ag.concatenate([ag.sqrt(x) * 0, ag.sin(x)])

    for x in (np.array([0.0, 4.0]), np.array([4.0, 9.0])):
        np.testing.assert_array_equal(ag.jacfwd(f)(x), ag.jacrev(f)(x))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("result", "words"),
    [
        (lambda x: None, "returned None"),
        (lambda x: "text", "str 'text'"),
        (lambda x: [x, "text"], "str 'text'"),
        (lambda x: [x, True], None),
    ],
)
def test_wrong_results_are_named(result, words, mode):
    if words is None:
        assert [row.shape for row in ag.jacobian(result, mode=mode)(X)] == [(3, 3), (3,)]
        return
    with pytest.raises(TypeError) as caught:
        ag.jacobian(result, mode=mode)(X)
    assert words in str(caught.value)


def test_an_object_array_of_vectors_is_refused():
    def f(x):
        array = np.empty(2, dtype=object)
        array[0] = array[1] = x
        return array

    with pytest.raises(TypeError, match="entry 0 of an object array"):
        ag.jacobian(f)(X)


def test_wrong_places_are_named():
    with pytest.raises(ValueError, match="got int 1, but 1 positional"):
        ag.jacobian(lambda x: x, argnums=1)(X)
    with pytest.raises(ValueError, match="got int -2, but 1 positional"):
        ag.hessian(lambda x: x, argnums=-2)(X)


@pytest.mark.parametrize("mode", MODES)
def test_custom_operations_are_called_for_each_direction(mode):
    calls = []

    @ag.primitive
    def square(x):
        return x.value * x.value if isinstance(x, ag.Variable) else x * x

    ag.defvjp(square, lambda y, x: lambda g: calls.append(1) or g * 2.0 * x)
    ag.defjvp(square, lambda g, y, x: calls.append(1) or g * 2.0 * x)
    found = ag.jacobian(lambda x: square(x)[:2] * x[1:], mode=mode)(X)
    a, b, c = X
    np.testing.assert_allclose(found, [[2 * a * b, a * a, 0.0], [0.0, 2 * b * c, b * b]])
    assert calls


def test_a_failing_rule_comes_out_and_the_next_jacobian_is_right():
    @ag.primitive
    def bad(x):
        return x * 1.0

    def fail(g):
        raise Failed

    ag.defvjp(bad, lambda y, x: fail)
    with pytest.raises(Failed):
        ag.jacrev(lambda x: bad(x) * x)(X)
    np.testing.assert_array_equal(ag.jacrev(lambda x: x * x)(X), np.diag(2.0 * X))


@pytest.mark.parametrize("mode", MODES)
def test_a_zero_derivative_wins_against_an_infinite_partial(mode):
    def f(x):
        # The root has an infinite derivative at 0, and is not selected there.
        return np.where(x > 0.0, np.sqrt(x), 0.0) + np.array([1.0, 2.0]) * np.sqrt(x[1])

    found = ag.jacobian(f, mode=mode)(np.array([0.0, 4.0]))
    np.testing.assert_array_equal(found, [[0.0, 0.25], [0.0, 0.75]])


def test_a_zero_cotangent_wins_against_an_infinite_partial():
    # The cotangent of the root is x[0], which is 0.
    found = ag.jacrev(lambda x: np.array([x[0] * np.sqrt(x[1]), x[0]]))(np.zeros(2))
    np.testing.assert_array_equal(found, [[0.0, 0.0], [1.0, 0.0]])


def test_an_infinite_derivative_is_infinite_in_both_modes():
    for mode in MODES:
        found = ag.jacobian(lambda x: np.sqrt(x), mode=mode)(np.array([0.0, 1.0]))
        np.testing.assert_array_equal(found, [[np.inf, 0.0], [0.0, 0.5]])


def test_anomalies_are_found_in_rows():
    with ag.detect_anomaly(), pytest.raises(FloatingPointError):
        ag.jacrev(lambda x: np.sqrt(x) * 2.0)(np.array([0.0, 1.0]))


def test_an_input_that_is_assigned_a_value_is_differentiated_where_it_was_used():
    def f(x):
        y = x * x
        x.value = x.value + 1.0
        return y + 10.0 * x

    for mode in MODES:
        found = ag.jacobian(f, mode=mode)(np.array([1.0, 2.0]))
        np.testing.assert_array_equal(found, [[12.0, 0.0], [0.0, 14.0]])


def test_without_recording_around_it_a_jacobian_is_right():
    with ag.no_grad():
        np.testing.assert_array_equal(ag.jacobian(lambda x: x * x)(X), np.diag(2.0 * X))
        np.testing.assert_array_equal(ag.hessian(lambda x: np.sum(x**3))(X), np.diag(6.0 * X))


def test_hessians_come_in_the_type_of_the_argument():
    def f(x):
        return x[0] * x[0] * x[1] + np.sin(x[2])

    want = np.array([[2 * X[1], 2 * X[0], 0.0], [2 * X[0], 0.0, 0.0], [0.0, 0.0, -np.sin(X[2])]])
    np.testing.assert_allclose(ag.hessian(f)(X), want, rtol=1e-14)
    rows = ag.hessian(f)(ag.Vector(X))
    assert type(rows) is list
    assert all(type(row) is ag.Vector for row in rows)
    np.testing.assert_allclose(rows, want, rtol=1e-14)
    assert ag.hessian(lambda x: x**3)(2.0) == 12.0
    assert (
        ag.hessian(lambda a, x: a * np.sum(x * x), argnums=1)(3.0, X).tolist()
        == (6.0 * np.eye(3)).tolist()
    )
    np.testing.assert_array_equal(ag.hessian(np.sum)(X), np.zeros((3, 3)))


def test_a_large_jacobian_reclaims_nothing_that_it_needs():
    def f(x):
        y = x
        for _ in range(30_000):
            y = y + 0.0 * x
        return y * x

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(ag.jacobian(f)(x), np.diag(2.0 * x), rtol=1e-14)


def test_no_memory_for_a_jacobian_is_a_memory_error():
    n = 1 << 21
    with pytest.raises(MemoryError, match="2097152 rows of 2097152 entries"):
        ag.jacobian(lambda x: x * 2.0)(np.zeros(n))
