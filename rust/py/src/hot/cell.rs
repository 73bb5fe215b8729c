//! Values that the interpreter lock guards.

#[cfg(debug_assertions)]
use std::cell::Cell;
use std::cell::UnsafeCell;

use pyo3::Python;

/// A value that only the holder of the interpreter lock reaches.
pub(crate) struct GilCell<T> {
    value: UnsafeCell<T>,
    #[cfg(debug_assertions)]
    is_borrowed: Cell<bool>,
}

// SAFETY: the value is reached through a token that proves that this thread holds the interpreter
// lock, or by raw pointer from slots that the interpreter calls while holding it: never by two
// threads at a time. The value itself need not be shareable, but it may be dropped or used by
// another thread than the one that made it, hence `Send`.
unsafe impl<T: Send> Sync for GilCell<T> {}

impl<T> GilCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self {
            value: UnsafeCell::new(value),
            #[cfg(debug_assertions)]
            is_borrowed: Cell::new(false),
        }
    }

    /// Runs `work` with the value. `work` must run no Python code, directly or by releasing an
    /// object: that code could come back here.
    #[inline(always)]
    pub(crate) fn with<R>(&self, _py: Python<'_>, work: impl FnOnce(&mut T) -> R) -> R {
        #[cfg(debug_assertions)]
        let _borrow = Borrow::new(&self.is_borrowed);
        // SAFETY: the token proves that this thread holds the lock, and `work` does not give it
        // up, so that no other thread has a reference; nor has this one, as `work` does not come
        // back here (checked in builds with debug assertions).
        work(unsafe { &mut *self.value.get() })
    }

    /// The address of the value, for slots that count every nanosecond.
    #[inline(always)]
    pub(super) const fn get(&self) -> *mut T {
        self.value.get()
    }
}

#[cfg(debug_assertions)]
struct Borrow<'a>(&'a Cell<bool>);

#[cfg(debug_assertions)]
impl<'a> Borrow<'a> {
    fn new(flag: &'a Cell<bool>) -> Self {
        assert!(
            !flag.replace(true),
            "a value guarded by the interpreter lock was borrowed twice"
        );
        Self(flag)
    }
}

#[cfg(debug_assertions)]
impl Drop for Borrow<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// A pointer that is followed by the holder of the interpreter lock only.
pub(super) struct Pointer<T>(pub(super) *mut T);

// SAFETY: following it needs the interpreter lock, whichever thread has it.
unsafe impl<T> Send for Pointer<T> {}
