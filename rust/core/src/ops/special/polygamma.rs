//! The derivatives of digamma.

use super::double_double::{DoubleDouble, ONE, PI};
use super::{BERNOULLI, digamma, distance_to_integer};

/// Below this a pole at 0 is all there is of the derivatives of digamma, to every digit.
const NEAR_POLE: f64 = 1e-100;

/// Trigamma, the derivative of digamma: `+inf` at zero and at the negative integers.
///
/// Within 4 ulp.
///
/// # Source
///
/// DLMF 5.15.1 (series), 5.15.5 (recurrence), 5.15.6 (reflection), 5.15.8 (asymptotic series).
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    if x.abs() < NEAR_POLE {
        return x.recip() * x.recip();
    }
    if x > 0.0 {
        return positive_trigamma(x);
    }
    if x == x.floor() {
        return f64::INFINITY;
    }
    let ratio = PI / sin_pi(distance_to_integer(x)).into();
    (ratio * ratio - positive_trigamma(1.0 - x).into()).round()
}

/// `sin(pi t)` for `|t| <= 1/2`, with the rounding of the product undone.
fn sin_pi(t: f64) -> f64 {
    let angle = PI * t.into();
    angle.hi.sin() + angle.lo * angle.hi.cos()
}

fn positive_trigamma(x: f64) -> f64 {
    if x >= 10.0 {
        return asymptotic_trigamma(x);
    }
    // The first term is the largest and is added last.
    let mut sum = 0.0;
    let mut y = x + 1.0;
    while y < 10.0 {
        sum += (y * y).recip();
        y += 1.0;
    }
    (x * x).recip() + (sum + asymptotic_trigamma(y))
}

/// `trigamma(x)` for `x >= 10`.
fn asymptotic_trigamma(x: f64) -> f64 {
    // Beyond 2^53 only 1/x is left, and x * x might overflow.
    if x > 9007199254740992.0 {
        return x.recip();
    }
    let z = (x * x).recip();
    let mut series = 0.0;
    for (_, numerator, denominator) in BERNOULLI.iter().rev() {
        series = series * z + numerator / denominator;
    }
    x.recip() + (0.5 * z + series * z / x)
}

/// The `n`-th derivative of digamma; 0 is digamma itself, 1 trigamma.
///
/// At zero and the negative integers `+inf` for odd `n`. For even `n` nan at the negative integers,
/// and at zero infinite by the sign of zero. Within 4 ulp for
/// `x > 0`; for `x < 0` and even `n` that holds relative to the largest term, because the function
/// has a zero between any two poles.
///
/// # Source
///
/// `polygamma(n, x) = (-1)^(n+1) n! zeta(n + 1, x)`, DLMF 25.11.12; the Hurwitz zeta function by
/// the Euler-Maclaurin formula, DLMF 25.11.28.
#[must_use]
pub fn polygamma(n: u32, x: f64) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    if n == 1 {
        return trigamma(x);
    }
    let sign = if n.is_multiple_of(2) { -1.0 } else { 1.0 };
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    if x.abs() < NEAR_POLE {
        let pole = Scaled::leading(n, x.abs()).times(1.0);
        return if x.is_sign_negative() {
            pole
        } else {
            sign * pole
        };
    }
    if x > 0.0 {
        return sign * positive_polygamma(n, x);
    }
    if x == x.floor() {
        return if n.is_multiple_of(2) {
            f64::NAN
        } else {
            f64::INFINITY
        };
    }
    // The sum of (x + i)^-s over all integers i is t^-s + zeta(s, 1 + t) + (-1)^s zeta(s, 1 - t);
    // taking away the half that begins at x - 1 leaves zeta(s, x).
    let t = distance_to_integer(x);
    let nearest = Scaled::leading(n, t.abs()).times(1.0);
    let nearest = if n.is_multiple_of(2) {
        nearest.copysign(t)
    } else {
        nearest
    };
    if nearest.is_infinite() {
        return sign * nearest;
    }
    let right = positive_polygamma(n, 1.0 + t);
    let left = positive_polygamma(n, 1.0 - t) - positive_polygamma(n, 1.0 - x);
    sign * (nearest + (right + sign * left))
}

