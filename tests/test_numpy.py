"""NumPy's functions on Variables, and the memory of Vectors as arrays."""

import copy
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

X = [0.3, -1.2, 2.5, 0.9]
WEIGHTS = [1.0, -2.0, 0.5, 3.0, 1.5, -0.7, 2.2, 0.4, 1.1, -1.3, 0.6, 2.7]
MATRIX = np.array([[1.0, 2.0, -1.0, 0.5], [0.0, 3.0, 1.0, -2.0], [2.0, -1.0, 0.3, 1.0]])


def weighed(y):
    """A number that depends on every entry of a result, whatever it came as."""
    if isinstance(y, (list, tuple)):
        return sum((weighed(part) for part in y), 0.0)
    if isinstance(y, np.ndarray):
        flat = y.reshape(-1).tolist()
        return sum((w * entry for w, entry in zip(WEIGHTS * 4, flat)), 0.0)
    if y.dim == 1:
        return WEIGHTS[0] * y
    return ag.dot(y, np.array((WEIGHTS * 4)[: y.dim]))


def numbers(y):
    """The numbers of a result, as an array of its shape."""
    if isinstance(y, (list, tuple)):
        return [numbers(part) for part in y]
    if isinstance(y, ag.Variable):
        return np.asarray(y.value).reshape(y.shape)
    if isinstance(y, np.ndarray) and y.dtype == object:
        return np.frompyfunc(lambda entry: getattr(entry, "value", entry), 1, 1)(y).astype(float)
    return np.asarray(y)


def differences(f, x):
    """The gradient of `f` by central differences of fourth order: good to 1e-9 or so."""
    h = 1e-3
    gradient = []
    for e in np.eye(len(x)) * h:
        near, far = f(x + e) - f(x - e), f(x + 2 * e) - f(x - 2 * e)
        gradient.append((8 * near - far) / (12 * h))
    return np.array(gradient)


def plain_weighed(y):
    if isinstance(y, (list, tuple)):
        return sum(plain_weighed(part) for part in y)
    flat = np.asarray(y).reshape(-1)
    return float(flat @ np.array((WEIGHTS * 4)[: flat.size]))


def check(f, x=X):
    """`f` of a Variable is what it is of an array, and its gradient that of differences."""
    x = np.array(x)
    v = ag.Variable(x)
    y = f(v)
    wanted = f(x)
    if not isinstance(wanted, (list, tuple)):
        y_numbers = numbers(y)
        assert y_numbers.shape == np.squeeze(wanted).shape or y_numbers.shape == np.shape(wanted)
        np.testing.assert_allclose(y_numbers, np.reshape(wanted, y_numbers.shape), rtol=1e-14)
    (gradient,) = ag.grad(weighed(y), wrt=[v])
    by_differences = differences(lambda x: plain_weighed(f(x)), x)
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-8, atol=1e-9)


# The op table


def unary_rows():
    return [(row, name) for row in ag.ops() if row["arity"] == 1 for name in row["numpy"]]


def binary_rows():
    return [(row, name) for row in ag.ops() if row["arity"] == 2 for name in row["numpy"]]


def names(parameter):
    return parameter if isinstance(parameter, str) else ""


def point_of(interval, offset=0.37):
    low, high = max(interval[0], -3.0), min(interval[1], 3.0)
    return [low + (high - low) * share for share in (offset, 0.52, 0.71)]


@pytest.mark.parametrize(("row", "name"), unary_rows(), ids=names)
def test_ufunc_of_a_row_is_the_function_of_that_row(row, name):
    x = ag.Variable(point_of(row["domain"])[0])
    y = getattr(np, name)(x)
    assert isinstance(y, ag.Variable)
    (slope,) = ag.grad(y, wrt=[x])
    z = getattr(ag._core, row["name"])(x)
    assert y.item() == z.item()
    assert slope.item() == ag.grad(z, wrt=[x])[0].item()


@pytest.mark.parametrize(("row", "name"), unary_rows(), ids=names)
def test_ufunc_of_a_vector_variable_has_the_derivative_of_numpys(row, name):
    check(getattr(np, name), point_of(row["domain"]))


@pytest.mark.parametrize(("row", "name"), binary_rows(), ids=names)
@pytest.mark.parametrize("order", ["variable first", "array first", "both"])
def test_binary_ufunc_has_the_derivative_of_numpys_in_both_orders(row, name, order):
    a, b = (np.array(point_of(interval, 0.41)) for interval in row["domain"])
    a, b = a * 1.07, b * 0.93
    ufunc = getattr(np, name)
    if order == "variable first":
        check(lambda x: ufunc(x, b), a)
    elif order == "array first":
        check(lambda x: ufunc(a, x), b)
    else:
        check(lambda x: ufunc(x[:3], x[3:]), [*a, *b])


NEW = int(np.__version__.split(".")[0]) >= 2
# Functions of matrices only: they are reached by an object array, not by a Variable.
OF_MATRICES = [
    "fliplr",
    "rot90",
    "vsplit",
    "dsplit",
    "trace",
    "diagonal",
    "matrix_transpose",
    "row_stack",
    "linalg.trace",
    "linalg.diagonal",
    "linalg.matrix_transpose",
]

# The other functions, each as somebody would call it

