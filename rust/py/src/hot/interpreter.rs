//! Which interpreters the module is for: those with the one lock that guards all of its state, and of
//! a process the main one only.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

// Without that lock an object begins with more than a count and a type.
const _: () = assert!(
    size_of::<ffi::PyObject>() == 2 * size_of::<usize>(),
    "autograd_rs: needs a Python with the global interpreter lock: the free-threaded build has none"
);

/// An error where this is no main interpreter: the tape and the types are one for the process, and
/// the lock that guards them would be taken for the main interpreter, by a thread that waits for
/// itself.
pub(crate) fn require_main() -> PyResult<()> {
    // SAFETY: this runs while the module is imported, so that the lock is held.
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if id == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(format!(
        "autograd_rs: cannot be used in a sub-interpreter: got interpreter {id}, wanted the main \
         one; use threads or processes instead"
    )))
}
