"""Code of Python that runs in the midst of a call may record: nodes get new ids, results stay.

Each form here gets an operand whose conversion records so much that the tape is reclaimed, which
moves the nodes of the operands beside it. Derivatives are by hand, at y = 2 and z = 5.
"""

import array
import gc
import math
import sys
import threading
from fractions import Fraction

import pytest

import autograd_rs as ag
from autograd_rs import _core

np = pytest.importorskip("numpy")

Y, Z = 2.0, 5.0


# Results that lie on the tape before others: where some of them go, the others move.
BEFORE = []


def lay_before():
    """Record results that whatever is recorded from now on lies behind."""
    BEFORE[:] = [ag.Variable(1.0) * 2.0 for _ in range(4_000)]


def record_much():
    """Record as much as makes the tape drop what nobody can reach, and so move the rest."""
    del BEFORE[-30:]
    x = ag.Variable(1.0)
    for _ in range(20_000):
        x * 3.0
    # Where much else is alive, it would take more.
    _core.reclaim()


def test_recording_much_moves_nodes():
    lay_before()
    x = ag.Variable(1.0)
    ((place, *_),) = _core.graph("draw", x, 1, 1)[2]
    record_much()
    assert _core.graph("draw", x, 1, 1)[2][0][0] == place - 60


class Number:
    """A number that is none of Python's."""

    def __init__(self, value):
        self.value = value

    def __float__(self):
        record_much()
        return float(self.value)

    def __index__(self):
        record_much()
        return int(self.value)


class Whole(array.array):
    """Numbers in a buffer, which are asked for as a list."""

    def tolist(self):
        record_much()
        return super().tolist()


def whole(*entries):
    return Whole("i", entries)


class Entries(list):
    """A list that records while it is gone through."""

    def __iter__(self):
        record_much()
        return super().__iter__()


WEIGHTS = ag.Vector([7.0, 11.0, 13.0])


def weighed(xs):
    return ag.dot(ag.stack(xs), WEIGHTS)


def moving_objects(*entries):
    """Give an array of objects that records when it is asked for its shape."""

    class Objects(np.ndarray):
        @property
        def dtype(self):
            record_much()
            return super().dtype

    made = np.empty(len(entries), dtype=object)
    made[:] = entries
    return made.view(Objects)


def exponentials(*xs):
    sizes = [math.exp(x) for x in xs]
    return [size / sum(sizes) for size in sizes]


SHARES = exponentials(Y, 3.0, Z)

