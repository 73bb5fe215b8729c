//! The methods of `Variable` that need not be fast: the base on which the type is made.

use std::ffi::CStr;

use autograd_core::array::Value;
use autograd_core::tape::{LeafId, NodeId, Operand, SINK, Tape};
use pyo3::exceptions::{PyAttributeError, PyIndexError, PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple};

use crate::arithmetic;
use crate::convert::{self, Kind};
use crate::errors::{describe, to_python, wrong_type};
use crate::indices::{index_of, takes_places};
use crate::methods::ArrayMethods;
use crate::numbers;
use crate::transform::is_running;
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

pyo3::create_exception!(
    autograd_rs,
    GradientDroppedWarning,
    PyUserWarning,
    "A result of Variables was made a plain number, so its gradient ends there."
);

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

/// Names a leaf; None takes its name away.
fn set_name(variable: &Bound<'_, PyAny>, name: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = if name.is_none() {
        None
    } else {
        Some(text_of_name(name)?)
    };
    if let Some(leaf) = leaf_of(variable)? {
        hot::with_tape(variable.py(), |tape| {
            tape.leaf_mut(leaf).name = name.map(Into::into);
        });
    }
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

/// Whether somebody differentiates with respect to what is before a node: it is that of a result,
/// or of an argument of a transform, but not of a leaf that its owner made.
fn is_passed_on(py: Python<'_>, node: NodeId) -> bool {
    node != SINK
        && hot::with_tape(py, |tape| {
            let leaf = tape.leaf_of(node);
            leaf.is_none_or(|leaf| tape.leaf(leaf).is_argument)
        })
}

/// A copy: with its gradient, if it is connected and operations are recorded, or a leaf.
fn copied<'py>(variable: &Bound<'py, PyAny>, is_connected: bool) -> PyResult<Bound<'py, PyAny>> {
    let py = variable.py();
    hot::make_room_if_wanted(py)?;
    let original = operand(variable)?;
    if is_connected && original.node != SINK && modes::current(py)?.records {
        let copy = hot::with_tape(py, |tape| tape.identity(&original)).map_err(to_python)?;
        return Ok(hot::new_variable(py, copy));
    }
    let name = name_of(py, original.node);
    let copy = hot::new_leaf(py, original.value)?;
    if let Some(name) = name {
        set_name(&copy, PyString::new(py, &name).as_any())?;
    }
    Ok(copy)
}

/// What to do instead of making a number of a Variable.
pub(crate) const INSTEAD_OF_NUMBERS: &str = "use .item() if that is meant, or the functions of \
                                             autograd_rs instead of those of math";

/// Warns that a conversion ends a gradient, where it does, and says what to do.
pub(crate) fn warn_of_dropped_gradient(
    object: &Bound<'_, PyAny>,
    conversion: &str,
    advice: &str,
) -> PyResult<()> {
    let py = object.py();
    if !hot::operand_of(object).is_some_and(|operand| is_passed_on(py, operand.node))
        || !modes::current(py)?.records
    {
        return Ok(());
    }
    let message = format!(
        "{conversion} of a Variable that is a result, or an argument that is differentiated: its \
         gradient ends here; {advice}"
    );
    let message = std::ffi::CString::new(message)?;
    PyErr::warn(py, &py.get_type::<GradientDroppedWarning>(), &message, 1)
}

/// The entries that an index takes.
pub(crate) fn get_item<'py>(
    x: &Bound<'py, PyAny>,
    index: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let shape = operand(x)?.value.shape();
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
    hot::make_room_if_wanted(py)?;
    let (operand, _) = convert::required("index", x)?;
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
    let Some(leaf) = leaf_of(variable)? else {
        return Err(PyAttributeError::new_err(
            "value: cannot be assigned: got a result, wanted a leaf; make one by Variable(...)",
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
    let Some(leaf) = leaf_of(variable)? else {
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

fn cannot_delete(attribute: &str) -> PyErr {
    PyAttributeError::new_err(format!("{attribute}: cannot be deleted"))
}

/// What is assigned, in the shape of the leaf: one entry is a number or a vector as that is.
fn of_same_length(op: &str, variable: &Bound<'_, PyAny>, given: Value) -> PyResult<Value> {
    let shape = operand(variable)?.value.shape();
    let dim = shape.dim();
    if given.dim() == dim {
        return Ok(given.shaped_like(shape));
    }
    Err(PyValueError::new_err(format!(
        "{op}: lengths differ: {dim} and {}, wanted equal",
        given.dim()
    )))
}

#[pymethods]
impl VariableBase {
    /// Name in messages and pictures, or None.
    #[getter]
    fn name(slf: &Bound<'_, Self>) -> PyResult<Option<String>> {
        Ok(name_of(slf.py(), operand(slf)?.node))
    }

    #[setter]
    fn set_name(slf: &Bound<'_, Self>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        if leaf_of(slf)?.is_none() {
            return Err(PyAttributeError::new_err(
                "name: cannot be assigned: got a result, wanted a leaf",
            ));
        }
        set_name(slf, name)
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

    /// A copy: of a leaf, a new leaf with the same value and name; of a result, and inside of a
    /// function that is differentiated, one through which the gradient flows.
    fn copy<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        copied(slf, leaf_of(slf)?.is_none() || is_running())
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
        warn_of_dropped_gradient(slf, "pickle", "use .detach() if that is meant")?;
        let Operand { node, value } = operand(slf)?;
        let restore = py
            .import("autograd_rs._core")?
            .getattr("restore_variable")?;
        let value = hot::new_vector(py, value)?;
        (restore, (value, name_of(py, node))).into_pyobject(py)
    }

    /// The same value without a gradient.
    fn detach<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(hot::new_variable(
            slf.py(),
            Operand::constant(operand(slf)?.value),
        ))
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
        if dtype.is_none() && operand(slf)?.value.rank().is_number() {
            return numpy_calls::array_of_number(slf);
        }
        let dropping = dtype.is_some_and(|dtype| {
            !dtype.is_none()
                && dtype
                    .getattr("kind")
                    .and_then(|kind| kind.extract::<String>())
                    .ok()
                    != Some("O".to_owned())
        });
        if dropping {
            warn_of_dropped_gradient(slf, "np.asarray(dtype=float)", INSTEAD_OF_NUMBERS)?;
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
