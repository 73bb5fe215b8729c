"""NumPy's functions with a number, a vector, a list or a matrix of Variables in each place.

What NumPy gives for floats is what Variables give: the same numbers, in the same shape, with the
derivatives that differences of NumPy's own results have; or an error says that it is not for them.
"""

import itertools
import operator

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

SHAPES = {"number": (), "vector": (3,), "list": (3,), "matrix": (2, 3), "square": (3, 3)}
# All different, so that there are no ties.
DIFFERENT = iter(np.random.default_rng(1).permutation(np.linspace(0.6, 1.4, 44)))
VALUES = {
    kind: [
        np.array([next(DIFFERENT) for _ in range(np.prod(shape, dtype=int))])
        .reshape(shape)
        .tolist()
        for _ in range(2)
    ]
    for kind, shape in SHAPES.items()
}

NAMES_OF_ONE = """
    sum prod mean max min ptp average var std median cumsum cumprod nansum nanprod nancumsum
    nancumprod nanmax nanmin nanmean nanvar nanstd nanmedian linalg.norm sort trim_zeros nan_to_num
    copy atleast_1d atleast_2d atleast_3d round real imag sinc diff ediff1d unwrap flip flipud
    fliplr ravel squeeze transpose rot90 diagonal fft.fftshift fft.ifftshift vstack dstack
    column_stack hstack stack concatenate block meshgrid diag diagflat tril triu vander trace
    broadcast_arrays positive exp log1p sqrt sin tanh degrees radians modf rint sign conjugate isnan
    signbit shape ndim size argmax argmin argsort argwhere nonzero flatnonzero count_nonzero isreal
    zeros_like all any linalg.inv linalg.det
""".split()  # fmt: skip  # noqa: SIM905

OF_ONE = {
    "roll": lambda x: np.roll(x, 1),
    "repeat": lambda x: np.repeat(x, 2),
    "tile": lambda x: np.tile(x, (2, 2)),
    "take": lambda x: np.take(x, [1, 0, 0]),
    "delete": lambda x: np.delete(x, 0),
    "resize": lambda x: np.resize(x, (2, 2)),
    "reshape": lambda x: np.reshape(x, (-1, 1)),
    "expand_dims": lambda x: np.expand_dims(x, 0),
    "broadcast_to": lambda x: np.broadcast_to(x, (2, 3)),
    "split": lambda x: np.split(x, 1),
    "array_split": lambda x: np.array_split(x, 2),
    "hsplit": lambda x: np.hsplit(x, 3),
    "quantile": lambda x: np.quantile(x, [0.3, 0.7]),
    "sum axis": lambda x: np.sum(x, axis=0),
    "max axis": lambda x: np.max(x, axis=-1),
    "sort axis": lambda x: np.sort(x, axis=0),
    "stack axis": lambda x: np.stack(x, axis=-1),
    "sum keepdims": lambda x: np.sum(x, keepdims=True),
    "pad": lambda x: np.pad(x, 1),
    "insert": lambda x: np.insert(x, 1, 5.0),
    "append": lambda x: np.append(x, [5.0, 6.0]),
    "clip": lambda x: np.clip(x, 0.85, 1.22),
    "select": lambda x: np.select([np.asarray(x) > 1.0], [x], 2.0),
    "where": lambda x: np.where(np.ones((2, 3)) > 0.0, x, 1.0),
    "einsum": lambda x: np.einsum("ij->ji", x),
    "apply_along_axis": lambda x: np.apply_along_axis(np.sum, 0, x),
    "add.reduce": np.add.reduce,
    "multiply.accumulate": np.multiply.accumulate,
}

NAMES_OF_TWO = """
    dot vdot inner outer kron cross convolve correlate matmul tensordot linalg.solve add subtract
    multiply divide power maximum minimum fmax fmin arctan2 hypot fmod remainder logaddexp copysign
    heaviside floor_divide divmod greater equal append polyval isclose array_equal meshgrid
    broadcast_arrays full_like vecdot matvec vecmat
""".split()  # fmt: skip  # noqa: SIM905

OF_TWO = {
    "inner of rows": lambda a, b: np.inner(a, np.stack([b, b, b])),
    "tensordot 0": lambda a, b: np.tensordot(a, b, 0),
    "einsum": lambda a, b: np.einsum("ij,j", a, b),
    "einsum outer": lambda a, b: np.einsum("i,j->ij", a, b),
    "concatenate axis": lambda a, b: np.concatenate([a, b], axis=1),
    "stack axis": lambda a, b: np.stack([a, b], axis=-1),
    "block of blocks": lambda a, b: np.block([[a, b], [b, a]]),
    "where": lambda a, b: np.where([True, False, True], a, b),
    "clip": lambda a, b: np.clip(a, b, 5.0),
    "linspace": lambda a, b: np.linspace(a, b, 4),
    "insert": lambda a, b: np.insert(a, 0, b),
    "interp": lambda a, b: np.interp(a, [0.0, 1.1, 2.0], b),
    "trapezoid": lambda a, b: np.trapezoid(a, b),
    "average": lambda a, b: np.average(a, weights=b),
    "select": lambda a, b: np.select([np.ones(3) > 0.0], [a], b),
    "piecewise": lambda a, b: np.piecewise(a, [np.asarray(a) > 1.0], [b, 0.0]),
    "diff": lambda a, b: np.diff(a, prepend=b),
    "ediff1d": lambda a, b: np.ediff1d(a, b),
    "add.outer": np.add.outer,
    "array": lambda a, b: np.array([a, b]),
}


