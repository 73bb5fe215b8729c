"""What users of other packages write in their first minutes: each error says what to write here."""

import re
import warnings

import pytest

import autograd_rs as ag

np = pytest.importorskip("numpy")


def number():
    return ag.Variable(2.0)


def row():
    return ag.Variable(np.array([1.0, 2.0]))


def square(x):
    return x * x


def write(variable):
    variable[0] = 3.0


def write_more(variable):
    variable[0] += 3.0


def remove(variable):
    del variable[0]


def update(name):
    def call():
        variable = number()
        setattr(variable, name, getattr(variable, name) - 0.1)

    return call


def result_assigned():
    variable = number()
    variable -= 0.1
    variable.value = 1.0


# Of each: the call, the error, and what its message tells to do.
CALLS = {
    "loss.backward()": (lambda: square(number()).backward(), AttributeError, "grad(loss)"),
    "x.data": (lambda: number().data, AttributeError, ".item() for a float"),
    "w.data -= ...": (update("data"), AttributeError, "assign .value"),
    "x.numpy()": (lambda: row().numpy(), AttributeError, "numpy.asarray(x.value)"),
    "x.detach().numpy()": (lambda: row().detach().numpy(), AttributeError, "numpy.asarray"),
    "x.requires_grad_()": (lambda: number().requires_grad_(), AttributeError, "leave it out"),
    "x.requires_grad": (lambda: number().requires_grad, AttributeError, ".is_leaf"),
    "x.requires_grad = True": (
        lambda: setattr(number(), "requires_grad", True), AttributeError, "every Variable"),
    "x.zero_grad()": (lambda: number().zero_grad(), AttributeError, "grad(loss) overwrites"),
    "x.grad_fn": (lambda: number().grad_fn, AttributeError, ".parents"),
    "x.retain_grad()": (lambda: number().retain_grad(), AttributeError, "wrt=[x]"),
    "x.clamp(0, 1)": (lambda: number().clamp(0, 1), AttributeError, "autograd_rs.clip"),
    "x.view(-1)": (lambda: row().view(-1), AttributeError, ".reshape"),
    "x.unsqueeze(0)": (lambda: row().unsqueeze(0), AttributeError, "x[None, :]"),
    "x.clone()": (lambda: row().clone(), AttributeError, ".copy()"),
    "x.norm()": (lambda: row().norm(), AttributeError, "autograd_rs.norm(x)"),
    "x.cuda()": (lambda: row().cuda(), AttributeError, "leave it out"),
    "x.to('cpu')": (lambda: row().to("cpu"), AttributeError, "leave it out"),
    "x.double()": (lambda: row().double(), AttributeError, "float64"),
    "x.add_(1)": (lambda: row().add_(1), AttributeError, "w.value = w.value + step"),
    "x.assign(1)": (lambda: row().assign(1), AttributeError, "w.value = x"),
    "x.at[0].set(1)": (lambda: row().at[0].set(1), AttributeError, "autograd_rs.where"),
    "x.block_until_ready()": (lambda: row().block_until_ready(), AttributeError, "leave it out"),
    "v._prev": (lambda: number()._prev, AttributeError, ".parents"),
    "vector.numpy()": (lambda: ag.Vector([1.0]).numpy(), AttributeError, "numpy.asarray(x)"),
    "x[0] = 3": (lambda: write(row()), TypeError, "where(mask, new, x)"),
    "x[0] += 3": (lambda: write_more(row()), TypeError, "w.value to update a leaf"),
    "del x[0]": (lambda: remove(row()), TypeError, "stack(entries)"),
    "value of a result": (result_assigned, AttributeError, "w -= ... makes it a result"),
    "np.linalg.inv(x)": (lambda: np.linalg.inv(row()), TypeError, "autograd_rs.primitive"),
    "np.linalg.eigh(x)": (lambda: np.linalg.eigh(row()), TypeError, "autograd_rs.primitive"),
    "grad([x])": (lambda: ag.grad([number()]), TypeError, "grad(loss, wrt=[...])"),
    "grad(loss, [x])": (lambda: ag.grad(square(number()), [number()]), TypeError, "wrt=[...]"),
    "grad(loss, wrt=x)": (lambda: ag.grad(square(number()), wrt=number()), TypeError, "wrt=[x]"),
    "grad(f, 2.0)": (lambda: ag.grad(square, 2.0), TypeError, "grad(f)(x)"),
    "hessian(f, x)": (lambda: ag.hessian(square, np.ones(2)), TypeError, "hessian(f)(x)"),
    "jvp(f)(x)": (lambda: ag.jvp(square)(2.0), TypeError, "jvp(fun, primals, tangents)"),
    "vjp(f, x)(1.0)": (lambda: ag.vjp(square, 2.0)(1.0), TypeError, "pullback(cotangent)"),
    "Vector(1, 2, 3)": (lambda: ag.Vector(1, 2, 3), TypeError, "Vector([1.0, 2.0])"),
    "Variable(2.0, 'w')": (lambda: ag.Variable(2.0, "w"), TypeError, "name="),
    "Variable(x, requires_grad=True)": (
        lambda: ag.Variable(2.0, requires_grad=True), TypeError, "every Variable is recorded"),
    "Variable(x, dtype=float)": (lambda: ag.Variable(2.0, dtype=float), TypeError, "float64"),
    "Variable([1.0])": (lambda: ag.Variable([1.0]), TypeError, "Vector([...])"),
    "grad of ints": (lambda: ag.grad(ag.sum)(np.array([1, 2])), TypeError, "x.astype(float)"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_the_error_says_what_to_write(name):
    call, kind, advice = CALLS[name]
    with pytest.raises(kind, match=re.escape(advice)) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert not str(caught.value).endswith(".")


ATTRIBUTES = ["backward", "data", "numpy", "requires_grad", "to", "at", "clone", "_prev"]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_name_of_another_package_is_no_attribute(name):
    for own in (number(), ag.Vector([1.0])):
        assert not hasattr(own, name)
        assert getattr(own, name, "none") == "none"
        assert name not in dir(own)
        assert not hasattr(type(own), name)


NAMES = {
    "vmap": "elementwise_grad", "jit": "leave it out", "pmap": "leave it out", "np": "import numpy",
    "Tensor": "Variable(x)", "tensor": "Variable(x)", "Value": "Variable(x)",
    "GradientTape": "wrt=[...]", "backward": "grad(loss)", "make_vjp": "vjp(f, x)",
    "make_jvp": "jvp(f", "multigrad_dict": "dict", "grad_and_aux": "has_aux=True",
    "hessian_vector_product": "hvp(f)(x, v)", "lax": "while", "optim": "minimize",
    "zeros": "Vector",
    "custom_vjp": "@primitive", "Function": "@primitive", "clamp": "clip", "cat": "concatenate",
    "matmul": "a @ b", "misc": "flatten", "ravel_pytree": "flatten", "gradcheck": "check_grads",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_the_module_does_not_have_says_what_to_use(name):
    assert not hasattr(ag, name)
    with pytest.raises(AttributeError, match=re.escape(NAMES[name])) as caught:
        getattr(ag, name)
    assert f"no attribute '{name}': " in str(caught.value)


def test_what_the_module_has_is_not_hinted_at():
    from autograd_rs import _hints

    # A submodule is there once somebody has imported it.
    assert [name for name in _hints.INSTEAD if name in ag.__all__] == []
    with pytest.raises(AttributeError, match=r"no attribute 'Variabel'$"):
        _ = ag.Variabel


def test_the_loop_that_makes_a_result_of_a_leaf_hears_of_it():
    w = number()
    ag.grad(w * w)
    w -= 0.1 * w.grad
    ag.grad(w * w)
    with pytest.warns(UserWarning, match=r"w\.value = w\.value - 0\.1 \* w\.grad"):
        gradient = w.grad
    assert gradient is None


def test_the_gradient_of_a_leaf_is_none_in_silence():
    leaf, constant = number(), number().detach()
    with ag.no_grad():
        unrecorded = square(number())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert leaf.grad is constant.grad is unrecorded.grad is None


def test_the_pair_of_vjp_is_a_tuple():
    import copy
    import pickle

    pair = ag.vjp(square, 3.0)
    value, pullback = pair
    assert isinstance(pair, tuple)
    assert (value, pullback(1.0)) == (9.0, (6.0,))
    assert copy.copy(pair)[0] == 9.0
    with pytest.raises(TypeError, match="holds a graph"):
        pickle.dumps(pair)
    assert len(ag.vjp(lambda x: (x, "aux"), 3.0, has_aux=True)) == 3


@pytest.mark.skipif(not hasattr(Exception, "add_note"), reason="Python 3.10 has no notes")
def test_a_function_of_numpys_without_a_loop_for_variables_is_explained():
    stats = pytest.importorskip("scipy.stats")
    calls = [
        lambda: ag.grad(lambda x: np.sum(stats.norm.logpdf(x)))(np.array([1.0, 2.0])),
        lambda: ag.vjp(lambda x: stats.norm.logpdf(x), 1.0),
        lambda: ag.grad(lambda x: np.linalg.inv(np.array([[x, 1.0], [0.0, x]]))[0, 0])(2.0),
    ]
    for call in calls:
        with pytest.raises(TypeError) as caught:
            call()
        (note,) = caught.value.__notes__
        assert "autograd_rs.primitive" in note


@pytest.mark.skipif(not hasattr(Exception, "add_note"), reason="Python 3.10 has no notes")
def test_arithmetic_with_a_list_that_is_differentiated_is_explained():
    with pytest.raises(TypeError) as caught:
        ag.grad(square)([1.0, 2.0])
    (note,) = caught.value.__notes__
    assert "give a Vector" in note


def test_linalg_of_a_matrix_of_variables_says_what_to_do():
    import autograd_rs.numpy as anp

    matrix = np.array([[number(), 1.0], [0.0, number()]])
    for name in ("inv", "det", "cholesky", "eigh", "svd", "pinv"):
        with pytest.raises(
            TypeError, match=rf"np\.linalg\.{name}: has no derivative here: .* loop"
        ):
            getattr(anp.linalg, name)(matrix)
    with pytest.raises(TypeError, match=r"np\.linalg\.solve: has no derivative"):
        anp.linalg.solve(matrix, np.ones(2))
    assert anp.linalg.inv(np.eye(2)).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert anp.linalg.norm(row()).item() == pytest.approx(5.0**0.5)
    with pytest.raises(anp.linalg.LinAlgError):
        anp.linalg.inv(np.zeros((2, 2)))


def test_tables_of_pandas_as_arguments_are_told_to_become_arrays():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([1.0, 2.0])
    for call in (lambda: ag.grad(ag.sum)(series), lambda: ag.Variable(series)):
        with pytest.raises(TypeError, match=r"got Series, wanted .*; use its \.to_numpy\(\)"):
            call()
    assert ag.Vector(series).tolist() == [1.0, 2.0]


# Whole numbers


INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint64", ">i4", "object"]
WITH_CONSTANTS = {
    "+": lambda x, c: x + c,
    "-": lambda x, c: c - x,
    "**": lambda x, c: c**x,
    "@": lambda x, c: c @ x,
    "dot": lambda x, c: np.dot(x, c),
    "maximum": lambda x, c: np.maximum(x, c),
    "where": lambda x, c: np.where(x > 2.0, x, c),
    "clip": lambda x, c: np.clip(x, c - 1, c + 1),
    "concatenate": lambda x, c: np.concatenate([c, x]),
    "interp": lambda x, c: np.interp(x, np.cumsum(c), c),
    "average": lambda x, c: np.average(x, weights=c),
    "solve": lambda x, c: np.linalg.solve(np.diag(c).astype(c.dtype) if c.dtype != object
                                          else np.diag(c.astype(float)), x),
    "trapezoid": lambda x, c: np.trapezoid(x, np.cumsum(c)),
}  # fmt: skip
if not hasattr(np, "trapezoid"):
    del WITH_CONSTANTS["trapezoid"]


@pytest.mark.parametrize("kind", INTEGERS)
@pytest.mark.parametrize("name", WITH_CONSTANTS)
def test_whole_numbers_are_constants_as_floats_are(name, kind):
    f, x = WITH_CONSTANTS[name], np.array([1.5, 2.5, 3.25])
    whole = np.array([2, 3, 1]).astype(kind)
    value, pullback = ag.vjp(lambda x: f(x, whole), x)
    wanted, wanted_pullback = ag.vjp(lambda x: f(x, whole.astype(float)), x)
    np.testing.assert_allclose(
        np.asarray(value, dtype=float), f(x, whole.astype(float)), rtol=1e-15
    )
    seed = np.ones(np.shape(wanted)) if np.ndim(wanted) else 1.0
    np.testing.assert_array_equal(pullback(seed)[0], wanted_pullback(seed)[0])


def test_whole_numbers_are_values_gradients_directions_and_entries_of_rows():
    whole = np.array([2, 3])
    w = row()
    w.value = whole
    w.grad = whole
    assert (w.value.tolist(), w.grad.tolist()) == ([2.0, 3.0], [2.0, 3.0])
    assert ag.hvp(lambda x: ag.sum(x * x))(np.ones(2), whole).tolist() == [4.0, 6.0]
    flat, unflatten = ag.flatten({"a": whole, "b": 4})
    assert (flat.tolist(), unflatten(flat)["a"].tolist()) == ([2.0, 3.0, 4.0], [2.0, 3.0])
    for wrong in (np.array([True, False]), np.array([1j, 2j])):
        with pytest.raises(TypeError):
            w.value = wrong
        with pytest.raises(TypeError):
            ag.flatten([wrong])


def test_whole_numbers_that_are_differentiated_are_refused_by_name():
    import autograd_rs.numpy as anp

    for call in (
        lambda: ag.Variable(anp.array([1, 2])),
        lambda: ag.grad(lambda x: anp.sum(x * x))(anp.array([1, 2])),
        lambda: ag.grad(lambda x: anp.sum(x["a"]))({"a": anp.arange(3)}),
    ):
        with pytest.raises(TypeError, match=r"\.astype\(float\)"):
            call()
    # Arrays of ints stay what they are, because they may be places.
    assert row()[anp.array([1, 0])].tolist() == [2.0, 1.0]
