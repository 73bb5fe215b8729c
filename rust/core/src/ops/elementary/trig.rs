//! Sine and cosine: `|x| = n pi/2 + r` with `r` in two words, `|r| <= pi/4`.

use super::{fast_two_sum, horner, quotient, two_product, two_sum};

/// Largest `|x|` at which the trigonometric functions of this module may be used: `2^45`.
///
/// Beyond it the three-word reduction loses accuracy (nothing else goes wrong: the result is some
/// number, or nan for an infinite `x`). A caller computes a whole slice first and then does the
/// rare elements beyond the limit again with the functions of `std`.
pub(crate) const TRIG_LIMIT: f64 = 35_184_372_088_832.0;

/// Adding this number rounds to an integer and leaves it in the low bits.
const SHIFTER: f64 = 6755399441055744.0;

/// `pi/2` as the unevaluated sum of three numbers of 53 bits each.
const HALF_PI: [f64; 3] = [
    core::f64::consts::FRAC_PI_2,
    6.123233995736766e-17,
    -1.4973849048591698e-33,
];

/// `(sin r - r) / r^3` in `r^2`; `r^2` times the error is below `2^-57`.
const SIN: [f64; 6] = [
    -0.1666666666666663,
    0.008333333333321976,
    -0.00019841269829525034,
    2.7557313608939073e-06,
    -2.5050746789265498e-08,
    1.589621123747555e-10,
];

/// `(cos r - 1 + r^2/2) / r^4` in `r^2`; `r^4` times the error is below `2^-63`.
const COS: [f64; 6] = [
    0.041666666666666595,
    -0.0013888888888873461,
    2.480158728911978e-05,
    -2.7557314258657724e-07,
    2.0875711701796e-09,
    -1.1359096922393416e-11,
];

/// `x - n pi/2` for `x >= 0` as the sum of two numbers, and `n`, of which the low bits are right.
///
/// # Source
///
/// Cody and Waite (1980), with the error-free transformations of the Handbook of Floating-Point
/// Arithmetic, 2nd ed., section 10.2.
#[inline(always)]
fn reduce(x: f64) -> (f64, f64, u64) {
    let shifted = x.mul_add(core::f64::consts::FRAC_2_PI, SHIFTER);
    let n = shifted - SHIFTER;
    // Exact: both sides are multiples of the same power of two and the result is small.
    let first = n.mul_add(-HALF_PI[0], x);
    let (second, second_lo) = two_product(n, HALF_PI[1]);
    let (r, r_lo) = two_sum(first, -second);
    (
        r,
        n.mul_add(-HALF_PI[2], r_lo - second_lo),
        shifted.to_bits(),
    )
}

/// `sin(r + r_lo)` and `cos(r + r_lo)` for a reduced argument, each as a leading part and a rest.
#[inline(always)]
fn kernels(r: f64, r_lo: f64) -> [(f64, f64); 2] {
    let (z, z_lo) = two_product(r, r);
    let half = 0.5 * z;
    let leading = 1.0 - half;
    let sine_rest = (r * z).mul_add(horner(z, &SIN), r_lo * leading);
    // (1 - leading) - half is the rounding error of leading; z_lo that of the square.
    let correction = ((1.0 - leading) - half) - r.mul_add(r_lo, 0.5 * z_lo);
    [
        (r, sine_rest),
        (leading, (z * z).mul_add(horner(z, &COS), correction)),
    ]
}

/// `v` with its sign flipped if `bits` has its top bit set.
#[inline(always)]
fn flip_sign(v: f64, bits: u64) -> f64 {
    f64::from_bits(v.to_bits() ^ (bits & 0x8000_0000_0000_0000))
}

/// Sine and cosine at once, for `|x| <= TRIG_LIMIT`.
///
/// Largest error found: 0.68 ulp.
#[inline(always)]
pub(crate) fn sin_cos(x: f64) -> (f64, f64) {
    let (r, r_lo, n) = reduce(x.abs());
    let [sine, cosine] = kernels(r, r_lo);
    let (sine, cosine) = (sine.0 + sine.1, cosine.0 + cosine.1);
    let is_odd = n & 1 != 0;
    let (s, c) = if is_odd {
        (cosine, sine)
    } else {
        (sine, cosine)
    };
    (
        flip_sign(s, (n << 62) ^ x.to_bits()),
        flip_sign(c, (n << 62) ^ (n << 63)),
    )
}

/// Sine, for `|x| <= TRIG_LIMIT`.
///
/// Largest error found: 0.68 ulp.
#[inline(always)]
pub(crate) fn sin(x: f64) -> f64 {
    sin_cos(x).0
}

/// Cosine, for `|x| <= TRIG_LIMIT`.
///
/// Largest error found: 0.68 ulp.
#[inline(always)]
pub(crate) fn cos(x: f64) -> f64 {
    sin_cos(x).1
}

/// Tangent, for `|x| <= TRIG_LIMIT`.
///
/// Largest error found: 0.74 ulp.
#[inline(always)]
pub(crate) fn tan(x: f64) -> f64 {
    let (r, r_lo, n) = reduce(x.abs());
    let [sine, cosine] = kernels(r, r_lo);
    let is_odd = n & 1 != 0;
    // tan(r + pi/2) = -cos r / sin r.
    let numerator = if is_odd { cosine } else { sine };
    let denominator = if is_odd { sine } else { cosine };
    let ratio = quotient(
        fast_two_sum(numerator.0, numerator.1),
        fast_two_sum(denominator.0, denominator.1),
    );
    flip_sign(ratio, (n << 63) ^ x.to_bits())
}
