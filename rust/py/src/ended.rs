//! Arguments that outlive the transform they are of.

use autograd_core::tape::{NodeId, NodeSet};
use pyo3::prelude::*;

use crate::hot;
use crate::transform::{is_running, nodes_of};

/// Says of the arguments of a transform that it has ended.
#[pyfunction]
#[pyo3(signature = (inputs, /))]
pub(crate) fn end_arguments(inputs: Vec<Bound<'_, PyAny>>) {
    inputs.iter().for_each(hot::end_kept_argument);
}

/// Whether results come, besides from `inputs`, only from arguments of transforms that have ended.
/// False where this thread is in a function of a transform, which will be told all the same.
#[pyfunction]
#[pyo3(signature = (outputs, inputs, /))]
pub(crate) fn come_from_ended(
    py: Python<'_>,
    outputs: Vec<Bound<'_, PyAny>>,
    inputs: Vec<Bound<'_, PyAny>>,
) -> bool {
    let outputs: Vec<NodeId> = nodes_of(&outputs).collect();
    let inputs = NodeSet::new(nodes_of(&inputs));
    !is_running() && hot::with_tape(py, |tape| tape.come_from_ended(&outputs, &inputs))
}
