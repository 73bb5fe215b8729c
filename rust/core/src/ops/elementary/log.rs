//! Logarithms: `x = 2^k (1 + f)` with `sqrt(1/2) <= 1 + f < sqrt(2)`.

use super::{fast_two_sum, horner, two_product, two_sum};

/// `ln 2` to 42 bits: its product with an exponent is exact.
const LN2_HI: f64 = 0.6931471805598903;
/// `ln 2 - LN2_HI`.
const LN2_LO: f64 = 5.497923018708371e-14;

/// `(2 atanh(s) - 2 s) / s^3` in `s^2`, for `|s| <= (sqrt(2) - 1) / (sqrt(2) + 1)`;
/// `s^2` times the error is below `2^-58`.
const LOG: [f64; 7] = [
    0.6666666666666736,
    0.3999999999940528,
    0.2857142874413959,
    0.22222198415578567,
    0.18183571721190672,
    0.15313876171678634,
    0.14797582483749622,
];

/// The bits of a number just below `sqrt(1/2)`.
const SQRT_HALF: u64 = 0x3fe6_a09e_0000_0000;
const ONE: u64 = 0x3ff0_0000_0000_0000;
const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;

/// `x = 2^k m` for positive normal `x`: returns `k`, `m` and the bits of `k + 1023`.
#[inline(always)]
fn split(x: f64) -> (f64, f64, u64) {
    let bits = x.to_bits().wrapping_add(ONE - SQRT_HALF);
    let biased = bits >> 52;
    // 2^52 + n has n in its low bits.
    let k = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4503599627370496.0 + 1023.0);
    (k, f64::from_bits((bits & MANTISSA) + SQRT_HALF), biased)
}

/// `ln(1 + f) - f + rest` for a tiny `rest`.
///
/// # Source
///
/// `ln(1 + f) = 2 atanh(s)`, `s = f / (2 + f)`, rearranged as `f - (f^2/2 - s (f^2/2 + R(s^2)))`
/// so that the rounding of `s` hardly matters: K. C. Ng, fdlibm `e_log.c` (1993).
#[inline(always)]
fn tail(f: f64, rest: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    s.mul_add(z.mul_add(horner(z, &LOG), half_square), rest) - half_square
}

/// `k ln 2 + ln(1 + f) + rest` as a rounded sum and what it lacks, for a tiny `rest`.
#[inline(always)]
fn assemble(k: f64, f: f64, rest: f64) -> (f64, f64) {
    // Fast2Sum of the exact product k LN2_HI and f.
    let hi = k.mul_add(LN2_HI, f);
    let lo = k.mul_add(LN2_HI, -hi) + f;
    (hi, lo + tail(f, k.mul_add(LN2_LO, rest)))
}

/// The value of a logarithm that is `finite` for positive finite `x`, with the special cases.
#[inline(always)]
fn with_special_cases(x: f64, finite: f64) -> f64 {
    let special = if x == 0.0 {
        f64::NEG_INFINITY
    } else {
        f64::NAN
    };
    // Not `x < INFINITY`: LLVM makes a test of the bits of that, which takes longer.
    let value = if x <= f64::MAX { finite } else { x };
    if x > 0.0 { value } else { special }
}

/// `x = 2^k (1 + f)` for any positive finite `x`.
#[inline(always)]
pub(super) fn reduce_any(x: f64) -> (f64, f64) {
    let is_subnormal = x < f64::MIN_POSITIVE;
    let (k, m, _) = split(
        x * if is_subnormal {
            18014398509481984.0
        } else {
            1.0
        },
    );
    (k - if is_subnormal { 54.0 } else { 0.0 }, m - 1.0)
}

