//! What operands are, and operations on those that take no code of Python to read.

use std::array;
use std::mem::ManuallyDrop;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use autograd_core::array::Value;
use autograd_core::tape::{NodeId, Operand, Tape};
use pyo3::ffi;
use pyo3::prelude::*;

use super::array::array_value;
use super::cell::{GilCell, Pointer};
use super::object::{TAPE, VariableObject, make, make_room, update_fast_type, value_of};
use super::vector;

/// The type whose operands take the fast path: `Variable`, or null while a mode is active that
/// the fast path does not know.
pub(super) static FAST_TYPE: GilCell<Pointer<ffi::PyTypeObject>> =
    GilCell::new(Pointer(ptr::null_mut()));

/// Says whether operations may take the fast path.
pub(crate) fn set_fast(py: Python<'_>, is_fast: bool) {
    update_fast_type(py, is_fast);
}

/// # Safety
/// `object` is a valid object.
#[inline(always)]
pub(super) unsafe fn is_fast(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe { ffi::Py_TYPE(object) == (*FAST_TYPE.get()).0 }
}

/// Whether an object is a float, and of no type that derives from it.
///
/// # Safety
/// `object` is a valid object.
#[inline(always)]
pub(super) unsafe fn is_float(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe { ffi::Py_TYPE(object) == &raw mut ffi::PyFloat_Type }
}

/// Whether an object is an int, and of no type that derives from it.
///
/// # Safety
/// `object` is a valid object.
#[inline(always)]
pub(super) unsafe fn is_int(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe { ffi::Py_TYPE(object) == &raw mut ffi::PyLong_Type }
}

/// The number of a plain float or int operand.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn plain_number(object: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: the type is compared before the object is read as one of it.
    unsafe {
        if is_float(object) {
            Some(ffi::PyFloat_AS_DOUBLE(object))
        } else if is_int(object) {
            whole_number(object)
        } else {
            None
        }
    }
}

/// The number of an int, if it is not too large.
///
/// # Safety
/// `object` is a valid int, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn whole_number(object: *mut ffi::PyObject) -> Option<f64> {
    // SAFETY: the caller's.
    unsafe {
        let number = ffi::PyLong_AsDouble(object);
        if number == -1.0 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(number)
    }
}

/// The number of a `Variable` with a node, if that is what its value is.
///
/// # Safety
/// `object` is of the fast type.
#[inline(always)]
pub(super) unsafe fn tracked_number(object: *mut ffi::PyObject) -> Option<f64> {
    let variable = object.cast::<VariableObject>();
    // SAFETY: an object of the fast type is one of ours, and where the tag is 0 it holds a number.
    unsafe { ((*variable).tag == 0).then(|| (*variable).value.number) }
}

/// An operand that takes no code of Python to read: a `Variable`, a `Vector`, a float, an int, or a
/// usual array of NumPy's.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn plain_operand(object: *mut ffi::PyObject) -> Option<Operand> {
    // SAFETY: the type is compared before the object is read as one of it.
    unsafe {
        if is_fast(object) {
            let variable = object.cast::<VariableObject>();
            Some(Operand {
                node: (*variable).node,
                value: value_of(variable),
            })
        } else if let Some(value) = vector::plain_value(object) {
            Some(Operand::constant(value))
        } else if let Some(number) = plain_number(object) {
            Some(Operand::constant(Value::number(number)))
        } else {
            array_value(object).map(Operand::constant)
        }
    }
}

/// Operands as they lie in their objects: a `Variable` is read without a count of who shares its
/// vector, which takes longer than adding two numbers.
struct Operands<const N: usize> {
    read: ManuallyDrop<[Operand; N]>,
    /// Whether an operand is ours to drop, rather than a copy of what its object holds.
    is_own: [bool; N],
}

