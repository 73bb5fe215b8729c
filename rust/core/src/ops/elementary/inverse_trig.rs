//! Inverse trigonometric functions.

use super::{fast_two_sum, horner};

/// `pi/2` and what it lacks.
const HALF_PI: (f64, f64) = (core::f64::consts::FRAC_PI_2, 6.123233995736766e-17);

/// `(atan s - s) / s^3` in `s^2` for `|s| <= 1`; `s^2` times the error is below `2^-57`.
const ATAN: [f64; 20] = [
    -0.3333333333333305,
    0.19999999999948692,
    -0.14285714282430603,
    0.11111111003070195,
    -0.09090906936789253,
    0.07692279100140803,
    -0.06666398235336478,
    0.05880494215121533,
    -0.05253372740204917,
    0.047218377827638054,
    -0.042179326019381215,
    0.036616927426597876,
    -0.029864802868332926,
    0.02193745271999353,
    -0.013856385748353765,
    0.007165514589975707,
    -0.0028690958167492484,
    0.00082577409857579,
    -0.0001509669088532969,
    1.3106194468563715e-05,
];

/// `(asin s - s) / s^3` in `s^2` for `|s| <= 1/2`; `s^2` times the error is below `2^-59`.
const ASIN: [f64; 13] = [
    0.1666666666666676,
    0.07499999999971095,
    0.044642857174224136,
    0.03038194272950777,
    0.022372214318213676,
    0.017351624732641444,
    0.013980662389073067,
    0.011400238094136402,
    0.01077270078341017,
    0.0037352343200085705,
    0.021636856974466507,
    -0.020898809490814328,
    0.03256583927490458,
];

/// Arc tangent.
///
/// Largest error found: 0.99 ulp.
#[inline(always)]
pub(crate) fn atan(x: f64) -> f64 {
    let y = x.abs();
    // From here on the result is pi/2; larger values would only overflow on the way.
    let y = if y > 1e18 { 1e18 } else { y };
    let is_large = y > 1.0;
    // atan y = pi/2 - atan(1/y).
    let recip = y.recip();
    let recip_lo = recip.mul_add(-y, 1.0) * recip;
    let s = if is_large { recip } else { y };
    let z = s * s;
    let cubic = (s * z) * horner(z, &ATAN);
    // The derivative of atan is 1/(1 + z), nearly 1 - z/2; recip_lo is tiny.
    let large_rest = recip_lo.mul_add(0.5f64.mul_add(-z, 1.0), cubic);
    let (hi, lo) = fast_two_sum(HALF_PI.0, -recip);
    let large = hi + (lo + (HALF_PI.1 - large_rest));
    (if is_large { large } else { s + cubic }).copysign(x)
}

/// The derivative of `atan`, `1 / (1 + x^2)`.
///
/// Largest error found: 1.1 ulp.
#[inline(always)]
pub(crate) fn atan_slope(x: f64) -> f64 {
    // Both sides times 2^-128: the square would overflow long before its inverse is 0.
    let z = x * 5.421010862427522e-20;
    let one = 2.938735877055719e-39;
    one / z.mul_add(z, one)
}

/// `asin |x|` as `(leading, rest, is_large)`: if `is_large`, the two parts sum to
/// `pi/2 - asin |x|` instead. Nan for `|x| > 1`.
#[inline(always)]
fn asin_parts(x: f64) -> (f64, f64, bool) {
    let y = x.abs();
    let is_large = y > 0.5;
    // asin y = pi/2 - 2 asin(sqrt((1 - y)/2)); the difference and its half are exact.
    let z = if is_large { 0.5 * (1.0 - y) } else { y * y };
    let root = z.sqrt();
    let root_lo = root.mul_add(-root, z) * (0.5 / root);
    let root_lo = if z == 0.0 { 0.0 } else { root_lo };
    let s = if is_large { root } else { y };
    let cubic = (s * z) * horner(z, &ASIN);
    if is_large {
        (2.0 * s, 2.0 * (cubic + root_lo), true)
    } else {
        (s, cubic, false)
    }
}

/// Arc sine: nan outside `-1 ..= 1`.
///
/// Largest error found: 0.62 ulp.
#[inline(always)]
pub(crate) fn asin(x: f64) -> f64 {
    let (leading, rest, is_large) = asin_parts(x);
    let (hi, lo) = fast_two_sum(HALF_PI.0, -leading);
    let large = hi + (lo + (HALF_PI.1 - rest));
    (if is_large { large } else { leading + rest }).copysign(x)
}

/// Arc cosine: nan outside `-1 ..= 1`.
///
/// Largest error found: 0.60 ulp.
#[inline(always)]
pub(crate) fn acos(x: f64) -> f64 {
    let (leading, rest, is_large) = asin_parts(x);
    // Small |x|: pi/2 - asin x. Large: pi/2 - |asin x| for positive x, pi minus that for negative.
    let is_negative = x < 0.0;
    let constant = if is_large { 2.0 } else { 1.0 };
    let subtract = is_large || !is_negative;
    let (leading_signed, rest_signed) = if subtract {
        (-leading, -rest)
    } else {
        (leading, rest)
    };
    let (hi, lo) = fast_two_sum(constant * HALF_PI.0, leading_signed);
    let value = hi + (lo + constant.mul_add(HALF_PI.1, rest_signed));
    if is_large && !is_negative {
        leading + rest
    } else {
        value
    }
}

/// Angle of the point `(x, y)`, from `-pi` to `pi`, as C's `atan2`.
///
/// Largest error found: 0.96 ulp.
#[inline(always)]
pub(crate) fn atan2(y: f64, x: f64) -> f64 {
    let (a, b) = (y.abs(), x.abs());
    let is_steep = a > b;
    let (small, large) = if is_steep { (b, a) } else { (a, b) };
    // A power of two keeps the residual of the quotient in range.
    let is_tiny = large < 1e-150;
    let factor = if large > 1e150 {
        7.458340731200207e-155
    } else {
        1.0
    };
    let factor = if is_tiny {
        1.3407807929942597e154
    } else {
        factor
    };
    let (n, d) = (small * factor, large * factor);
    let recip = d.recip();
    let q = small / large;
    let q_lo = q.mul_add(-d, n) * recip;
    // 0/0 counts as 0 and infinity/infinity as 1.
    let is_equal = small == large;
    let at_equal = if small == 0.0 { 0.0 } else { 1.0 };
    let s = if is_equal { at_equal } else { q };
    let s_lo = if is_equal || large == f64::INFINITY || s < 1e-200 {
        0.0
    } else {
        q_lo
    };
    let z = s * s;
    let cubic = (s * z) * horner(z, &ATAN);
    let rest = s_lo.mul_add(0.5f64.mul_add(-z, 1.0), cubic);
    // base + s + rest, with s + rest negated where the angle is counted downwards.
    let is_left = x.is_sign_negative();
    let flat = if is_left { 2.0 } else { 0.0 };
    let quarters = if is_steep { 1.0 } else { flat };
    let is_downward = is_steep != is_left;
    let (s, rest) = if is_downward { (-s, -rest) } else { (s, rest) };
    let (hi, lo) = fast_two_sum(quarters * HALF_PI.0, s);
    let value = (hi + (lo + quarters.mul_add(HALF_PI.1, rest))).copysign(y);
    if x.is_nan() || y.is_nan() {
        f64::NAN
    } else {
        value
    }
}
