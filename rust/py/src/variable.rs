//! The methods of `Variable` that need not be fast: the base on which the type is made.

use std::ffi::CStr;

use autograd_core::array::Value;
use autograd_core::tape::{LeafId, Operand, SINK};
use autograd_macros::guarded;
use pyo3::exceptions::{PyAttributeError, PyIndexError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple};

use crate::arithmetic;
use crate::convert::{self, Kind};
use crate::dropped::end_gradient;
use crate::errors::{describe, wrong_type};
use crate::gradient::tracked;
use crate::indices::{index_of, takes_places};
use crate::methods::ArrayMethods;
use crate::numbers;
use crate::running::is_running;
use crate::vector::text_of;
use crate::{hot, modes, numpy_calls};

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

/// What all of `Variable` has that is not an operator or an elementwise function.
#[pyclass(
    extends = ArrayMethods,
    subclass,
    frozen,
    immutable_type,
    module = "autograd_rs._core",
    name = "Variable"
)]
pub(crate) struct VariableBase;

/// `Variable(x, name=...)`.
pub(crate) fn construct<'py>(
    arguments: &Bound<'py, PyTuple>,
    keywords: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let [x, name] = numbers::arguments("Variable", ["x", "name"], arguments, keywords)?;
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
        // What is no leaf's first value is a constant, which whole numbers may be.
        Some((_, Kind::Array))
            if !(convert::has_floats(x) || op != "Variable" && convert::has_whole_numbers(x)) =>
        {
            Err(PyTypeError::new_err(format!(
                "{op}: got an array of {}, wanted floats; convert it by .astype(float)",
                convert::entry_type(x)
            )))
        }
        Some((value, _)) => Ok(value),
        None => Err(PyTypeError::new_err(format!(
            "{op}: got {}, wanted a number, Vector or array; {}",
            describe(x),
            match x.get_type().hasattr("to_numpy")? {
                true => "use its .to_numpy()",
                false => "a list becomes one by Vector([...])",
            }
        ))),
    }
}

fn own_value(variable: &Bound<'_, PyAny>) -> PyResult<Value> {
    hot::variable_value(variable)
        .ok_or_else(|| wrong_type("Variable", "not one", variable, "a Variable"))
}

/// The leaf that belongs to this very object.
fn leaf_of(variable: &Bound<'_, PyAny>) -> Option<LeafId> {
    hot::with_tape(variable.py(), |tape| hot::leaf_of(tape, variable))
}

/// Names a leaf; None takes its name away.
fn set_name(variable: &Bound<'_, PyAny>, name: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = if name.is_none() {
        None
    } else {
        Some(text_of_name(name)?)
    };
    hot::with_tape(variable.py(), |tape| {
        if let Some(leaf) = hot::leaf_of(tape, variable) {
            tape.leaf_mut(leaf).name = name.map(Into::into);
        }
    });
    Ok(())
}

fn text_of_name(name: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(text) = name.cast::<PyString>() else {
        return Err(wrong_type("Variable", "wrong name", name, "a str"));
    };
    let text = text.to_str().map_err(|_| {
        let came = describe(name);
        PyValueError::new_err(format!(
            "Variable: wrong name: got {came}, wanted text: a lone surrogate is none"
        ))
    })?;
    Ok(text.to_owned())
}

/// The name of a leaf.
fn name_of(variable: &Bound<'_, PyAny>) -> Option<String> {
    hot::with_tape(variable.py(), |tape| {
        let leaf = hot::leaf_of(tape, variable)?;
        tape.leaf(leaf).name.as_ref().map(ToString::to_string)
    })
}

/// A copy: with its gradient, if it is connected and operations are recorded, or a leaf.
fn copied<'py>(variable: &Bound<'py, PyAny>, is_connected: bool) -> PyResult<Bound<'py, PyAny>> {
    let py = variable.py();
    if is_connected && hot::is_tracked(variable) && modes::current(py)?.records {
        return tracked(variable);
    }
    let name = name_of(variable);
    let copy = hot::new_leaf(py, own_value(variable)?)?;
    if let Some(name) = name {
        set_name(&copy, PyString::new(py, &name).as_any())?;
    }
    Ok(copy)
}

