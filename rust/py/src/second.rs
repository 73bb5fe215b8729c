//! Second derivatives of functions, each in one call: products with the Hessian, and the Hessian.

use autograd_core::array::Value;
use autograd_core::tape::NodeId;
use autograd_macros::guarded;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::convert::{Converted, Kind};
use crate::derivatives::shape_of;
use crate::gradient::{gradients_of, nodes_of, ones, recorded_gradients_of};
use crate::running::Running;
use crate::transform::{Outcome, as_type_of, is_array, moving_input, plain_number};
use crate::{convert, dropped, hot, modes};

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
    if plain_number(&result, &variable).is_none() {
        return Ok(Outcome::Ran(PyList::new(py, [variable])?, result));
    }
    let products = products_of(&result, std::slice::from_ref(&variable), vec![direction])?;
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
    let _running = Running::new(fun.py(), std::slice::from_ref(input), is_array(x)?);
    let result = if rest.len() == 0 && kwargs.is_none() {
        fun.call1((input,))
    } else {
        let args: Vec<Bound<'py, PyAny>> = std::iter::once(input.clone()).chain(rest).collect();
        fun.call(PyTuple::new(fun.py(), args)?, kwargs)
    };
    result.map_err(|error| dropped::unwrapped(fun.py(), error))
}

/// The Hessian of a number by the entries of all inputs, row after row, if it can be had without
/// recording the gradient.
pub(crate) fn hessian_rows_of(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
) -> PyResult<Option<Vec<f64>>> {
    if modes::current(output.py())?.detects_anomaly {
        return Ok(None);
    }
    Ok(hot::with_tape(output.py(), |tape| {
        let nodes: Vec<NodeId> = nodes_of(tape, inputs);
        let output = hot::node_of(tape, output);
        tape.hessian(output, &nodes)
    }))
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
        .map(|direction| Ok(convert::required("hvp", direction)?.value()))
        .collect::<PyResult<_>>()?;
    let products = products_of(output, &inputs, directions)?;
    let vectors = products.into_iter();
    vectors
        .map(|product| hot::new_vector(output.py(), product))
        .collect()
}

/// The product of the Hessian of a number and directions, one for each input: by the sweep that
/// records nothing, and where that cannot be, by the gradient, recorded and swept.
fn products_of(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    directions: Vec<Value>,
) -> PyResult<Vec<Value>> {
    let py = output.py();
    // Anomalies are told by the operation they come from, which a recorded gradient keeps.
    if !modes::current(py)?.detects_anomaly {
        let plain = hot::with_tape(py, |tape| {
            let nodes = inputs.iter().map(|input| hot::node_of(tape, input));
            let changes: Vec<(NodeId, Value)> = nodes.zip(directions.iter().cloned()).collect();
            let output = hot::node_of(tape, output);
            tape.hessian_product(output, &changes)
        });
        if let Some(products) = plain {
            return Ok(products);
        }
    }
    let gradients = recorded_gradients_of(output, &ones(), inputs)?;
    let mut sums: Vec<Value> = inputs
        .iter()
        .map(|input| Value::filled(shape_of(input), 0.0))
        .collect();
    for (gradient, direction) in gradients.iter().zip(directions) {
        if !hot::is_tracked(gradient) {
            continue;
        }
        let seed = Converted::Constant(direction, Kind::Vector);
        let products = gradients_of(gradient, &seed, inputs)?;
        for (sum, product) in sums.iter_mut().zip(products) {
            let terms = sum.make_mut().iter_mut().zip(product.as_slice());
            terms.for_each(|(sum, term)| *sum += term);
        }
    }
    Ok(sums)
}
