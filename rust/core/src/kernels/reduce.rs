//! Sums and other loops that carry something from entry to entry.

use super::dispatch::{self, Work};
use crate::ops::Primal;

/// Partial sums kept side by side, so that additions do not wait for one another.
const LANES: usize = 32;
/// Entries summed in one go; the sums of the blocks are added pairwise, which keeps the error
/// growing with the logarithm of the number of blocks (Higham, Accuracy and Stability of
/// Numerical Algorithms, 2nd ed., section 4.2).
const BLOCK: usize = 2048;

struct Sum<'a>(&'a [f64]);

impl Work for Sum<'_> {
    type Output = f64;
    #[inline(always)]
    fn run<T: Primal>(self) -> f64 {
        let mut sums = PairwiseSum::new();
        for block in self.0.chunks(BLOCK) {
            let mut lanes = [0.0; LANES];
            let chunks = block.chunks_exact(LANES);
            let rest = chunks.remainder();
            for chunk in chunks {
                for (lane, &x) in lanes.iter_mut().zip(chunk) {
                    *lane += x;
                }
            }
            sums.push(sum_of_lanes(lanes) + rest.iter().sum::<f64>());
        }
        sums.total()
    }
}

struct Dot<'a>(&'a [f64], &'a [f64]);

impl Work for Dot<'_> {
    type Output = f64;
    #[inline(always)]
    fn run<T: Primal>(self) -> f64 {
        let mut sums = PairwiseSum::new();
        for (a, b) in self.0.chunks(BLOCK).zip(self.1.chunks(BLOCK)) {
            let mut lanes = [0.0; LANES];
            let (chunks_a, chunks_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
            let rest = chunks_a.remainder().iter().zip(chunks_b.remainder());
            let rest: f64 = rest.map(|(a, b)| a * b).sum();
            for (chunk_a, chunk_b) in chunks_a.zip(chunks_b) {
                for (lane, (&a, &b)) in lanes.iter_mut().zip(chunk_a.iter().zip(chunk_b)) {
                    *lane += a * b;
                }
            }
            sums.push(sum_of_lanes(lanes) + rest);
        }
        sums.total()
    }
}

#[inline(always)]
fn sum_of_lanes(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES / 2;
    while width > 0 {
        for index in 0..width {
            lanes[index] += lanes[index + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// Adds numbers pairwise as they come: like a binary counter, level `k` holds a sum of `2**k`.
struct PairwiseSum {
    levels: [f64; usize::BITS as usize],
    depth: usize,
    count: usize,
}

impl PairwiseSum {
    #[inline(always)]
    fn new() -> Self {
        Self {
            levels: [0.0; usize::BITS as usize],
            depth: 0,
            count: 0,
        }
    }

    #[inline(always)]
    fn push(&mut self, mut sum: f64) {
        let mut carries = self.count;
        while carries & 1 == 1 {
            self.depth -= 1;
            sum += self.levels[self.depth];
            carries >>= 1;
        }
        self.levels[self.depth] = sum;
        self.depth += 1;
        self.count += 1;
    }

    #[inline(always)]
    fn total(self) -> f64 {
        self.levels[..self.depth]
            .iter()
            .rev()
            .fold(0.0, |sum, level| sum + level)
    }
}

/// Up to so many columns the rows of a matrix are multiplied in one loop, without a call for each.
const NARROW: usize = 128;
const NARROW_LANES: usize = 8;

struct NarrowProducts<'a> {
    rows: &'a [f64],
    x: &'a [f64],
    out: &'a mut [f64],
}

impl Work for NarrowProducts<'_> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        let (x_chunks, x_rest) = self.x.as_chunks::<NARROW_LANES>();
        for (y, row) in self
            .out
            .iter_mut()
            .zip(self.rows.chunks_exact(self.x.len()))
        {
            let (chunks, rest) = row.as_chunks::<NARROW_LANES>();
            let mut lanes = [0.0; NARROW_LANES];
            for (chunk, x) in chunks.iter().zip(x_chunks) {
                for (lane, (&entry, &x)) in lanes.iter_mut().zip(chunk.iter().zip(x)) {
                    *lane += entry * x;
                }
            }
            let rest: f64 = rest.iter().zip(x_rest).map(|(entry, x)| entry * x).sum();
            *y = lanes.iter().sum::<f64>() + rest;
        }
    }
}

struct AddScaled<'a>(&'a mut [f64], f64, &'a [f64]);

impl Work for AddScaled<'_> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        for (sum, &x) in self.0.iter_mut().zip(self.2) {
            *sum += self.1 * x;
        }
    }
}

struct Scale<'a>(f64, &'a [f64], &'a mut [f64]);

impl Work for Scale<'_> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        for (y, &x) in self.2.iter_mut().zip(self.1) {
            *y = self.0 * x;
        }
    }
}

struct AddAssign<'a>(&'a mut [f64], &'a [f64]);

