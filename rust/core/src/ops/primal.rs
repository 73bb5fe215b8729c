//! The functions that the `value` of a row is written in, for each kind of number it is run on.

use core::ops::{Add, Div, Mul, Neg, Sub};

use super::{elementary, libm, number, special};

/// A number on which the value of an operation can be computed: `f64`, or a lane of a vector loop.
///
/// On `f64` the elementary functions are those of the C library, so that a scalar result is the
/// one that plain Python gives, to the last bit.
pub trait Primal:
    Copy
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// The number `value` in this kind.
    fn constant(value: f64) -> Self;
    /// The number as `f64`.
    fn to_f64(self) -> f64;
    /// `a` where `condition` holds, else `b`.
    fn select(condition: bool, a: Self, b: Self) -> Self {
        if condition { a } else { b }
    }
    /// Whether `self < other`.
    fn lt(self, other: Self) -> bool {
        self.to_f64() < other.to_f64()
    }
    /// Whether `self == other`.
    fn equals(self, other: Self) -> bool {
        self.to_f64() == other.to_f64()
    }
    /// -1, 0, 1 or nan.
    fn sign(self) -> Self {
        let x = self.to_f64();
        let magnitude = if x == 0.0 { 0.0 } else { 1.0 };
        Self::constant(if x.is_nan() {
            x
        } else {
            f64::copysign(magnitude, x) + 0.0
        })
    }
    /// Whole number nearest, halves to even.
    fn round_half_even(self) -> Self {
        Self::constant(self.to_f64().round_ties_even())
    }
    /// Largest whole number not above.
    fn floor(self) -> Self {
        Self::constant(self.to_f64().floor())
    }
    /// Smallest whole number not below.
    fn ceil(self) -> Self {
        Self::constant(self.to_f64().ceil())
    }
    /// Whole part.
    fn trunc(self) -> Self {
        Self::constant(self.to_f64().trunc())
    }
    /// Absolute value.
    fn abs(self) -> Self {
        Self::constant(self.to_f64().abs())
    }
    /// Square root.
    fn sqrt(self) -> Self {
        Self::constant(self.to_f64().sqrt())
    }
    /// `e**x / (1 + e**x)`, which is `sigmoid`, from whichever side does not overflow.
    fn sigmoid(self) -> Self {
        let decay = (-self.abs()).exp();
        let one = Self::constant(1.0);
        let large = one / (one + decay);
        Self::select(self.lt(Self::constant(0.0)), decay / (one + decay), large)
    }
    /// The derivative of `sigmoid`: `y (1 - y)` with `y = 1 / (1 + e)` and `e = exp(-|x|)`. In
    /// the tails, where `1 - y` cancels, it is taken as `e y`.
    fn sigmoid_slope(self) -> Self {
        let decay = (-self.abs()).exp();
        let one = Self::constant(1.0);
        let y = one / (one + decay);
        let is_near = Self::constant(0.36).lt(decay);
        y * Self::select(is_near, one - y, decay * y)
    }
    /// The derivative of `tanh`: `4 e / (1 + e)**2` with `e = exp(-2|x|)`.
    fn sech_squared(self) -> Self {
        let decay = (Self::constant(-2.0) * self.abs()).exp();
        let sum = Self::constant(1.0) + decay;
        Self::constant(4.0) * decay / (sum * sum)
    }
    /// `e**(-x*x)`.
    fn gaussian(self) -> Self;
    /// The derivative of `atan`.
    fn atan_slope(self) -> Self;
    /// The derivative of `2**x` where that is infinite, and anything elsewhere.
    fn exp2_slope_beyond(self) -> Self;
    /// `log(1 + e**x) = max(x, 0) + log1p(exp(-|x|))`.
    fn softplus(self) -> Self {
        let zero = Self::constant(0.0);
        let positive = Self::select(self.lt(zero), zero, self);
        positive + (-self.abs()).exp().log1p()
    }
    /// `-softplus(-x)`.
    fn log_sigmoid(self) -> Self {
        -(-self).softplus()
    }
    /// Error function.
    fn erf(self) -> Self {
        Self::constant(special::erf(self.to_f64()))
    }
    /// Complementary error function.
    fn erfc(self) -> Self {
        Self::constant(special::erfc(self.to_f64()))
    }
    /// Logarithm of the absolute value of the gamma function.
    fn lgamma(self) -> Self {
        Self::constant(special::lgamma(self.to_f64()))
    }
    /// Digamma function.
    fn digamma(self) -> Self {
        Self::constant(special::digamma(self.to_f64()))
    }
    /// Derivative of order `self` of the digamma function at `x`; nan where the order is no whole number above 0.
    fn polygamma(self, x: Self) -> Self {
        Self::constant(number::polygamma(self.to_f64(), x.to_f64()))
    }
    /// Remainder with the sign of the divisor, as CPython's `float_rem`.
    fn floor_mod(self, divisor: Self) -> Self {
        Self::constant(number::floor_mod(self.to_f64(), divisor.to_f64()))
    }
    /// Floored quotient, as CPython's `float_floor_div`.
    fn floor_div(self, divisor: Self) -> Self {
        Self::constant(number::floor_div(self.to_f64(), divisor.to_f64()))
    }
    /// Remainder with the sign of the dividend.
    fn fmod(self, divisor: Self) -> Self {
        Self::constant(self.to_f64() % divisor.to_f64())
    }
    /// Magnitude of `self` with the sign of `other`.
    fn copysign(self, other: Self) -> Self {
        Self::constant(self.to_f64().copysign(other.to_f64()))
    }
    /// Greater of two, nan if either is.
    fn maximum(self, other: Self) -> Self {
        let keeps_self = other.lt(self) || !self.equals(self) || self.equals(other);
        Self::select(keeps_self, self, other)
    }
    /// Lesser of two, nan if either is.
    fn minimum(self, other: Self) -> Self {
        let keeps_self = self.lt(other) || !self.equals(self) || self.equals(other);
        Self::select(keeps_self, self, other)
    }
    /// Greater of two, ignoring nan.
    fn fmax(self, other: Self) -> Self {
        let keeps_self = other.lt(self) || !other.equals(other) || self.equals(other);
        Self::select(keeps_self, self, other)
    }
    /// Lesser of two, ignoring nan.
    fn fmin(self, other: Self) -> Self {
        let keeps_self = self.lt(other) || !other.equals(other) || self.equals(other);
        Self::select(keeps_self, self, other)
    }
    /// `log(e**self + e**other)`, the greater one taken out; infinities of one sign are a tie.
    fn logaddexp(self, other: Self) -> Self {
        let tie = self.equals(other);
        let greater = self.maximum(other);
        let gap = Self::select(tie, Self::constant(0.0), self - other);
        greater + (-gap.abs()).exp().log1p()
    }
    /// `sigmoid(self - other)`, with the rounding error of the difference, which it would magnify.
    fn sigmoid_of_difference(self, other: Self) -> Self;
    /// The derivative of a power in the base, `exponent * self**(exponent - 1)`; 0 for an exponent 0.
    fn pow_slope(self, exponent: Self) -> Self;
    /// `e**x`.
    fn exp(self) -> Self;
    /// `2**x`.
    fn exp2(self) -> Self;
    /// `e**x - 1`.
    fn expm1(self) -> Self;
    /// Natural logarithm.
    fn log(self) -> Self;
    /// Logarithm to base 2.
    fn log2(self) -> Self;
    /// Logarithm to base 10.
    fn log10(self) -> Self;
    /// `log(1 + x)`.
    fn log1p(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Tangent.
    fn tan(self) -> Self;
    /// Inverse sine.
    fn asin(self) -> Self;
    /// Inverse cosine.
    fn acos(self) -> Self;
    /// Inverse tangent.
    fn atan(self) -> Self;
    /// Hyperbolic sine.
    fn sinh(self) -> Self;
    /// Hyperbolic cosine.
    fn cosh(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Inverse hyperbolic sine.
    fn asinh(self) -> Self;
    /// Inverse hyperbolic cosine.
    fn acosh(self) -> Self;
    /// Inverse hyperbolic tangent.
    fn atanh(self) -> Self;
    /// Cube root.
    fn cbrt(self) -> Self;
    /// Power, never complex.
    fn pow(self, exponent: Self) -> Self;
    /// Angle of the point `(x, self)`.
    fn atan2(self, x: Self) -> Self;
    /// `sqrt(self**2 + other**2)` without overflow.
    fn hypot(self, other: Self) -> Self;
}

/// Implements `Primal` on `f64` with the C library, by the inherent methods of `f64`.
macro_rules! primal_of_libm {
    ($($name:ident = $method:path),* $(,)?) => {
        impl Primal for f64 {
            #[inline(always)]
            fn constant(value: f64) -> Self { value }
            #[inline(always)]
            fn to_f64(self) -> f64 { self }
            $(#[inline(always)] fn $name(self) -> Self { $method(self) })*
            #[inline(always)]
            fn pow(self, exponent: Self) -> Self { f64::powf(self, exponent) }
            #[inline(always)]
            fn pow_slope(self, exponent: Self) -> Self { number::pow_slope(self, exponent) }
            #[inline(always)]
            fn sigmoid_of_difference(self, other: Self) -> Self {
                number::sigmoid_of_difference(self, other)
            }
            #[inline(always)]
            fn atan2(self, x: Self) -> Self { f64::atan2(self, x) }
            #[inline(always)]
            fn hypot(self, other: Self) -> Self { f64::hypot(self, other) }
        }
    };
}

primal_of_libm! {
    exp = f64::exp, exp2 = f64::exp2, expm1 = f64::exp_m1, log = f64::ln, log2 = f64::log2,
    log10 = f64::log10, log1p = f64::ln_1p, sin = f64::sin, cos = f64::cos, tan = f64::tan,
    asin = f64::asin, acos = f64::acos, atan = f64::atan, sinh = f64::sinh, cosh = f64::cosh,
    tanh = f64::tanh, asinh = libm::asinh, acosh = libm::acosh, atanh = libm::atanh,
    cbrt = f64::cbrt, erf = libm::erf, erfc = libm::erfc, gaussian = number::gaussian,
    atan_slope = number::atan_slope, exp2_slope_beyond = number::exp2_slope_beyond,
}

/// One lane of a vector loop: a number whose elementary functions have no branches and no calls,
/// so that the compiler turns a loop over them into vector instructions.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Lane(pub f64);

macro_rules! lane_operators {
    ($($trait:ident $method:ident $symbol:tt),*) => {$(
        impl $trait for Lane {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self { Self(self.0 $symbol other.0) }
        }
    )*};
}

lane_operators!(Add add +, Sub sub -, Mul mul *, Div div /);

impl Neg for Lane {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

macro_rules! primal_of_lanes {
    ($($name:ident = $function:path),* $(,)?) => {
        impl Primal for Lane {
            #[inline(always)]
            fn constant(value: f64) -> Self { Self(value) }
            #[inline(always)]
            fn to_f64(self) -> f64 { self.0 }
            $(#[inline(always)] fn $name(self) -> Self { Self($function(self.0)) })*
            #[inline(always)]
            fn pow(self, exponent: Self) -> Self { Self(elementary::pow(self.0, exponent.0)) }
            #[inline(always)]
            fn pow_slope(self, exponent: Self) -> Self {
                Self(elementary::pow_slope(self.0, exponent.0))
            }
            #[inline(always)]
            fn sigmoid_of_difference(self, other: Self) -> Self {
                Self(elementary::sigmoid_of_difference(self.0, other.0))
            }
            #[inline(always)]
            fn exp2_slope_beyond(self) -> Self {
                // The loops do it again as a number: it is hardly ever wanted.
                Self(f64::INFINITY)
            }
            #[inline(always)]
            fn atan2(self, x: Self) -> Self { Self(elementary::atan2(self.0, x.0)) }
            #[inline(always)]
            fn hypot(self, other: Self) -> Self { Self(elementary::hypot(self.0, other.0)) }
        }
    };
}

primal_of_lanes! {
    exp = elementary::exp, exp2 = elementary::exp2, expm1 = elementary::expm1,
    log = elementary::ln, log2 = elementary::log2, log10 = elementary::log10,
    log1p = elementary::log1p, sin = elementary::sin, cos = elementary::cos,
    tan = elementary::tan, asin = elementary::asin, acos = elementary::acos,
    atan = elementary::atan, sinh = elementary::sinh, cosh = elementary::cosh,
    tanh = elementary::tanh, asinh = elementary::asinh, acosh = elementary::acosh,
    atanh = elementary::atanh, cbrt = elementary::cbrt, sigmoid = elementary::sigmoid,
    softplus = elementary::softplus, sigmoid_slope = elementary::sigmoid_slope,
    log_sigmoid = elementary::log_sigmoid, sech_squared = elementary::sech_squared,
    gaussian = elementary::gaussian, atan_slope = elementary::atan_slope,
}