# Of y and z, a result and its derivatives by them.
FORMS = {
    "stack": (lambda y, z: weighed([y, Number(3), z]), (7.0, 13.0)),
    "stack, first": (lambda y, z: weighed([Number(3), y, z]), (11.0, 13.0)),
    "stack, last": (lambda y, z: weighed([y, z, Number(3)]), (7.0, 11.0)),
    "stack of a tuple": (lambda y, z: weighed((y, Number(3), z)), (7.0, 13.0)),
    "stack of entries": (lambda y, z: weighed(Entries([y, 3.0, z])), (7.0, 13.0)),
    "concatenate": (
        lambda y, z: ag.dot(ag.concatenate([y, Number(3), z]), WEIGHTS),
        (7.0, 13.0),
    ),
    "concatenate of vectors": (
        lambda y, z: ag.sum(ag.concatenate([ag.stack([y, z]) * z, whole(1, 2), y])),
        (Z + 1.0, Y + 2 * Z),
    ),
    "concatenate of lists": (lambda y, z: ag.sum(ag.concatenate([Entries([y, z])[0], z])), (1, 1)),
    "sum": (lambda y, z: ag.sum([y, Number(3), z]), (1.0, 1.0)),
    "mean": (lambda y, z: ag.mean([y, Number(3), z, 1.0]), (0.25, 0.25)),
    "prod": (lambda y, z: ag.prod([y, Number(3), z]), (15.0, 6.0)),
    "max": (lambda y, z: ag.max([y, Number(3), z]), (0.0, 1.0)),
    "min": (lambda y, z: ag.min([y, Number(3), z]), (1.0, 0.0)),
    "norm": (lambda y, z: ag.norm([y, Number(14), z]), (2 / 15, 5 / 15)),
    "logsumexp": (lambda y, z: ag.logsumexp([y, Number(3), z]), (SHARES[0], SHARES[2])),
    "softmax": (
        lambda y, z: ag.softmax([y, Number(3), z])[0],
        (SHARES[0] * (1 - SHARES[0]), -SHARES[0] * SHARES[2]),
    ),
    "cumsum": (lambda y, z: ag.dot(ag.cumsum([y, Number(3), z]), WEIGHTS), (31.0, 13.0)),
    "dot": (lambda y, z: ag.dot([y, Number(3), z], [z, Number(3), y]), (2 * Z, 2 * Y)),
    "dot with a buffer": (lambda y, z: ag.dot(ag.stack([y, z]), whole(3, 4)), (3.0, 4.0)),
    "matmul": (lambda y, z: ag.stack([y, z]) @ whole(3, 4), (3.0, 4.0)),
    "matmul, reflected": (lambda y, z: whole(3, 4) @ ag.stack([y, z]), (3.0, 4.0)),
    "where": (lambda y, z: ag.sum(ag.where(ag.Vector([1, 0]), y, Number(3))), (1.0, 0.0)),
    "where, condition": (lambda y, z: ag.sum(ag.where([Number(1), 0.0], y, z)), (1.0, 1.0)),
    "where, mask": (lambda y, z: ag.sum(ag.where(whole(1, 0, 0), y, z)), (1.0, 2.0)),
    "clip": (lambda y, z: ag.clip(y * z, Number(1), Number(99)), (Z, Y)),
    "add": (lambda y, z: y * z + Number(3), (Z, Y)),
    "subtract, reflected": (lambda y, z: Number(3) - y, (-1.0, 0.0)),
    "multiply": (lambda y, z: y * Number(3) * z, (15.0, 6.0)),
    "divide, reflected": (lambda y, z: Number(8) / y, (-2.0, 0.0)),
    "power": (lambda y, z: y ** Number(3), (12.0, 0.0)),
    "remainder": (lambda y, z: z % Number(3), (0.0, 1.0)),
    "divmod": (lambda y, z: divmod(z, Number(3))[1], (0.0, 1.0)),
    "multiply by a buffer": (lambda y, z: ag.sum(ag.stack([y, z]) * whole(3, 4)), (3.0, 4.0)),
    "maximum": (lambda y, z: ag.maximum(z, Number(3)), (0.0, 1.0)),
    "hypot": (lambda y, z: ag.hypot(y, Number(1.5)), (0.8, 0.0)),
    "function of a buffer": (lambda y, z: ag.sum(ag.hypot(whole(0, 0), y) * z), (2 * Z, 2 * Y)),
    "comparison": (lambda y, z: ag.where(y < Number(3), y, z), (1.0, 0.0)),
    "comparison of vectors": (
        lambda y, z: ag.sum(ag.where(ag.stack([y, z]) < whole(3, 3), y, z)),
        (1.0, 1.0),
    ),
    "index": (lambda y, z: ag.stack([y, z])[Number(1)], (0.0, 1.0)),
    "index by places": (
        lambda y, z: ag.dot(ag.stack([y, z])[[Number(1), 0, Number(1)]], WEIGHTS),
        (11.0, 20.0),
    ),
    "index by a slice": (lambda y, z: ag.sum(ag.stack([y, z])[Number(1) :]), (0.0, 1.0)),
    "index by a buffer": (
        lambda y, z: ag.dot(ag.stack([y, z])[Whole("b", [1, 0, 1])], WEIGHTS),
        (11.0, 20.0),
    ),
    "array of objects": (
        lambda y, z: ag.sum(moving_objects(y, 3.0, z) * moving_objects(z, 3.0, 3.0)),
        (Z, Y + 3.0),
    ),
    "sum of objects": (lambda y, z: ag.sum(np.array([y, Number(3), z], dtype=object)), (1.0, 1.0)),
    "stack of objects": (lambda y, z: weighed(moving_objects(y, Number(3), z)), (7.0, 13.0)),
    "copy": (lambda y, z: ag.stack([y.copy(), Number(1), z.copy()])[2] * y, (Z, Y)),
}


def derivatives(form):
    """Give the derivatives of a form of two results, before which lies what will be dropped."""
    lay_before()
    a, b = ag.Variable(Y / 2.0), ag.Variable(Z / 2.0)
    y, z = a * 2.0, b * 2.0
    loss = form(y, z)
    ag.grad(loss)
    found = [x.grad.item() / 2.0 if x.grad is not None else 0.0 for x in (a, b)]
    again = [ag.grad(loss, wrt=[y, z])[place].item() for place in (0, 1)]
    assert found == again
    return found


