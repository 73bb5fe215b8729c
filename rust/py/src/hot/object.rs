//! The objects of `Variable`: their layout, and what they hold.

use std::ptr;

use autograd_core::array::{Buffer, Value};
use autograd_core::memory;
use autograd_core::tape::{Error, LeafId, NodeId, Operand, SINK, Tape};
use pyo3::ffi;
use pyo3::prelude::*;

use super::cell::GilCell;
use super::operands::FAST_TYPE;
use super::pool::{POOL, allocate};
use crate::errors;

/// Bits of [`VariableObject::tag`] that take an object out of the fast path.
pub(super) mod tag {
    /// The value is a vector.
    pub(in crate::hot) const ARRAY: u16 = 1;
    /// There is no node: the value is a constant.
    pub(in crate::hot) const UNTRACKED: u16 = 2;
    /// The object is not in use.
    pub(in crate::hot) const FREE: u16 = 4;
}

/// An object of `Variable`.
///
/// While it is free, `next` of `value` leads to the next free one, `array` is `None`, and the
/// header keeps its type.
#[repr(C)]
pub(super) struct VariableObject {
    pub(super) header: ffi::PyObject,
    pub(super) value: Payload,
    pub(super) node: NodeId,
    pub(super) tag: u16,
    /// Whether a leaf of the tape names this object as its owner.
    pub(super) is_leaf: bool,
    pub(super) array: Option<Buffer>,
}

/// The value of a number, or the link of a free object.
#[repr(C)]
pub(super) union Payload {
    pub(super) number: f64,
    pub(super) next: *mut VariableObject,
}

impl VariableObject {
    /// How many entries a tracked vector has.
    pub(super) fn dim(&self) -> Option<usize> {
        let is_tracked = self.tag == tag::ARRAY;
        self.array.as_ref().filter(|_| is_tracked).map(Buffer::len)
    }

    /// An entry of a tracked vector and its place; negative indices count from the end.
    #[inline(always)]
    pub(super) fn entry(&self, index: isize) -> Option<(f64, u32)> {
        if self.tag != tag::ARRAY {
            return None;
        }
        let entries = self.array.as_ref()?.as_slice();
        let place = if index < 0 {
            index + entries.len() as isize
        } else {
            index
        };
        let number = *entries.get(usize::try_from(place).ok()?)?;
        Some((number, u32::try_from(place).ok()?))
    }
}

pub(super) static TAPE: GilCell<Tape> = GilCell::new(Tape::new());
/// Runs `work` with the tape. It must run no Python code.
#[inline(always)]
pub(crate) fn with_tape<R>(py: Python<'_>, work: impl FnOnce(&mut Tape) -> R) -> R {
    TAPE.with(py, work)
}

/// Makes room on the tape, dropping what no `Variable` can reach if that is due. Node ids read
/// before are not valid after.
#[cold]
#[inline(never)]
pub(super) fn make_room(py: Python<'_>) -> Result<(), Error> {
    memory::caught(|| {
        if with_tape(py, |tape| tape.is_short()) {
            give_memory_back(py, false);
        }
        if with_tape(py, |tape| tape.wants_reclaim()) {
            reclaim(py);
        }
        if with_tape(py, Tape::make_room).is_ok() {
            return Ok(());
        }
        // What is dead may be enough, though it was not due.
        if with_tape(py, |tape| tape.can_reclaim()) {
            reclaim(py);
        }
        with_tape(py, Tape::make_room)
    })?
}

/// Drops what no `Variable` can reach, whether it is due or not.
pub(crate) fn reclaim(py: Python<'_>) {
    let moved = POOL.with(py, |pool| {
        with_tape(py, |tape| {
            let roots = pool.objects().filter(|object| object.node != SINK);
            let moved = tape.reclaim(roots.map(|object| object.node));
            pool.objects_mut()
                .for_each(|object| object.node = moved.new_id(object.node));
            moved
        })
    });
    POOL.with(py, |pool| pool.release_slabs(false));
    crate::anomaly::follow(py, &moved);
    // What the records own may run Python code when it goes: after the tape is whole again.
    crate::custom::release(py, &moved.dead);
    drop(moved);
}

