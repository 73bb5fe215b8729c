//! The objects of `Variable`: their layout, and what they hold.

use std::ptr;

use autograd_core::array::{Buffer, Rank, Shape, Value};
use autograd_core::memory;
use autograd_core::tape::{Error, Handles, LeafId, NodeId, Operand, SINK, Tape};
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
    /// The value is one entry of a rank that is in the object: an array, not a number.
    pub(in crate::hot) const RANKED: u16 = 8;
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
    /// Rank of the value where [`tag::RANKED`] says that it is here.
    pub(super) rank: Rank,
    pub(super) array: Option<Buffer>,
}

const _: () = assert!(size_of::<VariableObject>() == 48);

/// The value of a number, or the link of a free object.
#[repr(C)]
pub(super) union Payload {
    pub(super) number: f64,
    pub(super) next: *mut VariableObject,
}

impl VariableObject {
    /// The rank of a value of one entry.
    #[inline(always)]
    pub(super) fn rank_of_one(&self) -> Rank {
        if self.tag & tag::RANKED == 0 {
            Rank::NUMBER
        } else {
            self.rank
        }
    }

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
///
/// Whoever has the tape may read the nodes of objects, by [`operand_of`] and [`node_of`]. An id
/// that is taken out of `work` is good until the next code of Python: of this thread or of another,
/// it may record, so that the tape is reclaimed and nodes get new ids. Outside of `work` an object
/// stands for its node. A sweep under way bars reclaiming, so that what it pauses with stays.
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

/// The living `Variable`s, for whoever asks what they hold.
#[derive(Clone, Copy)]
pub(crate) struct Variables<'py>(pub(crate) Python<'py>);

impl Handles for Variables<'_> {
    fn count(&self) -> usize {
        POOL.with(self.0, |pool| pool.capacity())
    }

    fn for_each(&self, visit: &mut dyn FnMut(NodeId, f64)) {
        POOL.with(self.0, |pool| {
            for object in pool.objects().filter(|object| object.tag == 0) {
                // SAFETY: an object in use with a node that is no vector holds a number.
                visit(object.node, unsafe { object.value.number });
            }
        });
    }
}

/// Whether an object is a `Variable`.
#[inline(always)]
pub(crate) fn is_variable(object: &Bound<'_, PyAny>) -> bool {
    let variable_type = POOL.with(object.py(), |pool| pool.variable_type);
    ptr::eq(object.get_type_ptr(), variable_type)
}

/// The object of a `Variable`; `None` if it is something else.
#[inline(always)]
fn variable_of<'a>(object: &'a Bound<'_, PyAny>) -> Option<&'a VariableObject> {
    // SAFETY: the type says that it is an object of ours, in use, as there is a reference.
    is_variable(object).then(|| unsafe { &*object.as_ptr().cast::<VariableObject>() })
}

/// The value and the node of a `Variable`; `None` if the object is no `Variable`. Only for who has
/// the tape: see [`with_tape`].
pub(crate) fn operand_of(_: &Tape, object: &Bound<'_, PyAny>) -> Option<Operand> {
    let variable = variable_of(object)?;
    // SAFETY: it is an object in use, and the lock is held.
    let value = unsafe { value_of(variable) };
    let node = variable.node;
    Some(Operand { node, value })
}

/// The node of a `Variable`; [`SINK`] for a constant, and for any other object. Only for who has
/// the tape: see [`with_tape`].
pub(crate) fn node_of(_: &Tape, object: &Bound<'_, PyAny>) -> NodeId {
    variable_of(object).map_or(SINK, |variable| variable.node)
}

/// The value of a `Variable`; `None` if the object is no `Variable`.
pub(crate) fn variable_value(object: &Bound<'_, PyAny>) -> Option<Value> {
    // SAFETY: it is an object in use, and the lock is held.
    variable_of(object).map(|variable| unsafe { value_of(variable) })
}

/// The shape of the value of a `Variable`; `None` if the object is no `Variable`.
pub(crate) fn variable_shape(object: &Bound<'_, PyAny>) -> Option<Shape> {
    let shape_of = |variable: &VariableObject| match &variable.array {
        Some(buffer) => Shape::vector(buffer.len()),
        None => Shape::one(variable.rank_of_one()),
    };
    variable_of(object).map(shape_of)
}

/// How many entries a `Variable` has; `None` if the object is no `Variable`.
pub(crate) fn variable_dim(object: &Bound<'_, PyAny>) -> Option<usize> {
    variable_shape(object).map(Shape::dim)
}

/// Whether an object is a `Variable` that is no constant.
pub(crate) fn is_tracked(object: &Bound<'_, PyAny>) -> bool {
    variable_of(object).is_some_and(|variable| variable.node != SINK)
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
            None => Value::Number((*variable).value.number, (*variable).rank_of_one()),
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

/// The bits that say what a value is.
const fn kind_of(rank: Rank, is_array: bool) -> u16 {
    match (is_array, rank.is_number()) {
        (true, _) => tag::ARRAY,
        (false, true) => 0,
        (false, false) => tag::RANKED,
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
        let (number, rank, array) = match operand.value {
            Value::Number(number, rank) => (number, rank, None),
            Value::Array(buffer) => (0.0, Rank::VECTOR, Some(buffer)),
        };
        let kind = kind_of(rank, array.is_some());
        let object = allocate(number, operand.node, untracked | kind);
        (*object).is_leaf = is_leaf;
        (*object).rank = rank;
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

/// A new `Variable` that is an argument of a function which is differentiated.
pub(crate) fn new_argument(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    let variable = new_leaf(py, value)?;
    with_tape(py, |tape| {
        if let Some(leaf) = tape.leaf_of(node_of(tape, &variable)) {
            tape.leaf_mut(leaf).is_argument = true;
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
    with_tape(variable.py(), |tape| {
        if let Some(leaf) = leaf_of(tape, variable) {
            tape.leaf_mut(leaf).has_ended = true;
        }
    });
}

/// The leaf that belongs to this very object. It stays the same for as long as the object lives.
pub(crate) fn leaf_of(tape: &Tape, variable: &Bound<'_, PyAny>) -> Option<LeafId> {
    let node = node_of(tape, variable);
    if node == SINK {
        return None;
    }
    tape.leaf_of(node)
}

/// Records something, and makes its `Variable` before any code of Python can run. Like all that is
/// done with the tape, `work` must run none.
pub(crate) fn record<'py>(
    py: Python<'py>,
    work: impl FnOnce(&mut Tape) -> Result<Operand, Error>,
) -> PyResult<Bound<'py, PyAny>> {
    make_room_if_wanted(py)?;
    let result = with_tape(py, work).map_err(errors::to_python)?;
    Ok(new_variable(py, result))
}

/// Reclaims if that is due: to be called before node ids are read. May run Python code.
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
            Value::Number(number, rank) => {
                (*object).tag = kind_of(rank, false);
                (*object).rank = rank;
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
        match tape.push_leaf_node(leaf, Value::number(number)) {
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
