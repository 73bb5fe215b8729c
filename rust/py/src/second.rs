//! Second derivatives of functions, each in one call: products with the Hessian, and the Hessian.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, Operand, SINK, Tape};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyList, PyTuple};

use crate::gradient::gradients_of;
use crate::transform::{as_type_of, call_with, is_array, moving_input, plain_input, plain_number};
use crate::vector::Vector;
use crate::{convert, hot, modes};

/// Runs a function on a plain first argument; gives the product of its Hessian and the vector that
/// is the second of `args`. Gives what [`crate::transform::value_and_grad_at`] gives where it is not so plain.
#[pyfunction]
#[pyo3(signature = (fun, args, kwargs, /))]
pub(crate) fn hvp_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let py = fun.py();
    let (x, v) = (args.get_item(0)?, args.get_item(1)?);
    let Some((variable, direction)) = moving_input(&x, &v, "hvp")? else {
        return Ok(None);
    };
    let result = call_with(fun, &x, &variable, args.iter().skip(2), kwargs)?;
    let Some(input) = hot::operand_of(&variable) else {
        return Ok(None);
    };
    let Some(output) = plain_number(&result, &input) else {
        return Ok(Some((variable, result, py.None()).into_pyobject(py)?));
    };
    let products = products_of(py, &output, &[input], vec![direction])?;
    let Some(product) = products.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some((as_type_of(&x, product)?,).into_pyobject(py)?))
}

/// Runs a function on a plain first argument; gives its Hessian: a float for a float, the rows as
/// Vectors for a `Vector`, an array for an array. Gives what [`crate::transform::value_and_grad_at`] gives where it
/// is not so plain, and where the gradient must be recorded.
#[pyfunction]
#[pyo3(signature = (fun, args, kwargs, /))]
pub(crate) fn hessian_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let py = fun.py();
    if args.is_empty() {
        return Ok(None);
    }
    let x = args.get_item(0)?;
    let Some(variable) = plain_input(&x)? else {
        return Ok(None);
    };
    let result = call_with(fun, &x, &variable, args.iter().skip(1), kwargs)?;
    let input = hot::operand_of(&variable);
    let output = input
        .as_ref()
        .and_then(|input| plain_number(&result, input));
    let (Some(input), Some(output)) = (input, output) else {
        return Ok(Some((variable, result, py.None()).into_pyobject(py)?));
    };
    let Some(rows) = hessian_rows_of(py, &output, std::slice::from_ref(&input))? else {
        return Ok(Some((variable, result, py.None()).into_pyobject(py)?));
    };
    let dim = input.value.dim();
    if is_array(&x)? {
        let matrix = as_type_of(&x, Value::from_slice(&rows))?;
        return Ok(Some(
            (matrix.call_method1("reshape", (dim, dim))?,).into_pyobject(py)?,
        ));
    }
    if x.is_exact_instance_of::<PyFloat>() {
        return Ok(Some((rows[0],).into_pyobject(py)?));
    }
    let rows = rows
        .chunks(dim.max(1))
        .map(Value::from_slice)
        .map(Vector::new);
    let rows: Vec<Bound<'_, Vector>> = rows
        .map(|row| Bound::new(py, row))
        .collect::<PyResult<_>>()?;
    Ok(Some((PyList::new(py, rows)?,).into_pyobject(py)?))
}

/// The Hessian of a number by the entries of all inputs, row after row, if it can be had without
/// recording the gradient.
fn hessian_rows_of(
    py: Python<'_>,
    output: &Operand,
    inputs: &[Operand],
) -> PyResult<Option<Vec<f64>>> {
    if modes::current(py)?.detects_anomaly {
        return Ok(None);
    }
    let nodes: Vec<NodeId> = inputs.iter().map(|input| input.node).collect();
    Ok(hot::with_tape(py, |tape| {
        let by_numbers = tape.hessian(output.node, &nodes);
        by_numbers.or_else(|| hessian_by_products(tape, output.node, inputs))
    }))
}

