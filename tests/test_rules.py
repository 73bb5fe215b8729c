"""Operations with rules of their own: both modes, any order, around foreign code, errors."""

import functools
import gc
import math
import operator
import pickle
import weakref

import pytest

import autograd_rs as ag
from autograd_rs import _core

np = pytest.importorskip("numpy")


@ag.primitive
def cube(x):
    """Third power."""
    return x * x * x


ag.defvjp(cube, lambda y, x: lambda y_bar: y_bar * 3 * x * x)


def made(fun, *makers, forward=(), argnums=None):
    made = ag.primitive(fun)
    if makers:
        ag.defvjp(made, *makers, argnums=argnums)
    if forward:
        ag.defjvp(made, *forward, argnums=argnums)
    return made


def test_without_variables_the_function_itself_runs():
    assert cube(2.0) == 8.0
    assert type(cube(2.0)) is float
    np.testing.assert_array_equal(cube(np.arange(3.0)), [0.0, 1.0, 8.0])


def test_a_primitive_is_one_operation():
    x = ag.Variable(2.0)
    before = _core.tape_nodes()
    y = cube(x)
    assert _core.tape_nodes() - before == 1
    assert y.item() == 8.0
    assert len(y.parents) == 1


def test_rules_are_differentiated_again_to_any_order():
    f = cube
    for want in (12.0, 12.0, 6.0, 0.0):
        f = ag.grad(f)
        assert f(2.0) == want
    assert ag.hessian(cube)(2.0) == 12.0
    assert ag.jvp(ag.grad(cube), (2.0,), (1.0,)) == (12.0, 12.0)
    assert ag.grad(lambda x: ag.jvp(cube, (x,), (1.0,))[1])(2.0) == 12.0
    ag.check_grads(cube, (0.7,), order=3)
    ag.check_grads(cube, (np.array([0.7, -1.0]),), order=3)


def test_a_forward_rule_serves_both_modes():
    f = made(lambda x: x * x * x, forward=[lambda x_dot, y, x: x_dot * 3 * x * x])
    assert ag.jvp(f, (2.0,), (1.0,)) == (8.0, 12.0)
    assert ag.grad(f)(2.0) == 12.0
    assert ag.hessian(f)(2.0) == 12.0
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(ag.jacrev(f)(x), np.diag(3 * x * x))
    np.testing.assert_array_equal(ag.jacfwd(f)(x), np.diag(3 * x * x))
    ag.check_grads(f, (x,), order=3)


def test_a_reverse_rule_serves_forward_mode_entry_by_entry():
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(ag.jacfwd(cube)(x), np.diag(3 * x * x))
    value, tangent = ag.jvp(cube, (x,), (np.array([1.0, 0.5]),))
    np.testing.assert_array_equal(value, x**3)
    np.testing.assert_array_equal(tangent, [3.0, 6.0])


def test_a_function_that_is_linear_says_same():
    a = np.arange(6.0).reshape(2, 3)
    times = made(lambda a, x: a @ x, forward=[None, "same"])
    f = lambda x: times(a, x)  # noqa: E731
    np.testing.assert_array_equal(ag.jacfwd(f)(np.ones(3)), a)
    np.testing.assert_array_equal(ag.jacrev(f)(np.ones(3)), a)
    np.testing.assert_array_equal(ag.hessian(lambda x: ag.sum(f(x) ** 2))(np.ones(3)), 2 * a.T @ a)


def test_arguments_are_counted_and_none_is_no_derivative():
    f = made(
        lambda a, x, b: a * x + b,
        lambda y, a, x, b: lambda y_bar: y_bar * x,
        lambda y, a, x, b: lambda y_bar: y_bar * a,
        None,
    )
    assert ag.grad(f, argnums=(0, 1, 2))(2.0, 3.0, 5.0) == (3.0, 2.0, 0.0)
    assert ag.grad(f, argnums=1)(2.0, 3.0, 5.0) == 2.0
    assert ag.jvp(f, (2.0, 3.0, 5.0), (1.0, 10.0, 100.0)) == (11.0, 23.0)
    g = made(lambda name, x: x * x, lambda y, name, x: lambda b: b * 2 * x, argnums=[1])
    assert ag.grad(g, argnums=1)("label", 3.0) == 6.0


