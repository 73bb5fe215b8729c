//! The methods of `Variable` that need not be fast: the base on which the type is made.

use std::ffi::CStr;

use autograd_core::array::Value;
use autograd_core::ops::BinaryOp;
use autograd_core::structural::Structural;
use autograd_core::tape::{LeafId, NodeId, Operand, SINK, Tape};
use pyo3::exceptions::{PyAttributeError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple};

use crate::arithmetic;
use crate::convert::{self, Kind};
use crate::errors::{describe, wrong_type};
use crate::vector::{Vector, only_number, span_of, text_of};
use crate::{functions, hot, modes};

/// What `help(Variable)` says.
pub(crate) const DOC: &CStr = c"Variable(x, *, name=None)
--

A number or a vector whose use is recorded, so that results can be differentiated.

Parameters
----------
x : int, float, Vector or NumPy array of one dimension
    The value.
name : str, optional
    A name for messages and pictures.

Raises
------
TypeError
    If `x` is neither a number nor a vector.

Examples
--------
>>> import autograd_rs as ag
>>> x = ag.Variable(3.0)
>>> y = x * x + 2 * x
>>> ag.grad(y)
>>> x.grad
Vector(8.0)";

pyo3::create_exception!(
    autograd_rs,
    GradientDroppedWarning,
    PyUserWarning,
    "A result of Variables was made a plain number, so its gradient ends there."
);

/// What all of `Variable` has that is not an operator or an elementwise function.
#[pyclass(subclass, frozen, module = "autograd_rs._core", name = "VariableBase")]
pub(crate) struct VariableBase;

/// `Variable(x, name=...)`.
pub(crate) fn construct<'py>(
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (mut x, mut name) = (None, None);
    if arguments.len() > 1 {
        let count = arguments.len();
        return Err(PyTypeError::new_err(format!(
            "Variable: got {count} arguments, wanted 1"
        )));
    }
    if !arguments.is_empty() {
        x = Some(arguments.get_item(0)?);
    }
    for (key, value) in keywords.into_iter().flatten() {
        match key.cast::<PyString>()?.to_str()? {
            "x" if x.is_none() => x = Some(value),
            "name" => name = Some(value),
            key => {
                return Err(PyTypeError::new_err(format!(
                    "Variable: got an unexpected argument '{key}', wanted x and name"
                )));
            }
        }
    }
    let Some(x) = x else {
        return Err(PyTypeError::new_err(
            "Variable: got no value, wanted a number or a Vector",
        ));
    };
    let value = value_of("Variable", &x)?;
    let variable = hot::new_leaf(arguments.py(), value)?;
    if let Some(name) = name.filter(|name| !name.is_none()) {
        set_name(&variable, &name)?;
    }
    Ok(variable)
}

/// A plain value, as a leaf takes it.
fn value_of(op: &str, x: &Bound<'_, PyAny>) -> PyResult<Value> {
    if hot::is_variable(x) {
        return Err(PyTypeError::new_err(format!(
            "{op}: got a Variable, wanted a number or a Vector; use its .value"
        )));
    }
    match convert::value(op, x)? {
        Some((_, Kind::Array)) if !convert::has_floats(x) => Err(PyTypeError::new_err(format!(
            "{op}: got an array of {}, wanted floats; convert it by .astype(float)",
            convert::entry_type(x)
        ))),
        Some((value, _)) => Ok(value),
        None => Err(PyTypeError::new_err(format!(
            "{op}: got {}, wanted a number, Vector or array; a list becomes one by Vector([...])",
            describe(x)
        ))),
    }
}

fn operand(variable: &Bound<'_, PyAny>) -> PyResult<Operand> {
    hot::operand_of(variable)
        .ok_or_else(|| wrong_type("Variable", "not one", variable, "a Variable"))
}

/// The leaf that belongs to this very object.
fn leaf_of(variable: &Bound<'_, PyAny>) -> PyResult<Option<LeafId>> {
    let node = operand(variable)?.node;
    let leaf = hot::with_tape(variable.py(), |tape| {
        if node == SINK {
            None
        } else {
            tape.leaf_of(node)
        }
    });
    Ok(leaf)
}

fn set_name(variable: &Bound<'_, PyAny>, name: &Bound<'_, PyAny>) -> PyResult<()> {
    let Ok(text) = name.cast::<PyString>() else {
        return Err(wrong_type("Variable", "wrong name", name, "a str"));
    };
    let text = text.to_str()?.to_owned();
    if let Some(leaf) = leaf_of(variable)? {
        hot::with_tape(variable.py(), |tape| {
            tape.leaf_mut(leaf).name = Some(text.into())
        });
    }
    Ok(())
}