/// The entries that an index takes.
pub(crate) fn get_item<'py>(
    x: &Bound<'py, PyAny>,
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let shape = own_value(x)?.shape();
    if shape.rank().is_number() {
        return match takes_places(index) {
            true => Err(PyIndexError::new_err(format!(
                "Variable: wrong index: got {} of a number, wanted a vector",
                describe(index)
            ))),
            false => numpy_calls::shaped_entries(x, index),
        };
    }
    let Some(places) = index_of("Variable", index, shape.dim())? else {
        return numpy_calls::shaped_entries(x, index);
    };
    let operand = convert::required("index", x)?;
    arithmetic::record(py, Kind::Variable, "index", &[operand], |tape, operands| {
        tape.structural(places.into_operation(), operands)
    })
}

/// What `help(Variable.value)` says.
pub(crate) const VALUE_DOC: &CStr =
    c"The value, a `Vector`: a copy, which can be written to without changing the Variable. The value
of a leaf can be assigned; graphs recorded before keep the value they used.";

/// What `help(Variable.grad)` says.
pub(crate) const GRAD_DOC: &CStr =
    c"The gradient that the last `grad(loss)` that reached this leaf left, a `Vector`; else None. It
is a copy; it can be assigned.";

/// Assigns the value of a leaf; graphs recorded before keep the value they used.
pub(crate) fn set_value(
    variable: &Bound<'_, PyAny>,
    value: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let value = value.ok_or_else(|| cannot_delete("value"))?;
    let Some(leaf) = leaf_of(variable) else {
        return Err(PyAttributeError::new_err(
            "value: cannot be assigned: got a result, wanted a leaf; make one by Variable(...), and \
             update it by w.value = ..., as w -= ... makes it a result",
        ));
    };
    let value = of_same_length("value", variable, value_of("value", value)?)?;
    hot::assign_leaf(variable, leaf, value)
}

/// Assigns the gradient of a leaf, or None.
pub(crate) fn set_grad(
    variable: &Bound<'_, PyAny>,
    gradient: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let gradient = gradient.ok_or_else(|| cannot_delete("grad"))?;
    let Some(leaf) = leaf_of(variable) else {
        return Err(PyAttributeError::new_err(
            "grad: cannot be assigned: got a result, wanted a leaf",
        ));
    };
    let gradient = if gradient.is_none() {
        None
    } else {
        Some(of_same_length(
            "grad",
            variable,
            value_of("grad", gradient)?,
        )?)
    };
    let old = hot::with_tape(variable.py(), |tape| {
        std::mem::replace(&mut tape.leaf_mut(leaf).gradient, gradient)
    });
    drop(old);
    Ok(())
}

/// The error for writing to an entry.
fn no_assignment(variable: &Bound<'_, PyAny>, index: &Bound<'_, PyAny>) -> PyErr {
    let which = describe(index);
    let dim = numbers::value(variable).map_or(1, |value| value.dim());
    PyTypeError::new_err(format!(
        "Variable: entries cannot be assigned: got index {which} of {dim}, wanted a new Variable: \
         where(mask, new, x), or stack(entries) of a list that is written to; assign all of \
         w.value to update a leaf"
    ))
}

/// Warns that a result has no gradient, which the loop that made a result of a leaf should hear.
pub(crate) fn warn_of_result_without_gradient(variable: &Bound<'_, PyAny>) -> PyResult<()> {
    if !hot::is_tracked(variable) || leaf_of(variable).is_some() {
        return Ok(());
    }
    let message =
        c"grad: got a result, which keeps none, wanted a leaf: w -= 0.1 * w.grad makes w a \
                    result: write w.value = w.value - 0.1 * w.grad; grad(loss, wrt=[x]) gives the \
                    derivative by a result";
    let py = variable.py();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), message, 1)
}

fn cannot_delete(attribute: &str) -> PyErr {
    PyAttributeError::new_err(format!("{attribute}: cannot be deleted"))
}

/// What is assigned, in the shape of the leaf: one entry is a number or a vector as that is.
fn of_same_length(op: &str, variable: &Bound<'_, PyAny>, given: Value) -> PyResult<Value> {
    let shape = own_value(variable)?.shape();
    let dim = shape.dim();
    if given.dim() == dim {
        return Ok(given.shaped_like(shape));
    }
    Err(PyValueError::new_err(format!(
        "{op}: lengths differ: {dim} and {}, wanted equal",
        given.dim()
    )))
}

#[guarded]
#[pymethods]
impl VariableBase {
    /// Name in messages and pictures, or None.
    #[getter]
    fn name(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        Ok(name_of(slf))
    }

