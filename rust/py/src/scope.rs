//! The extent of a transform: from its call to its return.

use std::cell::Cell;

use autograd_core::tape::TransformId;
use pyo3::prelude::*;

use crate::hot;

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
