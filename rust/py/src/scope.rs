//! The extent of a transform: from its call to its return.

use std::cell::Cell;

use autograd_core::tape::{NodeId, TransformId};
use pyo3::prelude::*;

use crate::hot;
use crate::transform::is_running;

thread_local! {
    /// The innermost transform that this thread is in, 0 for none.
    static INNERMOST: Cell<TransformId> = const { Cell::new(0) };
}

/// While it lives, this thread is in a transform.
pub(crate) struct Scope<'py> {
    py: Python<'py>,
    own: TransformId,
    outer: TransformId,
}

impl<'py> Scope<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        let own = hot::with_tape(py, |tape| tape.begin_transform());
        let outer = INNERMOST.replace(own);
        Self { py, own, outer }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        INNERMOST.set(self.outer);
        hot::with_tape(self.py, |tape| tape.end_transform(self.own));
    }
}

/// The innermost transform that this thread is in, 0 for none.
pub(crate) fn innermost() -> TransformId {
    INNERMOST.get()
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
    let nodes_of = |objects: Vec<Bound<'_, PyAny>>| -> Vec<NodeId> {
        let operands = objects.iter().filter_map(hot::operand_of);
        operands.map(|operand| operand.node).collect()
    };
    let (outputs, inputs) = (nodes_of(outputs), nodes_of(inputs));
    !is_running() && hot::with_tape(py, |tape| tape.come_from_ended(&outputs, &inputs))
}
