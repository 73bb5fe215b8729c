//! What `Variable` and `Vector` have in common: the base of both.

use autograd_core::array::Value;
use autograd_core::ops::BinaryOp;
use autograd_macros::guarded;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyList, PyString, PyTuple};

use crate::derivatives::shape_of;
use crate::dropped::{end_gradient, refuse_inside};
use crate::errors::wrong_type;
use crate::hints::Hints;
use crate::methods::by_numpy;
use crate::{arithmetic, functions, hot, masks, numpy_calls};

/// The base of `Variable` and `Vector`.
#[pyclass(
    extends = Hints,
    subclass,
    frozen,
    immutable_type,
    module = "autograd_rs._core",
    name = "Vector"
)]
pub(crate) struct Numbers;

/// The value of a `Variable` or a `Vector`.
pub(crate) fn value(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Some(vector) = hot::vector_of(object) {
        return Ok(vector.value(object.py()));
    }
    hot::variable_value(object)
        .ok_or_else(|| wrong_type("Variable", "not one", object, "a Variable or Vector"))
}

/// How many entries a `Variable` or a `Vector` has.
fn dim(object: &Bound<'_, PyAny>) -> PyResult<usize> {
    match hot::vector_of(object) {
        // Not by its value, of which a copy is made while arrays view it.
        Some(vector) => Ok(vector.dim(object.py())),
        None => Ok(value(object)?.dim()),
    }
}

/// The length of what has one: of a `Vector`, and of a `Variable` that is no number.
fn length(op: &str, object: &Bound<'_, PyAny>) -> PyResult<usize> {
    if shape_of(object).rank().is_number() && hot::is_variable(object) {
        return Err(PyTypeError::new_err(format!(
            "{op}: got a Variable that is a number, wanted a vector"
        )));
    }
    dim(object)
}

/// The one number of a `Variable` or a `Vector`.
pub(crate) fn number(op: &str, object: &Bound<'_, PyAny>) -> PyResult<f64> {
    let value = value(object)?;
    value.as_number().ok_or_else(|| {
        PyValueError::new_err(format!("{op}: got {} entries, wanted one", value.dim()))
    })
}

/// The arguments of a type, by their names; the first may be given without.
pub(crate) fn arguments<'py, const N: usize>(
    op: &str,
    names: [&str; N],
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<[Option<Bound<'py, PyAny>>; N]> {
    let mut found = [const { None }; N];
    if arguments.len() > 1 {
        let count = arguments.len();
        let advice = match op {
            "Vector" => "; numbers come in a list: Vector([1.0, 2.0])",
            "Variable" => {
                "; a name is given as name=, several numbers as Variable(Vector([1.0, 2.0]))"
            }
            _ => "",
        };
        return Err(PyTypeError::new_err(format!(
            "{op}: got {count} arguments, wanted 1{advice}"
        )));
    }
    if !arguments.is_empty() {
        found[0] = Some(arguments.get_item(0)?);
    }
    for (key, value) in keywords.into_iter().flatten() {
        let key = key.cast::<PyString>()?.to_string_lossy();
        match names.iter().position(|name| *name == key) {
            Some(place) if found[place].is_none() => found[place] = Some(value),
            Some(_) | None => {
                let wanted = names.join(" and ");
                let advice = match &*key {
                    "requires_grad" => "; leave it out: every Variable is recorded",
                    "dtype" => "; leave it out: all numbers are float64",
                    _ => "",
                };
                return Err(PyTypeError::new_err(format!(
                    "{op}: got an unexpected argument '{key}', wanted {wanted}{advice}"
                )));
            }
        }
    }
    Ok(found)
}

/// The answer to a method that reduces: of arguments, such as `axis=0`, NumPy's rule knows.
fn reduced<'py>(
    name: &str,
    reduce: fn(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>,
    x: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    if args.is_empty() && kwargs.is_none() {
        return reduce(x);
    }
    by_numpy(name, x, args, kwargs)
}

/// The one argument of a method.
fn argument<'py>(
    op: &str,
    name: &str,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let [argument] = arguments(op, [name], args, kwargs)?;
    argument.ok_or_else(|| PyTypeError::new_err(format!("{op}: got no {name}, wanted one")))
}

/// The product with a vector, a constant matrix, or an array of Variables.
fn product<'py>(x: &Bound<'py, PyAny>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Some(result) = arithmetic::plain_dot(x, other)? {
        return Ok(result);
    }
    if arithmetic::has_more_dimensions(other) {
        return by_numpy("dot", x, &PyTuple::new(x.py(), [other])?, None);
    }
    functions::dot(x, other)
}

#[guarded]
#[pymethods]
impl Numbers {
    /// Above those of pandas' own types: its tables leave operators to us, where they would make
    /// columns of objects.
    #[classattr]
    fn __pandas_priority__() -> u32 {
        5000
    }

    /// Number of entries.
    #[getter(dim)]
    fn get_dim(slf: &Bound<'_, Self>) -> PyResult<usize> {
        dim(slf)
    }

