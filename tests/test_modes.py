"""no_grad, stop_gradient, detect_anomaly: what they do, where they end, whom they concern."""

import asyncio
import contextvars
import copy
import pickle
import signal
import subprocess
import sys
import threading
import warnings

import pytest

import autograd_rs as ag
from autograd_rs import _core


def records():
    return not (ag.Variable(2.0) * 3.0).is_leaf


def test_nothing_is_recorded_under_no_grad():
    x = ag.Variable(ag.Vector([1.0, 2.0]))
    with ag.no_grad():
        y = ag.sum(ag.sin(x) * x)
        assert y.is_leaf
        assert y.parents == ()
    assert not (x * 2).is_leaf
    with pytest.raises(TypeError, match="without a gradient"):
        ag.grad(y)


def test_no_grad_decorates_functions():
    @ag.no_grad()
    def evaluate(x, *, factor=1.0):
        """Evaluate."""
        return x * factor

    x = ag.Variable(2.0)
    assert evaluate(x, factor=3.0).is_leaf
    assert evaluate(x, factor=3.0).item() == 6.0
    assert evaluate.__name__ == "evaluate"
    assert evaluate.__doc__ == "Evaluate."
    assert records()


def test_a_decorated_function_may_call_itself():
    @ag.no_grad()
    def countdown(n):
        return [records(), *countdown(n - 1)] if n else []

    assert countdown(3) == [False] * 3
    assert records()


def test_a_mode_decorates_without_parentheses():
    @ag.no_grad
    def evaluate(x):
        return x * 2.0

    @ag.detect_anomaly
    def logarithm(x):
        return ag.log(x)

    assert evaluate(ag.Variable(2.0)).is_leaf
    assert evaluate.__name__ == "evaluate"
    with pytest.raises(FloatingPointError):
        logarithm(ag.Variable(0.0))
    assert records()


def generator():
    yield 1


async def coroutine():
    return 1


async def asynchronous_generator():
    yield 1


class Asynchronous:
    async def __call__(self):
        return 1


@pytest.mark.parametrize("function", [generator, coroutine, asynchronous_generator, Asynchronous()])
@pytest.mark.parametrize("mode", [ag.no_grad, ag.no_grad()])
def test_functions_that_run_in_pieces_are_refused(mode, function):
    with pytest.raises(TypeError, match=r"no_grad: .*runs in pieces"):
        mode(function)


def test_a_mode_does_not_decorate_what_is_no_function():
    with pytest.raises(TypeError, match=r"no_grad: got class Asynchronous, .*its methods"):
        ag.no_grad()(Asynchronous)
    for mode in (ag.detect_anomaly, ag.detect_anomaly()):
        with pytest.raises(TypeError, match="detect_anomaly: got int 3, wanted a function"):
            mode(3)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("mode", [ag.no_grad, ag.detect_anomaly])
def test_a_mode_ends_with_an_exception(mode, error):
    with pytest.raises(error), mode():
        raise error
    assert records()

    @mode()
    def fail():
        raise error

    with pytest.raises(error):
        fail()
    assert records()


def test_modes_nest_and_one_object_may_be_entered_again():
    mode = ag.no_grad()
    with mode:
        with mode:
            assert not records()
        assert not records()
        with ag.detect_anomaly():
            assert not records()
            with pytest.raises(FloatingPointError):
                ag.log(ag.Variable(0.0))
        assert ag.log(ag.Variable(0.0)).item() == -float("inf")
    assert records()


def test_modes_that_are_left_out_of_order_left_a_hidden_no_grad():
    first, second = ag.no_grad(), ag.detect_anomaly()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert records()
    with pytest.raises(FloatingPointError):
        ag.log(ag.Variable(0.0))
    second.__exit__(None, None, None)
    with ag.detect_anomaly():
        assert records()