/// The same for operations with vectors, as products with each direction, if they are few: a
/// product costs more than a sweep over a recorded gradient does, but nothing is recorded.
fn hessian_by_products(tape: &mut Tape, output: NodeId, inputs: &[Operand]) -> Option<Vec<f64>> {
    const FEW: usize = 8;
    let dims = || inputs.iter().map(|input| input.value.dim());
    let count = dims().sum();
    if count > FEW {
        return None;
    }
    let mut rows = Vec::with_capacity(count * count);
    for entry in 0..count {
        let mut start = 0;
        let directions = inputs.iter().map(|input| {
            let dim = input.value.dim();
            let own = entry.wrapping_sub(start);
            start += dim;
            let unit = Value::build(dim, |out| {
                out.fill(0.0);
                out.get_mut(own).into_iter().for_each(|one| *one = 1.0);
            });
            (input.node, unit)
        });
        let directions: Vec<(NodeId, Value)> = directions.collect();
        let row = tape.hessian_product(output, &directions)?;
        row.iter()
            .for_each(|part| rows.extend_from_slice(part.as_slice()));
    }
    Some(rows)
}

/// The Hessian of a number by the entries of `inputs`: for each input its rows, each of them cut
/// into a Vector for each input. None if the gradient must be recorded.
#[pyfunction]
#[pyo3(signature = (output, inputs, /))]
pub(crate) fn hessian_rows(
    output: &Bound<'_, PyAny>,
    inputs: Vec<Bound<'_, PyAny>>,
) -> PyResult<Option<Vec<Vec<Vec<Vector>>>>> {
    let inputs: Vec<Operand> = inputs.iter().filter_map(hot::operand_of).collect();
    let (found, _) = convert::required("hessian", output)?;
    let Some(entries) = hessian_rows_of(output.py(), &found, &inputs)? else {
        return Ok(None);
    };
    let dims: Vec<usize> = inputs.iter().map(|input| input.value.dim()).collect();
    let mut rest = &entries[..];
    let mut cut = |dim: usize| {
        let (head, tail) = rest.split_at(dim);
        rest = tail;
        Vector::new(Value::from_slice(head))
    };
    let mut row = || dims.iter().map(|&dim| cut(dim)).collect();
    let blocks = dims.iter().map(|&dim| (0..dim).map(|_| row()).collect());
    Ok(Some(blocks.collect()))
}

/// The product of the Hessian of a number and directions, one for each of the inputs that it
/// depends on: for each input its part.
#[pyfunction]
#[pyo3(signature = (output, inputs, directions, /))]
pub(crate) fn hessian_product(
    output: &Bound<'_, PyAny>,
    inputs: Vec<Bound<'_, PyAny>>,
    directions: Vec<Bound<'_, PyAny>>,
) -> PyResult<Vec<Vector>> {
    let directions: Vec<Value> = directions
        .iter()
        .map(|direction| Ok(convert::required("hvp", direction)?.0.value))
        .collect::<PyResult<_>>()?;
    // Nodes are read last: converting may run code that moves them.
    let inputs: Vec<Operand> = inputs.iter().filter_map(hot::operand_of).collect();
    let (found, _) = convert::required("hvp", output)?;
    let products = products_of(output.py(), &found, &inputs, directions)?;
    Ok(products.into_iter().map(Vector::new).collect())
}

/// The product of the Hessian of a number and directions, one for each input: by the sweep that
/// records nothing, and where that cannot be, by the gradient, recorded and swept.
fn products_of(
    py: Python<'_>,
    output: &Operand,
    inputs: &[Operand],
    directions: Vec<Value>,
) -> PyResult<Vec<Value>> {
    // Anomalies are told by the operation they come from, which a recorded gradient keeps.
    if !modes::current(py)?.detects_anomaly {
        let nodes = inputs.iter().map(|input| input.node);
        let changes: Vec<(NodeId, Value)> = nodes.zip(directions.iter().cloned()).collect();
        let plain = hot::with_tape(py, |tape| tape.hessian_product(output.node, &changes));
        if let Some(products) = plain {
            return Ok(products);
        }
    }
    let seed = Operand::constant(Value::Number(1.0));
    let gradients = gradients_of(py, output, &seed, inputs, true)?;
    let mut sums: Vec<Value> = inputs
        .iter()
        .map(|input| Value::filled(input.value.dim(), 0.0))
        .collect();
    // Nothing is recorded between the sweeps, so that the nodes of the gradients stay.
    for (gradient, direction) in gradients.iter().zip(directions) {
        if gradient.node == SINK {
            continue;
        }
        let products = gradients_of(py, gradient, &Operand::constant(direction), inputs, false)?;
        for (sum, product) in sums.iter_mut().zip(products) {
            let terms = sum.make_mut().iter_mut().zip(product.value.as_slice());
            terms.for_each(|(sum, term)| *sum += term);
        }
    }
    Ok(sums)
}
