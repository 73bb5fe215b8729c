"""Functions in, derivative functions out: values, types, structure, nesting, errors.

Truth comes from closed forms, from mpmath, and from HIPS autograd where it is installed.
"""

import copy
import dataclasses
import inspect
import itertools
import math
import operator
import pickle
import random
import threading
from collections import Counter, OrderedDict, defaultdict, namedtuple

import mpmath
import pytest

import autograd_rs as ag
from autograd_rs import _core
from programs import STRUCTURAL, write_program
from truth import ALIASES, BINARY, UNARY, Truth

np = pytest.importorskip("numpy")

Pair = namedtuple("Pair", "a b")  # noqa: PYI024 (an untyped one is what is tested)


@dataclasses.dataclass
class Model:
    weights: list
    bias: float


@dataclasses.dataclass(frozen=True)
class Frozen:
    scale: float
    shift: float = 0.5


def square(x):
    """Square of x."""
    return x * x


def scaled(x, factor=2.0, *, power=2):
    return factor * x**power


@ag.value_and_grad
def decorated(x):
    return x * x


class Line:
    slope = 3.0

    @ag.grad
    def unbound(self):
        return self

    def value(self, x):
        return self.slope * x * x

    derivative = ag.grad(value, argnums=1)


def rosenbrock(x):
    return ag.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# Values and types


def test_the_gradient_of_a_float_is_a_float():
    derivative = ag.grad(square)(3.0)
    assert derivative == 6.0
    assert type(derivative) is float


def test_an_int_counts_as_a_float():
    assert ag.grad(square)(3) == 6.0


def test_a_numpy_number_counts_as_a_float():
    assert ag.grad(square)(np.float64(3.0)) == 6.0
    assert ag.grad(square)(np.float32(3.0)) == 6.0
    assert ag.grad(square)(np.int64(3)) == 6.0


def test_the_gradient_of_a_vector_is_a_vector():
    gradient = ag.grad(lambda x: ag.sum(x * x))(ag.Vector([1, 2, 3]))
    assert isinstance(gradient, ag.Vector)
    assert gradient.tolist() == [2.0, 4.0, 6.0]


def test_the_gradient_of_an_array_is_a_float64_array_of_its_shape():
    for x in (np.arange(3.0), np.arange(3, dtype=np.float32), np.arange(6.0)[::2]):
        gradient = ag.grad(lambda x: ag.sum(x * x))(x)
        assert gradient.dtype == np.float64
        np.testing.assert_array_equal(gradient, 2 * x.astype(float))


def test_the_gradient_of_a_matrix_is_a_matrix():
    x = np.arange(6.0).reshape(2, 3)
    gradient = ag.grad(lambda x: (x * x).sum() + x[0, 1] * x[1, 2])(x)
    expected = 2 * x
    expected[0, 1] += x[1, 2]
    expected[1, 2] += x[0, 1]
    np.testing.assert_allclose(gradient, expected)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (1, 1), (2, 3, 2)])
def test_arrays_of_any_shape_come_back_in_it(shape):
    x = np.asarray(np.arange(float(math.prod(shape))).reshape(shape) + 1)
    gradient = ag.grad(lambda x: ag.sum(np.ravel(x) ** 2))(x)
    assert isinstance(gradient, np.ndarray)
    assert gradient.shape == shape
    np.testing.assert_array_equal(gradient, 2 * x)


def test_a_gradient_of_an_array_is_its_own_memory():
    x = np.arange(3.0)
    gradient = ag.grad(rosenbrock)(x)
    gradient[:] = 7.0
    np.testing.assert_array_equal(x, np.arange(3.0))
    assert gradient.flags.writeable


def test_containers_come_back_in_their_structure():
    tree = {"a": 1.0, "b": [2.0, (3.0, ag.Vector([4.0, 5.0]))], "c": None}

    def loss(tree):
        first, (second, row) = tree["b"]
        return tree["a"] * first * second + ag.sum(row * row)

    gradient = ag.grad(loss)(tree)
    assert gradient["a"] == 6.0
    assert gradient["b"][0] == 3.0
    assert gradient["b"][1][0] == 2.0
    assert gradient["b"][1][1].tolist() == [8.0, 10.0]
    assert gradient["c"] is None
    assert isinstance(gradient["b"][1], tuple)
    assert list(gradient) == ["a", "b", "c"]


def test_named_tuples_and_dataclasses_come_back_as_such():
    assert ag.grad(lambda p: p.a * p.b)(Pair(2.0, 3.0)) == Pair(3.0, 2.0)
    model = Model([1.0, 2.0], 3.0)
    gradient = ag.grad(lambda m: m.weights[0] * m.weights[1] * m.bias)(model)
    assert gradient == Model([6.0, 3.0], 2.0)
    assert model == Model([1.0, 2.0], 3.0)
    assert ag.grad(lambda m: m.scale * m.shift)(Frozen(2.0)) == Frozen(0.5, 2.0)


def test_special_dicts_keep_their_kind():
    gradient = ag.grad(lambda d: d["x"] * d["y"])(OrderedDict(y=2.0, x=3.0))
    assert isinstance(gradient, OrderedDict)
    assert list(gradient.items()) == [("y", 3.0), ("x", 2.0)]
    counts = defaultdict(float, x=2.0)
    assert ag.grad(lambda d: d["x"] ** 2)(counts).default_factory is float


def test_a_counter_holds_what_was_put_in_and_nothing_added():
    gradient = ag.grad(lambda d: d["x"] ** 2 * d["y"])(Counter(x=2.0, y=3.0))
    assert type(gradient) is Counter
    assert gradient == {"x": 12.0, "y": 4.0}


def test_an_argument_on_which_nothing_depends_has_gradient_zero():
    assert ag.grad(lambda x, y: x * 2, argnums=(0, 1))(1.0, 5.0) == (2.0, 0.0)
    outer = ag.Variable(3.0)
    assert ag.grad(lambda x: outer * 2)(1.0).item() == 0.0
    gradient = ag.grad(lambda t: t["a"] * 1.0)({"a": 1.0, "b": np.ones(2)})
    np.testing.assert_array_equal(gradient["b"], np.zeros(2))


def test_argnums_may_be_negative_or_several():
    f = lambda x, y, z: x * y + y * z  # noqa: E731
    assert ag.grad(f, argnums=-1)(2.0, 3.0, 5.0) == 3.0
    assert ag.grad(f, argnums=(0, 1))(2.0, 3.0, 5.0) == (3.0, 7.0)
    assert ag.grad(f, argnums=(2, 0))(2.0, 3.0, 5.0) == (3.0, 3.0)
    assert ag.grad(f, argnums=[1])(2.0, 3.0, 5.0) == (7.0,)


def test_other_arguments_pass_through_untouched():
    seen = []

    def f(x, label, *rest, flag=False):
        seen.append((label, rest, flag))
        return x * len(rest)

    label = object()
    assert ag.grad(f)(2.0, label, 1, "two", flag=True) == 2.0
    assert seen == [(label, (1, "two"), True)]
    assert ag.grad(scaled)(3.0, factor=5.0, power=3) == 135.0


def test_aux_comes_along_as_plain_values():
    def f(x):
        return ag.sum(x * x), {"half": x / 2, "first": x[0], "name": "n", "count": 3}

    gradient, aux = ag.grad(f, has_aux=True)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(gradient, [2.0, 4.0])
    np.testing.assert_array_equal(aux["half"], [0.5, 1.0])
    assert (aux["first"], aux["name"], aux["count"]) == (1.0, "n", 3)
    (value, aux), gradient = ag.value_and_grad(f, has_aux=True)(np.array([1.0, 2.0]))
    assert value == 5.0
    assert aux["first"] == 1.0


