//! The objects of `Variable`: their layout, where they come from, where they go.

use std::ptr;

use autograd_core::array::{Buffer, Value};
use autograd_core::tape::{Error, LeafId, Node, NodeId, Operand, SINK, Tape};
use pyo3::ffi;
use pyo3::prelude::*;

use super::cell::GilCell;
use super::slots::FAST_TYPE;
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
    header: ffi::PyObject,
    pub(super) value: Payload,
    pub(super) node: NodeId,
    pub(super) tag: u16,
    /// Whether a leaf of the tape names this object as its owner.
    is_leaf: bool,
    array: Option<Buffer>,
}

/// The value of a number, or the link of a free object.
#[repr(C)]
pub(super) union Payload {
    pub(super) number: f64,
    next: *mut VariableObject,
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

const SLAB: usize = 256;

/// Where objects come from.
struct Pool {
    slabs: Vec<Box<[VariableObject; SLAB]>>,
    free: *mut VariableObject,
    variable_type: *mut ffi::PyTypeObject,
}

// SAFETY: the pointers are to memory that the pool owns or that lives as long as the interpreter;
// they are followed by the holder of the interpreter lock only.
unsafe impl Send for Pool {}

pub(super) static TAPE: GilCell<Tape> = GilCell::new(Tape::new());
static POOL: GilCell<Pool> = GilCell::new(Pool {
    slabs: Vec::new(),
    free: ptr::null_mut(),
    variable_type: ptr::null_mut(),
});

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
    POOL.with(py, Pool::release_slabs);
    crate::anomaly::follow(py, &moved);
    // What the records own may run Python code when it goes: after the tape is whole again.
    crate::custom::release(py, &moved.dead);
    drop(moved);
}

/// The header of an object that nobody refers to.
fn free_header(variable_type: *mut ffi::PyTypeObject) -> ffi::PyObject {
    // SAFETY: the header is a count, flags and a pointer, for all of which zero is a value.
    let header: ffi::PyObject = unsafe { std::mem::zeroed() };
    ffi::PyObject {
        ob_type: variable_type,
        ..header
    }
}

impl Pool {
    fn objects(&self) -> impl Iterator<Item = &VariableObject> {
        let objects = self.slabs.iter().flat_map(|slab| slab.iter());
        objects.filter(|object| object.tag & tag::FREE == 0)
    }

    fn objects_mut(&mut self) -> impl Iterator<Item = &mut VariableObject> {
        let objects = self.slabs.iter_mut().flat_map(|slab| slab.iter_mut());
        objects.filter(|object| object.tag & tag::FREE == 0)
    }

    /// Adds a slab of free objects.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let slab: Box<[VariableObject; SLAB]> = {
            let objects: Vec<VariableObject> = (0..SLAB)
                .map(|_| VariableObject {
                    header: free_header(self.variable_type),
                    value: Payload {
                        next: ptr::null_mut(),
                    },
                    node: SINK,
                    tag: tag::FREE,
                    is_leaf: false,
                    array: None,
                })
                .collect();
            match objects.into_boxed_slice().try_into() {
                Ok(slab) => slab,
                Err(_) => unreachable!("a slab was made with its own length"),
            }
        };
        self.slabs.push(slab);
        self.link_last();
    }

    fn link_last(&mut self) {
        let mut free = self.free;
        if let Some(slab) = self.slabs.last_mut() {
            for object in slab.iter_mut().rev() {
                object.value = Payload { next: free };
                free = object;
            }
        }
        self.free = free;
    }

    /// Gives back the slabs without an object in use, when they are many.
    fn release_slabs(&mut self) {
        let is_idle =
            |slab: &[VariableObject; SLAB]| slab.iter().all(|object| object.tag & tag::FREE != 0);
        let idle = self.slabs.iter().filter(|slab| is_idle(slab)).count();
        if idle < 64 || idle * 2 < self.slabs.len() {
            return;
        }
        self.slabs.retain(|slab| !is_idle(slab));
        self.free = ptr::null_mut();
        for slab in &mut self.slabs {
            for object in slab
                .iter_mut()
                .rev()
                .filter(|object| object.tag & tag::FREE != 0)
            {
                object.value = Payload { next: self.free };
                self.free = object;
            }
        }
    }
}

/// Tells the pool the type of its objects. Called once, before any object is made.
pub(super) fn set_type(py: Python<'_>, variable_type: *mut ffi::PyTypeObject) {
    POOL.with(py, |pool| pool.variable_type = variable_type);
}

/// A free object, if there is one and the tape has room for a node; else null.
///
/// # Safety
/// The caller holds the interpreter lock.
#[inline(always)]
pub(super) unsafe fn free_object() -> *mut VariableObject {
    // SAFETY: the lock is held, and nothing here runs Python code.
    unsafe {
        if (*TAPE.get()).wants_room() {
            ptr::null_mut()
        } else {
            (*POOL.get()).free
        }
    }
}

