//! Aligned, reference-counted, recycled storage of `f64`.

use std::cell::RefCell;
use std::fmt;
use std::mem;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};

use crate::memory;

/// Eight numbers: one cache line, one AVX-512 register.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f64; 8]);

const NUMBERS_PER_LINE: usize = 8;
const BYTES_PER_LINE: usize = NUMBERS_PER_LINE * mem::size_of::<f64>();

/// How much freed storage of large vectors a thread keeps for its next ones. More than this goes
/// back to the allocator, so that a program that is done with large vectors gives their memory back.
const RECYCLED_BYTES: usize = 64 << 20;
const RECYCLED_COUNT: usize = 64;
/// Vectors of up to so many lines are kept by their size, as they come and go by the thousands.
const SMALL_LINES: usize = 16;
const SMALL_BYTES: usize = 512 << 10;

/// Freed storage, the latest last: it is the likeliest to be in the cache.
struct Recycler {
    small: [Vec<Arc<Storage>>; SMALL_LINES],
    large: Vec<Arc<Storage>>,
    large_bytes: usize,
}

thread_local! {
    static RECYCLER: RefCell<Recycler> = const { RefCell::new(Recycler::new()) };
}

impl Recycler {
    const fn new() -> Self {
        Self {
            small: [const { Vec::new() }; SMALL_LINES],
            large: Vec::new(),
            large_bytes: 0,
        }
    }

    fn take(&mut self, lines: usize) -> Option<Arc<Storage>> {
        if let Some(same) = lines
            .checked_sub(1)
            .and_then(|size| self.small.get_mut(size))
        {
            return same.pop();
        }
        let of_size = |storage: &Arc<Storage>| storage.lines.len() == lines;
        let position = self.large.iter().rposition(of_size)?;
        self.large_bytes -= lines * BYTES_PER_LINE;
        Some(self.large.remove(position))
    }

    /// Keeps storage, or gives it back for the caller to drop.
    fn give(&mut self, storage: Arc<Storage>) -> Option<Arc<Storage>> {
        let lines = storage.lines.len();
        let bytes = lines * BYTES_PER_LINE;
        if let Some(same) = lines
            .checked_sub(1)
            .and_then(|size| self.small.get_mut(size))
        {
            if same.len() * bytes >= SMALL_BYTES || same.try_reserve(1).is_err() {
                return Some(storage);
            }
            same.push(storage);
            return None;
        }
        if bytes > RECYCLED_BYTES || lines == 0 {
            return Some(storage);
        }
        while self.large_bytes + bytes > RECYCLED_BYTES || self.large.len() >= RECYCLED_COUNT {
            self.large_bytes -= self.large.remove(0).lines.len() * BYTES_PER_LINE;
        }
        self.large_bytes += bytes;
        self.large.push(storage);
        None
    }
}

struct Storage {
    lines: Vec<Line>,
    len: usize,
}

impl Storage {
    /// Storage that nobody shares, with room for `len` numbers; it may have had another length.
    fn new(len: usize) -> Arc<Self> {
        let lines = len.div_ceil(NUMBERS_PER_LINE);
        let recycled = RECYCLER.try_with(|recycler| recycler.borrow_mut().take(lines));
        recycled.ok().flatten().unwrap_or_else(|| {
            Arc::new(Self {
                // Zeros that the system gives, rather than written ones: they are written over.
                lines: memory::zeroed(lines),
                len,
            })
        })
    }

    fn as_slice(&self) -> &[f64] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }

    fn as_mut_slice(&mut self) -> &mut [f64] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

/// Gives up what is kept for reuse, for who finds no memory.
pub(crate) fn release_kept() {
    drop(RECYCLER.try_with(|recycler| recycler.replace(Recycler::new())));
}

/// A vector of numbers, aligned to 64 bytes. Clones share the storage until one is written to.
#[derive(Clone)]
pub struct Buffer {
    /// There is some until the buffer is dropped.
    storage: Option<Arc<Storage>>,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(storage) = self.storage.take() else {
            return;
        };
        // A checked build gives all storage back, so that valgrind sees who uses it after that.
        if cfg!(all(debug_assertions, not(test))) || Arc::strong_count(&storage) != 1 {
            return;
        }
        // At the end of a thread the recycler is gone, and the storage is simply freed.
        let _ = RECYCLER.try_with(|recycler| recycler.borrow_mut().give(storage));
    }
}

impl Buffer {
    /// A buffer of `len` numbers that `fill` writes; before, they are unspecified.
    pub fn build(len: usize, fill: impl FnOnce(&mut [f64])) -> Self {
        let mut storage = Storage::new(len);
        match Arc::get_mut(&mut storage) {
            Some(own) => {
                own.len = len;
                fill(own.as_mut_slice());
            }
            None => unreachable!("storage is given back by its last owner"),
        }
        Self {
            storage: Some(storage),
        }
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
        self.storage.as_ref().map_or(0, |storage| storage.len)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        self.storage
            .as_ref()
            .map_or(&[], |storage| storage.as_slice())
    }

    /// The numbers, to be written; where the storage is shared, this buffer gets its own first.
    pub fn make_mut(&mut self) -> &mut [f64] {
        if !self.is_unique() {
            *self = Self::from_slice(self.as_slice());
        }
        match self.storage.as_mut().and_then(Arc::get_mut) {
            Some(storage) => storage.as_mut_slice(),
            None => unreachable!("a buffer just made has one owner"),
        }
    }

    /// Whether no other buffer shares the storage.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.storage
            .as_ref()
            .is_some_and(|storage| Arc::strong_count(storage) == 1)
    }

    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.storage
            .as_ref()
            .map_or(0, |storage| storage.lines.len() * BYTES_PER_LINE)
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
        let many: Vec<Buffer> = (0..20_000).map(|_| Buffer::filled(3, 0.0)).collect();
        drop(many);
        RECYCLER.with(|recycler| {
            let recycler = recycler.borrow();
            assert!(recycler.large_bytes <= RECYCLED_BYTES);
            assert!(recycler.large.len() <= RECYCLED_COUNT);
            assert!(recycler.small[0].len() * BYTES_PER_LINE <= SMALL_BYTES);
        });
    }
}
