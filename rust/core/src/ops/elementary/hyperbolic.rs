//! Hyperbolic functions, from the reduction of `exp`.

use super::exp::{Reduced, bell, inverse_power, reduce, reduce_m1, scale};
use super::{fast_two_sum, horner, quotient, two_product};

/// `(sinh r - r) / r^3` in `r^2` for `|r| <= ln(2)/2`; `r^2` times the error is below `2^-61`.
const SINH: [f64; 5] = [
    0.16666666666666677,
    0.008333333333321452,
    0.00019841269886523188,
    2.755724385001198e-06,
    2.5109151336062306e-08,
];

/// `(cosh r - 1) / r^2` in `r^2` for `|r| <= ln(2)/2`; `r^2` times the error is below `2^-57`.
const COSH: [f64; 5] = [
    0.5000000000000013,
    0.04166666666651157,
    0.0013888888947865923,
    2.480148917255337e-05,
    2.7631526235149347e-07,
];

/// `y = |x|` kept below the overflow of `sinh` and `cosh`, as `y = k ln 2 + r + tail`, and
/// `1 - 4^-k`, `1 + 4^-k` with their rounding errors.
struct Halves {
    reduced: Reduced,
    minus: (f64, f64),
    plus: (f64, f64),
}

#[inline(always)]
fn halves(x: f64) -> Halves {
    let y = x.abs();
    let reduced = reduce(if y > 712.0 { 712.0 } else { y });
    let root = if reduced.k > 64.0 {
        0.0
    } else {
        inverse_power(reduced.biased)
    };
    let small = root * root;
    Halves {
        reduced,
        minus: fast_two_sum(1.0, -small),
        plus: fast_two_sum(1.0, small),
    }
}

/// `2^(k-1) (a cosh r + b sinh r)`.
#[inline(always)]
fn combine(
    Reduced {
        r, tail, biased, ..
    }: Reduced,
    a: (f64, f64),
    b: (f64, f64),
) -> f64 {
    let z = r * r;
    let (product, product_lo) = two_product(b.0, r);
    let (hi, lo) = fast_two_sum(a.0, product);
    let odd = (r * z).mul_add(horner(z, &SINH), tail);
    let even = (a.0 * z).mul_add(horner(z, &COSH), b.0 * odd);
    let rest = b.1.mul_add(r, a.1) + (lo + product_lo);
    scale(hi + (rest + even), biased.wrapping_sub(1))
}

/// Hyperbolic sine.
///
/// Largest error found: 0.73 ulp.
#[inline(always)]
pub(crate) fn sinh(x: f64) -> f64 {
    // sinh(k ln 2 + r) = 2^(k-1) ((1 - 4^-k) cosh r + (1 + 4^-k) sinh r).
    let Halves {
        reduced,
        minus,
        plus,
    } = halves(x);
    combine(reduced, minus, plus).copysign(x)
}

/// Hyperbolic cosine.
///
/// Largest error found: 0.70 ulp.
#[inline(always)]
pub(crate) fn cosh(x: f64) -> f64 {
    let Halves {
        reduced,
        minus,
        plus,
    } = halves(x);
    combine(reduced, plus, minus)
}

/// Hyperbolic tangent.
///
/// Largest error found: 0.95 ulp.
#[inline(always)]
pub(crate) fn tanh(x: f64) -> f64 {
    let y = x.abs();
    // 1 - tanh(19.1) is below half an ulp of 1.
    let y = if y > 19.1 { 19.1 } else { y };
    // tanh y = (e^2y - 1) / (e^2y + 1), both halves divided by 2^k.
    let Reduced {
        r, tail, biased, ..
    } = reduce_m1(y + y);
    let small = inverse_power(biased);
    let (a, a_lo) = fast_two_sum(1.0, -small);
    let (b, b_lo) = fast_two_sum(1.0, small);
    let (n, n_lo) = fast_two_sum(a, r);
    let (d, d_lo) = fast_two_sum(b, r);
    let numerator = fast_two_sum(n, n_lo + a_lo + tail);
    let denominator = fast_two_sum(d, d_lo + b_lo + tail);
    quotient(numerator, denominator).copysign(x)
}

/// The derivative of `tanh`: `1 / cosh^2 x = 4 e / (1 + e)^2` with `e = e^-2|x|`.
///
/// Largest error found: 3.6 ulp.
#[inline(always)]
pub(crate) fn sech_squared(x: f64) -> f64 {
    bell(x + x, 2)
}
