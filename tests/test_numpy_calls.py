"""The usual calls of NumPy's functions, natively: they give what the rules in Python give."""

import sys

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

from autograd_rs import _numpy  # noqa: E402 (imports NumPy)

X = np.array([0.3, -1.2, 2.5, 0.9])
C = np.array([1.5, 0.3, -0.7, 2.2])
MATRIX = np.array([[1.0, 2.0, -1.0, 0.5], [0.0, 3.0, 1.0, -2.0], [2.0, -1.0, 0.3, 1.0]])
MASK = np.array([True, False, True, False])

CALLS = {
    "sum": lambda x: (np.sum, x),
    "mean": lambda x: (np.mean, x),
    "prod": lambda x: (np.prod, x),
    "max": lambda x: (np.max, x),
    "amax": lambda x: (np.amax, x),
    "min": lambda x: (np.min, x),
    "amin": lambda x: (np.amin, x),
    "norm": lambda x: (np.linalg.norm, x),
    "cumsum": lambda x: (np.cumsum, x),
    "max of equal entries": lambda x: (np.max, x * 0.0),
    "dot of two": lambda x: (np.dot, x, x),
    "dot with an array": lambda x: (np.dot, x, C),
    "dot of an array": lambda x: (np.dot, C, x),
    "dot with a Vector": lambda x: (np.dot, ag.Vector(C), x),
    "dot with a number": lambda x: (np.dot, 2.0, x),
    "dot with one entry": lambda x: (np.dot, x[0], x),
    "dot of a matrix": lambda x: (np.dot, MATRIX, x),
    "dot with a matrix": lambda x: (np.dot, x, MATRIX.T),
    "dot of whole numbers": lambda x: (np.dot, np.arange(4), x),
    "inner": lambda x: (np.inner, x, C),
    "inner with a matrix": lambda x: (np.inner, x, MATRIX),
    "vdot": lambda x: (np.vdot, C, x),
    "where of bools": lambda x: (np.where, MASK, x, 0.0),
    "where of numbers": lambda x: (np.where, np.array([1.0, np.nan, 0.0, -1.0]), x, C),
    "where of one bool": lambda x: (np.where, True, x, C),
    "where of a Variable": lambda x: (np.where, x, x, C),
    "where of a list": lambda x: (np.where, [True, False, True, True], 1.0, x),
    "where in two dimensions": lambda x: (np.where, MASK.reshape(2, 2), x[0], 1.0),
    "clip": lambda x: (np.clip, x, -0.5, 1.0),
    "clip from below": lambda x: (np.clip, x, 0, None),
    "clip by arrays": lambda x: (np.clip, x, C - 1.0, C),
    "matmul of two": lambda x: (np.matmul, x, x),
    "matmul with an array": lambda x: (np.matmul, x, C),
    "matmul of an array": lambda x: (np.matmul, C, x),
    "matmul of bools": lambda x: (np.matmul, MASK, x),
    "matmul of single precision": lambda x: (np.matmul, C.astype(np.float32), x),
    "matmul of the other byte order": lambda x: (np.matmul, C.astype(">f8"), x),
    "matmul of every other entry": lambda x: (np.matmul, np.arange(8.0)[::2], x),
    "matmul of entries from back": lambda x: (np.matmul, C[::-1], x),
    "matmul of an object array": lambda x: (np.matmul, C.astype(object), x),
    "matmul of a matrix": lambda x: (np.matmul, MATRIX, x),
    "matmul of a row": lambda x: (np.matmul, MATRIX[:1], x),
    "matmul of no rows": lambda x: (np.matmul, MATRIX[:0], x),
    "matmul of a column": lambda x: (np.matmul, MATRIX[:, :1], x[2:3]),
    "matmul of a matrix by columns": lambda x: (np.matmul, np.asfortranarray(MATRIX), x),
    "matmul of a flipped matrix": lambda x: (np.matmul, MATRIX[::-1, ::-1], x),
    "matmul of whole numbers": lambda x: (np.matmul, np.arange(12).reshape(3, 4), x),
    "matmul with a matrix": lambda x: (np.matmul, x, MATRIX.T),
    "matmul with a matrix by rows": lambda x: (np.matmul, x, np.arange(20.0).reshape(4, 5)),
    "matmul with a broadcast row": lambda x: (np.matmul, np.broadcast_to(C, (3, 4)), x),
    "multiply by an array": lambda x: (np.multiply, C, x),
    "multiply by bools": lambda x: (np.multiply, x, MASK),
    "multiply by the other byte order": lambda x: (np.multiply, x, C.astype(">f8")),
    "multiply by a scalar": lambda x: (np.multiply, np.float64(1.5), x),
    "multiply by an array of one entry": lambda x: (np.multiply, np.array([2.0]), x),
    "multiply by an array without dimensions": lambda x: (np.multiply, np.array(2.0), x),
    "multiply by an array that is not aligned": lambda x: (np.multiply, unaligned(C), x),
    "concatenate": lambda x: (np.concatenate, [x, C, x[:1]]),
    "stack": lambda x: (np.stack, [x[0], x[3], x[0]]),
}


