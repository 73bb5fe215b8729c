//! Functions of numbers that the C library does not have.

use super::{Primal, special};

/// Derivative of order `order` of digamma; nan where the order is no whole number above 0.
pub(super) fn polygamma(order: f64, x: f64) -> f64 {
    let is_order = order.fract() == 0.0 && (1.0..=100.0).contains(&order);
    // The bounds just checked make the conversion exact.
    if is_order {
        special::polygamma(order as u32, x)
    } else {
        f64::NAN
    }
}

/// Remainder with the sign of the divisor, as CPython's `float_rem`.
pub(super) fn floor_mod(dividend: f64, divisor: f64) -> f64 {
    let remainder = dividend % divisor;
    if remainder == 0.0 {
        0.0_f64.copysign(divisor)
    } else if (remainder < 0.0) != (divisor < 0.0) {
        remainder + divisor
    } else {
        remainder
    }
}

/// Floored quotient, as CPython's `float_floor_div`.
pub(super) fn floor_div(dividend: f64, divisor: f64) -> f64 {
    if divisor == 0.0 {
        return dividend / divisor;
    }
    let remainder = dividend % divisor;
    let mut quotient = (dividend - remainder) / divisor;
    if remainder != 0.0 && (remainder < 0.0) != (divisor < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0.0_f64.copysign(dividend / divisor);
    }
    let floored = quotient.floor();
    if quotient - floored > 0.5 {
        floored + 1.0
    } else {
        floored
    }
}

/// `e**(-x*x)`: what the rounding of the square takes away, the exponential gets back as a factor.
pub(super) fn gaussian(x: f64) -> f64 {
    // e**-1600 is 0; the square of a larger number might be infinite.
    let a = x.abs();
    let a = if a > 40.0 { 40.0 } else { a };
    // The rounding error of the square by halves of 26 bits, whose products are exact: T. J.
    // Dekker, Numerische Mathematik 18 (1971), doi:10.1007/BF01397083.
    let high = f64::from_bits(a.to_bits() & !0x7ff_ffff);
    let low = a - high;
    let square = a * a;
    let square_lo = ((high * high - square) + 2.0 * high * low) + low * low;
    let decay = (-square).exp();
    decay - decay * square_lo
}

/// `1 / (1 + x*x)`, also where the square is infinite.
pub(super) fn atan_slope(x: f64) -> f64 {
    if x.abs() > 1e150 {
        return x.recip() / x;
    }
    (1.0 + x * x).recip()
}

/// `ln(2) * 2**x` where `2**x` is infinite, and anything elsewhere: nothing is computed in vain.
pub(super) fn exp2_slope_beyond(x: f64) -> f64 {
    if x < 1024.0 {
        return 0.0;
    }
    2.0 * (core::f64::consts::LN_2 * (x - 1.0).exp2())
}

/// `b * a**(b - 1)`, and 0 for a zero `b`. Where `b - 1` is rounded, which a base far from 1 would
/// magnify, it is `b * a**b / a`.
pub(super) fn pow_slope(a: f64, b: f64) -> f64 {
    if b == 0.0 {
        return 0.0;
    }
    let exponent = b - 1.0;
    let is_exact = exponent + 1.0 == b && b - exponent == 1.0;
    let is_edge = a == 0.0 || a.is_infinite();
    let kept = if is_exact || is_edge { exponent } else { b };
    let power = a.powf(kept);
    if power.abs() < f64::MIN_POSITIVE && b.abs() > 1.0 && !is_edge {
        // The factor may take the product back into the range of numbers.
        let root = a.abs().powf(0.5 * kept);
        let of_base = if is_exact { root } else { root / a.abs() };
        let product = (of_base * b.clamp(-f64::MAX, f64::MAX)) * root;
        return if power.is_sign_negative() != (!is_exact && a < 0.0) {
            -product
        } else {
            product
        };
    }
    if is_exact || is_edge {
        return b * power;
    }
    // Neither the one nor the other quotient is out of range where the derivative is not.
    if b.abs() < 1e-290 {
        b / a * power
    } else {
        b * power / a
    }
}

/// `sigmoid(a - b)`, with the rounding error of the difference, which it would magnify.
pub(super) fn sigmoid_of_difference(a: f64, b: f64) -> f64 {
    let gap = a - b;
    let slope = Primal::sigmoid(gap);
    // Beyond this the slope is 0 or 1 whatever the error, which may be nan.
    if gap.abs() < 1e3 {
        let b_seen = a - gap;
        let gap_lo = (a - (gap + b_seen)) + (b_seen - b);
        return slope + slope * (gap_lo * (1.0 - slope));
    }
    slope
}
