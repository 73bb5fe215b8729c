//! A number or a vector.

use super::{Buffer, ShapeError, broadcast};

/// A number or a vector of any length but one.
#[derive(Clone, Debug)]
pub enum Value {
    /// A number, which is also a vector of one entry.
    Number(f64),
    /// A vector; its length is never one.
    Array(Buffer),
}

impl Value {
    /// A copy of `numbers`.
    #[must_use]
    pub fn from_slice(numbers: &[f64]) -> Self {
        match *numbers {
            [number] => Self::Number(number),
            _ => Self::Array(Buffer::from_slice(numbers)),
        }
    }

    /// `dim` entries that `fill` writes.
    pub fn build(dim: usize, fill: impl FnOnce(&mut [f64])) -> Self {
        if dim == 1 {
            let mut number = [0.0];
            fill(&mut number);
            Self::Number(number[0])
        } else {
            Self::Array(Buffer::build(dim, fill))
        }
    }

    /// `dim` times `number`.
    #[must_use]
    pub fn filled(dim: usize, number: f64) -> Self {
        Self::build(dim, |out| out.fill(number))
    }

    /// How many entries there are.
    #[must_use]
    pub fn dim(&self) -> usize {
        match self {
            Self::Number(_) => 1,
            Self::Array(buffer) => buffer.len(),
        }
    }

    /// The entries.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        match self {
            Self::Number(number) => std::slice::from_ref(number),
            Self::Array(buffer) => buffer.as_slice(),
        }
    }

    /// The entry at `index`, where one entry stands for all.
    #[must_use]
    #[inline]
    pub fn entry(&self, index: usize) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Array(buffer) => buffer.as_slice()[index],
        }
    }

    /// 1 where `holds` is true of a pair of entries, 0 elsewhere.
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn mask(a: &Self, b: &Self, holds: impl Fn(f64, f64) -> bool) -> Result<Self, ShapeError> {
        let dim = broadcast(a.dim(), b.dim())?;
        Ok(Self::build(dim, |out| {
            let (a, b) = (a.as_slice(), b.as_slice());
            // A step of 0 where one entry stands for all.
            let [step_a, step_b] = [a, b].map(|entries| usize::from(entries.len() != 1));
            for (index, out) in out.iter_mut().enumerate() {
                *out = f64::from(u8::from(holds(a[index * step_a], b[index * step_b])));
            }
        }))
    }

    /// The entries, to be written; storage that is shared is copied first.
    pub fn make_mut(&mut self) -> &mut [f64] {
        match self {
            Self::Number(number) => std::slice::from_mut(number),
            Self::Array(buffer) => buffer.make_mut(),
        }
    }

    /// The one entry, if there is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Array(_) => None,
        }
    }

    /// The one entry of what is a number whatever the operands were, as the result of a reduction is
    /// and its cotangent. Of a vector it would be nan: a build with debug assertions stops there.
    #[must_use]
    pub fn number(&self) -> f64 {
        debug_assert_eq!(self.dim(), 1, "a vector stands where a number belongs");
        self.as_number().unwrap_or(f64::NAN)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Number(_) => 0,
            Self::Array(buffer) => buffer.bytes(),
        }
    }
}
