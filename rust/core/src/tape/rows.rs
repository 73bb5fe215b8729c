//! Rows of a Jacobian, each for the price of what it depends on.
//!
//! Forward mode asks for them where something is infinite or nan, see [`super::plain_tangent`]. That
//! may be every row of many, as when an optimiser walked out of a domain, and each may depend on
//! little, as residuals do: to read all terms for each would take minutes. So a row is followed from
//! entry to entry, and what it does not depend on is skipped 64 entries at a time.

use smallvec::SmallVec;

use super::linearized::{Form, LANES, Linearized, Term, entries_of};
use crate::memory;
use crate::ops::gated;

/// Adjoints of an entry, a lane for each row.
type Lanes = [f64; LANES];

/// A linearized function, read from single entries of its outputs down.
#[derive(Debug)]
pub struct Rows<'l> {
    linearized: &'l Linearized,
    /// The entry that each row is, `None` for one that is constant.
    outputs: Vec<Option<usize>>,
    /// The terms that add to an entry are `terms[starts[entry]..starts[entry + 1]]`.
    starts: Vec<usize>,
    terms: Vec<u32>,
    adjoints: Adjoints,
    /// Of each input the first entry, how many there are, and the first column; sorted.
    inputs: SmallVec<[(usize, usize, usize); 2]>,
}

/// Adjoints of all entries, and which were reached; between two reads, none.
#[derive(Debug)]
struct Adjoints {
    lanes: Vec<Lanes>,
    reached: Vec<u64>,
}

impl<'l> Rows<'l> {
    /// Prepares to read rows, for about the price of reading all terms once.
    #[must_use]
    pub fn new(linearized: &'l Linearized) -> Self {
        let entries = linearized.entries;
        let (starts, terms) = by_result(&linearized.terms, entries);
        let mut column = 0;
        let mut inputs = SmallVec::new();
        for place in &linearized.inputs {
            inputs.extend(place.start.map(|start| (start as usize, place.dim, column)));
            column += place.dim;
        }
        inputs.sort_unstable();
        Self {
            linearized,
            outputs: memory::collect(entries_of(&linearized.outputs)),
            starts,
            terms,
            adjoints: Adjoints {
                lanes: memory::filled(entries, [0.0; LANES]),
                reached: memory::filled(entries.div_ceil(64), 0),
            },
            inputs,
        }
    }

    /// Calls `visit` with each column that one of `rows`, up to [`LANES`], depends on, and the entries
    /// of these rows there. Gives how many entries of the graph were looked at.
    pub fn pull_back(&mut self, rows: &[usize], mut visit: impl FnMut(usize, &[f64])) -> usize {
        for (lane, &row) in rows.iter().enumerate() {
            if let Some(entry) = self.outputs[row] {
                self.adjoints.at(entry)[lane] += 1.0;
            }
        }
        let mut looked_at = self.adjoints.reached.len() / 64;
        for word in (0..self.adjoints.reached.len()).rev() {
            // Operands may lie in the same word, below.
            while let Some(entry) = self.adjoints.last_of(word) {
                let lanes = self.adjoints.take(entry);
                let terms = self.starts[entry]..self.starts[entry + 1];
                looked_at += 1;
                if terms.is_empty() {
                    if let Some(column) = self.column_of(entry) {
                        visit(column, &lanes[..rows.len()]);
                    }
                    continue;
                }
                for &term in &self.terms[terms] {
                    let term = &self.linearized.terms[term as usize];
                    looked_at += self.adjoints.pull_back(term, entry, &lanes);
                }
            }
        }
        looked_at
    }

    /// The column of an entry of an input.
    fn column_of(&self, entry: usize) -> Option<usize> {
        let above = self.inputs.partition_point(|(start, ..)| *start <= entry);
        let (start, dim, column) = *self.inputs.get(above.checked_sub(1)?)?;
        (entry - start < dim).then_some(column + entry - start)
    }
}

