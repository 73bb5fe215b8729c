//! A number or a vector.

use super::{Buffer, Rank, Shape, ShapeError};

/// A number or a vector.
#[derive(Clone, Debug)]
pub enum Value {
    /// One entry: a number, or a vector of one.
    Number(f64, Rank),
    /// A vector; its length is never one.
    Array(Buffer),
}

const _: () = assert!(size_of::<Value>() == 16);

impl Value {
    /// A number.
    #[must_use]
    #[inline(always)]
    pub const fn number(number: f64) -> Self {
        Self::Number(number, Rank::NUMBER)
    }

    /// A vector with a copy of `numbers`.
    #[must_use]
    pub fn from_slice(numbers: &[f64]) -> Self {
        match *numbers {
            [number] => Self::Number(number, Rank::VECTOR),
            _ => Self::Array(Buffer::from_slice(numbers)),
        }
    }

    /// Entries of this shape that `fill` writes.
    pub fn build(shape: Shape, fill: impl FnOnce(&mut [f64])) -> Self {
        if shape.dim() == 1 {
            let mut number = [0.0];
            fill(&mut number);
            Self::Number(number[0], shape.rank())
        } else {
            Self::Array(Buffer::build(shape.dim(), fill))
        }
    }

    /// Entries of this shape, each `number`.
    #[must_use]
    pub fn filled(shape: Shape, number: f64) -> Self {
        Self::build(shape, |out| out.fill(number))
    }

    /// The shape.
    #[must_use]
    #[inline(always)]
    pub fn shape(&self) -> Shape {
        match self {
            Self::Number(_, rank) => Shape::one(*rank),
            Self::Array(buffer) => Shape::vector(buffer.len()),
        }
    }

    /// How many axes there are.
    #[must_use]
    #[inline(always)]
    pub fn rank(&self) -> Rank {
        match self {
            Self::Number(_, rank) => *rank,
            Self::Array(_) => Rank::VECTOR,
        }
    }

    /// The same entries in the shape of another value, if there are as many; else as they are.
    #[must_use]
    pub fn shaped_like(self, shape: Shape) -> Self {
        match self {
            Self::Number(number, _) if shape.dim() == 1 => Self::Number(number, shape.rank()),
            own @ (Self::Number(..) | Self::Array(_)) => own,
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn dim(&self) -> usize {
        match self {
            Self::Number(..) => 1,
            Self::Array(buffer) => buffer.len(),
        }
    }

    /// The entries.
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        match self {
            Self::Number(number, _) => std::slice::from_ref(number),
            Self::Array(buffer) => buffer.as_slice(),
        }
    }

    /// The entry at `index`, where one entry stands for all.
    #[must_use]
    #[inline]
    pub fn entry(&self, index: usize) -> f64 {
        match self {
            Self::Number(number, _) => *number,
            Self::Array(buffer) => buffer.as_slice()[index],
        }
    }

    /// 1 where `holds` is true of a pair of entries, 0 elsewhere.
    ///
    /// # Errors
    /// If the shapes do not go together.
    pub fn mask(a: &Self, b: &Self, holds: impl Fn(f64, f64) -> bool) -> Result<Self, ShapeError> {
        let shape = a.shape().broadcast(b.shape())?;
        Ok(Self::build(shape, |out| {
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
            Self::Number(number, _) => std::slice::from_mut(number),
            Self::Array(buffer) => buffer.make_mut(),
        }
    }

    /// The one entry, if there is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number, _) => Some(*number),
            Self::Array(_) => None,
        }
    }

    /// The one entry of what is a number whatever the operands were, as the result of a reduction is
    /// and its cotangent. Of a vector it would be nan: a build with debug assertions stops there.
    #[must_use]
    pub fn only(&self) -> f64 {
        debug_assert_eq!(self.dim(), 1, "a vector stands where a number belongs");
        self.as_number().unwrap_or(f64::NAN)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Number(..) => 0,
            Self::Array(buffer) => buffer.bytes(),
        }
    }
}