@pytest.mark.parametrize("name", FORMS)
def test_operands_beside_one_whose_conversion_records_had_the_nodes_of_others(name):
    form, wanted = FORMS[name]
    for _ in range(2):
        assert derivatives(form) == pytest.approx(wanted, rel=1e-15)


@pytest.fixture
def reclaims_at_every_collection():
    """Wherever an allocation may collect garbage, nodes move."""

    def move(phase, _):
        if phase == "stop":
            del BEFORE[-3:]
            _core.reclaim()

    threshold = gc.get_threshold()
    gc.callbacks.append(move)
    gc.set_threshold(1)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(move)


@pytest.mark.parametrize("name", FORMS)
def test_nodes_may_move_at_every_allocation(reclaims_at_every_collection, name):
    form, wanted = FORMS[name]
    assert derivatives(form) == pytest.approx(wanted, rel=1e-15)


def recording_rule(rule):
    """Make a maker of cotangents that records before and while it makes one."""

    def make(y, *args):
        record_much()

        def pull_back(y_bar):
            record_much()
            return rule(y_bar, *args)

        return pull_back

    return make


@pytest.fixture(scope="module")
def product():
    @ag.primitive
    def product(x, factor, y):
        record_much()
        return x * factor * y

    ag.defvjp(
        product,
        recording_rule(lambda y_bar, _, factor, y: y_bar * (factor * y)),
        recording_rule(lambda y_bar, x, _, y: y_bar * (x * y)),
        recording_rule(lambda y_bar, x, factor, _: y_bar * (factor * x)),
    )
    return product


def test_a_primitive_whose_function_records_had_the_nodes_of_others(product):
    for _ in range(2):
        assert derivatives(lambda y, z: product(y, 3.0, z)) == [15.0, 6.0]


def test_rules_that_record_serve_every_derivative(product):
    def cube(x):
        return product(x, x, x)

    assert ag.grad(cube)(2.0) == 12.0
    assert ag.grad(ag.grad(cube))(2.0) == 12.0
    assert ag.hessian(cube)(2.0) == 12.0
    assert ag.hvp(cube)(2.0, 1.0) == 12.0
    x = ag.Variable(2.0)
    (first,) = ag.grad(cube(x), wrt=[x], create_graph=True)
    (second,) = ag.grad(first, wrt=[x], create_graph=True)
    assert (first.item(), second.item()) == (12.0, 12.0)

    def rows(v):
        return ag.stack([product(v[0], 1.0, v[0]), product(v[1], v[1], v[0])])

    found = ag.jacobian(rows)(ag.Vector([2.0, 5.0]))
    assert [list(row) for row in found] == [[4.0, 0.0], [25.0, 20.0]]


def test_transforms_whose_nodes_move_at_every_allocation(reclaims_at_every_collection, product):
    def f(v):
        return v[0] * v[0] * ag.sin(v[1])

    lay_before()
    x, u = ag.Vector([2.0, 0.5]), ag.Vector([1.0, 3.0])
    sin, cos = math.sin(0.5), math.cos(0.5)
    slopes, bends = [4 * sin, 4 * cos], [[2 * sin, 4 * cos], [4 * cos, -4 * sin]]
    along = [row[0] + 3 * row[1] for row in bends]
    assert list(ag.grad(f)(x)) == pytest.approx(slopes)
    assert ag.jvp(f, (x,), (u,))[1] == pytest.approx(slopes[0] + 3 * slopes[1])
    assert list(ag.hvp(f)(x, u)) == pytest.approx(along)
    for second in (ag.hessian(f), ag.jacobian(ag.grad(f)), ag.jacfwd(ag.grad(f))):
        assert [list(row) for row in second(x)] == [pytest.approx(row) for row in bends]
    pushed = ag.grad(lambda x: ag.jvp(f, (x,), (u,))[1])
    assert list(pushed(x)) == pytest.approx(along)
    assert ag.grad(ag.grad(lambda x: product(x, x, x)))(2.0) == 12.0
    with ag.detect_anomaly():
        assert ag.grad(ag.grad(lambda x: x * x * x))(2.0) == 12.0


