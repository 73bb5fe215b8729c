"""no_grad, stop_gradient, detect_anomaly: what they do, where they end, whom they concern."""

import asyncio
import contextvars
import threading

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


@pytest.mark.parametrize("kind", ["generator", "coroutine"])
def test_functions_that_run_in_pieces_are_refused(kind):
    def generator():
        yield 1

    async def coroutine():
        return 1

    with pytest.raises(TypeError, match="runs in pieces"):
        ag.no_grad()(generator if kind == "generator" else coroutine)


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


def test_nothing_is_looked_for_outside():
    with ag.detect_anomaly():
        pass
    assert ag.log(ag.Variable(0.0)).item() == -float("inf")
    ag.grad(ag.sqrt(ag.Variable(0.0)))