    /// Shape of the value as NumPy gives it: `(n,)`, or `()` for a number.
    #[getter]
    fn shape<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(slf.py(), shape_of(slf).lengths())
    }

    /// Number of dimensions of the value: 1, or 0 for a number.
    #[getter]
    fn ndim(slf: &Bound<'_, Self>) -> u8 {
        shape_of(slf).rank().axes()
    }

    /// The entries, as a list of floats.
    fn tolist<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        refuse_inside(slf, "tolist()")?;
        hot::new_list(slf.py(), value(slf)?.as_slice())
    }

    fn __format__<'py>(slf: &Bound<'py, Self>, form: &str) -> PyResult<Bound<'py, PyAny>> {
        let value = value(slf)?;
        if form.is_empty() {
            return Ok(slf.str()?.into_any());
        }
        let formatted =
            |number: f64| PyFloat::new(slf.py(), number).call_method1("__format__", (form,));
        match value {
            Value::Number(number, _) => formatted(number),
            Value::Array(entries) => {
                let texts = PyList::empty(slf.py());
                for &entry in entries.as_slice() {
                    texts.append(formatted(entry)?)?;
                }
                let joined = PyString::new(slf.py(), ", ").call_method1("join", (texts,))?;
                Ok(PyString::new(slf.py(), &format!("[{joined}]")).into_any())
            }
        }
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        length("len", slf)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        length("iter", slf)?;
        hot::iterate(slf)
    }

    fn __reversed__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::iterate_back(slf, length("reversed", slf)?)
    }

    fn __float__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyFloat>> {
        let number = number("float", slf)?;
        end_gradient(slf, "float()")?;
        Ok(PyFloat::new(slf.py(), number))
    }

    // Steps have derivative 0, so that what is rounded drops no gradient.

    fn __int__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        PyFloat::new(slf.py(), number("int", slf)?).call_method0("__int__")
    }

    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        slf: &Bound<'py, Self>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let number = PyFloat::new(slf.py(), number("round", slf)?);
        number.call_method1("__round__", (ndigits,))
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    /// Sum of the entries.
    #[pyo3(signature = (*args, **kwargs))]
    fn sum<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("sum", functions::sum, slf, args, kwargs)
    }

    /// Mean of the entries.
    #[pyo3(signature = (*args, **kwargs))]
    fn mean<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("mean", functions::mean, slf, args, kwargs)
    }

    /// Product of the entries.
    #[pyo3(signature = (*args, **kwargs))]
    fn prod<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("prod", functions::prod, slf, args, kwargs)
    }

    /// Greatest entry; equal ones share the derivative.
    #[pyo3(signature = (*args, **kwargs))]
    fn max<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("max", functions::max, slf, args, kwargs)
    }

    /// Least entry; equal ones share the derivative.
    #[pyo3(signature = (*args, **kwargs))]
    fn min<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("min", functions::min, slf, args, kwargs)
    }

    /// Running sums of the entries.
    #[pyo3(signature = (*args, **kwargs))]
    fn cumsum<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("cumsum", functions::cumsum, slf, args, kwargs)
    }

    /// Whether every entry is true, that is, not 0.
    #[pyo3(signature = (*args, **kwargs))]
    fn all<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("all", masks::all, slf, args, kwargs)
    }

    /// Whether some entry is true, that is, not 0.
    #[pyo3(signature = (*args, **kwargs))]
    fn any<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        reduced("any", masks::any, slf, args, kwargs)
    }

    /// `self ** exponent`, entry by entry.
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, exponent)")]
    fn pow<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let exponent = argument("pow", "exponent", args, kwargs)?;
        arithmetic::binary(BinaryOp::Pow, slf, &exponent)
    }

    /// Inner product, `self @ other`.
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, other)")]
    fn matmul<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        product(slf, &argument("matmul", "other", args, kwargs)?)
    }

    /// Inner product, `self @ other`.
    #[pyo3(signature = (*args, **kwargs), text_signature = "($self, other)")]
    fn dot<'py>(
        slf: &Bound<'py, Self>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        product(slf, &argument("dot", "other", args, kwargs)?)
    }

    // Masks

    fn __and__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        masks::combine("&", slf, other, |a, b| a && b)
    }

    fn __rand__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        masks::combine("&", other, slf, |a, b| a && b)
    }

    fn __or__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        masks::combine("|", slf, other, |a, b| a || b)
    }

    fn __ror__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        masks::combine("|", other, slf, |a, b| a || b)
    }

    fn __xor__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        masks::combine("^", slf, other, |a, b| a != b)
    }

    fn __rxor__<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        masks::combine("^", other, slf, |a, b| a != b)
    }

    fn __invert__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        masks::invert(slf)
    }

    // What NumPy's functions do with our objects, the Python side knows.

    #[pyo3(signature = (ufunc, method, *inputs, **kwargs))]
    fn __array_ufunc__<'py>(
        slf: &Bound<'py, Self>,
        ufunc: &Bound<'py, PyAny>,
        method: &Bound<'py, PyAny>,
        inputs: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static ANSWER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        if let Some(result) = numpy_calls::elementwise(ufunc, method, inputs, kwargs)? {
            return Ok(result);
        }
        ANSWER
            .import(slf.py(), "autograd_rs._numpy", "array_ufunc")?
            .call1((ufunc, method, inputs, kwargs))
    }

    fn __array_function__<'py>(
        slf: &Bound<'py, Self>,
        function: &Bound<'py, PyAny>,
        types: &Bound<'py, PyAny>,
        args: &Bound<'py, PyAny>,
        kwargs: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        static ANSWER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        if let Some(result) = numpy_calls::call(function, args, kwargs)? {
            return Ok(result);
        }
        ANSWER
            .import(slf.py(), "autograd_rs._numpy", "array_function")?
            .call1((function, types, args, kwargs))
    }
}
