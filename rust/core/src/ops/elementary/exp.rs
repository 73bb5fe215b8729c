//! `exp` and its relatives: one reduction `e^x = 2^k (1 + r + tail)` with `|r| <= ln(2)/2`.

use super::log::ln_1p_parts;
use super::{
    LN2_HI, LN2_LO, clamp, fast_two_sum, horner, horner_twice, quotient, two_product, two_sum,
};

/// Adding this number rounds to an integer `k` and leaves `k + BIAS` in the low bits.
const SHIFTER: f64 = 6755399441055744.0 + BIAS as f64;
/// Twice the exponent bias, so that `scale` can halve it and stay positive.
const BIAS: u64 = 2046;

/// `(e^r - 1 - r) / r^2` for `|r| <= ln(2)/2`; `r^2` times the error is below `2^-57`.
const EXP: [f64; 10] = [
    0.5000000000000013,
    0.16666666666666685,
    0.04166666666651157,
    0.008333333333315953,
    0.0013888888947865923,
    0.00019841269898664948,
    2.480148917255337e-05,
    2.7557232865118846e-06,
    2.7631526235149347e-07,
    2.5112658622693133e-08,
];

/// The same function; `r^2` times the error is below `2^-61 |e^r - 1|`.
const EXPM1: [f64; 11] = [
    0.5,
    0.16666666666666677,
    0.0416666666666666,
    0.008333333333321468,
    0.0013888888888928326,
    0.0001984126988646235,
    2.4801587227576575e-05,
    2.755724392383305e-06,
    2.7557361928014977e-07,
    2.5109122929206796e-08,
    2.0886594362820896e-09,
];

/// `e^x = 2^k (1 + r + tail)`, where the low 12 bits of `biased` are `k + BIAS`.
pub(super) struct Reduced {
    pub(super) r: f64,
    pub(super) tail: f64,
    pub(super) k: f64,
    pub(super) biased: u64,
}

/// `x = k ln 2 + r + tail` for `|x| < 2000`.
#[inline(always)]
pub(super) fn reduce(x: f64) -> Reduced {
    let shifted = x.mul_add(core::f64::consts::LOG2_E, SHIFTER);
    let k = shifted - SHIFTER;
    // Exact: both sides are multiples of the same power of two and the result is small.
    let leading = k.mul_add(-LN2_HI, x);
    let r = k.mul_add(-LN2_LO, leading);
    Reduced {
        r,
        tail: k.mul_add(-LN2_LO, leading - r),
        k,
        biased: shifted.to_bits(),
    }
}

/// [`reduce`] for `x + x_lo`, where `x_lo` is within an ulp of `x`.
#[inline(always)]
pub(super) fn reduce_pair(x: f64, x_lo: f64) -> Reduced {
    let Reduced { r, tail, k, biased } = reduce(x);
    let (r, rest) = two_sum(r, x_lo);
    Reduced {
        r,
        tail: tail + rest,
        k,
        biased,
    }
}

impl Reduced {
    /// Takes `e^(r + tail)` apart into `1 + r + tail`.
    #[inline(always)]
    fn expand<const N: usize>(self, polynomial: &[f64; N]) -> Self {
        let tail = (self.r * self.r).mul_add(horner(self.r, polynomial), self.tail);
        Self { tail, ..self }
    }
}

/// [`reduce`] and expand, with a tail that is accurate relative to `e^x - 1`.
#[inline(always)]
pub(super) fn reduce_m1(x: f64) -> Reduced {
    let reduced = reduce(x);
    let square = reduced.r * reduced.r;
    let tail = square.mul_add(horner_twice(reduced.r, &EXPM1), reduced.tail);
    Reduced { tail, ..reduced }
}

/// `2^k v` in two exact steps, so that a subnormal result is rounded once more but not lost.
#[inline(always)]
pub(super) fn scale(v: f64, biased: u64) -> f64 {
    scale_product(v, 1.0, biased)
}

/// `2^k factor v`: the factor goes between the steps of [`scale`], so that neither it nor `2^k`
/// takes the product beyond the range of numbers where the result is not.
#[inline(always)]
pub(super) fn scale_product(v: f64, factor: f64, biased: u64) -> f64 {
    let half = biased >> 1;
    let rest = biased.wrapping_sub(half);
    v * f64::from_bits(half << 52) * factor * f64::from_bits(rest << 52)
}

