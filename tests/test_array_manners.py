"""What functions of one-dimensional arrays do with them: indices, masks, methods."""

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")
import autograd_rs.numpy as agnp  # noqa: E402 (NumPy may be missing)

X = [0.5, 2.0, -1.0, 0.8]
WEIGHTS = np.array([1.0, -2.0, 0.5, 3.0])

# Each as somebody has written it for HIPS autograd, whose `np` comes first.
PROGRAMS = {
    "two conditions": lambda np, x: np.sum(np.where((x > 0) & (x < 1), x**2, 0.0)),
    "one of two": lambda np, x: np.sum(np.where((x < 0) | (x > 1), x**2, x)),
    "not": lambda np, x: np.sum(np.where(~(x > 0), x**2, x)),
    "exactly one": lambda np, x: np.sum(np.where((x > 0) ^ (x > 1), x**2, x)),
    "and an array": lambda np, x: np.sum(x[(x > 0) & np.array([True, True, False, False])] ** 3),
    "an array and": lambda np, x: np.sum(x[np.array([True, True, False, False]) & (x > 0)] ** 3),
    "sorted by places": lambda np, x: np.sum(x[np.argsort(x)] ** 3 * WEIGHTS),
    "mask": lambda np, x: np.sum(x[x > 0.6] ** 3),
    "mask of an array": lambda np, x: np.sum(x[np.array([True, False, True, True])] ** 3),
    "mask of data": lambda np, x: np.sum(WEIGHTS[x > 0.6] * x[x > 0.6] ** 2),
    "list": lambda np, x: np.sum(x[[0, 1]] ** 3),
    "places twice": lambda np, x: np.sum(x[np.array([2, 0, 2, -1])] ** 3 * WEIGHTS),
    "nothing": lambda np, x: np.sum(x[x > 9.0]) + x[0] ** 2,
    "where as an index": lambda np, x: np.sum(x[np.where(x > 0)] ** 3),
    "column": lambda np, x: np.sum((x[:, None] - x[None, :]) ** 4),
    "table of places": lambda np, x: np.sum(x[np.array([[0, 1], [1, 3]])] ** 3),
    "count": lambda np, x: np.sum(x > 0) * np.sum(x**2),
    "mask times": lambda np, x: np.sum((x > 0) * x**2),
    "mask as floats": lambda np, x: np.sum((x > 0).astype(float) * x**2),
    "any": lambda np, x: np.sum(x**2) if (x > 0).any() and not (x > 0).all() else x[0],
    "shape": lambda np, x: np.sum(x**2) / x.shape[0] / x.size / x.ndim / len(x),
    "T": lambda np, x: np.dot(x.T, x**2),
    "sum along": lambda np, x: (x**2).sum(axis=0),
    "mean along": lambda np, x: (x**3).mean(axis=0),
    "max": lambda np, x: (x**3).max(),
    "min": lambda np, x: (x**3).min(),
    "prod": lambda np, x: x.prod(),
    "std": lambda np, x: x.std(),
    "var": lambda np, x: x.var(ddof=1),
    "cumsum": lambda np, x: np.sum(x.cumsum() ** 2 * WEIGHTS),
    "clip": lambda np, x: np.sum(x.clip(0.0, 1.0) ** 2 * WEIGHTS),
    "dot": lambda np, x: x.dot(x**2),
    "dot matrix": lambda np, x: np.sum(x.dot(np.ones((4, 2))) ** 2),
    "astype": lambda np, x: np.sum(x.astype(float) ** 2),
    "reshape flat": lambda np, x: np.sum(x.reshape(-1) ** 3),
    "reshape": lambda np, x: np.sum(x.reshape(2, 2) ** 3),
    "reshape by a tuple": lambda np, x: np.sum(x.reshape((2, 2))[0] ** 3),
    "ravel": lambda np, x: np.sum(x.ravel() ** 3),
    "flatten": lambda np, x: np.sum(x.flatten() ** 3),
    "swapaxes": lambda np, x: np.sum(x.swapaxes(0, 0) ** 3),
    "squeeze": lambda np, x: np.sum(x.squeeze() ** 3),
    "repeat": lambda np, x: np.sum(x.repeat(2) ** 3),
    "take": lambda np, x: np.sum(np.take(x, [0, 0, 2]) ** 3),
    "argmax": lambda np, x: x[np.argmax(x)] ** 3,
    "argmin": lambda np, x: x[x.argmin()] ** 3,
    "arg sort": lambda np, x: np.sum(x[x.argsort()] ** 3 * WEIGHTS),
}
UNKNOWN_TO_HIPS = ["dot", "dot matrix", "take"]