CALLS = {
    "positive": np.positive,
    "conjugate": np.conjugate,
    "degrees": np.degrees,
    "radians": np.radians,
    "rad2deg": np.rad2deg,
    "deg2rad": np.deg2rad,
    "logaddexp2": lambda x: np.logaddexp2(x, 1.0),
    "ldexp": lambda x: np.ldexp(x, 3),
    "heaviside": lambda x: np.heaviside(x, 0.5) * x,
    "heaviside at zero": lambda x: np.heaviside(0.0, x),
    "divmod": lambda x: np.divmod(x, 0.7),
    "modf": np.modf,
    "sum": np.sum,
    "sum along": lambda x: np.sum(x, axis=0),
    "sum with initial": lambda x: np.sum(x, initial=2.0),
    "sum keeping dims": lambda x: np.sum(x, keepdims=True) * x,
    "prod": np.prod,
    "mean": lambda x: np.mean(x, axis=-1),
    "max": np.max,
    "amax": np.amax,
    "min": np.min,
    "amin": np.amin,
    "ptp": np.ptp,
    "average": lambda x: np.average(x, weights=[1, 2, 3, 4]),
    "average plain": np.average,
    "average by x": lambda x: np.average([1, 2, 3, 4], weights=x**2),
    "var": np.var,
    "var ddof": lambda x: np.var(x, ddof=1),
    "std": lambda x: np.std(x, ddof=1),
    "median": np.median,
    "median odd": lambda x: np.median(x[:3]),
    "quantile": lambda x: np.quantile(x, 0.3),
    "quantiles": lambda x: np.quantile(x, [0.0, 0.25, 0.9, 1.0]),
    "percentile": lambda x: np.percentile(x, 62.0),
    "cumsum": np.cumsum,
    "cumprod": np.cumprod,
    "nansum": np.nansum,
    "nanmean": np.nanmean,
    "nanstd": np.nanstd,
    "nanprod": np.nanprod,
    "nanmax": np.nanmax,
    "nanmin": np.nanmin,
    "nanmedian": np.nanmedian,
    "nanvar": np.nanvar,
    "nancumsum": np.nancumsum,
    "nancumprod": np.nancumprod,
    "nanquantile": lambda x: np.nanquantile(x, 0.3),
    "nanpercentile": lambda x: np.nanpercentile(x, 30),
    "add.reduce": np.add.reduce,
    "multiply.reduce": np.multiply.reduce,
    "maximum.reduce": np.maximum.reduce,
    "minimum.reduce": np.minimum.reduce,
    "logaddexp.reduce": np.logaddexp.reduce,
    "add.accumulate": np.add.accumulate,
    "multiply.accumulate": np.multiply.accumulate,
    "multiply.outer": lambda x: np.multiply.outer(x, [1.0, 2.0]),
    "dot": lambda x: np.dot(x, x),
    "dot constant": lambda x: np.dot([1.0, 2.0, 3.0, 4.0], x),
    "dot number": lambda x: np.dot(3.0, x),
    "dot matrix": lambda x: np.dot(MATRIX, x),
    "dot by matrix": lambda x: np.dot(x, MATRIX.T),
    "matmul": lambda x: np.matmul(x, x),
    "matmul operator": lambda x: MATRIX @ x,
    "matmul operator reversed": lambda x: x @ MATRIX.T,
    "matmul list": lambda x: np.matmul(MATRIX.tolist(), x),
    "matrix of one row": lambda x: MATRIX[:1] @ x,
    "inner": lambda x: np.inner(x, x),
    "inner matrix": lambda x: np.inner(MATRIX, x),
    "vdot": lambda x: np.vdot(x, x[::-1]),
    "outer": lambda x: np.outer(x, x),
    "kron": lambda x: np.kron(x, [1.0, 2.0]),
    "tensordot": lambda x: np.tensordot(x, x, 1),
    "cross": lambda x: np.cross(x[:3], x[1:]),
    "convolve": lambda x: np.convolve(x, [1.0, 2.0, 3.0]),
    "convolve same": lambda x: np.convolve(x, [1.0, 2.0, 3.0], "same"),
    "convolve same even": lambda x: np.convolve(x, [1.0, 2.0], "same"),
    "convolve valid": lambda x: np.convolve([1.0, 2.0], x, "valid"),
    "convolve both": lambda x: np.convolve(x, x[:2]),
    "correlate": lambda x: np.correlate(x, [1.0, 2.0]),
    "correlate full": lambda x: np.correlate(x[:2], x, "full"),
    "correlate same": lambda x: np.correlate([1.0, 2.0], x, "same"),
    "norm": np.linalg.norm,
    "norm 1": lambda x: np.linalg.norm(x, 1),
    "norm 3": lambda x: np.linalg.norm(x, 3),
    "norm inf": lambda x: np.linalg.norm(x, np.inf),
    "norm -inf": lambda x: np.linalg.norm(x, -np.inf),
    "solve": lambda x: np.linalg.solve(MATRIX[:3, :3], x[:3]),
    "concatenate": lambda x: np.concatenate([x, [1.0], x[:2], np.ones(2)]),
    "hstack": lambda x: np.hstack([x[0], x]),
    "vstack": lambda x: np.vstack([x, x + 1]),
    "column_stack": lambda x: np.column_stack([x, np.ones(4)]),
    "stack numbers": lambda x: np.stack([x[0], x[1]]),
    "stack vectors": lambda x: np.stack([x, 2 * x], axis=1),
    "append": lambda x: np.append(x, 2.0),
    "insert": lambda x: np.insert(x, [1, 3], [x[0], 7.0]),
    "delete": lambda x: np.delete(x, 1),
    "flip": np.flip,
    "flipud": np.flipud,
    "roll": lambda x: np.roll(x, 1),
    "repeat": lambda x: np.repeat(x, 3),
    "tile": lambda x: np.tile(x, 2),
    "tile to two dimensions": lambda x: np.tile(x, (2, 2)),
    "take": lambda x: np.take(x, [0, 2, 2, -1]),
    "take a number": lambda x: np.take(x, 2),
    "take in two dimensions": lambda x: np.take(x, [[0, 1], [1, 2]]),
    "compress": lambda x: np.compress([True, False, True, True], x),
    "extract": lambda x: np.extract(np.array([True, False, True, True]), x),
    "pad": lambda x: np.pad(x, 2, mode="reflect"),
    "pad edge": lambda x: np.pad(x, (1, 2), mode="edge"),
    "resize": lambda x: np.resize(x, 6),
    "reshape": lambda x: np.reshape(x, (2, 2)),
    "reshape flat": lambda x: np.reshape(x, -1),
    "ravel": np.ravel,
    "squeeze": np.squeeze,
    "transpose": np.transpose,
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 4)),
    "split": lambda x: np.split(x, [1, 3]),
    "array_split": lambda x: np.array_split(x, 3),
    "sort": np.sort,
    "diag": np.diag,
    "meshgrid": lambda x: np.meshgrid(x, [1.0, 2.0]),
    "vander": lambda x: np.vander(x, 3),
    "where": lambda x: np.where(x > 0.5, x, 2 * x),
    "where of arrays": lambda x: np.where(np.array([True, False, True, False]), x, 1.0),
    "select": lambda x: np.select([x < 0, x < 1], [x**2, -x], 3 * x),
    "piecewise": lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda t: t**2, lambda t: -t]),
    "piecewise otherwise": lambda x: np.piecewise(x, [x < 0], [lambda t: t**2, lambda t: 3 * t]),
    "clip": lambda x: np.clip(x, -1.0, 2.0),
    "clip one side": lambda x: np.clip(x, None, 1.0),
    "clip bounds": lambda x: np.clip([0.0, 1.0, 5.0, 0.1], -1.0, x),
    "nan_to_num": np.nan_to_num,
    "copy": np.copy,
    "atleast_1d": np.atleast_1d,
    "full_like": lambda x: np.full_like(x, x[0]) if isinstance(x, ag.Variable) else x[0] + 0 * x,
    "round": lambda x: np.round(x, 1) * x,
    "around": lambda x: np.around(x + 0.1) * x,
    "fix": np.fix,
    "real": np.real,
    "sinc": np.sinc,
    "diff": np.diff,
    "diff twice": lambda x: np.diff(x, 2, prepend=0.0),
    "ediff1d": lambda x: np.ediff1d(x, to_end=[1.0], to_begin=x[0]),
    "gradient": np.gradient,
    "gradient spaced": lambda x: np.gradient(x, [0.0, 1.0, 3.0, 4.0], edge_order=2),
    "polyval": lambda x: np.polyval(x, 1.3),
    "polyval at": lambda x: np.polyval([1.0, 2.0, 3.0], x),
    "interp": lambda x: np.interp(x, [-2.0, 0.0, 1.0, 2.0], [1.0, 3.0, -1.0, 0.0]),
    "interp values": lambda x: np.interp([-1.0, 0.5, 1.5, 9.0], [0.0, 1.0, 2.0, 3.0], x),
    "interp beyond": lambda x: np.interp(x, [0.0, 1.0], [1.0, 3.0], left=7.0),
    "linspace": lambda x: np.linspace(x[0], x[1], 5),
    "unwrap": lambda x: np.unwrap(4 * x),
    "pad with constants": lambda x: np.pad(x, (1, 2), constant_values=(3.0, 4.0)),
    "pad with zeros": lambda x: np.pad(x, 1),
    "trim_zeros": lambda x: np.trim_zeros(np.concatenate([[0.0], x, [0.0, 0.0]])),
    "diagflat": np.diagflat,
    "tril": np.tril,
    "triu": np.triu,
    "fftshift": np.fft.fftshift,
    "ifftshift": np.fft.ifftshift,
    "swapaxes": lambda x: np.swapaxes(x, 0, 0),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "rollaxis": lambda x: np.rollaxis(x, 0),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([1, 0, 2]), 0),
    "hsplit": lambda x: np.hsplit(x, 2),
    "atleast_2d": np.atleast_2d,
    "atleast_3d": np.atleast_3d,
    "block": lambda x: np.block([x, x]),
    "dstack": lambda x: np.dstack([x, x]),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, np.ones((2, 1))),
    "imag": lambda x: np.imag(x) + x,
    "real_if_close": np.real_if_close,
    "arctan2 of three": lambda x: np.arctan2(x, x[::-1]),
    "linalg.outer": lambda x: np.linalg.outer(x, x) if NEW else np.outer(x, x),
    "linalg.tensordot": lambda x: np.linalg.tensordot(x, x, axes=1) if NEW else np.dot(x, x),
    "linalg.matmul": lambda x: np.linalg.matmul(MATRIX, x) if NEW else MATRIX @ x,
    "linalg.cross": lambda x: (np.linalg if NEW else np).cross(x[:3], x[1:]),
    "linalg.vecdot": lambda x: np.linalg.vecdot(x, x) if NEW else np.dot(x, x),
    "permute_dims": lambda x: np.permute_dims(x) if NEW else x,
    "apply_along_axis": lambda x: np.apply_along_axis(lambda row: row[::-1], 0, x),
}
if hasattr(np, "trapezoid"):
    CALLS["trapezoid"] = lambda x: np.trapezoid(x, dx=0.5)
    CALLS["trapezoid by x"] = lambda x: np.trapezoid([1.0, 2.0, 4.0, 1.0], x)
