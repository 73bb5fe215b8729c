"""Takes, products and masks that leave one entry, recorded: against differences at many digits.

A program is a chain of functions of NumPy, which compute on Variables and on arrays of mpmath's
numbers alike, so that no derivative rule is on the other side.
"""

import itertools
import random

import mpmath
import pytest

import autograd_rs as ag
from autograd_rs import Variable, Vector

np = pytest.importorskip("numpy")

MP = mpmath.mp.clone()
MP.dps = 60
STEP = MP.mpf("1e-15")


def mask_of(place, dim):
    return np.arange(dim) == place


def matrix(draw, rows, dim):
    return np.array([[draw.choice((-1.0, 0.5, 2.0)) for _ in range(dim)] for _ in range(rows)])


def product(draw, rows, dim):
    a = matrix(draw, rows, dim)
    return lambda x: a @ x


def choice(draw, dim):
    mask = np.array([draw.random() < 0.5 for _ in range(dim)])
    return lambda x: np.where(mask, x, 2.0 * x * x)


# name: (a function of `draw`, a place and the number of entries that gives a step, entries after)
STEPS = {
    "take one by a list": (lambda _, k, n: lambda x: x[[k]], lambda n: 1),
    "take one by a mask": (lambda _, k, n: lambda x: x[mask_of(k, n)], lambda n: 1),
    "take one by a slice": (lambda _, k, n: lambda x: x[k : k + 1], lambda n: 1),
    "take one by a backward slice": (
        lambda _, k, n: lambda x: x[k : k - 1 if k else None : -1],
        lambda n: 1,
    ),
    "np.take": (lambda _, k, n: lambda x: np.take(x, [k]), lambda n: 1),
    "take twice": (lambda _, k, n: lambda x: x[[k, k]], lambda n: 2),
    "a matrix of one row": (lambda draw, _, n: product(draw, 1, n), lambda n: 1),
    "a matrix of two rows": (lambda draw, _, n: product(draw, 2, n), lambda n: 2),
    "cumsum": (lambda *_: lambda x: np.cumsum(x), lambda n: n),
    "flip": (lambda *_: lambda x: np.flip(x), lambda n: n),
    "where": (lambda draw, _, n: choice(draw, n), lambda n: n),
    "concatenate": (lambda _, k, n: lambda x: np.concatenate([x[[k]], x]), lambda n: n + 1),
    "spread": (lambda _, k, n: lambda x: x[[k]] * np.arange(1.0, 4.0), lambda n: 3),
    "repeat": (lambda _, k, n: lambda x: np.repeat(x[[k]], 2), lambda n: 2),
    "greatest": (lambda *_: lambda x: np.max(x, keepdims=True).reshape(1) + x * x, lambda n: n),
    "inner": (lambda *_: lambda x: (x @ x) * x, lambda n: n),
    "sum": (lambda *_: lambda x: np.sum(x) * x[[0]], lambda n: 1),
    "entry": (lambda _, k, n: lambda x: x[k] * x, lambda n: n),
    "bend": (lambda *_: lambda x: x / (1.0 + x * x), lambda n: n),
    "square": (lambda *_: lambda x: x * x - x, lambda n: n),
}


def program(seed):
    """A function of an array that returns a number, the names of its steps, and a point."""
    draw = random.Random(seed)
    dim = draw.choice((1, 2, 2, 3))
    point = [round(draw.uniform(0.2, 1.8), 3) for _ in range(dim)]
    names, steps, n = [], [], dim
    for _ in range(draw.randint(2, 5)):
        name = draw.choice(list(STEPS))
        make, after = STEPS[name]
        names.append(name)
        steps.append(make(draw, draw.randrange(n), n))
        n = after(n)

    def f(x):
        for step in steps:
            x = step(x)
        return np.sum(x * x * x)

    return f, names, np.array(point)


def value_at(f, point):
    entries = np.empty(len(point), dtype=object)
    entries[:] = point
    return f(entries)