/// `2^-k` for `-1023 < k < 1023`; meaningless outside.
#[inline(always)]
pub(super) fn inverse_power(biased: u64) -> f64 {
    f64::from_bits((BIAS + 1023).wrapping_sub(biased) << 52)
}

/// `2^k` for `-1023 < k < 1023`; meaningless outside.
#[inline(always)]
fn power(biased: u64) -> f64 {
    f64::from_bits(biased.wrapping_sub(BIAS - 1023) << 52)
}

/// Expands a reduced argument with the polynomial of `exp`.
#[inline(always)]
pub(super) fn expand_exp(reduced: Reduced) -> Reduced {
    reduced.expand(&EXP)
}

/// `e^x`.
///
/// Largest error found: 0.83 ulp.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let Reduced {
        r, tail, biased, ..
    } = reduce(clamp(x, -746.0, 710.0)).expand(&EXP);
    scale(1.0 + (r + tail), biased)
}

/// `e^x - 1`, accurate for small `x`.
///
/// Largest error found: 0.77 ulp.
#[inline(always)]
pub(crate) fn expm1(x: f64) -> f64 {
    // e^-40 is below half an ulp of 1.
    let Reduced { r, tail, k, biased } = reduce(clamp(x, -40.0, 710.0));
    let small = if k > 64.0 { 0.0 } else { inverse_power(biased) };
    // e^x - 1 = 2^k ((1 - 2^-k) + r + r^2/2 + ...); the sum of the first three is kept exact,
    // because for k = 1 and negative r it is much smaller than they are.
    let (constant, constant_lo) = fast_two_sum(1.0, -small);
    let (first, first_lo) = fast_two_sum(constant, r);
    let half = 0.5 * r;
    let hi = half.mul_add(r, first);
    let lo = half.mul_add(r, first - hi) + (first_lo + constant_lo);
    let [_, rest @ ..] = EXPM1;
    let cubic = (r * r * r).mul_add(horner(r, &rest), tail);
    scale(hi + (lo + cubic), biased).copysign(x)
}

/// `2^x`.
///
/// Largest error found: 0.66 ulp.
#[inline(always)]
pub(crate) fn exp2(x: f64) -> f64 {
    let x = clamp(x, -1080.0, 1025.0);
    let shifted = x + SHIFTER;
    let fraction = x - (shifted - SHIFTER);
    let (r, r_lo) = two_product(fraction, LN2_HI);
    let reduced = Reduced {
        r,
        tail: fraction.mul_add(LN2_LO, r_lo),
        k: shifted - SHIFTER,
        biased: shifted.to_bits(),
    };
    let Reduced {
        r, tail, biased, ..
    } = reduced.expand(&EXP);
    let (hi, lo) = fast_two_sum(1.0, r);
    scale(hi + (lo + tail), biased)
}

/// `e^-|x| = 2^k (p_hi + p_lo)`: returns `p_hi`, `p_lo`, `k` and `k` biased.
#[inline(always)]
fn exp_of_minus_abs(x: f64) -> (f64, f64, f64, u64) {
    let y = -x.abs();
    let y = if y < -746.0 { -746.0 } else { y };
    let Reduced { r, tail, k, biased } = reduce(y).expand(&EXP);
    let (hi, lo) = fast_two_sum(1.0, r);
    let (p_hi, p_lo) = fast_two_sum(hi, lo + tail);
    (p_hi, p_lo, k, biased)
}

/// `ln(1 + e^x)`, without overflow and with full relative accuracy in the left tail.
///
/// Largest error found: 0.80 ulp.
#[inline(always)]
pub(crate) fn softplus(x: f64) -> f64 {
    let (p_hi, p_lo, _, biased) = exp_of_minus_abs(x);
    let (hi, lo) = ln_1p_parts(scale(p_hi, biased), scale(p_lo, biased));
    let (sum, sum_lo) = two_sum(if x > 0.0 { x } else { 0.0 }, hi);
    // e^-40 is below half an ulp of 40, and two_sum cannot take infinity.
    if x > 40.0 { x } else { sum + (sum_lo + lo) }
}