def test_keyword_arguments_reach_function_and_rules():
    f = made(lambda x, *, p: x**p, lambda y, x, *, p: lambda y_bar: y_bar * p * x ** (p - 1))
    assert ag.grad(f)(2.0, p=3) == 12.0
    assert ag.hessian(f)(2.0, p=3) == 12.0


def test_rules_can_be_written_with_numpy():
    f = made(np.sort, lambda y, x: lambda y_bar: y_bar[np.argsort(np.argsort(np.array(x)))])
    x = np.array([3.0, 1.0, 2.0])
    weights = np.array([1.0, 10.0, 100.0])
    gradient = ag.grad(lambda x: ag.sum(f(x) * weights))(x)
    np.testing.assert_array_equal(gradient, [100.0, 1.0, 10.0])


def test_scipy_code_gets_a_derivative():
    special = pytest.importorskip("scipy.special")
    gamma = made(special.gamma, lambda y, x: lambda y_bar: y_bar * y * ag.digamma(x))
    bessel = made(special.j0, lambda y, x: lambda y_bar: -y_bar * slope(x))
    slope = made(special.j1, lambda y, x: lambda y_bar: y_bar * (bessel(x) - slope(x) / x))
    ag.check_grads(gamma, (2.3,))
    ag.check_grads(gamma, (np.array([1.5, 3.0]),))
    ag.check_grads(bessel, (1.7,), order=3)
    assert ag.grad(bessel)(1.7) == -special.j1(1.7)


def test_code_that_solves_an_equation_gets_the_derivative_of_its_solution():
    def solve(a, b):
        return np.linalg.solve(a, b)

    # x = inv(a) b: b_bar = inv(a).T x_bar and a_bar = -b_bar x.T
    x = ag.primitive(solve)
    ag.defvjp(
        x,
        lambda x, a, b: lambda x_bar: -np.outer(np.linalg.solve(a.T, x_bar), x),
        lambda x, a, b: lambda x_bar: np.linalg.solve(a.T, x_bar),
    )
    a, b = np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([1.0, 2.0])
    ag.check_grads(x, (a, b), order=1)


def test_results_of_any_shape():
    outer = made(
        np.outer,
        lambda y, a, b: lambda y_bar: np.dot(y_bar, b),
        lambda y, a, b: lambda y_bar: np.dot(np.transpose(y_bar), a),
    )
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    jacobian = ag.jacobian(outer)(a, b)
    assert jacobian.shape == (2, 3, 2)
    np.testing.assert_array_equal(jacobian, np.einsum("ik,j->ijk", np.eye(2), b))
    ag.check_grads(outer, (a, b), order=1)


def test_a_number_as_cotangent_of_a_vector_was_spread_over_it():
    total = made(np.sum, lambda y, x: lambda y_bar: y_bar)
    with pytest.raises(ValueError, match=r"sum: cotangent of argument 0: got shape \(\), .*\(3,\)"):
        ag.grad(total)(np.ones(3))
    total = made(np.sum, lambda y, x: lambda y_bar: y_bar * np.ones(3))
    np.testing.assert_array_equal(ag.grad(total)(np.ones(3)), np.ones(3))
    np.testing.assert_array_equal(
        ag.hessian(lambda x: total(x) ** 2)(np.ones(3)), np.full((3, 3), 2.0)
    )