@dataclasses.dataclass
class Report:
    loss: object
    rows: object = None


def test_variables_leaked_out_of_aux_that_is_no_plain_container():
    def f(x):
        total = np.sum(x * x)
        mixed = np.array([x[0], "text"], dtype=object)
        return total, (np.outer(x, x), Report(total, [np.outer(x, 2.0)]), Pair(x, 1), mixed)

    x = np.array([1.0, 2.0])
    for aux in (ag.grad(f, has_aux=True)(x)[1], ag.vjp(f, x, has_aux=True)[2]):
        outer, report, pair, mixed = aux
        assert outer.dtype == float
        np.testing.assert_array_equal(outer, np.outer(x, x))
        assert report.loss == 5.0
        assert type(report.loss) is float
        assert report.rows[0].dtype == float
        assert type(pair) is Pair
        np.testing.assert_array_equal(pair.a, x)
        assert mixed.tolist() == [1.0, "text"]


def test_aux_without_variables_is_given_as_it_is():
    kept = [Report(1.0), {"a": [1.0, None]}, np.array(["text"], dtype=object), object()]
    assert ag.grad(lambda x: (x * x, kept), has_aux=True)(2.0)[1] is kept


def test_aux_keeps_what_depends_on_something_else():
    outer = ag.Variable(2.0)
    _, aux = ag.grad(lambda x: (x * x, x * outer), has_aux=True)(3.0)
    assert isinstance(aux, ag.Variable)
    assert ag.grad(aux, wrt=[outer])[0].item() == 3.0


def test_value_and_grad_gives_the_value_of_the_function_itself():
    value, gradient = ag.value_and_grad(lambda x: ag.exp(ag.sin(x)))(0.3)
    assert value == math.exp(math.sin(0.3))
    assert gradient == pytest.approx(math.cos(0.3) * math.exp(math.sin(0.3)), rel=1e-15)
    assert type(value) is float


# Jacobians and Hessians


@pytest.mark.parametrize("mode", ["auto", "fwd", "rev"])
def test_jacobians_have_the_shape_of_result_then_argument(mode):
    a = np.arange(6.0).reshape(2, 3)
    x = np.array([1.0, 2.0, 3.0])
    f = lambda x: ag.stack([ag.dot(a[0], x), ag.dot(a[1], x)])  # noqa: E731
    jacobian = ag.jacobian(f, mode=mode)(x)
    np.testing.assert_allclose(jacobian, a)
    np.testing.assert_allclose(ag.jacobian(lambda x: x * x, mode=mode)(x), np.diag(2 * x))
    assert ag.jacobian(square, mode=mode)(3.0) == 6.0
    assert ag.jacobian(lambda x: ag.sum(x), mode=mode)(x).shape == (3,)
    rows = ag.jacobian(lambda t: ag.stack([t, t * t]), mode=mode)(3.0)
    assert rows.tolist() == [1.0, 6.0]


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_jacobians_of_vectors_are_lists_of_rows(mode):
    rows = ag.jacobian(lambda x: x * x, mode=mode)(ag.Vector([1.0, 2.0]))
    assert [row.tolist() for row in rows] == [[2.0, 0.0], [0.0, 4.0]]


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_jacobians_of_containers_hold_one_for_each_pair_of_leaves(mode):
    def f(p):
        return {"u": p["a"] * p["b"], "v": [p["a"] ** 2, p["b"] * np.ones(2)]}

    got = ag.jacobian(f, mode=mode)({"a": 2.0, "b": np.array([3.0, 4.0])})
    np.testing.assert_array_equal(got["u"]["a"], [3.0, 4.0])
    np.testing.assert_array_equal(got["u"]["b"], 2 * np.eye(2))
    assert got["v"][0]["a"] == 4.0
    np.testing.assert_array_equal(got["v"][0]["b"], np.zeros(2))
    np.testing.assert_array_equal(got["v"][1]["b"], np.eye(2))


def test_jacobians_of_matrices_and_object_arrays():
    x = np.arange(4.0).reshape(2, 2)
    jacobian = ag.jacobian(lambda x: x @ x)(x)
    expected = np.zeros((2, 2, 2, 2))
    for i, j, k in np.ndindex(2, 2, 2):
        expected[i, j, i, k] += x[k, j]
        expected[i, j, k, j] += x[i, k]
    np.testing.assert_allclose(jacobian, expected)


def test_several_argnums_give_a_tuple_of_jacobians():
    f = lambda x, y: ag.stack([x * y, x])  # noqa: E731
    by_x, by_y = ag.jacobian(f, argnums=(0, 1))(2.0, 3.0)
    assert (by_x.tolist(), by_y.tolist()) == ([3.0, 1.0], [2.0, 0.0])


def test_constants_in_a_result_have_jacobian_zero():
    assert ag.jacobian(lambda x: [x * x, 1.0])(3.0) == [6.0, 0.0]
    assert ag.jacfwd(lambda x: [x * x, 1.0])(3.0) == [6.0, 0.0]


@pytest.mark.parametrize("n", [2, 10, 100])
def test_rosen_of_scipy_untouched(n):
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(n)
    x, v = rng.uniform(-2, 2, n), rng.uniform(-1, 1, n)
    rosen = optimize.rosen
    for got, want in [
        (ag.grad(rosen)(x), optimize.rosen_der(x)),
        (ag.hessian(rosen)(x), optimize.rosen_hess(x)),
        (ag.hvp(rosen)(x, v), optimize.rosen_hess_prod(x, v)),
        (ag.jacobian(ag.grad(rosen))(x), optimize.rosen_hess(x)),
    ]:
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12 * abs(want).max())


def test_hessians_of_each_kind_of_argument():
    assert ag.hessian(lambda x: x**3)(2.0) == 12.0
    assert type(ag.hessian(lambda x: x**3)(2.0)) is float
    rows = ag.hessian(lambda x: x[0] ** 2 * x[1])(ag.Vector([3.0, 5.0]))
    assert [row.tolist() for row in rows] == [[10.0, 6.0], [6.0, 0.0]]
    hessian = ag.hessian(lambda x: (x * x * x).sum())(np.arange(4.0).reshape(2, 2))
    np.testing.assert_array_equal(hessian.reshape(4, 4), np.diag([0.0, 6.0, 12.0, 18.0]))
    nested = ag.hessian(lambda p: p["a"] * p["b"] ** 2)({"a": 2.0, "b": 3.0})
    assert nested == {"a": {"a": 0.0, "b": 6.0}, "b": {"a": 6.0, "b": 4.0}}
    both = ag.hessian(lambda x, y: x * x * y, argnums=(0, 1))(2.0, 3.0)
    assert both == ((6.0, 4.0), (4.0, 0.0))


def test_the_hessian_of_a_linear_function_is_zero():
    assert ag.hessian(lambda x: 3 * x)(2.0) == 0.0
    np.testing.assert_array_equal(ag.hessian(lambda x: ag.sum(x))(np.ones(2)), np.zeros((2, 2)))
    np.testing.assert_array_equal(ag.hvp(lambda x: ag.sum(x))(np.ones(2), np.ones(2)), np.zeros(2))
    assert ag.hvp(lambda x: 3 * x)(2.0, 1.0) == 0.0


