"""An array of one entry is an array: its shape is (1,), that of a number is ().

What NumPy and HIPS autograd make of the same functions is what is wanted, in every transform.
"""

import copy
import itertools
import math
import pickle

import pytest

import autograd_rs as ag
from elementwise import comfortable, function, rows

np = pytest.importorskip("numpy")

ONE = np.array([3.0])
SHAPES = [(), (1,), (3,)]
PAIRS = list(itertools.product(SHAPES, SHAPES))


def array(entries, shape):
    """As many of the entries as the shape takes; a float for a number."""
    return float(entries[0]) if shape == () else np.array(entries[: shape[0]])


def leaf(x):
    """A leaf of the same shape."""
    return ag.Variable(x if isinstance(x, float) else ag.Vector(x))


# Elementwise operations: shapes by NumPy's rule, numbers as of the float.


def fitting_points(row):
    """Three points for each operand, so that all of them are comfortable together."""
    candidates = np.random.default_rng(0).uniform(0.1, 0.9, (400, row["arity"], 3))
    if row["name"] == "acosh":
        candidates += 1.0
    for found in candidates:
        if all(comfortable(row)(*point) for point in itertools.product(*found)):
            return found
    raise AssertionError(row["name"])


def cases_of_rows():
    for row in rows(1):
        yield from (pytest.param(row, [shape], id=f"{row['name']}-{shape}") for shape in SHAPES)
    for row in rows(2):
        if row["name"] != "polygamma":  # Its order is a whole number, and has no derivative.
            yield from (pytest.param(row, pair, id=f"{row['name']}-{pair}") for pair in PAIRS)


ELEMENTWISE = list(cases_of_rows())


@pytest.mark.parametrize(("row", "shapes"), ELEMENTWISE)
def test_elementwise_results_and_derivatives_have_the_shapes_of_numpy(row, shapes):
    f = function(row)
    primals = tuple(map(array, fitting_points(row), shapes))
    wanted = np.broadcast_shapes(*shapes)
    leaves = list(map(leaf, primals))
    y = f(*leaves)
    assert (y.shape, y.ndim, y.value.shape) == (wanted, len(wanted), wanted)
    for recorded in (False, True):
        gradients = ag.grad(y, wrt=leaves, create_graph=recorded)
        assert [gradient.shape for gradient in gradients] == list(shapes)
    ag.grad(y)
    assert [x.grad.shape for x in leaves] == list(shapes)
    value, tangent = ag.jvp(f, primals, primals)
    assert np.shape(value) == np.shape(tangent) == wanted
    value, pullback = ag.vjp(f, *primals)
    assert np.shape(value) == wanted
    assert [np.shape(x) for x in pullback(value)] == list(shapes)
    for k, shape in enumerate(shapes):
        assert np.shape(ag.jacobian(f, k)(*primals)) == wanted + shape
        assert np.shape(ag.jacfwd(f, k)(*primals)) == wanted + shape


@pytest.mark.parametrize(("row", "shapes"), ELEMENTWISE)
def test_second_derivatives_of_elementwise_operations_have_the_shapes_of_numpy(row, shapes):
    f = function(row)
    primals = tuple(map(array, fitting_points(row), shapes))
    wanted = np.broadcast_shapes(*shapes)
    for k, shape in enumerate(shapes):
        for inner, outer in itertools.product((ag.jacfwd, ag.jacrev), repeat=2):
            assert np.shape(outer(inner(f, k), k)(*primals)) == wanted + shape + shape

        def total(x, k=k):
            return ag.sum(f(*primals[:k], x, *primals[k + 1 :]))

        x = primals[k]
        assert np.shape(ag.hessian(total)(x)) == shape + shape
        assert np.shape(ag.hvp(total)(x, x)) == shape
        assert np.shape(ag.jvp(ag.grad(total), (x,), (x,))[1]) == shape
        assert np.shape(ag.grad(lambda x: ag.sum(ag.grad(total)(x) * x))(x)) == shape