@pytest.mark.parametrize("forward", [False, True])
def test_a_constant_that_was_written_to_after_the_call_changed_the_derivative(forward):
    if forward:
        p = made(lambda x, c: x * c, forward=[lambda x_dot, y, x, c: x_dot * c, None])
    else:
        p = made(lambda x, c: x * c, lambda y, x, c: lambda y_bar: y_bar * c, None)

    def total(x):
        c, s = np.ones(2), 0.0
        vector = ag.Vector([1.0, 1.0])
        for _ in range(3):
            s = s + np.sum(p(x, c)) + np.sum(p(x, vector))
            c *= 10
            vector[:] = vector * 10
        return s

    np.testing.assert_array_equal(ag.grad(total)(np.ones(2)), [222.0, 222.0])
    np.testing.assert_array_equal(ag.jvp(total, (np.ones(2),), (np.ones(2),))[1], 444.0)


def test_a_buffer_that_a_function_returns_again_changed_the_derivative():
    buffer = np.empty(2)

    def exponential(x):
        return np.exp(x, out=buffer)

    p = made(exponential, lambda y, x: lambda y_bar: y_bar * y)
    x = np.array([0.0, 1.0])
    gradient = ag.grad(lambda x: np.sum(p(x)) + np.sum(p(x * 2)))(x)
    np.testing.assert_array_equal(gradient, np.exp(x) + 2 * np.exp(2 * x))


def test_a_function_that_writes_to_its_argument_changed_the_derivative():
    def square(x):
        x *= x
        return x

    p = made(square, lambda y, x: lambda y_bar: y_bar * 2 * x)
    np.testing.assert_array_equal(ag.grad(lambda x: np.sum(p(x)))(np.array([3.0, 4.0])), [6.0, 8.0])


def test_equal_constants_are_kept_once():
    kept = []

    def maker(y, x, a):
        kept.append(a)
        return lambda y_bar: y_bar @ a

    p = made(lambda x, a: a @ x, maker)
    a = np.eye(2)
    ag.grad(lambda x: np.sum(p(p(x, a), a)))(np.ones(2))
    assert kept[0] is kept[1]
    assert kept[0] is not a
    a.flags.writeable = False
    ag.grad(lambda x: np.sum(p(x, a)))(np.ones(2))
    assert kept[2] is a


def test_leaves_and_grad_of_a_result_work_with_primitives():
    x, y = ag.Variable(2.0), ag.Variable(ag.Vector([1.0, 2.0]))
    ag.grad(ag.sum(cube(x) * cube(y)))
    assert x.grad.item() == 12.0 * 9.0
    assert y.grad.tolist() == [24.0, 96.0]


def test_under_no_grad_nothing_is_recorded():
    with ag.no_grad():
        assert cube(ag.Variable(2.0)).is_leaf


def test_rules_may_differentiate_themselves():
    def root(a):
        # The x with x**3 + x = a, by bisection: no derivative comes out of this.
        low, high = -10.0, 10.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if middle**3 + middle < a else (low, middle)
        return low

    residual = lambda x: x**3 + x  # noqa: E731
    solution = made(root, lambda x, a: lambda x_bar: x_bar / ag.grad(residual)(x))
    a = 3.0
    x = root(a)
    slope = 1 / (3 * x * x + 1)
    assert ag.grad(solution)(a) == pytest.approx(slope, rel=1e-14)
    assert ag.hessian(solution)(a) == pytest.approx(-6 * x * slope**3, rel=1e-13)
    ag.check_grads(solution, (a,), order=3)


def test_what_a_rule_keeps_goes_with_its_record():
    class Kept:
        pass

    kept = Kept()
    alive = weakref.ref(kept)
    f = made(lambda x, other: x * 2, lambda y, x, other: lambda y_bar: y_bar * 2)
    x = ag.Variable(1.0)
    y = f(x, kept)
    del kept
    assert alive() is not None
    ag.grad(y)
    del y
    _core.reclaim()
    gc.collect()
    assert alive() is None


def test_rules_can_be_changed_and_concern_the_next_sweep():
    f = made(lambda x: x * x, lambda y, x: lambda y_bar: y_bar * 2 * x)
    assert ag.grad(f)(3.0) == 6.0
    ag.defvjp(f, lambda y, x: lambda y_bar: y_bar * 0.0)
    assert ag.grad(f)(3.0) == 0.0