def test_a_generator_that_is_closed_inside_of_another_mode_takes_its_own_along():
    def quiet():
        with ag.no_grad():
            yield

    waiting = quiet()
    next(waiting)
    assert not records()
    with ag.detect_anomaly():
        waiting.close()
        assert records()
    assert records()
    waiting = quiet()
    next(waiting)
    assert ag.grad(lambda x: (waiting.close(), x * x)[1])(3.0) == 6.0
    assert records()
    waiting = quiet()
    assert ag.grad(lambda x: (x * x, next(waiting))[0])(3.0) == 6.0
    assert not records()
    waiting.close()
    assert records()


def test_one_mode_object_in_two_threads_raised_an_error_of_tokens():
    mode = ag.no_grad()
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def stay():
        with mode:
            entered.set()
            leave.wait()
            seen.append(records())
        seen.append(records())

    thread = threading.Thread(target=stay)
    with mode:
        thread.start()
        entered.wait()
    assert records()
    with mode:
        leave.set()
        thread.join()
        assert not records()
    assert seen == [False, True]
    assert records()


def test_one_mode_object_serves_several_tasks():
    mode = ag.no_grad()

    async def quiet(steps):
        seen = []
        with mode:
            for _ in range(steps):
                await asyncio.sleep(0)
                seen.append(records())
        return [*seen, records()]

    async def both():
        return await asyncio.gather(quiet(2), quiet(5), quiet(3))

    assert asyncio.run(both()) == [[False] * steps + [True] for steps in (2, 5, 3)]
    assert records()


def test_a_mode_that_was_not_entered_cannot_be_left():
    with pytest.raises(RuntimeError, match="no_grad: left, but not entered"):
        ag.no_grad().__exit__(None, None, None)
    with ag.no_grad():
        with pytest.raises(RuntimeError, match="no_grad: left, but not entered"):
            ag.no_grad().__exit__(None, None, None)
        assert not records()
    mode = ag.no_grad()
    contextvars.copy_context().run(mode.__enter__)
    with pytest.raises(RuntimeError, match="no_grad: left in another thread, task or context"):
        mode.__exit__(None, None, None)
    assert records()


def test_other_threads_are_not_concerned():
    seen = []
    with ag.no_grad():
        thread = threading.Thread(target=lambda: seen.append(records()))
        thread.start()
        thread.join()
        assert not records()
    assert seen == [True]


def test_asyncio_tasks_have_their_own_modes():
    async def quiet(steps):
        seen = []
        with ag.no_grad():
            for _ in range(steps):
                await asyncio.sleep(0)
                seen.append(records())
        return seen

    async def loud(steps):
        seen = []
        for _ in range(steps):
            await asyncio.sleep(0)
            seen.append(records())
        return seen

    async def both():
        return await asyncio.gather(quiet(5), loud(5), quiet(3))

    assert asyncio.run(both()) == [[False] * 5, [True] * 5, [False] * 3]
    assert records()


def test_a_mode_in_another_context_ends_with_it():
    def enter():
        ag.no_grad().__enter__()
        assert not records()

    contextvars.copy_context().run(enter)
    assert records()


def test_grad_of_a_graph_from_before_works_under_no_grad():
    x = ag.Variable(3.0)
    y = x * x
    with ag.no_grad():
        ag.grad(y)
        assert ag.grad(y, wrt=[x])[0].item() == 6.0
    assert x.grad.item() == 6.0


# stop_gradient and detach


def test_no_derivative_flows_through_stop_gradient():
    assert ag.grad(lambda x: x * ag.stop_gradient(x))(3.0) == 3.0
    assert ag.hessian(lambda x: x * x * ag.stop_gradient(x))(3.0) == 6.0
    assert ag.jvp(lambda x: x * ag.stop_gradient(x), (3.0,), (1.0,)) == (9.0, 3.0)
    x = ag.Variable(3.0)
    ag.grad(x * x.detach())
    assert x.grad.item() == 3.0


