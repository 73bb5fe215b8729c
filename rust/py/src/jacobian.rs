//! Jacobians and Hessians by the usual argument of results of the usual forms, each in one call.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, NodeSet, SINK};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyTuple, PyType};

use crate::arrays::new_array;
use crate::derivatives::{Matrix, Mode, matrix_of, shape_of};
use crate::gradient::{nodes_of, ones, recorded_gradients_of};
use crate::second::hessian_rows_of;
use crate::transform::{Outcome, as_type_of, is_array, plain_number, run_at};
use crate::{convert, hot};

/// What a plain result is, and so how its derivatives come.
enum Form<'py> {
    /// A number: as the argument is.
    Number,
    /// A vector: an array where the argument is one.
    Vector,
    /// An array of this shape.
    Array(Vec<usize>),
    /// A list or tuple of numbers, of which this is the type.
    Sequence(Bound<'py, PyType>),
}

/// The entries of a result and its form, if it was computed from `input` alone and has one of the
/// usual forms; None for any other.
fn plain_result<'py>(
    result: &Bound<'py, PyAny>,
    input: &Bound<'py, PyAny>,
) -> PyResult<Option<(Vec<Bound<'py, PyAny>>, Form<'py>)>> {
    let (entries, form) = if hot::is_variable(result) {
        let form = if shape_of(result).rank().is_number() {
            Form::Number
        } else {
            Form::Vector
        };
        (vec![result.clone()], form)
    } else if is_array(result)? {
        let shape = result.getattr("shape")?;
        let flat = if shape.len()? == 1 {
            result.call_method0("tolist")?
        } else {
            result.call_method0("ravel")?.call_method0("tolist")?
        };
        (objects_of(&flat)?, Form::Array(shape.extract()?))
    } else if result.is_exact_instance_of::<PyList>() || result.is_exact_instance_of::<PyTuple>() {
        (objects_of(result)?, Form::Sequence(result.get_type()))
    } else {
        return Ok(None);
    };
    let is_whole = matches!(form, Form::Number | Form::Vector);
    for entry in &entries {
        match hot::variable_shape(entry) {
            Some(shape) if is_whole || shape.rank().is_number() => {}
            None if entry.is_exact_instance_of::<PyFloat>()
                || entry.is_exact_instance_of::<PyInt>() => {}
            _ => return Ok(None),
        }
    }
    let is_plain = hot::with_tape(result.py(), |tape| {
        let mut nodes: Vec<NodeId> = nodes_of(tape, &entries);
        nodes.retain(|node| *node != SINK);
        let input = NodeSet::new([hot::node_of(tape, input)]);
        !nodes.is_empty() && !tape.comes_from_others(&nodes, &input, true)
    });
    Ok(is_plain.then_some((entries, form)))
}

fn objects_of<'py>(sequence: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    convert::collected(sequence.try_iter()?)
}

/// The Jacobian of a function by the plain argument at `place`.
pub(crate) fn jacobian_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    place: isize,
    mode: Mode,
) -> PyResult<Outcome<'py>> {
    let py = fun.py();
    let Some((x, input, result)) = run_at(fun, args, kwargs, place)? else {
        return Ok(Outcome::Unusual);
    };
    let Some((entries, form)) = plain_result(&result, &input)? else {
        return Ok(Outcome::Ran(PyList::new(py, [input])?, result));
    };
    let inputs = std::slice::from_ref(&input);
    let matrix = matrix_of(py, &entries, inputs, mode)?;
    hot::end_argument(&input);
    Ok(Outcome::Done(shaped(&x, form, matrix)?))
}

/// A Jacobian by the plain argument `x`, in the shape that the form of the result asks for.
fn shaped<'py>(
    x: &Bound<'py, PyAny>,
    form: Form<'py>,
    matrix: Matrix,
) -> PyResult<Bound<'py, PyAny>> {
    let py = x.py();
    let (rows, columns) = (matrix.rows, matrix.columns);
    let is_number = x.is_exact_instance_of::<PyFloat>();
    match form {
        Form::Number => as_type_of(x, matrix.entries),
        Form::Array(shape) if is_number => new_array(py, matrix.entries, &shape),
        Form::Array(mut shape) => {
            shape.push(columns);
            new_array(py, matrix.entries, &shape)
        }
        Form::Vector if is_number => hot::new_vector(py, matrix.entries),
        Form::Vector if is_array(x)? => new_array(py, matrix.entries, &[rows, columns]),
        Form::Vector => Ok(rows_of(x, &matrix)?.into_any()),
        Form::Sequence(kind) if is_array(x)? => {
            kind.call1((new_array(py, matrix.entries, &[rows, columns])?,))
        }
        Form::Sequence(kind) => kind.call1((rows_of(x, &matrix)?,)),
    }
}

/// The rows of a matrix, each in the type of `x`.
fn rows_of<'py>(x: &Bound<'py, PyAny>, matrix: &Matrix) -> PyResult<Bound<'py, PyList>> {
    let rows = PyList::empty(x.py());
    for row in 0..matrix.rows {
        let entries = &matrix.entries.as_slice()[row * matrix.columns..][..matrix.columns];
        rows.append(as_type_of(x, Value::from_slice(entries))?)?;
    }
    Ok(rows)
}

/// The Hessian of a function by the plain argument at `place`.
pub(crate) fn hessian_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    place: isize,
) -> PyResult<Outcome<'py>> {
    let py = fun.py();
    let Some((x, input, result)) = run_at(fun, args, kwargs, place)? else {
        return Ok(Outcome::Unusual);
    };
    if plain_number(&result, &input).is_none() {
        return Ok(Outcome::Ran(PyList::new(py, [input])?, result));
    }
    let form = if shape_of(&input).rank().is_number() {
        Form::Number
    } else {
        Form::Vector
    };
    let inputs = std::slice::from_ref(&input);
    if let Some(rows) = hessian_rows_of(&result, inputs)? {
        hot::end_argument(&input);
        let dim = shape_of(&input).dim();
        let matrix = Matrix {
            entries: Value::from_slice(&rows),
            rows: dim,
            columns: dim,
        };
        return Ok(Outcome::Done(shaped(&x, form, matrix)?));
    }
    let gradients = recorded_gradients_of(&result, &ones(), inputs)?;
    let matrix = matrix_of(py, &gradients, inputs, Mode::Reverse)?;
    hot::end_argument(&input);
    Ok(Outcome::Done(shaped(&x, form, matrix)?))
}
