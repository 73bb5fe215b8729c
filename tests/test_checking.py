"""check_grads: passes what is right, finds what is wrong, says where and why."""

import math
import re

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")


def wrong(slope, value=lambda x: x * x):
    """An operation whose derivative is `slope(x)`, right or not."""
    f = ag.primitive(value)
    ag.defvjp(f, lambda y, x: lambda y_bar: y_bar * slope(x))
    return f


def failure(*args, **kwargs):
    with pytest.raises(AssertionError) as caught:
        ag.check_grads(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_right_derivatives_pass_to_any_order(order):
    ag.check_grads(lambda x: ag.exp(ag.sin(x)) / x, (0.7,), order=order)
    ag.check_grads(lambda x, y: ag.sum(x * x) * y, (np.array([1.0, -2.0]), 3.0), order=order)
    ag.check_grads(lambda t: {"u": t["a"] ** 2, "v": [t["b"]]}, ({"a": 2.0, "b": 1},), order)


def test_arguments_of_all_kinds():
    ag.check_grads(lambda x: x @ x, (np.arange(4.0).reshape(2, 2),))
    ag.check_grads(lambda x: ag.cumsum(x * x), (ag.Vector([1.0, 2.0, 3.0]),))
    ag.check_grads(lambda x: np.array([x[0] * x[1], x[0]]), (np.array([1.0, 2.0]),))
    ag.check_grads(lambda x, y: x * y, [2.0, 3.0])


@pytest.mark.parametrize("op", [row["name"] for row in ag.ops() if row["public"]])
def test_every_elementwise_function_passes_in_the_middle_of_its_domain(op):
    function, arity = getattr(ag, op), next(r["arity"] for r in ag.ops() if r["name"] == op)
    inside = {"acosh": 1.7}.get(op, 0.37)
    args = (inside,) if arity == 1 else (inside, 0.61)
    ag.check_grads(function, args, order=2)
    rows = [np.array([x, x + 0.2]) for x in args]
    ag.check_grads(function, rows, order=1)


def test_values_from_very_small_to_very_large():
    for x in (1e-6, 1.0, 1e6):
        ag.check_grads(lambda x: x * x, (x,))
        ag.check_grads(ag.log, (x,), order=1)


def test_a_point_at_the_edge_of_a_domain_takes_smaller_steps():
    ag.check_grads(lambda x: ag.sqrt(x), (1e-5,), order=1, rtol=1e-4)


def test_a_wrong_reverse_rule_is_found_with_both_values():
    message = failure(wrong(lambda x: 3 * x), (2.0,), order=1, modes=("rev",))
    assert "order 1 (rev): derivative by argument 0" in message
    assert "analytic 6.0" in message
    assert "numeric 3.99999" in message or "numeric 4.0" in message


def test_a_wrong_forward_rule_is_found():
    f = ag.primitive(lambda x: x * x)
    ag.defvjp(f, lambda y, x: lambda y_bar: y_bar * 2 * x)
    ag.defjvp(f, lambda x_dot, y, x: x_dot * 3 * x)
    ag.check_grads(f, (2.0,), modes=("rev",), order=1)
    assert "(fwd)" in failure(f, (2.0,), order=1)


def test_a_derivative_that_is_right_only_once_is_found_at_second_order():
    # Its value is right, but it is cut off: the second derivative is 0.
    f = wrong(lambda x: ag.stop_gradient(2 * x))
    ag.check_grads(f, (2.0,), order=1)
    message = failure(f, (2.0,), order=2)
    assert "order 2 (" in message
    assert " of " in message


def test_the_place_of_the_wrong_entry_is_named():
    f = wrong(lambda x: 3 * x)
    message = failure(lambda t: f(t["w"][1]) * t["b"], ({"w": [1.0, 2.0], "b": 1.0},), order=1)
    assert "argument 0['w'][1]" in message
    message = failure(lambda a, x: a * x[0] + f(x[2]), (2.0, np.array([1.0, 2.0, 3.0])), order=1)
    assert "argument 1[2]" in message


def test_nan_is_a_failure():
    f = wrong(lambda x: math.nan)
    assert "nan" in failure(f, (2.0,), order=1)


def test_an_infinite_derivative_is_a_failure():
    message = failure(wrong(lambda x: math.inf), (2.0,), order=1)
    assert "analytic inf, numeric 3.99999" in message or "analytic inf, numeric 4.0" in message
    f = ag.primitive(lambda x: x * 1.0)
    ag.defvjp(f, lambda y, x: lambda y_bar: np.array([float(y_bar[0]), math.inf]))
    message = failure(f, (np.array([1.0, 2.0]),), order=1, modes="rev")
    assert "argument 0[1]: analytic inf" in message


@pytest.mark.parametrize("x", [1e-3, 1e-5, 1e-7, 1e-9])
def test_right_rules_pass_at_the_border_of_a_domain(x):
    # A step of 1e-4, or the largest one that stays inside, was wrong by 1e-4 or nan there.
    for fun in (ag.log, ag.sqrt, lambda x: 1 / x):
        ag.check_grads(fun, (x,), order=1)
    ag.check_grads(lambda x, y: ag.log(x) * y, (x, 2.0), order=1)


@pytest.mark.parametrize("x", [1e-5, 0.3, 2.0, 1e4])
def test_a_rule_that_is_wrong_by_a_ten_thousandth_is_found(x):
    for value, slope in ((ag.log, lambda x: 1 / x), (ag.sqrt, lambda x: 0.5 / ag.sqrt(x))):
        failure(wrong(lambda x, slope=slope: slope(x) * 1.0001, value), (x,), order=1, atol=0)


def raised_sine(height, error=0.0, sign=1.0):
    """A sine on top of a large constant, and a rule that is off."""
    return wrong(lambda x: sign * ag.cos(x) + error, lambda x: height + math.sin(x))


@pytest.mark.parametrize("height", [1e12, 1e16, 1e20])
def test_a_wrong_sign_passed_where_rounding_was_more_than_the_derivative(height):
    for sign in (1.0, -1.0):
        message = failure(raised_sine(height, sign=sign), (0.3,))
        assert "differences are no judge here: rounding may change them by" in message
        assert "set eps= (was 0.0001)" in message


def test_a_tolerance_above_rounding_makes_differences_a_judge_again():
    ag.check_grads(raised_sine(1e12), (0.3,), order=1, atol=1.0)
    failure(raised_sine(1e12, error=5.0), (0.3,), order=1, atol=1.0)


@pytest.mark.parametrize(("height", "error"), [(1e8, 1e-3), (1e10, 0.1)])
def test_a_rule_that_was_off_passed_beside_a_large_constant(height, error):
    assert "no judge" not in failure(raised_sine(height, error), (0.3,), order=1)
    ag.check_grads(raised_sine(height), (0.3,))


def test_a_large_constant_beside_it_does_not_make_a_derivative_uncertain():
    ag.check_grads(lambda x: [1e12 + 0 * x, x * x], (0.3,))
    ag.check_grads(lambda x: 1e9 * ag.cos(x), (0.0,))


@pytest.mark.parametrize("x", [1e6, 1e7, 1e10, 1e20])
def test_a_wrong_sign_passed_where_values_are_small(x):
    failure(wrong(lambda x: 1 / (x * x), lambda x: 1 / x), (x,), order=1)
    ag.check_grads(lambda x: 1 / x, (x,))


@pytest.mark.parametrize("x", [0.3, 5.0, 18.5, 40.0, 100.0])
def test_small_values_that_are_differences_of_larger_ones_pass(x):
    # They are multiples of an ulp of 1, so that their differences are noise.
    ag.check_grads(lambda x: ag.sin(x) ** 2 + ag.cos(x) ** 2 - 1, (x,))
    ag.check_grads(ag.tanh, (x,), order=3)


@pytest.mark.parametrize("x", [1e-3, 1e-5, 1e-7, 1e-8, 1e-9])
def test_a_first_step_that_is_far_too_large_was_kept_where_its_values_are_small(x):
    ag.check_grads(lambda x: 1 / (x * x), (x,), order=1)
    ag.check_grads(lambda x, y: y / (x * x), (x, 2.0), order=1)
    failure(wrong(lambda x: -2.0002 / x**3, lambda x: ag.exp(-2 * ag.log(x))), (x,), order=1)


def test_rounding_of_the_point_of_a_steep_function_was_left_out():
    ag.check_grads(lambda x: ag.sin(1e5 * x), (50.0,))
    slope = wrong(lambda x: 1.001e5 * ag.cos(1e5 * x), lambda x: ag.sin(1e5 * x))
    failure(slope, (50.0,), order=1)


def test_the_entry_that_is_reported_was_right():
    f = wrong(lambda x: 2 * x + 1e-3)
    message = failure(lambda x, y: [f(x), ag.exp(y)], (2.0, 20.0), order=1)
    assert "derivative by argument 0: " in message
    differ, most = re.search(r"differ by (\S+), wanted at most (\S+)$", message).groups()
    assert float(differ) == pytest.approx(1e-3)
    assert float(most) < 1e-5


def test_a_kink_that_is_next_to_the_point_is_stepped_around():
    ag.check_grads(lambda x: abs(x), (1e-6,), order=2)


def test_differences_that_are_no_judge_say_so_and_name_the_step():
    words = "differences are no judge here: ", "set eps= (was 0.0001)"
    for fun, x in ((ag.log, 1e-15), (ag.sqrt, 0.0), (lambda x: 1 / x, 1e-15)):
        message = failure(fun, (x,), order=1)
        assert all(word in message for word in words)
    assert words[0] not in failure(wrong(lambda x: 3 * x), (2.0,), order=1)


def test_values_that_jump_are_asked_for_a_bounded_number_of_times():
    calls = []

    def f(x):
        calls.append(x)
        return ag.floor(x) * x

    failure(f, (7.0,), order=1)
    assert len(calls) < 200


def test_a_kink_is_said_to_be_one():
    for fun, args, words in [
        (lambda x: abs(x) + x, (0.0,), "abs has a kink at or next to 0.0"),
        (lambda x: ag.relu(x - 1.0), (1.0,), "relu has a kink at or next to 0.0"),
        (lambda x: ag.floor(x) * x, (7.0,), "floor has a kink at or next to 7.0"),
        (lambda x: ag.round(x) * x, (8.5,), "round has a kink at or next to 8.5"),
        (lambda x, y: ag.maximum(x, y) + x, (1.0, 1.0), "maximum has a kink where its operands"),
        (lambda x: ag.max(x) + x[0], (np.ones(3),), "max has a kink where entries meet, as at 1.0"),
        (lambda x: ag.remainder(x, 2.0) * x, (4.0,), "remainder jumps at whole quotients"),
    ]:
        message = failure(fun, args, order=2)
        assert words in message
        assert "convention" in message
        assert "move the point" in message


def test_no_kink_is_blamed_for_a_wrong_rule():
    f = wrong(lambda x: 3 * x)
    assert "kink" not in failure(lambda x: f(x) + abs(x), (2.0,), order=1)


def test_tolerances_and_step_can_be_set():
    f = wrong(lambda x: 2 * x + 1e-4)
    failure(f, (2.0,), order=1)
    ag.check_grads(f, (2.0,), order=1, atol=1e-3)
    ag.check_grads(f, (2.0,), order=1, rtol=1e-3)
    ag.check_grads(ag.sin, (2.0,), order=1, eps=1e-3)


def test_modes_can_be_chosen():
    ag.check_grads(ag.sin, (2.0,), modes=("fwd",))
    ag.check_grads(ag.sin, (2.0,), modes="rev")


def test_the_check_is_the_same_every_time():
    f = wrong(lambda x: 3 * x)
    args = (np.array([1.0, 2.0, 3.0]),)
    assert failure(f, args) == failure(f, args)


def test_wrong_arguments_are_said():
    for call, error, words in [
        (lambda: ag.check_grads(3.0, (1.0,)), TypeError, "got float 3.0, wanted a function"),
        (lambda: ag.check_grads(ag.sin, 1.0), TypeError, "args: got float 1.0, wanted a tuple"),
        (lambda: ag.check_grads(ag.sin, (1.0,), order=0), ValueError, "order: got int 0"),
        (lambda: ag.check_grads(ag.sin, (1.0,), order=1.5), ValueError, "order: got float 1.5"),
        (lambda: ag.check_grads(ag.sin, (1.0,), modes=()), ValueError, "modes: got ()"),
        (lambda: ag.check_grads(ag.sin, (1.0,), modes=("up",)), ValueError, "modes: got ('up',)"),
        (lambda: ag.check_grads(lambda x: None, (1.0,)), TypeError, "returned None"),
        (lambda: ag.check_grads(ag.sin, (1.0,), modes=None), ValueError, "modes: got None"),
        (lambda: ag.check_grads(ag.sin, (1.0,), modes=(["fwd"],)), ValueError, "modes: got (["),
        (lambda: ag.check_grads(ag.sin, (1.0,), eps=0), ValueError, "eps: got 0, wanted a"),
        (lambda: ag.check_grads(ag.sin, (1.0,), eps=math.nan), ValueError, "eps: got nan"),
        (lambda: ag.check_grads(ag.sin, (1.0,), rtol=-1), ValueError, "rtol: got -1"),
        (lambda: ag.check_grads(ag.sin, (1.0,), atol="a"), TypeError, "atol: got str 'a'"),
    ]:
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)


