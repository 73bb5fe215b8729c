//! Masks: what a comparison of vectors gives, and how masks are combined.

use autograd_core::array::Value;
use autograd_core::tape::Error;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::convert;
use crate::errors::{describe, to_python};
use crate::running::wants_arrays;
use crate::{arrays, hot, numbers};

/// A mask that a comparison of a `Variable`, or else of a `Vector`, gives: a `Vector` of 0 and 1;
/// an array of bools inside of a function that a transform runs on an array, since there Variables
/// stand for arrays, and NumPy takes nothing else as a mask of an array.
pub(crate) fn answer<'py>(
    py: Python<'py>,
    mask: Value,
    is_of_variable: bool,
) -> PyResult<Bound<'py, PyAny>> {
    if is_of_variable && wants_arrays() {
        return arrays::new_mask(py, &mask);
    }
    hot::new_vector(py, mask)
}

/// An operand of `&`, `|`, `^` and `~`; `None` for what is no number and no vector.
fn mask_of(op: &str, object: &Bound<'_, PyAny>) -> PyResult<Option<Value>> {
    if hot::is_variable(object) {
        return Err(no_mask(op, object));
    }
    let Some((value, _)) = convert::value(op, object)? else {
        return Ok(None);
    };
    if value
        .as_slice()
        .iter()
        .all(|&entry| entry == 0.0 || entry == 1.0)
    {
        return Ok(Some(value));
    }
    Err(no_mask(op, object))
}

fn no_mask(op: &str, object: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!(
        "{op}: got {}, wanted comparisons, or vectors of 0 and 1; put each comparison in \
         parentheses, as in (0 < x) & (x < 1)",
        describe(object)
    ))
}

/// Two masks combined, entry by entry; `NotImplemented` where an operand is none of ours.
pub(crate) fn combine<'py>(
    op: &'static str,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    holds: fn(bool, bool) -> bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let (Some(a), Some(b)) = (mask_of(op, a)?, mask_of(op, b)?) else {
        return Ok(py.NotImplemented().into_bound(py));
    };
    let answer = Value::mask(&a, &b, |a, b| holds(a != 0.0, b != 0.0))
        .map_err(|shapes| to_python(Error::Shape { op, shapes }))?;
    hot::new_vector(py, answer)
}

/// A mask that holds where another does not.
pub(crate) fn invert<'py>(mask: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let value = mask_of("~", mask)?.ok_or_else(|| no_mask("~", mask))?;
    let zero = Value::number(0.0);
    let answer = Value::mask(&value, &zero, |entry, zero| entry == zero)
        .map_err(|shapes| to_python(Error::Shape { op: "~", shapes }))?;
    hot::new_vector(mask.py(), answer)
}

/// Whether every entry is not 0.
pub(crate) fn all<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let holds = numbers::value(x)?
        .as_slice()
        .iter()
        .all(|&entry| entry != 0.0);
    Ok(PyBool::new(x.py(), holds).to_owned().into_any())
}

/// Whether some entry is not 0.
pub(crate) fn any<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let holds = numbers::value(x)?
        .as_slice()
        .iter()
        .any(|&entry| entry != 0.0);
    Ok(PyBool::new(x.py(), holds).to_owned().into_any())
}