def test_hvp_of_each_kind_of_argument():
    f = lambda x, c=1.0: c * x[0] ** 2 * x[1]  # noqa: E731
    x, v = [3.0, 5.0], [1.0, 2.0]
    want = [22.0, 6.0]
    np.testing.assert_array_equal(ag.hvp(f)(np.array(x), np.array(v)), want)
    assert ag.hvp(f)(ag.Vector(x), ag.Vector(v)).tolist() == want
    assert ag.hvp(f)(x, v) == want
    assert ag.hvp(f)(tuple(x), (1, 2), 2.0) == (44.0, 12.0)
    np.testing.assert_array_equal(ag.hvp(f)(np.array(x), np.array(v), c=3.0), [66.0, 18.0])
    np.testing.assert_array_equal(ag.hvp(f)(np.array(x), [1.0, 2.0] @ np.eye(2)), want)
    g = lambda x, y: x * x * y  # noqa: E731
    assert ag.hvp(g, argnums=1)(2.0, 1.0, 3.0) == 0.0
    # v comes second, also where several arguments are differentiated.
    assert ag.hvp(g, argnums=(0, 1))(2.0, (1.0, 1.0), 3.0) == (10.0, 4.0)


def by_loop(x):
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


@pytest.mark.parametrize("length", [2, 4, 5, 8, 9, 20])
def test_hessians_of_loops_over_entries(length):
    optimize = pytest.importorskip("scipy.optimize")
    x = np.linspace(-1.0, 1.0, length)
    v = np.cos(x)
    wanted = optimize.rosen_hess(x)
    np.testing.assert_allclose(ag.hessian(by_loop)(x), wanted, rtol=1e-13, atol=1e-12)
    rows = ag.hessian(by_loop)(ag.Vector(x))
    np.testing.assert_allclose([row.tolist() for row in rows], wanted, rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(ag.hvp(by_loop)(x, v), wanted @ v, rtol=1e-12, atol=1e-12)
    nested = ag.hessian(by_loop)(x.tolist())
    np.testing.assert_allclose(nested, wanted, rtol=1e-13, atol=1e-12)
    product = ag.hvp(by_loop)(x.tolist(), v.tolist())
    np.testing.assert_allclose(product, wanted @ v, rtol=1e-12, atol=1e-12)


def test_second_derivatives_of_what_takes_no_part_are_zero():
    f = lambda x, y: x[0] * x[0] * 3.0  # noqa: E731
    x, y = ag.Vector([2.0, 5.0]), ag.Vector([1.0, 1.0, 1.0])
    (xx, xy), (yx, yy) = ag.hessian(f, argnums=(0, 1))(x, y)
    assert [row.tolist() for row in xx] == [[6.0, 0.0], [0.0, 0.0]]
    assert [row.tolist() for row in xy] == [[0.0] * 3] * 2
    assert [row.tolist() for row in yx] == [[0.0] * 2] * 3
    assert [row.tolist() for row in yy] == [[0.0] * 3] * 3
    products = ag.hvp(f, argnums=(0, 1))(x, (x, y), y)
    assert [product.tolist() for product in products] == [[12.0, 0.0], [0.0] * 3]


@pytest.mark.parametrize(
    "f",
    [
        by_loop,
        lambda x: ag.sum(ag.sin(x) * x),
        lambda x: ag.log(x[0]) * ag.dot(x, x) + ag.norm(x[1:]) * x[1],
    ],
)
def test_second_derivatives_leave_nothing_on_the_tape_and_run_the_function_once(f):
    calls = []

    def counted(x):
        calls.append(_core.tape_nodes())
        y = f(x)
        calls.append(_core.tape_nodes() - calls[-1])
        return y

    x = ag.Vector([0.5, 1.5, 2.5])
    own = ag.Variable(1.0)
    _core.reclaim()
    transforms = [lambda x: ag.hvp(counted)(x, x)]
    if f is by_loop:
        # Of whole vectors, the gradient is recorded.
        transforms.append(ag.hessian(counted))
    for transform in transforms:
        calls.clear()
        transform(x)
        # The input, and what the function recorded.
        assert len(calls) == 2
        assert _core.tape_nodes() <= calls[0] + calls[1]
    assert ag.grad(own * own, wrt=[own])[0].item() == 2.0


def test_a_function_that_assigns_to_its_input_has_second_derivatives():
    def f(x):
        y = x * x * x
        x.value = 5.0
        return y

    assert ag.hvp(f)(2.0, 1.0) == ag.hessian(f)(2.0) == 12.0


def test_second_derivatives_of_a_function_that_differentiates_inside():
    def f(x):
        steepness = ag.grad(lambda y: y * y * y)(2.0)
        return steepness * x[0] * x[1] * ag.value_and_grad(lambda y: y * x[0])(3.0)[0]

    # 12 * 3 * x0**2 * x1
    rows = ag.hessian(f)(ag.Vector([2.0, 5.0]))
    assert [row.tolist() for row in rows] == [[360.0, 144.0], [144.0, 0.0]]
    product = ag.hvp(f)(ag.Vector([2.0, 5.0]), ag.Vector([1.0, 0.0]))
    assert product.tolist() == [360.0, 144.0]


def test_second_derivatives_tell_of_anomalies_where_they_are_looked_for():
    f = lambda x: ag.sqrt(x[0]) * x[1]  # noqa: E731
    x = ag.Vector([0.0, 1.0])
    with ag.detect_anomaly(), pytest.raises(FloatingPointError):
        ag.hvp(f)(x, ag.Vector([1.0, 0.0]))
    with ag.detect_anomaly(), pytest.raises(FloatingPointError):
        ag.hessian(f)(x)


# Directions


def test_jvp_gives_value_and_tangent():
    value, tangent = ag.jvp(lambda x, y: ag.sin(x) * y, (0.3, 2.0), (1.0, 0.5))
    assert value == math.sin(0.3) * 2.0
    assert tangent == pytest.approx(2 * math.cos(0.3) + 0.5 * math.sin(0.3), rel=1e-15)
    x = np.array([1.0, 2.0])
    value, tangent = ag.jvp(lambda x: x * x, (x,), (np.array([1.0, 0.0]),))
    np.testing.assert_array_equal(value, [1.0, 4.0])
    np.testing.assert_array_equal(tangent, [2.0, 0.0])
    value, tangent = ag.jvp(lambda x: ag.sum(x * x), (ag.Vector([1, 2]),), (ag.Vector([1, 1]),))
    assert (value, tangent) == (5.0, 6.0)
    value, tangent = ag.jvp(lambda p: {"u": p["a"] ** 2}, ({"a": 3.0},), ({"a": 1},))
    assert (value, tangent) == ({"u": 9.0}, {"u": 6.0})


def test_jvp_of_a_result_that_does_not_change_is_zero():
    assert ag.jvp(lambda x, y: ag.Variable(3.0) * 2.0, (1.0, 2.0), (1.0, 1.0)) == (6.0, 0.0)


def test_vjp_pulls_back_any_number_of_times():
    value, pullback = ag.vjp(lambda x, y: ag.stack([x * y, x]), 2.0, 3.0)
    assert value.tolist() == [6.0, 2.0]
    assert pullback(ag.Vector([1.0, 0.0])) == (3.0, 2.0)
    assert pullback(ag.Vector([0.0, 1.0])) == (1.0, 0.0)
    value, pullback, aux = ag.vjp(lambda x: (x * x, x + 1), 3.0, has_aux=True)
    assert (value, pullback(2.0), aux) == (9.0, (12.0,), 4.0)
    value, pullback = ag.vjp(lambda x: {"a": x * x, "b": [x]}, np.array([1.0, 2.0]))
    (gradient,) = pullback({"a": np.ones(2), "b": [np.array([5.0, 7.0])]})
    np.testing.assert_array_equal(gradient, [7.0, 11.0])


def test_vjp_of_a_recorded_cotangent_is_recorded():
    _, pullback = ag.vjp(square, 3.0)
    seed = ag.Variable(2.0)
    (bar,) = pullback(seed)
    assert ag.grad(bar, wrt=[seed])[0].item() == 6.0


def test_elementwise_grad_is_the_derivative_of_each_entry():
    x = np.linspace(-1, 1, 5)
    np.testing.assert_allclose(ag.elementwise_grad(ag.sin)(x), np.cos(x), rtol=1e-15)
    second = ag.elementwise_grad(ag.elementwise_grad(ag.sin))
    np.testing.assert_allclose(second(x), -np.sin(x), rtol=1e-15)
    assert ag.elementwise_grad(square)(3.0) == 6.0


def test_checkpoints_change_no_derivative():
    def block(x, y):
        for _ in range(4):
            x = ag.sin(x * y)
        return {"x": x, "rest": [y * x, 3, None]}

    def loss(fun):
        def run(x, y):
            out = fun(x, y)
            return ag.sum(out["x"] * out["rest"][0])

        return run

    x = np.array([0.3, 0.4])
    plain, kept = loss(block), loss(ag.checkpoint(block))
    for transform in (ag.grad, ag.hessian):
        want, got = transform(plain, argnums=1)(x, 1.3), transform(kept, argnums=1)(x, 1.3)
        assert got == pytest.approx(want, rel=1e-13)
    np.testing.assert_allclose(ag.hessian(kept)(x, 1.3), ag.hessian(plain)(x, 1.3), rtol=1e-12)
    want, got = ag.jvp(plain, (x, 1.3), (x, 1.0)), ag.jvp(kept, (x, 1.3), (x, 1.0))
    assert got == pytest.approx(want, rel=1e-14)
    assert ag.checkpoint(square)(3.0) == 9.0


def test_a_checkpoint_keeps_arguments_and_result_only():
    x = ag.Variable(0.5)

    def block(x):
        for _ in range(1000):
            x = ag.sin(x)
        return x

    _core.reclaim()
    before = _core.tape_nodes()
    y = ag.checkpoint(block)(x)
    _core.reclaim()
    assert _core.tape_nodes() - before <= 2
    assert ag.grad(y, wrt=[x])[0].item() == pytest.approx(ag.grad(block)(0.5), rel=1e-15)


def test_a_checkpoint_of_a_closure_has_the_gradients_of_what_it_closes_over():
    outer = ag.Variable(2.0)
    y = ag.checkpoint(lambda x: x * outer * x)(ag.Variable(3.0))
    assert ag.grad(y, wrt=[outer])[0].item() == 9.0


# Nesting


def test_perturbations_do_not_mix():
    f = lambda x: x * ag.grad(lambda y: x * y)(1.0)  # noqa: E731
    assert ag.grad(f)(4.0) == 8.0
    forward = lambda x: x * ag.jvp(lambda y: x * y, (1.0,), (1.0,))[1]  # noqa: E731
    assert ag.grad(forward)(4.0) == 8.0
    assert ag.jvp(forward, (4.0,), (1.0,)) == (16.0, 8.0)
    assert ag.jvp(f, (4.0,), (1.0,)) == (16.0, 8.0)


def test_perturbations_do_not_mix_where_the_inner_point_is_the_outer_one():
    # d/dx [ d/dy (x * y**2) at y = x ] = d/dx 2x**2 = 4x
    for inner in (
        lambda g, x: ag.grad(g)(x),
        lambda g, x: ag.jvp(g, (x,), (1.0,))[1],
        lambda g, x: ag.vjp(g, x)[1](1.0)[0],
        lambda g, x: ag.jacfwd(g)(x),
        lambda g, x: ag.jacrev(g)(x),
        lambda g, x: ag.value_and_grad(g)(x)[1],
    ):
        f = lambda x, inner=inner: inner(lambda y: x * y**2, x)  # noqa: E731
        assert ag.grad(f)(3.0) == 12.0
        assert ag.jvp(f, (3.0,), (1.0,))[1] == 12.0
        assert ag.hessian(f)(3.0) == 4.0


def test_deep_nesting_of_one_function_gives_its_higher_derivatives():
    f = ag.sin
    for order in range(7):
        want = math.sin(0.3 + order * math.pi / 2)
        assert f(0.3) == pytest.approx(want, rel=1e-14)
        f = ag.grad(f)


def derive_forward(f):
    return lambda x: ag.jvp(f, (x,), (1.0,))[1]


def derive_by_vjp(f):
    return lambda x: ag.vjp(f, x)[1](1.0)[0]


def derive_by_value(f):
    return lambda x: ag.value_and_grad(f)(x)[1]


FIRST_ORDER = [ag.grad, ag.jacfwd, ag.jacrev, derive_forward, derive_by_vjp, derive_by_value]


@pytest.mark.parametrize("outer", FIRST_ORDER)
@pytest.mark.parametrize("middle", FIRST_ORDER)
@pytest.mark.parametrize("inner", FIRST_ORDER)
def test_mixed_nesting_to_third_order(outer, middle, inner):
    def f(x):
        return ag.exp(x) * ag.sin(x * x) / (1 + x)

    want = mpmath.diff(lambda x: mpmath.exp(x) * mpmath.sin(x * x) / (1 + x), 0.7, 3)
    assert outer(middle(inner(f)))(0.7) == pytest.approx(float(want), rel=1e-12)


@pytest.mark.parametrize("outer", [*FIRST_ORDER, ag.hessian])
@pytest.mark.parametrize(
    "f", [lambda x: 2 * x, ag.floor, lambda x: x * x, lambda x: x + ag.sign(x)]
)
def test_third_and_fourth_derivatives_that_vanish_are_zero(f, outer):
    # Each order finds the constant that the one inside of it made, with nothing that leads on.
    for chosen in itertools.product(FIRST_ORDER, repeat=3):
        g = f
        for transform in chosen:
            g = transform(g)
        for found in (g(1.5), outer(g)(1.5)):
            assert type(found) is float
            assert found == 0.0


def test_third_derivatives_of_arrays_that_vanish_are_zero():
    x = np.ones(2)
    for f in (ag.sum, lambda x: ag.sum(ag.floor(x))):
        found = [
            outer(middle(ag.grad(f)))(x)
            for outer, middle in itertools.product((ag.jacfwd, ag.jacrev), repeat=2)
        ]
        found.append(ag.jacfwd(ag.hessian(f))(x))
        found.append(ag.jvp(lambda x, f=f: ag.hvp(f)(x, x), (x,), (x,))[1])
        found += ag.vjp(lambda x, f=f: ag.jvp(ag.grad(f), (x,), (x,))[1], x)[1](x)
        for entries in found:
            assert entries.dtype == float
            assert not entries.any()


def test_second_order_transforms_inside_of_first_order_ones():
    f = lambda x: x[0] ** 3 * x[1] ** 2  # noqa: E731
    x = np.array([2.0, 3.0])
    third = ag.jacobian(ag.hessian(f))(x)
    assert third.shape == (2, 2, 2)
    want = np.array([[[54.0, 72.0], [72.0, 24.0 * 2]], [[72.0, 48.0], [48.0, 0.0]]])
    want = np.array([[[6 * 9.0, 6 * 2 * 2 * 3.0], [72.0, 3 * 4 * 2.0]], [[72.0, 24.0], [24.0, 0]]])
    np.testing.assert_allclose(third, want)
    v = np.array([1.0, 2.0])
    np.testing.assert_allclose(ag.jacobian(lambda x: ag.hvp(f)(x, v))(x), third @ v)
    np.testing.assert_allclose(
        ag.grad(lambda v: ag.dot(v, ag.hvp(f)(x, v)))(v), 2 * (ag.hessian(f)(x) @ v)
    )
    np.testing.assert_allclose(
        ag.grad(lambda x: np.trace(ag.hessian(f)(x)))(x),
        [
            third[0, 0, 0] + third[1, 1, 0],
            third[0, 0, 1] + third[1, 1, 1],
        ],
    )


def test_transforms_of_variables_give_variables():
    x = ag.Variable(2.0)
    value, slope = ag.value_and_grad(lambda t: t**3)(x)
    assert isinstance(value, ag.Variable)
    assert isinstance(slope, ag.Variable)
    ag.grad(slope)
    assert x.grad.item() == 12.0
    row = ag.Variable(ag.Vector([1.0, 2.0]))
    gradient = ag.grad(lambda t: ag.sum(t * t))(row)
    assert isinstance(gradient, ag.Variable)
    assert gradient.tolist() == [2.0, 4.0]


def test_closures_over_variables_give_variables_that_depend_on_them():
    outer = ag.Variable(2.0)
    slope = ag.grad(lambda x: outer * x * x)(3.0)
    assert isinstance(slope, ag.Variable)
    assert ag.grad(slope, wrt=[outer])[0].item() == 6.0
    curvature = ag.hessian(lambda x: outer * x * x)(3.0)
    assert ag.grad(curvature, wrt=[outer])[0].item() == 2.0
    product = ag.hvp(lambda x: outer * x * x)(3.0, 5.0)
    assert ag.grad(product, wrt=[outer])[0].item() == 10.0
    _, tangent = ag.jvp(lambda x: outer * x * x, (3.0,), (1.0,))
    assert ag.grad(tangent, wrt=[outer])[0].item() == 6.0
    assert outer.grad is None


def test_a_variable_made_inside_is_no_reason_to_give_variables():
    def f(x):
        constant = ag.Variable(3.0)
        return x * constant

    assert ag.grad(f)(2.0) == 3.0
    assert type(ag.grad(f)(2.0)) is float


def test_a_gradient_step_inside_of_a_function_can_be_differentiated():
    # Minimise (t - a)**2 by steps of 0.25: t becomes a + (t - a) / 2**n, so d/da is 1 - 2**-n.
    def tuned(a):
        t = 0.0
        for _ in range(50):
            t = t - 0.25 * ag.grad(lambda t: (t - a) ** 2)(t)
        return t

    assert ag.grad(tuned)(3.0) == pytest.approx(1 - 2.0**-50, rel=1e-15)


def test_a_newton_step_can_be_differentiated_forward_and_backward():
    def root(c):
        x = 1.0
        for _ in range(8):
            f = lambda x: x * x - c  # noqa: E731
            x = x - f(x) / ag.grad(f)(x)
        return x

    assert ag.grad(root)(2.0) == pytest.approx(0.5 / math.sqrt(2), rel=1e-14)
    assert ag.jvp(root, (2.0,), (1.0,))[1] == pytest.approx(0.5 / math.sqrt(2), rel=1e-14)
    assert ag.hessian(root)(2.0) == pytest.approx(-0.25 / 2**1.5, rel=1e-13)


def test_recording_inside_is_not_for_no_grad_outside():
    with ag.no_grad():
        assert ag.grad(square)(3.0) == 6.0
        assert ag.hessian(square)(3.0) == 2.0
        assert ag.jvp(square, (3.0,), (1.0,)) == (9.0, 6.0)
        assert ag.jvp(lambda x: [x, x * x], (3.0,), (1.0,)) == ([3.0, 9.0], [1.0, 6.0])
        assert ag.jacfwd(lambda x: [x, x * x])(3.0) == [1.0, 6.0]
        _, pullback = ag.vjp(lambda x: [x, x * x], 3.0)
        assert pullback([1.0, 1.0]) == (7.0,)
        assert (ag.Variable(2.0) * 3).is_leaf
        outer = ag.Variable(2.0)
        slope = ag.grad(lambda x: outer * x * x)(3.0)
    assert slope.item() == 12.0
    assert not _core.is_tracked(slope)


# Random programs

KINDS = (
    tuple(
        sorted(
            {ALIASES.get(op["name"], op["name"]) for op in ag.ops() if op["public"]}
            & (UNARY.keys() | BINARY.keys())
        )
    )
    + STRUCTURAL
)
EXACT = Truth(digits=80)
STEP = EXACT.mp.mpf("1e-18")


def directional(function, lengths, point, directions):
    """The derivative of a program along one direction after the other, by differences."""
    if not directions:
        EXACT.rewind()
        rows, start = [], 0
        for length in lengths:
            rows.append(EXACT.row(point[start : start + length]))
            start += length
        return function(EXACT, *rows).entries[0]
    first, *rest = directions
    above = [x + STEP * d for x, d in zip(point, first, strict=True)]
    below = [x - STEP * d for x, d in zip(point, first, strict=True)]
    rise = directional(function, lengths, above, rest) - directional(function, lengths, below, rest)
    return rise / (2 * STEP)


def in_direction(function, lengths, direction):
    """The program as a function of one array, and its direction as an array."""

    def f(x):
        parts, start = [], 0
        for length in lengths:
            parts.append(x[start] if length == 1 else x[start : start + length])
            start += length
        return function(ag, *parts)

    return f, np.array(direction)


def ways(order):
    """Ways to the derivative of this order along a direction, each with other transforms."""
    slope = {
        "grad": lambda f, v: lambda x: ag.dot(ag.grad(f)(x), v),
        "jvp": lambda f, v: lambda x: ag.jvp(f, (x,), (v,))[1],
        "vjp": lambda f, v: lambda x: ag.dot(ag.vjp(f, x)[1](1.0)[0], v),
    }
    names = sorted(slope)
    found = []
    for shift in range(3):
        chosen = [names[(shift + k * (shift + 1)) % 3] for k in range(order)]
        found.append((chosen, [slope[name] for name in chosen]))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_to_third_order_in_mixed_modes(seed):
    program = write_program(seed, KINDS, statements=6)
    function, lengths = program.function(), [len(row) for row in program.inputs]
    point = [entry for row in program.inputs for entry in row]
    draw = random.Random(seed)
    direction = [round(draw.uniform(-1, 1), 3) for _ in point]
    f, v = in_direction(function, lengths, direction)
    exact = [EXACT.mp.mpf(x) for x in point]
    along = [EXACT.mp.mpf(d) for d in direction]
    for order in (1, 2, 3):
        want = float(directional(function, lengths, exact, [along] * order))
        for names, steps in ways(order):
            g = f
            for step in steps:
                g = step(g, v)
            got = g(np.array(point))
            got = got.item() if isinstance(got, ag.Variable) else got
            assert got == pytest.approx(want, rel=1e-8, abs=1e-7), (str(program), order, names)
    x = np.array(point)
    want = ag.hessian(f)(x)
    scale = 1e-10 * (1 + abs(want).max())
    np.testing.assert_allclose(ag.jacfwd(ag.grad(f))(x), want, rtol=1e-10, atol=scale)
    np.testing.assert_allclose(ag.jacrev(ag.grad(f))(x), want, rtol=1e-10, atol=scale)
    np.testing.assert_allclose(ag.hvp(f)(x, v), want @ v, rtol=1e-9, atol=10 * scale)


def test_hips_autograd_agrees():
    hips = pytest.importorskip("autograd")
    anp = pytest.importorskip("autograd.numpy")

    def loss(np, x, a):
        hidden = np.tanh(np.dot(a, x) * x + np.sin(x))
        return np.sum(hidden**2) + np.log(np.sum(np.exp(x))) * np.max(x)

    rng = np.random.default_rng(3)
    x, a = rng.normal(size=5), rng.normal(size=5)
    theirs = lambda x: loss(anp, x, a)  # noqa: E731
    ours = lambda x: loss(np, x, a)  # noqa: E731
    np.testing.assert_allclose(ag.grad(ours)(x), hips.grad(theirs)(x), rtol=1e-13)
    np.testing.assert_allclose(ag.hessian(ours)(x), hips.hessian(theirs)(x), rtol=1e-11)
    third = hips.jacobian(hips.hessian(theirs))(x)
    np.testing.assert_allclose(ag.jacobian(ag.hessian(ours))(x), third, rtol=1e-9, atol=1e-9)


# Manners


def test_a_transform_looks_like_its_function():
    for transform in (ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian, ag.hvp, ag.checkpoint):
        made = transform(scaled)
        assert made.__name__ == "scaled"
        assert made.__module__ == scaled.__module__
        assert made.__wrapped__ is scaled
        assert inspect.signature(made) == inspect.signature(scaled)
    assert ag.grad(square).__doc__.startswith("Gradient of `square` with respect to argument 0.")
    assert "Square of x." in ag.grad(square).__doc__


def test_the_text_of_a_transform_can_be_read():
    assert repr(ag.grad(square)) == f"grad({square!r})"
    assert repr(ag.grad(square, (0,))) == f"grad({square!r}, argnums=(0,))"
    assert repr(ag.jacobian(square, mode="fwd")) == f"jacobian({square!r}, mode='fwd')"
    assert repr(ag.jacfwd(square)) == f"jacfwd({square!r})"
    assert repr(ag.jacrev(square, (0,))) == f"jacrev({square!r}, argnums=(0,))"
    assert repr(ag.grad(ag.grad(square), has_aux=True)).endswith("), has_aux=True)")


def test_a_copied_pullback_gave_0():
    _, pullback = ag.vjp(ag.sin, 1.0)
    assert copy.copy(pullback)(1.0) == (math.cos(1.0),)
    assert copy.deepcopy([pullback])[0](1.0) == (math.cos(1.0),)


def test_a_pickled_pullback_gave_0():
    with pytest.raises(TypeError, match=r"vjp: .* to pickle, .*call vjp again"):
        pickle.dumps(ag.vjp(ag.sin, 1.0)[1])


@pytest.mark.parametrize(
    "made",
    [
        ag.grad(square),
        ag.value_and_grad(square, argnums=(0,)),
        ag.grad(ag.grad(square)),
        ag.jacobian(square, mode="fwd"),
        ag.jacfwd(square),
        ag.jacrev(square),
        ag.hessian(square),
        ag.elementwise_grad(square),
        ag.checkpoint(square),
        decorated,
    ],
)
def test_transforms_can_be_pickled(made):
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is type(made)
    assert again(3.0) == made(3.0)
    assert repr(again) == repr(made)


def test_methods_can_be_transformed():
    assert Line().derivative(2.0) == 12.0
    assert Line.derivative(Line(), 2.0) == 12.0


def test_callables_without_a_name_can_be_transformed():
    import functools

    made = ag.grad(functools.partial(scaled, factor=3.0))
    assert made(2.0) == 12.0
    assert "partial" in repr(made)
    assert ag.grad(operator.neg)(2.0) == -1.0


def test_threads_have_their_own_derivatives():
    failures = []

    def work(scale):
        f = ag.grad(ag.grad(lambda x: scale * x**3))
        wrong = [step for step in range(200) if f(float(step)) != 6 * scale * step]
        failures.extend(wrong)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# Bad input


def fails_with(error, call, *words):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert message.islower() or any(c in message for c in "VINT'fFS<")
    assert not message.endswith(".")


def test_a_vector_result_names_its_shape_and_what_to_use():
    f = lambda x: ag.stack([x, x, x])  # noqa: E731
    words = ("shape (3,)", "wanted a scalar", "jacobian(f)", "sum the result")
    fails_with(ValueError, lambda: ag.grad(f)(1.0), "grad: f returned", *words)
    fails_with(ValueError, lambda: ag.value_and_grad(f)(np.float64(1.0)), *words)
    fails_with(ValueError, lambda: ag.hessian(f)(1.0), "hessian: f returned", *words)
    fails_with(ValueError, lambda: ag.hvp(f)(1.0, 1.0), "hvp: f returned", *words)
    fails_with(ValueError, lambda: ag.grad(lambda x: [x, x])(1.0), "container of 2", "jacobian(f)")


@pytest.mark.parametrize("transform", [ag.grad, ag.jacobian, ag.hessian, ag.jacfwd])
def test_results_that_cannot_be_differentiated_are_said(transform):
    for result, words in [
        (None, ("returned None", "return missing")),
        ("text", ("returned str 'text'",)),
        (1j, ("complex 1j",)),
        (object(), ("object",)),
    ]:
        fails_with(TypeError, lambda result=result: transform(lambda x: result)(1.0), *words)


def test_results_that_cannot_be_differentiated_name_the_transform():
    for name, call in {
        "grad": lambda: ag.grad(lambda x: "text")(1.0),
        "value_and_grad": lambda: ag.value_and_grad(lambda x: "text")(1.0),
        "hessian": lambda: ag.hessian(lambda x: "text")(1.0),
        "hvp": lambda: ag.hvp(lambda x: "text")(1.0, 1.0),
        "jacobian": lambda: ag.jacobian(lambda x: ["text"])([1.0]),
        "jacfwd": lambda: ag.jacfwd(lambda x: ["text"])([1.0]),
        "jacrev": lambda: ag.jacrev(lambda x: ["text"])([1.0]),
        "jvp": lambda: ag.jvp(lambda x: "text", (1.0,), (1.0,)),
        "vjp": lambda: ag.vjp(lambda x: "text", 1.0),
    }.items():
        fails_with(TypeError, call, f"{name}: ", "str 'text', wanted numbers")


def test_what_is_for_functions_only_is_refused_with_a_variable():
    x = ag.Variable(3.0)
    for call in (
        lambda: ag.grad(x * x, [x]),
        lambda: ag.grad(x * x, x),
        lambda: ag.grad(x * x, ag.Variable(ag.Vector([1.0, 2.0]))),
        lambda: ag.grad(x * x, argnums=1),
        lambda: ag.grad(x * x, has_aux=True),
    ):
        fails_with(TypeError, call, "grad: got a Variable with argnums or has_aux", "wrt=[...]")
    assert x.grad is None


def test_arguments_that_cannot_be_differentiated_are_said():
    gradient = ag.grad(square)
    for x, words in [
        (np.arange(3), ("int64", "float64", "integers have no derivative", "astype(float)")),
        (np.array([True]), ("bool", "astype(float)")),
        (np.array([1j]), ("complex128", "x.real")),
        (np.array([[1.0], [2.0, 3.0]], dtype=object), ("object array", "entry 0 is list")),
        (np.array(["a"]), ("<U1",)),
        (True, ("bool True",)),
        (1j, ("complex 1j",)),
        ("a", ("str 'a'", "argnums")),
        ({"a": [1.0, "b"]}, ("argument 0['a'][1]", "str 'b'")),
        (object(), ("object",)),
        (square, ("function",)),
    ]:
        fails_with(TypeError, lambda x=x: gradient(x), "grad: argument 0", *words)


NAMED = [
    ag.grad,
    ag.value_and_grad,
    ag.elementwise_grad,
    ag.jacobian,
    ag.jacfwd,
    ag.jacrev,
    ag.hessian,
    ag.hvp,
]


@pytest.mark.parametrize("transform", NAMED, ids=lambda own: own.__name__)
def test_a_wrong_name_of_an_argument_is_met_with_the_right_one(transform):
    op = transform.__name__
    fails_with(
        TypeError,
        lambda: transform(square, argnum=0),
        f"{op}: got an unknown argument 'argnum', wanted argnums",
    )
    fails_with(
        TypeError, lambda: transform(square, colour=0), f"{op}: got an unknown argument 'colour'"
    )
    fails_with(TypeError, lambda: transform(), f"{op}: got no first argument, wanted a")
    fails_with(TypeError, lambda: transform(argnums=1), f"use functools.partial({op}, argnums=1)")


def test_jvp_and_vjp_have_no_argnums_and_no_private_names():
    fails_with(TypeError, lambda: ag.jvp(), "jvp: got no first argument, wanted a function")
    fails_with(TypeError, lambda: ag.jvp(square, (1.0,)), "jvp: got no tangents, wanted jvp(fun")
    fails_with(TypeError, lambda: ag.jvp(square, (1.0,), (1.0,), ()), "jvp: got 4 arguments")
    fails_with(TypeError, lambda: ag.jvp(square, (1.0,), v=1.0), "'v', wanted one of fun, primals")
    fails_with(TypeError, lambda: ag.vjp(square, 1.0, argnums=0), "'argnums', wanted one of fun")
    fails_with(TypeError, lambda: ag.vjp(square, 1.0)[1](), "pullback() missing 1 required")
    for call in (
        lambda: ag.vjp(square, "a"),
        lambda: ag.jvp(square, ("a",), (1.0,)),
        lambda: ag.check_grads(square, ("a",)),
    ):
        with pytest.raises(TypeError, match="argument 0: got str 'a', wanted a number") as caught:
            call()
        assert "argnums" not in str(caught.value)


@pytest.mark.parametrize("function", [ag.grad, ag.jvp], ids=["grad", "jvp"])
def test_a_function_that_begins_natively_is_found_by_its_name(function):
    name = function.__name__
    assert function.__qualname__ == name
    assert repr(function) == f"<built-in function {name}>"
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.deepcopy(function) is function
    assert list(inspect.signature(function).parameters)[1] in ("argnums", "primals")


def test_a_result_that_is_no_number_is_said_with_what_came():
    fails_with(TypeError, lambda: ag.jacobian(lambda x: [x, "s"])(2.0), "f(...)[1]: got str 's', ")
    fails_with(TypeError, lambda: ag.jacobian(lambda x: "s")(2.0), "f returned str 's', wanted")


def test_an_async_function_is_said_to_be_one_and_is_not_left_unawaited():
    async def later(x):
        return x * x

    for call in (
        lambda: ag.grad(later)(2.0),
        lambda: ag.value_and_grad(later, has_aux=True)(2.0),
        lambda: ag.jvp(later, (2.0,), (1.0,)),
        lambda: ag.vjp(later, 2.0),
        lambda: ag.hessian(later)(2.0),
    ):
        fails_with(TypeError, call, "later is an async function, wanted one that computes when")


def test_wrong_argnums_are_said():
    for argnum in (10**30, -(10**30), 10**5000):
        fails_with(ValueError, lambda own=argnum: ag.hessian(square, own), "the position of an")
        fails_with(ValueError, lambda own=argnum: ag.jacobian(square, own), "the position of an")
    fails_with(TypeError, lambda: ag.grad(square, np.array([0, 1])), "argnums: got an array of int")
    assert ag.grad(lambda x, y: x * y, range(2))(2.0, 3.0) == (3.0, 2.0)
    fails_with(TypeError, lambda: ag.grad(square, argnums=0.5), "argnums: got float 0.5")
    fails_with(TypeError, lambda: ag.grad(square, argnums="x"), "argnums: got str 'x'")
    fails_with(TypeError, lambda: ag.grad(square, argnums=True), "argnums: got bool True")
    fails_with(TypeError, lambda: ag.grad(square, argnums=(0, None)), "argnums: got None")
    fails_with(ValueError, lambda: ag.grad(square, argnums=()), "argnums: got none")
    fails_with(ValueError, lambda: ag.grad(square, argnums=(0, 0)), "each once")
    fails_with(ValueError, lambda: ag.grad(square, argnums=1)(1.0), "got int 1", "1 positional")
    fails_with(ValueError, lambda: ag.grad(square, argnums=-2)(1.0), "got int -2")
    fails_with(ValueError, lambda: ag.grad(square, argnums=(0, -1))(1.0), "argument 0 twice")
    fails_with(ValueError, lambda: ag.grad(square)(x=1.0), "0 positional", "by position")


def test_wrong_functions_and_options_are_said():
    fails_with(TypeError, lambda: ag.grad(3.0), "does not depend on any Variable")
    fails_with(TypeError, lambda: ag.hessian(3.0), "hessian: got float 3.0, wanted a function")
    fails_with(TypeError, lambda: ag.jvp(3.0, (1.0,), (1.0,)), "jvp: got float 3.0")
    fails_with(ValueError, lambda: ag.jacobian(square, mode="up"), "mode: got 'up'", "'fwd'")
    fails_with(TypeError, lambda: ag.grad(square, wrt=[ag.Variable(1.0)]), "wrt")
    fails_with(TypeError, lambda: ag.grad(square, has_aux=True)(1.0), "has_aux=True", "a pair")
    fails_with(TypeError, lambda: ag.hvp(square)(1.0), "wanted x and v")


def test_wrong_directions_are_said():
    x = np.ones(2)
    jvp = lambda p, t: ag.jvp(lambda x: x * x, p, t)  # noqa: E731
    fails_with(TypeError, lambda: jvp(x, (x,)), "primals: got an array", "wanted a tuple")
    fails_with(TypeError, lambda: jvp((x,), x), "tangents: got an array", "wanted a tuple")
    fails_with(ValueError, lambda: jvp((x,), (np.ones(3),)), "shapes differ", "(3,)", "(2,)")
    fails_with(ValueError, lambda: jvp((x,), (x, x)), "tangents: got 2 of them, wanted 1")
    fails_with(ValueError, lambda: jvp((x,), ([1.0, 2.0],)), "structure differs")
    fails_with(ValueError, lambda: ag.hvp(rosenbrock)(x, np.ones(3)), "shapes differ")
    _, pullback = ag.vjp(lambda x: x * x, x)
    fails_with(ValueError, lambda: pullback(np.ones(3)), "shapes differ", "(3,)", "(2,)")
    fails_with(ValueError, lambda: pullback([1.0, 2.0]), "structure differs")


# What is left behind


def is_as_before(call):
    """Whether a failing call leaves modes, tape and gradients as they were."""
    x = ag.Variable(2.0)
    ag.grad(x * x)
    nodes = _core.tape_nodes()
    with pytest.raises(BaseException):  # noqa: B017, PT011 (whichever it is)
        call()
    _core.reclaim()
    assert _core.tape_nodes() <= nodes + 2
    assert _core.is_recording()
    assert not _core.wants_arrays()
    assert x.grad.item() == 4.0
    assert ag.grad(ag.grad(square))(3.0) == 2.0


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, RecursionError, SystemExit])
@pytest.mark.parametrize("x", [1.0, np.ones(2), [1.0, np.ones((2, 2))]])
def test_an_exception_inside_passes_and_leaves_all_as_before(error, x):
    def f(x):
        y = x * 2 if not isinstance(x, list) else x[0] * 2
        if y is not None:
            raise error("inside")
        return y

    for call in (
        lambda: ag.grad(f)(x),
        lambda: ag.value_and_grad(f, argnums=(0,))(x),
        lambda: ag.hessian(f)(x),
        lambda: ag.jvp(f, (x,), (x,)),
        lambda: ag.grad(lambda t: ag.grad(f)(x) * t)(1.0),
    ):
        with pytest.raises(error, match="inside"):
            call()
        is_as_before(call)
        with ag.no_grad():
            with pytest.raises(error):
                call()
            assert not _core.is_recording()