@pytest.mark.parametrize("row", [*rows(1), *rows(2)], ids=lambda row: row["name"])
def test_elementwise_derivatives_of_one_entry_are_those_of_the_number(row):
    if row["name"] == "polygamma":
        pytest.skip("its order has no derivative")
    f, points = function(row), [float(own[0]) for own in fitting_points(row)]
    argnums = tuple(range(len(points)))

    def second(*xs):
        return ag.sum(sum(ag.grad(lambda *ys: ag.sum(f(*ys)), argnums)(*xs)))

    wanted = (f(*points), *ag.grad(f, argnums)(*points), *ag.grad(second, argnums)(*points))
    for shapes in itertools.product([(), (1,)], repeat=len(points)):
        primals = [array([x], shape) for x, shape in zip(points, shapes)]
        found = (
            f(*primals),
            *ag.grad(lambda *xs: ag.sum(f(*xs)), argnums)(*primals),
            *ag.grad(second, argnums)(*primals),
        )
        assert [float(np.ravel(x)[0]) for x in found] == pytest.approx(wanted, rel=1e-14, abs=1e-14)


# Functions of arrays: everything as HIPS autograd has it.

MATRICES = {n: np.arange(1.0, 2 * n + 1).reshape(2, n) - 1.7 for n in (1, 3)}

