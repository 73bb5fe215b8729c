//! Numbers of 106 bits as unevaluated sums of two `f64`, for the few places where terms cancel.
//!
//! # Source
//!
//! M. Joldes, J.-M. Muller, V. Popescu, "Tight and rigorous error bounds for basic building blocks
//! of double-word arithmetic", ACM TOMS 44 (2017), doi:10.1145/3121432: algorithms 6
//! (`AccurateDWPlusDW`), 12 (`DWTimesDW3`) and 17 (`DWDivDW2`).

use core::ops::{Add, Div, Mul, Neg, Sub};

/// `hi + lo`, where `hi` is the sum rounded to nearest.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoubleDouble {
    pub(super) hi: f64,
    pub(super) lo: f64,
}

pub(super) const ONE: DoubleDouble = DoubleDouble { hi: 1.0, lo: 0.0 };
pub(super) const PI: DoubleDouble = DoubleDouble {
    hi: core::f64::consts::PI,
    lo: 1.2246467991473532e-16,
};
const LN_2: DoubleDouble = DoubleDouble {
    hi: core::f64::consts::LN_2,
    lo: 2.3190468138462996e-17,
};

fn fast_two_sum(a: f64, b: f64) -> DoubleDouble {
    let hi = a + b;
    DoubleDouble {
        hi,
        lo: b - (hi - a),
    }
}

impl DoubleDouble {
    /// The exact sum of two numbers.
    pub(super) fn sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        let b_seen = hi - a;
        Self {
            hi,
            lo: (a - (hi - b_seen)) + (b - b_seen),
        }
    }

    pub(super) fn abs(self) -> Self {
        if self.hi < 0.0 { -self } else { self }
    }

    /// The nearest `f64`.
    pub(super) fn round(self) -> f64 {
        self.hi + self.lo
    }

    /// Natural logarithm of a positive number, to about 100 bits.
    ///
    /// # Source
    ///
    /// `ln m = 2 atanh((m - 1) / (m + 1))` and the series of atanh, DLMF 4.6.4 and 4.38.4.
    pub(super) fn ln(self) -> Self {
        let exponent = ((self.hi * core::f64::consts::SQRT_2).to_bits() >> 52) as i32 - 1023;
        let power = f64::from_bits(((1023 - exponent) as u64) << 52);
        let m = Self {
            hi: self.hi * power,
            lo: self.lo * power,
        };
        let s = (m - ONE) / (m + ONE);
        let z = s * s;
        // z <= 0.0295: the terms from z^11 on do not need more than 53 bits.
        let mut tail = 0.0;
        for j in (11..=21).rev() {
            tail = tail * z.hi + f64::from(2 * j + 1).recip();
        }
        let mut series = Self::from(tail);
        for j in (0..=10).rev() {
            series = series * z + ONE / f64::from(2 * j + 1).into();
        }
        Self::from(f64::from(exponent)) * LN_2 + s * series * 2.0.into()
    }

    /// Tangent of `0 <= self <= pi/4`, by the Taylor series of sine and cosine.
    pub(super) fn tan(self) -> Self {
        let z = self * self;
        let mut sine = ONE;
        let mut cosine = ONE;
        for j in (1..=15).rev() {
            let n = f64::from(2 * j);
            sine = ONE - sine * z / (n * (n + 1.0)).into();
            cosine = ONE - cosine * z / (n * (n - 1.0)).into();
        }
        self * sine / cosine
    }
}

impl From<f64> for DoubleDouble {
    fn from(hi: f64) -> Self {
        Self { hi, lo: 0.0 }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            hi: -self.hi,
            lo: -self.lo,
        }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let s = Self::sum(self.hi, other.hi);
        let t = Self::sum(self.lo, other.lo);
        let v = fast_two_sum(s.hi, s.lo + t.hi);
        fast_two_sum(v.hi, t.lo + v.lo)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let hi = self.hi * other.hi;
        let lo = self.hi.mul_add(other.hi, -hi);
        let cross = self
            .hi
            .mul_add(other.lo, self.lo.mul_add(other.hi, self.lo * other.lo));
        fast_two_sum(hi, lo + cross)
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let first = self.hi / other.hi;
        let rest = self - other * first.into();
        let second = rest.hi / other.hi;
        let third = (rest - other * second.into()).hi / other.hi;
        let head = fast_two_sum(first, second);
        fast_two_sum(head.hi, head.lo + third)
    }
}
