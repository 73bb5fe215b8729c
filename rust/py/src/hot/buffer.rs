//! The buffer protocol of `Vector`: NumPy and others look at the entries without copying them.

use std::ffi::{c_int, c_void};
use std::mem;
use std::ptr;

use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;

use super::guard::guarded;
use super::vector::vector_of;
use crate::vector::Vector;

fn own_vector<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Vector> {
    vector_of(object).ok_or_else(|| PyTypeError::new_err("Vector: got an object of another type"))
}

/// `bf_getbuffer`: opens a view.
///
/// # Safety
/// Called by the interpreter with a `Vector`; `view` is null or to be filled.
pub(super) unsafe extern "C" fn get_buffer(
    object: *mut ffi::PyObject,
    view: *mut ffi::Py_buffer,
    flags: c_int,
) -> c_int {
    let opened = guarded(|py| {
        // SAFETY: the object is valid while the slot runs.
        let object = unsafe { Bound::from_borrowed_ptr(py, object) };
        if view.is_null() {
            return Err(PyBufferError::new_err(
                "Vector: got a null view, wanted one to fill",
            ));
        }
        let vector = own_vector(&object)?;
        let has_axis = !vector.shape(py).rank().is_number();
        let (entries, len) = vector.export(py);
        let asks = |flag: c_int| flags & flag == flag;
        // SAFETY: `view` is valid to be written. The addresses stay valid while the view is open:
        // it holds a reference to the vector, whose entries stay where they are until the view is
        // closed, and whose length is a field of an object that does not move. The text of the
        // format lives for ever.
        unsafe {
            (*view).buf = entries.cast::<c_void>();
            (*view).len = *len * mem::size_of::<f64>() as isize;
            (*view).readonly = 0;
            (*view).itemsize = mem::size_of::<f64>() as isize;
            (*view).format = ptr::null_mut();
            if asks(ffi::PyBUF_FORMAT) {
                (*view).format = c"d".as_ptr().cast_mut();
            }
            (*view).ndim = has_axis.into();
            (*view).shape = if has_axis && asks(ffi::PyBUF_ND) {
                len
            } else {
                ptr::null_mut()
            };
            (*view).strides = ptr::null_mut();
            if has_axis && asks(ffi::PyBUF_STRIDES) {
                (*view).strides = &raw mut (*view).itemsize;
            }
            (*view).suboffsets = ptr::null_mut();
            (*view).internal = ptr::null_mut();
            (*view).obj = object.clone().into_ptr();
        }
        Ok(object.as_ptr())
    });
    if opened.is_null() { -1 } else { 0 }
}

/// `bf_releasebuffer`: closes a view.
///
/// # Safety
/// Called by the interpreter with a `Vector` and a view that was opened of it.
pub(super) unsafe extern "C" fn release_buffer(object: *mut ffi::PyObject, _: *mut ffi::Py_buffer) {
    guarded(|py| {
        // SAFETY: the object is valid while the slot runs.
        let object = unsafe { Bound::from_borrowed_ptr(py, object) };
        own_vector(&object)?.end_export(py);
        Ok(ptr::null_mut())
    });
}