if NEW:  # NumPy 1.24 has no einsum of objects
    CALLS["einsum"] = lambda x: np.einsum("i,i->i", x, x[::-1])
    CALLS["einsum to a number"] = lambda x: np.einsum("i,i", x, x)
    CALLS["einsum with a matrix"] = lambda x: np.einsum("ij,j->i", MATRIX, x)
if hasattr(np, "unstack"):
    CALLS["unstack"] = np.unstack
    CALLS["cumulative_sum"] = lambda x: np.cumulative_sum(x, include_initial=True)
    CALLS["cumulative_prod"] = lambda x: np.cumulative_prod(x, include_initial=True)
if hasattr(np, "vecdot"):
    CALLS["vecdot"] = lambda x: np.vecdot(x, x)
    CALLS["vector_norm"] = lambda x: np.linalg.vector_norm(x, ord=3)
if hasattr(np, "matvec"):
    CALLS["matvec"] = lambda x: np.matvec(MATRIX, x)
    CALLS["vecmat"] = lambda x: np.vecmat(x, MATRIX.T)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_function_has_the_values_and_derivatives_of_numpys(call):
    check(call)


def test_every_function_with_a_rule_is_called_here():
    from autograd_rs._numpy import functions, ufuncs

    text = Path(__file__).read_text()
    rules = [*functions._DIFFERENTIABLE, *functions._REARRANGING, *functions._THROUGH_OBJECTS,
             *functions.CONSTANT]  # fmt: skip
    table = {name for row in ag.ops() for name in row["numpy"]}
    rules += [ufunc.__name__ for ufunc in ufuncs.ELEMENTWISE if ufunc.__name__ not in table]
    rules = [name for name in rules if name not in ("trapz", "in1d")]  # gone from NumPy 2
    missing = [name for name in rules if functions.find(name) and name not in OF_MATRICES
               and not re.search(rf'np\.{re.escape(name)}\b|"{name}"', text)]  # fmt: skip
    assert missing == []


