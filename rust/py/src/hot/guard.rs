//! Code that may fail or panic, run for the interpreter.
//!
//! Nothing unwinds into it: whatever it calls runs under [`attempt`], by [`guarded`] in slots, and by
//! the attribute of that name in what PyO3 calls.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use autograd_core::memory::OutOfMemory;
use autograd_core::tape::Error;
use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::errors;

/// What PyO3 panics with where the interpreter had no memory for a small object.
const NO_OBJECT: &str = "PyObject pointer is null";

/// Runs code that may fail or panic: a panic becomes an error.
pub(crate) fn attempt<R>(work: impl FnOnce() -> PyResult<R>) -> PyResult<R> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(error_of(&*panic)))
}

#[cold]
fn error_of(panic: &(dyn Any + Send)) -> PyErr {
    if panic.is::<OutOfMemory>() {
        return errors::to_python(Error::Memory);
    }
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    match text {
        Some(NO_OBJECT) => PyMemoryError::new_err("autograd_rs: no memory for an object"),
        text => PyRuntimeError::new_err(format!(
            "autograd_rs: internal error, please report it: {}",
            text.unwrap_or("a panic")
        )),
    }
}

/// Runs code that may fail or panic, for a slot: an error is set and null returned.
pub(super) fn guarded(
    work: impl FnOnce(Python<'_>) -> PyResult<*mut ffi::PyObject>,
) -> *mut ffi::PyObject {
    // Attached anew, not assumed to be: what is dropped while PyO3 does not know that the lock is
    // held is kept until the next time that it does, which in a loop over slots may be never.
    Python::attach(|py| {
        attempt(|| work(py)).unwrap_or_else(|error| {
            error.restore(py);
            ptr::null_mut()
        })
    })
}