def test_stop_gradient_of_containers_keeps_their_structure():
    x = ag.Variable(2.0)
    tree = {"a": x, "b": [x * x, 1.0, "text"], "c": (None, ag.Vector([1.0]))}
    stopped = ag.stop_gradient(tree)
    assert list(stopped) == ["a", "b", "c"]
    assert not _core.is_tracked(stopped["a"])
    assert not _core.is_tracked(stopped["b"][0])
    assert stopped["b"][0].item() == 4.0
    assert stopped["b"][1:] == [1.0, "text"]
    assert stopped["c"][1] is tree["c"][1]
    assert _core.is_tracked(tree["a"])


def test_stop_gradient_of_an_array_of_variables():
    np = pytest.importorskip("numpy")
    x = ag.Variable(2.0)
    stopped = ag.stop_gradient(np.array([[x, 3.0]], dtype=object))
    assert stopped.shape == (1, 2)
    assert not _core.is_tracked(stopped[0, 0])
    assert stopped[0, 1] == 3.0


def test_stop_gradient_leaves_other_objects_as_they_are():
    for x in (1.0, "text", None, ag.Vector([1.0])):
        assert ag.stop_gradient(x) is x


# detect_anomaly


def test_the_first_bad_value_is_named_with_its_operation_and_place():
    x = ag.Variable(-1.0, name="x")
    with ag.detect_anomaly():
        y = x * 2.0
        with pytest.raises(FloatingPointError) as caught:
            ag.log(y)
    message = str(caught.value)
    assert "log: made nan" in message
    assert "-2.0" in message
    assert f"{__file__}:" in message


def test_the_first_bad_gradient_is_named():
    x = ag.Variable(0.0)
    with ag.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        ag.grad(ag.sqrt(x))
    message = str(caught.value)
    assert "sqrt" in message
    assert "gradient" in message
    assert f"{__file__}:" in message


def test_a_swallowed_product_of_zero_and_infinity_is_told():
    x = ag.Variable(0.0)
    with ag.detect_anomaly(), pytest.warns(RuntimeWarning, match="sqrt: a cotangent of 0"):
        ag.grad(ag.sqrt(x) * 0.0)
    assert x.grad.item() == 0.0


def test_anomalies_inside_of_transforms_are_found():
    with ag.detect_anomaly():
        assert ag.grad(lambda x: ag.log(x) * x)(2.0) == pytest.approx(1.6931471805599454)
        for call in (
            lambda: ag.grad(lambda x: ag.log(x))(-1.0),
            lambda: ag.grad(lambda x: ag.sqrt(x))(0.0),
            lambda: ag.value_and_grad(lambda t: ag.sqrt(t["x"]))({"x": 0.0}),
        ):
            with pytest.raises(FloatingPointError) as caught:
                call()
            assert f"{__file__}:" in str(caught.value)


def test_anomalies_in_recorded_gradients_are_found_where_the_user_wrote_the_operation():
    x = ag.Variable(0.0)
    for call in (
        lambda: ag.grad(ag.sqrt(x), wrt=[x], create_graph=True),
        lambda: ag.grad(ag.grad(lambda x: ag.sqrt(x)))(0.0),
        lambda: ag.hessian(lambda x: ag.sqrt(x))(0.0),
        lambda: ag.hvp(lambda x: ag.sqrt(x))(0.0, 1.0),
        lambda: ag.jvp(ag.grad(lambda x: ag.sqrt(x)), (0.0,), (1.0,)),
    ):
        with ag.detect_anomaly(), pytest.raises(FloatingPointError, match="sqrt: made nan or inf"):
            call()
    with ag.detect_anomaly(), pytest.warns(RuntimeWarning, match="sqrt: a cotangent of 0"):
        ag.grad(ag.sqrt(x) * 0.0, wrt=[x], create_graph=True)
    with ag.detect_anomaly():
        assert ag.grad(ag.grad(ag.grad(ag.sin)))(0.0) == -1.0