def differences(f, x):
    """The gradient of `f` by central differences of fourth order: good to 1e-9 or so."""
    h = 1e-3
    steps = np.eye(len(x)) * h
    near = [f(x + e) - f(x - e) for e in steps]
    far = [f(x + 2 * e) - f(x - 2 * e) for e in steps]
    return (8 * np.array(near) - np.array(far)) / (12 * h)


@pytest.mark.parametrize("numpy", [np, agnp], ids=["numpy", "autograd_rs.numpy"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_for_arrays_has_the_derivatives_of_differences(name, numpy):
    x = np.array(X)
    value, gradient = ag.value_and_grad(lambda x: PROGRAMS[name](numpy, x))(x)
    assert value == pytest.approx(PROGRAMS[name](np, x), rel=1e-14)
    by_differences = differences(lambda x: PROGRAMS[name](np, x), x)
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name not in UNKNOWN_TO_HIPS])
def test_program_for_arrays_has_the_derivatives_of_hips_autograd(name):
    hips = pytest.importorskip("autograd")
    pytest.importorskip("autograd.numpy")
    x = np.array(X)
    wanted = hips.grad(lambda x: PROGRAMS[name](hips.numpy, x))(x)
    gradient = ag.grad(lambda x: PROGRAMS[name](agnp, x))(x)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-13, atol=1e-14)
    second = hips.hessian(lambda x: PROGRAMS[name](hips.numpy, x))(x)
    ours = ag.hessian(lambda x: PROGRAMS[name](agnp, x))(x)
    np.testing.assert_allclose(ours, second, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_for_arrays_is_right_in_forward_mode(name):
    x = np.array(X)

    def f(x):
        return PROGRAMS[name](np, x)

    tangent = ag.jvp(f, (x,), (WEIGHTS,))[1]
    assert tangent == pytest.approx(ag.grad(f)(x) @ WEIGHTS, rel=1e-13)


# Outside of transforms


def test_masks_of_vectors_combine_with_arrays_of_bools_on_either_side():
    v, mask = ag.Vector([1.0, -1.0, 2.0]), np.array([True, True, False])
    for answer in ((v > 0) & mask, mask & (v > 0), mask & (ag.Variable(v) > 0)):
        assert isinstance(answer, ag.Vector)
        assert answer.tolist() == [1.0, 0.0, 0.0]
    assert ((v > 0) | mask).tolist() == (mask | (v > 0)).tolist() == [1.0, 1.0, 1.0]
    assert ((v > 0) ^ mask).tolist() == (mask ^ (v > 0)).tolist() == [0.0, 1.0, 1.0]
    assert (~(v > 0)).tolist() == np.invert(v > 0).tolist() == [0.0, 1.0, 0.0]


def test_comparisons_of_variables_are_arrays_of_bools_inside_of_a_transform_of_an_array():
    seen = []

    def f(x):
        seen.extend([x > 0, x.value > 0, x[0] > 0])
        return ag.sum(x * (x > 0))

    assert ag.grad(f)(np.array([1.0, -1.0])).tolist() == [1.0, 0.0]
    assert (type(seen[0]), seen[0].dtype, type(seen[1]), seen[2]) == (
        np.ndarray,
        bool,
        ag.Vector,
        True,
    )
    assert ag.grad(f)(ag.Vector([1.0, -1.0])).tolist() == [1.0, 0.0]
    assert isinstance(seen[3], ag.Vector)


@pytest.mark.parametrize(
    "combine", [lambda v: v & (v > 0), lambda v: (v > 0) | 0.5, lambda v: ~v, lambda v: 2 ^ (v > 0)]
)
def test_masks_combined_with_other_numbers_are_refused(combine):
    for x in (ag.Vector([0.5, 2.0]), ag.Variable(ag.Vector([0.5, 2.0]))):
        with pytest.raises(TypeError, match=r"[&|~^]: got .*, wanted comparisons"):
            combine(x)


def test_masks_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="&: lengths differ: 2 and 3"):
        (ag.Vector([1.0, 2.0]) > 0) & np.array([True, True, False])