/// The name of a leaf.
fn name_of(py: Python<'_>, node: NodeId) -> Option<String> {
    hot::with_tape(py, |tape: &mut Tape| {
        let leaf = if node == SINK {
            None
        } else {
            tape.leaf_of(node)
        }?;
        tape.leaf(leaf).name.as_ref().map(ToString::to_string)
    })
}

/// Warns that a conversion ends a gradient, where it does.
fn warn_of_dropped_gradient(variable: &Bound<'_, PyAny>, conversion: &str) -> PyResult<()> {
    let py = variable.py();
    let node = operand(variable)?.node;
    let is_result = node != SINK && hot::with_tape(py, |tape| tape.leaf_of(node).is_none());
    if !is_result || !modes::current(py)?.records {
        return Ok(());
    }
    let message = format!(
        "{conversion} of a Variable that is a result: its gradient ends here; use .item() if that \
         is meant, or the functions of autograd_rs instead of those of math"
    );
    let message = std::ffi::CString::new(message)?;
    PyErr::warn(py, &py.get_type::<GradientDroppedWarning>(), &message, 1)
}

/// An entry or a slice.
pub(crate) fn get_item<'py>(
    x: &Bound<'py, PyAny>,
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let span = span_of("Variable", index, operand(x)?.value.dim())?;
    if span.dim == 1 && span.count == 1 {
        return Ok(x.clone());
    }
    hot::make_room_if_wanted(py)?;
    let (operand, _) = convert::required("index", x)?;
    arithmetic::record(py, Kind::Variable, "index", &[operand], |tape, operands| {
        tape.structural(Structural::Slice(span), operands)
    })
}

/// What NumPy's functions do with our objects; the Python side knows.
pub(crate) fn array_ufunc<'py>(
    slf: &Bound<'py, PyAny>,
    ufunc: &Bound<'py, PyAny>,
    method: &Bound<'py, PyAny>,
    inputs: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    static ANSWER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    ANSWER
        .import(slf.py(), "autograd_rs._numpy", "array_ufunc")?
        .call1((ufunc, method, inputs, kwargs))
}

/// The same for its other functions.
pub(crate) fn array_function<'py>(
    function: &Bound<'py, PyAny>,
    types: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
    kwargs: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    static ANSWER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    ANSWER
        .import(function.py(), "autograd_rs._numpy", "array_function")?
        .call1((function, types, args, kwargs))
}

#[pymethods]
impl VariableBase {
    /// The value, a `Vector`. The value of a leaf can be assigned; graphs recorded before keep the
    /// value they used.
    #[getter]
    fn value<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Vector>> {
        Bound::new(slf.py(), Vector::new(operand(slf)?.value))
    }

    #[setter]
    fn set_value(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(leaf) = leaf_of(slf)? else {
            return Err(PyAttributeError::new_err(
                "value: cannot be assigned: got a result, wanted a leaf; make one by Variable(...)",
            ));
        };
        let value = value_of("value", value)?;
        let dim = operand(slf)?.value.dim();
        if value.dim() != dim {
            return Err(PyValueError::new_err(format!(
                "value: lengths differ: {dim} and {}, wanted equal",
                value.dim()
            )));
        }
        hot::assign_leaf(slf, leaf, value)
    }

    /// The gradient that the last `grad(loss)` that reached this leaf left, a `Vector`; else None.
    #[getter]
    fn grad<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, Vector>>> {
        let Some(leaf) = leaf_of(slf)? else {
            return Ok(None);
        };
        let gradient = hot::with_tape(slf.py(), |tape| tape.leaf(leaf).gradient.clone());
        gradient
            .map(|gradient| Bound::new(slf.py(), Vector::new(gradient)))
            .transpose()
    }

