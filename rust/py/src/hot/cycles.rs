//! Which rules of custom operations nothing living can reach.
//!
//! The tape holds the rule of an operation for as long as a `Variable` may need it. A rule may hold, by
//! a bound method say, an object that keeps such a `Variable`: a cycle, of which the interpreter's
//! collector cannot see the part that leads through the tape, as no `Variable` tells it what it holds.
//! So that part is done here, by the method of the collector itself: of every object that the rules
//! lead to, the references that come from among them are counted. An object with more than these is
//! held from elsewhere and lives, and so does all that it leads to, where a `Variable` leads to the
//! rules of what it was computed by. Rules that are left over are let go. The rest is an ordinary
//! cycle, or none.
//!
//! An object that does not show what it holds to the collector, such as an array of objects, holds
//! it from elsewhere by this count: too much is kept then, and never too little.

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr;

use autograd_core::tape::{NodeId, Reach, SINK};
use pyo3::ffi;
use pyo3::prelude::*;

use super::object::{VariableObject, with_tape};
use super::pool::POOL;

/// Objects beyond which nothing is let go: looking at more would take longer than a collection.
const MOST: usize = 1 << 21;

type Address = *mut ffi::PyObject;

/// An object that a rule leads to.
struct Found {
    object: Address,
    /// References to it from other objects that were found, and from the table of rules.
    inside: isize,
    is_alive: bool,
}

/// Mixes the bits of an address, which is looked up for every reference.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        // By the golden ratio: Knuth, The Art of Computer Programming, volume 3, section 6.4.
        let mixed = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

/// All of them, and the way to find one.
struct Objects {
    found: Vec<Found>,
    places: HashMap<Address, usize, BuildHasherDefault<AddressHasher>>,
    variable_type: *mut ffi::PyTypeObject,
    builtins: Address,
    /// What of the object that is looked at now is not followed.
    skipped: Address,
    /// Places of objects that are alive, and whose references were not followed yet.
    reached: Vec<usize>,
}

/// The keys of those rules that nothing living can reach. The rules are those of all records, and
/// the caller holds one reference to each.
pub(crate) fn unreachable_rules(py: Python<'_>, rules: &[(u64, Address)]) -> Vec<u64> {
    // SAFETY: the token proves that the lock is held. No Python code runs below, so that the objects
    // stay as they are: whoever shows what it holds to the collector may not run any.
    unsafe {
        let mut objects = Objects::new(py);
        if !objects.find(rules) {
            return Vec::new();
        }
        objects.revive();
        objects.follow_tape(py, rules);
        let is_dead = |rule: Address| {
            let place = objects.places.get(&rule);
            place.is_some_and(|&place| !objects.found[place].is_alive)
        };
        let dead = rules.iter().filter(|(_, rule)| is_dead(*rule));
        dead.map(|(key, _)| *key).collect()
    }
}

impl Objects {
    fn new(py: Python<'_>) -> Self {
        Self {
            found: Vec::new(),
            places: HashMap::default(),
            variable_type: POOL.with(py, |pool| pool.variable_type),
            // SAFETY: the token proves that the lock is held.
            builtins: unsafe { ffi::PyEval_GetBuiltins() },
            skipped: ptr::null_mut(),
            reached: Vec::new(),
        }
    }

    /// Finds all that the rules lead to, and counts; false if that is too much.
    ///
    /// # Safety
    /// The lock is held, and the rules are valid objects.
    unsafe fn find(&mut self, rules: &[(u64, Address)]) -> bool {
        // SAFETY: the caller's.
        unsafe {
            for (_, rule) in rules {
                self.count(*rule);
            }
            let mut next = 0;
            while next < self.found.len() {
                if next > MOST {
                    return false;
                }
                self.traverse(next, count);
                next += 1;
            }
        }
        true
    }

    /// Has the collector's own function of an object show what it holds.
    ///
    /// # Safety
    /// The lock is held, and the object at this place is valid.
    unsafe fn traverse(&mut self, place: usize, visit: ffi::visitproc) {
        let object = self.found[place].object;
        // SAFETY: the object is valid, and of a type that may be asked, as the collector does.
        unsafe {
            if ffi::PyObject_IS_GC(object) == 0 {
                return;
            }
            // All modules would follow.
            self.skipped = if ffi::PyFunction_Check(object) != 0 {
                ffi::PyFunction_GetGlobals(object)
            } else {
                ptr::null_mut()
            };
            if let Some(traverse) = (*ffi::Py_TYPE(object)).tp_traverse {
                let _ = traverse(object, visit, ptr::from_mut(self).cast());
            }
        }
    }