OF_ARRAYS = {
    "slice of one": lambda np, x: x[0:1] ** 2 * x[-1],
    "entry": lambda np, x: x[0] ** 3,
    "entries of one place": lambda np, x: x[[0]] * x[0],
    "places again": lambda np, x: x[[0, 0, 0]] * x[-1],
    "mask": lambda np, x: x[x > 0.5] ** 2,
    "reversed": lambda np, x: x[::-1] * x,
    "axis before": lambda np, x: x[0][None] * np.array([2.0, 3.0]),
    "axis before all": lambda np, x: x[None, :] * x[:, None],
    "sum": lambda np, x: np.sum(x**2),
    "sum with its axis": lambda np, x: np.sum(x**2, axis=0, keepdims=True),
    "mean with its axis": lambda np, x: np.mean(x**2, keepdims=True),
    "mean": lambda np, x: np.mean(x**3),
    "prod": lambda np, x: np.prod(x),
    "max": lambda np, x: np.max(x) ** 2,
    "min": lambda np, x: np.min(x) ** 2,
    "var": lambda np, x: np.var(x * x),
    "norm": lambda np, x: np.linalg.norm(x),
    "dot": lambda np, x: np.dot(x, x * x),
    "inner": lambda np, x: np.inner(x, x),
    "at": lambda np, x: x @ x,
    "dot with a number": lambda np, x: np.dot(x, x[0]),
    "matrix at": lambda np, x: MATRICES[len(x)] @ x**2,
    "at matrix": lambda np, x: x @ MATRICES[len(x)].T,
    "one place": lambda np, x: x[[0]] * 1.0,
    "row at itself": lambda np, x: MATRICES[len(x)][:1] @ x,
    "row at": lambda np, x: MATRICES[len(x)][:1] @ x**2,
    "outer": lambda np, x: np.outer(x, x),
    "cumsum": lambda np, x: np.cumsum(x * x),
    "cumsum of an entry": lambda np, x: np.cumsum(x[0] * x[-1]),
    "concatenate": lambda np, x: np.concatenate([x, x[:1] * x[-1]]),
    "hstack": lambda np, x: np.hstack([x[0], x]),
    "vstack": lambda np, x: np.vstack([x, x]),
    "stack of entries": lambda np, x: np.stack([x[0], x[-1] ** 2]),
    "stack of arrays": lambda np, x: np.stack([x, x**2]),
    "array of arrays": lambda np, x: np.array([x, 2 * x]),
    "array of an entry": lambda np, x: np.array([x[0]]) * x[-1],
    "append": lambda np, x: np.append(x, x[0]),
    "where": lambda np, x: np.where(x > 0.5, x**2, x),
    "where of numbers": lambda np, x: np.where(x[0] > 0.5, x[0], x[-1]) ** 2,
    "clip": lambda np, x: np.clip(x, 0.0, 2.0) ** 2,
    "squeeze": lambda np, x: np.squeeze(x) ** 2,
    "ravel of an entry": lambda np, x: np.ravel(x[0]) ** 2,
    "reshape of an entry": lambda np, x: np.reshape(x[0], (1,)) ** 2,
    "atleast_1d of an entry": lambda np, x: np.atleast_1d(x[0]) * x[-1],
    "repeat": lambda np, x: np.repeat(x, 2) * x[0],
    "tile of an entry": lambda np, x: np.tile(x[0], 3) * x[-1],
    "sort": lambda np, x: np.sort(x) ** 2,
    "diff": lambda np, x: np.diff(np.concatenate([x**2, x])),
    "diag": lambda np, x: np.diag(x**2),
    "einsum": lambda np, x: np.einsum("i,i->", x, x),
    "einsum of a number": lambda np, x: np.einsum(",i->i", x[0], x),
    "tensordot": lambda np, x: np.tensordot(x, x, 1),
    "array by an array of one": lambda np, x: x * np.array([2.0]),
    "entry by an array of one": lambda np, x: x[0] * np.array([2.0]),
    "entry by ones": lambda np, x: x[0] ** 2 * np.ones(3),
    "full": lambda np, x: np.full((1,), 2.0) * x[0],
}
# Those which are functions of a number as well.
OF_NUMBERS = {
    "square": lambda np, x: x * x,
    "sum": lambda np, x: np.sum(x**2),
    "mean": lambda np, x: np.mean(x**3),
    "axis before": lambda np, x: np.atleast_1d(x) ** 2,
    "reshape": lambda np, x: np.reshape(x, (1,)) ** 2,
    "ravel": lambda np, x: np.ravel(x) ** 2,
    "array": lambda np, x: np.array([x]) ** 2,
    "array of two": lambda np, x: np.array([x, x * x]),
    "stack": lambda np, x: np.stack([x, x * x]),
    "by an array of one": lambda np, x: x**2 * np.array([2.0]),
    "by an array": lambda np, x: x**2 * np.array([2.0, 3.0, 4.0]),
    "dot": lambda np, x: np.dot(x * x, np.array([2.0, 3.0])),
    "cumsum": lambda np, x: np.cumsum(x * x),
    "where": lambda np, x: np.where(x > 0.5, x**2, 0.0),
    "where of an array": lambda np, x: np.where(np.array([True]), x**2, 0.0),
}


def close(found, wanted):
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(np.asarray(found, dtype=float), wanted, rtol=1e-12, atol=1e-12)


def agree(name, f, x):
    """Compare every transform of a function with that of HIPS autograd."""
    hips = pytest.importorskip("autograd")
    from autograd import numpy as anp

    def ours(x):
        return f(np, x)

    def theirs(x):
        return f(anp, x)

    value = theirs(x)
    assert np.shape(value) == np.shape(f(np, x))
    jacobian = hips.jacobian(theirs)(x)
    assert np.shape(jacobian) == np.shape(value) + np.shape(x)
    for transform in (ag.jacobian, ag.jacfwd, ag.jacrev):
        close(transform(ours)(x), jacobian)
    found, tangent = ag.jvp(ours, (x,), (0.5 * x,))
    close(found, value)
    close(tangent, np.tensordot(jacobian, 0.5 * x, np.ndim(x)))
    found, pullback = ag.vjp(ours, x)
    close(found, value)
    bar = np.cos(value)
    close(pullback(bar)[0], hips.make_vjp(theirs)(x)[0](bar))
    second = hips.jacobian(hips.jacobian(theirs))(x)
    for inner, outer in itertools.product((ag.jacfwd, ag.jacrev), repeat=2):
        close(outer(inner(ours))(x), second)
    if np.size(value) == 1:
        found, gradient = ag.value_and_grad(ours)(x)
        close(found, value)
        close(gradient, np.reshape(jacobian, np.shape(x)))
        hessian = np.reshape(second, np.shape(x) * 2)
        close(ag.hessian(ours)(x), hessian)
        close(ag.hvp(ours)(x, x), np.tensordot(hessian, x, np.ndim(x)))


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize("point", [[1.3], [0.7, 1.9, -0.4]], ids=len)
@pytest.mark.parametrize("name", OF_ARRAYS)
def test_functions_of_arrays_have_the_shapes_and_derivatives_of_hips_autograd(name, point):
    agree(name, OF_ARRAYS[name], np.array(point))


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_functions_of_numbers_have_the_shapes_and_derivatives_of_hips_autograd(name):
    agree(name, OF_NUMBERS[name], 1.3)


