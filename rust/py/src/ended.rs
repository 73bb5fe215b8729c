//! Arguments that outlive the transform they are of.

use autograd_core::tape::NodeId;
use autograd_macros::guarded;
use pyo3::prelude::*;

use crate::gradient::{node_set_of, nodes_of};
use crate::hot;
use crate::running::is_running;

/// Says of the arguments of a transform that it has ended.
#[guarded]
#[pyfunction]
#[pyo3(signature = (inputs, /))]
pub(crate) fn end_arguments(inputs: Vec<Bound<'_, PyAny>>) {
    inputs.iter().for_each(hot::end_kept_argument);
}

/// Whether results come, besides from `inputs`, only from arguments of transforms that have ended.
/// False where this thread is in a function of a transform, which will be told all the same.
#[guarded]
#[pyfunction]
#[pyo3(signature = (outputs, inputs, /))]
pub(crate) fn come_from_ended(
    py: Python<'_>,
    outputs: Vec<Bound<'_, PyAny>>,
    inputs: Vec<Bound<'_, PyAny>>,
) -> PyResult<bool> {
    Ok(!is_running()
        && hot::with_tape(py, |tape| {
            let (outputs, inputs): (Vec<NodeId>, _) =
                (nodes_of(tape, &outputs), node_set_of(tape, &inputs));
            tape.come_from_ended(&outputs, &inputs)
        }))
}