def test_methods_can_be_primitives():
    class Physics:
        gravity = 9.81

        @ag.primitive
        def fall(self, t):
            return 0.5 * self.gravity * t * t

    ag.defvjp(Physics.fall, lambda y, self, t: lambda y_bar: y_bar * self.gravity * t, argnums=[1])
    assert ag.grad(Physics().fall)(2.0) == 19.62


def test_a_primitive_looks_like_its_function_and_can_be_pickled():
    assert cube.__name__ == "cube"
    assert cube.__doc__ == "Third power."
    assert "cube" in repr(cube)
    assert pickle.loads(pickle.dumps(cube)) is cube


gamma = ag.primitive(math.gamma)
ag.defvjp(gamma, lambda y, x: lambda y_bar: y_bar * y * ag.digamma(x))
fifth = ag.primitive(functools.partial(pow, exp=5))


def slope_of_fifth(y, x):
    return functools.partial(operator.mul, 5 * x**4)


ag.defvjp(fifth, slope_of_fifth)


def test_a_primitive_of_a_function_of_another_module_did_not_pickle():
    for primitive in (gamma, fifth):
        assert pickle.loads(pickle.dumps(primitive)) is primitive
        again = pickle.loads(pickle.dumps(ag.grad(primitive)))
        assert again(3.0) == ag.grad(primitive)(3.0)


def test_a_primitive_without_a_name_pickles_with_its_rules():
    made_here = made(math.gamma, slope_of_fifth)
    again = pickle.loads(pickle.dumps(made_here))
    assert again is not made_here
    assert again(3.0) == 2.0
    assert ag.grad(again)(2.0) == 80.0


# Bad input


def test_a_missing_rule_is_said_when_it_is_needed():
    f = ag.primitive(math.gamma)
    assert f(ag.Variable(3.0)).item() == 2.0
    with pytest.raises(NotImplementedError, match=r"gamma: no derivative.*argument 0.*defvjp"):
        ag.grad(f)(3.0)
    with pytest.raises(NotImplementedError, match=r"gamma: no derivative.*argument 0.*defjvp"):
        ag.jvp(f, (3.0,), (1.0,))
    g = made(lambda x, y: x * y, lambda z, x, y: lambda z_bar: z_bar * y)
    assert ag.grad(g)(2.0, 3.0) == 3.0
    with pytest.raises(NotImplementedError, match="argument 1"):
        ag.grad(g, argnums=1)(2.0, 3.0)


def test_wrong_definitions_are_said():
    with pytest.raises(TypeError, match=r"primitive: got float 3.0, wanted a function"):
        ag.primitive(3.0)
    with pytest.raises(TypeError, match=r"defvjp: got function, wanted what primitive\(\.\.\.\)"):
        ag.defvjp(lambda x: x, None)
    with pytest.raises(TypeError, match="maker of argument 0: got int 3"):
        ag.defvjp(cube, 3)
    with pytest.raises(TypeError, match="rule of argument 0: got str 'other'"):
        ag.defjvp(cube, "other")
    with pytest.raises(ValueError, match="got 1 rules for 2 argnums"):
        ag.defvjp(cube, None, argnums=(0, 1))
    with pytest.raises(ValueError, match="got 0 rules"):
        ag.defvjp(cube)
    with pytest.raises(TypeError, match="argnums: got int -1"):
        ag.defvjp(cube, None, argnums=[-1])
    with pytest.raises(ValueError, match=r"argnums: got \(0, 0\), wanted each once"):
        ag.defvjp(cube, None, None, argnums=[0, 0])
    with pytest.raises(TypeError, match=r"argnums: got float 0\.5, wanted an int"):
        ag.defvjp(cube, None, argnums=0.5)
    assert ag.grad(cube)(2.0) == 12.0