impl Adjoints {
    /// The adjoints of an entry, which is reached from now on.
    #[inline]
    fn at(&mut self, entry: usize) -> &mut Lanes {
        self.reached[entry / 64] |= 1 << (entry % 64);
        &mut self.lanes[entry]
    }

    /// The last entry that was reached among the 64 of a word.
    #[inline]
    fn last_of(&self, word: usize) -> Option<usize> {
        let bit = self.reached[word].checked_ilog2()?;
        Some(word * 64 + bit as usize)
    }

    /// The adjoints of an entry, which is not reached from now on.
    #[inline]
    fn take(&mut self, entry: usize) -> Lanes {
        self.reached[entry / 64] &= !(1 << (entry % 64));
        std::mem::replace(&mut self.lanes[entry], [0.0; LANES])
    }

    #[inline]
    fn add(&mut self, entry: usize, lanes: &Lanes, partial: f64) {
        for (sum, &lane) in self.at(entry).iter_mut().zip(lanes) {
            // Absolute zero: an adjoint of 0 contributes 0, against any partial.
            *sum += gated(lane, partial);
        }
    }

    /// Adds what one entry of the result of a term contributes to the entries of its operand; gives
    /// how many these are.
    fn pull_back(&mut self, term: &Term, entry: usize, lanes: &Lanes) -> usize {
        let (x, place) = (term.x as usize, entry - term.y as usize);
        let count = term.count as usize;
        let sources = match term.form {
            Form::Entrywise => {
                self.add(x + place, lanes, term.partial.entry(place));
                return 1;
            }
            Form::Spread => {
                self.add(x, lanes, term.partial.entry(place));
                return 1;
            }
            Form::Gather => 0..count,
            Form::RunningSum => 0..place + 1,
            Form::RunningSumFromBack => place..count,
        };
        let looked_at = sources.len();
        for source in sources {
            let partial = match term.form {
                Form::Entrywise | Form::Spread | Form::Gather => term.partial.entry(source),
                Form::RunningSum | Form::RunningSumFromBack => 1.0,
            };
            self.add(x + source, lanes, partial);
        }
        looked_at
    }
}