def test_what_a_function_does_to_its_container_is_its_own():
    tree = {"a": 1.0, "b": [2.0]}

    def f(tree):
        tree["a"] = tree["a"] * 3
        tree["b"].append(tree["a"])
        return tree["b"][0] * tree["b"][1]

    assert ag.grad(f)(tree) == {"a": 6.0, "b": [3.0]}
    assert tree == {"a": 1.0, "b": [2.0]}


def test_an_array_changed_inside_does_not_change_its_derivative():
    x = np.array([1.0, 2.0])

    def f(v):
        y = ag.sum(v * v)
        x[:] = 100.0
        return y

    np.testing.assert_array_equal(ag.grad(f)(x), [2.0, 4.0])


def test_the_value_of_a_variable_that_leaks_out_stays_valid():
    kept = []

    def f(x):
        kept.append(x)
        kept.append(x * x)
        return x * 3

    assert ag.grad(f)(2.0) == 3.0
    assert kept[0].item() == 2.0
    x, y = kept
    assert (y * x).item() == 8.0
    assert ag.grad(y * x, wrt=[x])[0].item() == 12.0
    kept.clear()

    def g(x):
        kept.append(x)
        return ag.grad(lambda y: y * x)(1.0)

    assert ag.grad(g)(2.0) == 1.0
    assert (kept[0] + 1).item() == 3.0