SECOND_ORDER = [
    "sinc", "std", "norm", "cumprod", "sort", "solve", "interp values", "quantiles", "pad",
    "matmul operator", "gradient", "outer", "reshape",
]  # fmt: skip


@pytest.mark.parametrize("name", SECOND_ORDER)
def test_function_can_be_differentiated_twice(name):
    f = CALLS[name]

    def slope_along(x):
        v = ag.Variable(x)
        y = weighed(f(v))
        (gradient,) = ag.grad(y * y, wrt=[v], create_graph=True)
        return v, ag.dot(gradient, np.array(WEIGHTS[:4]))

    v, slope = slope_along(np.array(X))
    (second,) = ag.grad(slope, wrt=[v])
    wanted = differences(lambda x: slope_along(x)[1].item(), np.array(X))
    np.testing.assert_allclose(second, wanted, rtol=1e-7, atol=1e-7)


def test_sinc_has_its_second_derivative_at_zero():
    x = ag.Variable(0.0)
    (slope,) = ag.grad(np.sinc(x), wrt=[x], create_graph=True)
    (second,) = ag.grad(slope, wrt=[x])
    assert second.item() == pytest.approx(-(np.pi**2) / 3, rel=1e-14)


def test_nan_functions_leave_the_nan_out():
    v = ag.Variable(np.array([1.0, np.nan, 3.0]))
    for name in ("nansum", "nanmean", "nanmax", "nanmin", "nanprod", "nanvar", "nanstd"):
        (gradient,) = ag.grad(getattr(np, name)(v), wrt=[v])
        assert getattr(np, name)(v).item() == getattr(np, name)(np.array([1.0, np.nan, 3.0]))
        assert gradient.tolist()[1] == 0.0


def test_std_of_equal_entries_has_derivative_zero():
    v = ag.Variable(np.ones(3))
    (gradient,) = ag.grad(np.std(v), wrt=[v])
    assert gradient.tolist() == [0.0, 0.0, 0.0]


def test_nan_to_num_has_derivative_zero_where_it_put_a_number():
    v = ag.Variable(np.array([1.0, np.nan, np.inf]))
    y = np.nan_to_num(v, posinf=9.0)
    assert y.tolist() == [1.0, 0.0, 9.0]
    assert ag.grad(y, wrt=[v])[0].tolist() == [1.0, 0.0, 0.0]


# Operators


def test_numbers_of_numpy_work_on_either_side():
    x = ag.Variable(3.0)
    for number in (np.float64(2.0), np.float32(2.0), np.int64(2), np.array(2.0), np.uint8(2)):
        assert (number * x).item() == (x * number).item() == 6.0
        assert (number - x).item() == -(x - number).item() == -1.0
        assert (number / x).item() == 2.0 / 3.0
        assert (number**x).item() == 8.0
        assert isinstance(number * x, ag.Variable)
    assert ag.grad(np.float64(2.0) * x * x, wrt=[x])[0].item() == 12.0


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", "i1", "u8", "?", ">f8", ">i2"])
def test_arrays_of_any_real_kind_are_operands(dtype):
    array = np.array([1, 0, 1]).astype(dtype)
    v = ag.Variable(np.array([2.0, 3.0, 5.0]))
    assert np.multiply(array, v).tolist() == (array * v).tolist() == [2.0, 0.0, 5.0]


