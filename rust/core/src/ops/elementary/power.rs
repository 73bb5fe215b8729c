//! Powers: `x^y = e^(y ln |x|)` with the logarithm and the product in two parts.

use super::exp::{expand_exp, reduce_pair, scale};
use super::log::reduce_any;
use super::{LN2_HI, LN2_LO, clamp, fast_two_sum, horner, two_product};

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
    let is_kept = p > -750.0 && p < 715.0;
    let reduced = reduce_pair(clamp(p, -750.0, 715.0), if is_kept { p_lo } else { 0.0 });
    let expanded = expand_exp(reduced);
    let (hi, lo) = fast_two_sum(1.0, expanded.r);
    let magnitude = scale(hi + (lo + expanded.tail), expanded.biased);
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
    // Numbers from 2^53 on are even, and so is their half an integer.
    let is_integer = y.round_ties_even() == y;
    let half = 0.5 * y;
    let is_odd = is_integer && half.round_ties_even() != half;
    let is_negative = x.is_sign_negative();
    let signed = if is_negative && is_odd {
        -magnitude
    } else {
        magnitude
    };
    let is_complex = x < 0.0 && a < f64::INFINITY && !is_integer;
    let value = if is_complex { f64::NAN } else { signed };
    if y == 0.0 || x == 1.0 { 1.0 } else { value }
}
