"""NumPy's reductions of arrays and lists of Variables: the right gradient, or an error."""

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")

# No two entries below are equal, nor whole.
AT = np.array([1.1, 2.3])

MAKERS = {
    "array": lambda x: np.array([x[0], 3 * x[1], x[0] * x[1] * 5.5]),
    "list": lambda x: [x[0], 3 * x[1], x[0] * x[1] * 5.5],
    "list with numbers": lambda x: [x[0], 4.25, x[0] * x[1] * 5.5],
    "two dimensions": lambda x: np.outer(x, x[0] * np.array([1.0, 2.25, 4.5])),
    "list of lists": lambda x: [[x[0], 3 * x[1]], [x[0] * x[1], 0.25]],
}


def weights_of(a):
    return np.arange(1.0, 1 + np.size(a)).reshape(np.shape(a))


RIGHT = {
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "std": np.std,
    "std, ddof": lambda a: np.std(a, ddof=1),
    "var": np.var,
    "var, ddof": lambda a: np.var(a, ddof=1),
    "median": np.median,
    "average": np.average,
    "average, weights": lambda a: np.average(a, weights=weights_of(a)),
    "max": np.max,
    "min": np.min,
    "amax": np.amax,
    "ptp": np.ptp,
    "nansum": np.nansum,
    "nanprod": np.nanprod,
    "nanmean": np.nanmean,
    "nanstd": np.nanstd,
    "nanvar": np.nanvar,
    "nanmedian": np.nanmedian,
    "nanmax": np.nanmax,
    "nanmin": np.nanmin,
    "cumsum": lambda a: np.sum(np.cumsum(a) ** 2),
    "cumprod": lambda a: np.sum(np.cumprod(a)),
    "nancumsum": lambda a: np.sum(np.nancumsum(a) ** 2),
    "norm": np.linalg.norm,
    "norm, 1": lambda a: np.linalg.norm(np.ravel(a), 1),
    "norm, 3": lambda a: np.linalg.norm(np.ravel(a), 3),
    "norm, inf": lambda a: np.linalg.norm(np.ravel(a), np.inf),
    "trace": lambda a: np.trace(np.atleast_2d(a)),
    "dot": lambda a: np.dot(np.ravel(a), np.ravel(a)),
    "einsum": lambda a: np.einsum("i,i->", np.ravel(a), np.ravel(a)),
    "add.reduce": lambda a: np.add.reduce(np.ravel(a)),
    "maximum.reduce": lambda a: np.maximum.reduce(np.ravel(a)),
    "mean, axis": lambda a: np.sum(np.mean(a, axis=-1) ** 2),
    "std, axis": lambda a: np.sum(np.std(a, axis=0)),
    "var, axis": lambda a: np.sum(np.var(a, axis=-1)),
    "median, axis": lambda a: np.sum(np.median(a, axis=-1) ** 2),
    "average, axis": lambda a: np.sum(np.average(a, axis=-1) ** 2),
    "mean, keepdims": lambda a: np.sum(np.mean(a, keepdims=True) ** 2),
    "method mean": lambda a: np.asarray(a).mean(),
    "method std": lambda a: np.asarray(a).std(),
    "method var": lambda a: np.asarray(a).var(),
    "sort": lambda a: np.sort(np.ravel(a))[1],
}
OTHERS = {
    "percentile": lambda a: np.percentile(a, 30),
    "quantile": lambda a: np.quantile(a, 0.3),
    "quantiles": lambda a: np.sum(np.quantile(a, [0.3, 0.8])),
    "quantile, nearest": lambda a: np.quantile(a, 0.3, method="nearest"),
    "nanpercentile": lambda a: np.nanpercentile(a, 30),
    "nanquantile": lambda a: np.nanquantile(a, 0.3),
    "average, returned": lambda a: np.average(a, returned=True)[0],
    "mean, float": lambda a: np.mean(a, dtype=float),
    "sum, float": lambda a: np.sum(a, dtype=float),
    "std, float": lambda a: np.std(a, dtype=float),
    "sum, out": lambda a: np.sum(a, out=np.zeros(())),
    "mean, out": lambda a: np.mean(a, out=np.zeros(())),
    "mean, where": lambda a: np.mean(a, where=weights_of(a) > 1),
    "std, where": lambda a: np.std(a, where=weights_of(a) > 1),
    "cov": lambda a: np.sum(np.cov(a)),
    "norm, nuc": lambda a: np.linalg.norm(np.atleast_2d(a), "nuc"),
    "logaddexp.reduce": lambda a: np.logaddexp.reduce(np.ravel(a)),
    "gradient": lambda a: np.sum(np.gradient(np.ravel(a)) ** 2),
    "interp": lambda a: np.interp(1.5, [0.0, 1.0, 2.0], np.ravel(a)[:3]),
    "nanmedian, axis": lambda a: np.sum(np.nanmedian(a, axis=-1) ** 2),
    "nanmean, axis": lambda a: np.sum(np.nanmean(a, axis=-1) ** 2),
}


def compare(reduce, make):
    """Compare with differences of fourth order: what they leave out is below 1e-10 here."""

    def program(x):
        return x[0] + reduce(make(x))

    wanted = []
    for step in np.eye(2) * 1e-3:
        far, near = (program(AT + k * step) - program(AT - k * step) for k in (2, 1))
        wanted.append((8 * near - far) / 12e-3)
    found = ag.grad(program)(AT)
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", RIGHT)
def test_a_reduction_of_variables_has_the_right_gradient(name, kind):
    if name == "trace" and kind == "list with numbers":
        pytest.skip("its one entry is x[0]")
    compare(RIGHT[name], MAKERS[kind])


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", OTHERS)
def test_other_reductions_of_variables_are_right_or_fail(name, kind):
    try:
        compare(OTHERS[name], MAKERS[kind])
    except (TypeError, ValueError, AttributeError):
        # The last two are NumPy's own, of any array of objects.
        return


def test_the_mean_of_an_outer_product():
    # sum(x)**2 / 4, and x[0].
    assert ag.grad(lambda x: x[0] + np.mean(np.outer(x, x)))(np.array([1.0, 2.0])).tolist() == [
        2.5,
        1.5,
    ]


def test_the_mean_of_a_list_of_numbers():
    # a + (a + a * a) / 2
    assert ag.grad(lambda a: np.mean([a, a * a]) + a)(3.0) == 4.5


def test_the_standard_deviation_of_two_variables():
    # abs(x - 3 * y) / 2
    found = ag.grad(lambda x: np.std(np.array([x[0], 3 * x[1]])))(np.array([1.0, 2.0]))
    assert found.tolist() == [-0.5, 1.5]


def test_a_number_is_an_object_and_a_vector_of_floats_to_numpy():
    x = ag.Variable(np.array([1.0, 2.0]))
    assert (x.dtype, x[0].dtype, x.sum().dtype) == (np.dtype(float), np.dtype("O"), np.dtype("O"))
    zeros = np.zeros(2, dtype=x[0].dtype)
    zeros[0] = x[0] * x[1]
    assert [bar.tolist() for bar in ag.grad(zeros.sum(), wrt=[x])] == [[2.0, 1.0]]
    # The entry of an array of one entry is one, too.
    assert ag.grad(lambda y: (y * 2).sum() if y.dtype == float else y)(np.ones(1)).tolist() == [2.0]