def test_strided_and_readonly_arrays_are_operands():
    array = np.arange(6.0)[::-2]
    array.flags.writeable = False
    assert (array * ag.Variable(np.ones(3))).tolist() == [5.0, 3.0, 1.0]


def test_an_array_on_the_left_gives_one_variable():
    y = np.arange(3.0) * ag.Variable(np.ones(3))
    assert isinstance(y, ag.Variable)
    assert y.dim == 3


@pytest.mark.parametrize("compare", [np.less, np.less_equal, np.greater, np.equal, np.not_equal])
def test_comparisons_give_truth_values(compare):
    v, x = ag.Variable(np.array([1.0, 2.0, 3.0])), ag.Variable(2.0)
    wanted = compare(np.array([1.0, 2.0, 3.0]), 2.0)
    for answer in (compare(v, 2.0), compare(v, x), compare(v, np.full(3, 2.0))):
        assert isinstance(answer, np.ndarray)
        assert answer.dtype == bool
        assert answer.tolist() == wanted.tolist()
    assert isinstance(compare(x, 1.0), (bool, np.bool_))
    assert (np.zeros(3) < v).dtype == bool


def test_a_matrix_beside_a_variable_gives_an_object_array_of_variables():
    v = ag.Variable(np.array([1.0, 2.0, 3.0, 4.0]))
    for y in (MATRIX * v, v * MATRIX, MATRIX + v, np.logaddexp(MATRIX, v), np.maximum(v, MATRIX)):
        assert y.shape == (3, 4)
        assert y.dtype == object
    (gradient,) = ag.grad(np.sum(MATRIX * v), wrt=[v])
    np.testing.assert_allclose(gradient, MATRIX.sum(axis=0))


def test_a_matrix_changed_later_does_not_change_what_was_recorded():
    matrix = MATRIX.copy()
    v = ag.Variable(np.ones(4))
    y = np.sum(matrix @ v)
    matrix[:] = 0.0
    np.testing.assert_allclose(ag.grad(y, wrt=[v])[0], MATRIX.sum(axis=0))


def test_an_infinite_entry_of_a_matrix_under_a_zero_cotangent_contributes_nothing():
    matrix = np.array([[np.inf, 1.0], [1.0, 2.0]])
    v = ag.Variable(np.array([1.0, 2.0]))
    (gradient,) = ag.grad((matrix @ v)[1], wrt=[v])
    assert gradient.tolist() == [1.0, 2.0]


def test_products_of_wrong_lengths_say_both():
    v = ag.Variable(np.ones(3))
    with pytest.raises(ValueError, match="lengths differ: 4 and 3"):
        MATRIX @ v
    with pytest.raises(ValueError, match="3 and 2"):
        np.dot(v, np.ones(2))


def test_matrix_products_of_numbers_are_refused():
    v, x = ag.Variable(np.ones(3)), ag.Variable(2.0)
    for product in (lambda: np.matmul(2.0, v), lambda: np.matmul(x, v), lambda: np.vdot(x, v)):
        with pytest.raises(ValueError, match=r"wanted (vectors|equal)"):
            product()
    assert np.matmul(x, x).item() == 4.0


def test_in_place_arithmetic_on_an_array_says_what_to_do():
    array = np.ones(2)
    with pytest.raises(TypeError, match="assign the result"):
        array += ag.Variable(np.ones(2))
    assert array.tolist() == [1.0, 1.0]


def test_an_object_array_takes_variables_in_place():
    array = np.zeros(2, dtype=object)
    x = ag.Variable(3.0)
    array += x
    array[0] = array[0] * x
    assert ag.grad(array[0], wrt=[x])[0].item() == 6.0


# Constant and refused functions


def test_functions_that_only_jump_give_plain_results():
    v = ag.Variable(np.array([1.0, -2.0, 3.0]))
    x = np.array([1.0, -2.0, 3.0])
    for name in ("isnan", "isfinite", "isinf", "signbit", "argmax", "argmin", "argsort",
                 "count_nonzero", "shape", "ndim", "size", "all", "any", "zeros_like", "ones_like",
                 "nonzero", "isreal", "iscomplexobj", "logical_not", "flatnonzero", "argwhere",
                 "nanargmax", "nanargmin", "iscomplex", "isrealobj", "isposinf",
                 "isneginf"):  # fmt: skip
        answer, wanted = getattr(np, name)(v), getattr(np, name)(x)
        assert not isinstance(answer, ag.Variable)
        np.testing.assert_array_equal(answer, wanted)
    for name in ("argpartition", "digitize", "isin"):
        argument = 1 if name == "argpartition" else [1.0, 2.0]
        answer = getattr(np, name)(v, argument)
        np.testing.assert_array_equal(answer, getattr(np, name)(x, argument))
    assert np.empty_like(v).shape == (3,)
    assert np.isclose(v, x).all()
    assert np.array_equiv(v, x)
    assert np.result_type(v) is np.dtype(float)
    assert np.can_cast(np.array(1.0), float)
    assert np.common_type(v) is np.float64
    assert not np.shares_memory(v, x)
    assert not np.may_share_memory(v, x)
    assert np.array_repr(v) == np.array_repr(x)
    assert np.array_str(v) == np.array_str(x) == np.array2string(v)
    assert np.lexsort([v]).tolist() == np.argsort(x).tolist()
    assert np.searchsorted(v, 2.0) == np.searchsorted(x, 2.0)
    assert np.allclose(v, x)
    assert np.array_equal(v, x)
    assert np.where(v > 0)[0].tolist() == [0, 2]