def test_anomalies_are_found_where_reverse_mode_decides_for_forward_mode():
    point = ag.Vector([0.0, 1.0])
    for call in (
        lambda: ag.jvp(lambda x: ag.sqrt(x), (0.0,), (1.0,)),
        lambda: ag.jvp(lambda x: ag.sqrt(x), (point,), (point,)),
        lambda: ag.jacfwd(lambda x: ag.sqrt(x))(point),
        lambda: ag.jvp(lambda x: ag.sqrt(x), (ag.Variable(0.0),), (1.0,)),
    ):
        with ag.detect_anomaly(), pytest.raises(FloatingPointError, match="sqrt: made nan or inf"):
            call()
    with ag.detect_anomaly(), pytest.warns(RuntimeWarning, match="sqrt: a cotangent of 0"):
        assert ag.jvp(lambda x: ag.sqrt(x) * 0.0, (0.0,), (1.0,))[1] == 0


def anomaly(call):
    """The message of the error that the mode raises, which must say where."""
    with ag.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        call()
    line = call.__code__.co_firstlineno
    assert str(caught.value).endswith(f"at {__file__}:{line}")
    return str(caught.value)


def test_anomalies_of_primitives_were_not_found():
    overflowing = ag.primitive(lambda x: x * 1e308 * 10)
    linear = ag.primitive(lambda x: x * 1.0)
    ag.defvjp(linear, lambda y, x: lambda y_bar: y_bar * 1e308 * 10)
    forward = ag.primitive(lambda x: x * 1.0)
    ag.defjvp(forward, lambda x_dot, y, x: x_dot * 1e308 * 10)
    assert "<lambda>: made inf: got 3.0" in anomaly(lambda: overflowing(ag.Variable(3.0)))
    message = "<lambda>: made nan or inf in the gradient of operand 0: got operands 3.0"
    assert message in anomaly(lambda: ag.grad(linear)(3.0))
    assert message in anomaly(lambda: ag.jvp(linear, (3.0,), (1.0,)))
    message = "<lambda>: made nan or inf in its tangent: got operands 3.0 and tangents 1.0"
    assert message in anomaly(lambda: ag.jvp(forward, (3.0,), (1.0,)))
    assert message in anomaly(lambda: ag.jacfwd(forward)(3.0))


@pytest.mark.parametrize("x", [1e-10, ag.Vector([1e-10, 1e-10])])
def test_a_sum_of_contributions_that_overflows_was_not_found(x):
    message = anomaly(lambda: ag.grad(lambda x: ag.sum(x * 1e308 + x * 1e308))(x))
    assert "mul: made nan or inf in the gradient of operand 0" in message


def test_entries_and_products_with_matrices_that_overflow_were_not_found():
    np = pytest.importorskip("numpy")
    x = np.array([1e-10, 1e-10])
    assert "index: made" in anomaly(lambda: ag.grad(lambda x: x[0] * 1e308 + x[0] * 1e308)(x))
    with np.errstate(all="ignore"):
        matrix = np.full((2, 2), 1e308)
        assert "matmul: made" in anomaly(lambda: ag.grad(lambda x: ag.sum(matrix @ x))(x))
    large = ag.Vector([1e200, 1.0])
    message = anomaly(lambda: ag.grad(lambda x: ag.dot(x, large) * 1e200)(ag.Vector([0.0, 1.0])))
    assert "dot: made nan or inf in the gradient of operand 0" in message


def test_anomalies_of_second_derivatives_had_no_place():
    for call in (
        lambda: ag.hessian(lambda x: x**1.5)(0.0),
        lambda: ag.hvp(lambda x: x**1.5)(0.0, 1.0),
        lambda: ag.grad(ag.grad(lambda x: x**1.5))(0.0),
        lambda: ag.jvp(ag.grad(lambda x: x**1.5), (0.0,), (1.0,)),
        lambda: ag.grad(lambda x: ag.jvp(lambda x: x**1.5, (x,), (1.0,))[1])(0.0),
    ):
        assert "pow_slope: made nan or inf in" in anomaly(call)