/// `n! zeta(n + 1, x)` for `x > 0`.
fn positive_polygamma(n: u32, x: f64) -> f64 {
    if x == f64::INFINITY {
        return 0.0;
    }
    let leading = Scaled::leading(n, x);
    let s = f64::from(n) + 1.0;
    // Every term is taken relative to the first, x^-s, so that nothing overflows on the way.
    let mut sum = DoubleDouble::from(0.0);
    let mut y = x;
    let start = 10.0 + s;
    while y < start {
        let term = ratio_power(x, y, s);
        sum = sum + term.into();
        if term < 1e-18 * sum.hi {
            return leading.times(sum.hi);
        }
        y += 1.0;
    }
    sum = sum + (ratio_power(x, y, s) * euler_maclaurin(s, y)).into();
    leading.times(sum.hi)
}

/// `y^s zeta(s, y)` for `y >= 10 + s`.
fn euler_maclaurin(s: f64, y: f64) -> f64 {
    let z = (y * y).recip();
    // factor is s (s+1) ... (s+j-2) / (j! y^(j-1)).
    let mut factor = 0.5 * s / y;
    let mut series = 0.0;
    for &(j, numerator, denominator) in &BERNOULLI {
        series += factor * numerator / denominator;
        factor *= (s + j - 1.0) * (s + j) * z / ((j + 1.0) * (j + 2.0));
    }
    y / (s - 1.0) + (0.5 + series)
}

/// `(x / y)^s`, correcting for the rounding of the quotient, which the power would magnify.
fn ratio_power(x: f64, y: f64, s: f64) -> f64 {
    if x == y {
        return 1.0;
    }
    let ratio = x / y;
    let rest = ratio.mul_add(-y, x) / x;
    ratio.powf(s) * (1.0 + s * rest)
}

/// `d` and `k` with `x = 2^k d` and `1 <= d < 2`, for a positive finite number.
fn split(x: f64) -> (f64, i32) {
    let is_subnormal = x < f64::MIN_POSITIVE;
    let bits = (x * if is_subnormal { TWO_54 } else { 1.0 }).to_bits();
    let binade = (bits >> 52) as i32 - 1023;
    let mantissa = f64::from_bits((bits & MANTISSA) | 1.0f64.to_bits());
    (mantissa, binade - if is_subnormal { 54 } else { 0 })
}

const TWO_54: f64 = 18014398509481984.0;
const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;

/// `value * 2^exponent`, beyond the range of `f64`.
struct Scaled {
    value: f64,
    exponent: i32,
}

impl Scaled {
    /// Powers of two by which values are kept in range.
    const STEP: i32 = 512;
    const UP: f64 = 1.3407807929942597e154;
    const DOWN: f64 = 7.458340731200207e-155;

    /// `n! / x^(n+1)` for `x >= 0`.
    fn leading(n: u32, x: f64) -> Self {
        if x == 0.0 {
            let value = f64::INFINITY;
            return Self { value, exponent: 0 };
        }
        // Neither quotient nor product leaves the range of numbers.
        let (divisor, binade) = split(x);
        let mut product = ONE;
        let mut exponent = 0;
        for i in 0..=n {
            product = product * f64::from(i.max(1)).into() / divisor.into();
            exponent -= binade;
            if product.hi > Self::UP {
                product = product * Self::DOWN.into();
                exponent += Self::STEP;
            }
        }
        Self {
            value: product.hi,
            exponent,
        }
    }

    /// `self * factor` as an `f64`, which may overflow or underflow.
    fn times(self, factor: f64) -> f64 {
        let power = |exponent: i32| f64::from_bits(((1023 + exponent) as u64) << 52);
        let (factor, binade) = split(factor);
        let exponent = self.exponent + binade;
        // Only the last step may leave the range of normal numbers and round.
        let mut value = self.value * factor * power(exponent % Self::STEP);
        let step = if exponent < 0 { Self::DOWN } else { Self::UP };
        for _ in 0..exponent.abs() / Self::STEP {
            value *= step;
        }
        value
    }
}
