//! A recorded function as the linear map that its derivative is: its terms, and what they do.
//!
//! A term adds some entries times their partials to others. Read in order, the terms push
//! tangents forward; read from the last, they pull cotangents back. Either is done for several
//! directions at a time, the lanes: that is what a Jacobian takes. Entries that are merely copied
//! share one place with their copies, and have no term.

use std::ops::Range;

use smallvec::SmallVec;

use crate::array::Value;
use crate::kernels::{self, Work};
use crate::ops::Primal;

/// The most directions at a time.
pub const LANES: usize = 8;
/// Lanes are as many as keep the entries of all of them in this many numbers: in a near cache.
const NEAR: usize = 1 << 21;

/// How a term connects entries of an operand `x` with entries of a result `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Each entry of `x` with one of `y`.
    Entrywise,
    /// One entry of `x` with all of `y`.
    Spread,
    /// All entries of `x` with the one of `y`.
    Gather,
    /// Running sums of `x`, from the front.
    RunningSum,
    /// Running sums of `x`, from the back.
    RunningSumFromBack,
}

/// Some entries times their partials, added to others.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) form: Form,
    /// Whether all partials are finite: only others must not meet an adjoint of 0.
    pub(super) is_finite: bool,
    /// First entry of the operand.
    pub(super) x: u32,
    /// First entry of the result, which is above all of the operand.
    pub(super) y: u32,
    /// Entries on the side that has more.
    pub(super) count: u32,
    /// A partial for each, or one for all.
    pub(super) partial: Value,
}

/// Where the entries of a node are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The first; `None` where the derivative is 0.
    pub(super) start: Option<u32>,
    pub(super) dim: usize,
}

/// The derivative of some nodes with respect to others; [`super::Tape::linearize`] makes it.
#[derive(Debug)]
pub struct Linearized {
    pub(super) terms: Vec<Term>,
    /// How many entries the terms speak of.
    pub(super) entries: usize,
    pub(super) inputs: SmallVec<[Place; 2]>,
    pub(super) outputs: SmallVec<[Place; 2]>,
}

impl Linearized {
    /// Entries of all outputs: the rows of the Jacobian.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.outputs.iter().map(|place| place.dim).sum()
    }

    /// Entries of all inputs: the columns of the Jacobian.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.inputs.iter().map(|place| place.dim).sum()
    }

    /// Entries of all nodes: what a direction costs.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// How many directions to ask for at a time, of `left`.
    #[must_use]
    pub fn lanes(&self, left: usize) -> usize {
        let fitting = (NEAR / self.entries.max(1)).clamp(1, LANES);
        left.min(if fitting < LANES { 1 } else { LANES })
    }

    /// Writes some columns of the Jacobian, up to [`LANES`], to `matrix`, which is 0 there and
    /// holds one row after the other. Entries that come out infinite or nan are for
    /// [`super::Rows`] to decide.
    pub fn push_forward(&self, columns: Range<usize>, matrix: &mut [f64]) {
        match columns.len() {
            0 => {}
            1 => self.push_lanes::<1>(columns, matrix),
            2 => self.push_lanes::<2>(columns, matrix),
            3..=4 => self.push_lanes::<4>(columns, matrix),
            _ => self.push_lanes::<LANES>(columns, matrix),
        }
    }

    /// Writes some rows of the Jacobian in the same way.
    pub fn pull_back(&self, rows: Range<usize>, matrix: &mut [f64]) {
        match rows.len() {
            0 => {}
            1 => self.pull_lanes::<1>(rows, matrix),
            2 => self.pull_lanes::<2>(rows, matrix),
            3..=4 => self.pull_lanes::<4>(rows, matrix),
            _ => self.pull_lanes::<LANES>(rows, matrix),
        }
    }

    fn push_lanes<const L: usize>(&self, columns: Range<usize>, matrix: &mut [f64]) {
        let width = self.columns();
        let mut tangents: SmallVec<[[f64; L]; 32]> = SmallVec::from_elem([0.0; L], self.entries);
        seed(&self.inputs, &columns, &mut tangents);
        kernels::run_widest(PushForward(&self.terms, &mut tangents));
        for (entry, row) in entries_of(&self.outputs).zip(matrix.chunks_exact_mut(width)) {
            if let Some(entry) = entry {
                row[columns.clone()].copy_from_slice(&tangents[entry][..columns.len()]);
            }
        }
    }

    fn pull_lanes<const L: usize>(&self, rows: Range<usize>, matrix: &mut [f64]) {
        let width = self.columns();
        let mut cotangents: SmallVec<[[f64; L]; 32]> = SmallVec::from_elem([0.0; L], self.entries);
        seed(&self.outputs, &rows, &mut cotangents);
        kernels::run_widest(PullBack(&self.terms, &mut cotangents));
        for (column, entry) in entries_of(&self.inputs).enumerate() {
            if let Some(entry) = entry {
                for (lane, row) in rows.clone().enumerate() {
                    matrix[row * width + column] = cotangents[entry][lane];
                }
            }
        }
    }
}

