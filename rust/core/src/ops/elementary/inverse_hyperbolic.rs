//! Inverse hyperbolic functions, as logarithms of sums in two parts.

use super::log::ln_of_sum;
use super::root::sqrt_parts;
use super::{fast_two_sum, horner, two_product, two_sum};

/// `(asinh s - s) / s^3` in `s^2` for `|s| <= 1/2`; `s^2` times the error is below `2^-60`.
const ASINH: [f64; 12] = [
    -0.16666666666666607,
    0.07499999999983846,
    -0.0446428571274035,
    0.030381943700015738,
    -0.022372137989263935,
    0.017352381684079616,
    -0.013960182648533138,
    0.011512672304217245,
    -0.009532846932931051,
    0.007462182021136108,
    -0.00474232874586457,
    0.0017146419191670242,
];

/// From here on `sqrt(x^2 +- 1)` is `x`.
const LARGE: f64 = 1e9;

/// Inverse hyperbolic sine.
///
/// Largest error found: 0.56 ulp.
#[inline(always)]
pub(crate) fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let z = a * a;
    let small = (a * z).mul_add(horner(z, &ASINH), a);
    // asinh a = ln(2 (a/2 + sqrt(1/4 + a^2/4))): halved, nothing overflows.
    let half = 0.5 * a;
    let (square, square_lo) = two_product(half, half);
    let (sum, sum_lo) = two_sum(0.25, square);
    let (root, rest) = sqrt_parts(sum, sum_lo + square_lo);
    let is_large = a > LARGE;
    let (u, u_lo) = fast_two_sum(if is_large { half } else { root }, half);
    let (hi, lo) = ln_of_sum(u, u_lo, if is_large { 0.0 } else { rest }, 1.0);
    let value = if a < f64::INFINITY { hi + lo } else { a };
    (if a < 0.5 { small } else { value }).copysign(x)
}

/// Inverse hyperbolic cosine: nan below 1.
///
/// Largest error found: 0.64 ulp.
#[inline(always)]
pub(crate) fn acosh(x: f64) -> f64 {
    // acosh x = ln(1 + t + sqrt(t^2 + 2 t)) with t = x - 1.
    let t = x - 1.0;
    let (square, square_lo) = two_product(t, t);
    let (sum, sum_lo) = two_sum(2.0 * t, square);
    let (root, root_lo) = sqrt_parts(sum, sum_lo + square_lo);
    let (e, e_lo) = two_sum(root, t);
    let (u, u_lo) = two_sum(1.0, e);
    let is_large = x > LARGE;
    let rest = if is_large { 0.0 } else { e_lo + root_lo };
    let (u, u_lo) = (
        if is_large { x } else { u },
        if is_large { 0.0 } else { u_lo },
    );
    let (hi, lo) = ln_of_sum(u, u_lo, rest, if is_large { 1.0 } else { 0.0 });
    let value = if x < f64::INFINITY { hi + lo } else { x };
    if x < 1.0 { f64::NAN } else { value }
}

/// Inverse hyperbolic tangent: infinite at -1 and 1, nan beyond.
///
/// Largest error found: 0.77 ulp.
#[inline(always)]
pub(crate) fn atanh(x: f64) -> f64 {
    let a = x.abs();
    // atanh a = ln(1 + 2 a / (1 - a)) / 2.
    let (d, d_lo) = fast_two_sum(1.0, -a);
    let recip = d.recip();
    let q = 2.0 * a * recip;
    let q_lo = (q.mul_add(-d, 2.0 * a) - q * d_lo) * recip;
    let (u, u_lo) = two_sum(1.0, q);
    let (hi, lo) = ln_of_sum(u, u_lo, q_lo, 0.0);
    let value = 0.5 * (hi + lo);
    let value = if a == 1.0 { f64::INFINITY } else { value };
    let value = if a > 1.0 { f64::NAN } else { value };
    // Keeps the sign of zero and the bits of subnormals.
    (if a < 1e-290 { a } else { value }).copysign(x)
}
