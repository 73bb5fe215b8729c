//! Memory that may not be there.
//!
//! What grows with the data of the caller is allocated here: vectors, nodes, and what a sweep needs
//! for each of them. Where there is no memory the work unwinds with [`OutOfMemory`], which whoever
//! called into the core catches: a sum of two vectors, deep in the rule of an operation, has nowhere
//! to return an error to. Everything that must be as before after an error is put back by the
//! destructor of what changed it, so that this way out needs no code of its own.
//!
//! Small allocations are not made here. They are everywhere, in the standard library too, and one
//! that fails ends the process. So the last [`SLACK`] bytes are left to them: an allocation that would
//! take these fails as well.

use std::cell::Cell;
use std::hint;
use std::panic::{self, AssertUnwindSafe};

use bytemuck::Zeroable;
use bytemuck::allocation::try_zeroed_vec;
use smallvec::{Array, SmallVec};

use crate::array;

/// What the work unwinds with where there is no memory.
#[derive(Clone, Copy, Debug)]
pub struct OutOfMemory;

/// Bytes that are left to small allocations.
const SLACK: usize = 2 << 20;
/// After so many bytes it is looked whether the slack is there, which takes less time than writing
/// so much.
const UNCHECKED: usize = 1 << 20;

thread_local! {
    /// Bytes that were allocated since it was last looked.
    static SINCE: Cell<usize> = const { Cell::new(0) };
}

/// Unwinds. Nothing is printed, as nothing is wrong with the program.
#[cold]
#[inline(never)]
pub fn give_up() -> ! {
    panic::resume_unwind(Box::new(OutOfMemory))
}

/// Runs `work`, and says if there was no memory for it.
///
/// # Errors
/// If there was none.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R, OutOfMemory> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        match payload.downcast::<OutOfMemory>() {
            Ok(_) => OutOfMemory,
            Err(payload) => panic::resume_unwind(payload),
        }
    })
}

/// Whether there is memory for small allocations, after one of so many bytes.
fn leaves_slack(bytes: usize) -> bool {
    let since = SINCE.get().saturating_add(bytes);
    SINCE.set(since);
    since < UNCHECKED || has_slack()
}

/// Whether there is memory for small allocations.
fn has_slack() -> bool {
    SINCE.set(0);
    is_left(0)
}

/// Whether there is memory for so many bytes, and for small allocations.
#[must_use]
pub fn is_left(bytes: usize) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    // Seen, so that the compiler does not leave out an allocation that nobody uses.
    let room = hint::black_box(&mut probe).try_reserve_exact(SLACK + bytes);
    hint::black_box(&probe);
    room.is_ok()
}

/// Allocates, if need be in the place of vectors that are kept for reuse. False where there is no
/// memory, or the slack would be taken.
fn is_made(bytes: usize, mut allocate: impl FnMut() -> bool) -> bool {
    if allocate() && leaves_slack(bytes) {
        return true;
    }
    array::release_kept();
    allocate() && has_slack()
}

/// Makes room for `more` entries and no others; false where there is no memory.
pub fn try_reserve_exact<T>(entries: &mut Vec<T>, more: usize) -> bool {
    let bytes = more.saturating_mul(size_of::<T>());
    is_made(bytes, || entries.try_reserve_exact(more).is_ok())
}

/// Makes room for `more` entries and no others.
#[inline(always)]
fn reserve_exact<T>(entries: &mut Vec<T>, more: usize) {
    if entries.capacity() - entries.len() < more && !try_reserve_exact(entries, more) {
        give_up();
    }
}

/// Makes room for `more` entries and, if there is none, for as many again as there are.
#[inline(always)]
pub fn reserve<T>(entries: &mut Vec<T>, more: usize) {
    if entries.capacity() - entries.len() < more {
        grow(entries, more);
    }
}

#[cold]
#[inline(never)]
fn grow<T>(entries: &mut Vec<T>, more: usize) {
    let bytes = entries.len().max(more).saturating_mul(size_of::<T>());
    if !is_made(bytes, || entries.try_reserve(more).is_ok()) {
        give_up();
    }
}

