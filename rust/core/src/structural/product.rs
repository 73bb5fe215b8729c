//! Products of a constant matrix and a vector.

use crate::array::{Buffer, Shape, Value};
use crate::kernels;

/// A constant matrix. Copies share the entries, and so does the transpose.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// The entries by rows, or those of the transpose.
    entries: Buffer,
    /// Rows and columns of what is stored.
    stored: [usize; 2],
    is_transposed: bool,
}

impl Matrix {
    /// The matrix with these entries, one row after the other.
    ///
    /// # Panics
    /// If there are not `rows * columns` of them.
    #[must_use]
    pub fn new(entries: Buffer, rows: usize, columns: usize) -> Self {
        assert_eq!(entries.len(), rows * columns);
        Self {
            entries,
            stored: [rows, columns],
            is_transposed: false,
        }
    }

    /// The transpose.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            is_transposed: !self.is_transposed,
            ..self
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.stored[usize::from(self.is_transposed)]
    }

    /// How many columns there are.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.stored[usize::from(!self.is_transposed)]
    }

    /// Bytes on the heap, which may be shared.
    pub(crate) fn bytes(&self) -> usize {
        self.entries.bytes()
    }

    /// A row.
    pub(crate) fn row(&self, index: usize) -> Value {
        let entries = self.entries.as_slice();
        let columns = self.stored[1];
        if !self.is_transposed {
            return Value::from_slice(&entries[index * columns..(index + 1) * columns]);
        }
        Value::build(Shape::vector(self.columns()), |out| {
            for (out, row) in out.iter_mut().zip(entries.chunks_exact(columns)) {
                *out = row[index];
            }
        })
    }

    /// The rows of what is stored; there are none where they would have no entries.
    fn stored_rows(&self) -> impl Iterator<Item = &[f64]> {
        self.entries.as_slice().chunks_exact(self.stored[1].max(1))
    }

    /// The product with a vector, or with a number that stands for all its entries. Where
    /// `is_gated`, an entry of 0 contributes 0, even if it meets one of the matrix that is infinite.
    pub(super) fn product(&self, x: &Value, is_gated: bool) -> Value {
        let spread;
        let x = if x.dim() == self.columns() {
            x
        } else {
            spread = Value::filled(
                Shape::vector(self.columns()),
                x.as_number().unwrap_or(f64::NAN),
            );
            &spread
        };
        let x = x.as_slice();
        Value::build(Shape::vector(self.rows()), |out| {
            if self.is_transposed {
                out.fill(0.0);
                for (&factor, row) in x.iter().zip(self.stored_rows()) {
                    if factor != 0.0 || !is_gated {
                        kernels::add_scaled(out, factor, row);
                    }
                }
                return;
            }
            kernels::products(self.entries.as_slice(), x, out);
            // Where no product is infinite or nan, zeros need not be looked for.
            if is_gated && out.iter().any(|y| !y.is_finite()) {
                for (y, row) in out.iter_mut().zip(self.stored_rows()) {
                    let terms = row.iter().zip(x).filter(|(_, x)| **x != 0.0);
                    *y = terms.map(|(entry, x)| entry * x).sum();
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of three, and the same stored by columns.
    fn both() -> [Matrix; 2] {
        let by_rows = Buffer::from_slice(&[1.0, 2.0, 3.0, -4.0, 5.0, 0.5]);
        let by_columns = Buffer::from_slice(&[1.0, -4.0, 2.0, 5.0, 3.0, 0.5]);
        [
            Matrix::new(by_rows, 2, 3),
            Matrix::new(by_columns, 3, 2).transposed(),
        ]
    }

    #[test]
    fn a_product_does_not_depend_on_how_the_matrix_is_stored() {
        for matrix in both() {
            assert_eq!([matrix.rows(), matrix.columns()], [2, 3]);
            let x = Value::from_slice(&[1.0, -1.0, 2.0]);
            assert_eq!(matrix.product(&x, false).as_slice(), [5.0, -8.0]);
            assert_eq!(matrix.row(1).as_slice(), [-4.0, 5.0, 0.5]);
            let transposed = matrix.transposed();
            let y = Value::from_slice(&[1.0, 2.0]);
            assert_eq!(transposed.product(&y, false).as_slice(), [-7.0, 12.0, 4.0]);
        }
    }

    #[test]
    fn a_gated_zero_wins_over_an_infinite_entry() {
        let entries = Buffer::from_slice(&[f64::INFINITY, 2.0, 3.0, f64::NAN]);
        let matrix = Matrix::new(entries, 2, 2);
        for matrix in [matrix.clone(), matrix.transposed()] {
            let x = Value::from_slice(&[0.0, 1.0]);
            assert!(matrix.product(&x, true).as_slice()[0].is_finite());
            assert!(matrix.product(&x, false).as_slice()[0].is_nan());
        }
    }

    #[test]
    fn a_matrix_may_have_no_entries() {
        let none = Matrix::new(Buffer::filled(0, 0.0), 3, 0);
        let nothing = Value::filled(Shape::vector(0), 0.0);
        assert_eq!(none.product(&nothing, false).as_slice(), [0.0; 3]);
        let three = Value::filled(Shape::vector(3), 1.0);
        assert_eq!(none.transposed().product(&three, false).dim(), 0);
    }
}
