//! Shape rules: the one place that knows them.
//!
//! A shape is a rank, the number of axes, and a number of entries. So far there are numbers, of no
//! axis, and vectors, of one. One entry broadcasts against any number of them, whatever its rank.

use std::fmt;

/// The number of axes: 0 of a number, 1 of a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(u8);

impl Rank {
    /// Of a number.
    pub const NUMBER: Self = Self(0);
    /// Of a vector.
    pub const VECTOR: Self = Self(1);

    /// How many axes there are.
    #[must_use]
    #[inline(always)]
    pub const fn axes(self) -> u8 {
        self.0
    }

    /// Whether there is none.
    #[must_use]
    #[inline(always)]
    pub const fn is_number(self) -> bool {
        self.0 == 0
    }
}

/// A rank and a number of entries; a number has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    rank: Rank,
    dim: usize,
}

impl Shape {
    /// The shape of a number.
    pub const NUMBER: Self = Self {
        rank: Rank::NUMBER,
        dim: 1,
    };

    /// The shape of a vector of `dim` entries.
    #[must_use]
    pub const fn vector(dim: usize) -> Self {
        Self {
            rank: Rank::VECTOR,
            dim,
        }
    }

    /// The shape of one entry of any rank.
    #[must_use]
    pub const fn one(rank: Rank) -> Self {
        Self { rank, dim: 1 }
    }

    /// How many axes there are.
    #[must_use]
    pub const fn rank(self) -> Rank {
        self.rank
    }

    /// How many entries there are.
    #[must_use]
    pub const fn dim(self) -> usize {
        self.dim
    }

    /// The lengths of the axes, first to last.
    pub fn lengths(self) -> impl ExactSizeIterator<Item = usize> {
        (0..self.rank.axes()).map(move |_| self.dim)
    }

    /// The shape of an elementwise operation on this shape and another: it has as many axes as the
    /// one that has more.
    ///
    /// # Errors
    /// If they differ and neither is of one entry.
    pub fn broadcast(self, other: Self) -> Result<Self, ShapeError> {
        let dim = if self.dim == other.dim || other.dim == 1 {
            self.dim
        } else if self.dim == 1 {
            other.dim
        } else {
            return Err(ShapeError {
                left: self.dim,
                right: other.dim,
            });
        };
        let rank = self.rank.max(other.rank);
        Ok(Self { rank, dim })
    }
}

/// Two shapes that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// Entries of the first operand.
    pub left: usize,
    /// Entries of the second operand.
    pub right: usize,
}

impl fmt::Display for ShapeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "lengths differ: {} and {}, wanted equal",
            self.left, self.right
        )
    }
}

/// The number of entries of two operands that must have as many.
///
/// # Errors
/// If they differ.
pub fn common_dim(left: usize, right: usize) -> Result<usize, ShapeError> {
    if left == right {
        Ok(left)
    } else {
        Err(ShapeError { left, right })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_broadcasts_and_keeps_its_axis() {
        let (number, one, three) = (Shape::NUMBER, Shape::vector(1), Shape::vector(3));
        assert_eq!(number.broadcast(number), Ok(number));
        for shapes in [(number, one), (one, number), (one, one)] {
            assert_eq!(shapes.0.broadcast(shapes.1), Ok(one));
        }
        for shapes in [(number, three), (three, one), (one, three)] {
            assert_eq!(shapes.0.broadcast(shapes.1), Ok(three));
        }
        assert_eq!(one.broadcast(Shape::vector(0)), Ok(Shape::vector(0)));
        assert!(three.broadcast(Shape::vector(2)).is_err());
    }

    #[test]
    fn a_number_has_no_lengths() {
        assert_eq!(Shape::NUMBER.lengths().len(), 0);
        assert_eq!(Shape::vector(3).lengths().collect::<Vec<_>>(), [3]);
    }
}