impl<const N: usize> Operands<N> {
    /// Reads the objects; `None` if one takes code of Python to read.
    ///
    /// # Safety
    /// The objects are valid and stay as they are while the operands live, and the interpreter lock
    /// is held.
    #[inline(always)]
    unsafe fn read(objects: [*mut ffi::PyObject; N]) -> Option<Self> {
        let zero = |_| Operand::constant(Value::number(0.0));
        let mut operands = Self {
            read: ManuallyDrop::new(array::from_fn(zero)),
            is_own: [false; N],
        };
        for (place, object) in objects.into_iter().enumerate() {
            // SAFETY: the caller's; the type is compared before the object is read as one of it.
            // What is copied is not dropped, and its owner lives longer.
            unsafe {
                operands.read[place] = if is_fast(object) {
                    let variable = object.cast::<VariableObject>();
                    let value = match &(*variable).array {
                        Some(buffer) => Value::Array(ptr::read(buffer)),
                        None => Value::Number((*variable).value.number, (*variable).rank_of_one()),
                    };
                    let node = (*variable).node;
                    Operand { node, value }
                } else {
                    operands.is_own[place] = true;
                    plain_operand(object)?
                };
            }
        }
        Some(operands)
    }
}

impl<const N: usize> Drop for Operands<N> {
    fn drop(&mut self) {
        for (operand, is_own) in self.read.iter_mut().zip(self.is_own) {
            if is_own {
                // SAFETY: it was made for us, and nobody uses it after this.
                unsafe { ptr::drop_in_place(operand) };
            }
        }
    }
}

/// An operation on operands of which none takes code of Python to read, and one is a `Variable` or
/// a `Vector`: straight to the tape. `None` where it is none of these, or fails: the general code
/// then finds out why.
///
/// # Safety
/// The objects are valid, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn plain_operation<const N: usize>(
    objects: [*mut ffi::PyObject; N],
    work: impl FnOnce(&mut Tape, &[Operand; N]) -> Option<Operand>,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's; ids are read after room was made, and nothing below that runs Python
    // code or drops an object of it.
    unsafe {
        let is_variable = objects.iter().any(|&object| is_fast(object));
        if !is_variable && !objects.iter().any(|&object| vector::is_vector(object)) || !has_room() {
            return None;
        }
        let operands = Operands::read(objects)?;
        let work = || work(&mut *TAPE.get(), &operands.read);
        let result = panic::catch_unwind(AssertUnwindSafe(work)).ok()??;
        Some(if is_variable {
            make(result, false)
        } else {
            vector::allocate(result.value)
        })
    }
}

/// The result of an operation on operands of which none takes code of Python to read, and one is a
/// `Variable` or a `Vector`; `None` where it is none of these, `work` gives none, or a mode is
/// active. `work` must run no Python code.
pub(crate) fn plain_result<'py, const N: usize>(
    objects: [&Bound<'py, PyAny>; N],
    work: impl FnOnce(&mut Tape, &[Operand; N]) -> Option<Operand>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(first) = objects.first() else {
        return Ok(None);
    };
    // SAFETY: the objects are valid and the lock is held, as there are `Bound`s; the result is a
    // new reference, or null with an error set.
    unsafe {
        plain_operation(objects.map(Bound::as_ptr), work)
            .map(|result| Bound::from_owned_ptr_or_err(first.py(), result))
            .transpose()
    }
}

/// Makes sure that the tape has room for a node; false if there is none to be had.
///
/// # Safety
/// The interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn has_room() -> bool {
    // SAFETY: the lock is held; `make_room` borrows the tape itself, after this borrow ended.
    unsafe {
        let wants_room = (*TAPE.get()).wants_room();
        !wants_room || Python::attach(make_room).is_ok()
    }
}

/// The node of an object of the fast type.
///
/// # Safety
/// `object` is of the fast type, and nothing reclaims before the id is used.
#[inline(always)]
pub(super) unsafe fn id(object: *mut ffi::PyObject) -> NodeId {
    // SAFETY: an object of the fast type is one of ours.
    unsafe { (*object.cast::<VariableObject>()).node }
}