def test_steps_are_variables_with_derivative_zero():
    x = ag.Variable(2.5)
    for step in (np.sign, np.floor, np.ceil, np.rint, np.trunc, np.round, np.fix):
        assert ag.grad(step(x), wrt=[x])[0].item() == 0.0


REFUSED = {
    "np.linalg.eig": lambda v: np.linalg.eig(v),
    "np.linalg.inv": lambda v: np.linalg.inv(v),
    "np.fft.fft": lambda v: np.fft.fft(v),
    "np.unique": lambda v: np.unique(v),
    "np.nextafter": lambda v: np.nextafter(v, 1.0),
    "np.frexp": lambda v: np.frexp(v),
    "np.histogram": lambda v: np.histogram(v),
    "np.partition": lambda v: np.partition(v, 1),
    "np.add.at": lambda v: np.add.at(v, 0, 1.0),
    "np.multiply.reduceat": lambda v: np.multiply.reduceat(v, [0, 1]),
    "np.subtract.accumulate": lambda v: np.subtract.accumulate(v),
    "np.gcd": lambda v: np.gcd(v, 2),
    "np.copyto": lambda v: np.copyto(np.zeros(3), v),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_function_without_derivative_is_refused_by_name_with_an_alternative(name):
    v = ag.Variable(np.array([1.0, 2.0, 3.0]))
    with pytest.raises(TypeError, match=rf"^{name}: has no derivative here: .*; \w+") as refusal:
        REFUSED[name](v)
    assert re.search("use|write|collect|whole", str(refusal.value))


@pytest.mark.parametrize("call", [
    lambda v: np.sin(v, out=np.zeros(3)),
    lambda v: np.sum(v, out=np.zeros(())),
    lambda v: np.add(v, 1.0, where=[True, False, True]),
    lambda v: np.sum(v, where=[True, False, True]),
    lambda v: np.sum(v, dtype="f4"),
    lambda v: np.exp(v, dtype="f4"),
    lambda v: np.max(v, initial=0.0),
    lambda v: np.quantile(v, 0.5, method="nearest"),
    lambda v: np.sort(v, order="a"),
    lambda v: np.add(v, 1.0, out=v),
    lambda v: np.add(np.zeros(3), 1.0, out=v),
])  # fmt: skip
def test_arguments_without_meaning_are_type_errors(call):
    with pytest.raises(TypeError, match=r"(got|use|must be)"):
        call(ag.Variable(np.array([1.0, 2.0, 3.0])))


def test_arguments_that_say_what_is_so_anyway_are_taken():
    v = ag.Variable(np.array([1.0, 2.0, 3.0]))
    assert np.sum(v, axis=(0,), dtype=float, out=None).item() == 6.0
    assert np.sin(v, where=True, dtype=np.float64).tolist() == ag.sin(v).tolist()


@pytest.mark.parametrize("function", [np.sum, np.max, np.mean, np.cumsum, np.var, np.flip])
def test_an_axis_that_a_vector_lacks_is_out_of_bounds(function):
    with pytest.raises(ValueError, match=r"axis.*(1|bounds)"):
        function(ag.Variable(np.ones(3)), axis=1)


@pytest.mark.parametrize("other", [np.array([1j, 2.0]), np.array(["a", "b"]), ["a", "b"]])
def test_operands_that_are_no_real_numbers_are_type_errors(other):
    with pytest.raises(TypeError, match=r"real|wanted"):
        np.add(ag.Variable(np.ones(2)), other)


def test_lengths_that_differ_are_a_value_error():
    with pytest.raises(ValueError, match="3"):
        np.add(ag.Variable(np.ones(3)), np.ones(2))


# Object arrays


def test_asarray_of_a_variable_has_its_entries():
    v = ag.Variable(np.array([1.0, 2.0, 3.0]))
    for array in (np.asarray(v), np.array(v), np.asarray(v, dtype=object)):
        assert array.dtype == object
        assert array.shape == (3,)
        assert all(isinstance(entry, ag.Variable) for entry in array)
    (gradient,) = ag.grad(np.sum(np.asarray(v) ** 2), wrt=[v])
    assert gradient.tolist() == [2.0, 4.0, 6.0]


def test_asarray_of_a_number_has_no_dimensions():
    x = ag.Variable(2.0)
    array = np.asarray(x)
    assert array.shape == ()
    assert array[()] is x


def test_array_of_variables_has_them_as_entries():
    a, b = ag.Variable(1.0), ag.Variable(2.0)
    array = np.array([a, b])
    assert array.dtype == object
    assert array[0] is a
    assert array[1] is b
    assert np.array([[a, b], [b, a]]).shape == (2, 2)


@pytest.mark.filterwarnings("default")
def test_asarray_as_floats_warns_that_the_gradient_is_dropped():
    v = ag.Variable(np.array([1.0, 2.0])) * 2.0
    with pytest.warns(ag.GradientDroppedWarning):
        array = np.asarray(v, dtype=float)
    assert array.dtype == float
    assert array.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(("row", "name"), unary_rows(), ids=names)
def test_ufunc_of_an_object_array_drops_no_gradient(row, name):
    point = point_of(row["domain"])
    v = ag.Variable(np.array(point))
    y = getattr(np, name)(np.asarray(v))
    if name in ("floor", "ceil", "trunc", "sign"):
        assert [float(entry) for entry in y] == getattr(np, name)(point).tolist()
        return
    direct = getattr(np, name)(v)
    # The functions of numbers and those of vectors may differ by a unit in the last place.
    np.testing.assert_allclose([entry.item() for entry in y], direct.tolist(), rtol=4e-16)
    (gradient,) = ag.grad(np.sum(y), wrt=[v])
    np.testing.assert_allclose(gradient, ag.grad(np.sum(direct), wrt=[v])[0], rtol=1e-15)


@pytest.mark.parametrize("name", ["arctan2", "hypot", "fmod", "power", "remainder", "maximum"])
def test_binary_ufunc_of_object_arrays_drops_no_gradient(name):
    a, b = np.array([1.3, 2.4, 3.1]), np.array([0.7, 3.3, 1.9])
    v, w = ag.Variable(a), ag.Variable(b)
    y = getattr(np, name)(np.asarray(v), np.asarray(w))
    direct = getattr(np, name)(v, w)
    assert [entry.item() for entry in y] == direct.tolist()
    for ours, wanted in zip(ag.grad(np.sum(y), wrt=[v, w]), ag.grad(np.sum(direct), wrt=[v, w])):
        np.testing.assert_array_equal(ours, wanted)


@pytest.mark.parametrize("name", ["degrees", "radians", "deg2rad", "rad2deg", "conjugate"])
def test_linear_ufunc_of_an_object_array_drops_no_gradient(name):
    v = ag.Variable(np.array([1.3, 2.4]))
    y = getattr(np, name)(np.asarray(v))
    assert [entry.item() for entry in y] == getattr(np, name)(v).tolist()


def test_object_arrays_and_variables_mix():
    v = ag.Variable(np.array([1.0, 2.0]))
    array = np.asarray(v)
    for y in (array * v, v * array, np.multiply(array, v)):
        assert isinstance(y, ag.Variable)
        assert ag.grad(y, wrt=[v])[0].tolist() == [2.0, 4.0]
    assert np.dot(array, v).item() == 5.0
    assert np.linalg.norm(array).item() == pytest.approx(5.0**0.5)


def test_nested_functions_of_object_matrices_drop_no_gradient():
    v = ag.Variable(np.array([0.1, 0.2, 0.3, 0.4]))
    weights = np.reshape(v, (2, 2))
    hidden = np.tanh(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) @ weights)
    (gradient,) = ag.grad(np.sum(hidden), wrt=[v])

    def plain(x):
        inputs = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        return np.sum(np.tanh(inputs @ x.reshape(2, 2)))

    np.testing.assert_allclose(
        gradient, differences(plain, np.asarray(v.value)), rtol=1e-8, atol=1e-9
    )


