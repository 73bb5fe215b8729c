"""Beside Variables: lists, tuples, tables of pandas, arrays of xarray, and iterables to join."""

import operator
from collections import deque

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

X, C = [1.5, 2.5, 3.5], [2.1, 3.1, 0.6]
ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
              operator.mod, operator.pow]  # fmt: skip
RELATIONS = [operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge]
by_name = {"ids": lambda f: f.__name__}


def check(f, foreign):
    """Compare with NumPy: the value on floats, and the gradient of what an array gives."""
    array = np.asarray(foreign, dtype=float)
    for x in (X[0], X):
        at = np.float64(x) if x == X[0] else np.array(x)
        v = ag.Variable(x) if x == X[0] else ag.Variable(np.array(x))
        own, wanted = f(v, foreign), f(at, array)
        assert isinstance(own, ag.Variable)
        np.testing.assert_allclose(np.ravel(own.tolist()), np.ravel(wanted), rtol=1e-14)
        (gradient,) = ag.grad(own, wrt=[v])
        step = 1e-6
        difference = (f(at + step, array) - f(at - step, array)) / (2 * step)
        if x == X[0]:
            difference = np.sum(difference)
        np.testing.assert_allclose(np.ravel(gradient), np.ravel(difference), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("make", [list, tuple])
@pytest.mark.parametrize("op", ARITHMETIC, **by_name)
def test_a_list_is_an_operand_on_either_side(op, make):
    check(op, make(C))
    check(lambda v, c: op(c, v), make(C))
    wanted = op(np.array(X), np.array(C)).tolist()
    assert op(ag.Vector(X), make(C)).tolist() == pytest.approx(wanted, rel=1e-15)
    wanted = op(np.array(C), np.array(X)).tolist()
    assert op(make(C), ag.Vector(X)).tolist() == pytest.approx(wanted, rel=1e-15)


@pytest.mark.parametrize("relation", RELATIONS, **by_name)
def test_a_list_is_compared_entry_by_entry(relation):
    near = [2.0, 2.5, 3.0]
    for row in (ag.Variable(np.array(X)), ag.Vector(X)):
        for values in (near, tuple(near)):
            wanted = relation(np.array(X), np.array(near)).astype(float).tolist()
            assert relation(row, values).tolist() == wanted
            wanted = relation(np.array(near), np.array(X)).astype(float).tolist()
            assert relation(values, row).tolist() == wanted


def test_gradients_flow_through_the_variables_in_a_list():
    v, a = ag.Variable(np.array(X)), ag.Variable(2.0)
    for product in (v * [a, a * a, 1.0], (a, a * a, 1.0) * v, v @ [a, a * a, 1], [a, a * a, 1] @ v):
        by_v, by_a = ag.grad(product, wrt=[v, a])
        assert by_v.tolist() == [2.0, 4.0, 1.0]
        assert by_a.item() == X[0] + X[1] * 4.0


def test_a_list_of_rows_is_a_matrix():
    v, a = ag.Variable(np.array([1.0, 2.0])), ag.Variable(3.0)
    product = v @ [[1.0, a], [2.0, 3.0]]
    assert product.tolist() == [5.0, 9.0]
    assert [x.tolist() for x in ag.grad(product, wrt=[v, a])] == [[4.0, 5.0], [1.0]]
    total = np.sum(v * [[1.0, 2.0], [3.0, 4.0]])
    assert (total.item(), ag.grad(total, wrt=[v])[0].tolist()) == (16.0, [4.0, 6.0])
    # Rows of vectors are rows, not one long vector.
    assert (v * [v, v * 10.0]).shape == (2, 2)


def test_a_number_repeats_no_list():
    two = ag.Variable(2.0)
    assert (two * [1, 2]).tolist() == ([1, 2] * two).tolist() == [2.0, 4.0]
    assert operator.add([1, 2], two).tolist() == [3.0, 4.0]


@pytest.mark.parametrize("wrong", ["ab", b"ab", bytearray(b"ab"), ["a"], [None], [1j], {"a": 1.0}])
def test_text_bytes_and_dicts_are_no_operands(wrong):
    for op in (operator.add, operator.mul, operator.matmul, operator.lt):
        for own in (ag.Variable(2.0), ag.Variable(np.array(X)), ag.Vector(X)):
            with pytest.raises(TypeError):
                op(own, wrong)
            if op is operator.lt and isinstance(wrong, bytearray):
                continue  # that compares with any buffer by its bytes
            with pytest.raises(TypeError):
                op(wrong, own)


def test_a_wrong_entry_of_a_list_is_named():
    with pytest.raises(TypeError, match=r"add: entry 1 of a list is str 'b', wanted a number or"):
        operator.add(ag.Variable(np.array(X)), [1.0, "b", 2.0])


def test_numpys_functions_and_ours_take_lists():
    v = ag.Variable(np.array(X))
    for f in (np.add, ag.add, np.maximum, ag.maximum, np.arctan2, ag.atan2):
        assert f(v, C).tolist() == pytest.approx(f(np.array(X), np.array(C)).tolist(), rel=1e-15)
    assert ag.exp([0.0, ag.Variable(0.0)]).tolist() == [1.0, 1.0]


@pytest.fixture(params=["Series", "Index", "labelled Series"])
def table(request):
    pandas = pytest.importorskip("pandas")
    if request.param == "Index":
        return pandas.Index(C)
    return pandas.Series(C, index=list("cab") if request.param != "Series" else None)


@pytest.mark.parametrize("op", ARITHMETIC, **by_name)
def test_pandas_beside_a_variable_is_its_numbers_on_either_side(op, table):
    check(op, table)
    check(lambda v, c: op(c, v), table)


@pytest.mark.parametrize("relation", RELATIONS, **by_name)
def test_pandas_is_compared_entry_by_entry_on_either_side(relation, table):
    v = ag.Variable(np.array(X))
    assert relation(v, table).tolist() == relation(np.array(X), np.array(C)).tolist()
    assert relation(table, v).tolist() == relation(np.array(C), np.array(X)).tolist()


def test_functions_and_products_with_pandas_keep_the_gradient():
    pandas = pytest.importorskip("pandas")
    s, frame = pandas.Series(C), pandas.DataFrame({"a": C, "b": X})
    calls = {
        "multiply": (lambda w: np.sum(np.multiply(s, w)), C),
        "multiply the other way": (lambda w: np.sum(np.multiply(w, s)), C),
        "exp": (lambda w: np.sum(np.log(s) * w), np.log(C).tolist()),
        "maximum": (lambda w: np.sum(np.maximum(w, s)), [0.0, 0.0, 1.0]),
        "matmul": (lambda w: s @ w, C),
        "a frame": (lambda w: np.sum(w @ frame), (np.array(C) + np.array(X)).tolist()),
        "a frame times": (lambda w: np.sum(frame.T * w), (np.array(C) + np.array(X)).tolist()),
    }
    for name, (f, wanted) in calls.items():
        assert ag.grad(f)(np.array([1.0, 2.0, 3.0])).tolist() == wanted, name


def test_pandas_of_no_numbers_is_refused():
    pandas = pytest.importorskip("pandas")
    for wrong in (pandas.Series(["a", "b", "c"]), pandas.Series([1j, 2j, 3j])):
        for op in (operator.add, operator.mul):
            with pytest.raises(TypeError):
                op(ag.Variable(np.array(X)), wrong)
            with pytest.raises(TypeError):
                op(wrong, ag.Variable(np.array(X)))


@pytest.mark.parametrize("op", ARITHMETIC, **by_name)
def test_xarray_beside_a_variable_is_an_array_of_its_own_on_either_side(op):
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(C, dims="x")

    def data(result):
        assert isinstance(result, xarray.DataArray)
        return result.data

    for f in (op, lambda v, c: op(c, v)):
        v = ag.Variable(np.array(X))
        own = data(f(v, array))
        (gradient,) = ag.grad(own, wrt=[v])
        u = ag.Variable(np.array(X))
        wanted = f(u, np.array(C))
        assert own.tolist() == wanted.tolist()
        assert own.tolist() == pytest.approx(f(np.array(X), np.array(C)).tolist(), rel=1e-15)
        assert gradient.tolist() == ag.grad(wanted, wrt=[u])[0].tolist()


def test_xarray_is_compared_and_is_refused_by_name_as_a_result():
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(C, dims="x")
    v = ag.Variable(np.array(X))
    assert (v < array).values.tolist() == [True, True, False]
    assert (array > v).values.tolist() == [True, True, False]
    with pytest.raises(TypeError, match=r"returned DataArray, wanted .*; use its \.to_numpy"):
        ag.grad(lambda x: (array * x).sum())(np.array(X))
    assert ag.grad(lambda x: (array * x).sum().to_numpy())(np.array(X)).tolist() == C
    assert ag.grad(lambda x: (array * x).data.sum())(np.array(X)).tolist() == C


ITERABLES = {
    "generator": lambda xs: (x for x in xs),
    "map": lambda xs: map(operator.itemgetter(0), [(x,) for x in xs]),
    "deque": deque,
    "dict values": lambda xs: dict(enumerate(xs)).values(),
    "iterator": iter,
    "zip": lambda xs: (x for (x,) in zip(xs)),
}


@pytest.mark.parametrize("make", ITERABLES.values(), ids=ITERABLES)
def test_any_iterable_is_stacked_and_concatenated_in_programs_of_autograd(make):
    import autograd_rs.numpy as anp

    a, b = ag.Variable(2.0), ag.Variable(np.array([3.0, 4.0]))
    for joined in (anp.stack(make([a, a * a])), anp.hstack(make([a, a * a]))):
        assert joined.tolist() == [2.0, 4.0]
        assert ag.grad(joined, wrt=[a])[0].item() == 5.0
    assert anp.concatenate(make([b, [5.0], b])).tolist() == [3.0, 4.0, 5.0, 3.0, 4.0]
    assert ag.concatenate(make([b, 5.0, b])).tolist() == [3.0, 4.0, 5.0, 3.0, 4.0]
    assert ag.stack(make([a, 1.0])).tolist() == [2.0, 1.0]
    for rows in (anp.stack(make([b, b * b])), anp.vstack(make([b, b * b]))):
        assert (rows.shape, [x.item() for x in rows.ravel()]) == ((2, 2), [3.0, 4.0, 9.0, 16.0])
    columns = anp.column_stack(make([b, b * b]))
    assert [x.item() for x in columns.ravel()] == [3.0, 9.0, 4.0, 16.0]
    assert anp.dstack(make([b, b])).shape == (1, 2, 2)
    assert anp.stack(make([np.ones(2), np.zeros(2)]), axis=1).tolist() == [[1.0, 0.0]] * 2
    assert anp.concatenate(make([np.ones((1, 2))] * 2), 1).shape == (1, 4)


def test_ranges_and_zipped_rows_are_joined():
    import autograd_rs.numpy as anp

    a = ag.Variable(2.0)
    assert anp.concatenate(zip([a, 1.0], [3.0, a])).tolist() == [2.0, 3.0, 1.0, 2.0]
    assert anp.stack(range(3)).tolist() == [0, 1, 2]
    assert (anp.stack(range(3)) * a).tolist() == [0.0, 2.0, 4.0]