# Functions of the package.


def test_one_residual_has_a_jacobian_of_one_row():
    x = np.array([1.0, 2.0])
    assert ag.jacobian(lambda q: q[0:1])(x).tolist() == [[1.0, 0.0]]
    assert ag.jacobian(lambda q: q[0:1] ** 2 + q[1:] ** 2 - 1)(x).tolist() == [[2.0, 4.0]]
    assert ag.jacobian(lambda q: ag.concatenate([q[0]]))(x).tolist() == [[1.0, 0.0]]
    (row,) = ag.jacobian(lambda q: ag.stack([q[0]]))(ag.Vector(x))
    assert row.tolist() == [1.0, 0.0]
    assert ag.jacobian(lambda q: [q[0:1], q[0]])(x)[0].shape == (1, 2)
    assert ag.jacobian(lambda q: [q[0:1], q[0]])(x)[1].shape == (2,)


def test_the_second_derivative_of_one_constraint_keeps_its_axis():
    x = np.array([0.6, 0.8])
    for first, second in itertools.product((ag.jacfwd, ag.jacrev), repeat=2):
        hessian = second(first(lambda q: q[0:1] ** 2 * q[1:]))(x)
        np.testing.assert_allclose(hessian, [[[1.6, 1.2], [1.2, 0.0]]], rtol=1e-14)


REDUCTIONS = [ag.sum, ag.mean, ag.norm, ag.logsumexp, ag.max, ag.min, ag.prod]


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("entries", [[3.0], [3.0, 0.0]])
def test_a_reduction_of_an_array_is_a_number(reduce, entries):
    assert type(reduce(np.array(entries))) is float
    assert type(ag.dot(np.array(entries), np.array(entries))) is float
    assert repr(reduce(ag.Vector(entries))).startswith("Vector(")
    assert reduce(ag.Vector(entries)).shape == reduce(leaf(np.array(entries))).shape == ()


@pytest.mark.parametrize(
    "keep", [ag.cumsum, ag.softmax, ag.sin, ag.neg, lambda x: ag.clip(x, 0, 5)]
)
def test_what_keeps_the_axis_of_an_array_gives_an_array(keep):
    assert keep(ONE).shape == keep(leaf(ONE)).shape == keep(ag.Vector(ONE)).shape == (1,)


def test_what_is_put_together_has_an_axis():
    number = ag.Variable(2.0)
    for joined in (ag.stack([number]), ag.concatenate([number]), ag.cumsum(number)):
        assert (joined.shape, joined.tolist()) == ((1,), [2.0])
        (gradient,) = ag.grad(joined, wrt=[number], create_graph=True)
        assert (gradient.shape, gradient.item()) == ((), 1.0)


def test_a_number_prints_bare_and_an_entry_in_brackets():
    number, one = ag.Variable(3.0), ag.Variable(ag.Vector([3.0]))
    assert (repr(number), repr(number.value)) == ("Variable(3.0)", "Vector(3.0)")
    assert (repr(one), repr(one.value)) == ("Variable([3.0])", "Vector([3.0])")


