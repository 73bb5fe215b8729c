//! What every step of a training loop reads and writes: `value` and `grad` of `Variable`, and
//! `item()` of both types.

use std::ffi::{c_int, c_void};
use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use super::guard::guarded;
use super::object::{VariableObject, assign_number, gradient_of, value_of};
use super::operands::{has_room, is_fast};
use super::vector::{allocate, one_number};
use crate::{numbers, variable};

/// Reads `value`.
///
/// # Safety
/// Called by the interpreter with a `Variable`.
unsafe extern "C" fn get_value(object: *mut ffi::PyObject, _: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the object is one of ours, and the lock is held.
    unsafe { allocate(value_of(object.cast::<VariableObject>())) }
}

/// Reads `grad`.
///
/// # Safety
/// Called by the interpreter with a `Variable`.
unsafe extern "C" fn get_grad(object: *mut ffi::PyObject, _: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the object is one of ours, and the lock is held.
    unsafe {
        match gradient_of(object.cast::<VariableObject>()) {
            Some(gradient) => allocate(gradient),
            None => guarded(|py| {
                let object = Bound::from_borrowed_ptr(py, object);
                variable::warn_of_result_without_gradient(&object)?;
                Ok(py.None().into_ptr())
            }),
        }
    }
}

/// Writes an attribute; `value` is null where it is to be deleted.
///
/// # Safety
/// The interpreter lock is held; `object` is valid, `value` valid or null.
unsafe fn set(
    assign: fn(&Bound<'_, PyAny>, Option<&Bound<'_, PyAny>>) -> PyResult<()>,
    object: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    let done = guarded(|py| {
        // SAFETY: the caller's.
        let (object, value) = unsafe {
            (
                Bound::from_borrowed_ptr(py, object),
                Bound::from_borrowed_ptr_or_opt(py, value),
            )
        };
        assign(&object, value.as_ref())?;
        Ok(object.as_ptr())
    });
    if done.is_null() { -1 } else { 0 }
}

/// Writes `value`: a number at once, everything else by the general code.
///
/// # Safety
/// Called by the interpreter with a `Variable`, and an object or null.
unsafe extern "C" fn set_value(
    object: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the object is one of ours, the value valid, and the lock is held.
    unsafe {
        if !value.is_null()
            && (*object.cast::<VariableObject>()).tag == 0
            && let Some(number) = one_number(value)
            && has_room()
            && assign_number(object.cast::<VariableObject>(), number)
        {
            return 0;
        }
        set(variable::set_value, object, value)
    }
}

/// Writes `grad`.
///
/// # Safety
/// Called by the interpreter with a `Variable`, and an object or null.
unsafe extern "C" fn set_grad(
    object: *mut ffi::PyObject,
    gradient: *mut ffi::PyObject,
    _: *mut c_void,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { set(variable::set_grad, object, gradient) }
}

/// The definitions, and the end mark.
pub(super) fn of_variable() -> Vec<ffi::PyGetSetDef> {
    let closure = ptr::null_mut();
    vec![
        ffi::PyGetSetDef {
            name: c"value".as_ptr(),
            get: Some(get_value),
            set: Some(set_value),
            doc: variable::VALUE_DOC.as_ptr(),
            closure,
        },
        ffi::PyGetSetDef {
            name: c"grad".as_ptr(),
            get: Some(get_grad),
            set: Some(set_grad),
            doc: variable::GRAD_DOC.as_ptr(),
            closure,
        },
        ffi::PyGetSetDef {
            name: ptr::null(),
            get: None,
            set: None,
            doc: ptr::null(),
            closure,
        },
    ]
}

/// `item()`: the one entry, as a float.
///
/// # Safety
/// Called by the interpreter with a `Variable` or a `Vector`.
pub(super) unsafe extern "C" fn item(
    object: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the object is valid, an object of the fast type is one of ours, and where the tag is
    // 0 it holds a number.
    unsafe {
        let number = if is_fast(object) {
            let variable = object.cast::<VariableObject>();
            ((*variable).tag == 0).then(|| (*variable).value.number)
        } else {
            one_number(object)
        };
        if let Some(number) = number {
            return ffi::PyFloat_FromDouble(number);
        }
    }
    guarded(|py| {
        // SAFETY: the object is valid while the method runs.
        let object = unsafe { Bound::from_borrowed_ptr(py, object) };
        Ok(PyFloat::new(py, numbers::number("item", &object)?).into_ptr())
    })
}
