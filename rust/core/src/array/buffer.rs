//! Aligned, reference-counted, recycled storage of `f64`.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

/// Eight numbers: one cache line, one AVX-512 register.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f64; 8]);

const NUMBERS_PER_LINE: usize = 8;
const BYTES_PER_LINE: usize = NUMBERS_PER_LINE * mem::size_of::<f64>();

/// How much freed storage a thread keeps for its next vectors. More than this goes back to the
/// allocator, so that a program that is done with large vectors gives their memory back.
const RECYCLED_BYTES: usize = 64 << 20;
const RECYCLED_COUNT: usize = 64;

/// Freed storage, the latest last: it is the likeliest to be in the cache.
#[derive(Default)]
struct Recycler {
    free: Vec<Vec<Line>>,
    bytes: usize,
}

thread_local! {
    static RECYCLER: RefCell<Recycler> = const { RefCell::new(Recycler { free: Vec::new(), bytes: 0 }) };
}

impl Recycler {
    fn take(&mut self, lines: usize) -> Option<Vec<Line>> {
        let position = self
            .free
            .iter()
            .rposition(|storage| storage.len() == lines)?;
        self.bytes -= lines * BYTES_PER_LINE;
        Some(self.free.remove(position))
    }

    fn give(&mut self, storage: Vec<Line>) {
        let bytes = storage.len() * BYTES_PER_LINE;
        // A checked build gives all storage back, so that valgrind sees who uses it after that.
        if bytes > RECYCLED_BYTES || cfg!(all(debug_assertions, not(test))) {
            return;
        }
        while self.bytes + bytes > RECYCLED_BYTES || self.free.len() >= RECYCLED_COUNT {
            self.bytes -= self.free.remove(0).len() * BYTES_PER_LINE;
        }
        self.bytes += bytes;
        self.free.push(storage);
    }
}

struct Storage {
    lines: Vec<Line>,
    len: usize,
}

impl Storage {
    fn new(len: usize) -> Self {
        let lines = len.div_ceil(NUMBERS_PER_LINE);
        let recycled = RECYCLER
            .try_with(|recycler| recycler.borrow_mut().take(lines))
            .ok()
            .flatten();
        Self {
            lines: recycled.unwrap_or_else(|| vec![Line::zeroed(); lines]),
            len,
        }
    }

    fn as_slice(&self) -> &[f64] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }

    fn as_mut_slice(&mut self) -> &mut [f64] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let lines = mem::take(&mut self.lines);
        if !lines.is_empty() {
            // At the end of a thread the recycler is gone, and the storage is simply freed.
            let _ = RECYCLER.try_with(|recycler| recycler.borrow_mut().give(lines));
        }
    }
}

/// A vector of numbers, aligned to 64 bytes. Clones share the storage until one is written to.
#[derive(Clone)]
pub struct Buffer(Arc<Storage>);

impl Buffer {
    /// A buffer of `len` numbers that `fill` writes; before, they are unspecified.
    pub fn build(len: usize, fill: impl FnOnce(&mut [f64])) -> Self {
        let mut storage = Storage::new(len);
        fill(storage.as_mut_slice());
        Self(Arc::new(storage))
    }

    /// A buffer of `len` times `value`.
    #[must_use]
    pub fn filled(len: usize, value: f64) -> Self {
        Self::build(len, |out| out.fill(value))
    }

    /// A copy of `numbers`.
    #[must_use]
    pub fn from_slice(numbers: &[f64]) -> Self {
        Self::build(numbers.len(), |out| out.copy_from_slice(numbers))
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.len == 0
    }

    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        self.0.as_slice()
    }

    /// The numbers, to be written; where the storage is shared, this buffer gets its own first.
    pub fn make_mut(&mut self) -> &mut [f64] {
        if Arc::get_mut(&mut self.0).is_none() {
            *self = Self::from_slice(self.as_slice());
        }
        match Arc::get_mut(&mut self.0) {
            Some(storage) => storage.as_mut_slice(),
            None => unreachable!("a buffer just made has one owner"),
        }
    }

    /// Whether no other buffer shares the storage.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.lines.len() * BYTES_PER_LINE
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.as_slice()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_buffer_is_copied_before_it_is_written() {
        let original = Buffer::from_slice(&[1.0, 2.0, 3.0]);
        let mut copy = original.clone();
        copy.make_mut()[0] = 9.0;
        assert_eq!(original.as_slice(), [1.0, 2.0, 3.0]);
        assert_eq!(copy.as_slice(), [9.0, 2.0, 3.0]);
    }

    #[test]
    fn storage_is_aligned_to_a_cache_line_and_recycled() {
        let first = Buffer::filled(100, 1.0);
        let address = first.as_slice().as_ptr() as usize;
        assert_eq!(address % 64, 0);
        drop(first);
        let second = Buffer::filled(97, 2.0);
        assert_eq!(second.as_slice().as_ptr() as usize, address);
        assert!(second.as_slice().iter().all(|&x| x == 2.0));
    }

    #[test]
    fn what_is_kept_for_reuse_is_bounded() {
        for size in 1..500 {
            drop(Buffer::filled(size * 4096, 0.0));
        }
        RECYCLER.with(|recycler| {
            let recycler = recycler.borrow();
            assert!(recycler.bytes <= RECYCLED_BYTES && recycler.free.len() <= RECYCLED_COUNT);
        });
    }
}
