//! Tangents of results: the tangent sweeps, run from Python.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, Operand, SINK, TangentStep, TangentSweep};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::decided::{decided, decided_recorded};
use crate::errors::to_python;
use crate::gradient::tracked;
use crate::{anomaly, convert, custom, hot, modes};

/// The tangent of `output` where the `inputs` change by `tangents`; None where it does not depend
/// on them.
#[pyfunction]
#[pyo3(signature = (output, inputs, tangents, is_recorded, /))]
pub(crate) fn push_forward<'py>(
    output: &Bound<'py, PyAny>,
    inputs: Vec<Bound<'py, PyAny>>,
    tangents: Vec<Bound<'py, PyAny>>,
    is_recorded: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = output.py();
    if is_recorded {
        let changes = changes_of(&inputs, &tangents)?;
        let Some(tangent) = swept(output, changes, true)? else {
            return Ok(None);
        };
        let pushed = tracked(py, tangent)?;
        return decided_recorded(output, &inputs, &tangents, pushed).map(Some);
    }
    let changes = plain_changes_of(&inputs, &tangents)?;
    let Some(tangent) = pushed(output, &changes)? else {
        return Ok(None);
    };
    let tangent = decided(output, &inputs, &changes, tangent)?;
    hot::new_vector(py, tangent).map(Some)
}

/// The same as numbers, of which those that are infinite or nan are not decided yet.
pub(crate) fn pushed(
    output: &Bound<'_, PyAny>,
    changes: &[(NodeId, Value)],
) -> PyResult<Option<Value>> {
    let Some(found) = hot::operand_of(output).filter(|output| output.node != SINK) else {
        return Ok(None);
    };
    let tangent = hot::with_tape(output.py(), |tape| tape.plain_tangent(found.node, changes));
    if tangent.is_some() {
        return Ok(tangent);
    }
    let changes = changes.iter().cloned();
    let changes = changes.map(|(node, change)| (node, Operand::constant(change)));
    Ok(swept(output, changes.collect(), false)?.map(|tangent| tangent.value))
}

/// The node of each input, and its tangent as numbers.
fn plain_changes_of(
    inputs: &[Bound<'_, PyAny>],
    tangents: &[Bound<'_, PyAny>],
) -> PyResult<Vec<(NodeId, Value)>> {
    let changes = changes_of(inputs, tangents)?.into_iter();
    Ok(changes
        .map(|(node, tangent)| (node, tangent.value))
        .collect())
}

/// The node of each input, and its tangent.
fn changes_of(
    inputs: &[Bound<'_, PyAny>],
    tangents: &[Bound<'_, PyAny>],
) -> PyResult<Vec<(NodeId, Operand)>> {
    let mut changes = Vec::with_capacity(inputs.len());
    for (input, tangent) in inputs.iter().zip(tangents) {
        let (input, _) = convert::required("jvp", input)?;
        let (tangent, _) = convert::required("jvp", tangent)?;
        if input.value.dim() != tangent.value.dim() {
            return Err(PyValueError::new_err(format!(
                "jvp: lengths differ: primal {} and tangent {}, wanted equal",
                input.value.dim(),
                tangent.value.dim()
            )));
        }
        changes.push((input.node, tangent));
    }
    Ok(changes)
}

/// The tangent by the sweep that waits for custom operations, and that can be recorded.
fn swept(
    output: &Bound<'_, PyAny>,
    changes: Vec<(NodeId, Operand)>,
    is_recorded: bool,
) -> PyResult<Option<Operand>> {
    let py = output.py();
    let Some(output) = hot::operand_of(output).filter(|output| output.node != SINK) else {
        return Ok(None);
    };
    let mut sweep = hot::with_tape(py, |tape| {
        let recorded = is_recorded.then_some(hot::Variables(py));
        TangentSweep::new(tape, output.node, changes, recorded.as_ref())
    });
    if modes::current(py)?.detects_anomaly {
        sweep.keep_origins();
    }
    let mut outcome = Ok(());
    while outcome.is_ok() {
        outcome = match hot::with_tape(py, |tape| sweep.run(tape)) {
            Ok(TangentStep::Done) => break,
            Ok(TangentStep::Custom(paused)) => {
                custom::push_forward(py, &mut sweep, paused, is_recorded)
            }
            Err(error) => Err(to_python(error)),
        };
    }
    anomaly::inherit(py, sweep.origins());
    let tangent = hot::with_tape(py, |tape| sweep.finish(tape));
    outcome.map(|()| tangent)
}