@pytest.mark.parametrize("x", [2.0, ag.Vector([2.0])])
def test_one_entry_of_any_shape_is_a_number_where_one_is_asked_for(x):
    v = ag.Variable(x)
    assert (v.item(), float(v), int(v), bool(v), bool(v - 2.0)) == (2.0, 2.0, 2, True, False)
    assert (v.value.item(), float(v.value), bool(v.value)) == (2.0, 2.0, True)
    assert (math.floor(v), round(v), f"{v:.1f}") == (2, 2, "2.0")


def test_a_variable_of_one_entry_has_a_length_and_entries():
    x = leaf(ONE)
    assert (x.shape, x.ndim, x.size, x.dim, len(x), np.shape(x)) == ((1,), 1, 1, 1, 1, (1,))
    (entry,) = x
    (back,) = reversed(x)
    for number in (entry, back, x[0], x[-1], x[np.int64(0)]):
        assert (number.shape, number.item()) == ((), 3.0)
        assert ag.grad(number * x, wrt=[x])[0].tolist() == [6.0]
    for part in (x[:], x[:1], x[[0]], x[x > 2], x[np.array([True])], x[::-1]):
        assert (part.shape, part.tolist()) == ((1,), [3.0])
    assert x[:0].shape == x[x > 3].shape == (0,)


def test_a_number_has_no_length_but_takes_an_axis():
    x = ag.Variable(3.0)
    assert (x.shape, x.ndim, x.size, x.dim, np.shape(x)) == ((), 0, 1, 1, ())
    assert x[...] is x[()] is x
    for part in (x[None], x[None, ...], np.ravel(x), np.atleast_1d(x), x.flatten()):
        assert (type(part), part.shape) == (ag.Variable, (1,))
        assert ag.grad(part * part, wrt=[x])[0].item() == 6.0


def test_arrays_of_variables_have_the_shapes_of_their_entries():
    number, one = ag.Variable(3.0), leaf(ONE)
    assert np.array([number, number]).shape == (2,)
    assert np.array([one, one]).shape == np.asarray([one, one]).shape == (2, 1)
    assert np.asarray(number).shape == ()
    assert np.asarray(one).shape == (1,)
    assert np.asarray(number.value).shape == ()
    assert np.asarray(one.value).shape == (1,)


def test_a_comparison_has_the_shape_of_what_is_compared():
    number, one = ag.Variable(3.0), leaf(ONE)
    assert (number > 2) is True
    assert (one > 2).tolist() == (one == number).tolist() == (one > 2).tolist() == [1.0]
    shapes = []

    def f(x):
        shapes.extend(np.shape(mask) for mask in (x > 2, x[0] > 2, ~(x > 2), x > x[0], x == 3.0))
        return np.sum(x[x > 2])

    assert ag.grad(f)(ONE).tolist() == [1.0]
    assert shapes == [
        np.shape(mask) for mask in (ONE > 2, 3.0 > 2, ~(ONE > 2), ONE > 3.0, ONE == 3)
    ]


def test_a_leaf_keeps_its_shape():
    for x, shape in ((3.0, ()), (ag.Vector([3.0]), (1,))):
        v = ag.Variable(x)
        for new in (2.0, ag.Vector([2.0]), np.array([2.0]), np.float64(2.0)):
            v.value = new
            v.grad = new
            assert v.shape == v.value.shape == v.grad.shape == (v * v).shape == shape
            ag.grad(v * v * 2.0)
            assert (v.grad.shape, v.grad.item()) == (shape, 8.0)
        for same in (
            copy.copy(v),
            v.copy(),
            v.detach(),
            pickle.loads(pickle.dumps(v)),
            (v + v).copy(),
        ):
            assert same.shape == shape
        for vector in (
            v.value,
            v.value.copy(),
            v.value.fill(1.0),
            pickle.loads(pickle.dumps(v.value)),
        ):
            assert vector.shape == shape


