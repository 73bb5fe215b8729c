//! The number slots of `Variable` and the elementwise functions: fast where both operands are
//! plain, and a call of the general code everywhere else.

use std::array;
use std::ffi::{CString, c_int};
use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use autograd_core::array::Value;
use autograd_core::ops::{
    BinaryOp, BinaryRule, BinaryVisitor, Facts, Saved, UnaryOp, UnaryRule, UnaryVisitor,
    binary_rules,
};
use autograd_core::structural::Structural;
use autograd_core::tape::{Node, NodeId, Op, Operand, SINK, Tape};
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyModule;

use super::array::array_value;
use super::attributes::item;
use super::cell::{GilCell, Pointer};
use super::object::{TAPE, VariableObject, make, make_room, update_fast_type, value_of};
use super::pool::{free_object, make_free_object, push};
use super::vector;
use crate::vector::span_of;
use crate::{arithmetic, variable};

/// The type whose operands take the fast path: `Variable`, or null while a mode is active that
/// the fast path does not know.
pub(super) static FAST_TYPE: GilCell<Pointer<ffi::PyTypeObject>> =
    GilCell::new(Pointer(ptr::null_mut()));

/// Says whether operations may take the fast path.
pub(crate) fn set_fast(py: Python<'_>, is_fast: bool) {
    update_fast_type(py, is_fast);
}

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
unsafe fn is_float(object: *mut ffi::PyObject) -> bool {
    // SAFETY: the caller's.
    unsafe { ffi::Py_TYPE(object) == &raw mut ffi::PyFloat_Type }
}

