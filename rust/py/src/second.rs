//! Second derivatives of functions, each in one call: products with the Hessian, and the Hessian.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, Operand, SINK};
use autograd_macros::guarded;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::gradient::gradients_of;
use crate::transform::{Outcome, Running, as_type_of, is_array, moving_input, plain_number};
use crate::{convert, hot, modes};

/// The product of the Hessian of a function by its plain first argument and the vector that is the
/// second of `args`.
pub(crate) fn hvp_at<'py>(
    fun: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Outcome<'py>> {
    let py = fun.py();
    if args.len() < 2 {
        return Ok(Outcome::Unusual);
    }
    let (x, v) = (args.get_item(0)?, args.get_item(1)?);
    let Some((variable, direction)) = moving_input(&x, &v, "hvp")? else {
        return Ok(Outcome::Unusual);
    };
    let result = call_with(fun, &x, &variable, args.iter().skip(2), kwargs);
    let result = result.inspect_err(|_| hot::end_argument(&variable))?;
    let Some(input) = hot::operand_of(&variable) else {
        return Ok(Outcome::Unusual);
    };
    let Some(output) = plain_number(&result, &input) else {
        return Ok(Outcome::Ran(PyList::new(py, [variable])?, result));
    };
    let products = products_of(py, &output, &[input], vec![direction])?;
    hot::end_argument(&variable);
    Ok(match products.into_iter().next() {
        Some(product) => Outcome::Done(as_type_of(&x, product)?),
        None => Outcome::Unusual,
    })
}

/// Calls a function with an input for `x`, and with what else it takes.
fn call_with<'py>(
    fun: &Bound<'py, PyAny>,
    x: &Bound<'py, PyAny>,
    input: &Bound<'py, PyAny>,
    rest: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let _running = Running::new(is_array(x)?);
    if rest.len() == 0 && kwargs.is_none() {
        return fun.call1((input,));
    }
    let args: Vec<Bound<'py, PyAny>> = std::iter::once(input.clone()).chain(rest).collect();
    fun.call(PyTuple::new(fun.py(), args)?, kwargs)
}

/// The Hessian of a number by the entries of all inputs, row after row, if it can be had without
/// recording the gradient.
pub(crate) fn hessian_rows_of(
    py: Python<'_>,
    output: &Operand,
    inputs: &[Operand],
) -> PyResult<Option<Vec<f64>>> {
    if modes::current(py)?.detects_anomaly {
        return Ok(None);
    }
    let nodes: Vec<NodeId> = inputs.iter().map(|input| input.node).collect();
    Ok(hot::with_tape(py, |tape| tape.hessian(output.node, &nodes)))
}

/// The product of the Hessian of a number and directions, one for each of the inputs that it
/// depends on: for each input its part.
#[guarded]
#[pyfunction]
#[pyo3(signature = (output, inputs, directions, /))]
pub(crate) fn hessian_product<'py>(
    output: &Bound<'py, PyAny>,
    inputs: Vec<Bound<'py, PyAny>>,
    directions: Vec<Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let directions: Vec<Value> = directions
        .iter()
        .map(|direction| Ok(convert::required("hvp", direction)?.0.value))
        .collect::<PyResult<_>>()?;
    // Nodes are read last: converting may run code that moves them.
    let inputs: Vec<Operand> = inputs.iter().filter_map(hot::operand_of).collect();
    let (found, _) = convert::required("hvp", output)?;
    let py = output.py();
    let products = products_of(py, &found, &inputs, directions)?;
    let vectors = products.into_iter();
    vectors
        .map(|product| hot::new_vector(py, product))
        .collect()
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