def test_a_million_calls_leave_nothing_behind():
    f = ag.value_and_grad(lambda x: ag.sin(x) * x)
    h = ag.hessian(lambda x: ag.sin(x) * x)
    for _ in range(3000):
        f(0.5)
        h(0.5)
    _core.reclaim()
    before = _core.tape_nodes()
    for _ in range(20000):
        f(0.5)
    for _ in range(1000):
        h(0.5)
    _core.reclaim()
    assert _core.tape_nodes() <= before


def test_a_direction_of_zero_makes_no_negative_zero():
    x, direction = ag.Vector([1.0, 2.0]), ag.Vector([0.0, 1.0])
    found = ag.jvp(lambda x: -2.0 * ag.cos(x + 2.0) * -x, (x,), (direction,))[1]
    assert math.copysign(1, found[0].item()) == 1
    assert math.copysign(1, ag.jvp(lambda x: -2.0 * x, (1.0,), (0.0,))[1]) == 1


# Variables that leak out of a function


def leaked(transform=ag.grad, x=2.0):
    kept = []
    transform(lambda x: (kept.extend([x, x * 3]), ag.sum(x * x))[1])(x)
    return kept


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "transform", [ag.grad, ag.hessian, ag.jacobian, ag.value_and_grad, ag.jacfwd]
)
def test_an_argument_that_leaked_out_of_a_transform_came_back_in_the_next(transform, place):
    for x in (2.0, ag.Vector([1.0, 2.0])):
        old = leaked(transform, x)[place]
        f = lambda y, old=old: ag.sum(y * old)  # noqa: E731
        for later in (ag.grad, ag.hessian, ag.jacobian, ag.elementwise_grad):
            made = later(f)
            wanted = f"{made._op}: f returned a", "has ended"
            fails_with(TypeError, lambda made=made: made(3.0), *wanted)
        fails_with(TypeError, lambda f=f: ag.jvp(f, (3.0,), (1.0,)), "jvp: f returned", ".detach()")
        assert ag.grad(lambda y, old=old: y * ag.sum(old.detach()))(3.0) == ag.sum(old).item()