def unaligned(x):
    memory = np.zeros(8 * x.size + 1, dtype=np.uint8)
    view = memory[1:].view(np.float64)
    view[:] = x
    return view


def rule_in_python(function, *args):
    if isinstance(function, np.ufunc):
        return _numpy.array_ufunc(function, "__call__", args, None)
    return _numpy.array_function(function, [ag.Variable], args, {})


def entries(y):
    """The entries of a result as a list of Variables and numbers."""
    if isinstance(y, np.ndarray):
        return y.reshape(-1).tolist()
    return list(y) if y.ndim else [y]


def numbers_of(y):
    return [float(getattr(part, "value", part)) for part in entries(y)]


def outcome(call, ask):
    """Type, shape, numbers and gradient of a call."""
    x = ag.Variable(X)
    y = ask(*call(x))
    shape = y.shape
    parts = entries(y)
    numbers = numbers_of(y)
    total = sum((k * part * part for k, part in enumerate(parts, 2)), 0.0 * ag.sum(x))
    (gradient,) = ag.grad(total, wrt=[x], create_graph=True)
    (second,) = ag.grad(ag.dot(gradient, C), wrt=[x])
    return type(y), shape, numbers, gradient.tolist(), second.tolist()


def by_numpy(function, *args):
    return function(*args)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_usual_call_is_answered_as_by_the_rule_in_python(call):
    kind, shape, *numbers = outcome(call, by_numpy)
    wanted_kind, wanted_shape, *wanted = outcome(call, rule_in_python)
    assert (kind, shape) == (wanted_kind, wanted_shape)
    for own, other in zip(numbers, wanted, strict=True):
        # Products with a matrix are summed in another order here than there.
        np.testing.assert_allclose(own, other, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_usual_call_records_nothing_under_no_grad(call):
    x = ag.Variable(X)
    with ag.no_grad():
        y = by_numpy(*call(x))
    wanted = rule_in_python(*call(x))
    assert type(y) is type(wanted)
    parts = [part for part in entries(y) if isinstance(part, ag.Variable)]
    assert all(part.is_leaf for part in parts)
    np.testing.assert_allclose(numbers_of(y), numbers_of(wanted), rtol=1e-14, atol=1e-14)


WRONG = {
    "dot": lambda x: (np.dot, C[:3], x),
    "inner": lambda x: (np.inner, C[:3], x),
    "vdot": lambda x: (np.vdot, C[:3], x),
    "matmul": lambda x: (np.matmul, C[:3], x),
    "matmul with a number": lambda x: (np.matmul, 2.0, x),
    "matmul of a matrix": lambda x: (np.matmul, MATRIX[:, :3], x),
    "matmul of complex numbers": lambda x: (np.matmul, MATRIX * 1j, x),
    "where": lambda x: (np.where, MASK[:3], x, 0.0),
    "where of text": lambda x: (np.where, MASK, x, "a"),
    "clip without bounds": lambda x: (np.clip, x, None, None),
    "max of nothing": lambda x: (np.max, x[:0]),
    "mean of nothing": lambda x: (np.mean, x[:0]),
    "multiply": lambda x: (np.multiply, C[:3], x),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG.keys())
def test_wrong_call_fails_as_by_the_rule_in_python(call):
    x = ag.Variable(X)
    with pytest.raises(Exception) as wanted:  # noqa: PT011 (the rule says which)
        rule_in_python(*call(x))
    with pytest.raises(type(wanted.value)) as own:
        by_numpy(*call(x))
    assert str(own.value) == str(wanted.value)


OPERATORS = {
    "array first": lambda x: C @ x,
    "Variable first": lambda x: x @ C,
    "matrix first": lambda x: MATRIX @ x,
    "matrix last": lambda x: x @ MATRIX.T,
}


@pytest.mark.parametrize("product", OPERATORS.values(), ids=OPERATORS.keys())
def test_operator_gives_a_variable_whose_jacobian_is_the_constant(product):
    wanted = MATRIX if np.ndim(product(X)) else C
    np.testing.assert_array_equal(ag.jacobian(product)(X), wanted)
    assert isinstance(product(ag.Variable(X)), ag.Variable)


def test_matrix_that_is_written_to_later_does_not_change_what_was_recorded():
    matrix, x = MATRIX.copy(), ag.Variable(X)
    loss = ag.sum(matrix @ x)
    matrix[:] = 0.0
    ag.grad(loss)
    np.testing.assert_allclose(x.grad, MATRIX.sum(axis=0))


def test_cotangent_of_zero_wins_over_an_infinite_entry_of_a_matrix():
    matrix = np.array([[np.inf, 1.0], [2.0, 3.0]])
    x = ag.Variable([1.0, 2.0] * np.ones(2))
    ag.grad((matrix @ x)[1])
    assert x.grad.tolist() == [2.0, 3.0]


def test_wide_and_tall_matrices_have_the_products_of_numpy():
    random = np.random.default_rng(0)
    for rows, columns in [(1, 300), (300, 1), (7, 129), (129, 7), (40, 40), (2, 5000)]:
        matrix, point = random.normal(size=(rows, columns)), random.normal(size=columns)
        for stored in (matrix, np.asfortranarray(matrix), np.repeat(matrix, 2, 1)[:, ::2]):
            x = ag.Variable(point)
            y = stored @ x
            np.testing.assert_allclose(y.tolist(), matrix @ point, rtol=1e-12, atol=1e-12)
            weights = random.normal(size=rows)
            (gradient,) = ag.grad(weights @ y if rows > 1 else weights[0] * y, wrt=[x])
            np.testing.assert_allclose(gradient, weights @ matrix, rtol=1e-12, atol=1e-12)


class Derived(np.ndarray):
    """Arrays whose entries are not those in their memory, for who asks by the operators."""


def test_arrays_of_derived_types_go_the_general_way():
    x = ag.Variable(X)
    masked = np.ma.array(C, mask=[False, True, False, False])
    assert isinstance(x * C.view(Derived), ag.Variable)
    for constant in (C.view(Derived), np.asarray(masked)):
        assert (x * constant).tolist() == (X * np.asarray(constant)).tolist()


def test_anomaly_is_found_in_a_usual_call():
    x = ag.Variable(X)
    infinite = np.array([np.inf, 0.0, 0.0, 0.0])
    for call in (
        lambda: np.dot(infinite, x * 0.0),
        lambda: infinite @ (x * 0.0),
        lambda: np.multiply(infinite, x * 0.0),
    ):
        with ag.detect_anomaly(), pytest.raises(FloatingPointError):
            call()


LISTS = {
    "stack of Variables": (ag.stack, lambda x: [x[0], x[1]]),
    "stack of a tuple": (ag.stack, lambda x: (x[0], 2, 3.5, ag.Vector([1.0]))),
    "stack of scalars": (ag.stack, lambda x: [np.float64(1.0), x[2], np.array([2.0])]),
    "concatenate": (ag.concatenate, lambda x: [x, C, 1.0, ag.Vector(C)]),
    "sum": (ag.sum, lambda x: [x[0], x[1], 2.0]),
    "dot": (lambda xs: ag.dot(xs, C[:2]), lambda x: [x[0], x[3]]),
}


class Entries:
    """A sequence that is neither list nor tuple."""

    def __init__(self, entries):
        self.entries = entries

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, index):
        return self.entries[index]


