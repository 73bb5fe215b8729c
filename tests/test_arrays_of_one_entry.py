"""Arrays of one entry in functions that are differentiated, where their entry is a number."""

import numpy as np
import pytest

import autograd_rs as ag

ONE = np.array([3.0])

# Functions of arrays of one entry, also of one that is selected.
OF_ONE = {
    "product of a matrix": lambda x: np.vstack([x, np.array([2.0])]) @ x + np.array([1.0, 2.0]),
    "product with a matrix": lambda x: x @ np.vstack([x]) + np.array([1.0, 2.0]),
    "einsum": lambda x: np.einsum("i,i->", x, x),
    "tensordot": lambda x: np.tensordot(x, x, 1),
    "diag": np.diag,
    "vander": lambda x: np.vander(x, 3),
    "tril": np.tril,
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: np.sum(row * row), 0, x),
    "interp of one knot": lambda x: np.interp([0.0, 1.0, 2.0], [1.0], x, right=7.0),
    "interp to one knot": lambda x: x * np.interp(x, [3.0], [2.0], left=7.0),
    "axis of an entry": lambda x: x[0][None] * np.array([2.0, 3.0]),
}


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("point", [ONE, np.array([1.0, 3.0])])
def test_functions_of_arrays_of_one_entry_are_what_they_are_of_more(name, point):
    def f(x):
        return np.sum(OF_ONE[name](x[x > 2]))

    value, gradient = ag.value_and_grad(f)(point)
    assert value == f(point)
    step = 1e-6 * (point > 2)
    slope = (f(point + step) - f(point - step)) / 2e-6
    assert gradient.shape == point.shape
    if name != "interp to one knot":  # It jumps at the point.
        assert np.sum(gradient) == pytest.approx(slope, rel=1e-8)


@pytest.mark.parametrize("point", [ONE, np.ones(2)])
def test_numbers_stay_numbers_where_arrays_of_one_entry_are_arrays(point):
    shapes = []

    def f(x):
        for number in (x[0], np.sum(x)):
            shapes.append(np.einsum(",i->i", number, np.ones(3)).shape)
            shapes.append(np.tensordot(number, np.ones(3), 0).shape)
        return np.sum(x)

    ag.grad(f)(point)
    assert shapes == [(3,)] * 4


@pytest.mark.parametrize("point", [ONE, np.ones(2)])
def test_a_number_beside_an_array_had_an_axis(point):
    shapes = []

    def f(x, number):
        shapes.extend([number.shape, (2 * number).shape, x.shape])
        return np.sum(np.dot(np.vstack([x, x]), number))

    assert ag.grad(f, (0, 1))(point, 2.0)[1] == 2 * np.sum(point)
    ag.grad(lambda pair: f(pair["x"], pair["number"]))({"x": point, "number": 2})
    ag.grad(lambda x: np.sum(x) * ag.grad(lambda number: f(x, number))(2.0))(point)
    assert shapes == [(), (), point.shape] * 3


def test_an_axis_before_an_entry_made_two():
    def f(x):
        shapes.extend(np.shape(x[0][index]) for index in (None, (None, None), ...))
        return np.sum(x[0][None] * x)

    for point in (ONE, np.array([1.0, 3.0])):
        shapes = []
        assert ag.grad(f)(point).tolist() == jacobian_by_hand(point)
        assert shapes == [(1,), (1, 1), ()]
        with pytest.raises(IndexError, match="too many indices"):
            ag.grad(lambda x: x[0][:, None])(point)


def jacobian_by_hand(point):
    """Return the derivatives of `x[0] * sum(x)`."""
    return [np.sum(point) + point[0], *[point[0]] * (len(point) - 1)]