def central(f, point, direction):
    """The derivative along a direction; truncation and rounding are both near 1e-30."""
    above, below = ([x + s * d for x, d in zip(point, direction)] for s in (STEP, -STEP))
    return (f(above) - f(below)) / (2 * STEP)


def differences(f, point, direction):
    """Gradient, Hessian, and how that changes along a direction."""
    n = len(point)
    units = np.eye(n).astype(int).tolist()

    def first(i):
        return lambda at: central(lambda own: value_at(f, own), at, units[i])

    def second(i, j):
        return lambda at: central(first(i), at, units[j])

    point = [MP.mpf(x) for x in point]
    pairs = list(itertools.product(range(n), repeat=2))
    gradient = np.array([float(first(i)(point)) for i in range(n)])
    hessian = np.array([float(second(i, j)(point)) for i, j in pairs])
    change = np.array([float(central(second(i, j), point, direction)) for i, j in pairs])
    return gradient, hessian.reshape(n, n), change.reshape(n, n)


def recorded(f, point):
    """Gradient and Hessian by sweeps over what sweeps recorded."""
    x = Variable(Vector(point))
    (bar,) = ag.grad(f(x), wrt=[x], create_graph=True)
    rows = [ag.grad(bar[k], wrt=[x], create_graph=True)[0] for k in range(len(point))]
    return np.array(bar.value), np.array([row.value for row in rows])


@pytest.mark.parametrize("batch", range(10))
def test_chains_through_one_entry_agree_with_differences_to_third_order(batch):
    for seed in range(batch, 200, 10):
        f, names, point = program(seed)
        direction = [1, -2, 3][: len(point)]
        gradient, hessian, change = differences(f, point, direction)
        said = f"program {seed}: {names} at {point}"
        near = {"rtol": 1e-9, "atol": 1e-9, "err_msg": said}
        tangent = np.array(direction, dtype=float)
        np.testing.assert_allclose(ag.grad(f)(point), gradient, **near)
        np.testing.assert_allclose(np.reshape(ag.hessian(f)(point), hessian.shape), hessian, **near)
        np.testing.assert_allclose(ag.hvp(f)(point, tangent), hessian @ tangent, **near)
        for own, wanted in zip(recorded(f, point), (gradient, hessian), strict=True):
            np.testing.assert_allclose(own, wanted, **near)
        for inner in (ag.jacfwd, ag.jacrev):
            twice = inner(ag.grad(f))
            np.testing.assert_allclose(np.reshape(twice(point), hessian.shape), hessian, **near)
            moved = ag.jvp(twice, (point,), (tangent,))[1]
            np.testing.assert_allclose(np.reshape(moved, change.shape), change, **near)
        backwards = np.reshape(ag.jacrev(ag.jacrev(ag.grad(f)))(point), (*change.shape, -1))
        np.testing.assert_allclose(backwards @ tangent, change, **near)


def test_the_gradient_of_a_product_with_a_matrix_of_one_row_was_nan_when_derived():
    a = np.array([[0.3, -0.7]])
    # By hand: a_i * tanh''(x_i) = -2 a_i tanh(x_i) / cosh(x_i)**2 on the diagonal.
    x = np.array([0.5, -0.2])
    wanted = np.diag(-2 * a[0] * np.tanh(x) / np.cosh(x) ** 2)
    assert ag.hessian(lambda v: ag.sum(a @ ag.tanh(v)))(x) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "take",
    [
        lambda x: x[[1]],
        lambda x: x[np.array([False, True])],
        lambda x: np.take(x, [1]),
        lambda x: x[1:],
        lambda x: x[1],
    ],
)
def test_the_recorded_gradient_of_a_take_of_one_entry_was_nan(take):
    x = Variable(Vector([1.2, 3.4]))
    (bar,) = ag.grad(take(x), wrt=[x], create_graph=True)
    assert bar.value.tolist() == [0.0, 1.0]
