"""Conversions to plain numbers: refused in functions that are differentiated, else warned of."""

# ruff: noqa: UP031 (old ways of writing numbers are ways, too)

import array
import cmath
import contextlib
import copy
import ctypes
import logging
import math
import pickle
import statistics
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

AT = np.array([1.0, 2.0])


def square_into_zeros(x):
    out = np.zeros(2)
    out[0] = x[0] ** 2
    out[1] = x[1] ** 2
    return out


def slice_into_zeros(x):
    out = np.zeros(2)
    out[:] = x**2
    return out


def part_into_zeros(x):
    out = np.zeros(2)
    out[1:] = [x[0]]
    return out


def objects_into_zeros(x):
    out = np.zeros(2)
    out[...] = np.array([x[0], x[1]])
    return out


def added_in_place(x):
    out = np.zeros(2)
    out[0] += x[0]
    return out


def row_into_matrix(x):
    out = np.zeros((2, 2))
    out[1] = x
    return out[1]


def filled(x):
    out = np.zeros(2)
    out.fill(x[0])
    return out


def put(x):
    out = np.zeros(2)
    out.put([0], [x[0]])
    return out


WRITES = [
    square_into_zeros,
    slice_into_zeros,
    part_into_zeros,
    objects_into_zeros,
    added_in_place,
    row_into_matrix,
]
CONVERSIONS = {
    **{write.__name__: write for write in [*WRITES, filled, put]},
    "float": lambda x: float(x[0]),
    "complex": lambda x: complex(x[0]).real,
    "math.sin": lambda x: math.sin(x[0]),
    "math.fsum": math.fsum,
    "math.hypot": lambda x: math.hypot(x[0], x[1]),
    "cmath.exp": lambda x: cmath.exp(x[0]).real,
    "statistics.fmean": statistics.fmean,
    "array.array": lambda x: sum(array.array("d", x)),
    "ctypes": lambda x: ctypes.c_double(x[0]).value,
    "np.array of a list": lambda x: np.array([x[0], x[1]], dtype=float),
    "np.array of a vector": lambda x: np.array(x, dtype=float),
    "np.array of float32": lambda x: np.array([x[0]], dtype=np.float32).sum(),
    "np.array of complex": lambda x: np.array([x[0]], dtype=complex).real.sum(),
    "astype": lambda x: np.array([x[0], x[1]]).astype(float),
    "np.float64": lambda x: np.float64(x[0]),
    "np.fromiter": lambda x: np.fromiter((entry for entry in x), dtype=float),
    "np.copyto": lambda x: np.copyto(np.zeros(2), np.array([x[0], x[1]]), casting="unsafe") or 0.0,
    "np.piecewise": lambda x: np.piecewise(AT, [AT > 1.5], [x[0], 0.0]),
    "np.vectorize": lambda x: np.vectorize(lambda t: t * x[0], otypes=[float])(AT),
    "Vector": lambda x: ag.sum(ag.Vector(x)),
    "tolist": lambda x: sum(x.tolist()),
    "pickle": lambda x: pickle.loads(pickle.dumps(x[0] * 2)),
}


@contextlib.contextmanager
def recorded_warnings():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        yield caught


def refused(call):
    """The message of the TypeError that a conversion is refused with."""
    with pytest.raises(TypeError, match="the gradient would be lost") as caught:
        call()
    assert type(caught.value) is TypeError
    return str(caught.value)


# Inside of a function that is differentiated.


@pytest.mark.parametrize("name", CONVERSIONS)
def test_no_conversion_loses_a_gradient_in_a_transform(name):
    convert = CONVERSIONS[name]
    refused(lambda: ag.grad(lambda x: np.sum(convert(x) * x) + x[0])(AT))
    refused(lambda: ag.grad(lambda x: np.sum(convert(x * 2) * x) + x[0])(AT))


def only_number(x):
    return x * math.sin(x)