@pytest.mark.parametrize("make", [ag.Vector, lambda entries: ag.Variable(ag.Vector(entries))])
def test_indices_take_entries(make):
    x = make([1.0, 2.0, 3.0])
    for index, wanted in [
        ([0, 2], [1.0, 3.0]),
        ([-1, -1, 0], [3.0, 3.0, 1.0]),
        (range(2), [1.0, 2.0]),
        (np.array([2, 1], dtype=np.uint8), [3.0, 2.0]),
        ([True, False, True], [1.0, 3.0]),
        (x > 1, [2.0, 3.0]),
        (np.greater(x, 1), [2.0, 3.0]),
        (np.nonzero(x.tolist()), [1.0, 2.0, 3.0]),
        ([], []),
        (np.array([]), []),
        (..., [1.0, 2.0, 3.0]),
        ((1,), [2.0]),
    ]:
        assert x[index].tolist() == wanted
    assert x[:, None].shape == (3, 1)


@pytest.mark.parametrize("make", [ag.Vector, lambda entries: ag.Variable(ag.Vector(entries))])
def test_wrong_indices_say_what_is_wrong(make):
    x = make([1.0, 2.0, 3.0])
    for index, message in [
        ([0, 3], "index 3 is out of range for 3 entries"),
        (np.array([-4]), "index -4 is out of range for 3 entries"),
        ([True, False], "wrong mask: got 2 entries, wanted 3"),
        (np.array([True]), "wrong mask: got 1 entries, wanted 3"),
        (np.array([2**63], dtype=np.uint64), f"index {2**63} is out of range for 3 entries"),
        (ag.Vector([1.0, 0.0]), "wrong mask: got 2 entries, wanted 3"),
        ((0, 1), "wrong index: too many indices for vector"),
    ]:
        with pytest.raises(IndexError, match=f"Va?[er].*: {message}"):
            x[index]
    v = ag.Variable(1.0)
    for index in ([0.5], np.array([0.5]), [None], [True, 0], True, np.array(True), b"a", v, [v, v]):
        with pytest.raises(TypeError, match="wrong index"):
            x[index]
    with pytest.raises(TypeError, match="wrong mask: got Vector, wanted one of 0 and 1"):
        x[ag.Vector([0.0, 1.0, 2.0])]


def test_entries_of_vectors_are_assigned_and_deleted_by_masks_and_places():
    v = ag.Vector([1.0, -2.0, 3.0, -4.0])
    v[v < 0] = 0.0
    assert v.tolist() == [1.0, 0.0, 3.0, 0.0]
    v[[3, 0]] = [5.0, 6.0]
    assert v.tolist() == [6.0, 0.0, 3.0, 5.0]
    with pytest.raises(ValueError, match="2 places and 3 entries"):
        v[[0, 1]] = [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match="wrong index"):
        v[:, None] = 1.0
    del v[[0, -1]]
    assert v.tolist() == [0.0, 3.0]


def test_a_mask_of_one_entry_is_an_index_of_a_vector_of_one_entry():
    x = ag.Variable(2.0)
    assert x[x > 1].tolist() == [2.0]
    assert x[x > 3].tolist() == []


def test_entries_that_are_taken_can_be_differentiated_without_numpy_in_between():
    x = ag.Variable(ag.Vector([1.0, 2.0, 3.0]))
    (slope,) = ag.grad((x[[0, 0, 2]] ** 3).sum(), wrt=[x], create_graph=True)
    assert slope.tolist() == [6.0, 0.0, 27.0]
    assert ag.grad(slope.sum(), wrt=[x])[0].tolist() == [12.0, 0.0, 18.0]