def test_arguments_and_gradients_in_vectors_keep_their_shape():
    for x in (ag.Vector([3.0]), ag.Variable(3.0).value):
        shapes = []

        def f(v):
            shapes.append(v.shape)  # noqa: B023
            return ag.sum(v * v)

        for found in (ag.grad(f)(x), ag.hvp(f)(x, x)):
            assert (type(found), np.shape(found)) == (ag.Vector, x.shape)
        assert np.shape(ag.jvp(ag.grad(f), (x,), (x,))[1]) == x.shape
        assert set(shapes) == {x.shape}


def test_what_comes_beside_a_result_keeps_its_shape():
    gradient, aux = ag.grad(lambda x: (x @ x, {"x": x, "y": x[0], "z": x[:0]}), has_aux=True)(ONE)
    assert gradient.tolist() == [6.0]
    assert {key: np.shape(value) for key, value in aux.items()} == {"x": (1,), "y": (), "z": (0,)}


def test_recorded_gradients_have_the_shapes_of_what_they_belong_to():
    number, one, three = ag.Variable(3.0), leaf(ONE), leaf(np.ones(3))
    for y in (number * one, number * one * three, one @ one * number, ag.norm(one * number)):
        leaves = [number, one]
        first = ag.grad(y, wrt=leaves, create_graph=True)
        assert [bar.shape for bar in first] == [(), (1,)]
        second = ag.grad(first[0] * first[1], wrt=leaves, create_graph=True)
        assert [bar.shape for bar in second] == [(), (1,)]
        third = ag.grad(second[0] * number + second[1] * one, wrt=leaves)
        assert [bar.shape for bar in third] == [(), (1,)]


def test_a_seed_of_another_shape_is_that_of_the_result():
    for result in (lambda x: x * x, lambda x: x[0] * x[0]):
        for seed in (2.0, ag.Vector([2.0]), ag.Variable(2.0), leaf(np.array([2.0]))):
            x = leaf(ONE)
            for recorded in (False, True):
                (bar,) = ag.grad(result(x), wrt=[x], seed=seed, create_graph=recorded)
                assert (bar.shape, bar.item()) == ((1,), 12.0)


@pytest.mark.parametrize("x", [0.0, np.zeros(1)])
def test_what_reverse_mode_decides_has_the_shape_of_the_result(x):
    def f(x):
        root = ag.sqrt(x * 1.0)
        return root - root

    for g in (f, ag.sum, lambda x: ag.sum(f(x))):
        shape = np.shape(x) if g is f else ()
        assert np.shape(ag.jvp(g, (x,), (x + 1.0,))[1]) == shape
        nested = ag.grad(lambda x: ag.sum(ag.jvp(g, (x,), (x + 1.0,))[1]))(x)  # noqa: B023
        assert np.shape(nested) == np.shape(x)
        tangent = ag.jvp(lambda x: ag.jvp(g, (x,), (x + 1.0,))[1], (x,), (x + 1.0,))[1]  # noqa: B023
        assert np.shape(tangent) == shape


@pytest.mark.parametrize("point", [ONE, 3.0, np.array([1.0, 3.0])])
def test_a_primitive_gets_and_gives_the_shapes_of_its_arguments(point):
    shapes = []

    def seen(*xs):
        shapes.extend(map(np.shape, xs))

    @ag.primitive
    def square(x):
        seen(x)
        return x * x

    def make(y, x):
        def pull_back(y_bar):
            seen(y, x, y_bar)
            return 2 * x * y_bar

        return pull_back

    ag.defvjp(square, make)
    np.testing.assert_allclose(
        ag.jacobian(square)(point), 2 * np.diag(np.atleast_1d(point)).reshape(np.shape(point) * 2)
    )
    assert np.shape(ag.jvp(square, (point,), (point,))[1]) == np.shape(point)
    assert np.shape(ag.jacfwd(ag.jacrev(square))(point)) == np.shape(point) * 3
    assert set(shapes) == {np.shape(point)}