@pytest.mark.parametrize("argnums", [1, np.int64(1), (1,), range(1, 2)])
def test_argnums_are_an_int_or_several(argnums):
    f = made(lambda n, x: x**n, lambda y, n, x: lambda b: b * n * x ** (n - 1), argnums=argnums)
    assert ag.grad(f, argnums=1)(3, 2.0) == 12.0


@pytest.mark.parametrize("pull", [None, 2.0])
def test_a_maker_that_gives_no_function_is_named(pull):
    f = made(lambda x, y: x * y, None, lambda z, x, y: pull)
    wanted = r"defvjp: <lambda>: maker of argument 1: returned (None|float 2.0), wanted a function"
    with pytest.raises(TypeError, match=wanted):
        ag.grad(f, argnums=1)(2.0, 3.0)
    with pytest.raises(TypeError, match=wanted):
        ag.jvp(f, (2.0, 3.0), (1.0, 1.0))


def test_what_a_rule_gives_that_does_not_fit_is_named():
    f = made(lambda x, y: x * y, forward=[lambda *_: "a", lambda *_: np.ones(2)])
    with pytest.raises(TypeError, match=r"defjvp: <lambda>: tangent by argument 0: got str 'a'"):
        ag.jvp(f, (2.0, 3.0), (1.0, 1.0))
    with pytest.raises(TypeError, match=r"defjvp: <lambda>: tangent by argument 0: got str 'a'"):
        ag.grad(f)(2.0, 3.0)
    with pytest.raises(ValueError, match=r"tangent by argument 1: got shape \(2,\), wanted \(\)"):
        ag.grad(f, argnums=1)(2.0, 3.0)
    g = made(np.sum, lambda y, x: lambda y_bar: np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"sum: .*got shape \(3, 2\), wanted \(2, 3\)"):
        ag.grad(g)(np.ones((2, 3)))


@pytest.mark.parametrize("form", [lambda x: [x, 1.0], lambda x: {"a": (x,)}, lambda x: (x,)])
def test_variables_in_a_container_passed_the_rules_by(form):
    f = made(lambda x: 1.0, lambda y, x: lambda y_bar: y_bar)
    with pytest.raises(TypeError, match=r"<lambda>: argument 0: got a \w+ with a Variable in it"):
        f(form(ag.Variable(2.0)))
    assert f([2.0]) == 1.0


def test_a_variable_by_keyword_is_refused():
    with pytest.raises(TypeError, match="cube: x is a Variable, wanted by position"):
        cube(x=ag.Variable(2.0))


@pytest.mark.parametrize("result", [None, "text", [1.0], object(), 1j])
def test_a_result_that_is_no_number_is_refused(result):
    f = ag.primitive(lambda x: result)
    with pytest.raises(TypeError):
        f(ag.Variable(1.0))


@pytest.mark.parametrize(
    ("bar", "error"),
    [
        (np.ones(2), ValueError),
        ("text", TypeError),
        (1j, TypeError),
    ],
)
def test_a_cotangent_that_does_not_fit_is_refused(bar, error):
    f = made(lambda x: np.sum(x), lambda y, x: lambda y_bar: bar)
    with pytest.raises(error, match="defvjp"):
        ag.grad(f)(np.ones(3))
    g = made(lambda x: x * 1.0, forward=[lambda x_dot, y, x: bar])
    with pytest.raises(error, match="defjvp"):
        ag.jvp(g, (np.ones(3),), (np.ones(3),))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_in_a_rule_passes_and_the_tape_is_right_after(error):
    def fail(*_):
        raise error("inside")

    f = made(lambda x: x * 2, lambda y, x: fail, forward=[fail])
    x = ag.Variable(3.0)
    y = f(x) * x
    for call in (
        lambda: ag.grad(y),
        lambda: ag.grad(y, wrt=[x], create_graph=True),
        lambda: ag.jvp(f, (1.0,), (1.0,)),
        lambda: ag.hessian(f)(np.ones(2)[0]),
    ):
        with pytest.raises(error, match="inside"):
            call()
        z = x * x
        ag.grad(z)
        assert x.grad.item() == 6.0
        assert ag.grad(ag.grad(cube))(2.0) == 12.0
    nodes = _core.tape_nodes()
    y = z = None
    _core.reclaim()
    assert _core.tape_nodes() < nodes