@pytest.mark.parametrize(("function", "make"), LISTS.values(), ids=LISTS.keys())
def test_list_is_put_together_as_any_other_sequence(function, make):
    results = []
    for wrap in (lambda xs: xs, Entries):
        x = ag.Variable(X)
        y = function(wrap(make(x)))
        weights = np.arange(1.0, y.dim + 1.0)
        (gradient,) = ag.grad(ag.dot(y, weights) if y.dim > 1 else y, wrt=[x])
        results.append((type(y), y.tolist(), gradient.tolist()))
    assert results[0] == results[1]


def test_lists_without_variables_give_vectors():
    assert isinstance(ag.stack([1.0, 2]), ag.Vector)
    assert isinstance(ag.concatenate([C, [1.0][0]]), ag.Vector)
    with ag.no_grad():
        assert ag.stack([ag.Variable(1.0), 2.0]).is_leaf


def test_comparisons_with_arrays_and_numbers_give_masks():
    x, v = ag.Variable(X), ag.Vector(X)
    for own in (x, v):
        assert (own > 0.5).tolist() == (X > 0.5).astype(float).tolist()
        assert (own <= C).tolist() == (X <= C).astype(float).tolist()
        assert isinstance(own == v, ag.Vector)
    with pytest.raises(ValueError, match="lengths differ"):
        x < C[:3]


def test_what_is_read_of_an_array_is_a_copy():
    x, c = ag.Variable(X), C.copy()
    y = ag.sum(x * c)
    count = sys.getrefcount(c)
    c[:] = 0.0
    ag.grad(y)
    assert x.grad.tolist() == C.tolist()
    assert sys.getrefcount(c) == count


@pytest.mark.parametrize("dim", [1, 2, 3, 23, 24, 25, 49, 50, 101])
def test_product_of_any_length_has_its_derivative_at_a_zero(dim):
    values = 1.0 + np.arange(dim) / (10.0 * dim)
    values[dim // 2] = 0.0
    x = ag.Variable(values)
    y = ag.prod(x)
    assert y.item() == 0.0
    wanted = [np.prod(np.delete(values, k)) for k in range(dim)]
    np.testing.assert_allclose(ag.grad(y, wrt=[x])[0], wanted, rtol=1e-12)