/// The entries at some places, `None` for those whose derivative is 0.
pub(super) fn entries_of(places: &[Place]) -> impl Iterator<Item = Option<usize>> {
    places
        .iter()
        .flat_map(|place| (0..place.dim).map(|index| Some(place.start? as usize + index)))
}

/// Makes lanes the unit vectors of these directions.
fn seed<const L: usize>(places: &[Place], directions: &Range<usize>, lanes: &mut [[f64; L]]) {
    let entries = entries_of(places)
        .skip(directions.start)
        .take(directions.len());
    for (lane, entry) in entries.enumerate() {
        if let Some(entry) = entry {
            lanes[entry][lane] = 1.0;
        }
    }
}

struct PushForward<'a, const L: usize>(&'a [Term], &'a mut [[f64; L]]);

impl<const L: usize> Work for PushForward<'_, L> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        for term in self.0 {
            let (x, y) = term.sides(self.1);
            term.add(x, y, false);
        }
    }
}

struct PullBack<'a, const L: usize>(&'a [Term], &'a mut [[f64; L]]);

impl<const L: usize> Work for PullBack<'_, L> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        for term in self.0.iter().rev() {
            let (x, y) = term.sides(self.1);
            term.add(y, x, true);
        }
    }
}

impl Term {
    /// The entries of the operand and of the result.
    #[inline(always)]
    fn sides<'a, const L: usize>(
        &self,
        entries: &'a mut [[f64; L]],
    ) -> (&'a mut [[f64; L]], &'a mut [[f64; L]]) {
        let (x_count, y_count) = match self.form {
            Form::Spread => (1, self.count as usize),
            Form::Gather => (self.count as usize, 1),
            Form::Entrywise | Form::RunningSum | Form::RunningSumFromBack => {
                (self.count as usize, self.count as usize)
            }
        };
        let (below, above) = entries.split_at_mut(self.y as usize);
        let x = self.x as usize;
        (&mut below[x..x + x_count], &mut above[..y_count])
    }

    /// Adds what `from` contributes to `to`; backwards, `from` is the result. Forwards, a change of 0
    /// beside a partial that is not finite makes nan.
    #[inline(always)]
    fn add<const L: usize>(&self, from: &[[f64; L]], to: &mut [[f64; L]], is_backwards: bool) {
        match self.form {
            Form::RunningSum => add_running_sums(from, to, is_backwards),
            Form::RunningSumFromBack => add_running_sums(from, to, !is_backwards),
            Form::Entrywise | Form::Spread | Form::Gather => {
                match (&self.partial, self.is_finite || !is_backwards) {
                    (Value::Number(partial, _), true) => {
                        add_products(from, to, |_| *partial, scaled)
                    }
                    (Value::Number(partial, _), false) => {
                        add_products(from, to, |_| *partial, gated)
                    }
                    (Value::Array(partials), true) => {
                        let partials = partials.as_slice();
                        add_products(from, to, |index| partials[index], scaled);
                    }
                    (Value::Array(partials), false) => {
                        let partials = partials.as_slice();
                        add_products(from, to, |index| partials[index], gated);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn scaled(change: f64, partial: f64) -> f64 {
    change * partial
}

/// Absolute zero: an adjoint of 0 contributes 0, against any partial.
#[inline(always)]
fn gated(change: f64, partial: f64) -> f64 {
    if change == 0.0 { 0.0 } else { change * partial }
}

/// Adds products to `to`, lane by lane, where one entry of either side stands for all.
#[inline(always)]
fn add_products<const L: usize>(
    from: &[[f64; L]],
    to: &mut [[f64; L]],
    partial: impl Fn(usize) -> f64,
    product: impl Fn(f64, f64) -> f64,
) {
    let add = |to: &mut [f64; L], from: &[f64; L], partial: f64| {
        for (to, &from) in to.iter_mut().zip(from) {
            *to += product(from, partial);
        }
    };
    match (from, to) {
        ([from], [to]) => add(to, from, partial(0)),
        ([from], to) => {
            for (index, to) in to.iter_mut().enumerate() {
                add(to, from, partial(index));
            }
        }
        (from, [to]) => {
            let mut sum = *to;
            for (index, from) in from.iter().enumerate() {
                add(&mut sum, from, partial(index));
            }
            *to = sum;
        }
        (from, to) => {
            for (index, (to, from)) in to.iter_mut().zip(from).enumerate() {
                add(to, from, partial(index));
            }
        }
    }
}

/// Adds running sums, from the front or from the back; each is the transpose of the other.
#[inline(always)]
fn add_running_sums<const L: usize>(from: &[[f64; L]], to: &mut [[f64; L]], from_back: bool) {
    let mut sum = [0.0; L];
    let mut add = |(to, from): (&mut [f64; L], &[f64; L])| {
        for lane in 0..L {
            sum[lane] += from[lane];
            to[lane] += sum[lane];
        }
    };
    if from_back {
        to.iter_mut().zip(from).rev().for_each(&mut add);
    } else {
        to.iter_mut().zip(from).for_each(&mut add);
    }
}