def found(names):
    """The functions of these names that this NumPy has."""
    return {name: find(name) for name in names if find(name) is not None}


def find(name):
    function = np
    for part in name.split("."):
        function = getattr(function, part, None)
    return function


def of_pair(function):
    return lambda a, b: function([a, b])


OF_ONE.update(found(NAMES_OF_ONE))
OF_TWO.update(found(NAMES_OF_TWO))
STACKING = ["vstack", "dstack", "column_stack", "hstack", "stack", "concatenate", "block"]
OF_TWO.update({f"{name} of two": of_pair(function) for name, function in found(STACKING).items()})
OPERATORS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lt", "ge", "eq"]
OF_TWO.update({f"operator.{name}": getattr(operator, name) for name in OPERATORS})

REFUSALS = (TypeError, ValueError, IndexError, np.exceptions.AxisError, ag.GradientDroppedWarning)
if not hasattr(np, "trapezoid"):
    del OF_TWO["trapezoid"]
# NumPy asks the floats of Python themselves for these.
OF_NUMPY_ALONE = {"arctan2", "hypot", "fmod"}


def variables(x, kind, leaves):
    """A value with Variables for its numbers, none of which is a leaf."""
    leaf = ag.Variable(np.ravel(x) if kind != "number" else x)
    leaves.append(leaf)
    result = leaf * 1.0
    if kind == "list":
        return list(result)
    if kind in ("number", "vector"):
        return result
    return np.asarray(result).reshape(np.shape(x))


def plain(x, kind):
    if kind == "list":
        return x
    return np.float64(x) if kind == "number" else np.array(x)


def parts(result):
    """Entries and shapes of whatever a function gives."""
    if isinstance(result, (list, tuple)):
        taken = [parts(own) for own in result]
        return [entry for entries, _ in taken for entry in entries], [shape for _, shape in taken]
    array = np.asarray(result)
    # A Variable of one entry is a number.
    shape = () if array.shape == (1,) else array.shape
    return array.ravel().tolist(), shape


def number(entry):
    return entry.item() if isinstance(entry, ag.Variable) else float(entry)


def weighed(entries):
    return sum((0.37 * (place + 1) * entry for place, entry in enumerate(entries)), 0.0)


def differences(call, values, kinds, place):
    """The slopes of what NumPy gives for floats."""
    slopes = []
    for entry in range(np.size(values[place])):
        ends = []
        for step in (1e-6, -1e-6):
            moved = np.array(values[place], dtype=float)
            moved.reshape(-1)[entry] += step
            moved = moved.tolist()
            args = [moved if at == place else x for at, x in enumerate(values)]
            args = [plain(x, kind) for x, kind in zip(args, kinds)]
            ends.append(weighed(map(float, parts(call(*args))[0])))
        slopes.append((ends[0] - ends[1]) / 2e-6)
    return slopes


def check(name, call, kinds, are_variables):
    values = [VALUES[kind][place] for place, kind in enumerate(kinds)]
    try:
        entries, shape = parts(call(*(plain(x, kind) for x, kind in zip(values, kinds))))
    except Exception:  # noqa: BLE001 (NumPy refuses it)
        return
    leaves, args = [], []
    for x, kind, is_variable in zip(values, kinds, are_variables):
        args.append(variables(x, kind, leaves) if is_variable else plain(x, kind))
    try:
        own, own_shape = parts(call(*args))
    except REFUSALS:
        return
    except AttributeError:
        assert name in OF_NUMPY_ALONE
        return
    what = f"{name} of {kinds}, {are_variables}"
    assert own_shape == shape, what
    assert all(isinstance(entry, (ag.Variable, float, int, np.number)) for entry in own), what
    np.testing.assert_allclose([number(entry) for entry in own], entries, rtol=1e-12, err_msg=what)
    total = weighed(own)
    if not isinstance(total, ag.Variable):
        gradients = [np.zeros(leaf.dim) for leaf in leaves]
    else:
        gradients = ag.grad(total, wrt=leaves)
    places = [place for place, is_variable in enumerate(are_variables) if is_variable]
    for place, gradient in zip(places, gradients):
        wanted = differences(call, values, kinds, place)
        np.testing.assert_allclose(gradient, wanted, rtol=1e-5, atol=1e-7, err_msg=what)


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "error::autograd_rs.GradientDroppedWarning")
@pytest.mark.parametrize("name", OF_ONE)
def test_function_of_one_is_numpys_or_refused_in_every_place(name):
    # To pad, a number is a vector of one entry.
    for kind in VALUES.keys() - ({"number"} if name == "pad" else set()):
        check(name, OF_ONE[name], [kind], [True])


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "error::autograd_rs.GradientDroppedWarning")
@pytest.mark.parametrize("name", OF_TWO)
def test_function_of_two_is_numpys_or_refused_in_every_place(name):
    for kinds in itertools.product(VALUES, repeat=2):
        for are_variables in ([True, False], [False, True], [True, True]):
            check(name, OF_TWO[name], kinds, are_variables)