/// Gives up all that nobody needs, after there was no memory for something; where `is_short`, once
/// more when the next operation is recorded, as objects go meanwhile.
#[cold]
pub(crate) fn give_memory_back(py: Python<'_>, is_short: bool) {
    if with_tape(py, |tape| tape.can_reclaim()) {
        // Where there is none for this either, the nodes stay.
        let _ = memory::caught(|| reclaim(py));
    }
    POOL.with(py, |pool| pool.release_slabs(true));
    with_tape(py, |tape| tape.give_back(is_short));
}

/// Whether an object is a `Variable`.
#[inline(always)]
pub(crate) fn is_variable(object: &Bound<'_, PyAny>) -> bool {
    let variable_type = POOL.with(object.py(), |pool| pool.variable_type);
    ptr::eq(object.get_type_ptr(), variable_type)
}

/// The value and the node of a `Variable`; `None` if the object is no `Variable`.
pub(crate) fn operand_of(object: &Bound<'_, PyAny>) -> Option<Operand> {
    if !is_variable(object) {
        return None;
    }
    let variable = object.as_ptr().cast::<VariableObject>();
    // SAFETY: the type says that it is an object of ours, in use, as there is a reference.
    unsafe {
        Some(Operand {
            node: (*variable).node,
            value: value_of(variable),
        })
    }
}

/// The value of a `Variable`.
///
/// # Safety
/// It is an object in use, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn value_of(variable: *const VariableObject) -> Value {
    // SAFETY: an object in use that is no vector holds a number.
    unsafe {
        debug_assert!((*variable).tag & tag::FREE == 0);
        match &(*variable).array {
            Some(buffer) => Value::Array(buffer.clone()),
            None => Value::Number((*variable).value.number),
        }
    }
}

/// The gradient that a sweep left with a leaf; `None` where none did, and for a result.
///
/// # Safety
/// It is an object in use, and the interpreter lock is held.
#[inline(always)]
pub(super) unsafe fn gradient_of(variable: *const VariableObject) -> Option<Value> {
    // SAFETY: the lock is held, and nothing here runs Python code.
    unsafe {
        if (*variable).node == SINK {
            return None;
        }
        let tape = &*TAPE.get();
        let leaf = tape.leaf_of((*variable).node)?;
        tape.leaf(leaf).gradient.clone()
    }
}

/// A new object for a value; without a node it is a constant.
///
/// # Safety
/// The caller holds the interpreter lock, and the pool knows the type.
pub(super) unsafe fn make(operand: Operand, is_leaf: bool) -> *mut ffi::PyObject {
    let untracked = if operand.node == SINK {
        tag::UNTRACKED
    } else {
        0
    };
    // SAFETY: the lock is held; the object is new, and nobody else has a reference to it. It is
    // handed out whole.
    unsafe {
        let (number, array) = match operand.value {
            Value::Number(number) => (number, None),
            Value::Array(buffer) => (0.0, Some(buffer)),
        };
        let kind = if array.is_some() { tag::ARRAY } else { 0 };
        let object = allocate(number, operand.node, untracked | kind);
        (*object).is_leaf = is_leaf;
        (*object).array = array;
        object.cast()
    }
}

/// A new `Variable` for a result; without a node it is a constant.
pub(crate) fn new_variable(py: Python<'_>, operand: Operand) -> Bound<'_, PyAny> {
    // SAFETY: the token proves that the lock is held.
    unsafe { Bound::from_owned_ptr(py, make(operand, false)) }
}

/// A new `Variable` that is an input.
pub(crate) fn new_leaf<'py>(py: Python<'py>, value: Value) -> PyResult<Bound<'py, PyAny>> {
    make_room_if_wanted(py)?;
    let node = with_tape(py, |tape| tape.push_leaf(value.clone(), 0));
    let node = node.map_err(errors::to_python)?;
    // SAFETY: the token proves that the lock is held.
    let variable = unsafe { Bound::from_owned_ptr(py, make(Operand { node, value }, true)) };
    let address = variable.as_ptr() as usize;
    with_tape(py, |tape| {
        if let Some(leaf) = tape.leaf_of(node) {
            tape.leaf_mut(leaf).owner = address;
        }
    });
    Ok(variable)
}

