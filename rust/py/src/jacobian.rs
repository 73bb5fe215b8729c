//! Jacobians and Hessians by the usual argument of results of the usual forms, each in one call.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, NodeSet, Operand, SINK};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyTuple, PyType};
use smallvec::SmallVec;

use crate::arrays::new_array;
use crate::derivatives::{Matrix, Mode, dim_of, is_entrywise, matrix_of, node_of};
use crate::gradient::gradients_of;
use crate::hot;
use crate::second::hessian_rows_of;
use crate::transform::{Outcome, as_type_of, is_array, plain_number, run_at};

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
    input: NodeId,
) -> PyResult<Option<(Vec<Bound<'py, PyAny>>, Form<'py>)>> {
    let (entries, form) = if hot::is_variable(result) {
        let form = if dim_of(result) == 1 {
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
        (flat.extract()?, Form::Array(shape.extract()?))
    } else if result.is_exact_instance_of::<PyList>() || result.is_exact_instance_of::<PyTuple>() {
        (result.extract()?, Form::Sequence(result.get_type()))
    } else {
        return Ok(None);
    };
    let is_whole = matches!(form, Form::Number | Form::Vector);
    let mut nodes: SmallVec<[NodeId; 8]> = SmallVec::new();
    for entry in &entries {
        match hot::operand_of(entry) {
            Some(found) if is_whole || found.value.as_number().is_some() => nodes.push(found.node),
            None if entry.is_exact_instance_of::<PyFloat>()
                || entry.is_exact_instance_of::<PyInt>() => {}
            _ => return Ok(None),
        }
    }
    nodes.retain(|node| *node != SINK);
    let is_plain = !nodes.is_empty()
        && !hot::with_tape(result.py(), |tape| {
            tape.comes_from_others(&nodes, &NodeSet::new([input]), true)
        });
    Ok(is_plain.then_some((entries, form)))
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
    let Some((entries, form)) = plain_result(&result, node_of(&input).0)? else {
        return Ok(Outcome::Ran(PyList::new(py, [input])?, result));
    };
    let inputs = std::slice::from_ref(&input);
    if dim_of(&input) == 1 && is_array(&x)? {
        match form {
            Form::Number if is_entrywise(&result, inputs.to_vec()) => {
                let matrix = matrix_of(py, &entries, inputs, mode)?;
                hot::end_argument(&input);
                return Ok(Outcome::Done(new_array(py, matrix.entries, &[1, 1])?));
            }
            Form::Sequence(_) => return Ok(Outcome::Ran(PyList::new(py, [input])?, result)),
            Form::Number | Form::Vector | Form::Array(_) => {}
        }
    }
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
    let plain = hot::operand_of(&input).and_then(|operand| {
        let output = plain_number(&result, &operand)?;
        Some((operand, output))
    });
    let Some((operand, output)) = plain else {
        return Ok(Outcome::Ran(PyList::new(py, [input])?, result));
    };
    let form = if x.is_exact_instance_of::<PyFloat>() {
        Form::Number
    } else {
        Form::Vector
    };
    if let Some(rows) = hessian_rows_of(py, &output, std::slice::from_ref(&operand))? {
        hot::end_argument(&input);
        let dim = operand.value.dim();
        let matrix = Matrix {
            entries: Value::from_slice(&rows),
            rows: dim,
            columns: dim,
        };
        return Ok(Outcome::Done(shaped(&x, form, matrix)?));
    }
    let seed = Operand::constant(Value::Number(1.0));
    let gradients = gradients_of(py, &output, &seed, std::slice::from_ref(&operand), true)?;
    // An object keeps the nodes of the gradient, whatever is called meanwhile.
    let gradients: Vec<Bound<'py, PyAny>> = gradients
        .into_iter()
        .map(|gradient| hot::new_variable(py, gradient))
        .collect();
    let matrix = matrix_of(py, &gradients, std::slice::from_ref(&input), Mode::Reverse)?;
    hot::end_argument(&input);
    Ok(Outcome::Done(shaped(&x, form, matrix)?))
}