    #[setter]
    fn set_name(slf: &Bound<'_, Self>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        if leaf_of(slf).is_none() {
            return Err(PyAttributeError::new_err(
                "name: cannot be assigned: got a result, wanted a leaf",
            ));
        }
        set_name(slf, name)
    }

    /// Whether this is an input, rather than the result of an operation.
    #[getter]
    fn is_leaf(slf: &Bound<'_, Self>) -> PyResult<bool> {
        Ok(!hot::is_tracked(slf) || leaf_of(slf).is_some())
    }

    /// What this was computed from: Variables, and Vectors for constants. Empty for a leaf.
    #[getter]
    fn parents<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let parents = hot::with_tape(py, |tape| match hot::node_of(tape, slf) {
            SINK => Vec::new(),
            node => tape.operands(node, &hot::Variables(py)),
        });
        // Objects at once, which runs no Python code.
        let objects = parents.into_iter().map(|parent| variable_of(py, parent));
        PyTuple::new(py, convert::collected(objects)?)
    }

    /// A copy: of a leaf, a new leaf with the same value and name; of a result, and inside of a
    /// function that is differentiated, one through which the gradient flows.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        copied(slf, leaf_of(slf).is_none() || is_running())
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

    /// A pickle is a leaf with the value.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        end_gradient(slf, "pickle")?;
        let restore = py
            .import("autograd_rs._core")?
            .getattr("restore_variable")?;
        let value = hot::new_vector(py, own_value(slf)?)?;
        (restore, (value, name_of(slf))).into_pyobject(py)
    }

    /// The same value without a gradient.
    fn detach<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(hot::new_variable(
            slf.py(),
            Operand::constant(own_value(slf)?),
        ))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let text = text_of(slf.py(), &own_value(slf)?)?;
        Ok(match name_of(slf) {
            Some(name) => {
                let name = PyString::new(slf.py(), &name).repr()?;
                format!("Variable({text}, name={name})")
            }
            None => format!("Variable({text})"),
        })
    }

    fn __bool__(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let value = own_value(slf)?;
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

    fn __setitem__(
        slf: &Bound<'_, Self>,
        index: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        Err(no_assignment(slf, index))
    }

    fn __delitem__(slf: &Bound<'_, Self>, index: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(no_assignment(slf, index))
    }

    // Steps have derivative 0, so that a whole number drops no gradient.

    fn __floor__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = numbers::number("floor", slf)?;
        PyFloat::new(slf.py(), number).call_method0("__floor__")
    }

    fn __ceil__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = numbers::number("ceil", slf)?;
        PyFloat::new(slf.py(), number).call_method0("__ceil__")
    }

    fn __trunc__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let number = numbers::number("trunc", slf)?;
        PyFloat::new(slf.py(), number).call_method0("__trunc__")
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        slf: &Bound<'py, Self>,
        dtype: Option<&Bound<'py, PyAny>>,
        copy: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = copy;
        if dtype.is_none() && own_value(slf)?.rank().is_number() {
            return numpy_calls::array_of_number(slf);
        }
        if let Some(dtype) = dtype.filter(|dtype| !dtype.is_none()) {
            // Variables themselves, text, and steps: whole numbers and bools have derivative 0.
            let kind = dtype
                .getattr("kind")
                .and_then(|kind| kind.extract::<char>());
            if !kind.is_ok_and(|kind| "OSUTiub".contains(kind)) {
                end_gradient(slf, &format!("np.asarray(dtype={dtype})"))?;
            }
        }
        let module = slf.py().import("autograd_rs._numpy")?;
        module.call_method1("as_array", (slf, dtype))
    }
}

/// A `Variable` for a node, the owner itself for a leaf; a `Vector` for a constant.
pub(crate) fn variable_of<'py>(py: Python<'py>, parent: Operand) -> PyResult<Bound<'py, PyAny>> {
    if parent.node == SINK {
        return hot::new_vector(py, parent.value);
    }
    let leaf = hot::with_tape(py, |tape| tape.leaf_of(parent.node));
    if let Some(owner) = leaf.and_then(|leaf| hot::leaf_owner(py, leaf)) {
        return Ok(owner);
    }
    Ok(hot::new_variable(py, parent))
}

/// A leaf, from what a pickle keeps of it.
#[guarded]
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