/// A new `Variable` that is an argument of a function which is differentiated, an array or a number.
pub(crate) fn new_argument(
    py: Python<'_>,
    value: Value,
    is_array: bool,
) -> PyResult<Bound<'_, PyAny>> {
    let variable = new_leaf(py, value)?;
    with_tape(py, |tape| {
        let node = operand_of(&variable).map_or(SINK, |operand| operand.node);
        if let Some(leaf) = tape.leaf_of(node) {
            let leaf = tape.leaf_mut(leaf);
            (leaf.is_argument, leaf.is_array) = (true, is_array);
        }
    });
    Ok(variable)
}

/// Says of an argument that its transform has ended, if somebody else keeps it.
pub(crate) fn end_argument(variable: &Bound<'_, PyAny>) {
    // SAFETY: the object is valid, and reading its count changes nothing.
    let count = unsafe { ffi::Py_REFCNT(variable.as_ptr()) };
    if count > 1 {
        end_kept_argument(variable);
    }
}

/// Says of an argument that its transform has ended.
#[cold]
pub(crate) fn end_kept_argument(variable: &Bound<'_, PyAny>) {
    let Some(operand) = operand_of(variable).filter(|operand| operand.node != SINK) else {
        return;
    };
    with_tape(variable.py(), |tape| {
        if let Some(leaf) = tape.leaf_of(operand.node) {
            tape.leaf_mut(leaf).has_ended = true;
        }
    });
}

/// Reclaims if that is due: to be called before node ids are read.
pub(crate) fn make_room_if_wanted(py: Python<'_>) -> PyResult<()> {
    if with_tape(py, |tape| tape.wants_room()) {
        make_room(py).map_err(errors::to_python)?;
    }
    Ok(())
}

/// Gives an input another value. Graphs recorded before keep the one they used.
pub(crate) fn assign_leaf(variable: &Bound<'_, PyAny>, leaf: LeafId, value: Value) -> PyResult<()> {
    let py = variable.py();
    make_room_if_wanted(py)?;
    let node = with_tape(py, |tape| tape.push_leaf_node(leaf, value.clone()));
    let node = node.map_err(errors::to_python)?;
    let object = variable.as_ptr().cast::<VariableObject>();
    // SAFETY: `leaf` was found through this object, so it is a `Variable`; the lock is held, and
    // dropping a buffer runs no Python code.
    unsafe {
        (*object).node = node;
        match value {
            Value::Number(number) => {
                (*object).tag = 0;
                (*object).array = None;
                (*object).value.number = number;
            }
            Value::Array(buffer) => {
                (*object).tag = tag::ARRAY;
                (*object).array = Some(buffer);
            }
        }
    }
    Ok(())
}

/// Gives an input that is a number another; false if it is none, or there is no memory.
///
/// # Safety
/// It is an object in use with a node and a number, and the interpreter lock is held.
pub(super) unsafe fn assign_number(variable: *mut VariableObject, number: f64) -> bool {
    // SAFETY: the lock is held, and nothing here runs Python code.
    unsafe {
        let tape = &mut *TAPE.get();
        let Some(leaf) = tape.leaf_of((*variable).node) else {
            return false;
        };
        match tape.push_leaf_node(leaf, Value::Number(number)) {
            Ok(node) => {
                (*variable).node = node;
                (*variable).value.number = number;
                true
            }
            Err(_) => false,
        }
    }
}

/// The `Variable` that a leaf belongs to, if it is still there.
pub(crate) fn leaf_owner<'py>(py: Python<'py>, leaf: LeafId) -> Option<Bound<'py, PyAny>> {
    let address = with_tape(py, |tape| tape.leaf(leaf).owner);
    if address == 0 {
        return None;
    }
    // SAFETY: a leaf names its owner from the making of the object until it is deallocated.
    Some(unsafe { Bound::from_borrowed_ptr(py, address as *mut ffi::PyObject) })
}

/// Takes the fast path out of use, or puts it back.
pub(super) fn update_fast_type(py: Python<'_>, is_fast: bool) {
    let variable_type = POOL.with(py, |pool| pool.variable_type);
    FAST_TYPE.with(py, |fast| {
        fast.0 = if is_fast {
            variable_type
        } else {
            ptr::null_mut()
        }
    });
}
