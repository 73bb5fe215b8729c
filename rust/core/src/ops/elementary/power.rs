//! Powers: `x^y = e^(y ln |x|)` with the logarithm and the product in two parts.

use super::exp::{expand_exp, reduce_pair, scale_product};
use super::log::reduce_any;
use super::{LN2_HI, LN2_LO, clamp, fast_two_sum, horner, two_product, two_sum};

/// `(2 atanh(s) - 2 s - 2/3 s^3) / s^5` in `s^2`, for `s` as in the logarithm; `s^4` times the
/// error is below `2^-65`.
const REST: [f64; 7] = [
    0.4000000000000238,
    0.2857142857005005,
    0.22222222527659455,
    0.1818178376138055,
    0.15386782700756746,
    0.13256274152312378,
    0.1320101495677189,
];

/// `ln x` of a positive finite number in two parts, with a relative error of about `2^-65`.
#[inline(always)]
fn ln_parts(x: f64) -> (f64, f64) {
    let (k, f) = reduce_any(x);
    // s = f / (2 + f) in two parts.
    let (d, d_lo) = fast_two_sum(2.0, f);
    let recip = d.recip();
    let s = f * recip;
    let s_lo = s.mul_add(-d_lo, s.mul_add(-d, f)) * recip;
    // s^3 (2/3 + s^2 R) in two parts.
    let (z, z_lo) = two_product(s, s);
    let z_lo = (2.0 * s).mul_add(s_lo, z_lo);
    let (c, c_lo) = fast_two_sum(2.0 / 3.0, z * horner(z, &REST));
    let c_lo = c_lo + 3.700743415417188e-17;
    let (cube, cube_lo) = two_product(s, z);
    let cube_lo = s.mul_add(z_lo, s_lo.mul_add(z, cube_lo));
    let (t, t_lo) = two_product(cube, c);
    let t_lo = cube.mul_add(c_lo, cube_lo.mul_add(c, t_lo));
    // 2 s + t, then k ln 2 + that.
    let (a, a_lo) = fast_two_sum(2.0 * s, t);
    let a_lo = s_lo.mul_add(2.0, a_lo + t_lo);
    let (p, p_lo) = two_product(k, LN2_HI);
    let (hi, lo) = fast_two_sum(p, a);
    let lo = lo + (k.mul_add(LN2_LO, p_lo) + a_lo);
    fast_two_sum(hi, lo)
}

/// `2^-shift factor e^(p + p_lo)`, where `p_lo` is within an ulp of `p`. The factor keeps its digits
/// where the power alone would be subnormal or infinite.
#[inline(always)]
fn scaled_exp(p: f64, p_lo: f64, factor: f64, shift: u64) -> f64 {
    // Beyond these bounds the result is 0 or infinite for every factor of `pow_slope`.
    let is_kept = p > -850.0 && p < 760.0;
    let kept = clamp(p, -850.0, 760.0);
    let expanded = expand_exp(reduce_pair(kept, if is_kept { p_lo } else { 0.0 }));
    let (hi, lo) = fast_two_sum(1.0, expanded.r);
    let biased = expanded.biased.wrapping_sub(shift);
    scale_product(hi + (lo + expanded.tail), factor, biased)
}

/// Whether a number is whole. Those from 2^53 on are even, and so is their half whole.
#[inline(always)]
fn is_integer(y: f64) -> bool {
    y.round_ties_even() == y
}

/// `x` to the power `y`, as C's `pow`: nan for negative `x` unless `y` is an integer.
///
/// Largest error found: 0.70 ulp.
#[inline(always)]
pub(crate) fn pow(x: f64, y: f64) -> f64 {
    let a = x.abs();
    let (l, l_lo) = ln_parts(a);
    // Beyond this |y| the result is 0, 1 or infinite; larger ones would overflow on the way.
    let y_kept = clamp(y, -1e25, 1e25);
    let (p, p_lo) = two_product(y_kept, l);
    let p_lo = y_kept.mul_add(l_lo, p_lo);
    let magnitude = scaled_exp(p, p_lo, 1.0, 0);
    // 0 and infinity to a power: the same with 1/0 and 1/infinity.
    let is_zero = a == 0.0;
    let is_edge = is_zero || a == f64::INFINITY;
    let grows = (y > 0.0) != is_zero;
    let edge = if grows { f64::INFINITY } else { 0.0 };
    let magnitude = if is_edge { edge } else { magnitude };
    // An infinite exponent, and a nan in either.
    let exponent_grows = (a > 1.0) == (y > 0.0);
    let unbounded = if exponent_grows { f64::INFINITY } else { 0.0 };
    let unbounded = if a == 1.0 { 1.0 } else { unbounded };
    let magnitude = if y.abs() == f64::INFINITY {
        unbounded
    } else {
        magnitude
    };
    let magnitude = if x.is_nan() || y.is_nan() {
        f64::NAN
    } else {
        magnitude
    };
    let is_odd = is_integer(y) && !is_integer(0.5 * y);
    let is_negative = x.is_sign_negative();
    let signed = if is_negative && is_odd {
        -magnitude
    } else {
        magnitude
    };
    let is_complex = x < 0.0 && a < f64::INFINITY && !is_integer(y);
    let value = if is_complex { f64::NAN } else { signed };
    if y == 0.0 || x == 1.0 { 1.0 } else { value }
}

/// The derivative of `x^y` in `x`, `y x^(y - 1)`, and 0 where `y` is 0.
///
/// Largest error found: 1.3 ulp.
#[inline(always)]
pub(crate) fn pow_slope(x: f64, y: f64) -> f64 {
    let a = x.abs();
    let (l, l_lo) = ln_parts(a);
    // What the rounding of y - 1 takes away, a logarithm far from 0 would magnify.
    let (exponent, exponent_lo) = two_sum(clamp(y, -1e25, 1e25), -1.0);
    let (p, p_lo) = two_product(exponent, l);
    let p_lo = exponent_lo.mul_add(l, exponent.mul_add(l_lo, p_lo));
    // Shifted by 2^128, so that a subnormal factor is not rounded on the way.
    let factor = clamp(y.abs(), 0.0, 1e25) * 3.402823669209385e38;
    let magnitude = scaled_exp(p, p_lo, factor, 128);
    let magnitude = if a == 1.0 { y.abs() } else { magnitude };
    // 0 and infinity to a power: the same with 1/0 and 1/infinity.
    let is_zero = a == 0.0;
    let grows = (y > 1.0) != is_zero;
    let edge = if grows { f64::INFINITY } else { 0.0 };
    let edge = if y == 1.0 { 1.0 } else { edge };
    let is_edge = is_zero || a == f64::INFINITY;
    let magnitude = if is_edge { edge } else { magnitude };
    // y - 1 is odd where y is even.
    let is_odd = is_integer(0.5 * y);
    let is_flipped = (x.is_sign_negative() && is_odd) != (y < 0.0);
    let signed = if is_flipped { -magnitude } else { magnitude };
    let is_complex = x < 0.0 && a < f64::INFINITY && !is_integer(y);
    let is_nan = is_complex || x.is_nan() || y.is_nan();
    let value = if is_nan { f64::NAN } else { signed };
    if y == 0.0 { 0.0 } else { value }
}