    /// Whether an object is followed: not what is there for the whole program anyway.
    ///
    /// # Safety
    /// It is a valid object.
    unsafe fn is_followed(&self, object: Address) -> bool {
        // SAFETY: the caller's.
        unsafe {
            object != self.skipped
                && object != self.builtins
                && ffi::PyType_Check(object) == 0
                && ffi::PyModule_Check(object) == 0
                && (ffi::PyObject_IS_GC(object) != 0 || self.is_variable(object))
        }
    }

    unsafe fn is_variable(&self, object: Address) -> bool {
        // SAFETY: it is a valid object.
        unsafe { ptr::eq(ffi::Py_TYPE(object), self.variable_type) }
    }

    /// Counts a reference to an object.
    ///
    /// # Safety
    /// It is a valid object.
    unsafe fn count(&mut self, object: Address) {
        // SAFETY: the caller's.
        if !unsafe { self.is_followed(object) } {
            return;
        }
        let next = self.found.len();
        let place = *self.places.entry(object).or_insert(next);
        if place == next {
            self.found.push(Found {
                object,
                inside: 0,
                is_alive: false,
            });
        }
        self.found[place].inside += 1;
    }

    fn reach(&mut self, object: Address) {
        if let Some(&place) = self.places.get(&object)
            && !self.found[place].is_alive
        {
            self.found[place].is_alive = true;
            self.reached.push(place);
        }
    }

    /// Reaches what is held from elsewhere, and what that leads to.
    ///
    /// # Safety
    /// The lock is held, and all that was found is valid.
    unsafe fn revive(&mut self) {
        for place in 0..self.found.len() {
            let found = &self.found[place];
            // SAFETY: the caller's.
            if unsafe { ffi::Py_REFCNT(found.object) } > found.inside {
                self.reach(found.object);
            }
        }
        // SAFETY: the caller's.
        unsafe { self.follow() }
    }

    /// Reaches all that what was reached leads to, but not through the tape.
    ///
    /// # Safety
    /// The lock is held, and all that was found is valid.
    unsafe fn follow(&mut self) {
        while let Some(place) = self.reached.pop() {
            // SAFETY: the caller's.
            unsafe { self.traverse(place, reach) }
        }
    }

    /// Reaches the rules of what living `Variable`s were computed by, and what these lead to, and so
    /// on until there is nothing new.
    ///
    /// # Safety
    /// The lock is held, and all that was found is valid.
    unsafe fn follow_tape(&mut self, py: Python<'_>, rules: &[(u64, Address)]) {
        let by_key: HashMap<u64, Address> = rules.iter().copied().collect();
        let mut walk = with_tape(py, Reach::new);
        let mut nodes = self.living_nodes(py);
        // Of those that were found, which are looked at again below.
        let found: Vec<usize> = (0..self.found.len())
            // SAFETY: the caller's.
            .filter(|&place| unsafe { self.is_variable(self.found[place].object) })
            .collect();
        let mut waiting = found;
        loop {
            let mut keys = Vec::new();
            with_tape(py, |tape| walk.go(tape, nodes, |key| keys.push(key)));
            for key in keys {
                if let Some(&rule) = by_key.get(&key) {
                    self.reach(rule);
                }
            }
            // SAFETY: the caller's.
            unsafe { self.follow() }
            let (alive, rest): (Vec<usize>, Vec<usize>) = waiting
                .into_iter()
                .partition(|&place| self.found[place].is_alive);
            if alive.is_empty() {
                break;
            }
            waiting = rest;
            // SAFETY: they are objects of `Variable`, in use, as something refers to them.
            let node =
                |place: usize| unsafe { (*self.found[place].object.cast::<VariableObject>()).node };
            nodes = alive.into_iter().map(node).collect();
        }
        with_tape(py, |tape| walk.finish(tape));
    }

    /// The nodes of those `Variable`s that no rule leads to.
    fn living_nodes(&self, py: Python<'_>) -> Vec<NodeId> {
        POOL.with(py, |pool| {
            let others = pool.objects().filter(|object| {
                let address = ptr::from_ref(*object).cast_mut().cast();
                object.node != SINK && !self.places.contains_key(&address)
            });
            others.map(|object| object.node).collect()
        })
    }
}

/// Counts a reference that the collector's function of an object shows.
unsafe extern "C" fn count(object: Address, objects: *mut c_void) -> c_int {
    // SAFETY: `traverse` passes itself, and nobody else uses it meanwhile.
    unsafe { (*objects.cast::<Objects>()).count(object) }
    0
}

/// Reaches what the collector's function of an object shows.
unsafe extern "C" fn reach(object: Address, objects: *mut c_void) -> c_int {
    // SAFETY: as above.
    unsafe { (*objects.cast::<Objects>()).reach(object) }
    0
}