def test_a_swallowed_product_was_told_in_a_file_of_the_package():
    with ag.detect_anomaly(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ag.grad(lambda t: ag.sqrt(t[0]) * 0.0)([0.0])
        ag.hessian(lambda x: ag.sqrt(x) * 0.0 + x)(ag.Vector([0.0]))
        ag.grad(lambda x: ag.dot(ag.sqrt(x), ag.Vector([0.0, 1.0])))(ag.Vector([0.0, 1.0]))
    assert len(caught) >= 3
    assert {warning.filename for warning in caught} == {__file__}


def test_nothing_is_looked_for_outside():
    with ag.detect_anomaly():
        pass
    assert ag.log(ag.Variable(0.0)).item() == -float("inf")
    ag.grad(ag.sqrt(ag.Variable(0.0)))


def test_a_mode_left_by_another_thread_stays_where_it_was_entered():
    def run():
        x = ag.Variable(2.0)
        mode = ag.no_grad()
        mode.__enter__()
        failures = []

        def leave():
            try:
                mode.__exit__(None, None, None)
            except RuntimeError as error:
                failures.append(error)

        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
        assert len(failures) == 1
        assert (x * x).is_leaf
        mode.__exit__(None, None, None)
        assert not (x * x).is_leaf

    contextvars.copy_context().run(run)


INTERRUPTED = """
import random, signal, sys
import autograd_rs as ag

x = ag.Variable(2.0)


def interrupt(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGALRM, interrupt)


def context(mode):
    while True:
        with mode():
            pass


def one_object(mode):
    entered = mode()
    while True:
        with entered:
            x * 2.0


def decorated(mode):
    @mode
    def double(x):
        return x * 2.0

    while True:
        double(x)


def generator(mode):
    def doubles():
        with mode():
            yield x * 2.0

    while True:
        for _ in doubles():
            x * 2.0


def coroutine(mode):
    async def double():
        with mode():
            return x * 2.0

    while True:
        try:
            double().send(None)
        except StopIteration:
            pass


def transform(mode):
    with ag.no_grad():
        while True:
            ag.grad(lambda x: x * x)(2.0)


def modes():
    try:
        ag.log(ag.Variable(0.0))
    except FloatingPointError:
        return "anomaly"
    return "no_grad" if (x * 2.0).is_leaf else None


loop, mode, outside = sys.argv[1:]
loop, mode, outside = globals()[loop], getattr(ag._modes, mode), getattr(ag._modes, outside, None)
random.seed(1)
left = []
for _ in range(400):
    try:
        # Again and again: an interrupt in a finalizer is lost, as Python has it.
        signal.setitimer(signal.ITIMER_REAL, random.uniform(2e-5, 3e-4), 0.1)
        if outside:
            with outside():
                loop(mode)
        loop(mode)
    except KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if modes():
        left.append(modes())
        break
print(left)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that signals")
@pytest.mark.parametrize(
    "loop", ["context", "one_object", "decorated", "generator", "coroutine", "transform"]
)
@pytest.mark.parametrize(
    ("mode", "outside"),
    [("no_grad", "none"), ("enable_grad", "no_grad"), ("detect_anomaly", "none")],
)
def test_an_interrupt_at_the_beginning_of_a_mode_left_it_on(loop, mode, outside):
    command = [sys.executable, "-c", INTERRUPTED, loop, mode, outside]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert finished.stdout == "[]\n", finished.stderr


def test_a_copied_mode_is_not_in_force():
    mode = ag.no_grad()
    with mode:
        for copied in (copy.copy(mode), pickle.loads(pickle.dumps(mode))):
            assert type(copied) is ag.no_grad
            with pytest.raises(RuntimeError, match="left, but not entered before"):
                copied.__exit__(None, None, None)