def test_an_exception_in_the_function_passes():
    def f(x):
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        ag.check_grads(f, (1.0,))


def test_variables_can_be_the_point():
    ag.check_grads(lambda x: x * x, (ag.Variable(2.0),))


def linear(error=1.0):
    """A linear operation, and rules for its factor and its argument, which may be off."""
    f = ag.primitive(lambda x, c: x * c)
    ag.defvjp(
        f, lambda y, x, c: lambda y_bar: y_bar * c * error, lambda y, x, c: lambda y_bar: y_bar * x
    )
    ag.defjvp(f, lambda x_dot, y, x, c: x_dot * c * error, lambda c_dot, y, x, c: c_dot * x)
    return f


@pytest.mark.parametrize("error", [1.001, 0.999])
def test_a_rule_that_is_off_by_its_cotangent_passed(error):
    f = ag.primitive(lambda x: x * x)
    inner = linear(error)
    ag.defvjp(f, lambda y, x: lambda y_bar: inner(y_bar, 2 * x))
    ag.check_grads(f, (1.3,), order=1)
    for order in (2, 3):
        message = failure(f, (1.3,), order=order, modes="rev")
        assert "order 2 (rev of rev): derivative by the cotangent: analytic 2." in message


@pytest.mark.parametrize("error", [1.001, 0.999])
def test_a_rule_that_is_off_by_its_tangent_passed(error):
    f = ag.primitive(lambda x: x * x)
    inner = linear(error)
    ag.defjvp(f, lambda x_dot, y, x: inner(x_dot, 2 * x))
    ag.check_grads(f, (1.3,), order=1, modes="fwd")
    for order in (2, 3):
        message = failure(f, (1.3,), order=order, modes="fwd")
        assert "order 2 (fwd of fwd): derivative by the tangent of argument 0" in message


def test_rules_that_call_linear_operations_pass_to_third_order():
    f = ag.primitive(lambda x: x * x)
    inner = linear()
    ag.defvjp(f, lambda y, x: lambda y_bar: inner(y_bar, 2 * x))
    ag.defjvp(f, lambda x_dot, y, x: inner(x_dot, 2 * x))
    ag.check_grads(f, (1.3,), order=3)
    ag.check_grads(lambda v: {"a": f(v["x"][0]) * v["x"][1]}, ({"x": [1.3, 0.4]},), order=3)


def test_the_kink_of_a_distance_is_named_at_its_centre():
    for fun in (lambda v: ag.norm(v) ** 2, lambda v: ag.hypot(v[0], v[1]) ** 2):
        message = failure(fun, (np.zeros(2),))
        assert "has a kink at the origin" in message
        assert "ag.sum(v * v)" in message
    ag.check_grads(lambda v: ag.sum(v * v), (np.zeros(2),), order=3)
