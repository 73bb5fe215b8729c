//! Elementary functions on `f64`, written so that a plain loop over a slice becomes SIMD.
//!
//! Every function is `#[inline(always)]`, has no branch, no table and no call, and uses fused
//! multiply-add throughout. In a function with `#[target_feature(enable = "avx2,fma")]` (or
//! `avx512f,avx512dq,avx512vl`, or on aarch64, where FMA is always present) LLVM vectorises
//!
//! ```ignore
//! for (y, &x) in out.iter_mut().zip(xs) {
//!     *y = elementary::exp(x);
//! }
//! ```
//!
//! Compiled without FMA the same text gives the same bits, but slowly (`mul_add` is then a library
//! call): use the methods of `std` there.
//!
//! Results are within 1 ulp of the exact value for every argument, deterministic, and independent
//! of the vector width: the same operations are done in every lane. The documentation of each
//! function gives the largest error found at 200 000 points, against mpmath;
//! `tests/reference/make_reference.py` makes the table that the tests compare with.
//!
//! `sin`, `cos`, `sin_cos` and `tan` hold up to [`TRIG_LIMIT`] only; see there.
//!
//! # Source
//!
//! Argument reductions: W. J. Cody and W. Waite, *Software Manual for the Elementary Functions*
//! (1980); error-free sums and products: J.-M. Muller et al., *Handbook of Floating-Point
//! Arithmetic*, 2nd ed. (2018), sections 4.3 and 4.4. Polynomials: weighted least squares on
//! Chebyshev nodes in 500-bit arithmetic, one coefficient rounded at a time
//! (`make_reference.py --coefficients` prints them).

mod exp;
mod hyperbolic;
mod inverse_hyperbolic;
mod inverse_trig;
mod log;
mod power;
mod root;
#[cfg(test)]
mod tests;
mod trig;

pub(crate) use exp::{
    exp, exp2, expm1, gaussian, log_sigmoid, sigmoid, sigmoid_of_difference, sigmoid_slope,
    softplus,
};
pub(crate) use hyperbolic::{cosh, sech_squared, sinh, tanh};
pub(crate) use inverse_hyperbolic::{acosh, asinh, atanh};
pub(crate) use inverse_trig::{acos, asin, atan, atan_slope, atan2};
pub(crate) use log::{ln, log1p, log2, log10};
pub(crate) use power::{pow, pow_slope};
pub(crate) use root::{cbrt, hypot};
#[cfg(test)]
pub(crate) use trig::sin_cos;
pub(crate) use trig::{TRIG_LIMIT, cos, sin, tan};

/// `ln 2` to 53 bits.
const LN2_HI: f64 = core::f64::consts::LN_2;
/// `ln 2 - LN2_HI`.
const LN2_LO: f64 = 2.3190468138462996e-17;

/// The polynomial `c[0] + c[1] x + ...` by Horner's rule.
#[inline(always)]
fn horner<const N: usize>(x: f64, c: &[f64; N]) -> f64 {
    let mut sum = c[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, c[i]);
    }
    sum
}

/// The polynomial of [`horner`], its even and its odd powers apart: one multiplication more, but
/// half as long a chain of operations that wait for one another.
#[inline(always)]
fn horner_twice<const N: usize>(x: f64, c: &[f64; N]) -> f64 {
    let square = x * x;
    let (mut last, mut other) = (c[N - 1], c[N - 2]);
    for i in (0..N - 2).rev() {
        (last, other) = (other, last.mul_add(square, c[i]));
    }
    last.mul_add(x, other)
}

/// `a + b` as rounded sum and exact error; needs `|a| >= |b|` or `a == 0`.
///
/// # Source
///
/// Handbook of Floating-Point Arithmetic, 2nd ed., algorithm 4.3 (Fast2Sum).
#[inline(always)]
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// `a + b` as rounded sum and exact error, whatever the magnitudes.
///
/// # Source
///
/// Handbook of Floating-Point Arithmetic, 2nd ed., algorithm 4.4 (2Sum).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_seen = sum - a;
    (sum, (a - (sum - b_seen)) + (b - b_seen))
}

/// `a * b` as rounded product and exact error.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// `(n_hi + n_lo) / (d_hi + d_lo)` to within a little more than half an ulp, with one division.
#[inline(always)]
fn quotient((n_hi, n_lo): (f64, f64), (d_hi, d_lo): (f64, f64)) -> f64 {
    let recip = d_hi.recip();
    let first = n_hi * recip;
    let residual = first.mul_add(-d_hi, n_hi) + first.mul_add(-d_lo, n_lo);
    residual.mul_add(recip, first)
}

/// `x` kept in `low ..= high`; nan stays nan.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}
