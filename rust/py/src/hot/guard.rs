//! Code that may fail or panic, run for the interpreter.

use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Runs code that may fail or panic, for a slot: an error is set and null returned.
pub(super) fn guarded(
    work: impl FnOnce(Python<'_>) -> PyResult<*mut ffi::PyObject>,
) -> *mut ffi::PyObject {
    // Attached anew, not assumed to be: what is dropped while PyO3 does not know that the lock is
    // held is kept until the next time that it does, which in a loop over slots may be never.
    let run = |py: Python<'_>| {
        work(py).unwrap_or_else(|error| {
            error.restore(py);
            ptr::null_mut()
        })
    };
    let result = panic::catch_unwind(AssertUnwindSafe(|| Python::attach(run)));
    result.unwrap_or_else(|_| {
        Python::attach(|py| {
            PyRuntimeError::new_err("autograd_rs: internal error, please report it").restore(py);
        });
        ptr::null_mut()
    })
}