/// Natural logarithm: `-inf` at zero, nan below.
///
/// Largest error found: 0.87 ulp.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let (k, f) = reduce_any(x);
    // Fast2Sum of the exact product k LN2_HI and f.
    let hi = k.mul_add(LN2_HI, f);
    let lo = k.mul_add(LN2_HI, -hi) + f;
    // ln(1 + f) = f - s (f - R(s^2)). Here the rounding of s counts, but for less than what one
    // rounding may cost, and this takes three operations fewer than `tail`.
    let s = f / (2.0 + f);
    let z = s * s;
    let rest = s.mul_add(z.mul_add(horner(z, &LOG), -f), k.mul_add(LN2_LO, lo));
    with_special_cases(x, hi + rest)
}

/// Binary logarithm, exact at powers of two: `-inf` at zero, nan below.
///
/// Largest error found: 0.92 ulp.
#[inline(always)]
pub(crate) fn log2(x: f64) -> f64 {
    let (k, f) = reduce_any(x);
    let (hi, lo) = scaled(f, core::f64::consts::LOG2_E, 2.0355273740931033e-17);
    let (sum, sum_lo) = fast_two_sum(k, hi);
    with_special_cases(x, sum + (sum_lo + lo))
}

/// Decimal logarithm: `-inf` at zero, nan below.
///
/// Largest error found: 0.75 ulp.
#[inline(always)]
pub(crate) fn log10(x: f64) -> f64 {
    /// `log10(2)` to 40 bits: its product with an exponent is exact.
    const LOG10_2_HI: f64 = 0.301029995663157;
    const LOG10_2_LO: f64 = 8.241712586023572e-13;
    let (k, f) = reduce_any(x);
    let (hi, lo) = scaled(f, core::f64::consts::LOG10_E, 1.098319650216765e-17);
    let (sum, sum_lo) = fast_two_sum(k * LOG10_2_HI, hi);
    with_special_cases(x, sum + (sum_lo + k.mul_add(LOG10_2_LO, lo)))
}

/// `(factor + factor_lo) ln(1 + f)` in two parts.
#[inline(always)]
fn scaled(f: f64, factor: f64, factor_lo: f64) -> (f64, f64) {
    let (hi, lo) = fast_two_sum(f, tail(f, 0.0));
    let (product, product_lo) = two_product(hi, factor);
    (
        product,
        lo.mul_add(factor, hi.mul_add(factor_lo, product_lo)),
    )
}

/// `ln(1 + e + e_lo)` in two parts, for `0 <= e <= 1`.
#[inline(always)]
pub(super) fn ln_1p_parts(e: f64, e_lo: f64) -> (f64, f64) {
    let (u, u_lo) = fast_two_sum(1.0, e);
    ln_of_sum(u, u_lo, e_lo, 0.0)
}

/// `shift ln 2 + ln(u + u_lo + rest)` in two parts, where `u_lo` and `rest` are below an ulp of
/// `u >= 1/2`.
#[inline(always)]
pub(super) fn ln_of_sum(u: f64, u_lo: f64, rest: f64, shift: f64) -> (f64, f64) {
    let (k, m, biased) = split(u);
    // Of the largest numbers the inverse is subnormal; what it scales is then far below an ulp.
    let inverse_power = f64::from_bits(2046u64.saturating_sub(biased) << 52);
    let (f, f_lo) = fast_two_sum(m - 1.0, u_lo * inverse_power);
    let f_lo = rest.mul_add(inverse_power, f_lo);
    // f_lo / (1 + f), nearly.
    assemble(k + shift, f, f.mul_add(-f_lo, f_lo))
}

/// `ln(1 + x)`, accurate for small `x`: `-inf` at -1, nan below.
///
/// Largest error found: 0.81 ulp.
#[inline(always)]
pub(crate) fn log1p(x: f64) -> f64 {
    let (u, u_lo) = two_sum(1.0, x);
    let (hi, lo) = ln_of_sum(u, u_lo, 0.0, 0.0);
    let value = with_special_cases(u, hi + lo);
    // Keeps the sign of zero and the bits of subnormals.
    if x.abs() < 1e-290 { x } else { value }
}