def test_grad_of_a_leaked_argument_set_its_gradient():
    x, tripled = leaked()
    for result in (x * 3.0, tripled * 2.0, x):
        fails_with(TypeError, lambda result=result: ag.grad(result), "grad: got a result", "ended")
    assert x.grad is None
    w = ag.Variable(5.0)
    ag.grad(w * tripled)
    assert w.grad.item() == 6.0
    assert x.grad is None


def test_arguments_end_with_a_function_that_fails_and_with_a_pullback():
    kept = []

    def fail(x):
        kept.append(x)
        raise RuntimeError

    for transform, x in ((ag.grad, 2.0), (ag.grad, [2.0]), (ag.hessian, 2.0)):
        with pytest.raises(RuntimeError):
            transform(fail)(x)
    kept[1] = kept[1][0]
    _, pullback = ag.vjp(lambda x: (kept.append(x), x * x)[1], 2.0)
    assert pullback(1.0) == (4.0,)
    del pullback
    for old in kept:
        fails_with(TypeError, lambda old=old: ag.grad(old * 2.0), "grad: got a result", "ended")


def test_arguments_of_transforms_under_way_are_no_leaks():
    outer = ag.Variable(2.0)
    recorded = ag.grad(lambda y: y * y * outer)(3.0)
    assert recorded.item() == 12.0
    ag.grad(recorded)
    assert outer.grad.item() == 6.0
    assert isinstance(ag.grad(lambda z: z * recorded)(1.0), ag.Variable)
    kept = []
    inner = lambda x: ag.grad(lambda y: (kept.append(y), x * y * y)[1])(5.0)  # noqa: E731
    assert ag.grad(inner)(7.0) == 10.0
    assert ag.hessian(lambda x: x * inner(x))(7.0) == 20.0

    def in_a_thread(x):
        found = []
        thread = threading.Thread(target=lambda: found.append(ag.grad(lambda y: x * y * y)(5.0)))
        thread.start()
        thread.join()
        return found[0]

    assert ag.grad(in_a_thread)(7.0) == 10.0


def test_a_pullback_is_no_leak():
    _, pullback = ag.vjp(lambda x: x * x, 3.0)
    assert pullback(1.0) == (6.0,)
    assert float(ag.grad(lambda y: y * pullback(y)[0])(2.0).detach()) == 24.0