def test_methods_of_arrays_take_their_arguments():
    x = ag.Variable(np.array([3.0, 1.0, 2.0]))
    for y in (x.sum(axis=0), x.sum(-1), x.sum(axis=None, keepdims=True), x.sum((0,))):
        assert y.item() == 6.0
    assert x.value.sum(axis=0).item() == 6.0
    assert x.clip(max=2.0).tolist() == [2.0, 1.0, 2.0]
    assert (x.dtype, x.T is x, x.real is x, x.imag.tolist()) == (
        np.dtype(float),
        True,
        True,
        [0.0] * 3,
    )
    assert x.nonzero()[0].tolist() == [0, 1, 2]
    assert x.compress([True, False, True]).tolist() == [3.0, 2.0]
    with pytest.raises(ValueError, match="sum: axis is out of bounds: got 1"):
        x.sum(axis=1)
    with pytest.raises(TypeError, match="astype: got int64 for a Variable, wanted float"):
        x.astype(np.int64)


@pytest.mark.parametrize("x", [ag.Variable(1.0), ag.Vector([1.0])], ids=["Variable", "Vector"])
def test_messages_of_misuse_do_not_name_private_classes(x):
    calls = [
        lambda: x.sum(nonsense=1), lambda: x.pow(), lambda: x.pow(1, 2), lambda: x.dot(),
        lambda: x.copy(1), lambda: x.tolist(1), lambda: x.matmul(other=1, more=2),
        lambda: setattr(x, "dim", 2), lambda: x.nothing,
    ]  # fmt: skip
    for call in calls:
        with pytest.raises((TypeError, AttributeError)) as caught:
            call()
        assert not any(name in str(caught.value) for name in ("Numbers", "Base", "ArrayMethods"))


def test_every_entry_of_a_vector_is_formatted():
    v = ag.Vector([1.0, 2.5])
    assert f"{v:.2f}" == f"{ag.Variable(v):.2f}" == "[1.00, 2.50]"
    assert f"{v}" == "Vector([1.0, 2.5])"


def test_the_name_of_a_leaf_can_be_assigned():
    x = ag.Variable(1.0)
    x.name = "weight"
    assert repr(x) == "Variable(1.0, name='weight')"
    x.name = None
    assert x.name is None
    with pytest.raises(
        AttributeError, match="name: cannot be assigned: got a result, wanted a leaf"
    ):
        (x * 2).name = "product"
    with pytest.raises(TypeError, match="wrong name: got int 3, wanted a str"):
        x.name = 3


# NumPy's functions


def test_piecewise_gives_each_function_the_entries_of_its_condition():
    def f(x):
        return np.sum(np.piecewise(x, [x < 0.6, x > 1], [lambda t: t - np.sum(t), np.square]) ** 2)

    x = np.array(X)
    assert ag.value_and_grad(f)(x)[0] == pytest.approx(f(x), rel=1e-14)
    np.testing.assert_allclose(ag.grad(f)(x), differences(f, x), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    "condlist",
    [
        lambda x: x < 0.6,
        lambda x: np.array([True, False, True, False]),
        lambda x: [True, False, True, False],
        lambda x: [x < 0.6],
    ],
)
def test_piecewise_takes_one_mask_that_is_in_no_list(condlist):
    def f(x):
        return np.sum(np.piecewise(x, condlist(x), [lambda t: t**3, 2.0]) * WEIGHTS)

    x = np.array(X)
    v = ag.Variable(x)
    assert f(v).item() == f(x)
    np.testing.assert_allclose(ag.grad(f(v), wrt=[v])[0], differences(f, x), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(ag.grad(f)(x), differences(f, x), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("count", [1, 2])
def test_piecewise_of_a_selection_without_entries_has_none(count):
    def f(x):
        none = x[x > 9]
        conditions = [none < 0, none > 3][:count]
        return np.sum(np.piecewise(none, conditions, [np.negative, np.square, 7.0][: count + 1]))

    value, gradient = ag.value_and_grad(f)(np.array([1.0, 2.0]))
    assert (value, gradient.tolist()) == (0.0, [0.0, 0.0])
    with pytest.raises(ValueError, match="piecewise: got 4 functions and 2 conditions"):
        np.piecewise(ag.Vector([]) * ag.Variable(1.0), [[], []], [1.0] * 4)


def test_piecewise_of_a_number_and_of_no_condition_that_holds():
    x = ag.Variable(-2.0)
    y = np.piecewise(x, [x < 0, x >= 0], [lambda t: t**2, lambda t: t])
    assert (y.item(), ag.grad(y, wrt=[x])[0].item()) == (4.0, -4.0)
    assert np.piecewise(ag.Variable(np.ones(3)), [np.zeros(3)], [2.0]).tolist() == [0.0] * 3
    with pytest.raises(ValueError, match="piecewise: a function gave 2 entries for 3"):
        np.piecewise(ag.Variable(np.ones(3)), [np.ones(3)], [lambda t: t[:2]])
    with pytest.raises(ValueError, match=r"piecewise: got conditions of shape \(2,\) for 3"):
        np.piecewise(ag.Variable(np.ones(3)), np.array([True, False]), [1.0])


def test_diff_of_order_0_is_the_argument_without_what_is_put_before_it():
    x = ag.Variable(np.array(X))
    assert np.diff(x, n=0, prepend=1.0).tolist() == X


def masked():
    return np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])