/// Sees to it that [`free_object`] finds one; false if there is no memory.
///
/// # Safety
/// The caller holds the interpreter lock, and the pool knows the type.
#[cold]
#[inline(never)]
pub(super) unsafe fn make_free_object() -> bool {
    // SAFETY: the lock is held; `make_room` borrows the tape itself, after the other borrows ended.
    unsafe {
        if (*TAPE.get()).wants_room() && Python::attach(make_room).is_err() {
            return false;
        }
        if (*POOL.get()).free.is_null() {
            (*POOL.get()).grow();
        }
        !free_object().is_null()
    }
}

/// Appends a node of a number and makes its object, which has just been found free.
///
/// # Safety
/// The caller holds the interpreter lock, and `object` is what [`free_object`] found: nothing
/// happened since.
#[inline(always)]
pub(super) unsafe fn push(
    object: *mut VariableObject,
    number: f64,
    node: Node,
) -> *mut ffi::PyObject {
    // SAFETY: the lock is held, and nothing here runs Python code. A free object has a count of 0,
    // which becomes 1, and its type. Where the tape wants no room, its nodes are fewer than its
    // limit, and the limit is at most their capacity.
    unsafe {
        let next = (*object).value.next;
        let nodes = (*TAPE.get()).nodes_mut();
        let id = nodes.len();
        // Not `Vec::push`, whose call to grow would make every slot save its registers.
        nodes.as_mut_ptr().add(id).write(node);
        nodes.set_len(id + 1);
        (*object).node = id as NodeId;
        (*POOL.get()).free = next;
        (*object).value.number = number;
        (*object).tag = 0;
        ffi::Py_INCREF(object.cast());
        object.cast()
    }
}

/// A new object for a number with a node.
///
/// # Safety
/// The caller holds the interpreter lock, and the pool knows the type.
unsafe fn allocate(number: f64, node: NodeId, tag: u16) -> *mut VariableObject {
    // SAFETY: the lock is held, and nothing below runs Python code, so that nobody else uses the
    // pool meanwhile. The list holds free objects only; a free object has a count of 0, which
    // becomes 1, and its type.
    unsafe {
        let pool = POOL.get();
        if (*pool).free.is_null() {
            (*pool).grow();
        }
        let object = (*pool).free;
        (*pool).free = (*object).value.next;
        (*object).value.number = number;
        (*object).node = node;
        (*object).tag = tag;
        ffi::Py_INCREF(object.cast());
        object
    }
}

/// `tp_dealloc`: puts an object back into the pool.
///
/// # Safety
/// Called by the interpreter, with the last reference to an object of `Variable`.
pub(super) unsafe extern "C" fn deallocate(object: *mut ffi::PyObject) {
    let object = object.cast::<VariableObject>();
    // SAFETY: it is an object of `Variable` that nobody refers to any more, and the lock is held.
    unsafe {
        if (*object).tag & tag::ARRAY != 0 || (*object).is_leaf {
            // In the last place, so that the usual way saves no registers.
            return let_go(object);
        }
        free(object);
    }
}

/// Frees an object that is a leaf or has a vector.
///
/// # Safety
/// As for [`deallocate`].
#[inline(never)]
unsafe extern "C" fn let_go(object: *mut VariableObject) {
    // SAFETY: the caller's; dropping numbers runs no Python code.
    unsafe {
        (*object).array = None;
        if (*object).is_leaf {
            (*object).is_leaf = false;
            let tape = &mut *TAPE.get();
            if let Some(leaf) = tape.leaf_of((*object).node) {
                tape.leaf_mut(leaf).owner = 0;
            }
        }
        free(object);
    }
}

/// Puts an object that has nothing to let go back into the pool.
///
/// # Safety
/// As for [`deallocate`]; it is no leaf, and its vector is gone.
#[inline(always)]
unsafe fn free(object: *mut VariableObject) {
    // SAFETY: the caller's.
    unsafe {
        (*TAPE.get()).handle_went((*object).node);
        let pool = POOL.get();
        (*object).tag = tag::FREE;
        (*object).node = SINK;
        (*object).value.next = (*pool).free;
        (*pool).free = object;
    }
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

/// A new `Variable` that is an argument of a function which is differentiated.
pub(crate) fn new_argument<'py>(py: Python<'py>, value: Value) -> PyResult<Bound<'py, PyAny>> {
    let variable = new_leaf(py, value)?;
    with_tape(py, |tape| {
        let node = operand_of(&variable).map_or(SINK, |operand| operand.node);
        if let Some(leaf) = tape.leaf_of(node) {
            tape.leaf_mut(leaf).is_argument = true;
        }
    });
    Ok(variable)
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