/// `ln(sigmoid(x))`.
///
/// Largest error found: 0.82 ulp.
#[inline(always)]
pub(crate) fn log_sigmoid(x: f64) -> f64 {
    -softplus(-x)
}

/// The logistic function `1 / (1 + e^-x)`, with full relative accuracy in both tails.
///
/// Largest error found: 0.76 ulp.
#[inline(always)]
pub(crate) fn sigmoid(x: f64) -> f64 {
    // e^y = 2^k (p_hi + p_lo), and sigmoid(y) = 2^k p / (1 + 2^k p), sigmoid(-y) = 1 / (...).
    let (p_hi, p_lo, k, biased) = exp_of_minus_abs(x);
    let factor = if k < -64.0 { 0.0 } else { power(biased) };
    let (d_hi, d_lo) = fast_two_sum(1.0, factor * p_hi);
    let is_negative = x < 0.0;
    let numerator = (
        if is_negative { p_hi } else { 1.0 },
        if is_negative { p_lo } else { 0.0 },
    );
    let ratio = quotient(numerator, (d_hi, factor.mul_add(p_lo, d_lo)));
    let unscaled = SHIFTER.to_bits();
    scale(ratio, if is_negative { biased } else { unscaled })
}

/// By so much is `decay` scaled up, that it is not subnormal.
const LIFT: i32 = 64;

/// `2^n` for a small `n`.
#[inline(always)]
fn constant_power(n: i32) -> f64 {
    f64::from_bits(((1023 + n) as u64) << 52)
}

/// `2^(LIFT + n) e^(y + y_lo)` for `y <= 0` and a `y_lo` within an ulp of it, to 1.2 ulp, which is
/// enough for a slope. One factor scales it, where `scale` needs two; to scale it back is left to the
/// last operation of the caller, which alone may then round to a subnormal number.
#[inline(always)]
fn decay(y: f64, y_lo: f64, n: i32) -> f64 {
    // Leaves k + LIFT + n + 1023 in the low bits, the exponent of 2^(k + LIFT + n).
    let shifter = 6755399441055744.0 + f64::from(1023 + LIFT + n);
    let shifted = y.mul_add(core::f64::consts::LOG2_E, shifter);
    let k = shifted - shifter;
    let r = k.mul_add(-LN2_LO, k.mul_add(-LN2_HI, y)) + y_lo;
    let power = f64::from_bits(shifted.to_bits() << 52);
    let e = horner(r, &EXP).mul_add(r, 1.0).mul_add(r, 1.0) * power;
    if y < -747.0 { 0.0 } else { e }
}

/// `2^n e / (1 + e)^2` with `e = e^-|x|`, to a few ulp.
#[inline(always)]
pub(super) fn bell(x: f64, n: i32) -> f64 {
    let root = constant_power(LIFT / 2);
    // Of the two zeros this is the one that adding leaves no trace of, for the compiler too.
    let e = decay(-x.abs(), -0.0, n);
    let sum = e.mul_add(constant_power(-LIFT / 2 - n), root);
    e / (sum * sum)
}

/// `e^(-x^2)`.
///
/// Largest error found: 1.3 ulp.
#[inline(always)]
pub(crate) fn gaussian(x: f64) -> f64 {
    let (square, square_lo) = two_product(x, x);
    decay(-square, -square_lo, 0) * constant_power(-LIFT)
}

/// `sigmoid(a - b)`, with the rounding error of the difference, which it would magnify.
///
/// Largest error found: 2.5 ulp.
#[inline(always)]
pub(crate) fn sigmoid_of_difference(a: f64, b: f64) -> f64 {
    let (gap, gap_lo) = two_sum(a, -b);
    let is_negative = gap < 0.0;
    // Beyond -747 the error may be nan, and is not used.
    let e = decay(-gap.abs(), if is_negative { gap_lo } else { -gap_lo }, 0);
    let one = constant_power(LIFT);
    (if is_negative { e } else { one }) / (one + e)
}

/// The derivative of `sigmoid`: nothing in it cancels, so that it is as good in the tails.
///
/// Largest error found: 3.6 ulp.
#[inline(always)]
pub(crate) fn sigmoid_slope(x: f64) -> f64 {
    bell(x, 0)
}
