//! Arrays of numbers that sweeps over scalars fill anew each time.

use super::KEPT_NODES;

/// Arrays that were given back, empty, so that the memory need not be fetched again.
#[derive(Debug)]
pub(super) struct Scratch {
    arrays: Vec<Vec<f64>>,
}

impl Scratch {
    pub(super) const fn new() -> Self {
        Self { arrays: Vec::new() }
    }

    /// An empty array.
    pub(super) fn take(&mut self) -> Vec<f64> {
        self.arrays.pop().unwrap_or_default()
    }

    /// Keeps an array for the next sweep, unless it is large, or there are enough.
    pub(super) fn put(&mut self, mut array: Vec<f64>) {
        const ENOUGH: usize = 4;
        if array.capacity() <= KEPT_NODES && self.arrays.len() < ENOUGH {
            array.clear();
            self.arrays.push(array);
        }
    }
}
