//! Where the objects of `Variable` come from, and where they go: slabs, and a list of those that
//! are free.

use std::ptr;

use autograd_core::array::Rank;
use autograd_core::memory;
use autograd_core::tape::{Node, NodeId, SINK};
use pyo3::ffi;
use pyo3::prelude::*;

use super::cell::GilCell;
use super::object::{Payload, TAPE, VariableObject, make_room, tag};

const SLAB: usize = 256;

/// Where objects come from.
pub(super) struct Pool {
    slabs: Vec<Box<[VariableObject; SLAB]>>,
    free: *mut VariableObject,
    pub(super) variable_type: *mut ffi::PyTypeObject,
}

// SAFETY: the pointers are to memory that the pool owns or that lives as long as the interpreter;
// they are followed by the holder of the interpreter lock only.
unsafe impl Send for Pool {}

pub(super) static POOL: GilCell<Pool> = GilCell::new(Pool {
    slabs: Vec::new(),
    free: ptr::null_mut(),
    variable_type: ptr::null_mut(),
});

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
    pub(super) fn objects(&self) -> impl Iterator<Item = &VariableObject> {
        let objects = self.slabs.iter().flat_map(|slab| slab.iter());
        objects.filter(|object| object.tag & tag::FREE == 0)
    }

    pub(super) fn objects_mut(&mut self) -> impl Iterator<Item = &mut VariableObject> {
        let objects = self.slabs.iter_mut().flat_map(|slab| slab.iter_mut());
        objects.filter(|object| object.tag & tag::FREE == 0)
    }

    /// How many objects there are, in use or free.
    pub(super) fn capacity(&self) -> usize {
        self.slabs.len() * SLAB
    }

    /// Adds a slab of free objects.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        memory::reserve(&mut self.slabs, 1);
        let slab: Box<[VariableObject; SLAB]> = {
            let objects = memory::collect((0..SLAB).map(|_| VariableObject {
                header: free_header(self.variable_type),
                value: Payload {
                    next: ptr::null_mut(),
                },
                node: SINK,
                tag: tag::FREE,
                is_leaf: false,
                rank: Rank::NUMBER,
                array: None,
            }));
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

    /// Gives back the slabs without an object in use, when they are many or memory `is_short`.
    pub(super) fn release_slabs(&mut self, is_short: bool) {
        let is_idle =
            |slab: &[VariableObject; SLAB]| slab.iter().all(|object| object.tag & tag::FREE != 0);
        let idle = self.slabs.iter().filter(|slab| is_idle(slab)).count();
        if !is_short && (idle < 64 || idle * 2 < self.slabs.len()) {
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
        if (*POOL.get()).free.is_null() && memory::caught(|| (*POOL.get()).grow()).is_err() {
            return false;
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

/// A new object for a number with a node. Unwinds where there is no memory.
///
/// # Safety
/// The caller holds the interpreter lock, and the pool knows the type.
pub(super) unsafe fn allocate(number: f64, node: NodeId, tag: u16) -> *mut VariableObject {
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