def test_functions_of_scipy_special_have_their_derivatives():
    special = pytest.importorskip("scipy.special")
    for name in ("erf", "erfc", "gammaln", "psi", "expit", "log_expit", "cbrt", "exp2", "expm1",
                 "log1p", "logit", "ndtr", "entr"):  # fmt: skip
        function = getattr(special, name)
        x = np.array([0.3, 0.6, 0.9])
        v = ag.Variable(x)
        y = function(v)
        np.testing.assert_allclose(y.value, function(x), rtol=1e-13)
        wanted = np.diag([1.0] * 3) @ [
            differences(lambda t, f=function: f(t)[0], [e])[0] for e in x
        ]
        np.testing.assert_allclose(ag.grad(y, wrt=[v])[0], wanted, rtol=1e-8)
    with pytest.raises(TypeError, match="j0: has no derivative here"):
        special.j0(v)


# SciPy's Rosenbrock function, which begins with asarray


@pytest.mark.parametrize("n", [2, 10, 100])
def test_scipys_rosen_untouched_has_its_own_derivatives(n):
    optimize = pytest.importorskip("scipy.optimize")
    x, p = np.random.default_rng(n).normal(size=(2, n))
    for ours, wanted in (
        (ag.grad(optimize.rosen)(x), optimize.rosen_der(x)),
        (ag.hessian(optimize.rosen)(x), optimize.rosen_hess(x)),
        (ag.hvp(optimize.rosen)(x, p), optimize.rosen_hess_prod(x, p)),
    ):
        np.testing.assert_allclose(ours, wanted, rtol=1e-12, atol=1e-12 * abs(wanted).max())


@pytest.mark.parametrize("n", [2, 10, 100])
def test_scipys_rosen_of_a_variable_has_its_own_gradient(n):
    optimize = pytest.importorskip("scipy.optimize")
    x = np.random.default_rng(n).normal(size=n)
    v = ag.Variable(x)
    y = optimize.rosen(v)
    assert y.item() == pytest.approx(optimize.rosen(x), rel=1e-14)
    (gradient,) = ag.grad(y, wrt=[v])
    wanted = optimize.rosen_der(x)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-12, atol=1e-12 * abs(wanted).max())


# Vectors


def test_asarray_of_a_vector_shares_its_memory():
    vector = ag.Vector([1.0, 2.0, 3.0])
    array = np.asarray(vector)
    assert array.dtype == float
    assert not array.flags.owndata
    array[1] = 7.0
    assert vector.tolist() == [1.0, 7.0, 3.0]
    vector[2] = 9.0
    assert array.tolist() == [1.0, 7.0, 9.0]
    assert np.shares_memory(array, np.asarray(vector))


def test_writing_through_a_view_changes_nothing_that_was_recorded():
    vector = ag.Vector([1.0, 2.0, 3.0])
    v = ag.Variable(np.array([1.0, 1.0, 1.0]))
    before = v * vector
    view = np.asarray(vector)
    while_open = v * vector
    view[:] = 0.0
    after = v * vector
    assert ag.grad(before, wrt=[v])[0].tolist() == [1.0, 2.0, 3.0]
    assert ag.grad(while_open, wrt=[v])[0].tolist() == [1.0, 2.0, 3.0]
    assert ag.grad(after, wrt=[v])[0].tolist() == [0.0, 0.0, 0.0]


