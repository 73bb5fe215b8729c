"""What `autograd_rs.numpy` has of its own for Variables in two dimensions."""

import numpy
import pytest

import autograd_rs as ag
import autograd_rs.numpy as np

TABLE = numpy.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])


def slopes(f, x):
    """Central differences."""
    found = numpy.empty_like(x)
    for place in numpy.ndindex(*x.shape):
        step = numpy.zeros_like(x)
        step[place] = 1e-6
        found[place] = (f(x + step) - f(x - step)) / 2e-6
    return found


def weighed(f):
    """The sum of what a function gives, with weights that tell the entries apart."""

    def total(x):
        parts = f(x)
        parts = parts if isinstance(parts, (list, tuple)) else [parts]
        return sum(
            np.sum(np.cos(numpy.arange(1.0, np.size(part) + 1)) * np.ravel(part)) for part in parts
        )

    return total


FUNCTIONS = {
    "std": lambda m: np.std(m),
    "std of columns": lambda m: np.std(m, axis=0),
    "std of rows": lambda m: np.std(m, axis=1, ddof=1, keepdims=True),
    "std of all": lambda m: np.std(m, axis=(0, 1)),
    "norm": lambda m: np.linalg.norm(m),
    "norm fro": lambda m: np.linalg.norm(m, "fro", keepdims=True),
    "norm of columns": lambda m: np.linalg.norm(m, axis=0),
    "norm of rows": lambda m: np.linalg.norm(m, axis=-1, keepdims=True),
    "norm of order 3": lambda m: np.linalg.norm(m, 3, 1),
    "norm of order 1": lambda m: np.linalg.norm(m, ord=1, axis=0),
    "vector norm": lambda m: np.linalg.vector_norm(m, axis=1),
    "gradient": lambda m: np.gradient(m),
    "gradient of one axis": lambda m: np.gradient(m, axis=1),
    "gradient with spacings": lambda m: np.gradient(m, 0.5, numpy.array([0.0, 1.0, 3.0])),
    "gradient of second order": lambda m: np.gradient(m, 2.0, axis=-1, edge_order=2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_are_those_of_numpy_and_gradients_those_of_differences(name):
    f = weighed(FUNCTIONS[name])
    value, gradient = ag.value_and_grad(f)(TABLE)
    assert value == pytest.approx(f(TABLE), rel=1e-13)
    assert gradient == pytest.approx(slopes(f, TABLE), rel=1e-8, abs=1e-8)
    shapes = [numpy.shape(part) for part in numpy.atleast_1d(FUNCTIONS[name](TABLE))]
    inside = []

    def look(m):
        inside.extend(np.shape(part) for part in np.atleast_1d(FUNCTIONS[name](m)))
        return np.sum(m)

    ag.grad(look)(TABLE)
    assert inside == shapes


@pytest.mark.parametrize(
    "f",
    [
        lambda m: np.sum(np.std(m, axis=1)),
        lambda m: np.sum(np.linalg.norm(m - 2.0, axis=1)),
        lambda m: np.linalg.norm(m - 2.0),
        lambda m: np.std(m),
    ],
)
@pytest.mark.parametrize("shape", [(3, 1), (1, 1), (2, 3)])
def test_the_gradient_along_an_axis_of_one_entry_was_nan(f, shape):
    assert (ag.grad(f)(numpy.full(shape, 2.0)) == 0.0).all()


def test_lists_of_rows_and_plain_arrays_are_taken():
    rows = ag.grad(lambda x, y: np.sum(np.std([[x, y], [y, x]], axis=0)))(1.0, 3.0)
    assert rows == pytest.approx(-1.0)
    assert np.std(TABLE, 1).tolist() == numpy.std(TABLE, 1).tolist()
    assert np.linalg.norm(TABLE, 2) == numpy.linalg.norm(TABLE, 2)


def test_arrays_of_variables_in_one_dimension_are_taken():
    def f(x):
        entries = numpy.asarray(x)  # An array of Variables where `x` is one.
        return np.std(entries) + np.linalg.norm(entries) + np.sum(np.gradient(entries) ** 2)

    x = numpy.array([1.0, 3.0, 2.0])
    assert ag.grad(f)(x) == pytest.approx(slopes(f, x), rel=1e-8)


def test_a_wrong_number_of_spacings_is_said():
    with pytest.raises(TypeError, match="gradient: got 3 spacings, wanted 1 or 2"):
        ag.grad(lambda m: np.gradient(m, 1.0, 2.0, 3.0)[0][0, 0])(TABLE)