@pytest.mark.parametrize(
    "use",
    [
        lambda m, x: x * m,
        lambda m, x: x > m,
        lambda m, x: m @ x,
        lambda m, x: x @ m,
        lambda m, x: np.multiply(m, x),
        lambda m, x: np.dot(m, x),
        lambda m, x: np.where(m > 1, x, 0.0),
        lambda m, x: np.concatenate([m, x]),
        lambda m, x: ag.exp(m),
        lambda m, x: ag.sum(m),
        lambda m, x: ag.Variable(m),
        lambda m, x: ag.Vector(m),
        lambda m, x: ag.grad(np.sum)(m),
        lambda m, x: ag.grad(np.sum)([m]),
        lambda m, x: ag.jacobian(lambda m: m * 2)(m),
    ],
)
@pytest.mark.parametrize("x", [ag.Variable(np.ones(3)), ag.Vector([1.0, 1.0, 1.0])], ids=type)
def test_masked_arrays_are_refused_since_what_they_hide_would_be_used(use, x):
    with pytest.raises(TypeError, match=r"got a masked array.*use m\.filled\(0\.0\), and multiply"):
        use(masked(), x)


ROWS = np.array([[0.3, 1.2, 2.0], [0.7, -0.4, 0.9]])

OF_ROWS = {
    "exp": lambda rows: np.sum(ag.exp(rows[0])),
    "exp of all": lambda rows: np.sum(ag.exp(rows) * rows),
    "maximum": lambda rows: ag.sum(ag.maximum(rows[0], rows[1]) ** 2),
    "logaddexp of all": lambda rows: np.sum(ag.logaddexp(rows, np.ones((2, 3)))),
    "atan2": lambda rows: ag.sum(ag.atan2(1.5, rows[1])),
    "sum": lambda rows: ag.sum(rows) * ag.sum(rows[0]),
    "mean": lambda rows: ag.mean(rows**2),
    "prod": lambda rows: ag.prod(rows[:, 0]),
    "max": lambda rows: ag.max(rows),
    "norm": lambda rows: ag.norm(rows) + ag.norm(rows[1]),
    "logsumexp": lambda rows: ag.logsumexp(rows[0]) * ag.logsumexp(rows),
    "softmax": lambda rows: ag.softmax(rows[0])[1],
    "dot": lambda rows: ag.dot(rows[0], rows[1]),
    "where": lambda rows: ag.sum(ag.where(rows[0] > 1, rows[1] ** 2, 0.0)),
    "clip": lambda rows: ag.sum(ag.clip(rows[0], 0.5, 1.5) ** 2),
    "concatenate": lambda rows: ag.sum(ag.concatenate([rows[0], 1.0, rows[1]]) ** 2),
    "plus a vector": lambda rows: ag.sum((ag.exp(rows[0]) + rows[1]) ** 2),
}