    #[setter]
    fn set_grad(slf: &Bound<'_, Self>, gradient: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(leaf) = leaf_of(slf)? else {
            return Err(PyAttributeError::new_err(
                "grad: cannot be assigned: got a result, wanted a leaf",
            ));
        };
        let gradient = if gradient.is_none() {
            None
        } else {
            Some(value_of("grad", gradient)?)
        };
        let dim = operand(slf)?.value.dim();
        if let Some(gradient) = &gradient
            && gradient.dim() != dim
        {
            return Err(PyValueError::new_err(format!(
                "grad: lengths differ: {dim} and {}, wanted equal",
                gradient.dim()
            )));
        }
        let old = hot::with_tape(slf.py(), |tape| {
            std::mem::replace(&mut tape.leaf_mut(leaf).gradient, gradient)
        });
        drop(old);
        Ok(())
    }

    /// Name in messages and pictures, or None.
    #[getter]
    fn name(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        Ok(name_of(slf.py(), operand(slf)?.node))
    }

    /// Number of entries of the value.
    #[getter]
    fn dim(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Ok(operand(slf)?.value.dim())
    }

    /// Whether this is an input, rather than the result of an operation.
    #[getter]
    fn is_leaf(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Ok(operand(slf)?.node == SINK || leaf_of(slf)?.is_some())
    }

    /// What this was computed from: Variables, and Vectors for constants. Empty for a leaf.
    #[getter]
    fn parents<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let node = operand(slf)?.node;
        let parents = hot::with_tape(py, |tape| {
            if node == SINK {
                Vec::new()
            } else {
                tape.operands(node)
            }
        });
        let mut objects = Vec::with_capacity(parents.len());
        for parent in parents {
            objects.push(variable_of(py, parent)?);
        }
        PyTuple::new(py, objects)
    }

    /// A new leaf with the same value and name.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let Operand { node, value } = operand(slf)?;
        let copy = hot::new_leaf(slf.py(), value)?;
        if let Some(name) = name_of(slf.py(), node) {
            set_name(&copy, PyString::new(slf.py(), &name).as_any())?;
        }
        Ok(copy)
    }

    fn __copy__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::copy(slf)
    }

    fn __deepcopy__<'py>(
        slf: &Bound<'py, Self>,
        _memo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::copy(slf)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let Operand { node, value } = operand(slf)?;
        let restore = py
            .import("autograd_rs._core")?
            .getattr("restore_variable")?;
        let value = Bound::new(py, Vector::new(value))?;
        (restore, (value, name_of(py, node))).into_pyobject(py)
    }

    /// The same value without a gradient.
    fn detach<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(hot::new_variable(
            slf.py(),
            Operand::constant(operand(slf)?.value),
        ))
    }

    /// The one entry of the value, as a float.
    fn item(slf: &Bound<'_, Self>) -> PyResult<f64> {
        only_number("item", &operand(slf)?.value)
    }

    /// The entries of the value, as a list of floats.
    fn tolist(slf: &Bound<'_, Self>) -> PyResult<Vec<f64>> {
        Ok(operand(slf)?.value.as_slice().to_vec())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let Operand { node, value } = operand(slf)?;
        let text = text_of(slf.py(), &value)?;
        Ok(match name_of(slf.py(), node) {
            Some(name) => {
                let name = PyString::new(slf.py(), &name).repr()?;
                format!("Variable({text}, name={name})")
            }
            None => format!("Variable({text})"),
        })
    }

    fn __format__<'py>(slf: &Bound<'py, Self>, form: &str) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        match operand(slf)?.value {
            Value::Number(number) if !form.is_empty() => {
                PyFloat::new(py, number).call_method1("__format__", (form,))
            }
            Value::Number(_) | Value::Array(_) => slf.str()?.call_method1("__format__", (form,)),
        }
    }

    fn __len__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Ok(operand(slf)?.value.dim())
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        get_item(slf, index)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        hot::iterate(slf)
    }

    fn __reversed__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let dim = operand(slf)?.value.dim();
        functions::iterate_back(slf.as_any(), dim)
    }

    fn __bool__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let value = operand(slf)?.value;
        value
            .as_number()
            .map(|number| number != 0.0)
            .ok_or_else(|| {
                let dim = value.dim();
                PyValueError::new_err(format!(
                    "bool: got {dim} entries, wanted one; compare, then use all() or any()"
                ))
            })
    }

    fn __float__(slf: &Bound<'_, Self>) -> PyResult<f64> {
        let number = only_number("float", &operand(slf)?.value)?;
        warn_of_dropped_gradient(slf, "float()")?;
        Ok(number)
    }

    fn __int__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = only_number("int", &operand(slf)?.value)?;
        warn_of_dropped_gradient(slf, "int()")?;
        PyFloat::new(slf.py(), number).call_method0("__int__")
    }

    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        slf: &Bound<'py, Self>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let number = only_number("round", &operand(slf)?.value)?;
        warn_of_dropped_gradient(slf, "round()")?;
        PyFloat::new(slf.py(), number).call_method1("__round__", (ndigits,))
    }

    fn __pos__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    /// Sum of the entries.
    fn sum<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::sum(slf)
    }

    /// Mean of the entries.
    fn mean<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::mean(slf)
    }

    /// Product of the entries.
    fn prod<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::prod(slf)
    }

    /// Greatest entry; equal ones share the derivative.
    fn max<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::max(slf)
    }

    /// Least entry; equal ones share the derivative.
    fn min<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        functions::min(slf)
    }

    /// `self ** exponent`, entry by entry.
    fn pow<'py>(
        slf: &Bound<'py, Self>,
        exponent: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary(BinaryOp::Pow, slf, exponent)
    }

    /// Inner product, `self @ other`.
    fn matmul<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        functions::dot(slf, other)
    }

    /// Inner product, `self @ other`.
    fn dot<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        functions::dot(slf, other)
    }

    /// Shape of the value as NumPy gives it: `(n,)`, or `()` for a number.
    #[getter]
    fn shape<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        match operand(slf)?.value {
            Value::Number(_) => Ok(PyTuple::empty(slf.py())),
            Value::Array(buffer) => PyTuple::new(slf.py(), [buffer.len()]),
        }
    }

    /// Number of dimensions of the value: 1, or 0 for a number.
    #[getter]
    fn ndim(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Ok(usize::from(operand(slf)?.value.as_number().is_none()))
    }

    /// Number of entries of the value, by NumPy's name.
    #[getter]
    fn size(slf: &Bound<'_, Self>) -> PyResult<usize> {
        Self::dim(slf)
    }

    // What follows is called by NumPy's functions for the entries of an object array.

    /// The angle of the point `(x, self)`.
    fn arctan2<'py>(slf: &Bound<'py, Self>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary(BinaryOp::Atan2, slf, x)
    }

    /// `sqrt(self**2 + other**2)`, without overflow.
    fn hypot<'py>(
        slf: &Bound<'py, Self>,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary(BinaryOp::Hypot, slf, other)
    }

    /// Remainder with the sign of the dividend.
    fn fmod<'py>(
        slf: &Bound<'py, Self>,
        divisor: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arithmetic::binary(BinaryOp::Fmod, slf, divisor)
    }

    /// Radians as degrees.
    fn degrees<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let degree = PyFloat::new(slf.py(), 1_f64.to_radians());
        arithmetic::binary(BinaryOp::Div, slf, &degree)
    }

    /// Radians as degrees.
    fn rad2deg<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::degrees(slf)
    }

    /// Degrees as radians.
    fn radians<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let degree = PyFloat::new(slf.py(), 1_f64.to_radians());
        arithmetic::binary(BinaryOp::Mul, slf, &degree)
    }

    /// Degrees as radians.
    fn deg2rad<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Self::radians(slf)
    }

    /// The Variable itself: it is real.
    fn conjugate<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    // Steps have derivative 0, so that a whole number drops no gradient.

    fn __floor__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = only_number("floor", &operand(slf)?.value)?;
        PyFloat::new(slf.py(), number).call_method0("__floor__")
    }

    fn __ceil__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = only_number("ceil", &operand(slf)?.value)?;
        PyFloat::new(slf.py(), number).call_method0("__ceil__")
    }

    fn __trunc__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = only_number("trunc", &operand(slf)?.value)?;
        PyFloat::new(slf.py(), number).call_method0("__trunc__")
    }

    #[pyo3(signature = (ufunc, method, *inputs, **kwargs))]
    fn __array_ufunc__<'py>(
        slf: &Bound<'py, Self>,
        ufunc: &Bound<'py, PyAny>,
        method: &Bound<'py, PyAny>,
        inputs: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        array_ufunc(slf, ufunc, method, inputs, kwargs)
    }

    fn __array_function__<'py>(
        &self,
        function: &Bound<'py, PyAny>,
        types: &Bound<'py, PyAny>,
        args: &Bound<'py, PyAny>,
        kwargs: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        array_function(function, types, args, kwargs)
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = copy;
        let dropping = dtype.is_some_and(|dtype| {
            !dtype.is_none()
                && dtype
                    .getattr("kind")
                    .and_then(|kind| kind.extract::<String>())
                    .ok()
                    != Some("O".to_owned())
        });
        if dropping {
            warn_of_dropped_gradient(slf, "np.asarray(dtype=float)")?;
        }
        let module = slf.py().import("autograd_rs._numpy")?;
        module.call_method1("as_array", (slf, dtype))
    }
}

/// A `Variable` for a node, the owner itself for a leaf; a `Vector` for a constant.
pub(crate) fn variable_of<'py>(py: Python<'py>, parent: Operand) -> PyResult<Bound<'py, PyAny>> {
    if parent.node == SINK {
        return Ok(Bound::new(py, Vector::new(parent.value))?.into_any());
    }
    let leaf = hot::with_tape(py, |tape| tape.leaf_of(parent.node));
    if let Some(owner) = leaf.and_then(|leaf| hot::leaf_owner(py, leaf)) {
        return Ok(owner);
    }
    Ok(hot::new_variable(py, parent))
}

/// A leaf, from what a pickle keeps of it.
#[pyfunction]
#[pyo3(signature = (value, name, /))]
pub(crate) fn restore_variable<'py>(
    value: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let variable = hot::new_leaf(value.py(), value_of("Variable", value)?)?;
    if !name.is_none() {
        set_name(&variable, name)?;
    }
    Ok(variable)
}