TRANSFORMS = {
    "grad": lambda f: ag.grad(f)(0.5),
    "value_and_grad": lambda f: ag.value_and_grad(f)(0.5),
    "elementwise_grad": lambda f: ag.elementwise_grad(f)(0.5),
    "jacobian": lambda f: ag.jacobian(f)(0.5),
    "jacfwd": lambda f: ag.jacfwd(f)(0.5),
    "jacrev": lambda f: ag.jacrev(f)(0.5),
    "hessian": lambda f: ag.hessian(f)(0.5),
    "hvp": lambda f: ag.hvp(f)(0.5, 1.0),
    "jvp": lambda f: ag.jvp(f, (0.5,), (1.0,)),
    "vjp": lambda f: ag.vjp(f, 0.5),
    "check_grads": lambda f: ag.check_grads(f, (0.5,)),
    "grad with aux": lambda f: ag.grad(lambda x: (f(x), 0), has_aux=True)(0.5),
    "grad of a container": lambda f: ag.grad(lambda x: f(x["a"]))({"a": 0.5}),
    "grad of a whole number": lambda f: ag.grad(f)(2),
    "grad of two arguments": lambda f: ag.grad(lambda x, y: f(y), argnums=(0, 1))(1.0, 0.5),
    "grad by a Variable": lambda f: ag.grad(f)(ag.Variable(0.5)),
    "grad of grad": lambda f: ag.grad(ag.grad(f))(0.5),
    "grad of hvp": lambda f: ag.grad(lambda x: ag.hvp(f)(x, 1.0))(0.5),
    "checkpoint": lambda f: ag.grad(ag.checkpoint(f))(0.5),
    "under no_grad outside": ag.no_grad(lambda f: ag.grad(f)(0.5)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_refuses(name):
    message = refused(lambda: TRANSFORMS[name](only_number))
    assert message.startswith("math.sin: ")


def test_an_inner_transform_refuses_what_depends_on_the_outer_one():
    refused(lambda: ag.grad(lambda x: ag.grad(lambda y: y * float(x))(1.0))(2.0))
    refused(lambda: ag.grad(lambda x: ag.jvp(lambda y: y * float(x * x), (1.0,), (1.0,))[1])(2.0))
    refused(lambda: ag.grad(lambda x: float(ag.grad(lambda y: x * y * y)(1.0)))(2.0))


def test_what_the_outer_transform_does_with_a_derivative_of_the_inner_one_is_refused():
    refused(lambda: ag.grad(lambda x: x * float(ag.grad(lambda y: y**3)(x)))(2.0))


def test_a_rule_that_computes_with_floats_has_a_first_derivative_and_no_second():
    sine = ag.primitive(lambda x: math.sin(x))
    ag.defvjp(sine, lambda y, x: lambda bar: bar * math.cos(x))
    assert ag.grad(sine)(0.5) == math.cos(0.5)
    for second in (
        lambda: ag.grad(ag.grad(sine))(0.5),
        lambda: ag.hessian(sine)(0.5),
        lambda: ag.hvp(sine)(0.5, 1.0),
        lambda: ag.jvp(ag.grad(sine), (0.5,), (1.0,)),
    ):
        assert refused(second).startswith("math.cos: ")
    pushed = ag.primitive(lambda x: math.sin(x))
    ag.defjvp(pushed, lambda dot, y, x: dot * math.cos(x))
    assert ag.jvp(pushed, (0.5,), (1.0,))[1] == math.cos(0.5)
    refused(lambda: ag.jvp(lambda x: ag.jvp(pushed, (x,), (1.0,))[1], (0.5,), (1.0,)))


def test_a_thread_that_a_function_starts_refuses():
    def mapped(x):
        with ThreadPoolExecutor(1) as pool:
            return sum(pool.map(math.sin, x)) + x[0]

    refused(lambda: ag.grad(mapped)(AT))


def test_a_thread_with_variables_of_its_own_only_warns_while_a_transform_runs():
    running, done = threading.Event(), threading.Event()

    def waiting(x):
        running.set()
        assert done.wait(60)
        return x * x

    with ThreadPoolExecutor(1) as pool:
        slope = pool.submit(ag.grad(waiting), 3.0)
        assert running.wait(60)
        try:
            with pytest.warns(ag.GradientDroppedWarning):
                assert float(ag.Variable(2.0) * 3.0) == 6.0
        finally:
            done.set()
        assert slope.result() == 6.0


def test_a_variable_of_the_outside_warns_in_a_transform_too():
    weight = ag.Variable(3.0)
    with pytest.warns(ag.GradientDroppedWarning):
        assert ag.grad(lambda x: x * float(weight * 2.0))(1.0) == 6.0


def test_a_variable_made_in_a_transform_converts_silently():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ag.grad(lambda x: x * float(ag.Variable(3.0)))(1.0) == 3.0


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_after_an_error_in_a_function_conversions_are_those_of_the_outside(error):
    kept = []

    def failing(x):
        kept.append(x * 2)
        raise error

    for call in (
        lambda: ag.grad(failing)(1.0),
        lambda: ag.grad(lambda pair: failing(pair["a"]))({"a": 1.0}),
        lambda: ag.jvp(failing, (1.0,), (1.0,)),
        lambda: ag.hvp(failing)(1.0, 1.0),
    ):
        with pytest.raises(error):
            call()
    for left in kept:
        with pytest.warns(ag.GradientDroppedWarning):
            assert float(left) == 2.0


def test_after_its_transform_an_argument_warns():
    kept = []
    _, pull_back = ag.vjp(lambda x: kept.append(x * 3) or x * x, 2.0)
    with pytest.warns(ag.GradientDroppedWarning):
        assert float(kept[0]) == 6.0
    assert pull_back(1.0) == (4.0,)


def test_a_refusal_that_is_caught_leaves_the_gradient_right():
    def either(x):
        try:
            return math.sin(x)
        except TypeError:
            return ag.sin(x)

    assert ag.grad(either)(0.5) == math.cos(0.5)


# What loses nothing stays silent.


def logged(x):
    logging.getLogger("test").warning("x is %.3f", x)
    return x * x


SILENT = {
    "int": lambda x: x * x + int(x),
    "round": lambda x: x * x + round(x) + round(x, 1),
    "math.floor": lambda x: x * x + math.floor(x) + math.ceil(x) + math.trunc(x),
    "whole array": lambda x: x * x + np.array([x]).astype(int)[0] + np.asarray(x, dtype=int),
    "mask": lambda x: x * x + np.array([x]).astype(bool)[0],
    "item": lambda x: x * x + x.item() * 0,
    "value": lambda x: x * x + float(x.value) * 0,
    "detach": lambda x: x * x + float(x.detach()) * 0,
    "stop_gradient": lambda x: x * x + math.sin(ag.stop_gradient(x)) * 0,
    "repr": lambda x: x * x + len(repr(x)) * 0,
    "format": lambda x: x * x + len(f"{x} {x:.3f}" + f"{x:e}") * 0,
    "percent": lambda x: x * x + len("%.3f %d %s" % (x, x, x)) * 0,
    "bytes": lambda x: x * x + len(b"%f" % x) * 0,
    "print": lambda x: print(x, [x], np.array([x])) or x * x,
    "log": logged,
    "bool": lambda x: x * x if x else x,
    "compare": lambda x: x * x if 1 < x <= 9 and x != 4 else x,
    "sort": lambda x: sorted([x * x, x])[1],
    "copy": lambda x: copy.deepcopy(x) * x,
}


@pytest.mark.parametrize("name", SILENT)
def test_what_loses_no_gradient_is_silent_in_a_transform(name, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ag.grad(SILENT[name])(3.0) == 6.0


def test_conversions_under_no_grad_are_silent_in_a_transform():
    def stepped(x):
        with ag.no_grad():
            size = math.sqrt(x) + float(np.array([x], dtype=float)[0])
        return x * x + size * 0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ag.grad(stepped)(4.0) == 8.0


def test_text_from_a_remainder_does_not_hide_a_conversion():
    refused(lambda: ag.grad(lambda x: x * float("%.3f" % x) * float(x))(3.0))
    assert ag.grad(lambda x: 7.5 % x + np.float64(7.5) % x)(2.0) == -6.0


# What to do instead.


@pytest.mark.parametrize("write", WRITES)
def test_writing_into_an_array_says_to_build_a_list(write):
    message = refused(lambda: ag.grad(lambda x: np.sum(write(x)))(AT))
    assert message == (
        "writing into an array of floats: the gradient would be lost: got a Variable that depends "
        "on what is differentiated, wanted a constant; build a list, then use np.stack or "
        "np.concatenate, or use np.where; use .item() or stop_gradient if a constant is meant"
    )


def test_a_function_of_math_is_named_with_ours():
    from math import sin as sine

    for call, named, ours in [
        (lambda x: math.sin(x), "math.sin", "use autograd_rs.sin,"),
        (lambda x: sine(x), "math.sin", "use autograd_rs.sin,"),
        (lambda x: math.exp(math.cos(x)), "math.cos", "use autograd_rs.cos,"),
        (lambda x: math.sin(2.0) + math.cos(x), "math.cos", "use autograd_rs.cos,"),
        (lambda x: math.fsum([x, math.pi]), "math.fsum", "use autograd_rs.sum,"),
        (lambda x: math.isnan(x), "math.isnan", "math.isnan of .item()"),
        (lambda x: math.sin(2.0) + float(x), "float()", "use .item() or stop_gradient"),
    ]:
        message = refused(lambda call=call: ag.grad(lambda x: call(x * 1.0) + x)(1.0))
        assert message.startswith(f"{named}: ")
        assert ours in message


def test_a_library_is_named_that_computes_with_floats():
    message = refused(lambda: ag.grad(lambda x: statistics.fmean([x, x * x]))(1.0))
    assert "; statistics computes with floats in fmean: give that a rule by primitive" in message


def test_an_error_that_does_not_come_from_a_conversion_stays_what_it_is():
    def failing(x):
        try:
            raise TypeError("mine")
        except TypeError as error:
            raise ValueError("yours") from error

    with pytest.raises(ValueError, match="yours"):
        ag.grad(failing)(1.0)


def test_the_traceback_of_a_refusal_leads_to_the_line_that_writes():
    with pytest.raises(TypeError) as caught:
        ag.grad(lambda x: np.sum(square_into_zeros(x)))(AT)
    assert "square_into_zeros" in [entry.name for entry in caught.traceback]


# Other libraries: a right number, or an error.

SCIPY = {
    "norm.logpdf": lambda sp, x: sp.stats.norm.logpdf(0.3, x[0], 1.0),
    "norm": lambda sp, x: sp.stats.norm(x[0], 1.0).logpdf(0.3),
    "norm.cdf": lambda sp, x: sp.stats.norm.cdf(x[0]),
    "gamma": lambda sp, x: sp.stats.gamma.logpdf(0.3, x[0]),
    "multivariate_normal": lambda sp, x: sp.stats.multivariate_normal.logpdf([0.1, 0.2], mean=x),
    "interp1d at": lambda sp, x: sp.interpolate.interp1d([0.0, 3.0], [0.0, 1.0])(x[0]),
    "interp1d of": lambda sp, x: sp.interpolate.interp1d([0.0, 3.0], x)(0.5),
    "CubicSpline": lambda sp, x: sp.interpolate.CubicSpline([0.0, 3.0], [x[0], x[1]])(0.5),
    "fftconvolve": lambda sp, x: sp.signal.fftconvolve(AT, x).sum(),
    "odeint": lambda sp, x: sp.integrate.odeint(lambda y, t: -x[0] * y, [1.0], [0.0, 1.0])[-1, 0],
    "odeint from": lambda sp, x: sp.integrate.odeint(lambda y, t: -y, [x[0]], [0.0, 1.0])[-1, 0],
    "solve_ivp": lambda sp, x: sp.integrate.solve_ivp(
        lambda t, y: [-x[0] * y[0]], [0.0, 1.0], [1.0]
    ).y[0, -1],
    "solve_ivp from": lambda sp, x: sp.integrate.solve_ivp(lambda t, y: -y, [0.0, 1.0], [x[0]]).y[
        0, -1
    ],
    "LSODA": lambda sp, x: sp.integrate.solve_ivp(
        lambda t, y: [-x[0] * y[0]], [0.0, 1.0], [1.0], method="LSODA"
    ).y[0, -1],
    "quad": lambda sp, x: sp.integrate.quad(lambda t: x[0] * t, 0.0, 1.0)[0],
    "quad to": lambda sp, x: sp.integrate.quad(lambda t: t, 0.0, x[0])[0],
    "simpson": lambda sp, x: sp.integrate.simpson(x, dx=1.0),
    "brentq": lambda sp, x: sp.optimize.brentq(lambda p: p - x[0], -10.0, 10.0),
    "minimize": lambda sp, x: sp.optimize.minimize(lambda p: ((p - x[0]) ** 2).sum(), [0.0]).x[0],
    "least_squares": lambda sp, x: sp.optimize.least_squares(lambda p: p - x[0], [0.0]).x[0],
    "expm": lambda sp, x: sp.linalg.expm(np.array([[x[0], 0.0], [0.0, x[1]]])).sum(),
    "gmean": lambda sp, x: sp.stats.gmean(np.array([x[0], x[1]])),
}


@pytest.mark.parametrize("name", SCIPY)
def test_scipy_gives_a_right_gradient_or_an_error(name):
    sp = pytest.importorskip("scipy")
    for module in ("stats", "interpolate", "signal", "integrate", "optimize", "linalg"):
        pytest.importorskip(f"scipy.{module}")
    right_or_refused(lambda x: SCIPY[name](sp, x) + x[0])


def test_the_density_of_scipy_is_refused():
    stats = pytest.importorskip("scipy.stats")
    message = refused(lambda: ag.grad(lambda k: stats.norm.logpdf(0.3, k, 1.0) + k)(1.5))
    assert "scipy computes with floats in logpdf" in message


PANDAS = {
    "Series * x": lambda pd, x: (pd.Series(AT) * x).sum(),
    "x * Series": lambda pd, x: (x * pd.Series(AT)).sum(),
    "Series * number": lambda pd, x: (pd.Series(AT) * x[0]).sum(),
    "Series of floats": lambda pd, x: pd.Series([x[0], x[1]], dtype=float).sum(),
    "Series": lambda pd, x: pd.Series([x[0], x[1]]).sum(),
    "mean": lambda pd, x: pd.Series([x[0], x[1]]).mean(),
    "std": lambda pd, x: pd.Series([x[0], x[1]]).std(),
    "column": lambda pd, x: pd.DataFrame({"a": AT}).assign(b=x)["b"].sum(),
}


@pytest.mark.parametrize("name", PANDAS)
def test_pandas_gives_a_right_gradient_or_an_error(name):
    pd = pytest.importorskip("pandas")
    right_or_refused(lambda x: PANDAS[name](pd, x) + x[0])


def right_or_refused(function):
    """Require the gradient that differences give, or an error."""
    steps = np.eye(2) * 1e-6
    wanted = [(function(AT + step) - function(AT - step)) / 2e-6 for step in steps]
    try:
        found = ag.grad(function)(AT)
    except (TypeError, ValueError):
        return
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["dot", "kron", "concatenate", "outer", "where"])
def test_an_array_of_variables_beside_a_vector_keeps_its_gradient(name):
    calls = {
        "dot": lambda v, a: np.dot(v, a),
        "kron": lambda v, a: np.sum(np.kron(v, a)),
        "concatenate": lambda v, a: np.sum(np.concatenate([v, a]) ** 2),
        "outer": lambda v, a: np.sum(np.outer(v, a)),
        "where": lambda v, a: np.sum(np.where([True, False], v, a)),
    }
    wanted = {
        "dot": [3.0, 4.0],
        "kron": [7.0, 7.0],
        "concatenate": [2.0, 4.0],
        "outer": [7.0, 7.0],
        "where": [0.0, 1.0],
    }
    vector = ag.Vector([3.0, 4.0])
    found = ag.grad(lambda x: calls[name](vector, np.array([x[0], x[1]])))(AT)
    assert found.tolist() == wanted[name]


# Outside of transforms.


def test_the_warning_is_that_of_a_line_of_the_user_not_of_a_library():
    y = [ag.Variable(0.5) * 2, ag.Variable(1.0) * 3]
    with recorded_warnings() as caught:
        for _ in range(3):
            statistics.fmean(y)
            np.median(np.array(y).astype(float))
        statistics.fmean(y)
    assert [warning.category for warning in caught] == [ag.GradientDroppedWarning] * 3
    assert {warning.filename for warning in caught} == {__file__}
    assert len({warning.lineno for warning in caught}) == 3


def test_scipy_warns_on_the_line_of_the_user():
    interpolate = pytest.importorskip("scipy.interpolate")
    y = [ag.Variable(0.5) * 2, ag.Variable(1.0) * 3]
    with recorded_warnings() as caught:
        interpolate.CubicSpline([0.0, 1.0], y)
    assert {warning.filename for warning in caught} == {__file__}
    assert len(caught) == 1


def test_printing_is_silent_outside_of_transforms():
    y = ag.Variable(0.5) * 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "%.1f" % y == "1.0"
        assert (int(y), round(y), math.floor(y)) == (1, 1, 1)
        assert y.tolist() == [1.0]


def test_the_advice_of_the_warning_is_that_of_the_error():
    y = ag.Variable(0.5) * 2
    with pytest.warns(ag.GradientDroppedWarning, match=r"^math\.sin of .*use autograd_rs\.sin"):
        math.sin(y)
    out = np.zeros(1)
    with pytest.warns(ag.GradientDroppedWarning, match=r"^writing into an array .*np\.stack"):
        out[0] = y