@pytest.mark.parametrize("name", OF_ROWS)
def test_functions_of_this_package_take_rows_and_arrays_of_variables(name):
    def plain(flat):
        with ag.no_grad():
            entries = np.array([ag.Variable(x) for x in flat]).reshape(2, 3)
            return OF_ROWS[name](entries).item()

    gradient = ag.grad(OF_ROWS[name])(ROWS)
    wanted = differences(plain, ROWS.ravel()).reshape(2, 3)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-8, atol=1e-9)


def test_a_function_that_does_not_take_a_dict_does_not_blame_the_array_of_variables_beside_it():
    row = np.array([ag.Variable(1.0), ag.Variable(2.0)])
    with pytest.raises(TypeError, match="hypot: got dict, wanted"):
        ag.hypot(row, {1.0: 2.0})


def test_approx_knows_variables_for_numbers():
    x, v = ag.Variable(1.0), ag.Variable(np.array([1.0, 2.0]))
    assert x == pytest.approx(1.0 + 1e-9)
    assert x != pytest.approx(1.1)
    for expected in ([1.0, 2.0], np.array([1.0, 2.0]), (1.0, 2.0)):
        assert v == pytest.approx(expected)
        assert pytest.approx(expected) == v
    assert v != pytest.approx([1.0, 2.1])
    assert x != "1.0"
    assert (x == None, v == None) == (False, False)  # noqa: E711 (that is what is tested)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.quantile(np.ones(3), x[0]), TypeError, "quantile: got a Variable as q"),
        (lambda x: np.percentile(x, x[0]), TypeError, "quantile: got a Variable as q"),
        (lambda x: np.pad(x, 2, mode="reflect", reflect_type="odd"), TypeError,
         "got reflect_type='odd'"),
        (lambda x: np.sum(x, axis=np.array([0, 1])), ValueError, "sum: axis is out of bounds"),
        (lambda x: np.add(x, None), TypeError, "add: got None, wanted a number"),
        (lambda x: np.multiply("a", x), TypeError, "multiply: got"),
        (lambda x: np.average(x, weights=np.ones(2)), ValueError,
         "average: lengths differ: 4 entries and 2 weights"),
        (lambda x: np.full_like(np.zeros(3), x[0]), TypeError, r"x \* np.ones_like\(a\)"),
        (lambda x: ag.max(x, 1.0), TypeError, r"max: got 2 arguments.*use maximum\(a, b\)"),
        (lambda x: ag.min(x, 1.0), TypeError, r"min: got 2 arguments.*use minimum\(a, b\)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_the_function_that_was_called(call, error, message):
    with pytest.raises(error, match=message):
        call(ag.Variable(np.array(X)))


def test_a_function_of_scipy_is_refused_by_its_own_name():
    special = pytest.importorskip("scipy.special")
    with pytest.raises(TypeError, match=r"^scipy\.special\.erfinv: has no derivative"):
        special.erfinv(ag.Variable(0.5))


def test_frompyfunc_calls_its_function_with_variables():
    x = ag.Variable(np.array([1.0, 2.0]))
    y = np.frompyfunc(lambda entry: entry * entry, 1, 1)(x)
    assert ag.grad(np.sum(y), wrt=[x])[0].tolist() == [2.0, 4.0]


def test_pad_and_append_take_numbers_and_arrays_as_numpy_does():
    x = ag.Variable(np.array([1.0, 2.0]))
    assert np.pad(x[0], 1).tolist() == [0.0, 1.0, 0.0]
    assert np.pad(x[0], 1, mode="edge").tolist() == [1.0, 1.0, 1.0]
    assert np.append(np.outer(x, x), x).tolist() == [1.0, 2.0, 2.0, 4.0, 1.0, 2.0]


def test_clip_by_bounds_in_the_wrong_order_gives_the_upper_one_as_numpy_does():
    x = ag.Variable(np.array(X))
    assert np.clip(x, 1, -1).tolist() == x.clip(1, -1).tolist() == [-1.0] * 4
    with pytest.raises(ValueError, match="clip: wrong bounds"):
        ag.clip(x, 1, -1)


@pytest.mark.parametrize("order", [2, 3, 1.5, 1])
def test_norms_of_every_order_have_derivative_0_at_the_origin(order):
    assert ag.grad(lambda x: np.linalg.norm(x, order))(np.zeros(2)).tolist() == [0.0, 0.0]


def test_a_vector_is_made_of_a_vector_variable():
    x = ag.Variable(np.array([1.0, 2.0]))
    assert ag.Vector(x).tolist() == [1.0, 2.0]
    with pytest.warns(ag.GradientDroppedWarning, match=r"Vector\(\)"):
        assert ag.Vector(x * 2).tolist() == [2.0, 4.0]


# Arrays of one entry

ONE = np.array([3.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.ones(x.shape[0]) * x**2),
        lambda x: np.sum(np.ones(np.shape(x)) * x**2),
        lambda x: np.sum(np.ones((2 * x).shape[0]) * x**2) * x.ndim * np.ndim(x),
        lambda x: np.sum(np.ones(x[:1].shape[0]) * x[x > 0] ** 2),
        lambda x: np.sum(np.where(np.greater(x, 1), x**2, 0.0)[np.argsort(x)]),
        lambda x: np.sum((np.diff(x, prepend=0.0) ** 2).reshape(1, 1)),
    ],
)
def test_arrays_of_one_entry_keep_their_axis(f):
    for transform in (ag.grad, ag.jacobian):
        gradient = transform(f)(ONE)
        assert (gradient.shape, gradient.tolist()) == ((1,), [6.0])
    assert ag.hessian(f)(ONE).tolist() == [[2.0]]


