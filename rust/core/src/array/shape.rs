//! Shape rules. A shape is a number of entries so far; one entry broadcasts against any number.

use std::fmt;

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

/// The shape of an elementwise operation on shapes `left` and `right`.
///
/// # Errors
/// If they differ and neither is 1.
pub fn broadcast(left: usize, right: usize) -> Result<usize, ShapeError> {
    if left == right || right == 1 {
        Ok(left)
    } else if left == 1 {
        Ok(right)
    } else {
        Err(ShapeError { left, right })
    }
}

/// The shape of two operands that must have the same one.
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