/// Whether an object is an int, and of no type that derives from it.
///
/// # Safety
/// `object` is a valid object.
#[inline(always)]
unsafe fn is_int(object: *mut ffi::PyObject) -> bool {
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
unsafe fn whole_number(object: *mut ffi::PyObject) -> Option<f64> {
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
unsafe fn tracked_number(object: *mut ffi::PyObject) -> Option<f64> {
    let variable = object.cast::<VariableObject>();
    // SAFETY: an object of the fast type is one of ours, and where the tag is 0 it holds a number.
    unsafe { ((*variable).tag == 0).then(|| (*variable).value.number) }
}

/// The node of a scalar operation.
#[inline(always)]
fn scalar_node(op: Op, ids: [NodeId; 2], slots: [f64; 2]) -> Node {
    Node {
        op,
        tag: 0,
        gap: 0,
        a: ids[0],
        b: ids[1],
        record: 0,
        partial_a: slots[0],
        partial_b: slots[1],
    }
}

/// An operand that takes no code of Python to read: a `Variable`, a `Vector`, a float, an int, or a
/// usual array of NumPy's.
///
/// # Safety
/// `object` is a valid object, and the interpreter lock is held.
#[inline(always)]
unsafe fn plain_operand(object: *mut ffi::PyObject) -> Option<Operand> {
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
            Some(Operand::constant(Value::Number(number)))
        } else {
            array_value(object).map(Operand::constant)
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
unsafe fn plain_operation<const N: usize>(
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
        let zero = || Operand::constant(Value::Number(0.0));
        let mut operands: [Operand; N] = array::from_fn(|_| zero());
        for (operand, object) in operands.iter_mut().zip(objects) {
            *operand = plain_operand(object)?;
        }
        let work = || work(&mut *TAPE.get(), &operands);
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

/// A number slot of two operands.
///
/// Whatever is not the usual case leaves by a call in the last place, to what cannot unwind: with a
/// call in its midst, the slot would save registers on all its paths.
///
/// # Safety
/// Called by the interpreter with two valid objects.
pub(super) unsafe extern "C" fn binary_slot<R: BinaryRule>(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid; types are compared before objects are read as one of them.
    unsafe {
        let free = free_object();
        if !free.is_null() {
            if is_fast(a) {
                if let Some(x_a) = tracked_number(a) {
                    if is_fast(b) {
                        if let Some(x_b) = tracked_number(b) {
                            let y = R::value(x_a, x_b);
                            let saved = Saved { a: x_a, b: x_b, y };
                            let partials = [R::partial_a(saved), R::partial_b(saved)];
                            let node = scalar_node(Op::Binary(R::OP), [id(a), id(b)], partials);
                            return push(free, y, node);
                        }
                    } else if is_float(b) {
                        return with_right::<R>(free, a, ffi::PyFloat_AS_DOUBLE(b));
                    }
                }
            } else if is_fast(b) && is_float(a) && tracked_number(b).is_some() {
                return with_left::<R>(free, ffi::PyFloat_AS_DOUBLE(a), b);
            }
        }
        binary_unusual::<R>(a, b)
    }
}

/// The node of an object of the fast type.
///
/// # Safety
/// `object` is of the fast type, and nothing reclaims before the id is used.
#[inline(always)]
unsafe fn id(object: *mut ffi::PyObject) -> NodeId {
    // SAFETY: an object of the fast type is one of ours.
    unsafe { (*object.cast::<VariableObject>()).node }
}

/// An operation of a `Variable` and a number.
///
/// # Safety
/// `a` is a number with a node, and `free` what [`free_object`] found.
#[inline(always)]
unsafe fn with_right<R: BinaryRule>(
    free: *mut VariableObject,
    a: *mut ffi::PyObject,
    x_b: f64,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    unsafe {
        let x_a = (*a.cast::<VariableObject>()).value.number;
        let y = R::value(x_a, x_b);
        let partial = R::partial_a(Saved { a: x_a, b: x_b, y });
        push(
            free,
            y,
            scalar_node(Op::Binary(R::OP), [id(a), SINK], [partial, x_b]),
        )
    }
}

/// An operation of a number and a `Variable`.
///
/// # Safety
/// `b` is a number with a node, and `free` what [`free_object`] found.
#[inline(always)]
unsafe fn with_left<R: BinaryRule>(
    free: *mut VariableObject,
    x_a: f64,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    unsafe {
        let x_b = (*b.cast::<VariableObject>()).value.number;
        let y = R::value(x_a, x_b);
        let partial = R::partial_b(Saved { a: x_a, b: x_b, y });
        push(
            free,
            y,
            scalar_node(Op::Binary(R::OP), [SINK, id(b)], [x_a, partial]),
        )
    }
}

/// The less usual operands: an int beside a number, and where there is no room.
///
/// # Safety
/// Both are valid objects, and the interpreter lock is held.
#[inline(never)]
unsafe extern "C" fn binary_unusual<R: BinaryRule>(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid; types are compared before objects are read as one of them.
    // Reading an int runs no code that could use what is free.
    unsafe {
        let free = free_object();
        if free.is_null() {
            if make_free_object() {
                return binary_slot::<R>(a, b);
            }
        } else if is_fast(a)
            && is_int(b)
            && tracked_number(a).is_some()
            && let Some(x_b) = whole_number(b)
        {
            return with_right::<R>(free, a, x_b);
        } else if is_fast(b)
            && is_int(a)
            && tracked_number(b).is_some()
            && let Some(x_a) = whole_number(a)
        {
            return with_left::<R>(free, x_a, b);
        }
        binary_slow(R::OP, a, b)
    }
}

/// # Safety
/// Both are valid objects, and the interpreter lock is held.
#[cold]
#[inline(never)]
pub(super) unsafe fn binary_slow(
    op: BinaryOp,
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let record = |tape: &mut Tape, [a, b]: &[Operand; 2]| tape.binary(op, a, b).ok();
    // SAFETY: the caller's.
    if let Some(result) = unsafe { plain_operation([a, b], record) } {
        return result;
    }
    guarded(|py| {
        // SAFETY: the operands of a slot are valid while it runs.
        let (a, b) = unsafe {
            (
                Bound::from_borrowed_ptr(py, a),
                Bound::from_borrowed_ptr(py, b),
            )
        };
        Ok(arithmetic::binary_or_not_implemented(op, &a, &b)?.into_ptr())
    })
}

/// The slot of `divmod(a, b)`, for operands of either type.
///
/// # Safety
/// Called by the interpreter with two valid objects.
pub(super) unsafe extern "C" fn divmod_slot(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid, and the results are ours to give up.
    unsafe {
        let quotient = binary_slot::<binary_rules::Floordiv>(a, b);
        if quotient.is_null() || quotient == ffi::Py_NotImplemented() {
            return quotient;
        }
        let remainder = binary_slot::<binary_rules::Remainder>(a, b);
        let both = if remainder.is_null() {
            ptr::null_mut()
        } else {
            ffi::PyTuple_Pack(2, quotient, remainder)
        };
        ffi::Py_DECREF(quotient);
        ffi::Py_XDECREF(remainder);
        both
    }
}

/// The slot of `a ** b`, whose third operand we do not take.
///
/// # Safety
/// Called by the interpreter with three valid objects.
pub(super) unsafe extern "C" fn power_slot(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
    modulus: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid.
    unsafe {
        if modulus != ffi::Py_None() {
            let message = c"pow: got a modulus, wanted none: pow(x, y, z) is for whole numbers";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, message.as_ptr());
            return ptr::null_mut();
        }
        if vector::is_vector(a) {
            return vector::binary_slot::<binary_rules::Pow>(a, b);
        }
        binary_slot::<binary_rules::Pow>(a, b)
    }
}

/// The slot of `a @ b`.
///
/// # Safety
/// Called by the interpreter with two valid objects.
pub(super) unsafe extern "C" fn matmul_slot(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid, and the lock is held.
    if let Some(result) = unsafe { plain_operation([a, b], arithmetic::dot_of_vectors) } {
        return result;
    }
    guarded(|py| {
        // SAFETY: the operands of a slot are valid while it runs.
        let (a, b) = unsafe {
            (
                Bound::from_borrowed_ptr(py, a),
                Bound::from_borrowed_ptr(py, b),
            )
        };
        Ok(arithmetic::matmul_or_not_implemented(&a, &b)?.into_ptr())
    })
}

/// A number slot of one operand.
///
/// # Safety
/// Called by the interpreter with a valid object.
pub(super) unsafe extern "C" fn unary_slot<R: UnaryRule>(
    x: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the operand is valid; its type is compared before it is read as one of it.
    unsafe {
        if is_fast(x) {
            let free = free_object();
            if !free.is_null()
                && let Some(number) = tracked_number(x)
            {
                let y = R::value(number);
                let saved = Saved {
                    a: number,
                    b: number,
                    y,
                };
                let slots = [R::partial(saved), 0.0];
                let node = scalar_node(Op::Unary(R::OP), [id(x), SINK], slots);
                return push(free, y, node);
            }
        } else if is_float(x) {
            return ffi::PyFloat_FromDouble(R::value(ffi::PyFloat_AS_DOUBLE(x)));
        }
        unary_unusual(R::OP, unary_slot::<R>, x)
    }
}

/// Where there is no room: makes some, and calls the slot again.
///
/// # Safety
/// `x` is a valid object, and the interpreter lock is held.
#[inline(never)]
unsafe extern "C" fn unary_unusual(
    op: UnaryOp,
    slot: unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject,
    x: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    unsafe {
        if is_fast(x) && free_object().is_null() && make_free_object() {
            return slot(x);
        }
        unary_slow(op, x)
    }
}

/// # Safety
/// `x` is a valid object, and the interpreter lock is held.
#[cold]
#[inline(never)]
pub(super) unsafe fn unary_slow(op: UnaryOp, x: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    if let Some(result) = unsafe { plain_operation([x], |tape, [x]| tape.unary(op, x).ok()) } {
        return result;
    }
    guarded(|py| {
        // SAFETY: the operand of a slot is valid while it runs.
        let x = unsafe { Bound::from_borrowed_ptr(py, x) };
        Ok(arithmetic::unary(op, &x)?.into_ptr())
    })
}

/// A method without arguments.
///
/// # Safety
/// Called by the interpreter with a valid object.
unsafe extern "C" fn unary_method<R: UnaryRule>(
    x: *mut ffi::PyObject,
    _: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    unsafe { unary_slot::<R>(x) }
}

/// A function of a module with one argument.
///
/// # Safety
/// Called by the interpreter with a valid object.
unsafe extern "C" fn unary_function<R: UnaryRule>(
    _: *mut ffi::PyObject,
    x: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's.
    unsafe { unary_slot::<R>(x) }
}

/// A function of a module with two arguments.
///
/// # Safety
/// Called by the interpreter with `count` valid objects.
unsafe extern "C" fn binary_function<R: BinaryRule>(
    _: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    if count != 2 {
        return guarded(|_| Err(arithmetic::wrong_count(R::OP.facts().name, count)));
    }
    // SAFETY: there are two of them, and they are valid while the function runs.
    let (a, b) = unsafe { (*arguments, *arguments.add(1)) };
    // SAFETY: both are valid.
    let result = unsafe { binary_slot::<R>(a, b) };
    // SAFETY: asking for the singleton needs the lock only.
    if result != unsafe { ffi::Py_NotImplemented() } {
        return result;
    }
    // SAFETY: the result is ours, and is given up; the operands are valid.
    unsafe {
        ffi::Py_DECREF(result);
        guarded(|py| {
            let a = Bound::from_borrowed_ptr(py, a);
            let b = Bound::from_borrowed_ptr(py, b);
            Err(arithmetic::wrong_operand(R::OP.facts().name, &[&a, &b]))
        })
    }
}

/// `tp_richcompare`: numbers give a bool at once, vectors a vector.
///
/// # Safety
/// Called by the interpreter with two valid objects.
pub(super) unsafe extern "C" fn compare_slot(
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
    relation: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: the operands are valid; types are compared before objects are read as one of them.
    unsafe {
        if is_fast(a)
            && let Some(x_a) = tracked_number(a)
        {
            let x_b = if is_fast(b) {
                tracked_number(b)
            } else {
                plain_number(b)
            };
            if let Some(x_b) = x_b {
                let holds = arithmetic::Relation::from_raw(relation).holds(x_a, x_b);
                return ffi::PyBool_FromLong(holds.into());
            }
        }
    }
    let relation = arithmetic::Relation::from_raw(relation);
    // SAFETY: the operands are valid, and the lock is held.
    if let Some(mask) = unsafe { plain_comparison(relation, a, b) } {
        return mask;
    }
    guarded(|py| {
        // SAFETY: the operands of a slot are valid while it runs.
        let (a, b) = unsafe {
            (
                Bound::from_borrowed_ptr(py, a),
                Bound::from_borrowed_ptr(py, b),
            )
        };
        Ok(arithmetic::compare_or_not_implemented(relation, &a, &b)?.into_ptr())
    })
}

/// A comparison in which a vector of several entries takes part, and nothing that takes code of
/// Python to read.
///
/// # Safety
/// The objects are valid, and the interpreter lock is held.
unsafe fn plain_comparison(
    relation: arithmetic::Relation,
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let (a, b) = (plain_operand(a)?.value, plain_operand(b)?.value);
        let has_array = matches!(a, Value::Array(_)) || matches!(b, Value::Array(_));
        if !has_array {
            return None;
        }
        let mask = Value::mask(&a, &b, |a, b| relation.holds(a, b)).ok()?;
        Some(vector::allocate(mask))
    }
}

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
unsafe fn entry(x: *mut ffi::PyObject, index: isize) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's.
    unsafe {
        if free_object().is_null() && !make_free_object() {
            return None;
        }
        let (number, place) = (*x.cast::<VariableObject>()).entry(index)?;
        Some(push(free_object(), number, Node::index(id(x), place)))
    }
}

/// A slice of a vector; `None` where `index` is none, or something is not as usual.
///
/// # Safety
/// Both are valid objects, and the interpreter lock is held.
unsafe fn slice(x: *mut ffi::PyObject, index: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's; types are compared before objects are read as one of them. The bounds
    // of the slice may run Python code: the operand is read after them.
    unsafe {
        if ffi::PySlice_Check(index) == 0 || !is_fast(x) {
            return None;
        }
        let dim = (*x.cast::<VariableObject>()).dim()?;
        let index = Bound::from_borrowed_ptr(Python::assume_attached(), index);
        let span = span_of("Variable", &index, dim).ok()?;
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

/// `tp_hash`: by identity, as `==` by value would change with every assignment.
///
/// # Safety
/// Called by the interpreter with a valid object.
pub(super) unsafe extern "C" fn hash_slot(object: *mut ffi::PyObject) -> ffi::Py_hash_t {
    // The low bits of an address are always 0.
    (object as usize).rotate_right(4) as ffi::Py_hash_t & ffi::Py_hash_t::MAX
}

/// A method definition that lives as long as the process, as the interpreter wants it.
fn method(
    name: &str,
    facts: &Facts,
    signature: &str,
    call: ffi::PyMethodDefPointer,
    flags: c_int,
) -> ffi::PyMethodDef {
    let text = |text: String| {
        CString::new(text)
            .unwrap_or_default()
            .into_raw()
            .cast_const()
    };
    let doc = format!("{name}({signature})\n--\n\n{}", facts.doc.trim());
    ffi::PyMethodDef {
        ml_name: text(name.to_owned()),
        ml_meth: call,
        ml_flags: flags,
        ml_doc: text(doc),
    }
}

/// The methods of both types that are made here: `item`, the elementwise functions in the order of
/// the table, and the end mark. The functions have NumPy's names, too: for the entries of an object array its functions call
/// the method of their own name.
pub(super) fn methods() -> Vec<ffi::PyMethodDef> {
    struct Method;
    impl UnaryVisitor for Method {
        type Output = ffi::PyMethodDefPointer;
        fn visit<R: UnaryRule>(self) -> Self::Output {
            ffi::PyMethodDefPointer {
                PyCFunction: unary_method::<R>,
            }
        }
    }
    let ops = UnaryOp::ALL.iter().filter(|op| op.facts().is_public);
    let names = ops.flat_map(|op| {
        let foreign = op.facts().numpy.iter().copied();
        let foreign = foreign.filter(|name| *name != op.facts().name);
        iter::once(op.facts().name)
            .chain(foreign)
            .map(move |name| (name, op))
    });
    let methods = names.map(|(name, op)| {
        let call = op.visit(Method);
        method(name, op.facts(), "$self, /", call, ffi::METH_NOARGS)
    });
    let item = ffi::PyMethodDef {
        ml_name: c"item".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: item },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: c"item($self, /)\n--\n\nThe one entry, as a float.".as_ptr(),
    };
    iter::once(item)
        .chain(methods)
        .chain([ffi::PyMethodDef::zeroed()])
        .collect()
}

/// Puts the elementwise functions into a module.
pub(crate) fn set_module_functions(module: &Bound<'_, PyModule>) -> PyResult<()> {
    struct Function;
    impl UnaryVisitor for Function {
        type Output = ffi::PyMethodDefPointer;
        fn visit<R: UnaryRule>(self) -> Self::Output {
            ffi::PyMethodDefPointer {
                PyCFunction: unary_function::<R>,
            }
        }
    }
    impl BinaryVisitor for Function {
        type Output = ffi::PyMethodDefPointer;
        fn visit<R: BinaryRule>(self) -> Self::Output {
            ffi::PyMethodDefPointer {
                PyCFunctionFast: binary_function::<R>,
            }
        }
    }
    let unary = UnaryOp::ALL.iter().map(|op| {
        let facts = op.facts();
        method(facts.name, facts, "x, /", op.visit(Function), ffi::METH_O)
    });
    let binary = BinaryOp::ALL.iter().map(|op| {
        method(
            op.facts().name,
            op.facts(),
            "a, b, /",
            op.visit(Function),
            ffi::METH_FASTCALL,
        )
    });
    let py = module.py();
    let module_name = module.name()?;
    for definition in unary.chain(binary) {
        let definition: *mut ffi::PyMethodDef = Box::leak(Box::new(definition));
        // SAFETY: the definition lives for ever, as do its texts; the name is a valid object.
        let function = unsafe {
            let function =
                ffi::PyCFunction_NewEx(definition, ptr::null_mut(), module_name.as_ptr());
            Bound::from_owned_ptr_or_err(py, function)?
        };
        let name: String = function.getattr("__name__")?.extract()?;
        module.add(name, function)?;
    }
    Ok(())
}