impl Work for AddAssign<'_> {
    type Output = ();
    #[inline(always)]
    fn run<T: Primal>(self) {
        for (sum, &x) in self.0.iter_mut().zip(self.1) {
            *sum += x;
        }
    }
}

struct SumOfExp<'a>(&'a [f64], f64);

impl Work for SumOfExp<'_> {
    type Output = f64;
    #[inline(always)]
    fn run<T: Primal>(self) -> f64 {
        let mut sums = PairwiseSum::new();
        let shift = T::constant(self.1);
        let mut terms = [0.0; 256];
        for block in self.0.chunks(256) {
            for (term, &x) in terms.iter_mut().zip(block) {
                *term = (T::constant(x) - shift).exp().to_f64();
            }
            sums.push(terms[..block.len()].iter().sum());
        }
        sums.total()
    }
}

/// Sum of the entries.
#[must_use]
pub fn sum(x: &[f64]) -> f64 {
    if x.len() < LANES {
        return 0.0 + x.iter().sum::<f64>();
    }
    dispatch::run(Sum(x))
}

/// Sum of the products of entries.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    if a.len() < LANES {
        return 0.0 + a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    }
    dispatch::run(Dot(a, b))
}

/// The inner products of rows, one after the other in `rows`, with `x`; one for each place of `out`.
pub fn products(rows: &[f64], x: &[f64], out: &mut [f64]) {
    if x.len() > NARROW {
        for (y, row) in out.iter_mut().zip(rows.chunks_exact(x.len())) {
            *y = dot(row, x);
        }
    } else if x.is_empty() {
        out.fill(0.0);
    } else {
        dispatch::run(NarrowProducts { rows, x, out });
    }
}

/// `sums += factor * x`, entry by entry.
pub fn add_scaled(sums: &mut [f64], factor: f64, x: &[f64]) {
    dispatch::run(AddScaled(sums, factor, x));
}

/// Writes `factor * x` to `y`.
pub fn scale(factor: f64, x: &[f64], y: &mut [f64]) {
    dispatch::run(Scale(factor, x, y));
}

/// `sums += x`, entry by entry.
pub fn add_assign(sums: &mut [f64], x: &[f64]) {
    dispatch::run(AddAssign(sums, x));
}

/// Greatest entry; nan if any is, `-inf` of none.
#[must_use]
pub fn greatest(x: &[f64]) -> f64 {
    x.iter().fold(f64::NEG_INFINITY, |best, &x| {
        if x > best || x.is_nan() { x } else { best }
    })
}

/// Least entry; nan if any is, `inf` of none.
#[must_use]
pub fn least(x: &[f64]) -> f64 {
    x.iter().fold(
        f64::INFINITY,
        |best, &x| if x < best || x.is_nan() { x } else { best },
    )
}

/// `log(sum(exp(x)))` with the greatest entry taken out.
#[must_use]
pub fn logsumexp(x: &[f64]) -> f64 {
    let shift = greatest(x);
    if !shift.is_finite() {
        return shift;
    }
    shift + dispatch::run(SumOfExp(x, shift)).ln()
}

/// Euclidean length, without overflow or underflow.
#[must_use]
pub fn norm(x: &[f64]) -> f64 {
    let squares = dot(x, x);
    // Between these bounds no square has lost anything that matters to the sum.
    if (1e-280..1e300).contains(&squares) {
        return squares.sqrt();
    }
    let scale = x.iter().fold(0.0_f64, |scale, &x| scale.max(x.abs()));
    if scale == 0.0 || !scale.is_finite() || squares.is_nan() {
        let infinite = x.iter().any(|x| x.is_infinite());
        return if infinite {
            f64::INFINITY
        } else {
            squares.sqrt()
        };
    }
    let squares: f64 = x.iter().map(|&x| (x / scale) * (x / scale)).sum();
    scale * squares.sqrt()
}

/// Running sums, from the front or from the back.
pub fn cumulative_sum(x: &[f64], from_back: bool, out: &mut [f64]) {
    let mut sum = 0.0;
    let mut add = |(out, &x): (&mut f64, &f64)| {
        sum += x;
        *out = sum;
    };
    if from_back {
        out.iter_mut().zip(x).rev().for_each(&mut add);
    } else {
        out.iter_mut().zip(x).for_each(&mut add);
    }
}

/// The share of each entry in the extreme value `y`: `1 / k` for each of `k` entries equal to it
/// (for nan: that are nan), 0 elsewhere.
pub fn exclusive_shares(x: &[f64], y: f64, out: &mut [f64]) {
    let is_extreme = |x: f64| x == y || (x.is_nan() && y.is_nan());
    let count = x.iter().filter(|&&x| is_extreme(x)).count();
    let share = 1.0 / count as f64;
    for (out, &x) in out.iter_mut().zip(x) {
        *out = if is_extreme(x) { share } else { 0.0 };
    }
}
