//! Gradients of results: the sweeps, run from Python.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, Operand, RecordedStep, RecordedSweep, SINK, Sweep, SweepStep};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::convert;
use crate::errors::{describe, to_python};
use crate::hot;
use crate::vector::Vector;

/// The output to differentiate; an error that helps if it is none.
fn output_of(loss: &Bound<'_, PyAny>) -> PyResult<Operand> {
    let Some(output) = hot::operand_of(loss) else {
        return Err(PyTypeError::new_err(format!(
            "grad: got {}: it does not depend on any Variable (was it converted with float(), \
             math.* or .item()?)",
            describe(loss)
        )));
    };
    if output.node == SINK {
        return Err(PyTypeError::new_err(
            "grad: got a Variable without a gradient: it does not depend on any Variable (was it \
             computed under no_grad(), or detached?)",
        ));
    }
    Ok(output)
}

/// The first cotangent: ones, or what was given.
fn seed_of(output: &Operand, seed: Option<&Bound<'_, PyAny>>) -> PyResult<Operand> {
    let Some(seed) = seed.filter(|seed| !seed.is_none()) else {
        return Ok(Operand::constant(Value::Number(1.0)));
    };
    let (seed, _) = convert::required("grad", seed)?;
    let dim = output.value.dim();
    if seed.value.dim() != dim && seed.value.dim() != 1 {
        return Err(PyValueError::new_err(format!(
            "grad: lengths differ: output {dim} and seed {}, wanted equal",
            seed.value.dim()
        )));
    }
    Ok(seed)
}

/// Gradients of a result; see the Python function of this name.
#[pyfunction]
#[pyo3(signature = (loss, *, wrt=None, seed=None, create_graph=false))]
pub(crate) fn grad<'py>(
    loss: &Bound<'py, PyAny>,
    wrt: Option<&Bound<'py, PyAny>>,
    seed: Option<&Bound<'py, PyAny>>,
    create_graph: bool,
) -> PyResult<Option<Bound<'py, PyList>>> {
    let py = loss.py();
    let output = output_of(loss)?;
    let seed = seed_of(&output, seed)?;
    let Some(wrt) = wrt.filter(|wrt| !wrt.is_none()) else {
        if create_graph {
            return Err(PyValueError::new_err(
                "grad: got create_graph=True without wrt, wanted wrt=[...]: recorded gradients \
                 are returned, not stored",
            ));
        }
        sweep_to_leaves(py, output.node, seed.value)?;
        return Ok(None);
    };
    let variables: Vec<Bound<'py, PyAny>> = if hot::is_variable(wrt) {
        return Err(PyTypeError::new_err(
            "grad: got a Variable as wrt, wanted a list of them",
        ));
    } else {
        wrt.try_iter()
            .map_err(|_| {
                PyTypeError::new_err(format!(
                    "grad: got {} as wrt, wanted a list of Variables",
                    describe(wrt)
                ))
            })?
            .collect::<PyResult<_>>()?
    };
    let mut inputs = Vec::with_capacity(variables.len());
    for (index, variable) in variables.iter().enumerate() {
        match hot::operand_of(variable) {
            Some(operand) => inputs.push(operand),
            None => {
                return Err(PyTypeError::new_err(format!(
                    "grad: entry {index} of wrt is {}, wanted a Variable",
                    describe(variable)
                )));
            }
        }
    }
    // Iterating over `wrt` may have run code that moved the nodes.
    let output = output_of(loss)?;
    let gradients = gradients_of(py, &output, &seed, &inputs, create_graph)?;
    let mut objects = Vec::with_capacity(gradients.len());
    for gradient in gradients {
        objects.push(if create_graph {
            tracked(py, gradient)?
        } else {
            Bound::new(py, Vector::new(gradient.value))?.into_any()
        });
    }
    PyList::new(py, objects).map(Some)
}

/// A recorded gradient as a `Variable`. One that is constant gets a node all the same: it was not
/// cut off, its derivative is 0.
fn tracked(py: Python<'_>, gradient: Operand) -> PyResult<Bound<'_, PyAny>> {
    if gradient.node != SINK {
        return Ok(hot::new_variable(py, gradient));
    }
    let gradient = hot::with_tape(py, |tape| tape.identity(&gradient)).map_err(to_python)?;
    Ok(hot::new_variable(py, gradient))
}

fn custom_error() -> PyErr {
    PyNotImplementedError::new_err("grad: no rule for a custom operation")
}

fn sweep_to_leaves(py: Python<'_>, output: NodeId, seed: Value) -> PyResult<()> {
    hot::with_tape(py, |tape| {
        let mut sweep = Sweep::to_leaves(tape, output, seed);
        let step = sweep.run(tape);
        sweep.finish(tape);
        match step {
            SweepStep::Done => Ok(()),
            SweepStep::Custom(_) => Err(()),
        }
    })
    .map_err(|()| custom_error())
}

/// The gradients of `output` with respect to `inputs`; 0 where it does not depend on one.
pub(crate) fn gradients_of(
    py: Python<'_>,
    output: &Operand,
    seed: &Operand,
    inputs: &[Operand],
    is_recorded: bool,
) -> PyResult<Vec<Operand>> {
    let nodes: Vec<NodeId> = inputs.iter().map(|input| input.node).collect();
    let found: Vec<Option<Operand>> = if is_recorded {
        hot::with_tape(py, |tape| {
            let mut sweep = RecordedSweep::new(tape, output.node, seed.clone(), &nodes);
            let step = sweep.run(tape);
            let found = sweep.finish(tape);
            step.map(|step| (step, found))
        })
        .map_err(to_python)
        .and_then(|(step, found)| match step {
            RecordedStep::Done => Ok(found),
            RecordedStep::Custom(_) => Err(custom_error()),
        })?
    } else {
        let found = hot::with_tape(py, |tape| {
            let mut sweep = Sweep::to_nodes(tape, output.node, seed.value.clone(), &nodes);
            let step = sweep.run(tape);
            (step, sweep.finish(tape))
        });
        match found {
            (SweepStep::Done, found) => found
                .into_iter()
                .map(|value| value.map(Operand::constant))
                .collect(),
            (SweepStep::Custom(_), _) => return Err(custom_error()),
        }
    };
    Ok(found
        .into_iter()
        .zip(inputs)
        .map(|(found, input)| {
            found.unwrap_or_else(|| Operand::constant(Value::filled(input.value.dim(), 0.0)))
        })
        .collect())
}
