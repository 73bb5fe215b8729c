//! Errors of the core as Python exceptions, and the words that messages share.

use autograd_core::tape::Error;
use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::hot;

/// The Python exception for an error of the core. Node ids read before are not valid after.
pub(crate) fn to_python(error: Error) -> PyErr {
    match error {
        Error::Shape { .. } => PyValueError::new_err(error.to_string()),
        Error::Memory => {
            // The next operation is to find what this one did not.
            Python::attach(|py| hot::give_memory_back(py, true));
            PyMemoryError::new_err(error.to_string())
        }
    }
}

/// A `TypeError` that says what came and what was wanted.
pub(crate) fn wrong_type(op: &str, what: &str, came: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{op}: {what}: got {}, wanted {wanted}",
        describe(came)
    ))
}

/// An object in a message: a short text of it and its type.
pub(crate) fn describe(object: &Bound<'_, PyAny>) -> String {
    let name = object
        .get_type()
        .name()
        .map_or_else(|_| "object".to_owned(), |n| n.to_string());
    let is_short =
        object.is_none() || ["str", "int", "float", "bool", "complex"].contains(&name.as_str());
    if object.is_none() {
        return "None".to_owned();
    }
    if is_short
        && let Ok(text) = object.repr()
        && let Ok(text) = text.to_str()
    {
        let shown: String = text.chars().take(40).collect();
        let dots = if shown.len() < text.len() { "..." } else { "" };
        return format!("{name} {shown}{dots}");
    }
    name
}
