//! Lists, tuples and tables of pandas as operands of operators: what NumPy makes arrays of.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::errors::describe;
use crate::transform::is_array;
use crate::{convert, functions, hot};

/// Operands of which one was a list, a tuple or a table.
pub(crate) enum Read<'py> {
    /// In its place are its numbers, as one vector.
    Vectors([Bound<'py, PyAny>; 2]),
    /// In its place is an array of more dimensions, which is for NumPy.
    Arrays([Bound<'py, PyAny>; 2]),
}

/// Operands with vectors or arrays in place of lists, tuples and tables; `None` where there are none.
pub(crate) fn read<'py>(op: &str, [a, b]: [&Bound<'py, PyAny>; 2]) -> PyResult<Option<Read<'py>>> {
    if !is_list(a) && !is_list(b) && !is_table(a)? && !is_table(b)? {
        return Ok(None);
    }
    let (a, is_a_nested) = entries_of(op, a)?;
    let (b, is_b_nested) = entries_of(op, b)?;
    Ok(Some(if is_a_nested || is_b_nested {
        Read::Arrays([a, b])
    } else {
        Read::Vectors([a, b])
    }))
}

/// The entries of a list or a tuple as one vector, or as an array; `None` for any other object.
pub(crate) fn read_one<'py>(
    op: &str,
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !is_list(object) {
        return Ok(None);
    }
    entries_of(op, object).map(|(entries, _)| Some(entries))
}

/// Whether an object is a list or a tuple; those of other types may have operators of their own.
fn is_list(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyList>() || object.is_exact_instance_of::<PyTuple>()
}

/// Whether an object is of pandas, which leaves its operators to us since we have a higher priority.
fn is_table(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let kind = object.get_type();
    Ok(!hot::is_variable(object)
        && hot::vector_of(object).is_none()
        && kind.hasattr("__pandas_priority__")?
        && kind.hasattr("__array__")?)
}

/// The entries of a list as one object, and whether there are lists in it; any other object as it is.
fn entries_of<'py>(op: &str, object: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, bool)> {
    if is_table(object)? {
        let array = object
            .py()
            .import("numpy")?
            .call_method1("asarray", (object,))?;
        let ndim: usize = array.getattr("ndim")?.extract()?;
        return Ok((array, ndim > 1));
    }
    if !is_list(object) {
        return Ok((object.clone(), false));
    }
    let mut is_nested = false;
    for (index, entry) in object.try_iter()?.enumerate() {
        let entry = entry?;
        if is_several(&entry)? {
            is_nested = true;
        } else if convert::operand(op, &entry)?.is_none() {
            return Err(PyTypeError::new_err(format!(
                "{op}: entry {index} of a {} is {}, wanted a number or a Variable",
                object.get_type().name()?,
                describe(&entry)
            )));
        }
    }
    if is_nested {
        let numpy = object.py().import("numpy")?;
        return Ok((numpy.call_method1("asarray", (object,))?, true));
    }
    Ok((functions::concatenate(object)?, false))
}

/// Whether an entry of a list makes a dimension.
fn is_several(entry: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Some(shape) = hot::variable_shape(entry) {
        return Ok(!shape.rank().is_number());
    }
    if is_array(entry)? {
        return Ok(entry.getattr("ndim")?.extract::<usize>()? > 0);
    }
    convert::is_sequence(entry)
}