/// The terms by the entries of the result that they add to: where those of each entry start, and
/// the terms.
fn by_result(terms: &[Term], entries: usize) -> (Vec<usize>, Vec<u32>) {
    let results = |term: &Term| {
        let y = term.y as usize;
        y..y + if term.form == Form::Gather {
            1
        } else {
            term.count as usize
        }
    };
    let mut starts = memory::filled(entries + 1, 0);
    for term in terms {
        starts[results(term)]
            .iter_mut()
            .for_each(|count| *count += 1);
    }
    // From counts to the ends of the stretches, which filling them from the end makes starts.
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut sorted = memory::filled(sum, 0);
    for (index, term) in terms.iter().enumerate() {
        for start in &mut starts[results(term)] {
            *start -= 1;
            sorted[*start] = index as u32;
        }
    }
    (starts, sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Value;
    use crate::ops::{BinaryOp, UnaryOp};
    use crate::structural::{Span, Structural};
    use crate::tape::{Error, NodeId, Operand, Tape};

    fn leaf(tape: &mut Tape, entries: &[f64]) -> Result<Operand, Error> {
        let value = Value::from_slice(entries);
        let node = tape.push_leaf(value.clone(), 0)?;
        Ok(Operand { node, value })
    }

    /// All rows, and how many entries were looked at.
    fn rows_of(linearized: &Linearized) -> (Vec<f64>, usize) {
        let (mut rows, width) = (Rows::new(linearized), linearized.columns());
        let mut matrix = vec![0.0; linearized.rows() * width];
        let mut looked_at = 0;
        let all: Vec<usize> = (0..linearized.rows()).collect();
        for some in all.chunks(LANES) {
            looked_at += rows.pull_back(some, |column, entries| {
                for (row, entry) in some.iter().zip(entries) {
                    matrix[row * width + column] = *entry;
                }
            });
        }
        (matrix, looked_at)
    }

    fn pulled_back(linearized: &Linearized) -> Vec<f64> {
        let mut matrix = vec![0.0; linearized.rows() * linearized.columns()];
        for row in 0..linearized.rows() {
            linearized.pull_back(row..row + 1, &mut matrix);
        }
        matrix
    }

    /// The rows of every form of term are those of the sweep over all terms.
    #[test]
    fn single_rows_are_those_of_the_sweep_over_all() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, &[0.3, 0.7, 1.1])?;
        let y = leaf(&mut tape, &[0.4])?;
        let sine = tape.unary(UnaryOp::Sin, &x)?;
        let product = tape.binary(BinaryOp::Mul, &sine, &y)?;
        let front = Structural::CumulativeSum { from_back: false };
        let sums = tape.structural(front, std::slice::from_ref(&product))?;
        let back = Structural::CumulativeSum { from_back: true };
        let sums = tape.structural(back, &[sums])?;
        let norm = tape.structural(Structural::Norm, std::slice::from_ref(&sums))?;
        let span = Span {
            start: 2,
            step: -2,
            count: 2,
            dim: 3,
        };
        let ends = tape.structural(Structural::Slice(span), &[product])?;
        let ends = tape.binary(BinaryOp::Sub, &ends, &norm)?;
        let outputs: Vec<(NodeId, usize)> = [&sums, &norm, &ends, &x]
            .iter()
            .map(|output| (output.node, output.value.dim()))
            .collect();
        let linearized = tape.linearize(&outputs, &[y.node, x.node]);
        let linearized = linearized.ok_or(Error::Memory)?;
        let (found, wanted) = (rows_of(&linearized).0, pulled_back(&linearized));
        assert!(wanted.iter().any(|entry| *entry != 0.0));
        for (found, wanted) in found.iter().zip(&wanted) {
            assert!((found - wanted).abs() < 1e-14);
        }
        Ok(())
    }

    /// Ten thousand square roots at 0 depend on one entry each, and that is all that is read.
    #[test]
    fn a_row_costs_what_it_depends_on() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, &[0.0; 10_000])?;
        let root = tape.unary(UnaryOp::Sqrt, &x)?;
        let y = tape.unary(UnaryOp::Sin, &root)?;
        let linearized = tape.linearize(&[(y.node, 10_000)], &[x.node]);
        let linearized = linearized.ok_or(Error::Memory)?;
        let mut rows = Rows::new(&linearized);
        let mut columns = Vec::new();
        let looked_at = rows.pull_back(&[7, 9_000], |column, entries| {
            columns.push((column, entries.to_vec()));
        });
        assert!(looked_at < 100);
        let infinite = f64::INFINITY;
        assert_eq!(
            columns,
            [(9_000, vec![0.0, infinite]), (7, vec![infinite, 0.0])]
        );
        Ok(())
    }

    /// An adjoint of 0 wins over an infinite partial, an infinite one over no partial of 0.
    #[test]
    fn zeros_are_absolute_on_the_side_of_adjoints() -> Result<(), Error> {
        let mut tape = Tape::new();
        let x = leaf(&mut tape, &[0.0])?;
        let root = tape.unary(UnaryOp::Sqrt, &x)?;
        let nothing = tape.binary(BinaryOp::Sub, &root, &root)?;
        let square = tape.binary(BinaryOp::Mul, &x, &x)?;
        let length = tape.unary(UnaryOp::Sqrt, &square)?;
        let outputs = [(nothing.node, 1), (length.node, 1)];
        let linearized = tape.linearize(&outputs, &[x.node]).ok_or(Error::Memory)?;
        let (found, _) = rows_of(&linearized);
        assert_eq!(found[0], 0.0);
        assert!(found[1].is_nan());
        Ok(())
    }
}