def test_numbers_have_no_axis_where_arrays_of_one_entry_have_one():
    shapes = []

    def f(x):
        shapes.extend([x[0].shape, np.sum(x).shape, (x[0] * 2).shape, ag.Variable(1.0).shape])
        return np.sum(x)

    ag.grad(f)(ONE)
    ag.grad(f)(np.ones(2))
    assert shapes == [()] * 8
    x = ag.Variable(ONE)
    assert (x.shape, x.ndim, (x * 2).shape) == ((1,), 1, (1,))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_arrays_without_entries_have_gradients_without_entries(shape):
    value, gradient = ag.value_and_grad(np.sum)(np.zeros(shape))
    assert (value, gradient.shape) == (0.0, shape)


@pytest.mark.parametrize(
    "f",
    [
        lambda y: np.sum(np.where(~(y > 10), y, 0 * y)),
        lambda y: np.sum(y * ~(y > 2)),
        lambda y: np.sum(y[~(y > 10)] ** 2),
        lambda y: np.sum(y[(y > 2) & ~(y > 10)]),
        lambda y: (y > 2).sum() * np.sum(y) + (y < 0).any(),
    ],
    ids=["where", "times", "index", "both", "methods"],
)
@pytest.mark.parametrize("p", [[1.0, 11.0], [1.0, 3.0], [11.0], [3.0], [4.0, 3.0, 12.0]])
def test_masks_of_one_entry_are_masks(f, p):
    def selected(x):
        return f(x[x > 2])

    x = np.array(p)
    value, gradient = ag.value_and_grad(lambda x: selected(x) + 0.0 * np.sum(x))(x)
    assert value == selected(x)
    steps = 1e-6 * np.eye(len(x))
    slopes = [(selected(x + step) - selected(x - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-8, atol=1e-8)


def test_a_long_loop_may_ask_for_its_shape_at_every_step():
    def loop(x):
        s = x[0]
        for _ in range(20_000):
            s = ag.sin(s) * 0.9 + x[1]
            assert s.shape == ()
        return s

    # Walking down to its beginning at every step would take half a minute.
    assert ag.grad(loop)(np.array([0.3, 0.2])).shape == (2,)


def test_a_shape_is_found_again_after_nodes_were_reclaimed():
    def f(x):
        y = x * 2.0
        before = y.shape, x[0].shape
        ag._core.reclaim()
        assert (y.shape, x[0].shape) == before == ((1,), ())
        return ag.sum(y)

    assert ag.grad(f)(np.array([3.0])).tolist() == [2.0]
