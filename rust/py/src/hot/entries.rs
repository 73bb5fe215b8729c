//! Entries and slices of vectors.

use autograd_core::structural::Structural;
use autograd_core::tape::Node;
use pyo3::ffi;
use pyo3::prelude::*;

use super::guard::guarded;
use super::object::VariableObject;
use super::operands::{id, is_fast, plain_operation};
use super::pool::{free_object, make_free_object, push};
use crate::indices::span_of;
use crate::variable;

/// A whole number as an index, if it is not too large.
///
/// # Safety
/// `index` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn small_index(index: *mut ffi::PyObject) -> Option<isize> {
    // SAFETY: the type is compared before the object is read as one of it.
    unsafe {
        if ffi::Py_TYPE(index) != &raw mut ffi::PyLong_Type {
            return None;
        }
        let place = ffi::PyLong_AsSsize_t(index);
        if place == -1 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(place)
    }
}

/// An entry of a tracked vector; `None` where there is none, or no memory.
///
/// # Safety
/// `x` is of the fast type, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn entry(x: *mut ffi::PyObject, index: isize) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if free_object().is_null() && !make_free_object() {
            return None;
        }
        let (number, place) = (*x.cast::<VariableObject>()).entry(index)?;
        Some(push(
            free_object(),
            number,
            Node::index(id(x), place, number),
        ))
    }
}

/// A slice of a vector; `None` where `index` is none, or something is not as usual.
///
/// # Safety
/// Both are valid objects, and the interpreter lock is held.
pub(super) unsafe fn slice(
    x: *mut ffi::PyObject,
    index: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's; types are compared before objects are read as one of them. The bounds
    // of the slice may run Python code: the operand is read after them.
    unsafe {
        if ffi::PySlice_Check(index) == 0 || !is_fast(x) {
            return None;
        }
        let dim = (*x.cast::<VariableObject>()).dim()?;
        let index = Bound::from_borrowed_ptr(Python::assume_attached(), index);
        let span = span_of("Variable", &index, dim).ok()??;
        plain_operation([x], |tape, x| {
            tape.structural(Structural::Slice(span), x).ok()
        })
    }
}

/// `mp_subscript`: one entry of a vector at once, everything else by the general code.
///
/// # Safety
/// Called by the interpreter with two valid objects, the first of them a `Variable`.
pub(super) unsafe extern "C" fn subscript_slot(
    x: *mut ffi::PyObject,
    index: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid, an object of the fast type is one of ours, and the type of
    // the index is compared before it is read as a whole number.
    unsafe {
        if is_fast(x)
            && let Some(place) = small_index(index)
            && let Some(found) = entry(x, place)
        {
            return found;
        }
        if let Some(found) = slice(x, index) {
            return found;
        }
    }
    guarded(|py| {
        // SAFETY: the operands of a slot are valid while it runs.
        let (x, index) = unsafe {
            (
                Bound::from_borrowed_ptr(py, x),
                Bound::from_borrowed_ptr(py, index),
            )
        };
        Ok(variable::get_item(&x, &index)?.into_ptr())
    })
}

/// `sq_item`: an entry, for iterators.
///
/// # Safety
/// Called by the interpreter with a `Variable`.
pub(super) unsafe extern "C" fn item_slot(
    x: *mut ffi::PyObject,
    index: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the operand is valid, and an object of the fast type is one of ours.
    unsafe {
        if is_fast(x)
            && let Some(found) = entry(x, index)
        {
            return found;
        }
    }
    guarded(|py| {
        // SAFETY: the operand of a slot is valid while it runs.
        let x = unsafe { Bound::from_borrowed_ptr(py, x) };
        Ok(variable::get_item(&x, index.into_pyobject(py)?.as_any())?.into_ptr())
    })
}

/// An iterator over the entries of a `Variable`, by `sq_item`.
pub(crate) fn iterate<'py>(x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the object is valid, and `Variable` is a sequence.
    unsafe { Bound::from_owned_ptr_or_err(x.py(), ffi::PySeqIter_New(x.as_ptr())) }
}
