"""A rule that raises ends its transform, and leaves tape, modes and Variables as they were."""

import pytest

import autograd_rs as ag
from autograd_rs import _core

STEPS = 400_000


class Broken:
    """A square whose rules raise an error while there is one."""

    def __init__(self):
        self.error = None
        self.square = ag.primitive(lambda x: x * x)
        ag.defvjp(self.square, lambda y, x: lambda y_bar: self.checked(y_bar * 2.0 * x))
        ag.defjvp(self.square, lambda x_dot, y, x: self.checked(x_dot * 2.0 * x))

    def checked(self, answer):
        """Give an answer, or raise the error."""
        if self.error is not None:
            raise self.error
        return answer


@pytest.fixture
def broken():
    return Broken()


def of_number(broken):
    return lambda x: broken.square(ag.sin(x) * x) * x


def of_vector(broken):
    return lambda x: ag.sum(broken.square(ag.sin(x) * x) * x)


VECTOR = ag.Vector([0.5, 1.5, 2.5])

CALLS = {
    "grad": lambda b: ag.grad(of_number(b))(0.7),
    "grad of a vector": lambda b: ag.grad(of_vector(b))(VECTOR),
    "value_and_grad": lambda b: ag.value_and_grad(of_number(b))(0.7),
    "jvp": lambda b: ag.jvp(of_number(b), (0.7,), (1.0,)),
    "jvp of a vector": lambda b: ag.jvp(of_vector(b), (VECTOR,), (VECTOR,)),
    "vjp": lambda b: ag.vjp(of_number(b), 0.7)[1](1.0),
    "hvp": lambda b: ag.hvp(of_number(b))(0.7, 1.0),
    "hvp of a vector": lambda b: ag.hvp(of_vector(b))(VECTOR, VECTOR),
    "jacobian": lambda b: ag.jacobian(lambda x: b.square(x) * x)(VECTOR),
    "jacfwd": lambda b: ag.jacfwd(lambda x: b.square(x) * x)(VECTOR),
    "hessian": lambda b: ag.hessian(of_vector(b))(VECTOR),
    "grad of grad": lambda b: ag.grad(ag.grad(of_number(b)))(0.7),
    "jvp of grad": lambda b: ag.jvp(ag.grad(of_number(b)), (0.7,), (1.0,)),
    "grad of jvp": lambda b: ag.grad(lambda x: ag.jvp(of_number(b), (x,), (1.0,))[1])(0.7),
}


def numbers_of(result):
    """All numbers of what a transform gives."""
    if isinstance(result, (tuple, list)):
        return [number for part in result for number in numbers_of(part)]
    return result.tolist() if isinstance(result, ag.Vector) else [float(result)]


def assert_reclaims():
    """Many operations leave few nodes."""
    x = ag.Variable(1.0)
    for _ in range(STEPS):
        x * x
    assert _core.tape_nodes() < STEPS // 10


@pytest.mark.parametrize("error", [ValueError("a rule"), KeyboardInterrupt()], ids=["error", "^C"])
@pytest.mark.parametrize("call", CALLS)
def test_after_a_rule_that_raises_everything_is_as_before(broken, call, error):
    want = numbers_of(CALLS[call](broken))
    x = ag.Variable(2.0)
    ag.grad(x * x)
    kept = x * x * x
    broken.error = error
    for _ in range(3):
        with pytest.raises(type(error)):
            CALLS[call](broken)
    broken.error = None
    assert x.grad.item() == 4.0
    assert ag.grad(kept, wrt=[x])[0].item() == 12.0
    assert numbers_of(CALLS[call](broken)) == want
    assert (x * x).is_leaf is False
    assert_reclaims()


@pytest.mark.parametrize("create_graph", [False, True])
def test_after_a_failed_gradient_of_a_result_leaves_keep_what_they_had(broken, create_graph):
    x = ag.Variable(0.7)
    middle = ag.sin(x)
    loss = broken.square(middle) * middle
    ag.grad(x * x)
    broken.error = ValueError("a rule")
    with pytest.raises(ValueError, match="a rule"):
        ag.grad(loss)
    with pytest.raises(ValueError, match="a rule"):
        ag.grad(loss, wrt=[x, middle], create_graph=create_graph)
    assert x.grad.item() == 1.4
    broken.error = None
    # By hand: the cube of the middle.
    assert ag.grad(loss, wrt=[middle])[0].item() == pytest.approx(3 * middle.item() ** 2, rel=1e-15)
    assert_reclaims()


def test_a_gradient_in_a_rule_does_not_take_that_of_the_outer_sweep():
    inside = []

    def pull_back(y_bar):
        inside.append(ag.grad(doubled * doubled, wrt=[doubled])[0].item())
        return 3.0 * y_bar

    tripled = ag.primitive(lambda x: 3.0 * x)
    ag.defvjp(tripled, lambda y, x: pull_back)
    x = ag.Variable(2.0)
    doubled = x * 2.0
    (gradient,) = ag.grad(tripled(doubled), wrt=[doubled])
    assert (inside, gradient.item()) == ([8.0], 3.0)
