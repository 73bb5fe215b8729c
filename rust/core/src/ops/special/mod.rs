//! Special functions on `f64`: the error functions, and the gamma function's logarithm and its
//! derivatives of every order.
//!
//! Each function is within 4 ulp of the exact value, relative, unless its documentation says less.

mod digamma;
mod double_double;
mod erf;
mod lgamma;
mod polygamma;
#[cfg(test)]
mod tests;

pub use digamma::digamma;
pub use erf::{erf, erfc};
pub use lgamma::lgamma;
pub use polygamma::{polygamma, trigamma};

/// Bernoulli numbers `B_2`, `B_4`, ... as index, numerator and denominator.
///
/// # Source
///
/// NIST Digital Library of Mathematical Functions, table 24.2.1.
const BERNOULLI: [(f64, f64, f64); 13] = [
    (2.0, 1.0, 6.0),
    (4.0, -1.0, 30.0),
    (6.0, 1.0, 42.0),
    (8.0, -1.0, 30.0),
    (10.0, 5.0, 66.0),
    (12.0, -691.0, 2730.0),
    (14.0, 7.0, 6.0),
    (16.0, -3617.0, 510.0),
    (18.0, 43867.0, 798.0),
    (20.0, -174611.0, 330.0),
    (22.0, 854513.0, 138.0),
    (24.0, -236364091.0, 2730.0),
    (26.0, 8553103.0, 6.0),
];

/// A zero of a function: the zero as an unevaluated sum, and the first three Taylor coefficients.
type Zero = [f64; 5];

/// The function near a zero, if `x` is within `2^-30` of one in the table.
///
/// No other formula keeps relative accuracy there: the terms cancel in all of them.
fn near_zero(x: f64, zeros: &[Zero]) -> Option<f64> {
    let [hi, lo, c1, c2, c3] = zeros
        .iter()
        .find(|zero| (x - zero[0]).abs() < 9.313225746154785e-10)?;
    let d = (x - hi) - lo;
    Some(d * (c1 + d * (c2 + d * c3)))
}

/// `x` minus the nearest integer, exactly; in `-0.5 ..= 0.5`.
fn distance_to_integer(x: f64) -> f64 {
    x - x.round_ties_even()
}

/// The polynomial `c[0] + c[1] x + ...` by Horner's rule.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}
