//! The type `Vector`: its objects, and the slots that are fast where vectors hold one number.
//!
//! A `Vector` refers to no other object, so that its objects need no header for the collector of
//! cycles; a number, which is what `loss.value` and the `grad` of a scalar are, lies in the object.

use std::ptr;

use autograd_core::array::Value;
use autograd_core::ops::{BinaryRule, UnaryRule};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::cell::{GilCell, Pointer};
use super::entries::small_index;
use super::guard::guarded;
use super::operands::plain_number;
use super::slots::{binary_slow, unary_slow};
use crate::vector::{self, Vector};

/// An object of `Vector`.
#[repr(C)]
pub(super) struct VectorObject {
    header: ffi::PyObject,
    vector: Vector,
}

static VECTOR_TYPE: GilCell<Pointer<ffi::PyTypeObject>> = GilCell::new(Pointer(ptr::null_mut()));

/// Tells this module its type. Called once, before any object is made.
pub(super) fn set_type(py: Python<'_>, vector_type: *mut ffi::PyTypeObject) {
    VECTOR_TYPE.with(py, |own| own.0 = vector_type);
}

/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn is_vector(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe { ffi::Py_TYPE(object) == (*VECTOR_TYPE.get()).0 }
}

/// The vector of an object of `Vector`; `None` if it is something else.
#[inline(always)]
pub(crate) fn vector_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a Vector> {
    // SAFETY: the object is valid and the lock is held, as there is a `Bound`. The type says that
    // it is an object of ours; it lives as long as the reference to it.
    unsafe { is_vector(object.as_ptr()).then(|| &(*object.as_ptr().cast::<VectorObject>()).vector) }
}

/// The value of an object of `Vector`; `None` if it is something else.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn plain_value(object: *mut ffi::PyObject) -> Option<Value> {
    // SAFETY: the type is compared before the object is read as one of it.
    unsafe {
        is_vector(object).then(|| {
            let vector = &(*object.cast::<VectorObject>()).vector;
            vector.value(Python::assume_attached())
        })
    }
}

/// A new object; null, with an error set, where there is no memory.
///
/// # Safety
/// The interpreter lock is held, and `set_type` was called.
#[inline(always)]
pub(super) unsafe fn allocate(value: Value) -> *mut ffi::PyObject {
    // SAFETY: the storage is of the size of an object, and is written before it is handed out.
    // The header is made by the interpreter, which counts the object as a reference to its type.
    unsafe {
        let object = ffi::PyObject_Malloc(size_of::<VectorObject>()).cast::<VectorObject>();
        if object.is_null() {
            return ffi::PyErr_NoMemory();
        }
        (&raw mut (*object).vector).write(Vector::new(value));
        ffi::PyObject_Init(object.cast(), (*VECTOR_TYPE.get()).0)
    }
}

/// A new `Vector`.
pub(crate) fn new_vector(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the token proves that the lock is held; the type is there before any code that
    // makes objects.
    unsafe { Bound::from_owned_ptr_or_err(py, allocate(value)) }
}

/// A list of floats.
pub(crate) fn new_list<'py>(py: Python<'py>, numbers: &[f64]) -> PyResult<Bound<'py, PyList>> {
    // SAFETY: the list is new, and has a place for each of the numbers; a list that is not full yet
    // may be released.
    unsafe {
        let list = ffi::PyList_New(numbers.len() as ffi::Py_ssize_t);
        let list = Bound::from_owned_ptr_or_err(py, list)?.cast_into_unchecked::<PyList>();
        for (place, &number) in (0..).zip(numbers) {
            let number = Bound::from_owned_ptr_or_err(py, ffi::PyFloat_FromDouble(number))?;
            ffi::PyList_SET_ITEM(list.as_ptr(), place, number.into_ptr());
        }
        Ok(list)
    }
}

/// `tp_dealloc`.
///
/// # Safety
/// Called by the interpreter with the last reference to an object of `Vector`.
pub(super) unsafe extern "C" fn deallocate(object: *mut ffi::PyObject) {
    // SAFETY: it is an object of `Vector` that nobody refers to any more: no view of it is open,
    // as a view holds a reference. Dropping numbers runs no Python code.
    unsafe {
        let vector_type = ffi::Py_TYPE(object);
        ptr::drop_in_place(&raw mut (*object.cast::<VectorObject>()).vector);
        ffi::PyObject_Free(object.cast());
        ffi::Py_DECREF(vector_type.cast());
    }
}

/// The one entry of a `Vector` of any rank, or a plain float or int.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn one_number(object: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: the type is compared before the object is read as one of it.
    unsafe {
        if is_vector(object) {
            let py = Python::assume_attached();
            (*object.cast::<VectorObject>()).vector.one_entry(py)
        } else {
            plain_number(object)
        }
    }
}

/// A `Vector` that is a number, or a plain float or int.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
unsafe fn number_of(object: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: the type is compared before the object is read as one of it.
    unsafe {
        if is_vector(object) {
            let py = Python::assume_attached();
            (*object.cast::<VectorObject>()).vector.number(py)
        } else {
            plain_number(object)
        }
    }
}

/// A number slot of two operands.
///
/// # Safety
/// Called by the interpreter with two valid objects.
pub(super) unsafe extern "C" fn binary_slot<R: BinaryRule>(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid, and the lock is held.
    unsafe {
        match (number_of(a), number_of(b)) {
            (Some(a), Some(b)) => allocate(Value::number(R::value(a, b))),
            _ => binary_slow(R::OP, a, b),
        }
    }
}

/// A number slot of one operand.
///
/// # Safety
/// Called by the interpreter with a valid object.
pub(super) unsafe extern "C" fn unary_slot<R: UnaryRule>(
    x: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operand is valid, and the lock is held.
    unsafe {
        match number_of(x) {
            Some(x) => allocate(Value::number(R::value(x))),
            None => unary_slow(R::OP, x),
        }
    }
}

/// The entry at a place of a vector; negative indices count from the end. Null where there is none
/// or no memory, without an error set in the first case.
///
/// # Safety
/// `x` is a `Vector`, and the interpreter lock is held.
#[inline(always)]
unsafe fn entry(x: *mut ffi::PyObject, index: isize) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let vector = &(*x.cast::<VectorObject>()).vector;
        let number = vector.entry(Python::assume_attached(), index)?;
        Some(allocate(Value::number(number)))
    }
}

/// `mp_subscript`: one entry at once, everything else by the general code.
///
/// # Safety
/// Called by the interpreter with two valid objects, the first of them a `Vector`.
pub(super) unsafe extern "C" fn subscript_slot(
    x: *mut ffi::PyObject,
    index: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid, and the lock is held.
    unsafe {
        if let Some(place) = small_index(index)
            && let Some(found) = entry(x, place)
        {
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
        Ok(vector::get_item(&x, &index)?.into_ptr())
    })
}

/// `sq_item`: an entry, for iterators.
///
/// # Safety
/// Called by the interpreter with a `Vector`.
pub(super) unsafe extern "C" fn item_slot(
    x: *mut ffi::PyObject,
    index: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the operand is a vector, and the lock is held.
    if let Some(found) = unsafe { entry(x, index) } {
        return found;
    }
    guarded(|py| {
        // SAFETY: the operand of a slot is valid while it runs.
        let x = unsafe { Bound::from_borrowed_ptr(py, x) };
        Ok(vector::get_item(&x, index.into_pyobject(py)?.as_any())?.into_ptr())
    })
}
