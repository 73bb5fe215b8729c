//! Tangents of results: the tangent sweeps, run from Python.

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, TangentStep, TangentSweep};
use autograd_macros::guarded;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use smallvec::SmallVec;

use crate::convert::{Converted, Kind};
use crate::decided::{decided, decided_recorded};
use crate::errors::to_python;
use crate::gradient::tracked;
use crate::{anomaly, convert, custom, hot, modes};

/// The tangent of `output` where the `inputs` change by `tangents`; None where it does not depend
/// on them.
#[guarded]
#[pyfunction]
#[pyo3(signature = (output, inputs, tangents, is_recorded, /))]
pub(crate) fn push_forward<'py>(
    output: &Bound<'py, PyAny>,
    inputs: Vec<Bound<'py, PyAny>>,
    tangents: Vec<Bound<'py, PyAny>>,
    is_recorded: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = output.py();
    let tangents = changes_of(&inputs, &tangents)?;
    if is_recorded {
        let Some(tangent) = swept(output, &inputs, &tangents, true)? else {
            return Ok(None);
        };
        let pushed = tracked(&tangent)?;
        return decided_recorded(output, &inputs, &tangents, pushed).map(Some);
    }
    let changes: Vec<Value> = tangents.iter().map(Converted::value).collect();
    let Some(tangent) = pushed(output, &inputs, &changes)? else {
        return Ok(None);
    };
    let tangent = decided(output, &inputs, &changes, tangent)?;
    hot::new_vector(py, tangent).map(Some)
}

/// The tangent as numbers, of which those that are infinite or nan are not decided yet.
pub(crate) fn pushed(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    changes: &[Value],
) -> PyResult<Option<Value>> {
    if !hot::is_tracked(output) {
        return Ok(None);
    }
    let tangent = plain_tangent(output, inputs, changes);
    if tangent.is_some() {
        return Ok(tangent);
    }
    let changes = changes.iter().cloned();
    let changes = changes.map(|change| Converted::Constant(change, Kind::Vector));
    let changes: Vec<Converted<'_>> = changes.collect();
    let tangent = swept(output, inputs, &changes, false)?;
    Ok(tangent.and_then(|tangent| hot::variable_value(&tangent)))
}

/// The same, if no custom operation is on the way.
pub(crate) fn plain_tangent(
    output: &Bound<'_, PyAny>,
    inputs: &[Bound<'_, PyAny>],
    changes: &[Value],
) -> Option<Value> {
    hot::with_tape(output.py(), |tape| {
        let nodes = inputs.iter().map(|input| hot::node_of(tape, input));
        let changes: SmallVec<[(NodeId, Value); 2]> = nodes.zip(changes.iter().cloned()).collect();
        let output = hot::node_of(tape, output);
        tape.plain_tangent(output, &changes)
    })
}

/// The tangents of inputs.
fn changes_of<'py>(
    inputs: &[Bound<'py, PyAny>],
    tangents: &[Bound<'py, PyAny>],
) -> PyResult<Vec<Converted<'py>>> {
    let mut changes = Vec::with_capacity(inputs.len());
    for (input, tangent) in inputs.iter().zip(tangents) {
        let py = input.py();
        let input = convert::required("jvp", input)?;
        let tangent = convert::required("jvp", tangent)?;
        if input.dim() != tangent.dim() {
            return Err(PyValueError::new_err(format!(
                "jvp: lengths differ: primal {} and tangent {}, wanted equal",
                input.dim(),
                tangent.dim()
            )));
        }
        let rank = input.shape().rank();
        changes.push(tangent.ranked(py, rank)?);
    }
    Ok(changes)
}

/// The tangent by the sweep that waits for custom operations, and that can be recorded.
fn swept<'py>(
    output: &Bound<'py, PyAny>,
    inputs: &[Bound<'py, PyAny>],
    changes: &[Converted<'py>],
    is_recorded: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = output.py();
    if !hot::is_tracked(output) {
        return Ok(None);
    }
    let mut sweep = hot::with_tape(py, |tape| {
        let nodes = inputs.iter().map(|input| hot::node_of(tape, input));
        let changes = nodes.zip(changes.iter().map(|change| change.read(tape)));
        let (output, changes) = (hot::node_of(tape, output), changes.collect());
        let recorded = is_recorded.then_some(hot::Variables(py));
        TangentSweep::new(tape, output, changes, recorded.as_ref())
    });
    if modes::current(py).is_ok_and(|modes| modes.detects_anomaly) {
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
    // An object at once, which keeps the node.
    let tangent = hot::with_tape(py, |tape| sweep.finish(tape));
    let tangent = tangent.map(|tangent| hot::new_variable(py, tangent));
    outcome.map(|()| tangent)
}
