"""Functions whose result depends on no input: their derivative is exactly 0."""

import math

import pytest

import autograd_rs as ag
from autograd_rs import Vector

np = pytest.importorskip("numpy")

ZEROS = [
    # An argument, and 0 in its structure and type.
    (2.0, 0.0),
    (2, 0.0),
    (Vector([1.0, 2.0]), Vector([0.0, 0.0])),
    (np.array([1.0, 2.0]), np.zeros(2)),
    (np.ones((2, 2)), np.zeros((2, 2))),
    (np.array([1.0]), np.zeros(1)),
    ({"a": 2.0, "b": np.ones(2)}, {"a": 0.0, "b": np.zeros(2)}),
    ((1.0, [2.0, Vector([3.0])]), (0.0, [0.0, Vector([0.0])])),
]
CONSTANTS = [
    3.0,
    3,
    True,
    np.float64(3.0),
    np.float32(3.0),
    np.int64(3),
    np.bool_(True),
    np.array(3.0),
    np.array(3),
]


def same(found, wanted):
    """Whether two trees have the same structure, types and numbers, signs of 0 included."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[k], wanted[k]) for k in wanted)
    if isinstance(wanted, (list, tuple)):
        is_like = type(found) is type(wanted) and len(found) == len(wanted)
        return is_like and all(map(same, found, wanted))
    if isinstance(wanted, np.ndarray):
        is_like = (type(found), found.shape, found.dtype) == (np.ndarray, wanted.shape, float)
        return is_like and (found == wanted).all() and not np.signbit(found).any()
    if isinstance(wanted, Vector):
        return type(found) is Vector and found.tolist() == wanted.tolist()
    return type(found) is type(wanted) and found == wanted and math.copysign(1.0, found) == 1.0


PLACES = range(len(ZEROS))


@pytest.mark.parametrize("constant", CONSTANTS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("place", PLACES)
def test_the_gradient_of_a_constant_is_0_like_the_argument(place, constant):
    x, zero = ZEROS[place]
    assert same(ag.grad(lambda x: constant)(x), zero)
    assert same(ag.elementwise_grad(lambda x: constant)(x), zero)
    assert same(ag.jacobian(lambda x: constant)(x), zero)
    assert same(ag.jacfwd(lambda x: constant)(x), zero)
    value, slope = ag.value_and_grad(lambda x: constant)(x)
    assert value == constant
    assert same(slope, zero)
    value, pull_back = ag.vjp(lambda x: constant, x)
    assert same(pull_back(5.0), (zero,))
    assert ag.jvp(lambda x: constant, (x,), (x,)) == (constant, 0.0)
    assert same(ag.hvp(lambda x: constant)(x, x), zero)
    ag.check_grads(lambda x: constant, (x,))


@pytest.mark.parametrize("place", PLACES)
def test_the_gradient_of_the_gradient_of_a_constant_is_0(place):
    x, zero = ZEROS[place]

    def total_slope(x):
        row, _ = ag.flatten(ag.grad(lambda x: 3.0)(x))
        return ag.sum(row)

    assert same(ag.grad(total_slope)(x), zero)
    assert same(ag.grad(lambda x: ag.jvp(lambda x: 3.0, (x,), (x,))[1])(x), zero)


def test_the_hessian_of_a_constant_has_the_shape_of_one():
    assert same(ag.hessian(lambda x: 3.0)(2.0), 0.0)
    assert same(ag.hessian(lambda x: 3.0)(Vector([1.0, 2.0])), [Vector([0.0, 0.0])] * 2)
    assert same(ag.hessian(lambda x: 3.0)(np.ones(2)), np.zeros((2, 2)))
    assert same(ag.hessian(lambda x: 3.0)(np.ones((2, 3))), np.zeros((2, 3, 2, 3)))
    pair = {"a": 0.0, "b": np.zeros(2)}
    wanted = {"a": pair, "b": {"a": np.zeros(2), "b": np.zeros((2, 2))}}
    assert same(ag.hessian(lambda d: 3.0)({"a": 2.0, "b": np.ones(2)}), wanted)


def test_the_jacobian_of_constants_has_the_shape_of_result_and_argument():
    for transform in (ag.jacobian, ag.jacfwd, ag.jacrev):
        rows = transform(lambda x: np.ones(3))
        assert same(rows(2.0), np.zeros(3))
        assert same(rows(np.ones(2)), np.zeros((3, 2)))
        assert same(rows(np.ones((2, 2))), np.zeros((3, 2, 2)))
        assert same(transform(lambda x: np.ones((3, 4)))(np.ones(2)), np.zeros((3, 4, 2)))
        assert same(transform(lambda x: Vector([1.0, 2.0]))(2.0), Vector([0.0, 0.0]))
        assert same(transform(lambda x: [1.0, 2])(np.ones(2)), [np.zeros(2)] * 2)
        found = transform(lambda x: {"a": 1.0, "b": np.array([1, 2])})(np.ones(2))
        assert same(found, {"a": np.zeros(2), "b": np.zeros((2, 2))})
        assert transform(lambda x: [])(1.0) == []
        both = transform(lambda x, y: np.ones(3), argnums=(0, 1))(2.0, np.ones(2))
        assert same(both, (np.zeros(3), np.zeros((3, 2))))


@pytest.mark.parametrize("transform", [ag.jacobian, ag.jacfwd, ag.jacrev])
def test_an_input_newer_than_the_result_has_derivative_0(transform):
    pair = {"a": 1.0, "b": 2.0}
    assert transform(lambda d: d["a"])(pair) == {"a": 1.0, "b": 0.0}
    assert transform(lambda d: 3.0)(pair) == {"a": 0.0, "b": 0.0}


def test_a_piece_of_a_function_may_be_constant():
    ramp = lambda x: x if x > 0 else 0.0  # noqa: E731
    for transform in (ag.grad, ag.jacobian, ag.elementwise_grad):
        assert (transform(ramp)(-1.0), transform(ramp)(1.0)) == (0.0, 1.0)
    assert ag.value_and_grad(ramp)(-1.0) == (0.0, 0.0)
    assert ag.hessian(ramp)(-1.0) == 0.0
    assert ag.grad(ag.grad(ramp))(-1.0) == 0.0
    assert ag.grad(ag.checkpoint(ramp))(-1.0) == 0.0
    assert ag.grad(lambda x: x * ramp(-x) + ramp(x))(2.0) == 1.0
    assert ag.jvp(ramp, (-1.0,), (1.0,)) == (0.0, 0.0)


@pytest.mark.parametrize(
    "made_constant",
    [
        lambda x: x.detach(),
        lambda x: x.item(),
        lambda x: x.value,
        ag.stop_gradient,
        ag.no_grad(lambda x: x * x),
        round,
        lambda x: x > 0,
    ],
)
def test_what_is_made_a_constant_by_name_has_derivative_0(made_constant):
    assert ag.grad(made_constant)(2.0) == 0.0
    assert ag.hessian(made_constant)(2.0) == 0.0
    assert ag.jvp(made_constant, (2.0,), (1.0,))[1] == 0.0


def test_a_result_of_another_variable_has_derivative_0_by_the_inputs():
    weight = ag.Variable(3.0)
    for transform in (ag.grad, ag.jacobian, ag.hessian, ag.elementwise_grad):
        found = transform(lambda x: weight * weight)(2.0)
        assert found.item() == 0.0
    (by_weight,) = ag.grad(ag.grad(lambda x: weight * weight)(2.0), wrt=[weight])
    assert by_weight.item() == 0.0
    value, tangent = ag.jvp(lambda x: weight * weight, (2.0,), (1.0,))
    assert (value.item(), tangent.item()) == (9.0, 0.0)
    assert [bar.item() for bar in ag.grad(value, wrt=[weight])] == [6.0]


def test_a_result_of_the_outer_argument_alone_has_derivative_0_by_the_inner_one():
    assert ag.grad(lambda x: x * ag.grad(lambda y: x * x)(1.0) + x)(3.0) == 1.0
    assert ag.grad(lambda x: ag.jacobian(lambda y: x * x)(1.0))(3.0) == 0.0


def test_a_result_of_an_argument_that_has_ended_is_still_an_error():
    kept = []
    ag.grad(lambda x: kept.append(x * 2) or x * x)(3.0)
    for transform in (ag.grad, ag.jacobian, ag.hessian):
        with pytest.raises(TypeError, match="an argument of a transform that has ended"):
            transform(lambda y: kept[0])(1.0)


@pytest.mark.parametrize("result", [None, "text", 1j, np.array(["text"]), np.array([1j]), object()])
def test_what_is_no_number_is_no_constant(result):
    calls = (
        lambda: ag.grad(lambda x: result)(1.0),
        lambda: ag.jacobian(lambda x: result)(1.0),
        lambda: ag.hessian(lambda x: result)(1.0),
        lambda: ag.jvp(lambda x: result, (1.0,), (1.0,)),
        lambda: ag.vjp(lambda x: result, 1.0),
    )
    for call in calls:
        with pytest.raises(TypeError, match="wanted"):
            call()


def test_a_loss_that_is_no_variable_is_still_an_error():
    with pytest.raises(TypeError, match="does not depend on any Variable"):
        ag.grad(3.0)
    with pytest.raises(TypeError, match="does not depend on any Variable"):
        ag.grad(ag.Variable(3.0).detach())


def test_a_wrong_constant_fails_the_check_of_gradients():
    with pytest.raises(AssertionError, match=r"analytic 0\.0, numeric 1\.0|numeric 0\.99"):
        ag.check_grads(lambda x: x.item(), (2.0,))