def test_writing_through_a_view_of_a_value_or_gradient_does_not_reach_the_variable():
    v = ag.Variable(np.array([1.0, 2.0]))
    y = v * v
    ag.grad(y)
    np.asarray(v.value)[:] = 5.0
    np.asarray(v.grad)[:] = 5.0
    assert v.value.tolist() == [1.0, 2.0]
    ag.grad(y)
    assert v.grad.tolist() == [2.0, 4.0]


def test_a_view_outlives_the_vector():
    view = np.asarray(ag.Vector(range(1000)))
    junk = [ag.Vector(range(1000)) * 2.0 for _ in range(50)]
    assert view.tolist() == list(range(1000))
    assert len(junk) == 50


def test_a_vector_cannot_change_its_length_while_a_view_is_open():
    vector = ag.Vector([1.0, 2.0, 3.0])
    view = np.asarray(vector)
    with pytest.raises((BufferError, ValueError)):
        del vector[0]
    assert view.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_a_vector_of_any_length_has_a_view(n):
    array = np.asarray(ag.Vector.zeros(n))
    assert array.shape == (n,)
    assert not array.flags.owndata


def test_two_views_see_each_other():
    vector = ag.Vector([1.0, 2.0])
    one, other = np.asarray(vector), np.asarray(vector)
    one[0] = 4.0
    assert other[0] == 4.0


def test_copies_and_pickles_of_a_vector_with_a_view_are_their_own():
    vector = ag.Vector([1.0, 2.0])
    view = np.asarray(vector)
    copies = [vector.copy(), copy.copy(vector), copy.deepcopy(vector), vector[:],
              pickle.loads(pickle.dumps(vector)), +vector * 1.0]  # fmt: skip
    view[0] = 9.0
    assert all(twin.tolist() == [1.0, 2.0] for twin in copies)


def test_functions_of_vectors_alone_are_computed_as_numpy_does():
    vector = ag.Vector([1.0, 4.0, 2.0])
    x = np.array([1.0, 4.0, 2.0])
    for name in (
        "sum",
        "mean",
        "std",
        "max",
        "argmax",
        "sort",
        "cumsum",
        "diff",
        "isnan",
        "unique",
    ):
        np.testing.assert_array_equal(getattr(np, name)(vector), getattr(np, name)(x))
    assert np.fft.fft(vector).dtype == complex
    assert np.add.reduce(vector) == 7.0
    assert np.linalg.norm(vector) == np.linalg.norm(x)
    assert np.concatenate([vector, vector]).shape == (6,)


def test_a_vector_beside_an_array_gives_a_vector_in_both_orders():
    vector, x = ag.Vector([1.0, 2.0]), np.array([3.0, 4.0])
    for y in (vector * x, x * vector, np.multiply(vector, x), np.float64(2.0) * vector):
        assert isinstance(y, ag.Vector)
    assert (x - vector).tolist() == [2.0, 2.0]


def test_arithmetic_in_place_on_an_array_takes_a_vector():
    x = np.array([3.0, 4.0])
    x += ag.Vector([1.0, 2.0])
    assert x.tolist() == [4.0, 6.0]


def test_a_vector_is_written_by_out():
    vector = ag.Vector([1.0, 2.0])
    np.add(vector, 1.0, out=np.asarray(vector))
    assert vector.tolist() == [2.0, 3.0]


def test_a_vector_beside_a_variable_gives_a_variable():
    v = ag.Variable(np.ones(2))
    for y in (np.multiply(v, ag.Vector([1.0, 2.0])), np.dot(ag.Vector([1.0, 2.0]), v)):
        assert isinstance(y, ag.Variable)


# NumPy under the name of HIPS autograd's


def test_the_drop_in_is_numpy_but_for_arrays_of_variables():
    import autograd_rs.numpy as anp
    import autograd_rs.numpy.linalg as npl
    import autograd_rs.numpy.random as npr

    x = ag.Variable(2.0)
    y = anp.array([x, x * x, 1.0])
    assert isinstance(y, ag.Variable)
    assert ag.grad(y, wrt=[x])[0].item() == 5.0
    assert anp.array([[x, x], [x, x]]).shape == (2, 2)
    assert anp.array([1.0, 2.0], dtype="f4").dtype == np.float32
    assert anp.sin is np.sin
    assert npr.RandomState is np.random.RandomState
    assert npl.solve.__wrapped__ is np.linalg.solve
    assert anp.linalg.solve.__wrapped__ is np.linalg.solve
    assert anp.pi == np.pi
    assert "sin" in dir(anp)
    with pytest.raises(AttributeError, match="nothing"):
        anp.nothing


# NumPy is not needed


def test_importing_the_package_does_not_import_numpy():
    program = "import sys, autograd_rs; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_functions_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for call in CALLS.values():
            call(ag.Variable(np.array(X)) * 1.0)


def test_shape_attributes_are_those_of_numpy():
    v, x = ag.Variable(np.ones(3)), ag.Variable(1.0)
    assert (v.shape, v.ndim, v.size) == ((3,), 1, 3) == (np.shape(v), np.ndim(v), np.size(v))
    assert (x.shape, x.ndim, x.size) == ((), 0, 1) == (np.shape(x), np.ndim(x), np.size(x))