def test_a_rule_that_fails_leaves_all_gradients_as_they_were():
    @ag.primitive
    def broken(x):
        return x * 2

    def fail(ans, x):
        def pull_back(bar):
            raise RuntimeError("no derivative today")

        return pull_back

    ag.defvjp(broken, fail)
    x, y = ag.Variable(2.0), ag.Variable(3.0)
    ag.grad(x * y)
    with pytest.raises(RuntimeError, match="no derivative today"):
        ag.grad(broken(x) + y * 7)
    assert (x.grad.item(), y.grad.item()) == (3, 2)


def root(*rules):
    fun = ag.primitive(lambda x: x**0.5)
    for define, rule in rules:
        define(fun, rule)
    return fun


FORWARD = (ag.defjvp, lambda x_dot, y, x: x_dot * (0.5 / y if y else math.inf))
REVERSE = (ag.defvjp, lambda y, x: lambda y_bar: y_bar and y_bar * (0.5 / y if y else math.inf))


@pytest.mark.parametrize("rules", [[REVERSE], [FORWARD, REVERSE]])
def test_the_rule_for_reverse_mode_decides_what_forward_mode_cannot(rules):
    f = root(*rules)
    assert ag.jvp(lambda x: (y := f(x)) - y, (0.0,), (1.0,))[1] == 0
    assert ag.jacfwd(lambda x: ag.stack([f(x) * 0, f(x), x]))(0.0).tolist() == [0, math.inf, 1]


def test_without_a_rule_for_reverse_mode_the_forward_answer_stays():
    f = root(FORWARD)
    assert math.isnan(ag.jvp(lambda x: f(x) * 0, (0.0,), (1.0,))[1])
    rows = ag.jacfwd(lambda x: ag.stack([f(x) * 0, f(x), x]))(0.0).tolist()
    assert math.isnan(rows[0])
    assert rows[1:] == [math.inf, 1]


def test_a_derivative_of_none_has_no_part_in_what_is_decided():
    f = ag.primitive(lambda x, k: x**0.5 * k)
    ag.defvjp(f, lambda y, x, k: lambda y_bar: y_bar and y_bar * math.inf, None)
    assert ag.jvp(lambda x, k: f(x, k) * 0 + k, (0.0, 2.0), (1.0, 1.0))[1] == 1


def test_a_checkpoint_has_both_modes_where_something_is_infinite():
    block = ag.checkpoint(lambda x: ag.sqrt(x) * 0 + x)
    assert ag.jvp(block, (0.0,), (1.0,))[1] == 1
    assert ag.jacfwd(lambda x: ag.stack([block(x), ag.sqrt(x)]))(0.0).tolist() == [1, math.inf]
    leaf = ag.Variable(0.0)
    assert ag.jvp(block, (leaf,), (1.0,))[1].item() == 1


@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_a_rule_is_not_asked_where_nothing_is_owed(mode):
    @ag.primitive
    def root(x):
        return math.sqrt(x)

    def pulled(y, x):
        return lambda y_bar: y_bar * 0.5 / ag.sqrt(x)

    if mode == "rev":
        ag.defvjp(root, pulled)
    else:
        ag.defjvp(root, lambda t, y, x: t * 0.5 / ag.sqrt(x))

    def f(x):
        return ag.where(x > 0, root(x), 0.0)

    assert ag.grad(f)(0.0) == 0.0
    assert ag.grad(f)(4.0) == 0.25
    assert ag.grad(lambda x: ag.grad(f)(x) + x)(0.0) == 1.0
