//! Conversions to plain numbers, at which gradients end.
//!
//! Inside of the function of a transform they are refused: nothing else could tell that the
//! derivative is wrong. Elsewhere they are the way to print, and warned of.

use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::running::depends_on_inputs;
use crate::{hot, modes};

pyo3::create_exception!(
    autograd_rs,
    GradientDroppedWarning,
    PyUserWarning,
    "A result of Variables was made a plain number, so its gradient ends there.\n\nIn a function that \
     is being differentiated that is a `TypeError` instead. To have an error everywhere: \
     `warnings.filterwarnings(\"error\", category=ag.GradientDroppedWarning)`."
);

/// What is wrong with a conversion, in the message that refuses it.
const LOST: &str = "the gradient would be lost";

/// Whether somebody differentiates with respect to what is before a Variable: it is a result, or an
/// argument of a transform, but not a leaf that its owner made.
fn is_passed_on(variable: &Bound<'_, PyAny>) -> bool {
    hot::with_tape(variable.py(), |tape| {
        let leaf = hot::leaf_of(tape, variable);
        leaf.is_none_or(|leaf| tape.leaf(leaf).is_argument)
    })
}

/// Whether an object is a Variable with a gradient, where operations are recorded.
fn is_recorded(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(hot::is_tracked(object) && modes::current(object.py())?.records)
}

/// Says that a conversion ends a gradient, where it does: an error inside of a function that is
/// differentiated, and else a warning.
pub(crate) fn end_gradient(object: &Bound<'_, PyAny>, conversion: &str) -> PyResult<()> {
    static WARN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    if !is_recorded(object)? {
        return Ok(());
    }
    if depends_on_inputs(object) {
        return refuse(py, conversion);
    }
    if is_passed_on(object) {
        let warn = WARN.import(py, "autograd_rs._dropped", "warn")?;
        warn.call1((conversion,))?;
    }
    Ok(())
}

/// The same for a conversion that asks for numbers by its name: no more than the error.
pub(crate) fn refuse_inside(object: &Bound<'_, PyAny>, conversion: &str) -> PyResult<()> {
    if is_recorded(object)? && depends_on_inputs(object) {
        return refuse(object.py(), conversion);
    }
    Ok(())
}

fn refuse(py: Python<'_>, conversion: &str) -> PyResult<()> {
    let words = py.import("autograd_rs._dropped")?;
    words.call_method1("refuse", (conversion, LOST)).map(drop)
}

/// The error of a function that is differentiated: the one that refused a conversion, where NumPy
/// says instead that what has a length cannot be an entry of an array.
pub(crate) fn unwrapped(py: Python<'_>, error: PyErr) -> PyErr {
    let cause = match error.is_instance_of::<PyValueError>(py) {
        true => error.cause(py),
        false => None,
    };
    let is_refusal = |cause: &PyErr| {
        cause.is_instance_of::<PyTypeError>(py) && cause.value(py).to_string().contains(LOST)
    };
    match cause.filter(is_refusal) {
        Some(cause) => {
            cause.set_traceback(py, error.traceback(py));
            cause
        }
        None => error,
    }
}