/// Adds an entry.
#[inline(always)]
pub fn push<T>(entries: &mut Vec<T>, entry: T) {
    reserve(entries, 1);
    entries.push(entry);
}

/// Makes it `count` entries, the new ones copies of `entry`, and takes no more memory than these.
#[inline(always)]
pub fn resize<T: Clone>(entries: &mut Vec<T>, count: usize, entry: T) {
    resize_with(entries, count, || entry.clone());
}

/// The same with entries that `make` makes.
#[inline(always)]
pub fn resize_with<T>(entries: &mut Vec<T>, count: usize, make: impl FnMut() -> T) {
    reserve_exact(entries, count.saturating_sub(entries.len()));
    entries.resize_with(count, make);
}

/// An empty array with room for `count` entries.
#[must_use]
pub fn with_capacity<T>(count: usize) -> Vec<T> {
    let mut entries = Vec::new();
    reserve_exact(&mut entries, count);
    entries
}

/// `count` copies of `entry`.
#[must_use]
pub fn filled<T: Clone>(count: usize, entry: T) -> Vec<T> {
    let mut entries = with_capacity(count);
    entries.resize(count, entry);
    entries
}

/// `count` zeros, that the system gives rather than writes.
#[must_use]
pub fn zeroed<T: Zeroable>(count: usize) -> Vec<T> {
    let mut entries = None;
    let is_made = is_made(count.saturating_mul(size_of::<T>()), || {
        entries = try_zeroed_vec(count).ok();
        entries.is_some()
    });
    entries.filter(|_| is_made).unwrap_or_else(|| give_up())
}

/// All that comes.
pub fn collect<T>(source: impl Iterator<Item = T>) -> Vec<T> {
    let mut entries = with_capacity(source.size_hint().0);
    source.for_each(|entry| push(&mut entries, entry));
    entries
}

/// Room for `count` entries, which are mostly few.
#[must_use]
#[inline(always)]
pub fn room_for_few<A: Array>(count: usize) -> SmallVec<A> {
    let mut entries = SmallVec::new();
    if count > A::size() {
        let bytes = count.saturating_mul(size_of::<A::Item>());
        if !is_made(bytes, || entries.try_reserve_exact(count).is_ok()) {
            give_up();
        }
    }
    entries
}

/// All that comes, of which there are mostly few.
#[inline(always)]
pub fn collect_few<A: Array>(source: impl ExactSizeIterator<Item = A::Item>) -> SmallVec<A> {
    let mut entries = room_for_few(source.len());
    entries.extend(source);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOO_MUCH: usize = isize::MAX as usize / 64;

    #[test]
    fn too_large_an_array_is_no_memory() {
        assert!(caught(|| with_capacity::<f64>(TOO_MUCH)).is_err());
        assert!(caught(|| zeroed::<f64>(TOO_MUCH)).is_err());
        assert!(caught(|| filled(TOO_MUCH, [0.0; 4])).is_err());
        assert!(caught(|| reserve(&mut vec![1.0], TOO_MUCH)).is_err());
        assert!(caught(|| resize(&mut vec![1.0], TOO_MUCH, 0.0)).is_err());
    }

    #[test]
    fn what_there_is_memory_for_is_made() {
        assert_eq!(caught(|| filled(3, 2.0)).ok(), Some(vec![2.0; 3]));
        assert_eq!(collect((0..9).filter(|x| x % 2 == 0)), [0, 2, 4, 6, 8]);
        assert_eq!(collect_few::<[i32; 2]>(0..5)[..], [0, 1, 2, 3, 4]);
        let mut entries = vec![1];
        resize(&mut entries, 3, 7);
        push(&mut entries, 9);
        assert_eq!(entries, [1, 7, 7, 9]);
        assert!(has_slack());
    }

    #[test]
    fn another_panic_goes_on() {
        let outer = panic::catch_unwind(|| caught(|| panic::resume_unwind(Box::new("other"))));
        assert!(outer.is_err_and(|payload| payload.is::<&str>()));
    }
}
