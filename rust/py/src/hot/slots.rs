//! The number slots of `Variable`: fast where both operands are plain, and a call of the general
//! code everywhere else.

use std::ffi::c_int;
use std::ptr;

use autograd_core::array::{Rank, Value};
use autograd_core::ops::{BinaryOp, BinaryRule, Saved, UnaryOp, UnaryRule, binary_rules};
use autograd_core::tape::{Node, NodeId, Op, Operand, SINK, Tape};
use pyo3::ffi;
use pyo3::prelude::*;

use super::array::truth;
use super::guard::guarded;
use super::object::VariableObject;
use super::operands::{
    id, is_fast, is_float, is_int, plain_number, plain_operand, plain_operation, tracked_number,
    whole_number,
};
use super::pool::{free_object, make_free_object, push};
use super::vector;
use crate::running::wants_arrays;
use crate::{arithmetic, masks};

/// The node of a scalar operation.
#[inline(always)]
pub(super) fn scalar_node(op: Op, ids: [NodeId; 2], slots: [f64; 2]) -> Node {
    Node {
        op,
        tag: 0,
        rank: Rank::NUMBER,
        a: ids[0],
        b: ids[1],
        record: 0,
        partial_a: slots[0],
        partial_b: slots[1],
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

/// An operation of a `Variable` and a number.
///
/// # Safety
/// `a` is a number with a node, and `free` what [`free_object`] found.
#[inline(always)]
pub(super) unsafe fn with_right<R: BinaryRule>(
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
pub(super) unsafe fn with_left<R: BinaryRule>(
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
pub(super) unsafe extern "C" fn binary_unusual<R: BinaryRule>(
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
pub(super) unsafe extern "C" fn unary_unusual(
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
                return truth(holds);
            }
        }
    }
    let relation = arithmetic::Relation::from_raw(relation);
    guarded(|py| {
        // SAFETY: the operands are valid, and the lock is held.
        if let Some(mask) = unsafe { plain_comparison(relation, a, b) } {
            return Ok(mask);
        }
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

/// A comparison in which a vector takes part, and nothing that takes code of Python to read.
///
/// # Safety
/// The objects are valid, and the interpreter lock is held.
pub(super) unsafe fn plain_comparison(
    relation: arithmetic::Relation,
    a: *mut ffi::PyObject,
    b: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the caller's.
    unsafe {
        let is_of_variable = is_fast(a) || is_fast(b);
        let (a, b) = (plain_operand(a)?.value, plain_operand(b)?.value);
        if a.rank().is_number() && b.rank().is_number() {
            return None;
        }
        let mask = Value::mask(&a, &b, |a, b| relation.holds(a, b)).ok()?;
        if is_of_variable && wants_arrays() {
            let py = Python::assume_attached();
            return masks::answer(py, mask, true).ok().map(Bound::into_ptr);
        }
        Some(vector::allocate(mask))
    }
}

/// `tp_hash`: by identity, as `==` by value would change with every assignment.
///
/// # Safety
/// Called by the interpreter with a valid object.
pub(super) unsafe extern "C" fn hash_slot(object: *mut ffi::PyObject) -> ffi::Py_hash_t {
    // The low bits of an address are always 0.
    (object as usize).rotate_right(4) as ffi::Py_hash_t & ffi::Py_hash_t::MAX
}