@pytest.mark.parametrize("make", [lambda x: x, lambda x: [x[0], x[:1], x], lambda x: (x[:1], x[0])])
def test_checkpoints_and_rows_keep_shapes(make):
    expected = [np.shape(part) for part in make(ONE)]
    x = leaf(ONE)
    found = ag.checkpoint(lambda x: make(x * 1.0))(x)
    assert [np.shape(part) for part in found] == expected
    row, unflatten = ag.flatten(make(ONE))
    for again in (unflatten(row), unflatten(leaf(row))):
        assert [np.shape(part) for part in again] == expected


def test_numbers_and_arrays_of_one_entry_are_told_apart_in_any_transform():
    shapes = []

    def f(x, number):
        shapes.append((x.shape, number.shape, (2 * number).shape, (x * number).shape))
        return np.sum(np.dot(np.vstack([x, x]), number))

    for point in (ONE, np.ones(2)):
        shapes.clear()
        assert ag.grad(f, (0, 1))(point, 2.0)[1] == 2 * np.sum(point)
        ag.grad(lambda pair: f(pair["x"], pair["number"]))({"x": point, "number": 2})
        ag.grad(lambda x: np.sum(x) * ag.grad(lambda number: f(x, number))(2.0))(point)
        assert shapes == [(point.shape, (), (), point.shape)] * 3


@pytest.mark.parametrize("order", ["number first", "array first"])
def test_products_of_one_entry_inside_of_longer_graphs_have_their_gradient(order):
    x = leaf(np.array([2.0, 5.0]))
    one = x[:1] if order == "array first" else ag.concatenate([x[0]])
    y = (one @ one) * ag.dot(one, np.array([3.0])) * x[1]
    assert (y.shape, y.item()) == ((), 120.0)
    assert ag.grad(y, wrt=[x])[0].tolist() == [180.0, 24.0]
    (bar,) = ag.grad(y, wrt=[x], create_graph=True)
    assert ag.grad(bar[0], wrt=[x])[0].tolist() == [180.0, 36.0]


OF_ONE = {
    "product of a matrix": lambda x: np.vstack([x, np.array([2.0])]) @ x + np.array([1.0, 2.0]),
    "product with a matrix": lambda x: x @ np.vstack([x]) + np.array([1.0, 2.0]),
    "vander": lambda x: np.vander(x, 3),
    "tril": np.tril,
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: np.sum(row * row), 0, x),
    "interp of one knot": lambda x: np.interp([0.0, 1.0, 2.0], [1.0], x, right=7.0),
    "quantile": lambda x: np.quantile(x, 0.3) * np.quantile(x, [0.2, 0.7]),
    "std": lambda x: np.std(x) + np.average(x, weights=[2.0]),
    "pad": lambda x: np.pad(x, 2) * np.pad(x, 2, mode="edge"),
    "convolve": lambda x: np.convolve(x, x) + np.convolve(x, 2.0) + np.correlate(x, x),
    "piecewise": lambda x: np.piecewise(x, [x > 2], [lambda y: y * y]),
}


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("point", [ONE, np.array([1.0, 3.0])])
def test_functions_of_a_selected_entry_agree_with_differences(name, point):
    def selected(x):
        return OF_ONE[name](x[x > 2])

    def f(x):
        return np.sum(selected(x))

    found = selected(ag.Variable(point))
    assert np.shape(found) == np.shape(selected(point))
    value, gradient = ag.value_and_grad(f)(point)
    assert value == pytest.approx(f(point), rel=1e-15)
    step = 1e-6 * (point > 2)
    slope = (f(point + step) - f(point - step)) / 2e-6
    assert gradient.shape == point.shape
    assert np.sum(gradient) == pytest.approx(slope, rel=1e-8)