def test_forward_mode_is_decided_where_nodes_move_at_every_allocation(
    reclaims_at_every_collection,
):
    def f(v):
        root = ag.sqrt(v)
        return ag.concatenate([root - root + v * v, v])

    lay_before()

    def along(v, u):
        return ag.jvp(f, (v,), (u,))[1]

    x, u = ag.Vector([0.0, 0.0]), ag.Vector([1.0, 3.0])
    assert list(along(x, u)) == [0.0, 0.0, 1.0, 3.0]
    assert [list(row) for row in ag.jacfwd(f)(x)] == [[0, 0], [0, 0], [1, 0], [0, 1]]
    # Of what v*v gives, 2*v*u: its derivative by v is 2*u where the roots cancel by absolute zero.
    rows = ag.jacrev(lambda v: along(v, u))(ag.Vector([4.0, 1.0]))
    assert [list(row) for row in rows] == [[2, 0], [0, 6], [0, 0], [0, 0]]
    nested = ag.jvp(lambda v: along(v, u), (ag.Vector([4.0, 1.0]),), (u,))[1]
    assert list(nested) == [2.0, 18.0, 0.0, 0.0]
    recorded = ag.jacrev(lambda v: ag.jvp(lambda w: ag.sqrt(w) * 0.0 + w * v, (v,), (u,))[1])(x)
    assert [list(row) for row in recorded] == [[1, 0], [0, 3]]


def test_a_rule_that_asks_for_a_gradient_of_the_same_input_left_none():
    x = ag.Variable(3.0)
    asks = ag.primitive(lambda u: u)

    def pull_back(_, u):
        def inner(y_bar):
            (inside,) = ag.grad(x * x, wrt=[x])
            assert inside.item() == 6.0
            return y_bar

        return inner

    ag.defvjp(asks, pull_back)
    assert ag.grad(asks(x * 2.0) * x, wrt=[x])[0].item() == 12.0


def test_seeds_directions_and_tangents_that_record():
    lay_before()
    a = ag.Variable(2.0)
    y = a * 3.0
    loss = y * y
    assert ag.grad(loss, wrt=Entries([y]), seed=Number(2))[0].item() == 24.0
    assert ag.grad(loss, wrt=[y], seed=Number(2), create_graph=True)[0].item() == 24.0
    ag.grad(loss, seed=Number(2))
    assert a.grad.item() == 72.0
    assert ag.jvp(lambda x: x * x * Number(3), (2.0,), (1.0,))[1] == 12.0
    assert ag.hvp(lambda x: x * x * Number(3))(2.0, 1.0) == 6.0


def test_a_leaf_is_assigned_what_records():
    lay_before()
    a, b = ag.Variable(2.0, name="a"), ag.Variable(5.0, name="b")
    a.value = Number(3)
    b.grad = Number(4)
    assert (a.name, a.item(), b.name, b.item(), b.grad.item()) == ("a", 3.0, "b", 5.0, 4.0)
    ag.grad(a * b)
    assert (a.grad.item(), b.grad.item()) == (5.0, 3.0)


@pytest.mark.filterwarnings("error::autograd_rs.GradientDroppedWarning")
def test_anomalies_are_found_where_messages_record(reclaims_at_every_collection):
    with ag.detect_anomaly():
        lay_before()
        x = ag.Variable(4.0)
        y = ag.sqrt(x)
        loss = ag.stack([y, Number(3), y])[2] * y
        ag.grad(loss)
        assert x.grad.item() == pytest.approx(1.0)
        with pytest.raises(FloatingPointError, match=r"log: made inf: got 0\.0"):
            ag.log(x - 4.0)


def test_stack_of_fractions_beside_threads_that_record():
    wrong, stop = [], threading.Event()

    def record():
        x = ag.Variable(1.0)
        while not stop.is_set():
            for _ in range(100):
                x * 3.0

    def stack():
        for _ in range(1_500):
            a, b = ag.Variable(1.0), ag.Variable(1.0)
            y, z = a * 12.0, b * 12.0
            joined = ag.stack([y] + [Fraction(1, 3)] * 20 + [z])
            ag.grad(ag.sum(joined))
            if (a.grad.item(), b.grad.item()) != (12.0, 12.0):
                wrong.append((a.grad.item(), b.grad.item()))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=record) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        stack()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert wrong == []
